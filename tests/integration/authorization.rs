//! Every route with every kind of client. The routes come from the router itself, so a new route fails these tests until it is
//! listed here with the expected statuses.

use std::collections::BTreeMap;

use motion_export::api::exports::{EXPORT_EVENTS_PATH, EXPORTS_PATH, HISTORY_CSV_PATH};
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::db::unix_micros::UnixMicros;
use reqwest::header::{AUTHORIZATION, COOKIE};
use reqwest::{Client, Method};

use crate::app::{TestDatabase, client_with, events};

/// The statuses for an unauthenticated client, a user without the camera, the user of the camera, and an administrator.
type Statuses = [u16; 4];

/// Each route with a request and its statuses. The request is a query string, a path, or the body of a form.
const ROUTES: [(&str, &str, &str, Statuses); 97] = [
    ("/", "GET", "/", [303; 4]),
    ("/", "POST", "/", [405; 4]),
    // Data. An unauthenticated client gets 401; for a user without the camera it does not exist.
    ("/api/v1/motion-events/export", "GET", "?camera_id=front", [401, 404, 200, 200]),
    ("/api/v1/motion-events/export", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/motion-events/export", "HEAD", "?camera_id=front", [401, 404, 200, 200]),
    ("/api/v1/motion-events/export", "POST", "", [405; 4]),
    // Only a token that sends events opens these, and nothing else.
    ("/api/v1/motion-events", "POST", "", [401, 403, 403, 403]),
    ("/api/v1/motion-events", "GET", "", [405; 4]),
    ("/api/v1/hooks/{secret}", "POST", "/api/v1/hooks/x", [401; 4]),
    ("/api/v1/hooks/{secret}", "GET", "/api/v1/hooks/x", [405; 4]),
    ("/api/v1/exports", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/exports", "POST", "", [405; 4]),
    ("/api/v1/exports.csv", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/exports.csv", "GET", "?limit=5", [401, 400, 400, 400]),
    ("/api/v1/exports.csv", "POST", "", [405; 4]),
    ("/api/v1/exports/events", "GET", "", [401, 200, 200, 200]),
    ("/api/v1/exports/events", "POST", "", [405; 4]),
    ("/api/v1/exports/{id}", "GET", "/api/v1/exports/{export of the camera's user}", [401, 404, 200, 200]),
    ("/api/v1/exports/{id}", "GET", "/api/v1/exports/nothing", [401, 404, 404, 404]),
    // The export has ended, so those who may cancel it get a 409.
    (
        "/api/v1/exports/{id}/cancel",
        "POST",
        "/api/v1/exports/{export of the camera's user}/cancel",
        [401, 404, 409, 409],
    ),
    ("/api/v1/exports/{id}/cancel", "POST", "/api/v1/exports/nothing/cancel", [401, 404, 404, 404]),
    ("/api/v1/exports/{id}/cancel", "GET", "/api/v1/exports/nothing/cancel", [405; 4]),
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
    // The paths before the API had a version.
    ("/api/cameras", "GET", "", [401, 308, 308, 308]),
    ("/api/preview", "GET", "?query=camera_id%3Dfront", [401, 308, 308, 308]),
    ("/api/camera-counts", "GET", "?query=camera_id%3Dfront", [401, 308, 308, 308]),
    ("/api/links", "POST", "query=camera_id%3Dfront&minutes=5", [401, 404, 200, 200]),
    ("/api/links", "GET", "", [405; 4]),
    ("/api/{*path}", "GET", "/api/anything", [401, 404, 404, 404]),
    ("/api/{*path}", "POST", "/api/v1/anything", [401, 404, 404, 404]),
    ("/api", "GET", "", [401, 404, 404, 404]),
    // Pages. An unauthenticated client is redirected to the sign-in.
    ("/settings", "GET", "", [303, 200, 200, 200]),
    ("/settings", "POST", "", [405; 4]),
    ("/settings/tokens", "GET", "", [303, 200, 200, 200]),
    ("/settings/tokens", "POST", "action=create&name=x&days=1", [303, 200, 200, 200]),
    ("/settings/tokens", "POST", "action=revoke&token={token of the camera's user}", [303, 404, 303, 404]),
    ("/settings/exports", "GET", "", [303, 200, 200, 200]),
    ("/settings/exports", "GET", "?state=done", [303, 400, 400, 400]),
    ("/settings/exports", "POST", "export={export of the camera's user}", [303, 404, 303, 303]),
    ("/settings/exports", "POST", "export=nothing", [303, 404, 404, 404]),
    ("/settings/exports/{id}", "GET", "/settings/exports/{export of the camera's user}", [303, 404, 200, 200]),
    ("/settings/exports/{id}", "GET", "/settings/exports/nothing", [303, 404, 404, 404]),
    ("/settings/exports/{id}", "POST", "/settings/exports/nothing", [405; 4]),
    ("/settings/verify", "GET", "", [303, 200, 200, 200]),
    ("/settings/verify", "POST", "", [405; 4]),
    ("/settings/account", "GET", "", [303, 200, 200, 200]),
    ("/settings/account", "POST", "current_password=wrong&password=x", [303, 400, 400, 400]),
    // Only administrators import files and manage users.
    ("/settings/import", "GET", "", [303, 403, 403, 200]),
    ("/settings/import", "POST", "", [303, 403, 403, 400]),
    ("/settings/people", "GET", "", [303, 403, 403, 200]),
    ("/settings/people", "POST", "name=x&role=king&password=x", [303, 403, 403, 400]),
    ("/settings/people/{id}", "GET", "/settings/people/{the camera's user}", [303, 403, 403, 200]),
    ("/settings/people/{id}", "POST", "/settings/people/{the camera's user}", [303, 403, 403, 400]),
    ("/settings/sources", "GET", "", [303, 403, 403, 200]),
    ("/settings/sources", "POST", "action=test&source=nowhere", [303, 403, 403, 400]),
    ("/settings/people/{id}", "GET", "/settings/people/nobody", [303, 403, 403, 404]),
    // Only administrators see and change how long events are kept.
    ("/settings/retention", "GET", "", [303, 403, 403, 200]),
    ("/settings/retention", "POST", "action=keep&camera=front&keep_days=never", [303, 403, 403, 400]),
    ("/settings/retention", "POST", "action=keep&camera=nothing&keep_days=1", [303, 403, 403, 404]),
    ("/settings/retention", "POST", "action=release&hold=nothing", [303, 403, 403, 404]),
    // Public routes.
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
    // The certificate of the server's own authority, which this server does not have.
    ("/tls", "GET", "", [404; 4]),
    ("/tls", "POST", "", [405; 4]),
    ("/tls/motion-export-ca.crt", "GET", "", [404; 4]),
    ("/tls/motion-export-ca.crt", "POST", "", [405; 4]),
    // The fallback: a file of the site, or the page for an unknown path.
    ("/{*__private__axum_fallback}", "GET", "/nowhere", [404; 4]),
    ("/{*__private__axum_fallback}", "POST", "/nowhere", [404; 4]),
    ("/{*__private__axum_fallback}", "GET", "/settings/people/", [308; 4]),
    ("/pkg", "GET", "", [404; 4]),
    ("/pkg/", "GET", "", [404; 4]),
    ("/pkg/{*__private__axum_nest_tail_param}", "GET", "/pkg/nothing.js", [404; 4]),
    // A route that checks access itself.
    ("/metrics", "GET", "", [401, 403, 403, 200]),
];

/// Returns the paths of all routes, from the debug output of the router.
pub fn paths(router: &str) -> Vec<String> {
    let ids = router.split("RouteId(").skip(1);
    let paths = ids.filter_map(|rest| rest.split_once("): \"")).filter(|(id, _)| id.parse::<u32>().is_ok());
    let mut paths: Vec<_> = paths.filter_map(|(_, rest)| rest.split('"').next()).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    paths
}

#[tokio::test]
async fn every_route_and_server_function_admits_only_the_clients_it_should() {
    let database = TestDatabase::with(events(2)).await;
    database.add_viewer("other", &["back"]).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token_of_viewer = database.token_of(&viewer).await;
    let app = database.serve(10).await;
    let by_token = client_with(&[(AUTHORIZATION, &format!("Bearer {token_of_viewer}"))]);
    let exported = app.get_as(&by_token, EXPORT_PATH).await;
    let export = exported.headers()["x-export-id"].to_str().unwrap().to_owned();
    exported.bytes().await.unwrap();

    let routes = paths(&app.routes);
    assert!(routes.len() > 15, "the debug output of the router lists its paths: {routes:?}");
    for function in leptos::server_fn::axum::server_fn_paths() {
        assert!(routes.contains(&function.0.to_owned()), "{} is a server function", function.0);
    }
    for path in &routes {
        assert!(ROUTES.iter().any(|(route, ..)| route == path), "{path} is not listed");
    }

    let mut wrong = BTreeMap::new();
    for (path, method, request, statuses) in ROUTES {
        assert!(routes.contains(&path.to_owned()), "{path} is listed but no longer exists");
        let token = motion_export::server::accounts::api_token::create(
            &app.database.connection,
            &viewer,
            motion_export::server::accounts::api_token::TokenOptions { name: "x", ..Default::default() },
            motion_export::server::accounts::secret::Secret::random().unwrap(),
            UnixMicros::new(app.now()),
        );
        let token = token.await.unwrap().record.id.to_string();
        let request = request
            .replace("{export of the camera's user}", &export)
            .replace("{the camera's user}", &viewer.id.to_string())
            .replace("{token of the camera's user}", &token);
        for (user, status) in ["", "other", "viewer", "admin"].into_iter().zip(statuses) {
            // Avoids the rate limit of the sign-in.
            app.wait(60);
            let client = if user.is_empty() { client_with(&[]) } else { app.browser_of(user).await };
            let got = send(&app.address, &client, path, method, &request).await;
            if got != status {
                wrong.insert(format!("{method} {path} {request} as “{user}”"), format!("{got} instead of {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn head_returns_the_headers_of_get_without_a_body_on_every_route() {
    let database = TestDatabase::with(events(2)).await;
    database.add_viewer("other", &["back"]).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let app = database.serve(10).await;
    let signed_out = client_with(&[]);
    let clients =
        [signed_out, app.browser_of("other").await, app.browser_of("viewer").await, app.browser_of("admin").await];
    for (path, method, request, _) in ROUTES {
        if method != "GET" {
            continue;
        }
        let request = request.replace("{the camera's user}", &viewer.id.to_string());
        let address = if request.starts_with('/') { request } else { format!("{path}{request}") };
        for client in &clients {
            let get = client.get(format!("{}{address}", app.address)).send().await.unwrap();
            let head = client.head(format!("{}{address}", app.address)).send().await.unwrap();
            assert_eq!(head.status(), get.status(), "{address}");
            for header in ["content-type", "location", "allow", "www-authenticate"] {
                assert_eq!(head.headers().get(header), get.headers().get(header), "{header} of {address}");
            }
            // A stream of events has no end.
            if get.headers().get("content-type").is_none_or(|kind| kind != "text/event-stream") {
                get.bytes().await.unwrap();
            }
            assert_eq!(head.bytes().await.unwrap().len(), 0, "{address}");
            app.idle().await;
        }
    }
}

#[tokio::test]
async fn every_unlisted_method_is_refused_on_every_route() {
    let database = TestDatabase::with(events(2)).await;
    let app = database.serve(10).await;
    let browser = app.browser_of("admin").await;
    // `/api`, `/api/{*path}` and the fallback answer every method with 404.
    let takes_any_method = |path: &str| path.starts_with("/{*") || path == "/api/{*path}" || path == "/api";
    for path in paths(&app.routes) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let is_listed = ROUTES
                .iter()
                .any(|(route, known, _, statuses)| *route == path && *known == method && statuses[3] != 405);
            if is_listed || takes_any_method(&path) {
                continue;
            }
            let address = format!("{}{}", app.address, path.replace("{id}", "x").replace("{*", "x{*"));
            let got = browser.request(method.parse().unwrap(), address).send().await.unwrap().status();
            assert!(got == 405 || (path.starts_with("/pkg") && got == 404), "{got} for {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_token_gives_access_to_data_only_and_a_link_to_its_export_only() {
    let database = TestDatabase::with(events(2)).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token = client_with(&[(AUTHORIZATION, &format!("Bearer {}", database.token_of(&viewer).await))]);
    let app = database.serve(10).await;
    let form = [("query", "camera_id=front"), ("minutes", "5")];
    let link: serde_json::Value =
        app.post(&app.browser_of("viewer").await, "/api/links", &form).await.json().await.unwrap();
    let (_, link) = link["url"].as_str().unwrap().split_once('?').unwrap();
    let public_paths = ["/", "/login", "/logout", "/setup", "/preferences", "/healthz", "/readyz"];
    for path in paths(&app.routes) {
        let address = format!("{}{}", app.address, path.replace("{id}", "x").replace("{*path}", "x"));
        for method in [Method::GET, Method::POST] {
            let by_token = token.request(method.clone(), &address).send().await.unwrap().status().as_u16();
            let by_link = client_with(&[]).request(method.clone(), format!("{address}?{link}")).send().await.unwrap();
            let (data, export) = (
                [
                    "/api/v1/cameras",
                    "/api/v1/camera-counts",
                    "/api/v1/preview",
                    EXPORTS_PATH,
                    EXPORT_EVENTS_PATH,
                    HISTORY_CSV_PATH,
                    EXPORT_PATH,
                ]
                .contains(&&*path),
                path == EXPORT_PATH,
            );
            assert_eq!(
                by_token == 200,
                (data && method == Method::GET) || public(&path, &method),
                "token: {method} {path}"
            );
            // The sign-in drops unknown parameters from its address, and the API refuses them.
            let is_dropped = path == "/login" || path == "/api/v1/openapi.json" || path == "/api/v1/docs";
            assert_eq!(
                by_link.status() == 200,
                (export && method == Method::GET) || (public(&path, &method) && !is_dropped),
                "link: {method} {path}"
            );
            // 308 redirects to the current path, which is listed as well.
            let refused = [401, 403, 404, 405, 303, 308];
            assert!(
                by_token == 200 || public_paths.contains(&&*path) || refused.contains(&by_token),
                "{by_token} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_sends_events_opens_the_ingest_endpoint_and_nothing_else() {
    let database = TestDatabase::with(events(2)).await;
    let owner = database.add_user("owner", motion_export::api::session::Role::Admin).await;
    let secret = database.write_token_of(&owner).await;
    let client = client_with(&[(AUTHORIZATION, &format!("Bearer {secret}"))]);
    let app = database.serve(10).await;
    for path in paths(&app.routes) {
        let address = path.replace("{id}", "x").replace("{*path}", "x").replace("{secret}", &secret);
        for method in [Method::GET, Method::POST] {
            let status =
                client.request(method.clone(), format!("{}{address}", app.address)).send().await.unwrap().status();
            let is_ingest =
                method == Method::POST && ["/api/v1/motion-events", "/api/v1/hooks/{secret}"].contains(&&*path);
            let expected: &[u16] = if is_ingest {
                // It is read, and it is empty.
                &[400]
            } else if public(&path, &method) {
                &[200]
            } else if ["/", "/login", "/logout", "/setup", "/preferences", "/readyz"].contains(&&*path)
                || path.starts_with("/pkg")
                || path.starts_with("/tls")
                || path.starts_with("/{*")
            {
                &[200, 303, 400, 403, 404, 405]
            } else {
                &[403, 405]
            };
            assert!(expected.contains(&status.as_u16()), "{status} for {method} {path}");
        }
    }
}

/// Whether an unauthenticated client gets 200.
fn public(path: &str, method: &Method) -> bool {
    *method == Method::GET && ["/login", "/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/docs"].contains(&path)
}

async fn send(address: &str, client: &Client, path: &str, method: &str, request: &str) -> u16 {
    let (path, form) = match request.chars().next() {
        Some('/') => (request.to_owned(), ""),
        Some('?') => (format!("{path}{request}"), ""),
        _ => (path.to_owned(), request),
    };
    let mut sending = client.request(method.parse::<Method>().unwrap(), format!("{address}{path}"));
    if method == "POST" {
        sending = sending.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    }
    sending.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn no_response_to_an_unauthenticated_client_holds_user_data() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let signed_out = client_with(&[]);
    for path in paths(&app.routes) {
        let path = path.replace("{id}", "x").replace("{*path}", "x");
        for method in [Method::GET, Method::POST] {
            let response = signed_out.request(method, format!("{}{path}", app.address)).send().await.unwrap();
            let text = response.text().await.unwrap();
            for word in ["Front Door", "front", "Back Yard", "admin<", "motion_export_rows"] {
                assert!(!text.contains(word), "{word} at {path}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_does_not_gain_the_access_of_a_session_beside_it() {
    let database = TestDatabase::with(events(2)).await;
    let viewer = database.add_viewer("viewer", &["front"]).await;
    let token = format!("Bearer {}", database.token_of(&viewer).await);
    let app = database.serve(10).await;
    let cookie = app.cookie_of("admin").await;
    // The token of a user takes precedence over the cookie of an administrator.
    let both = client_with(&[(AUTHORIZATION, &token), (COOKIE, &cookie)]);
    assert_eq!(app.get_as(&both, "/settings/people").await.status(), 403);
    assert_eq!(app.lines_as(&both, "").await.len(), 1);
}
