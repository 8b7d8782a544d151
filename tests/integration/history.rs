//! The export history: its filters, its times, the history as CSV, and the page about one export.

use motion_export::api::exports::{EXPORTS_PATH, HISTORY_CSV_PATH};
use motion_export::api::session::Role;
use motion_export::server::accounts::user;
use motion_export::server::db::entity::export;
use motion_export::server::db::unix_micros::UnixMicros;
use reqwest::Client;
use reqwest::header::{ACCEPT_LANGUAGE, COOKIE};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{NOW, TestApp, TestDatabase, client_with, events, text_of};
use crate::proxy::SlowClient;

/// Returns a completed record that began that many seconds after the start of the tests.
fn record(number: u32, query: &str) -> export::Model {
    let started_at = UnixMicros::new(NOW + i64::from(number) * 1_000_000);
    export::Model {
        id: Uuid::from_u128(number.into()),
        user_id: None,
        user_name: Some("=ann".to_owned()),
        via: "command".to_owned(),
        query: query.to_owned(),
        state: "completed".to_owned(),
        rows: i64::from(number),
        bytes: 100,
        sha256: Some(vec![0xab; 32]),
        started_at,
        heartbeat_at: started_at,
        finished_at: Some(started_at),
        error: None,
        complete_to: None,
        deleted_to: None,
        cancel_requested: None,
    }
}

async fn add(app: &TestApp, records: Vec<export::Model>) {
    let records = records.into_iter().map(IntoActiveModel::into_active_model);
    export::Entity::insert_many(records).exec_without_returning(&app.database.connection).await.unwrap();
}

/// Returns the numbers of the listed records, in their order.
async fn numbers(app: &TestApp, query: &str) -> Vec<i64> {
    let list: Value = app.get(&format!("{EXPORTS_PATH}?{query}")).await.json().await.unwrap();
    let exports = list["exports"].as_array().unwrap_or_else(|| panic!("{query}: {list}"));
    exports.iter().map(|record| record["rows"].as_i64().unwrap()).collect()
}

async fn browser_in(app: &TestApp, name: &str, timezone: &str) -> Client {
    client_with(&[(COOKIE, &format!("{}; timezone={timezone}", app.cookie_of(name).await))])
}

#[tokio::test]
async fn records_are_selected_by_a_camera_whatever_its_id_and_those_of_all_cameras_are_included() {
    let app = TestDatabase::new().await.serve(10).await;
    let of = |number, cameras: &str| record(number, &format!("format=csv{cameras}&timezone=UTC"));
    add(
        &app,
        vec![
            of(1, ""),
            of(2, "&camera_id=a"),
            of(3, "&camera_id=b&camera_id=a"),
            of(4, "&camera_id=A"),
            of(5, "&camera_id=a%26b+%25_"),
            of(6, "&camera_id=aa"),
        ],
    )
    .await;
    for (id, expected) in [
        ("a", &[3, 2, 1][..]),
        ("A", &[4, 1]),
        ("a%26b+%25_", &[5, 1]),
        ("%25", &[1]),
        ("aa", &[6, 1]),
        ("nothing", &[1]),
    ] {
        assert_eq!(numbers(&app, &format!("camera_id={id}")).await, expected, "{id}");
    }
}

#[tokio::test]
async fn records_are_found_by_the_name_of_their_file() {
    let app = TestDatabase::new().await.serve(10).await;
    let of = |number, dates: &str| record(number, &format!("format=csv{dates}&timezone=Asia%2FTokyo"));
    add(
        &app,
        vec![
            of(1, ""),
            of(2, "&start_date=2025-12-01&end_date=2025-12-16"),
            of(3, "&start_date=2025-12-01"),
            of(4, "&end_date=2025-12-16"),
            // The 2nd of December in Tokyo.
            of(5, "&start_date=2025-12-01T20%3A00%3A00Z&end_date=2025-12-16"),
            of(6, "&start_date=2025-12-10&end_date=2025-12-16"),
        ],
    )
    .await;
    for (name, expected) in [
        ("motion-events-all.csv", &[1][..]),
        ("motion-events-all%20(1).csv", &[1]),
        ("motion-events-2025-12-01-2025-12-16.csv", &[5, 2]),
        ("motion-events-2025-12-02-2025-12-16.csv", &[5]),
        ("motion-events-2025-12-01-latest.csv", &[3]),
        ("motion-events-earliest-2025-12-16.csv", &[4]),
        ("motion-events-2025-12-03-2025-12-16.csv", &[]),
    ] {
        assert_eq!(numbers(&app, &format!("file_name={name}")).await, expected, "{name}");
    }
    let other = app.get(&format!("{EXPORTS_PATH}?file_name=report.csv")).await;
    assert_eq!(
        (other.status().as_u16(), other.json::<Value>().await.unwrap()["field"].clone()),
        (400, "file_name".into())
    );
}

#[tokio::test]
async fn the_days_of_the_list_are_those_of_a_time_zone() {
    // The tests begin on 16 December at 12:00 UTC.
    let app = TestDatabase::new().await.serve(10).await;
    add(&app, vec![record(1, "format=csv&timezone=UTC"), record(11 * 3_600 + 1_800, "format=csv&timezone=UTC")]).await;
    let later = i64::from(11 * 3_600 + 1_800);
    assert_eq!(numbers(&app, "start_date=2025-12-17").await, [0; 0]);
    assert_eq!(numbers(&app, "start_date=2025-12-17&timezone=Europe/Berlin").await, [later]);
    assert_eq!(numbers(&app, "end_date=2025-12-16&timezone=Europe/Berlin").await, [1]);
    assert_eq!(numbers(&app, "end_date=2025-12-16").await, [later, 1]);
    let wrong = app.get(&format!("{EXPORTS_PATH}?timezone=CEST")).await;
    assert_eq!(wrong.json::<Value>().await.unwrap()["field"], "timezone");
}

#[tokio::test]
async fn the_page_has_times_and_days_of_the_reader_and_lists_of_people_and_cameras_for_administrators() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let bob = database.add_viewer("bob", &["front"]).await;
    let app = database.serve(10).await;
    for name in [&ann, &bob] {
        let (client, _) = app.client_of(name).await;
        app.get_as(&client, "/api/v1/motion-events/export").await.bytes().await.unwrap();
    }
    user::remove(&app.database.connection, &bob).await.unwrap();
    let admin = browser_in(&app, "admin", "Asia/Calcutta").await;
    let page = text_of(app.get_as(&admin, "/settings/exports").await).await;
    for part in [
        "<span>16 Dec 2025,</span><span> 17:30:00 UTC+05:30</span>",
        "name=\"timezone\" value=\"Asia/Kolkata\"",
        "<option value=\"ann\">ann</option>",
        "<optgroup label=\"Removed\"><option value=\"bob\">bob</option></optgroup>",
        "<option value=\"front\">Front Door</option>",
        "Days in Asia/Kolkata.",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let rows = |page: &str| page.matches("<tr role=\"row\" data-export").count();
    assert_eq!(rows(&page), 2);
    for (query, expected) in [
        ("user=bob", 1),
        ("user=ann&state=completed&camera_id=front&start_date=2025-12-16&end_date=2025-12-16", 1),
        ("start_date=2025-12-17", 0),
        // 21:00 in Tokyo, and already the next day on Kiritimati.
        ("start_date=2025-12-17&timezone=Pacific/Kiritimati", 2),
    ] {
        let page = text_of(app.get_as(&admin, &format!("/settings/exports?{query}")).await).await;
        assert_eq!(rows(&page), expected, "{query}: {page}");
        assert_eq!(page.contains("No exports match the filter."), expected == 0, "{query}");
    }
    // Others see their own, in UTC until the browser's zone is known.
    let anns = app.browser_of("ann").await;
    let page = text_of(app.get_as(&anns, "/settings/exports").await).await;
    assert!(page.contains("<span>16 Dec 2025,</span><span> 12:00:00 UTC</span>"), "{page}");
    assert!(rows(&page) == 1 && !page.contains("name=\"user\"") && !page.contains("bob"), "{page}");
    // The form of the export has them in the same zone.
    let page = text_of(app.get_as(&browser_in(&app, "ann", "Asia/Tokyo").await, "/settings").await).await;
    assert!(page.contains(">16 Dec 2025, 21:00:00 UTC+09:00</time>"), "{page}");
}

#[tokio::test]
async fn a_wrong_digest_is_told_beside_its_field_and_the_form_and_the_list_stay() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    app.export("").await.bytes().await.unwrap();
    let cookie = app.cookie_of("admin").await;
    for (language, words) in
        [("en", "A SHA-256 has 64 hexadecimal digits"), ("de", "Ein SHA-256-Wert hat 64 hexadezimale Ziffern")]
    {
        let browser = client_with(&[(COOKIE, &cookie), (ACCEPT_LANGUAGE, language)]);
        let response = app.get_as(&browser, "/settings/exports?state=completed&sha256=abc").await;
        assert_eq!(response.status(), 200);
        let page = text_of(response).await;
        assert!(page.contains("value=\"abc\" aria-invalid=\"true\" aria-describedby=\"sha256-problem\""), "{page}");
        assert!(page.contains(&format!("id=\"sha256-problem\" role=\"alert\" class=\"problem\">{words}")), "{page}");
        assert!(page.contains("<option value=\"completed\" selected>") && page.contains("data-export="), "{page}");
    }
}

#[tokio::test]
async fn the_history_as_csv_has_all_records_that_the_reader_may_see_and_each_once() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let all = (1..=1_203).map(|number| record(number, "format=csv&camera_id=%3Da&timezone=UTC")).collect();
    add(&app, all).await;
    let response = app.get(&format!("{HISTORY_CSV_PATH}?timezone=Asia/Tokyo&bom=true")).await;
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"export-history-2025-12-16.csv\"");
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    let text = response.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(
        rows.iter().map(|row| row[12].parse().unwrap()).collect::<Vec<i64>>(),
        (1..=1_203).rev().collect::<Vec<_>>()
    );
    let last = rows.last().unwrap();
    assert_eq!((&last[1], &last[4], &last[6]), ("2025-12-16T21:00:01+09:00", "'=ann", "completed"));
    assert_eq!((&last[10], &last[14]), ("'=a", &*"ab".repeat(32)));

    // The same filters, and the same rights.
    let one = app.get(&format!("{HISTORY_CSV_PATH}?end_date=2025-12-16T12:00:02Z&delimiter=semicolon")).await;
    let one = one.text().await.unwrap();
    assert!(one.starts_with("id;started_at;") && one.lines().count() == 2, "{one}");
    let (anns, _) = app.client_of(&ann).await;
    app.get_as(&anns, "/api/v1/motion-events/export").await.bytes().await.unwrap();
    let own = app.get_as(&anns, HISTORY_CSV_PATH).await.text().await.unwrap();
    assert!(own.lines().count() == 2 && own.contains(",ann,token,completed,"), "{own}");
    let page = text_of(app.get_as(&app.browser_of("ann").await, "/settings/exports?state=failed&before=").await).await;
    assert!(page.contains("href=\"/api/v1/exports.csv?state=failed&amp;timezone=UTC&amp;bom=true\""), "{page}");
}

#[tokio::test]
async fn the_history_as_csv_breaks_if_the_rights_of_its_reader_end() {
    let database = TestDatabase::new().await;
    let ann = database.add_viewer("ann", &[]).await;
    user::set_role(&database.connection, &ann, Role::Admin).await.unwrap();
    let app = database.serve(10).await;
    // A page of records is larger than all buffers of a connection.
    let query = format!("format=csv&camera_id={}&timezone=UTC", "x".repeat(40_000));
    for first in [0, 250, 500, 750] {
        add(&app, (first..first + 250).map(|number| record(number, &query)).collect()).await;
    }
    let ann = user::by_id(&app.database.connection, ann.id).await.unwrap().unwrap();
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut whole = SlowClient::send(&app.address, HISTORY_CSV_PATH, &headers).await;
    let (body, is_complete) = whole.rest().await;
    assert!(is_complete && body.len() > 40_000_000, "{}", body.len());
    let mut client = SlowClient::send_with_small_buffer(&app.address, HISTORY_CSV_PATH, &headers).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    user::set_role(&app.database.connection, &ann, Role::User).await.unwrap();
    let (body, is_complete) = client.rest().await;
    assert!(!is_complete && body.len() < 40_000_000, "{}", body.len());
}

#[tokio::test]
async fn the_page_of_an_export_has_everything_of_its_record_for_those_who_may_see_it() {
    let database = TestDatabase::with(events(4)).await;
    let ann = database.add_viewer("ann", &["front", "back"]).await;
    database.add_viewer("bob", &["front"]).await;
    let app = database.serve(10).await;
    let (client, _) = app.client_of(&ann).await;
    let query = "start_date=2025-12-01&end_date=2025-12-02&camera_id=front&camera_id=back&timezone=Europe/Berlin&delimiter=semicolon&bom=true";
    let response = app.get_as(&client, &format!("/api/v1/motion-events/export?{query}")).await;
    let id = response.headers()["x-export-id"].to_str().unwrap().to_owned();
    let file = response.bytes().await.unwrap();
    let path = format!("/settings/exports/{id}");
    let record = app.record(&id).await;
    for name in ["ann", "admin"] {
        let page = text_of(app.get_as(&browser_in(&app, name, "Asia/Tokyo").await, &path).await).await;
        for part in [
            "<h1>Export of 16 Dec 2025, 21:00:00 UTC+09:00</h1>",
            "<span class=\"state state--completed\">Complete</span>",
            "<dt>By</dt><dd>ann</dd>",
            "<dt>How</dt><dd>with an access token</dd>",
            "<dt>Dates</dt><dd>1 Dec 2025 – 2 Dec 2025</dd>",
            "<dt>Time zone</dt><dd>Europe/Berlin</dd>",
            "<dt>Cameras</dt><dd>Front Door (front), Back Yard (back)</dd>",
            "<dt>File format</dt><dd>semicolons and decimal commas, marked as UTF-8 for Excel</dd>",
            "<code>motion-events-2025-12-01-2025-12-02.csv</code>",
            "<dt>Events</dt><dd>4</dd>",
            &format!("({} bytes)</dd>", file.len()),
            &format!("readonly value={}", record["sha256"]),
            "<dt>Complete up to</dt><dd>not known</dd>",
            "<dt>Deleted before</dt><dd>nothing had been deleted</dd>",
            &format!("<code>{id}</code>"),
            "href=\"/api/v1/motion-events/export?format=csv&amp;start_date=2025-12-01&amp;",
            "href=\"/settings?format=csv&amp;start_date=2025-12-01&amp;",
            "href=\"/settings/verify\"",
            &format!("href=\"/api/v1/exports/{id}\""),
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
    }
    let page = text_of(app.get_as(&app.browser_of("ann").await, "/settings/exports").await).await;
    assert!(page.contains(&format!("<a href=\"{path}\"")), "{page}");
    assert_eq!(app.get_as(&app.browser_of("bob").await, &path).await.status(), 404);

    // A selection that the form cannot show, an end that is not known, and an export that runs.
    let running = export::Model {
        state: "running".to_owned(),
        sha256: None,
        finished_at: None,
        ..self::record(7, "format=csv&timezone=UTC&raw=true")
    };
    add(&app, vec![running]).await;
    let german = client_with(&[(COOKIE, &format!("{}; language=de", app.cookie_of("admin").await))]);
    let page = text_of(app.get_as(&german, &format!("/settings/exports/{}", Uuid::from_u128(7))).await).await;
    for part in [
        "<dt>Status</dt><dd><span class=\"state state--running\">Läuft",
        "ohne Schutz gegen Formeln",
        "cancel-button",
        "alle Kameras",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("<dt>Beendet</dt>") && !page.contains("Dasselbe erneut auswählen"), "{page}");
}
