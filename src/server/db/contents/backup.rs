//! Copies an SQLite database that others may be writing to, and checks databases.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail, ensure};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::server::db::sqlite::path::uri;
use crate::server::db::timeouts::BUSY_TIMEOUT;

/// The number of pages that are copied between two looks at whether to stop: 4 MB with SQLite's default.
const PAGES_PER_STEP: i32 = 1_000;

/// The number of SQLite's instructions between two looks at whether to stop.
const INSTRUCTIONS_PER_LOOK: i32 = 100_000;

/// The maximum number of problems that an error names.
const MAX_NAMED_PROBLEMS: u32 = 3;

/// A request to stop a copy or a check. Cheap to clone: all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Requests it.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was requested.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns an error if it was requested.
    ///
    /// # Errors
    /// If it was requested.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.is_requested(), "the command was stopped by a signal; nothing was changed");
        Ok(())
    }
}

/// The number of rows of the tables that matter to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: i64,
    /// Cameras.
    pub cameras: i64,
    /// Users.
    pub users: i64,
    /// Export records.
    pub exports: i64,
}

impl Counts {
    /// Counts the rows. A table that an old schema does not have counts as empty.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read.
    pub fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let count = |table: &str| {
            if !connection.table_exists(None, table)? {
                return Ok(0);
            }
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        };
        Ok(Self {
            events: count("motion_events")?,
            cameras: count("cameras")?,
            users: count("users")?,
            exports: count("exports")?,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, cameras, users, exports } = self;
        write!(f, "{events} events, {cameras} cameras, {users} users and {exports} export records")
    }
}

/// Opens an existing file.
///
/// # Errors
/// Returns an error if it cannot be opened.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, "mode=rw"), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Returns the size of a database, in bytes.
///
/// # Errors
/// Returns an error if it cannot be read.
pub fn size(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    Ok(number("page_count")?.unsigned_abs() * number("page_size")?.unsigned_abs())
}

/// Copies the database into an empty file, checks the copy, and returns its counts. Others may read and write meanwhile: the
/// copy is the state at the beginning. `report` is called with the number of copied bytes and the total. The copy needs no other
/// file.
///
/// # Errors
/// Returns an error if a file cannot be read or written, the copy is damaged or differs, or the copy was stopped.
pub fn copy(from: &Path, to: &Path, report: &dyn Fn(u64, u64), stop: &Stop) -> anyhow::Result<Counts> {
    let source = open(from)?;
    // As long as this transaction is open, SQLite keeps this state, and the copy does not begin again when others write.
    source.execute_batch("BEGIN")?;
    let counts = Counts::read(&source)?;
    let page_bytes: i64 = source.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let mut target = open(to)?;
    // If it fails, the file is dropped.
    target.pragma_update(None, "journal_mode", "OFF")?;
    {
        let backup = Backup::new(&source, &mut target)?;
        loop {
            stop.check()?;
            let copied = backup.step(PAGES_PER_STEP)?;
            let progress = backup.progress();
            let bytes = |pages: i32| u64::from(pages.unsigned_abs()) * page_bytes.unsigned_abs();
            report(bytes(progress.pagecount - progress.remaining), bytes(progress.pagecount));
            match copied {
                StepResult::Done => break,
                StepResult::More => {}
                // Nobody else has the copy open, and the source is being read.
                _ => bail!("the database is locked by another program for too long"),
            }
        }
    }
    drop(source);
    let copied = check(&target, stop)?;
    ensure!(copied == counts, "the copy has {copied}, but the database had {counts}");
    target.close().map_err(|(_, error)| error)?;
    Ok(counts)
}

/// Makes the file of this connection, which must be the only one, need no other file beside it: its log is moved into it.
///
/// # Errors
/// Returns an error if another connection has it open, or it cannot be written to.
pub fn fold_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "DELETE")
}

/// Moves its log into the database of this connection, checks all of it, and returns its counts.
///
/// # Errors
/// Returns an error if the database is damaged or cannot be read, or the check was stopped.
pub fn check(connection: &Connection, stop: &Stop) -> anyhow::Result<Counts> {
    fold_log(connection)?;
    check_integrity(connection, stop)?;
    Ok(Counts::read(connection)?)
}

/// Reads all of a database, and checks that tables and indexes agree.
///
/// # Errors
/// Returns an error if the database is damaged or cannot be read, or the check was stopped.
pub fn check_integrity(connection: &Connection, stop: &Stop) -> anyhow::Result<()> {
    let look = stop.clone();
    connection.progress_handler(INSTRUCTIONS_PER_LOOK, Some(move || look.is_requested()))?;
    let check = format!("PRAGMA integrity_check({MAX_NAMED_PROBLEMS})");
    let problems = connection.prepare(&check).and_then(|mut check| {
        let rows = check.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    });
    connection.progress_handler(0, None::<fn() -> bool>)?;
    stop.check()?;
    let problems = problems.context("the integrity check failed")?;
    ensure!(problems == ["ok"], "the database is damaged: {}", problems.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Returns a database in write-ahead mode with that many events, and an empty file.
    fn prepared(folder: &Path, events: u32) -> (Connection, std::path::PathBuf, std::path::PathBuf) {
        let (from, to) = (folder.join("from.db"), folder.join("to.db"));
        let open = Connection::open(&from).expect("created");
        let sql = format!(
            "PRAGMA journal_mode = wal; CREATE TABLE motion_events (x);
             INSERT INTO motion_events WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events})
             SELECT randomblob(4000) FROM n"
        );
        open.execute_batch(&sql).expect("filled");
        std::fs::write(&to, "").expect("created");
        (open, from, to)
    }

    #[test]
    fn a_copy_is_the_state_at_its_beginning_although_others_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let (open, from, to) = prepared(folder.path(), 3_000);
        let reports = Cell::new(0);
        let report = |done, total| {
            assert!(done <= total && total > 3_000 * 4_000);
            reports.set(reports.get() + 1);
            open.execute("INSERT INTO motion_events VALUES (1)", []).expect("others can write");
        };
        let counts = copy(&from, &to, &report, &Stop::default()).expect("copied");
        assert_eq!(counts, Counts { events: 3_000, ..Counts::default() });
        assert!(reports.get() > 2, "in steps: {}", reports.get());
        let names = std::fs::read_dir(folder.path())
            .expect("the folder")
            .filter(|entry| entry.as_ref().expect("an entry").file_name().to_string_lossy().starts_with("to.db"));
        assert_eq!(names.count(), 1, "the copy is one file");
        // SQLite's format versions: 2 would need a log beside the file.
        assert_eq!(std::fs::read(&to).expect("read")[18..20], [1, 1]);
        assert_eq!(Counts::read(&super::open(&to).expect("opened")).expect("read"), counts);
    }

    #[test]
    fn a_stopped_copy_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_open, from, to) = prepared(folder.path(), 3_000);
        let stop = Stop::default();
        let error = copy(&from, &to, &|_, _| stop.request(), &stop).expect_err("stopped");
        assert!(error.to_string().contains("stopped by a signal"), "{error}");
    }

    #[test]
    fn damage_is_found_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let (open, from, _) = prepared(folder.path(), 100);
        open.execute_batch("CREATE INDEX i ON motion_events (x)").expect("indexed");
        fold_log(&open).expect("alone");
        check_integrity(&open, &Stop::default()).expect("undamaged");
        drop(open);
        let mut bytes = std::fs::read(&from).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 9_000].fill(0xa5);
        std::fs::write(&from, bytes).expect("written");
        let error = check_integrity(&super::open(&from).expect("opened"), &Stop::default()).expect_err("damaged");
        assert!(format!("{error:#}").contains("damaged") || format!("{error:#}").contains("malformed"), "{error:#}");
    }
}
