//! Health checks for pooled SQLite connections. If SQLite rolls a transaction back by itself (the disk is full or
//! failing), or cannot end it, sqlx still counts a transaction that no longer exists. A later transaction over that
//! connection is then a savepoint, which may never be committed. Such a connection is closed and replaced.

use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::{Connection, Error, Sqlite, SqliteConnection};
use tracing::debug;

/// Installs the check of each connection that is returned to the pool.
pub fn configure(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| Box::pin(is_usable(connection)))
        // Connections to a file do not expire.
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Whether a returned connection has no open transaction.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, Error> {
    // A dropped transaction is rolled back before the ping is answered.
    connection.ping().await?;
    if connection.is_in_transaction() {
        // The caller of the failed statement logs its error. On a full disk this repeats with each heartbeat.
        debug!("cannot end a transaction; its connection is closed and replaced");
        return Ok(false);
    }
    Ok(true)
}
