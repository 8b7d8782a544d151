//! ArgusAI as a live source: its database is read again and again while it writes.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::argusai::{self, Location};
use motion_export::server::ingest::live::sources::trial::{Tried, trial};
use motion_export::server::ingest::live::sources::{Followers, once};
use motion_export::server::ingest::summary::progress::Progress;
use motion_export::server::settings::{Settings, Source};
use motion_export::server::stored_message;
use rusqlite::Connection;
use sea_orm::ConnectionTrait;

use crate::app::{NOW, TestDatabase};
use crate::backend;
use crate::binary::{command, succeed};
use crate::import_argusai::on_postgres;
use crate::mqtt::until;
use crate::sources::{context, context_at, rows, source, stored};

const SCHEMA: &str = "
    CREATE TABLE cameras (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR(100), password VARCHAR(500));
    CREATE TABLE motion_events (
        id VARCHAR NOT NULL PRIMARY KEY, camera_id VARCHAR NOT NULL, timestamp DATETIME NOT NULL, confidence FLOAT NOT NULL,
        algorithm_used VARCHAR(20) NOT NULL, bounding_box TEXT, frame_thumbnail TEXT);
    INSERT INTO cameras VALUES ('front', 'Front Door', 'secret');";

fn create(file: &Path, journal: &str) -> Connection {
    let source = Connection::open(file).unwrap();
    source.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(())).unwrap();
    source.execute_batch(SCHEMA).unwrap();
    source
}

/// Adds events of these numbers, with a thumbnail.
fn add(source: &Connection, numbers: impl IntoIterator<Item = u32>) -> rusqlite::Result<()> {
    for number in numbers {
        let time = format!("2025-12-16 11:{:02}:{:02}.{:03}", number / 60 % 60, number % 60, number / 3_600);
        source.execute(
            "INSERT INTO motion_events VALUES (?1, 'front', ?2, 0.29, 'mog2', '[1, 2, 30, 40]', ?3)",
            (format!("event-{number}"), time, "x".repeat(20_000)),
        )?;
    }
    Ok(())
}

fn settings(file: &Path) -> Source {
    source(&format!("kind = \"argusai\"\nurl = \"sqlite:///{}\"\nevery_seconds = 1", file.display()))
}

async fn read(database: &TestDatabase, source: &Source) -> anyhow::Result<u64> {
    once(&context(database).await, "attic", source).await
}

#[tokio::test(flavor = "multi_thread")]
async fn argusais_writer_never_fails_while_it_is_followed_and_no_event_is_missed() {
    for journal in ["delete", "wal"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("argusai.db");
        let argusai = create(&file, journal);
        // Ten times less than ArgusAI's own timeout.
        argusai.busy_timeout(Duration::from_millis(500)).unwrap();
        add(&argusai, 0..5_000).unwrap();
        let database = TestDatabase::new().await;
        let mut settings_of_all = Settings::default();
        settings_of_all.source.insert("attic".to_owned(), settings(&file));
        let followers = Followers::start(context(&database).await, &settings_of_all).unwrap();
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let writer = tokio::task::spawn_blocking(move || {
            let mut number = 5_000;
            let began = Instant::now();
            // Several readings of it, and at least some hundred events.
            while number < 5_300 || began.elapsed() < Duration::from_secs(5) {
                add(&argusai, [number]).unwrap_or_else(|error| panic!("event {number} failed: {error}"));
                number += 1;
            }
            done.store(true, Ordering::Relaxed);
            usize::try_from(number).unwrap()
        });
        let written = writer.await.unwrap();
        assert!(is_done.load(Ordering::Relaxed));
        until(&format!("all events, {journal}"), async || rows(&database).await.len() == written).await;
        followers.stop().await;
        let state = stored(&database).await.source;
        assert_eq!(
            (&*state.state, state.accepted, state.failures),
            ("live", i64::try_from(written).unwrap(), 0),
            "{journal}"
        );
        let location = Location::new(&file).unwrap();
        let summary = argusai::import(&database.connection, &location, &Progress::hidden()).await.unwrap();
        assert_eq!(
            (summary.imported, summary.already_there),
            (0, u64::try_from(written).unwrap()),
            "the same events as the import's"
        );
    }
}

#[tokio::test]
async fn new_events_are_found_after_deletions_vacuum_and_a_replaced_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    let argusai = create(&file, "delete");
    add(&argusai, 0..3_000).unwrap();
    let database = TestDatabase::new().await;
    let settings = settings(&file);
    assert_eq!(read(&database, &settings).await.unwrap(), 3_000);
    let row = "2025-12-16T11:00:00+00:00,front,Front Door,29,MOG2,1,2,30,40,";
    assert_eq!(rows(&database).await[0], row);
    assert_eq!(stored(&database).await.source.complete_to, Some(UnixMicros::new(NOW - 60_000_000)));
    assert_eq!(read(&database, &settings).await.unwrap(), 0);
    add(&argusai, 3_000..3_003).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 3);
    // The numbers of the deleted rows are given again.
    argusai.execute("DELETE FROM motion_events WHERE rowid > 1000", []).unwrap();
    add(&argusai, 4_000..6_500).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 2_500);
    argusai.execute_batch("DELETE FROM motion_events WHERE rowid % 2 = 0; VACUUM").unwrap();
    add(&argusai, 7_000..7_010).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 10);
    argusai.execute("DELETE FROM motion_events", []).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 0);
    add(&argusai, 8_000..8_001).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 1);

    let backup = folder.path().join("backup.db");
    add(&create(&backup, "delete"), 8_000..8_005).unwrap();
    std::fs::rename(&backup, &file).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 4);
    assert_eq!(rows(&database).await.len(), 3_000 + 3 + 2_500 + 10 + 1 + 4);
    assert!(stored(&database).await.gaps.is_empty());
}

#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_followed_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    add(&create(&file, "wal"), 0..2).unwrap();
    let database = TestDatabase::new().await;
    let mut all = Settings::default();
    all.source.insert("attic".to_owned(), settings(&file));
    let followers = Followers::start(context(&database).await, &all).unwrap();
    until("two", async || rows(&database).await.len() == 2).await;
    let backup = folder.path().join("backup.db");
    add(&create(&backup, "delete"), 0..5).unwrap();
    for beside in ["argusai.db-wal", "argusai.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(beside));
    }
    std::fs::rename(&backup, &file).unwrap();
    until("five", async || rows(&database).await.len() == 5).await;
    followers.stop().await;
}

#[tokio::test]
async fn what_could_not_be_stored_is_read_again_although_nothing_is_written_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    let argusai = create(&file, "wal");
    add(&argusai, 0..2).unwrap();
    let database = TestDatabase::new().await;
    let mut all = Settings::default();
    all.source.insert("attic".to_owned(), settings(&file));
    let followers = Followers::start(context(&database).await, &all).unwrap();
    until("two", async || rows(&database).await.len() == 2).await;
    database.connection.execute_unprepared("ALTER TABLE sources RENAME TO hidden").await.unwrap();
    add(&argusai, 2..5).unwrap();
    // Several readings.
    tokio::time::sleep(Duration::from_secs(4)).await;
    database.connection.execute_unprepared("ALTER TABLE hidden RENAME TO sources").await.unwrap();
    until("five", async || rows(&database).await.len() == 5).await;
    followers.stop().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_followed_is_named_with_the_reason_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    let database = TestDatabase::new().await;
    let settings = settings(&file);
    let refused = async || {
        let error = read(&database, &settings).await.unwrap_err().to_string();
        let state = stored(&database).await.source;
        assert_eq!(stored_message::read(&state.error.unwrap()).text, error);
        (state.state, error)
    };
    let (state, error) = refused().await;
    assert_eq!(state, "away");
    assert!(error.contains("argusai.db cannot be read: "), "{error}");
    std::fs::write(&file, "no database at all, but a text that is longer than the head of one").unwrap();
    let (state, error) = refused().await;
    assert!(state == "refused" && error.contains("cannot be followed"), "{error}");
    for (tables, words) in [
        (
            "CREATE TABLE cameras (id, name); CREATE TABLE motion_events (id)",
            "table motion_events has no column camera_id",
        ),
        ("CREATE TABLE cameras (id, name)", "is not a database of ArgusAI: it has no table motion_events"),
        ("CREATE TABLE event (id)", "is a database of Frigate. Follow Frigate itself"),
        ("CREATE TABLE cameras (id, name); CREATE TABLE motion_events (camera_key)", "is a database of Motion Export"),
    ] {
        std::fs::remove_file(&file).unwrap();
        let other = Connection::open(&file).unwrap();
        other.execute_batch(tables).unwrap();
        let (state, error) = refused().await;
        assert!(state == "refused" && error.contains(words), "{words}: {error}");
        drop(other);
    }
    std::fs::remove_file(&file).unwrap();
    add(&create(&file, "delete"), 0..1).unwrap();
    assert_eq!(read(&database, &settings).await.unwrap(), 1);
    assert_eq!(stored(&database).await.source.state, "live");
}

/// A read-only view of a folder, as a container has of a volume with `:ro`. It is unmounted when it is dropped.
struct ReadOnlyVolume(tempfile::TempDir);

impl ReadOnlyVolume {
    /// Mounts it. Returns `None` if this process may not mount; then it prints that the test is skipped.
    fn of(folder: &Path) -> Option<Self> {
        let view = tempfile::tempdir().unwrap();
        let mount = |arguments: &[&str]| {
            let mut mount = Command::new("mount");
            mount.args(arguments).arg(view.path()).output().is_ok_and(|mounted| mounted.status.success())
        };
        if !mount(&["--bind", folder.to_str().unwrap()]) || !mount(&["-o", "remount,ro,bind"]) {
            backend::skips("this process may not mount a folder");
            return None;
        }
        Some(Self(view))
    }
}

impl Drop for ReadOnlyVolume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_read_only_volume_is_followed_and_in_write_ahead_mode_while_argusai_has_it_open() {
    for journal in ["delete", "wal"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("argusai.db");
        let argusai = create(&file, journal);
        add(&argusai, 0..2).unwrap();
        let Some(volume) = ReadOnlyVolume::of(folder.path()) else { return };
        let seen = volume.0.path().join("argusai.db");
        assert!(File::options().write(true).open(&seen).is_err(), "it is read-only");
        let home = backend::nowhere();
        succeed(home.path(), &["migrate", "up"]);
        // In another process: SQLite shares what one process has open.
        let read = || {
            let mut once = command(home.path(), &["source", "once", "attic"]);
            once.env("MOTION_EXPORT_SOURCE_ATTIC_KIND", "argusai");
            once.env("MOTION_EXPORT_SOURCE_ATTIC_URL", format!("sqlite:///{}", seen.display()));
            let ended = once.output().unwrap();
            (ended.status.success(), String::from_utf8_lossy(&ended.stderr).into_owned())
        };
        let stored = || String::from_utf8(succeed(home.path(), &["export"])).unwrap().lines().count() - 1;
        assert!(read().0, "{journal}: {}", read().1);
        assert_eq!(stored(), 2, "{journal}");
        add(&argusai, 2..5).unwrap();
        assert!(read().0, "{journal}");
        assert_eq!(stored(), 5, "{journal}");

        // When it is closed, SQLite removes the files of the write-ahead log.
        add(&argusai, 5..6).unwrap();
        drop(argusai);
        let (is_read, error) = read();
        assert_eq!(is_read, journal == "delete", "{error}");
        assert!(is_read || error.contains("is read again when ArgusAI has it open"), "{error}");
        let argusai = Connection::open(&file).unwrap();
        add(&argusai, 6..7).unwrap();
        assert!(read().0, "{journal}");
        assert_eq!(stored(), 7, "{journal}: nothing is missed");
    }
}

#[tokio::test]
async fn values_are_judged_as_the_importer_judges_them_and_the_latest_events_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    let argusai = create(&file, "delete");
    argusai
        .execute_batch(
            "INSERT INTO motion_events VALUES
                 ('a', 'front', '2025-12-16 11:00:00', 0.5, 'knn', 'junk', NULL), ('b', 'front', 'soon', 0.5, 'knn', NULL, NULL),
                 ('c', 'front', '1999-12-16 11:00:00', 0.5, 'knn', NULL, NULL), ('d', '', '2025-12-16 11:00:01', 0.5, 'knn', NULL, NULL),
                 ('e', 'gone', '2025-12-16 11:00:02', 7, 'knn', NULL, NULL)",
        )
        .unwrap();
    let settings = settings(&file);
    let tried = trial(&settings, UnixMicros::new(NOW)).await.unwrap();
    let stored_ones = tried.events.iter().filter(|event| matches!(event, Tried::Stored(..))).count();
    assert_eq!((tried.events.len(), stored_ones), (5, 2));
    let database = TestDatabase::new().await;
    for _ in 0..2 {
        read(&database, &settings).await.unwrap();
    }
    let mut reasons = stored(&database).await.reasons;
    reasons.sort();
    let expected =
        ["box_unreadable", "confidence_unreadable", "event_without_camera", "time_out_of_bounds", "time_unreadable"];
    assert_eq!(reasons, expected.map(|reason| (reason.to_owned(), 1)));
    assert_eq!(rows(&database).await.len(), 2);
    let missing = source(&format!("kind = \"argusai\"\nurl = \"{}/missing.db\"", folder.path().display()));
    let error = trial(&missing, UnixMicros::new(NOW)).await.unwrap_err().to_string();
    assert!(error.contains("missing.db cannot be read"), "{error}");
    let unknown = source("kind = \"argusai\"\nurl = \"mysql://argus:S3cret@db/argusai\"");
    let error = format!("{:#}", once(&context(&database).await, "attic", &unknown).await.unwrap_err());
    assert!(error.contains("[source.attic]") && !error.contains("S3cret"), "{error}");
}

#[tokio::test]
async fn a_real_argusai_gives_exactly_the_expected_file() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !data.is_dir() {
        eprintln!("skipped: {} is missing", data.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    std::fs::copy(data.join("argusai.db"), &file).unwrap();
    let database = TestDatabase::new().await;
    let later = context_at(&database, 1_830_000_000_000_000).await;
    once(&later, "attic", &settings(&file)).await.unwrap();
    assert!(database.export("", 500).await == std::fs::read(data.join("argusai-expected.csv")).unwrap());
}

#[tokio::test]
async fn argusai_on_postgresql_is_followed_with_any_type_of_time() {
    for time in ["timestamptz", "timestamp", "text"] {
        let schema = format!(
            "CREATE TABLE cameras (id text, name text);
             CREATE TABLE motion_events (id text, camera_id text, timestamp {time}, confidence real, algorithm_used text,
                 bounding_box text);
             INSERT INTO cameras VALUES ('front', 'Front Door');
             INSERT INTO motion_events SELECT 'event-' || i, 'front',
                 to_char(timestamptz '2025-12-16 10:00:00+00' + i * interval '1 second', 'YYYY-MM-DD HH24:MI:SS')::{time},
                 0.5, 'knn', NULL FROM generate_series(1, 2500) AS i"
        );
        let Some((home, url)) = on_postgres(&format!("SET timezone = 'UTC'; {schema}")).await else { return };
        let database = TestDatabase::new().await;
        let settings = source(&format!("kind = \"argusai\"\nurl = \"{url}\"\nevery_seconds = 1"));
        assert_eq!(read(&database, &settings).await.unwrap(), 2_500, "{time}");
        assert_eq!(read(&database, &settings).await.unwrap(), 0, "{time}");
        // Committed later than events of a later time.
        let late = "INSERT INTO motion_events VALUES ('late', 'front', '2025-12-16 10:40:00', 0.5, 'knn', NULL)";
        backend::psql_of(home.path(), late);
        assert_eq!(read(&database, &settings).await.unwrap(), 1, "{time}");
        assert_eq!(stored(&database).await.source.complete_to, Some(UnixMicros::new(NOW - 60_000_000)));
        assert_eq!(trial(&settings, UnixMicros::new(NOW)).await.unwrap().events.len(), 5);
    }
}
