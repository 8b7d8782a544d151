//! Reads ArgusAI on SQLite.

use std::path::PathBuf;

use anyhow::anyhow;
use rusqlite::{Connection, Row};

use super::tables::{RowBatches, SourceCamera, SourceEvent, TABLES, check_table};
use crate::messages::Message;
use crate::server::ingest::foreign_file::{self, Value, columns, describe};

/// Only columns before the thumbnail: to get past its 50 kB, SQLite would have to read it.
pub const COLUMNS: &str = "id, camera_id, timestamp, confidence, algorithm_used, bounding_box";

/// Opens the file, and starts to read its events on a separate thread. Returns its cameras and the number of events.
pub async fn open(file: PathBuf, pages: RowBatches) -> anyhow::Result<(Vec<SourceCamera>, u64)> {
    let opened = tokio::task::spawn_blocking(move || {
        let source = foreign_file::open(&file, "give the path of ArgusAI's database, such as backend/data/app.db")?;
        let is_frigate = !columns(&source, "event")?.is_empty();
        for (table, needed) in TABLES {
            check_table(table, needed, &columns(&source, table)?, is_frigate)
                .map_err(|problem| anyhow!(Message::from(problem)))?;
        }
        let cameras = cameras(&source).map_err(describe)?;
        let events = foreign_file::count(&source, "motion_events")?;
        Ok::<_, anyhow::Error>((source, cameras, events))
    });
    let (source, cameras, events) = opened.await??;
    foreign_file::read_in_background(source, "motion_events", COLUMNS.to_owned(), event, pages);
    Ok((cameras, events))
}

/// Returns the cameras.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn cameras(source: &Connection) -> rusqlite::Result<Vec<SourceCamera>> {
    let mut statement = source.prepare("SELECT id, name FROM cameras ORDER BY id")?;
    let cameras =
        statement.query_map([], |row| Ok(SourceCamera { id: Value::of(row, 0)?, name: Value::of(row, 1)? }))?;
    cameras.collect()
}

/// Reads the columns [`COLUMNS`] of a row.
///
/// # Errors
/// Returns an error if the row has no such column.
pub fn event(row: &Row<'_>) -> rusqlite::Result<SourceEvent> {
    Ok(SourceEvent {
        id: Value::of(row, 0)?,
        camera_id: Value::of(row, 1)?,
        timestamp: Value::of(row, 2)?,
        confidence: Value::of(row, 3)?,
        algorithm: Value::of(row, 4)?,
        bounding_box: Value::of(row, 5)?,
    })
}
