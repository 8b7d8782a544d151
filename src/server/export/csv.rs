//! From rows to the bytes of the file: RFC 4180 with CRLF, quoted only where needed. The only CSV writer; the export
//! URL, the command line and the tests all go through it. No I/O.

use std::collections::HashMap;
use std::fmt::Write;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};

use super::pages::Row;
use super::zone::Zone;
use crate::export::COLUMNS;

/// A row that cannot be written; the export must break, because a file without it would look whole.
#[derive(Debug)]
pub struct EncodeError(String);

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl From<&str> for EncodeError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<std::io::Error> for EncodeError {
    fn from(error: std::io::Error) -> Self {
        Self(format!("the encoder failed: {error}"))
    }
}

/// How rows are written.
#[derive(Debug)]
pub struct Encoder {
    /// The zone of the timestamps.
    pub zone: Zone,
    /// Whether the guard against spreadsheet formulas is off.
    pub raw: bool,
    /// What cameras are called, by id. A camera that is not in here is called by its id.
    pub camera_names: HashMap<String, String>,
}

impl Encoder {
    /// The line that names the columns.
    ///
    /// # Errors
    /// Never for memory; the signature is the csv crate's.
    pub fn header() -> Result<Vec<u8>, EncodeError> {
        let mut writer = writer(Vec::new());
        writer.write_record(COLUMNS).map_err(failed)?;
        finished(writer)
    }

    /// The lines of a page, appended to `bytes`.
    ///
    /// # Errors
    /// Where an event's time is beyond the calendar.
    pub fn rows(&self, rows: &[Row], bytes: Vec<u8>) -> Result<Vec<u8>, EncodeError> {
        let mut writer = writer(bytes);
        let mut text = String::new();
        for row in rows {
            text.clear();
            self.zone.write_timestamp(row.cursor.timestamp, &mut text).ok_or_else(|| {
                EncodeError(format!("event {}: {} µs is beyond the calendar", row.cursor.id, row.cursor.timestamp))
            })?;
            writer.write_field(&text).map_err(failed)?;
            let name = self.camera_names.get(&row.camera_id).unwrap_or(&row.camera_id);
            for cell in [&row.camera_id, name] {
                self.text(&mut writer, &mut text, cell)?;
            }
            number(&mut writer, &mut text, row.confidence)?;
            self.text(&mut writer, &mut text, &row.algorithm)?;
            for side in row.bounding_box {
                number(&mut writer, &mut text, side)?;
            }
            self.text(&mut writer, &mut text, row.zone_id.as_deref().unwrap_or_default())?;
            writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
        finished(writer)
    }

    /// Writes a cell of text, guarded unless raw.
    fn text(&self, writer: &mut Writer<Vec<u8>>, scratch: &mut String, cell: &str) -> Result<(), EncodeError> {
        if self.raw || !is_formula(cell) {
            return writer.write_field(cell).map_err(failed);
        }
        scratch.clear();
        scratch.push('\'');
        scratch.push_str(cell);
        writer.write_field(&*scratch).map_err(failed)
    }
}

/// Whether a spreadsheet could take a cell of text for a formula. The list is OWASP's for CSV injection.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// A cell of text as it was before the guard: the other direction of [`Encoder`], for imports.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Writes a number in its shortest exact form, which is what `Display` gives; nothing where there is none.
fn number(
    writer: &mut Writer<Vec<u8>>,
    scratch: &mut String,
    value: Option<impl std::fmt::Display>,
) -> Result<(), EncodeError> {
    scratch.clear();
    if let Some(value) = value {
        write!(scratch, "{value}").map_err(failed)?;
    }
    writer.write_field(&*scratch).map_err(failed)
}

fn writer(bytes: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(bytes)
}

fn finished(writer: Writer<Vec<u8>>) -> Result<Vec<u8>, EncodeError> {
    writer.into_inner().map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> EncodeError {
    EncodeError(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::query::Cursor;
    use super::*;

    fn row() -> Row {
        Row {
            cursor: Cursor { timestamp: 1_765_823_400_000_000, id: Uuid::nil() },
            camera_id: "abc123".to_owned(),
            confidence: Some(85.5),
            algorithm: "MOG2".to_owned(),
            bounding_box: [Some(100), Some(200), Some(50), Some(80)],
            zone_id: Some("zone-1".to_owned()),
        }
    }

    fn encoder(raw: bool) -> Encoder {
        let camera_names = HashMap::from([("abc123".to_owned(), "Front Door".to_owned())]);
        Encoder { zone: Zone::parse("America/Los_Angeles").expect("a zone"), raw, camera_names }
    }

    fn lines(raw: bool, rows: &[Row]) -> String {
        String::from_utf8(encoder(raw).rows(rows, Vec::new()).expect("encoded")).expect("UTF-8")
    }

    #[test]
    fn the_columns_are_those_of_the_specification_in_its_order() {
        assert_eq!(
            Encoder::header().expect("encoded"),
            b"timestamp,camera_id,camera_name,confidence,algorithm,x,y,width,height,zone_id\r\n"
        );
    }

    #[test]
    fn the_rows_of_the_specification_come_out_as_it_shows_them() {
        let second = Row {
            cursor: Cursor { timestamp: 1_765_823_460_000_000, id: Uuid::nil() },
            confidence: Some(72.3),
            bounding_box: [Some(150), Some(180), Some(40), Some(60)],
            zone_id: None,
            ..row()
        };
        assert_eq!(
            lines(false, &[row(), second]),
            "2025-12-15T10:30:00-08:00,abc123,Front Door,85.5,MOG2,100,200,50,80,zone-1\r\n\
             2025-12-15T10:31:00-08:00,abc123,Front Door,72.3,MOG2,150,180,40,60,\r\n"
        );
    }

    #[test]
    fn what_is_missing_is_empty_and_a_camera_without_a_name_is_called_by_its_id() {
        let bare =
            Row { camera_id: "gone".to_owned(), confidence: None, bounding_box: [None; 4], zone_id: None, ..row() };
        assert_eq!(lines(false, &[bare]), "2025-12-15T10:30:00-08:00,gone,gone,,MOG2,,,,,\r\n");
    }

    #[test]
    fn confidence_is_written_in_its_shortest_exact_form() {
        for (value, text) in
            [(29.0, "29"), (0.0, "0"), (100.0, "100"), (68.969_697_265_625, "68.969697265625"), (1e-7, "0.0000001")]
        {
            let written = lines(false, &[Row { confidence: Some(value), ..row() }]);
            assert_eq!(written.split(',').nth(3), Some(text));
        }
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        let awkward =
            Row { algorithm: "a \"b\", c\r\nd".to_owned(), zone_id: Some("no need; none".to_owned()), ..row() };
        let written = lines(false, &[awkward]);
        assert!(written.contains(",\"a \"\"b\"\", c\r\nd\","), "{written}");
        assert!(written.ends_with(",no need; none\r\n"), "{written}");
    }

    #[test]
    fn text_that_could_be_a_formula_is_guarded_unless_raw_and_numbers_never_are() {
        for dangerous in ["=1+1", "+1", "-1", "@SUM", "\tx", "\rx", "\nx"] {
            let cell = Row {
                zone_id: Some(dangerous.to_owned()),
                bounding_box: [Some(-5), Some(-6), Some(1), Some(1)],
                ..row()
            };
            let read = |raw| {
                let text = lines(raw, std::slice::from_ref(&cell));
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
                reader.records().next().expect("a record").expect("valid")
            };
            assert_eq!(&read(false)[9], format!("'{dangerous}"));
            assert_eq!(&read(true)[9], dangerous);
            assert_eq!(&read(false)[5], "-5");
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_an_error_and_not_a_missing_row() {
        let broken = Row { cursor: Cursor { timestamp: i64::MAX, id: Uuid::nil() }, ..row() };
        let error = encoder(false).rows(&[row(), broken], Vec::new()).expect_err("unreadable");
        assert!(error.to_string().contains("beyond the calendar"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_a_csv_reader(cells in proptest::collection::vec("\\PC*|[\"',;=@+\r\n\t-]{0,6}", 3)) {
            let written = Row {
                camera_id: cells[0].clone(),
                algorithm: cells[1].clone(),
                zone_id: Some(cells[2].clone()),
                ..row()
            };
            for raw in [false, true] {
                let text = lines(raw, std::slice::from_ref(&written));
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
                let records = reader.records().collect::<Result<Vec<_>, _>>().expect("valid CSV");
                prop_assert_eq!(records.len(), 1);
                for (column, cell) in [(1, &cells[0]), (4, &cells[1]), (9, &cells[2])] {
                    let read = &records[0][column];
                    // Only a cell that looked guarded before it was written cannot be told from one that is.
                    let expected = if raw { read == cell } else { unguarded(read) == unguarded(cell) };
                    prop_assert!(expected, "{:?} came back as {:?}", cell, read);
                }
            }
        }
    }
}
