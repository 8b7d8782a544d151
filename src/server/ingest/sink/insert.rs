//! The statement that stores events. Its text depends only on the number of events, so the database prepares it once for all
//! full batches.

use std::fmt::Write;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::server::db::entity::motion_event;
use crate::server::db::pool::Transaction;

/// The columns of an event, in the order of [`values`].
const COLUMNS: [&str; 10] =
    ["timestamp", "event_id", "camera_key", "confidence", "detector_key", "x", "y", "width", "height", "zone_key"];

/// Writes events, at most [`BATCH`](crate::server::ingest::recognize::BATCH), except for those whose moment and id are
/// stored. Returns how many were written.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn insert(events: Vec<motion_event::Model>, transaction: &Transaction) -> Result<u64, DbErr> {
    if events.is_empty() {
        return Ok(0);
    }
    let statement = statement(events, transaction.get_database_backend());
    Ok(transaction.execute_raw(statement).await?.rows_affected())
}

/// Returns the statement that [`insert`] executes for these events, of which there is at least one.
pub fn statement(events: Vec<motion_event::Model>, backend: DbBackend) -> Statement {
    let sql = sql(backend, events.len());
    Statement::from_sql_and_values(backend, sql, events.into_iter().flat_map(values))
}

/// Returns the text of the statement for this number of events.
fn sql(backend: DbBackend, events: usize) -> String {
    let mut sql = format!("INSERT INTO motion_events ({}) VALUES ", COLUMNS.join(", "));
    for event in 0..events {
        sql.push_str(if event == 0 { "(" } else { ", (" });
        for column in 0..COLUMNS.len() {
            if column > 0 {
                sql.push_str(", ");
            }
            match backend {
                DbBackend::Postgres => {
                    let _ = write!(sql, "${}", event * COLUMNS.len() + column + 1);
                }
                _ => sql.push('?'),
            }
        }
        sql.push(')');
    }
    sql.push_str(" ON CONFLICT (timestamp, event_id) DO NOTHING");
    sql
}

fn values(event: motion_event::Model) -> [Value; COLUMNS.len()] {
    [
        event.timestamp.into(),
        event.id.into(),
        event.camera_key.into(),
        event.confidence.into(),
        event.detector_key.into(),
        event.x.into(),
        event.y.into(),
        event.width.into(),
        event.height.into(),
        event.zone_key.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_has_one_placeholder_for_each_value() {
        let sqlite = sql(DbBackend::Sqlite, 2);
        let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        assert!(sqlite.contains(&format!("VALUES {row}, {row} ON CONFLICT")), "{sqlite}");
        let postgres = sql(DbBackend::Postgres, 2);
        assert!(
            postgres.contains("($1, ") && postgres.contains("$10), ($11, ") && postgres.contains("$20) ON"),
            "{postgres}"
        );
    }
}
