//! Reads events from SQLite: from the pages of its trees, or with a statement where these are not as expected.

use std::ops::{ControlFlow, Deref};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sea_orm::{DbBackend, DbErr};

use self::btree::cursor::ReadError;
use self::btree::database::{DatabasePages, Trees};
use self::btree::scan;
use self::statement::failed;
use super::time_slice::TimeSlice;
use crate::server::db::timeouts::BUSY_TIMEOUT;
use crate::server::export::event::{Row, ScanEnd};
use crate::server::export::query::{self, PageQuery};
use crate::server::export::reader::worker_threads;
use crate::server::export::timezone::TimeRange;

mod btree;
pub mod statement;

/// The number of SQLite's virtual machine steps between two checks of the time slice: some microseconds.
const STEPS_PER_CHECK: i32 = 1_000;

/// The number of these checks after which other threads may use the core: some 0.2 ms. It takes no time if none waits.
const CHECKS_PER_YIELD: u32 = 8;

/// The number of prepared statements that a connection keeps: those of the first and later pages, for some filters.
const STATEMENTS: usize = 32;

/// A connection that reads events.
#[derive(Debug)]
pub struct SqliteConnection {
    connection: Connection,
    /// Whether this SQLite provides the pages of a database.
    has_pages: bool,
    /// Where the trees of the events were in the transaction before.
    trees: Option<Trees>,
}

impl Deref for SqliteConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl SqliteConnection {
    /// Opens a connection that only reads.
    ///
    /// # Errors
    /// Returns an error if the file does not exist or is not a database.
    pub fn open(path: &Path) -> Result<Self, DbErr> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Self::new(connection)
        };
        open().map_err(|error| failed(&error))
    }

    /// Prepares a connection to read events.
    ///
    /// # Errors
    /// Returns an error if a statement of the connection is running.
    pub fn new(connection: Connection) -> rusqlite::Result<Self> {
        statement::define_function(&connection)?;
        let option = "SELECT sqlite_compileoption_used('ENABLE_DBPAGE_VTAB')";
        let has_pages = connection.query_row(option, [], |row| row.get(0))?;
        Ok(Self { connection, has_pages, trees: None })
    }

    /// Stops queries on the connection when the time slice says so.
    ///
    /// # Errors
    /// Returns an error if rusqlite does not own the connection.
    pub fn watch(&self, slice: TimeSlice) -> Result<(), DbErr> {
        let mut checks = 0_u32;
        let should_stop = move || {
            checks = checks.wrapping_add(1);
            if checks.is_multiple_of(CHECKS_PER_YIELD) {
                worker_threads::yield_cpu();
            }
            slice.should_stop()
        };
        self.connection.progress_handler(STEPS_PER_CHECK, Some(should_stop)).map_err(|error| failed(&error))
    }

    /// Returns whether the next statement begins a transaction of its own, and so reads what is stored by then.
    pub fn is_reusable(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Reads a page of events, as [`Connection::page`](super::Connection::page) describes: from the trees of the database, or with a
    /// statement if they are not as expected.
    ///
    /// # Errors
    /// Returns the errors of the database and of `take`.
    pub fn page<E: From<DbErr>>(
        &mut self,
        page: &PageQuery<'_>,
        slice: &TimeSlice,
        mut take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
    ) -> Result<ScanEnd, E> {
        match self.page_from_trees(page, slice, &mut take) {
            Ok(result) => result,
            Err(ReadError::Unexpected) => {
                statement::events(&self.connection, &query::page(page, DbBackend::Sqlite), slice, take)
            }
            Err(ReadError::Database(error)) => Err(error.into()),
        }
    }

    /// Counts the events of a camera: passes the timestamps of the first and the last one of some events, and their number, to
    /// `add`, in order. If it returns a moment after the first one, it is passed those before that moment, and then the others.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn count(
        &mut self,
        interval: TimeRange,
        camera: i32,
        slice: &TimeSlice,
        mut add: impl FnMut(i64, i64, u64) -> Option<i64>,
    ) -> Result<(), DbErr> {
        let mut counted = 0;
        let from_tree = self.in_trees(slice, |pages, trees| {
            scan::count(pages, trees, interval, camera.into(), &mut |first, last, events| {
                let limit = add(first, last, events);
                counted += if limit.is_none() { events } else { 0 };
                limit
            })
        });
        match from_tree {
            Ok(()) => Ok(()),
            Err(ReadError::Unexpected) => {
                let timestamps = query::timestamps(interval, camera);
                statement::numbers(&self.connection, &timestamps, |timestamp| {
                    if counted > 0 {
                        counted -= 1;
                    } else {
                        add(timestamp, timestamp, 1);
                    }
                })
            }
            Err(ReadError::Database(error)) => Err(error),
        }
    }

    /// Reads a page from the trees.
    fn page_from_trees<E>(
        &mut self,
        page: &PageQuery<'_>,
        slice: &TimeSlice,
        take: &mut impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
    ) -> Result<Result<ScanEnd, E>, ReadError> {
        let mut holds_rows = false;
        let result = self.in_trees(slice, |pages, trees| {
            scan::scan(pages, trees, page, |row| {
                let flow = take(row)?;
                if !holds_rows {
                    holds_rows = true;
                    slice.rows_held();
                }
                Ok(flow)
            })
        });
        slice.rows_released();
        result
    }

    /// Reads the trees in a transaction: all pages of the database that it reads are of the same moment.
    fn in_trees<T>(
        &mut self,
        slice: &TimeSlice,
        read: impl FnOnce(&mut DatabasePages<'_>, Trees) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        if !self.has_pages {
            return Err(ReadError::Unexpected);
        }
        let transaction = self.connection.unchecked_transaction()?;
        let mut pages = DatabasePages::new(&self.connection, slice)?;
        let trees = pages.trees(&self.connection, self.trees)?;
        self.trees = Some(trees);
        let result = read(&mut pages, trees);
        drop(pages);
        transaction.finish()?;
        result
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use proptest::test_runner::FileFailurePersistence;

    use uuid::Uuid;

    use super::*;
    use crate::server::accounts::camera_access::camera_filter::{CameraFilter, SelectedCamera};
    use crate::server::db::connect::{IfMissing, open_migrated};
    use crate::server::export::event::Cursor;
    use crate::server::export::query::Filter;
    use crate::server::export::reader::time_slice::is_interrupted;
    use crate::server::settings::Settings;

    /// The table and the index of the migrations, without what does not change how they are stored.
    const SCHEMA: &str = "CREATE TABLE motion_events (timestamp INTEGER NOT NULL, event_id BLOB NOT NULL,
            camera_key INTEGER NOT NULL, confidence REAL, detector_key INTEGER NOT NULL, x INTEGER, y INTEGER,
            width INTEGER, height INTEGER, zone_key INTEGER, PRIMARY KEY (timestamp, event_id)) STRICT, WITHOUT ROWID;
        CREATE INDEX by_camera ON motion_events
            (camera_key, timestamp, event_id, confidence, detector_key, x, y, width, height, zone_key);";

    /// The rows of a page, and why there are no more.
    type Read = (Vec<Row>, ScanEnd);

    /// A page of a test.
    #[derive(Clone, Debug)]
    struct Page {
        filter: Filter,
        after: Option<Cursor>,
        limit: u64,
    }

    impl Page {
        fn of(cameras: impl IntoIterator<Item = i32>) -> Self {
            let cameras: Vec<_> = cameras.into_iter().map(|key| SelectedCamera { key, id: key.to_string() }).collect();
            let cameras = if cameras.is_empty() { CameraFilter::All } else { CameraFilter::Only(cameras) };
            let filter = Filter { interval: TimeRange::default(), cameras };
            Self { filter, after: None, limit: 10_000 }
        }

        fn query(&self) -> PageQuery<'_> {
            self.filter.page(self.filter.interval, self.after, self.limit)
        }

        /// Reads the page from the trees.
        fn read_trees(&self, connection: &mut SqliteConnection) -> Result<Read, ReadError> {
            self.read_trees_within(connection, &TimeSlice::new())
        }

        fn read_trees_within(&self, connection: &mut SqliteConnection, slice: &TimeSlice) -> Result<Read, ReadError> {
            let mut rows = Vec::new();
            let result = connection.page_from_trees(&self.query(), slice, &mut |row: &Row| {
                rows.push(*row);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            });
            assert!(connection.is_reusable(), "the transaction has ended");
            result.map(|end| (rows, end.expect("nothing fails")))
        }

        /// Reads the page with a statement.
        fn run_statement(&self, connection: &SqliteConnection) -> Result<Read, DbErr> {
            let mut rows = Vec::new();
            let query = query::page(&self.query(), DbBackend::Sqlite);
            let end = statement::events(connection, &query, &TimeSlice::new(), |row: &Row| {
                rows.push(*row);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            })?;
            Ok((rows, end))
        }

        /// Checks that both ways read the same, and returns it.
        #[track_caller]
        fn check(&self, connection: &mut SqliteConnection) -> Vec<Row> {
            let (rows, end) = self.read_trees(connection).expect("the trees are as expected");
            let (expected, expected_end) = self.run_statement(connection).expect("read");
            assert_eq!(rows, expected, "{self:?}");
            if (rows.len() as u64) < self.limit {
                assert_eq!(end, expected_end, "{self:?}");
            }
            rows
        }
    }

    fn is_cut_short<T>(read: &Result<T, ReadError>) -> bool {
        matches!(read, Err(ReadError::Database(error)) if is_interrupted(error))
    }

    fn open(connection: Connection) -> SqliteConnection {
        SqliteConnection::new(connection).expect("prepared")
    }

    fn in_memory(sql: &str) -> SqliteConnection {
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(sql).expect("created");
        open(connection)
    }

    /// Returns statements that store this many events of 20 cameras, three at each timestamp.
    fn insert(events: u32) -> String {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {events})
             INSERT INTO motion_events SELECT i / 3, CAST(printf('%016d', i) AS BLOB), i % 20, i / 7.0, 1, i, 0, 0, 0,
                NULL FROM n;"
        )
    }

    fn stored(row: &Row, connection: &Connection) {
        let [x, y, width, height] = row.bounding_box;
        connection
            .prepare_cached("INSERT OR IGNORE INTO motion_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .and_then(|mut insert| {
                insert.execute(rusqlite::params![
                    row.cursor.timestamp,
                    row.cursor.id.as_bytes(),
                    row.camera_key,
                    row.confidence,
                    row.detector_key,
                    x,
                    y,
                    width,
                    height,
                    row.zone_key
                ])
            })
            .expect("stored");
    }

    /// Timestamps of which many are the same, and others of each size.
    fn timestamp() -> impl Strategy<Value = i64> {
        prop_oneof![6 => 0..60_i64, 2 => 1_700_000_000_000_000..1_700_000_000_000_100_i64, 1 => any::<i64>()]
    }

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![0..3_i64, -200..3_000_i64, any::<i64>(), (0..64_u32).prop_map(|bits| i64::MIN >> bits)]
    }

    fn confidence() -> impl Strategy<Value = Option<f64>> {
        prop_oneof![
            Just(None),
            (0..=1_000_u32).prop_map(|tenths| Some(f64::from(tenths) / 10.0)),
            any::<f64>().prop_map(|n| Some(n).filter(|n| !n.is_nan()))
        ]
    }

    prop_compose! {
        fn row()(
            timestamp in timestamp(),
            // Of which many differ in the last byte only.
            id in prop_oneof![any::<u128>(), 0..400_u128],
            camera_key in 1..=25_i64,
            confidence in confidence(),
            detector_key in number(),
            bounding_box in proptest::array::uniform4(proptest::option::of(number())),
            zone_key in proptest::option::of(number()),
        ) -> Row {
            let cursor = Cursor { timestamp, id: Uuid::from_u128(id) };
            Row { cursor, camera_key, confidence, detector_key, bounding_box, zone_key }
        }
    }

    prop_compose! {
        /// `after` is an event or another position.
        fn page(rows: Vec<Row>)(
            cameras in prop_oneof![
                Just(Vec::new()),
                (0..=26_i32).prop_map(|one| vec![one]),
                proptest::sample::subsequence((0..=26).collect::<Vec<i32>>(), 2..=16),
                proptest::sample::subsequence((0..=26).collect::<Vec<i32>>(), 17..=27),
            ],
            start in proptest::option::of(timestamp()),
            end in proptest::option::of(timestamp()),
            after in proptest::option::of((any::<Index>(), timestamp(), any::<u128>(), any::<bool>())),
            limit in prop_oneof![1..30_u64, Just(10_000)],
        ) -> Page {
            let Page { mut filter, .. } = Page::of(cameras);
            filter.interval = TimeRange { start, end };
            let after = after.map(|(index, timestamp, id, exists)| match rows.get(index.index(rows.len().max(1))) {
                Some(row) if exists => row.cursor,
                _ => Cursor { timestamp, id: Uuid::from_u128(id) },
            });
            let after = after.filter(|after| start.is_none_or(|start| after.timestamp >= start));
            Page { filter, after, limit }
        }
    }

    fn config() -> ProptestConfig {
        ProptestConfig {
            cases: 60,
            failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn the_trees_have_what_a_statement_reads(
            page_size in select(vec![512, 1_024, 4_096, 65_536]),
            (rows, pages) in vec(row(), 0..1_500).prop_flat_map(|rows| {
                let pages = vec(page(rows.clone()), 8);
                (Just(rows), pages)
            }),
            // Deletions make pages of few records and free pages.
            removed in vec(any::<Index>(), 0..400),
        ) {
            let mut connection = in_memory(&format!("PRAGMA page_size = {page_size}; {SCHEMA}"));
            connection.execute_batch("BEGIN").expect("begun");
            for row in &rows {
                stored(row, &connection);
            }
            for index in removed.iter().filter(|_| !rows.is_empty()) {
                let Cursor { timestamp, id } = index.get(&rows).cursor;
                let delete = "DELETE FROM motion_events WHERE (timestamp, event_id) = (?, ?)";
                connection.execute(delete, rusqlite::params![timestamp, id.as_bytes()]).expect("deleted");
            }
            connection.execute_batch("COMMIT").expect("stored");
            for page in pages {
                page.check(&mut connection);
                for group in [1, 10, 1_000_000] {
                    let from_tree = counted(&mut connection, &page, 3, group);
                    connection.has_pages = false;
                    let expected = counted(&mut connection, &page, 3, group);
                    connection.has_pages = true;
                    assert_eq!(from_tree, expected, "{page:?}");
                }
            }
        }

        #[test]
        fn damaged_bytes_give_what_sqlite_reads_or_an_error(
            // Of these pages, these positions; half of them in the header or the positions of the cells.
            damage in vec((any::<Index>(), prop_oneof![0..40_usize, 0..512_usize], any::<u8>()), 1..6),
            cameras in select(vec![Vec::new(), vec![3], vec![3, 4], (0..=17).collect()]),
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("x.db");
            Connection::open(&path)
                .and_then(|connection| connection.execute_batch(&format!("PRAGMA page_size = 512; {SCHEMA} {}", insert(300))))
                .expect("created");
            let pages: Vec<u32> = Connection::open(&path)
                .and_then(|connection| {
                    let mut pages = connection.prepare("SELECT pageno FROM dbstat WHERE name IN ('motion_events', 'by_camera')")?;
                    pages.query_map([], |row| row.get(0))?.collect()
                })
                .expect("listed");
            let mut bytes = std::fs::read(&path).expect("read");
            for (page, position, byte) in damage {
                let start = (*page.get(&pages) as usize - 1) * 512;
                bytes[start + position] = byte;
            }
            std::fs::write(&path, bytes).expect("written");
            let mut connection = SqliteConnection::open(&path).expect("open");
            let page = Page::of(cameras);
            let expected = page.run_statement(&connection);
            match page.read_trees(&mut connection) {
                Ok((rows, ScanEnd::Exhausted)) => {
                    assert_eq!(Ok((rows, ScanEnd::Exhausted)), expected);
                }
                // Then the rest is read with a statement.
                Ok((rows, ScanEnd::CutShort)) => if let Ok((expected, _)) = expected {
                    assert!(expected.starts_with(&rows));
                },
                Err(ReadError::Unexpected) => {}
                Err(ReadError::Database(error)) => assert!(!is_interrupted(&error)),
            }
        }
    }

    /// Returns the timestamps that are counted, where none are taken together that are of different multiples of `group`.
    fn counted(connection: &mut SqliteConnection, page: &Page, camera: i32, group: i64) -> Vec<(i64, u64)> {
        let mut counts: Vec<(i64, u64)> = Vec::new();
        let add = |first: i64, last: i64, events| {
            let end = |timestamp: i64| (timestamp.div_euclid(group) + 1).saturating_mul(group);
            let group = |timestamp: i64| timestamp.div_euclid(group);
            if group(first) != group(last) {
                return Some(end(first));
            }
            match counts.last_mut() {
                Some((before, count)) if *before == group(first) => *count += events,
                _ => counts.push((group(first), events)),
            }
            None
        };
        connection.count(page.filter.interval, camera, &TimeSlice::new(), add).expect("counted");
        counts
    }

    #[tokio::test]
    async fn the_events_of_a_migrated_database_are_read_from_its_trees() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.db");
        let mut settings = Settings::default().database;
        settings.url = format!("sqlite://{}", path.display());
        let database = open_migrated(&settings, IfMissing::Create).await.expect("migrated");
        let mut connection = SqliteConnection::open(&path).expect("open");
        for cameras in [vec![], vec![1], vec![1, 2], (1..=20).collect()] {
            assert_eq!(Page::of(cameras).check(&mut connection), []);
        }
        database.close().await.expect("closed");
    }

    #[test]
    fn an_empty_database_and_one_of_a_single_event_are_read() {
        let mut connection = in_memory(SCHEMA);
        for events in 0..=1 {
            if events == 1 {
                connection.execute_batch(&insert(1)).expect("stored");
            }
            for cameras in [vec![], vec![1], vec![1, 2], (0..=17).collect()] {
                assert_eq!(Page::of(cameras).check(&mut connection).len(), events);
            }
        }
    }

    #[test]
    fn trees_of_another_form_are_left_to_sqlite() {
        let changed = |from: &str, to: &str| {
            assert!(SCHEMA.contains(from), "{from}");
            SCHEMA.replacen(from, to, 1)
        };
        let key = "PRIMARY KEY (timestamp, event_id)";
        for (schema, has_table, has_index) in [
            (SCHEMA.to_owned(), true, true),
            (changed(", WITHOUT ROWID", ""), false, false),
            (changed("REAL", "ANY"), false, false),
            (changed("zone_key INTEGER,", "zone_key INTEGER, more TEXT,"), false, true),
            (changed(key, "PRIMARY KEY (timestamp, event_id DESC)"), false, true),
            (changed(key, "PRIMARY KEY (event_id, timestamp)"), false, true),
            (changed(key, "PRIMARY KEY (timestamp, event_id, x)"), false, true),
            (changed("(camera_key, timestamp, event_id,", "(camera_key DESC, timestamp, event_id,"), true, false),
            (changed("(camera_key, timestamp, event_id,", "(camera_key, event_id, timestamp,"), true, false),
            (changed("height, zone_key);", "height);"), true, false),
            (changed("height, zone_key);", "height, zone_key) WHERE camera_key > 7;"), true, false),
            (changed("zone_key);", "zone_key); DROP INDEX by_camera;"), true, false),
            (
                changed(
                    "zone_key);",
                    "zone_key); ALTER TABLE motion_events RENAME TO a; CREATE VIEW motion_events AS SELECT * FROM a;",
                ),
                false,
                false,
            ),
        ] {
            let columns = "timestamp, event_id, camera_key, confidence, detector_key, x, y, width, height, zone_key";
            let table = if schema.contains("VIEW") { "a" } else { "motion_events" };
            let insert = insert(500).replace("motion_events SELECT", &format!("{table} ({columns}) SELECT"));
            let mut connection = in_memory(&format!("{schema} {insert}"));
            for (cameras, is_expected) in [(vec![], has_table), (vec![3], has_index), ((1..=17).collect(), has_table)] {
                let page = Page::of(cameras);
                assert_eq!(page.read_trees(&mut connection).is_ok(), is_expected, "{schema}: {page:?}");
                let expected = page.run_statement(&connection).expect("read");
                assert!(!expected.0.is_empty());
                let mut rows = Vec::new();
                let end = connection.page(&page.query(), &TimeSlice::new(), |row| {
                    rows.push(*row);
                    Ok::<_, DbErr>(ControlFlow::Continue(()))
                });
                assert_eq!(end.map(|end| (rows, end)), Ok(expected), "{schema}");
            }
        }
    }

    #[test]
    fn a_value_that_is_no_uuid_is_the_error_of_sqlite() {
        for id in ["x'00'", "zeroblob(17)", "zeroblob(5000)"] {
            let event = format!("INSERT INTO motion_events VALUES (1, {id}, 1, 1.0, 1, 0, 0, 0, 0, NULL)");
            let mut connection = in_memory(&format!("{SCHEMA} {event}"));
            let page = Page::of([]);
            let error = page.run_statement(&connection).expect_err("not a UUID");
            let read = connection.page(&page.query(), &TimeSlice::new(), |_| Ok::<_, DbErr>(ControlFlow::Continue(())));
            assert_eq!(read, Err(error), "{id}");
        }
    }

    /// Creates a database in a file, as that of the server, and returns its path.
    fn file(folder: &tempfile::TempDir, sql: &str) -> (PathBuf, Connection) {
        let path = folder.path().join("x.db");
        let writer = Connection::open(&path).expect("created");
        writer.execute_batch(&format!("PRAGMA journal_mode = WAL; {sql}")).expect("created");
        (path, writer)
    }

    #[test]
    fn a_page_is_of_one_moment_and_the_next_one_has_what_was_stored_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, writer) = file(&folder, &format!("{SCHEMA} {}", insert(3_000)));
        let mut connection = SqliteConnection::open(&path).expect("open");
        for cameras in [vec![], vec![3], vec![3, 4], (0..=17).collect()] {
            let page = Page::of(cameras);
            let expected = page.check(&mut connection);
            let mut rows = Vec::new();
            let read = connection.page_from_trees(&page.query(), &TimeSlice::new(), &mut |row: &Row| {
                if rows.len() == 3 {
                    writer.execute("DELETE FROM motion_events WHERE timestamp > 5", []).expect("deleted");
                    writer.execute_batch(&insert(4_000).replace("INSERT", "REPLACE")).expect("stored");
                }
                rows.push(*row);
                Ok::<_, DbErr>(ControlFlow::Continue(()))
            });
            assert!(matches!(read, Ok(Ok(ScanEnd::Exhausted))), "{read:?}");
            assert_eq!(rows, expected);
            assert!(page.check(&mut connection).len() > expected.len());
            writer.execute("DELETE FROM motion_events WHERE x > 3000", []).expect("deleted");
        }
    }

    #[test]
    fn trees_that_move_are_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let create_index = SCHEMA.split_once(';').map(|(_, index)| index).expect("two statements");
        let (path, writer) = file(&folder, &format!("CREATE TABLE other (t); {SCHEMA} {}", insert(2_000)));
        let mut connection = SqliteConnection::open(&path).expect("open");
        let (all, one) = (Page::of([]), Page::of([3]));
        let check = |connection: &mut SqliteConnection| {
            assert_eq!((all.check(connection).len(), one.check(connection).len()), (2_000, 100));
            connection.trees.map(|trees| (trees.by_time, trees.by_camera))
        };
        let first = check(&mut connection);
        writer.execute_batch("DROP TABLE other; VACUUM").expect("compacted");
        let second = check(&mut connection);
        assert_ne!(first, second);
        writer
            .execute_batch("DROP INDEX by_camera; CREATE TABLE other AS SELECT * FROM motion_events")
            .expect("dropped");
        assert!(matches!(one.read_trees(&mut connection), Err(ReadError::Unexpected)));
        writer.execute_batch(create_index).expect("created");
        assert_ne!(check(&mut connection), second);
    }

    #[test]
    fn a_time_slice_ends_the_page_after_the_rows_that_were_read() {
        let mut connection = in_memory(&format!("PRAGMA page_size = 512; {SCHEMA} {}", insert(3_000)));
        let page = Page::of([]);
        let (mut slice, mut rows) = (TimeSlice::new(), 0);
        let guard = slice.cancel_on_drop();
        let mut guard = Some(guard);
        let read = connection.page_from_trees(&page.query(), &slice, &mut |_: &Row| {
            rows += 1;
            if rows == 100 {
                guard = None;
            }
            Ok::<_, DbErr>(ControlFlow::Continue(()))
        });
        assert!(matches!(read, Ok(Ok(ScanEnd::CutShort))), "{read:?}");
        assert!((100..200).contains(&rows), "up to the end of the page of the database: {rows}");
        let read = connection.page_from_trees(&page.query(), &slice, &mut |_: &Row| -> Result<_, DbErr> {
            panic!("cancelled before the first event")
        });
        assert!(is_cut_short(&read), "{read:?}");
        slice = TimeSlice::new();
        slice.set_first_row_timeout(Some(std::time::Duration::ZERO));
        let quiet = Page::of(100..=120).read_trees_within(&mut connection, &slice);
        assert!(is_cut_short(&quiet), "no event within its time: {quiet:?}");
        slice = TimeSlice::new();
        let error = connection.page_from_trees(&page.query(), &slice, &mut |_: &Row| {
            Err::<ControlFlow<()>, _>(DbErr::Custom("no space".to_owned()))
        });
        assert!(matches!(error, Ok(Err(DbErr::Custom(_)))), "{error:?}");
        assert_eq!(page.check(&mut connection).len(), 3_000);
    }
}
