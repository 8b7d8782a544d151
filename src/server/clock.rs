//! What time it is: asked by whoever needs to know, told by the edge (`server::cli`), and set by tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use tracing::warn;

/// How often the database is asked for the time.
const FOLLOW: Duration = Duration::from_secs(30);

/// Tells the time in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that goes as the database's does, where several servers share that: they have to agree on how long ago
    /// something was. `now` tells this server's time. The database is asked until the future is dropped.
    ///
    /// # Errors
    /// Where the database cannot answer.
    pub async fn of(
        database: DatabaseConnection,
        now: impl Fn() -> i64 + Clone + Send + Sync + 'static,
    ) -> Result<(Self, impl Future<Output = ()>), DbErr> {
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = {
            let (ahead, now) = (Arc::clone(&ahead), now.clone());
            Self::new(move || now() + ahead.load(Ordering::Relaxed))
        };
        let ask = async move || {
            let before = now();
            let asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
            let answer = database.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
            let theirs: i64 =
                answer.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?.try_get_by_index(0)?;
            // It was theirs at some moment in between.
            ahead.store(theirs - i64::midpoint(before, now()), Ordering::Relaxed);
            Ok::<_, DbErr>(())
        };
        ask().await?;
        let follow = async move {
            loop {
                tokio::time::sleep(FOLLOW).await;
                if let Err(error) = ask().await {
                    warn!(%error, "cannot ask the database for the time");
                }
            }
        };
        Ok((clock, follow))
    }

    /// The time, in microseconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> i64 {
        (self.0)()
    }
}

/// The day of a moment, as `YYYY-MM-DD` in UTC.
pub fn day(moment: i64) -> String {
    shown(moment, "%Y-%m-%d")
}

/// A moment to the minute, in UTC, and saying so.
pub fn minute(moment: i64) -> String {
    shown(moment, "%Y-%m-%d %H:%M UTC")
}

fn shown(moment: i64, format: &str) -> String {
    chrono::DateTime::from_timestamp_micros(moment).map(|time| time.format(format).to_string()).unwrap_or_default()
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
