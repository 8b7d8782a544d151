//! Opening the database, and what its errors mean to a client.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use tracing::warn;

use super::problem::internal;
use super::settings;
use crate::error::{ApiError, ErrorCode};

/// How long a writer waits for another one before it gives up.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What to do where there is no database yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Make one, for whoever is going to put something in.
    Create,
    /// Refuse, and one without tables as well. An export of a database that was only just made would be a file that looks
    /// whole and is empty.
    Refuse,
}

/// Opens the database, without touching its schema.
///
/// # Errors
/// Where the URL is not one we know, or the database is not there or cannot be reached.
pub async fn open(settings: &settings::Database, missing: Missing) -> anyhow::Result<DatabaseConnection> {
    let url = &settings.url;
    let path = path(url)?;
    match missing {
        Missing::Create => create(&path).with_context(|| format!("cannot make the database {}", path.display()))?,
        Missing::Refuse if path.exists() => {}
        Missing::Refuse => bail!(
            "there is no database {} (seen from {}); set database.url, DATABASE_URL or --database-url",
            path.display(),
            std::env::current_dir().unwrap_or_default().display()
        ),
    }
    connect(url, path, settings.connections.get()).await
}

/// Opens the database once more, for what the server writes: over one connection, because SQLite has one writer at a time
/// anyway. Writers that wait, for each other or for an import, then wait beside those who read and not in their places.
///
/// # Errors
/// As [`open`].
pub async fn open_writer(settings: &settings::Database) -> anyhow::Result<DatabaseConnection> {
    connect(&settings.url, path(&settings.url)?, 1).await
}

async fn connect(url: &str, path: PathBuf, connections: u32) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    // Longer than one writer waits for another, so that who is next in line is not sent away for it.
    options.max_connections(connections).acquire_timeout(2 * BUSY_TIMEOUT).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&path)
            // Readers and a writer do not wait for each other.
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
    });
    Database::connect(options).await.with_context(|| format!("cannot open the database {url}"))
}

/// Opens the database and brings its schema up to date.
///
/// # Errors
/// As [`open`], and where a migration fails.
pub async fn open_migrated(settings: &settings::Database, missing: Missing) -> anyhow::Result<DatabaseConnection> {
    let database = open(settings, missing).await?;
    if missing == Missing::Refuse
        && Migrator::get_applied_migrations(&database).await.is_ok_and(|steps| steps.is_empty())
    {
        bail!("the database {} has no tables; `migrate up`, or an import, makes them", settings.url);
    }
    Migrator::up(&database, None)
        .await
        .with_context(|| format!("cannot bring the database {} up to date", settings.url))?;
    Ok(database)
}

/// The file that a URL names.
///
/// # Errors
/// Where it names none.
pub fn path(url: &str) -> anyhow::Result<PathBuf> {
    let Some(path) = url.strip_prefix("sqlite:") else {
        bail!("database.url is “{url}”; it has to be sqlite://PATH, such as sqlite://data/motion-export.db");
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    // What other programs that use sqlx write; it says what we do anyway.
    let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
    if path.is_empty() || path.contains('?') || path == ":memory:" {
        bail!("database.url is “{url}”; after sqlite:// there has to be the path of a file, and nothing else");
    }
    Ok(path.into())
}

/// Makes the file and its folder where there are none, for their owner's eyes only. SQLite gives the files that it puts
/// beside it the same permissions.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// Whether the database cannot be reached, or is being written to by somebody else for too long: trying again may help.
pub fn is_away(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) || error.to_string().contains("database is locked")
}

/// What a failure of the database looks like to a client: the reason goes to the log, not over the wire.
pub fn refusal(error: &DbErr) -> ApiError {
    if is_away(error) {
        warn!(%error, "the database is away");
        ApiError::new(ErrorCode::Unavailable, "The database cannot be reached at the moment. Try again in a while.")
    } else {
        internal(error)
    }
}
