//! Every door, as everybody. The doors are those of the router itself: one that is new has to be written down here, with
//! what each of the four gets, or this fails.

use std::collections::BTreeMap;

use motion_export::api::exports::EXPORTS_PATH;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::db::unix_micros::UnixMicros;
use reqwest::header::{AUTHORIZATION, COOKIE};
use reqwest::{Client, Method};

use crate::app::{TestDatabase, client_with, events};

/// What nobody, a user without the camera, its user, and an administrator get: statuses of an answer.
type Gets = [u16; 4];

/// Each path with a request to it, and what it gets. `{…}` is a path's own, `?` and what follows is the request's.
const DOORS: [(&str, &str, &str, Gets); 68] = [
    ("/", "GET", "/", [303; 4]),
    ("/", "POST", "/", [405; 4]),
    // Data. Who is not known is told so; who does not see the camera, that there is none.
    ("/api/v1/motion-events/export", "GET", "?camera_id=front", [401, 404, 200, 200]),
    ("/api/v1/motion-events/export", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/motion-events/export", "HEAD", "?camera_id=front", [401, 404, 200, 200]),
    ("/api/v1/motion-events/export", "POST", "", [405; 4]),
    ("/api/v1/exports", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/exports", "POST", "", [405; 4]),
    ("/api/v1/exports/{id}", "GET", "/api/v1/exports/{export of the camera's user}", [401, 404, 200, 200]),
    ("/api/v1/exports/{id}", "GET", "/api/v1/exports/nothing", [401, 404, 404, 404]),
    ("/api/v1/cameras", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/cameras", "POST", "", [405; 4]),
    ("/api/v1/preview", "GET", "?query=camera_id%3Dfront", [401, 404, 200, 200]),
    ("/api/v1/preview", "GET", "?query=", [401, 200, 200, 200]),
    ("/api/v1/preview", "POST", "", [405; 4]),
    ("/api/v1/camera-counts", "GET", "?query=camera_id%3Dfront", [401, 404, 200, 200]),
    ("/api/v1/camera-counts", "GET", "?query=", [401, 200, 200, 200]),
    ("/api/v1/camera-counts", "POST", "", [405; 4]),
    ("/api/v1/openapi.json", "GET", "", [200; 4]),
    ("/api/v1/openapi.json", "POST", "", [405; 4]),
    ("/api/v1/docs", "GET", "", [200; 4]),
    ("/api/v1/docs", "POST", "", [405; 4]),
    // Where they were before the API had a version.
    ("/api/cameras", "GET", "", [401, 308, 308, 308]),
    ("/api/preview", "GET", "?query=camera_id%3Dfront", [401, 308, 308, 308]),
    ("/api/camera-counts", "GET", "?query=camera_id%3Dfront", [401, 308, 308, 308]),
    ("/api/links", "POST", "query=camera_id%3Dfront&minutes=5", [401, 404, 200, 200]),
    ("/api/links", "GET", "", [405; 4]),
    ("/api/{*path}", "GET", "/api/anything", [401, 404, 404, 404]),
    ("/api/{*path}", "POST", "/api/v1/anything", [401, 404, 404, 404]),
    ("/api", "GET", "", [401, 404, 404, 404]),
    // Pages. Who is not known is led to the sign-in.
    ("/settings", "GET", "", [303, 200, 200, 200]),
    ("/settings", "POST", "", [405; 4]),
    ("/settings/tokens", "GET", "", [303, 200, 200, 200]),
    ("/settings/tokens", "POST", "action=create&name=x&days=1", [303, 200, 200, 200]),
    ("/settings/tokens", "POST", "action=revoke&token={token of the camera's user}", [303, 404, 303, 404]),
    ("/settings/exports", "GET", "", [303, 200, 200, 200]),
    ("/settings/exports", "GET", "?state=done", [303, 400, 400, 400]),
    ("/settings/verify", "GET", "", [303, 200, 200, 200]),
    ("/settings/verify", "POST", "", [405; 4]),
    ("/settings/account", "GET", "", [303, 200, 200, 200]),
    ("/settings/account", "POST", "current_password=wrong&password=x", [303, 400, 400, 400]),
    // People are an administrator's business.
    ("/settings/people", "GET", "", [303, 403, 403, 200]),
    ("/settings/people", "POST", "name=x&role=king&password=x", [303, 403, 403, 400]),
    ("/settings/people/{id}", "GET", "/settings/people/{the camera's user}", [303, 403, 403, 200]),
    ("/settings/people/{id}", "POST", "/settings/people/{the camera's user}", [303, 403, 403, 400]),
    ("/settings/people/{id}", "GET", "/settings/people/nobody", [303, 403, 403, 404]),
    // Doors for everybody.
    ("/login", "GET", "", [200, 303, 303, 303]),
    ("/login", "POST", "name=x&password=y", [403; 4]),
    ("/logout", "GET", "", [405; 4]),
    ("/logout", "POST", "", [303; 4]),
    ("/setup", "GET", "", [403; 4]),
    ("/setup", "POST", "key=x&name=x&password=y", [403; 4]),
    ("/preferences", "POST", "theme=dark&next=/login", [303; 4]),
    ("/preferences", "POST", "theme=pink&next=/login", [400; 4]),
    ("/preferences", "GET", "", [400; 4]),
    ("/preferences", "GET", "?theme=dark&next=/login", [303; 4]),
    ("/preferences", "PUT", "", [405; 4]),
    ("/healthz", "GET", "", [200; 4]),
    ("/healthz", "POST", "", [405; 4]),
    ("/readyz", "GET", "", [200; 4]),
    ("/readyz", "POST", "", [405; 4]),
    // What no route takes: a file of the site, or a page that says that there is none.
    ("/{*__private__axum_fallback}", "GET", "/nowhere", [404; 4]),
    ("/{*__private__axum_fallback}", "POST", "/nowhere", [404; 4]),
    ("/{*__private__axum_fallback}", "GET", "/settings/people/", [308; 4]),
    ("/pkg", "GET", "", [404; 4]),
    ("/pkg/", "GET", "", [404; 4]),
    ("/pkg/{*__private__axum_nest_tail_param}", "GET", "/pkg/nothing.js", [404; 4]),
    // A door with a rule of its own.
    ("/metrics", "GET", "", [401, 403, 403, 200]),
];

/// The paths of all routes, as the router tells them.
pub fn paths(router: &str) -> Vec<String> {
    let ids = router.split("RouteId(").skip(1);
    let paths = ids.filter_map(|rest| rest.split_once("): \"")).filter(|(id, _)| id.parse::<u32>().is_ok());
    let mut paths: Vec<_> = paths.filter_map(|(_, rest)| rest.split('"').next()).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    paths
}

#[tokio::test]
async fn every_route_and_server_function_lets_in_whom_it_should_and_nobody_else() {
    let database = TestDatabase::with(events(2)).await;
    database.add_viewer("other", &["back"]).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token_of_viewer = database.token_of(&viewer).await;
    let app = database.serve(10).await;
    let by_token = client_with(&[(AUTHORIZATION, &format!("Bearer {token_of_viewer}"))]);
    let exported = app.get_as(&by_token, EXPORT_PATH).await;
    let export = exported.headers()["x-export-id"].to_str().unwrap().to_owned();
    exported.bytes().await.unwrap();

    let found = paths(&app.doors);
    assert!(found.len() > 15, "the router tells its paths: {found:?}");
    for function in leptos::server_fn::axum::server_fn_paths() {
        assert!(found.contains(&function.0.to_owned()), "{} is a server function", function.0);
    }
    for path in &found {
        assert!(DOORS.iter().any(|(door, ..)| door == path), "what does everybody get at {path}?");
    }

    let mut wrong = BTreeMap::new();
    for (path, method, request, gets) in DOORS {
        assert!(found.contains(&path.to_owned()), "there is no {path} any more");
        let token = motion_export::server::accounts::api_token::create(
            &app.database.connection,
            &viewer,
            "x",
            None,
            motion_export::server::accounts::secret::Secret::random().unwrap(),
            UnixMicros::new(app.now()),
        );
        let token = token.await.unwrap().record.id.to_string();
        let request = request
            .replace("{export of the camera's user}", &export)
            .replace("{the camera's user}", &viewer.id.to_string())
            .replace("{token of the camera's user}", &token);
        for (who, status) in ["", "other", "viewer", "admin"].into_iter().zip(gets) {
            // So that nobody is slowed for having tried the sign-in before.
            app.wait(60);
            let client = if who.is_empty() { client_with(&[]) } else { app.browser_of(who).await };
            let got = ask(&app.address, &client, path, method, &request).await;
            if got != status {
                wrong.insert(format!("{method} {path} {request} as “{who}”"), format!("{got} instead of {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn head_is_answered_as_get_is_and_without_a_body_at_every_door() {
    let database = TestDatabase::with(events(2)).await;
    database.add_viewer("other", &["back"]).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let app = database.serve(10).await;
    let nobody = client_with(&[]);
    let people = [nobody, app.browser_of("other").await, app.browser_of("viewer").await, app.browser_of("admin").await];
    for (path, method, request, _) in DOORS {
        if method != "GET" {
            continue;
        }
        let request = request.replace("{the camera's user}", &viewer.id.to_string());
        let address = if request.starts_with('/') { request } else { format!("{path}{request}") };
        for client in &people {
            let get = client.get(format!("{}{address}", app.address)).send().await.unwrap();
            let head = client.head(format!("{}{address}", app.address)).send().await.unwrap();
            assert_eq!(head.status(), get.status(), "{address}");
            for header in ["content-type", "location", "allow", "www-authenticate"] {
                assert_eq!(head.headers().get(header), get.headers().get(header), "{header} of {address}");
            }
            get.bytes().await.unwrap();
            assert_eq!(head.bytes().await.unwrap().len(), 0, "{address}");
            app.idle().await;
        }
    }
}

#[tokio::test]
async fn every_method_that_is_not_written_down_is_refused_at_every_door() {
    let database = TestDatabase::with(events(2)).await;
    let app = database.serve(10).await;
    let browser = app.browser_of("admin").await;
    // `/api` and `/api/{*path}` answer every method, and so does what no route takes: with 404.
    let takes_all = |path: &str| path.starts_with("/{*") || path == "/api/{*path}" || path == "/api";
    for path in paths(&app.doors) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let is_written =
                DOORS.iter().any(|(door, known, _, gets)| *door == path && *known == method && gets[3] != 405);
            if is_written || takes_all(&path) {
                continue;
            }
            let address = format!("{}{}", app.address, path.replace("{id}", "x").replace("{*", "x{*"));
            let got = browser.request(method.parse().unwrap(), address).send().await.unwrap().status();
            assert!(got == 405 || (path.starts_with("/pkg") && got == 404), "{got} for {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_token_opens_data_and_a_link_opens_its_export_and_nothing_else_at_every_door() {
    let database = TestDatabase::with(events(2)).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token = client_with(&[(AUTHORIZATION, &format!("Bearer {}", database.token_of(&viewer).await))]);
    let app = database.serve(10).await;
    let form = [("query", "camera_id=front"), ("minutes", "5")];
    let link: serde_json::Value =
        app.post(&app.browser_of("viewer").await, "/api/links", &form).await.json().await.unwrap();
    let (_, link) = link["url"].as_str().unwrap().split_once('?').unwrap();
    let open = ["/", "/login", "/logout", "/setup", "/preferences", "/healthz", "/readyz"];
    for path in paths(&app.doors) {
        let address = format!("{}{}", app.address, path.replace("{id}", "x").replace("{*path}", "x"));
        for method in [Method::GET, Method::POST] {
            let by_token = token.request(method.clone(), &address).send().await.unwrap().status().as_u16();
            let by_link = client_with(&[]).request(method.clone(), format!("{address}?{link}")).send().await.unwrap();
            let (data, export) = (
                ["/api/v1/cameras", "/api/v1/camera-counts", "/api/v1/preview", EXPORTS_PATH, EXPORT_PATH]
                    .contains(&&*path),
                path == EXPORT_PATH,
            );
            assert_eq!(
                by_token == 200,
                (data && method == Method::GET) || public(&path, &method),
                "token: {method} {path}"
            );
            // The sign-in drops from its address what it does not know, and the API refuses it.
            let is_dropped = path == "/login" || path == "/api/v1/openapi.json" || path == "/api/v1/docs";
            assert_eq!(
                by_link.status() == 200,
                (export && method == Method::GET) || (public(&path, &method) && !is_dropped),
                "link: {method} {path}"
            );
            // 308: to where the door is now, which is asked as well.
            let closed = [401, 403, 404, 405, 303, 308];
            assert!(by_token == 200 || open.contains(&&*path) || closed.contains(&by_token), "{by_token} {path}");
        }
    }
}

/// Whether everybody gets 200 there.
fn public(path: &str, method: &Method) -> bool {
    *method == Method::GET && ["/login", "/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/docs"].contains(&path)
}

async fn ask(address: &str, client: &Client, path: &str, method: &str, request: &str) -> u16 {
    let (path, form) = match request.chars().next() {
        Some('/') => (request.to_owned(), ""),
        Some('?') => (format!("{path}{request}"), ""),
        _ => (path.to_owned(), request),
    };
    let mut asking = client.request(method.parse::<Method>().unwrap(), format!("{address}{path}"));
    if method == "POST" {
        asking = asking.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    }
    asking.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn nothing_of_anybody_is_in_an_answer_to_nobody() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let nobody = client_with(&[]);
    for path in paths(&app.doors) {
        let path = path.replace("{id}", "x").replace("{*path}", "x");
        for method in [Method::GET, Method::POST] {
            let answer = nobody.request(method, format!("{}{path}", app.address)).send().await.unwrap();
            let text = answer.text().await.unwrap();
            for word in ["Front Door", "front", "Back Yard", "admin<", "motion_export_rows"] {
                assert!(!text.contains(word), "{word} at {path}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_way_in_does_not_open_what_another_one_does() {
    let database = TestDatabase::with(events(2)).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token = format!("Bearer {}", database.token_of(&viewer).await);
    let app = database.serve(10).await;
    let cookie = app.cookie_of("admin").await;
    // A weak token beside an administrator's cookie is the weak token.
    let both = client_with(&[(AUTHORIZATION, &token), (COOKIE, &cookie)]);
    assert_eq!(app.get_as(&both, "/settings/people").await.status(), 403);
    assert_eq!(app.lines_as(&both, "").await.len(), 1);
}
