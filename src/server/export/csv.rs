//! Encodes rows as CSV: RFC 4180 with CRLF, quoted only if needed. The only CSV writer: the export URL, the command line and
//! the tests use it. No I/O.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::fmt::Display;
use std::io::Write;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use rustc_hash::FxHashMap;

use super::event::{Key, KeyText, Row};
use super::timezone::{TimeZone, TimestampFormatter};
use crate::export_params::{Delimiter, columns};
use crate::server::formula_guard;

/// Cells of keys below this are found by their position in a list.
const LISTED_KEYS: i64 = 4_096;

/// The maximum size of the cells of detectors, and of those of zones, in bytes. Usually they take some hundred.
const MAX_CELL_BYTES: usize = 1_024 * 1_024;

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

/// Encodes rows. The csv crate decides what is quoted. The text of each key (of cameras, detectors, zones) is encoded once.
#[derive(Clone, Debug)]
pub struct Encoder {
    timestamps: TimestampFormatter,
    /// Whether each row starts with a column of local time.
    excel_date: bool,
    /// Whether text cells are not guarded against spreadsheet formulas.
    raw: bool,
    delimiter: Delimiter,
    /// Id and name, with the delimiter after each. They are kept: a name must not change within a file.
    cameras: Cells,
    /// With the delimiter.
    detectors: Cells,
    /// With the end of the line.
    zones: Cells,
}

impl Encoder {
    /// Creates an encoder that knows no keys. `raw`: text cells are not guarded against spreadsheet formulas.
    pub fn new(zone: TimeZone, raw: bool) -> Self {
        Self {
            timestamps: TimestampFormatter::new(zone),
            excel_date: false,
            raw,
            delimiter: Delimiter::Comma,
            cameras: Cells::new(usize::MAX),
            detectors: Cells::new(MAX_CELL_BYTES),
            zones: Cells::new(MAX_CELL_BYTES),
        }
    }

    /// Sets whether each row starts with a column of local time, which spreadsheets read as a date.
    #[must_use]
    pub fn excel_date(self, excel_date: bool) -> Self {
        Self { excel_date, ..self }
    }

    /// Sets what separates the cells, and with it how numbers are written. Must be called before the first key is defined.
    #[must_use]
    pub fn delimiter(self, delimiter: Delimiter) -> Self {
        Self { delimiter, ..self }
    }

    /// Tells what keys refer to. A key that is known keeps its meaning.
    ///
    /// # Errors
    /// Never: writing to memory does not fail. The csv crate's signature requires a result.
    pub fn define(&mut self, texts: impl IntoIterator<Item = KeyText>) -> Result<(), EncodeError> {
        let (raw, delimiter) = (self.raw, self.delimiter);
        for text in texts {
            let mut bytes = Vec::new();
            match text {
                KeyText::Camera { key, id, name } => {
                    cell(&id, raw, delimiter, &mut bytes)?;
                    bytes.push(delimiter.byte());
                    cell(&name, raw, delimiter, &mut bytes)?;
                    bytes.push(delimiter.byte());
                    self.cameras.insert(key, bytes);
                }
                KeyText::Detector { key, name } => {
                    cell(&name, raw, delimiter, &mut bytes)?;
                    bytes.push(delimiter.byte());
                    self.detectors.insert(key, bytes);
                }
                KeyText::Zone { key, id } => {
                    cell(&id, raw, delimiter, &mut bytes)?;
                    bytes.extend_from_slice(LINE_END);
                    self.zones.insert(key, bytes);
                }
            }
        }
        Ok(())
    }

    /// Returns the header line.
    ///
    /// # Errors
    /// Never: writing to memory does not fail. The csv crate's signature requires a result.
    pub fn header(&self) -> Result<Vec<u8>, EncodeError> {
        let mut writer = writer(Vec::new(), self.delimiter);
        writer.write_record(columns(self.excel_date)).map_err(failed)?;
        writer.into_inner().map_err(failed)
    }

    /// Appends the line of a row to `bytes`. `look_up` returns what a key refers to that the encoder does not know, and may
    /// return more.
    ///
    /// The order of the cells is that of [`COLUMNS`](crate::export_params::COLUMNS).
    ///
    /// # Errors
    /// Returns an error if the event's time is beyond the calendar or a key refers to nothing, and the errors of `look_up`.
    pub fn row<E: From<EncodeError>>(
        &mut self,
        row: &Row,
        bytes: &mut Vec<u8>,
        mut look_up: impl FnMut(Key) -> Result<Vec<KeyText>, E>,
    ) -> Result<(), E> {
        let cursor = row.cursor;
        let separator = self.delimiter.byte();
        let out_of_range =
            || EncodeError(format!("event {}: {} µs is beyond the calendar", cursor.id, cursor.timestamp));
        if self.excel_date {
            self.timestamps.write_local(cursor.timestamp, bytes).ok_or_else(out_of_range)?;
            bytes.push(separator);
        }
        self.timestamps.write(cursor.timestamp, bytes).ok_or_else(out_of_range)?;
        bytes.push(separator);
        if !self.cameras.write(row.camera_key, bytes) {
            self.define(look_up(Key::Camera(row.camera_key))?)?;
            found(self.cameras.write(row.camera_key, bytes), row, "camera", row.camera_key)?;
        }
        if let Some(confidence) = row.confidence {
            let start = bytes.len();
            float(confidence, bytes);
            if self.delimiter == Delimiter::Semicolon {
                with_decimal_comma(&mut bytes[start..]);
            }
        }
        bytes.push(separator);
        if !self.detectors.write(row.detector_key, bytes) {
            self.detectors.make_space();
            self.define(look_up(Key::Detector(row.detector_key))?)?;
            found(self.detectors.write(row.detector_key, bytes), row, "detector", row.detector_key)?;
        }
        for side in row.bounding_box {
            if let Some(side) = side {
                bytes.extend_from_slice(itoa::Buffer::new().format(side).as_bytes());
            }
            bytes.push(separator);
        }
        match row.zone_key {
            None => bytes.extend_from_slice(LINE_END),
            Some(key) if self.zones.write(key, bytes) => {}
            Some(key) => {
                self.zones.make_space();
                self.define(look_up(Key::Zone(key))?)?;
                found(self.zones.write(key, bytes), row, "zone", key)?;
            }
        }
        Ok(())
    }
}

/// Returns an error if the key of a row was not found. An empty cell would look like a value.
fn found(is_found: bool, row: &Row, what: &str, key: i64) -> Result<(), EncodeError> {
    if is_found { Ok(()) } else { Err(EncodeError(format!("event {}: there is no {what} {key}", row.cursor.id))) }
}

/// Encoded cells by key.
#[derive(Clone, Debug)]
struct Cells {
    /// Those with the lowest keys, by their position.
    listed: Vec<Option<Box<[u8]>>>,
    others: FxHashMap<i64, Box<[u8]>>,
    bytes: usize,
    max_bytes: usize,
}

impl Cells {
    fn new(max_bytes: usize) -> Self {
        Self { listed: Vec::new(), others: FxHashMap::default(), bytes: 0, max_bytes }
    }

    /// Appends the cells of a key. Returns whether the key is known.
    #[inline]
    fn write(&self, key: i64, bytes: &mut Vec<u8>) -> bool {
        let listed = usize::try_from(key).ok().and_then(|index| self.listed.get(index));
        let cells = match listed {
            Some(listed) => listed.as_ref(),
            None => self.others.get(&key),
        };
        if let Some(cells) = cells {
            bytes.extend_from_slice(cells);
        }
        cells.is_some()
    }

    /// Adds a key, unless it is known.
    fn insert(&mut self, key: i64, cells: Vec<u8>) {
        let size = cells.len();
        let place = match usize::try_from(key) {
            Ok(index) if key < LISTED_KEYS => {
                if self.listed.len() <= index {
                    self.listed.resize(index + 1, None);
                }
                &mut self.listed[index]
            }
            _ => {
                if let Entry::Vacant(vacant) = self.others.entry(key) {
                    vacant.insert(cells.into());
                    self.bytes += size;
                }
                return;
            }
        };
        if place.is_none() {
            *place = Some(cells.into());
            self.bytes += size;
        }
    }

    /// Forgets all cells if they take too much memory. They are looked up again.
    fn make_space(&mut self) {
        if self.bytes > self.max_bytes {
            *self = Self::new(self.max_bytes);
        }
    }
}

/// Appends a text cell: guarded unless raw, and quoted if needed.
fn cell(text: &str, raw: bool, delimiter: Delimiter, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    if text.is_empty() {
        return Ok(());
    }
    let cell = if raw { Cow::Borrowed(text) } else { formula_guard::guard(text, delimiter) };
    let mut writer = writer(&mut *bytes, delimiter);
    writer.write_record([&*cell]).map_err(failed)?;
    writer.flush()?;
    drop(writer);
    // Without the line end, which is not part of the cell.
    bytes.truncate(bytes.len() - LINE_END.len());
    Ok(())
}

/// Appends a line of texts, each guarded and quoted as [`Encoder`] does.
///
/// # Errors
/// Never: writing to memory does not fail. The csv crate's signature requires a result.
pub fn append_line<T: AsRef<str>>(cells: &[T], delimiter: Delimiter, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    for (index, text) in cells.iter().enumerate() {
        if index > 0 {
            bytes.push(delimiter.byte());
        }
        cell(text.as_ref(), false, delimiter, bytes)?;
    }
    bytes.extend_from_slice(LINE_END);
    Ok(())
}

/// Appends a number in its shortest exact form: the same as `Display`, but faster.
fn float(value: f64, bytes: &mut Vec<u8>) {
    // Most detectors give one decimal.
    if let Some(tenths) = exact_tenths(value) {
        bytes.extend_from_slice(itoa::Buffer::new().format(tenths / 10).as_bytes());
        if !tenths.is_multiple_of(10) {
            bytes.push(b'.');
            bytes.extend_from_slice(itoa::Buffer::new().format(tenths % 10).as_bytes());
        }
        return;
    }
    // Other values are rare, and zmij writes them in another form: with an exponent, a sign, or as "inf" and "NaN".
    if (1e-3..1e15).contains(&value) {
        let mut buffer = zmij::Buffer::new();
        let shortest = buffer.format_finite(value);
        bytes.extend_from_slice(shortest.strip_suffix(".0").unwrap_or(shortest).as_bytes());
    } else {
        let _ = write!(bytes, "{value}");
    }
}

/// Replaces the decimal point of a number.
fn with_decimal_comma(number: &mut [u8]) {
    if let Some(point) = number.iter_mut().find(|byte| **byte == b'.') {
        *point = b',';
    }
}

/// Returns ten times the value if that number and one decimal place are its shortest form. Below a million, no shorter number of
/// decimals is the same value.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number below ten million")]
fn exact_tenths(value: f64) -> Option<u32> {
    let tenths = (value * 10.0).round();
    let is_exact = value.is_sign_positive() && tenths < 1e7 && (tenths / 10.0).to_bits() == value.to_bits();
    is_exact.then_some(tenths as u32)
}

fn writer<W: Write>(output: W, delimiter: Delimiter) -> Writer<W> {
    WriterBuilder::new()
        .delimiter(delimiter.byte())
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

    /// The keys that [`row`] has.
    const KEY: i64 = 1;

    fn row() -> Row {
        Row {
            cursor: Cursor { timestamp: 1_765_823_400_000_000, id: Uuid::nil() },
            camera_key: KEY,
            confidence: Some(85.5),
            detector_key: KEY,
            bounding_box: [Some(100), Some(200), Some(50), Some(80)],
            zone_key: Some(KEY),
        }
    }

    fn camera(key: i64, id: &str, name: &str) -> KeyText {
        KeyText::Camera { key, id: id.to_owned(), name: name.to_owned() }
    }

    fn detector(key: i64, name: &str) -> KeyText {
        KeyText::Detector { key, name: name.to_owned() }
    }

    fn zone(key: i64, id: &str) -> KeyText {
        KeyText::Zone { key, id: id.to_owned() }
    }

    /// Returns an encoder to which these keys are defined, and after them those of [`row`].
    fn encoder_with(raw: bool, texts: impl IntoIterator<Item = KeyText>) -> Encoder {
        let mut encoder = Encoder::new(TimeZone::parse("America/Los_Angeles").expect("a zone"), raw);
        encoder.define(texts).expect("encoded");
        encoder
            .define([camera(KEY, "abc123", "Front Door"), detector(KEY, "MOG2"), zone(KEY, "zone-1")])
            .expect("encoded");
        encoder
    }

    fn encoder(raw: bool) -> Encoder {
        encoder_with(raw, [])
    }

    fn encode(encoder: &mut Encoder, rows: &[Row]) -> Result<String, EncodeError> {
        let mut bytes = Vec::new();
        for row in rows {
            encoder.row(row, &mut bytes, |_| Ok::<_, EncodeError>(Vec::new()))?;
        }
        Ok(String::from_utf8(bytes).expect("UTF-8"))
    }

    fn lines(raw: bool, rows: &[Row]) -> String {
        encode(&mut encoder(raw), rows).expect("encoded")
    }

    /// Returns the line of a row with these texts.
    fn line_of(raw: bool, texts: impl IntoIterator<Item = KeyText>) -> String {
        encode(&mut encoder_with(raw, texts), &[row()]).expect("encoded")
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
            zone_key: None,
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
    fn a_file_with_semicolons_has_decimal_commas_and_quotes_semicolons_instead_of_commas() {
        let berlin = TimeZone::parse("Europe/Berlin").expect("a zone");
        let mut encoder = Encoder::new(berlin, false).excel_date(true).delimiter(Delimiter::Semicolon);
        let texts = [camera(KEY, "a,=1", "Tor; Nord"), detector(KEY, "MOG2"), zone(KEY, "one, two")];
        encoder.define(texts).expect("encoded");
        let header = String::from_utf8(encoder.header().expect("encoded")).expect("UTF-8");
        assert_eq!(
            header,
            "local_time;timestamp;camera_id;camera_name;confidence;algorithm;x;y;width;height;zone_id\r\n"
        );
        let rows =
            [Some(85.5), Some(29.0), Some(68.969_697_265_625), None].map(|confidence| Row { confidence, ..row() });
        let text = encode(&mut encoder, &rows).expect("encoded");
        let cells = |confidence: &str| {
            format!(
                "2025-12-15 19:30:00;2025-12-15T19:30:00+01:00;a,'=1;\"Tor; Nord\";{confidence};MOG2;100;200;50;80;one, two\r\n"
            )
        };
        assert_eq!(text, ["85,5", "29", "68,969697265625", ""].map(cells).concat());
    }

    #[test]
    fn missing_values_are_empty() {
        let bare = Row { confidence: None, bounding_box: [None; 4], zone_key: None, ..row() };
        assert_eq!(lines(false, &[bare]), "2025-12-15T10:30:00-08:00,abc123,Front Door,,MOG2,,,,,\r\n");
        assert!(line_of(false, [zone(KEY, ""), detector(KEY, "")]).ends_with(",85.5,,100,200,50,80,\r\n"));
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
        let written = line_of(false, [detector(KEY, "a \"b\", c\r\nd"), zone(KEY, "no need; none")]);
        // The guard adds the quote before the LF: a reader could start a cell there.
        assert!(written.contains(",\"a \"\"b\"\", c\r'\nd\","), "{written}");
        assert!(written.ends_with(",no need; none\r\n"), "{written}");
    }

    #[test]
    fn text_that_could_be_a_formula_is_guarded_unless_raw_and_numbers_are_never_guarded() {
        for dangerous in ["=1+1", "+1", "-1", "@SUM", "\tx", "\rx", "\nx"] {
            let read = |raw| {
                let cell = Row { bounding_box: [Some(-5), Some(-6), Some(1), Some(1)], ..row() };
                let text = encode(&mut encoder_with(raw, [zone(KEY, dangerous)]), &[cell]).expect("encoded");
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
            for (raw, delimiter) in [false, true].into_iter().flat_map(|raw| Delimiter::ALL.map(|delimiter| (raw, delimiter))) {
                let mut encoder = Encoder::new(TimeZone::parse("UTC").expect("a zone"), raw).delimiter(delimiter);
                let texts = [camera(KEY, &cells[0], &cells[1]), detector(KEY, &cells[1]), zone(KEY, &cells[2])];
                encoder.define(texts).expect("encoded");
                let text = encode(&mut encoder, &[row()]).expect("encoded");
                let mut reader = csv::ReaderBuilder::new();
                let mut reader = reader.has_headers(false).delimiter(delimiter.byte()).from_reader(text.as_bytes());
                let records = reader.records().collect::<Result<Vec<_>, _>>().expect("valid CSV");
                prop_assert_eq!(records.len(), 1);
                for (column, cell) in [(1, &cells[0]), (2, &cells[1]), (4, &cells[1]), (9, &cells[2])] {
                    let read = &records[0][column];
                    let restored = if raw { Cow::Borrowed(read) } else { formula_guard::unguard(read, delimiter) };
                    prop_assert_eq!(&restored, cell);
                }
            }
        }

        #[test]
        fn each_key_keeps_its_own_cells(
            cells in proptest::collection::vec("[ab\",=\n]{0,2}|a{60,70}", 1..20),
            step in prop_oneof![Just(1), Just(LISTED_KEYS / 4), Just(-LISTED_KEYS), Just(1 << 40)],
        ) {
            let keys: Vec<i64> = (0..).map(|index| 2 + index * step).take(cells.len()).collect();
            let texts = cells.iter().zip(&keys);
            let texts = texts.flat_map(|(cell, key)| [camera(*key, cell, cell), detector(*key, cell), zone(*key, cell)]);
            let rows: Vec<_> =
                keys.iter().map(|key| Row { camera_key: *key, detector_key: *key, zone_key: Some(*key), ..row() }).collect();
            let alone = |cell: &String| line_of(false, [camera(KEY, cell, cell), detector(KEY, cell), zone(KEY, cell)]);
            let separately: String = cells.iter().map(alone).collect();
            prop_assert_eq!(encode(&mut encoder_with(false, texts), &rows).expect("encoded"), separately);
        }

        #[test]
        fn numbers_are_encoded_as_display_writes_them(
            value in prop_oneof![
                proptest::num::f64::ANY, 0.0..100.0, (0..20_000_000_u32).prop_map(|tenths| f64::from(tenths) / 10.0),
            ],
        ) {
            let mut bytes = Vec::new();
            float(value, &mut bytes);
            prop_assert_eq!(String::from_utf8(bytes).expect("UTF-8"), value.to_string());
        }
    }

    #[test]
    fn cells_that_take_too_much_memory_are_looked_up_again() {
        let mut encoder = encoder(false);
        let (long, mut looked_up, mut bytes) = ("z".repeat(MAX_CELL_BYTES / 10), 0, Vec::new());
        for _ in 0..2 {
            for key in (2..32).chain([LISTED_KEYS, LISTED_KEYS * 2]) {
                bytes.clear();
                let look_up = |missing| {
                    looked_up += 1;
                    assert_eq!(missing, Key::Zone(key));
                    Ok::<_, EncodeError>(vec![zone(key, &format!("={key}{long}"))])
                };
                encoder.row(&Row { zone_key: Some(key), ..row() }, &mut bytes, look_up).expect("encoded");
                assert!(String::from_utf8_lossy(&bytes).contains(&format!(",'={key}z")));
                assert!(encoder.zones.bytes < 2 * MAX_CELL_BYTES);
            }
        }
        assert_eq!(looked_up, 64, "each was forgotten before its turn came again");
    }

    #[test]
    fn a_key_that_refers_to_nothing_is_an_error_and_not_an_empty_cell() {
        for row in [
            Row { camera_key: 7, ..row() },
            Row { detector_key: 7, ..row() },
            Row { zone_key: Some(7), ..row() },
            Row { zone_key: Some(-1), ..row() },
            Row { camera_key: i64::MAX, ..row() },
        ] {
            let error = encode(&mut encoder(false), &[row]).expect_err("unknown");
            assert!(error.to_string().contains("there is no "), "{error}");
        }
    }

    #[test]
    fn a_key_that_was_added_later_is_looked_up_once_and_keeps_its_meaning() {
        let mut encoder = encoder(false);
        let later = Row { camera_key: 9, ..row() };
        let mut bytes = Vec::new();
        let neighbours =
            |_| Ok::<_, EncodeError>(vec![camera(9, "later", "New, here"), camera(KEY, "abc123", "Renamed")]);
        encoder.row(&later, &mut bytes, neighbours).expect("encoded");
        for row in [later, row()] {
            encoder.row(&row, &mut bytes, |_| Err(EncodeError::from("looked up twice"))).expect("encoded");
        }
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert_eq!(text.matches(",later,\"New, here\",").count(), 2);
        assert_eq!(text.matches(",abc123,Front Door,").count(), 1);
    }
}
