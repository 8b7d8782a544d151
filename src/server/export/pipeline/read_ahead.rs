//! Reads an export ahead of the client, several windows of time side by side, and returns their pages in order.
//!
//! ```text
//!  the events of the export in order of time, and who reads them:
//!
//!  |== segment ==|== segment ==|== segment ==|----------------- rest ----------------->
//!   being sent     being read    being read    a pager; the next window is split off it
//! ```
//!
//! The queue has the parts of the export in order. A segment is read by one task, on a worker thread with a connection. A
//! part that nobody reads yet is a pager with its position. If a segment has more events than expected, it ends after its
//! pages, and the rest of it becomes a part behind it.
//!
//! An export uses more than one core only for its first small windows, and while its client is faster than one core and cores
//! are idle. For a client that is slower than one core, at most two segments of one page are ahead after these windows; one that
//! was fast and then stops has the windows waiting that were read for it. Neither holds a connection. Each part is read in keyset pages, whose promise does not depend on how the export is divided.

use std::collections::VecDeque;
use std::time::Duration;

use super::keyset::KeysetPager;
use super::page_reader::{CsvPage, CsvPageReader};
use super::segment::{Segment, SharedPageReader, lock};
use super::window_plan::{NextWindow, WindowPlan};
use crate::server::export::error::ExportError;
use crate::server::export::reader::Reader;

/// The number of pages of a window if several are read side by side. An export has at most one window more in memory than it
/// reads at the same time.
const WINDOW_PAGES: usize = 3;

/// The number of pages of a segment if one is read at a time and the client waits for it.
const SERIAL_PAGES: usize = 2;

/// The maximum number of segments of one export that are read side by side: it bounds the memory, and one thread computes
/// the digest of the file.
const MAX_SIDE_BY_SIDE: usize = 6;

/// Reads pages before they are requested. Dropping it cancels the reading.
#[derive(Debug)]
pub struct ReadAhead {
    reader: Reader,
    page_timeout: Duration,
    /// The parts whose pages were not returned yet, in order.
    parts: VecDeque<Part>,
    /// Page readers that no segment uses.
    idle: Vec<SharedPageReader>,
    /// What further page readers are made from.
    template: CsvPageReader,
    plan: WindowPlan,
    /// The number of pages since the client has last waited for one.
    pages_without_wait: usize,
}

/// A part of the export.
#[derive(Debug)]
enum Part {
    /// A task reads it, or has read it.
    Segment(Segment),
    /// Nobody reads it yet.
    Rest(Box<KeysetPager>),
}

impl ReadAhead {
    /// Starts to read the first page.
    pub fn start(&mut self) {
        self.start_reading();
    }

    /// Creates a read-ahead that starts with the first request, or with [`start`](Self::start). `page_timeout`: how long a page may take, even if it is not
    /// requested yet.
    pub fn new(reader: Reader, page_timeout: Duration, first: CsvPageReader) -> Self {
        // Most windows end within their last page, so that few have a rest.
        let target_bytes = first.page_bytes() * WINDOW_PAGES - first.page_bytes() / 2;
        let pager = first.pager().clone();
        // Whether the client is fast is unknown at first. The first windows are small, so each core may read one before the
        // client has waited.
        let side_by_side = reader.cores_besides(0).min(MAX_SIDE_BY_SIDE);
        let pages_without_wait = if side_by_side > 1 { (WINDOW_PAGES - 1) * (side_by_side + 1) } else { usize::MAX };
        Self {
            reader,
            page_timeout,
            template: first.another(),
            parts: VecDeque::from([Part::Rest(Box::new(pager))]),
            idle: vec![SharedPageReader::new(first.into())],
            plan: WindowPlan::new(target_bytes),
            pages_without_wait,
        }
    }

    /// Returns the next page, and continues reading ahead. Must not be called after the last page.
    ///
    /// # Errors
    /// Returns an error if the page cannot be read. Pages that were read before the error are returned first.
    ///
    /// # Panics
    /// Panics if a reading task has panicked.
    pub async fn next(&mut self) -> Result<CsvPage, ExportError> {
        self.pages_without_wait = self.pages_without_wait.saturating_add(1);
        loop {
            if matches!(self.parts.front(), Some(Part::Rest(_))) {
                // Nobody reads yet what is needed next.
                self.pages_without_wait = 0;
            }
            self.start_reading();
            let is_only_part = self.parts.len() == 1;
            let Some(Part::Segment(front)) = self.parts.front_mut() else { return Err(ExportError::failed_before()) };
            let mut page = front.try_next();
            if page.is_none() {
                if !front.is_read() && self.pages_without_wait > 0 {
                    // Others may be read while this one is waited for.
                    self.pages_without_wait = 0;
                    continue;
                }
                page = front.next().await?;
            }
            let Some(page) = page else {
                self.remove_front();
                continue;
            };
            if page.last && is_only_part {
                return Ok(page);
            }
            if front.has_returned_all() {
                // Reading goes on at once with what is behind the front.
                front.ended().await?;
            }
            if page.rows > 0 {
                self.start_reading();
                return Ok(CsvPage { last: false, ..page });
            }
        }
    }

    /// Removes the first part, all pages of which were returned.
    fn remove_front(&mut self) {
        self.take_rests();
        if let Some(Part::Segment(front)) = self.parts.pop_front() {
            self.idle.push(front.reader);
        }
    }

    /// Puts the rest of each segment that was read behind it.
    fn take_rests(&mut self) {
        let mut index = 0;
        while let Some(part) = self.parts.get_mut(index) {
            index += 1;
            let Part::Segment(segment) = part else { continue };
            if !segment.is_read() || segment.is_rest_taken {
                continue;
            }
            segment.is_rest_taken = true;
            let rest = {
                let reader = lock(&segment.reader);
                let pager = reader.pager();
                if let Some(micros) = pager.micros_since(segment.start) {
                    self.plan.window_read(micros, reader.bytes_read());
                }
                (!pager.ended()).then(|| Box::new(pager.clone()))
            };
            if let Some(rest) = rest {
                self.parts.insert(index, Part::Rest(rest));
            }
        }
    }

    /// Starts to read parts as far ahead as is useful.
    fn start_reading(&mut self) {
        self.take_rests();
        while let Some(index) = self.next_to_read() {
            let Some(Part::Rest(mut rest)) = self.parts.remove(index) else { return };
            let max_pages = match (self.plan.next(), self.side_by_side()) {
                // The first page of the file: nothing is known of the events, and it is needed soon.
                (NextWindow::First, _) => 1,
                _ if !self.client_is_fast() => 1,
                (_, 1) => SERIAL_PAGES,
                (NextWindow::Endless, _) => WINDOW_PAGES,
                (NextWindow::Of(micros), _) => {
                    let window_end = rest.position().and_then(|position| position.checked_add(micros));
                    if let Some(later) = window_end.and_then(|end| rest.split_off(end)) {
                        self.parts.insert(index, Part::Rest(Box::new(later)));
                    }
                    WINDOW_PAGES
                }
            };
            let reader = self.idle.pop().unwrap_or_else(|| SharedPageReader::new(self.template.another().into()));
            lock(&reader).restart(*rest, max_pages);
            let segment = Segment::start(self.reader.clone(), self.page_timeout, reader, max_pages);
            self.parts.insert(index, Part::Segment(segment));
        }
    }

    /// Returns the index of the part to be read next, if it is useful to start now.
    fn next_to_read(&self) -> Option<usize> {
        let index = self.parts.iter().position(|part| matches!(part, Part::Rest(_)))?;
        let (reading, side_by_side) = (self.reading(), self.side_by_side());
        let is_useful = if self.client_is_fast() && side_by_side > 1 {
            reading < side_by_side && index <= side_by_side
        } else {
            reading == 0 && index < 2
        };
        (index == 0 || is_useful).then_some(index)
    }

    /// Returns whether the client is faster than reading: it has waited since it took all that could have been read ahead.
    fn client_is_fast(&self) -> bool {
        self.pages_without_wait <= WINDOW_PAGES * (self.side_by_side() + 1)
    }

    /// Returns how many segments are being read.
    fn reading(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Part::Segment(segment) if !segment.is_read())).count()
    }

    /// Returns how many segments may be read at the same time: as many as cores are left by other exports and previews.
    fn side_by_side(&self) -> usize {
        self.reader.cores_besides(self.reading()).clamp(1, MAX_SIDE_BY_SIDE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::server::db::pool::Pool;
    use crate::server::export::csv::Encoder;
    use crate::server::export::event::KeyText;
    use crate::server::export::pipeline::key_lookup::KeyLookup;
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

    /// How events are read.
    #[derive(Clone, Copy, Debug)]
    struct How {
        cores: usize,
        page_rows: u32,
        page_bytes: usize,
        page_timeout: Duration,
    }

    /// One page of ten events at a time.
    const SERIAL: How = How { cores: 1, page_rows: 10, page_bytes: PAGE_BYTES, page_timeout: Duration::from_mins(1) };

    fn read(events: &str, page_timeout: Duration) -> Read {
        let folder = folder_with(events);
        let reader = reader(&folder, SERIAL.cores);
        let ahead = ahead(&reader, How { page_timeout, ..SERIAL });
        Read { folder, reader, ahead }
    }

    fn folder_with(events: &str) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        rusqlite::Connection::open(folder.path().join("x.db"))
            .and_then(|database| database.execute_batch(&format!("PRAGMA journal_mode = WAL; {events}")))
            .expect("created");
        folder
    }

    fn reader(folder: &TempDir, cores: usize) -> Reader {
        let connections = if cores == 1 { 1 } else { 16 };
        Reader::new(Backend::Sqlite(folder.path().join("x.db"), None), connections, cores)
    }

    fn ahead(reader: &Reader, how: How) -> ReadAhead {
        let pages = KeysetPager::new(Filter::default(), how.page_rows.try_into().expect("not zero"), Vec::new());
        let mut encoder = Encoder::new(TimeZone::parse("UTC").expect("a zone"), false);
        let texts = [
            KeyText::Camera { key: 1, id: "a".to_owned(), name: "A".to_owned() },
            KeyText::Detector { key: 1, name: "b".to_owned() },
            KeyText::Zone { key: 1, id: "c".to_owned() },
        ];
        encoder.define(texts).expect("encoded");
        let keys = KeyLookup::new(Pool::default());
        let head = b"head\r\n".to_vec();
        let pages = CsvPageReader::new(pages, encoder, keys, head, reader.buffers().clone(), how.page_bytes);
        ReadAhead::new(reader.clone(), how.page_timeout, pages)
    }

    /// Reads everything, and pauses before page `n` for `pauses[n]` turns of the runtime.
    async fn read_all(mut ahead: ReadAhead, pauses: &[u8]) -> (u64, Vec<u8>) {
        let (mut rows, mut bytes) = (0, Vec::new());
        for turns in pauses.iter().cycle() {
            for _ in 0..*turns {
                tokio::task::yield_now().await;
            }
            let page = ahead.next().await.expect("a page");
            rows += page.rows;
            bytes.extend_from_slice(&page.lines.bytes);
            if page.last {
                break;
            }
        }
        (rows, bytes)
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
        // A task that was started has a connection then.
        tokio::task::yield_now().await;
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
            first_fields.lines().skip(1).filter_map(|line| line.get(20..26)?.parse::<u32>().ok()).collect();
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
    async fn a_client_that_never_waits_counts_as_slow_after_a_page_for_each_core_and_one_more() {
        let folder = folder_with(&some(10_000));
        let reader = reader(&folder, 2);
        let mut ahead = ahead(&reader, How { cores: 2, ..SERIAL });
        ahead.start();
        for page in 1..=6 {
            until_idle(&reader).await;
            assert_eq!(ahead.client_is_fast(), page <= 4, "before page {page}");
            assert!(ahead.next().await.expect("a page").rows > 0);
        }
        // One that waits is fast.
        while !ahead.client_is_fast() {
            ahead.next().await.expect("a page");
        }
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_number_of_cores_and_windows_gives_the_same_bytes(
            // Quiet and busy times, and many events at one moment.
            gaps in proptest::collection::vec(
                prop_oneof![4 => 0..3_i64, 2 => 0..1_000_i64, 1 => 0..10_000_000_000_i64], 0..400),
            cores in 2..8_usize,
            page_rows in 1..50_u32,
            page_bytes in 100..4_000_usize,
            pauses in proptest::collection::vec(0..40_u8, 1..8),
        ) {
            let moments = gaps.iter().scan(0, |moment, gap| { *moment += gap; Some(*moment) });
            let values: Vec<_> = moments.enumerate()
                .map(|(i, moment)| format!("({moment}, CAST(printf('%016d', {i}) AS BLOB), 1, {i}.5, 1, 0, 0, 0, 0, 1)"))
                .collect();
            let events = format!(
                "CREATE TABLE motion_events (timestamp, event_id, camera_key, confidence, detector_key, x, y, width, height, zone_key);
                {}", if values.is_empty() { String::new() } else { format!("INSERT INTO motion_events VALUES {}", values.join(", ")) });
            let folder = folder_with(&events);
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let how = How { cores, page_rows, page_bytes, ..SERIAL };
                let serial = read_all(ahead(&reader(&folder, 1), How { cores: 1, ..how }), &[0]).await;
                let parallel = read_all(ahead(&reader(&folder, cores), how), &pauses).await;
                prop_assert_eq!(serial.0, gaps.len() as u64);
                prop_assert_eq!(parallel, serial);
                Ok(())
            })?;
        }
    }
}
