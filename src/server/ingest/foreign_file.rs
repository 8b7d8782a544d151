//! Reads SQLite files of other programs. They are opened read-only. SQLite returns texts as UTF-8 in any encoding of
//! the file.

use std::path::Path;

use anyhow::{anyhow, bail};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::messages::Message;
use crate::messages::import_problem::FileProblem;
use crate::server::db::describe_error::{describe_io, describe_rusqlite};
use crate::server::db::sqlite::path::{beside, uri};
use crate::server::db::timeouts::BUSY_TIMEOUT;

/// The number of rows per page.
pub const PAGE: usize = 2_000;

/// The channel for the pages that are read.
pub type RowBatches<T> = mpsc::Sender<anyhow::Result<Vec<T>>>;

/// A value of any column. An SQLite column can contain any type; PostgreSQL's values are read as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text, or a blob that can be read as one.
    Text(String),
}

impl Value {
    /// Reads bytes as UTF-8, as the 16 bytes of a UUID, or else as UTF-8 with replacements.
    pub fn from_blob(bytes: &[u8]) -> Self {
        match (std::str::from_utf8(bytes), Uuid::from_slice(bytes)) {
            (Ok(text), _) => Self::Text(text.to_owned()),
            (Err(_), Ok(id)) => Self::Text(id.to_string()),
            (Err(_), Err(_)) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    /// Reads a column of a row.
    ///
    /// # Errors
    /// Returns an error if the row has no such column.
    pub fn of(row: &Row<'_>, index: usize) -> rusqlite::Result<Self> {
        Ok(match row.get_ref(index)? {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::from_blob(bytes),
        })
    }

    /// Returns the value as a text; an empty one for NULL.
    pub fn into_text(self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// Describes an error of SQLite for users.
pub fn describe(error: rusqlite::Error) -> anyhow::Error {
    let problem = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => FileProblem::Damaged,
        Some(ErrorCode::NotADatabase) => FileProblem::NotADatabase,
        _ => return anyhow!("{}", describe_rusqlite(&error)),
    };
    Message::from(problem).into()
}

/// Opens a file. `expected` says which file to name if it is a folder.
///
/// # Errors
/// Returns an error if it cannot be read, or is not an SQLite database.
pub fn open(file: &Path, expected: &str) -> anyhow::Result<Connection> {
    let metadata = std::fs::metadata(file).map_err(|error| anyhow!("{}", describe_io(&error)))?;
    if !metadata.is_file() {
        bail!("it is not a file; {expected}");
    }
    match open_with(file, "") {
        // A database in write-ahead mode needs two files beside it, which cannot be created on a read-only disk. It can
        // be read without them if no other program has left changes in such a file, or is running.
        Err(error) if needs_files_beside(&error) => {
            if has_changes_beside(file) {
                bail!(Message::from(FileProblem::ChangesBeside));
            }
            open_with(file, "immutable=1").map_err(describe)
        }
        other => other.map_err(describe),
    }
}

/// Opens a file that another program writes meanwhile, and reads from it. Unlike [`open`], it never takes the file for one that
/// does not change.
///
/// # Errors
/// Returns SQLite's error; [`needs_files_beside`] tells if it could not create a file.
pub fn open_shared(file: &Path) -> rusqlite::Result<Connection> {
    open_with(file, "")
}

/// Opens the file and reads from it, because SQLite reports errors when it reads.
fn open_with(file: &Path, parameters: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let source = Connection::open_with_flags(uri(file, parameters), flags)?;
    // The views and columns of an uploaded file must call no function that does more than compute.
    source.pragma_update(None, "trusted_schema", false)?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(source)
}

/// Whether SQLite could not create a file (`SQLITE_CANTOPEN`, `SQLITE_READONLY_DIRECTORY`, or
/// `SQLITE_READONLY_CANTINIT`).
pub fn needs_files_beside(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| [14, 1_544, 1_288].contains(&error.extended_code))
}

/// Whether there is a log or a journal beside the file, whose changes would be missed.
fn has_changes_beside(file: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|suffix| beside(file, suffix).exists())
}

/// Returns the columns of a table; none if the table does not exist.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn columns(source: &Connection, table: &str) -> anyhow::Result<Vec<String>> {
    let names = || -> rusqlite::Result<Vec<String>> {
        let mut statement = source.prepare("SELECT name FROM pragma_table_info(?)")?;
        statement.query_map([table], |row| row.get(0))?.collect()
    };
    names().map_err(describe)
}

/// Returns the number of rows of a table.
///
/// # Errors
/// Returns an error if the file cannot be read, or has no such table.
pub fn count(source: &Connection, table: &str) -> anyhow::Result<u64> {
    let count = source.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
    Ok(count.map_err(describe)?.unsigned_abs())
}

/// Reads these columns of a table on a separate thread, and sends the rows in pages. An error is sent as well.
pub fn read_in_background<T: Send + 'static>(
    source: Connection,
    table: &'static str,
    columns: String,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    pages: RowBatches<T>,
) {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read_pages(&source, table, &columns, read, &pages) {
            // The receiver is closed if the import has failed.
            let _ = pages.blocking_send(Err(describe(error)));
        }
    });
}

/// Reads the rows in short steps, because one long statement would block the writes of a running program. Rows that it
/// adds in the meantime are left for the next import.
fn read_pages<T>(
    source: &Connection,
    table: &str,
    columns: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    pages: &RowBatches<T>,
) -> rusqlite::Result<()> {
    let has_rowids =
        "SELECT type = 'table' AND wr = 0 FROM pragma_table_list WHERE lower(name) = ?1 AND schema = 'main'";
    if !source.query_row(has_rowids, [table], |row| row.get::<_, bool>(0))? {
        return read_at_once(source, table, columns, read, pages);
    }
    let last = source.query_row(&format!("SELECT MAX(rowid) FROM {table}"), [], |row| row.get(0))?;
    let Some(last): Option<i64> = last else { return Ok(()) };
    let sql = format!("SELECT {columns}, rowid FROM {table} WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid LIMIT ?3");
    let mut statement = source.prepare(&sql)?;
    let rowid = statement.column_count() - 1;
    let mut after = None;
    loop {
        // Before the first page there is no last rowid; the smallest integer is a valid one.
        let from = after.unwrap_or(i64::MIN);
        let mut page = Vec::with_capacity(PAGE);
        let mut rows = statement.query((from, last, i64::try_from(PAGE).unwrap_or(i64::MAX)))?;
        while let Some(row) = rows.next()? {
            after = Some(row.get(rowid)?);
            page.push(read(row)?);
        }
        drop(rows);
        let is_last = page.len() < PAGE;
        if pages.blocking_send(Ok(page)).is_err() || is_last {
            return Ok(());
        }
    }
}

/// Reads a view or a table without rowids in one statement, because there is no key to continue from. No known program
/// creates either.
fn read_at_once<T>(
    source: &Connection,
    table: &str,
    columns: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    pages: &RowBatches<T>,
) -> rusqlite::Result<()> {
    let mut statement = source.prepare(&format!("SELECT {columns} FROM {table}"))?;
    let mut rows = statement.query([])?;
    loop {
        let mut page = Vec::with_capacity(PAGE);
        while page.len() < PAGE
            && let Some(row) = rows.next()?
        {
            page.push(read(row)?);
        }
        let is_last = page.len() < PAGE;
        if pages.blocking_send(Ok(page)).is_err() || is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_read_as_text_or_as_a_uuid() {
        let id = Uuid::from_u128(0x9f8b_1c2d_0000_4000_8000_0000_0000_0001);
        assert_eq!(Value::from_blob(id.as_bytes()), Value::Text(id.to_string()));
        assert_eq!(Value::from_blob("Küche".as_bytes()), Value::Text("Küche".to_owned()));
        assert_eq!(Value::from_blob(&[0xff, 0x41]), Value::Text("\u{fffd}A".to_owned()));
    }
}
