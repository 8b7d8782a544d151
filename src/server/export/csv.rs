//! Encodes rows as CSV: RFC 4180 with CRLF, quoted only if needed. The only CSV writer: the export URL, the command line and
//! the tests use it. No I/O.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use rustc_hash::FxHashMap;

use super::event::Row;
use super::timezone::{TimeZone, TimestampFormatter};
use crate::export_params::columns;
use crate::server::formula_guard;

/// The maximum number of cached cells: detectors and zones are few.
const MAX_CACHED_CELLS: usize = 1_024;

/// The maximum length of a cached cell, in bytes.
const MAX_CACHED_CELL_BYTES: usize = 64;

/// The end of a line in RFC 4180.
const LINE_END: &[u8] = b"\r\n";

/// The error for a row that cannot be encoded. The export must be aborted, because a file without the row would look complete.
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

/// Encodes rows. The csv crate decides what is quoted. Cells that repeat (cameras, detectors, zones) are encoded once.
#[derive(Debug)]
pub struct Encoder {
    timestamps: TimestampFormatter,
    /// Whether each row starts with a column of local time.
    excel_date: bool,
    /// The names of cameras, by id.
    camera_names: HashMap<String, String>,
    /// The encoded cells of id and name, by id.
    cameras: FxHashMap<Box<[u8]>, Box<[u8]>>,
    cells: CellCache,
}

impl Encoder {
    /// Creates an encoder. `raw`: text cells are not guarded against spreadsheet formulas. `camera_names`: by id.
    pub fn new(zone: TimeZone, raw: bool, camera_names: HashMap<String, String>) -> Self {
        Self {
            timestamps: TimestampFormatter::new(zone),
            excel_date: false,
            camera_names,
            cameras: FxHashMap::default(),
            cells: CellCache { raw, encoded: FxHashMap::default() },
        }
    }

    /// Sets whether each row starts with a column of local time, which spreadsheets read as a date.
    #[must_use]
    pub fn excel_date(self, excel_date: bool) -> Self {
        Self { excel_date, ..self }
    }

    /// Returns the header line.
    ///
    /// # Errors
    /// Never: writing to memory does not fail. The csv crate's signature requires a result.
    pub fn header(&self) -> Result<Vec<u8>, EncodeError> {
        let mut writer = writer(Vec::new());
        writer.write_record(columns(self.excel_date)).map_err(failed)?;
        writer.into_inner().map_err(failed)
    }

    /// Appends the line of a row to `bytes`. `name_of` looks up a camera that was added after the encoder was created.
    ///
    /// The order of the cells is that of [`COLUMNS`](crate::export_params::COLUMNS).
    ///
    /// # Errors
    /// Returns an error if the event's time is beyond the calendar or a text is not UTF-8, and the errors of `name_of`.
    pub fn row<E: From<EncodeError>>(
        &mut self,
        row: &Row<'_>,
        bytes: &mut Vec<u8>,
        name_of: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<(), E> {
        let Row { cursor, camera_id, .. } = row;
        let out_of_range =
            || EncodeError(format!("event {}: {} µs is beyond the calendar", cursor.id, cursor.timestamp));
        if self.excel_date {
            self.timestamps.write_local(cursor.timestamp, bytes).ok_or_else(out_of_range)?;
            bytes.push(b',');
        }
        self.timestamps.write(cursor.timestamp, bytes).ok_or_else(out_of_range)?;
        bytes.push(b',');
        match self.cameras.get(*camera_id) {
            Some(cells) => bytes.extend_from_slice(cells),
            None => bytes.extend_from_slice(self.camera(as_utf8(camera_id)?, name_of)?),
        }
        bytes.push(b',');
        if let Some(confidence) = row.confidence {
            float(confidence, bytes);
        }
        bytes.push(b',');
        self.cells.write(row.algorithm, bytes)?;
        bytes.push(b',');
        for side in row.bounding_box {
            if let Some(side) = side {
                bytes.extend_from_slice(itoa::Buffer::new().format(side).as_bytes());
            }
            bytes.push(b',');
        }
        self.cells.write(row.zone_id.unwrap_or_default(), bytes)?;
        bytes.extend_from_slice(LINE_END);
        Ok(())
    }

    /// Encodes and caches the two cells of a camera that had no row yet.
    fn camera<E: From<EncodeError>>(
        &mut self,
        id: &str,
        name_of: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<&[u8], E> {
        let name = match self.camera_names.remove(id) {
            Some(name) => name,
            None => name_of(id)?,
        };
        let mut cells = Vec::new();
        self.cells.write(id.as_bytes(), &mut cells)?;
        cells.push(b',');
        self.cells.write(name.as_bytes(), &mut cells)?;
        Ok(self.cameras.entry(id.as_bytes().into()).or_insert(cells.into()))
    }
}

/// Encodes text cells, and caches those that may repeat.
#[derive(Debug)]
struct CellCache {
    raw: bool,
    /// The encoded cells, by their text.
    encoded: FxHashMap<Box<[u8]>, Box<[u8]>>,
}

impl CellCache {
    /// Appends a text cell: guarded unless raw, and quoted if needed.
    fn write(&mut self, text: &[u8], bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some(cell) = self.encoded.get(text) {
            bytes.extend_from_slice(cell);
            return Ok(());
        }
        let start = bytes.len();
        let cell = as_utf8(text)?;
        let cell = if self.raw { Cow::Borrowed(cell) } else { formula_guard::guard(cell) };
        let mut writer = writer(&mut *bytes);
        writer.write_record([&*cell]).map_err(failed)?;
        writer.flush()?;
        drop(writer);
        // Without the line end, which is not part of the cell.
        bytes.truncate(bytes.len() - LINE_END.len());
        if text.len() <= MAX_CACHED_CELL_BYTES {
            if self.encoded.len() >= MAX_CACHED_CELLS {
                self.encoded.clear();
            }
            self.encoded.insert(text.into(), bytes[start..].into());
        }
        Ok(())
    }
}

/// Converts bytes to text.
fn as_utf8(text: &[u8]) -> Result<&str, EncodeError> {
    std::str::from_utf8(text).map_err(|_| EncodeError(format!("{} is not UTF-8", String::from_utf8_lossy(text))))
}

/// Appends a number in its shortest exact form: the same as `Display`, but faster.
fn float(value: f64, bytes: &mut Vec<u8>) {
    // Other values are rare, and zmij writes them in another form: with an exponent, a sign, or as "inf" and "NaN".
    if (1e-3..1e15).contains(&value) {
        let mut buffer = zmij::Buffer::new();
        let shortest = buffer.format_finite(value);
        bytes.extend_from_slice(shortest.strip_suffix(".0").unwrap_or(shortest).as_bytes());
    } else {
        let _ = write!(bytes, "{value}");
    }
}

fn writer<W: Write>(output: W) -> Writer<W> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .buffer_capacity(128)
        .from_writer(output)
}

fn failed(error: impl Display) -> EncodeError {
    EncodeError(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::server::export::event::Cursor;

    fn row() -> Row<'static> {
        Row {
            cursor: Cursor { timestamp: 1_765_823_400_000_000, id: Uuid::nil() },
            camera_id: b"abc123",
            confidence: Some(85.5),
            algorithm: b"MOG2",
            bounding_box: [Some(100), Some(200), Some(50), Some(80)],
            zone_id: Some(b"zone-1"),
        }
    }

    fn encoder(raw: bool) -> Encoder {
        let camera_names = HashMap::from([("abc123".to_owned(), "Front Door".to_owned())]);
        Encoder::new(TimeZone::parse("America/Los_Angeles").expect("a zone"), raw, camera_names)
    }

    fn encode(encoder: &mut Encoder, rows: &[Row<'_>]) -> Result<String, EncodeError> {
        let mut bytes = Vec::new();
        for row in rows {
            encoder.row(row, &mut bytes, |id| Ok::<_, EncodeError>(id.to_owned()))?;
        }
        Ok(String::from_utf8(bytes).expect("UTF-8"))
    }

    fn lines(raw: bool, rows: &[Row<'_>]) -> String {
        encode(&mut encoder(raw), rows).expect("encoded")
    }

    #[test]
    fn the_header_has_the_columns_of_the_specification_in_its_order() {
        assert_eq!(
            encoder(false).header().expect("encoded"),
            b"timestamp,camera_id,camera_name,confidence,algorithm,x,y,width,height,zone_id\r\n"
        );
    }

    #[test]
    fn the_example_rows_of_the_specification_are_encoded_as_it_shows() {
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
    fn excel_date_adds_a_column_of_local_time_before_the_others() {
        let mut encoder = encoder(false).excel_date(true);
        let header = String::from_utf8(encoder.header().expect("encoded")).expect("UTF-8");
        assert!(header.starts_with("local_time,timestamp,camera_id,"), "{header}");
        let fraction = Row { cursor: Cursor { timestamp: 1_765_823_400_867_341, id: Uuid::nil() }, ..row() };
        assert_eq!(
            encode(&mut encoder, &[row(), fraction]).expect("encoded"),
            "2025-12-15 10:30:00,2025-12-15T10:30:00-08:00,abc123,Front Door,85.5,MOG2,100,200,50,80,zone-1\r\n\
             2025-12-15 10:30:00,2025-12-15T10:30:00.867341-08:00,abc123,Front Door,85.5,MOG2,100,200,50,80,zone-1\r\n"
        );
        let broken = Row { cursor: Cursor { timestamp: i64::MAX, id: Uuid::nil() }, ..row() };
        assert!(encode(&mut encoder, &[broken]).is_err());
    }

    #[test]
    fn missing_values_are_empty_and_an_unknown_camera_has_its_id_as_name() {
        let bare = Row { camera_id: b"gone", confidence: None, bounding_box: [None; 4], zone_id: None, ..row() };
        assert_eq!(lines(false, &[bare]), "2025-12-15T10:30:00-08:00,gone,gone,,MOG2,,,,,\r\n");
    }

    #[test]
    fn confidence_has_its_shortest_exact_form() {
        for (value, text) in
            [(29.0, "29"), (0.0, "0"), (100.0, "100"), (68.969_697_265_625, "68.969697265625"), (1e-7, "0.0000001")]
        {
            let written = lines(false, &[Row { confidence: Some(value), ..row() }]);
            assert_eq!(written.split(',').nth(3), Some(text));
        }
    }

    #[test]
    fn cells_are_quoted_only_if_needed() {
        let awkward = Row { algorithm: b"a \"b\", c\r\nd", zone_id: Some(b"no need; none"), ..row() };
        let written = lines(false, &[awkward]);
        // The guard adds the quote before the LF: a reader could start a cell there.
        assert!(written.contains(",\"a \"\"b\"\", c\r'\nd\","), "{written}");
        assert!(written.ends_with(",no need; none\r\n"), "{written}");
    }

    #[test]
    fn text_that_could_be_a_formula_is_guarded_unless_raw_and_numbers_are_never_guarded() {
        for dangerous in ["=1+1", "+1", "-1", "@SUM", "\tx", "\rx", "\nx"] {
            let cell = Row {
                zone_id: Some(dangerous.as_bytes()),
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
        let error = encode(&mut encoder(false), &[row(), broken]).expect_err("unreadable");
        assert!(error.to_string().contains("beyond the calendar"));
    }

    proptest! {
        #[test]
        fn a_csv_reader_returns_any_text_unchanged(
            cells in proptest::collection::vec(prop_oneof![any::<String>(), "[\"',;=@+＝\r\n\t\0-]{0,6}"], 3),
        ) {
            let written = Row {
                camera_id: cells[0].as_bytes(),
                algorithm: cells[1].as_bytes(),
                zone_id: Some(cells[2].as_bytes()),
                ..row()
            };
            for raw in [false, true] {
                let text = lines(raw, std::slice::from_ref(&written));
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
                let records = reader.records().collect::<Result<Vec<_>, _>>().expect("valid CSV");
                prop_assert_eq!(records.len(), 1);
                for (column, cell) in [(1, &cells[0]), (4, &cells[1]), (9, &cells[2])] {
                    let read = &records[0][column];
                    let restored = if raw { Cow::Borrowed(read) } else { formula_guard::unguard(read) };
                    prop_assert_eq!(&restored, cell);
                }
            }
        }

        #[test]
        fn a_cached_cell_is_encoded_like_the_first_one(
            cells in proptest::collection::vec("[ab\",=\n]{0,2}|a{60,70}", 1..20),
        ) {
            let rows: Vec<_> = cells.iter().map(|cell| Row { zone_id: Some(cell.as_bytes()), camera_id: cell.as_bytes(), ..row() }).collect();
            let separately: String = rows.iter().map(|row| lines(false, std::slice::from_ref(row))).collect();
            prop_assert_eq!(lines(false, &rows), separately);
        }

        #[test]
        fn numbers_are_encoded_as_display_writes_them(value in prop_oneof![proptest::num::f64::ANY, 0.0..100.0]) {
            let mut bytes = Vec::new();
            float(value, &mut bytes);
            prop_assert_eq!(String::from_utf8(bytes).expect("UTF-8"), value.to_string());
        }
    }

    #[test]
    fn cells_are_encoded_correctly_after_the_cache_was_full() {
        let mut encoder = encoder(false);
        for round in 0..2 {
            for number in 0..=MAX_CACHED_CELLS {
                let zone = format!("=z{number}");
                let line = encode(&mut encoder, &[Row { zone_id: Some(zone.as_bytes()), ..row() }]).expect("encoded");
                assert!(line.ends_with(&format!(",'=z{number}\r\n")), "round {round}: {line}");
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_an_error_and_not_a_cell() {
        for row in [Row { zone_id: Some(b"\xff"), ..row() }, Row { camera_id: b"caf\xe9", ..row() }] {
            let error = encode(&mut encoder(false), &[row]).expect_err("unreadable");
            assert!(error.to_string().contains("is not UTF-8"), "{error}");
        }
    }

    #[test]
    fn a_camera_that_was_added_later_is_looked_up_once() {
        let mut encoder = encoder(false);
        let later = Row { camera_id: b"later", ..row() };
        let mut bytes = Vec::new();
        encoder.row(&later, &mut bytes, |_| Ok::<_, EncodeError>("New, here".to_owned())).expect("encoded");
        encoder.row(&later, &mut bytes, |_| Err(EncodeError::from("looked up twice"))).expect("encoded");
        assert_eq!(String::from_utf8(bytes).expect("UTF-8").matches(",later,\"New, here\",").count(), 2);
    }
}
