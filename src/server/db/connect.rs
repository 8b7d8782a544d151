//! Opens the database and migrates its schema.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use migration::disk_space::free_bytes;
use migration::plan::{self, Step};
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, Statement, TransactionTrait};
use tracing::{info, warn};

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

/// The size, in bytes, to which SQLite truncates its write-ahead log after a checkpoint. An import makes the log as
/// large as its events.
const KEPT_LOG_BYTES: u64 = 8 * 1_024 * 1_024;

/// What to do if the database does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Create it, for commands that write to it.
    Create,
    /// Return an error, also for a database without tables. An export of a new database would be an empty file that
    /// looks complete.
    Refuse,
}

/// Opens the database without changing its schema. Checks that it is not another program's before anything in it is
/// changed. The process must not have it open yet.
///
/// # Errors
/// Returns an error if the URL is not one we know, the database is not there or cannot be reached, or is another
/// program's.
pub async fn open(settings: &settings::Database, missing: IfMissing) -> anyhow::Result<Pool> {
    open_locked(settings, missing).await.map(|(database, _)| database)
}

/// Does the same, and returns the lock under which its schema may be read and changed. Even the first connection to a
/// new file needs it: to switch to a write-ahead log, SQLite must be alone, and does not wait for that. And a file that
/// another process is just creating must not be mistaken for another program's.
async fn open_locked(
    settings: &settings::Database,
    missing: IfMissing,
) -> anyhow::Result<(Pool, Option<MigrationLock>)> {
    let kind = parse_url(&settings.url)?;
    let DatabaseKind::File(path) = &kind else {
        let database = connect(&settings.url, settings.connections.get(), "", None).await?;
        let shown = redacted(&settings.url);
        let contents = contents::of_schema(&database).await;
        let contents = contents.with_context(|| format!("cannot list the tables of the database {shown}"))?;
        contents.owner().refuse_others(&shown)?;
        contents::check_may_create(&database, &shown).await?;
        return Ok((database, None));
    };
    let cannot = || format!("cannot create the database {}", path.display());
    let not_found = || {
        anyhow!(
            "there is no database {} (seen from {}); set database.url, DATABASE_URL or --database-url",
            path.display(),
            std::env::current_dir().unwrap_or_default().display()
        )
    };
    match missing {
        IfMissing::Create => create_folder(path).with_context(cannot)?,
        IfMissing::Refuse => ensure!(path.exists(), not_found()),
    }
    let lock = MigrationLock::acquire(path).await?;
    match contents::of_file(path)? {
        Some(contents) => contents.owner().refuse_others(&path.display().to_string())?,
        None if missing == IfMissing::Refuse => return Err(not_found()),
        None => create(path).with_context(cannot)?,
    }
    Ok((connect(&settings.url, settings.connections.get(), "", None).await?, Some(lock)))
}

/// Opens a pool. `session_settings` are SQL statements that PostgreSQL runs on each new connection. `file` is the files
/// of the database if it is already open.
async fn connect(url: &str, connections: u32, session_settings: &str, file: Option<OpenFile>) -> anyhow::Result<Pool> {
    if let Some(file) = &file {
        file.check()?;
    }
    let mut options = ConnectOptions::new(url);
    // Longer than one writer waits for another, so that the next in the queue is not refused.
    options.max_connections(connections).acquire_timeout(2 * BUSY_TIMEOUT).sqlx_logging(false);
    let kind = parse_url(url)?;
    match kind.clone() {
        DatabaseKind::File(path) => options
            .map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .filename(&path)
                    // Readers and writers do not wait for each other.
                    .journal_mode(SqliteJournalMode::Wal)
                    // Committed data survives a power cut. Otherwise a record could say `completed` again after that
                    // was revoked.
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("journal_size_limit", KEPT_LOG_BYTES.to_string())
                    .busy_timeout(BUSY_TIMEOUT)
            })
            .map_sqlx_sqlite_pool_opts(health_check::configure),
        DatabaseKind::Postgres => {
            let health_check = PoolHealthCheck::new(
                url,
                &format!("SET lock_timeout = {}; {session_settings}", BUSY_TIMEOUT.as_millis()),
            )?;
            options
                .map_sqlx_postgres_opts(|postgres| postgres.application_name("motion-export"))
                .map_sqlx_postgres_pool_opts(move |pool| health_check.apply_to(pool))
        }
    };
    let cannot = || format!("cannot open the database {}", redacted(url));
    let pool = Database::connect(options).await.map(Pool::without_timeout).with_context(cannot)?;
    Ok(match (kind, file) {
        (_, Some(file)) => pool.with_file(file),
        (DatabaseKind::File(path), None) => pool.with_file(OpenFile::new(&path).with_context(cannot)?),
        (DatabaseKind::Postgres, None) => pool,
    })
}

/// Opens a connection for an import of a server, beside those that it has: an import is one long transaction, and would keep
/// the [`Writer`](writer::Writer) from writing. It writes none of the rows that the writer updates. `database` is the open
/// database of these settings.
///
/// # Errors
/// Returns an error if the database cannot be reached, or its files were replaced.
pub async fn open_for_import(settings: &settings::Database, database: &Pool) -> anyhow::Result<Pool> {
    connect(&settings.url, 1, "", database.file().cloned()).await
}

/// Opens the database and migrates its schema.
///
/// # Errors
/// Returns the errors of [`open`], and an error if a migration fails.
pub async fn open_migrated(settings: &settings::Database, missing: IfMissing) -> anyhow::Result<Pool> {
    let (database, _lock) = open_locked(settings, missing).await?;
    let shown = redacted(&settings.url);
    refuse_newer(&database, &shown).await?;
    if missing == IfMissing::Refuse
        && Migrator::get_applied_migrations(database.inner())
            .await
            .with_context(|| format!("cannot list the migrations of the database {shown}"))?
            .is_empty()
    {
        bail!("the database {shown} has no tables; `migrate up` or an import creates them");
    }
    migrate_locked(settings, &database).await.with_context(|| format!("cannot migrate the database {shown}"))?;
    Ok(database)
}

/// Applies the pending migrations. If several processes are started at once, one applies them and the others then find
/// none pending.
///
/// # Errors
/// Returns an error if a migration fails, or another process is migrating for too long.
pub async fn migrate(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    let _lock = lock(settings).await?;
    migrate_locked(settings, database).await
}

/// Acquires the lock of an existing database; `None` in PostgreSQL, which has locks of its own.
async fn lock(settings: &settings::Database) -> anyhow::Result<Option<MigrationLock>> {
    match parse_url(&settings.url)? {
        DatabaseKind::File(path) => MigrationLock::acquire(&path).await.map(Some),
        DatabaseKind::Postgres => Ok(None),
    }
}

async fn migrate_locked(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    if Migrator::get_pending_migrations(database.inner()).await.is_ok_and(|pending| pending.is_empty()) {
        return Ok(());
    }
    let is_new = Migrator::get_applied_migrations(database.inner()).await.is_ok_and(|applied| applied.is_empty());
    if !is_new {
        // They cannot be read while another process is migrating, for which this one then waits.
        for Step { sentence, .. } in pending(database).await.unwrap_or_default() {
            info!("migrating the database: {sentence}");
        }
    }
    let alone = connect_alone(settings).await?;
    let migrated = if matches!(parse_url(&settings.url)?, DatabaseKind::File(_)) {
        Migrator::up(alone.inner(), None).await
    } else {
        let transaction = alone.begin().await?;
        // A migration may take hours, during which this connection is idle.
        let lock = format!(
            "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '60s'; \
             SELECT pg_advisory_xact_lock({MIGRATION_LOCK_KEY})"
        );
        transaction.execute_unprepared(&lock).await?;
        let migrated = Migrator::up(database.inner(), None).await;
        transaction.commit().await?;
        migrated
    };
    if migrated.is_ok() && !is_new {
        tidy(settings, &alone).await;
    }
    alone.close().await?;
    Ok(migrated?)
}

/// Gives back the space that a migration has freed, and lets PostgreSQL scan the indexes of new tables alone. The database
/// works without it, so an error is only logged.
async fn tidy(settings: &settings::Database, alone: &Pool) {
    let tidied = match parse_url(&settings.url) {
        Ok(DatabaseKind::File(path)) => compact(&path, alone).await,
        _ => alone.execute_unprepared("VACUUM (ANALYZE) motion_events").await.map(drop),
    };
    if let Err(error) = tidied {
        warn!(%error, "cannot vacuum the migrated database; run VACUUM on it later");
    }
}

/// Rewrites an SQLite file of which more than a quarter is free.
async fn compact(path: &Path, alone: &Pool) -> Result<(), DbErr> {
    let number = async |sql: &str| {
        let row = alone.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
        row.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0)).map(i64::unsigned_abs)
    };
    // First, so that the space of the log can be used.
    alone.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    let (pages, unused) = (number("PRAGMA page_count").await?, number("PRAGMA freelist_count").await?);
    if unused * 4 <= pages {
        return Ok(());
    }
    // The new content is written to a temporary file and to the log.
    let needed = 2 * (pages - unused) * number("PRAGMA page_size").await?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(free) = free_bytes(folder)
        && free < needed
    {
        let reason = format!("{needed} bytes are needed in {}, {free} bytes are free there", folder.display());
        return Err(DbErr::Custom(reason));
    }
    info!("compacting the database");
    alone.execute_unprepared("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").await.map(drop)
}

/// Returns a migration that a newer version of this program has applied, if there is one. This version must not read events
/// then, because they may have another form.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn newer_migration(database: &Pool) -> Result<Option<String>, DbErr> {
    let applied = Statement::from_string(database.get_database_backend(), "SELECT version FROM seaql_migrations");
    for row in database.query_all_raw(applied).await? {
        let version: String = row.try_get_by_index(0)?;
        if !contents::is_known_migration(&version) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// Refuses a database that a newer version of this program has migrated. `shown` is its path or URL.
///
/// # Errors
/// Returns an error that says what to do.
pub async fn refuse_newer(database: &Pool, shown: &str) -> anyhow::Result<()> {
    // A new database has no list of migrations, and this query fails.
    let newer = newer_migration(database).await.ok().flatten();
    ensure!(
        newer.is_none(),
        "the database {shown} was migrated by a newer version of Motion Export ({}); install that version, or restore a \
         backup from before the upgrade. Nothing was changed",
        newer.unwrap_or_default()
    );
    Ok(())
}

/// Returns the pending migrations, and what they will do.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn pending(database: &Pool) -> Result<Vec<Step>, DbErr> {
    plan::pending(database.inner()).await
}

/// Undoes the last `steps` migrations, or all of them.
///
/// # Errors
/// Returns an error if a migration cannot be undone, or was applied by a newer version of this program.
pub async fn migrate_down(settings: &settings::Database, steps: Option<u32>) -> anyhow::Result<()> {
    let _lock = lock(settings).await?;
    Ok(Migrator::down(connect_alone(settings).await?.inner(), steps).await?)
}

/// Opens one connection, for migrations. In SQLite, a connection that was open before the last migration still has the
/// old tables in its cache, and reports “no such column” for a column that the migration added.
async fn connect_alone(settings: &settings::Database) -> anyhow::Result<Pool> {
    connect(&settings.url, 1, "", None).await
}

/// Creates the folder of a database if it does not exist, for its owner only.
///
/// # Errors
/// Returns an error if it cannot be created.
pub fn create_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        None => Ok(()),
    }
}

/// Creates the file if it does not exist, for its owner only. SQLite gives the files that it puts beside it the same
/// permissions. An existing file is not opened: closing it would release the locks that SQLite holds on it in this
/// process.
fn create(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}
