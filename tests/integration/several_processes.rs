//! Several processes on one database, the write-ahead log that they leave, and what survives a power cut.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use motion_export::server::db::connect::checkpoint;
use motion_export::server::retry::Retry;
use sea_orm::{ConnectionTrait, Statement};

use crate::app::{HEADER, TestDatabase, events};
use crate::backend;
use crate::binary::{command, fail, run, succeed};

/// Runs a command `count` times concurrently. Returns the errors of those that failed.
fn run_concurrently(folder: &Path, count: usize, arguments: &[&str]) -> Vec<String> {
    let start = || command(folder, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<Child> = (0..count).map(|_| start()).collect();
    let ended = children.into_iter().map(|child| child.wait_with_output().unwrap());
    let failed = ended.filter(|output| !output.status.success() || !output.stderr.is_empty());
    failed.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect()
}

#[tokio::test]
async fn six_concurrent_processes_migrate_a_new_or_older_database_together() {
    let home = backend::nowhere();
    let folder = home.path();
    // In PostgreSQL, it exists and is empty.
    backend::url(folder);
    assert_eq!(run_concurrently(folder, 6, &["migrate", "up"]), [""; 0], "a new one");
    let before = succeed(folder, &["migrate", "status"]);
    assert!(!String::from_utf8(before.clone()).unwrap().contains("Pending"));
    for steps in ["1", "4", "7"] {
        succeed(folder, &["migrate", "down", steps, "--yes"]);
        // Every command migrates the database.
        assert_eq!(
            run_concurrently(folder, 6, &["demo", "--events", "10", "--days", "1", "--until", "2025-12-16T12:00:00Z"]),
            [""; 0],
            "{steps} steps older"
        );
        assert_eq!(succeed(folder, &["migrate", "status"]), before);
    }
    let file = String::from_utf8(succeed(folder, &["export"])).unwrap();
    assert_eq!(file.lines().count(), 11, "each process has generated the same ten events");
}

fn log_bytes(folder: &Path) -> u64 {
    folder.join("test.db-wal").metadata().map_or(0, |log| log.len())
}

/// Writes a CSV of 20,000 events, with `last` as its last line.
fn write_csv(folder: &Path, last: &str) {
    let mut csv = HEADER.to_owned();
    for i in 0..20_000 {
        let (hours, minutes, seconds) = (i / 3_600, i / 60 % 60, i % 60);
        let zone = "z".repeat(150);
        write!(
            csv,
            "2025-12-01T{hours:02}:{minutes:02}:{seconds:02}+00:00,front,Front Door,85.5,MOG2,1,2,3,4,{zone}\r\n"
        )
        .unwrap();
    }
    std::fs::write(folder.join("events.csv"), csv + last).unwrap();
}

#[tokio::test]
async fn an_import_leaves_no_long_log_whether_it_succeeds_or_fails() {
    if backend::is_postgres() && backend::skips("no log file beside the database") {
        return;
    }
    // Open all the time, as in a server.
    let database = TestDatabase::with(events(2)).await;
    let folder = database.folder.path();
    write_csv(folder, "no event\r\n");
    let refused = fail(folder, &["import", "csv", "events.csv"]);
    assert!(refused.contains("events.csv"), "{refused}");
    assert_eq!(log_bytes(folder), 0, "after an import that failed");
    write_csv(folder, "");
    succeed(folder, &["import", "csv", "events.csv"]);
    assert_eq!(log_bytes(folder), 0, "after an import");
}

#[tokio::test]
async fn a_log_held_by_a_reader_is_not_reported_as_empty_and_others_can_write() {
    if backend::is_postgres() && backend::skips("no log file beside the database") {
        return;
    }
    let database = TestDatabase::with(events(2)).await;
    let folder = database.folder.path();
    let reader = rusqlite::Connection::open(folder.join("test.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM motion_events", [], |row| row.get::<_, i64>(0)).unwrap();
    database.add_camera("late", None).await;
    // The length after an import.
    let log = std::fs::OpenOptions::new().write(true).open(folder.join("test.db-wal")).unwrap();
    log.set_len(9 * 1_024 * 1_024).unwrap();
    let empty = async |attempts| {
        let retry = Retry::every(Duration::from_millis(1)).at_most(attempts);
        checkpoint::try_to_empty_log(&database.settings.database, &database.connection, retry).await
    };
    let error = empty(2).await.unwrap_err().to_string();
    assert!(error.contains("reading the database") && error.contains("within the hour"), "{error}");
    assert!(log_bytes(folder) > 0);
    database.add_camera("later", None).await;
    drop(reader);
    empty(1).await.unwrap();
    assert_eq!(log_bytes(folder), 0);
}

#[tokio::test]
async fn the_log_that_a_killed_import_leaves_is_emptied_by_a_server() {
    if backend::is_postgres() && backend::skips("no log file beside the database") {
        return;
    }
    let database = TestDatabase::with(events(2)).await;
    let folder = database.folder.path();
    // A killed import leaves pages behind the last committed one, which are never read.
    let log = std::fs::OpenOptions::new().write(true).open(folder.join("test.db-wal")).unwrap();
    log.set_len(9 * 1_024 * 1_024).unwrap();
    checkpoint::empty_long_log(&database.settings.database, &database.connection).await.unwrap();
    assert_eq!(log_bytes(folder), 0);
    assert_eq!(String::from_utf8(run(folder, &["export"]).stdout).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn committed_data_survives_a_power_cut_on_every_connection() {
    if backend::is_postgres() && backend::skips("synchronous_commit is on by default") {
        return;
    }
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    for pool in [&app.state.database, &app.state.writer, &app.database.connection] {
        let number = async |pragma: &str| {
            let statement = Statement::from_string(backend::backend(), format!("PRAGMA {pragma}"));
            let row = pool.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get_by_index::<i32>(0).unwrap()
        };
        assert_eq!(number("synchronous").await, 2, "FULL");
        assert_eq!(number("journal_size_limit").await, 8 * 1_024 * 1_024);
    }
}
