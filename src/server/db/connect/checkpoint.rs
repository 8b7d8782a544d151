//! Emptying SQLite's write-ahead log into the database file.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{KEPT_LOG_BYTES, connect};
use crate::server::db::pool::Pool;
use crate::server::db::sqlite::path::beside;
use crate::server::db::url::{DatabaseKind, parse_url};
use crate::server::retry::Retry;
use crate::server::settings;

/// The retries for emptying the log: for about 30 seconds, because a reader may hold it. Others can write between two attempts.
const RETRY: Retry = Retry::every(Duration::from_millis(500)).at_most(43);

/// How long one attempt to empty the log waits for readers, in milliseconds. Nothing else can write during that time.
const BUSY_TIMEOUT_MS: u32 = 200;

/// Moves SQLite's write-ahead log into the database file and truncates it, which frees its disk space. An import leaves
/// a log as large as its events, also if it failed or was killed. While a server has the database open, nothing else
/// would truncate it. `database` is the open database of these settings.
///
/// # Errors
/// Returns an error if the database cannot be opened or written to, its files were replaced, or a reader holds a log
/// that is too long for about 30 seconds.
pub async fn empty_log(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    try_to_empty_log(settings, database, RETRY).await
}

/// Does [`empty_log`] with these retries. A log of normal size is attempted once, and may stay.
///
/// # Errors
/// Returns the errors of [`empty_log`], and an error if a reader holds a log that is too long during all attempts.
pub async fn try_to_empty_log(settings: &settings::Database, database: &Pool, retry: Retry) -> anyhow::Result<()> {
    let DatabaseKind::File(path) = parse_url(&settings.url)? else { return Ok(()) };
    let is_long = has_long_log(&path);
    let retry = if is_long { retry } else { retry.at_most(1) };
    let alone = connect(&settings.url, 1, "", database.file().cloned()).await?;
    let is_empty = empty_over(&alone, retry).await;
    // Closes only these connections: the files stay open for the others.
    let closed = alone.inner().close_by_ref().await;
    ensure!(
        is_empty? || !is_long,
        "another program or a running export is reading the database for too long; the log is emptied when the last program \
         closes the database, or within the hour by a running server"
    );
    Ok(closed?)
}

/// Empties the log over this connection. Returns whether it is empty.
async fn empty_over(alone: &Pool, retry: Retry) -> Result<bool, DbErr> {
    alone.execute_unprepared(&format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")).await?;
    // Copies most of the log without blocking writers.
    alone.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await?;
    let attempt = async || {
        let empty = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let busy: Option<i32> = alone.query_one_raw(empty).await?.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(busy == Some(0))
    };
    retry.run(attempt, |emptied| matches!(emptied, Ok(false))).await
}

/// Does [`empty_log`] if the log is larger than normal, as after an import that was killed.
///
/// # Errors
/// Returns the errors of [`empty_log`].
pub async fn empty_long_log(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    let DatabaseKind::File(path) = parse_url(&settings.url)? else { return Ok(()) };
    if has_long_log(&path) { empty_log(settings, database).await } else { Ok(()) }
}

/// Whether the write-ahead log of the database is larger than normal.
fn has_long_log(path: &Path) -> bool {
    beside(path, "-wal").metadata().is_ok_and(|log| log.len() > KEPT_LOG_BYTES)
}
