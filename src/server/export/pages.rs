//! Pages of events, read from the database one after the other.

use std::num::NonZeroU32;

use rusqlite::Connection;
use sea_orm::DbErr;
use uuid::Uuid;

use super::query::{self, Cameras, Cursor, Filter};
use super::reader::{self, Turn};

/// What is exported of one event, and what the next page needs to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its place in the order.
    pub cursor: Cursor,
    /// The camera that saw it.
    pub camera_id: String,
    /// 0 to 100.
    pub confidence: Option<f64>,
    /// The detector's name.
    pub algorithm: String,
    /// Bounding box in pixels: x, y, width, height.
    pub bounding_box: [Option<i32>; 4],
    /// The detection zone.
    pub zone_id: Option<String>,
}

impl Row {
    /// Reads a row of [`query::page`].
    fn read(row: &rusqlite::Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            cursor: Cursor { timestamp: row.get(0)?, id: Uuid::from_bytes(row.get(1)?) },
            camera_id: row.get(2)?,
            confidence: row.get(3)?,
            algorithm: row.get(4)?,
            bounding_box: [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?],
            zone_id: row.get(9)?,
        })
    }
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
    /// Pages of `rows` events each. Nothing is read yet.
    pub fn new(filter: Filter, rows: NonZeroU32) -> Self {
        Self { filter, rows, after: None, ended: false }
    }

    /// Which cameras the events are of.
    pub fn cameras(&self) -> &Cameras {
        &self.filter.cameras
    }

    /// Whether the last page was given out.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The next page, shorter than others where the rest of it takes its time; `None` after the last.
    ///
    /// # Errors
    /// Where the database cannot answer or a row cannot be read.
    pub fn next(&mut self, connection: &Connection, turn: &Turn) -> Result<Option<Vec<Row>>, DbErr> {
        if self.ended {
            return Ok(None);
        }
        // Without a camera there is nothing to read, and no reason to look through all events for it.
        let (page, exhausted) = if matches!(&self.filter.cameras, Cameras::These(cameras) if cameras.is_empty()) {
            (Vec::new(), true)
        } else {
            let statement = query::page(&self.filter, self.after, self.rows.get().into());
            reader::query_some(connection, &statement, turn, Row::read)?
        };
        self.ended = exhausted && page.len() < self.rows.get() as usize;
        self.after = page.last().map(|row| row.cursor).or(self.after);
        Ok(Some(page))
    }
}
