//! The transfer of the file: the requested content encoding, row by row.

use std::io::Read;
use std::time::Duration;

use motion_export::export_params::EXPORT_PATH;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use sha2::{Digest, Sha256};

use crate::app::{EVENT_COLUMNS, TestApp, TestDatabase, endless, events};
use crate::backend;
use crate::proxy::SlowClient;

/// Requests a file. Returns the encoding of the response, and the bytes that were sent.
async fn sent(app: &TestApp, query: &str, accepted: &str) -> (Option<String>, Vec<u8>) {
    let request = app.client.get(format!("{}{EXPORT_PATH}?{query}", app.address));
    let response = request.header(ACCEPT_ENCODING, accepted).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[VARY], "accept-encoding");
    let encoding = response.headers().get(CONTENT_ENCODING).map(|encoding| encoding.to_str().unwrap().to_owned());
    (encoding, response.bytes().await.unwrap().to_vec())
}

fn decoder<'a>(encoding: &str, bytes: &'a [u8]) -> Box<dyn Read + 'a> {
    match encoding {
        "zstd" => Box::new(zstd::Decoder::new(bytes).unwrap()),
        "br" => Box::new(brotli::Decompressor::new(bytes, 4_096)),
        "gzip" => Box::new(flate2::read::GzDecoder::new(bytes)),
        _ => Box::new(bytes),
    }
}

fn decoded(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    decoder(encoding, bytes).read_to_end(&mut file).unwrap();
    file
}

/// Decodes the beginning of a body.
fn beginning(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let _ = decoder(encoding, bytes).read_to_end(&mut file);
    file
}

#[tokio::test]
async fn each_encoding_carries_the_same_file_and_the_record_describes_it() {
    let app = TestDatabase::with(events(3_000)).await.serve(500).await;
    let (none, file) = sent(&app, "", "identity").await;
    assert_eq!(none, None);
    for (accepted, encoding) in [("zstd", "zstd"), ("br", "br"), ("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd")]
    {
        let (used, bytes) = sent(&app, "", accepted).await;
        assert_eq!(used.as_deref(), Some(encoding));
        assert!(bytes.len() < file.len() / 5, "{encoding}: {} of {}", bytes.len(), file.len());
        assert_eq!(decoded(encoding, &bytes), file, "{encoding}");
        let record = app.newest_record().await;
        assert_eq!(record["bytes"], file.len());
        assert_eq!(record["sha256"], format!("{:x}", Sha256::digest(&file)));
        app.wait(1);
    }
}

#[tokio::test]
async fn found_rows_are_not_held_back_until_their_page_is_full() {
    // In PostgreSQL it takes some attempts until all found rows are sent.
    let (encodings, limit) = if backend::is_postgres() { (2, 2) } else { (4, 1) };
    for encoding in &["identity", "zstd", "br", "gzip"][..encodings] {
        let mut database = TestDatabase::with(events(300)).await;
        database.settings.export.page_timeout_seconds = limit.try_into().unwrap();
        // Rows after the first hundred are searched for, and never found.
        let hundredth = events(101).last().unwrap().timestamp;
        database
            .replace_events(&format!(
                "SELECT {EVENT_COLUMNS} FROM real_events WHERE timestamp < {hundredth} OR EXISTS ({})",
                if backend::is_postgres() {
                    "SELECT FROM pg_sleep(3600)"
                } else {
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"
                }
            ))
            .await;
        let ann = database.add_viewer("ann", &["front"]).await;
        let app = database.serve(200).await;
        let (_, authorization) = app.client_of(&ann).await;
        let headers = [("authorization", authorization.as_str()), ("accept-encoding", *encoding)];
        let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let (bytes, whole) = client.rest().await;
        assert!(!whole, "{encoding}");
        let first = beginning(encoding, &first_chunk(&bytes));
        let lines = first.split(|byte| *byte == b'\n').count();
        // PostgreSQL returns the first rows one by one.
        assert_eq!(lines, if backend::is_postgres() { 3 } else { 52 }, "{encoding}: the header, rows, and a line end");
        let record = app.newest_record().await;
        assert_eq!((&record["state"], &record["rows"]), (&"timed_out".into(), &50.into()), "{encoding}");
    }
}

/// Returns the first chunk of a chunked body.
fn first_chunk(bytes: &[u8]) -> Vec<u8> {
    let line_end = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
    let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line_end]).unwrap(), 16).unwrap();
    bytes[line_end + 2..][..size].to_vec()
}

#[tokio::test]
async fn a_tiny_file_is_not_compressed() {
    let app = TestDatabase::with(events(3_000)).await.serve(500).await;
    assert_eq!(sent(&app, "end_date=2000-01-01", "zstd, br, gzip").await.0, None);
    assert_eq!(sent(&app, "end_date=2025-12-01T00:00:10Z", "zstd, br, gzip").await.0, None, "ten events");
    // A short first page is not the complete file.
    let short_pages = TestDatabase::with(events(3_000)).await.serve(5).await;
    assert_eq!(sent(&short_pages, "", "gzip").await.0.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn the_first_rows_arrive_if_the_next_ones_are_never_found() {
    for encoding in ["zstd", "br", "gzip"] {
        let mut database = TestDatabase::with([]).await;
        database.add_many(100_000).await;
        database.settings.export.page_timeout_seconds = 1.try_into().unwrap();
        let ann = database.add_viewer("ann", &["front"]).await;
        let app = database.serve(100).await;
        let (_, authorization) = app.client_of(&ann).await;
        let headers = [("authorization", authorization.as_str()), ("accept-encoding", encoding)];
        let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
        assert!(client.head().await.contains(&format!("content-encoding: {encoding}")));
        // The buffers of the network are full: from here on no page is found, and the found ones must not wait for it.
        while app.state.reader.busy() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        app.database.replace_events(endless()).await;
        let (bytes, whole) = client.rest().await;
        assert!(!whole, "{encoding}");
        let first = beginning(encoding, &first_chunk(&bytes));
        // The header, up to a page of rows (fewer if reading took long), and a line end.
        let lines = first.split(|byte| *byte == b'\n').count();
        assert!((3..=102).contains(&lines), "{encoding}: {lines}");
    }
}
