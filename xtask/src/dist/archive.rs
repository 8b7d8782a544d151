//! Archives whose bytes depend only on names, modes and contents: times and owners are left out.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// A file or folder in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path in the archive.
    pub path: PathBuf,
    /// Its permissions.
    pub mode: u32,
    /// Its contents; `None`: it is a folder.
    pub contents: Option<Vec<u8>>,
}

impl Entry {
    /// Returns a file that its owner may write, and all may read.
    pub fn file(path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), mode: 0o644, contents: Some(contents.into()) }
    }

    /// Returns a file that all may execute.
    pub fn program(path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        Self { mode: 0o755, ..Self::file(path, contents) }
    }

    /// Returns a folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), mode: 0o755, contents: None }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn copy_of(from: &Path, path: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let contents = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        Ok(Self::file(path, contents))
    }
}

/// Returns a compressed tar archive with these entries, in this order.
///
/// # Errors
/// If a path is too long.
pub fn tar_gz(entries: &[Entry]) -> anyhow::Result<Vec<u8>> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for Entry { path, mode, contents } in entries {
        let mut header = Header::new_gnu();
        header.set_mode(*mode);
        let contents = contents.as_deref().unwrap_or_else(|| {
            header.set_entry_type(EntryType::Directory);
            &[]
        });
        header.set_size(contents.len() as u64);
        builder.append_data(&mut header, path, contents).with_context(|| format!("cannot pack {}", path.display()))?;
    }
    Ok(builder.into_inner()?.finish()?)
}

/// Returns the contents, compressed by gzip.
///
/// # Errors
/// None in practice: the memory is the only limit.
pub fn gzip(contents: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(contents)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
pub mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    /// Returns the names, modes and contents of an archive; the contents of a folder are `None`.
    pub fn read(archive: &[u8]) -> BTreeMap<String, (u32, Option<String>)> {
        let mut archive = tar::Archive::new(GzDecoder::new(archive));
        let entries = archive.entries().expect("an archive").map(|entry| {
            let mut entry = entry.expect("an entry");
            let name = entry.path().expect("a name").to_string_lossy().into_owned();
            let mode = entry.header().mode().expect("a mode");
            let mut contents = String::new();
            entry.read_to_string(&mut contents).expect("text");
            let is_folder = entry.header().entry_type() == EntryType::Directory;
            (name, (mode, (!is_folder).then_some(contents)))
        });
        entries.collect()
    }

    #[test]
    fn an_archive_has_the_entries_and_the_same_entries_give_the_same_bytes() {
        let entries = [
            Entry::folder("product"),
            Entry::program("product/program", "binary"),
            Entry::file("product/docs/page.md", "page"),
        ];
        let archive = tar_gz(&entries).expect("packed");
        assert_eq!(archive, tar_gz(&entries).expect("packed"));
        let expected = [
            ("product".to_owned(), (0o755, None)),
            ("product/docs/page.md".to_owned(), (0o644, Some("page".to_owned()))),
            ("product/program".to_owned(), (0o755, Some("binary".to_owned()))),
        ];
        assert_eq!(read(&archive), BTreeMap::from(expected));
    }
}
