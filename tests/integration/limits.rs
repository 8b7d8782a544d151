//! Time limits: a database that returns no page, and a client that reads nothing.

use std::time::Duration;

use bytes::Bytes;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::export::reader::buffer_pool::PAGE_BYTES;
use motion_export::server::ingest::event::Event;
use serde_json::Value;

use crate::app::{TestApp, TestDatabase, endless, events};
use crate::backend;
use crate::log::Log;
use crate::proxy::SlowClient;

/// A server with many events, short limits and one connection to read events, and the authorization of a user who may
/// export them.
async fn app() -> (TestApp, String) {
    let mut database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    database.settings.export.page_timeout_seconds = 1.try_into().unwrap();
    database.settings.server.write_timeout_seconds = 1.try_into().unwrap();
    database.settings.database.connections = 1.try_into().unwrap();
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    (app, authorization)
}

#[tokio::test]
async fn a_first_page_that_takes_too_long_is_504_and_its_query_is_cancelled_in_the_database() {
    let log = Log::of_this_thread();
    let (app, _) = app().await;
    app.database.replace_events(endless()).await;
    let response = app.export("").await;
    assert_eq!(response.status(), 504);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "database_timeout");
    assert!(problem["detail"].as_str().unwrap().contains("within 1 s,"), "{problem}");
    app.no_query_is_running().await;
    assert_eq!(app.metric("motion_export_database_connections{pool=\"events\",state=\"busy\"}").await, 0);
    let record = app.newest_record().await;
    assert_eq!((&record["state"], &record["rows"]), (&Value::from("timed_out"), &Value::from(0)));
    assert!(record["error"].as_str().unwrap().contains("no further events within 1 s"), "{record}");
    assert_eq!(app.metric("motion_export_ended_total{state=\"timed_out\"}").await, 1);
    assert!(log.text().contains("ERROR") && log.text().contains("state=\"timed_out\""), "{}", log.text());
    assert_eq!(app.state.exports.count(), 0);
    // The single connection works again.
    app.database.restore_events().await;
    assert_eq!(app.lines("end_date=2025-12-01T01:00:00Z").await.len(), 3_599);
}

#[tokio::test]
async fn a_later_page_that_takes_too_long_breaks_the_file_and_its_query_is_cancelled() {
    let (app, authorization) = app().await;
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &[("authorization", &authorization)]).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    // Nothing is read between two pages, so the table can be replaced then.
    app.no_query_is_running().await;
    app.database.replace_events(endless()).await;
    let (rest, whole) = client.rest().await;
    assert!(!whole && rest.len() > 200_000, "the client knows: {} bytes", rest.len());
    let record = app.newest_record().await;
    assert_eq!(record["state"], "timed_out");
    assert!(record["rows"].as_i64().unwrap() >= 1_000, "{record}");
    assert_eq!(record["sha256"], Value::Null);
    app.no_query_is_running().await;
    app.idle().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off_and_holds_no_connection_meanwhile() {
    let log = Log::of_this_thread();
    let (app, authorization) = app().await;
    let mut stalled = Vec::new();
    for _ in 0..3 {
        stalled.push(SlowClient::send(&app.address, EXPORT_PATH, &[("authorization", &authorization)]).await);
        stalled.last_mut().unwrap().head().await;
    }
    app.no_query_is_running().await;
    assert_eq!(app.lines("end_date=2025-12-01T01:00:00Z").await.len(), 3_599, "over the one connection");
    app.idle().await;
    for mut client in stalled {
        assert!(!client.rest().await.1, "the client knows, once it looks");
    }
    let list: Value = app.get("/api/v1/exports?state=timed_out").await.json().await.unwrap();
    let records = list["exports"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    assert!(records[0]["reason"]["code"] == "client_timeout", "{records:?}");
    assert!(log.text().contains("server.write_timeout_seconds"));
    assert_eq!(app.metric("motion_export_in_flight").await, 0);
    assert_eq!(app.metric("motion_export_ended_total{state=\"timed_out\"}").await, 3);
}

#[tokio::test]
async fn a_buffered_file_whose_client_times_out_is_never_completed() {
    let (app, authorization) = app().await;
    let headers = [("authorization", authorization.as_str())];
    // From a file that fits into the buffers of the network to one that exceeds all buffers.
    for seconds in [700, 1_100, 1_500, 2_000, 3_000] {
        let end = chrono::DateTime::from_timestamp(1_764_547_200 + seconds, 0).unwrap().format("%FT%TZ");
        let path = format!("{EXPORT_PATH}?end_date={end}");
        let mut client = SlowClient::send_with_small_buffer(&app.address, &path, &headers).await;
        client.head().await;
        let list: Value = app.get("/api/v1/exports?limit=1").await.json().await.unwrap();
        assert_eq!(list["exports"][0]["state"], "running", "{seconds}");
        app.idle().await;
        assert!(!client.rest().await.1, "the client knows");
        assert_eq!(app.newest_record().await["state"], "timed_out", "{seconds}");
        app.wait(1);
    }
}

#[tokio::test]
async fn a_slow_client_gets_its_complete_file() {
    let (app, authorization) = app().await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
    // Longer than the limit in total, but never that long without reading.
    for _ in 0..8 {
        client.read(1_000_000).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(client.rest().await.1);
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn long_texts_make_short_pages_so_that_memory_stays_small() {
    let long = |event: Event| Event { zone_id: Some("z".repeat(100_000)), ..event };
    let database = TestDatabase::with(events(20).map(long)).await;
    let chunks = database.chunks("", 5_000, PAGE_BYTES).await;
    assert!(
        chunks.iter().all(|chunk| chunk.len() < 700_000),
        "{:?}",
        chunks.iter().map(Bytes::len).collect::<Vec<_>>()
    );
    assert_eq!(String::from_utf8(chunks.concat()).unwrap().lines().count(), 21);
}

#[tokio::test]
async fn a_server_writes_over_exactly_one_connection() {
    let app = TestDatabase::with(events(1)).await.serve(10).await;
    let writer = app.state.writer.inner();
    let max_connections = if backend::is_postgres() {
        writer.get_postgres_connection_pool().options().get_max_connections()
    } else {
        writer.get_sqlite_connection_pool().options().get_max_connections()
    };
    assert_eq!(max_connections, 1, "two could lock each other out, see `Writer`");
}
