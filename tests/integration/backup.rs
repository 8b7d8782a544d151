//! Backups of a database that a server uses, and their restoration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::header::COOKIE;
use rusqlite::Connection;

use crate::app::client_with;
use crate::backend;
use crate::binary::{Server, command, fail, succeed, token_of_admin};

/// The number of events at the time of the backup, and later.
const THEN: i64 = 50;
const NOW: i64 = 80;

fn add_events(folder: &Path, events: i64, seed: &str) {
    let events = events.to_string();
    let demo = ["demo", "--events", &events, "--days", "1", "--until", "2025-12-16T12:00:00Z", "--seed", seed];
    succeed(folder, &demo);
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Stops a server as systemd does.
fn stop(server: &mut Server) {
    let id = server.child.id().to_string();
    assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}

/// Returns the names of the files in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Returns the number of events, after an integrity check.
fn events_in(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    connection.query_row("SELECT count(*) FROM motion_events", [], |row| row.get(0)).unwrap()
}

fn skips() -> bool {
    backend::is_postgres() && backend::skips("its files are its own")
}

#[tokio::test]
async fn a_restored_backup_has_what_it_had_and_nothing_that_was_taken_away_since_comes_back() {
    if skips() {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    add_events(folder, THEN, "1");
    let token = token_of_admin(folder);
    let mut server = Server::start(folder, &[]);
    let cookie = server.cookie_of("admin").await;
    let page = async |server: &Server, cookie: &str| {
        client_with(&[(COOKIE, cookie)])
            .get(format!("{}/settings", server.address))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(page(&server, &cookie).await, 200);

    let printed = text(succeed(folder, &["backup", "backup.db"]));
    assert!(printed.contains("50 events") && printed.contains("1 users"), "{printed}");
    let backup = folder.join("backup.db");
    assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let original = text(succeed(folder, &["export"]));
    let copied = text(succeed(folder, &["export", "--database-url", "sqlite://backup.db"]));
    assert_eq!(copied, original);

    let error = fail(folder, &["backup", "backup.db"]);
    assert!(error.contains("backup.db exists") && error.contains("--force"), "{error}");
    add_events(folder, NOW - THEN, "2");
    let id = text(succeed(folder, &["token", "list"])).lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    succeed(folder, &["token", "revoke", &id]);
    for file in ["test.db", "test.db-wal"] {
        let error = fail(folder, &["backup", file, "--force"]);
        assert!(error.contains("is the database itself"), "{error}");
    }

    let error = fail(folder, &["restore", "backup.db"]);
    assert!(error.contains("is open; stop the server") && error.contains("Nothing was changed"), "{error}");
    stop(&mut server);
    // A server that was killed leaves its log.
    let mut server = Server::start(folder, &[]);
    assert_eq!(page(&server, &cookie).await, 200);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(folder.join("test.db-wal").exists());
    let printed = text(succeed(folder, &["restore", "backup.db"]));
    for part in ["is restored from backup.db", "1 access tokens that were revoked", "The old database is "] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let aside = names_in(folder).into_iter().find(|name| name.starts_with("test.db.replaced-")).unwrap();
    assert!(printed.contains(&aside), "{printed}");
    assert_eq!(events_in(&folder.join(aside)), NOW, "the old one is complete");
    assert!(!names_in(folder).iter().any(|name| name.contains(".part")), "{:?}", names_in(folder));
    assert_eq!(text(succeed(folder, &["export"])), original);
    let server = Server::start(folder, &[]);
    assert_eq!(page(&server, &cookie).await, 303, "all must sign in again");
    assert_eq!(server.export(&token, "").await.status(), 401, "the token stays revoked");
    assert_eq!(page(&server, &server.cookie_of("admin").await).await, 200);
}

#[tokio::test]
async fn a_file_that_is_no_backup_of_this_version_is_refused_and_changes_nothing() {
    if skips() {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    add_events(folder, 2_000, "1");
    let path = folder.join("test.db");
    succeed(folder, &["backup", "backup.db"]);
    let bytes = fs::read(folder.join("backup.db")).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 20_000].fill(0xa5);
    fs::write(folder.join("damaged.db"), damaged).unwrap();
    fs::write(folder.join("truncated.db"), &bytes[..middle]).unwrap();
    fs::write(folder.join("text.db"), "text").unwrap();
    Connection::open(folder.join("other.db")).unwrap().execute_batch("CREATE TABLE cake (x)").unwrap();
    fs::write(folder.join("newer.db"), &bytes).unwrap();
    let newer = Connection::open(folder.join("newer.db")).unwrap();
    newer.execute("INSERT INTO seaql_migrations VALUES ('m29990101_000099_future', 0)", []).unwrap();
    drop(newer);
    let before = fs::read(&path).unwrap();
    for (file, reason) in [
        ("missing.db", "there is no file"),
        ("damaged.db", "cannot be used; nothing was changed"),
        ("truncated.db", "was changed"),
        ("text.db", "text.db"),
        ("other.db", "is not a backup of Motion Export"),
        ("newer.db", "newer version"),
        ("test.db", "is the database itself"),
    ] {
        let error = fail(folder, &["restore", file]);
        assert!(error.contains(reason), "{file}: {error}");
        assert!(fs::read(&path).unwrap() == before, "{file}");
    }
    assert!(!names_in(folder).iter().any(|name| name.contains("replaced") || name.contains(".part")));
    // Nothing to back up.
    let error = fail(folder, &["backup", "b.db", "--database-url", "sqlite://missing.db"]);
    assert!(error.contains("there is no database"), "{error}");
    let error = fail(folder, &["backup", "b.db", "--database-url", "sqlite://other.db"]);
    assert!(error.contains("another program"), "{error}");
}

#[tokio::test]
async fn a_backup_is_restored_where_there_is_no_database_or_a_damaged_one() {
    if skips() {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    add_events(folder, THEN, "1");
    succeed(folder, &["backup", "backup.db"]);
    let url = "sqlite://new/folder/test.db";
    let printed = text(succeed(folder, &["restore", "backup.db", "--database-url", url]));
    assert!(!printed.contains("The old database"), "{printed}");
    assert_eq!(events_in(&folder.join("new/folder/test.db")), THEN);
    fs::write(folder.join("test.db"), "damaged ".repeat(1_000)).unwrap();
    let printed = text(succeed(folder, &["restore", "backup.db"]));
    assert!(printed.contains("could not be compared") && printed.contains("The old database is "), "{printed}");
    assert_eq!(events_in(&folder.join("test.db")), THEN);
}

#[tokio::test]
async fn a_restoration_that_is_killed_at_any_time_leaves_the_old_database_or_the_new_one() {
    if skips() {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    add_events(folder, THEN, "1");
    succeed(folder, &["backup", "backup.db"]);
    add_events(folder, NOW - THEN, "2");
    let old = fs::read(folder.join("test.db")).unwrap();
    for attempt in 0..24 {
        fs::write(folder.join("test.db"), &old).unwrap();
        let mut restore = command(folder, &["restore", "backup.db"]).stdout(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(5 * attempt)).await;
        restore.kill().unwrap();
        restore.wait().unwrap();
        let events = events_in(&folder.join("test.db"));
        assert!([THEN, NOW].contains(&events), "{events}");
        for name in
            names_in(folder).iter().filter(|name| name.starts_with("test.db.replaced") && !name.ends_with("-wal"))
        {
            assert_eq!(events_in(&folder.join(name)), NOW, "{name}");
            fs::remove_file(folder.join(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn postgresql_is_backed_up_and_restored_by_its_own_programs_into_an_empty_database_only() {
    if !backend::is_postgres() && backend::skips("pg_dump") {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    add_events(folder, THEN, "1");
    succeed(folder, &["backup", "backup.dump"]);
    assert_eq!(folder.join("backup.dump").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let error = fail(folder, &["restore", "backup.dump"]);
    assert!(error.contains("is not empty") && error.contains("createdb"), "{error}");
    let other = backend::nowhere();
    let url = backend::url(other.path());
    succeed(folder, &["restore", "backup.dump", "--database-url", &url]);
    let export = |arguments: &[&str]| text(succeed(folder, arguments));
    assert_eq!(export(&["export", "--database-url", &url]), export(&["export"]));
    fs::write(folder.join("text.dump"), "text").unwrap();
    let error = fail(folder, &["restore", "text.dump"]);
    assert!(error.contains("cannot be read"), "{error}");
    // Without PostgreSQL's programs, the command says what to run elsewhere.
    let none = command(folder, &["backup", "other.dump"]).env("PATH", "/nowhere").output().unwrap();
    let error = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(!none.status.success() && error.contains("pg_dump --format=custom"), "{error}");
    assert_eq!(names_in(folder), ["backup.dump", "text.dump"]);
}
