//! The ingest endpoint: what it takes, each of its answers, and that no event is lost or stored twice.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use motion_export::api::session::Role;
use motion_export::server::db::entity::api_token;
use motion_export::server::db::locks::PARTITION_LOCK_KEY;
use motion_export::server::db::partitions;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::csv;
use motion_export::server::ingest::event::Event;
use motion_export::server::ingest::sink::{EventWriter, KnownName};
use motion_export::server::ingest::summary::progress::Progress;
use motion_export::server::retention::detach;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use reqwest::{Client, Response};
use sea_orm::{ConnectionTrait, EntityTrait, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::app::{TestApp, TestDatabase, client_with, event, events, seen_by, text_of};
use crate::backend;
use crate::binary::{Server, succeed, token_of_admin};
use crate::log::Log;

const PATH: &str = "/api/v1/motion-events";
const JSON: &str = "application/json";

/// Returns a server whose administrator's write token is in the client.
async fn app(database: TestDatabase) -> (TestApp, Client) {
    let owner = database.add_user("owner", Role::Admin).await;
    let token = database.write_token_of(&owner).await;
    (database.serve(10).await, bearer(&token))
}

fn bearer(token: &str) -> Client {
    client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))])
}

async fn send_as(address: &str, client: &Client, kind: &str, body: impl Into<reqwest::Body>) -> Response {
    client.post(format!("{address}{PATH}")).header(CONTENT_TYPE, kind).body(body).send().await.unwrap()
}

/// Sends JSON, and returns the status and the answer.
async fn send(app: &TestApp, client: &Client, body: &Value) -> (u16, Value) {
    let response = send_as(&app.address, client, JSON, body.to_string()).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

fn counts(accepted: u64, duplicate: u64) -> Value {
    json!({ "accepted": accepted, "duplicate": duplicate, "rejected": [] })
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Returns an event of the camera `front` with this id, `seconds` after a moment.
fn numbered(id: u32, seconds: u32) -> Value {
    json!({ "id": id, "timestamp": 1_764_547_200 + seconds, "camera_id": "front", "confidence": 50 })
}

#[tokio::test]
async fn an_event_in_any_format_is_in_the_export_once() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let full = r#"{"id": "42", "timestamp": "2025-12-01T21:00:00.5+01:00", "camera_id": "door", "camera_name": "Door",
        "confidence": 87.5, "algorithm": "motion", "x": 1, "y": 2, "width": 30, "height": 40, "zone_id": "drive"}"#;
    let form = "id=42&timestamp=2025-12-01T20%3A00%3A00.5Z&camera_id=door&confidence=87.5&algorithm=motion\
                &center_x=16&center_y=22&width=30&height=40&zone_id=drive";
    let one_line = full.replace('\n', " ");
    let bodies = [
        (JSON, full.to_owned(), 1),
        ("application/json; charset=utf-8", format!("[{full}]"), 0),
        (JSON, format!(r#"{{"events": [{full}]}}"#), 0),
        ("application/x-ndjson", format!("{one_line}\n"), 0),
        ("application/x-www-form-urlencoded", form.to_owned(), 0),
    ];
    for (kind, body, accepted) in bodies {
        let response = send_as(&app.address, &client, kind, body).await;
        assert_eq!(response.status(), 200, "{kind}");
        assert_eq!(response.json::<Value>().await.unwrap(), counts(accepted, 1 - accepted), "{kind}");
    }
    let compressed = client.post(format!("{}{PATH}", app.address)).header(CONTENT_ENCODING, "gzip");
    let compressed = compressed.header(CONTENT_TYPE, JSON).body(gzip(full.as_bytes())).send().await.unwrap();
    assert_eq!(compressed.json::<Value>().await.unwrap(), counts(0, 1));
    assert_eq!(app.lines("").await, ["2025-12-01T20:00:00.500000+00:00,door,Door,87.5,motion,1,2,30,40,drive"]);
    assert_eq!(app.metric("motion_export_ingest_requests_total{status=\"200\"}").await, 6);
    assert_eq!(app.metric("motion_export_ingest_events_total{outcome=\"accepted\"}").await, 1);
    assert_eq!(app.metric("motion_export_ingest_events_total{outcome=\"duplicate\"}").await, 5);
}

#[tokio::test]
async fn events_that_are_refused_are_named_and_the_others_are_stored() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let future = "2025-12-18T00:00:00Z";
    let body = json!([
        numbered(1, 0),
        { "id": "late", "timestamp": future, "camera_id": "front" },
        numbered(1, 0),
        { "timestamp": 1_764_547_201, "camera_id": "front", "confidense": 1 },
        7,
        numbered(2, 2),
    ]);
    let response = send_as(&app.address, &client, JSON, body.to_string()).await;
    assert_eq!(response.status(), 422);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&json!("events_rejected"), &json!(422)));
    assert_eq!(
        (&problem["accepted"], &problem["duplicate"], &problem["rejected_count"]),
        (&json!(2), &json!(1), &json!(3))
    );
    let rejected = problem["rejected"].as_array().unwrap();
    let rejected: Vec<_> =
        rejected.iter().map(|item| (&item["index"], &item["id"], &item["field"], &item["code"])).collect();
    let null = Value::Null;
    assert_eq!(
        rejected,
        [
            (&json!(1), &json!("late"), &json!("timestamp"), &json!("in_future")),
            (&json!(3), &null, &json!("confidense"), &json!("unknown_field")),
            (&json!(4), &null, &null, &json!("not_an_object")),
        ]
    );
    assert!(problem["request_id"].is_string() && problem["detail"].as_str().unwrap().contains('3'), "{problem}");
    assert_eq!(app.lines("").await.len(), 2);
    assert_eq!(app.metric("motion_export_ingest_rejected_total{code=\"in_future\"}").await, 1);
    assert_eq!(app.metric("motion_export_ingest_events_total{outcome=\"rejected\"}").await, 3);

    let many: Vec<_> = (0..150).map(|_| json!({})).collect();
    let (status, problem) = send(&app, &client, &json!(many)).await;
    assert_eq!((status, &problem["accepted"], &problem["rejected_count"]), (422, &json!(0), &json!(150)));
    assert_eq!(problem["rejected"].as_array().unwrap().len(), 100);
    let german = client.post(format!("{}{PATH}", app.address)).header("accept-language", "de").body("[{}]");
    let german: Value = german.send().await.unwrap().json().await.unwrap();
    assert!(german["message"]["text"].as_str().unwrap().contains("abgelehnt"), "{german}");
}

#[tokio::test]
async fn a_body_that_cannot_be_taken_as_a_whole_stores_nothing() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let good = numbered(1, 0).to_string();
    for (kind, body, code) in [
        (JSON, "{".to_owned(), "invalid_json"),
        (JSON, format!("[{good}, {good}"), "invalid_json"),
        (JSON, "7".to_owned(), "no_events"),
        ("application/x-ndjson", format!("{good}\n{{"), "invalid_json_line"),
        ("application/x-www-form-urlencoded", good.clone(), "json_as_form"),
    ] {
        let response = send_as(&app.address, &client, kind, body.clone()).await;
        assert_eq!(response.status(), 400, "{body}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["message"]["code"]), (&json!("invalid_body"), &json!(code)), "{body}");
    }
    let many = json!((0..1_001).map(|id| numbered(id, id)).collect::<Vec<_>>()).to_string();
    let large = format!("{}{}", " ".repeat(1_000_000), good);
    for body in [many.clone(), large] {
        let response = send_as(&app.address, &client, JSON, body).await;
        assert_eq!(response.status(), 413);
        let problem: Value = response.json().await.unwrap();
        assert_eq!((&problem["max_events"], &problem["max_bytes"]), (&json!(1_000), &json!(1_000_000)), "{problem}");
    }
    let bomb = client.post(format!("{}{PATH}", app.address)).header(CONTENT_ENCODING, "gzip");
    assert_eq!(bomb.body(gzip(&vec![b' '; 50_000_000])).send().await.unwrap().status(), 413);
    let cut = client.post(format!("{}{PATH}", app.address)).header(CONTENT_ENCODING, "gzip");
    assert_eq!(cut.body(gzip(good.as_bytes())[..30].to_vec()).send().await.unwrap().status(), 400);
    // Chunked, so that its length is not known before.
    let chunks = [" ".repeat(600_000), " ".repeat(600_000)].map(Ok::<_, std::io::Error>);
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    assert_eq!(send_as(&app.address, &client, JSON, chunked).await.status(), 413);

    let plain = send_as(&app.address, &client, "text/plain", good.clone()).await;
    assert_eq!(plain.status(), 415);
    assert!(plain.headers()["accept-post"].to_str().unwrap().contains("application/x-ndjson"));
    let brotli = client.post(format!("{}{PATH}", app.address)).header(CONTENT_ENCODING, "br").body(good.clone());
    let brotli = brotli.send().await.unwrap();
    assert_eq!((brotli.status().as_u16(), &brotli.headers()["accept-encoding"]), (415, &"gzip".parse().unwrap()));
    assert_eq!(app.get_as(&client, PATH).await.status(), 405);
    let response = client.post(format!("{}{PATH}?no=1", app.address)).body(good).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(app.lines("").await.len(), 0, "nothing was stored");
}

#[tokio::test]
async fn only_a_write_token_sends_events_and_it_works_for_any_host_name() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let body = numbered(1, 0);
    assert_eq!(send(&app, &client_with(&[]), &body).await.0, 401);
    assert_eq!(send(&app, &bearer("mexp_00"), &body).await.0, 401);
    let (status, problem) = send(&app, &app.client, &body).await;
    assert_eq!((status, &problem["message"]["code"]), (403, &json!("write_token_needed")), "a token that reads");
    assert_eq!(send(&app, &app.browser_of("admin").await, &body).await.0, 403, "a session");
    let (status, problem) = {
        let response = app.get_as(&client, "/api/v1/exports").await;
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    assert_eq!((status, &problem["message"]["code"]), (403, &json!("write_token_only_writes")));
    assert_eq!(app.get_as(&client, "/metrics").await.status(), 403);
    assert_eq!(app.lines("").await.len(), 0);

    let elsewhere = client.post(format!("{}{PATH}", app.address)).header(HOST, "motion-export:3000");
    assert_eq!(elsewhere.body(body.to_string()).send().await.unwrap().status(), 200);
    let other = client.get(format!("{}/api/v1/exports", app.address)).header(HOST, "motion-export:3000");
    assert_eq!(other.send().await.unwrap().status(), 421);
}

#[tokio::test]
async fn a_version_without_scopes_does_not_find_a_write_token() {
    use sha2::Digest;

    let database = TestDatabase::with([]).await;
    let owner = database.add_user("owner", Role::Admin).await;
    let token = database.write_token_of(&owner).await;
    let hash = sha2::Sha256::digest(token.as_bytes()).to_vec();
    let stored = api_token::Entity::find().all(&database.connection).await.unwrap();
    assert!(stored.iter().any(|token| token.scope == "write"));
    assert!(stored.iter().all(|token| token.token_hash != hash));
}

#[tokio::test]
async fn a_user_writes_to_granted_cameras_only_and_a_hidden_one_is_like_a_missing_one() {
    let database = TestDatabase::with([]).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token = database.write_token_of(&viewer).await;
    let app = database.serve(10).await;
    let to = |camera: &str| json!({ "timestamp": 1_764_547_200, "camera_id": camera, "camera_name": "New" });
    let (status, problem) = send(&app, &bearer(&token), &json!([to("front"), to("back"), to("nowhere")])).await;
    assert_eq!((status, &problem["accepted"]), (422, &json!(1)));
    let rejected = problem["rejected"].as_array().unwrap();
    let [hidden, missing] = &rejected[..] else { panic!("{problem}") };
    assert_eq!((&hidden["code"], &hidden["detail"]), (&json!("camera_not_found"), &missing["detail"]));
    assert_eq!((&hidden["field"], &missing["field"]), (&json!("camera_id"), &json!("camera_id")));
    let lines = app.lines("").await;
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(",front,Front Door,"), "a stored name is kept: {lines:?}");
    let cameras = app.get("/api/v1/cameras").await.text().await.unwrap();
    assert!(!cameras.contains("nowhere"), "{cameras}");
}

#[tokio::test]
async fn a_new_camera_has_its_id_as_name_until_a_sender_names_it() {
    let (app, client) = app(TestDatabase::new().await).await;
    let named = |second: u32, name: Value| json!({ "timestamp": second, "camera_id": "door", "camera_name": name });
    for (second, name, shown) in [
        (1_764_547_200, Value::Null, "door"),
        (1_764_547_201, json!("Door"), "Door"),
        (1_764_547_202, json!("Gate"), "Door"),
    ] {
        assert_eq!(send(&app, &client, &named(second, name)).await, (200, counts(1, 0)));
        let lines = app.lines("").await;
        assert!(lines.iter().all(|line| line.contains(&format!(",door,{shown},"))), "{lines:?}");
    }
}

#[tokio::test]
async fn a_token_that_sends_too_many_requests_is_told_when_to_try_again() {
    let mut database = TestDatabase::with([]).await;
    database.settings.ingest.requests_per_second = 2.try_into().unwrap();
    database.settings.ingest.burst = 3.try_into().unwrap();
    let owner = database.add_user("owner", Role::Admin).await;
    let other = bearer(&database.write_token_of(&owner).await);
    let (app, client) = {
        let client = bearer(&database.write_token_of(&owner).await);
        (database.serve(10).await, client)
    };
    for second in 0..3 {
        assert_eq!(send(&app, &client, &numbered(second, second)).await.0, 200);
    }
    let refused = send_as(&app.address, &client, JSON, numbered(4, 4).to_string()).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_requests");
    assert_eq!(send(&app, &other, &numbered(5, 5)).await.0, 200, "each token has its own limit");
    app.wait(1);
    assert_eq!(send(&app, &client, &numbered(4, 4)).await.0, 200);
    assert_eq!(app.lines("").await.len(), 5);
}

#[tokio::test]
async fn while_the_database_is_locked_the_sender_is_asked_to_send_again() {
    let database = TestDatabase::with([]).await;
    let (app, client) = app(database).await;
    let lock = app.database.lock().await;
    // A new camera, because PostgreSQL's lock is on the tables of everything but events.
    let body = json!({ "id": 1, "timestamp": 1_764_547_200, "camera_id": "new" });
    let refused = send_as(&app.address, &client, JSON, body.to_string()).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"5".parse().unwrap()));
    assert_eq!(refused.json::<Value>().await.unwrap()["message"]["code"], "not_stored");
    lock.rollback().await.unwrap();
    assert_eq!(send(&app, &client, &body).await, (200, counts(1, 0)));
    assert_eq!(app.lines("").await.len(), 1);
}

#[tokio::test]
async fn a_running_import_makes_nobody_lose_an_event() {
    let (app, client) = app(TestDatabase::with([event("2024-01-01T00:00:00Z")]).await).await;
    let mut import = EventWriter::begin(&app.database.connection).await.unwrap();
    // More than a batch, with a new camera and a new month.
    import.camera("door", Some("Door"), KnownName::Keep).await.unwrap();
    for second in 0..1_100 {
        let moment = format!("2024-02-02T00:{:02}:{:02}Z", second / 60, second % 60);
        import.event(seen_by(event(&moment), "door")).await.unwrap();
    }
    let sent = |camera: &str| json!({ "id": camera, "timestamp": "2024-01-31T00:00:00Z", "camera_id": camera, "algorithm": "MOG2", "zone_id": "zone-1" });
    let (status, answer) = send(&app, &client, &sent("front")).await;
    if backend::is_postgres() {
        assert_eq!((status, answer), (200, counts(1, 0)), "live events do not wait for an import");
    } else {
        assert_eq!(status, 503, "{answer}");
    }
    // Another camera would wait for the import, and the import must not be the one that ends.
    assert_eq!(send(&app, &client, &sent("gate")).await.0, 503);
    assert_eq!(send(&app, &client, &sent("door")).await.0, 503);
    let summary = import.commit().await.unwrap();
    assert_eq!((summary.imported, summary.cameras_new), (1_100, 1));
    let is_new = u64::from(!backend::is_postgres());
    assert_eq!(send(&app, &client, &sent("front")).await, (200, counts(is_new, 1 - is_new)));
    assert_eq!(send(&app, &client, &json!([sent("gate"), sent("door")])).await, (200, counts(2, 0)));
    assert_eq!(app.lines("").await.len(), 1_104);
}

#[tokio::test]
async fn an_import_uses_cameras_and_detectors_that_were_sent_meanwhile() {
    if !backend::is_postgres() && backend::skips("SQLite has one writer at a time") {
        return;
    }
    let (app, client) = app(TestDatabase::with([event("2024-01-01T00:00:00Z")]).await).await;
    let mut import = EventWriter::begin(&app.database.connection).await.unwrap();
    let sent = json!({ "id": 1, "timestamp": "2024-01-31T00:00:00Z", "camera_id": "door", "algorithm": "NEW", "zone_id": "new" });
    assert_eq!(send(&app, &client, &sent).await, (200, counts(1, 0)));
    import.camera("door", Some("Door"), KnownName::Keep).await.unwrap();
    let imported = Event { algorithm: "NEW".into(), zone_id: Some("new".into()), ..event("2024-01-02T00:00:00Z") };
    import.event(seen_by(imported, "door")).await.unwrap();
    let summary = import.commit().await.unwrap();
    assert_eq!((summary.imported, summary.cameras_new, summary.cameras_already_there), (1, 0, 1));
    assert_eq!(app.lines("").await.len(), 3);
}

#[tokio::test]
async fn an_import_that_is_interrupted_leaves_no_camera_and_no_event() {
    let (app, client) = app(TestDatabase::new().await).await;
    let mut import = EventWriter::begin(&app.database.connection).await.unwrap();
    import.camera("door", None, KnownName::Keep).await.unwrap();
    import.event(seen_by(event("2024-01-01T00:00:00Z"), "door")).await.unwrap();
    import.roll_back().await.unwrap();
    assert_eq!(app.get("/api/v1/cameras").await.text().await.unwrap(), "[]");
    let body = json!({ "timestamp": "2024-01-31T00:00:00Z", "camera_id": "door" });
    assert_eq!(send(&app, &client, &body).await, (200, counts(1, 0)));
    assert_eq!(app.lines("").await.len(), 1);
}

/// Writes an export of these lines into a file and imports it. Returns how many events were new.
async fn import_csv(database: &TestDatabase, lines: &[String]) -> u64 {
    let file = database.folder.path().join("in.csv");
    let text: String = lines.iter().map(|line| line.clone() + "\r\n").collect();
    std::fs::write(&file, format!("{}{text}", crate::app::HEADER)).unwrap();
    csv::import(&database.connection, &file, csv::Options::default(), &Progress::hidden()).await.unwrap().imported
}

#[tokio::test]
async fn the_same_event_from_a_csv_and_from_the_endpoint_is_stored_once() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let line =
        |second: u32, zone: &str| format!("2025-12-01T00:00:{second:02}+00:00,front,Front Door,50,MOG2,1,2,3,4,{zone}");
    let sent = |second: u32, zone: &str, id: Value| {
        json!({ "id": id, "timestamp": format!("2025-12-01T00:00:{second:02}Z"), "camera_id": "front", "confidence": 50,
            "algorithm": "MOG2", "x": 1, "y": 2, "width": 3, "height": 4, "zone_id": zone })
    };
    // Two events of one moment, so that the id of the second one has another position.
    let lines = [line(1, "a"), line(1, "b"), line(2, "a")];
    assert_eq!(import_csv(&app.database, &lines).await, 3);
    for id in [Value::Null, json!("7"), json!("00000000-0000-4000-8000-000000000007")] {
        let batch = json!([sent(1, "b", id.clone()), sent(2, "a", id.clone())]);
        assert_eq!(send(&app, &client, &batch).await, (200, counts(0, 2)), "{id}");
    }
    // The other way round.
    let batch = json!([sent(3, "c", json!("8")), sent(4, "c", Value::Null), sent(4, "d", Value::Null)]);
    assert_eq!(send(&app, &client, &batch).await, (200, counts(3, 0)));
    assert_eq!(import_csv(&app.database, &[line(3, "c"), line(4, "c"), line(4, "d")]).await, 0);
    // An event that was sent with an id, and later without one.
    assert_eq!(send(&app, &client, &sent(3, "c", Value::Null)).await, (200, counts(0, 1)));
    assert_eq!(app.lines("").await.len(), 6);
    // The same id with other contents is the same event; another id with the same contents is another one.
    assert_eq!(send(&app, &client, &sent(3, "other", json!("8"))).await, (200, counts(0, 1)));
    assert_eq!(send(&app, &client, &sent(3, "c", json!("9"))).await, (200, counts(1, 0)));
    // Without ids, events that are equal in everything are one event, in one request as in several.
    let twins = json!([sent(5, "e", Value::Null), sent(5, "e", Value::Null)]);
    assert_eq!(send(&app, &client, &twins).await, (200, counts(1, 1)));
    assert_eq!(send(&app, &client, &twins).await, (200, counts(0, 2)));
}

#[tokio::test]
async fn an_event_at_a_moment_with_many_others_is_recognized() {
    let first = event("2025-12-01T00:00:00Z");
    let same = |id: u128| Event { id: uuid::Uuid::from_u128(id), zone_id: Some(id.to_string()), ..first.clone() };
    let (app, client) = app(TestDatabase::with((0..6_000).map(same)).await).await;
    let sent = |zone: u32, id: Value| {
        json!({ "id": id, "timestamp": "2025-12-01T00:00:00Z", "camera_id": "front", "confidence": 85.5,
            "algorithm": "MOG2", "x": 100, "y": 200, "width": 50, "height": 80, "zone_id": zone })
    };
    let known = uuid::Uuid::from_u128(5_999).to_string();
    let batch = json!([sent(5_998, Value::Null), sent(1, json!(known)), sent(6_000, Value::Null)]);
    assert_eq!(send(&app, &client, &batch).await, (200, counts(1, 2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_writers_on_two_servers_store_each_event_once() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let (other, _state) = app.another_server().await;
    let writers = (0..50_u32).map(|writer| {
        let (client, address) = (client.clone(), if writer % 2 == 0 { app.address.clone() } else { other.clone() });
        tokio::spawn(async move {
            let mut accepted = 0;
            for request in 0..4 {
                // Each event is sent by ten writers, in different orders, with new cameras, detectors and zones.
                let mut batch: Vec<_> = (0..10)
                    .map(|index| {
                        let id = writer / 10 * 40 + request * 10 + index;
                        json!({ "id": id, "timestamp": 1_764_547_200 + id, "camera_id": format!("camera {}", id % 7),
                            "algorithm": format!("detector {}", id % 5), "zone_id": format!("zone {}", id % 11) })
                    })
                    .collect();
                if writer % 3 == 0 {
                    batch.reverse();
                }
                let body = json!(batch).to_string();
                loop {
                    let response = send_as(&address, &client, JSON, body.clone()).await;
                    let status = response.status();
                    let answer: Value = response.json().await.unwrap();
                    if status == 200 {
                        accepted += answer["accepted"].as_u64().unwrap();
                        break;
                    }
                    // Two servers write to one SQLite file.
                    assert_eq!(status, 503, "{answer}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            accepted
        })
    });
    let mut accepted = 0;
    for writer in writers.collect::<Vec<_>>() {
        accepted += writer.await.unwrap();
    }
    let lines = app.lines("").await;
    assert_eq!((accepted, lines.len()), (200, 200));
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), 200);
}

#[tokio::test]
async fn events_that_are_sent_one_by_one_at_once_are_all_answered() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let requests = (0..200).map(|id| {
        let (client, address) = (client.clone(), app.address.clone());
        // Each tenth one is refused, in a transaction with others.
        let body = if id % 10 == 0 { json!({ "timestamp": 1 }) } else { numbered(id, id) };
        async move { send_as(&address, &client, JSON, body.to_string()).await.status().as_u16() }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 180, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 20, "{statuses:?}");
    assert_eq!(app.lines("").await.len(), 180);
}

#[tokio::test]
async fn the_same_events_that_are_sent_at_once_are_stored_once_and_each_sender_is_told_so() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    let answers = send_at_once(&app, &client, |request| numbered(request % 50, request % 50)).await;
    let sum = |name: &str| answers.iter().map(|answer| answer[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("accepted"), sum("duplicate")), (50, 150));
    assert_eq!(app.lines("").await.len(), 50);
}

#[tokio::test]
async fn if_another_writer_stores_an_event_meanwhile_its_sender_is_told_and_no_other() {
    let (app, client) = app(TestDatabase::with([]).await).await;
    // As if an import had stored it between the lookup and the insertion.
    let trigger = if backend::is_postgres() {
        "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
         CREATE TRIGGER skip BEFORE INSERT ON motion_events FOR EACH ROW WHEN (NEW.confidence = 99) EXECUTE FUNCTION skip()"
    } else {
        "CREATE TRIGGER skip BEFORE INSERT ON motion_events WHEN NEW.confidence = 99 BEGIN SELECT RAISE(IGNORE); END"
    };
    app.database.connection.execute_unprepared(trigger).await.unwrap();
    let is_skipped = |request: u32| request.is_multiple_of(10);
    let body = |request| {
        let mut event = numbered(request, request);
        event["confidence"] = json!(if is_skipped(request) { 99 } else { 50 });
        event
    };
    let answers = send_at_once(&app, &client, body).await;
    for (request, answer) in (0..).zip(answers) {
        let expected = if is_skipped(request) { counts(0, 1) } else { counts(1, 0) };
        assert_eq!(answer, expected, "request {request}");
    }
    assert_eq!(app.lines("").await.len(), 180);
}

/// Sends 200 requests at once, which are written in groups. Returns their answers, in the order of the requests.
async fn send_at_once(app: &TestApp, client: &Client, body: impl Fn(u32) -> Value) -> Vec<Value> {
    let requests = (0..200).map(|request| {
        let (client, address, body) = (client.clone(), app.address.clone(), body(request).to_string());
        async move {
            let response = send_as(&address, &client, JSON, body).await;
            assert_eq!(response.status(), 200, "request {request}");
            response.json().await.unwrap()
        }
    });
    futures_util::future::join_all(requests).await
}

#[tokio::test]
async fn an_event_of_this_month_waits_for_no_import_that_has_created_another_month() {
    if !backend::is_postgres() && backend::skips("SQLite has no partitions") {
        return;
    }
    let (app, client) = app(TestDatabase::with([]).await).await;
    let (database, now) = (&app.database.connection, UnixMicros::new(app.now()));
    for _ in 0..2 {
        partitions::create_current(database, now).await.unwrap();
    }
    let months: Vec<_> =
        partitions::months(database).await.unwrap().into_iter().map(|month| month.to_string()).collect();
    assert_eq!(months, ["2025-12", "2026-01"]);
    let import = database.begin().await.unwrap();
    import.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({PARTITION_LOCK_KEY})")).await.unwrap();
    let body = |timestamp: &str| json!({ "timestamp": timestamp, "camera_id": "front" });
    assert_eq!(send(&app, &client, &body("2025-12-16T11:00:00Z")).await, (200, counts(1, 0)));
    let (status, _) = send(&app, &client, &body("2024-01-01T00:00:00Z")).await;
    assert_eq!(status, 503, "another month has to be created");
    let later = UnixMicros::new(app.now() + 40 * 86_400_000_000);
    assert!(partitions::create_current(database, later).await.is_err(), "it does not wait for the import to end");
    import.rollback().await.unwrap();
    partitions::create_current(database, later).await.unwrap();
}

#[tokio::test]
async fn an_event_in_a_month_whose_partition_was_detached_is_stored() {
    if !backend::is_postgres() && backend::skips("SQLite has no partitions") {
        return;
    }
    let (app, client) = app(TestDatabase::with([event("2024-01-01T00:00:00Z")]).await).await;
    let now = UnixMicros::new(app.now());
    let first = detach::first_kept_month(now, 1).unwrap();
    detach::detach(&app.database.connection, now, first).await.unwrap();
    let body = json!({ "timestamp": "2024-01-01T00:00:00Z", "camera_id": "front" });
    assert_eq!(send(&app, &client, &body).await, (200, counts(1, 0)));
}

#[tokio::test]
async fn a_server_that_is_killed_loses_no_event_that_it_has_acknowledged() {
    let folder = backend::nowhere();
    let folder = folder.path();
    backend::url(folder);
    let reads = token_of_admin(folder);
    let writes =
        String::from_utf8(succeed(folder, &["token", "create", "admin", "writer", "--write", "--source", "cam1"]))
            .unwrap();
    let client = bearer(writes.trim_end());
    let mut acknowledged = 0;
    for round in 0..3_u32 {
        let mut server = Server::start(folder, &[]);
        let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
        let (address, client) = (server.address.clone(), client.clone());
        let sender = tokio::spawn(async move {
            let mut stored = 0;
            // Begins with what was sent before, because nobody knows what became of the last request.
            for id in 0.. {
                let response = client.post(format!("{address}{PATH}")).header(CONTENT_TYPE, JSON);
                let Ok(response) = response.body(numbered(id, id).to_string()).send().await else {
                    return (id, stored);
                };
                if response.status() == 429 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
                assert_eq!(response.status(), 200);
                stored += response.json::<Value>().await.map_or(0, |answer| answer["accepted"].as_u64().unwrap());
                if stopped.try_recv().is_ok() {
                    return (id + 1, stored);
                }
            }
            unreachable!()
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        drop(stop);
        let (sent, _) = sender.await.unwrap();
        assert!(round > 0 || sent > 0);
        acknowledged = acknowledged.max(sent);
    }
    let server = Server::start(folder, &[]);
    let file = server.export(&reads, "").await.text().await.unwrap();
    let lines: Vec<_> = file.lines().skip(1).collect();
    let distinct: BTreeSet<_> = lines.iter().collect();
    assert_eq!(distinct.len(), lines.len(), "none is stored twice");
    // The last one may have been stored without an answer.
    assert!(lines.len() as u64 >= u64::from(acknowledged), "{} of {acknowledged}", lines.len());
}

#[tokio::test]
async fn no_body_is_an_internal_error() {
    let mut database = TestDatabase::with([]).await;
    database.settings.ingest.burst = 100_000.try_into().unwrap();
    let owner = database.add_user("owner", Role::Admin).await;
    let token = database.write_token_of(&owner).await;
    let app = database.serve(10).await;
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_filter("JSON", |value| value.is_finite()).prop_map(|value| format!("{value:?}")),
        any::<i64>().prop_map(|value| value.to_string()),
        (946_684_800_i64..1_765_000_000).prop_map(|value| value.to_string()),
        ".{0,20}".prop_map(|text| json!(text).to_string()),
        "[\\x00-\\x20]{0,3}".prop_map(|text| json!(text).to_string()),
        Just("[{}]".to_owned()),
        Just("\"2025-12-01T00:00:00Z\"".to_owned()),
    ];
    let name = prop_oneof![
        9 => proptest::sample::select(motion_export::server::ingest::live::reported::FIELDS.to_vec()).prop_map(str::to_owned),
        1 => ".{0,10}",
    ];
    let fields = proptest::collection::vec((name, value), 0..8);
    let object = fields.prop_map(|fields| {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("{}: {value}", json!(name))).collect();
        format!("{{\"timestamp\": 1764547200, {}}}", fields.join(", ")).replace(", }", "}")
    });
    let bodies = prop_oneof![
        5 => proptest::collection::vec(object.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(",")).into_bytes()),
        3 => object.prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..100),
    ];
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for case in 0..300 {
        let body = bodies.new_tree(&mut runner).unwrap().current();
        let kind = ["application/json", "application/x-ndjson", "application/x-www-form-urlencoded"][case % 3];
        let path = if case % 5 == 0 { format!("/api/v1/hooks/{token}") } else { PATH.to_owned() };
        let request =
            client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]).post(format!("{}{path}", app.address));
        let status = request.header(CONTENT_TYPE, kind).body(body.clone()).send().await.unwrap().status().as_u16();
        assert!([200, 400, 422].contains(&status), "{status} for {}", String::from_utf8_lossy(&body));
        seen.insert(status);
    }
    assert!(seen.is_superset(&[200, 400, 422].into()), "{seen:?}");
}

#[tokio::test]
async fn a_webhook_needs_no_header_and_its_secret_is_not_in_the_log() {
    let database = TestDatabase::with([]).await;
    let owner = database.add_user("owner", Role::Admin).await;
    let secret = database.write_token_of(&owner).await;
    let app = database.serve(10).await;
    let log = Log::of_this_thread();
    let unifi = json!({ "alarm": { "name": "drive", "triggers": [
        { "key": "person", "device": "AABBCC000001", "zones": { "loiter": [], "zone": [1], "line": [] },
          "eventId": "00112233445566778899aabb", "timestamp": 1_764_547_200_418_i64 }] }, "timestamp": 1_764_547_201_000_i64 });
    let shinobi = json!({ "info": { "title": "Event", "mid": "Yard",
        "description": "Triggered an event at 2025-12-01T01:00:02+01:00",
        "eventDetails": { "reason": "motion", "confidence": 80,
            "matrices": [{ "x": 5, "y": 5, "width": 150, "height": 150, "tag": "Gate", "confidence": 100 }] } },
        "files": ["picture".repeat(300_000)] });
    for _ in 0..2 {
        for payload in [&unifi, &shinobi, &numbered(3, 3)] {
            let hook =
                client_with(&[]).post(format!("{}/api/v1/hooks/{secret}", app.address)).header(HOST, "nvr.local:3000");
            let response = hook.header(CONTENT_TYPE, JSON).body(payload.to_string()).send().await.unwrap();
            assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        }
    }
    assert_eq!(
        app.lines("").await,
        [
            "2025-12-01T00:00:00.418000+00:00,AABBCC000001,AABBCC000001,,unifi:person,,,,,1",
            "2025-12-01T00:00:02+00:00,Yard,Yard,100,shinobi:motion,5,5,150,150,Gate",
            "2025-12-01T00:00:03+00:00,front,Front Door,50,,,,,,",
        ]
    );
    let read_token = database_token(&app).await;
    for (secret, status) in [("mexp_00", 401), (&*read_token, 403), ("", 401)] {
        let hook = client_with(&[]).post(format!("{}/api/v1/hooks/{secret}", app.address));
        assert_eq!(hook.body("{}").send().await.unwrap().status(), status, "{secret}");
    }
    let text = log.text();
    assert!(
        text.contains("/api/v1/hooks/…") && !text.contains(&secret[5..]) && !text.contains(&read_token[5..]),
        "{text}"
    );
}

async fn database_token(app: &TestApp) -> String {
    let admin = motion_export::server::accounts::user::by_name(&app.database.connection, "admin").await.unwrap();
    app.database.token_of(&admin).await
}

#[tokio::test]
async fn a_write_token_is_created_on_the_page_and_at_the_command_line() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let browser = app.browser_of("admin").await;
    let create = |scope: &'static str| [("action", "create"), ("name", "Garage"), ("days", "30"), ("scope", scope)];
    let page = text_of(app.post(&browser, "/settings/tokens", &create("write")).await).await;
    let (_, token) = page.split_once("mexp_").unwrap();
    let token = format!("mexp_{}", &token[..64]);
    assert!(page.contains("POST /api/v1/motion-events") && page.contains("Send events"), "{page}");
    assert_eq!(send(&app, &bearer(&token), &numbered(1, 0)).await, (200, counts(1, 0)));
    assert_eq!(app.get_as(&bearer(&token), "/api/v1/cameras").await.status(), 403);
    let wrong = app.post(&browser, "/settings/tokens", &create("all")).await;
    assert_eq!(wrong.status(), 400);

    let folder = app.database.folder.path();
    let token = succeed(folder, &["token", "create", "admin", "NVR", "--write", "--source", "garage"]);
    let token = String::from_utf8(token).unwrap().trim_end().to_owned();
    // The same id at another source is another event.
    assert_eq!(send(&app, &bearer(&token), &numbered(1, 0)).await, (200, counts(1, 0)));
    let list = String::from_utf8(succeed(folder, &["token", "list"])).unwrap();
    assert!(list.contains("SCOPE") && list.contains("write (garage)") && list.contains("read"), "{list}");
    for arguments in [&["--source", "garage"][..], &["--write", "--source", "Garage 1"]] {
        let refused = crate::binary::run(folder, &[&["token", "create", "admin", "x"], arguments].concat());
        assert!(!refused.status.success(), "{arguments:?}");
    }
    let scopes = Statement::from_string(backend::backend(), "SELECT count(*) FROM api_tokens WHERE scope = 'write'");
    let count: i64 = app.database.connection.query_one_raw(scopes).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(count, 2);
}

/// Returns the code blocks in this language of the documentation for senders.
fn recipes(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sources.md")).unwrap();
    let (_, section) = text.split_once("\n## Send events\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let start = format!("```{language}\n");
    let blocks = section.split(&start).skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_recipes_of_the_documentation_send_their_events() {
    let is_missing = |program: &&str| Command::new(program).arg("--version").output().is_err();
    if let Some(missing) = ["curl", "split", "python3"].iter().find(|program| is_missing(program)) {
        assert!(std::env::var_os("CI").is_none(), "{missing} is missing");
        return eprintln!("skipped: {missing} is missing");
    }
    let folder = backend::nowhere();
    let folder = folder.path();
    backend::url(folder);
    let reads = token_of_admin(folder);
    let writes = String::from_utf8(succeed(folder, &["token", "create", "admin", "writer", "--write"])).unwrap();
    let server = Server::start(folder, &[]);
    let lines: String = (0..2_500).map(|id| numbered(id, id).to_string() + "\n").collect();
    std::fs::write(folder.join("events.ndjson"), lines).unwrap();
    let run = |program: &str, recipe: &str| {
        let recipe = recipe.replace("mexp_…", writes.trim_end()).replace("http://127.0.0.1:3000", &server.address);
        let mut command = Command::new(program);
        let command = command.args(["-c", &recipe]).current_dir(folder).env("TOKEN", writes.trim_end());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{recipe}: {text} {}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("accepted"), "{recipe}: {text}");
    };
    let (scripts, shell): (Vec<_>, Vec<_>) = recipes("sh").into_iter().partition(|recipe| recipe.starts_with("#!"));
    let python = recipes("python");
    assert_eq!((shell.len(), python.len(), scripts.len()), (3, 1, 1));
    // Twice: nothing is stored twice, except for the event of which the time is now.
    for _ in 0..2 {
        for recipe in &shell {
            run("bash", recipe);
        }
        for recipe in &python {
            run("python3", recipe);
        }
    }
    let file = server.export(&reads, "").await.text().await.unwrap();
    let lines: Vec<_> = file.lines().skip(1).collect();
    let now = lines.iter().filter(|line| line.contains(",motion,")).count();
    assert!((1..=2).contains(&now), "{now}");
    assert_eq!(lines.len() - now, 2_502);
    assert!(file.contains("2025-12-15T20:00:00+00:00,door,door,87.5,,,,,,"), "{file}");

    // ZoneMinder's script, with a stand-in for its database.
    let here = folder.display().to_string();
    let settings = recipes("ini").pop().unwrap().replace("mexp_…", writes.trim_end());
    std::fs::write(folder.join("export.curl"), settings.replace("http://127.0.0.1:3000", &server.address)).unwrap();
    std::fs::write(folder.join("mysql"), "#!/bin/sh\necho \"$*\" >&2\necho 1765800000.250000\n").unwrap();
    std::fs::write(folder.join("send"), scripts[0].replace("/etc/zm", &here)).unwrap();
    let send = "chmod +x mysql && PATH=$PWD:$PATH sh ./send 42 7";
    let output = Command::new("sh").args(["-c", send]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("FROM Frames WHERE EventId = 42"), "{output:?}");
    let file = server.export(&reads, "").await.text().await.unwrap();
    assert!(file.contains("2025-12-15T12:00:00.250000+00:00,zoneminder-7,zoneminder-7,,zoneminder,,,,,"), "{file}");
}
