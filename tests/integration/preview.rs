//! Previews: what an export would contain.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;
use motion_export::server::accounts::camera_access::grants;
use reqwest::Client;
use sea_orm::DbErr;
use serde_json::Value;

use crate::app::{TestApp, TestDatabase, endless, event, events, seen_by, text_of};
use crate::proxy::SlowClient;

async fn preview(app: &TestApp, client: &Client, query: &str) -> Value {
    request(app, client, "preview", query).await
}

async fn request(app: &TestApp, client: &Client, endpoint: &str, query: &str) -> Value {
    let request = client.get(format!("{}/api/v1/{endpoint}", app.address)).query(&[("query", query)]);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{query}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_preview_matches_the_export() {
    let app = TestDatabase::with(events(3_000)).await.serve(500).await;
    for query in [
        "",
        "camera_id=front",
        "camera_id=front&camera_id=back&timezone=Pacific/Chatham",
        "start_date=2025-12-01T00:10:00Z&end_date=2025-12-01T00:20:00Z&bom=true",
        "start_date=2025-11-30&end_date=2025-11-30&timezone=America/Los_Angeles",
        "end_date=2000-01-01",
    ] {
        let preview = preview(&app, &app.client, query).await;
        let lines = app.export(query).await.text().await.unwrap();
        let rows: Vec<&str> = lines.split_terminator("\r\n").skip(1).collect();
        assert_eq!(preview["rows"], rows.len(), "{query}");
        let timestamp =
            |row: Option<&&str>| row.map(|row| Value::from(row.split(',').next().unwrap())).unwrap_or_default();
        assert_eq!(preview["first"], timestamp(rows.first()), "{query}");
        assert_eq!(preview["last"], timestamp(rows.last()), "{query}");
        let days = preview["days"].as_array().unwrap();
        let by_days: u64 = days.iter().map(|day| day["events"].as_u64().unwrap()).sum();
        assert_eq!(by_days, rows.len() as u64, "{query}");
        for day in days {
            let of_day = rows.iter().filter(|row| row.starts_with(day["day"].as_str().unwrap())).count();
            assert_eq!(day["events"], of_day, "{query}");
        }
        let (estimated, actual) = (preview["bytes"].as_u64().unwrap(), lines.len() as u64);
        assert!(estimated.abs_diff(actual) <= actual / 20, "{query}: {estimated} of {actual}");
    }
}

#[tokio::test]
async fn few_days_are_counted_per_hour_and_few_cameras_each_for_itself() {
    let app = TestDatabase::with(events(3_000)).await.serve(500).await;
    let sum = |counts: &Value| counts.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum::<u64>();
    for (query, is_hourly, cameras) in [
        ("start_date=2025-12-01&end_date=2025-12-03", true, 2),
        ("start_date=2025-12-01&end_date=2025-12-03&camera_id=front&timezone=Asia/Kathmandu", true, 0),
        ("start_date=2025-12-01&end_date=2025-12-04", false, 2),
        ("camera_id=back&camera_id=front", false, 2),
    ] {
        let preview = preview(&app, &app.client, query).await;
        let lines = app.export(query).await.text().await.unwrap();
        let rows: Vec<&str> = lines.split_terminator("\r\n").skip(1).collect();
        let hours = preview["hours"].as_array().unwrap();
        assert_eq!(!hours.is_empty(), is_hourly, "{query}");
        for hour in hours {
            let start = &hour["hour"].as_str().unwrap()[..13];
            assert_eq!(hour["events"], rows.iter().filter(|row| row.starts_with(start)).count(), "{query}: {start}");
        }
        let separate = preview["cameras"].as_array().unwrap();
        assert_eq!(separate.len(), cameras, "{query}");
        for camera in separate {
            let id = format!(",{},", camera["id"].as_str().unwrap());
            assert_eq!(sum(&camera["events"]), rows.iter().filter(|row| row.contains(&id)).count() as u64, "{query}");
            let columns = if is_hourly { hours.len() } else { preview["days"].as_array().unwrap().len() };
            assert_eq!(camera["events"].as_array().unwrap().len(), columns, "{query}");
            assert!(camera["name"].is_string());
        }
    }
    for number in 0..4 {
        app.database.add_camera(&format!("more-{number}"), None).await;
    }
    let many = preview(&app, &app.client, "start_date=2025-12-01&end_date=2025-12-01").await;
    assert_eq!(many["cameras"], Value::Array(Vec::new()), "six cameras cannot be told apart");
    let five = "camera_id=front&camera_id=back&camera_id=more-0&camera_id=more-1&camera_id=more-2";
    let five = preview(&app, &app.client, five).await;
    let named: Vec<_> = five["cameras"].as_array().unwrap().iter().map(|camera| camera["id"].clone()).collect();
    assert_eq!(named, ["back", "front", "more-0", "more-1", "more-2"], "in the order of lists");
}

#[tokio::test]
async fn events_are_counted_per_local_day_however_far_apart_they_are() {
    let moments = [
        "2024-02-29T23:59:59Z",
        "2024-03-01T00:00:00Z",
        // Clocks change in Berlin and in Los Angeles.
        "2025-03-08T07:59:59Z",
        "2025-03-09T10:30:00Z",
        "2025-03-29T22:59:59Z",
        "2025-03-29T23:00:00Z",
        "2025-10-26T00:30:00Z",
        "2025-10-26T01:30:00Z",
        "2025-10-26T23:00:00Z",
        "2025-12-31T23:59:59Z",
    ];
    let database = TestDatabase::with(moments.map(event)).await;
    database
        .add([seen_by(event("2025-10-26T12:00:00Z"), "back"), seen_by(event("2023-01-01T12:00:00Z"), "back")])
        .await;
    let app = database.serve(5).await;
    // The second time with more days in between than can be counted each for itself.
    for far in [None, Some("9998-01-01T12:00:00Z")] {
        if let Some(far) = far {
            app.database.add([event(far)]).await;
        }
        for zone in ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"] {
            for selection in [
                "",
                "&camera_id=back",
                "&camera_id=front",
                "&camera_id=back&camera_id=front",
                // Within days, with events before and after on the same ones.
                "&start_date=2025-03-09T10:30:00Z&end_date=2025-10-26T00:30:01Z",
                "&start_date=2024-03-01T00:00:00Z&end_date=2025-10-26T12:00:00Z&camera_id=back&camera_id=front",
            ] {
                let query = format!("timezone={zone}{selection}");
                let lines = app.lines(&query).await;
                let mut days: BTreeMap<&str, u64> = BTreeMap::new();
                for line in &lines {
                    *days.entry(&line[..10]).or_default() += 1;
                }
                let found = preview(&app, &app.client, &query).await;
                assert_eq!(found["rows"], lines.len(), "{query}");
                let counted = found["days"].as_array().unwrap().iter();
                let counted: BTreeMap<_, _> =
                    counted.map(|day| (day["day"].as_str().unwrap(), day["events"].as_u64().unwrap())).collect();
                assert_eq!(counted, days, "{query}");
                assert!(lines[0].starts_with(found["first"].as_str().unwrap()), "{query}");
                assert!(lines[lines.len() - 1].starts_with(found["last"].as_str().unwrap()), "{query}");
            }
        }
    }
}

#[tokio::test]
async fn a_selection_without_events_says_on_which_local_days_its_cameras_have_some() {
    let database = TestDatabase::with(events(3_000)).await;
    database.add([seen_by(event("2025-12-02T23:30:00Z"), "back")]).await;
    database.add_camera("quiet", None).await;
    database.add_viewer("other", &[]).await;
    let app = database.serve(500).await;
    for (query, first, last) in [
        ("end_date=2000-01-01", "2025-12-01", "2025-12-02"),
        ("end_date=2000-01-01&timezone=Asia/Tokyo", "2025-12-01", "2025-12-03"),
        ("end_date=2000-01-01&timezone=America/Los_Angeles", "2025-11-30", "2025-12-02"),
        ("start_date=2026-01-01&camera_id=front", "2025-12-01", "2025-12-01"),
        ("start_date=2026-01-01&camera_id=quiet&camera_id=back", "2025-12-01", "2025-12-02"),
    ] {
        let found = preview(&app, &app.client, query).await;
        assert_eq!(found["rows"], 0, "{query}");
        assert_eq!(found["elsewhere"], serde_json::json!({ "first": first, "last": last }), "{query}");
    }
    for query in ["", "camera_id=quiet", "start_date=2025-12-01&end_date=2025-12-01"] {
        assert!(preview(&app, &app.client, query).await.get("elsewhere").is_none(), "{query}");
    }
    let other = app.browser_of("other").await;
    assert!(
        preview(&app, &other, "end_date=2000-01-01").await.get("elsewhere").is_none(),
        "nothing of others' cameras"
    );
    // The page has a link, which works without script.
    let admin = app.browser_of("admin").await;
    let page = text_of(app.get_as(&admin, "/settings?end_date=2000-01-01&camera_id=front&timezone=UTC").await).await;
    assert!(page.contains("There are events from 1 Dec 2025 to 1 Dec 2025."), "{page}");
    let (before, _) = page.split_once("\" rel=\"external\">Select them</a>").expect("a link");
    let address = before.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
    let page = text_of(app.get_as(&admin, &address).await).await;
    assert!(page.contains("<dt>Events</dt><dd>1,500</dd>"), "{page}");
}

#[tokio::test]
async fn without_any_events_the_page_leads_administrators_to_the_import_and_others_to_them() {
    let database = TestDatabase::new().await;
    database.add_viewer("viewer", &[]).await;
    let app = database.serve(500).await;
    let (admin, viewer) = (app.browser_of("admin").await, app.browser_of("viewer").await);
    let page = text_of(app.get_as(&admin, "/settings").await).await;
    assert!(page.contains("There are no events yet") && page.contains("href=\"/settings/import\""), "{page}");
    let page = text_of(app.get_as(&viewer, "/settings").await).await;
    assert!(page.contains("Administrators can change that: admin."), "{page}");
    assert!(!page.contains("href=\"/settings/import\""), "{page}");
    // A camera alone has no events.
    app.database.add_camera("front", None).await;
    let page = text_of(app.get_as(&admin, "/settings").await).await;
    assert!(page.contains("There are no events yet"), "{page}");
    app.database.add(events(1)).await;
    let page = text_of(app.get_as(&admin, "/settings?start_date=2026-01-01").await).await;
    assert!(!page.contains("There are no events yet") && page.contains("Select them"), "{page}");
    let page = text_of(app.get_as(&viewer, "/settings").await).await;
    assert!(page.contains("Administrators can change that: admin."), "no camera is granted: {page}");
}

#[tokio::test]
async fn the_sample_has_the_first_rows_of_the_export() {
    let database = TestDatabase::with(events(30)).await;
    database.add_camera("odd", Some("=1, \"odd\"\r\nand long")).await;
    database.add([seen_by(event("2025-11-30T00:00:00Z"), "odd")]).await;
    let app = database.serve(10).await;
    for query in [
        "bom=true",
        "raw=true&timezone=Asia/Tokyo&excel_date=true",
        "delimiter=semicolon",
        "end_date=2025-11-30&camera_id=odd",
        "end_date=2000-01-01",
    ] {
        let preview = preview(&app, &app.client, query).await;
        let shown = preview["sample"].clone();
        let file = app.export(query).await.text().await.unwrap();
        let delimiter = if query.contains("semicolon") { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new();
        let mut file = reader.delimiter(delimiter).from_reader(file.trim_start_matches('\u{feff}').as_bytes());
        assert_eq!(preview["columns"], file.headers().unwrap().iter().map(Value::from).collect::<Value>(), "{query}");
        let rows = file.records().take(10).map(|row| row.unwrap().iter().map(Value::from).collect::<Value>());
        assert_eq!(shown, rows.collect::<Value>(), "{query}");
    }
}

#[tokio::test]
async fn the_counts_of_cameras_match_the_export() {
    let database = TestDatabase::with(events(3_001)).await;
    database.add_camera("idle", None).await;
    let ann = database.add_viewer("ann", &["front", "idle"]).await;
    let app = database.serve(500).await;
    let (ann, _) = app.client_of(&ann).await;
    for (client, query) in [
        (&app.client, ""),
        (&app.client, "camera_id=back&camera_id=idle"),
        (&app.client, "start_date=2025-12-01T00:10:00Z&end_date=2025-12-01T00:20:00Z"),
        (&app.client, "end_date=2000-01-01"),
        (&ann, ""),
    ] {
        let counts = request(&app, client, "camera-counts", query).await;
        let lines = app.lines_as(client, query).await;
        let counted = counts.as_array().unwrap().iter();
        let counted = counted.map(|count| (count["id"].as_str().unwrap(), count["events"].as_u64().unwrap()));
        let counted: std::collections::BTreeMap<_, _> = counted.collect();
        let mut exported = std::collections::BTreeMap::new();
        for line in &lines {
            *exported.entry(line.split(',').nth(1).unwrap()).or_insert(0_u64) += 1;
        }
        assert_eq!(counted, exported, "{query}");
    }
}

#[tokio::test]
async fn users_preview_only_their_own_cameras() {
    let database = TestDatabase::with(events(10).chain([seen_by(event("2025-12-03T00:00:00Z"), "back")])).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let nobody = database.add_viewer("bob", &[]).await;
    let app = database.serve(10).await;
    let ((ann, _), (nobody, _)) = (app.client_of(&ann).await, app.client_of(&nobody).await);
    assert_eq!(preview(&app, &ann, "").await["rows"], 5);
    assert_eq!(preview(&app, &app.client, "").await["rows"], 11);
    assert_eq!(preview(&app, &nobody, "").await["rows"], 0);
}

#[tokio::test]
async fn a_camera_that_is_revoked_while_a_preview_waits_is_not_in_it() {
    let mut database = TestDatabase::with(events(10)).await;
    database.settings.database.connections = 1.try_into().unwrap();
    let ann = database.add_viewer("ann", &[]).await;
    let app = database.serve(10).await;
    let (client, _) = app.client_of(&ann).await;
    let wait = || tokio::time::sleep(Duration::from_millis(1));
    for what in ["preview", "camera-counts"] {
        grants::grant(&app.database.connection, &ann, "front").await.unwrap();
        // The only connection is in use until the sender is dropped.
        let (in_use, dropped) = std::sync::mpsc::channel::<()>();
        let reader = app.state.reader.clone();
        tokio::spawn(async move { reader.read(move |_, _| Ok::<_, DbErr>(dropped.recv().is_ok())).await });
        while app.state.reader.busy() == 0 {
            wait().await;
        }
        let previewing = tokio::spawn(client.get(format!("{}/api/v1/{what}?query=", app.address)).send());
        // Until it has the only preview permit, which it acquires after the check of access.
        while app.state.reader.acquire_preview_permit(None).now_or_never().is_some() {
            wait().await;
        }
        grants::revoke(&app.database.connection, &ann, "front").await.unwrap();
        drop(in_use);
        assert_eq!(previewing.await.unwrap().unwrap().status(), 403, "{what}");
    }
}

#[tokio::test]
async fn the_preview_rejects_what_the_export_rejects_with_the_same_error() {
    let app = TestDatabase::with(events(10)).await.serve(10).await;
    for query in ["start_date=soon", "camera_id=nobody", "timezone=Mars", "colour=red"] {
        let exported = app.export(query).await;
        let status = exported.status();
        let exported: Value = exported.json().await.unwrap();
        let request = app.client.get(format!("{}/api/v1/preview", app.address)).query(&[("query", query)]);
        let previewed = request.send().await.unwrap();
        assert_eq!(previewed.status(), status, "{query}");
        let previewed: Value = previewed.json().await.unwrap();
        assert_eq!((&previewed["field"], &previewed["detail"]), (&exported["field"], &exported["detail"]), "{query}");
    }
}

#[tokio::test]
async fn a_cancelled_preview_is_stopped_in_the_database() {
    let mut database = TestDatabase::with([]).await;
    database.settings.export.page_timeout_seconds = 1.try_into().unwrap();
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (client, authorization) = app.client_of(&ann).await;
    app.database.replace_events(endless()).await;
    let stopped = async || {
        let stopped = async {
            while app.state.reader.busy() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), stopped).await.expect("the query is stopped");
    };
    // The client disconnects.
    let client_that_leaves =
        SlowClient::send(&app.address, "/api/v1/preview?query=", &[("authorization", &authorization)]).await;
    while app.state.reader.busy() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(client_that_leaves);
    stopped().await;
    // The timeout passes.
    let response = app.get_as(&client, "/api/v1/preview?query=").await;
    assert_eq!(response.status(), 504);
    stopped().await;
}
