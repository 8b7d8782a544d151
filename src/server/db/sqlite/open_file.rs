//! Detects that the files of an open SQLite database were replaced, for example by a backup.
//!
//! Every new connection would then read the new file with the log of the old one, and the next program to open it would
//! apply that log to it, which destroys it. So nothing is read or written from then on, and the log is emptied into the
//! file that it belongs to.

use std::fmt::{self, Debug, Formatter};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::path::beside;

/// The pause between two attempts to empty the log.
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// How long closing waits until the log is empty. There may be a reader.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The target of the log lines that report replaced files. Commands do not log it: their error says the same.
const REPORT: &str = "motion_export::server::db::error";

/// The beginning of the error that reports replaced files.
const REPLACED: &str = "the files of the database were replaced or removed";

/// Device and inode, which identify a file under any path.
type Identity = (u64, u64);

/// A handle; cheap to clone.
#[derive(Clone)]
pub struct OpenFile(Arc<Inner>);

struct Inner {
    /// The path by which it is opened, which may be a link.
    path: PathBuf,
    /// The file that the path resolved to. SQLite derives the names of the files beside the database from it.
    target: PathBuf,
    database: Identity,
    /// The files that SQLite created beside the database, and opens by these names.
    wal: Option<Beside>,
    shm: Option<Beside>,
    /// Stays open as long as the program runs, so that SQLite does not remove the files beside the database.
    anchor: Mutex<Option<Connection>>,
    replaced: AtomicBool,
    /// Whether the old log can no longer reach the new file.
    log_is_settled: watch::Sender<bool>,
}

struct Beside {
    path: PathBuf,
    identity: Identity,
}

impl Beside {
    fn of(database: &Path, suffix: &str) -> Option<Self> {
        let path = beside(database, suffix);
        let identity = identity(&path).ok()??;
        Some(Self { path, identity })
    }

    fn difference(&self) -> io::Result<Option<Difference>> {
        Ok(match identity(&self.path)? {
            Some(now) if now == self.identity => None,
            Some(_) => Some(Difference::Another),
            None => Some(Difference::Missing),
        })
    }
}

/// What is at a path in place of the opened file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    Another,
    Missing,
}

/// The differences at the path of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Differences {
    database: Option<Difference>,
    wal: Option<Difference>,
    shm: Option<Difference>,
}

impl Differences {
    fn any(self) -> bool {
        self != Self::default()
    }
}

/// Returns which file is at a path. The file is not opened: closing it would drop the locks that SQLite holds on it.
fn identity(path: &Path) -> io::Result<Option<Identity>> {
    match fs::metadata(path) {
        Ok(file) => Ok(Some((file.dev(), file.ino()))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

impl OpenFile {
    /// Records which files are open. The database must be open already, in its final journal mode.
    ///
    /// # Errors
    /// Returns an error if the database cannot be opened once more.
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let anchor = Connection::open_with_flags(path, flags)?;
        anchor.busy_timeout(crate::server::db::timeouts::BUSY_TIMEOUT)?;
        // A connection opens the files beside the database when it first reads.
        anchor.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        let target = path.canonicalize()?;
        let database = identity(path)?.ok_or_else(|| anyhow::anyhow!("the file was removed"))?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            database,
            wal: Beside::of(&target, "-wal"),
            shm: Beside::of(&target, "-shm"),
            target,
            anchor: Mutex::new(Some(anchor)),
            replaced: AtomicBool::new(false),
            log_is_settled: watch::Sender::new(false),
        })))
    }

    /// Checks that the open files are still those at the path. Once they are not, every later check fails too.
    ///
    /// # Errors
    /// Returns an error if they are not, or if that cannot be determined.
    pub fn check(&self) -> Result<(), DbErr> {
        let Inner { path, replaced, .. } = &*self.0;
        if replaced.load(Ordering::Acquire) {
            return Err(is_replaced_error(path));
        }
        let different = match self.0.differences() {
            Ok(different) => different,
            Err(error) => {
                let reason = format!("cannot read {}: {error}", path.display());
                return Err(DbErr::Conn(RuntimeErr::Internal(reason)));
            }
        };
        if !different.any() || self.0.anchor().is_none() {
            return Ok(());
        }
        if !replaced.swap(true, Ordering::AcqRel) {
            self.report(different);
            let inner = Arc::clone(&self.0);
            std::thread::spawn(move || inner.settle());
        }
        Err(is_replaced_error(path))
    }

    fn report(&self, different: Differences) {
        let path = self.0.path.display();
        if different.database.is_some() {
            error!(
                target: REPORT,
                ?different,
                "the database {path} was replaced or removed while it was open, so nothing is read or written until a restart: stop \
                 the server, remove {path}-wal and {path}-shm if they are still those of the old database, and start it \
                 again (docs/install.md)"
            );
        } else {
            error!(
                target: REPORT,
                ?different,
                "the files beside the database ({path}-wal, {path}-shm) were replaced or removed while it was open, so \
                 nothing is read or written until a restart: stop the server and start it again (docs/install.md)"
            );
        }
    }

    /// Closes the files; the connections of this process must be closed before. If the files were replaced, waits until
    /// the old log can no longer reach the new file.
    pub async fn close(&self) {
        if self.check().is_err() && self.0.replaced.load(Ordering::Acquire) {
            let mut log_is_settled = self.0.log_is_settled.subscribe();
            if tokio::time::timeout(SETTLE_TIMEOUT, log_is_settled.wait_for(|log_is_settled| *log_is_settled))
                .await
                .is_err()
            {
                warn!("cannot empty the log of the replaced database: remove its -wal and -shm files");
            }
            return;
        }
        let anchor = self.0.anchor().take();
        // The last process to close the database moves its log into it.
        let _ = tokio::task::spawn_blocking(move || drop(anchor)).await;
    }
}

impl Inner {
    fn anchor(&self) -> MutexGuard<'_, Option<Connection>> {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn differences(&self) -> io::Result<Differences> {
        let database = match identity(&self.path)? {
            // If a link leads to the same file under another name, a new connection has another log beside it.
            Some(now) if now == self.database && self.path.canonicalize()? == self.target => None,
            Some(_) => Some(Difference::Another),
            None => Some(Difference::Missing),
        };
        let beside = |file: &Option<Beside>| file.as_ref().map_or(Ok(None), Beside::difference);
        Ok(Differences { database, wal: beside(&self.wal)?, shm: beside(&self.shm)? })
    }

    #[expect(clippy::disallowed_methods, reason = "this thread is not a worker of the runtime")]
    fn settle(&self) {
        while let Err(error) = self.try_to_settle() {
            tracing::debug!(%error, "cannot empty the log of the replaced database yet");
            std::thread::sleep(RETRY_DELAY);
        }
        info!("the log of the replaced database can no longer reach the file at its path");
        self.log_is_settled.send_replace(true);
    }

    /// Empties the log into the database that it belongs to, and locks the database against other writers permanently.
    fn try_to_settle(&self) -> anyhow::Result<()> {
        let anchor = self.anchor();
        let Some(anchor) = &*anchor else { return Ok(()) };
        let Differences { database, wal, shm } = self.differences()?;
        // If the database itself was not replaced, another process may have opened it with the files that are beside it
        // now. If only the log is missing, everything in it can still be read over the open connection.
        let empties = database.is_some() || (wal == Some(Difference::Missing) && shm != Some(Difference::Another));
        if empties {
            let busy: i64 = anchor.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            anyhow::ensure!(busy == 0, "another connection is reading or writing");
        }
        anchor.execute_batch("BEGIN IMMEDIATE")?;
        let left = self.wal.as_ref().filter(|wal| wal.difference().is_ok_and(|different| different.is_none()));
        let left = left.and_then(|wal| fs::metadata(&wal.path).ok()).map_or(0, |wal| wal.len());
        if empties && left > 0 {
            // Another process wrote in between.
            anchor.execute_batch("ROLLBACK")?;
            anyhow::bail!("the log is not empty again");
        }
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.replaced.load(Ordering::Acquire) {
            // Closing would remove the files that are beside the database now. The kernel closes it when the process
            // ends.
            std::mem::forget(self.anchor().take());
        }
    }
}

impl Debug for OpenFile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenFile").field(&self.0.path).finish()
    }
}

fn is_replaced_error(path: &Path) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(format!("{REPLACED} ({}) while this program has it open", path.display())))
}

/// Returns what the user of a command must do. `reason` is that of an error for which [`is_replaced`] holds; `None` if
/// it is another error.
pub fn advice_for_commands(reason: &str) -> Option<&'static str> {
    let advice = "remove the -wal and -shm files beside the database if they are still those of the old file, then start the \
                  command again (docs/install.md)";
    reason.starts_with(REPLACED).then_some(advice)
}

/// Whether an error reports that the files of the database were replaced.
pub fn is_replaced(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(RuntimeErr::Internal(reason)) if reason.starts_with(REPLACED))
}
