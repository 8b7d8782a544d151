//! Health check of the SQLite connections of pools. Where SQLite rolls a transaction back by itself (the disk is full, or
//! fails), or cannot end it, sqlx goes on counting a transaction that is not there: what begins later over that connection is
//! a savepoint inside it, which may never be committed. Such a connection is closed, and another one takes its place.

use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::{Connection, Error, Sqlite, SqliteConnection};
use tracing::debug;

/// Has a pool check each connection that is given back.
pub fn configure(pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    pool.after_release(|connection, _| Box::pin(is_usable(connection)))
        // Connections to a file do not get old.
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Whether a connection that was given back has no transaction.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, Error> {
    // The rollback of a transaction that was dropped is still to be done; it comes before the answer to this.
    connection.ping().await?;
    if connection.is_in_transaction() {
        // The statement that failed has returned its error, which its caller logs. On a full disk this repeats with each
        // heartbeat.
        debug!("cannot end a transaction; its connection is closed and replaced");
        return Ok(false);
    }
    Ok(true)
}
