//! Reads ArgusAI on SQLite. The file is opened read-only. SQLite returns texts as UTF-8 in any encoding of the file.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::tables::{PAGE, RowBatches, TABLES, check_table};
use super::tables::{SourceCamera, SourceEvent};
use super::values::Value;
use crate::server::db::describe_error::{describe_io, describe_rusqlite};
use crate::server::db::sqlite::path::{beside, uri};
use crate::server::db::timeouts::BUSY_TIMEOUT;

/// Only columns before the thumbnail: to get past its 50 kB, SQLite would have to read it.
const COLUMNS: &str = "id, camera_id, timestamp, confidence, algorithm_used, bounding_box";

/// Opens the file, and starts to read its events on a separate thread. Returns its cameras and the number of events.
pub async fn open(file: PathBuf, pages: RowBatches) -> anyhow::Result<(Vec<SourceCamera>, u64)> {
    let opened = tokio::task::spawn_blocking(move || {
        let source = connect(&file)?;
        check(&source)?;
        let cameras = cameras(&source).map_err(describe)?;
        let events = source.query_row("SELECT COUNT(*) FROM motion_events", [], |row| row.get(0)).map_err(describe)?;
        Ok::<_, anyhow::Error>((source, cameras, events))
    });
    let (source, cameras, events): (_, _, i64) = opened.await??;
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read(&source, &pages) {
            // The receiver is closed if the import has failed.
            let _ = pages.blocking_send(Err(describe(error)));
        }
    });
    Ok((cameras, events.unsigned_abs()))
}

fn describe(error: rusqlite::Error) -> anyhow::Error {
    anyhow!("{}", describe_rusqlite(&error))
}

fn connect(file: &Path) -> anyhow::Result<Connection> {
    let metadata = std::fs::metadata(file).map_err(|error| anyhow!("{}", describe_io(&error)))?;
    if !metadata.is_file() {
        bail!("it is not a file; give the path of ArgusAI's database, such as backend/data/app.db");
    }
    match connect_with(file, "") {
        // A database in write-ahead mode needs two files beside it, which cannot be created on a read-only disk. It can
        // be read without them if no other program has left changes in such a file, or is running.
        Err(error) if needs_files_beside(&error) => {
            if has_changes_beside(file) {
                bail!(
                    "its latest changes are in a -wal or -journal file beside it, which SQLite can only read if it may \
                     write there; copy the database with these files into another folder and import it from there"
                );
            }
            connect_with(file, "immutable=1").map_err(describe)
        }
        other => other.map_err(describe),
    }
}

/// Opens the file and reads from it, because SQLite reports errors when it reads.
fn connect_with(file: &Path, parameters: &str) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let source = Connection::open_with_flags(uri(file, parameters), flags)?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(source)
}

/// Whether SQLite could not create a file (`SQLITE_CANTOPEN`, `SQLITE_READONLY_DIRECTORY`, or
/// `SQLITE_READONLY_CANTINIT`).
fn needs_files_beside(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| [14, 1_544, 1_288].contains(&error.extended_code))
}

/// Whether there is a log or a journal beside the file, whose changes would be missed.
fn has_changes_beside(file: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|suffix| beside(file, suffix).exists())
}

fn check(source: &Connection) -> anyhow::Result<()> {
    for (table, needed) in TABLES {
        let columns = || {
            let mut statement = source.prepare("SELECT name FROM pragma_table_info(?)")?;
            statement.query_map([table], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()
        };
        check_table(table, needed, &columns().map_err(describe)?)?;
    }
    Ok(())
}

fn cameras(source: &Connection) -> Result<Vec<SourceCamera>, rusqlite::Error> {
    let mut statement = source.prepare("SELECT id, name FROM cameras ORDER BY id")?;
    let cameras = statement.query_map([], |row| Ok(SourceCamera { id: value(row, 0)?, name: value(row, 1)? }))?;
    cameras.collect()
}

/// Reads the events in short steps, because one long statement would block the writes of a running ArgusAI. Events that
/// it adds in the meantime are left for the next import.
fn read(source: &Connection, pages: &RowBatches) -> Result<(), rusqlite::Error> {
    let kind = "SELECT type = 'table' AND wr = 0 FROM pragma_table_list WHERE lower(name) = 'motion_events' AND schema = 'main'";
    if !source.query_row(kind, [], |row| row.get::<_, bool>(0))? {
        return read_at_once(source, pages);
    }
    let last: Option<i64> = source.query_row("SELECT MAX(rowid) FROM motion_events", [], |row| row.get(0))?;
    let Some(last) = last else { return Ok(()) };
    let sql =
        format!("SELECT rowid, {COLUMNS} FROM motion_events WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid LIMIT ?3");
    let mut statement = source.prepare(&sql)?;
    let mut after = None;
    loop {
        // Before the first page there is no last rowid; the smallest integer is a valid one.
        let from = after.unwrap_or(i64::MIN);
        let mut page = Vec::with_capacity(PAGE);
        let mut rows = statement.query((from, last, i64::try_from(PAGE).unwrap_or(i64::MAX)))?;
        while let Some(row) = rows.next()? {
            after = Some(row.get(0)?);
            page.push(event(row, 1)?);
        }
        drop(rows);
        let is_last = page.len() < PAGE;
        if pages.blocking_send(Ok(page)).is_err() || is_last {
            return Ok(());
        }
    }
}

/// Reads a view or a table without rowids in one statement, because there is no key to continue from. ArgusAI creates
/// neither.
fn read_at_once(source: &Connection, pages: &RowBatches) -> Result<(), rusqlite::Error> {
    let mut statement = source.prepare(&format!("SELECT {COLUMNS} FROM motion_events"))?;
    let mut rows = statement.query([])?;
    loop {
        let mut page = Vec::with_capacity(PAGE);
        while page.len() < PAGE
            && let Some(row) = rows.next()?
        {
            page.push(event(row, 0)?);
        }
        let is_last = page.len() < PAGE;
        if pages.blocking_send(Ok(page)).is_err() || is_last {
            return Ok(());
        }
    }
}

fn event(row: &Row<'_>, first: usize) -> Result<SourceEvent, rusqlite::Error> {
    Ok(SourceEvent {
        id: value(row, first)?,
        camera_id: value(row, first + 1)?,
        timestamp: value(row, first + 2)?,
        confidence: value(row, first + 3)?,
        algorithm: value(row, first + 4)?,
        bounding_box: value(row, first + 5)?,
    })
}

fn value(row: &Row<'_>, index: usize) -> Result<Value, rusqlite::Error> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::from_blob(bytes),
    })
}
