//! Every command refuses a database of another program or a file that is not a database, says what it is, and changes
//! nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use sea_orm::{ConnectionTrait, Database};

use crate::app::{TestDatabase, events};
use crate::backend;
use crate::binary::command;

/// Every command that opens the database.
const COMMANDS: [&[&str]; 15] = [
    &["serve", "--listen", "127.0.0.1:0"],
    &["serve", "--listen", "127.0.0.1:0", "--demo"],
    &["migrate", "up"],
    &["migrate", "down", "--yes"],
    &["migrate", "status"],
    &["import", "csv", "x.csv"],
    &["import", "argusai", "x.db"],
    &["demo", "--events", "1"],
    &["user", "list"],
    &["user", "add", "ann", "--password-stdin"],
    &["camera", "list"],
    &["token", "list"],
    &["partitions", "list"],
    &["export"],
    &["import", "frigate", "x.db"],
];

/// Some of them, which use a database in different ways.
const SOME: [&[&str]; 3] = [COMMANDS[0], COMMANDS[2], COMMANDS[13]];

const ARGUSAI: &str = "CREATE TABLE cameras (id VARCHAR PRIMARY KEY, name VARCHAR);
    CREATE TABLE motion_events (id VARCHAR PRIMARY KEY, camera_id VARCHAR, timestamp DATETIME, confidence FLOAT,
        algorithm_used VARCHAR, bounding_box TEXT);
    INSERT INTO cameras VALUES ('1', 'Front Door');";

/// Returns all files of a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
            (path.file_name().unwrap().to_str().unwrap().to_owned(), bytes)
        })
        .collect()
}

/// Runs these commands on a database, and returns the last error. Checks that all refuse it and leave the folder
/// unchanged.
fn refused(database: &Path, commands: &[&[&str]]) -> String {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = database.parent().unwrap();
    let before = contents(folder);
    let mut error = String::new();
    for arguments in commands {
        let mut command = command(elsewhere.path(), arguments);
        command.env("DATABASE_URL", format!("sqlite://{}", database.display())).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(database.to_str().unwrap()), "{arguments:?}: {error}");
        assert!(contents(folder) == before, "{arguments:?} changed something");
    }
    assert!(error.contains("nothing in it was changed") || database.is_dir(), "{error}");
    error
}

fn make(path: &Path, sql: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection
}

#[test]
fn every_command_refuses_an_argusai_database_and_says_how_to_import_it() {
    if backend::is_postgres() && backend::skips("it is a file") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    for mode in ["delete", "wal"] {
        let _ = fs::remove_file(&path);
        drop(make(&path, &format!("PRAGMA journal_mode = {mode}; {ARGUSAI}")));
        let error = refused(&path, &COMMANDS);
        assert!(error.contains("is an ArgusAI database"), "{error}");
        assert!(error.contains(&format!("import argusai {}", path.display())), "{error}");
    }
    // While ArgusAI runs, everything that it wrote is in its log.
    fs::remove_file(&path).unwrap();
    let argusai = make(&path, &format!("PRAGMA journal_mode = wal; {ARGUSAI}"));
    assert!(refused(&path, &COMMANDS).contains("is an ArgusAI database"));
    drop(argusai);
    // An older version of this program has started to migrate it.
    drop(make(&path, "CREATE TABLE seaql_migrations (version TEXT, applied_at INTEGER)"));
    assert!(refused(&path, &SOME).contains("is an ArgusAI database"));
}

#[test]
fn a_log_that_was_copied_with_a_database_is_read() {
    if backend::is_postgres() && backend::skips("it is a file") {
        return;
    }
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _open = make(&folder.path().join("app.db"), &format!("PRAGMA journal_mode = wal; {ARGUSAI}"));
    for name in ["app.db", "app.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    assert!(refused(&copy.path().join("app.db"), &SOME).contains("is an ArgusAI database"));
}

#[test]
fn a_database_of_another_program_or_another_file_is_refused_and_named() {
    if backend::is_postgres() && backend::skips("it is a file") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let error = |sql: &str| {
        let _ = fs::remove_file(&path);
        drop(make(&path, sql));
        refused(&path, &SOME)
    };
    let frigate = error("CREATE TABLE event (id); CREATE TABLE recordings (id)");
    assert!(frigate.contains("is a Frigate database"), "{frigate}");
    assert!(frigate.contains(&format!("import frigate {}", path.display())), "{frigate}");
    let several = error("CREATE TABLE cake (x); CREATE TABLE fruit (x)");
    assert!(several.contains("holds tables of another program (cake, fruit)"), "{several}");
    // SeaORM lists the migrations of every program in a table of this name.
    let seaql = error(
        "CREATE TABLE seaql_migrations (version TEXT); INSERT INTO seaql_migrations VALUES ('m1_cake'); \
                      CREATE TABLE cake (x)",
    );
    assert!(seaql.contains("(cake)"), "{seaql}");
    for bytes in [b"id,name\r\n1,Front Door\r\n".repeat(100), (0..=255).cycle().take(8_192).collect()] {
        fs::write(&path, bytes).unwrap();
        let error = refused(&path, &SOME);
        assert!(error.contains("is not an SQLite database, or it is encrypted"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refused(&path, &SOME).contains("a folder"));
}

#[tokio::test]
async fn our_own_database_is_accepted_in_any_state() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    // Open in another process, then closed, then without the last migration, then without all of them.
    let run = |arguments: &[&str]| {
        let output = command(folder, arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["camera", "list"]);
    database.connection.close().await.unwrap();
    run(&["camera", "list"]);
    run(&["migrate", "down", "--yes"]);
    run(&["camera", "list"]);
    run(&["migrate", "down", "7", "--yes"]);
    run(&["migrate", "up"]);
    run(&["camera", "list"]);
}

#[tokio::test]
async fn a_foreign_schema_in_postgresql_is_refused_and_unchanged() {
    if !backend::is_postgres() && backend::skips("it is about PostgreSQL") {
        return;
    }
    let folder = backend::nowhere();
    let database = Database::connect(backend::url(folder.path())).await.unwrap();
    for (sql, what) in [
        ("CREATE TABLE \"Cake\" (x int)", "holds tables of another program (Cake)"),
        (&*ARGUSAI.replace("DATETIME", "timestamp"), "is an ArgusAI database"),
    ] {
        database.execute_unprepared(sql).await.unwrap();
        for arguments in COMMANDS {
            let output = command(folder.path(), arguments).stdin(Stdio::null()).output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(1) && error.contains(what), "{arguments:?}: {error}");
        }
        let queried = database.execute_unprepared("SELECT FROM seaql_migrations").await;
        assert!(queried.unwrap_err().to_string().contains("does not exist"));
    }
    database.close().await.unwrap();
}
