//! Finds out whether the confidences of a file are percentages, as this program exports them, or fractions, as in
//! ArgusAI's CSV, which has the same columns.
//!
//! The two differ in three ways. Our timestamps always have a numeric offset; ArgusAI's end in `Z` or have none (on
//! PostgreSQL, older versions wrote `+00:00`). Our names of its detectors are `MOG2` and `KNN`, and its own are `mog2`
//! and `knn`. And its confidences are never above 1. If these signs contradict each other, the scale is unknown. A
//! detector with another name proves nothing about a file whose times are in UTC: a later version of ArgusAI may have
//! it.

use std::io::Read;

use clap::ValueEnum;
use csv::ByteRecord;

use super::column;
use super::number::with_decimal_point;
use crate::export_params::{COLUMNS, Delimiter};
use crate::messages::Message;
use crate::messages::import_problem::FileProblem;

/// The scale of confidences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scale {
    /// From 0 to 100, as this program exports them.
    Percent,
    /// From 0 to 1, as in ArgusAI's own CSV, whose text cells have no guard against formulas.
    Fraction,
}

/// The signs in the rows of a file from which its scale is known.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the signs are independent of each other")]
struct Signs {
    /// A confidence above 1.
    above_one: bool,
    /// A confidence above 0 and up to 1.
    up_to_one: bool,
    /// A timestamp with a numeric offset.
    offset: bool,
    /// A timestamp that ends in `Z` or has no offset.
    utc: bool,
    /// A detector called `mog2` or `knn`.
    lower_case: bool,
    /// A detector called `MOG2` or `KNN`.
    upper_case: bool,
    /// A detector with another name.
    unknown: bool,
}

impl Signs {
    /// Adds the signs of a row. `before` is the number of columns before those of [`COLUMNS`].
    fn add(&mut self, row: &ByteRecord, before: usize, delimiter: Delimiter) {
        // The import refuses a row with another number of cells, with the reason. Such a row is not a sign.
        if row.len() != before + COLUMNS.len() {
            return;
        }
        let cell = |index: usize| row.get(before + index).unwrap_or_default();
        let (timestamp, confidence, algorithm) =
            (cell(column::TIMESTAMP), cell(column::CONFIDENCE), cell(column::ALGORITHM));
        let confidence = std::str::from_utf8(confidence)
            .ok()
            .and_then(|text| with_decimal_point(text, delimiter).parse::<f64>().ok());
        self.above_one |= confidence.is_some_and(|value| value > 1.0);
        self.up_to_one |= confidence.is_some_and(|value| value > 0.0 && value <= 1.0);
        let has_offset = timestamp.get(19..).is_some_and(|rest| rest.contains(&b'+') || rest.contains(&b'-'));
        self.offset |= has_offset;
        self.utc |= !has_offset;
        match algorithm {
            b"mog2" | b"knn" => self.lower_case = true,
            b"MOG2" | b"KNN" => self.upper_case = true,
            b"frame_diff" => {}
            _ => self.unknown = true,
        }
    }

    /// Whether no further row can change the scale.
    fn are_settled(self) -> bool {
        self.above_one && self.offset
    }

    /// Returns the scale; `None` if it is unknown.
    fn scale(self) -> Option<Scale> {
        let Self { above_one, up_to_one, offset, utc, lower_case, upper_case, unknown } = self;
        let not_of_argusai = upper_case || unknown;
        match self {
            // A single confidence that ArgusAI could not have written, in a file that otherwise looks like ArgusAI's.
            _ if above_one && up_to_one && lower_case && !offset && !not_of_argusai => None,
            _ if above_one => Some(Scale::Percent),
            _ if lower_case && utc && !offset && !not_of_argusai => Some(Scale::Fraction),
            _ if !up_to_one => Some(Scale::Percent),
            _ if !lower_case && (upper_case || unknown && offset) => Some(Scale::Percent),
            _ => None,
        }
    }
}

/// Finds out the scale of the rows after the header. Reads only as far as necessary: usually one row of an export of
/// this program. `before` is the number of columns before those of [`COLUMNS`].
///
/// # Errors
/// Returns an error if the scale is unknown, or the file cannot be read.
pub fn of<R: Read>(reader: &mut csv::Reader<R>, before: usize, delimiter: Delimiter) -> anyhow::Result<Scale> {
    let mut row = ByteRecord::new();
    let mut signs = Signs::default();
    while !signs.are_settled() && reader.read_byte_record(&mut row)? {
        signs.add(&row, before, delimiter);
    }
    signs.scale().ok_or_else(|| Message::from(FileProblem::ScaleUnknown).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds out the scale of rows of timestamp, confidence and detector.
    fn scale(rows: &[[&str; 3]]) -> Option<Scale> {
        for local_time in ["", "2025-12-15 10:30:00,"] {
            let line = |[timestamp, confidence, detector]: &[&str; 3]| {
                format!("{local_time}{timestamp},a,A,{confidence},{detector},1,2,3,4,\n")
            };
            let file = rows.iter().map(line).collect::<String>();
            let before = usize::from(!local_time.is_empty());
            let found = of(&mut super::super::reader(file.as_bytes(), Delimiter::Comma), before, Delimiter::Comma).ok();
            if !local_time.is_empty() {
                return found;
            }
        }
        None
    }

    const Z: &str = "2025-12-15T10:30:00.867341Z";
    const NAIVE: &str = "2025-12-15T10:30:00.867341";
    const OFFSET: &str = "2025-12-15T10:30:00-08:00";
    const ZERO_OFFSET: &str = "2025-12-15T10:30:00.867341+00:00";

    #[test]
    fn the_scale_is_known_from_the_contents() {
        for (rows, expected) in [
            // ArgusAI's, by its newer and its older versions.
            (&[[Z, "0.855", "mog2"]][..], Some(Scale::Fraction)),
            (&[[NAIVE, "1.0", "knn"], [NAIVE, "0.5", "frame_diff"]], Some(Scale::Fraction)),
            (&[[Z, "", "mog2"]], Some(Scale::Fraction)),
            // Ours.
            (&[[OFFSET, "85.5", "MOG2"]], Some(Scale::Percent)),
            (&[[OFFSET, "0.5", "MOG2"]], Some(Scale::Percent)),
            (&[[OFFSET, "1", "yolo"]], Some(Scale::Percent)),
            (&[[OFFSET, "0", "frame_diff"]], Some(Scale::Percent)),
            (&[[OFFSET, "", "frame_diff"]], Some(Scale::Percent)),
            (&[[OFFSET, "0.5", "frame_diff"], [OFFSET, "70", "frame_diff"]], Some(Scale::Percent)),
            (&[[ZERO_OFFSET, "72", "mog2"]], Some(Scale::Percent)),
            (&[], Some(Scale::Percent)),
            // Ours, after another tool saved it.
            (&[[Z, "85.5", "MOG2"]], Some(Scale::Percent)),
            (&[[Z, "0.5", "MOG2"]], Some(Scale::Percent)),
            (&[[Z, "85.5", "mog2"]], Some(Scale::Percent)),
            (&[[Z, "0.5", "MOG2"], [Z, "0.5", "vibe"]], Some(Scale::Percent)),
            (&[[Z, "85.5", "vibe"]], Some(Scale::Percent)),
            (&[[Z, "", "vibe"]], Some(Scale::Percent)),
            // Of either.
            (&[[ZERO_OFFSET, "0.855", "mog2"]], None),
            (&[[ZERO_OFFSET, "0.855", "frame_diff"]], None),
            (&[[Z, "0.855", "frame_diff"]], None),
            (&[[Z, "0.855", "vibe"]], None),
            (&[[NAIVE, "0.855", "Vibe"]], None),
            (&[[Z, "0.855", ""]], None),
            (&[[Z, "0.855", "mog2"], [Z, "0.855", "vibe"]], None),
            (&[[Z, "0.855", "vibe"], [Z, "0.855", "frame_diff"]], None),
            (&[[Z, "0.855", "mog2"], [Z, "0.5", "MOG2"]], None),
            (&[[Z, "0.855", "mog2"], [OFFSET, "0.5", "mog2"]], None),
            (&[[Z, "0.855", "mog2"], [Z, "7.5", "mog2"]], None),
        ] {
            assert_eq!(scale(rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn a_file_of_unknown_scale_is_refused_with_the_option_to_use() {
        let file = &b"2025-12-15T10:30:00+00:00,a,A,0.5,mog2,,,,,\n"[..];
        let error = of(&mut super::super::reader(file, Delimiter::Comma), 0, Delimiter::Comma)
            .expect_err("unknown")
            .to_string();
        assert!(error.contains("--confidence fraction") && error.contains("--confidence percent"), "{error}");
    }
}
