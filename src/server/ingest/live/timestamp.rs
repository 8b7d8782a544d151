//! Reads the timestamps of senders.

use chrono::{DateTime, NaiveDateTime};

/// Numbers below it are seconds since 1970.
const SECONDS_BELOW: u64 = 100_000_000_000;

/// Numbers below it, and not below [`SECONDS_BELOW`], are milliseconds. Larger ones are microseconds.
const MILLISECONDS_BELOW: u64 = 100_000_000_000_000;

/// Why a text is not a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotATimestamp {
    /// It is a date and a time without an offset, so its moment is unknown.
    NoOffset,
    /// It is something else.
    Malformed,
}

/// Returns microseconds since 1970-01-01T00:00:00Z. The text is RFC 3339, also with an offset like `+0200` or `+02` and
/// with a space in place of `T`; or a number since 1970, in seconds, milliseconds or microseconds by its size.
/// Microseconds are kept, and what is finer is cut off.
pub fn parse(text: &str) -> Result<i64, NotATimestamp> {
    let text = text.trim();
    if let Some(micros) = number(text) {
        return Ok(micros);
    }
    let time = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc3339(&with_colon(text)));
    time.map(|time| time.timestamp_micros()).map_err(|_| {
        let has_no_offset = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .any(|format| NaiveDateTime::parse_from_str(text, format).is_ok());
        if has_no_offset { NotATimestamp::NoOffset } else { NotATimestamp::Malformed }
    })
}

/// Parses a decimal number. The decimal point is moved in the text, so that no float loses a microsecond.
fn number(text: &str) -> Option<i64> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let shift = match whole.parse::<u64>().ok()? {
        ..SECONDS_BELOW => 6,
        SECONDS_BELOW..MILLISECONDS_BELOW => 3,
        _ => 0,
    };
    let moved: String = fraction.chars().chain(std::iter::repeat('0')).take(shift).collect();
    format!("{whole}{moved}").parse().ok()
}

/// Completes an offset like `+0200` or `+02`.
fn with_colon(text: &str) -> String {
    let Some((before, digits)) = text.rfind(['+', '-']).and_then(|sign| text.split_at_checked(sign + 1)) else {
        return text.to_owned();
    };
    match digits.len() {
        2 => format!("{before}{digits}:00"),
        4 if digits.is_ascii() => format!("{before}{}:{}", &digits[..2], &digits[2..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_moment_may_be_written_in_many_ways() {
        for text in [
            "2025-12-15T10:30:00.867341-08:00",
            "2025-12-15T18:30:00.867341Z",
            "2025-12-15t18:30:00.867341z",
            "2025-12-15 18:30:00.867341+00:00",
            "2025-12-15T19:30:00.867341+0100",
            "2025-12-15T19:30:00.867341+01",
            "2025-12-15T18:30:00.8673419999Z",
            " 2025-12-15T18:30:00.867341Z\n",
            "1765823400.867341",
            "1765823400867.341",
            "1765823400867341",
            "1765823400867341.9",
        ] {
            assert_eq!(parse(text), Ok(1_765_823_400_867_341), "{text}");
        }
        assert_eq!(parse("1765823400"), Ok(1_765_823_400_000_000));
        assert_eq!(parse("0"), Ok(0));
    }

    #[test]
    fn a_time_without_an_offset_is_told_from_what_is_not_a_time() {
        for text in ["2025-12-15T10:30:00", "2025-12-15 10:30:00.5"] {
            assert_eq!(parse(text), Err(NotATimestamp::NoOffset), "{text}");
        }
        for text in [
            "",
            "now",
            "-1",
            "1e9",
            "1.",
            ".5",
            "0x10",
            "1,5",
            "99999999999999999999",
            "9999999999999999999",
            "15.12.2025",
            "2025-02-30T00:00:00Z",
            "2025-12-15T24:00:00Z",
            "2025-12-15",
            "2025-12-15T10:30:00+1",
            "2025-12-15T10:30:00+2560",
            "2025-12-15T10:30:00 CET",
            "+02",
            "-",
            "ü",
            "2025-12-15T10:30:00+ü1",
        ] {
            assert_eq!(parse(text), Err(NotATimestamp::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_moment_in_any_form_is_read_exactly(micros in 946_684_800_000_000_i64..4_102_444_800_000_000, hours in -12..=14) {
            let time = DateTime::from_timestamp_micros(micros).expect("in the calendar");
            let offset = chrono::FixedOffset::east_opt(hours * 3_600).expect("an offset");
            let there = time.with_timezone(&offset);
            prop_assert_eq!(parse(&there.to_rfc3339()), Ok(micros));
            prop_assert_eq!(parse(&there.format("%Y-%m-%d %H:%M:%S%.6f%z").to_string()), Ok(micros));
            prop_assert_eq!(parse(&micros.to_string()), Ok(micros));
            prop_assert_eq!(parse(&format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)), Ok(micros));
            prop_assert_eq!(parse(&format!("{}.{:03}", micros / 1_000, micros % 1_000)), Ok(micros));
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
