//! Reads ArgusAI on PostgreSQL. Column types differ between installations, so each value is read as its text, and then
//! parsed as in SQLite.

use anyhow::anyhow;
use futures_util::TryStreamExt;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor, PgConnection, Row};

use super::tables::{PAGE, RowBatches, TABLES, check_table};
use super::tables::{SourceCamera, SourceEvent};
use crate::messages::Message;
use crate::messages::import_problem::FileProblem;
use crate::server::db::describe_error::describe_sqlx;
use crate::server::db::postgres::single_connection::connect;
use crate::server::ingest::foreign_file::Value;

/// Nothing can be written, and times are ISO 8601 in UTC.
const SETTINGS: &str = "SET default_transaction_read_only = on; SET timezone = 'UTC'; SET datestyle = 'ISO'; \
                        SET extra_float_digits = 1";

/// The columns, as text.
pub const COLUMNS: &str = r#"id::text AS id, camera_id::text AS camera_id, "timestamp"::text AS "timestamp",
    confidence::text AS confidence, algorithm_used::text AS algorithm_used, bounding_box::text AS bounding_box"#;

/// The names of the columns.
pub const NAMES: &str = r#"id, camera_id, "timestamp", confidence, algorithm_used, bounding_box"#;

/// An order that depends only on these texts.
const ORDER: &str = r#"id COLLATE "C", camera_id COLLATE "C", "timestamp" COLLATE "C", confidence COLLATE "C",
    algorithm_used COLLATE "C", bounding_box COLLATE "C""#;

/// The types that sort by time and have one text for each moment. As a number or a text, the same moment can be written
/// in several ways.
pub const TIME_TYPES: [&str; 2] = ["timestamp with time zone", "timestamp without time zone"];

/// Connects, and starts to read the events. Returns the cameras, the number of events, and whether they come in order
/// of time.
pub async fn open(url: &str, pages: RowBatches) -> anyhow::Result<(Vec<SourceCamera>, u64, bool)> {
    let mut source = connect(url).await?;
    let time_type = prepare(&mut source).await.map_err(|error| match error {
        PrepareError::Database(error) => describe(error),
        PrepareError::Tables(problem) => anyhow!(Message::from(problem)),
    })?;
    let cameras = cameras(&mut source).await.map_err(describe)?;
    let extent =
        r#"SELECT count(*), count(*) FILTER (WHERE "timestamp" IS NULL), max("timestamp")::text FROM motion_events"#;
    let extent = sqlx::query(extent).fetch_one(&mut source).await.map_err(describe)?;
    let number = |index: usize| extent.try_get::<i64, _>(index).map_err(describe);
    let (events, timeless, last) = (number(0)?, number(1)?, extent.try_get::<Option<String>, _>(2).map_err(describe)?);
    let is_in_order_of_time = TIME_TYPES.contains(&time_type.as_str());
    tokio::spawn(async move {
        if let Err(error) = read(source, &time_type, timeless, last, &pages).await {
            // The receiver is closed if the import has failed.
            let _ = pages.send(Err(describe(error))).await;
        }
    });
    Ok((cameras, events.unsigned_abs(), is_in_order_of_time))
}

/// Why events cannot be read.
#[derive(Debug)]
pub enum PrepareError {
    /// The database does not answer.
    Database(sqlx::Error),
    /// It is not a database of `ArgusAI`.
    Tables(FileProblem),
}

impl From<sqlx::Error> for PrepareError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Makes the session read-only, and checks that the tables exist. Returns the type of the events' times.
///
/// # Errors
/// Returns an error if it is not a database of `ArgusAI`, or does not answer.
pub async fn prepare(source: &mut PgConnection) -> Result<String, PrepareError> {
    source.execute(SETTINGS).await?;
    check(source).await
}

/// Returns the cameras.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn cameras(source: &mut PgConnection) -> Result<Vec<SourceCamera>, sqlx::Error> {
    let rows = sqlx::query("SELECT id::text, name::text FROM cameras ORDER BY 1").fetch_all(source).await?;
    rows.iter().map(camera).collect()
}

/// Describes an error for users.
pub fn describe(error: sqlx::Error) -> anyhow::Error {
    anyhow!("{}", describe_sqlx(&error))
}

/// Checks that the tables exist. Returns the type of the events' times.
async fn check(source: &mut PgConnection) -> Result<String, PrepareError> {
    let mut time_type = None;
    for (table, needed) in TABLES {
        let columns = "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute \
                       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
        let rows = sqlx::query(columns).persistent(false).bind(table).fetch_all(&mut *source).await?;
        let mut names = Vec::new();
        for row in &rows {
            let name: String = row.try_get(0)?;
            if name == "timestamp" {
                time_type = Some(row.try_get(1)?);
            }
            names.push(name);
        }
        check_table(table, needed, &names, false).map_err(PrepareError::Tables)?;
    }
    let (table, column) = ("motion_events".to_owned(), "timestamp".to_owned());
    time_type.ok_or(PrepareError::Tables(FileProblem::ColumnMissing { program: "ArgusAI", table, column }))
}

/// Reads the events in the order of their times, in short steps: each statement returns about [`PAGE`] events, and all
/// events of the last moment, so that the next statement starts after it. Its rows are passed on as they arrive,
/// because all rows of one moment may not fit in memory. Events that ArgusAI adds in the meantime are left for the next
/// import.
async fn read(
    mut source: PgConnection,
    time_type: &str,
    timeless: i64,
    last: Option<String>,
    pages: &RowBatches,
) -> Result<(), sqlx::Error> {
    // Events without a time are skipped, so they are only counted.
    let mut without_time = timeless.unsigned_abs();
    while without_time > 0 {
        let count = without_time.min(PAGE as u64);
        without_time -= count;
        if pages.send(Ok((0..count).map(|_| SourceEvent::default()).collect())).await.is_err() {
            return Ok(());
        }
    }
    let Some(last) = last else { return Ok(()) };
    let mut after: Option<String> = None;
    loop {
        let lower_bound =
            if after.is_some() { format!(r#"AND "timestamp" > CAST($2 AS {time_type})"#) } else { String::new() };
        // The order within a moment is always the same: it decides which of two events with equal ids comes first.
        let sql = format!(
            r#"SELECT {NAMES} FROM (
                   SELECT "timestamp" AS moment, {COLUMNS} FROM motion_events
                   WHERE "timestamp" <= CAST($1 AS {time_type}) {lower_bound}
                   ORDER BY motion_events."timestamp" FETCH FIRST {PAGE} ROWS WITH TIES
               ) AS page
               ORDER BY moment, {ORDER}"#
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(&last);
        if let Some(after) = &after {
            query = query.bind(after);
        }
        let mut rows = query.fetch(&mut source);
        let mut count = 0;
        let mut newest = None;
        let mut page = Vec::with_capacity(PAGE);
        while let Some(row) = rows.try_next().await? {
            count += 1;
            newest = row.try_get(2)?;
            page.push(event(&row)?);
            if page.len() == PAGE {
                let full = std::mem::replace(&mut page, Vec::with_capacity(PAGE));
                if pages.send(Ok(full)).await.is_err() {
                    return Ok(());
                }
            }
        }
        drop(rows);
        if (!page.is_empty() && pages.send(Ok(page)).await.is_err()) || count < PAGE {
            return Ok(());
        }
        after = newest;
    }
}

fn camera(row: &PgRow) -> Result<SourceCamera, sqlx::Error> {
    Ok(SourceCamera { id: value(row, 0)?, name: value(row, 1)? })
}

/// Reads the columns [`NAMES`] of a row.
///
/// # Errors
/// Returns an error if a column is missing.
pub fn event(row: &PgRow) -> Result<SourceEvent, sqlx::Error> {
    Ok(SourceEvent {
        id: value(row, 0)?,
        camera_id: value(row, 1)?,
        timestamp: value(row, 2)?,
        confidence: value(row, 3)?,
        algorithm: value(row, 4)?,
        bounding_box: value(row, 5)?,
    })
}

fn value(row: &PgRow, index: usize) -> Result<Value, sqlx::Error> {
    Ok(row.try_get::<Option<String>, _>(index)?.map_or(Value::Null, Value::Text))
}
