//! Keyset pagination: reads the events that a filter selects, page by page, in order and without copying rows.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use sea_orm::DbErr;

use crate::server::accounts::camera_access::camera_filter::CameraFilter;
use crate::server::export::event::{Cursor, Row, ScanEnd};
use crate::server::export::query::{self, Filter};
use crate::server::export::reader::{Connection, TimeSlice};
use crate::server::export::timezone::TimeRange;

/// The maximum number of partitions in one window.
const MAX_WINDOW_PARTITIONS: usize = 64;

/// Reads the events that a filter selects, in order, a page at a time.
///
/// A partitioned table is read window by window, so that no statement is about all partitions: PostgreSQL plans for each
/// partition that a statement may read, which takes some 10 ms for those of ten years.
#[derive(Clone, Debug)]
pub struct KeysetPager {
    filter: Filter,
    page_rows: NonZeroU32,
    /// Where the partitions within the filter's range end, in order. The last partition has no end in this list.
    partition_ends: Vec<i64>,
    window: PartitionWindow,
    /// The timestamps of the first and the last event that were read.
    read_timestamps: Option<(i64, i64)>,
    /// Whether this pager, or the one that it was split off, has read any row.
    has_read_rows: bool,
    ended: bool,
}

/// The maximum number of rows of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLimit {
    /// As many rows as the pager was created for.
    PageRows,
    /// This many rows, within 1 and the rows that the pager was created for.
    AtMost(u64),
}

impl RowLimit {
    fn rows(self, page_rows: NonZeroU32) -> u64 {
        match self {
            Self::PageRows => page_rows.get().into(),
            Self::AtMost(rows) => rows.clamp(1, page_rows.get().into()),
        }
    }
}

/// The consecutive partitions that are read at the moment, and the position in them.
#[derive(Clone, Debug)]
struct PartitionWindow {
    /// The index of the first partition.
    first: usize,
    partitions: usize,
    has_filled_page: bool,
    /// The last event that was read.
    after: Option<Cursor>,
    /// The window has no event before this moment that is not read yet.
    from: Option<i64>,
    /// Whether the next event may come after many events of other cameras.
    needs_seek: bool,
}

/// Why a page has no more rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PageEnd {
    /// The window has no more events.
    WindowExhausted,
    /// The page has as many rows or bytes as it may have.
    Full,
    /// The time slice ended.
    Interrupted,
}

/// Whether the window has another event.
enum Seek {
    Found,
    WindowExhausted,
}

impl PartitionWindow {
    fn new(first: usize, partitions: usize) -> Self {
        Self { first, partitions, has_filled_page: false, after: None, from: None, needs_seek: true }
    }

    /// Returns the window after this one. It is larger if this one had few events.
    fn next(&self) -> Self {
        let partitions = if self.has_filled_page { 1 } else { (2 * self.partitions).min(MAX_WINDOW_PARTITIONS) };
        Self::new(self.first + self.partitions, partitions)
    }
}

impl KeysetPager {
    /// Creates a pager for pages of up to `page_rows` events, of a table whose partitions end at `partition_ends`. Nothing is
    /// read yet.
    pub fn new(filter: Filter, page_rows: NonZeroU32, mut partition_ends: Vec<i64>) -> Self {
        let TimeRange { start, end } = filter.interval;
        partition_ends
            .retain(|moment| start.is_none_or(|start| *moment > start) && end.is_none_or(|end| *moment < end));
        let window = PartitionWindow::new(0, 1);
        Self { filter, page_rows, partition_ends, window, read_timestamps: None, has_read_rows: false, ended: false }
    }

    /// Returns whether the last page was read.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Returns whether this pager, or the one that it was split off, has read any row.
    pub fn has_read_rows(&self) -> bool {
        self.has_read_rows
    }

    /// Returns the moment before which nothing is left to read; `None` before anything was read, if the range has no start.
    pub fn position(&self) -> Option<i64> {
        self.window.after.map(|after| after.timestamp).or(self.range().start)
    }

    /// Returns how many microseconds the events cover that were read since the position was `start`; `None` if none was
    /// read and there is no bound.
    pub fn micros_since(&self, start: Option<i64>) -> Option<i64> {
        let (first, last) = self.read_timestamps.unzip();
        let end = self.filter.interval.end.filter(|_| self.ended).or(last)?;
        Some(end.saturating_sub(start.or(first)?))
    }

    /// Ends this pager at a moment, and returns a pager for the events from then on. Returns `None` if either would have
    /// nothing to read, or the position is not known yet.
    #[must_use]
    pub fn split_off(&mut self, moment: i64) -> Option<Self> {
        let end = self.filter.interval.end;
        let has_both = self.position().is_some_and(|position| position < moment) && end.is_none_or(|end| moment < end);
        if self.ended || !has_both {
            return None;
        }
        let interval = TimeRange { start: Some(moment), end };
        let filter = Filter { interval, cameras: self.filter.cameras.clone() };
        let later = Self::new(filter, self.page_rows, self.partition_ends.clone());
        self.filter.interval.end = Some(moment);
        self.partition_ends.retain(|end| *end < moment);
        Some(Self { has_read_rows: self.has_read_rows, ..later })
    }

    /// Returns whether the next page scans past the events of other cameras, however many there are. If that scan is given
    /// up, the next one begins at the next event, which the indexes of the cameras find.
    pub fn may_give_up_scan(&self) -> bool {
        self.filter.cameras.scanned().is_some() && !self.window.needs_seek
    }

    /// Passes the rows of the next page to `take`, and returns how many there were. The page ends at `limit`, when `take`
    /// breaks, when the time slice ends, and at the end of a window. It is empty only after the last event.
    ///
    /// # Errors
    /// Returns an error if the database is unavailable, a row cannot be read, or `take` fails. The same page can be read
    /// again then.
    pub fn next<E: From<DbErr>>(
        &mut self,
        connection: &mut Connection,
        slice: &TimeSlice,
        limit: RowLimit,
        mut take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
    ) -> Result<u64, E> {
        // Without a camera there is nothing to read, and no reason to scan all events for it.
        if matches!(&self.filter.cameras, CameraFilter::Only(cameras) if cameras.is_empty()) {
            self.ended = true;
        }
        let limit = limit.rows(self.page_rows);
        while !self.ended {
            let rows = match self.seek(connection, slice)? {
                Seek::Found => self.read_window(connection, slice, limit, &mut take)?,
                Seek::WindowExhausted => {
                    self.advance();
                    0
                }
            };
            if rows > 0 {
                return Ok(rows);
            }
        }
        Ok(0)
    }

    /// Reads up to `limit` rows of the window, and moves the position behind them.
    fn read_window<E: From<DbErr>>(
        &mut self,
        connection: &mut Connection,
        slice: &TimeSlice,
        limit: u64,
        take: &mut impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
    ) -> Result<u64, E> {
        // Until the page is read: a long scan may be why reading fails.
        self.window.needs_seek = true;
        let (mut rows, mut first, mut last, mut is_full) = (0, None, None, false);
        let after = self.window.after;
        let scan_end = connection.page(&self.filter.page(self.range(), after, limit), slice, |row| {
            if last.or(after).is_some_and(|last| row.cursor <= last) {
                return Err(row.cursor.out_of_order().into());
            }
            rows += 1;
            first = first.or(Some(row.cursor.timestamp));
            last = Some(row.cursor);
            take(row).inspect(|flow| is_full = flow.is_break())
        })?;
        let end = match scan_end {
            ScanEnd::Exhausted if rows < limit => PageEnd::WindowExhausted,
            ScanEnd::CutShort if !is_full && rows < limit => PageEnd::Interrupted,
            ScanEnd::Exhausted | ScanEnd::CutShort => PageEnd::Full,
        };
        self.window.needs_seek = end == PageEnd::Interrupted;
        self.window.after = last.or(after);
        self.has_read_rows |= rows > 0;
        if let (Some(first), Some(last)) = (first, last) {
            self.read_timestamps = Some((self.read_timestamps.map_or(first, |(first, _)| first), last.timestamp));
        }
        match end {
            PageEnd::WindowExhausted => self.advance(),
            PageEnd::Full | PageEnd::Interrupted => self.window.has_filled_page = true,
        }
        Ok(rows)
    }

    /// Moves the position to the next event if that may be far. With many cameras, all events are scanned for theirs, and a
    /// page could take its whole time for events of other cameras.
    fn seek(&mut self, connection: &mut Connection, slice: &TimeSlice) -> Result<Seek, DbErr> {
        let Some(cameras) = self.filter.cameras.scanned().filter(|_| self.window.needs_seek) else {
            return Ok(Seek::Found);
        };
        let statement = query::first(self.range(), self.window.after, cameras, connection.backend());
        let Some(first) = connection.number(&statement, slice)? else { return Ok(Seek::WindowExhausted) };
        if self.window.after.is_none_or(|after| after.timestamp < first) {
            (self.window.from, self.window.after) = (Some(first), None);
        }
        Ok(Seek::Found)
    }

    /// Returns the time range of the rest of the window.
    fn range(&self) -> TimeRange {
        let TimeRange { start, end } = self.filter.interval;
        let PartitionWindow { first, partitions, from, .. } = self.window;
        let window_start = first.checked_sub(1).and_then(|before| self.partition_ends.get(before)).copied();
        let window_end = self.partition_ends.get(first + partitions - 1).copied();
        TimeRange { start: from.or(window_start).or(start), end: window_end.or(end) }
    }

    /// Goes to the next window, or ends after the last one.
    fn advance(&mut self) {
        self.ended = self.window.first + self.window.partitions > self.partition_ends.len();
        self.window = self.window.next();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::server::accounts::camera_access::camera_filter::SelectedCamera;
    use crate::server::export::reader::sqlite::SqliteConnection;

    /// Creates a database of this many events, three per timestamp.
    fn database(events: u32) -> Connection {
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        connection
            .execute_batch(&format!(
                "CREATE TABLE motion_events (timestamp INTEGER, event_id BLOB, camera_key INTEGER, confidence REAL,
                    detector_key INTEGER, x INTEGER, y INTEGER, width INTEGER, height INTEGER, zone_key INTEGER,
                    PRIMARY KEY (timestamp, event_id));
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events})
                 INSERT INTO motion_events SELECT i / 3, CAST(printf('%016d', i) AS BLOB), 1, i, 1, i, 0, 0, 0, NULL FROM n"
            ))
            .expect("created");
        sqlite(connection)
    }

    fn sqlite(connection: rusqlite::Connection) -> Connection {
        Connection::Sqlite(SqliteConnection::new(connection).expect("prepared"))
    }

    #[test]
    fn pages_that_are_cut_short_anywhere_return_each_event_once_and_in_order() {
        let mut connection = database(1_000);
        // Finds out that the table has to be read with statements. From then on, each page is one.
        read_all(&mut connection, CameraFilter::All).expect("read");
        for every in 10..60 {
            let calls = AtomicU32::new(0);
            // As if rows had been held back for too long, at different points.
            let interrupts = move || calls.fetch_add(1, Ordering::Relaxed) % every == every - 1;
            let Connection::Sqlite(sqlite) = &connection else { unreachable!("not SQLite") };
            sqlite.progress_handler(13, Some(interrupts)).expect("set");
            let mut pages = KeysetPager::new(Filter::default(), 100.try_into().expect("not zero"), Vec::new());
            let (mut seen, mut cut_short) = (Vec::new(), 0);
            for _ in 0..10_000 {
                if pages.ended() {
                    break;
                }
                let rows = pages.next(&mut connection, &TimeSlice::new(), RowLimit::AtMost(100), |row| {
                    seen.push(row.bounding_box[0]);
                    Ok::<_, DbErr>(ControlFlow::Continue(()))
                });
                // Without a row so far, this is an error, and the page is read again.
                cut_short += u32::from(!rows.is_ok_and(|rows| rows == 100));
            }
            assert!(cut_short > 1, "with {every}");
            assert!(seen.into_iter().eq((1..=1_000).map(Some)), "with {every}");
        }
    }

    #[test]
    fn events_of_many_quiet_cameras_are_found_without_a_scan_past_those_of_others() {
        let cameras = (0..20).map(|key| SelectedCamera { key, id: format!("quiet {key}") }).collect();
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        // Every 10,000th event is of a quiet camera. At some timestamps there are two of them. A table with a further column is
        // read with statements, whose steps are counted below.
        connection
            .execute_batch(
                "CREATE TABLE motion_events (timestamp INTEGER, event_id BLOB, camera_key INTEGER, confidence REAL,
                    detector_key INTEGER, x INTEGER, y INTEGER, width INTEGER, height INTEGER, zone_key INTEGER, more,
                    PRIMARY KEY (timestamp, event_id))
                    WITHOUT ROWID;
                 CREATE INDEX by_camera ON motion_events (camera_key, timestamp, event_id);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
                 INSERT INTO motion_events SELECT i, CAST(printf('%016d', i) AS BLOB),
                    CASE WHEN i % 10000 = 0 THEN i / 10000 % 20 ELSE 99 END, 1, 1, i, 0, 0, 0, NULL, 0 FROM n;
                 INSERT INTO motion_events SELECT timestamp, CAST(printf('%016d', -x) AS BLOB), 7, 1, 1, -x, 0, 0,
                    0, NULL, 0 FROM motion_events WHERE x % 30000 = 0",
            )
            .expect("created");
        let mut connection = sqlite(connection);
        let filter = Filter { interval: TimeRange::default(), cameras: CameraFilter::Only(cameras) };
        for (ends, rows) in
            [(Vec::new(), 100), (vec![35_000, 60_000, 60_001, 190_000], 100), (Vec::new(), 1), (Vec::new(), 2)]
        {
            let mut pages = KeysetPager::new(filter.clone(), rows.try_into().expect("not zero"), ends);
            let mut seen = Vec::new();
            while !pages.ended() {
                let Connection::Sqlite(sqlite) = &connection else { unreachable!("not SQLite") };
                let steps = AtomicU32::new(0);
                // Enough to scan past some thousand events, not past ten thousand.
                let interrupts = move || steps.fetch_add(1, Ordering::Relaxed) > 40;
                sqlite.progress_handler(1_000, Some(interrupts)).expect("set");
                let may_give_up = pages.may_give_up_scan();
                let page = pages.next(&mut connection, &TimeSlice::new(), RowLimit::AtMost(100), |row| {
                    seen.push((row.cursor.timestamp, row.bounding_box[0]));
                    Ok::<_, DbErr>(ControlFlow::Continue(()))
                });
                assert!(page.is_ok() || may_give_up, "no page takes too long: {page:?}");
            }
            let doubled = |i: i64| std::iter::once((i, Some(-i))).filter(move |_| i % 30_000 == 0);
            let expected = (1..=20).map(|n| n * 10_000).flat_map(|i| doubled(i).chain([(i, Some(i))]));
            assert_eq!(seen, expected.collect::<Vec<_>>());
        }
    }

    /// Reads all events, and returns the column x of each.
    fn read_all(connection: &mut Connection, cameras: CameraFilter) -> Result<Vec<Option<i64>>, DbErr> {
        let filter = Filter { interval: TimeRange::default(), cameras };
        let mut pages = KeysetPager::new(filter, 7.try_into().expect("not zero"), Vec::new());
        let mut seen = Vec::new();
        while !pages.ended() {
            pages.next(connection, &TimeSlice::new(), RowLimit::PageRows, |row| {
                seen.push(row.bounding_box[0]);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            })?;
        }
        Ok(seen)
    }

    #[test]
    fn events_are_sorted_if_another_program_has_removed_the_indexes() {
        // Of none, of a part of the order, and of all of it.
        for index in [
            "",
            "CREATE INDEX i ON motion_events (timestamp);",
            "CREATE INDEX i ON motion_events (timestamp, event_id);",
        ] {
            let connection = rusqlite::Connection::open_in_memory().expect("memory");
            connection
                .execute_batch(&format!(
                    "CREATE TABLE motion_events (timestamp, event_id, camera_key, confidence, detector_key, x, y, width, height,
                        zone_key);
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
                     INSERT INTO motion_events SELECT i / 3, CAST(printf('%016d', i) AS BLOB), i % 2, 1.5, 1, i, 0, 0, 0, NULL
                     FROM n ORDER BY i * 7 % 300; {index}"
                ))
                .expect("created");
            let mut connection = sqlite(connection);
            let both = [0, 1].map(|key| SelectedCamera { key, id: key.to_string() });
            for cameras in [CameraFilter::All, CameraFilter::Only(both.to_vec())] {
                let seen = read_all(&mut connection, cameras).expect("read");
                assert!(seen.into_iter().eq((1..=300).map(Some)), "{index}");
            }
        }
    }

    #[test]
    fn a_table_that_is_not_in_its_order_is_an_error_and_not_a_file_with_gaps() {
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        // The schema claims another order than that in which the table was written.
        connection
            .execute_batch(
                "CREATE TABLE motion_events (timestamp, event_id, camera_key, confidence, detector_key, x, y, width, height,
                    zone_key, PRIMARY KEY (timestamp DESC, event_id)) WITHOUT ROWID;
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
                 INSERT INTO motion_events SELECT i, CAST(printf('%016d', i) AS BLOB), 1, 1.5, 1, i, 0, 0, 0, NULL FROM n;
                 PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema SET sql = replace(sql, ' DESC', '');
                 PRAGMA writable_schema = RESET",
            )
            .expect("created");
        let error = read_all(&mut sqlite(connection), CameraFilter::All).expect_err("out of order");
        assert!(error.to_string().contains("is out of order"), "{error}");
    }

    #[test]
    fn windows_return_each_event_once_and_in_order_wherever_they_end() {
        let mut connection = database(300);
        // Three events per timestamp, timestamps 0 to 100.
        for ends in [vec![0], vec![50], vec![1, 2, 3, 4, 5, 6, 7, 90], (0..200).collect(), vec![1_000, 2_000]] {
            for (start, end) in [(None, None), (Some(3), Some(80)), (Some(50), None)] {
                let filter = Filter { interval: TimeRange { start, end }, cameras: CameraFilter::All };
                let mut pages = KeysetPager::new(filter, 20.try_into().expect("not zero"), ends.clone());
                let mut seen = Vec::new();
                while !pages.ended() {
                    let take = |row: &Row| {
                        seen.push(row.bounding_box[0].expect("a number"));
                        Ok::<_, DbErr>(ControlFlow::Continue(()))
                    };
                    pages.next(&mut connection, &TimeSlice::new(), RowLimit::AtMost(100), take).expect("read");
                }
                let within =
                    |event: &i64| start.is_none_or(|start| event / 3 >= start) && end.is_none_or(|end| event / 3 < end);
                assert!(seen.iter().copied().eq((1..=300).filter(within)), "{ends:?} {start:?} {end:?}: {seen:?}");
            }
        }
    }
}
