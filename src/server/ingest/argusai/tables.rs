//! The tables of ArgusAI, and the events that are read from them.

use anyhow::bail;
use tokio::sync::mpsc;

use super::values::Value;

/// The number of events per page.
pub const PAGE: usize = 2_000;

/// The tables of ArgusAI and the columns that are read: never an address, a user name or a password, and never a
/// thumbnail.
pub const TABLES: [(&str, &[&str]); 2] = [
    ("cameras", &["id", "name"]),
    ("motion_events", &["id", "camera_id", "timestamp", "confidence", "algorithm_used", "bounding_box"]),
];

/// A camera.
#[derive(Debug)]
pub struct SourceCamera {
    pub id: Value,
    pub name: Value,
}

/// An event as ArgusAI stores it.
#[derive(Debug, Default)]
pub struct SourceEvent {
    pub id: Value,
    pub camera_id: Value,
    pub timestamp: Value,
    pub confidence: Value,
    pub algorithm: Value,
    pub bounding_box: Value,
}

/// The channel for the pages that are read.
pub type RowBatches = mpsc::Sender<anyhow::Result<Vec<SourceEvent>>>;

/// Checks that a database is ArgusAI's. `found` are the columns of one of its tables.
///
/// # Errors
/// Returns an error if the table or one of its columns is missing.
pub fn check_table(table: &str, needed: &[&str], found: &[String]) -> anyhow::Result<()> {
    let has = |column: &str| found.iter().any(|name| name.eq_ignore_ascii_case(column));
    if found.is_empty() {
        bail!("it is not an ArgusAI database: it has no table {table}");
    }
    if let Some(missing) = needed.iter().find(|column| !has(column)) {
        if table == "motion_events" && (has("camera_key") || has("algorithm") && has("created_at")) {
            bail!(
                "it is a database of Motion Export, not of ArgusAI; to copy its events, use `export --raw`, then \
                 `import csv --raw`"
            );
        }
        bail!("it is not an ArgusAI database: its table {table} has no column {missing}");
    }
    Ok(())
}
