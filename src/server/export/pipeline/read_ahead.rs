//! Reads the pages of an export ahead of the client, and encodes them as CSV.
//!
//! While the client receives a page, and its digest is computed on another core, the next pages are read. If the client is
//! slow, a few pages wait, and the database connection is given back.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::key_lookup::KeyLookup;
use super::keyset::{KeysetPager, RowLimit};
use crate::server::db::error::{is_statement_timeout, may_pass, unavailable};
use crate::server::export::csv::Encoder;
use crate::server::export::error::ExportError;
use crate::server::export::reader::buffer_pool::{Buffer, BufferPool};
use crate::server::export::reader::postgres::Replayed;
use crate::server::export::reader::{Connection, MAX_TIME_SLICE, Reader, TimeSlice, is_interrupted};
use crate::server::retry::Retry;

/// The size of the first page. It is small, so that the client receives something soon, even if each row must be read from
/// another place on a disk.
const FIRST_PAGE_BYTES: usize = 32 * 1_024;

/// The number of pages that may wait for the client.
const PAGES_AHEAD: usize = 2;

/// The assumed size of a row until one was read, in bytes.
const ASSUMED_ROW_BYTES: usize = 128;

/// The maximum wait for the first row of a page. Then the page is read in another way.
///
/// PostgreSQL buffers rows until it has 8 kB: one row is requested then, and more again once it arrives. A scan past
/// the events of other cameras is given up: the next event is looked up in the indexes of the cameras.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// By what factor the number of rows grows from page to page after it was reduced to one.
const GROWTH: u64 = 4;

/// How long an export that has sent rows waits for an unavailable database, such as during a restart or a failover.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// The delay between two attempts.
pub const RETRY_DELAY: Duration = Duration::from_millis(250);

/// A page of the file.
#[derive(Debug)]
pub struct CsvPage {
    /// The number of rows.
    pub rows: u64,
    /// The lines. On the first page, the head of the file precedes them.
    pub lines: Buffer,
    /// Whether the file ends with this page.
    pub last: bool,
}

/// Reads pages of events and encodes them as CSV.
#[derive(Debug)]
pub struct CsvPageReader {
    pages: KeysetPager,
    encoder: Encoder,
    keys: KeyLookup,
    /// The bytes before the first row; empty once they are part of a page.
    head: Vec<u8>,
    buffers: BufferPool,
    /// The size at which a page ends, in bytes.
    page_bytes: usize,
    fetch_size: FetchSize,
    /// The position in the primary's log that the server must have replayed, if it may be a replica.
    min_position: Option<i64>,
}

/// How many rows to request from an eager database, which also computes the rows that are not taken.
#[derive(Debug)]
struct FetchSize {
    /// The size of a row on the previous page, in bytes.
    row_bytes: usize,
    /// The limit after PostgreSQL held rows back; `None` before that.
    max_rows: Option<u64>,
}

impl FetchSize {
    fn new() -> Self {
        Self { row_bytes: ASSUMED_ROW_BYTES, max_rows: None }
    }

    /// Returns how many rows probably fill a page of `page_bytes`.
    fn rows_for(&self, page_bytes: usize) -> u64 {
        let rows = page_bytes.div_ceil(self.row_bytes) as u64;
        self.max_rows.map_or(rows, |max_rows| rows.min(max_rows))
    }

    /// Has the next page ask for one row, which PostgreSQL sends at once.
    fn reduce_to_one_row(&mut self) {
        self.max_rows = Some(1);
    }

    /// Notes that a page of `rows` rows in `bytes` bytes arrived.
    fn page_arrived(&mut self, rows: u64, bytes: usize) {
        self.max_rows = self.max_rows.map(|max_rows| max_rows.saturating_mul(GROWTH));
        self.row_bytes = usize::try_from(rows).map_or(1, |rows| bytes.checked_div(rows).unwrap_or(self.row_bytes));
    }
}

/// The result of reading a page.
enum PageRead {
    Page(CsvPage),
    /// The page took too long, and must be read over another connection.
    Interrupted,
}

/// What is left after some pages were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadEnd {
    MorePages,
    LastPage,
}

impl CsvPageReader {
    /// Creates a reader of these pages, with `head` before the first row, each of about `page_bytes` at most. `keys` knows
    /// the keys that the encoder does not.
    pub fn new(
        pages: KeysetPager,
        encoder: Encoder,
        keys: KeyLookup,
        head: Vec<u8>,
        buffers: BufferPool,
        page_bytes: usize,
    ) -> Self {
        let fetch_size = FetchSize::new();
        Self { pages, encoder, keys, head, buffers, page_bytes, fetch_size, min_position: None }
    }

    /// Reads only from a server that has replayed the primary's log up to `position`.
    #[must_use]
    pub fn at_least_lsn(self, position: Option<i64>) -> Self {
        Self { min_position: position, ..self }
    }

    /// Reads pages while there is room for them, any are left, and the time slice lasts.
    fn fill(
        &mut self,
        connection: &mut Connection,
        slice: &TimeSlice,
        pages: &mpsc::Sender<CsvPage>,
    ) -> Result<ReadEnd, ExportError> {
        self.check_position(connection, slice)?;
        while let Ok(room) = pages.try_reserve() {
            let PageRead::Page(page) = self.read(connection, slice)? else { break };
            let is_last = page.last;
            room.send(page);
            if is_last || slice.is_expired() {
                break;
            }
        }
        Ok(if self.pages.ended() { ReadEnd::LastPage } else { ReadEnd::MorePages })
    }

    /// Checks that the server has replayed what the export began with.
    fn check_position(&self, connection: &mut Connection, slice: &TimeSlice) -> Result<(), DbErr> {
        if let (Some(position), Connection::Postgres(connection)) = (self.min_position, connection)
            && matches!(connection.replayed(position, slice)?, Replayed::UpTo { .. })
        {
            return Err(unavailable("the replica is behind what the export began with"));
        }
        Ok(())
    }

    /// Reads the next page.
    fn read(&mut self, connection: &mut Connection, slice: &TimeSlice) -> Result<PageRead, ExportError> {
        let page_bytes = self.next_page_bytes();
        let limit = self.row_limit(connection, page_bytes);
        // PostgreSQL may hold back the first of several rows.
        let may_hold_back = matches!(limit, RowLimit::AtMost(2..));
        let may_be_slow = may_hold_back || self.pages.may_give_up_scan();
        slice.set_first_row_timeout(may_be_slow.then_some(MAX_WAIT));

        let mut lines = self.buffers.take();
        let Self { pages, encoder, keys, head, fetch_size, .. } = self;
        let bytes = &mut lines.bytes;
        bytes.extend_from_slice(head);
        let read = pages.next(connection, slice, limit, |row| {
            encoder.row(row, bytes, |key| Ok::<_, ExportError>(keys.look_up(key)?))?;
            let is_full = bytes.len() >= page_bytes;
            Ok::<_, ExportError>(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        let rows = match read {
            Ok(rows) => rows,
            Err(ExportError::Database(error)) if is_interrupted(&error) => {
                if may_hold_back {
                    fetch_size.reduce_to_one_row();
                }
                return Ok(PageRead::Interrupted);
            }
            Err(error) => return Err(error),
        };
        fetch_size.page_arrived(rows, bytes.len() - head.len());
        // Not before: an interrupted page is read again, with the head.
        head.clear();
        Ok(PageRead::Page(CsvPage { rows, lines, last: pages.ended() }))
    }

    /// Returns the size at which the next page ends.
    fn next_page_bytes(&self) -> usize {
        let is_first = !self.head.is_empty();
        if is_first { FIRST_PAGE_BYTES.min(self.page_bytes) } else { self.page_bytes }
    }

    fn row_limit(&self, connection: &Connection, page_bytes: usize) -> RowLimit {
        if connection.is_eager() { RowLimit::AtMost(self.fetch_size.rows_for(page_bytes)) } else { RowLimit::PageRows }
    }
}

/// Reads pages before they are requested. Dropping it cancels the reading.
#[derive(Debug)]
pub struct ReadAhead {
    source: PageSource,
    waiting: mpsc::Receiver<CsvPage>,
    /// Whether nothing is left to read.
    ended: bool,
    /// The task that reads; at most one.
    reading: JoinSet<Result<ReadEnd, ExportError>>,
    /// Why no page follows those that wait.
    failure: Option<ExportError>,
}

/// What a reading task needs. Cheap to clone.
#[derive(Clone, Debug)]
struct PageSource {
    reader: Reader,
    page_timeout: Duration,
    /// Locked by the one task that reads.
    pages: Arc<Mutex<CsvPageReader>>,
    sender: mpsc::Sender<CsvPage>,
}

impl PageSource {
    /// Reads pages over one connection, for one time slice. Retries if the database is unavailable: a page that failed was
    /// not sent, so it can be read again.
    async fn read(self) -> Result<ReadEnd, ExportError> {
        let retry = Retry::every(RETRY_DELAY).within(RETRY_FOR);
        match retry.run(|| self.try_read(), |read| self.should_retry(read)).await {
            Err(ExportError::Database(error)) if is_statement_timeout(&error) => {
                Err(ExportError::TimedOut(self.page_timeout))
            }
            read => read,
        }
    }

    async fn try_read(&self) -> Result<ReadEnd, ExportError> {
        let (pages, sender) = (Arc::clone(&self.pages), self.sender.clone());
        let read = self.reader.read(move |connection, slice| lock(&pages).fill(connection, slice, &sender));
        // A read that takes longer than this has exceeded the timeout with a single page.
        let timeout = self.page_timeout + MAX_TIME_SLICE;
        tokio::time::timeout(timeout, read).await.unwrap_or(Err(ExportError::TimedOut(self.page_timeout)))
    }

    /// Retries only once rows were read: before that, the client receives an error with a status.
    fn should_retry(&self, read: &Result<ReadEnd, ExportError>) -> bool {
        matches!(read, Err(ExportError::Database(error)) if may_pass(error)) && lock(&self.pages).pages.has_read_rows()
    }
}

fn lock(pages: &Mutex<CsvPageReader>) -> MutexGuard<'_, CsvPageReader> {
    pages.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReadAhead {
    /// Creates a read-ahead that starts with the first request. `page_timeout`: how long a page may take, even if it is not
    /// requested yet.
    pub fn new(reader: Reader, page_timeout: Duration, pages: CsvPageReader) -> Self {
        let (sender, waiting) = mpsc::channel(PAGES_AHEAD);
        let source = PageSource { reader, page_timeout, pages: Arc::new(Mutex::new(pages)), sender };
        Self { source, waiting, ended: false, reading: JoinSet::new(), failure: None }
    }

    /// Returns the next page, and continues reading ahead. Must not be called after the last page.
    ///
    /// # Errors
    /// Returns an error if the page cannot be read. Pages that were read before the error are returned first.
    pub async fn next(&mut self) -> Result<CsvPage, ExportError> {
        let page = self.wait_for_page().await?;
        while let Some(read) = self.reading.try_join_next() {
            self.reading_ended(read);
        }
        self.start_reading();
        Ok(page)
    }

    async fn wait_for_page(&mut self) -> Result<CsvPage, ExportError> {
        loop {
            if let Ok(page) = self.waiting.try_recv() {
                return Ok(page);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            self.start_reading();
            tokio::select! {
                biased;
                Some(page) = self.waiting.recv() => return Ok(page),
                read = self.reading.join_next() => match read {
                    Some(read) => self.reading_ended(read),
                    None => return Err(ExportError::failed_before()),
                },
            }
        }
    }

    /// Starts the reading task, unless it is running or nothing is left to read.
    fn start_reading(&mut self) {
        if !self.ended && self.reading.is_empty() {
            self.reading.spawn(self.source.clone().read());
        }
    }

    fn reading_ended(&mut self, read: Result<Result<ReadEnd, ExportError>, JoinError>) {
        match read.unwrap_or_else(|error| resume_panic(error)) {
            Ok(end) => self.ended = end == ReadEnd::LastPage,
            Err(failure) => (self.ended, self.failure) = (true, Some(failure)),
        }
    }
}

/// Continues a task's panic in the task that waits for it.
///
/// # Panics
/// Always panics.
pub fn resume_panic(error: JoinError) -> ! {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Only the end of the runtime cancels the task.
        Err(error) => panic!("the runtime is shutting down: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::server::db::pool::Pool;
    use crate::server::export::event::KeyText;
    use crate::server::export::query::Filter;
    use crate::server::export::reader::Backend;
    use crate::server::export::reader::buffer_pool::PAGE_BYTES;
    use crate::server::export::timezone::TimeZone;

    const EVENTS: &str =
        "SELECT i AS timestamp, CAST(printf('%016d', i) AS BLOB) AS event_id, 1 AS camera_key, 1.0 AS confidence,
        1 AS detector_key, 0 AS x, 0 AS y, 0 AS width, 0 AS height, 1 AS zone_key FROM n ORDER BY timestamp, event_id";
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

    /// A database of these events, and what reads them in pages of ten.
    struct Read {
        folder: TempDir,
        reader: Reader,
        ahead: ReadAhead,
    }

    fn read(events: &str, page_timeout: Duration) -> Read {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        rusqlite::Connection::open(&path)
            .and_then(|database| database.execute_batch(&format!("PRAGMA journal_mode = WAL; {events}")))
            .expect("created");
        let reader = Reader::new(Backend::Sqlite(path, None), 1);
        let pages = KeysetPager::new(Filter::default(), 10.try_into().expect("not zero"), Vec::new());
        let mut encoder = Encoder::new(TimeZone::parse("UTC").expect("a zone"), false);
        let texts = [
            KeyText::Camera { key: 1, id: "a".to_owned(), name: "A".to_owned() },
            KeyText::Detector { key: 1, name: "b".to_owned() },
            KeyText::Zone { key: 1, id: "c".to_owned() },
        ];
        encoder.define(texts).expect("encoded");
        let keys = KeyLookup::new(Pool::default());
        let pages = CsvPageReader::new(pages, encoder, keys, Vec::new(), reader.buffers().clone(), PAGE_BYTES);
        let ahead = ReadAhead::new(reader.clone(), page_timeout, pages);
        Read { folder, reader, ahead }
    }

    fn some(events: u32) -> String {
        let n = ENDLESS.replace("FROM n)", &format!("FROM n LIMIT {events})"));
        format!("CREATE TABLE motion_events AS {n} {EVENTS}")
    }

    /// A query that never ends.
    fn endless() -> String {
        format!("CREATE VIEW motion_events AS {ENDLESS} {EVENTS}")
    }

    async fn until_idle(reader: &Reader) {
        while reader.busy() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn every_page_comes_once_and_in_order_and_the_last_one_is_marked() {
        let Read { folder: _folder, mut ahead, .. } = read(&some(35), Duration::from_mins(1));
        let mut text = Vec::new();
        let mut pages = Vec::new();
        while pages.last().is_none_or(|(_, last)| !last) {
            let page = ahead.next().await.expect("a page");
            text.extend_from_slice(&page.lines.bytes);
            pages.push((page.rows, page.last));
        }
        assert_eq!(pages, [(10, false), (10, false), (10, false), (5, true)]);
        let first_fields = String::from_utf8(text).expect("text");
        let timestamps: Vec<_> =
            first_fields.lines().filter_map(|line| line.get(20..26)?.parse::<u32>().ok()).collect();
        assert!(timestamps.into_iter().eq(1..=35), "{first_fields}");
    }

    #[tokio::test]
    async fn two_pages_wait_for_a_slow_client_without_a_connection_and_come_before_an_error() {
        let Read { folder, reader, mut ahead } = read(&some(1_000), Duration::from_mins(1));
        ahead.next().await.expect("the first page");
        until_idle(&reader).await;
        rusqlite::Connection::open(folder.path().join("x.db"))
            .and_then(|database| database.execute_batch("DROP TABLE motion_events"))
            .expect("dropped");
        let mut waited = 0;
        let failure = loop {
            match ahead.next().await {
                Ok(page) => waited += page.rows,
                Err(failure) => break failure,
            }
        };
        assert!((10..=20).contains(&waited), "{waited} rows waited");
        assert!(failure.to_string().contains("no such table"), "{failure}");
    }

    #[tokio::test]
    async fn dropping_the_read_ahead_stops_its_query_in_the_database() {
        let Read { folder: _folder, reader, mut ahead } = read(&endless(), Duration::from_mins(1));
        let waiting = tokio::spawn(async move { ahead.next().await.map(|page| page.rows) });
        while reader.busy() == 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.expect_err("it was cancelled").is_cancelled());
        until_idle(&reader).await;
    }

    #[tokio::test]
    async fn a_page_that_takes_too_long_is_cancelled() {
        let limit = Duration::from_millis(1);
        let Read { folder: _folder, reader, mut ahead } = read(&endless(), limit);
        let failure = ahead.next().await.expect_err("the query never ends");
        assert!(matches!(failure, ExportError::TimedOut(after) if after == limit), "{failure}");
        until_idle(&reader).await;
    }
}
