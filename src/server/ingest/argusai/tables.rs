//! The tables of ArgusAI, and the events that are read from them.

use crate::messages::import_problem::FileProblem;
use crate::server::ingest::foreign_file::{self, Value};

pub use foreign_file::PAGE;

/// The tables of ArgusAI and the columns that are read: never an address, a user name or a password, and never a
/// thumbnail.
pub const TABLES: [(&str, &[&str]); 2] = [
    ("cameras", &["id", "name"]),
    ("motion_events", &["id", "camera_id", "timestamp", "confidence", "algorithm_used", "bounding_box"]),
];

/// A camera.
#[derive(Debug)]
pub struct SourceCamera {
    /// The id.
    pub id: Value,
    /// The name.
    pub name: Value,
}

/// An event as ArgusAI stores it.
#[derive(Debug, Default)]
pub struct SourceEvent {
    /// The id.
    pub id: Value,
    /// The id of the camera.
    pub camera_id: Value,
    /// When motion was detected, in one of several forms.
    pub timestamp: Value,
    /// 0 to 1.
    pub confidence: Value,
    /// The detector.
    pub algorithm: Value,
    /// The bounding box in pixels, as JSON.
    pub bounding_box: Value,
}

/// The channel for the pages that are read.
pub type RowBatches = foreign_file::RowBatches<SourceEvent>;

/// Checks that a database is ArgusAI's. `found` are the columns of one of its tables. `is_frigate`: it has Frigate's
/// table of events.
///
/// # Errors
/// Returns an error if the table or one of its columns is missing.
pub fn check_table(table: &str, needed: &[&str], found: &[String], is_frigate: bool) -> Result<(), FileProblem> {
    let has = |column: &str| found.iter().any(|name| name.eq_ignore_ascii_case(column));
    let problem = if found.is_empty() && is_frigate {
        FileProblem::IsFrigate
    } else if found.is_empty() {
        FileProblem::TableMissing { program: "ArgusAI", table: table.to_owned() }
    } else if let Some(missing) = needed.iter().find(|column| !has(column)) {
        if table == "motion_events" && (has("camera_key") || has("algorithm") && has("created_at")) {
            FileProblem::IsOwn { program: "ArgusAI" }
        } else {
            FileProblem::ColumnMissing { program: "ArgusAI", table: table.to_owned(), column: (*missing).to_owned() }
        }
    } else {
        return Ok(());
    };
    Err(problem)
}
