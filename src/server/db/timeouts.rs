//! How long the database is waited for.

use std::time::Duration;

/// How long a writer waits for another one before it gives up.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long whoever asks a server waits for the database: for a connection, for another writer, and for the answer.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);

/// A database that does not answer to a greeting for so long is away.
pub const PING_TIMEOUT: Duration = Duration::from_secs(3);
