//! Pages of events, read from the database one after the other, row by row and without a copy.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use rusqlite::Connection;
use rusqlite::types::{Type, ValueRef};
use sea_orm::DbErr;
use uuid::Uuid;

use super::query::{self, Cameras, Cursor, Filter};
use super::reader::{self, Turn};

/// What is exported of one event, and what the next page needs to know of it. Its texts are the database's own, and gone
/// with the next row; that they are UTF-8 is seen where they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Its place in the order.
    pub cursor: Cursor,
    /// The camera that saw it.
    pub camera_id: &'a [u8],
    /// 0 to 100.
    pub confidence: Option<f64>,
    /// The detector's name.
    pub algorithm: &'a [u8],
    /// Bounding box in pixels: x, y, width, height.
    pub bounding_box: [Option<i64>; 4],
    /// The detection zone.
    pub zone_id: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    /// Reads a row of [`query::page`]. By hand: rusqlite's conversions take twice as long, and this is done for each event.
    fn read(row: &'a rusqlite::Row<'_>) -> Result<Self, rusqlite::Error> {
        let timestamp = integer(row, 0)?.ok_or_else(|| unreadable(0, Type::Null))?;
        let ValueRef::Blob(id) = row.get_ref(1)? else { return Err(unreadable(1, row.get_ref(1)?.data_type())) };
        Ok(Self {
            cursor: Cursor { timestamp, id: Uuid::from_slice(id).map_err(|_| unreadable(1, Type::Blob))? },
            camera_id: text(row, 2)?.ok_or_else(|| unreadable(2, Type::Null))?,
            confidence: match row.get_ref(3)? {
                ValueRef::Real(number) => Some(number),
                ValueRef::Null => None,
                other => return Err(unreadable(3, other.data_type())),
            },
            algorithm: text(row, 4)?.ok_or_else(|| unreadable(4, Type::Null))?,
            bounding_box: [integer(row, 5)?, integer(row, 6)?, integer(row, 7)?, integer(row, 8)?],
            zone_id: text(row, 9)?,
        })
    }
}

fn integer(row: &rusqlite::Row<'_>, index: usize) -> Result<Option<i64>, rusqlite::Error> {
    match row.get_ref(index)? {
        ValueRef::Integer(number) => Ok(Some(number)),
        ValueRef::Null => Ok(None),
        other => Err(unreadable(index, other.data_type())),
    }
}

fn text<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Option<&'a [u8]>, rusqlite::Error> {
    match row.get_ref(index)? {
        ValueRef::Text(text) => Ok(Some(text)),
        ValueRef::Null => Ok(None),
        other => Err(unreadable(index, other.data_type())),
    }
}

fn unreadable(index: usize, found: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, format!("column {index}"), found)
}

/// The events that a filter selects, in order, a page at a time.
#[derive(Debug)]
pub struct Pages {
    filter: Filter,
    rows: NonZeroU32,
    after: Option<Cursor>,
    ended: bool,
}

impl Pages {
    /// Pages of up to `rows` events each. Nothing is read yet.
    pub fn new(filter: Filter, rows: NonZeroU32) -> Self {
        Self { filter, rows, after: None, ended: false }
    }

    /// Whether the last page was given out.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Gives the rows of the next page to `take`, and says how many there were. The page ends where `take` wants no more,
    /// and where the rest of it takes its time.
    ///
    /// # Errors
    /// Where the database cannot answer or a row cannot be read, and those of `take`.
    pub fn next<Failure: From<DbErr>>(
        &mut self,
        connection: &Connection,
        turn: &Turn,
        mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<u64, Failure> {
        // Without a camera there is nothing to read, and no reason to look through all events for it.
        if matches!(&self.filter.cameras, Cameras::These(cameras) if cameras.is_empty()) {
            self.ended = true;
        }
        if self.ended {
            return Ok(0);
        }
        let most = u64::from(self.rows.get());
        let (mut found, mut last) = (0, None);
        let statement = query::page(&self.filter, self.after, most);
        let exhausted = reader::step(connection, &statement, turn, |row| {
            let row = Row::read(row).map_err(|error| reader::failed(&error))?;
            found += 1;
            last = Some(row.cursor);
            take(&row)
        })?;
        self.ended = exhausted && found < most;
        self.after = last.or(self.after);
        Ok(found)
    }
}
