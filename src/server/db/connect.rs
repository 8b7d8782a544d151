//! Opening the database, and bringing its schema up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, TransactionTrait};

use super::contents;
use super::locks::MIGRATION_LOCK_KEY;
use super::pool::Pool;
use super::timeouts::BUSY_TIMEOUT;
use super::url::{DatabaseKind, parse_url, redacted};
use crate::server::db::postgres::health_check::PoolHealthCheck;
use crate::server::db::sqlite::health_check;
use crate::server::db::sqlite::migration_lock::MigrationLock;
use crate::server::db::sqlite::open_file::OpenFile;
use crate::server::settings;

pub mod checkpoint;
pub mod writer;

/// How large SQLite's write-ahead log stays once its contents are in the database file, in bytes. An import makes it as
/// large as what it brings.
const KEPT_LOG_BYTES: u64 = 8 * 1_024 * 1_024;

/// What to do where there is no database yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Make one, for whoever is going to put something in.
    Create,
    /// Refuse, and one without tables as well. An export of a database that was only just made would be a file that looks
    /// whole and is empty.
    Refuse,
}

/// Opens the database, without touching its schema. Before anything in it is changed, it is looked whose it is; the process
/// must not have it open yet.
///
/// # Errors
/// Where the URL is not one we know, the database is not there or cannot be reached, or is another program's.
pub async fn open(settings: &settings::Database, missing: IfMissing) -> anyhow::Result<Pool> {
    open_locked(settings, missing).await.map(|(database, _)| database)
}

/// The same, with the lock under which its schema may be looked at and changed. Even the first connection to a new file needs
/// it: to switch to a write-ahead log, SQLite must be alone, and does not wait for that. And a file that another process is
/// just making must not be taken for another program's.
async fn open_locked(
    settings: &settings::Database,
    missing: IfMissing,
) -> anyhow::Result<(Pool, Option<MigrationLock>)> {
    let place = parse_url(&settings.url)?;
    let DatabaseKind::File(path) = &place else {
        let database = connect(&settings.url, settings.connections.get(), "", None).await?;
        let shown = redacted(&settings.url);
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
        IfMissing::Create => create_folder(path).with_context(cannot)?,
        IfMissing::Refuse => ensure!(path.exists(), not_there()),
    }
    let lock = MigrationLock::acquire(path).await?;
    match contents::of_file(path)? {
        Some(found) => found.owner().refuse_others(&path.display().to_string())?,
        None if missing == IfMissing::Refuse => return Err(not_there()),
        None => create(path).with_context(cannot)?,
    }
    Ok((connect(&settings.url, settings.connections.get(), "", None).await?, Some(lock)))
}

/// `session_settings`: what PostgreSQL is told over each connection. `file`: the files of the database, where it is open already.
async fn connect(url: &str, connections: u32, session_settings: &str, file: Option<OpenFile>) -> anyhow::Result<Pool> {
    if let Some(file) = &file {
        file.check()?;
    }
    let mut options = ConnectOptions::new(url);
    // Longer than one writer waits for another, so that who is next in line is not sent away for it.
    options.max_connections(connections).acquire_timeout(2 * BUSY_TIMEOUT).sqlx_logging(false);
    let place = parse_url(url)?;
    match place.clone() {
        DatabaseKind::File(path) => options
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
            .map_sqlx_sqlite_pool_opts(health_check::configure),
        DatabaseKind::Postgres => {
            let greeting = PoolHealthCheck::new(
                url,
                &format!("SET lock_timeout = {}; {session_settings}", BUSY_TIMEOUT.as_millis()),
            )?;
            options
                .map_sqlx_postgres_opts(|postgres| postgres.application_name("motion-export"))
                .map_sqlx_postgres_pool_opts(move |pool| greeting.apply_to(pool))
        }
    };
    let cannot = || format!("cannot open the database {}", redacted(url));
    let pool = Database::connect(options).await.map(Pool::patient).with_context(cannot)?;
    Ok(match (place, file) {
        (_, Some(file)) => pool.on(file),
        (DatabaseKind::File(path), None) => pool.on(OpenFile::note(&path).with_context(cannot)?),
        (DatabaseKind::Postgres, None) => pool,
    })
}

/// Opens the database and brings its schema up to date.
///
/// # Errors
/// As [`open`], and where a migration fails.
pub async fn open_migrated(settings: &settings::Database, missing: IfMissing) -> anyhow::Result<Pool> {
    let (database, _lock) = open_locked(settings, missing).await?;
    let shown = redacted(&settings.url);
    if missing == IfMissing::Refuse
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
    match parse_url(&settings.url)? {
        DatabaseKind::File(path) => MigrationLock::acquire(&path).await.map(Some),
        DatabaseKind::Postgres => Ok(None),
    }
}

async fn migrate_locked(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    if Migrator::get_pending_migrations(database.inner()).await.is_ok_and(|steps| steps.is_empty()) {
        return Ok(());
    }
    let alone = connect_alone(settings).await?;
    let migrated = if matches!(parse_url(&settings.url)?, DatabaseKind::File(_)) {
        Migrator::up(alone.inner(), None).await
    } else {
        let turn = alone.begin().await?;
        let wait = format!("SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock({MIGRATION_LOCK_KEY})");
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
