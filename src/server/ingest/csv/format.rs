//! Checks whether a file is a CSV that can be imported. If not, says what it is and how to convert it. Nothing here
//! does I/O.

use csv::{ReaderBuilder, StringRecord};

use crate::export_params::{COLUMNS, Delimiter, columns};

/// The first bytes of other file formats, what they are, and what to do.
const SIGNATURES: [(&[u8], &str); 16] = [
    (b"\x1f\x8b", "it is compressed with gzip; decompress it first, for example with gunzip"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd; decompress it first, for example with unzstd"),
    (b"BZh", "it is compressed with bzip2; decompress it first, for example with bunzip2"),
    (b"\xfd7zXZ\0", "it is compressed with xz; decompress it first, for example with unxz"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7-Zip archive; extract the CSV first"),
    (
        b"PK\x03\x04",
        "it is a ZIP archive or a spreadsheet (xlsx, ods); extract the CSV, or save the spreadsheet as “CSV UTF-8 (Comma \
         delimited)” in Excel, or as “Text CSV” with UTF-8 and the field delimiter “,” in Calc",
    ),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "it is a spreadsheet (xls); save it as “CSV UTF-8 (Comma delimited)” in Excel, or as “Text CSV” with UTF-8 and the \
         field delimiter “,” in Calc",
    ),
    (
        b"SQLite format 3\0",
        "it is an SQLite database; import ArgusAI's with “import argusai”, and Frigate's with “import frigate”",
    ),
    (b"PAR1", "it is a Parquet file; write it as CSV first, for example with DuckDB"),
    (b"%PDF", "it is a PDF; import the CSV itself"),
    (b"<", "it is an HTML or XML page, not a CSV; fetch the file again, with a valid access token"),
    (b"{", "it is JSON, not a CSV; if it is an error response, it says what was wrong with the request"),
    (b"[", "it is JSON, not a CSV"),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    (b"\0\0\xfe\xff", UTF_16),
];

const UTF_16: &str = "its text encoding is UTF-16 or UTF-32; save it as UTF-8: in Excel as “CSV UTF-8 (Comma delimited)” and \
                      not as “Unicode Text”, in PowerShell with “-Encoding utf8”";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const EMPTY: &str = "the file is empty: even the first line of an export is missing; export it again, or check whether the \
                     program that wrote it failed";

const ONLY_BYTE_ORDER_MARK: &str = "the file is empty except for its byte order mark: even the first line of an export is \
                                    missing; export it again, or check whether the program that wrote it failed";

const ONLY_BLANKS: &str = "the file is empty except for blanks and line ends: even the first line of an export is missing; \
                           export it again, or check whether the program that wrote it failed";

const SEP: &str = "its first line begins with “sep=”, which is for Excel alone; delete this line with a text editor, so that the file \
                   begins with the names of the columns";

const SEP_OTHER: &str = "its first line begins with “sep=”, which is for Excel alone, and names a separator that is \
                         neither comma nor semicolon; delete this line with a text editor, and save the file with commas \
                         between the cells and decimal points: in Calc as “Text CSV” with the field delimiter “,”; or import the exported file as \
                         it was";

const QUOTED_ROWS: &str = "each of its lines is one cell in quotes";

const SAVE_AGAIN: &str = "a spreadsheet writes this for a CSV that it opened as a single column: open the exported file with the \
                         separator “,” (in Excel with Data → From Text/CSV) and save it again, or import the exported file as \
                         it was";

const BARE_CR: &str = "its lines end in CR alone, as on old Macintosh systems; save it with line ends LF or CRLF: in Excel as \
                       “CSV UTF-8 (Comma delimited)” and not as “CSV (Macintosh)”";

const SEMICOLONS: &str = "its cells are separated by semicolons, and its first line does not have the names of the columns of \
                          an export; import the exported file as it was";

const TABS: &str = "its cells are separated by TAB; save it with commas between the cells, as CSV";

const INDEX: &str = "it has a column without a name before the others, such as pandas' index; write it with to_csv(…, \
                     index=False)";

/// Returns why a file that begins like this is not a CSV, and what to do. `None` if it may be one.
pub fn why_not_csv(start: &[u8]) -> Option<&'static str> {
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    if text.trim_ascii().is_empty() {
        return Some(match (start.len(), text.len()) {
            (0, _) => EMPTY,
            (_, 0) => ONLY_BYTE_ORDER_MARK,
            _ => ONLY_BLANKS,
        });
    }
    let named = SIGNATURES.iter().find(|(signature, _)| text.starts_with(signature)).map(|(_, why)| *why);
    if named.is_some() {
        return named;
    }
    if let Some(separator) = excel_separator(text) {
        return Some(if matches!(separator, b',' | b';') { SEP } else { SEP_OTHER });
    }
    if matches!(start, [first, second, ..] if (*first == 0) != (*second == 0)) {
        return Some(UTF_16);
    }
    let first_end = start.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let is_bare_cr = start[first_end] == b'\r' && start.get(first_end + 1).is_none_or(|next| *next != b'\n');
    is_bare_cr.then_some(BARE_CR)
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
pub fn why_other_width(row: &StringRecord, before: usize, delimiter: Delimiter) -> String {
    let columns = before + COLUMNS.len();
    let (separator, name) = match delimiter {
        Delimiter::Comma => (',', "comma"),
        Delimiter::Semicolon => (';', "semicolon"),
    };
    if row.len() == 1 && row[0].matches(separator).count() + 1 >= columns {
        return format!("the whole row is one cell in quotes, and the first line has {columns} cells; {SAVE_AGAIN}");
    }
    let counts = format!("it has {} fields, and the first line has {columns}", row.len());
    let is_number = |index: usize| {
        let cell = row.get(before + index).unwrap_or_default();
        !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
    };
    if delimiter == Delimiter::Comma && row.len() > columns && is_number(3) && is_number(4) {
        let (whole, fraction) = (&row[before + 3], &row[before + 4]);
        format!(
            "{counts}: its confidence is written with a decimal comma (“{whole},{fraction}”), which separates cells here; \
             save the file with decimal points ({whole}.{fraction}), or import the exported file as it was"
        )
    } else if row.len() > columns {
        format!("{counts}; a text that holds a {name} must be in double quotes")
    } else {
        counts
    }
}

/// Returns the number of columns before those of [`COLUMNS`], from the first row.
///
/// # Errors
/// Returns why it is not the first row of an export, and what to do.
pub fn columns_before(header: &StringRecord) -> Result<usize, String> {
    for with_local_time in [false, true] {
        if header.iter().eq(columns(with_local_time)) {
            return Ok(usize::from(with_local_time));
        }
    }
    let expected = COLUMNS.join(",");
    let names: Vec<_> = header.iter().collect();
    let why = match names.as_slice() {
        [one] if [false, true].iter().any(|local| one.split(',').map(str::trim).eq(columns(*local))) => {
            return Err(format!("{QUOTED_ROWS}; {SAVE_AGAIN}"));
        }
        [one] if one.contains(';') => SEMICOLONS,
        [one] if one.contains('\t') => TABS,
        ["" | "Unnamed: 0", others @ ..] if others.iter().eq(&COLUMNS) => INDEX,
        _ => return Err(format!("its first line is not {expected}")),
    };
    Err(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let why = why_not_csv(&start).unwrap_or_default();
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
            let why = why_not_csv(start).unwrap_or_default();
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
            let why = why_not_csv(format!("{line}\r\n{}\r\n", COLUMNS.join(",")).as_bytes()).unwrap_or_default();
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
            let why = why_other_width(&StringRecord::from(cells.to_vec()), before, Delimiter::Comma);
            assert!(why.contains(what), "{cells:?}: {why}");
        }
        for (cells, what) in [
            (
                &["t", "a", "A", "85", "5", "MOG2", "1", "2", "3", "4", "z"][..],
                "that holds a semicolon must be in double quotes",
            ),
            (&["t;a;A;85,5;MOG2;1;2;3;4;z"], "the whole row is one cell in quotes"),
        ] {
            let why = why_other_width(&StringRecord::from(cells.to_vec()), 0, Delimiter::Semicolon);
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
            let why = columns_before(&record).expect_err(what);
            assert!(why.contains(what), "{why}");
        }
    }
}
