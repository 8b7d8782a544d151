//! Connections that read events. Each is used for one piece of work at a time, on a thread that may wait, and what nobody
//! waits for any more is stopped in the database itself. SeaORM builds the statements; rusqlite steps through them, on
//! the same SQLite as SeaORM's, because there a statement can be stopped.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::Value as Sqlite;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Rows};
use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder, Value};
use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::buffer::Buffers;
use super::lines::PAGE_CAPACITY;
use super::workshop::{self, Workshop};
use crate::server::database::BUSY_TIMEOUT;

/// After how many steps of SQLite's machine it is asked whether somebody still waits: some microseconds.
const STEPS_BETWEEN_QUESTIONS: i32 = 1_000;

/// After how many of these questions it lets others go first, which takes it no time if there are none: some 0.1 ms.
const QUESTIONS_BETWEEN_PAUSES: u32 = 4;

/// For how long the rows that were found may wait for others of their page: a client sees them before anything else is found.
const MOST_HELD_BACK: Duration = Duration::from_millis(100);

/// After which time an export gives its connection back, and gets in line for another: where there are more exports than
/// connections, all of them go on.
pub const LONGEST_TURN: Duration = Duration::from_millis(100);

/// How many statements a connection remembers: those of an export's first and later pages, for some filters.
const STATEMENTS: usize = 32;

/// A handle to all of them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    workshop: Workshop,
    buffers: Buffers,
    path: PathBuf,
    most: usize,
    free: Arc<Semaphore>,
    /// Half of them, for what is not an export.
    aside: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    /// Up to so many connections to that file. None is opened yet.
    pub fn new(path: PathBuf, connections: u32) -> Self {
        let most = connections as usize;
        let (free, aside) = (Arc::new(Semaphore::new(most)), Semaphore::new((most / 2).max(1)));
        Self(Arc::new(Inner {
            workshop: Workshop::open(),
            buffers: Buffers::new(PAGE_CAPACITY),
            path,
            most,
            free,
            aside,
            idle: Mutex::default(),
        }))
    }

    /// How many connections are at work, those included whose work is being stopped.
    pub fn busy(&self) -> usize {
        self.0.most - self.0.free.available_permits()
    }

    /// How many wait for work.
    pub fn idle(&self) -> usize {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The threads that it works on, for what else there is to do that takes its time.
    pub fn workshop(&self) -> &Workshop {
        &self.0.workshop
    }

    /// Memory for what is read.
    pub fn buffers(&self) -> &Buffers {
        &self.0.buffers
    }

    /// A turn for what is no export, to be held while it reads: however much there is of it, half of the connections are
    /// left.
    ///
    /// # Errors
    /// Never: turns do not end.
    pub async fn turn_aside(&self) -> Result<SemaphorePermit<'_>, DbErr> {
        self.0.aside.acquire().await.map_err(|error| DbErr::Conn(internal(&error)))
    }

    /// Waits for a connection and works with it. Dropping the future stops the work; the connection is free again once it
    /// has stopped.
    ///
    /// # Errors
    /// Those of the work, and where no connection can be opened.
    pub async fn read<Found, Failure>(
        &self,
        work: impl FnOnce(&Connection, &Turn) -> Result<Found, Failure> + Send + 'static,
    ) -> Result<Found, Failure>
    where
        Found: Send + 'static,
        Failure: From<DbErr> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let closed = |error: &dyn std::fmt::Display| Failure::from(DbErr::Conn(internal(error)));
        let permit = Arc::clone(&inner.free).acquire_owned().await.map_err(|error| closed(&error))?;
        let unwanted = Arc::new(AtomicBool::new(false));
        let _guard = Guard(Arc::clone(&unwanted));
        let working = self.0.workshop.spawn(move || {
            let connection = inner.connection().map_err(Failure::from)?;
            let turn = Turn::begin();
            let (asked, asking) = (Arc::clone(&unwanted), turn.clone());
            let mut questions = 0_u32;
            let asks = move || {
                questions = questions.wrapping_add(1);
                if questions.is_multiple_of(QUESTIONS_BETWEEN_PAUSES) {
                    workshop::pause();
                }
                asked.load(Ordering::Relaxed) || asking.is_late()
            };
            connection.progress_handler(STEPS_BETWEEN_QUESTIONS, Some(asks)).map_err(|error| failed(&error))?;
            let done = work(&connection, &turn);
            inner.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(permit);
            done
        });
        match working.await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(closed(&error)),
            },
        }
    }
}

/// One piece of work: when it began, and whether it has found something.
#[derive(Clone, Debug)]
pub struct Turn {
    began: Instant,
    /// After how many microseconds the first of the rows was found that wait; 0 while there are none.
    found: Arc<AtomicU64>,
}

impl Turn {
    /// One that begins now.
    pub fn begin() -> Self {
        Self { began: Instant::now(), found: Arc::default() }
    }

    /// Whether it has taken long enough, where others may want the connection.
    pub fn is_over(&self) -> bool {
        self.began.elapsed() > LONGEST_TURN
    }

    /// Whether what was found has waited for long enough.
    fn is_late(&self) -> bool {
        match self.found.load(Ordering::Relaxed) {
            0 => false,
            found => self.began.elapsed() > Duration::from_micros(found) + MOST_HELD_BACK,
        }
    }

    /// Does what has to be done in full although rows wait.
    pub fn in_full<Done>(&self, work: impl FnOnce() -> Done) -> Done {
        let found = self.found.swap(0, Ordering::Relaxed);
        let done = work();
        self.found.store(found, Ordering::Relaxed);
        done
    }

    fn has_found(&self) {
        let after = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.found.store(after.max(1), Ordering::Relaxed);
    }

    /// What else it asks is to be answered in full.
    fn has_given(&self) {
        self.found.store(0, Ordering::Relaxed);
    }
}

/// Says, when it is dropped, that nobody waits any more.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Inner {
    fn connection(&self) -> Result<Connection, DbErr> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.open().map_err(|error| failed(&error)), Ok)
    }

    fn open(&self) -> Result<Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

/// Runs a statement and lets `take` step through its rows.
///
/// # Errors
/// The database's own, and those of `take`.
pub fn query<Found>(
    connection: &Connection,
    statement: &SelectStatement,
    take: impl FnOnce(&mut Rows<'_>) -> Result<Found, rusqlite::Error>,
) -> Result<Found, DbErr> {
    let (sql, values) = statement.build(SqliteQueryBuilder);
    let values = values.into_iter().map(bound).collect::<Result<Vec<_>, _>>()?;
    let run = || {
        let mut prepared = connection.prepare_cached(&sql)?;
        take(&mut prepared.query(rusqlite::params_from_iter(values))?)
    };
    run().map_err(|error| failed(&error))
}

/// Runs a statement and gives its rows to `take`: all of them, or until it wants no more, or as many as were found when
/// the first ones had waited for long enough. Says whether there are no more.
///
/// # Errors
/// The database's own, and those of `take`.
pub fn step<Failure: From<DbErr>>(
    connection: &Connection,
    statement: &SelectStatement,
    turn: &Turn,
    mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, Failure>,
) -> Result<bool, Failure> {
    let stepped = query(connection, statement, |rows| {
        let mut found = 0_u64;
        loop {
            match rows.next() {
                Ok(Some(row)) => match take(row) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => return Ok(Ok(false)),
                    Err(failure) => return Ok(Err(failure)),
                },
                Ok(None) => return Ok(Ok(true)),
                Err(error) if is_interrupted(&error) && found > 0 => return Ok(Ok(false)),
                Err(error) => return Err(error),
            }
            if found == 0 {
                turn.has_found();
            }
            found += 1;
        }
    });
    turn.has_given();
    stepped?
}

fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// A value of a statement, as SQLite takes it.
fn bound(value: Value) -> Result<Sqlite, DbErr> {
    Ok(match value {
        Value::BigInt(number) => number.map_or(Sqlite::Null, Sqlite::Integer),
        Value::BigUnsigned(number) => match number.map(i64::try_from).transpose() {
            Ok(number) => number.map_or(Sqlite::Null, Sqlite::Integer),
            Err(error) => return Err(DbErr::Query(internal(&error))),
        },
        Value::Int(number) => number.map_or(Sqlite::Null, |number| Sqlite::Integer(number.into())),
        Value::Bool(truth) => truth.map_or(Sqlite::Null, |truth| Sqlite::Integer(truth.into())),
        Value::String(text) => text.map_or(Sqlite::Null, Sqlite::Text),
        Value::Uuid(id) => id.map_or(Sqlite::Null, |id| Sqlite::Blob(id.as_bytes().to_vec())),
        other => return Err(DbErr::Query(internal(&format!("{other:?} is bound nowhere yet")))),
    })
}

/// An error of the database, as everybody else here knows it: whether it is away, or gave something unreadable.
pub fn failed(error: &rusqlite::Error) -> DbErr {
    let away = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked, ErrorCode::CannotOpen];
    if error.sqlite_error_code().is_some_and(|code| away.contains(&code)) {
        DbErr::Conn(internal(error))
    } else {
        DbErr::Query(internal(error))
    }
}

fn internal(error: &dyn std::fmt::Display) -> RuntimeErr {
    RuntimeErr::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    fn reader(folder: &tempfile::TempDir, connections: u32) -> Reader {
        let path = folder.path().join("x.db");
        Connection::open(&path)
            .expect("made")
            .execute_batch("CREATE TABLE t (i); PRAGMA journal_mode = WAL")
            .expect("made");
        Reader::new(path, connections)
    }

    async fn run(reader: &Reader, sql: &'static str) -> Result<i64, DbErr> {
        reader
            .read(move |connection, _| connection.query_row(sql, [], |row| row.get(0)).map_err(|error| failed(&error)))
            .await
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_stopped_in_the_database_and_its_connection_is_free_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 1);
        for _ in 0..3 {
            let waited = tokio::time::timeout(Duration::from_millis(20), run(&reader, ENDLESS)).await;
            assert!(waited.is_err(), "it never ends by itself");
            // There is one connection: this waits until it has stopped.
            assert_eq!(run(&reader, "SELECT count(*) FROM t").await, Ok(0));
        }
        assert_eq!(reader.0.idle.lock().expect("no panic").len(), 1, "the same connection each time");
    }

    #[tokio::test]
    async fn what_is_no_export_leaves_half_of_the_connections() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 4);
        let aside = || {
            let reader = reader.clone();
            tokio::spawn(async move {
                let endless = |connection: &Connection| connection.query_row(ENDLESS, [], |row| row.get::<_, i64>(0));
                let _turn = reader.turn_aside().await?;
                reader.read(move |connection, _| endless(connection).map_err(|error| failed(&error))).await
            })
        };
        let looking: Vec<_> = (0..9).map(|_| aside()).collect();
        while reader.busy() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(run(&reader, "SELECT 7").await, Ok(7));
        assert_eq!(reader.busy(), 2);
        looking.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn only_rows_cut_a_query_short_and_not_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 1);
        let worked = reader.read(|connection, turn| {
            let one = sea_orm::sea_query::Query::select().expr(1).to_owned();
            let mut found = Vec::new();
            let all = step(connection, &one, turn, |row| {
                found.push(row.get::<_, i64>(0).map_err(|error| failed(&error))?);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            })?;
            // Whatever comes now is late.
            #[expect(clippy::disallowed_methods, reason = "this thread is no worker of the runtime")]
            std::thread::sleep(MOST_HELD_BACK + Duration::from_millis(20));
            let long = ENDLESS.replace("FROM n)", "FROM n WHERE i < 20000)");
            let counted =
                connection.query_row(&long, [], |row| row.get::<_, i64>(0)).map_err(|error| failed(&error))?;
            Ok::<_, DbErr>((found, all, counted))
        });
        assert_eq!(worked.await, Ok((vec![1], true, 20_000)));
    }

    #[tokio::test]
    async fn a_panic_comes_out_where_the_work_was_waited_for_and_the_place_is_free_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 1);
        let panicking = {
            let reader = reader.clone();
            tokio::spawn(async move { reader.read::<(), DbErr>(|_, _| panic!("at work")).await })
        };
        assert!(panicking.await.expect_err("it panics").is_panic());
        assert_eq!(run(&reader, "SELECT 7").await, Ok(7));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_a_database_that_is_away() {
        let reader = Reader::new("/nowhere/x.db".into(), 1);
        assert!(matches!(run(&reader, "SELECT 7").await, Err(DbErr::Conn(_))));
    }
}
