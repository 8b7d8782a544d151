//! Time zones: which moments a local day covers, and how timestamps are written. No I/O.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::error::ApiError;
use crate::export_params::ExportParams;
use crate::messages::parameters::ParameterMessage;
use crate::server::db::entity::motion_event::WRITABLE_YEARS;

pub mod names;
pub mod offered;
pub mod resolve;

/// A half-open range of time, in microseconds since 1970-01-01T00:00:00Z; `None` is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment in the range.
    pub start: Option<i64>,
    /// The first moment after the range.
    pub end: Option<i64>,
}

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Parses an IANA name.
    ///
    /// # Errors
    /// Returns `invalid_parameter` for `timezone` if the database does not have the name. For an abbreviation, the error names
    /// the zones that it may mean.
    pub fn parse(name: &str) -> Result<Self, ApiError> {
        name.parse().map(Self).map_err(|_| {
            let zones = names::meanings(name);
            if zones.is_empty() {
                return ExportParams::no_such_timezone(name);
            }
            let message =
                ParameterMessage::TimezoneAbbreviated { abbreviation: name.to_owned(), zones: zones.join(", ") };
            ApiError::invalid("timezone", message)
        })
    }

    /// Returns the first moment of a local day. If clocks skip midnight, that is the moment after the gap. A day that was skipped
    /// entirely starts and ends at the start of the next one.
    fn day_start(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        match self.0.from_local_datetime(&midnight).earliest() {
            Some(first) => first.to_utc(),
            None => GapInfo::new(&midnight, &self.0)
                .and_then(|gap| gap.end)
                .map_or_else(|| midnight.and_utc(), |after_gap| after_gap.to_utc()),
        }
    }

    /// Returns the local date of a moment.
    pub fn day_of(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// Returns the local day whose export contains a moment, and the end of that day. `None` if the moment is beyond the
    /// calendar.
    pub fn day_around(self, micros: i64) -> Option<(NaiveDate, i64)> {
        let moment = DateTime::from_timestamp_micros(micros).filter(|utc| WRITABLE_YEARS.contains(&utc.year()))?;
        let end = |day: NaiveDate| day.succ_opt().map(|next| micros_not_before(self.day_start(next)));
        let day = self.day_of(moment);
        // If clocks are set back over midnight, a part of the day before has the date of that day again.
        match end(day)? {
            day_end if day_end <= micros => Some((day.succ_opt()?, end(day.succ_opt()?)?)),
            day_end => Some((day, day_end)),
        }
    }

    /// Returns the offset at a moment, in whole minutes east of Greenwich; `None` if the moment is not in [`WRITABLE_YEARS`].
    ///
    /// Before standard time, zones used solar time, with offsets to the second, which ISO 8601 cannot express. The offset is
    /// rounded, and the local time is computed from the rounded offset, so that the text names the exact moment.
    fn offset_minutes(self, seconds: i64) -> Option<i32> {
        let utc = DateTime::from_timestamp_secs(seconds).filter(|utc| WRITABLE_YEARS.contains(&utc.year()))?;
        let offset = self.0.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
        Some((offset + 30).div_euclid(60))
    }

    /// Returns a moment as ISO 8601 with a numeric offset, and with six digits of fraction unless it is zero. `None` if the
    /// moment is not in [`WRITABLE_YEARS`].
    pub fn timestamp(self, micros: i64) -> Option<String> {
        let mut text = Vec::with_capacity(TIMESTAMP_BYTES);
        TimestampFormatter::new(self).write(micros, &mut text)?;
        String::from_utf8(text).ok()
    }
}

impl TimeZone {
    /// Returns an RFC 3339 timestamp as the same moment in this zone. A text that is none stays as it is.
    pub fn local(self, text: &str) -> String {
        let micros = DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.timestamp_micros());
        micros.and_then(|micros| self.timestamp(micros)).unwrap_or_else(|| text.to_owned())
    }
}

/// The maximum length of a timestamp, in bytes: `2025-12-15T10:30:00.867341-08:00`.
const TIMESTAMP_BYTES: usize = 32;

/// The length of a local timestamp, in bytes: `2025-12-15 10:30:00`.
const LOCAL_TIMESTAMP_BYTES: usize = 19;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Formats the timestamps of a file. Because events are in order, an offset is looked up for the first event of an hour and
/// checked for the whole hour with the second, and a date is formatted once per day.
#[derive(Clone, Debug)]
pub struct TimestampFormatter {
    zone: TimeZone,
    /// The hour of UTC that the offset is known to be valid for, counted from 1970; `None` for an hour in which it changes.
    hour: Option<i64>,
    /// The hour of the last moment.
    last_hour: Option<i64>,
    offset_minutes: i32,
    offset: [u8; 6],
    /// The local day of the date, counted from 1970.
    day: Option<i64>,
    date: [u8; 11],
}

impl TimestampFormatter {
    /// Creates a formatter for timestamps in `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            hour: None,
            last_hour: None,
            offset_minutes: 0,
            offset: *b"+00:00",
            day: None,
            date: *b"1970-01-01T",
        }
    }

    /// Appends a moment as ISO 8601 with a numeric offset, and with six digits of fraction unless it is zero. `None` if the
    /// moment is not in [`WRITABLE_YEARS`].
    pub fn write(&mut self, micros: i64, out: &mut Vec<u8>) -> Option<()> {
        let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let hour = seconds.div_euclid(HOUR);
        if self.hour != Some(hour) {
            self.set_offset(seconds, hour)?;
        }
        let local = seconds + i64::from(self.offset_minutes) * 60;
        let day = local.div_euclid(DAY);
        if self.day != Some(day) {
            self.set_date(day, local)?;
        }
        let time = local.rem_euclid(DAY);
        let mut text = [0; TIMESTAMP_BYTES];
        text[..11].copy_from_slice(&self.date);
        text[11..13].copy_from_slice(&two_digits(time / HOUR));
        text[13] = b':';
        text[14..16].copy_from_slice(&two_digits(time % HOUR / 60));
        text[16] = b':';
        text[17..19].copy_from_slice(&two_digits(time % 60));
        let mut end = 19;
        if fraction != 0 {
            text[19] = b'.';
            text[20..22].copy_from_slice(&two_digits(fraction / 10_000));
            text[22..24].copy_from_slice(&two_digits(fraction / 100 % 100));
            text[24..26].copy_from_slice(&two_digits(fraction % 100));
            end = 26;
        }
        text[end..end + 6].copy_from_slice(&self.offset);
        out.extend_from_slice(&text[..end + 6]);
        Some(())
    }

    /// Appends a moment as local time without offset and fraction, `2025-12-15 10:30:00`, which spreadsheets read as a date.
    /// `None` if the moment is not in [`WRITABLE_YEARS`].
    pub fn write_local(&mut self, micros: i64, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        self.write(micros, out)?;
        out.truncate(start + LOCAL_TIMESTAMP_BYTES);
        out[start + 10] = b' ';
        Some(())
    }

    /// Looks up the offset at a second, and for the second moment of an hour whether it is valid for the whole hour: in a sparse
    /// file, few hours have two. The quarters of the hour are enough to check, because an offset lasts longer than a quarter.
    fn set_offset(&mut self, seconds: i64, hour: i64) -> Option<()> {
        let minutes = self.zone.offset_minutes(seconds)?;
        let is_second = self.last_hour.replace(hour) == Some(hour);
        let mut quarters = (0..=4).map(|quarter| hour * HOUR + (quarter * HOUR / 4).min(HOUR - 1));
        let is_valid = is_second && quarters.all(|quarter| self.zone.offset_minutes(quarter) == Some(minutes));
        self.hour = is_valid.then_some(hour);
        self.offset_minutes = minutes;
        let sign = if minutes < 0 { b'-' } else { b'+' };
        self.offset[0] = sign;
        self.offset[1..3].copy_from_slice(&two_digits(i64::from(minutes.abs() / 60)));
        self.offset[4..6].copy_from_slice(&two_digits(i64::from(minutes.abs() % 60)));
        Some(())
    }

    fn set_date(&mut self, day: i64, local: i64) -> Option<()> {
        let date = DateTime::from_timestamp_secs(local)?;
        let year = i64::from(date.year());
        self.date[..2].copy_from_slice(&two_digits(year / 100));
        self.date[2..4].copy_from_slice(&two_digits(year % 100));
        self.date[5..7].copy_from_slice(&two_digits(date.month().into()));
        self.date[8..10].copy_from_slice(&two_digits(date.day().into()));
        self.day = Some(day);
        Some(())
    }
}

/// Returns the digits of a number from 0 to 99.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it has two digits")]
fn two_digits(number: i64) -> [u8; 2] {
    let number = number as u8;
    [b'0' + number / 10, b'0' + number % 10]
}

/// Returns the first whole microsecond that is not before a moment. Events have whole microseconds, so a comparison with this is a
/// comparison with the moment itself.
fn micros_not_before(instant: DateTime<Utc>) -> i64 {
    let whole = instant.timestamp_micros();
    if instant.timestamp_subsec_nanos().is_multiple_of(1_000) { whole } else { whole + 1 }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::export_params::{DateBound, DateRange};
    use crate::server::db::unix_micros::UnixMicros;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).expect("a zone")
    }

    fn interval(name: &str, bound: DateBound) -> TimeRange {
        let range = DateRange::new(Some(bound), Some(bound)).expect("a range");
        zone(name).resolve(&range, UnixMicros::default()).expect("in order").interval
    }

    fn day(name: &str, text: &str) -> (DateTime<Utc>, i64) {
        let span = interval(name, DateBound::parse("start_date", text).expect("a day"));
        let (start, end) = (span.start.expect("a start"), span.end.expect("an end"));
        (DateTime::from_timestamp_micros(start).expect("a time"), (end - start) / 3_600_000_000)
    }

    fn formatted(name: &str, micros: i64) -> String {
        zone(name).timestamp(micros).expect("a time")
    }

    #[test]
    fn day_around_returns_the_day_whose_export_contains_the_moment() {
        for (name, hour) in
            [("America/Toronto", "1987-10-25"), ("America/St_Johns", "1988-10-29"), ("UTC", "2025-01-01")]
        {
            let start: NaiveDate = hour.parse().expect("a day");
            let micros = start.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
            for quarter in 0..4 * 24 * 3 {
                let moment = micros + quarter * 900_000_000;
                let (day, day_end) = zone(name).day_around(moment).expect("in the calendar");
                let span = interval(name, DateBound::Day(day));
                assert!(
                    span.start.expect("a start") <= moment && moment < span.end.expect("an end"),
                    "{name} {moment}"
                );
                assert_eq!(span.end, Some(day_end));
            }
        }
        assert_eq!(zone("UTC").day_around(i64::MAX), None);
    }

    #[test]
    fn days_have_as_many_hours_as_their_clocks_show() {
        for (name, text, start, hours) in [
            ("UTC", "2025-12-01", "2025-12-01T00:00:00Z", 24),
            ("Europe/Berlin", "2025-03-30", "2025-03-29T23:00:00Z", 23),
            ("Europe/Berlin", "2025-10-26", "2025-10-25T22:00:00Z", 25),
            ("America/New_York", "2025-11-02", "2025-11-02T04:00:00Z", 25),
            // Without a midnight: these days start at 01:00.
            ("America/Santiago", "2025-09-07", "2025-09-07T04:00:00Z", 23),
            ("Africa/Cairo", "2025-04-25", "2025-04-24T22:00:00Z", 23),
            ("Asia/Beirut", "2025-03-30", "2025-03-29T22:00:00Z", 23),
            ("America/Havana", "2025-03-09", "2025-03-09T05:00:00Z", 23),
            // The day that Samoa skipped.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0),
        ] {
            assert_eq!(day(name, text), (start.parse().expect("a time"), hours), "{text} in {name}");
        }
    }

    #[test]
    fn in_every_zone_each_day_starts_when_clocks_first_show_its_date() {
        for tz in chrono_tz::TZ_VARIANTS {
            let mut day = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day");
            while day.year() < 2030 {
                let start = TimeZone(tz).day_start(day);
                let local = start.with_timezone(&tz).date_naive();
                let before = (start - TimeDelta::microseconds(1)).with_timezone(&tz).date_naive();
                assert!(before < day && local >= day, "{tz} {day}: starts on {local}, after {before}");
                day += TimeDelta::days(1);
            }
        }
    }

    #[test]
    fn an_instant_between_two_microseconds_is_rounded_up() {
        let instant: DateTime<Utc> = "2025-12-01T00:00:00.000000001Z".parse().expect("a time");
        assert_eq!(micros_not_before(instant) - instant.timestamp_micros(), 1);
        let before_1970: DateTime<Utc> = "1969-12-31T23:59:59.999999001Z".parse().expect("a time");
        assert_eq!(micros_not_before(before_1970), 0);
    }

    #[test]
    fn an_abbreviation_is_refused_with_the_zones_that_it_may_mean() {
        let error = TimeZone::parse("CEST").expect_err("an abbreviation");
        assert_eq!((error.field.as_deref(), &*error.message.code), (Some("timezone"), "timezone_abbreviated"));
        assert!(error.detail.contains("Europe/Berlin"), "{error}");
        assert_eq!(TimeZone::parse("Mars/Olympus"), Err(ExportParams::no_such_timezone("Mars/Olympus")));
        assert!(TimeZone::parse("US/Pacific").is_ok(), "an old alias");
    }

    #[test]
    fn timestamps_are_iso_8601_with_an_offset_and_without_a_zero_fraction() {
        let micros = 1_765_823_400_867_341;
        assert_eq!(formatted("America/Los_Angeles", micros), "2025-12-15T10:30:00.867341-08:00");
        assert_eq!(formatted("America/Los_Angeles", micros - 867_341), "2025-12-15T10:30:00-08:00");
        assert_eq!(formatted("UTC", 1), "1970-01-01T00:00:00.000001+00:00");
        assert_eq!(formatted("Asia/Kathmandu", -1), "1970-01-01T05:29:59.999999+05:30");
    }

    #[test]
    fn the_repeated_hour_of_new_york_is_distinguished_by_its_offset() {
        let first: DateTime<Utc> = "2025-11-02T05:30:00Z".parse().expect("a time");
        assert_eq!(formatted("America/New_York", first.timestamp_micros()), "2025-11-02T01:30:00-04:00");
        let second = first + TimeDelta::hours(1);
        assert_eq!(formatted("America/New_York", second.timestamp_micros()), "2025-11-02T01:30:00-05:00");
    }

    #[test]
    fn an_offset_to_the_second_is_rounded_without_changing_the_moment() {
        // Until 1972-01-07, Monrovia was 44 minutes and 30 seconds behind UTC.
        let text = formatted("Africa/Monrovia", 0);
        assert_eq!(text, "1969-12-31T23:16:00-00:44");
        assert_eq!(DateTime::parse_from_rfc3339(&text).expect("RFC 3339").timestamp(), 0);
    }

    /// Formats a moment with chrono, without a cache.
    fn chrono_formatted(zone: TimeZone, micros: i64) -> Option<String> {
        let utc = DateTime::from_timestamp_micros(micros).filter(|utc| WRITABLE_YEARS.contains(&utc.year()))?;
        let offset = zone.0.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
        let minutes = (offset + 30).div_euclid(60);
        let local = utc.with_timezone(&chrono::FixedOffset::east_opt(minutes * 60)?);
        let form = if micros.rem_euclid(1_000_000) == 0 { "%Y-%m-%dT%H:%M:%S%:z" } else { "%Y-%m-%dT%H:%M:%S%.6f%:z" };
        Some(local.format(form).to_string())
    }

    proptest! {
        #[test]
        fn a_sequence_of_timestamps_is_formatted_as_chrono_formats_each_of_them(
            index in 0..chrono_tz::TZ_VARIANTS.len(),
            start in prop_oneof![
                // Around the first and the last year, and in the years with most clock changes.
                -62_135_596_800_000_000_i64..-62_095_000_000_000_000,
                -4_000_000_000_000_000_i64..4_000_000_000_000_000,
                253_330_000_000_000_000_i64..253_402_300_800_000_000,
            ],
            steps in proptest::collection::vec(
                prop_oneof![0_i64..2_000_000, -4_000_000_000_i64..4_000_000_000, -90_000_000_000_000_i64..90_000_000_000_000],
                1..50,
            ),
        ) {
            let zone = TimeZone(chrono_tz::TZ_VARIANTS[index]);
            let mut timestamps = TimestampFormatter::new(zone);
            let mut micros = start;
            for step in steps {
                micros += step;
                let mut text = Vec::new();
                let formatted = timestamps.write(micros, &mut text).map(|()| String::from_utf8(text).expect("UTF-8"));
                prop_assert_eq!(formatted, chrono_formatted(zone, micros), "{} in {}", micros, zone.0);
            }
        }
    }

    #[test]
    fn around_a_clock_change_each_second_has_its_own_offset() {
        for (name, change) in [
            ("Europe/Berlin", "2025-03-30T01:00:00Z"),
            ("Australia/Lord_Howe", "2025-04-05T15:00:00Z"),
            ("Asia/Pyongyang", "2018-05-04T15:00:00Z"),
            // In the middle of an hour of UTC.
            ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
            ("Africa/Monrovia", "1972-01-07T00:44:30Z"),
        ] {
            let change: DateTime<Utc> = change.parse().expect("a time");
            let mut timestamps = TimestampFormatter::new(zone(name));
            for second in -7_200..7_200 {
                let micros = (change.timestamp() + second) * 1_000_000;
                let mut text = Vec::new();
                timestamps.write(micros, &mut text).expect("in the calendar");
                assert_eq!(
                    String::from_utf8(text).expect("UTF-8"),
                    chrono_formatted(zone(name), micros).expect("a time")
                );
            }
        }
    }

    #[test]
    fn a_timestamp_of_a_record_is_moved_to_the_zone() {
        let berlin = |text: &str| zone("Europe/Berlin").local(text);
        assert_eq!(berlin("2025-12-16T23:30:00.000Z"), "2025-12-17T00:30:00+01:00");
        assert_eq!(berlin("2025-07-16T12:00:05.250Z"), "2025-07-16T14:00:05.250000+02:00");
        assert_eq!(berlin("never"), "never");
        assert_eq!(TimeZone::UTC.local("2025-12-16T12:00:00Z"), "2025-12-16T12:00:00+00:00");
    }

    #[test]
    fn an_unknown_zone_is_rejected_with_its_name() {
        let error = TimeZone::parse("Europe/Atlantis").expect_err("unknown");
        assert_eq!(error.field.as_deref(), Some("timezone"));
        assert!(error.detail.contains("Europe/Atlantis"));
    }
}
