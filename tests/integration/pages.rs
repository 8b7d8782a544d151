//! The pages as the server renders them, without a browser.

use crate::app::{TestDatabase, events};

#[tokio::test]
async fn the_root_leads_to_the_settings() {
    let app = TestDatabase::new().await.serve(10).await;
    let response = app.get("/").await;
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["location"], "/settings");
}

#[tokio::test]
async fn the_settings_page_is_whole_without_script() {
    let database = TestDatabase::with(events(1)).await;
    database.add_camera("gone", None).await;
    let app = database.serve(10).await;
    let browser = app.browser_of("admin").await;
    let page = app.get_as(&browser, "/settings").await.text().await.unwrap();
    for part in [
        "<html lang=\"en\">",
        "<title>Data Export · Motion Export</title>",
        "method=\"get\" action=\"/api/v1/motion-events/export\"",
        "name=\"start_date\"",
        "name=\"end_date\"",
        ">All Cameras<",
        ">Front Door<",
        ">gone (no longer there)<",
        ">Europe/Berlin<",
        "name=\"bom\"",
        "Export CSV",
        "thaw-id-button",
        "prefers-color-scheme:dark",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    let place = |text| page.find(text).unwrap();
    assert!(place(">All Cameras<") < place(">Back Yard<"), "all cameras come first");
    assert!(place(">Front Door<") < place(">gone (no"), "cameras that are gone come last");
}

#[tokio::test]
async fn an_address_that_there_is_not_is_a_page_with_status_404() {
    let app = TestDatabase::new().await.serve(10).await;
    let response = app.get("/nowhere").await;
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("There is no such page"));
}

#[tokio::test]
async fn an_address_whose_zone_or_camera_there_is_not_selects_no_other_one() {
    let app = TestDatabase::with(events(1)).await.serve(10).await;
    let browser = app.browser_of("admin").await;
    let page =
        app.get_as(&browser, "/settings?timezone=europe/berlin&start_date=2025-12-01").await.text().await.unwrap();
    assert!(page.contains("names no selection that can be used. There is no time zone “europe/berlin”"));
    assert!(page.contains("<option value=\"UTC\" selected>"), "the form is untouched");
    assert!(!page.contains("value=\"2025-12-01\""), "the form is untouched");
    // Sent as it is, the form asks for that camera, and not for all of them.
    let page = app.get_as(&browser, "/settings?camera_id=nobody&timezone=UTC").await.text().await.unwrap();
    let row = page.split("<li").find(|row| row.contains("value=\"nobody\"")).expect("a row of its own");
    assert!(row.contains("nobody (no longer there)") && row.contains(" checked"), "{row}");
}

#[tokio::test]
async fn whoever_comes_to_the_export_with_a_browser_is_told_in_a_page_what_is_wrong() {
    let app = TestDatabase::new().await.serve(10).await;
    let browser = app.browser_of("admin").await;
    let url = format!("{}/api/v1/motion-events/export?start_date=2025-12-02&end_date=2025-12-01", app.address);
    let answer = |accept| browser.get(&url).header("accept", accept).send();
    let page = answer("text/html,application/xhtml+xml,*/*;q=0.8").await.unwrap();
    assert_eq!(page.status(), 400);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert!(page.contains("<h1>Invalid parameter<") && page.contains("is after the end, 2025-12-01"), "{page}");
    for accept in ["*/*", "text/csv", "application/json"] {
        let answer = answer(accept).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{accept}");
    }
}

#[tokio::test]
async fn names_are_escaped() {
    let database = TestDatabase::new().await;
    database.add_camera("a", Some("<script>alert(1)</script>")).await;
    let app = database.serve(10).await;
    let browser = app.browser_of("admin").await;
    let page = app.get_as(&browser, "/settings").await.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script>alert(1)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_renders_two_hundred_times_at_once() {
    let app = TestDatabase::with(events(1)).await.serve(10).await;
    let browser = app.browser_of("admin").await;
    for (path, status) in [
        ("/settings", 200),
        ("/settings/tokens", 200),
        ("/settings/account", 200),
        ("/settings/people", 200),
        ("/settings/people/nobody", 404),
        ("/nowhere", 404),
    ] {
        let requests = (0..200).map(|_| app.get_as(&browser, path));
        for response in futures_util::future::join_all(requests).await {
            assert_eq!(response.status(), status);
            assert!(response.text().await.unwrap().contains("</html>"));
        }
    }
}
