//! Resolves the range of an export: relative dates by a clock, days and local times by the rules of a time zone. No I/O.

use chrono::{DateTime, Days, DurationRound, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::GapInfo;

use super::{TimeRange, TimeZone, micros_not_before};
use crate::error::ApiError;
use crate::export_params::relative_date::{Edge, RelativeDate};
use crate::export_params::{DateBound, DateRange};
use crate::server::db::unix_micros::UnixMicros;

/// The range of an export, with nothing left to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedRange {
    /// The range as days and instants. Resolving it again, at any time, gives the same.
    pub dates: DateRange,
    /// The moments that it covers.
    pub interval: TimeRange,
    /// The local day of the start, for the name of the file.
    pub first_day: Option<NaiveDate>,
    /// The local day of the end.
    pub last_day: Option<NaiveDate>,
}

/// A date that depends neither on a clock nor on the rules of a time zone about local times.
#[derive(Clone, Copy)]
enum Resolved {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

impl From<Resolved> for DateBound {
    fn from(resolved: Resolved) -> Self {
        match resolved {
            Resolved::Day(day) => Self::Day(day),
            Resolved::Instant(instant) => Self::Instant(instant),
        }
    }
}

impl TimeZone {
    /// Resolves a range of dates for an export that begins `now`.
    ///
    /// # Errors
    /// Returns `invalid_parameter` for `start_date` if the range ends before it starts.
    pub fn resolve(self, range: &DateRange, now: UnixMicros) -> Result<ResolvedRange, ApiError> {
        let now = now.to_datetime().unwrap_or_default();
        let start = range.start().map(|bound| self.resolve_bound(bound, Edge::Start, now));
        let end = range.end().map(|bound| self.resolve_bound(bound, Edge::End, now));
        let dates = DateRange::new(start.map(DateBound::from), end.map(DateBound::from))?;
        let interval = TimeRange {
            start: start.map(|bound| match bound {
                Resolved::Day(day) => micros_not_before(self.day_start(day)),
                Resolved::Instant(instant) => micros_not_before(instant),
            }),
            end: end.map(|bound| match bound {
                Resolved::Day(day) => micros_not_before(self.day_start(day + Days::new(1))),
                Resolved::Instant(instant) => micros_not_before(instant),
            }),
        };
        if interval.start.zip(interval.end).is_some_and(|(start, end)| start > end) {
            return Err(dates.reversed());
        }
        let local_day = |bound| match bound {
            Resolved::Day(day) => day,
            Resolved::Instant(instant) => self.day_of(instant),
        };
        Ok(ResolvedRange { dates, interval, first_day: start.map(local_day), last_day: end.map(local_day) })
    }

    /// Returns a date as an input shows it: as a day or a local time.
    pub fn shown(self, bound: DateBound, edge: Edge, now: UnixMicros) -> DateBound {
        let local = |instant: DateTime<Utc>| instant.with_timezone(&self.0).naive_local();
        match bound {
            DateBound::Day(_) | DateBound::Local(_) => bound,
            DateBound::Instant(_) | DateBound::Relative(_) => {
                match self.resolve_bound(bound, edge, now.to_datetime().unwrap_or_default()) {
                    Resolved::Day(day) => DateBound::Day(day),
                    Resolved::Instant(instant) => DateBound::Local(local(instant)),
                }
            }
        }
    }

    /// Returns the range with local times in place of instants. `None` if a local time would stand for another instant, because
    /// clocks show it twice, or if there is nothing to replace.
    pub fn with_local_times(self, range: &DateRange) -> Option<DateRange> {
        let local = |bound: Option<DateBound>, edge| match bound {
            Some(DateBound::Instant(instant)) => {
                let time = instant.with_timezone(&self.0).naive_local();
                (self.instant_of(time, edge) == instant).then_some(Some(DateBound::Local(time)))
            }
            other => Some(other),
        };
        let with_times = DateRange::new(local(range.start(), Edge::Start)?, local(range.end(), Edge::End)?).ok()?;
        (with_times != *range).then_some(with_times)
    }

    fn resolve_bound(self, bound: DateBound, edge: Edge, now: DateTime<Utc>) -> Resolved {
        match bound {
            DateBound::Day(day) => Resolved::Day(day),
            DateBound::Instant(instant) => Resolved::Instant(instant),
            DateBound::Local(time) => Resolved::Instant(self.instant_of(time, edge)),
            DateBound::Relative(RelativeDate::HoursAgo(hours)) => {
                let moment = now.checked_sub_signed(TimeDelta::hours(hours.into())).unwrap_or(now);
                Resolved::Instant(moment.duration_trunc(TimeDelta::minutes(1)).unwrap_or(moment))
            }
            DateBound::Relative(date) => {
                let today = self.day_of(now);
                Resolved::Day(date.day(edge, today).unwrap_or(today))
            }
        }
    }

    /// Returns the moment at which clocks show a local time. Of a time that they show twice, that is the earlier moment for a
    /// start and the later one for an end, so that nothing is left out. A time that they skip stands for the end of the gap.
    fn instant_of(self, time: NaiveDateTime, edge: Edge) -> DateTime<Utc> {
        match self.0.from_local_datetime(&time) {
            MappedLocalTime::Single(moment) => moment.to_utc(),
            MappedLocalTime::Ambiguous(earlier, _) if edge == Edge::Start => earlier.to_utc(),
            MappedLocalTime::Ambiguous(_, later) => later.to_utc(),
            MappedLocalTime::None => GapInfo::new(&time, &self.0)
                .and_then(|gap| gap.end)
                .map_or_else(|| time.and_utc(), |after_gap| after_gap.to_utc()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export_params::relative_date::any_relative_date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).expect("a zone")
    }

    fn range(start: &str, end: &str) -> DateRange {
        let bound = |text: &str| (!text.is_empty()).then(|| DateBound::parse("start_date", text).expect("a bound"));
        DateRange::new(bound(start), bound(end)).expect("not reversed yet")
    }

    fn at(text: &str) -> UnixMicros {
        UnixMicros::new(text.parse::<DateTime<Utc>>().expect("a time").timestamp_micros())
    }

    fn resolved(zone_name: &str, start: &str, end: &str, now: &str) -> (String, String) {
        let dates = zone(zone_name).resolve(&range(start, end), at(now)).expect("in order").dates;
        let text = |bound: Option<DateBound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        (text(dates.start()), text(dates.end()))
    }

    #[test]
    fn relative_dates_are_resolved_in_the_time_zone_of_the_export() {
        // Already the 16th in Tokyo, and still the 15th in Los Angeles.
        let now = "2025-12-15T20:30:45Z";
        for (zone, start, end, expected) in [
            ("UTC", "today", "today", ("2025-12-15", "2025-12-15")),
            ("Asia/Tokyo", "today", "today", ("2025-12-16", "2025-12-16")),
            ("America/Los_Angeles", "-6d", "today", ("2025-12-09", "2025-12-15")),
            ("UTC", "last-month", "last-month", ("2025-11-01", "2025-11-30")),
            ("UTC", "-24h", "", ("2025-12-14T20:30:00Z", "")),
            ("Asia/Tokyo", "2025-12-01T08:30", "-1h", ("2025-11-30T23:30:00Z", "2025-12-15T19:30:00Z")),
            ("UTC", "2025-12-01", "yesterday", ("2025-12-01", "2025-12-14")),
        ] {
            let expected = (expected.0.to_owned(), expected.1.to_owned());
            assert_eq!(resolved(zone, start, end, now), expected, "{start} to {end} in {zone}");
        }
        let days = zone("Asia/Tokyo").resolve(&range("-24h", "2025-12-16T00:30"), at(now)).expect("in order");
        assert_eq!(days.first_day.map(|day| day.to_string()).as_deref(), Some("2025-12-15"), "05:30 in Tokyo");
        assert_eq!(days.last_day.map(|day| day.to_string()).as_deref(), Some("2025-12-16"));
    }

    #[test]
    fn a_local_time_that_comes_twice_or_never_leaves_nothing_out() {
        let now = "2025-12-15T20:30:45Z";
        for (zone, time, start, end) in [
            // Clocks in Berlin show 02:30 twice on 26 October, and never on 30 March.
            ("Europe/Berlin", "2025-10-26T02:30", "2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"),
            ("Europe/Berlin", "2025-03-30T02:30", "2025-03-30T01:00:00Z", "2025-03-30T01:00:00Z"),
            ("Europe/Berlin", "2025-12-01T08:30", "2025-12-01T07:30:00Z", "2025-12-01T07:30:00Z"),
            // Half an hour is skipped.
            ("Australia/Lord_Howe", "2025-10-05T02:10", "2025-10-04T15:30:00Z", "2025-10-04T15:30:00Z"),
        ] {
            assert_eq!(resolved(zone, time, "", now).0, start, "{time} in {zone} as a start");
            assert_eq!(resolved(zone, "", time, now).1, end, "{time} in {zone} as an end");
        }
    }

    #[test]
    fn dates_are_shown_as_days_and_local_times() {
        let shown = |zone_name: &str, text: &str| {
            let bound = DateBound::parse("start_date", text).expect("a bound");
            zone(zone_name).shown(bound, Edge::End, at("2025-12-15T20:30:45Z")).to_string()
        };
        assert_eq!(shown("Asia/Tokyo", "today"), "2025-12-16");
        assert_eq!(shown("Asia/Tokyo", "-24h"), "2025-12-15T05:30");
        assert_eq!(shown("Asia/Tokyo", "2025-12-01T08:30"), "2025-12-01T08:30");
        assert_eq!(shown("Asia/Tokyo", "2025-12-01T08:30:00Z"), "2025-12-01T17:30");

        let berlin = |start, end| {
            let range = zone("Europe/Berlin").with_local_times(&range(start, end))?;
            Some((range.start()?.to_string(), range.end()?.to_string()))
        };
        let local = Some(("2025-12-01T09:30".to_owned(), "2025-12-02".to_owned()));
        assert_eq!(berlin("2025-12-01T08:30:00Z", "2025-12-02"), local);
        assert_eq!(berlin("2025-12-01", "2025-12-02"), None, "nothing to replace");
        // The second of two passes of 02:30, which as a start means the first.
        assert_eq!(berlin("2025-10-26T01:30:00Z", "2025-12-02"), None);
        assert!(berlin("2025-10-26T00:30:00Z", "2025-12-02").is_some());
    }

    #[test]
    fn a_range_that_is_reversed_once_it_is_resolved_is_refused() {
        let now = at("2025-12-15T12:00:00Z");
        for (start, end) in [
            ("today", "yesterday"),
            ("-6d", "2025-12-08"),
            ("2025-12-02", "2025-12-01T23:30:00Z"),
            ("2025-12-15T13:00", "-1h"),
        ] {
            let error = zone("UTC").resolve(&range(start, end), now).expect_err("reversed");
            assert_eq!(error.field.as_deref(), Some("start_date"), "{start} {end}");
        }
        // 23:30 UTC is already the next day in Berlin.
        assert!(zone("Europe/Berlin").resolve(&range("2025-12-02", "2025-12-01T23:30:00Z"), now).is_ok());
    }

    fn any_zone() -> impl Strategy<Value = TimeZone> {
        (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|index| TimeZone(chrono_tz::TZ_VARIANTS[index]))
    }

    /// Returns local times around the changes of clocks, which are mostly at night.
    fn local_time() -> impl Strategy<Value = NaiveDateTime> {
        (0..60 * 365_i64, 0..24 * 60_i64).prop_map(|(day, minute)| {
            DateTime::from_timestamp(day * 86_400 + minute * 60, 0).expect("a time").naive_utc()
        })
    }

    fn any_bound() -> impl Strategy<Value = DateBound> {
        prop_oneof![
            any_relative_date().prop_map(DateBound::Relative),
            local_time().prop_map(DateBound::Local),
            local_time().prop_map(|time| DateBound::Day(time.date())),
            local_time().prop_map(|time| DateBound::Instant(time.and_utc())),
        ]
    }

    proptest! {
        #[test]
        fn a_resolved_range_stays_the_same_at_any_time(
            zone in any_zone(), start in any_bound(), end in any_bound(), now in local_time(), later in local_time(),
        ) {
            let [now, later] = [now, later].map(|time| UnixMicros::new(time.and_utc().timestamp_micros()));
            let Ok(Ok(once)) = DateRange::new(Some(start), Some(end)).map(|range| zone.resolve(&range, now)) else {
                return Ok(());
            };
            prop_assert!(once.interval.start <= once.interval.end);
            prop_assert_eq!(zone.resolve(&once.dates, later), Ok(once));
        }

        #[test]
        fn a_date_as_start_is_not_after_the_same_date_as_end(zone in any_zone(), bound in any_bound(), now in local_time()) {
            let now = UnixMicros::new(now.and_utc().timestamp_micros());
            let range = DateRange::new(Some(bound), Some(bound)).expect("the same date");
            prop_assert!(zone.resolve(&range, now).is_ok());
        }

        #[test]
        fn a_later_local_time_is_not_resolved_to_an_earlier_moment(
            zone in any_zone(), time in local_time(), minutes in 0..3_000_i64,
        ) {
            let later = time + TimeDelta::minutes(minutes);
            prop_assert!(zone.instant_of(time, Edge::Start) <= zone.instant_of(later, Edge::Start));
            prop_assert!(zone.instant_of(time, Edge::End) <= zone.instant_of(later, Edge::End));
        }
    }
}
