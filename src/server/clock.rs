//! What time it is: asked by whoever needs to know, told by the edge (`server::cli`), and set by tests.

use std::sync::Arc;

/// Tells the time in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
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
