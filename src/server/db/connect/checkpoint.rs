//! Emptying SQLite's write-ahead log into the database file.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{KEPT_LOG_BYTES, connect};
use crate::server::db::pool::Pool;
use crate::server::db::sqlite::path::beside;
use crate::server::db::url::{DatabaseKind, parse_url};
use crate::server::settings;

/// The number of attempts to empty the log. With [`PAUSE`] and the time of an attempt, they take about 30 seconds, because a
/// reader may hold the log.
const ATTEMPTS: u32 = 43;

/// The pause between two attempts to empty the log. Others can write in it.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one attempt to empty the log waits for readers, in milliseconds. Nothing else can write during that time.
const BUSY_TIMEOUT_MS: u32 = 200;

/// Puts SQLite's write-ahead log into the database file, and gives its space back to the file system. An import leaves a log
/// as large as what it brought, and so does one that failed or was killed; while a server has the database open, nothing else
/// would make it smaller. `database` is the open database of these settings.
///
/// # Errors
/// If the database cannot be opened or written to, its files were replaced, or a reader holds a log that is too long for about
/// 30 seconds.
pub async fn empty_log(settings: &settings::Database, database: &Pool) -> anyhow::Result<()> {
    try_to_empty_log(settings, database, ATTEMPTS, PAUSE).await
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
    let DatabaseKind::File(path) = parse_url(&settings.url)? else { return Ok(()) };
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
    alone.execute_unprepared(&format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")).await?;
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
    let DatabaseKind::File(path) = parse_url(&settings.url)? else { return Ok(()) };
    if has_long_log(&path) { empty_log(settings, database).await } else { Ok(()) }
}

/// Whether the write-ahead log of that file is longer than it should be.
fn has_long_log(path: &Path) -> bool {
    beside(path, "-wal").metadata().is_ok_and(|log| log.len() > KEPT_LOG_BYTES)
}
