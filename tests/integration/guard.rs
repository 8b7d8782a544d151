//! Protection around every route: other sites, security headers, secrets in the log, and access to metrics.

use motion_export::server::accounts::setup::Setup;
use reqwest::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use serde_json::Value;

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, cookie, events, text_of};
use crate::log::Log;

async fn app_of_ann() -> TestApp {
    let database = TestDatabase::with(events(4)).await;
    database.add_viewer("ann", &["front"]).await;
    database.serve(10).await
}

/// One request with more and more faults: the outermost layer that finds one answers. In any other order of the layers, one
/// of the answers would differ.
#[tokio::test]
async fn each_layer_refuses_before_the_layers_within_it() {
    let database = TestDatabase::with(events(4)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let token = format!("Bearer {}", database.token_of(&ann).await);
    let app = database.serve(10).await;
    let cookie = app.cookie_of("ann").await;
    let site = HeaderName::from_static("sec-fetch-site");
    let mut headers = vec![(COOKIE, cookie.as_str())];
    for (fault, status, message) in [
        // The handler, by a parameter that it does not know.
        (None, 400, "no_parameters"),
        // `authorize`: a token may not request a link.
        (Some((AUTHORIZATION, token.as_str())), 403, "data_only"),
        // `authenticate`
        (Some((AUTHORIZATION, "Bearer mexp_wrong")), 401, "invalid_token"),
        // `csrf`
        (Some((site, "cross-site")), 403, "cross_site"),
        // `host_validation`
        (Some((HOST, "evil.example")), 421, "host_not_public"),
        (Some((HOST, "user@localhost")), 400, "host_invalid"),
    ] {
        if let Some((name, value)) = fault {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
        }
        let response = app.post(&client_with(&headers), "/api/links?no=1", &[]).await;
        assert_eq!(response.status(), status, "{message}");
        // The outer layers see each of these answers.
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let id = header("x-request-id");
        assert_eq!(
            (header("content-type"), header("x-frame-options")),
            ("application/problem+json".into(), "DENY".into())
        );
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["message"]["code"], message, "{problem}");
        assert_eq!(problem["request_id"], id, "{problem}");
    }
    // `authorize` refuses before `load_page_data` drops the parameter.
    for (user, status) in [("ann", 403), ("admin", 303)] {
        let response = app.get_as(&app.browser_of(user).await, "/settings/people?no=1").await;
        assert_eq!(response.status(), status, "{user}");
    }
}

#[tokio::test]
async fn another_site_cannot_change_anything() {
    let app = app_of_ann().await;
    let cookie = app.cookie_of("ann").await;
    let own = app.address.clone();
    let site = HeaderName::from_static("sec-fetch-site");
    for (header, value, refused) in [
        (site.clone(), "cross-site", true),
        (site.clone(), "same-site", true),
        (site.clone(), "same-origin", false),
        (ORIGIN, "http://evil.example", true),
        (ORIGIN, "null", true),
        (ORIGIN, own.as_str(), false),
    ] {
        let browser = client_with(&[(COOKIE, &cookie), (header.clone(), value)]);
        for (path, form) in [
            ("/settings/tokens", &[("action", "create"), ("name", "x"), ("days", "")][..]),
            ("/api/links", &[("query", ""), ("minutes", "5")]),
        ] {
            let response = app.post(&browser, path, form).await;
            assert_eq!(response.status(), if refused { 403 } else { 200 }, "{header}: {value} at {path}");
        }
        // Signing a user in as another one is a change too.
        app.wait(60);
        let form = [("name", "ann"), ("password", PASSWORD)];
        let response = app.post(&client_with(&[(header.clone(), value)]), "/login", &form).await;
        assert_eq!(response.status(), if refused { 403 } else { 303 }, "{header}: {value} at /login");
        // Reading is not refused, because only the browser's own user sees the response.
        assert_eq!(app.get_as(&browser, "/settings").await.status(), 200);
    }
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    for path in ["/settings", "/login", "/nowhere", "/api/v1/cameras", "/api/nothing", "/healthz", "/favicon.svg", "/"]
    {
        let response = app.get_as(&browser, path).await;
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").expect(path);
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("'unsafe-eval'"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert_eq!(header("x-frame-options").as_deref(), Some("DENY"), "{path}");
        assert_eq!(header("x-xss-protection").as_deref(), Some("0"), "{path}");
        assert_eq!(header("referrer-policy").as_deref(), Some("same-origin"), "{path}");
        // A file of the pages holds no data of a user. It is missing unless the site was built.
        let is_file = path == "/favicon.svg" && response.status() == 200;
        assert_eq!(header("cache-control").as_deref(), Some(if is_file { "no-cache" } else { "no-store" }), "{path}");
        assert_eq!(header("strict-transport-security"), None, "{path}: this is plain http");
    }
}

#[tokio::test]
async fn over_tls_responses_have_strict_transport_security() {
    let mut database = TestDatabase::new().await;
    database.settings.server.public_url = "https://motion.example.com".to_owned();
    let app = database.serve(10).await;
    for path in ["/login", "/api/nothing", "/nowhere"] {
        let response = app.get_as(&client_with(&[]), path).await;
        let header = response.headers()["strict-transport-security"].to_str().unwrap().to_owned();
        assert!(header.starts_with("max-age=63072000"), "{header}");
    }
}

#[tokio::test]
async fn scripts_and_styles_carry_the_unique_nonce_of_their_page() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let mut nonces = Vec::new();
    for path in ["/settings", "/settings/tokens", "/nowhere"] {
        let response = app.get_as(&browser, path).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let (_, rest) = policy.split_once("script-src 'self' 'nonce-").expect("a nonce");
        let nonce = rest.split('\'').next().unwrap().to_owned();
        let scripts = policy.split(';').find(|part| part.contains("script-src")).unwrap();
        assert!(!policy.contains("unsafe-inline") && scripts.contains("'wasm-unsafe-eval'"), "{policy}");
        let page = response.text().await.unwrap();
        for tag in ["<script", "<style"] {
            let tags: Vec<_> = page.split(tag).skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
            assert!(!tags.is_empty(), "{tag} in {path}");
            for tag in tags {
                assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{tag} in {path}");
            }
        }
        // No event handler in an attribute, because a nonce cannot allow it.
        assert!(!page.contains(" onclick=") && !page.contains("javascript:"), "{path}");
        nonces.push(nonce);
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
}

#[tokio::test]
async fn no_secret_is_in_the_log() {
    let log = Log::of_this_thread();
    let mut database = TestDatabase::with(events(4)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    database.settings.server.metrics_token.0 = "hush-metrics-token".to_owned();
    let token = database.token_of(&ann).await;
    let key = motion_export::server::accounts::secret::Secret::from_bits([3; 32]);
    let app = database.serve_with(10, Setup::with_key(key), client_with(&[])).await;
    let mut secrets =
        vec![PASSWORD.to_owned(), "a new password".to_owned(), "hush-metrics-token".to_owned(), key.to_hex()];
    secrets.extend([token.clone(), "name-that-is-a-password".to_owned()]);

    let signed_out = client_with(&[]);
    app.get_as(&signed_out, &format!("/setup?key={}", key.to_hex())).await;
    app.post(&signed_out, "/login", &[("name", "name-that-is-a-password"), ("password", PASSWORD)]).await;
    let signed_in = app.post(&signed_out, "/login", &[("name", "ann"), ("password", PASSWORD)]).await;
    let session = cookie(&signed_in);
    secrets.push(session.split('=').nth(1).unwrap().to_owned());
    let browser = client_with(&[(COOKIE, &session)]);
    let link: Value = app.post(&browser, "/api/links", &[("query", ""), ("minutes", "5")]).await.json().await.unwrap();
    let link = link["url"].as_str().unwrap();
    secrets.push(link.rsplit('.').next().unwrap().to_owned());
    assert_eq!(app.get_as(&signed_out, link).await.text().await.unwrap().lines().count(), 3);
    app.get_as(&signed_out, &format!("{link}0")).await;
    let created = app.post(&browser, "/settings/tokens", &[("action", "create"), ("name", "x"), ("days", "")]).await;
    let page = text_of(created).await;
    secrets.push(page.split_once("mexp_").unwrap().1[..64].to_owned());
    let with_token = client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
    app.get_as(&with_token, "/api/v1/motion-events/export").await.text().await.unwrap();
    app.get_as(&client_with(&[(AUTHORIZATION, &format!("Bearer {token}x"))]), "/api/v1/cameras").await;
    signed_out.get(format!("{}/api/v1/cameras", app.address)).basic_auth("ann", Some(&token)).send().await.unwrap();
    app.get_as(&client_with(&[(AUTHORIZATION, "Bearer hush-metrics-token")]), "/metrics").await;
    app.get_as(&client_with(&[(COOKIE, &format!("{session}x"))]), "/settings").await;
    let form = [("current_password", PASSWORD), ("password", "a new password")];
    let changed = app.post(&browser, "/settings/account", &form).await;
    secrets.push(cookie(&changed).split('=').nth(1).unwrap().to_owned());

    log.wait_for("password changed").await;
    let text = log.text();
    assert!(text.contains("signed in") && text.contains(&ann.id.to_string()), "{text}");
    for secret in secrets {
        assert!(secret.len() >= 10 && !text.contains(&secret), "{secret} is in the log:\n{text}");
    }
    assert!(!text.contains("argon2"), "{text}");
}

#[tokio::test]
async fn an_invalid_token_is_logged_with_ip_address_and_prefix_at_a_limited_rate() {
    let log = Log::of_this_thread();
    let mut database = TestDatabase::with(events(4)).await;
    database.settings.server.trusted_proxies = "127.0.0.1".to_owned();
    let ann = database.add_viewer("ann", &["front"]).await;
    let token = database.token_of(&ann).await;
    let app = database.serve(10).await;
    let status = async |authorization: &str, from: &str| {
        let forwarded = reqwest::header::HeaderName::from_static("x-forwarded-for");
        let client = client_with(&[(AUTHORIZATION, authorization), (forwarded, from)]);
        app.get_as(&client, "/api/v1/cameras").await.status().as_u16()
    };
    assert_eq!(status(&format!("Bearer {token}"), "192.0.2.1").await, 200);
    assert!(!log.text().contains("access token"), "{}", log.text());
    let wrong = format!("mexp_{}", "12ab".repeat(16));
    assert_eq!(status(&format!("Bearer {wrong}"), "192.0.2.1").await, 401);
    let text = log.text();
    let line = text.lines().find(|line| line.contains("access token rejected")).expect("a line");
    for part in [" WARN ", "client_address=192.0.2.1", "token=\"mexp_12ab…\"", "request_id="] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // Nothing of it is logged, because it may be a password.
    assert_eq!(status("Basic YW5uOmNvcnJlY3QgaG9yc2U=", "192.0.2.2").await, 401);
    assert_eq!(status("Digest correct-horse", "192.0.2.2").await, 401);
    assert_eq!(status("Bearer mexp_short", "192.0.2.2").await, 401);
    for attempt in 0..50 {
        let guess = format!("Bearer mexp_{attempt:064x}");
        assert_eq!(status(&guess, "192.0.2.3").await, 401);
        // The addresses of one IPv6 network count as one client.
        assert_eq!(status(&guess, &format!("2001:db8::{attempt:x}")).await, 401);
    }
    let text = log.text();
    let lines = |from: &str| {
        let from = format!("client_address={from}");
        text.lines().filter(|line| line.contains("access token rejected") && line.contains(&from)).count()
    };
    assert_eq!((lines("192.0.2.2"), lines("192.0.2.3"), lines("2001:db8::")), (3, 5, 5));
    assert!(!text.contains("horse") && !text.contains("short") && !text.contains(&wrong), "{text}");
}

#[tokio::test]
async fn metrics_require_an_administrator_or_the_token_from_the_settings() {
    let mut database = TestDatabase::with(events(4)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let token = database.token_of(&ann).await;
    database.settings.server.metrics_token.0 = "for prometheus only".to_owned();
    let app = database.serve(10).await;
    assert_eq!(app.lines("").await.len(), 4);
    app.export("camera_id=nobody").await;
    let status = async |authorization: &str| {
        app.get_as(&client_with(&[(AUTHORIZATION, authorization)]), "/metrics").await.status().as_u16()
    };
    assert_eq!(status("Bearer for prometheus only").await, 200);
    assert_eq!(status("Bearer for prometheus onl").await, 401);
    assert_eq!(status("Bearer ").await, 401);
    assert_eq!(status(&format!("Bearer {token}")).await, 403);
    let metrics = app.get("/metrics").await;
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let metrics = metrics.text().await.unwrap();
    for line in [
        "motion_export_requests_total{status=\"200\"} 1\n",
        "motion_export_requests_total{status=\"404\"} 1\n",
        "motion_export_rows_total 4\n",
        "motion_export_duration_seconds_count 1\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn without_a_metrics_token_an_empty_token_is_refused() {
    let app = app_of_ann().await;
    for authorization in ["Bearer ", "Bearer", "Bearer  "] {
        let client = client_with(&[(AUTHORIZATION, authorization)]);
        assert_eq!(app.get_as(&client, "/metrics").await.status(), 401);
    }
}

#[tokio::test]
async fn health_checks_are_public_for_any_host_and_readiness_follows_the_database() {
    let app = app_of_ann().await;
    let by_address = client_with(&[(reqwest::header::HOST, "10.0.0.7:3000")]);
    for path in ["/healthz", "/readyz"] {
        let response = app.get_as(&by_address, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.unwrap(), "ok\n");
    }
    assert_eq!(app.get_as(&by_address, "/login").await.status(), 421);
    app.database.connection.clone().close().await.unwrap();
    assert_eq!(app.get_as(&by_address, "/healthz").await.status(), 200);
    assert_eq!(app.get_as(&by_address, "/readyz").await.status(), 503);
}

#[tokio::test]
async fn the_host_of_the_public_url_is_accepted() {
    let mut database = TestDatabase::new().await;
    database.settings.server.public_url = "https://Motion.Example.com:8443".to_owned();
    let app = database.serve(10).await;
    for (host, status) in [
        ("motion.example.com", 200),
        ("MOTION.example.com:8443", 200),
        ("localhost:3000", 200),
        ("example.com", 421),
        ("motion.example.com.evil.example", 421),
    ] {
        let client = client_with(&[(reqwest::header::HOST, host)]);
        assert_eq!(app.get_as(&client, "/login").await.status(), status, "{host}");
    }
}

#[tokio::test]
async fn an_unavailable_database_signs_no_user_out() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    app.database.connection.clone().close().await.unwrap();
    for path in ["/settings", "/api/v1/cameras", "/settings/tokens"] {
        let response = app.get_as(&browser, path).await;
        assert_eq!(response.status(), 503, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        assert!(response.headers().get("set-cookie").is_none(), "{path}");
    }
    // A browser gets the error as a page.
    let response =
        browser.get(format!("{}/settings", app.address)).header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = text_of(response).await;
    assert!(page.contains("<h1>Temporarily unavailable</h1>") && page.contains("Request ID: "), "{page}");
}

#[tokio::test]
async fn metrics_are_available_without_the_database_for_any_host() {
    let mut database = TestDatabase::new().await;
    database.settings.server.metrics_token.0 = "for prometheus only".to_owned();
    let app = database.serve(10).await;
    app.database.connection.clone().close().await.unwrap();
    let scraper =
        client_with(&[(AUTHORIZATION, "Bearer for prometheus only"), (reqwest::header::HOST, "10.0.0.7:3000")]);
    assert_eq!(app.get_as(&scraper, "/metrics").await.status(), 200);
    // The token is valid for the metrics only.
    assert_eq!(
        app.get_as(&client_with(&[(AUTHORIZATION, "Bearer for prometheus only")]), "/api/v1/cameras").await.status(),
        503
    );
}

#[tokio::test]
async fn credentials_for_a_proxy_do_not_block_the_pages() {
    let app = app_of_ann().await;
    let cookie = app.cookie_of("ann").await;
    let behind = client_with(&[(COOKIE, &cookie), (AUTHORIZATION, "Basic cHJveHk6c2VjcmV0")]);
    assert_eq!(app.get_as(&behind, "/settings").await.status(), 200);
    // In the API, it counts as an invalid token.
    assert_eq!(app.get_as(&behind, "/api/v1/cameras").await.status(), 401);
}

#[tokio::test]
async fn a_trailing_slash_redirects_to_the_path_without_it_on_the_same_host() {
    let app = app_of_ann().await;
    let location = async |path: &str| {
        let response = app.get_as(&client_with(&[]), path).await;
        response.headers().get("location").map(|location| location.to_str().unwrap().to_owned())
    };
    assert_eq!(location("/settings/people/").await.as_deref(), Some("/settings/people"));
    assert_eq!(location("/settings/?x=1").await.as_deref(), Some("/settings?x=1"));
    for path in ["//evil.example/", "//evil.example//", "/nowhere"] {
        assert_eq!(location(path).await, None, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_writers_do_not_block_readers() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let lock = app.database.lock().await;
    // Three for each connection of readers.
    let create = || app.post(&browser, "/settings/tokens", &[("action", "create"), ("name", "x"), ("days", "")]);
    let writing = futures_util::future::join_all((0..24).map(|_| create()));
    let reading = async {
        for _ in 0..8 {
            assert_eq!(app.get("/api/v1/exports").await.status(), 200);
            assert_eq!(app.get_as(&browser, "/settings").await.status(), 200);
        }
    };
    // Shorter than the timeout of the waiting writers, five seconds.
    let reading = tokio::time::timeout(std::time::Duration::from_secs(4), reading);
    let (written, read) = tokio::join!(writing, reading);
    read.expect("readers do not wait");
    for response in written {
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "5");
    }
    drop(lock);
}

#[tokio::test]
async fn an_oversized_form_is_refused_and_only_known_fields_are_filled_in_again() {
    let app = app_of_ann().await;
    let signed_out = client_with(&[]);
    let send = async |body: String| {
        let request = signed_out.post(format!("{}/login", app.address));
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    };
    let long = send("a&".repeat(100_000)).await;
    assert_eq!(long.status(), 413);
    let page = send(format!("name=ann&{}", "a%3C=b&".repeat(2_000))).await.text().await.unwrap();
    assert!(page.len() < 60_000, "{} bytes", page.len());
    assert!(!page.contains("a<") && !page.contains("a&lt;"));
}

#[tokio::test]
async fn a_user_name_cannot_close_a_title_or_script() {
    let app = app_of_ann().await;
    let admin = app.browser_of("admin").await;
    let name = "</title></script><meta http-equiv=refresh content=0;/healthz>";
    let form = [("name", name), ("role", "user"), ("password", PASSWORD)];
    let added = app.post(&admin, "/settings/people", &form).await;
    let path = added.headers()["location"].to_str().unwrap().to_owned();
    for path in [path.as_str(), "/settings/people"] {
        let page = app.get_as(&admin, path).await.text().await.unwrap();
        assert!(page.contains("&lt;meta http-equiv"), "{path}");
        assert!(!page.contains("<meta http-equiv"), "{path}");
    }
}

#[tokio::test]
async fn a_referring_site_cannot_redirect_the_browser() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let request = browser.get(format!("{}/api/v1/cameras", app.address));
    let response =
        request.header("accept", "text/html").header("referer", "http://evil.example/").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers().get("location").is_none());
}

#[tokio::test]
async fn a_path_that_must_be_normalized_shows_no_page() {
    let app = app_of_ann().await;
    for path in ["/x/../settings/people", "/%73ettings", "//settings", "/./settings/tokens"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = crate::faults::raw_request(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("Page not found"), "{path}: {answer}");
    }
}
