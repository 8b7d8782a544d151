//! Connections that read events.
//!
//! Each is used for one piece of work at a time, on a blocking thread. A query whose result is no longer needed is stopped in
//! the database. SeaORM builds the statements; [`sqlite`] and [`postgres`] run them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use sea_orm::sea_query::SelectStatement;
use sea_orm::{DbBackend, DbErr, RuntimeErr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use uuid::Uuid;

use self::buffer_pool::PAGE_CAPACITY;
pub use self::time_slice::{MAX_TIME_SLICE, TimeSlice, is_interrupted};
use super::event::{Row, ScanEnd};
use super::query::{self, PageQuery};
use crate::server::db::sqlite::open_file::OpenFile;
use crate::server::export::reader::buffer_pool::BufferPool;
use crate::server::export::reader::sqlite::SqliteConnection;
use crate::server::export::reader::worker_threads::WorkerThreads;

pub mod buffer_pool;
mod pg_copy;
pub mod postgres;
pub mod replica;
pub mod source;
pub mod sqlite;
mod time_slice;
pub mod worker_threads;

/// Concurrent preview queries per user. A page requests a preview and the counts of cameras.
const PREVIEWS_PER_USER: usize = 2;

/// The database that holds the events.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of them")]
pub enum Backend {
    /// An SQLite file, and the handle of the open database.
    Sqlite(PathBuf, Option<OpenFile>),
    /// A PostgreSQL server.
    Postgres(postgres::Server),
}

/// A connection that reads events.
#[derive(Debug)]
pub enum Connection {
    /// To an SQLite file.
    Sqlite(SqliteConnection),
    /// To a PostgreSQL server.
    Postgres(postgres::Connection),
}

impl Connection {
    /// Reads a page of events and passes them to `take`: all of them, until it breaks, or as many as were read when the first
    /// ones had been held back for too long.
    ///
    /// # Errors
    /// Returns the errors of the database and of `take`.
    pub fn page<E: From<DbErr>>(
        &mut self,
        page: &PageQuery<'_>,
        slice: &TimeSlice,
        take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
    ) -> Result<ScanEnd, E> {
        match self {
            Self::Sqlite(connection) => connection.page(page, slice, take),
            Self::Postgres(connection) => connection.events(&query::page(page, DbBackend::Postgres), slice, take),
        }
    }

    /// Runs a statement for a number. Returns `None` if it has no row.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn number(&mut self, statement: &SelectStatement, slice: &TimeSlice) -> Result<Option<i64>, DbErr> {
        let mut result = None;
        match self {
            Self::Sqlite(connection) => {
                sqlite::statement::numbers(connection, statement, |number| result = Some(number))?;
            }
            Self::Postgres(connection) => connection.numbers(statement, slice, |[number]| result = Some(number))?,
        }
        Ok(result)
    }

    /// Returns the SQL dialect.
    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// Returns whether the database computes all requested rows, even if fewer are taken.
    pub fn is_eager(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    fn open(backend: &Backend, slice: &TimeSlice) -> Result<Self, DbErr> {
        match backend {
            Backend::Sqlite(path, _) => SqliteConnection::open(path).map(Self::Sqlite),
            Backend::Postgres(server) => server.connect(slice).map(Self::Postgres),
        }
    }

    /// Returns whether another query can be run after the previous one.
    pub fn is_reusable(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_reusable(),
            Self::Postgres(connection) => connection.is_reusable(),
        }
    }

    /// Returns whether an idle connection still works.
    fn is_alive(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(connection) => connection.is_alive(),
        }
    }
}

/// A handle to a pool of connections that read events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    worker_threads: WorkerThreads,
    buffers: BufferPool,
    backend: Backend,
    max_connections: usize,
    /// The cores that may read at the same time.
    cores: usize,
    /// One permit per connection.
    free: Arc<Semaphore>,
    /// Half of the connections, for previews.
    preview_permits: Semaphore,
    /// Each user's share of these, while it is in use or awaited.
    per_user: Mutex<HashMap<Uuid, Weak<Semaphore>>>,
    idle: Mutex<Vec<Connection>>,
}

/// Allows to read a preview while it exists.
#[derive(Debug)]
pub struct PreviewPermit<'a> {
    _of_user: Option<OwnedSemaphorePermit>,
    _of_all: SemaphorePermit<'a>,
}

impl Reader {
    /// Creates a pool of up to `max_connections` connections, which is used on `cores` cores. None is opened yet.
    pub fn new(backend: Backend, max_connections: u32, cores: usize) -> Self {
        let max_connections = max_connections as usize;
        Self(Arc::new(Inner {
            worker_threads: WorkerThreads::new(),
            buffers: BufferPool::new(PAGE_CAPACITY),
            backend,
            max_connections,
            cores,
            free: Arc::new(Semaphore::new(max_connections)),
            preview_permits: Semaphore::new((max_connections / 2).max(1)),
            per_user: Mutex::default(),
            idle: Mutex::default(),
        }))
    }

    /// Returns whether the events may be read from a replica.
    pub fn may_be_replica(&self) -> bool {
        matches!(&self.0.backend, Backend::Postgres(server) if server.may_be_replica())
    }

    /// Returns the SQL dialect.
    pub fn backend(&self) -> DbBackend {
        match self.0.backend {
            Backend::Sqlite(..) => DbBackend::Sqlite,
            Backend::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// Returns how many connections are in use. Those whose work is being cancelled are included.
    pub fn busy(&self) -> usize {
        self.0.max_connections - self.0.free.available_permits()
    }

    /// Returns how many pieces of work an export that has `own` of them running may have at the same time: one for each core
    /// that others leave, in at most half of the connections.
    pub fn cores_besides(&self, own: usize) -> usize {
        self.0.cores.saturating_sub(self.busy().saturating_sub(own)).min(self.0.max_connections / 2).max(1)
    }

    /// Returns how many connections are idle.
    pub fn idle(&self) -> usize {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns the threads that read, for other blocking work of exports.
    pub fn worker_threads(&self) -> &WorkerThreads {
        &self.0.worker_threads
    }

    /// Returns the memory for pages.
    pub fn buffers(&self) -> &BufferPool {
        &self.0.buffers
    }

    /// Waits for the permit to read a preview, and returns it. There are half as many as connections, and two per user. A preview
    /// uses further connections only for cores that are idle when it starts.
    ///
    /// # Errors
    /// Never: the semaphores are not closed.
    pub async fn acquire_preview_permit(&self, user: Option<Uuid>) -> Result<PreviewPermit<'_>, DbErr> {
        let closed = |error| DbErr::Conn(internal(&error));
        let of_user = match user {
            Some(user) => Some(self.0.per_user(user).acquire_owned().await.map_err(closed)?),
            None => None,
        };
        let of_all = self.0.preview_permits.acquire().await.map_err(closed)?;
        Ok(PreviewPermit { _of_user: of_user, _of_all: of_all })
    }

    /// Waits for a connection, and does `work` with it. Dropping the future cancels the work. The connection is free again
    /// once the work has stopped.
    ///
    /// # Errors
    /// Returns the errors of `work`, and an error if no connection can be opened.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Connection, &TimeSlice) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let closed = |error: &dyn std::fmt::Display| E::from(DbErr::Conn(internal(error)));
        let permit = Arc::clone(&inner.free).acquire_owned().await.map_err(|error| closed(&error))?;
        let slice = TimeSlice::new();
        let _cancel_on_drop = slice.cancel_on_drop();
        let working = self.0.worker_threads.spawn(move || {
            let mut connection = inner.connection(&slice).map_err(E::from)?;
            // Connecting does not use up the time slice.
            let slice = slice.restarted();
            if let Connection::Sqlite(connection) = &connection {
                connection.watch(slice.clone())?;
            }
            let result = work(&mut connection, &slice);
            if connection.is_reusable() {
                inner.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            drop(permit);
            result
        });
        match working.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(closed(&error)),
            },
        }
    }
}

impl Inner {
    /// Returns the preview permits of a user. Forgets users that hold none.
    fn per_user(&self, user: Uuid) -> Arc<Semaphore> {
        let mut per_user = self.per_user.lock().unwrap_or_else(PoisonError::into_inner);
        per_user.retain(|_, permits| permits.strong_count() > 0);
        per_user.get(&user).and_then(Weak::upgrade).unwrap_or_else(|| {
            let permits = Arc::new(Semaphore::new(PREVIEWS_PER_USER));
            per_user.insert(user, Arc::downgrade(&permits));
            permits
        })
    }

    /// Returns an idle connection that works, or opens one.
    fn connection(&self, slice: &TimeSlice) -> Result<Connection, DbErr> {
        if let Backend::Sqlite(_, Some(file)) = &self.backend {
            file.check()?;
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut connection) = idle() {
            if connection.is_alive() {
                return Ok(connection);
            }
            // The others were probably lost for the same reason, and each would take a timeout to find that out.
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Connection::open(&self.backend, slice)
    }
}

fn internal(error: &dyn std::fmt::Display) -> RuntimeErr {
    RuntimeErr::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use sea_orm::sea_query::{Alias, Expr, IntoIden, Query, SelectExpr};

    use crate::server::export::event::SELECTED_COLUMNS;

    use super::time_slice::MAX_HELD_BACK;
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    fn reader(folder: &tempfile::TempDir, connections: u32) -> Reader {
        let path = folder.path().join("x.db");
        rusqlite::Connection::open(&path)
            .expect("created")
            .execute_batch("CREATE TABLE t (i); PRAGMA journal_mode = WAL")
            .expect("created");
        Reader::new(Backend::Sqlite(path, None), connections, 1)
    }

    fn number(connection: &Connection, sql: &str) -> Result<i64, DbErr> {
        let Connection::Sqlite(connection) = connection else { panic!("not SQLite") };
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| sqlite::statement::failed(&error))
    }

    async fn run(reader: &Reader, sql: &'static str) -> Result<i64, DbErr> {
        reader.read(move |connection, _| number(connection, sql)).await
    }

    #[tokio::test]
    async fn a_query_whose_future_is_dropped_is_stopped_in_the_database_and_frees_its_connection() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 1);
        for _ in 0..3 {
            let timed_out = tokio::time::timeout(Duration::from_millis(20), run(&reader, ENDLESS)).await;
            assert!(timed_out.is_err(), "the query is endless");
            // There is one connection: this waits until the query has stopped.
            assert_eq!(run(&reader, "SELECT count(*) FROM t").await, Ok(0));
        }
        assert_eq!(reader.0.idle.lock().expect("no panic").len(), 1, "the same connection each time");
    }

    #[tokio::test]
    async fn previews_leave_half_of_the_connections_to_exports() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 4);
        let preview = || {
            let reader = reader.clone();
            tokio::spawn(async move {
                let _permit = reader.acquire_preview_permit(None).await?;
                run(&reader, ENDLESS).await
            })
        };
        let previews: Vec<_> = (0..9).map(|_| preview()).collect();
        while reader.busy() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(run(&reader, "SELECT 7").await, Ok(7));
        assert_eq!(reader.busy(), 2);
        previews.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn the_third_preview_of_a_user_waits_and_those_of_others_do_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 8);
        let permit = |user| reader.acquire_preview_permit(Some(Uuid::from_u128(user))).now_or_never();
        let (first, second) = (permit(1).expect("the first"), permit(1).expect("the second"));
        assert!(permit(1).is_none(), "the third waits");
        let other = permit(2).expect("the first of another user");
        drop(first);
        assert!(permit(1).is_some());
        drop((second, other));
        assert!(permit(3).is_some());
        assert_eq!(reader.0.per_user.lock().expect("no panic").len(), 1, "users without permits are forgotten");
    }

    #[tokio::test]
    async fn held_rows_cut_their_query_short_and_not_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 1);
        let result = reader.read(|connection, slice| {
            let values = ["1", "zeroblob(16)", "1", "1.0", "1", "0", "0", "0", "0", "NULL"];
            let values = SELECTED_COLUMNS.into_iter().zip(values).map(|(column, value)| SelectExpr {
                expr: Expr::cust(value),
                alias: Some(column.into_iden()),
                window: None,
            });
            let one = Query::select().exprs(values).to_owned();
            let one = Query::select().columns(SELECTED_COLUMNS).from_subquery(one, Alias::new("one")).to_owned();
            let mut timestamps = Vec::new();
            let Connection::Sqlite(sqlite) = connection else { panic!("not SQLite") };
            let end = sqlite::statement::events(sqlite, &one, slice, |row| {
                timestamps.push(row.cursor.timestamp);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            })?;
            // The deadline of the rows passes.
            #[expect(clippy::disallowed_methods, reason = "this thread is no worker of the runtime")]
            std::thread::sleep(MAX_HELD_BACK + Duration::from_millis(20));
            let long = ENDLESS.replace("FROM n)", "FROM n WHERE i < 20000)");
            Ok::<_, DbErr>((timestamps, end, number(connection, &long)?))
        });
        assert_eq!(result.await, Ok((vec![1], ScanEnd::Exhausted, 20_000)));
    }

    #[tokio::test]
    async fn a_panic_continues_in_the_task_that_waits_and_frees_the_connection() {
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
    async fn a_missing_file_is_an_unavailable_database() {
        let reader = Reader::new(Backend::Sqlite("/nowhere/x.db".into(), None), 1, 1);
        assert!(matches!(run(&reader, "SELECT 7").await, Err(DbErr::Conn(_))));
    }
}
