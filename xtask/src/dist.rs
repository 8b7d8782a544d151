//! Packs everything that is needed to run the server into one archive: the binary, the site, the settings and the
//! documents.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use crate::files;
use crate::manifest::Manifest;

/// Files and folders that go into the archive beside the binary and the site, under their own names.
const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "Leptos.toml", "docs"];

/// Writes `NAME-VERSION-ARCH-linux.tar.gz`, and a file with its SHA-256 in the form that `sha256sum --check` reads.
/// Returns the path of the archive. The same contents give the same bytes, because the names are sorted, and times and
/// owners are left out.
///
/// # Errors
/// If the binary or the site is missing, or a file cannot be read or written.
pub fn pack(manifest: &Manifest, binary: &Path, output: &Path) -> anyhow::Result<PathBuf> {
    let (name, version) = (manifest.package("name")?, manifest.package("version")?);
    let site = manifest.leptos_path("site-root")?;
    let root = PathBuf::from(format!("{name}-{version}-{}-linux", std::env::consts::ARCH));
    ensure!(binary.is_file(), "{} is missing; build it with `make build`", binary.display());
    let pkg = site.join(manifest.leptos("site-pkg-dir")?);
    ensure!(pkg.join("version").is_file(), "{} is missing; build it with `make site`", pkg.display());

    let mut entries = vec![(binary.to_owned(), root.join(name))];
    for file in files::list(&site) {
        // At the path that the settings have for it.
        entries.push((file.path.clone(), root.join(&file.path)));
    }
    for document in DOCUMENTS {
        let found = files::list(Path::new(document));
        ensure!(!found.is_empty(), "{document} is missing");
        entries.extend(found.into_iter().map(|file| (file.path.clone(), root.join(&file.path))));
    }

    fs::create_dir_all(output)?;
    let archive = output.join(root.with_added_extension("tar.gz"));
    write(&entries, &archive).with_context(|| format!("cannot write {}", archive.display()))?;
    let digest = Sha256::digest(fs::read(&archive)?);
    let file_name = archive.file_name().unwrap_or_default().to_string_lossy();
    fs::write(output.join("SHA256SUMS"), format!("{digest:x}  {file_name}\n"))?;
    Ok(archive)
}

fn write(entries: &[(PathBuf, PathBuf)], archive: &Path) -> anyhow::Result<()> {
    let mut builder = Builder::new(GzEncoder::new(File::create(archive)?, Compression::best()));
    for (position, (from, to)) in entries.iter().enumerate() {
        let contents = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        let mut header = Header::new_gnu();
        header.set_size(contents.len() as u64);
        // The first entry is the binary.
        header.set_mode(if position == 0 { 0o755 } else { 0o644 });
        builder.append_data(&mut header, to, &contents[..])?;
    }
    builder.into_inner()?.finish()?.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    /// Folders of source code that documents link to and that the archive leaves out.
    const NOT_PACKED: [&str; 5] = ["src/", "migration/", "public/", "tests/", "xtask/"];

    /// Returns the path of a relative link, with `..` resolved.
    fn resolve(document: &Path, link: &str) -> PathBuf {
        let mut path = document.parent().map(Path::to_owned).unwrap_or_default();
        for part in link.split('/') {
            match part {
                ".." => assert!(path.pop(), "{link} in {} leaves the project", document.display()),
                part => path.push(part),
            }
        }
        path
    }

    #[test]
    fn each_link_in_a_packed_document_leads_into_the_archive_or_to_the_source_code() {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
        let files = DOCUMENTS.iter().flat_map(|document| files::list(&project.join(document)));
        let packed: BTreeSet<_> =
            files.map(|file| file.path.strip_prefix(project).expect("below the project").to_owned()).collect();
        let mut broken = Vec::new();
        for document in packed.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
            let text = fs::read_to_string(project.join(document)).expect("readable");
            let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
            for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
                let target = resolve(document, link.trim_end_matches('/'));
                let is_packed = packed.iter().any(|path| path.starts_with(&target));
                let is_source = NOT_PACKED.iter().any(|folder| target.starts_with(folder));
                if !is_packed && !is_source {
                    broken.push(format!("{}: {link}", document.display()));
                }
            }
        }
        assert!(broken.is_empty(), "{broken:#?}");
    }

    /// Returns the names, modes and contents of an archive.
    fn read(archive: &Path) -> BTreeMap<String, (u32, String)> {
        let mut archive = tar::Archive::new(GzDecoder::new(File::open(archive).expect("there")));
        let entries = archive.entries().expect("an archive").map(|entry| {
            let mut entry = entry.expect("an entry");
            let name = entry.path().expect("a name").to_string_lossy().into_owned();
            let mode = entry.header().mode().expect("a mode");
            let mut contents = String::new();
            entry.read_to_string(&mut contents).expect("text");
            (name, (mode, contents))
        });
        entries.collect()
    }

    #[test]
    fn an_archive_has_the_files_and_the_same_contents_give_the_same_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "binary").expect("written");
        fs::write(&two, "page").expect("written");
        let entries =
            [(one, PathBuf::from("product/program")), (two.clone(), PathBuf::from("product/target/site/page.js"))];
        let (first, second) = (folder.path().join("1.tar.gz"), folder.path().join("2.tar.gz"));
        write(&entries, &first).expect("written");
        // The same contents with a new modification time.
        fs::write(two, "page").expect("written");
        write(&entries, &second).expect("written");
        assert_eq!(fs::read(&first).expect("there"), fs::read(second).expect("there"));
        let expected = [
            ("product/program".to_owned(), (0o755, "binary".to_owned())),
            ("product/target/site/page.js".to_owned(), (0o644, "page".to_owned())),
        ];
        assert_eq!(read(&first), BTreeMap::from(expected));
    }

    #[test]
    fn a_missing_binary_or_site_is_an_error_that_names_the_make_target() {
        let manifest = Manifest::parse(
            "[package]\nname = \"product\"\nversion = \"1.0.0\"\n[package.metadata.leptos]\n\
             site-root = \"nowhere/site\"\nsite-pkg-dir = \"pkg\"\n",
        );
        let folder = tempfile::tempdir().expect("a folder");
        let binary = folder.path().join("program");
        let error = |binary: &Path| pack(&manifest, binary, folder.path()).expect_err("incomplete").to_string();
        assert!(error(&binary).contains("make build"), "{}", error(&binary));
        fs::write(&binary, "binary").expect("written");
        assert!(error(&binary).contains("make site"), "{}", error(&binary));
    }
}
