//! Events out of a CSV that this program exported, in any time zone, with or without byte-order mark.
//!
//! The file does not hold the events' ids. An event is recognised by everything that it does hold: what is in the
//! database already is not taken again, and twins (events that agree in everything) are counted. A new event gets an id
//! made of its place among the events of its moment and of its contents, so that it stands where it stood in the file.
//! A row that cannot be read ends the import with nothing taken: our own export has no such rows.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use chrono::{DateTime, Datelike};
use csv::StringRecord;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::progress;
use super::sink::{BATCH, KnownName, Sink};
use super::summary::Summary;
use super::text::{storable, storable_event};
use crate::export::COLUMNS;
use crate::server::entity::motion_event::{Column, Entity, Model};
use crate::server::export::formula::unguard;
use crate::server::export::zone::WRITABLE_YEARS;
use crate::server::timed::Pool;

/// Copies all events of `file` that are not there yet. `raw`: the file was exported with `raw=true`. `now` is the time
/// of the import, in microseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// Where a row cannot be read, naming row and column, or the database fails; nothing has been changed then.
pub async fn import(database: &Pool, file: &Path, raw: bool, now: i64) -> anyhow::Result<Summary> {
    let mut source = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let nothing = || format!("nothing was imported from {}", file.display());
    let bar = progress::of_bytes(source.metadata()?.len());
    ensure!(
        ends_with_line_end(&mut source)?,
        "{}: its last row does not end in a line end, so the file was cut off; export it again",
        nothing()
    );
    // A byte-order mark is passed over by the csv crate.
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(BufReader::new(source));
    let mut record = StringRecord::new();
    let has_header = reader.read_record(&mut record).with_context(nothing)? && record == COLUMNS[..];
    ensure!(has_header, "{}: its first line is not {}", nothing(), COLUMNS.join(","));

    let mut sink = Sink::begin(database, now).await?;
    let mut cameras = HashSet::new();
    let mut batch = Batch::default();
    // Counted as a spreadsheet counts: the header is row 1, and a cell with line breaks is still in one row.
    let mut row = 1_u64;
    while reader.read_record(&mut record).with_context(nothing)? {
        row += 1;
        let here = || format!("{}: row {row}", nothing());
        let event = storable_event(parse(&record, raw).with_context(here)?, &mut sink.summary);
        if cameras.insert(event.camera_id.clone()) {
            let name = storable(text(&record[2], raw).into_owned(), &mut sink.summary);
            let name = Some(&*name).filter(|name| *name != event.camera_id);
            sink.camera(&event.camera_id, name, KnownName::Keep).await?;
        }
        if batch.is_full_before(event.timestamp) {
            batch.take_into(&mut sink).await?;
            bar.set_position(reader.position().byte());
        }
        batch.push(event).with_context(here)?;
    }
    batch.take_into(&mut sink).await?;
    bar.finish_and_clear();
    Ok(sink.commit().await?)
}

/// A file that ends in the middle of a row may still read as one that has all its cells. Leaves the file at its start.
fn ends_with_line_end(file: &mut File) -> std::io::Result<bool> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        file.rewind()?;
    }
    Ok(last == [b'\n'])
}

/// Reads one row. Its id is still to be found.
fn parse(record: &StringRecord, raw: bool) -> anyhow::Result<Model> {
    let cell = |index: usize| &record[index];
    let wrong = |index: usize, right: &str| anyhow!("column {}: “{}” is no {right}", COLUMNS[index], cell(index));
    let given = |index: usize| Some(text(cell(index), raw)).filter(|text| !text.is_empty()).map(Cow::into_owned);
    let side = |index: usize| match cell(index) {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| wrong(index, "whole number")),
    };
    let timestamp = DateTime::parse_from_rfc3339(cell(0))
        .ok()
        .filter(|time| WRITABLE_YEARS.contains(&time.to_utc().year()))
        .ok_or_else(|| wrong(0, "time; write it as 2025-12-15T10:30:00-08:00"))?;
    let confidence = match cell(3) {
        "" => None,
        digits => Some(
            digits
                .parse::<f64>()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
                .ok_or_else(|| wrong(3, "number from 0 to 100"))?
                // Of the two zeros the one without a sign, which is the only one that SQLite has.
                + 0.0,
        ),
    };
    Ok(Model {
        timestamp: timestamp.timestamp_micros(),
        id: Uuid::nil(),
        camera_id: given(1).ok_or_else(|| wrong(1, "camera; it is empty"))?,
        confidence,
        algorithm: given(4).unwrap_or_default(),
        x: side(5)?,
        y: side(6)?,
        width: side(7)?,
        height: side(8)?,
        zone_id: given(9),
        created_at: 0,
    })
}

fn text(cell: &str, raw: bool) -> Cow<'_, str> {
    if raw { Cow::Borrowed(cell) } else { unguard(cell) }
}

/// Events that are looked up and written together. All events of one moment are in the same batch, so that twins are
/// counted right and the order within the moment can be kept.
#[derive(Debug, Default)]
struct Batch {
    events: Vec<Model>,
    latest: Option<i64>,
}

impl Batch {
    fn is_full_before(&self, timestamp: i64) -> bool {
        self.events.len() >= BATCH && self.latest != Some(timestamp)
    }

    fn push(&mut self, event: Model) -> anyhow::Result<()> {
        ensure!(
            self.latest.is_none_or(|latest| latest <= event.timestamp),
            "column timestamp: it is earlier than the row before; the rows have to be in order of time, as an \
             export writes them"
        );
        self.latest = Some(event.timestamp);
        self.events.push(event);
        Ok(())
    }

    /// Hands over the events that are new.
    async fn take_into(&mut self, sink: &mut Sink) -> Result<(), DbErr> {
        let mut known = Known::look_up(&self.events, sink).await?;
        let mut moment = None;
        let mut place = 0;
        for mut event in self.events.drain(..) {
            if moment.replace(event.timestamp) != Some(event.timestamp) {
                place = 0;
            }
            let contents = digest(&event);
            if known.recognise(event.timestamp, contents) {
                sink.summary.already_there += 1;
            } else {
                event.id = known.free_id(event.timestamp, place, contents);
                sink.event(event).await?;
            }
            place += 1;
        }
        Ok(())
    }
}

/// What the database already holds of some moments.
#[derive(Debug, Default)]
struct Known {
    /// How many events of each moment and contents are not matched yet.
    events: HashMap<(i64, [u8; 32]), u32>,
    ids: HashSet<(i64, Uuid)>,
}

impl Known {
    async fn look_up(events: &[Model], sink: &Sink) -> Result<Self, DbErr> {
        let mut known = Self::default();
        let mut moments: Vec<i64> = events.iter().map(|event| event.timestamp).collect();
        moments.dedup();
        for moments in moments.chunks(BATCH) {
            let there =
                Entity::find().filter(Column::Timestamp.is_in(moments.iter().copied())).all(sink.transaction()).await?;
            for event in there {
                *known.events.entry((event.timestamp, digest(&event))).or_default() += 1;
                known.ids.insert((event.timestamp, event.id));
            }
        }
        Ok(known)
    }

    /// Whether there is an event like this that no row has been matched with yet.
    fn recognise(&mut self, timestamp: i64, contents: [u8; 32]) -> bool {
        match self.events.get_mut(&(timestamp, contents)) {
            Some(unmatched) if *unmatched > 0 => {
                *unmatched -= 1;
                true
            }
            _ => false,
        }
    }

    /// The id of a new event: first its place, so that ids sort as the rows do, then its contents.
    fn free_id(&mut self, timestamp: i64, place: u32, contents: [u8; 32]) -> Uuid {
        let mut place = place;
        loop {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&place.to_be_bytes());
            bytes[4..].copy_from_slice(&contents[..12]);
            let id = Uuid::new_v8(bytes);
            if self.ids.insert((timestamp, id)) {
                return id;
            }
            place += 1;
        }
    }
}

/// Stands for everything that the file holds of an event.
fn digest(event: &Model) -> [u8; 32] {
    let mut hash = Sha256::new();
    for text in [Some(&event.camera_id), Some(&event.algorithm), event.zone_id.as_ref()] {
        let text = text.map(String::as_str).unwrap_or_default();
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.update(event.confidence.map_or([0xff; 8], f64::to_le_bytes));
    for side in [event.x, event.y, event.width, event.height] {
        hash.update(side.map_or(i64::MAX, i64::from).to_le_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cells: [&str; 10]) -> StringRecord {
        StringRecord::from(cells.to_vec())
    }

    const GOOD: [&str; 10] = ["2025-12-15T10:30:00-08:00", "a", "A", "85.5", "MOG2", "1", "2", "3", "4", "z"];

    #[test]
    fn a_row_in_any_offset_is_the_same_moment() {
        let mut other = GOOD;
        other[0] = "2025-12-15T18:30:00+00:00";
        assert_eq!(parse(&record(GOOD), false).expect("valid"), parse(&record(other), false).expect("valid"));
    }

    #[test]
    fn a_cell_that_cannot_be_read_is_named() {
        for (index, bad) in
            [(0, "15.12.2025 10:30"), (1, ""), (3, "101"), (3, "high"), (3, "NaN"), (5, "1.5"), (8, "99999999999")]
        {
            let mut cells = GOOD;
            cells[index] = bad;
            let error = parse(&record(cells), false).expect_err(bad).to_string();
            assert!(error.contains(COLUMNS[index]) && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn a_zero_with_a_sign_is_the_one_without() {
        for zero in ["0", "-0", "-0.0"] {
            let mut cells = GOOD;
            cells[3] = zero;
            let confidence = parse(&record(cells), false).expect("valid").confidence;
            assert_eq!(confidence.map(f64::to_bits), Some(0.0_f64.to_bits()), "{zero}");
        }
    }

    #[test]
    fn the_formula_guard_is_taken_off_unless_the_file_is_raw() {
        let mut cells = GOOD;
        cells[9] = "'=1+1";
        assert_eq!(parse(&record(cells), false).expect("valid").zone_id.as_deref(), Some("=1+1"));
        assert_eq!(parse(&record(cells), true).expect("valid").zone_id.as_deref(), Some("'=1+1"));
    }

    #[test]
    fn rows_out_of_order_are_refused() {
        let mut batch = Batch::default();
        let event = parse(&record(GOOD), false).expect("valid");
        batch.push(event.clone()).expect("first");
        batch.push(event.clone()).expect("a tie");
        assert!(batch.push(Model { timestamp: event.timestamp - 1, ..event }).is_err());
    }

    #[test]
    fn ids_of_one_moment_sort_as_their_rows_do() {
        let mut known = Known::default();
        let ids: Vec<_> = (0_u8..=255).map(|place| known.free_id(7, place.into(), [u8::MAX - place; 32])).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    }
}
