//! Numbers, sizes and times for people, in each language.

use chrono::{Datelike, NaiveDate};

use crate::api::language::Language;
use crate::export_params::parse_day;

const ENGLISH_MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const GERMAN_MONTHS: [&str; 12] =
    ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."];

impl Language {
    /// A number of bytes, in the decimal units that browsers and file managers show: `812 bytes`, `4.9 MB`, `4,9 MB`.
    pub fn bytes(self, count: u64) -> String {
        const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
        match (self, count) {
            (Self::English, 1) => return "1 byte".to_owned(),
            (Self::German, 1) => return "1 Byte".to_owned(),
            (Self::English, ..1_000) => return format!("{count} bytes"),
            (Self::German, ..1_000) => return format!("{count} Bytes"),
            _ => (),
        }
        // In tenths, because what writes floating-point numbers would weigh more than all of this file.
        let (mut tenths, mut unit) = (rounded(count, 100), 0);
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            unit += 1;
            tenths = rounded(count, 100 * 1_000_u64.pow(u32::try_from(unit).unwrap_or_default()));
        }
        let point = match self {
            Self::English => '.',
            Self::German => ',',
        };
        format!("{}{point}{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }

    /// A number with a mark after each three digits: `48,213`, `48.213`.
    pub fn count(self, number: u64) -> String {
        let mark = match self {
            Self::English => ',',
            Self::German => '.',
        };
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(mark);
            }
            text.push(digit);
        }
        text
    }

    /// So many events, in words: `1 event`, `48,213 events`.
    pub fn events(self, number: u64) -> String {
        match (self, number) {
            (Self::English, 1) => "1 event".to_owned(),
            (Self::English, _) => format!("{} events", self.count(number)),
            (Self::German, 1) => "1 Ereignis".to_owned(),
            (Self::German, _) => format!("{} Ereignisse", self.count(number)),
        }
    }

    /// A span of time to the second, or to the minute where it is long: `1 second`, `2 minutes`, `1 h 5 min`.
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

    /// A day: `1 Dec 2025`, `1. Dez. 2025`.
    pub fn day(self, day: NaiveDate) -> String {
        let (number, month, year) = (day.day(), day.month0() as usize, day.year());
        match self {
            Self::English => format!("{number} {} {year}", ENGLISH_MONTHS[month]),
            Self::German => format!("{number}. {} {year}", GERMAN_MONTHS[month]),
        }
    }

    /// A moment of RFC 3339 in UTC, to the second: `2025-12-16 12:00:05 UTC`, `16.12.2025 12:00:05 UTC`.
    pub fn moment(self, text: &str) -> String {
        let (day, time) = text.split_once('T').unwrap_or((text, ""));
        format!("{} {} UTC", self.digits_of_day(day), time.get(..8).unwrap_or(time))
    }

    /// What begins with a day as ISO 8601 writes it, with that day as people write it in digits, and the rest as it is:
    /// `2025-12-16 12:00 UTC`, `16.12.2025 12:00 UTC`. Anything else stays as it is.
    pub fn digits_of_day(self, text: &str) -> String {
        let (day, rest) = text.split_once(' ').map_or((text, None), |(day, rest)| (day, Some(rest)));
        match (self, parse_day(day)) {
            (Self::German, Some(date)) => {
                let rest = rest.map(|rest| format!(" {rest}")).unwrap_or_default();
                format!("{:02}.{:02}.{:04}{rest}", date.day(), date.month(), date.year())
            }
            _ => text.to_owned(),
        }
    }
}

fn rounded(number: u64, by: u64) -> u64 {
    number / by + u64::from(number % by >= by / 2)
}

// The parts of the page that are English as yet call these.

#[cfg(test)]
mod tests {
    use super::Language::{English, German};
    use super::*;

    #[test]
    fn numbers_have_a_mark_after_each_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (48_213, "48,213"), (1_234_567, "1,234,567")] {
            assert_eq!(English.count(number), text);
            assert_eq!(German.count(number), text.replace(',', "."));
        }
    }

    #[test]
    fn events_are_one_or_several() {
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
    fn spans_of_time_are_told_as_finely_as_it_matters() {
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
    fn moments_are_told_to_the_second_and_in_utc() {
        assert_eq!(English.moment("2025-12-16T12:00:05.123Z"), "2025-12-16 12:00:05 UTC");
        assert_eq!(German.moment("2025-12-16T12:00:05.123Z"), "16.12.2025 12:00:05 UTC");
    }

    #[test]
    fn days_are_told_with_their_month_and_in_digits() {
        let day = |month| NaiveDate::from_ymd_opt(2025, month, 1).expect("a day");
        for (month, english, german) in
            [(3, "1 Mar 2025", "1. März 2025"), (9, "1 Sep 2025", "1. Sept. 2025"), (12, "1 Dec 2025", "1. Dez. 2025")]
        {
            assert_eq!(English.day(day(month)), english);
            assert_eq!(German.day(day(month)), german);
        }
        for (text, german) in [
            ("2025-12-01", "01.12.2025"),
            ("2025-12-01 12:00 UTC", "01.12.2025 12:00 UTC"),
            ("2025-12-01T08:30:00Z", "2025-12-01T08:30:00Z"),
            ("never", "never"),
            ("", ""),
        ] {
            assert_eq!(English.digits_of_day(text), text);
            assert_eq!(German.digits_of_day(text), german);
        }
    }

    #[test]
    fn sizes_are_in_decimal_units_with_one_digit() {
        for (count, english, german) in [
            (0, "0 bytes", "0 Bytes"),
            (1, "1 byte", "1 Byte"),
            (999, "999 bytes", "999 Bytes"),
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
