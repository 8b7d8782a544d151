//! The single connection over which a server writes.

use std::ops::Deref;
use std::time::Duration;

use super::connect;
use crate::server::db::pool::Pool;
use crate::server::settings;

/// How long a transaction of a server may be idle before PostgreSQL ends it. If its connection is lost, the rows that it has
/// locked would otherwise stay locked until the kernel gives the connection up, which takes hours.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The connection over which a server, or the command `export`, writes. There is exactly one, so the transactions of a process
/// run one after the other.
///
/// This is an invariant, not a default. Two connections of one process could lock each other out:
///
/// - In PostgreSQL, beginning an export updates the heartbeats of all exports of this process in one statement, and the
///   heartbeat task updates the same rows one by one. Two connections would lock these rows in different orders and wait for
///   each other, until PostgreSQL fails one of the transactions with `deadlock detected`. Other processes lock other rows: those
///   of their own exports.
/// - In SQLite, a transaction that reads before it writes fails with `SQLITE_BUSY` if another connection has written in between.
///   SQLite returns it at once, because to wait would be a deadlock.
///
/// The connection also keeps writers that wait, for each other or for an import, from taking connections of readers.
///
/// In exchange, code that has a transaction of the writer open must use the transaction for every statement. A statement over
/// the writer itself would wait for its own transaction until it times out.
#[derive(Clone, Debug)]
pub struct Writer(Pool);

impl Writer {
    /// The number of connections.
    const CONNECTIONS: u32 = 1;

    /// Opens the connection. `database` is the open database of these settings.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached, or its files were replaced.
    pub async fn open(settings: &settings::Database, database: &Pool) -> anyhow::Result<Self> {
        let session_settings =
            format!("SET idle_in_transaction_session_timeout = {}", IDLE_IN_TRANSACTION_TIMEOUT.as_millis());
        connect(&settings.url, Self::CONNECTIONS, &session_settings, database.file().cloned()).await.map(Self)
    }

    /// Returns the same connection with a timeout for each statement, the wait for the connection included.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl Deref for Writer {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.0
    }
}
