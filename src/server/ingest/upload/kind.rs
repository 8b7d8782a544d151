//! Finds out what an uploaded file is, by its contents.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::api::page::import::SourceKind;
use crate::messages::Message;
use crate::messages::import::UploadMessage;
use crate::server::db::describe_error::describe_io;
use crate::server::ingest::foreign_file::{columns, open};

const SQLITE: &[u8] = b"SQLite format 3\0";

/// Returns what a file is. Whatever is not an SQLite database is a CSV, whose import says why it is not.
///
/// # Errors
/// Returns an error if it is the database of another program, or cannot be read.
pub fn recognize(file: &Path) -> Result<SourceKind, UploadMessage> {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(SQLITE.len() as u64).read_to_end(&mut start));
    read.map_err(|error| UploadMessage::DatabaseUnreadable { reason: describe_io(&error) })?;
    if start != SQLITE {
        return Ok(SourceKind::Csv);
    }
    let tables = || {
        let source = open(file, "")?;
        anyhow::Ok((columns(&source, "motion_events")?, columns(&source, "event")?))
    };
    let tables = tables().map_err(|error| match error.downcast_ref::<Message>() {
        Some(_) => UploadMessage::DatabaseDamaged,
        None => UploadMessage::DatabaseUnreadable { reason: error.to_string() },
    })?;
    let has = |table: &[String], column: &str| table.iter().any(|name| name.eq_ignore_ascii_case(column));
    match tables {
        (events, _) if has(&events, "camera_key") || has(&events, "created_at") && has(&events, "algorithm") => {
            Err(UploadMessage::OwnDatabase)
        }
        (events, _) if has(&events, "algorithm_used") => Ok(SourceKind::Argusai),
        (_, events) if has(&events, "start_time") => Ok(SourceKind::Frigate),
        _ => Err(UploadMessage::UnknownDatabase),
    }
}
