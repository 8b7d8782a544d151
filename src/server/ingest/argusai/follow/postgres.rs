//! Reads an ArgusAI database on PostgreSQL again and again. Each time it connects anew, so it holds no connection in between.

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, Row};

use super::{Page, ReadError};
use crate::server::db::describe_error::describe_sqlx;
use crate::server::db::postgres::single_connection::connect;
use crate::server::ingest::argusai::postgres::{COLUMNS, NAMES, PrepareError, TIME_TYPES, cameras, event, prepare};
use crate::server::ingest::argusai::tables::{PAGE, SourceCamera, SourceEvent};
use crate::server::ingest::foreign_file::Value;

/// How far before the latest event a reading begins. Events are committed in another order than that of their times.
const BEFORE: &str = "interval '10 minutes'";

/// An open database.
#[derive(Debug)]
pub struct PostgresReader {
    connection: PgConnection,
    time_type: String,
    /// The cameras.
    pub cameras: Vec<SourceCamera>,
}

impl PostgresReader {
    /// Connects, and reads the cameras.
    ///
    /// # Errors
    /// Returns why the database cannot be read.
    pub async fn open(url: &str) -> Result<Self, ReadError> {
        let mut connection = connect(url).await.map_err(|error| ReadError::Away(error.to_string()))?;
        let time_type = prepare(&mut connection).await.map_err(|error| match error {
            PrepareError::Database(error) => describe(&error),
            PrepareError::Tables(problem) => ReadError::OtherTables(problem),
        })?;
        let cameras = cameras(&mut connection).await.map_err(|error| describe(&error))?;
        Ok(Self { connection, time_type, cameras })
    }

    /// Returns the time after which new events may be; `None` if everything has to be read, because times are no times.
    ///
    /// # Errors
    /// Returns why the database cannot be read.
    pub async fn start(&mut self, newest: &str) -> Result<Option<String>, ReadError> {
        let time_type = &self.time_type;
        if !TIME_TYPES.contains(&time_type.as_str()) {
            return Ok(None);
        }
        // The latest event may have a time in the future, and the next ones have not.
        let sql = format!("SELECT (LEAST(CAST($1 AS {time_type}), CAST(now() AS {time_type})) - {BEFORE})::text");
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(newest);
        let row = query.fetch_one(&mut self.connection).await.map_err(|error| describe(&error))?;
        row.try_get::<String, _>(0).map(Some).map_err(|error| describe(&error))
    }

    /// Reads the events after a time, about [`PAGE`] of them, and all of the last moment.
    ///
    /// # Errors
    /// Returns why they cannot be read.
    pub async fn page(&mut self, after: Option<&str>) -> Result<Page<String>, ReadError> {
        let lower_bound = match after {
            Some(_) => format!(r#""timestamp" > CAST($1 AS {})"#, self.time_type),
            None => r#""timestamp" IS NOT NULL"#.to_owned(),
        };
        let sql = format!(
            r#"SELECT {NAMES} FROM (
                   SELECT "timestamp" AS moment, {COLUMNS} FROM motion_events
                   WHERE {lower_bound} ORDER BY motion_events."timestamp" FETCH FIRST {PAGE} ROWS WITH TIES
               ) AS page ORDER BY moment"#
        );
        let events = self.events(sql, after).await?;
        let last = events.last().and_then(|event| match &event.timestamp {
            Value::Text(time) => Some(time.clone()),
            _ => None,
        });
        Ok(Page { is_last: events.len() < PAGE, last, events })
    }

    /// Reads the latest events.
    ///
    /// # Errors
    /// Returns why they cannot be read.
    pub async fn latest(&mut self, count: usize) -> Result<Vec<SourceEvent>, ReadError> {
        let sql = format!(
            r#"SELECT {NAMES} FROM (
                   SELECT "timestamp" AS moment, {COLUMNS} FROM motion_events
                   WHERE "timestamp" IS NOT NULL ORDER BY motion_events."timestamp" DESC LIMIT {count}
               ) AS page ORDER BY moment DESC"#
        );
        self.events(sql, None).await
    }

    async fn events(&mut self, sql: String, after: Option<&str>) -> Result<Vec<SourceEvent>, ReadError> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        if let Some(after) = after {
            query = query.bind(after);
        }
        let rows = query.fetch_all(&mut self.connection).await.map_err(|error| describe(&error))?;
        rows.iter().map(event).collect::<Result<_, _>>().map_err(|error| describe(&error))
    }
}

fn describe(error: &sqlx::Error) -> ReadError {
    ReadError::Away(describe_sqlx(error))
}
