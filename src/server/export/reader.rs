//! Connections that read events. Each is used for one piece of work at a time, on a thread that may wait, and what nobody
//! waits for any more is stopped in the database itself. SeaORM builds the statements; [`sqlite`] and [`postgres`] run them.

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
use super::event::Row;
use crate::server::db::sqlite::open_file::OpenFile;
use crate::server::export::reader::buffer_pool::BufferPool;
use crate::server::export::reader::worker_threads::WorkerThreads;

pub mod buffer_pool;
mod pg_copy;
pub mod postgres;
pub mod replica;
pub mod source;
pub mod sqlite;
mod time_slice;
pub mod worker_threads;

/// How much of what is no export one user may have read at once: a page asks for its preview and for the counts of its
/// cameras.
const PREVIEWS_PER_USER: usize = 2;

/// Where the events are.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of them")]
pub enum Backend {
    /// In a file, which is open already, with all that is beside it.
    Sqlite(PathBuf, Option<OpenFile>),
    /// In a server's database.
    Postgres(postgres::Server),
}

/// A connection that reads events.
#[derive(Debug)]
pub enum Connection {
    /// To a file.
    Sqlite(rusqlite::Connection),
    /// To a server.
    Postgres(postgres::Connection),
}

impl Connection {
    /// Runs a statement for events and gives its rows to `take`: all of them, or until it wants no more, or as many as
    /// were found when the first ones had waited for long enough. Says whether there are no more.
    ///
    /// # Errors
    /// The database's own, and those of `take`.
    pub fn events<E: From<DbErr>>(
        &mut self,
        statement: &SelectStatement,
        turn: &TimeSlice,
        take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<bool, E> {
        match self {
            Self::Sqlite(connection) => sqlite::events(connection, statement, turn, take),
            Self::Postgres(connection) => connection.events(statement, turn, take),
        }
    }

    /// Runs a statement for a number, which may find none.
    ///
    /// # Errors
    /// The database's own.
    pub fn number(&mut self, statement: &SelectStatement, turn: &TimeSlice) -> Result<Option<i64>, DbErr> {
        let mut found = None;
        match self {
            Self::Sqlite(connection) => sqlite::numbers(connection, statement, |number| found = Some(number))?,
            Self::Postgres(connection) => connection.numbers(statement, turn, |[number]| found = Some(number))?,
        }
        Ok(found)
    }

    /// Whose SQL it speaks.
    pub fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// Whether a statement that asks for more rows than are taken costs as much as if they were taken.
    pub fn is_eager(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    fn open(place: &Backend, turn: &TimeSlice) -> Result<Self, DbErr> {
        match place {
            Backend::Sqlite(path, _) => sqlite::open(path).map(Self::Sqlite),
            Backend::Postgres(server) => server.connect(turn).map(Self::Postgres),
        }
    }

    /// Whether something else can be asked after what was asked before.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(connection) => connection.is_whole(),
        }
    }

    /// Whether one that has waited for work still works.
    fn is_alive(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(connection) => connection.is_alive(),
        }
    }
}

/// A handle to all of them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    workshop: WorkerThreads,
    buffers: BufferPool,
    place: Backend,
    most: usize,
    free: Arc<Semaphore>,
    /// Half of them, for what is not an export.
    aside: Semaphore,
    /// What each user may have of these, while there is a turn or somebody waits for one.
    own: Mutex<HashMap<Uuid, Weak<Semaphore>>>,
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    /// Up to so many connections to that place. None is opened yet.
    pub fn new(place: Backend, connections: u32) -> Self {
        let most = connections as usize;
        let (free, aside) = (Arc::new(Semaphore::new(most)), Semaphore::new((most / 2).max(1)));
        Self(Arc::new(Inner {
            workshop: WorkerThreads::open(),
            buffers: BufferPool::new(PAGE_CAPACITY),
            place,
            most,
            free,
            aside,
            own: Mutex::default(),
            idle: Mutex::default(),
        }))
    }

    /// Whether what it reads from may be a replica.
    pub fn may_be_replica(&self) -> bool {
        matches!(&self.0.place, Backend::Postgres(server) if server.may_be_replica())
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
    pub fn workshop(&self) -> &WorkerThreads {
        &self.0.workshop
    }

    /// Memory for what is read.
    pub fn buffers(&self) -> &BufferPool {
        &self.0.buffers
    }

    /// A turn for what is no export, to be held while it reads: however much there is of it, half of the connections are
    /// left. And however much of it is one user's: most of that waits where nobody else does.
    ///
    /// # Errors
    /// Never: turns do not end.
    pub async fn acquire_preview_permit(
        &self,
        user: Option<Uuid>,
    ) -> Result<(Option<OwnedSemaphorePermit>, SemaphorePermit<'_>), DbErr> {
        let ended = |error| DbErr::Conn(internal(&error));
        let own = match user {
            Some(user) => Some(self.0.own(user).acquire_owned().await.map_err(ended)?),
            None => None,
        };
        Ok((own, self.0.aside.acquire().await.map_err(ended)?))
    }

    /// Waits for a connection and works with it. Dropping the future stops the work; the connection is free again once it
    /// has stopped.
    ///
    /// # Errors
    /// Those of the work, and where no connection can be opened.
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
        let turn = TimeSlice::begin();
        let _wanted = turn.cancel_on_drop();
        let working = self.0.workshop.spawn(move || {
            let mut connection = inner.connection(&turn).map_err(E::from)?;
            // Connecting is not what it takes its turn for.
            let turn = turn.begin_again();
            if let Connection::Sqlite(connection) = &connection {
                sqlite::watch(connection, turn.clone())?;
            }
            let done = work(&mut connection, &turn);
            if connection.is_whole() {
                inner.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
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

impl Inner {
    /// What that user may have aside. Those are forgotten who have nothing.
    fn own(&self, user: Uuid) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|_, semaphore| semaphore.strong_count() > 0);
        own.get(&user).and_then(Weak::upgrade).unwrap_or_else(|| {
            let semaphore = Arc::new(Semaphore::new(PREVIEWS_PER_USER));
            own.insert(user, Arc::downgrade(&semaphore));
            semaphore
        })
    }

    fn connection(&self, turn: &TimeSlice) -> Result<Connection, DbErr> {
        if let Backend::Sqlite(_, Some(file)) = &self.place {
            file.check()?;
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut connection) = idle() {
            if connection.is_alive() {
                return Ok(connection);
            }
            // What one was lost by, others were lost by, and each would have to be waited for.
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Connection::open(&self.place, turn)
    }
}

fn internal(error: &dyn std::fmt::Display) -> RuntimeErr {
    RuntimeErr::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use sea_orm::sea_query::{Expr, Query};

    use super::time_slice::MAX_HELD_BACK;
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    fn reader(folder: &tempfile::TempDir, connections: u32) -> Reader {
        let path = folder.path().join("x.db");
        rusqlite::Connection::open(&path)
            .expect("made")
            .execute_batch("CREATE TABLE t (i); PRAGMA journal_mode = WAL")
            .expect("made");
        Reader::new(Backend::Sqlite(path, None), connections)
    }

    fn number(connection: &Connection, sql: &str) -> Result<i64, DbErr> {
        let Connection::Sqlite(connection) = connection else { panic!("it is SQLite's") };
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| sqlite::failed(&error))
    }

    async fn run(reader: &Reader, sql: &'static str) -> Result<i64, DbErr> {
        reader.read(move |connection, _| number(connection, sql)).await
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
                let _turn = reader.acquire_preview_permit(None).await?;
                run(&reader, ENDLESS).await
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
    async fn the_third_that_somebody_looks_at_waits_and_nobody_else_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 8);
        let turn = |user| reader.acquire_preview_permit(Some(Uuid::from_u128(user))).now_or_never();
        let (first, second) = (turn(1).expect("the first"), turn(1).expect("the second"));
        assert!(turn(1).is_none(), "the third waits");
        let other = turn(2).expect("somebody else's first");
        drop(first);
        assert!(turn(1).is_some());
        drop((second, other));
        assert!(turn(3).is_some());
        assert_eq!(reader.0.own.lock().expect("no panic").len(), 1, "who has nothing is forgotten");
    }

    #[tokio::test]
    async fn only_rows_cut_a_query_short_and_not_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let reader = reader(&folder, 1);
        let worked = reader.read(|connection, turn| {
            let one = Query::select().expr(Expr::cust("1, zeroblob(16), 'a', 1.0, 'b', 0, 0, 0, 0, NULL")).to_owned();
            let mut found = Vec::new();
            let all = connection.events(&one, turn, |row| {
                found.push(row.cursor.timestamp);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            })?;
            // Whatever comes now is late.
            #[expect(clippy::disallowed_methods, reason = "this thread is no worker of the runtime")]
            std::thread::sleep(MAX_HELD_BACK + Duration::from_millis(20));
            let long = ENDLESS.replace("FROM n)", "FROM n WHERE i < 20000)");
            Ok::<_, DbErr>((found, all, number(connection, &long)?))
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
        let reader = Reader::new(Backend::Sqlite("/nowhere/x.db".into(), None), 1);
        assert!(matches!(run(&reader, "SELECT 7").await, Err(DbErr::Conn(_))));
    }
}
