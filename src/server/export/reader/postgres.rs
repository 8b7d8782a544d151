//! PostgreSQL, over connections of sqlx' that belong to nobody's pool: one whose answer nobody waits for is closed, which
//! is what makes the server stop working on it. (A pool would read such an answer to its end first.)

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
use crate::server::db::postgres::{NOTICE_WHO_LEAVES, conn, options};
use crate::server::db::timeouts::PING_TIMEOUT;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::event::{Cursor, Row};
use crate::server::export::reader::worker_threads;

/// How many rows are taken from what has arrived before they are given on.
const ROWS_AT_ONCE: usize = 128;

/// For how long a connection to the primary is used where the replica was away.
const INSTEAD: Duration = Duration::from_secs(30);

/// Pages are read off an index, whatever the planner thinks of small tables. Nothing is compiled, which takes longer than a
/// page.
pub const PLAN_FOR_PAGES: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
                              SET enable_incremental_sort = off; SET jit = off; \
                              SET max_parallel_workers_per_gather = 0";

const PLAN_FREELY: &str = "RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_sort; \
                           RESET enable_incremental_sort; RESET jit; \
                           RESET max_parallel_workers_per_gather";

/// How far the server behind a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is the primary, in its replica's place.
    Primary,
    /// As far as the primary was when it was asked.
    All,
    /// To this position, and the last transaction in it is of this moment, in microseconds since 1970-01-01T00:00:00Z.
    UpTo {
        /// In the primary's log, in bytes.
        position: i64,
        /// `None` where it does not know.
        moment: Option<UnixMicros>,
    },
}

/// Where events are, and the runtime that waits for them.
#[derive(Clone, Debug)]
pub struct Server {
    options: PgConnectOptions,
    /// Whether that is another server than the one that is written to.
    replica: bool,
    /// Where else, if that is away.
    otherwise: Option<PgConnectOptions>,
    runtime: Handle,
    /// How long a statement may take at most, in milliseconds.
    statement_timeout: u128,
}

/// A connection that reads events.
#[derive(Debug)]
pub struct Connection {
    inner: PgConnection,
    runtime: Handle,
    /// Whether there is nothing left of an answer, so that another question can be asked.
    whole: bool,
    /// Whether it is to the primary, because the replica was away.
    is_primary: bool,
    since: Instant,
}

impl Server {
    /// The server that a URL names. Has to be called within the runtime.
    ///
    /// # Errors
    /// Where the URL is none.
    pub fn new(url: &str, statement_timeout: Duration) -> Result<Self, DbErr> {
        let (options, runtime) = (options(url)?, Handle::current());
        Ok(Self { options, replica: false, otherwise: None, runtime, statement_timeout: statement_timeout.as_millis() })
    }

    /// A replica of it instead; and the server itself where that is away, if it may be.
    ///
    /// # Errors
    /// Where the URL is none.
    pub fn or_replica(self, url: &str, fall_back: bool) -> Result<Self, DbErr> {
        let options = options(url)?;
        Ok(Self { options, replica: true, otherwise: fall_back.then_some(self.options), ..self })
    }

    /// Whether what it names may be a replica.
    pub fn may_be_replica(&self) -> bool {
        self.replica
    }

    /// Connects, on a thread that may wait.
    ///
    /// # Errors
    /// Where the server cannot be reached, or takes no more connections; where nobody waits any more.
    pub fn connect(&self, turn: &TimeSlice) -> Result<Connection, DbErr> {
        let settings = format!(
            "{PLAN_FOR_PAGES}; SET default_transaction_read_only = on; SET statement_timeout = {}",
            self.statement_timeout
        );
        let connected = async {
            let (mut inner, is_primary) = match (connect(&self.options).await, &self.otherwise) {
                (Err(error), Some(otherwise)) => {
                    warn!(%error, "replica unavailable, reading from the primary");
                    (connect(otherwise).await.map_err(conn)?, true)
                }
                (connected, _) => (connected.map_err(conn)?, false),
            };
            sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut inner).await.map_err(conn)?;
            let _ = sqlx::raw_sql(NOTICE_WHO_LEAVES).execute(&mut inner).await;
            Ok(Connection { inner, runtime: self.runtime.clone(), whole: true, is_primary, since: Instant::now() })
        };
        self.runtime.block_on(async {
            tokio::select! {
                connected = connected => connected,
                () = turn.stop() => Err(interrupted()),
            }
        })
    }
}

impl Connection {
    /// Whether it can be used for something else.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether the server is still there.
    pub fn is_alive(&mut self) -> bool {
        // The replica may be back.
        if self.is_primary && self.since.elapsed() > INSTEAD {
            return false;
        }
        let ping = async { tokio::time::timeout(PING_TIMEOUT, self.inner.ping()).await };
        matches!(self.runtime.block_on(ping), Ok(Ok(())))
    }

    /// As [`super::sqlite::events`]. Where the connection is lost after some rows, these are the page.
    ///
    /// # Errors
    /// The database's own, and those of `take`.
    pub fn events<E: From<DbErr>>(
        &mut self,
        statement: &SelectStatement,
        turn: &TimeSlice,
        mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<bool, E> {
        let (mut found, mut full) = (0_u64, false);
        let ended = self.rows(statement, turn, |row| {
            if full {
                return Ok(());
            }
            full = take(&event(row).map_err(query)?)?.is_break();
            if found == 0 {
                turn.has_found();
            }
            found += 1;
            Ok(())
        });
        turn.has_given();
        match ended {
            Ok(()) => Ok(!full),
            Err(Ended::Database(error)) if found > 0 && (is_interrupted(&error) || is_unavailable(&error)) => Ok(false),
            Err(Ended::Database(error)) => Err(error.into()),
            Err(Ended::Given(failure)) => Err(failure),
        }
    }

    /// Runs a statement for rows of so many numbers and gives them to `take`.
    ///
    /// # Errors
    /// The database's own.
    pub fn numbers<const N: usize>(
        &mut self,
        statement: &SelectStatement,
        turn: &TimeSlice,
        mut take: impl FnMut([i64; N]),
    ) -> Result<(), DbErr> {
        let ended = self.rows(statement, turn, |row: &[Field<'_>; N]| {
            let mut numbers = [0; N];
            for (number, field) in numbers.iter_mut().zip(row) {
                *number = required(*field).and_then(number_of).map_err(query)?;
            }
            take(numbers);
            Ok::<_, DbErr>(())
        });
        ended.map_err(Ended::into_error)
    }

    /// Runs a statement for rows of a text and a number, and gives them to `take`.
    ///
    /// # Errors
    /// The database's own.
    pub fn named_numbers(
        &mut self,
        statement: &SelectStatement,
        turn: &TimeSlice,
        mut take: impl FnMut(&str, i64),
    ) -> Result<(), DbErr> {
        let ended = self.rows(statement, turn, |[name, number]| {
            let name = required(*name).and_then(|name| std::str::from_utf8(name).map_err(decode));
            take(name.map_err(query)?, required(*number).and_then(number_of).map_err(query)?);
            Ok::<_, DbErr>(())
        });
        ended.map_err(Ended::into_error)
    }

    /// How far the server has come, where it should have come to `position` in the primary's log, in bytes.
    ///
    /// # Errors
    /// The database's own; where it should be a replica and is none.
    pub fn replayed(&mut self, position: i64, turn: &TimeSlice) -> Result<Replayed, DbErr> {
        if self.is_primary {
            return Ok(Replayed::Primary);
        }
        // The time first, so that its transaction is before the position, whatever is replayed in between.
        let asked = "pg_is_in_recovery()::int, \
                     coalesce((extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint, 0), \
                     coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint";
        let mut told = [0; 3];
        self.numbers(&Query::select().expr(Expr::cust(asked)).to_owned(), turn, |numbers| told = numbers)?;
        match told {
            // It may have been one, and go its own way now.
            [0, ..] => Err(error::away("database.replica_url names a server that is no replica")),
            [_, _, come_to] if come_to >= position => Ok(Replayed::All),
            [_, moment, position] => {
                Ok(Replayed::UpTo { position, moment: Some(moment).filter(|moment| *moment > 0).map(UnixMicros::new) })
            }
        }
    }

    /// Has what comes planned as a server does by itself.
    ///
    /// # Errors
    /// The database's own.
    pub fn plan_freely(&mut self) -> Result<(), DbErr> {
        self.whole = false;
        self.execute(PLAN_FREELY)
    }

    /// Has what comes planned for pages of events again.
    ///
    /// # Errors
    /// The database's own.
    pub fn plan_for_pages(&mut self) -> Result<(), DbErr> {
        // Where that fails, nobody should use it for something else.
        self.whole = false;
        self.execute(PLAN_FOR_PAGES)?;
        self.whole = true;
        Ok(())
    }

    fn execute(&mut self, sql: &'static str) -> Result<(), DbErr> {
        let Self { inner, runtime, .. } = self;
        let told = async { tokio::time::timeout(PING_TIMEOUT, sqlx::raw_sql(sql).execute(inner)).await };
        runtime.block_on(told).map_err(|_| query(silent()))?.map(drop).map_err(query)
    }

    /// Copies out what a statement selects, which takes the server less than to send rows of a query, and sqlx less than to
    /// receive them (docs/benchmarks.md). `COPY` takes no parameters, so the values are written into the statement, by `sea_query`.
    fn rows<const N: usize, E>(
        &mut self,
        statement: &SelectStatement,
        turn: &TimeSlice,
        mut take: impl FnMut(&[Field<'_>; N]) -> Result<(), E>,
    ) -> Result<(), Ended<E>> {
        let sql = as_postgres_reads_it(statement.to_string(PostgresQueryBuilder));
        let sql = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
        let Self { inner, runtime, whole, .. } = self;
        *whole = false;
        let began = runtime.block_on(async {
            tokio::select! {
                began = inner.copy_out_raw(&sql) => began.map_err(query),
                () = turn.stop() => Err(interrupted()),
            }
        });
        let mut messages = began.map_err(Ended::Database)?;
        let mut copied = BinaryCopyParser::default();
        let mut arrived = Vec::with_capacity(ROWS_AT_ONCE);
        loop {
            // What arrives is waited for in here, and worked on out there, where other things may be waited for.
            let more = runtime.block_on(async {
                tokio::select! {
                    biased;
                    message = messages.next() => match message {
                        Some(Ok(message)) => arrived.push(message),
                        Some(Err(error)) => return Err(query(error)),
                        None => return Ok(false),
                    },
                    () = turn.stop() => return Err(interrupted()),
                }
                while arrived.len() < ROWS_AT_ONCE {
                    match messages.next().now_or_never() {
                        Some(Some(Ok(message))) => arrived.push(message),
                        Some(Some(Err(error))) => return Err(query(error)),
                        Some(None) => return Ok(false),
                        None => break,
                    }
                }
                Ok(true)
            });
            for message in arrived.drain(..) {
                copied.read(&message, |row| take(row).map_err(Ended::Given))?;
            }
            if !more.map_err(Ended::Database)? {
                break;
            }
            // They come by the dozen: that some wait for a while is no reason to connect anew.
            turn.gets_on();
            worker_threads::pause();
        }
        drop(messages);
        copied.end()?;
        *whole = true;
        Ok(())
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connected = tokio::time::timeout(PING_TIMEOUT, PgConnection::connect_with(options)).await;
    connected.unwrap_or_else(|_| Err(silent()))
}

fn silent() -> sqlx::Error {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// Why there are no more rows.
enum Ended<E> {
    Database(DbErr),
    /// Whoever was given the rows.
    Given(E),
}

impl Ended<DbErr> {
    fn into_error(self) -> DbErr {
        let (Self::Database(error) | Self::Given(error)) = self;
        error
    }
}

impl<E> From<Malformed> for Ended<E> {
    fn from(malformed: Malformed) -> Self {
        Self::Database(query(decode(malformed)))
    }
}

/// Reads a row of [`super::super::query::page`], without a copy.
fn event<'a>(row: &[Field<'a>; 10]) -> Result<Row<'a>, sqlx::Error> {
    let [timestamp, id, camera_id, confidence, algorithm, x, y, width, height, zone_id] = *row;
    let side = |side: Field<'_>| side.map(number_of).transpose();
    Ok(Row {
        cursor: Cursor {
            timestamp: number_of(required(timestamp)?)?,
            id: Uuid::from_slice(required(id)?).map_err(decode)?,
        },
        camera_id: required(camera_id)?,
        confidence: confidence.map(|bytes| array(bytes).map(f64::from_be_bytes)).transpose()?,
        algorithm: required(algorithm)?,
        bounding_box: [side(x)?, side(y)?, side(width)?, side(height)?],
        zone_id,
    })
}

fn required(field: Field<'_>) -> Result<&[u8], sqlx::Error> {
    field.ok_or_else(|| decode("a value that there has to be is NULL"))
}

/// An integer of four bytes or of eight.
fn number_of(bytes: &[u8]) -> Result<i64, sqlx::Error> {
    match bytes.len() {
        4 => array(bytes).map(|bytes| i32::from_be_bytes(bytes).into()),
        _ => array(bytes).map(i64::from_be_bytes),
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], sqlx::Error> {
    bytes.try_into().map_err(decode)
}

/// `sea_query` writes the character U+001A in a string as other databases have it, `\z`, which PostgreSQL takes for a `z`: another
/// camera's name. There is no backslash outside of strings.
fn as_postgres_reads_it(sql: String) -> String {
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
