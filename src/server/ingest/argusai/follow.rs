//! Decides what to read of an ArgusAI database that is read again and again. Nothing here does I/O or reads a clock.
//!
//! SQLite gives each row a number, and a new row usually the next one. It gives numbers again after deletions, VACUUM may renumber
//! all rows, and the file may be replaced: then everything is read. PostgreSQL has no such number, so the last minutes are read
//! again, and everything now and then.

use serde::{Deserialize, Serialize};

use super::tables::SourceEvent;
use crate::messages::import_problem::FileProblem;

pub mod file;
pub mod postgres;

/// How many rows before the last one are read again.
const ROWS_BEFORE: i64 = 1_000;

/// The device and the inode of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// The last row that was read of an SQLite file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRow {
    /// The file.
    pub file: FileIdentity,
    /// The number of the row.
    pub rowid: i64,
    /// The id of its event.
    pub id: String,
}

/// What a server that continues must know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last row of SQLite.
    pub row: Option<LastRow>,
    /// The time of the latest event, as PostgreSQL writes it.
    pub newest: Option<String>,
    /// When everything was last read, or the reading of it began, in microseconds since 1970.
    pub swept: Option<i64>,
    /// When the database was last read.
    pub polled: Option<i64>,
}

/// What is found in an SQLite file before its events are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: FileIdentity,
    /// Whether another program may have written since the last time.
    pub has_changed: bool,
    /// The highest number of a row.
    pub last: Option<i64>,
    /// The id of the event in the row of the position.
    pub id_at_position: Option<String>,
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing.
    Nothing,
    /// Everything.
    All,
    /// The rows after this one.
    After(i64),
}

/// Decides what to read of an SQLite file.
pub fn decide(position: &Position, found: &Found, is_sweep_due: bool) -> Reading {
    let Some(row) = &position.row else { return Reading::All };
    let is_same = row.file == found.file
        && found.last.is_some_and(|last| last >= row.rowid)
        && found.id_at_position.as_ref() == Some(&row.id);
    if is_sweep_due || !is_same {
        // Also each time that it is empty, which costs nothing.
        return Reading::All;
    }
    if found.has_changed { Reading::After(row.rowid.saturating_sub(ROWS_BEFORE)) } else { Reading::Nothing }
}

/// A page of events.
#[derive(Debug)]
pub struct Page<C> {
    /// The events.
    pub events: Vec<SourceEvent>,
    /// Where the last of them is, to continue after it.
    pub last: Option<C>,
    /// Whether there are no more.
    pub is_last: bool,
}

/// Why a database cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It may be readable later.
    Away(String),
    /// It is damaged, or no database.
    Refused(String),
    /// It is that of another program.
    OtherTables(FileProblem),
    /// It is on a network file system.
    NetworkFileSystem,
    /// No program has it open, and this one may not write beside it.
    NotOpen,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileIdentity = FileIdentity { device: 1, inode: 2 };

    fn position() -> Position {
        let row = LastRow { file: FILE, rowid: 5_000, id: "e".to_owned() };
        Position { row: Some(row), swept: Some(1), ..Position::default() }
    }

    fn found() -> Found {
        Found { file: FILE, has_changed: true, last: Some(5_007), id_at_position: Some("e".to_owned()) }
    }

    #[test]
    fn new_rows_are_read_with_some_before_them_and_nothing_if_nothing_was_written() {
        assert_eq!(decide(&position(), &found(), false), Reading::After(4_000));
        let unchanged = Found { has_changed: false, ..found() };
        assert_eq!(decide(&position(), &unchanged, false), Reading::Nothing);
        assert_eq!(decide(&position(), &unchanged, true), Reading::All, "a sweep is due");
        assert_eq!(decide(&Position::default(), &unchanged, false), Reading::All, "the first time");
    }

    #[test]
    fn everything_is_read_if_the_numbers_of_rows_may_mean_others() {
        for changed in [
            Found { file: FileIdentity { device: 1, inode: 3 }, ..found() },
            Found { file: FileIdentity { device: 2, inode: 2 }, ..found() },
            Found { last: Some(4_999), ..found() },
            Found { last: None, id_at_position: None, ..found() },
            Found { id_at_position: Some("another".to_owned()), ..found() },
            Found { id_at_position: None, ..found() },
        ] {
            assert_eq!(decide(&position(), &changed, false), Reading::All, "{changed:?}");
        }
    }
}
