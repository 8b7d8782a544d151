//! Pages of events, read from the database one after the other.

use std::num::NonZeroU32;

use sea_orm::{ConnectionTrait, DbErr, QueryResult, TryGetableMany};
use uuid::Uuid;

use super::query::{self, Cameras, Cursor, Filter};

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
    fn read(result: &QueryResult) -> Result<Self, DbErr> {
        type Columns = (
            i64,
            Uuid,
            String,
            Option<f64>,
            String,
            Option<i32>,
            Option<i32>,
            Option<i32>,
            Option<i32>,
            Option<String>,
        );
        let (timestamp, id, camera_id, confidence, algorithm, x, y, width, height, zone_id) =
            Columns::try_get_many_by_index(result)?;
        Ok(Self {
            cursor: Cursor { timestamp, id },
            camera_id,
            confidence,
            algorithm,
            bounding_box: [x, y, width, height],
            zone_id,
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

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// Where the database cannot answer or a row cannot be read.
    pub async fn next(&mut self, database: &impl ConnectionTrait) -> Result<Option<Vec<Row>>, DbErr> {
        if self.ended {
            return Ok(None);
        }
        // Without a camera there is nothing to read, and no reason to look through all events for it.
        let page = if matches!(&self.filter.cameras, Cameras::These(cameras) if cameras.is_empty()) {
            Vec::new()
        } else {
            let statement = query::page(&self.filter, self.after, self.rows.get().into());
            let results = database.query_all(&statement).await?;
            results.iter().map(Row::read).collect::<Result<Vec<_>, _>>()?
        };
        self.ended = page.len() < self.rows.get() as usize;
        self.after = page.last().map(|row| row.cursor).or(self.after);
        Ok(Some(page))
    }
}
