//! The time of day and the time elapsed: read through [`Clock`], provided by the edge (`cli`), and set by tests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tracing::warn;

use super::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// How often the database is asked for the time.
const FOLLOW: Duration = Duration::from_secs(30);

/// Reads two clocks: the wall clock, which somebody may set forward or back, and a monotonic one, which nobody can set.
///
/// The wall clock is for what is stored, shown or shared with other servers: when a record starts, when a token expires.
/// Intervals within this process (rate limits, durations, minimum distances between two writes) use the monotonic clock.
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

    /// Returns a clock of which both times are given. `monotonic` must never decrease.
    pub fn with_monotonic(
        now: impl Fn() -> UnixMicros + Send + Sync + 'static,
        monotonic: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self { wall: Arc::new(now), monotonic: Arc::new(monotonic) }
    }

    /// A clock that goes as the database's does, where several servers share that: they have to agree on how long ago
    /// something was. It takes no part in what becomes of this machine's own. The database is asked again and again until
    /// the future is dropped.
    ///
    /// # Errors
    /// Where the database cannot answer.
    pub async fn of(database: Pool) -> Result<(Self, impl Future<Output = ()>), DbErr> {
        let told = Arc::new(Mutex::new(ask(&database).await?));
        let clock = {
            let told = Arc::clone(&told);
            Self::new(move || {
                let (theirs, then) = *told.lock().unwrap_or_else(PoisonError::into_inner);
                theirs + then.elapsed()
            })
        };
        let follow = async move {
            loop {
                tokio::time::sleep(FOLLOW).await;
                match ask(&database).await {
                    Ok(answer) => *told.lock().unwrap_or_else(PoisonError::into_inner) = answer,
                    Err(error) => warn!(%error, "cannot read the time of the database"),
                }
            }
        };
        Ok((clock, follow))
    }

    /// Returns the time of day. It may be earlier than before: clocks are set.
    pub fn now(&self) -> UnixMicros {
        (self.wall)()
    }

    /// The time since some fixed moment in the life of this process. It never decreases.
    pub fn monotonic(&self) -> Duration {
        (self.monotonic)()
    }
}

/// The database's time, and when that was so here.
async fn ask(database: &Pool) -> Result<(UnixMicros, Instant), DbErr> {
    let before = Instant::now();
    let asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let answer = database.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
    let theirs = answer.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?.try_get_by_index(0)?;
    // It was theirs at some moment in between.
    Ok((theirs, before + before.elapsed() / 2))
}

/// The day of a moment, as `YYYY-MM-DD` in UTC.
pub fn day(moment: UnixMicros) -> String {
    shown(moment, "%Y-%m-%d")
}

/// A moment to the minute, in UTC, and saying so.
pub fn minute(moment: UnixMicros) -> String {
    shown(moment, "%Y-%m-%d %H:%M UTC")
}

/// A moment to the second, in UTC, as a part of a name: `20251216_120000`.
pub fn stamp(moment: UnixMicros) -> String {
    shown(moment, "%Y%m%d_%H%M%S")
}

fn shown(moment: UnixMicros, format: &str) -> String {
    moment.to_datetime().map(|time| time.format(format).to_string()).unwrap_or_default()
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
