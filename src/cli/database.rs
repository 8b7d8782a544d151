//! The database of a command: opening it, its clock, and its errors.

use anyhow::{Context, anyhow};
use sea_orm::sqlx::Connection;
use sea_orm::{ConnectionTrait, DbBackend};

use super::message;
use crate::server::db::clock::Clock;
use crate::server::db::connect::{self, IfMissing};
use crate::server::db::describe_error::why_unwritable;
use crate::server::db::pool::Pool;
use crate::server::db::postgres::single_connection;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::db::url::{DatabaseKind, parse_url, redacted};
use crate::server::settings::Settings;

pub mod backup;
pub mod migrate;
pub mod restore;

/// Opens the database. If that fails because the file cannot be written to, the error says why.
pub async fn open_migrated(settings: &Settings, missing: IfMissing) -> anyhow::Result<Pool> {
    connect::open_migrated(&settings.database, missing).await.map_err(|error| with_reason(error, settings))
}

/// Checks that PostgreSQL accepts connections. A command fails at once; a server may be started together with
/// PostgreSQL, so it waits for it.
pub async fn check_reachable(settings: &Settings) -> anyhow::Result<()> {
    let url = &settings.database.url;
    if parse_url(url)? == DatabaseKind::Postgres {
        let cannot = || format!("cannot open the database {}", redacted(url));
        let connection = single_connection::connect(url).await.with_context(cannot)?;
        // An error in closing does not matter.
        let _ = connection.close().await;
    }
    Ok(())
}

/// Replaces an error by the reason, if the database's file cannot be written to.
pub fn with_reason(error: anyhow::Error, settings: &Settings) -> anyhow::Error {
    let Ok(DatabaseKind::File(file)) = parse_url(&settings.database.url) else { return error };
    match why_unwritable(&file) {
        Some(reason) => anyhow!("cannot write to the database {}: {reason}", file.display()),
        None => error,
    }
}

/// Adds the name of the database to an error of the database.
pub fn naming_database(error: anyhow::Error, settings: &Settings) -> anyhow::Error {
    if message::is_of_database(&error) {
        error.context(format!("the database {} failed", redacted(&settings.database.url)))
    } else {
        error
    }
}

/// Returns the clock to use. Servers that share a database use its clock.
pub async fn clock_of(database: &Pool) -> anyhow::Result<Clock> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Ok(Clock::new(now));
    }
    let (clock, follow) = Clock::of(database.clone()).await.context("cannot read the clock of the database")?;
    tokio::spawn(follow);
    Ok(clock)
}

/// Returns the time of the operating system's clock.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which time comes in")]
pub fn now() -> UnixMicros {
    chrono::Utc::now().into()
}
