//! Moments of the wall clock, as the database stores them.

use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::DeriveValueType;

/// A moment in microseconds since 1970-01-01T00:00:00Z.
///
/// Adding and subtracting a [`Duration`] saturates at the ends of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct UnixMicros(i64);

impl UnixMicros {
    /// Returns the moment `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since 1970-01-01T00:00:00Z.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the time from `earlier` to this moment; zero if `earlier` is the later one.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// Returns the moment as a calendar date and time in UTC; `None` if the calendar does not contain it.
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }
}

impl From<DateTime<Utc>> for UnixMicros {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_micros())
    }
}

impl Add<Duration> for UnixMicros {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for UnixMicros {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_with_durations_is_exact_and_saturates() {
        let moment = UnixMicros::new(1_765_886_400_000_000);
        assert_eq!((moment + Duration::from_micros(1)).as_micros(), 1_765_886_400_000_001);
        assert_eq!((moment - Duration::from_secs(1)).as_secs(), 1_765_886_399);
        assert_eq!(UnixMicros::new(i64::MAX) + Duration::from_micros(1), UnixMicros::new(i64::MAX));
        assert_eq!(UnixMicros::new(i64::MIN) - Duration::from_micros(1), UnixMicros::new(i64::MIN));
    }

    #[test]
    fn no_time_has_passed_since_a_later_moment() {
        let (earlier, later) = (UnixMicros::new(-5), UnixMicros::new(7));
        assert_eq!(later.saturating_duration_since(earlier), Duration::from_micros(12));
        assert_eq!(earlier.saturating_duration_since(later), Duration::ZERO);
        assert_eq!(earlier.as_secs(), -1);
    }

    #[test]
    fn a_moment_is_converted_to_the_calendar_and_back() {
        let moment = UnixMicros::new(1_765_886_400_000_001);
        let datetime = moment.to_datetime().expect("in the calendar");
        assert_eq!(datetime.to_rfc3339(), "2025-12-16T12:00:00.000001+00:00");
        assert_eq!(UnixMicros::from(datetime), moment);
        assert_eq!(UnixMicros::new(i64::MAX).to_datetime(), None);
    }
}
