//! Reads events from PostgreSQL, over connections of sqlx outside of its pool. A connection whose query is cancelled is closed,
//! which makes the server stop the query. (The pool would read the rest of the answer first.)

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use sea_orm::sea_query::{Expr, PostgresQueryBuilder, Query, SelectStatement};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};
use sea_orm::{DbErr, RuntimeErr};
use tokio::runtime::Handle;
use tracing::warn;
use uuid::Uuid;

use super::pg_copy::{BinaryCopyParser, Field, Malformed};
use super::time_slice::{TimeSlice, interrupted, is_interrupted};
use crate::server::db::error;
use crate::server::db::error::is_unavailable;
use crate::server::db::postgres::{CHECK_CLIENT_CONNECTION, conn, options};
use crate::server::db::timeouts::PING_TIMEOUT;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::event::{Cursor, Row, ScanEnd};
use crate::server::export::reader::worker_threads;
use crate::server::settings::OnReplicaUnavailable;

/// The maximum number of messages that are collected before their rows are passed on.
const MESSAGES_PER_BATCH: usize = 128;

/// How long a connection to the primary is used instead of one to an unavailable replica.
const FALLBACK_FOR: Duration = Duration::from_secs(30);

/// Settings for pages: they are read from an index, even if the planner prefers another plan for small tables. Nothing is
/// compiled, because compiling takes longer than a page.
pub const PLAN_FOR_PAGES: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
                              SET enable_incremental_sort = off; SET jit = off; \
                              SET max_parallel_workers_per_gather = 0";

/// The server's own settings.
const PLAN_FREELY: &str = "RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_sort; \
                           RESET enable_incremental_sort; RESET jit; \
                           RESET max_parallel_workers_per_gather";

/// How far a server has replayed the primary's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is the primary, used instead of its replica.
    Primary,
    /// Up to the requested position.
    All,
    /// Up to a position before the requested one.
    UpTo {
        /// The position in the primary's log, in bytes.
        position: i64,
        /// The time of the last replayed transaction; `None` if the server does not know it.
        moment: Option<UnixMicros>,
    },
}

/// A PostgreSQL server that holds events.
#[derive(Clone, Debug)]
pub struct Server {
    options: PgConnectOptions,
    /// Whether this is not the server that is written to.
    is_replica: bool,
    /// The primary, if it may be used while the replica is unavailable.
    fallback: Option<PgConnectOptions>,
    runtime: Handle,
    /// The maximum time of a statement, in milliseconds.
    statement_timeout: u128,
}

/// A connection that reads events.
#[derive(Debug)]
pub struct Connection {
    inner: PgConnection,
    runtime: Handle,
    /// Whether the last answer was read to its end, so that another query can be run.
    is_reusable: bool,
    /// Whether this is a connection to the primary, because the replica was unavailable.
    is_primary: bool,
    connected: Instant,
}

impl Server {
    /// Creates the server that a URL names. Must be called within the runtime.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid.
    pub fn new(url: &str, statement_timeout: Duration) -> Result<Self, DbErr> {
        let (options, runtime) = (options(url)?, Handle::current());
        Ok(Self {
            options,
            is_replica: false,
            fallback: None,
            runtime,
            statement_timeout: statement_timeout.as_millis(),
        })
    }

    /// Reads from a replica of this server. While the replica is unavailable, reads from this server if `when_unavailable`
    /// allows it.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid.
    pub fn with_replica(self, url: &str, when_unavailable: OnReplicaUnavailable) -> Result<Self, DbErr> {
        let options = options(url)?;
        let fallback = (when_unavailable == OnReplicaUnavailable::Primary).then_some(self.options);
        Ok(Self { options, is_replica: true, fallback, ..self })
    }

    /// Returns whether the events may be read from a replica.
    pub fn may_be_replica(&self) -> bool {
        self.is_replica
    }

    /// Connects. Must be called on a blocking thread.
    ///
    /// # Errors
    /// Returns an error if the server is unreachable or accepts no more connections, or the time slice is cancelled.
    pub fn connect(&self, slice: &TimeSlice) -> Result<Connection, DbErr> {
        let settings = format!(
            "{PLAN_FOR_PAGES}; SET default_transaction_read_only = on; SET statement_timeout = {}",
            self.statement_timeout
        );
        let connected = async {
            let (mut inner, is_primary) = match (connect(&self.options).await, &self.fallback) {
                (Err(error), Some(fallback)) => {
                    warn!(%error, "replica unavailable, reading from the primary");
                    (connect(fallback).await.map_err(conn)?, true)
                }
                (connected, _) => (connected.map_err(conn)?, false),
            };
            sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut inner).await.map_err(conn)?;
            let _ = sqlx::raw_sql(CHECK_CLIENT_CONNECTION).execute(&mut inner).await;
            let (runtime, connected) = (self.runtime.clone(), Instant::now());
            Ok(Connection { inner, runtime, is_reusable: true, is_primary, connected })
        };
        self.runtime.block_on(async {
            tokio::select! {
                connected = connected => connected,
                () = slice.cancelled() => Err(interrupted()),
            }
        })
    }
}

impl Connection {
    /// Returns whether another query can be run.
    pub fn is_reusable(&self) -> bool {
        self.is_reusable
    }

    /// Returns whether the server responds.
    pub fn is_alive(&mut self) -> bool {
        // The replica may be available again.
        if self.is_primary && self.connected.elapsed() > FALLBACK_FOR {
            return false;
        }
        let ping = async { tokio::time::timeout(PING_TIMEOUT, self.inner.ping()).await };
        matches!(self.runtime.block_on(ping), Ok(Ok(())))
    }

    /// Runs a statement for events, as [`Connection::page`](super::Connection::page) describes. If the connection is lost
    /// after some rows, these are the page.
    ///
    /// # Errors
    /// Returns the errors of the database and of `take`.
    pub fn events<E: From<DbErr>>(
        &mut self,
        statement: &SelectStatement,
        slice: &TimeSlice,
        mut take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
    ) -> Result<ScanEnd, E> {
        let (mut count, mut is_full) = (0_u64, false);
        let result = self.rows(statement, slice, |row| {
            if is_full {
                return Ok(());
            }
            is_full = take(&event(row).map_err(query)?)?.is_break();
            if count == 0 {
                slice.rows_held();
            }
            count += 1;
            Ok(())
        });
        slice.rows_released();
        match result {
            Ok(()) if is_full => Ok(ScanEnd::CutShort),
            Ok(()) => Ok(ScanEnd::Exhausted),
            Err(RowsError::Database(error)) if count > 0 && (is_interrupted(&error) || is_unavailable(&error)) => {
                Ok(ScanEnd::CutShort)
            }
            Err(RowsError::Database(error)) => Err(error.into()),
            Err(RowsError::Receiver(error)) => Err(error),
        }
    }

    /// Runs a statement for rows of `N` numbers and passes them to `take`.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn numbers<const N: usize>(
        &mut self,
        statement: &SelectStatement,
        slice: &TimeSlice,
        mut take: impl FnMut([i64; N]),
    ) -> Result<(), DbErr> {
        let result = self.rows(statement, slice, |row: &[Field<'_>; N]| {
            let mut numbers = [0; N];
            for (number, field) in numbers.iter_mut().zip(row) {
                *number = required(*field).and_then(number_of).map_err(query)?;
            }
            take(numbers);
            Ok::<_, DbErr>(())
        });
        result.map_err(RowsError::into_error)
    }

    /// Returns how far the server has replayed the primary's log, compared to `position` in bytes.
    ///
    /// # Errors
    /// Returns the errors of the database, and an error if the server is not a replica.
    pub fn replayed(&mut self, position: i64, slice: &TimeSlice) -> Result<Replayed, DbErr> {
        if self.is_primary {
            return Ok(Replayed::Primary);
        }
        // The time first: its transaction is before the position, even if more is replayed in between.
        let columns = "pg_is_in_recovery()::int, \
                     coalesce((extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint, 0), \
                     coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint";
        let mut row = [0; 3];
        self.numbers(&Query::select().expr(Expr::cust(columns)).to_owned(), slice, |numbers| row = numbers)?;
        match row {
            // A replica that was promoted no longer follows the primary.
            [0, ..] => Err(error::unavailable("database.replica_url names a server that is not a replica")),
            [_, _, replayed] if replayed >= position => Ok(Replayed::All),
            [_, moment, position] => {
                Ok(Replayed::UpTo { position, moment: Some(moment).filter(|moment| *moment > 0).map(UnixMicros::new) })
            }
        }
    }

    /// Has the server plan the next queries with its own settings. [`Self::plan_for_pages`] must follow, before the connection
    /// is used again.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn plan_freely(&mut self) -> Result<(), DbErr> {
        self.is_reusable = false;
        self.execute(PLAN_FREELY)
    }

    /// Has the server plan the next queries for pages of events again.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn plan_for_pages(&mut self) -> Result<(), DbErr> {
        // After a failure, the connection must not be reused.
        self.is_reusable = false;
        self.execute(PLAN_FOR_PAGES)?;
        self.is_reusable = true;
        Ok(())
    }

    fn execute(&mut self, sql: &'static str) -> Result<(), DbErr> {
        let Self { inner, runtime, .. } = self;
        let executed = async { tokio::time::timeout(PING_TIMEOUT, sqlx::raw_sql(sql).execute(inner)).await };
        runtime.block_on(executed).map_err(|_| query(timed_out()))?.map(drop).map_err(query)
    }

    /// Runs a statement with `COPY`, and passes its rows to `take`. For the server and for sqlx, that is less work than the
    /// rows of a query (docs/benchmarks.md). `COPY` takes no parameters, so `sea_query` writes the values into the statement.
    fn rows<const N: usize, E>(
        &mut self,
        statement: &SelectStatement,
        slice: &TimeSlice,
        mut take: impl FnMut(&[Field<'_>; N]) -> Result<(), E>,
    ) -> Result<(), RowsError<E>> {
        let sql = escaped_for_postgres(statement.to_string(PostgresQueryBuilder));
        let sql = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
        let Self { inner, runtime, is_reusable, .. } = self;
        *is_reusable = false;
        let started = runtime.block_on(async {
            tokio::select! {
                started = inner.copy_out_raw(&sql) => started.map_err(query),
                () = slice.cancelled() => Err(interrupted()),
            }
        });
        let mut messages = started.map_err(RowsError::Database)?;
        let mut parser = BinaryCopyParser::default();
        let mut batch = Vec::with_capacity(MESSAGES_PER_BATCH);
        loop {
            // The messages are awaited in here. Their rows are passed on outside, where `take` may block on other futures.
            let more = runtime.block_on(async {
                tokio::select! {
                    biased;
                    message = messages.next() => match message {
                        Some(Ok(message)) => batch.push(message),
                        Some(Err(error)) => return Err(query(error)),
                        None => return Ok(false),
                    },
                    () = slice.cancelled() => return Err(interrupted()),
                }
                while batch.len() < MESSAGES_PER_BATCH {
                    match messages.next().now_or_never() {
                        Some(Some(Ok(message))) => batch.push(message),
                        Some(Some(Err(error))) => return Err(query(error)),
                        Some(None) => return Ok(false),
                        None => break,
                    }
                }
                Ok(true)
            });
            for message in batch.drain(..) {
                parser.read(&message, |row| take(row).map_err(RowsError::Receiver))?;
            }
            if !more.map_err(RowsError::Database)? {
                break;
            }
            // Rows arrive by the dozen: a pause between them is no reason to cancel the query and connect again.
            slice.rows_arrived();
            worker_threads::yield_cpu();
        }
        drop(messages);
        parser.end()?;
        *is_reusable = true;
        Ok(())
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connected = tokio::time::timeout(PING_TIMEOUT, PgConnection::connect_with(options)).await;
    connected.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> sqlx::Error {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Why rows could not be read to the end.
enum RowsError<E> {
    Database(DbErr),
    /// The receiver of the rows failed.
    Receiver(E),
}

impl RowsError<DbErr> {
    fn into_error(self) -> DbErr {
        let (Self::Database(error) | Self::Receiver(error)) = self;
        error
    }
}

impl<E> From<Malformed> for RowsError<E> {
    fn from(malformed: Malformed) -> Self {
        Self::Database(query(decode(malformed)))
    }
}

/// Reads a row of the [`SELECTED_COLUMNS`](crate::server::export::event::SELECTED_COLUMNS).
fn event(row: &[Field<'_>; 10]) -> Result<Row, sqlx::Error> {
    let [timestamp, id, camera_key, confidence, detector_key, x, y, width, height, zone_key] = *row;
    let optional = |number: Field<'_>| number.map(number_of).transpose();
    Ok(Row {
        cursor: Cursor {
            timestamp: number_of(required(timestamp)?)?,
            id: Uuid::from_slice(required(id)?).map_err(decode)?,
        },
        camera_key: number_of(required(camera_key)?)?,
        confidence: confidence.map(|bytes| array(bytes).map(f64::from_be_bytes)).transpose()?,
        detector_key: number_of(required(detector_key)?)?,
        bounding_box: [optional(x)?, optional(y)?, optional(width)?, optional(height)?],
        zone_key: optional(zone_key)?,
    })
}

fn required(field: Field<'_>) -> Result<&[u8], sqlx::Error> {
    field.ok_or_else(|| decode("a required value is NULL"))
}

/// Reads an integer of four or eight bytes.
fn number_of(bytes: &[u8]) -> Result<i64, sqlx::Error> {
    match bytes.len() {
        4 => array(bytes).map(|bytes| i32::from_be_bytes(bytes).into()),
        _ => array(bytes).map(i64::from_be_bytes),
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], sqlx::Error> {
    bytes.try_into().map_err(decode)
}

/// Corrects the escape of the character U+001A in strings. `sea_query` writes `\z`, as for other databases, which PostgreSQL
/// reads as `z`: the id of another camera. There is no backslash outside of strings.
fn escaped_for_postgres(sql: String) -> String {
    if !sql.contains(r"\z") {
        return sql;
    }
    let mut written = String::with_capacity(sql.len());
    let mut characters = sql.chars();
    while let Some(character) = characters.next() {
        match (character, (character == '\\').then(|| characters.next()).flatten()) {
            (_, Some('z')) => written.push_str("\\x1A"),
            (character, escaped) => written.extend([Some(character), escaped].into_iter().flatten()),
        }
    }
    written
}

fn decode(error: impl Into<sqlx::error::BoxDynError>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

fn query(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
