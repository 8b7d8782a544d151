//! Failures in the middle of an export: the client disconnects, the server stops, the database is not writable, its disk is full, a
//! row is invalid. The tests check client, record, slot, log and metrics.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use motion_export::export_params::EXPORT_PATH;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{TestApp, TestDatabase, client_with, events};
use crate::backend;
use crate::binary::{Server, command, in_clean_environment, token_of_admin};
use crate::log::Log;
use crate::proxy::{SlowClient, cutting_proxy};

/// Returns an app whose file is longer than the network buffers, and the token of a user.
async fn long_app() -> (TestApp, String) {
    app_of(100_000, 100).await
}

/// Returns an app with this number of events, which reads pages of `page_rows`, and the token of a user.
async fn app_of(events: u32, page_rows: u32) -> (TestApp, String) {
    let database = TestDatabase::with([]).await;
    database.add_many(events).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(page_rows).await;
    let (_, authorization) = app.client_of(&ann).await;
    (app, authorization)
}

#[tokio::test]
async fn a_disconnect_ends_the_export_at_once_and_is_not_logged_as_an_error() {
    let log = Log::of_this_thread();
    let (app, authorization) = long_app().await;
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &[("authorization", &authorization)]).await;
    client.read(100_000).await;
    drop(client);
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!(record["state"], "cancelled");
    assert_eq!(
        record["error"],
        "The connection to the browser or program was lost before the end of the file, or it was cancelled there. Export \
         again if you need the file."
    );
    assert_eq!(record["reason"], json!({ "code": "client_disconnected", "params": {}, "text": record["error"] }));
    assert_eq!(record["sha256"], Value::Null);
    let rows = record["rows"].as_i64().unwrap();
    assert!((100..100_000).contains(&rows), "{rows}");
    assert_eq!(app.metric("motion_export_rows_total").await, rows);
    assert_eq!(app.metric("motion_export_bytes_total").await, record["bytes"].as_i64().unwrap());
    assert_eq!(app.metric("motion_export_ended_total{state=\"cancelled\"}").await, 1);
    app.no_query_is_running().await;
    assert!(log.text().contains("state=\"cancelled\"") && !log.text().contains("ERROR"), "{}", log.text());
}

#[tokio::test]
async fn wherever_the_connection_is_cut_the_client_notices_the_record_is_true_and_the_slot_is_free() {
    let (app, authorization) = app_of(40_000, 1_000).await;
    let file = app.export("").await.bytes().await.unwrap();
    let client = client_with(&[(reqwest::header::AUTHORIZATION, &authorization)]);
    let mut random = fastrand::Rng::with_seed(4);
    let mut states = std::collections::BTreeMap::new();
    for round in 0..30 {
        let after = random.usize(1..file.len() + 20_000);
        let proxy = cutting_proxy(&app.address, after).await;
        let received = match client.get(format!("{proxy}{EXPORT_PATH}")).send().await {
            Ok(response) => response.bytes().await.ok(),
            Err(_) => None,
        };
        app.idle().await;
        let record = app.newest_record().await;
        let state = record["state"].as_str().unwrap().to_owned();
        match &received {
            Some(received) => {
                assert_eq!(*received, file, "round {round}: a body that ends normally is complete");
                assert_eq!(state, "completed", "round {round}");
            }
            // The server may have sent everything before the connection was cut.
            None => assert!(["cancelled", "completed"].contains(&&*state), "round {round}: {state}"),
        }
        let digest = (state == "completed").then(|| format!("{:x}", Sha256::digest(&file)));
        assert_eq!(record["sha256"].as_str(), digest.as_deref(), "round {round}");
        *states.entry(state).or_insert(0) += 1;
        app.wait(1);
    }
    assert!(states["cancelled"] > 15, "{states:?}");
    app.no_query_is_running().await;
}

#[tokio::test]
async fn while_another_writer_blocks_the_database_no_export_starts_and_none_is_recorded() {
    let log = Log::of_this_thread();
    let app = TestDatabase::with(events(10)).await.serve(10).await;
    let lock = app.database.lock().await;
    let refused = app.export("").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("cannot be recorded"), "{problem}");
    assert_eq!(app.state.exports.count(), 0);
    assert_eq!(app.metric("motion_export_refused_total{reason=\"record\"}").await, 1);
    // Logged once: by this request, or by an earlier heartbeat.
    let lines =
        ["cannot record an export, so it does not start", "database not writable; exports are refused until it is"];
    assert!(lines.iter().any(|line| log.text().contains(line)), "{}", log.text());
    lock.rollback().await.unwrap();
    let list: Value = app.get("/api/v1/exports").await.json().await.unwrap();
    assert_eq!(list["exports"], Value::Array(Vec::new()));
    assert_eq!(app.lines("").await.len(), 10);
}

#[tokio::test]
async fn a_file_does_not_end_while_another_writer_blocks_its_record() {
    let (app, authorization) = long_app().await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
    client.read(1_000_000).await;
    let lock = app.database.lock().await;
    let reading = tokio::spawn(async move { client.rest().await });
    // Longer than one writer waits for another.
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    assert!(!reading.is_finished(), "no end without a record");
    lock.rollback().await.unwrap();
    assert!(reading.await.unwrap().1);
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn a_value_of_the_wrong_type_aborts_the_file_and_is_not_a_missing_row() {
    if backend::is_postgres() && backend::skips("a column of PostgreSQL has a type") {
        return;
    }
    let log = Log::of_this_thread();
    let database = TestDatabase::with(events(500)).await;
    // A table that is not STRICT, as another tool may have created it, accepts such a value.
    let table = "CREATE TABLE loose AS SELECT * FROM motion_events; DROP TABLE motion_events;
                 ALTER TABLE loose RENAME TO motion_events; UPDATE motion_events SET confidence = 'high' WHERE timestamp =
                 (SELECT timestamp FROM motion_events ORDER BY timestamp LIMIT 1 OFFSET 400)";
    database.connection.execute_unprepared(table).await.unwrap();
    let app = database.serve(100).await;
    let response = app.export("").await;
    assert_eq!(response.status(), 200, "the first page is valid");
    assert!(response.bytes().await.is_err(), "the client notices");
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!((&record["state"], &record["rows"]), (&Value::from("failed"), &Value::from(400)));
    assert!(record["error"].as_str().unwrap().contains("could not be read"), "{record}");
    assert!(log.text().contains("ERROR") && log.text().contains("Invalid column type"), "{}", log.text());
    assert_eq!(app.metric("motion_export_ended_total{state=\"failed\"}").await, 1);
    app.no_query_is_running().await;
    // In the first page, it is an error status.
    let refused = app.export("start_date=2025-12-01T00:06:40Z").await;
    assert_eq!(refused.status(), 500);
    assert_eq!(app.newest_record().await["state"], "failed");
}

/// The real binary with a long file, and a token.
struct RealServer {
    database: TestDatabase,
    token: String,
}

impl RealServer {
    async fn prepare() -> Self {
        let database = TestDatabase::with([]).await;
        database.add_many(100_000).await;
        let token = token_of_admin(database.folder.path());
        Self { database, token }
    }

    fn start(&self, settings: &[(&str, &str)]) -> Server {
        Server::start_with(self.database.folder.path(), settings)
    }

    async fn begin(&self, server: &Server) -> SlowClient {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("connection", "close")];
        let mut client = SlowClient::send(&server.address, EXPORT_PATH, &headers).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        client
    }

    async fn get(&self, server: &Server, path: &str) -> reqwest::Response {
        let authorization = format!("Bearer {}", self.token);
        let client = client_with(&[(reqwest::header::AUTHORIZATION, &authorization)]);
        client.get(format!("{}{path}", server.address)).send().await.unwrap()
    }

    async fn newest(&self, server: &Server) -> Value {
        let list: Value = self.get(server, "/api/v1/exports?limit=1").await.json().await.unwrap();
        list["exports"][0].clone()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.database.folder.path().join("log")).unwrap()
    }
}

fn signal(server: &Server, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &server.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until the server rejects exports.
async fn until_stopping(prepared: &RealServer, server: &Server) {
    let stopping = async {
        while prepared.get(server, "/readyz").await.status() != 503 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), stopping).await.expect("the server receives the signal");
}

#[tokio::test]
async fn a_server_that_shuts_down_rejects_new_exports_and_lets_running_ones_finish() {
    let prepared = RealServer::prepare().await;
    let mut server = prepared.start(&[]);
    let mut client = prepared.begin(&server).await;
    signal(&server, "TERM");
    until_stopping(&prepared, &server).await;
    let refused = prepared.get(&server, EXPORT_PATH).await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "5"));
    assert_eq!(prepared.get(&server, "/healthz").await.status(), 200, "other requests are served");
    assert!(client.rest().await.1, "the file is complete");
    // The page looks up the record to compare the file with it.
    assert_eq!(prepared.newest(&server).await["state"], "completed");
    assert!(server.child.wait().unwrap().success());
    let log = prepared.log();
    assert!(log.contains("stopping running_exports=1") && log.contains("state=\"completed\""), "{log}");
}

#[tokio::test]
async fn after_the_shutdown_timeout_running_exports_are_aborted_and_recorded() {
    let prepared = RealServer::prepare().await;
    let mut server = prepared.start(&[("SERVER_SHUTDOWN_TIMEOUT_SECONDS", "1")]);
    let mut client = prepared.begin(&server).await;
    signal(&server, "TERM");
    assert!(server.child.wait().unwrap().success());
    assert!(!client.rest().await.1, "the client notices");
    let log = prepared.log();
    assert!(log.contains("state=\"interrupted\""), "{log}");
    let server = prepared.start(&[]);
    let record = prepared.newest(&server).await;
    assert_eq!(
        (&record["state"], &record["error"]),
        (&"interrupted".into(), &"The server was stopped. Export again once it is running.".into())
    );
    assert!(record["rows"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn a_second_signal_ends_the_wait_for_running_exports() {
    let prepared = RealServer::prepare().await;
    let mut server = prepared.start(&[("SERVER_SHUTDOWN_TIMEOUT_SECONDS", "3600")]);
    let mut client = prepared.begin(&server).await;
    signal(&server, "INT");
    until_stopping(&prepared, &server).await;
    signal(&server, "INT");
    assert!(server.child.wait().unwrap().success());
    assert!(!client.rest().await.1);
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_an_incomplete_file_and_an_interrupted_record() {
    let prepared = RealServer::prepare().await;
    let mut server = prepared.start(&[]);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(prepared.begin(&server).await);
    }
    signal(&server, "KILL");
    server.child.wait().unwrap();
    for client in &mut held {
        assert!(!client.rest().await.1, "the client notices");
    }
    // A server that is started at once cannot know yet that the exports are dead.
    let server = prepared.start(&[]);
    assert_eq!(prepared.newest(&server).await["state"], "running");
    assert_eq!(prepared.get(&server, EXPORT_PATH).await.status(), 429);
    drop(server);
    // As if half a minute had passed.
    let sql = "UPDATE exports SET started_at = started_at - 31000000, heartbeat_at = heartbeat_at - 31000000";
    prepared.database.connection.execute_unprepared(sql).await.unwrap();
    let server = prepared.start(&[]);
    assert_eq!(prepared.get(&server, &format!("{EXPORT_PATH}?end_date=2000-01-01")).await.status(), 200);
    let swept = async {
        loop {
            let list: Value = prepared.get(&server, "/api/v1/exports?state=interrupted").await.json().await.unwrap();
            if list["exports"].as_array().unwrap().len() == 3 {
                return list["exports"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let record = tokio::time::timeout(Duration::from_mins(1), swept).await.expect("soon after the start");
    assert_eq!(record["reason"]["code"], "server_lost");
    assert!(prepared.log().contains("exports marked interrupted"), "{}", prepared.log());
}

#[tokio::test]
async fn a_full_disk_at_the_end_aborts_the_file_and_the_outcome_is_recorded_once_there_is_space() {
    if backend::is_postgres() && backend::skips("this process does not write the files") {
        return;
    }
    let prepared = RealServer::prepare().await;
    let folder = prepared.database.folder.path();
    // Files of this process may grow to 256 kB. A write beyond that fails, and does not kill the process.
    let serve = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
    let mut limited = Command::new("bash");
    in_clean_environment(limited.current_dir(folder), folder);
    limited.env("MOTION_EXPORT_EXPORT_RECORD_TIMEOUT_SECONDS", "1");
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 256; exec \"$@\"", "bash"]).arg(serve.get_program());
    limited.args(serve.get_args());
    // Earlier writes are in the database file, and its log is short.
    prepared.database.connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let server = Server::run(limited);
    let mut client = prepared.begin(&server).await;
    let id = prepared.newest(&server).await["id"].as_str().unwrap().to_owned();
    // Another process makes the log longer than this one can write.
    let mut filler = String::from("BEGIN; CREATE TABLE filler (x);");
    for _ in 0..100 {
        write!(filler, "INSERT INTO filler VALUES (zeroblob(4000));").unwrap();
    }
    prepared.database.connection.execute_unprepared(&format!("{filler} COMMIT")).await.unwrap();
    assert!(!client.rest().await.1, "the client notices");
    let log = prepared.log();
    assert!(log.contains("ERROR") && log.contains("cannot record how an export ended"), "{log}");
    // No other export can start, and the client learns why.
    let refused = prepared.get(&server, EXPORT_PATH).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.text().await.unwrap().contains("cannot be recorded"));
    assert_eq!(prepared.get(&server, "/readyz").await.status(), 503);
    let numbers = prepared.get(&server, "/metrics").await.text().await.unwrap();
    assert!(numbers.contains("motion_export_ended_total{state=\"failed\"} 1\n"), "{numbers}");
    assert!(numbers.contains("motion_export_refused_total{reason=\"record\"} 1\n"), "{numbers}");
    assert!(numbers.contains("motion_export_in_flight 0\n"), "{numbers}");
    let record = async || prepared.get(&server, &format!("/api/v1/exports/{id}")).await.json::<Value>().await.unwrap();
    assert_eq!(record().await["state"], "running");

    let lifted = Command::new("prlimit").arg(format!("--pid={}", server.child.id())).arg("--fsize=unlimited:").status();
    assert!(lifted.unwrap().success());
    let recorded = async {
        while record().await["state"] == "running" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), recorded).await.expect("it is recorded");
    let record = record().await;
    assert_eq!((&record["state"], &record["reason"]["code"]), (&"failed".into(), &"not_recorded".into()));
    assert_eq!(prepared.get(&server, &format!("{EXPORT_PATH}?end_date=2000-01-01")).await.status(), 200);
    assert_eq!(prepared.get(&server, "/readyz").await.status(), 200);
    let log = prepared.log();
    assert!(log.contains("database writable again"), "{log}");
}
