//! The lock under which one process at a time creates an SQLite database or changes its schema.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tracing::warn;

use crate::server::retry::Retry;

/// How long a process waits for another one that creates the database or migrates it.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The time between two attempts.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// The lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct MigrationLock {
    /// The folder of the database. The database file itself is not locked: closing a handle of it would release the
    /// locks that SQLite holds for this process.
    _folder: Option<File>,
}

impl MigrationLock {
    /// Waits until no other process holds the lock of databases in the folder of this one, which must exist.
    ///
    /// # Errors
    /// Returns an error if another process holds it for a minute.
    pub async fn acquire(database: &Path) -> anyhow::Result<Self> {
        Self::acquire_within(database, TIMEOUT).await
    }

    async fn acquire_within(database: &Path, timeout: Duration) -> anyhow::Result<Self> {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let handle = File::open(folder).with_context(|| {
            format!(
                "cannot open the folder {} of the database; the user of this process must be able to read it",
                folder.display()
            )
        })?;
        let is_held = |locked: &Result<(), TryLockError>| matches!(locked, Err(TryLockError::WouldBlock));
        let retry = Retry::every(RETRY_DELAY).within(timeout);
        match retry.run(|| std::future::ready(handle.try_lock()), is_held).await {
            Ok(()) => Ok(Self { _folder: Some(handle) }),
            Err(TryLockError::WouldBlock) => bail!(
                "another process has been changing the schema of a database in {} for {} s; wait until it has ended and \
                 try again",
                folder.display(),
                timeout.as_secs()
            ),
            Err(TryLockError::Error(error)) => {
                // Some network file systems have no such locks.
                warn!(%error, "cannot lock the database's folder; do not start two processes at the same time");
                Ok(Self { _folder: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_one_holds_the_lock_until_it_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("test.db");
        let held = MigrationLock::acquire(&database).await.expect("free");
        let refused = MigrationLock::acquire_within(&database, Duration::ZERO).await.expect_err("it is held");
        assert!(refused.to_string().contains("another process has been changing the schema"), "{refused}");
        assert!(!database.exists(), "the database file is not touched");
        drop(held);
        MigrationLock::acquire_within(&database, Duration::ZERO).await.expect("free again");
    }
}
