//! Formats numbers, sizes, dates and times for each language. A page has one format for each kind, which the server and the
//! browser share, so it does not depend on the region of the browser.

use chrono::{Datelike, NaiveDate};

use crate::api::language::Language;
use crate::export_params::{DateBound, DateRange, parse_day};

const ENGLISH_MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const GERMAN_MONTHS: [&str; 12] =
    ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."];

impl Language {
    /// Formats a number of bytes in the decimal units that browsers and file managers show: `812 bytes`, `4.9 MB`, `4,9 MB`.
    pub fn bytes(self, count: u64) -> String {
        const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
        match (self, count) {
            (Self::English, 1) => return "1 byte".to_owned(),
            (Self::German, 1) => return "1 Byte".to_owned(),
            (Self::English, ..1_000) => return format!("{count} bytes"),
            (Self::German, ..1_000) => return format!("{count} Byte"),
            _ => (),
        }
        // In tenths, because formatting floating-point numbers would weigh more in the WASM than this whole file.
        let (mut tenths, mut unit) = (divide_rounded(count, 100), 0);
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            unit += 1;
            tenths = divide_rounded(count, 100 * 1_000_u64.pow(u32::try_from(unit).unwrap_or_default()));
        }
        let point = match self {
            Self::English => '.',
            Self::German => ',',
        };
        format!("{}{point}{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }

    /// Formats a number with a separator after each three digits: `48,213`, `48.213`.
    pub fn count(self, number: u64) -> String {
        let separator = match self {
            Self::English => ',',
            Self::German => '.',
        };
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    /// Formats a number of events: `1 event`, `48,213 events`.
    pub fn events(self, number: u64) -> String {
        match (self, number) {
            (Self::English, 1) => "1 event".to_owned(),
            (Self::English, _) => format!("{} events", self.count(number)),
            (Self::German, 1) => "1 Ereignis".to_owned(),
            (Self::German, _) => format!("{} Ereignisse", self.count(number)),
        }
    }

    /// Formats a duration to the second, or to the minute if it is long: `1 second`, `2 minutes`, `1 h 5 min`.
    pub fn seconds(self, seconds: u64) -> String {
        let (second, of_seconds, of_minutes, hours) = match self {
            Self::English => ("second", "seconds", "minutes", "h"),
            Self::German => ("Sekunde", "Sekunden", "Minuten", "Std."),
        };
        let minute = match self {
            Self::English => "min",
            Self::German => "Min.",
        };
        match (seconds, seconds.div_ceil(60)) {
            (1, _) => format!("1 {second}"),
            (0..=90, _) => format!("{seconds} {of_seconds}"),
            (_, minutes @ ..=90) => format!("{minutes} {of_minutes}"),
            (_, minutes) => format!("{} {hours} {} {minute}", minutes / 60, minutes % 60),
        }
    }

    /// Formats a day: `1 Dec 2025`, `1. Dez. 2025`.
    pub fn day(self, day: NaiveDate) -> String {
        let (number, month, year) = (day.day(), day.month0() as usize, day.year());
        match self {
            Self::English => format!("{number} {} {year}", ENGLISH_MONTHS[month]),
            Self::German => format!("{number}. {} {year}", GERMAN_MONTHS[month]),
        }
    }

    /// Formats the days from one to another, which may be the same: `1 Dec 2025 – 3 Dec 2025`.
    pub fn days(self, first: NaiveDate, last: NaiveDate) -> String {
        if first == last { self.day(first) } else { format!("{} – {}", self.day(first), self.day(last)) }
    }

    /// Formats an RFC 3339 timestamp to the second, without its zone: `16 Dec 2025, 12:00:05`.
    pub fn date_time(self, text: &str) -> String {
        match text.split_once('T').map(|(day, time)| (parse_day(day), time)) {
            Some((Some(day), time)) => format!("{}, {}", self.day(day), time.get(..8).unwrap_or(time)),
            _ => text.to_owned(),
        }
    }

    /// Formats an RFC 3339 timestamp to the second, with its zone: `16 Dec 2025, 12:00:05 UTC`, `16 Dec 2025, 13:00:05
    /// UTC+01:00`.
    pub fn timestamp(self, text: &str) -> String {
        let time = text.split_once('T').map_or("", |(_, time)| time);
        let offset = time.find(['+', '-']).map(|start| &time[start..]).filter(|offset| *offset != "+00:00");
        format!("{} UTC{}", self.date_time(text), offset.unwrap_or_default())
    }

    /// Formats the range of an export: `1 Dec 2025 – 3 Dec 2025`, `from 1 Dec 2025`, `everything`.
    pub fn range(self, range: &DateRange) -> String {
        let texts = self.history();
        let bound = |bound: DateBound| match bound {
            DateBound::Day(day) => self.day(day),
            // With its fraction of a second, because it decides what is exported.
            DateBound::Instant(_) => {
                let text = bound.to_string();
                let fraction = text.get(19..text.len() - 1).unwrap_or_default();
                format!("{}{fraction} UTC", self.date_time(&text))
            }
            DateBound::Local(_) => self.date_time(&bound.to_string()),
            DateBound::Relative(_) => bound.to_string(),
        };
        match (range.start(), range.end()) {
            (None, None) => texts.everything.to_owned(),
            (Some(start), None) => (texts.from)(&bound(start)),
            (None, Some(end)) => (texts.until)(&bound(end)),
            (Some(start), Some(end)) if start == end => bound(start),
            (Some(start), Some(end)) => format!("{} – {}", bound(start), bound(end)),
        }
    }
}

/// Formats an offset in minutes east of Greenwich as in ISO 8601: `-08:00`.
pub fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// Divides and rounds half up.
fn divide_rounded(number: u64, by: u64) -> u64 {
    number / by + u64::from(number % by >= by / 2)
}

#[cfg(test)]
mod tests {
    use super::Language::{English, German};
    use super::*;

    #[test]
    fn numbers_have_a_separator_after_each_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (48_213, "48,213"), (1_234_567, "1,234,567")] {
            assert_eq!(English.count(number), text);
            assert_eq!(German.count(number), text.replace(',', "."));
        }
    }

    #[test]
    fn events_are_singular_or_plural() {
        for (number, english, german) in [
            (0, "0 events", "0 Ereignisse"),
            (1, "1 event", "1 Ereignis"),
            (48_213, "48,213 events", "48.213 Ereignisse"),
        ] {
            assert_eq!(English.events(number), english);
            assert_eq!(German.events(number), german);
        }
    }

    #[test]
    fn durations_are_as_precise_as_it_matters() {
        for (span, english, german) in [
            (0, "0 seconds", "0 Sekunden"),
            (1, "1 second", "1 Sekunde"),
            (90, "90 seconds", "90 Sekunden"),
            (91, "2 minutes", "2 Minuten"),
            (5_400, "90 minutes", "90 Minuten"),
            (5_401, "1 h 31 min", "1 Std. 31 Min."),
        ] {
            assert_eq!(English.seconds(span), english);
            assert_eq!(German.seconds(span), german);
        }
    }

    #[test]
    fn timestamps_are_formatted_to_the_second_and_with_their_zone() {
        assert_eq!(English.timestamp("2025-12-16T13:00:05+01:00"), "16 Dec 2025, 13:00:05 UTC+01:00");
        assert_eq!(English.timestamp("2025-12-16T04:00:05.123000-08:00"), "16 Dec 2025, 04:00:05 UTC-08:00");
        assert_eq!(English.timestamp("2025-12-16T12:00:05+00:00"), "16 Dec 2025, 12:00:05 UTC");
        assert_eq!(English.timestamp("2025-12-16T12:00:05.123Z"), "16 Dec 2025, 12:00:05 UTC");
        assert_eq!(German.timestamp("2025-12-16T12:00:05.123Z"), "16. Dez. 2025, 12:00:05 UTC");
        assert_eq!(English.date_time("2025-12-16T12:00:05.123+01:00"), "16 Dec 2025, 12:00:05");
        assert_eq!(English.date_time("never"), "never");
    }

    #[test]
    fn days_are_formatted_with_the_name_of_their_month() {
        let day = |month| NaiveDate::from_ymd_opt(2025, month, 1).expect("a day");
        for (month, english, german) in
            [(3, "1 Mar 2025", "1. März 2025"), (9, "1 Sep 2025", "1. Sept. 2025"), (12, "1 Dec 2025", "1. Dez. 2025")]
        {
            assert_eq!(English.day(day(month)), english);
            assert_eq!(German.day(day(month)), german);
        }
        assert_eq!(English.days(day(3), day(3)), "1 Mar 2025");
        assert_eq!(English.days(day(3), day(12)), "1 Mar 2025 – 1 Dec 2025");
    }

    #[test]
    fn ranges_are_formatted_with_their_ends() {
        for (start, end, english, german) in [
            ("", "", "everything", "alles"),
            ("2025-12-01", "", "from 1 Dec 2025", "ab 1. Dez. 2025"),
            ("", "2025-12-01T08:30:00Z", "until 1 Dec 2025, 08:30:00 UTC", "bis 1. Dez. 2025, 08:30:00 UTC"),
            ("2025-12-01", "2025-12-01", "1 Dec 2025", "1. Dez. 2025"),
            ("2025-12-01T08:30", "", "from 1 Dec 2025, 08:30", "ab 1. Dez. 2025, 08:30"),
            (
                "2025-12-01T08:30:00.5+01:00",
                "2025-12-02",
                "1 Dec 2025, 07:30:00.500 UTC – 2 Dec 2025",
                "1. Dez. 2025, 07:30:00.500 UTC – 2. Dez. 2025",
            ),
        ] {
            let bound = |text: &str| (!text.is_empty()).then(|| DateBound::parse("", text).expect("a bound"));
            let range = DateRange::new(bound(start), bound(end)).expect("a range");
            assert_eq!((English.range(&range), German.range(&range)), (english.to_owned(), german.to_owned()));
        }
    }

    #[test]
    fn sizes_are_in_decimal_units_with_one_decimal() {
        for (count, english, german) in [
            (0, "0 bytes", "0 Byte"),
            (1, "1 byte", "1 Byte"),
            (999, "999 bytes", "999 Byte"),
            (1_000, "1.0 kB", "1,0 kB"),
            (999_949, "999.9 kB", "999,9 kB"),
            (999_950, "1.0 MB", "1,0 MB"),
            (4_912_345, "4.9 MB", "4,9 MB"),
            (u64::MAX, "18446744.1 TB", "18446744,1 TB"),
        ] {
            assert_eq!(English.bytes(count), english);
            assert_eq!(German.bytes(count), german);
        }
    }
}
