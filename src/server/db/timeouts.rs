//! Timeouts of the database.

use std::time::Duration;

/// How long a writer waits for another one before it fails.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a request waits for the database: for a connection, for another writer, and for the result.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a ping may take before the database counts as unavailable.
pub const PING_TIMEOUT: Duration = Duration::from_secs(3);
