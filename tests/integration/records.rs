//! Export records: their contents, and who may read them.

use motion_export::api::exports::EXPORTS_PATH;
use motion_export::export_params::EXPORT_PATH;
use reqwest::Response;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::{NOW, TestApp, TestDatabase, client_with, events};
use crate::proxy::SlowClient;

fn hex_digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn id_of(response: &Response) -> String {
    response.headers()["x-export-id"].to_str().unwrap().to_owned()
}

async fn list(app: &TestApp, client: &reqwest::Client, query: &str) -> Value {
    app.get_as(client, &format!("{EXPORTS_PATH}?{query}")).await.json().await.unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    list["exports"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_record_has_user_time_query_rows_bytes_and_digest() {
    let app = TestDatabase::with(events(25)).await.serve(10).await;
    let response = app.export("camera_id=front&timezone=Europe/Berlin&bom=true").await;
    let id = id_of(&response);
    let file = response.bytes().await.unwrap();
    // At once: the record is final before the body ends.
    let record = app.record(&id).await;
    assert_eq!(record["state"], "completed");
    assert_eq!(record["rows"], 13);
    assert_eq!(record["bytes"], file.len());
    assert_eq!(record["sha256"], hex_digest(&file));
    assert_eq!(record["user"], "admin");
    assert_eq!(record["via"], "token");
    assert_eq!(record["query"], "format=csv&camera_id=front&timezone=Europe%2FBerlin&bom=true");
    assert_eq!(record["started_at"], "2025-12-16T12:00:00.000Z");
    assert_eq!((&record["finished_at"], &record["duration_ms"]), (&record["started_at"], &Value::from(0)));
    assert_eq!(record["error"], Value::Null);
    // The query of the record gives the same file.
    let again = app.export(record["query"].as_str().unwrap()).await;
    assert_eq!(again.bytes().await.unwrap(), file);
}

#[tokio::test]
async fn an_empty_file_and_one_that_ends_with_a_full_page_are_complete() {
    let app = TestDatabase::with(events(20)).await.serve(10).await;
    for (query, rows) in [("end_date=2000-01-01", 0), ("", 20)] {
        let response = app.export(query).await;
        let id = id_of(&response);
        let file = response.bytes().await.unwrap();
        let record = app.record(&id).await;
        assert_eq!((&record["state"], &record["rows"]), (&Value::from("completed"), &Value::from(rows)));
        assert_eq!(record["sha256"], hex_digest(&file), "{query}");
    }
}

#[tokio::test]
async fn a_rejected_export_and_a_head_request_leave_no_record() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    assert_eq!(app.export("camera_id=nobody").await.status(), 404);
    assert_eq!(app.export("start_date=soon").await.status(), 400);
    let head = app.client.head(format!("{}{EXPORT_PATH}", app.address)).send().await.unwrap();
    assert!(head.status() == 200 && !head.headers().contains_key("x-export-id"));
    assert_eq!(ids(&list(&app, &app.client, "").await), [""; 0]);
}

#[tokio::test]
async fn users_see_their_own_records_and_administrators_see_all() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let bob = database.add_viewer("bob", &["front"]).await;
    let app = database.serve(10).await;
    let ((ann_client, _), (bob_client, _)) = (app.client_of(&ann).await, app.client_of(&bob).await);
    let mut exported = Vec::new();
    for client in [&ann_client, &bob_client, &app.client] {
        let response = app.get_as(client, EXPORT_PATH).await;
        exported.push(id_of(&response));
        response.bytes().await.unwrap();
        app.wait(1);
    }
    assert_eq!(ids(&list(&app, &ann_client, "").await), [&exported[0]]);
    assert_eq!(ids(&list(&app, &app.client, "").await), [&exported[2], &exported[1], &exported[0]]);
    assert_eq!(ids(&list(&app, &app.client, "user=BOB").await), [&exported[1]]);
    assert_eq!(ids(&list(&app, &ann_client, "user=bob").await), [""; 0]);
    let of_bob = format!("{EXPORTS_PATH}/{}", exported[1]);
    let hidden = app.get_as(&ann_client, &of_bob).await;
    assert_eq!(hidden.status(), 404);
    let hidden: Value = hidden.json().await.unwrap();
    assert_eq!(hidden["code"], "export_not_found");
    assert_eq!(app.get_as(&bob_client, &of_bob).await.status(), 200);
    for nothing in ["nothing", "%FF"] {
        let nothing: Value = app.get(&format!("{EXPORTS_PATH}/{nothing}")).await.json().await.unwrap();
        assert_eq!(nothing["code"], "export_not_found");
    }

    // The record outlives the account, and keeps its name.
    motion_export::server::accounts::user::remove(&app.database.connection, &bob).await.unwrap();
    assert_eq!(app.record(&exported[1]).await["user"], "bob");
}

#[tokio::test]
async fn records_can_be_filtered_by_state_time_and_digest_and_are_paged() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let mut exported = Vec::new();
    let mut digest = String::new();
    for second in 0..5 {
        let response = app.export(if second == 3 { "bom=true" } else { "" }).await;
        exported.insert(0, id_of(&response));
        let file = response.bytes().await.unwrap();
        if second == 3 {
            digest = hex_digest(&file);
        }
        // Two records have the same time, so their ids decide the order.
        app.wait(u32::from(second != 1));
    }
    exported[2..4].sort_by(|a, b| b.cmp(a));
    let mut paged = Vec::new();
    let mut before = String::new();
    loop {
        let page = list(&app, &app.client, &format!("limit=2&before={before}")).await;
        paged.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut before);
    }
    assert_eq!(paged, exported);
    let count = async |query: &str| ids(&list(&app, &app.client, query).await).len();
    assert_eq!(count("state=completed").await, 5);
    assert_eq!(count("state=failed&state=cancelled").await, 0);
    assert_eq!(ids(&list(&app, &app.client, &format!("sha256={}", digest.to_uppercase())).await), [&exported[1]]);
    assert_eq!(count("start_date=2025-12-16&end_date=2025-12-16").await, 5);
    assert_eq!(count("end_date=2025-12-15").await, 0);
    assert_eq!(count("start_date=2025-12-16T12:00:03Z").await, 1);
    let rejected = app.get(&format!("{EXPORTS_PATH}?state=done")).await;
    assert_eq!(rejected.status(), 400);
    assert_eq!(rejected.json::<Value>().await.unwrap()["field"], "state");
}

#[tokio::test]
async fn the_link_to_older_records_keeps_the_filter() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    for _ in 0..2 {
        app.export("").await.bytes().await.unwrap();
        app.wait(1);
    }
    let browser = app.browser_of("admin").await;
    let page = app.get_as(&browser, "/settings/exports?limit=1&start_date=2025-12-01&state=completed").await;
    let page = page.text().await.unwrap();
    let (_, older) = page.split_once("href=\"/settings/exports?limit").unwrap();
    let older = format!("/settings/exports?limit{}", older.split('"').next().unwrap().replace("&amp;", "&"));
    assert!(older.starts_with("/settings/exports?limit=1&start_date=2025-12-01&state=completed&before="), "{older}");
    let page = app.get_as(&browser, &older).await.text().await.unwrap();
    assert!(page.contains("12:00:00 UTC") && !page.contains("12:00:01 UTC"), "the older one");
    assert!(page.contains("Newest exports") && !page.contains("Older exports"));
}

#[tokio::test]
async fn the_form_shows_the_last_five_exports_of_the_user() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (anns, _) = app.client_of(&ann).await;
    app.export("start_date=2025-11-30").await.bytes().await.unwrap();
    for day in 1..=6 {
        let path = format!("{EXPORT_PATH}?end_date=2025-12-{day:02}&camera_id=front");
        app.get_as(&anns, &path).await.bytes().await.unwrap();
        app.wait(1);
    }
    let shown = async |name: &str| {
        let page = app.get_as(&app.browser_of(name).await, "/settings").await.text().await.unwrap();
        let lines = page.split("Select again: </span>").skip(1);
        lines.map(|line| line.split("</a>").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let expected: Vec<_> = (2..=6).rev().map(|day| format!("until {day} Dec 2025, Front Door, UTC")).collect();
    assert_eq!(shown("ann").await, expected);
    assert_eq!(shown("admin").await, ["from 30 Nov 2025, all cameras, UTC"], "only the administrator's own");
    let counts = async |query: &str| ids(&list(&app, &app.client, query).await).len();
    assert_eq!((counts("").await, counts("mine=true").await, counts("mine=false").await), (7, 1, 7));
}

#[tokio::test]
async fn a_client_that_accepts_trailers_receives_the_digests_after_the_file() {
    let database = TestDatabase::with(events(25)).await;
    let ann = database.add_viewer("ann", &["front", "back"]).await;
    let app = database.serve(10).await;
    let (_, authorization) = app.client_of(&ann).await;
    let file = app.export("").await.bytes().await.unwrap();
    let expected = {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.encode(Sha256::digest(&file))
    };
    let request = async |headers: &[(&str, &str)]| {
        let headers = [&[("authorization", authorization.as_str()), ("connection", "close")], headers].concat();
        let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
        let head = client.head().await.to_lowercase();
        (head, String::from_utf8_lossy(&client.rest().await.0).to_lowercase())
    };
    let (head, body) = request(&[("te", "trailers")]).await;
    assert!(head.contains("trailer: repr-digest, unencoded-digest"), "{head}");
    let digest = format!("sha-256=:{expected}:").to_lowercase();
    assert!(body.contains(&format!("\r\n0\r\nrepr-digest: {digest}\r\nunencoded-digest: {digest}\r\n\r\n")), "{body}");
    // With a content encoding, one digest is that of the sent bytes, the other that of the file.
    let (_, body) = request(&[("te", "gzip;q=0.5, Trailers"), ("accept-encoding", "gzip")]).await;
    assert!(body.contains(&format!("unencoded-digest: {digest}\r\n")), "{body}");
    assert!(!body.contains(&format!("\r\nrepr-digest: {digest}\r\n")), "{body}");
    let (head, body) = request(&[]).await;
    assert!(!head.contains("trailer:") && !body.contains("digest"), "{head}{body}");
}

#[tokio::test]
async fn an_export_by_signed_url_or_session_is_recorded_as_such() {
    let database = TestDatabase::with(events(2)).await;
    database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let browser = app.browser_of("ann").await;
    let link: Value =
        app.post(&browser, "/api/links", &[("query", "camera_id=front"), ("minutes", "5")]).await.json().await.unwrap();
    app.get_as(&client_with(&[]), link["url"].as_str().unwrap()).await.bytes().await.unwrap();
    app.wait(1);
    app.get_as(&browser, EXPORT_PATH).await.bytes().await.unwrap();
    let list = list(&app, &browser, "").await;
    let via: Vec<_> = list["exports"].as_array().unwrap().iter().map(|record| &record["via"]).collect();
    assert_eq!(via, ["session", "link"]);
    // No record has the signature of the URL.
    assert!(!list.to_string().contains("signature") && app.now() > NOW);
}
