//! Checks whether a file is a CSV that can be imported. If not, says what it is and how to convert it. Nothing here
//! does I/O.

use csv::{ReaderBuilder, StringRecord};

use crate::export_params::{COLUMNS, Delimiter, columns};
use crate::messages::import_problem::{FileProblem, RowProblem};

/// The first bytes of other file formats, and what they are.
const SIGNATURES: [(&[u8], FileProblem); 16] = [
    (b"\x1f\x8b", FileProblem::Compressed { format: "gzip", program: "gunzip" }),
    (b"\x28\xb5\x2f\xfd", FileProblem::Compressed { format: "zstd", program: "unzstd" }),
    (b"BZh", FileProblem::Compressed { format: "bzip2", program: "bunzip2" }),
    (b"\xfd7zXZ\0", FileProblem::Compressed { format: "xz", program: "unxz" }),
    (b"7z\xbc\xaf\x27\x1c", FileProblem::SevenZip),
    (b"PK\x03\x04", FileProblem::ZipOrSpreadsheet),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileProblem::Spreadsheet),
    (b"SQLite format 3\0", FileProblem::SqliteDatabase),
    (b"PAR1", FileProblem::Parquet),
    (b"%PDF", FileProblem::Pdf),
    (b"<", FileProblem::Html),
    (b"{", FileProblem::JsonObject),
    (b"[", FileProblem::JsonArray),
    (b"\xff\xfe", FileProblem::Utf16),
    (b"\xfe\xff", FileProblem::Utf16),
    (b"\0\0\xfe\xff", FileProblem::Utf16),
];

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns why a file that begins like this is not a CSV, and what to do. `None` if it may be one.
pub fn why_not_csv(start: &[u8]) -> Option<FileProblem> {
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    if text.trim_ascii().is_empty() {
        return Some(match (start.len(), text.len()) {
            (0, _) => FileProblem::Empty,
            (_, 0) => FileProblem::OnlyByteOrderMark,
            _ => FileProblem::OnlyBlanks,
        });
    }
    if let Some((_, problem)) = SIGNATURES.iter().find(|(signature, _)| text.starts_with(signature)) {
        return Some(problem.clone());
    }
    if let Some(separator) = excel_separator(text) {
        return Some(match separator {
            b',' | b';' => FileProblem::SeparatorLine,
            _ => FileProblem::OtherSeparatorLine,
        });
    }
    if matches!(start, [first, second, ..] if (*first == 0) != (*second == 0)) {
        return Some(FileProblem::Utf16);
    }
    let first_end = start.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let is_bare_cr = start[first_end] == b'\r' && start.get(first_end + 1).is_none_or(|next| *next != b'\n');
    is_bare_cr.then_some(FileProblem::CarriageReturns)
}

/// Returns the delimiter of a file that begins like this: semicolon only if its first line then has the columns of an export.
pub fn delimiter_of(start: &[u8]) -> Delimiter {
    let mut reader = ReaderBuilder::new();
    let mut header = StringRecord::new();
    let mut reader = reader.has_headers(false).delimiter(Delimiter::Semicolon.byte()).from_reader(start);
    let is_read = reader.read_record(&mut header).is_ok();
    if is_read && columns_before(&header).is_ok() { Delimiter::Semicolon } else { Delimiter::Comma }
}

/// Returns the separator in a first line for Excel, such as `sep=;`, which may be in quotes.
fn excel_separator(text: &[u8]) -> Option<u8> {
    let line = text.strip_prefix(b"\"").unwrap_or(text);
    let (name, rest) = line.split_at_checked(4)?;
    name.eq_ignore_ascii_case(b"sep=").then(|| rest.first().copied().unwrap_or(b'\n'))
}

/// Returns why a row may not have another number of cells than the first row, and what to do. `before` is the number of
/// columns before those of [`COLUMNS`].
pub fn why_other_width(row: &StringRecord, before: usize, delimiter: Delimiter) -> RowProblem {
    let (fields, columns) = (row.len(), before + COLUMNS.len());
    if fields == 1 && row[0].matches(char::from(delimiter.byte())).count() + 1 >= columns {
        return RowProblem::OneCell { columns };
    }
    let number = |index: usize| {
        let cell = row.get(before + index).unwrap_or_default();
        Some(cell.to_owned()).filter(|cell| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if fields <= columns {
        return RowProblem::TooFewFields { fields, columns };
    }
    match (delimiter, number(3), number(4)) {
        (Delimiter::Comma, Some(whole), Some(fraction)) => {
            RowProblem::DecimalComma { fields, columns, whole, fraction }
        }
        (Delimiter::Comma, ..) => RowProblem::UnquotedComma { fields, columns },
        (Delimiter::Semicolon, ..) => RowProblem::UnquotedSemicolon { fields, columns },
    }
}

/// Returns the number of columns before those of [`COLUMNS`], from the first row.
///
/// # Errors
/// Returns why it is not the first row of an export, and what to do.
pub fn columns_before(header: &StringRecord) -> Result<usize, FileProblem> {
    for with_local_time in [false, true] {
        if header.iter().eq(columns(with_local_time)) {
            return Ok(usize::from(with_local_time));
        }
    }
    let names: Vec<_> = header.iter().collect();
    Err(match names.as_slice() {
        [one] if [false, true].iter().any(|local| one.split(',').map(str::trim).eq(columns(*local))) => {
            FileProblem::QuotedRows
        }
        [one] if one.contains(';') => FileProblem::Semicolons,
        [one] if one.contains('\t') => FileProblem::Tabs,
        ["" | "Unnamed: 0", others @ ..] if others.iter().eq(&COLUMNS) => FileProblem::IndexColumn,
        _ => FileProblem::OtherColumns { columns: COLUMNS.join(",") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Message;

    fn text(problem: impl Into<Message>) -> String {
        problem.into().text
    }

    fn utf_16(text: &str, to_bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn other_file_formats_are_named() {
        let header = COLUMNS.join(",");
        for (start, what) in [
            (b"\x1f\x8b\x08\x00".to_vec(), "gzip"),
            (b"PK\x03\x04\x14\x00".to_vec(), "xlsx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0".to_vec(), "xls"),
            (b"SQLite format 3\0".to_vec(), "import argusai"),
            (b"<!DOCTYPE html>".to_vec(), "HTML"),
            (b"{\"code\":1}".to_vec(), "JSON"),
            (utf_16(&format!("\u{feff}{header}"), u16::to_le_bytes), "UTF-16"),
            (utf_16(&format!("\u{feff}{header}"), u16::to_be_bytes), "UTF-16"),
            (utf_16(&header, u16::to_le_bytes), "UTF-16"),
            (utf_16(&header, u16::to_be_bytes), "UTF-16"),
            (format!("{header}\r2025-12-15T10:30:00Z,a").into_bytes(), "CR alone"),
            (format!("{header}\r").into_bytes(), "CR alone"),
        ] {
            let why = why_not_csv(&start).map(text).unwrap_or_default();
            assert!(why.contains(what) && !why.contains("cut off"), "{what}: {why}");
        }
        for line_end in ["\n", "\r\n"] {
            assert_eq!(why_not_csv(format!("\u{feff}{header}{line_end}").as_bytes()), None);
        }
    }

    #[test]
    fn a_file_without_contents_is_called_empty() {
        for (start, what) in [
            (&b""[..], "the file is empty:"),
            (b"\xef\xbb\xbf", "empty except for its byte order mark"),
            (b"\xef\xbb\xbf\r\n", "empty except for blanks"),
            (b" \n\n", "empty except for blanks"),
        ] {
            let why = why_not_csv(start).map(text).unwrap_or_default();
            assert!(why.contains(what), "{start:?}: {why}");
        }
    }

    #[test]
    fn a_first_line_for_excel_must_be_deleted() {
        for (line, what) in [
            ("sep=,", "delete this line with a text editor, so that"),
            ("\u{feff}sep=,", "delete this line with a text editor, so that"),
            ("SEP=,", "delete this line with a text editor, so that"),
            ("\"sep=,\"", "delete this line with a text editor, so that"),
            ("sep=;", "delete this line with a text editor, so that"),
            ("sep=\t", "a separator that is neither"),
        ] {
            let why =
                why_not_csv(format!("{line}\r\n{}\r\n", COLUMNS.join(",")).as_bytes()).map(text).unwrap_or_default();
            assert!(why.contains("“sep=") && why.contains(what), "{line}: {why}");
        }
    }

    #[test]
    fn a_row_with_another_number_of_cells_is_explained() {
        for (cells, before, what) in [
            (&["t", "a", "A", "85", "5", "MOG2", "1", "2", "3", "4", "z"][..], 0, "decimal points (85.5)"),
            (&["l", "t", "a", "A", "85", "5", "MOG2", "1", "2", "3", "4", "z"], 1, "decimal points (85.5)"),
            (&["t", "a", "A", " rear", "85", "MOG2", "1", "2", "3", "4", "z"], 0, "in double quotes"),
            (&["t", "a", "A", "85"], 0, "it has 4 fields, and the first line has 10"),
            (&["t,a,A,85.5,MOG2,1,2,3,4,z"], 0, "the whole row is one cell in quotes"),
        ] {
            let why = text(why_other_width(&StringRecord::from(cells.to_vec()), before, Delimiter::Comma));
            assert!(why.contains(what), "{cells:?}: {why}");
        }
        for (cells, what) in [
            (
                &["t", "a", "A", "85", "5", "MOG2", "1", "2", "3", "4", "z"][..],
                "that holds a semicolon must be in double quotes",
            ),
            (&["t;a;A;85,5;MOG2;1;2;3;4;z"], "the whole row is one cell in quotes"),
        ] {
            let why = text(why_other_width(&StringRecord::from(cells.to_vec()), 0, Delimiter::Semicolon));
            assert!(why.contains(what), "{cells:?}: {why}");
        }
    }

    #[test]
    fn a_file_with_semicolons_is_known_from_its_first_line() {
        for local_time in ["", "local_time,"] {
            let names = format!("{local_time}{}", COLUMNS.join(","));
            let quoted = format!("\"{}\"", names.replace(',', "\";\""));
            for (line, delimiter) in [
                (names.clone(), Delimiter::Comma),
                (names.replace(',', ";"), Delimiter::Semicolon),
                (quoted, Delimiter::Semicolon),
                (format!("\u{feff}{}", names.replace(',', ";")), Delimiter::Semicolon),
                (names.replace(',', "\t"), Delimiter::Comma),
                (names.replace(',', ";").replace("zone", "place"), Delimiter::Comma),
                (String::new(), Delimiter::Comma),
            ] {
                assert_eq!(delimiter_of(format!("{line}\r\na,b\r\n").as_bytes()), delimiter, "{line}");
            }
        }
        assert_eq!(delimiter_of(b"\xff\xfe;;"), Delimiter::Comma);
    }

    #[test]
    fn the_columns_are_known_from_the_first_row() {
        let header = |text: &str, delimiter: char| StringRecord::from(text.split(delimiter).collect::<Vec<_>>());
        let names = COLUMNS.join(",");
        assert_eq!(columns_before(&header(&names, ',')), Ok(0));
        assert_eq!(columns_before(&header(&format!("local_time,{names}"), ',')), Ok(1));
        for (record, what) in [
            (header("time;camera", ','), "semicolons"),
            (header(&COLUMNS.join("\t"), ','), "TAB"),
            (header(&format!(",{names}"), ','), "index=False"),
            (StringRecord::from(vec![names.clone()]), "one cell in quotes"),
            (StringRecord::from(vec![format!("local_time,{names}")]), "one cell in quotes"),
            (header("time,camera", ','), "first line"),
            (StringRecord::new(), "first line"),
        ] {
            let why = text(columns_before(&record).expect_err(what));
            assert!(why.contains(what), "{why}");
        }
    }
}
