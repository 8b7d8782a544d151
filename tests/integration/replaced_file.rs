//! An SQLite file that is replaced or removed while a server runs, such as by restoring a backup. The server notices it, does not
//! write to the new file, and leaves no log that would be applied to it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use motion_export::api::session::Role;
use motion_export::export_params::EXPORT_PATH;
use reqwest::header::{AUTHORIZATION, COOKIE};
use rusqlite::Connection;

use crate::app::{PASSWORD, TestDatabase, client_with, events};
use crate::backend;
use crate::binary::{Server, command};
use crate::log::Log;
use crate::proxy::slow_export;

/// The number of events now, and in the backup.
const NOW: i64 = 50;
const THEN: i64 = 20;

/// A database with events, a backup of it with fewer, and a server on it that has written something.
struct Prepared {
    folder: tempfile::TempDir,
    token: String,
    cookie: String,
    server: Server,
}

impl Prepared {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/data/test.db", folder.path().display());
        let database = TestDatabase::at(url).await;
        database.add_camera("front", Some("Front Door")).await;
        database.add_camera("back", Some("Back Yard")).await;
        database.add(events(u32::try_from(THEN).unwrap())).await;
        let admin = database.add_user("admin", Role::Admin).await;
        let token = database.token_of(&admin).await;
        let backup = folder.path().join("backup.db");
        let from = Connection::open(folder.path().join("data/test.db")).unwrap();
        from.execute("VACUUM INTO ?", [backup.to_str().unwrap()]).unwrap();
        database.add(events(u32::try_from(NOW).unwrap()).skip(usize::try_from(THEN).unwrap())).await;
        drop(from);
        database.connection.close().await.unwrap();
        let server = serve(folder.path());
        let cookie = server.cookie_of("admin").await;
        let prepared = Self { folder, token, cookie, server };
        assert_eq!(prepared.export().await, 200);
        prepared
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn export(&self) -> u16 {
        let response = self.server.export(&self.token, "").await;
        let status = response.status().as_u16();
        let _ = response.bytes().await;
        status
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Checks that the server logs once what to do and rejects every request, and stops it.
    async fn check_rejects_and_stop(&mut self) {
        for _ in 0..2 {
            assert_eq!(self.export().await, 503);
        }
        let (token, browser) = (format!("Bearer {}", self.token), client_with(&[(COOKIE, &self.cookie)]));
        for client in [&client_with(&[(AUTHORIZATION, &token)]), &browser] {
            for path in ["/readyz", "/api/v1/exports", "/settings", "/login", EXPORT_PATH] {
                let status = client.get(format!("{}{path}", self.server.address)).send().await.unwrap().status();
                assert_eq!(status, 503, "{path}");
            }
        }
        for path in ["/login", "/logout"] {
            let form = [("name", "admin"), ("password", PASSWORD)];
            let sent = browser.post(format!("{}{path}", self.server.address)).form(&form).send().await.unwrap();
            assert_eq!((sent.status().as_u16(), sent.headers().get("set-cookie")), (503, None), "{path}");
        }
        let log = self.log();
        assert_eq!(log.matches("ERROR").count(), 1, "{log}");
        assert!(log.contains("stop the server") && log.contains("docs/install.md"), "{log}");
        let stopped = Command::new("kill").arg(self.server.child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(self.server.child.wait().unwrap().success());
    }
}

fn serve(folder: &Path) -> Server {
    let mut serve = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
    serve.env("DATABASE_URL", format!("sqlite://{}/data/test.db", folder.display()));
    Server::run(serve)
}

/// Returns the numbers of events and export records, after an integrity check.
fn counts(path: &Path) -> (i64, i64) {
    let connection = Connection::open(path).unwrap();
    let text: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(text, "ok");
    let sql = "SELECT (SELECT count(*) FROM motion_events), (SELECT count(*) FROM exports)";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn skips() -> bool {
    backend::is_postgres() && backend::skips("its files are its own")
}

#[tokio::test]
async fn a_backup_that_replaces_the_file_is_not_written_to_and_the_old_log_is_not_applied_to_it() {
    if skips() {
        return;
    }
    let mut prepared = Prepared::new().await;
    let (backup, path) = (prepared.path("backup.db"), prepared.path("data/test.db"));
    let bytes = fs::read(&backup).unwrap();
    fs::rename(&backup, &path).unwrap();
    prepared.check_rejects_and_stop().await;
    assert!(fs::read(&path).unwrap() == bytes, "the file is unchanged");
    assert_eq!(counts(&path), (THEN, 0));
    prepared.server = serve(prepared.folder.path());
    assert_eq!(prepared.export().await, 200);
    assert_eq!(prepared.server.export(&prepared.token, "").await.text().await.unwrap().lines().count(), 21);
}

#[tokio::test]
async fn a_server_that_stops_before_it_notices_leaves_nothing_for_the_backup() {
    if skips() {
        return;
    }
    let mut prepared = Prepared::new().await;
    let (backup, path) = (prepared.path("backup.db"), prepared.path("data/test.db"));
    fs::rename(&backup, &path).unwrap();
    let stopped = Command::new("kill").arg(prepared.server.child.id().to_string()).status().unwrap();
    assert!(stopped.success());
    prepared.server.child.wait().unwrap();
    assert_eq!(counts(&path), (THEN, 0));
}

#[tokio::test]
async fn a_removed_file_or_renamed_folder_is_noticed_and_its_replacement_is_intact() {
    if skips() {
        return;
    }
    let mut prepared = Prepared::new().await;
    let path = prepared.path("data/test.db");
    fs::remove_file(&path).unwrap();
    prepared.check_rejects_and_stop().await;
    assert!(!path.exists());
    fs::rename(prepared.path("backup.db"), &path).unwrap();
    assert_eq!(counts(&path), (THEN, 0));

    let mut prepared = Prepared::new().await;
    fs::rename(prepared.path("data"), prepared.path("old")).unwrap();
    prepared.check_rejects_and_stop().await;
    assert!(!prepared.path("data").exists());
    assert_eq!(counts(&prepared.path("old/test.db")), (NOW, 1), "no data of the old file is lost");
}

/// SQLite names the log after the target of a link, so new connections to the same path would use another log.
#[tokio::test]
async fn a_file_that_is_renamed_and_linked_to_is_noticed_and_no_data_is_lost() {
    if skips() {
        return;
    }
    let mut prepared = Prepared::new().await;
    let (path, renamed) = (prepared.path("data/test.db"), prepared.path("data/renamed.db"));
    fs::rename(&path, &renamed).unwrap();
    std::os::unix::fs::symlink("renamed.db", &path).unwrap();
    prepared.check_rejects_and_stop().await;
    assert_eq!(counts(&renamed), (NOW, 1));
    prepared.server = serve(prepared.folder.path());
    assert_eq!(prepared.export().await, 200);
}

#[tokio::test]
async fn a_removed_log_is_noticed_and_no_data_is_lost() {
    if skips() {
        return;
    }
    for names in [&["test.db-wal"][..], &["test.db-shm"], &["test.db-wal", "test.db-shm"]] {
        let mut prepared = Prepared::new().await;
        for name in names {
            fs::remove_file(prepared.path("data").join(name)).unwrap();
        }
        prepared.check_rejects_and_stop().await;
        assert_eq!(counts(&prepared.path("data/test.db")), (NOW, 1), "{names:?}");
        prepared.server = serve(prepared.folder.path());
        assert_eq!(prepared.export().await, 200);
    }
}

#[tokio::test]
async fn a_log_that_is_replaced_is_not_written_to() {
    if skips() {
        return;
    }
    let mut prepared = Prepared::new().await;
    let (other, wal) = (prepared.path("other"), prepared.path("data/test.db-wal"));
    fs::write(&other, "a foreign file").unwrap();
    fs::rename(&other, &wal).unwrap();
    prepared.check_rejects_and_stop().await;
    assert_eq!(fs::read_to_string(&wal).unwrap(), "a foreign file");
}

#[tokio::test]
async fn a_running_export_is_aborted_and_a_heartbeat_notices_the_replaced_file() {
    if skips() {
        return;
    }
    let log = Log::of_this_thread();
    let (app, mut client) = slow_export().await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    let path = app.database.folder.path().join("test.db");
    fs::write(path.with_extension("new"), "a file").unwrap();
    fs::rename(path.with_extension("new"), &path).unwrap();
    app.state.exports.heartbeat().await;
    assert_eq!(log.text().matches("was replaced or removed").count(), 1, "{}", log.text());
    assert!(!client.rest().await.1, "the client notices");
    assert_eq!(app.get("/readyz").await.status(), 503);
    app.database.connection.file().unwrap().close().await;
    assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
    assert_eq!(fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
}

#[tokio::test]
async fn a_command_whose_file_is_replaced_fails_with_advice() {
    if skips() {
        return;
    }
    let database = TestDatabase::with([]).await;
    database.add_many(20_000).await;
    let folder = database.folder.path().to_owned();
    let mut export = command(&folder, &["export", "-o", "-"]);
    let mut export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The pipe holds much less than the file.
    let mut stdout = export.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    fs::write(folder.join("other.db"), "a file").unwrap();
    fs::rename(folder.join("other.db"), folder.join("test.db")).unwrap();
    let _ = stdout.read_to_end(&mut Vec::new());
    let ended = export.wait_with_output().unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success(), "{error}");
    let lines: Vec<_> = error.lines().collect();
    assert!(lines.len() == 1 && lines[0].starts_with("error: "), "{error}");
    assert!(error.contains("were replaced or removed (test.db)"), "{error}");
    assert!(error.contains("start the command again") && !error.contains("server"), "{error}");
    assert_eq!(fs::read_to_string(folder.join("test.db")).unwrap(), "a file");
}

#[tokio::test]
async fn outcomes_that_can_never_be_recorded_are_dropped_and_logged_once() {
    if skips() {
        return;
    }
    let log = Log::of_this_thread();
    let (app, mut client) = slow_export().await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    assert!(!app.state.exports.is_replaced());
    let path = app.database.folder.path().join("test.db");
    fs::rename(&path, path.with_extension("old")).unwrap();
    assert!(app.state.exports.is_replaced());
    app.state.exports.cancel_all();
    assert!(!client.rest().await.1, "the client notices");
    app.state.exports.none_left().await;
    assert_eq!(app.state.exports.count_unrecorded(), 0);
    for _ in 0..3 {
        app.state.exports.heartbeat().await;
        assert_eq!(app.export("").await.status(), 503);
    }
    let text = log.text();
    assert_eq!(text.matches("cannot record how exports ended").count(), 1, "{text}");
    assert!(!text.contains("database unavailable") && !text.contains("so it does not start"), "{text}");
    app.database.connection.file().unwrap().close().await;
}
