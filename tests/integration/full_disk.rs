//! A database that is not writable for a while, because its disk is full or it rolls a transaction back. Afterwards, rejected requests
//! work again, and exports that ended meanwhile are recorded.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use motion_export::api::exports::{EXPORT_ID_HEADER, EXPORTS_PATH};
use motion_export::api::session::Role;
use motion_export::export_params::EXPORT_PATH;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::app::{HEADER, PASSWORD, TestApp, TestDatabase, events};
use crate::backend;
use crate::backup::names_in;
use crate::binary::{Server, command, fail, in_clean_environment, succeed, token_of_admin};
use crate::log::Log;
use crate::proxy::SlowClient;

/// A small file system in memory, which is unmounted when it is dropped.
pub struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one of 12 MB. Returns `None` if this process may not mount, as in some containers; then it prints that the test is
    /// skipped.
    pub fn mount() -> Option<Self> {
        Self::mount_of(12)
    }

    /// Mounts one of this many megabytes.
    fn mount_of(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"]).arg(folder.path());
        if !mount.output().is_ok_and(|mounted| mounted.status.success()) {
            backend::skips("this process may not mount a small file system");
            return None;
        }
        Some(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Uses up all free space.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        for size in [65_536, 4_096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Uses up all free space but this many bytes.
    fn fill_except(&self, bytes: u64) {
        self.fill();
        let ballast = File::options().write(true).open(self.ballast()).unwrap();
        ballast.set_len(ballast.metadata().unwrap().len() - bytes).unwrap();
    }

    /// Frees the space again.
    fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Starts a server with a database on that disk. Its file is larger than the buffers of the network.
async fn app_on(disk: &SmallDisk) -> TestApp {
    let database = TestDatabase::at(format!("sqlite://{}/test.db", disk.path().display())).await;
    database.add_camera("front", Some("Front Door")).await;
    database.add_many(8_000).await;
    database.connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    database.serve(1_000).await
}

async fn ready(app: &TestApp) -> StatusCode {
    app.get("/readyz").await.status()
}

/// Checks that the server works as if it had never had a problem, and that other servers see what it writes.
async fn everything_works(app: &TestApp) {
    app.state.exports.heartbeat().await;
    assert_eq!(ready(app).await, 200);
    app.database.add_user("visitor", Role::Admin).await;
    let browser = app.browser_of("visitor").await;
    assert_eq!(app.get_as(&browser, "/settings").await.status(), 200, "signed in");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let response = app.export("end_date=2025-12-01").await;
        assert_eq!(response.status(), 200);
        ids.push(response.headers()[EXPORT_ID_HEADER].to_str().unwrap().to_owned());
        assert!(response.bytes().await.is_ok());
        app.idle().await;
    }
    // A server that is started now finds the records.
    let (address, _) = app.another_server().await;
    for id in ids {
        let record = app.client.get(format!("{address}{EXPORTS_PATH}/{id}")).send().await.unwrap();
        assert_eq!(record.json::<Value>().await.unwrap()["state"], "completed");
    }
    // The database is not locked.
    app.database.lock().await.rollback().await.unwrap();
}

#[tokio::test]
async fn after_a_full_disk_is_freed_everything_works_again() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let log = Log::of_this_thread();
    let app = app_on(&disk).await;
    app.database.add_user("ann", Role::Admin).await;
    let browser = app.browser_of("ann").await;
    disk.fill();
    for client in [&app.client, &browser] {
        let refused = app.get_as(client, EXPORT_PATH).await;
        assert_eq!(refused.status(), 503);
        assert!(refused.text().await.unwrap().contains("cannot be recorded"));
    }
    // Reading works. Signing in and out fails with a status.
    assert_eq!(app.get_as(&browser, "/settings").await.status(), 200);
    for path in ["/login", "/logout"] {
        assert_eq!(app.post(&browser, path, &[("name", "ann"), ("password", PASSWORD)]).await.status(), 503, "{path}");
    }
    app.state.exports.heartbeat().await;
    assert_eq!(log.text().matches("ERROR").count(), 1, "{}", log.text());
    assert_eq!(ready(&app).await, 503);
    assert_eq!(log.text().matches("database not writable").count(), 1, "{}", log.text());
    disk.free();
    everything_works(&app).await;
    assert_eq!(log.text().matches("database writable again").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn a_file_that_ends_while_the_disk_is_full_is_completed_once_there_is_space() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let log = Log::of_this_thread();
    let app = app_on(&disk).await;
    let (mut client, _) = start_slow_export(&app).await;
    disk.fill();
    let rest = tokio::spawn(async move { client.rest().await.1 });
    log.wait_for("database not writable").await;
    disk.free();
    assert!(rest.await.unwrap(), "the file is complete");
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!((&record["state"], &record["rows"]), (&"completed".into(), &8_000.into()));
    everything_works(&app).await;
}

/// Starts an export with a slow client, as a new user.
async fn start_slow_export(app: &TestApp) -> (SlowClient, String) {
    let name = format!("slow{}", app.state.exports.count());
    let slow = app.database.add_viewer(&name, &["front"]).await;
    let (_, authorization) = app.client_of(&slow).await;
    let headers = [("authorization", &*authorization), ("connection", "close")];
    let mut client = SlowClient::send_with_small_buffer(&app.address, EXPORT_PATH, &headers).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    (client, authorization)
}

#[tokio::test]
async fn an_export_that_ends_while_the_disk_is_full_frees_its_slot_and_its_outcome_is_recorded_later() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let app = app_on(&disk).await;
    let (client, authorization) = start_slow_export(&app).await;
    let headers = [("authorization", &*authorization)];
    let mut held = vec![client];
    for _ in 0..2 {
        held.push(SlowClient::send_with_small_buffer(&app.address, EXPORT_PATH, &headers).await);
        assert!(held.last_mut().unwrap().head().await.starts_with("HTTP/1.1 200"));
    }
    disk.fill();
    drop(held);
    let ended = async {
        while app.state.exports.count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), ended).await.expect("the slots are free");
    assert_eq!(app.state.exports.count_unrecorded(), 3);
    // Longer than the heartbeat timeout.
    app.wait(100);
    for _ in 0..5 {
        app.state.exports.heartbeat().await;
    }
    disk.free();
    // The limit per user counts none of them.
    let mut client = SlowClient::send(&app.address, &format!("{EXPORT_PATH}?end_date=2000-01-01"), &headers).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    app.idle().await;
    let list: Value = app.get(&format!("{EXPORTS_PATH}?state=cancelled")).await.json().await.unwrap();
    assert_eq!(list["exports"].as_array().unwrap().len(), 3, "{list}");
    everything_works(&app).await;
}

/// Has the database reject each new record. SQLite rolls the whole transaction back then, as it does when its disk is full.
async fn reject_records(app: &TestApp) {
    let trigger = if backend::is_postgres() {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON exports FOR EACH ROW EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON exports BEGIN SELECT RAISE(ROLLBACK, 'refused'); END"
    };
    app.database.connection.execute_unprepared(trigger).await.unwrap();
}

async fn accept_records(app: &TestApp) {
    let drop = if backend::is_postgres() { "DROP FUNCTION refuse() CASCADE" } else { "DROP TRIGGER refuse" };
    app.database.connection.execute_unprepared(drop).await.unwrap();
}

#[tokio::test]
async fn after_the_database_rolled_transactions_back_everything_works_again() {
    let log = Log::of_this_thread();
    let app = TestDatabase::with(events(10)).await.serve(10).await;
    reject_records(&app).await;
    for _ in 0..3 {
        // The error is permanent, so there is no Retry-After.
        let refused = app.export("").await;
        assert_eq!((refused.status(), refused.headers().get("retry-after")), (StatusCode::INTERNAL_SERVER_ERROR, None));
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "internal");
    }
    assert!(log.text().contains("ERROR") && log.text().contains("refused"), "{}", log.text());
    accept_records(&app).await;
    // A transaction that is dropped now is rolled back as well.
    let dropped = app.state.writer.begin().await.unwrap();
    dropped.execute_unprepared("UPDATE cameras SET name = name").await.unwrap();
    drop(dropped);
    everything_works(&app).await;
}

#[tokio::test]
async fn a_missing_table_is_an_internal_error_without_retry_after() {
    for (table, path) in [("exports", EXPORT_PATH), ("sessions", "/settings")] {
        let log = Log::of_this_thread();
        let app = TestDatabase::with(events(10)).await.serve(10).await;
        app.database.add_user("visitor", Role::Admin).await;
        let browser = app.browser_of("visitor").await;
        app.database.connection.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO elsewhere")).await.unwrap();
        let refused = app.get_as(&browser, path).await;
        assert_eq!((refused.status(), refused.headers().get("retry-after")), (StatusCode::INTERNAL_SERVER_ERROR, None));
        let errors = log.errors_of(&refused);
        assert!(errors.len() == 1 && errors[0].contains(table), "{}", log.text());
    }
}

/// Has the database reject the outcome of one record.
async fn reject_outcome_of(app: &TestApp, id: &str) {
    let trigger = if backend::is_postgres() {
        format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON exports FOR EACH ROW
             WHEN (OLD.id = '{id}' AND NEW.state <> 'running') EXECUTE FUNCTION refuse()"
        )
    } else {
        let id = id.replace('-', "");
        format!(
            "CREATE TRIGGER refuse BEFORE UPDATE ON exports WHEN lower(hex(OLD.id)) = '{id}' AND NEW.state <> 'running'
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    };
    app.database.connection.execute_unprepared(&trigger).await.unwrap();
}

#[tokio::test]
async fn an_outcome_that_can_never_be_recorded_does_not_block_others() {
    let log = Log::of_this_thread();
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let app = database.serve(1_000).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(start_slow_export(&app).await);
    }
    let list: Value = app.get(&format!("{EXPORTS_PATH}?state=running")).await.json().await.unwrap();
    let refused = list["exports"][0]["id"].as_str().unwrap().to_owned();
    reject_outcome_of(&app, &refused).await;
    drop(clients);
    app.state.exports.none_left().await;
    let list: Value = app.get(&format!("{EXPORTS_PATH}?state=cancelled")).await.json().await.unwrap();
    assert_eq!(list["exports"].as_array().unwrap().len(), 2, "{list}");
    let text = log.text();
    assert_eq!(text.matches("so the outcome is dropped").count(), 1, "{text}");
    assert!(text.contains(&format!("export_id={refused}")), "{text}");
    assert!(!text.contains("writable"), "the state does not change back and forth: {text}");
    assert_eq!(app.export("end_date=2000-01-01").await.status(), 200);
}

#[tokio::test]
async fn a_command_on_a_full_disk_reports_only_that_it_is_full() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let url = format!("sqlite://{}/test.db", disk.path().display());
    let database = TestDatabase::at(url.clone()).await;
    database.add_camera("front", Some("Front Door")).await;
    database.add_many(100).await;
    disk.fill();
    let failed = fail(disk.path(), &["export", "-o", "/dev/null", "--database-url", &url]);
    let full = "no space is left on the device; free some, then start the command again";
    assert_eq!(failed, format!("error: the database {url} failed: {full}\n"));
}

#[tokio::test]
async fn a_command_that_ends_while_the_disk_is_full_reports_that() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let url = format!("sqlite://{}/test.db", disk.path().display());
    let database = TestDatabase::at(url.clone()).await;
    database.add_camera("front", Some("Front Door")).await;
    database.add_many(8_000).await;
    database.connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let mut export = command(disk.path(), &["export", "-o", "-", "--database-url", &url]);
    export.env("MOTION_EXPORT_EXPORT_RECORD_TIMEOUT_SECONDS", "1");
    let mut export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The pipe holds less than the file, so the record is still running.
    export.stdout.as_mut().unwrap().read_exact(&mut [0; 10]).unwrap();
    disk.fill();
    let ended = export.wait_with_output().unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    let words =
        "failed: the export could not be recorded, so it does not count as complete: no space is left on the device";
    assert!(!ended.status.success() && error.contains(words) && error.lines().count() == 1, "{error}");
}

/// Returns a CSV whose events need more space than that disk has.
pub fn large_csv() -> String {
    let row = |number: u32| {
        let (minute, second) = (number / 60 % 60, number % 60);
        let hour = number / 3_600;
        format!(
            "2025-12-01T{hour:02}:{minute:02}:{second:02}+00:00,front,Front Door,85.5,MOG2,1,2,3,4,{number:0100}\r\n"
        )
    };
    (0..80_000).fold(HEADER.to_owned(), |file, number| file + &row(number))
}

#[tokio::test]
async fn an_import_that_fills_the_disk_changes_nothing_and_works_once_there_is_space() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("in.csv");
    let app = app_on(&disk).await;
    let before = app.export("").await.bytes().await.unwrap();
    let url = format!("sqlite://{}/test.db", disk.path().display());
    let arguments = ["import", "csv", file.to_str().unwrap(), "--database-url", &url];
    std::fs::write(&file, large_csv()).unwrap();
    let error = fail(home.path(), &arguments);
    assert!(error.contains("no space is left on the device") && error.lines().count() == 1, "{error}");
    assert_eq!(app.export("").await.bytes().await.unwrap(), before);
    // A part of it fits.
    let part: String = large_csv().split_inclusive('\n').take(101).collect();
    std::fs::write(&file, part).unwrap();
    let summary = String::from_utf8(succeed(home.path(), &arguments)).unwrap();
    assert!(summary.contains("100 imported"), "{summary}");
    everything_works(&app).await;
}

#[tokio::test]
async fn events_that_are_sent_while_the_disk_is_full_are_stored_once_when_they_are_sent_again() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let app = app_on(&disk).await;
    let owner = app.database.add_user("owner", Role::Admin).await;
    let token = app.database.write_token_of(&owner).await;
    let events: Vec<_> = (0..50)
        .map(|second| json!({ "id": second, "camera_id": "front", "timestamp": format!("2025-12-01T00:00:{second:02}Z") }))
        .collect();
    let send = async || {
        let request =
            app.client.post(format!("{}/api/v1/motion-events", app.address)).bearer_auth(&token).json(&events);
        request.send().await.unwrap()
    };
    disk.fill();
    let refused = send().await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    disk.free();
    for (accepted, duplicate) in [(50, 0), (0, 50)] {
        let stored: Value = send().await.json().await.unwrap();
        assert_eq!((&stored["accepted"], &stored["duplicate"]), (&accepted.into(), &duplicate.into()), "{stored}");
    }
    everything_works(&app).await;
}

#[tokio::test]
async fn a_backup_that_does_not_fit_is_refused_before_anything_is_written() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let home = backend::nowhere();
    let folder = home.path();
    succeed(folder, &["demo", "--events", "2000"]);
    disk.fill();
    let target = disk.path().join("backup.db");
    let target = target.to_str().unwrap();
    let error = fail(folder, &["backup", target]);
    assert!(error.contains("bytes are free; free some space"), "{error}");
    disk.free();
    succeed(folder, &["backup", target]);
    // The same for the disk of the database.
    disk.fill();
    let url = format!("sqlite://{}/test.db", disk.path().display());
    succeed(folder, &["backup", "backup.db"]);
    let error = fail(folder, &["restore", "backup.db", "--database-url", &url]);
    assert!(error.contains("bytes are free; free some space") && error.contains("Nothing was changed"), "{error}");
    assert!(!disk.path().join("test.db").exists());
}

/// Creates a database of some 60 MB in a folder, with events, an administrator and a session.
async fn large_database(folder: &Path) {
    succeed(folder, &["demo", "--events", "100", "--days", "1", "--until", "2025-12-16T12:00:00Z"]);
    token_of_admin(folder);
    drop(Server::start(folder, &[]).cookie_of("admin").await);
    let filler = "CREATE TABLE filler (x); INSERT INTO filler
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000) SELECT zeroblob(4000) FROM n";
    rusqlite::Connection::open(folder.join("test.db")).unwrap().execute_batch(filler).unwrap();
}

/// Runs a command, and fills the disk as soon as the command has created a temporary file there. Returns the error of the command;
/// `None` if it was faster.
fn fill_during(disk: &SmallDisk, mut command: Command) -> Option<String> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while !names_in(disk.path()).iter().any(|name| name.contains(".part")) && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    disk.fill();
    let ended = child.wait_with_output().unwrap();
    disk.free();
    (!ended.status.success()).then(|| String::from_utf8(ended.stderr).unwrap())
}

/// How often a command may be faster than the test that fills its disk.
const MAX_ATTEMPTS: u32 = 50;

#[tokio::test]
async fn a_disk_that_fills_up_while_a_backup_is_copied_leaves_the_old_backup_and_nothing_else() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount_of(100) else { return };
    let home = backend::nowhere();
    let folder = home.path();
    large_database(folder).await;
    let target = disk.path().join("backup.db");
    std::fs::write(&target, "the old backup").unwrap();
    let target = target.to_str().unwrap();
    let error = (0..MAX_ATTEMPTS).find_map(|_| {
        let error = fill_during(&disk, command(folder, &["backup", target, "--force"]));
        if error.is_none() {
            std::fs::write(target, "the old backup").unwrap();
        }
        error
    });
    let error = error.expect("the disk is full before the end");
    let words =
        format!("error: cannot copy the database test.db to {target}: no space is left on the device; free some");
    assert!(error.starts_with(&words) && error.lines().count() == 1, "{error}");
    assert_eq!(std::fs::read(target).unwrap(), b"the old backup");
    assert_eq!(names_in(disk.path()), ["backup.db"]);
    succeed(folder, &["backup", target, "--force"]);
}

#[tokio::test]
async fn a_file_that_may_not_grow_further_fails_a_backup_and_leaves_the_old_one() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    large_database(folder).await;
    std::fs::write(folder.join("backup.db"), "the old backup").unwrap();
    let backup = command(folder, &["backup", "backup.db", "--force"]);
    let mut limited = Command::new("bash");
    in_clean_environment(limited.current_dir(folder), folder);
    // In units of 1,024 bytes. A write beyond the limit fails, and does not kill the process.
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 20000; exec \"$@\"", "bash"]).arg(backup.get_program());
    let ended = limited.args(backup.get_args()).output().unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success() && error.contains("cannot copy the database test.db to backup.db: "), "{error}");
    assert_eq!(std::fs::read(folder.join("backup.db")).unwrap(), b"the old backup");
    assert!(!names_in(folder).iter().any(|name| name.contains(".part")), "{:?}", names_in(folder));
}

#[tokio::test]
async fn a_disk_that_fills_up_while_a_backup_is_restored_leaves_the_old_database_and_nothing_else() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount_of(100) else { return };
    let home = backend::nowhere();
    let folder = home.path();
    large_database(folder).await;
    succeed(folder, &["backup", "backup.db"]);
    let database = disk.path().join("test.db");
    let url = format!("sqlite://{}", database.display());
    succeed(folder, &["demo", "--events", "7", "--database-url", &url]);
    let old = std::fs::read(&database).unwrap();
    let unchanged = || {
        assert!(std::fs::read(&database).unwrap() == old, "the old database");
        assert_eq!(names_in(disk.path()), ["test.db"]);
    };
    let restore = ["restore", "backup.db", "--database-url", &url];
    let error = (0..MAX_ATTEMPTS).find_map(|_| {
        let error = fill_during(&disk, command(folder, &restore));
        if error.is_none() {
            for name in names_in(disk.path()) {
                std::fs::remove_file(disk.path().join(name)).unwrap();
            }
            std::fs::write(&database, &old).unwrap();
        }
        error
    });
    let error = error.expect("the disk is full before the end");
    let full = "nothing was changed: no space is left on the device; free some";
    assert!(error.contains(full) && error.lines().count() == 1, "{error}");
    unchanged();

    // The copy fits exactly, and then nothing is left for removing the sessions from it.
    disk.fill_except(folder.join("backup.db").metadata().unwrap().len());
    let error = fail(folder, &restore);
    disk.free();
    assert!(error.contains(full) && error.contains("sessions") && error.lines().count() == 1, "{error}");
    unchanged();
    succeed(folder, &restore);
}
