//! Retention: deletes events that are older than the days for which they are kept, unless a hold exempts them.
//!
//! Events are deleted in order of time, in transactions of at most some thousand rows; a month of PostgreSQL's partitions of
//! which nothing is kept is dropped as a whole. Each transaction also writes how far it got: into the cameras, which exports
//! read at their start and at their end, and into the record of the deletion.
//!
//! An export that runs gets every event that it promised, or breaks: before each transaction, retention waits for the
//! exports that still need the events, for up to an hour in total; then it cancels them. An export that begins in the
//! meantime, unseen, finds at its end that events were deleted, and breaks too.
//!
//! | file | responsibility |
//! |--|--|
//! | `retention/rules.rs` | what may be deleted: days to keep, holds |
//! | `retention/run.rs` | one run over all cameras |
//! | `retention/batch.rs` | one transaction: some events of a camera, or a month |
//! | `retention/deletion_log.rs` | the records of deletions |
//! | `retention/running_exports.rs` | the exports that need events |
//! | `retention/holds.rs` | creates, lists and releases holds; the days to keep of a camera |
//! | `retention/detach.rs` | detaches months instead of deleting them |
//! | `retention/schedule.rs` | when a server runs it |

pub mod batch;
pub mod deletion_log;
pub mod detach;
pub mod holds;
pub mod rules;
pub mod run;
pub mod running_exports;
pub mod schedule;

use std::fmt;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::error::is_unavailable;
use crate::server::db::locks::RETENTION_LOCK_KEY;
use crate::server::db::pool::{Pool, Transaction};
use crate::server::metrics::Metrics;

/// How long a run waits for running exports, in total.
const PATIENCE: Duration = Duration::from_hours(1);

/// How often it looks whether they have ended.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Applies the rules of retention.
#[derive(Clone, Debug)]
pub struct Retention {
    /// For what takes long to read.
    database: Pool,
    writer: Writer,
    clock: Clock,
    metrics: Metrics,
    keep_days: u32,
    patience: Duration,
    poll_interval: Duration,
}

impl Retention {
    /// Creates it. `keep_days` is the setting `retention.keep_days`.
    pub fn new(database: Pool, writer: Writer, clock: Clock, metrics: Metrics, keep_days: u32) -> Self {
        Self { database, writer, clock, metrics, keep_days, patience: PATIENCE, poll_interval: POLL_INTERVAL }
    }

    /// Returns the same with another total time to wait for running exports, and another interval to look for them.
    #[must_use]
    pub fn waiting(self, patience: Duration, poll_interval: Duration) -> Self {
        Self { patience, poll_interval, ..self }
    }
}

/// Why a run cannot start or go on. What it has deleted until then stays deleted, and is recorded.
#[derive(Debug)]
pub enum RetentionError {
    /// Something else must end first.
    Busy(&'static str),
    /// The database failed.
    Database(DbErr),
}

impl RetentionError {
    /// Whether another attempt soon may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::Database(error) => is_unavailable(error),
        }
    }
}

impl fmt::Display for RetentionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(reason) => f.write_str(reason),
            Self::Database(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RetentionError {}

impl From<DbErr> for RetentionError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

/// Begins a transaction that deletes events or changes what is kept. They exclude each other.
async fn begin(database: &Pool) -> Result<Transaction, DbErr> {
    let transaction = database.begin_write().await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({RETENTION_LOCK_KEY})")).await?;
    }
    Ok(transaction)
}
