//! Reads an ArgusAI file of SQLite while ArgusAI writes it. Each statement is short, and none keeps a lock afterwards.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row};

use super::{FileIdentity, Found, Page, Position, ReadError};
use crate::server::db::describe_error::{describe_io, describe_rusqlite};
use crate::server::ingest::argusai::sqlite::{self, COLUMNS};
use crate::server::ingest::argusai::tables::{PAGE, SourceCamera, SourceEvent, TABLES, check_table};
use crate::server::ingest::foreign_file::{self, columns};

/// The numbers of network file systems in `statfs`: NFS, SMB, CIFS, SMB2, FUSE, 9P, AFS, Ceph and Coda.
const NETWORK: [i64; 9] =
    [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x5346_414f, 0x00c3_6400, 0x7375_7245];

/// A file that is read again and again. All methods block.
#[derive(Debug)]
pub struct FileReader {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    file: FileIdentity,
    /// SQLite's number of changes by others, after the last reading.
    version: Option<i64>,
}

impl FileReader {
    /// Returns a reader. Nothing is opened yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Opens the file, or looks whether it has changed. Returns its cameras too.
    ///
    /// # Errors
    /// Returns why it cannot be read.
    pub fn look(&mut self, position: &Position) -> Result<(Found, Vec<SourceCamera>), ReadError> {
        let result = self.try_look(position);
        if result.is_err() {
            self.open = None;
        }
        result
    }

    fn try_look(&mut self, position: &Position) -> Result<(Found, Vec<SourceCamera>), ReadError> {
        let metadata = std::fs::metadata(&self.path).map_err(|error| ReadError::Away(describe_io(&error)))?;
        let file = FileIdentity { device: metadata.dev(), inode: metadata.ino() };
        // The open connection would still read a file that was replaced.
        let open = match self.open.take() {
            Some(open) if open.file == file => open,
            _ => Open { connection: self.connect()?, file, version: None },
        };
        let Open { connection, version, .. } = self.open.insert(open);
        let now: i64 = connection.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(describe)?;
        // Set before the events are read, so that what is written meanwhile is read again.
        let has_changed = version.replace(now) != Some(now);
        let last =
            connection.query_row("SELECT max(rowid) FROM motion_events", [], |row| row.get(0)).map_err(describe)?;
        let id_at_position = match &position.row {
            Some(row) => id_at(connection, row.rowid)?,
            None => None,
        };
        let cameras = sqlite::cameras(connection).map_err(describe)?;
        Ok((Found { file, has_changed, last, id_at_position }, cameras))
    }

    fn connect(&self) -> Result<Connection, ReadError> {
        let system = rustix::fs::statfs(&self.path).map_err(|error| ReadError::Away(describe_io(&error.into())))?;
        if is_network(system.f_type) {
            return Err(ReadError::NetworkFileSystem);
        }
        let connection = foreign_file::open_shared(&self.path).map_err(|error| {
            if foreign_file::needs_files_beside(&error) { ReadError::NotOpen } else { describe(error) }
        })?;
        let refused = |error: anyhow::Error| ReadError::Refused(error.to_string());
        let is_frigate = !columns(&connection, "event").map_err(refused)?.is_empty();
        for (table, needed) in TABLES {
            let found = columns(&connection, table).map_err(refused)?;
            check_table(table, needed, &found, is_frigate).map_err(ReadError::OtherTables)?;
        }
        Ok(connection)
    }

    /// Reads the rows after this one, up to [`PAGE`] of them.
    ///
    /// # Errors
    /// Returns why they cannot be read.
    pub fn page(&mut self, after: i64) -> Result<Page<i64>, ReadError> {
        let sql = format!("SELECT {COLUMNS}, rowid FROM motion_events WHERE rowid > ?1 ORDER BY rowid LIMIT {PAGE}");
        self.rows(&sql, after)
    }

    /// Reads the rows with the highest numbers.
    ///
    /// # Errors
    /// Returns why they cannot be read.
    pub fn latest(&mut self, count: usize) -> Result<Vec<SourceEvent>, ReadError> {
        let sql =
            format!("SELECT {COLUMNS}, rowid FROM motion_events WHERE rowid > ?1 ORDER BY rowid DESC LIMIT {count}");
        Ok(self.rows(&sql, i64::MIN)?.events)
    }

    fn rows(&mut self, sql: &str, after: i64) -> Result<Page<i64>, ReadError> {
        let Some(Open { connection, .. }) = &self.open else {
            return Err(ReadError::Away("it is not open".to_owned()));
        };
        let read = |row: &Row<'_>| -> rusqlite::Result<(SourceEvent, i64)> { Ok((sqlite::event(row)?, row.get(6)?)) };
        let mut statement = connection.prepare_cached(sql).map_err(describe)?;
        let rows = statement.query_map([after], read).map_err(describe)?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>().map_err(describe)?;
        let (is_last, last) = (rows.len() < PAGE, rows.last().map(|(_, rowid)| *rowid));
        Ok(Page { events: rows.into_iter().map(|(event, _)| event).collect(), last, is_last })
    }
}

fn id_at(connection: &Connection, rowid: i64) -> Result<Option<String>, ReadError> {
    let read = |row: &Row<'_>| foreign_file::Value::of(row, 0);
    let id = connection.query_row("SELECT id FROM motion_events WHERE rowid = ?1", [rowid], read).optional();
    Ok(id.map_err(describe)?.map(foreign_file::Value::into_text))
}

/// The type of the number differs between processors.
fn is_network(system: impl Into<i64>) -> bool {
    NETWORK.contains(&(system.into() & 0xffff_ffff))
}

/// Damaged files and those of other programs are refused: SQLite's codes 11 and 26, and 1 for a table that is missing.
fn describe(error: rusqlite::Error) -> ReadError {
    let code = error.sqlite_error().map_or(0, |error| error.extended_code & 0xff);
    let text = describe_rusqlite(&error);
    if [1, 11, 26].contains(&code) { ReadError::Refused(text) } else { ReadError::Away(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        for network in [0x6969_i64, 0xff53_4d42, -11_317_950, 0x6573_5546] {
            assert!(is_network(network), "{network:x}");
        }
        // ext4, xfs, btrfs, tmpfs, overlayfs and zfs.
        for local in [0xef53_i64, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert!(!is_network(local), "{local:x}");
        }
    }
}
