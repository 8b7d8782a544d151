//! Connections to PostgreSQL that are lost silently: to the server, the database seems to be slow.

use std::time::Duration;

use motion_export::api::exports::EXPORTS_PATH;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::db::pool::Transaction;
use motion_export::server::db::timeouts::STATEMENT_TIMEOUT;
use reqwest::Response;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::app::{TestApp, TestDatabase};
use crate::backend;
use crate::cluster::Cluster;
use crate::proxy::{Line, SlowClient};

/// Starts a server with a long file. Returns it with the line to its database and the cluster of that database.
async fn app(answer: Duration) -> Option<(TestApp, Line, Cluster)> {
    if !backend::is_postgres() && backend::skips("PostgreSQL only") {
        return None;
    }
    // Encrypted: closing such a connection waits for an answer.
    let (cluster, port, _) = Cluster::encrypted();
    let line = Line::to(port).await;
    let mut database =
        TestDatabase::at(format!("postgres://test@127.0.0.1:{}/postgres?sslmode=require", line.port)).await;
    database.add_camera("front", Some("Front Door")).await;
    database.add_many(100_000).await;
    database.answer = answer;
    Some((database.serve(1_000).await, line, cluster))
}

/// Locks what `lock` locks, over a connection that is not lost, until the result is dropped.
async fn hold_lock(cluster: &Cluster, lock: &str) -> Transaction {
    let transaction = cluster.connection().await.begin().await.unwrap();
    transaction.execute_unprepared(lock).await.unwrap();
    transaction
}

/// Sends a request, and returns once a query waits for the lock.
async fn request_until_it_waits(app: &TestApp, path: &str, cluster: &Cluster) -> JoinHandle<Response> {
    let (client, url) = (app.client.clone(), format!("{}{path}", app.address));
    let response = tokio::spawn(async move { client.get(url).send().await.unwrap() });
    let waits = async {
        while cluster.psql("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") != "t" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SHORT_TIMEOUT, waits).await.expect("a query waits for the lock");
    response
}

/// The statement timeout of tests that lose an answer: long enough to lose it, and shorter than PostgreSQL's lock timeout.
const SHORT_TIMEOUT: Duration = Duration::from_secs(4);

/// The maximum time until everything works again: a statement times out, then the ping of the pool, and PostgreSQL ends the
/// transaction.
const RECOVERY: Duration = Duration::from_mins(1);

#[tokio::test]
async fn connections_that_are_lost_while_idle_are_replaced_and_no_request_fails() {
    let Some((app, line, _cluster)) = app(STATEMENT_TIMEOUT).await else { return };
    let file = app.export("").await.bytes().await.unwrap();
    app.idle().await;
    line.lose_all();
    let again = app.export("").await;
    assert_eq!(again.status(), 200);
    assert_eq!(again.bytes().await.unwrap(), file);
}

#[tokio::test]
async fn a_connection_that_is_lost_while_an_export_is_recorded_does_not_block_later_exports() {
    let Some((app, line, cluster)) = app(SHORT_TIMEOUT).await else { return };
    // Only starting an export locks this row.
    let other = hold_lock(&cluster, "SELECT FROM users FOR UPDATE").await;
    let response = request_until_it_waits(&app, EXPORT_PATH, &cluster).await;
    line.lose_all();
    drop(other);
    let refused = tokio::time::timeout(RECOVERY, response).await.expect("a response").unwrap();
    assert_eq!(refused.status(), 503);
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().starts_with("The export cannot be recorded"), "{problem}");
    let recovered = async {
        while app.export("").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(RECOVERY, recovered).await.expect("the writer has a new connection");
}

#[tokio::test]
async fn a_running_export_completes_although_all_connections_were_lost() {
    let Some((app, line, _cluster)) = app(SHORT_TIMEOUT).await else { return };
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", &*authorization), ("connection", "close")];
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
    client.head().await;
    while app.state.reader.busy() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    line.lose_all();
    assert!(client.rest().await.1);
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!((&record["state"], &record["rows"]), (&"completed".into(), &100_000.into()));
}

#[tokio::test]
async fn a_request_whose_connection_is_lost_gets_503() {
    let Some((app, line, cluster)) = app(SHORT_TIMEOUT).await else { return };
    let other = hold_lock(&cluster, "LOCK TABLE exports IN ACCESS EXCLUSIVE MODE").await;
    let response = request_until_it_waits(&app, EXPORTS_PATH, &cluster).await;
    line.lose_all();
    assert_eq!(tokio::time::timeout(RECOVERY, response).await.expect("a response").unwrap().status(), 503);
    drop(other);
    let recovered = async {
        while app.get(EXPORTS_PATH).await.status() != 200 || app.get("/readyz").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(RECOVERY, recovered).await.expect("there are new connections");
}
