//! The pages as the server renders them, without a browser.

use std::collections::BTreeSet;

use motion_export::api::page::Page;
use motion_export::api::paths::SETTINGS_PATH;
use motion_export::error::ApiError;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE};

use crate::app::{TestDatabase, client_with, events, text_of};

#[tokio::test]
async fn the_root_leads_to_the_settings() {
    let app = TestDatabase::new().await.serve(10).await;
    for (address, led) in [
        ("/", "/settings"),
        ("/?start_date=2025-12-01&camera_id=a%26b", "/settings?start_date=2025-12-01&camera_id=a%26b"),
        ("/?bom=1", "/settings?bom=1"),
    ] {
        let response = app.get(address).await;
        assert_eq!((response.status().as_u16(), response.headers()["location"].to_str().unwrap()), (303, led));
    }
}

#[tokio::test]
async fn each_page_is_shown_at_its_path_and_the_settings_link_theirs() {
    let database = TestDatabase::with(events(1)).await;
    let user = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (admin, signed_out) = (app.browser_of("admin").await, client_with(&[]));
    let settings = text_of(app.get_as(&admin, SETTINGS_PATH).await).await;
    let mut titles = BTreeSet::new();
    for page in Page::ALL {
        let is_settings = page.path().starts_with(SETTINGS_PATH);
        let path = page.path().replace("{id}", &user.id.to_string());
        let html = text_of(app.get_as(if is_settings { &admin } else { &signed_out }, &path).await).await;
        let title = html.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
        assert!(titles.insert(title.clone()), "{page:?} shows another page: {title}");
        let is_linked = settings.contains(&format!("<a href=\"{path}\""));
        assert_eq!(
            is_linked,
            is_settings && ![Page::User, Page::ExportRecord].contains(page),
            "{page:?} in the list of the settings"
        );
    }
}

/// Returns the levels of the headings of a page, in order.
fn heading_levels(html: &str) -> Vec<u8> {
    let level = |(at, _): (usize, &str)| match html.as_bytes().get(at + 2..at + 4)? {
        [digit @ b'1'..=b'6', b' ' | b'>'] => Some(digit - b'0'),
        _ => None,
    };
    html.match_indices("<h").filter_map(level).collect()
}

#[tokio::test]
async fn the_headings_of_each_page_begin_with_the_only_first_one_and_skip_no_level() {
    let database = TestDatabase::with(events(3)).await;
    let user = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (admin, cookie) = (app.browser_of("admin").await, app.cookie_of("admin").await);
    assert_eq!(app.get_as(&admin, "/api/v1/motion-events/export").await.status(), 200);
    let others = ["/nowhere", "/api/v1/docs", "/api/v1/motion-events/export?bom=1"];
    let pages = Page::ALL.iter().map(|page| page.path().replace("{id}", &user.id.to_string()));
    for path in pages.chain(others.map(str::to_owned)) {
        let cookie = if path.starts_with("/settings") { cookie.as_str() } else { "" };
        for language in ["en", "de"] {
            let browser = client_with(&[(COOKIE, cookie), (ACCEPT_LANGUAGE, language), (ACCEPT, "text/html")]);
            let html = text_of(app.get_as(&browser, &path).await).await;
            let levels = heading_levels(&html);
            assert!(levels.first() == Some(&1) && levels[1..].iter().all(|level| *level > 1), "{path}: {levels:?}");
            assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{path}: {levels:?}");
            let least = match path.as_str() {
                "/settings" | "/settings/retention" => 6,
                "/settings/exports" | "/settings/people" => 3,
                "/settings/account" | "/settings/tokens" => 2,
                _ => 1,
            };
            assert!(levels.len() >= least, "{path}: {levels:?}");
        }
    }
}

#[tokio::test]
async fn a_page_with_an_invalid_parameter_names_it() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    let cookie = app.cookie_of("admin").await;
    for (address, english, german) in [
        ("/settings?bom=1", "bom: ", "bom: "),
        (
            "/settings?start_date=2025-01-01&start_date=2025-01-02",
            "start_date: This parameter may be given only once.",
            "start_date: Dieser Parameter darf nur einmal",
        ),
        ("/settings?timezone=Mars", "timezone: There is no time zone “Mars”.", "timezone: "),
        ("/settings?end_date=2025-02-30", "end_date: ", "end_date: "),
        ("/settings/exports?state=broken", "state: ", "state: "),
        ("/settings/exports?limit=0", "limit: ", "limit: "),
    ] {
        for (language, words) in [("en", english), ("de", german)] {
            let browser = client_with(&[(COOKIE, &cookie), (ACCEPT_LANGUAGE, language)]);
            let page = text_of(app.get_as(&browser, address).await).await;
            assert!(page.contains(words), "{address}: {page}");
        }
    }
}

#[tokio::test]
async fn the_settings_page_is_complete_without_javascript() {
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
        ">gone (no longer exists)<",
        ">Berlin (UTC+01:00)<",
        "<optgroup label=\"Your time zone and UTC\">",
        "name=\"bom\"",
        "Export CSV",
        "thaw-id-button",
        "prefers-color-scheme:dark",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    let position = |text| page.find(text).unwrap();
    assert!(position(">All Cameras<") < position(">Back Yard<"), "all cameras come first");
    assert!(position(">Front Door<") < position(">gone (no"), "cameras that no longer exist come last");
}

#[tokio::test]
async fn an_unknown_path_is_a_page_with_status_404() {
    let app = TestDatabase::new().await.serve(10).await;
    let response = app.get("/nowhere").await;
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("Page not found"));
}

#[tokio::test]
async fn an_unknown_time_zone_or_camera_selects_no_other_one() {
    let app = TestDatabase::with(events(1)).await.serve(10).await;
    let browser = app.browser_of("admin").await;
    let page =
        app.get_as(&browser, "/settings?timezone=europe/berlin&start_date=2025-12-01").await.text().await.unwrap();
    assert!(page.contains("in this page's address can't be used. timezone: There is no time zone “europe/berlin”"));
    assert!(page.contains(" selected>UTC</option>"), "the form shows its defaults");
    assert!(!page.contains("value=\"2025-12-01\""), "the form shows its defaults");
    // If it is sent unchanged, the form exports that camera and not all of them.
    let page = app.get_as(&browser, "/settings?camera_id=nobody&timezone=UTC").await.text().await.unwrap();
    let row = page.split("<li").find(|row| row.contains("value=\"nobody\"")).expect("a row of its own");
    assert!(row.contains("nobody (no longer exists)") && row.contains(" checked"), "{row}");
}

#[tokio::test]
async fn a_page_drops_unknown_parameters_from_its_address() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    let browser = app.browser_of("admin").await;
    for (path, led) in [
        (
            "/settings?fbclid=Iw&start_date=2025-12-01&utm_source=mail&camera_id=a%26b",
            "/settings?start_date=2025-12-01&camera_id=a%26b",
        ),
        ("/settings?utm_source=mail", "/settings"),
        ("/settings/exports?state=failed&gclid=1", "/settings/exports?state=failed"),
        ("/settings/tokens?fbclid=1", "/settings/tokens"),
        ("/settings/verify?x", "/settings/verify"),
        ("/settings/account?utm_a=1&done=password-changed", "/settings/account?done=password-changed"),
        ("/settings/people?x=1&y=2", "/settings/people"),
    ] {
        let answer = app.get_as(&browser, path).await;
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, led), "{path}");
        assert_eq!(app.get_as(&browser, led).await.status(), 200, "{led}");
    }
    let page = app.get_as(&browser, "/settings?start_date=2025-12-01&camera_id=front").await.text().await.unwrap();
    assert!(page.contains("value=\"2025-12-01\"") && !page.contains("names no selection"), "{page}");
    // The sign-in keeps the selection.
    let login =
        app.get_as(&client_with(&[]), "/login?next=%2Fsettings%3Ffbclid%3D1%26start_date%3D2025-12-01&fbclid=2").await;
    assert_eq!(login.headers()["location"], "/login?next=%2Fsettings%3Ffbclid%3D1%26start_date%3D2025-12-01");
}

#[tokio::test]
async fn a_preset_of_the_page_leads_to_its_dates() {
    let app = TestDatabase::new().await.serve(10).await;
    let browser = app.browser_of("admin").await;
    let cookie = app.cookie_of("admin").await;
    let form = "format=csv&start_date=2025-01-01&end_date=&camera_id=&camera_id=a%26b";
    for (query, expected) in [
        (
            format!("{form}&timezone=UTC&bom=true&preset=last-7-days"),
            "format=csv&camera_id=&camera_id=a%26b&timezone=UTC&bom=true&start_date=-6d&end_date=today",
        ),
        (
            "timezone=Pacific%2FKiritimati&preset=today".to_owned(),
            "timezone=Pacific%2FKiritimati&start_date=today&end_date=today",
        ),
        ("preset=this-month".to_owned(), "timezone=UTC&start_date=this-month&end_date=today"),
        ("preset=last-24-hours".to_owned(), "timezone=UTC&start_date=-24h"),
        ("start_date=2025-01-01&timezone=UTC&preset=all".to_owned(), "timezone=UTC"),
        // The inputs show local times.
        (
            "timezone=Asia/Tokyo&start_date=2025-12-01T20:00:00Z&bom=true".to_owned(),
            "format=csv&start_date=2025-12-02T05%3A00&timezone=Asia%2FTokyo&bom=true",
        ),
        // An unknown preset is an unknown parameter.
        ("start_date=2025-01-01&preset=tomorrow".to_owned(), "start_date=2025-01-01"),
    ] {
        let response = app.get_as(&browser, &format!("/settings?{query}")).await;
        assert_eq!(response.status(), 303, "{query}");
        assert_eq!(response.headers()["location"], format!("/settings?{expected}"));
    }
    // The browser's own time zone, from the cookie of an earlier page.
    let travelled = client_with(&[(COOKIE, &format!("{cookie}; timezone=Pacific/Kiritimati"))]);
    let response = app.get_as(&travelled, "/settings?preset=today").await;
    let expected = "/settings?timezone=Pacific%2FKiritimati&start_date=today&end_date=today";
    assert_eq!(response.headers()["location"], expected);
    // Noon in UTC is the next day in Kiritimati.
    let page = app.get_as(&travelled, expected).await.text().await.unwrap();
    assert!(page.contains("value=\"2025-12-17\""), "{page}");
}

#[tokio::test]
async fn the_api_refuses_unknown_parameters_and_names_them() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    for (path, field) in [
        ("/api/v1/cameras?x=1", "x"),
        ("/api/v1/cameras?fbclid", "fbclid"),
        ("/api/v1/preview?query=&utm_source=1", "utm_source"),
        ("/api/v1/preview?query=fbclid%3D1", "fbclid"),
        ("/api/v1/camera-counts?camera_id=front", "camera_id"),
        ("/api/v1/camera-counts?query=&query=", "query"),
        ("/api/v1/exports?fbclid=1", "fbclid"),
        ("/api/v1/exports/00000000-0000-0000-0000-000000000000?x=1", "x"),
        ("/api/v1/motion-events/export?fbclid=1", "fbclid"),
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status(), 400, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["field"]), (&"invalid_parameter".into(), &field.into()), "{path}");
    }
}

#[tokio::test]
async fn errors_of_server_functions_are_problem_documents() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    let signed_out = client_with(&[]);
    for (client, path, status, title) in [
        (&app.client, "/api/v1/preview?query=start_date%3Dnonsense", 400, "Invalid parameter"),
        (&app.client, "/api/v1/preview?query=camera_id%3Dgone", 404, "Camera not found"),
        (&app.client, "/api/v1/camera-counts?query=timezone%3DMars", 400, "Invalid parameter"),
        (&signed_out, "/api/v1/cameras", 401, "Not signed in"),
    ] {
        let answer = app.get_as(client, path).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert!(answer.headers().get("serverfnerror").is_none(), "{path}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let text = answer.text().await.unwrap();
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
        let members = (problem["type"].as_str(), problem["title"].as_str(), problem["status"].as_u64());
        assert_eq!(members, (Some("about:blank"), Some(title), Some(status.into())), "{path}: {text}");
        assert_eq!(problem["request_id"].as_str(), Some(&*id), "{path}: {text}");
        // The client in the page parses the same error.
        let error: ApiError = serde_json::from_str(&text).unwrap();
        assert_eq!(u64::from(error.code.status()), u64::from(status), "{path}");
    }
    // A link is requested by a form, which may be invalid as well.
    let browser = app.browser_of("admin").await;
    for form in
        [&[("query", "x=1"), ("minutes", "5")][..], &[("minutes", "5"), ("minutes", "6")], &[("minutes", "soon")]]
    {
        let answer = app.post(&browser, "/api/links", form).await;
        assert_eq!(answer.status(), 400, "{form:?}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{form:?}");
    }
}

#[tokio::test]
async fn a_browser_that_navigates_to_the_export_gets_errors_as_pages() {
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
        ("/settings/sources", 200),
        ("/settings/retention", 200),
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
