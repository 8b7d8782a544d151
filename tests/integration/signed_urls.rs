//! Signed URLs: signed by a session, valid for one export, and no longer than the session.

use motion_export::server::accounts::camera_access::grants;
use motion_export::server::accounts::user;
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, COOKIE};
use serde_json::Value;

use crate::app::{HEADER, PASSWORD, TestApp, TestDatabase, client_with, events};

async fn app_of_ann() -> TestApp {
    let database = TestDatabase::with(events(4)).await;
    database.add_viewer("ann", &["front"]).await;
    database.serve(10).await
}

async fn ask(app: &TestApp, client: &Client, query: &str, minutes: &str) -> reqwest::Response {
    app.post(client, "/api/links", &[("query", query), ("minutes", minutes)]).await
}

/// Returns a signed URL of that export for an hour.
async fn link(app: &TestApp, client: &Client, query: &str) -> String {
    let signed: Value = ask(app, client, query, "60").await.json().await.unwrap();
    signed["url"].as_str().expect("a link").to_owned()
}

async fn status(app: &TestApp, link: &str) -> u16 {
    app.get_as(&client_with(&[]), link).await.status().as_u16()
}

#[tokio::test]
async fn a_link_gives_access_to_its_export_and_nothing_else() {
    let app = app_of_ann().await;
    let link = link(&app, &app.browser_of("ann").await, "camera_id=front&timezone=Europe/Berlin").await;
    let anonymous = client_with(&[]);
    let file = app.get_as(&anonymous, &link).await;
    assert_eq!(file.status(), 200);
    assert_eq!(file.headers()["content-disposition"], "attachment; filename=\"motion-events-all.csv\"");
    let file = file.text().await.unwrap();
    assert!(file.starts_with(HEADER) && file.lines().count() == 3 && file.contains("+01:00,front"), "{file}");
    let url = format!("{}{link}", app.address);
    assert_eq!(anonymous.head(&url).send().await.unwrap().status(), 200);
    // The link gives access to the export only: it does not sign in, and is not accepted by other routes.
    assert!(anonymous.get(&url).send().await.unwrap().headers().get("set-cookie").is_none());
    let (_, query) = link.split_once('?').unwrap();
    for path in ["/settings", "/api/v1/cameras", "/metrics"] {
        assert_ne!(status(&app, &format!("{path}?{query}")).await, 200, "{path}");
    }
}

#[tokio::test]
async fn an_altered_link_is_refused() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let genuine = link(&app, &browser, "camera_id=front&end_date=2025-12-16").await;
    assert_eq!(status(&app, &genuine).await, 200);
    let (base, link) = genuine.split_once("&link=").unwrap();
    let parts: Vec<_> = link.split('.').collect();
    let later = format!("{}", parts[0].parse::<i64>().unwrap() + 1);
    let flipped = format!("{}{}", if parts[2].starts_with('0') { "1" } else { "0" }, &parts[2][1..]);
    let other_session = "0".repeat(32);
    for altered in [
        genuine.replace("camera_id=front", "camera_id=back"),
        genuine.replace("camera_id=front&", ""),
        genuine.replace("2025-12-16", "2025-12-17"),
        genuine.replace("camera_id=front", "camera_id=front&raw=true"),
        format!("{genuine}&raw=true"),
        format!("{base}&link={later}.{}.{}", parts[1], parts[2]),
        format!("{base}&link={}.{}.{flipped}", parts[0], parts[1]),
        format!("{base}&link={}.{other_session}.{}", parts[0], parts[2]),
        format!("{base}&link={}.{}.", parts[0], parts[1]),
        format!("{base}&link="),
        format!("{genuine}&link={link}"),
        genuine.replace('.', "%2E"),
    ] {
        let response = app.get_as(&client_with(&[]), &altered).await;
        assert_eq!(response.status(), 401, "{altered}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        // Not even for a signed-in user: a request with a link is authenticated by that link alone.
        assert_eq!(app.get_as(&browser, &altered).await.status(), 401, "{altered}");
    }
    assert_eq!(status(&app, base).await, 401, "without the link it is a URL like any other");
}

#[tokio::test]
async fn a_link_expires() {
    let app = app_of_ann().await;
    let link = link(&app, &app.browser_of("ann").await, "").await;
    app.wait(60 * 60 - 1);
    assert_eq!(status(&app, &link).await, 200);
    app.wait(1);
    assert_eq!(status(&app, &link).await, 401);
}

#[tokio::test]
async fn a_link_ends_with_its_session() {
    let app = app_of_ann().await;
    let cookie = app.cookie_of("ann").await;
    let browser = client_with(&[(COOKIE, &cookie)]);
    let (mine, other) = (link(&app, &browser, "").await, link(&app, &app.browser_of("ann").await, "").await);
    app.post(&browser, "/logout", &[]).await;
    assert_eq!((status(&app, &mine).await, status(&app, &other).await), (401, 200));
    // A new password ends all sessions, and with them all links.
    let ann = user::by_name(&app.database.connection, "ann").await.unwrap();
    user::set_password(&app.database.connection, &ann, "another password".to_owned(), None).await.unwrap();
    assert_eq!(status(&app, &other).await, 401);
}

#[tokio::test]
async fn a_link_shows_what_its_owner_may_see_at_the_time_of_use() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let (one, all) = (link(&app, &browser, "camera_id=front").await, link(&app, &browser, "").await);
    let ann = user::by_name(&app.database.connection, "ann").await.unwrap();
    grants::grant(&app.database.connection, &ann, "back").await.unwrap();
    let lines = async |link: &str| app.get_as(&client_with(&[]), link).await.text().await.unwrap().lines().count();
    assert_eq!((lines(&one).await, lines(&all).await), (3, 5));
    grants::revoke(&app.database.connection, &ann, "front").await.unwrap();
    assert_eq!((status(&app, &one).await, lines(&all).await), (404, 3));
    user::remove(&app.database.connection, &ann).await.unwrap();
    assert_eq!((status(&app, &one).await, status(&app, &all).await), (401, 401));
}

#[tokio::test]
async fn a_link_is_signed_only_for_visible_cameras_and_an_allowed_lifetime() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    for (query, minutes, code, field) in [
        ("camera_id=back", "5", 404, "camera_id"),
        ("camera_id=nothing", "5", 404, "camera_id"),
        ("start_date=never", "5", 400, "start_date"),
        ("timezone=Mars", "5", 400, "timezone"),
        ("link=1", "5", 400, "link"),
        ("", "61", 400, "minutes"),
        ("", "0", 400, "minutes"),
        ("", "-1", 400, "minutes"),
        ("", "soon", 400, "minutes"),
        ("", "", 400, "minutes"),
    ] {
        let response = ask(&app, &browser, query, minutes).await;
        assert_eq!(response.status(), code, "{query} {minutes}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["field"], field, "{error}");
        assert!(error["request_id"].is_string(), "{error}");
    }
}

#[tokio::test]
async fn only_a_session_signs_links() {
    let app = app_of_ann().await;
    assert_eq!(ask(&app, &client_with(&[]), "", "5").await.status(), 401);
    assert_eq!(ask(&app, &app.client, "", "5").await.status(), 403);
    let basic = client_with(&[(AUTHORIZATION, "Basic YW5uOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==")]);
    assert_eq!(ask(&app, &basic, "", "5").await.status(), 401, "{PASSWORD}");
}

#[tokio::test]
async fn a_link_to_an_export_with_a_date_column_gives_the_same_file() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let query = "camera_id=front&timezone=Europe/Berlin&bom=true&excel_date=true";
    let link = link(&app, &browser, query).await;
    assert!(link.contains("excel_date=true"), "{link}");
    let by_link = app.get_as(&client_with(&[]), &link).await;
    assert_eq!(by_link.status(), 200);
    let by_link = by_link.bytes().await.unwrap();
    let address = format!("{}?{query}", motion_export::export_params::EXPORT_PATH);
    assert_eq!(by_link, app.get_as(&browser, &address).await.bytes().await.unwrap());
    assert!(String::from_utf8(by_link.to_vec()).unwrap().starts_with("\u{feff}local_time,timestamp,"));
    // The parameter is signed like the others.
    assert_eq!(status(&app, &link.replace("&excel_date=true", "")).await, 401);
}
