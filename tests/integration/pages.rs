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
