//! Opening the database, and what its errors mean to a client.

use std::borrow::Cow;
use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::{SqliteError, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, RuntimeErr, Statement, TransactionTrait};
use tracing::{error, warn};

use self::migration_lock::MigrationLock;
pub use self::open_file::{OpenFile, advice_for_commands, is_replaced};
use super::database_errors::describe;
use super::greeting::Greeting;
use super::settings::{self, ReplicaAway};
use super::timed::Pool;
use super::{postgres_connection, sqlite_health};
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::export::reader::Place;
use crate::server::export::reader::postgres::Server;

pub mod contents;
mod migration_lock;
mod open_file;
pub mod sqlite_path;

/// How long a writer waits for another one before it gives up.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long whoever asks a server waits for the database: for a connection, for another writer, and for the answer.
pub const ANSWER: Duration = Duration::from_secs(20);

/// A transaction of a server's over which PostgreSQL hears nothing for so long is ended. Where its connection is lost, what it
/// has locked would otherwise be locked for as long as the kernel waits, which is hours.
const DESERTED: Duration = Duration::from_secs(10);

/// The key of the advisory lock under which migrations are made.
const MIGRATING: i64 = 0x6d6f_7469_6f6e_0001;

/// How large SQLite's write-ahead log stays once its contents are in the database file, in bytes. An import makes it as
/// large as what it brings.
const KEPT_LOG_BYTES: u64 = 8 * 1_024 * 1_024;

/// How often it is attempted to empty SQLite's write-ahead log, with [`EMPTYING_PAUSE`] in between: for about 30 seconds in
/// all, because a reader may hold it.
const EMPTYING_ATTEMPTS: u32 = 43;

/// The pause between two attempts to empty the log. Others write meanwhile.
const EMPTYING_PAUSE: Duration = Duration::from_millis(500);

/// How long one attempt to empty the log waits for readers, in milliseconds. Nobody else can write meanwhile.
const EMPTYING_BUSY_MS: u32 = 200;

/// What PostgreSQL says (SQLSTATE) where trying again may help: it is stopped or being started, was failed over and only
/// reads now, has no room on its disk or in memory, takes no more connections, or heard nothing for too long; somebody else
/// holds a lock for too long; a replica had to choose between a reader and its primary. And all of class 08.
const AWAY: [&str; 12] =
    ["57P01", "57P02", "57P03", "57P05", "25006", "25P03", "53100", "53200", "53300", "55P03", "40001", "40P01"];

/// What SQLite says (primary result code) where trying again may help: somebody else writes (5, 6), the disk fails (10) or
/// is full (13), a file cannot be opened (14), too many programs want the lock (15).
const SQLITE_AWAY: [i32; 6] = [5, 6, 10, 13, 14, 15];

/// What to do where there is no database yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Make one, for whoever is going to put something in.
    Create,
    /// Refuse, and one without tables as well. An export of a database that was only just made would be a file that looks
    /// whole and is empty.
    Refuse,
}

/// What a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A file.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres,
}

/// Reads a URL.
///
/// # Errors
/// Where it names nothing that we know.
pub fn named(url: &str) -> anyhow::Result<Named> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        postgres_connection::options("database.url", url)?;
        return Ok(Named::Postgres);
    }
    let Some(path) = url.strip_prefix("sqlite:") else {
        bail!(
            "database.url is “{}”; it has to be sqlite://PATH, such as sqlite://data/motion-export.db, or \
             postgres://USER:PASSWORD@HOST/DATABASE",
            without_password(url)
        );
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    // What other programs that use sqlx write; it says what we do anyway.
    let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
    if path.is_empty() || path.contains('?') || path == ":memory:" {
        bail!("database.url is “{url}”; after sqlite:// there has to be the path of a file, and nothing else");
    }
    Ok(Named::File(path.into()))
}

/// A URL as it may be shown: without the password and most parameters, but so that it names the same server and database.
pub fn without_password(url: &str) -> String {
    if !url.starts_with("postgres") {
        return url.to_owned();
    }
    postgres_connection::options("the URL", url).map_or_else(
        |_| "postgres://…".to_owned(),
        |options| {
            let (host, port) = (options.get_host(), options.get_port());
            let user = percent_encoded(options.get_username());
            let database = options.get_database().map_or_else(|| user.clone(), percent_encoded);
            // Without one in the URL, sqlx takes the folder of a socket that it finds as the host.
            let default = host.starts_with('/').then(|| host.into());
            match options.get_socket().map(|folder| folder.to_string_lossy()).or(default) {
                Some(folder) => {
                    let folder = percent_encoded(&folder).replace("%2F", "/");
                    format!("postgres://{user}@localhost:{port}/{database}?host={folder}")
                }
                None => format!("postgres://{user}@{host}:{port}/{database}"),
            }
        },
    )
}

/// A text as a part of a URL.
fn percent_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Where exports read events. `database` is the open database of these settings.
///
/// # Errors
/// As [`named`].
pub fn events(settings: &settings::Database, database: &Pool, page_timeout: Duration) -> anyhow::Result<Place> {
    let place = named(&settings.url)?;
    if settings.export_url.starts_with("postgres") {
        postgres_connection::options("database.export_url", &settings.export_url)?;
    }
    if !settings.export_url.is_empty()
        && (place != Named::Postgres || !matches!(named(&settings.export_url), Ok(Named::Postgres)))
    {
        bail!(
            "database.export_url is a replica's, and both it and database.url have to be postgres://USER@HOST/DATABASE"
        );
    }
    Ok(match place {
        Named::File(path) => Place::Sqlite(path, database.file().cloned()),
        Named::Postgres => {
            let server = Server::new(&settings.url, page_timeout).context("database.url")?;
            Place::Postgres(if settings.export_url.is_empty() {
                server
            } else {
                let fall_back = settings.replica_away == ReplicaAway::Primary;
                server.or_replica(&settings.export_url, fall_back).context("database.export_url")?
            })
        }
    })
}

/// Opens the database, without touching its schema. Before anything in it is changed, it is looked whose it is; the process
/// must not have it open yet.
///
/// # Errors
/// Where the URL is not one we know, the database is not there or cannot be reached, or is another program's.
pub async fn open(settings: &settings::Database, missing: Missing) -> anyhow::Result<Pool> {
    open_locked(settings, missing).await.map(|(database, _)| database)
}

/// The same, with the lock under which its schema may be looked at and changed. Even the first connection to a new file needs
/// it: to switch to a write-ahead log, SQLite must be alone, and does not wait for that. And a file that another process is
/// just making must not be taken for another program's.
async fn open_locked(settings: &settings::Database, missing: Missing) -> anyhow::Result<(Pool, Option<MigrationLock>)> {
    let place = named(&settings.url)?;
    let Named::File(path) = &place else {
        let database = connect(&settings.url, settings.connections.get(), "", None).await?;
        let shown = without_password(&settings.url);
        let found = contents::of_schema(&database).await;
        let found = found.with_context(|| format!("cannot see which tables the database {shown} has"))?;
        found.owner().refuse_others(&shown)?;
        contents::check_may_create(&database, &shown).await?;
        return Ok((database, None));
    };
    let cannot = || format!("cannot make the database {}", path.display());
    let not_there = || {
        anyhow!(
            "there is no database {} (seen from {}); set database.url, DATABASE_URL or --database-url",
            path.display(),
            std::env::current_dir().unwrap_or_default().display()
        )
    };
    match missing {
        Missing::Create => create_folder(path).with_context(cannot)?,
        Missing::Refuse => ensure!(path.exists(), not_there()),
    }
    let lock = MigrationLock::acquire(path).await?;
    match contents::of_file(path)? {
        Some(found) => found.owner().refuse_others(&path.display().to_string())?,
        None if missing == Missing::Refuse => return Err(not_there()),
        None => create(path).with_context(cannot)?,
    }
    Ok((connect(&settings.url, settings.connections.get(), "", None).await?, Some(lock)))
}

/// Opens the database once more, for what the server writes: over one connection, because SQLite has one writer at a time
/// anyway. Writers that wait, for each other or for an import, then wait beside those who read and not in their places.
///
/// # Errors
/// As [`open`].
pub async fn open_writer(settings: &settings::Database, database: &Pool) -> anyhow::Result<Pool> {
    let end_silent = format!("SET idle_in_transaction_session_timeout = {}", DESERTED.as_millis());
    connect(&settings.url, 1, &end_silent, database.file().cloned()).await
}

/// `told`: what PostgreSQL is told over each connection. `file`: the files of the database, where it is open already.
async fn connect(url: &str, connections: u32, told: &str, file: Option<OpenFile>) -> anyhow::Result<Pool> {
    if let Some(file) = &file {
        file.check()?;
    }
    let mut options = ConnectOptions::new(url);
    // Longer than one writer waits for another, so that who is next in line is not sent away for it.
    options.max_connections(connections).acquire_timeout(2 * BUSY_TIMEOUT).sqlx_logging(false);
    let place = named(url)?;
    match place.clone() {
        Named::File(path) => options
            .map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .filename(&path)
                    // Readers and a writer do not wait for each other.
                    .journal_mode(SqliteJournalMode::Wal)
                    // What is committed outlasts a power cut: otherwise a record might say `completed` again after that was
                    // taken back.
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("journal_size_limit", KEPT_LOG_BYTES.to_string())
                    .busy_timeout(BUSY_TIMEOUT)
            })
            .map_sqlx_sqlite_pool_opts(sqlite_health::configure),
        Named::Postgres => {
            let greeting = Greeting::new(url, &format!("SET lock_timeout = {}; {told}", BUSY_TIMEOUT.as_millis()))?;
            options
                .map_sqlx_postgres_opts(|postgres| postgres.application_name("motion-export"))
                .map_sqlx_postgres_pool_opts(move |pool| greeting.for_all_of(pool))
        }
    };
    let cannot = || format!("cannot open the database {}", without_password(url));
    let pool = Database::connect(options).await.map(Pool::patient).with_context(cannot)?;
    Ok(match (place, file) {
        (_, Some(file)) => pool.on(file),
        (Named::File(path), None) => pool.on(OpenFile::note(&path).with_context(cannot)?),
        (Named::Postgres, None) => pool,
    })
}

/// Opens the database and brings its schema up to date.
///
/// # Errors
/// As [`open`], and where a migration fails.
pub async fn open_migrated(settings: &settings::Database, missing: Missing) -> anyhow::Result<Pool> {
    let (database, _lock) = open_locked(settings, missing).await?;
    let shown = without_password(&settings.url);
    if missing == Missing::Refuse
        && Migrator::get_applied_migrations(database.inner())
            .await
            .with_context(|| format!("cannot see which tables the database {shown} has"))?
            .is_empty()
    {
        bail!("the database {shown} has no tables; `migrate up`, or an import, makes them");
    }
    migrate_locked(settings, &database)
        .await
        .with_context(|| format!("cannot bring the database {shown} up to date"))?;
    Ok(database)
}

/// Takes the steps that are missing; one process at a time, where several are started at once. Each looks which are missing
/// once it is its turn.
///
/// # Errors
/// Where a migration fails, or another process is migrating for too long.
pub async fn migrate(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    let _lock = lock(settings).await?;
    migrate_locked(settings, database).await
}

/// The lock for a database that is there; none in PostgreSQL, which has locks of its own.
async fn lock(settings: &settings::Database) -> anyhow::Result<Option<MigrationLock>> {
    match named(&settings.url)? {
        Named::File(path) => MigrationLock::acquire(&path).await.map(Some),
        Named::Postgres => Ok(None),
    }
}

async fn migrate_locked(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    if Migrator::get_pending_migrations(database.inner()).await.is_ok_and(|steps| steps.is_empty()) {
        return Ok(());
    }
    let alone = connect_alone(settings).await?;
    let migrated = if matches!(named(&settings.url)?, Named::File(_)) {
        Migrator::up(alone.inner(), None).await
    } else {
        let turn = alone.begin().await?;
        let wait = format!("SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock({MIGRATING})");
        turn.execute_unprepared(&wait).await?;
        let migrated = Migrator::up(database.inner(), None).await;
        turn.commit().await?;
        migrated
    };
    alone.close().await?;
    Ok(migrated?)
}

/// Undoes so many steps, or all.
///
/// # Errors
/// Where a step cannot be undone, or was taken by a program newer than this.
pub async fn migrate_down(settings: &settings::Database, steps: Option<u32>) -> anyhow::Result<()> {
    let _lock = lock(settings).await?;
    Ok(Migrator::down(connect_alone(settings).await?.inner(), steps).await?)
}

/// One connection, for migrations: in SQLite, another one that was open before the last step still has the tables of then in
/// mind, and says of a column that this step added: “no such column”.
async fn connect_alone(settings: &settings::Database) -> anyhow::Result<Pool> {
    connect(&settings.url, 1, "", None).await
}

/// Puts SQLite's write-ahead log into the database file, and gives its space back to the file system. An import leaves a log
/// as large as what it brought, and so does one that failed or was killed; while a server has the database open, nothing else
/// would make it smaller. `database` is the open database of these settings.
///
/// # Errors
/// If the database cannot be opened or written to, its files were replaced, or a reader holds a log that is too long for about
/// 30 seconds.
pub async fn empty_log(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    try_to_empty_log(settings, database, EMPTYING_ATTEMPTS, EMPTYING_PAUSE).await
}

/// Does [`empty_log`] with so many attempts, and this pause between two of them. A log that is not too long is attempted once,
/// and may stay.
///
/// # Errors
/// As [`empty_log`], where a reader holds a log that is too long during all attempts.
pub async fn try_to_empty_log(
    settings: &settings::Database,
    database: &Pool,
    attempts: u32,
    pause: Duration,
) -> anyhow::Result<()> {
    let Named::File(path) = named(&settings.url)? else { return Ok(()) };
    let is_long = has_long_log(&path);
    let attempts = if is_long { attempts } else { 1 };
    let alone = connect(&settings.url, 1, "", database.file().cloned()).await?;
    let emptied = empty_over(&alone, attempts, pause).await;
    // These connections alone: the files stay open for the others.
    let closed = alone.inner().close_by_ref().await;
    ensure!(
        emptied? || !is_long,
        "another program or a running export reads the database for too long; the log is emptied when the last program \
         closes the database, or within the hour by a running server"
    );
    Ok(closed?)
}

/// Empties the log over this connection. Says whether it is empty.
async fn empty_over(alone: &Pool, attempts: u32, pause: Duration) -> Result<bool, DbErr> {
    alone.execute_unprepared(&format!("PRAGMA busy_timeout = {EMPTYING_BUSY_MS}")).await?;
    // Copies most of the log without keeping others from writing.
    alone.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await?;
    for attempt in 1..=attempts {
        let empty = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let busy: Option<i32> = alone.query_one_raw(empty).await?.map(|row| row.try_get_by_index(0)).transpose()?;
        if busy == Some(0) {
            return Ok(true);
        }
        if attempt < attempts {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(false)
}

/// Does [`empty_log`] if the log is larger than it should be, which it is after an import that was killed.
///
/// # Errors
/// As [`empty_log`].
pub async fn empty_long_log(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    let Named::File(path) = named(&settings.url)? else { return Ok(()) };
    if has_long_log(&path) { empty_log(settings, database).await } else { Ok(()) }
}

/// Whether the write-ahead log of that file is longer than it should be.
fn has_long_log(path: &Path) -> bool {
    sqlite_path::beside(path, "-wal").metadata().is_ok_and(|log| log.len() > KEPT_LOG_BYTES)
}

/// Creates the folder of a database if there is none, for its owner only.
fn create_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        None => Ok(()),
    }
}

/// Creates the file if there is none, for its owner only. SQLite gives the files that it puts beside it the same permissions.
/// A file that is there is not opened: closing it would release the locks that SQLite holds on it in this process.
fn create(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// Whether the database cannot be reached, is full, or is being written to by somebody else for too long: trying again may
/// help. It does not help where the database refuses the user or the password.
pub fn is_away(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => is_sqlx_away(error),
        // Of our own: no answer in time, or files that were replaced.
        DbErr::Conn(RuntimeErr::Internal(_)) | DbErr::ConnectionAcquire(_) => true,
        _ => false,
    }
}

fn is_sqlx_away(error: &sqlx::Error) -> bool {
    if let Some(code) = sqlite_code(error) {
        return SQLITE_AWAY.contains(&code);
    }
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| AWAY.contains(&&*code) || code.starts_with("08"))
        }
        _ => false,
    }
}

/// Whether it may pass without anybody doing anything, so that it is worth waiting for.
pub fn may_pass(error: &DbErr) -> bool {
    is_away(error) && !is_replaced(error)
}

/// SQLite's primary result code, where the error is SQLite's.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    Some(error.code()?.parse::<i32>().ok()? & 0xff)
}

/// What PostgreSQL says of an error: its SQLSTATE, and in words.
fn told(error: &DbErr) -> Option<(Cow<'_, str>, &str)> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let error = error.as_database_error()?;
    Some((error.code()?, error.message()))
}

/// Whether the database took longer than its `statement_timeout`.
pub fn is_late(error: &DbErr) -> bool {
    told(error).is_some_and(|(code, message)| code == "57014" && message.contains("statement timeout"))
}

/// What a failure of the database looks like to a client: the reason goes to the log, not over the wire.
pub fn refusal(error: &DbErr) -> ApiError {
    let refused = unlogged_refusal(error);
    match refused.code {
        ErrorCode::Internal => error!(%error, "internal error"),
        // That its files were replaced is in the log already, with what to do.
        ErrorCode::Unavailable if !is_replaced(error) => warn!(%error, "the database is away"),
        _ => {}
    }
    refused
}

/// Does what [`refusal`] does for an error that is logged elsewhere.
pub fn unlogged_refusal(error: &DbErr) -> ApiError {
    let refused = if is_away(error) {
        ApiError::new(ErrorCode::Unavailable, RequestMessage::DatabaseUnavailable)
    } else if told(error).is_some_and(|(code, _)| code == "22021") {
        ApiError::new(ErrorCode::InvalidParameter, RequestMessage::NulCharacter)
    } else {
        ApiError::internal()
    };
    ApiError { reason: Some(describe(error)), ..refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown_wherever_it_is_written() {
        for (url, shown) in [
            ("postgres://app:S3cret@db/motion", "postgres://app@db:5432/motion"),
            ("postgres://db/motion?user=app&password=S3cret", "postgres://app@db:5432/motion"),
            ("postgresql://app:S3c%2Fret@db:5433/motion?sslmode=require", "postgres://app@db:5433/motion"),
            (
                "postgres://app:S3cret@localhost:5433/motion?host=/var/run/pg%20x",
                "postgres://app@localhost:5433/motion?host=/var/run/pg%20x",
            ),
            ("postgres://app:S3cret@%2Frun%2Fpg/motion", "postgres://app@localhost:5432/motion?host=/run/pg"),
            ("postgres://a%40b:S3cret@db/mo%23tion", "postgres://a%40b@db:5432/mo%23tion"),
            ("postgres://app:S3/cret@db/motion", "postgres://…"),
            ("postgres://app:53/S3cret@db/motion", "postgres://…"),
            ("postgres://app:53#S3cret@db/motion", "postgres://…"),
            ("postgres://app:53?S3cret@db/motion", "postgres://…"),
            ("sqlite://data/motion-export.db", "sqlite://data/motion-export.db"),
        ] {
            assert_eq!(without_password(url), shown);
            if shown != "postgres://…" {
                assert_eq!(without_password(shown), shown, "it can be copied");
            }
        }
        let error = format!("{:#}", named("postgres://app:S3/cret@db/motion").expect_err("it cannot be read"));
        assert!(error.contains("database.url") && !error.contains("S3"), "{error}");
    }
}
