//! Packs the release: binaries, an archive with the documents, a package of Debian, and the folder for a container image.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use self::archive::{Entry, gzip, tar_gz};
use self::deb::{Package, glibc_of};
use crate::files;
use crate::manifest::Manifest;

mod archive;
mod deb;

/// Files and folders that go into the archive and the package under their own names.
const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "LICENSE", "docs"];

/// The settings file that the archive has as it is, and from which that of the package is made.
const SETTINGS: &str = "Leptos.toml";

/// The files that only packages have.
const PACKAGING: &str = "packaging";

/// Where the package installs the settings. The program reads this file if there is none in its working directory.
const INSTALLED_SETTINGS: &str = "/etc/motion-export/motion-export.toml";

/// The shells with the paths of their completions in Debian.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "./usr/share/bash-completion/completions/motion-export"),
    ("fish", "./usr/share/fish/vendor_completions.d/motion-export.fish"),
    ("zsh", "./usr/share/zsh/vendor-completions/_motion-export"),
];

/// Writes everything into `output`, and replaces what is there. `binary` is linked dynamically and `fixed` statically. The same
/// contents give the same bytes. Returns the paths of the written files.
///
/// # Errors
/// If a binary is missing, is linked otherwise or does not hold the current site, or a file cannot be read or written.
pub fn pack(manifest: &Manifest, binary: &Path, fixed: &Path, output: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (name, version) = (manifest.package("name")?, manifest.package("version")?);
    let site = site_marker(manifest)?;
    let dynamic = read_binary(binary, &site)?;
    let fixed = read_binary(fixed, &site)?;
    ensure!(has_interpreter(&dynamic), "{} is linked statically", binary.display());
    ensure!(!has_interpreter(&fixed), "the static binary needs a dynamic linker");
    let stem = format!("{name}-{version}-{}-linux", std::env::consts::ARCH);
    let package = Package {
        name: name.to_owned(),
        version: version.to_owned(),
        architecture: architecture()?,
        glibc: glibc_of(&dynamic)?,
        summary: manifest.package("description")?.to_owned(),
    };

    let mut written = vec![
        Entry::program(&stem, &*dynamic),
        Entry::program(format!("{stem}-static"), &*fixed),
        Entry::file(format!("{stem}.tar.gz"), tar_gz(&archive_entries(&stem, name, &fixed)?)?),
    ];
    let generated = Generated::by(binary)?;
    let (files, scripts) = (package_entries(&dynamic, generated)?, maintainer_scripts()?);
    written.push(Entry::file(package.file_name(), package.build(&files, scripts, &[INSTALLED_SETTINGS])?));
    written.push(Entry::copy_of(&Path::new(PACKAGING).join("Containerfile"), "container/Containerfile")?);
    written.push(Entry::program("container/motion-export", fixed));
    written.push(Entry::file("container/data/.keep", ""));
    let sums: String = written
        .iter()
        .filter_map(|entry| {
            let digest = Sha256::digest(entry.contents.as_deref()?);
            Some(format!("{digest:x}  {}\n", entry.path.display()))
        })
        .collect();
    written.push(Entry::file("SHA256SUMS", sums));

    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    written.iter().map(|entry| write(output, entry)).collect()
}

/// Returns what a binary with the current site contains: the path of the folder of the current version.
fn site_marker(manifest: &Manifest) -> anyhow::Result<String> {
    let pkg = manifest.leptos("site-pkg-dir")?;
    let version = manifest.leptos_path("site-root")?.join(pkg).join("version");
    let version = fs::read_to_string(&version)
        .with_context(|| format!("{} is missing; build it with `make site`", version.display()))?;
    Ok(format!("{pkg}/{version}/"))
}

fn read_binary(binary: &Path, site: &str) -> anyhow::Result<Vec<u8>> {
    let contents =
        fs::read(binary).with_context(|| format!("cannot read {}; `make dist` builds it", binary.display()))?;
    let is_embedded = contents.windows(site.len()).any(|bytes| bytes == site.as_bytes());
    ensure!(is_embedded, "{} does not hold the current site ({site}); `make dist` builds it", binary.display());
    Ok(contents)
}

/// Whether a 64-bit little-endian ELF binary needs a dynamic linker.
fn has_interpreter(elf: &[u8]) -> bool {
    const PT_INTERP: u32 = 3;
    let number = |at: usize, bytes: usize| {
        let bytes = elf.get(at..at + bytes).unwrap_or_default();
        bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).any(|entry| u32::try_from(number(table + entry * size, 4)) == Ok(PT_INTERP))
}

/// Returns Debian's word for the architecture.
fn architecture() -> anyhow::Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => anyhow::bail!("no Debian package is made for {other}"),
    }
}

/// Returns the entries of the archive, in a folder of its own.
fn archive_entries(stem: &str, name: &str, binary: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let root = Path::new(stem);
    let mut entries = vec![Entry::program(root.join(name), binary)];
    for document in DOCUMENTS.into_iter().chain([SETTINGS]) {
        let found = files::list(Path::new(document));
        ensure!(!found.is_empty(), "{document} is missing");
        for file in found {
            entries.push(Entry::copy_of(&file.path, root.join(&file.path))?);
        }
    }
    let service = "motion-export.service";
    entries.push(Entry::copy_of(&Path::new(PACKAGING).join(service), root.join(service))?);
    Ok(entries)
}

/// What the program writes about its own command line.
struct Generated {
    /// The manual pages by their file names.
    manual: Vec<(String, Vec<u8>)>,
    /// The completions, in the order of [`COMPLETIONS`].
    completions: Vec<Vec<u8>>,
}

impl Generated {
    fn by(binary: &Path) -> anyhow::Result<Self> {
        let run = |arguments: &[&std::ffi::OsStr]| {
            let output = Command::new(binary).args(arguments).output()?;
            ensure!(
                output.status.success(),
                "{} {arguments:?}: {}",
                binary.display(),
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(output.stdout)
        };
        let folder = Path::new("target/manual");
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        run(&["manual".as_ref(), folder.as_os_str()])?;
        let pages = files::list(folder).into_iter().map(|page| {
            let name = page.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, fs::read(&page.path)?))
        });
        let completions = COMPLETIONS.iter().map(|(shell, _)| run(&["completions".as_ref(), shell.as_ref()]));
        Ok(Self {
            manual: pages.collect::<anyhow::Result<_>>()?,
            completions: completions.collect::<anyhow::Result<_>>()?,
        })
    }
}

/// Returns the files of the package, at the paths where it installs them.
fn package_entries(binary: &[u8], generated: Generated) -> anyhow::Result<Vec<Entry>> {
    let packaging = Path::new(PACKAGING);
    let mut entries = vec![
        Entry::program("./usr/bin/motion-export", binary),
        Entry::file(format!(".{INSTALLED_SETTINGS}"), installed_settings(&fs::read_to_string(SETTINGS)?)?),
        Entry::copy_of(&packaging.join("motion-export.service"), "./usr/lib/systemd/system/motion-export.service")?,
        Entry::folder("./var/lib/motion-export"),
        Entry::copy_of(Path::new("LICENSE"), "./usr/share/doc/motion-export/copyright")?,
    ];
    for (name, contents) in generated.manual {
        entries.push(Entry::file(format!("./usr/share/man/man1/{name}.gz"), gzip(&contents)?));
    }
    for ((_, path), contents) in COMPLETIONS.into_iter().zip(generated.completions) {
        entries.push(Entry::file(path, contents));
    }
    for document in DOCUMENTS.into_iter().filter(|document| *document != "LICENSE") {
        for file in files::list(Path::new(document)) {
            entries.push(Entry::copy_of(&file.path, Path::new("./usr/share/doc/motion-export").join(&file.path))?);
        }
    }
    Ok(entries)
}

fn maintainer_scripts() -> anyhow::Result<Vec<Entry>> {
    let scripts = files::list(&Path::new(PACKAGING).join("debian"));
    let scripts = scripts.iter().map(|script| {
        let name = script.path.file_name().unwrap_or_default();
        Ok(Entry { mode: 0o755, ..Entry::copy_of(&script.path, Path::new("./").join(name))? })
    });
    scripts.collect()
}

/// Returns the settings of the package: the database is in the folder of the service, and Leptos' own section is left out.
fn installed_settings(settings: &str) -> anyhow::Result<String> {
    let (ours, _) = settings.split_once("\n# Leptos' own options").context("Leptos.toml has no section of Leptos")?;
    let (mut text, mut replaced) = (String::new(), 0);
    for line in ours.lines() {
        let installed = match line {
            _ if line.starts_with("# The settings of Motion Export.") => {
                "# The settings of Motion Export, which the service and commands without a Leptos.toml in their folder read. After a \
                 change: systemctl restart motion-export."
            }
            "url = \"sqlite://data/motion-export.db\"" => "url = \"sqlite:///var/lib/motion-export/motion-export.db\"",
            _ => line,
        };
        replaced += u32::from(installed != line);
        text.push_str(installed);
        text.push('\n');
    }
    ensure!(replaced == 2, "the first line or the line of database.url in Leptos.toml has changed");
    Ok(text)
}

/// Writes a file below a folder, and returns its path.
fn write(folder: &Path, entry: &Entry) -> anyhow::Result<PathBuf> {
    let path = folder.join(&entry.path);
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    fs::write(&path, entry.contents.as_deref().unwrap_or_default())
        .with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(&path, Permissions::from_mode(entry.mode))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Folders of source code that documents link to and that the archive leaves out.
    const NOT_PACKED: [&str; 7] = [".ci/", "src/", "migration/", "packaging/", "public/", "tests/", "xtask/"];

    fn project() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project")
    }

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
        let files = DOCUMENTS.iter().chain([&SETTINGS]).flat_map(|document| files::list(&project().join(document)));
        let packed: BTreeSet<_> =
            files.map(|file| file.path.strip_prefix(project()).expect("below the project").to_owned()).collect();
        let mut broken = Vec::new();
        for document in packed.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
            let text = fs::read_to_string(project().join(document)).expect("readable");
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

    #[test]
    fn the_settings_of_the_package_are_those_of_the_project_with_another_database() {
        let settings = fs::read_to_string(project().join(SETTINGS)).expect("readable");
        let installed: toml::Table = installed_settings(&settings).expect("changed").parse().expect("TOML");
        let mut expected: toml::Table = settings.parse().expect("TOML");
        expected.remove("package");
        let url = toml::Value::from("sqlite:///var/lib/motion-export/motion-export.db");
        expected["database"].as_table_mut().expect("a section").insert("url".to_owned(), url);
        assert_eq!(installed, expected);
        installed_settings(&settings.replace("sqlite://data", "sqlite://elsewhere")).expect_err("changed");
    }

    #[test]
    fn a_binary_needs_the_current_site_and_names_the_make_target() {
        let folder = tempfile::tempdir().expect("a folder");
        let site = folder.path().join("site");
        let manifest =
            Manifest::parse(&format!("[package.metadata.leptos]\nsite-root = {site:?}\nsite-pkg-dir = \"pkg\"\n"));
        let error = site_marker(&manifest).expect_err("no site").to_string();
        assert!(error.contains("make site"), "{error}");
        fs::create_dir_all(site.join("pkg")).expect("created");
        fs::write(site.join("pkg/version"), "00aa").expect("written");
        let marker = site_marker(&manifest).expect("a site");
        assert_eq!(marker, "pkg/00aa/");
        let binary = folder.path().join("program");
        let refused = |contents: &str| {
            fs::write(&binary, contents).expect("written");
            read_binary(&binary, &marker)
        };
        for other in ["none", "\0pkg/00bb/page.js\0"] {
            let error = refused(other).expect_err("another site").to_string();
            assert!(error.contains("current site") && error.contains("make dist"), "{error}");
        }
        refused("\0pkg/00aa/page.js\0").expect("the current one");
    }

    #[test]
    fn a_dynamically_linked_binary_is_recognized_by_its_interpreter() {
        // This test is linked dynamically.
        assert!(has_interpreter(&fs::read(std::env::current_exe().expect("this")).expect("readable")));
        let mut elf = vec![0; 64 + 56];
        elf[32] = 64;
        elf[54] = 56;
        elf[56] = 1;
        elf[64] = 1;
        assert!(!has_interpreter(&elf));
        elf[64] = 3;
        assert!(has_interpreter(&elf));
        assert!(!has_interpreter(b"short"));
    }
}
