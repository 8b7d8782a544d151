//! A server whose public address has a path: `https://example.org/motion/`.

use motion_export::export_params::EXPORT_PATH;
use reqwest::header::{COOKIE, HOST};
use serde_json::Value;

use crate::app::{HEADER, PASSWORD, TestApp, TestDatabase, client_with, events};
use crate::authorization::paths;

const BASE: &str = "/motion";

async fn app() -> TestApp {
    let mut database = TestDatabase::with(events(10)).await;
    "https://example.org/motion/".clone_into(&mut database.settings.server.public_url);
    database.add_viewer("ann", &["front"]).await;
    database.serve(10).await
}

/// Returns the addresses in the attributes of a page that are paths.
fn addresses(page: &str) -> Vec<String> {
    let attributes = [" href=\"", " src=\"", " action=\"", " formaction=\"", " data-events=\""];
    let values = attributes.iter().flat_map(|attribute| page.split(attribute).skip(1));
    let values = values.filter_map(|rest| rest.split('"').next()).filter(|value| value.starts_with('/'));
    values.map(str::to_owned).collect()
}

#[tokio::test]
async fn whether_the_proxy_removes_the_path_or_not_each_address_of_a_page_has_it() {
    let app = app().await;
    let host = (HOST, "example.org");
    for base in [BASE, ""] {
        let form = [("name", "ann"), ("password", PASSWORD), ("next", "/settings/exports")];
        let answer = app.post(&client_with(std::slice::from_ref(&host)), &format!("{base}/login"), &form).await;
        assert_eq!(answer.status(), 303);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("__Secure-motion-export=") && cookie.contains("Path=/motion;"), "{cookie}");
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with("/motion/login?done=signed-in"), "{location}");
        let browser = client_with(&[host.clone(), (COOKIE, cookie.split(';').next().unwrap())]);
        let location = if base.is_empty() { location.replacen(BASE, "", 1) } else { location };
        let next = app.get_as(&browser, &location).await;
        assert_eq!(next.headers()["location"], "/motion/settings/exports");
        for path in [
            "/settings",
            "/settings/exports",
            "/settings/verify",
            "/settings/tokens",
            "/login",
            "/nowhere",
            "/api/v1/docs",
        ] {
            let page = app.get_as(&browser, &format!("{base}{path}")).await;
            if page.status() == 303 {
                assert_eq!(page.headers()["location"], "/motion/settings", "{path}");
                continue;
            }
            let page = page.text().await.unwrap();
            let addresses = addresses(&page);
            assert!(!addresses.is_empty(), "{path}: {page}");
            let wrong: Vec<_> = addresses.iter().filter(|address| !address.starts_with("/motion/")).collect();
            assert!(wrong.is_empty(), "{path}: {wrong:?}");
            assert!(path.starts_with("/api") || page.contains("<html data-base=\"/motion\""), "{page}");
        }
        let file = app.get_as(&browser, &format!("{base}{EXPORT_PATH}")).await.text().await.unwrap();
        assert!(file.starts_with(HEADER) && file.lines().count() == 6, "{file}");
        let out = app.post(&browser, &format!("{base}/logout"), &[]).await;
        assert!(out.headers()["location"].to_str().unwrap().starts_with("/motion/login"));
        let removed = out.headers()["set-cookie"].to_str().unwrap();
        assert!(removed.starts_with("__Secure-motion-export=;") && removed.contains("Path=/motion;"), "{removed}");
        // The storage of the origin may be that of another program.
        assert_eq!(out.headers()["clear-site-data"], "\"cache\"");
    }
}

#[tokio::test]
async fn redirects_preferences_and_the_description_of_the_api_have_the_path() {
    let app = app().await;
    for path in ["/motion", "/motion/", "/"] {
        assert_eq!(app.get(path).await.headers()["location"], "/motion/settings", "{path}");
    }
    let signed_out = client_with(&[]);
    let answer = app.get_as(&signed_out, "/motion/settings?start_date=2025-12-01").await;
    assert_eq!(answer.headers()["location"], "/motion/login?next=%2Fsettings%3Fstart_date%3D2025-12-01");
    // As a link of the hydrated page has it.
    let next = app.get_as(&signed_out, "/motion/preferences?theme=dark&next=%2Fmotion%2Flogin").await;
    assert_eq!(next.headers()["location"], "/motion/login");
    let chosen = app.post(&signed_out, "/motion/preferences", &[("theme", "dark"), ("next", "/login")]).await;
    assert!(chosen.headers()["set-cookie"].to_str().unwrap().contains("Path=/motion;"));
    let description: Value = app.get("/motion/api/v1/openapi.json").await.json().await.unwrap();
    assert_eq!(description["servers"][0]["url"], "/motion");
    for probe in ["/healthz", "/motion/healthz"] {
        assert_eq!(app.get_as(&signed_out, probe).await.status(), 200);
    }
    for elsewhere in ["/motional/settings", "/other/settings", "/motion/motion/settings"] {
        assert_eq!(app.get(elsewhere).await.status(), 404, "{elsewhere}");
    }
}

#[tokio::test]
async fn a_path_that_is_one_of_the_servers_own_is_refused_at_start() {
    let app = TestDatabase::new().await.serve(10).await;
    for path in paths(&app.routes) {
        let first = path.split('/').nth(1).unwrap_or_default();
        if first.is_empty() || first.starts_with('{') {
            continue;
        }
        let mut settings = app.database.settings.server.clone();
        settings.public_url = format!("https://example.org/{first}/");
        let error = settings.check().expect_err(first).to_string();
        assert!(error.contains("one of the server's own"), "{error}");
    }
}
