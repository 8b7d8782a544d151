//! The form of a file: what its first lines show about the program that wrote it. Calls no browser API.

use crate::export_params::{BYTE_ORDER_MARK, Delimiter, columns};
use crate::ui::download::fetch::FileEnds;

/// A sign that another program has written the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It is not UTF-8.
    Encoding,
    /// It has the byte-order mark that the export did not have, or the other way round.
    ByteOrderMark,
    /// Its lines end in LF or CR alone.
    LineEnds,
    /// Other separators are between the cells than in the export.
    Separators,
    /// Cells are in quotes that do not need them.
    Quotes,
    /// The times are written in another way.
    Dates,
    /// It has a column more or less than the export.
    Columns,
}

/// The form of a file that has the columns of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileForm {
    /// What separates the cells; `None` if no export has it.
    pub delimiter: Option<Delimiter>,
    /// Whether it begins with a byte-order mark.
    pub bom: bool,
    /// Whether it has the column `local_time`.
    pub excel_date: bool,
    /// Whether its last line has an end.
    pub is_terminated: bool,
    /// What an export never has.
    pub signs: Vec<Sign>,
}

impl FileForm {
    /// Returns the form of a file. `None` if its first line does not have the columns of an export.
    pub fn of(ends: &FileEnds) -> Option<Self> {
        let mut signs = Vec::new();
        let (text, bom) = decode(&ends.start, &mut signs);
        let mut rest = text.as_str();
        if rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep=")) {
            signs.push(Sign::Separators);
            rest = next_line(rest).2;
        }
        let (header, end, rest) = next_line(rest);
        let separators = [Some(Delimiter::Comma), Some(Delimiter::Semicolon), None];
        let (delimiter, excel_date) = separators.into_iter().find_map(|delimiter| {
            let cells = || header.split(separator(delimiter)).map(|cell| cell.trim_matches('"'));
            [false, true]
                .into_iter()
                .find(|excel_date| cells().eq(columns(*excel_date)))
                .map(|found| (delimiter, found))
        })?;
        if delimiter.is_none() {
            signs.push(Sign::Separators);
        }
        if !matches!(end, "\r\n" | "") {
            signs.push(Sign::LineEnds);
        }
        let (row, row_end, _) = next_line(rest);
        let mut cells = row.split(separator(delimiter));
        let local_time = excel_date.then(|| cells.next()).flatten();
        let timestamp = cells.next();
        let is_quoted = |cell: &str| cell.starts_with('"');
        if is_quoted(header) || local_time.into_iter().chain(timestamp).any(is_quoted) {
            signs.push(Sign::Quotes);
        }
        // A row that is cut off has no end.
        let is_wrong =
            |cell: Option<&str>, is_ours: fn(&str) -> bool| cell.is_some_and(|cell| !is_ours(cell.trim_matches('"')));
        if !row_end.is_empty() && (is_wrong(local_time, is_local_time) || is_wrong(timestamp, is_timestamp)) {
            signs.push(Sign::Dates);
        }
        Some(Self { delimiter, bom, excel_date, is_terminated: ends.last == Some(b'\n'), signs })
    }
}

fn separator(delimiter: Option<Delimiter>) -> char {
    delimiter.map_or('\t', |delimiter| char::from(delimiter.byte()))
}

/// Returns the text without its byte-order mark, and whether it has one.
fn decode(start: &[u8], signs: &mut Vec<Sign>) -> (String, bool) {
    if let Some(text) = start.strip_prefix(BYTE_ORDER_MARK) {
        return (String::from_utf8_lossy(text).into_owned(), true);
    }
    let to_units = |to_unit: fn([u8; 2]) -> u16, text: &[u8]| -> Vec<u16> {
        text.chunks_exact(2).map(|pair| to_unit([pair[0], pair[1]])).collect()
    };
    let units = match start {
        [0xff, 0xfe, text @ ..] => to_units(u16::from_le_bytes, text),
        [0xfe, 0xff, text @ ..] => to_units(u16::from_be_bytes, text),
        _ => return (String::from_utf8_lossy(start).into_owned(), false),
    };
    signs.push(Sign::Encoding);
    (String::from_utf16_lossy(&units), false)
}

/// Returns the first line, its end, and what follows.
fn next_line(text: &str) -> (&str, &str, &str) {
    let Some(at) = text.find(['\r', '\n']) else { return (text, "", "") };
    let length = if text[at..].starts_with("\r\n") { 2 } else { 1 };
    (&text[..at], &text[at..at + length], &text[at + length..])
}

/// Whether a text has the pattern, in which `0` stands for a digit.
fn has_pattern(text: &str, pattern: &str) -> bool {
    let fits = |(letter, wanted): (u8, u8)| if wanted == b'0' { letter.is_ascii_digit() } else { letter == wanted };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

fn is_local_time(cell: &str) -> bool {
    has_pattern(cell, "0000-00-00 00:00:00")
}

/// Whether a cell is a timestamp as exports write it.
fn is_timestamp(cell: &str) -> bool {
    let Some((time, offset)) = cell.len().checked_sub(6).and_then(|at| cell.split_at_checked(at)) else { return false };
    (has_pattern(time, "0000-00-00T00:00:00") || has_pattern(time, "0000-00-00T00:00:00.000000"))
        && (has_pattern(offset, "+00:00") || has_pattern(offset, "-00:00"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params::COLUMNS;

    const ROW: &str = "2025-12-15T10:30:00-08:00,a,A,85.5,MOG2,1,2,3,4,z";

    fn of(bytes: &[u8]) -> Option<FileForm> {
        FileForm::of(&FileEnds { start: bytes.to_vec(), last: bytes.last().copied() })
    }

    fn file(row: &str, end: &str) -> String {
        format!("{}{end}{row}{end}", COLUMNS.join(","))
    }

    fn signs(text: &str) -> Vec<Sign> {
        of(text.as_bytes()).expect("the columns of an export").signs
    }

    #[test]
    fn files_of_each_form_that_an_export_has_show_no_sign_of_another_program() {
        let plain = file(ROW, "\r\n");
        let fraction = file("2025-12-15T10:30:00.867341+05:30,a,A,85.5,MOG2,1,2,3,4,z", "\r\n");
        let date = format!("local_time,{}\r\n2025-12-15 10:30:00,{ROW}\r\n", COLUMNS.join(","));
        let empty = format!("{}\r\n", COLUMNS.join(","));
        for (text, delimiter, bom, excel_date) in [
            (plain.clone(), Delimiter::Comma, false, false),
            (fraction, Delimiter::Comma, false, false),
            (format!("\u{feff}{plain}"), Delimiter::Comma, true, false),
            (plain.replace(',', ";"), Delimiter::Semicolon, false, false),
            (date, Delimiter::Comma, false, true),
            (empty, Delimiter::Comma, false, false),
        ] {
            let form = FileForm { delimiter: Some(delimiter), bom, excel_date, is_terminated: true, signs: Vec::new() };
            assert_eq!(of(text.as_bytes()), Some(form), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_shows_no_sign_of_another_program() {
        let whole = file(ROW, "\r\n");
        for length in COLUMNS.join(",").len()..whole.len() {
            let form = of(&whole.as_bytes()[..length]).expect("the columns of an export");
            assert_eq!(form.signs.iter().filter(|sign| **sign != Sign::LineEnds).count(), 0, "{length}");
            assert_eq!(form.is_terminated, whole.as_bytes()[length - 1] == b'\n', "{length}");
        }
    }

    #[test]
    fn a_file_that_another_program_saved_shows_it() {
        let plain = file(ROW, "\r\n");
        let quoted = format!("\"{}\"", plain.trim_end().replace(',', "\",\"").replace("\r\n", "\"\r\n\""));
        for (text, expected) in [
            (file(ROW, "\n"), Sign::LineEnds),
            (file(ROW, "\r"), Sign::LineEnds),
            (plain.replace(',', "\t"), Sign::Separators),
            (format!("sep=,\r\n{plain}"), Sign::Separators),
            (format!("{quoted}\r\n"), Sign::Quotes),
            (file("15.12.2025 10:30,a,A,85.5,MOG2,1,2,3,4,z", "\r\n"), Sign::Dates),
            (file("2025-12-15 10:30:00-08:00,a,A,85.5,MOG2,1,2,3,4,z", "\r\n"), Sign::Dates),
            (file("2025-12-15T18:30:00Z,a,A,85.5,MOG2,1,2,3,4,z", "\r\n"), Sign::Dates),
        ] {
            assert_eq!(signs(&text), [expected], "{text}");
        }
        let date = format!("local_time,{}\r\n15.12.2025 10:30,{ROW}\r\n", COLUMNS.join(","));
        assert_eq!(signs(&date), [Sign::Dates]);
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = format!("\u{feff}{plain}").encode_utf16().flat_map(to_bytes).collect();
            assert_eq!(of(&bytes).expect("the columns of an export").signs, [Sign::Encoding]);
        }
    }

    #[test]
    fn a_file_with_other_columns_has_no_form() {
        for text in ["", "\u{feff}", "time,camera\r\n", "<html>", "\0\0\0", "sep=,"] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(of(b"PK\x03\x04\xff\xfe"), None);
        assert_eq!(of(&[0xff, 0xfe, 0x41]), None);
    }
}
