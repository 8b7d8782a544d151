//! The temporary folders of uploads. Each is locked while it is in use, so that a server that starts can tell which ones a
//! killed server has left.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tracing::{info, warn};
use uuid::Uuid;

/// The beginning of the names of these folders.
const PREFIX: &str = "upload-";
const FILE: &str = "upload";
const LOCK: &str = "lock";

/// The folder of an upload. Dropping it removes it, and all that SQLite puts beside the file.
#[derive(Debug)]
pub struct UploadFolder {
    path: PathBuf,
    _lock: File,
}

impl UploadFolder {
    /// Creates a folder in `parent`, and an empty file in it, which only this user may read.
    pub fn create(parent: &Path) -> Result<(Self, File)> {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let path = parent.join(format!("{PREFIX}{}", Uuid::new_v4()));
        DirBuilder::new().mode(0o700).create(&path)?;
        let create = |name| OpenOptions::new().create_new(true).write(true).mode(0o600).open(path.join(name));
        let opened = create(LOCK).and_then(|lock| {
            lock.try_lock()?;
            Ok((lock, create(FILE)?))
        });
        match opened {
            Ok((lock, file)) => Ok((Self { path, _lock: lock }, file)),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&path);
                Err(error)
            }
        }
    }

    /// Returns the path of the file.
    pub fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }
}

impl Drop for UploadFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            warn!(path = %self.path.display(), %error, "cannot remove an upload");
        }
    }
}

/// Removes the folders of uploads that no running server uses.
pub fn remove_abandoned(parent: &Path) -> Result<()> {
    let entries = match std::fs::read_dir(parent) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let is_upload = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        let is_in_use = || File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
        if is_upload && !is_in_use() {
            std::fs::remove_dir_all(&path)?;
            info!(path = %path.display(), "removed an upload that was not imported");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_removed_with_its_files_on_drop_and_only_abandoned_ones_at_the_start() {
        let parent = tempfile::tempdir().expect("a folder");
        let parent = parent.path().join("uploads");
        remove_abandoned(&parent).expect("nothing is there yet");
        let (folder, _file) = UploadFolder::create(&parent).expect("created");
        std::fs::write(folder.path.join("upload-wal"), "x").expect("written");
        let abandoned = parent.join("upload-abandoned");
        std::fs::create_dir(&abandoned).expect("created");
        std::fs::write(abandoned.join(FILE), "x").expect("written");
        std::fs::write(abandoned.join(LOCK), "").expect("written");
        let other = parent.join("notes");
        std::fs::write(&other, "not ours").expect("written");
        remove_abandoned(&parent).expect("removed");
        assert!(folder.file().exists() && other.exists() && !abandoned.exists());
        let path = folder.path.clone();
        drop(folder);
        assert!(!path.exists());
    }
}
