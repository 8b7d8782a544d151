//! Parses the values of an ArgusAI database, in every form that occurs. Nothing here does I/O.

use chrono::{DateTime, Datelike, NaiveDate};
use serde_json::Value as Json;

use crate::server::db::entity::motion_event::WRITABLE_YEARS;
use crate::server::ingest::foreign_file::Value;

/// Epoch numbers below this are seconds.
const SECONDS_BELOW: f64 = 1e11;

/// Epoch numbers below this are milliseconds; larger ones are microseconds.
const MILLISECONDS_BELOW: f64 = 1e14;

/// Epoch numbers must be from 2000-01-01 to 2100-01-01, in seconds: others are another kind of number.
const EPOCHS: std::ops::Range<i64> = 946_684_800..4_102_444_800;

/// Returns the time in microseconds since 1970-01-01T00:00:00Z; `None` if it cannot be read.
///
/// ArgusAI writes `2025-10-26 00:30:00.250000` in UTC, without the fraction if the database filled in the time. Other
/// tools write a `T`, an offset (`Z`, `UTC`, `+00`, `+0000`, `+00:00`), a decimal comma, no seconds, surrounding
/// whitespace, or the number of seconds, milliseconds or microseconds since 1970, distinguished by size.
pub fn timestamp(value: &Value) -> Option<i64> {
    match value {
        Value::Null => None,
        Value::Integer(number) => epoch(&number.to_string()),
        Value::Real(number) => epoch(&number.to_string()),
        Value::Text(text) => {
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
            date_and_time(text).or_else(|| epoch(text))
        }
    }
}

fn epoch(digits: &str) -> Option<i64> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let size: f64 = whole.parse().ok()?;
    let shift = if size < SECONDS_BELOW {
        6
    } else if size < MILLISECONDS_BELOW {
        3
    } else {
        0
    };
    // The decimal point is moved in the text, and the first dropped digit rounds, so no float loses a microsecond.
    let fraction = format!("{fraction:0<7}");
    let (kept, rest) = fraction.split_at(shift);
    let micros: i64 = format!("{whole}{kept}").parse().ok()?;
    let micros = micros.checked_add(i64::from(rest.as_bytes().first().is_some_and(|digit| *digit >= b'5')))?;
    EPOCHS.contains(&micros.div_euclid(1_000_000)).then_some(micros)
}

fn date_and_time(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = calendar_date(date)?;
    let rest = rest.strip_prefix(['T', 't']).or_else(|| rest.strip_prefix(' ').map(str::trim_start))?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ','))).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(end);
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros();
    let micros = midnight.checked_add(time_of_day(clock)?)?.checked_sub(offset(zone.trim())?)?;
    WRITABLE_YEARS.contains(&DateTime::from_timestamp_micros(micros)?.year()).then_some(micros)
}

fn calendar_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let mut part = |digits| number(parts.next().filter(|part| part.len() == digits)?);
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)
}

/// Returns the microseconds since midnight of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`.
fn time_of_day(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once(['.', ',']).map_or((text, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':');
    let mut part = || parts.next().map(|part| number(part).filter(|_| part.len() == 2));
    let (hour, minute) = (part()??, part()??);
    let second = match part() {
        None if fraction.is_some() => return None,
        None => 0,
        Some(second) => second?,
    };
    // Second 60 is a leap second, and counts as the next second.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let micros = match fraction {
        None => 0,
        Some(fraction) => {
            if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            number(&format!("{fraction:0<6}")[..6])?
        }
    };
    Some(i64::from((hour * 60 + minute) * 60 + second) * 1_000_000 + i64::from(micros))
}

/// Returns the offset from UTC, in microseconds. An empty text is UTC.
fn offset(text: &str) -> Option<i64> {
    if text.is_empty() || ["z", "utc", "gmt"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Some(0);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at(2),
        5 => digits.split_once(':')?,
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 18 && minutes <= 59).then(|| sign * i64::from(hours * 60 + minutes) * 60_000_000)
}

/// Parses a number of digits only: no sign, no whitespace.
fn number(digits: &str) -> Option<u32> {
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The error of a value that cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Converts a confidence of 0–1 to 0–100; `None` for NULL and for an empty text.
pub fn confidence(value: &Value) -> Result<Option<f64>, Unreadable> {
    let fraction = match value {
        Value::Null => return Ok(None),
        // Whole numbers from 0 to 1 are exact.
        Value::Integer(number) => f64::from(i32::try_from(*number).map_err(|_| Unreadable)?),
        Value::Real(number) => *number,
        Value::Text(text) => match text.trim() {
            "" => return Ok(None),
            digits => digits.parse().map_err(|_| Unreadable)?,
        },
    };
    if (0.0..=1.0).contains(&fraction) { Ok(Some(percent(fraction))) } else { Err(Unreadable) }
}

/// Converts 0–1 to 0–100 by moving the decimal point: 0.29 becomes 29, while a multiplication would give
/// 28.999999999999996.
pub fn percent(fraction: f64) -> f64 {
    // With three decimals, which almost all have: the quotients are the closest numbers to the decimal ones.
    let thousandths = (fraction * 1_000.0).round();
    if (thousandths / 1_000.0).to_bits() == fraction.to_bits() {
        return thousandths / 10.0 + 0.0;
    }
    // Adding zero makes a negative zero positive.
    format!("{fraction}e2").parse::<f64>().unwrap_or(fraction * 100.0) + 0.0
}

/// Returns the name of a detector in the spelling of the specification.
pub fn algorithm(name: String) -> String {
    match name.as_str() {
        "mog2" => "MOG2".to_owned(),
        "knn" => "KNN".to_owned(),
        _ => name,
    }
}

/// Parses x, y, width and height from `[x, y, w, h]` or `{"x":…, "y":…, "width":…, "height":…}`; `None` for NULL.
pub fn bounding_box(value: &Value) -> Result<Option<[i32; 4]>, Unreadable> {
    match value {
        Value::Null => Ok(None),
        // Almost all are arrays of whole numbers, which need no tree of values.
        Value::Text(text) => match serde_json::from_str::<[i32; 4]>(text) {
            Ok(sides) => Ok(Some(sides)),
            Err(_) => sides(serde_json::from_str(text).map_err(|_| Unreadable)?),
        },
        Value::Integer(_) | Value::Real(_) => Err(Unreadable),
    }
}

fn sides(json: Json) -> Result<Option<[i32; 4]>, Unreadable> {
    let whole = |side: Option<&Json>| side.and_then(whole).ok_or(Unreadable);
    match json {
        Json::Null => Ok(None),
        Json::Array(sides) if sides.len() == 4 => {
            let side = |index| whole(sides.get(index));
            Ok(Some([side(0)?, side(1)?, side(2)?, side(3)?]))
        }
        Json::Object(sides) => {
            let side = |name| whole(sides.get(name));
            Ok(Some([side("x")?, side("y")?, side("width")?, side("height")?]))
        }
        // A JSON text in a JSON column.
        Json::String(text) => match serde_json::from_str(&text).map_err(|_| Unreadable)? {
            Json::String(_) => Err(Unreadable),
            json => sides(json),
        },
        _ => Err(Unreadable),
    }
}

/// Returns a whole number, also if it is written with a fraction of zero.
fn whole(value: &Json) -> Option<i32> {
    if let Some(number) = value.as_i64() {
        return number.try_into().ok();
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
    // Display writes a whole f64 without a fraction, so this is exact or fails.
    number.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn bounding_boxes_are_read_as_arrays_and_as_objects() {
        assert_eq!(bounding_box(&text("[10, 20, 30, 40]")), Ok(Some([10, 20, 30, 40])));
        let object = r#"{"width":31,"height":17,"y":9,"x":3}"#;
        assert_eq!(bounding_box(&text(object)), Ok(Some([3, 9, 31, 17])));
        assert_eq!(bounding_box(&text("[1.0, 2, 3e1, -4]")), Ok(Some([1, 2, 30, -4])));
        assert_eq!(bounding_box(&text(r#""[1, 2, 3, 4]""#)), Ok(Some([1, 2, 3, 4])));
        assert_eq!(bounding_box(&text("null")), Ok(None));
        assert_eq!(bounding_box(&Value::Null), Ok(None));
    }

    #[test]
    fn a_malformed_bounding_box_is_refused() {
        for junk in [
            "",
            "not valid json",
            "[1, 2, 3]",
            "[1, 2, 3, 4, 5]",
            "[1, 2, 3, 4.5]",
            r#"["1", 2, 3, 4]"#,
            "[1, 2, 3, 99999999999]",
            r#"{"x": 1, "y": 2, "width": 3}"#,
            r#"{"x": 120, "y": 80, "wid"#,
            "7",
            "true",
            "[1, 2, 3, true]",
            "[1, 2, 3, 1e400]",
            r#""\"[1, 2, 3, 4]\"""#,
        ] {
            assert_eq!(bounding_box(&text(junk)), Err(Unreadable), "{junk}");
        }
        assert_eq!(bounding_box(&Value::Integer(7)), Err(Unreadable));
    }

    #[test]
    fn a_confidence_with_three_decimals_is_converted_as_its_text_is() {
        for thousandths in 0..=1_000 {
            let fraction = f64::from(thousandths) / 1_000.0;
            let of_text = format!("{fraction}e2").parse::<f64>();
            assert_eq!(of_text.map(f64::to_bits), Ok(percent(fraction).to_bits()), "{fraction}");
        }
    }

    #[test]
    fn the_decimal_point_of_a_confidence_is_moved_exactly() {
        for (fraction, expected) in [
            (0.29, "29"),
            (0.689_697_265_625, "68.9697265625"),
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "100"),
            (0.07, "7"),
            (0.999_999, "99.9999"),
            (1e-7, "0.00001"),
            (0.123_456_789, "12.3456789"),
        ] {
            let percent = |value| confidence(&value).expect("readable").expect("not NULL").to_string();
            assert_eq!(percent(Value::Real(fraction)), expected);
            assert_eq!(percent(Value::Text(fraction.to_string())), expected);
        }
        assert_eq!(confidence(&Value::Integer(1)), Ok(Some(100.0)));
        for nothing in [Value::Null, text(""), text(" ")] {
            assert_eq!(confidence(&nothing), Ok(None));
        }
        for junk in
            [Value::Integer(2), Value::Real(1.01), Value::Real(f64::NAN), text("high"), text("-0.1"), text("NaN")]
        {
            assert_eq!(confidence(&junk), Err(Unreadable), "{junk:?}");
        }
    }

    #[test]
    fn times_are_utc_and_read_in_the_forms_of_users_and_tools() {
        for (written, micros) in [
            ("1970-01-01 00:00:01", 1_000_000),
            ("1970-01-01 00:00:01.250000", 1_250_000),
            ("1970-01-01T00:00:01.25", 1_250_000),
            ("1970-01-01 00:00:01,867", 1_867_000),
            ("1970-01-01 00:00:01.1234569", 1_123_456),
            ("1970-01-01 00:01", 60_000_000),
            ("1970-01-01t00:01z", 60_000_000),
            ("  1970-01-01   00:00:01 \r\n", 1_000_000),
            ("1970-01-01T00:00:01Z", 1_000_000),
            ("1970-01-01 00:00:01 UTC", 1_000_000),
            ("1970-01-01 00:00:01utc", 1_000_000),
            ("1970-01-01 00:00:01 +00", 1_000_000),
            ("1970-01-01 00:00:01+0000", 1_000_000),
            ("1970-01-01 00:00:01 +00:00", 1_000_000),
            ("1970-01-01T01:00:01+01:00", 1_000_000),
            ("1970-01-01 05:30:01+0530", 1_000_000),
            ("1969-12-31 16:00:01.5-08", 1_500_000),
            ("1969-12-31 23:59:59.25", -750_000),
            ("2016-12-31 23:59:60", 1_483_228_800_000_000),
        ] {
            assert_eq!(timestamp(&text(written)), Some(micros), "{written}");
        }
    }

    #[test]
    fn epoch_numbers_are_seconds_milliseconds_or_microseconds_by_their_size() {
        let expected = Some(1_765_794_600_867_341);
        for value in [
            Value::Real(1_765_794_600.867_341),
            Value::Integer(1_765_794_600_867_341),
            Value::Real(1_765_794_600_867.341),
            text("1765794600.867341"),
            text(" 1765794600,8673414 "),
            text("1765794600867.341"),
            text("1765794600867341"),
            text("1765794600.8673406"),
        ] {
            assert_eq!(timestamp(&value), expected, "{value:?}");
        }
        assert_eq!(timestamp(&Value::Integer(1_765_794_600)), Some(1_765_794_600_000_000));
        assert_eq!(timestamp(&Value::Integer(1_765_794_600_867)), Some(1_765_794_600_867_000));
    }

    #[test]
    fn a_malformed_time_is_refused() {
        for junk in [
            "",
            "yesterday",
            "2025-13-01 00:00:00",
            "2025-02-29 00:00:00",
            "12025-01-01 00:00:00",
            "2025-10-26",
            "2025-10-26 24:00:00",
            "2025-10-26 00:60:00",
            "2025-10-26 0:30:00",
            "2025-10-26 00:30.5",
            "2025-10-26 00:30:00.",
            "2025-10-26 00:30:00:00",
            "2025-10-26 00:30:00 CET",
            "2025-10-26 00:30:00+1",
            "2025-10-26 00:30:00+99:00",
            "26.10.2025 00:30",
            "infinity",
            // A date, a Julian day, a date and a time as digits, and zero.
            "20251026",
            "2460974.5",
            "20251026003000",
            "0",
            "-1765794600",
            "1.7657946e9",
            "ü025-10-26 00:30:00",
        ] {
            assert_eq!(timestamp(&text(junk)), None, "{junk}");
        }
        for junk in [Value::Null, Value::Integer(i64::MAX), Value::Real(f64::NAN), Value::Real(2_460_974.5)] {
            assert_eq!(timestamp(&junk), None, "{junk:?}");
        }
    }

    #[test]
    fn algorithms_have_the_names_of_the_specification() {
        for (theirs, ours) in [("mog2", "MOG2"), ("knn", "KNN"), ("frame_diff", "frame_diff"), ("Vibe", "Vibe")] {
            assert_eq!(algorithm(theirs.to_owned()), ours);
        }
    }
}
