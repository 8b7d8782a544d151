//! The wall clock and the monotonic clock. [`Clock`] is created by the edge (`cli`), and set by tests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tracing::warn;

use super::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// How often the time of the database is read.
const READ_INTERVAL: Duration = Duration::from_secs(30);

/// Reads two clocks: the wall clock, which users may set forward or back, and a monotonic one, which cannot be set.
///
/// The wall clock is for times that are stored, shown or shared with other servers: when a record starts, when a token
/// expires. Intervals within this process (rate limits, durations, minimum intervals between two writes) use the
/// monotonic clock.
#[derive(Clone)]
pub struct Clock {
    wall: Arc<dyn Fn() -> UnixMicros + Send + Sync>,
    monotonic: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// Returns a clock whose time of day is `now`, and whose monotonic time is that of the operating system.
    pub fn new(now: impl Fn() -> UnixMicros + Send + Sync + 'static) -> Self {
        let created = Instant::now();
        Self::with_monotonic(now, move || created.elapsed())
    }

    /// Returns a clock with both times given. `monotonic` must never decrease.
    pub fn with_monotonic(
        now: impl Fn() -> UnixMicros + Send + Sync + 'static,
        monotonic: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self { wall: Arc::new(now), monotonic: Arc::new(monotonic) }
    }

    /// Returns a clock that follows the clock of the PostgreSQL database, because servers that share a database must
    /// agree on how long ago something was. The time of this machine does not affect it. Also returns a future that
    /// reads the time again every 30 seconds, until it is dropped.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn of(database: Pool) -> Result<(Self, impl Future<Output = ()>), DbErr> {
        let latest = Arc::new(Mutex::new(read_time(&database).await?));
        let clock = {
            let latest = Arc::clone(&latest);
            Self::new(move || {
                let (theirs, then) = *latest.lock().unwrap_or_else(PoisonError::into_inner);
                theirs + then.elapsed()
            })
        };
        let follow = async move {
            loop {
                tokio::time::sleep(READ_INTERVAL).await;
                match read_time(&database).await {
                    Ok(time) => *latest.lock().unwrap_or_else(PoisonError::into_inner) = time,
                    Err(error) => warn!(%error, "cannot read the clock of the database"),
                }
            }
        };
        Ok((clock, follow))
    }

    /// Returns the time of day. It may be earlier than a previous one, because clocks are set.
    pub fn now(&self) -> UnixMicros {
        (self.wall)()
    }

    /// Returns the time since a fixed moment in the life of this process. It never decreases.
    pub fn monotonic(&self) -> Duration {
        (self.monotonic)()
    }
}

/// Returns the time of the database, and the local instant at which it was read.
async fn read_time(database: &Pool) -> Result<(UnixMicros, Instant), DbErr> {
    let before = Instant::now();
    let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let answer = database.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await?;
    let theirs = answer.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?.try_get_by_index(0)?;
    // The database read its clock between the two instants.
    Ok((theirs, before + before.elapsed() / 2))
}

/// Returns the day of a moment, as `YYYY-MM-DD` in UTC.
pub fn day(moment: UnixMicros) -> String {
    format(moment, "%Y-%m-%d")
}

/// Returns a moment as RFC 3339 in UTC, to the second: `2025-12-16T12:00:00Z`.
pub fn second(moment: UnixMicros) -> String {
    format(moment, "%Y-%m-%dT%H:%M:%SZ")
}

/// Returns a moment to the second in UTC, as a part of a name: `20251216_120000`.
pub fn stamp(moment: UnixMicros) -> String {
    format(moment, "%Y%m%d_%H%M%S")
}

fn format(moment: UnixMicros, format: &str) -> String {
    moment.to_datetime().map(|time| time.format(format).to_string()).unwrap_or_default()
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
