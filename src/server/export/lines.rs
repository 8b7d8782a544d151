//! The first half of an export's work, pages in and lines out, done ahead of the second half: while a client takes what it
//! gets, and digest and encoding are at work on another core, the next pages are read. Where it does not, a few pages wait,
//! and the connection is given back.

use std::ops::ControlFlow;
use std::time::Duration;

use rusqlite::Connection;
use sea_orm::{DbErr, EntityTrait, QuerySelect, QueryTrait};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::buffer::{Buffer, Buffers};
use super::csv::Encoder;
use super::error::ExportError;
use super::pages::Pages;
use super::reader::{self, LONGEST_TURN, Reader, Turn};
use crate::server::entity::camera;

/// Where a page ends that has not ended before, in bytes. However long the texts of events are, an export takes little
/// memory. Each page wakes some threads, which is what larger ones save: a million events took 0.80 s with pages of
/// 115 kB, 0.72 s with twice as much, 0.66 s with this, and no less with more.
pub const PAGE_BYTES: usize = 512 * 1_024;

/// The memory of a page: with room for the row that it ends with, so that it seldom has to be moved for it.
pub const PAGE_CAPACITY: usize = PAGE_BYTES + 4 * 1_024;

/// Where the first page ends, so that something is to be seen soon, also where each row lies somewhere else on a disk.
const FIRST_PAGE_BYTES: usize = 32 * 1_024;

/// How many pages may wait.
const PAGES_AHEAD: usize = 2;

/// The lines of a page.
#[derive(Debug)]
pub struct Page {
    /// How many rows they are.
    pub rows: u64,
    /// The lines, and before the first one what comes before it.
    pub lines: Buffer,
    /// Whether the file ends with it.
    pub last: bool,
}

/// Makes lines of events.
#[derive(Debug)]
pub struct Lines {
    pages: Pages,
    encoder: Encoder,
    /// The bytes before the first row, until they are given out.
    head: Vec<u8>,
    buffers: Buffers,
    /// Where a page ends that has not ended before, in bytes.
    page_bytes: usize,
}

impl Lines {
    /// Those pages, with `head` before the first row, each of about `page_bytes` at most.
    pub fn new(pages: Pages, encoder: Encoder, head: Vec<u8>, buffers: Buffers, page_bytes: usize) -> Self {
        Self { pages, encoder, head, buffers, page_bytes }
    }

    fn read(&mut self, connection: &Connection, turn: &Turn) -> Result<Page, ExportError> {
        let Self { pages, encoder, head, buffers, page_bytes } = self;
        let mut lines = buffers.take();
        let most = if head.is_empty() { *page_bytes } else { FIRST_PAGE_BYTES.min(*page_bytes) };
        let bytes = &mut lines.bytes;
        bytes.append(head);
        let rows = pages.next(connection, turn, |row| {
            encoder.row(row, bytes, |id| Ok::<_, ExportError>(turn.in_full(|| name(connection, id))?))?;
            let full = bytes.len() >= most;
            Ok::<_, ExportError>(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(Page { rows, lines, last: pages.ended() })
    }
}

/// What a camera is called that came after the export began. Whose rows are in a page has been settled before.
fn name(connection: &Connection, id: &str) -> Result<String, DbErr> {
    let named = camera::Entity::find_by_id(id).select_only().column(camera::Column::Name).into_query();
    let name = reader::query(connection, &named, |rows| rows.next()?.map_or(Ok(None), |row| row.get(0)))?;
    Ok(name.unwrap_or_else(|| id.to_owned()))
}

/// Reads pages ahead of whoever takes them. Dropping it stops that.
#[derive(Debug)]
pub struct ReadAhead {
    reader: Reader,
    page_timeout: Duration,
    sender: mpsc::Sender<Page>,
    waiting: mpsc::Receiver<Page>,
    /// Here while nothing is read.
    lines: Option<Box<Lines>>,
    reading: JoinSet<Result<Box<Lines>, ExportError>>,
    /// Why there is nothing after the pages that wait.
    failure: Option<ExportError>,
}

impl ReadAhead {
    /// Nothing is read before the first page is asked for. `page_timeout`: how long a page may take, also where nobody
    /// waits for it yet.
    pub fn new(reader: Reader, page_timeout: Duration, lines: Lines) -> Self {
        let (sender, waiting) = mpsc::channel(PAGES_AHEAD);
        let lines = Some(Box::new(lines));
        Self { reader, page_timeout, sender, waiting, lines, reading: JoinSet::new(), failure: None }
    }

    /// The next page. Not to be asked after the last one.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn next(&mut self) -> Result<Page, ExportError> {
        let page = self.page().await?;
        while let Some(done) = self.reading.try_join_next() {
            self.was_read(done);
        }
        self.read_on();
        Ok(page)
    }

    async fn page(&mut self) -> Result<Page, ExportError> {
        loop {
            if let Ok(page) = self.waiting.try_recv() {
                return Ok(page);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            self.read_on();
            tokio::select! {
                biased;
                Some(page) = self.waiting.recv() => return Ok(page),
                done = self.reading.join_next() => match done {
                    Some(done) => self.was_read(done),
                    None => return Err(ExportError::failed_before()),
                },
            }
        }
    }

    fn was_read(&mut self, done: Result<Result<Box<Lines>, ExportError>, JoinError>) {
        match done.unwrap_or_else(|error| resume(error)) {
            // After the last page there is nothing to read.
            Ok(lines) => self.lines = Some(lines).filter(|lines| !lines.pages.ended()),
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// Sees to it that pages are read for as long as there is room for them and any are left. After a while others get their
    /// turn.
    fn read_on(&mut self) {
        let Some(mut lines) = self.lines.take() else { return };
        let (reader, sender, limit) = (self.reader.clone(), self.sender.clone(), self.page_timeout);
        self.reading.spawn(async move {
            let read = reader.read(move |connection, turn| {
                while let Ok(room) = sender.try_reserve() {
                    let page = lines.read(connection, turn)?;
                    let last = page.last;
                    room.send(page);
                    if last || turn.is_over() {
                        break;
                    }
                }
                Ok(lines)
            });
            // Who has taken longer than this was at one page for longer than a page may take.
            tokio::time::timeout(limit + LONGEST_TURN, read).await.unwrap_or(Err(ExportError::TimedOut(limit)))
        });
    }
}

/// Goes on with a panic of the work where the work is waited for.
///
/// # Panics
/// Always.
pub fn resume(error: JoinError) -> ! {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Nobody aborts it before.
        Err(error) => panic!("the runtime is going away: {error}"),
    }
}
