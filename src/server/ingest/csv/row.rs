//! Converts rows of a CSV to events, as this program writes them and as other tools do. Nothing here does I/O.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDate};
use csv::StringRecord;
use uuid::Uuid;

use super::column;
use super::format::why_other_width;
use super::number::with_decimal_point;
use super::scale::Scale;
use crate::export_params::{COLUMNS, Delimiter};
use crate::messages::import::ImportFinding;
use crate::messages::import_problem::RowProblem;
use crate::server::db::entity::motion_event::WRITABLE_YEARS;
use crate::server::formula_guard::unguard;
use crate::server::ingest::argusai;
use crate::server::ingest::event::Event;
use crate::server::ingest::summary::Summary;

/// The length of `2025-12-15T10:30:00`, in bytes.
const DATE_AND_TIME: usize = 19;

/// How to read the rows of a file.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// The number of columns before those of [`COLUMNS`].
    pub before: usize,
    /// The scale of the confidences.
    pub scale: Scale,
    /// Whether text cells lack the guard against formulas.
    pub raw: bool,
    /// What separates the cells, and with it how numbers are written.
    pub delimiter: Delimiter,
}

impl Rows {
    /// Reads a row. The event has no id yet.
    ///
    /// # Errors
    /// Returns an error if a cell cannot be read, with its column and what is expected.
    pub fn event(self, record: &StringRecord, summary: &mut Summary) -> Result<Event, RowProblem> {
        if record.len() != self.before + COLUMNS.len() {
            return Err(why_other_width(record, self.before, self.delimiter));
        }
        let value = |index: usize| (COLUMNS[index], self.cell(record, index).to_owned());
        let side = |index: usize| match &*self.number(record, index) {
            "" => Ok(None),
            digits => whole(digits).map(Some).ok_or_else(|| {
                let (column, value) = value(index);
                RowProblem::NotWhole { column, value }
            }),
        };
        let not_in_range = |max: u8| {
            let (column, value) = value(column::CONFIDENCE);
            RowProblem::NotInRange { column, value, max }
        };
        let timestamp = self.cell(record, column::TIMESTAMP);
        let timestamp = parse_time(timestamp, self.scale).ok_or_else(|| why_not_a_time(timestamp))?;
        let confidence = match (&*self.number(record, column::CONFIDENCE), self.scale) {
            ("", _) => None,
            (digits, Scale::Percent) => Some(number(digits, 100.0).ok_or_else(|| not_in_range(100))?),
            (digits, Scale::Fraction) => {
                let fraction = number(digits, 1.0).ok_or_else(|| not_in_range(1))?;
                summary.repair(ImportFinding::FractionConverted, Some(digits));
                Some(argusai::percent(fraction))
            }
        };
        let camera_id = self.text(record, column::CAMERA_ID);
        if camera_id.is_empty() {
            return Err(RowProblem::WithoutCamera);
        }
        let algorithm = self.text(record, column::ALGORITHM).into_owned();
        let algorithm = match self.scale {
            Scale::Percent => algorithm,
            Scale::Fraction => {
                let ours = argusai::algorithm(algorithm.clone());
                if ours != algorithm {
                    summary.repair(ImportFinding::DetectorConverted, Some(&algorithm));
                }
                ours
            }
        };
        Ok(Event {
            timestamp,
            id: Uuid::nil(),
            camera_id: camera_id.into_owned(),
            confidence,
            algorithm,
            x: side(column::X)?,
            y: side(column::Y)?,
            width: side(column::WIDTH)?,
            height: side(column::HEIGHT)?,
            zone_id: Some(self.text(record, column::ZONE_ID)).filter(|zone| !zone.is_empty()).map(Cow::into_owned),
        })
    }

    /// Returns the name of the row's camera.
    pub fn camera_name(self, record: &StringRecord) -> Cow<'_, str> {
        self.text(record, column::CAMERA_NAME)
    }

    /// Returns a cell as it is. `index` is that of its column in [`COLUMNS`].
    fn cell(self, record: &StringRecord, index: usize) -> &str {
        record.get(self.before + index).unwrap_or_default()
    }

    /// Returns the cell of a number, with a decimal point.
    fn number(self, record: &StringRecord, index: usize) -> Cow<'_, str> {
        with_decimal_point(self.cell(record, index), self.delimiter)
    }

    /// Returns a text cell.
    fn text(self, record: &StringRecord, index: usize) -> Cow<'_, str> {
        let cell = self.cell(record, index);
        // ArgusAI writes no guard.
        if self.raw || self.scale == Scale::Fraction { Cow::Borrowed(cell) } else { unguard(cell, self.delimiter) }
    }
}

/// Returns microseconds since 1970-01-01T00:00:00Z. ArgusAI's times without offset are UTC.
fn parse_time(text: &str, scale: Scale) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.or_else(|error| DateTime::parse_from_rfc3339(&as_rfc3339(text, scale).ok_or(error)?)).ok()?;
    WRITABLE_YEARS.contains(&time.to_utc().year()).then(|| time.timestamp_micros())
}

/// Returns why a text is not a timestamp.
fn why_not_a_time(cell: &str) -> RowProblem {
    let value = cell.to_owned();
    let text = cell.trim();
    let part = |range: Range<usize>| {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<u32>().ok()
    };
    let is_date = text.get(4..5) == Some("-") && text.get(7..8) == Some("-") && part(8..10).is_some();
    if let (true, Some(year), Some(month), Some(day)) = (is_date, part(0..4), part(5..7), part(8..10)) {
        let year = year.try_into().unwrap_or_default();
        if NaiveDate::from_ymd_opt(year, month, day).is_none() {
            return RowProblem::NoSuchDate { value };
        }
        if !WRITABLE_YEARS.contains(&year) {
            return RowProblem::YearOutOfRange { value };
        }
        match (part(11..13), part(14..16), part(17..19)) {
            (Some(24..), ..) => return RowProblem::NoSuchHour { value },
            (_, Some(60..), _) | (.., Some(61..)) => return RowProblem::NoSuchMinute { value },
            _ => {}
        }
    }
    RowProblem::TimeExpected { value }
}

/// Returns the RFC 3339 form of what other tools write (`2025-12-15 10:30:00+0000`, `+00`, ` UTC`).
fn as_rfc3339(text: &str, scale: Scale) -> Option<String> {
    let (date_and_time, rest) = text.trim().split_at_checked(DATE_AND_TIME)?;
    let digits = rest.strip_prefix('.').map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
    let (fraction, offset) = rest.split_at(digits);
    let offset = offset.trim_start();
    let offset = match (offset.len(), offset.is_ascii()) {
        (0, _) if scale == Scale::Fraction => "Z".to_owned(),
        (3, true) if offset.starts_with(['+', '-']) => format!("{offset}:00"),
        (3, true) if offset == "UTC" => "Z".to_owned(),
        (5, true) => format!("{}:{}", &offset[..3], &offset[3..]),
        _ => offset.to_owned(),
    };
    let (date, time) = date_and_time.split_once([' ', 'T', 't'])?;
    Some(format!("{date}T{time}{fraction}{offset}"))
}

/// Parses a number from 0 to `max`. A negative zero becomes zero, because SQLite has no negative zero.
fn number(digits: &str, max: f64) -> Option<f64> {
    digits.parse::<f64>().ok().filter(|value| (0.0..=max).contains(value)).map(|value| value + 0.0)
}

/// Parses a whole number, also with a fraction of zero, which pandas writes for columns with empty cells.
fn whole(digits: &str) -> Option<i32> {
    let whole = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Message;

    const OURS: Rows = Rows { before: 0, scale: Scale::Percent, raw: false, delimiter: Delimiter::Comma };
    const ARGUSAI: Rows = Rows { scale: Scale::Fraction, ..OURS };
    const GOOD: [&str; 10] = ["2025-12-15T10:30:00-08:00", "a", "A", "85.5", "MOG2", "1", "2", "3", "4", "z"];

    fn read(rows: Rows, cells: &[&str]) -> Result<Event, Message> {
        Ok(rows.event(&StringRecord::from(cells.to_vec()), &mut Summary::default())?)
    }

    fn with(index: usize, cell: &str) -> Result<Event, Message> {
        let mut cells = GOOD;
        cells[index] = cell;
        read(OURS, &cells)
    }

    #[test]
    fn a_time_with_any_offset_is_the_same_moment() {
        for same in [
            "2025-12-15T18:30:00+00:00",
            "2025-12-15T18:30:00Z",
            "2025-12-15T18:30:00+0000",
            "2025-12-15T10:30:00-0800",
            "2025-12-15T18:30:00+00",
            "2025-12-15 10:30:00-08",
            "2025-12-15 18:30:00.000+00",
            "2025-12-15 18:30:00+00:00",
            "2025-12-15 18:30:00.000000000+00:00",
            "2025-12-15 18:30:00 +0000",
            "2025-12-15 18:30:00 UTC",
            " 2025-12-15T18:30:00Z ",
        ] {
            assert_eq!(with(0, same).expect(same), read(OURS, &GOOD).expect("valid"), "{same}");
        }
        let fraction = with(0, "2025-12-15 10:30:00.867341-0800").expect("valid").timestamp;
        assert_eq!(fraction, 1_765_823_400_867_341);
    }

    #[test]
    fn a_cell_that_cannot_be_read_is_named() {
        for (index, bad) in [
            (0, "15.12.2025 10:30"),
            (0, "2025-12-15T10:30:00"),
            (0, "2025-12-15 10:30:00+1"),
            (0, "2025-12-15 10:30:00 CET"),
            (0, "2025-12-15 10:30:0ü+00"),
            (0, "10000-01-01T00:00:00Z"),
            (3, "101"),
            (3, "high"),
            (3, "NaN"),
            (3, "85,5"),
            (5, "1.5"),
            (5, "1."),
            (5, ".0"),
            (8, "99999999999"),
        ] {
            let error = with(index, bad).expect_err(bad).to_string();
            assert!(error.contains(COLUMNS[index]) && error.contains(bad), "{error}");
        }
        assert!(with(1, "").expect_err("empty").to_string().contains("camera_id"));
        let error = read(OURS, &GOOD[..4]).expect_err("short").to_string();
        assert!(error.contains("4 fields"), "{error}");
    }

    #[test]
    fn a_time_that_does_not_exist_is_reported_as_such() {
        for (bad, why) in [
            ("2025-02-30T00:00:00Z", "a date that does not exist"),
            ("2025-13-01 00:00:00+00", "a date that does not exist"),
            ("2025-02-30", "a date that does not exist"),
            ("2025-12-15T24:00:00Z", "an hour that does not exist"),
            ("2025-12-15 24:00:00+00", "an hour that does not exist"),
            ("2025-12-15T10:60:00Z", "a minute or a second that does not exist"),
            ("2025-12-15T10:30:61Z", "a minute or a second that does not exist"),
            ("0001-01-01T00:00:00Z", "the years that an export can hold"),
            ("2025-12-15T10:30:00", "is not a time with an offset"),
            ("2025-12-15", "is not a time with an offset"),
            ("ü025-12-15T10:30:00Z", "is not a time with an offset"),
        ] {
            let error = with(0, bad).expect_err(bad).to_string();
            assert!(error.contains(why) && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn whole_numbers_may_have_a_fraction_of_zero() {
        for (cell, expected) in [("785.0", Some(785)), ("785.00", Some(785)), ("-4.0", Some(-4)), ("", None)] {
            assert_eq!(with(5, cell).expect(cell).x, expected);
        }
    }

    #[test]
    fn a_negative_zero_becomes_zero() {
        for zero in ["0", "-0", "-0.0"] {
            let confidence = with(3, zero).expect("valid").confidence;
            assert_eq!(confidence.map(f64::to_bits), Some(0.0_f64.to_bits()), "{zero}");
        }
    }

    #[test]
    fn the_formula_guard_is_removed_unless_the_file_is_raw() {
        let mut cells = GOOD;
        cells[9] = "'=1+1";
        assert_eq!(read(OURS, &cells).expect("valid").zone_id.as_deref(), Some("=1+1"));
        assert_eq!(read(Rows { raw: true, ..OURS }, &cells).expect("valid").zone_id.as_deref(), Some("'=1+1"));
        cells[3] = "0.5";
        assert_eq!(read(ARGUSAI, &cells).expect("valid").zone_id.as_deref(), Some("'=1+1"), "ArgusAI guards nothing");
    }

    #[test]
    fn a_file_with_semicolons_has_decimal_commas_and_its_own_guard() {
        let semicolons = Rows { delimiter: Delimiter::Semicolon, ..OURS };
        let mut cells = GOOD;
        (cells[3], cells[5], cells[9]) = ("85,5", "1,0", "a,'=1");
        let event = read(semicolons, &cells).expect("valid");
        assert_eq!((event.confidence, event.x, event.zone_id.as_deref()), (Some(85.5), Some(1), Some("a,=1")));
        assert_eq!(read(semicolons, &GOOD).expect("valid"), read(OURS, &GOOD).expect("valid"), "decimal points, too");
        cells[3] = "1,234,5";
        assert!(read(semicolons, &cells).expect_err("two commas").to_string().contains("confidence"));
        assert_eq!(read(OURS, &[&GOOD[..9], &["a,'=1"]].concat()).expect("valid").zone_id.as_deref(), Some("a,'=1"));
    }

    #[test]
    fn a_column_of_local_time_is_skipped() {
        let cells = [&["15.12.2025 10:30"][..], &GOOD].concat();
        let event = read(Rows { before: 1, ..OURS }, &cells).expect("valid");
        assert_eq!(event, read(OURS, &GOOD).expect("valid"));
    }

    #[test]
    fn rows_of_argusai_are_converted_to_our_scale_and_names() {
        let cells = ["2025-12-15T10:30:00.867341", "a", "A", "0.29", "mog2", "10", "20", "30", "40", ""];
        let mut summary = Summary::default();
        let event = ARGUSAI.event(&StringRecord::from(cells.to_vec()), &mut summary).expect("valid");
        assert_eq!((event.timestamp, event.confidence), (1_765_794_600_867_341, Some(29.0)));
        assert_eq!((&*event.algorithm, event.zone_id), ("MOG2", None));
        for (reason, first) in [(ImportFinding::FractionConverted, "0.29"), (ImportFinding::DetectorConverted, "mog2")]
        {
            let finding = &summary.repaired[&reason];
            assert_eq!((finding.count, finding.first.as_deref()), (1, Some(first)));
        }
        let error = read(ARGUSAI, &GOOD).expect_err("above 1").to_string();
        assert!(error.contains("from 0 to 1"), "{error}");
    }
}
