//! A package of Debian: an `ar` archive of a version, the control files and the files (deb(5)).

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, ensure};

use super::archive::{Entry, tar_gz};

/// What a package says about itself.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The version of the program; a revision of the package is appended.
    pub version: String,
    /// The architecture, in Debian's word.
    pub architecture: &'static str,
    /// The version of glibc that the binary needs.
    pub glibc: (u32, u32),
    /// One line.
    pub summary: String,
}

impl Package {
    /// Returns the name of its file.
    pub fn file_name(&self) -> String {
        format!("{}_{}-1_{}.deb", self.name, self.version, self.architecture)
    }

    /// Returns the file `control`.
    fn control(&self, entries: &[Entry]) -> String {
        let Self { name, version, architecture, glibc: (major, minor), summary } = self;
        let bytes: usize = entries.iter().filter_map(|entry| Some(entry.contents.as_ref()?.len())).sum();
        // deb-systemd-helper and deb-systemd-invoke are essential, so they need no dependency.
        format!(
            "Package: {name}\nVersion: {version}-1\nArchitecture: {architecture}\nSection: misc\nPriority: optional\n\
             Maintainer: The maintainers of Motion Export <root@localhost>\nInstalled-Size: {}\n\
             Depends: libc6 (>= {major}.{minor}), libgcc-s1, passwd\nSuggests: postgresql-client\n\
             Description: {summary}\n It follows Frigate, takes events over HTTP and imports files, and streams them as CSV.\n",
            bytes.div_ceil(1024)
        )
    }

    /// Returns the package with these files, whose paths begin with `./`, in this order. `scripts` are the maintainer scripts by
    /// their names, and `settings` the paths of the files below `/etc` that an administrator may change.
    ///
    /// # Errors
    /// If a file is listed as settings but is not in the package.
    pub fn build(&self, files: &[Entry], scripts: Vec<Entry>, settings: &[&str]) -> anyhow::Result<Vec<u8>> {
        for path in settings {
            let is_there = files.iter().any(|file| file.path == Path::new(&format!(".{path}")));
            ensure!(is_there, "{path} is not in the package");
        }
        let conffiles: String = settings.iter().flat_map(|path| [path, "\n"]).collect();
        let mut control = vec![Entry::folder("./")];
        control.extend([Entry::file("./control", self.control(files)), Entry::file("./conffiles", conffiles)]);
        control.extend(scripts);
        let members = [
            ("debian-binary", b"2.0\n".to_vec()),
            ("control.tar.gz", tar_gz(&control)?),
            ("data.tar.gz", tar_gz(&with_folders(files))?),
        ];
        Ok(ar(&members))
    }
}

/// Returns the files after the folders that they are in, because dpkg creates no folder that is not in the package.
fn with_folders(files: &[Entry]) -> Vec<Entry> {
    let parents = files.iter().flat_map(|file| file.path.ancestors().skip(1));
    let folders: BTreeSet<_> = parents.filter(|folder| !folder.as_os_str().is_empty()).collect();
    let own: BTreeSet<_> = files.iter().map(|file| &*file.path).collect();
    let folders = folders.difference(&own).map(|folder| Entry::folder(*folder));
    folders.chain(files.iter().cloned()).collect()
}

/// Returns an `ar` archive.
fn ar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, contents) in members {
        // Name, time, owner, group, mode, size.
        let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", contents.len());
        archive.extend(header.bytes());
        archive.extend(contents);
        // Members begin at even positions.
        if contents.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

/// Returns the newest version of glibc of which a binary uses symbols.
///
/// # Errors
/// If it uses none.
pub fn glibc_of(binary: &[u8]) -> anyhow::Result<(u32, u32)> {
    const PREFIX: &[u8] = b"GLIBC_";
    let starts = (0..binary.len()).filter(|start| binary[*start..].starts_with(PREFIX));
    let versions = starts.filter_map(|start| {
        let text = &binary[start + PREFIX.len()..];
        let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let (major, rest) = std::str::from_utf8(&text[..end]).ok()?.split_once('.')?;
        Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
    });
    versions.max().context("the binary is not linked to glibc")
}

#[cfg(test)]
mod tests {
    use super::super::archive::tests::read;
    use super::*;

    fn package() -> Package {
        Package {
            name: "product".to_owned(),
            version: "1.2.3".to_owned(),
            architecture: "amd64",
            glibc: (2, 36),
            summary: "Does something".to_owned(),
        }
    }

    /// Returns the members of an `ar` archive.
    fn members(mut archive: &[u8]) -> Vec<(String, Vec<u8>)> {
        archive = archive.strip_prefix(b"!<arch>\n").expect("an ar archive");
        let mut members = Vec::new();
        while !archive.is_empty() {
            let (header, rest) = archive.split_at(60);
            let header = std::str::from_utf8(header).expect("text");
            assert!(header.ends_with("`\n"), "{header}");
            let size: usize = header[48..58].trim().parse().expect("a size");
            members.push((header[..16].trim().to_owned(), rest[..size].to_vec()));
            archive = &rest[size + size % 2..];
        }
        members
    }

    #[test]
    fn a_package_has_its_control_files_and_each_folder_before_its_files() {
        let files = [Entry::program("./usr/bin/product", "abc"), Entry::file("./etc/product.toml", "")];
        let scripts = vec![Entry::program("./postinst", "#!/bin/sh\n")];
        let deb = package().build(&files, scripts, &["/etc/product.toml"]).expect("built");
        let members = members(&deb);
        let names: Vec<_> = members.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["debian-binary", "control.tar.gz", "data.tar.gz"]);
        let control = read(&members[1].1);
        let text = |name: &str| control[name].1.clone().expect("a file");
        assert_eq!(text("conffiles"), "/etc/product.toml\n");
        assert!(text("control").contains("Depends: libc6 (>= 2.36), "), "{}", text("control"));
        assert_eq!(control["postinst"].0, 0o755);
        let data = read(&members[2].1);
        for folder in ["usr/", "usr/bin/", "etc/"] {
            assert!(data.contains_key(folder.trim_end_matches('/')) || data.contains_key(folder), "{folder}: {data:?}");
        }
        assert_eq!(package().file_name(), "product_1.2.3-1_amd64.deb");
        package().build(&files, Vec::new(), &["/etc/other.toml"]).expect_err("not in the package");
    }

    #[test]
    fn the_newest_version_of_glibc_is_found_in_the_bytes_of_a_binary() {
        assert_eq!(glibc_of(b"x\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0").expect("some"), (2, 34));
        glibc_of(b"none").expect_err("none");
    }
}
