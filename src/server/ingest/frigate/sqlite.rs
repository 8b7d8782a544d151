//! Reads Frigate's SQLite database.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::bail;
use rusqlite::{Connection, Row};

use crate::messages::Message;
use crate::messages::import_problem::FileProblem;
use crate::server::ingest::foreign_file::{self, RowBatches, Value, columns, describe};

/// The columns that are read, and whether each version has them. Never `sub_label`, which names faces, and never a
/// thumbnail.
const COLUMNS: [(&str, bool); 10] = [
    ("id", true),
    ("label", true),
    ("camera", true),
    ("start_time", true),
    ("end_time", true),
    ("false_positive", false),
    ("zones", true),
    ("top_score", false),
    ("box", false),
    ("data", false),
];

/// An event as Frigate stores it.
#[derive(Debug, Default)]
pub struct SourceEvent {
    /// A time and random characters.
    pub id: Value,
    /// What was detected.
    pub label: Value,
    /// The name of the camera.
    pub camera: Value,
    /// Seconds since 1970.
    pub start_time: Value,
    /// Seconds since 1970; NULL for an event that has not ended.
    pub end_time: Value,
    /// Whether it is marked as a false positive.
    pub false_positive: Value,
    /// A JSON list of names.
    pub zones: Value,
    /// The score of versions before 0.13.
    pub top_score: Value,
    /// The bounding box of versions before 0.13.
    pub bounding_box: Value,
    /// JSON, from 0.13 on.
    pub data: Value,
}

/// What is known of an open database.
#[derive(Debug)]
pub struct Source {
    /// The number of events.
    pub events: u64,
    /// The names of the cameras with events.
    pub cameras: HashSet<String>,
}

/// Opens the file, and starts to read its events on a separate thread.
///
/// # Errors
/// Returns an error if it cannot be read, or is not Frigate's.
pub async fn open(file: PathBuf, pages: RowBatches<SourceEvent>) -> anyhow::Result<Source> {
    let opened = tokio::task::spawn_blocking(move || {
        let source = foreign_file::open(&file, "give the path of Frigate's database, such as config/frigate.db")?;
        let columns = check(&source)?;
        begin(&source).map_err(describe)?;
        let events = foreign_file::count(&source, "event")?;
        let cameras = cameras(&source).map_err(describe)?;
        Ok::<_, anyhow::Error>((source, columns, Source { events, cameras }))
    });
    let (connection, columns, source) = opened.await??;
    foreign_file::read_in_background(connection, "event", columns, event, pages);
    Ok(source)
}

/// Begins to read the database as it is now, if that blocks nobody, which is so in write-ahead mode. Otherwise rows could
/// be missed, because the VACUUM that Frigate runs may give them other rowids.
fn begin(source: &Connection) -> rusqlite::Result<()> {
    let mode: String = source.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode == "wal" { source.execute_batch("BEGIN") } else { Ok(()) }
}

/// Checks that the database is Frigate's. Returns the columns to read.
fn check(source: &Connection) -> anyhow::Result<String> {
    let found = columns(source, "event")?;
    let has = |column: &str| found.iter().any(|name| name.eq_ignore_ascii_case(column));
    if let Some((missing, _)) = COLUMNS.iter().find(|(column, is_needed)| *is_needed && !has(column)) {
        let others = columns(source, "motion_events")?;
        let has_other = |column: &str| others.iter().any(|name| name.eq_ignore_ascii_case(column));
        let problem = if has_other("algorithm_used") {
            FileProblem::IsArgusai
        } else if has_other("camera_key") || has_other("algorithm") {
            FileProblem::IsOwn { program: "Frigate" }
        } else if found.is_empty() {
            FileProblem::TableMissing { program: "Frigate", table: "event".to_owned() }
        } else {
            FileProblem::ColumnMissing { program: "Frigate", table: "event".to_owned(), column: (*missing).to_owned() }
        };
        bail!(Message::from(problem));
    }
    let columns = COLUMNS.map(|(column, _)| if has(column) { format!("\"{column}\"") } else { "NULL".to_owned() });
    Ok(columns.join(", "))
}

fn cameras(source: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut statement = source.prepare("SELECT DISTINCT camera FROM event")?;
    let cameras = statement.query_map([], |row| Ok(Value::of(row, 0)?.into_text()))?;
    cameras.collect()
}

fn event(row: &Row<'_>) -> rusqlite::Result<SourceEvent> {
    Ok(SourceEvent {
        id: Value::of(row, 0)?,
        label: Value::of(row, 1)?,
        camera: Value::of(row, 2)?,
        start_time: Value::of(row, 3)?,
        end_time: Value::of(row, 4)?,
        false_positive: Value::of(row, 5)?,
        zones: Value::of(row, 6)?,
        top_score: Value::of(row, 7)?,
        bounding_box: Value::of(row, 8)?,
        data: Value::of(row, 9)?,
    })
}
