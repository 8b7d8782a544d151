//! The free space of a file system.

use std::path::{Path, PathBuf};

/// Space that a migration needs until it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The folder in which it is needed; `None` for the disk of the database server, whose free space a client cannot see.
    pub folder: Option<PathBuf>,
    /// The number of bytes that are needed.
    pub bytes: u64,
    /// The number of bytes that are free there, if that is known.
    pub free: Option<u64>,
}

/// Returns how many bytes are free for this user where a folder is; `None` if the file system does not tell.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|system| system.f_bavail.saturating_mul(system.f_frsize))
}
