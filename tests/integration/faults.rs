//! Failures before and after the first byte, with real faults: a row that cannot be encoded, a client that disconnects, a closed
//! database.

use futures_util::StreamExt;
use motion_export::server::ingest::event::Event;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{TestApp, TestDatabase, event, events};
use crate::log::Log;

#[tokio::test]
async fn a_failure_after_the_first_byte_aborts_the_connection_and_never_ends_the_body() {
    let log = Log::of_this_thread();
    let broken = Event { timestamp: i64::MAX, ..event("2025-12-01T00:00:00Z") };
    let app = TestDatabase::with(events(500).chain([broken])).await.serve(100).await;
    let response = app.export("").await;
    assert_eq!(response.status(), 200, "the first page is valid");
    let mut body = response.bytes_stream();
    let mut received = Vec::new();
    let error = loop {
        match body.next().await {
            Some(Ok(chunk)) => received.extend(chunk),
            Some(Err(error)) => break error,
            None => panic!("the body ended as if the file were complete"),
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    let text = String::from_utf8(received).unwrap();
    assert!(!text.contains("calendar"), "the error is not written into the file");
    log.wait_for("state=\"failed\"").await;
    assert!(app.newest_record().await["error"].as_str().unwrap().contains("beyond the calendar"));
    assert!(log.text().contains("beyond the calendar"));
    assert!(!log.text().contains("state=\"completed\""));
}

#[tokio::test]
async fn a_failure_before_the_first_byte_has_an_error_status() {
    let broken = Event { timestamp: i64::MAX, ..event("2025-12-01T00:00:00Z") };
    let app = TestDatabase::with([broken]).await.serve(100).await;
    let response = app.export("").await;
    assert_eq!(response.status(), 500);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "internal");
    assert!(!problem["detail"].as_str().unwrap().contains("calendar"), "the reason is only in the log");
}

#[tokio::test]
async fn an_unavailable_database_is_503_with_retry_after() {
    let app = TestDatabase::with(events(1)).await.serve(100).await;
    app.database.connection.clone().close().await.unwrap();
    for path in ["/api/v1/motion-events/export", "/api/v1/cameras"] {
        let response = app.get(path).await;
        assert_eq!(response.status(), 503, "{path}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "unavailable", "{path}");
        assert!(problem["request_id"].is_string(), "{path}");
    }
    assert_eq!(app.export("").await.headers()["retry-after"], "5");
    let page = app.get("/settings").await.text().await.unwrap();
    assert!(page.contains("The database cannot be reached"), "{page}");
}

#[tokio::test]
async fn a_rejected_export_and_a_head_request_log_neither_start_nor_end() {
    let log = Log::of_this_thread();
    let app = TestDatabase::with(events(3)).await.serve(10).await;
    assert_eq!(app.export("camera_id=nobody").await.status(), 404);
    let url = format!("{}/api/v1/motion-events/export", app.address);
    assert_eq!(app.client.head(url).send().await.unwrap().status(), 200);
    log.wait_for("status=404").await;
    assert!(!log.text().contains("export started") && !log.text().contains("export ended"), "{}", log.text());
}

/// Sends a request as it is and returns the complete response.
pub async fn raw_request(app: &TestApp, request: &str) -> String {
    let address = app.address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn http_1_0_is_rejected_because_it_cannot_distinguish_a_complete_file_from_a_truncated_one() {
    let app = TestDatabase::with(events(3)).await.serve(10).await;
    let token = app.database.token_of(&app.database.add_viewer("ann", &[]).await).await;
    let request = format!("GET /api/v1/motion-events/export HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n");
    let answer = raw_request(&app, &request).await;
    assert!(answer.starts_with("HTTP/1.0 505"), "{answer}");
    assert!(answer.contains("proxy_http_version 1.1"), "{answer}");
}

#[tokio::test]
async fn a_request_for_a_foreign_host_name_is_rejected() {
    let app = TestDatabase::with(events(3)).await.serve(10).await;
    for path in ["/api/v1/motion-events/export", "/settings", "/api/v1/cameras"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        let answer = raw_request(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 421") && !answer.contains("Front Door"), "{answer}");
    }
}
