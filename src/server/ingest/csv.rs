//! Imports events from a CSV that this program or ArgusAI exported. An export may be in any time zone, with commas or
//! semicolons, with or without byte-order mark and column for Excel, and may have been saved again by other tools.
//!
//! The file does not contain the ids of events. An event is recognized by everything else (see [`super::recognize`]). A
//! new event gets an id made of its position among the events of its moment and of its contents, so that the order of
//! the file is kept. A row that cannot be read ends the import without a change: our own export has no such rows.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use csv::{ErrorKind, ReaderBuilder, StringRecord};

use self::row::Rows;
pub use self::scale::Scale;
use super::camera_ids::CameraIds;
use super::recognize::BATCH;
use super::recognize::by_contents::ByContents;
use super::sink::{EventWriter, KnownName};
use super::summary::Summary;
use super::summary::progress::Progress;
use super::text::{storable, storable_event};
use crate::export_params::Delimiter;
use crate::messages::Message;
use crate::messages::import_problem::{FileProblem, RowProblem};
use crate::server::db::describe_error::describe_io;
use crate::server::db::pool::Pool;
use crate::server::ingest::event::Event;

mod column;
mod format;
mod number;
mod row;
mod scale;

/// The number of bytes that are read at once.
const BUFFER: usize = 64 * 1_024;

/// How a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The file was exported with `raw=true`, without the guard against formulas.
    pub raw: bool,
    /// Whether the last row may lack its line end.
    pub unterminated: bool,
    /// The scale of the confidences. `None`: recognized from the contents.
    pub confidence: Option<Scale>,
}

/// The number of a row, as the context of an error. The header is row 1, as in a spreadsheet.
#[derive(Clone, Copy, Debug)]
pub struct RowNumber(pub u64);

impl fmt::Display for RowNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.0)
    }
}

/// Imports all events of `file` that are not stored yet.
///
/// # Errors
/// Returns an error if the file is not such a CSV or a row cannot be read, naming row and column, or if the database
/// fails; nothing has been changed then.
pub async fn import(database: &Pool, file: &Path, options: Options, progress: &Progress) -> anyhow::Result<Summary> {
    let nothing = || format!("nothing was imported from {}", file.display());
    let cannot_read = |error: std::io::Error| anyhow!("{}: {}", nothing(), describe_io(&error));
    // Checked before the file is opened: opening a pipe waits until a program writes to it.
    let metadata = std::fs::metadata(file).map_err(cannot_read)?;
    ensure!(!metadata.is_dir(), "{}: it is a folder; name a file in it", nothing());
    ensure!(
        metadata.is_file(),
        "{}: it is a pipe or a device, and a regular file is needed, which is read twice; write the stream to a file first, \
         such as with `cat > events.csv`, and import that file",
        nothing()
    );
    let mut source = File::open(file).map_err(cannot_read)?;
    let Format { delimiter, is_terminated } = check_format(&mut source, options).with_context(nothing)?;
    let rows = survey(&mut source, delimiter, options).with_context(nothing)?;

    progress.begin_bytes(metadata.len());
    let mut reader = reader(QuoteParity { inner: source, is_odd: false }, delimiter);
    let mut record = StringRecord::new();
    read(&mut reader, &mut record).with_context(nothing)?;

    let mut sink = EventWriter::begin(database).await?;
    let mut cameras = CameraIds::default();
    let mut known = ByContents::default();
    let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
    let mut latest = i64::MIN;
    let mut ends_with_line_break = false;
    // Counted as in a spreadsheet: the header is row 1, and a cell with line breaks is still in one row.
    let mut row = 1_u64;
    while read(&mut reader, &mut record).with_context(|| RowNumber(row + 1)).with_context(nothing)? {
        row += 1;
        let event = match rows.event(&record, &mut sink.summary) {
            Ok(event) if event.timestamp >= latest => Ok(event),
            Ok(_) => Err(RowProblem::NotInOrder),
            Err(problem) => Err(problem),
        };
        let event = event.map_err(Message::from).context(RowNumber(row)).with_context(nothing)?;
        latest = event.timestamp;
        ends_with_line_break = record.iter().next_back().is_some_and(|cell| cell.ends_with('\n'));
        let mut event = storable_event(event, &mut sink.summary);
        if let Some(stored) = cameras.get(&event.camera_id) {
            event.camera_id = stored.to_owned();
        } else {
            let name = storable(rows.camera_name(&record).into_owned(), &mut sink.summary);
            let name = Some(&*name).filter(|name| *name != event.camera_id);
            let stored = id_to_store(&event.camera_id, &cameras, rows.scale, &sink).to_owned();
            sink.camera(&stored, name, KnownName::Keep).await?;
            cameras.insert(std::mem::replace(&mut event.camera_id, stored.clone()), stored);
        }
        batch.push(event);
        if batch.len() >= BATCH {
            let events = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            import_batch(events, &mut known, &mut sink).await?;
            progress.set(reader.position().byte());
        }
    }
    // A line break within quotes does not end a row.
    let is_within_quotes = reader.get_ref().is_odd && (ends_with_line_break || !is_terminated);
    if is_within_quotes {
        return Err(Message::from(FileProblem::EndsInQuotes)).with_context(nothing);
    }
    import_batch(batch, &mut known, &mut sink).await?;
    progress.end();
    Ok(sink.commit().await?)
}

/// Returns the id under which to store a camera of the file. ArgusAI may write the UUID of a camera in several ways, in
/// its CSV as in its database. Our own exports write each id as it is stored, so two spellings are two cameras.
fn id_to_store<'id>(id: &'id str, cameras: &'id CameraIds, scale: Scale, sink: &'id EventWriter) -> &'id str {
    if scale == Scale::Percent || sink.knows_camera(id) {
        return id;
    }
    cameras.get_by_uuid(id).or_else(|| sink.stored_camera_with_uuid(id)).unwrap_or(id)
}

/// Finds out how to read the rows. Leaves the file at its start.
fn survey(file: &mut File, delimiter: Delimiter, options: Options) -> anyhow::Result<Rows> {
    let mut reader = reader(&mut *file, delimiter);
    let mut header = StringRecord::new();
    read(&mut reader, &mut header)?;
    let before = format::columns_before(&header).map_err(Message::from)?;
    let scale = match options.confidence {
        Some(scale) => scale,
        None => scale::of(&mut reader, before, delimiter)?,
    };
    drop(reader);
    file.rewind()?;
    Ok(Rows { before, scale, raw: options.raw, delimiter })
}

/// Hands over the events that are new.
async fn import_batch(events: Vec<Event>, known: &mut ByContents, sink: &mut EventWriter) -> anyhow::Result<()> {
    let offered = events.len();
    // Rows come in order of time, so none of the events that are not written yet is at a moment that is looked up. They are
    // written while these are identified, and the next rows read.
    let new = known.unknown(events, sink.transaction()).await?;
    sink.write().await?;
    sink.summary.already_there += (offered - new.len()) as u64;
    for event in new {
        sink.new_event(event).await?;
    }
    Ok(())
}

/// What is known of a file before its rows are read.
struct Format {
    delimiter: Delimiter,
    /// Whether the last row has its line end.
    is_terminated: bool,
}

/// Checks the format before the rows are read. Leaves the file at its start.
fn check_format(file: &mut File, options: Options) -> anyhow::Result<Format> {
    let mut start = Vec::new();
    file.by_ref().take(BUFFER as u64).read_to_end(&mut start)?;
    if let Some(problem) = format::why_not_csv(&start) {
        bail!(Message::from(problem));
    }
    let mut last = [b'\n'];
    if !start.is_empty() {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    let is_terminated = last == [b'\n'];
    // A file that ends in the middle of a row may still have all cells of that row.
    if !is_terminated && !options.unterminated {
        bail!(Message::from(FileProblem::Unterminated));
    }
    file.rewind()?;
    Ok(Format { delimiter: format::delimiter_of(&start), is_terminated })
}

/// Returns a reader that does not check the number of cells. The csv crate skips a byte-order mark.
fn reader<R: Read>(from: R, delimiter: Delimiter) -> csv::Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).buffer_capacity(BUFFER).delimiter(delimiter.byte()).from_reader(from)
}

/// Reads the next row, if there is one.
fn read<R: Read>(reader: &mut csv::Reader<R>, record: &mut StringRecord) -> anyhow::Result<bool> {
    reader.read_record(record).map_err(|error| match error.kind() {
        ErrorKind::Utf8 { .. } => Message::from(FileProblem::NotUtf8).into(),
        _ => error.into(),
    })
}

/// Tracks whether the number of quotes read so far is odd.
struct QuoteParity<R> {
    inner: R,
    is_odd: bool,
}

impl<R: Read> Read for QuoteParity<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.is_odd = buffer[..read].iter().fold(self.is_odd, |is_odd, byte| is_odd ^ (*byte == b'"'));
        Ok(read)
    }
}
