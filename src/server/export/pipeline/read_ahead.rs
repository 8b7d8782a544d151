//! The first half of an export's work, pages in and lines out, done ahead of the second half: while a client takes what it
//! gets, and digest and encoding are at work on another core, the next pages are read. Where it does not, a few pages wait,
//! and the connection is given back.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{DbErr, EntityTrait, QuerySelect};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::keyset::KeysetPager;
use crate::server::db::entity::camera;
use crate::server::db::error::{away, is_statement_timeout, may_pass};
use crate::server::db::pool::Pool;
use crate::server::export::csv::Encoder;
use crate::server::export::error::ExportError;
use crate::server::export::reader::buffer_pool::{Buffer, BufferPool};
use crate::server::export::reader::postgres::Replayed;
use crate::server::export::reader::{Connection, MAX_TIME_SLICE, Reader, TimeSlice, is_interrupted};

/// Where the first page ends, so that something is to be seen soon, also where each row lies somewhere else on a disk.
const FIRST_PAGE_BYTES: usize = 32 * 1_024;

/// How many pages may wait.
const PAGES_AHEAD: usize = 2;

/// How long a row is taken to be before there was one, in bytes.
const USUAL_ROW: usize = 128;

/// For how long nothing may be found by somebody who sends rows only once there are some more, such as PostgreSQL, which has
/// a buffer of 8 kB for them: then it is asked for one row, and for more again where that comes. And by somebody who passes
/// over what other cameras saw: then the next event is looked for.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// By how much more rows are asked for, page by page, once it was one.
const GROWTH: u64 = 4;

/// For how long a file that was begun waits for a database that is away: while a server is started again, or another one
/// takes its place.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// How long lies between two tries.
pub const RETRY_DELAY: Duration = Duration::from_millis(250);

/// The lines of a page.
#[derive(Debug)]
pub struct CsvPage {
    /// How many rows they are.
    pub rows: u64,
    /// The lines, and before the first one what comes before it.
    pub lines: Buffer,
    /// Whether the file ends with it.
    pub last: bool,
}

/// Makes lines of events.
#[derive(Debug)]
pub struct CsvPageReader {
    pages: KeysetPager,
    encoder: Encoder,
    names: CameraNames,
    /// The bytes before the first row, until they are given out.
    head: Vec<u8>,
    buffers: BufferPool,
    /// Where a page ends that has not ended before, in bytes.
    page_bytes: usize,
    /// How long the rows of the page before were, in bytes.
    row_bytes: usize,
    /// How many rows are asked for at most.
    most_rows: u64,
    /// Behind what in the primary's log it has to be read, where that may be another server.
    position: Option<i64>,
}

impl CsvPageReader {
    /// Those pages, with `head` before the first row, each of about `page_bytes` at most. `names` knows cameras that the
    /// encoder does not.
    pub fn new(
        pages: KeysetPager,
        encoder: Encoder,
        names: CameraNames,
        head: Vec<u8>,
        buffers: BufferPool,
        page_bytes: usize,
    ) -> Self {
        Self {
            pages,
            encoder,
            names,
            head,
            buffers,
            page_bytes,
            row_bytes: USUAL_ROW,
            most_rows: u64::MAX,
            position: None,
        }
    }

    /// The same, read from nobody who has not come to that position in the primary's log.
    #[must_use]
    pub fn at_least_lsn(self, position: Option<i64>) -> Self {
        Self { position, ..self }
    }

    /// Whether that connection may be read from.
    fn check(&self, connection: &mut Connection, turn: &TimeSlice) -> Result<(), DbErr> {
        if let (Some(position), Connection::Postgres(connection)) = (self.position, connection)
            && matches!(connection.replayed(position, turn)?, Replayed::UpTo { .. })
        {
            return Err(away("the replica is behind what the export began with"));
        }
        Ok(())
    }

    /// The next page; `None` where it has to be asked for over another connection.
    fn read(&mut self, connection: &mut Connection, turn: &TimeSlice) -> Result<Option<CsvPage>, ExportError> {
        let Self { pages, encoder, names, head, buffers, page_bytes, row_bytes, most_rows, position: _ } = self;
        let mut lines = buffers.take();
        let most = if head.is_empty() { *page_bytes } else { FIRST_PAGE_BYTES.min(*page_bytes) };
        // Where they would come for nothing, no more rows are asked for than will probably be taken.
        let rows = if connection.is_eager() { (most.div_ceil(*row_bytes) as u64).min(*most_rows) } else { u64::MAX };
        let is_held_back = connection.is_eager() && rows > 1;
        turn.expect_within((is_held_back || pages.may_give_up_scan()).then_some(MAX_WAIT));
        let bytes = &mut lines.bytes;
        let before = head.len();
        bytes.extend_from_slice(head);
        let found = pages.next(connection, turn, rows, |row| {
            encoder.row(row, bytes, |id| Ok::<_, ExportError>(names.look_up(id)?))?;
            let full = bytes.len() >= most;
            Ok::<_, ExportError>(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        let rows = match found {
            Err(ExportError::Database(error)) if is_interrupted(&error) => {
                if is_held_back {
                    *most_rows = 1;
                }
                return Ok(None);
            }
            found => found?,
        };
        *most_rows = most_rows.saturating_mul(GROWTH);
        // Given out now, and not before: the page may have to be read again.
        head.clear();
        *row_bytes =
            usize::try_from(rows).map_or(1, |rows| (bytes.len() - before).checked_div(rows).unwrap_or(*row_bytes));
        Ok(Some(CsvPage { rows, lines, last: pages.ended() }))
    }
}

/// What cameras are called that came after an export began. Whose rows are in a page has been settled before.
#[derive(Debug)]
pub struct CameraNames {
    database: Pool,
    runtime: Handle,
}

impl CameraNames {
    /// As that database has them. Has to be called within the runtime.
    pub fn of(database: Pool) -> Self {
        Self { database, runtime: Handle::current() }
    }

    /// Looks one up, on a thread that may wait.
    fn look_up(&self, id: &str) -> Result<String, DbErr> {
        let named = camera::Entity::find_by_id(id).select_only().column(camera::Column::Name);
        let name = self.runtime.block_on(named.into_tuple::<Option<String>>().one(&self.database))?;
        Ok(name.flatten().unwrap_or_else(|| id.to_owned()))
    }
}

/// Reads pages ahead of whoever takes them. Dropping it stops that.
#[derive(Debug)]
pub struct ReadAhead {
    reader: Reader,
    page_timeout: Duration,
    sender: mpsc::Sender<CsvPage>,
    waiting: mpsc::Receiver<CsvPage>,
    lines: Arc<Mutex<CsvPageReader>>,
    /// Whether there is nothing to read any more.
    ended: bool,
    reading: JoinSet<Result<bool, ExportError>>,
    /// Why there is nothing after the pages that wait.
    failure: Option<ExportError>,
}

impl ReadAhead {
    /// Nothing is read before the first page is asked for. `page_timeout`: how long a page may take, also where nobody
    /// waits for it yet.
    pub fn new(reader: Reader, page_timeout: Duration, lines: CsvPageReader) -> Self {
        let (sender, waiting) = mpsc::channel(PAGES_AHEAD);
        let lines = Arc::new(Mutex::new(lines));
        Self { reader, page_timeout, sender, waiting, lines, ended: false, reading: JoinSet::new(), failure: None }
    }

    /// The next page. Not to be asked after the last one.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn next(&mut self) -> Result<CsvPage, ExportError> {
        let page = self.page().await?;
        while let Some(done) = self.reading.try_join_next() {
            self.was_read(done);
        }
        self.read_on();
        Ok(page)
    }

    async fn page(&mut self) -> Result<CsvPage, ExportError> {
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

    fn was_read(&mut self, done: Result<Result<bool, ExportError>, JoinError>) {
        match done.unwrap_or_else(|error| resume(error)) {
            Ok(ended) => self.ended = ended,
            Err(failure) => (self.ended, self.failure) = (true, Some(failure)),
        }
    }

    /// Sees to it that pages are read for as long as there is room for them and any are left. After a while others get their
    /// turn.
    fn read_on(&mut self) {
        if self.ended || !self.reading.is_empty() {
            return;
        }
        let (reader, lines, sender, limit) =
            (self.reader.clone(), Arc::clone(&self.lines), self.sender.clone(), self.page_timeout);
        self.reading.spawn(async move {
            let since = Instant::now();
            loop {
                let (shared, sender) = (Arc::clone(&lines), sender.clone());
                let read = reader.read(move |connection, turn| {
                    let mut lines = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    lines.check(connection, turn)?;
                    while let Ok(room) = sender.try_reserve() {
                        let Some(page) = lines.read(connection, turn)? else { break };
                        let last = page.last;
                        room.send(page);
                        if last || turn.is_expired() {
                            break;
                        }
                    }
                    Ok(lines.pages.ended())
                });
                // Who has taken longer than this was at one page for longer than a page may take.
                let read = tokio::time::timeout(limit + MAX_TIME_SLICE, read).await;
                match read.unwrap_or(Err(ExportError::TimedOut(limit))) {
                    // Nothing of the page was given out, so it can be read once more.
                    Err(ExportError::Database(error))
                        if may_pass(&error)
                            && since.elapsed() < RETRY_FOR
                            && lines.lock().unwrap_or_else(PoisonError::into_inner).pages.begun() =>
                    {
                        tokio::time::sleep(RETRY_DELAY).await;
                    }
                    Err(ExportError::Database(error)) if is_statement_timeout(&error) => {
                        return Err(ExportError::TimedOut(limit));
                    }
                    done => return done,
                }
            }
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tempfile::TempDir;

    use super::*;
    use crate::server::export::query::Filter;
    use crate::server::export::reader::Backend;
    use crate::server::export::reader::buffer_pool::PAGE_BYTES;
    use crate::server::export::timezone::TimeZone;

    const EVENTS: &str =
        "SELECT i AS timestamp, CAST(printf('%016d', i) AS BLOB) AS id, 'a' AS camera_id, 1.0 AS confidence,
        'b' AS algorithm, 0 AS x, 0 AS y, 0 AS width, 0 AS height, 'c' AS zone_id FROM n ORDER BY timestamp, id";
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

    /// Where those events are, and what reads them in pages of ten.
    struct Read {
        folder: TempDir,
        reader: Reader,
        ahead: ReadAhead,
    }

    fn read(events: &str, page_timeout: Duration) -> Read {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        rusqlite::Connection::open(&path)
            .and_then(|made| made.execute_batch(&format!("PRAGMA journal_mode = WAL; {events}")))
            .expect("made");
        let reader = Reader::new(Backend::Sqlite(path, None), 1);
        let pages = KeysetPager::new(Filter::default(), 10.try_into().expect("not zero"), Vec::new());
        let encoder =
            Encoder::new(TimeZone::parse("UTC").expect("a zone"), false, HashMap::from([("a".into(), "A".into())]));
        let names = CameraNames::of(Pool::default());
        let lines = CsvPageReader::new(pages, encoder, names, Vec::new(), reader.buffers().clone(), PAGE_BYTES);
        let ahead = ReadAhead::new(reader.clone(), page_timeout, lines);
        Read { folder, reader, ahead }
    }

    fn some(events: u32) -> String {
        let n = ENDLESS.replace("FROM n)", &format!("FROM n LIMIT {events})"));
        format!("CREATE TABLE motion_events AS {n} {EVENTS}")
    }

    /// Nothing that is read comes to an end by itself.
    fn endless() -> String {
        format!("CREATE VIEW motion_events AS {ENDLESS} {EVENTS}")
    }

    async fn until_nothing_is_read(reader: &Reader) {
        while reader.busy() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn every_page_comes_once_and_in_order_and_the_last_one_says_so() {
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
        let moments: Vec<_> = first_fields.lines().filter_map(|line| line.get(20..26)?.parse::<u32>().ok()).collect();
        assert!(moments.into_iter().eq(1..=35), "{first_fields}");
    }

    #[tokio::test]
    async fn while_nobody_takes_them_two_pages_wait_and_the_connection_is_free_and_what_waits_comes_before_a_failure() {
        let Read { folder, reader, mut ahead } = read(&some(1_000), Duration::from_mins(1));
        ahead.next().await.expect("the first page");
        until_nothing_is_read(&reader).await;
        rusqlite::Connection::open(folder.path().join("x.db"))
            .and_then(|gone| gone.execute_batch("DROP TABLE motion_events"))
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
    async fn letting_go_stops_what_is_read_in_the_database() {
        let Read { folder: _folder, reader, mut ahead } = read(&endless(), Duration::from_mins(1));
        let waiting = tokio::spawn(async move { ahead.next().await.map(|page| page.rows) });
        while reader.busy() == 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.expect_err("it was let go of").is_cancelled());
        until_nothing_is_read(&reader).await;
    }

    #[tokio::test]
    async fn a_page_that_takes_longer_than_a_page_may_is_given_up() {
        let limit = Duration::from_millis(1);
        let Read { folder: _folder, reader, mut ahead } = read(&endless(), limit);
        let failure = ahead.next().await.expect_err("it never ends");
        assert!(matches!(failure, ExportError::TimedOut(after) if after == limit), "{failure}");
        until_nothing_is_read(&reader).await;
    }
}
