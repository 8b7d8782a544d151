//! Connections to PostgreSQL that are lost without a word: to the server it looks as if the database took its time.

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

/// A server on a long file, what is between it and its database, and the cluster that this is in.
async fn app(answer: Duration) -> Option<(TestApp, Line, Cluster)> {
    if !backend::is_postgres() && backend::skips("it is about PostgreSQL") {
        return None;
    }
    // Encrypted, where to close a connection takes an answer.
    let (cluster, port, _) = Cluster::encrypted();
    let line = Line::to(port).await;
    let mut database =
        TestDatabase::at(format!("postgres://test@127.0.0.1:{}/postgres?sslmode=require", line.port)).await;
    database.add_camera("front", Some("Front Door")).await;
    database.add_many(100_000).await;
    database.answer = answer;
    Some((database.serve(1_000).await, line, cluster))
}

/// What a statement locks is locked, over a connection that is not lost, until this goes.
async fn held(cluster: &Cluster, lock: &str) -> Transaction {
    let held = cluster.connection().await.begin().await.unwrap();
    held.execute_unprepared(lock).await.unwrap();
    held
}

/// Asks for that, and comes back once somebody waits for what is locked.
async fn asked_until_somebody_waits(app: &TestApp, path: &str, cluster: &Cluster) -> JoinHandle<Response> {
    let (client, url) = (app.client.clone(), format!("{}{path}", app.address));
    let asked = tokio::spawn(async move { client.get(url).send().await.unwrap() });
    let waits = async {
        while cluster.psql("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") != "t" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, waits).await.expect("somebody waits");
    asked
}

/// So long is an answer waited for in tests of what becomes of a statement whose answer is lost: long enough to lose it, and
/// less than PostgreSQL waits for a lock.
const SOON: Duration = Duration::from_secs(4);

/// So long it takes at most until all is as it was: a statement is given up, then the greeting by which the pool finds out,
/// and PostgreSQL gives up the transaction.
const MENDED: Duration = Duration::from_mins(1);

#[tokio::test]
async fn connections_that_are_lost_while_nothing_is_asked_are_replaced_and_nobody_is_refused() {
    let Some((app, line, _cluster)) = app(STATEMENT_TIMEOUT).await else { return };
    let whole = app.export("").await.bytes().await.unwrap();
    app.idle().await;
    line.lose_all();
    let again = app.export("").await;
    assert_eq!(again.status(), 200);
    assert_eq!(again.bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn a_connection_that_is_lost_while_an_export_is_recorded_keeps_later_ones_from_nothing() {
    let Some((app, line, cluster)) = app(SOON).await else { return };
    // Only to begin an export is their row wanted.
    let other = held(&cluster, "SELECT FROM users FOR UPDATE").await;
    let asked = asked_until_somebody_waits(&app, EXPORT_PATH, &cluster).await;
    line.lose_all();
    drop(other);
    let refused = tokio::time::timeout(MENDED, asked).await.expect("an answer").unwrap();
    assert_eq!(refused.status(), 503);
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().starts_with("The export cannot be recorded"), "{problem}");
    let mended = async {
        while app.export("").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(MENDED, mended).await.expect("the writer has another connection");
}

#[tokio::test]
async fn a_file_under_way_is_whole_although_all_connections_were_lost() {
    let Some((app, line, _cluster)) = app(SOON).await else { return };
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", &*authorization), ("connection", "close")];
    let mut client = SlowClient::ask(&app.address, EXPORT_PATH, &headers).await;
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
async fn whoever_waits_for_an_answer_that_is_lost_is_told_that_the_database_is_away() {
    let Some((app, line, cluster)) = app(SOON).await else { return };
    let other = held(&cluster, "LOCK TABLE exports IN ACCESS EXCLUSIVE MODE").await;
    let asked = asked_until_somebody_waits(&app, EXPORTS_PATH, &cluster).await;
    line.lose_all();
    assert_eq!(tokio::time::timeout(MENDED, asked).await.expect("an answer").unwrap().status(), 503);
    drop(other);
    let mended = async {
        while app.get(EXPORTS_PATH).await.status() != 200 || app.get("/readyz").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(MENDED, mended).await.expect("there are other connections");
}
