//! Several processes on one database at once, what they leave of its write-ahead log, and what outlasts a power cut.

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

/// Starts that command so many times at once, and says what each that failed said.
fn all_at_once(folder: &Path, count: usize, arguments: &[&str]) -> Vec<String> {
    let start = || command(folder, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<Child> = (0..count).map(|_| start()).collect();
    let ended = children.into_iter().map(|child| child.wait_with_output().unwrap());
    let failed = ended.filter(|output| !output.status.success() || !output.stderr.is_empty());
    failed.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect()
}

#[tokio::test]
async fn six_processes_at_once_on_a_new_or_older_database_bring_it_up_to_date_together() {
    let home = backend::nowhere();
    let folder = home.path();
    // In PostgreSQL it is there, and empty.
    backend::url(folder);
    assert_eq!(all_at_once(folder, 6, &["migrate", "up"]), [""; 0], "a new one");
    let before = succeed(folder, &["migrate", "status"]);
    assert!(!String::from_utf8(before.clone()).unwrap().contains("Pending"));
    for steps in ["1", "4", "7"] {
        succeed(folder, &["migrate", "down", steps, "--yes"]);
        // They migrate by themselves, as all commands do.
        assert_eq!(
            all_at_once(folder, 6, &["demo", "--events", "10", "--days", "1", "--until", "2025-12-16T12:00:00Z"]),
            [""; 0],
            "{steps} steps older"
        );
        assert_eq!(succeed(folder, &["migrate", "status"]), before);
    }
    let file = String::from_utf8(succeed(folder, &["export"])).unwrap();
    assert_eq!(file.lines().count(), 11, "each has made the same ten events");
}

fn log_bytes(folder: &Path) -> u64 {
    folder.join("test.db-wal").metadata().map_or(0, |log| log.len())
}

/// A CSV of 20,000 events, with this as its last line.
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
async fn an_import_leaves_no_long_log_whether_it_ends_well_or_not() {
    if backend::is_postgres() && backend::skips("its log is not beside it") {
        return;
    }
    // Open all the time, as a server has it.
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
async fn a_log_that_somebody_reads_is_not_called_empty_and_others_write_meanwhile() {
    if backend::is_postgres() && backend::skips("its log is not beside it") {
        return;
    }
    let database = TestDatabase::with(events(2)).await;
    let folder = database.folder.path();
    let reader = rusqlite::Connection::open(folder.join("test.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM motion_events", [], |row| row.get::<_, i64>(0)).unwrap();
    database.add_camera("late", None).await;
    // As long as after an import.
    let log = std::fs::OpenOptions::new().write(true).open(folder.join("test.db-wal")).unwrap();
    log.set_len(9 * 1_024 * 1_024).unwrap();
    let empty = async |attempts| {
        let retry = Retry::every(Duration::from_millis(1)).at_most(attempts);
        checkpoint::try_to_empty_log(&database.settings.database, &database.connection, retry).await
    };
    let error = empty(2).await.unwrap_err().to_string();
    assert!(error.contains("reads the database") && error.contains("within the hour"), "{error}");
    assert!(log_bytes(folder) > 0);
    database.add_camera("later", None).await;
    drop(reader);
    empty(1).await.unwrap();
    assert_eq!(log_bytes(folder), 0);
}

#[tokio::test]
async fn the_log_that_a_killed_import_leaves_is_emptied_by_a_server() {
    if backend::is_postgres() && backend::skips("its log is not beside it") {
        return;
    }
    let database = TestDatabase::with(events(2)).await;
    let folder = database.folder.path();
    // What such an import leaves: pages behind the last that was committed, which nobody reads.
    let log = std::fs::OpenOptions::new().write(true).open(folder.join("test.db-wal")).unwrap();
    log.set_len(9 * 1_024 * 1_024).unwrap();
    checkpoint::empty_long_log(&database.settings.database, &database.connection).await.unwrap();
    assert_eq!(log_bytes(folder), 0);
    assert_eq!(String::from_utf8(run(folder, &["export"]).stdout).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn what_is_committed_outlasts_a_power_cut_over_whichever_connection_it_is_written() {
    if backend::is_postgres() && backend::skips("it is what its synchronous_commit says, which is on") {
        return;
    }
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    for pool in [&app.state.database, &app.state.writer, &app.database.connection] {
        let number = async |pragma: &str| {
            let asked = Statement::from_string(backend::backend(), format!("PRAGMA {pragma}"));
            let row = pool.query_one_raw(asked).await.unwrap().unwrap();
            row.try_get_by_index::<i32>(0).unwrap()
        };
        assert_eq!(number("synchronous").await, 2, "FULL");
        assert_eq!(number("journal_size_limit").await, 8 * 1_024 * 1_024);
    }
}
