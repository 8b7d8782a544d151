//! Health checks for pooled SQLite connections. If SQLite rolls a transaction back by itself (the disk is full or
//! failing), or cannot end it, sqlx still counts a transaction that no longer exists. A later transaction over that
//! connection is then a savepoint, which may never be committed. Such a connection is closed and replaced.

use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::{Connection, Error, Sqlite, SqliteConnection};
use tracing::debug;

/// Installs the check of each connection that is returned to the pool, and of each that is taken from it.
pub fn configure(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| {
        Box::pin(async move {
            // A dropped transaction is rolled back before the ping is answered.
            if connection.is_in_transaction() {
                connection.ping().await?;
            }
            Ok::<_, Error>(is_usable(connection))
        })
    })
    // A transaction that was begun in vain has been rolled back by now: the pool pings each returned connection.
    .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(is_usable(connection)))))
    // Another ping would find nothing new, and each one wakes two threads.
    .test_before_acquire(false)
    // Connections to a file do not expire.
    .idle_timeout(None)
    .max_lifetime(None)
}

/// Whether a connection has no open transaction.
fn is_usable(connection: &SqliteConnection) -> bool {
    let is_usable = !connection.is_in_transaction();
    if !is_usable {
        // The caller of the failed statement logs its error. On a full disk this repeats with each heartbeat.
        debug!("cannot end a transaction; its connection is closed and replaced");
    }
    is_usable
}
