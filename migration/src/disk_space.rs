//! The free space of a file system.

use std::path::Path;

/// Returns how many bytes are free for this user where a folder is; `None` if the file system does not tell.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|system| system.f_bavail.saturating_mul(system.f_frsize))
}
