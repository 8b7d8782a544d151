//! Pages of events, read from the database one after the other, row by row and without a copy.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use sea_orm::DbErr;

use crate::server::accounts::camera_access::camera_filter::Cameras;
use crate::server::export::event::{Cursor, Row};
use crate::server::export::query::{self, Filter};
use crate::server::export::reader::{Connection, TimeSlice};
use crate::server::export::timezone::TimeRange;

/// How many windows may be taken for one at most, where they hold little.
const MAX_WINDOWS: usize = 64;

/// The events that a filter selects, in order, a page at a time. Where the table is in partitions, they are read window by
/// window, so that no page's statement is about all of them: PostgreSQL plans for each partition that it may have to read,
/// some 10 ms for those of ten years.
#[derive(Debug)]
pub struct KeysetPager {
    filter: Filter,
    rows: NonZeroU32,
    /// Where windows end, in order; after them, there is a last one without an end.
    ends: Vec<i64>,
    window: PartitionWindow,
    begun: bool,
    ended: bool,
}

/// What is read at the moment, and how far.
#[derive(Debug)]
struct PartitionWindow {
    /// How many of the ends are before it.
    first: usize,
    /// How many windows are taken for this one.
    windows: usize,
    /// Whether it has filled a page.
    filled: bool,
    /// The last event that was read of it.
    after: Option<Cursor>,
    /// Before that moment, there is nothing left in it.
    from: Option<i64>,
    /// Whether the next event may be far from here, with many of other cameras before it.
    far: bool,
}

impl PartitionWindow {
    fn new(first: usize, windows: usize) -> Self {
        Self { first, windows, filled: false, after: None, from: None, far: true }
    }
}

impl KeysetPager {
    /// Pages of up to `rows` events each, in windows that end at `ends`. Nothing is read yet.
    pub fn new(filter: Filter, rows: NonZeroU32, mut ends: Vec<i64>) -> Self {
        let TimeRange { start, end } = filter.interval;
        ends.retain(|moment| start.is_none_or(|start| *moment > start) && end.is_none_or(|end| *moment < end));
        Self { filter, rows, ends, window: PartitionWindow::new(0, 1), begun: false, ended: false }
    }

    /// Whether the last page was given out.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Whether rows have been given out.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// Whether what comes next is to be found among the events of other cameras, however many these are. Where that was given
    /// up, it is looked for by the cameras' own indexes the next time.
    pub fn may_give_up_scan(&self) -> bool {
        self.filter.cameras.scanned().is_some() && !self.window.far
    }

    /// Gives the rows of the next page to `take`, and says how many there were: `most`, if the pages may have so many. The
    /// page ends where `take` wants no more, where the rest of it takes its time, and where a window ends.
    ///
    /// # Errors
    /// Where the database cannot answer or a row cannot be read, and those of `take`.
    pub fn next<E: From<DbErr>>(
        &mut self,
        connection: &mut Connection,
        turn: &TimeSlice,
        most: u64,
        mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<u64, E> {
        // Without a camera there is nothing to read, and no reason to look through all events for it.
        if matches!(&self.filter.cameras, Cameras::Only(cameras) if cameras.is_empty()) {
            self.ended = true;
        }
        let most = most.clamp(1, self.rows.get().into());
        let mut found = 0;
        while found == 0 && !self.ended {
            if !self.seek(connection, turn)? {
                self.advance();
                continue;
            }
            // As long as it is not known better: reading may fail because of it.
            self.window.far = true;
            let (mut last, mut full) = (None, false);
            let statement = query::page(&self.filter, self.interval(), self.window.after, most, connection.backend());
            let exhausted = connection.events(&statement, turn, |row| {
                found += 1;
                last = Some(row.cursor);
                take(row).inspect(|more| full = more.is_break())
            })?;
            self.window.far = !exhausted && !full && found < most;
            self.window.after = last.or(self.window.after);
            self.begun |= found > 0;
            if exhausted && found < most {
                self.advance();
            } else {
                self.window.filled = true;
            }
        }
        Ok(found)
    }

    /// Goes to the next event where that may be far: where cameras are picked out in passing, those of others may be so many
    /// that a page would be about nothing else. Says whether there is one.
    fn seek(&mut self, connection: &mut Connection, turn: &TimeSlice) -> Result<bool, DbErr> {
        let Some(cameras) = self.filter.cameras.scanned().filter(|_| self.window.far) else { return Ok(true) };
        let first = query::first(self.interval(), self.window.after, cameras, connection.backend());
        let Some(first) = connection.number(&first, turn)? else { return Ok(false) };
        if self.window.after.is_none_or(|after| after.timestamp < first) {
            (self.window.from, self.window.after) = (Some(first), None);
        }
        Ok(true)
    }

    /// When what is read at the moment is.
    fn interval(&self) -> TimeRange {
        let TimeRange { start, end } = self.filter.interval;
        let PartitionWindow { first, windows, from, .. } = self.window;
        let begins = first.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let ends = self.ends.get(first + windows - 1).copied();
        TimeRange { start: from.or(begins).or(start), end: ends.or(end) }
    }

    /// Goes to the next window, which is a larger one where there was little in this one.
    fn advance(&mut self) {
        let PartitionWindow { first, windows, filled, .. } = self.window;
        self.ended = first + windows > self.ends.len();
        self.window = PartitionWindow::new(first + windows, if filled { 1 } else { (2 * windows).min(MAX_WINDOWS) });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A database of so many events, three to a moment.
    fn database(events: u32) -> Connection {
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        connection
            .execute_batch(&format!(
                "CREATE TABLE motion_events (timestamp INTEGER, id BLOB, camera_id TEXT, confidence REAL, algorithm TEXT,
                    x INTEGER, y INTEGER, width INTEGER, height INTEGER, zone_id TEXT, PRIMARY KEY (timestamp, id));
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events})
                 INSERT INTO motion_events SELECT i / 3, CAST(printf('%016d', i) AS BLOB), 'a', i, 'b', i, 0, 0, 0, NULL FROM n"
            ))
            .expect("made");
        Connection::Sqlite(connection)
    }

    #[test]
    fn pages_that_are_cut_short_anywhere_give_each_event_once_and_in_order() {
        let mut connection = database(1_000);
        for every in 10..60 {
            let calls = AtomicU32::new(0);
            // As where rows have waited for long enough, but at places that differ.
            let interrupts = move || calls.fetch_add(1, Ordering::Relaxed) % every == every - 1;
            let Connection::Sqlite(sqlite) = &connection else { unreachable!("it is SQLite's") };
            sqlite.progress_handler(13, Some(interrupts)).expect("set");
            let mut pages = KeysetPager::new(Filter::default(), 100.try_into().expect("not zero"), Vec::new());
            let (mut seen, mut cut_short) = (Vec::new(), 0);
            for _ in 0..10_000 {
                if pages.ended() {
                    break;
                }
                let found = pages.next(&mut connection, &TimeSlice::begin(), 100, |row| {
                    seen.push(row.bounding_box[0]);
                    Ok::<_, DbErr>(ControlFlow::Continue(()))
                });
                // With nothing found yet, it is an error, and is asked again here.
                cut_short += u32::from(!found.is_ok_and(|found| found == 100));
            }
            assert!(cut_short > 1, "with {every}");
            assert!(seen.into_iter().eq((1..=1_000).map(Some)), "with {every}");
        }
    }

    #[test]
    fn many_cameras_that_saw_little_are_found_without_reading_past_what_others_saw() {
        let cameras: Vec<_> = (0..20).map(|camera| format!("quiet {camera}")).collect();
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        // Every 10,000th event is of a quiet camera, the first one too; at some moments there are two of them.
        connection
            .execute_batch(
                "CREATE TABLE motion_events (timestamp INTEGER, id BLOB, camera_id TEXT, confidence REAL, algorithm TEXT,
                    x INTEGER, y INTEGER, width INTEGER, height INTEGER, zone_id TEXT, PRIMARY KEY (timestamp, id))
                    WITHOUT ROWID;
                 CREATE INDEX by_camera ON motion_events (camera_id, timestamp, id);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
                 INSERT INTO motion_events SELECT i, CAST(printf('%016d', i) AS BLOB),
                    CASE WHEN i % 10000 = 0 THEN 'quiet ' || (i / 10000 % 20) ELSE 'loud' END, 1, 'b', i, 0, 0, 0, NULL FROM n;
                 INSERT INTO motion_events SELECT timestamp, CAST(printf('%016d', -x) AS BLOB), 'quiet 7', 1, 'b', -x, 0, 0,
                    0, NULL FROM motion_events WHERE x % 30000 = 0",
            )
            .expect("made");
        let mut connection = Connection::Sqlite(connection);
        let filter = Filter { interval: TimeRange::default(), cameras: Cameras::Only(cameras) };
        for (ends, rows) in
            [(Vec::new(), 100), (vec![35_000, 60_000, 60_001, 190_000], 100), (Vec::new(), 1), (Vec::new(), 2)]
        {
            let mut pages = KeysetPager::new(filter.clone(), rows.try_into().expect("not zero"), ends);
            let mut seen = Vec::new();
            while !pages.ended() {
                let Connection::Sqlite(sqlite) = &connection else { unreachable!("it is SQLite's") };
                let steps = AtomicU32::new(0);
                // Enough to pass by some thousand events, not by ten thousand.
                let interrupts = move || steps.fetch_add(1, Ordering::Relaxed) > 40;
                sqlite.progress_handler(1_000, Some(interrupts)).expect("set");
                let may_be_given_up = pages.may_give_up_scan();
                let page = pages.next(&mut connection, &TimeSlice::begin(), 100, |row| {
                    seen.push((row.cursor.timestamp, row.bounding_box[0]));
                    Ok::<_, DbErr>(ControlFlow::Continue(()))
                });
                assert!(page.is_ok() || may_be_given_up, "no page takes longer than it may: {page:?}");
            }
            let doubled = |i: i64| std::iter::once((i, Some(-i))).filter(move |_| i % 30_000 == 0);
            let expected = (1..=20).map(|n| n * 10_000).flat_map(|i| doubled(i).chain([(i, Some(i))]));
            assert_eq!(seen, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn windows_give_each_event_once_and_in_order_wherever_they_end() {
        let mut connection = database(300);
        // Three events to a moment, moments 0 to 100.
        for ends in [vec![0], vec![50], vec![1, 2, 3, 4, 5, 6, 7, 90], (0..200).collect(), vec![1_000, 2_000]] {
            for (start, end) in [(None, None), (Some(3), Some(80)), (Some(50), None)] {
                let filter = Filter { interval: TimeRange { start, end }, cameras: Cameras::All };
                let mut pages = KeysetPager::new(filter, 20.try_into().expect("not zero"), ends.clone());
                let mut seen = Vec::new();
                while !pages.ended() {
                    let take = |row: &Row<'_>| {
                        seen.push(row.bounding_box[0].expect("a number"));
                        Ok::<_, DbErr>(ControlFlow::Continue(()))
                    };
                    pages.next(&mut connection, &TimeSlice::begin(), 100, take).expect("read");
                }
                let within =
                    |event: &i64| start.is_none_or(|start| event / 3 >= start) && end.is_none_or(|end| event / 3 < end);
                assert!(seen.iter().copied().eq((1..=300).filter(within)), "{ends:?} {start:?} {end:?}: {seen:?}");
            }
        }
    }
}
