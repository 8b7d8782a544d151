//! Access tokens: creation, use, expiry and revocation.

use std::time::Duration;

use motion_export::server::accounts::api_token;
use motion_export::server::db::entity;
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, COOKIE};
use sea_orm::EntityTrait;
use tokio::time::timeout;

use crate::app::{TestApp, TestDatabase, client_with, events, text_of};

const EXPORT: &str = "/api/v1/motion-events/export";

async fn app_of_ann() -> TestApp {
    let database = TestDatabase::with(events(4)).await;
    database.add_viewer("ann", &["front"]).await;
    database.serve(10).await
}

/// Creates a token on the page, and returns it with its id.
async fn make(app: &TestApp, browser: &Client, days: &str) -> (String, String) {
    let form = [("action", "create"), ("name", "Cron job"), ("days", days)];
    let page = app.post(browser, "/settings/tokens", &form).await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = text_of(page).await;
    let (_, rest) = page.split_once("mexp_").expect("the token");
    let token = format!("mexp_{}", &rest[..64]);
    let (_, rest) = page.split_once("name=\"token\" value=\"").expect("the list");
    (token, rest.split('"').next().unwrap().to_owned())
}

/// Returns the value of the form's key in a page.
fn form_key(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"form_key\" value=\"").expect("the form");
    rest.split('"').next().unwrap().to_owned()
}

fn token_in(page: &str) -> String {
    let (_, rest) = page.split_once("mexp_").unwrap_or_else(|| panic!("no token in {page}"));
    rest[..64].to_owned()
}

fn bearer(token: &str) -> Client {
    client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))])
}

#[tokio::test]
async fn a_token_is_shown_once_and_stored_as_a_hash() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let (token, _) = make(&app, &browser, "30").await;
    assert!(token[5..].bytes().all(|byte| byte.is_ascii_hexdigit()), "256 bits");
    let page = text_of(app.get_as(&browser, "/settings/tokens").await).await;
    assert!(page.contains("Cron job") && page.contains("15 Jan 2026") && !page.contains("mexp_"), "{page}");
    let stored = entity::api_token::Entity::find().all(&app.database.connection).await.unwrap();
    let stored = stored.iter().find(|stored| stored.name == "Cron job").unwrap();
    assert_eq!(stored.token_hash.len(), 32);
    assert!(!stored.token_hash.windows(5).any(|part| token.as_bytes().windows(5).any(|own| own == part)));
    assert_eq!(app.get_as(&bearer(&token), EXPORT).await.status(), 200);
}

#[tokio::test]
async fn a_token_is_accepted_as_a_bearer_and_as_a_password_with_any_user_name() {
    let app = app_of_ann().await;
    let (token, _) = make(&app, &app.browser_of("ann").await, "").await;
    let url = format!("{}{EXPORT}", app.address);
    let anonymous = client_with(&[]);
    assert_eq!(anonymous.get(&url).bearer_auth(&token).send().await.unwrap().status(), 200);
    for user in ["ann", "", "excel", "admin"] {
        let response = anonymous.get(&url).basic_auth(user, Some(&token)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{user}");
        // The token identifies the user, with any user name beside it.
        assert_eq!(response.text().await.unwrap().lines().count(), 3, "{user}");
    }
    assert_eq!(
        anonymous.get(&url).header(AUTHORIZATION, format!("bearer {token}")).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn an_invalid_token_is_refused_with_what_is_expected() {
    let app = app_of_ann().await;
    let (token, _) = make(&app, &app.browser_of("ann").await, "").await;
    let cookie = app.cookie_of("ann").await;
    for authorization in [
        "Bearer mexp_",
        &format!("Bearer {token}0"),
        &format!("Bearer {}", token.to_uppercase()),
        &format!("Bearer {}", &token[5..]),
        &format!("Token {token}"),
        "Basic !!!",
        // ann:correct horse battery — the password of an account is not a token.
        "Basic YW5uOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==",
        "",
    ] {
        // Not even if the browser is signed in: a request with a token is authenticated by that token alone.
        let client = client_with(&[(AUTHORIZATION, authorization), (COOKIE, &cookie)]);
        let response = app.get_as(&client, EXPORT).await;
        assert_eq!(response.status(), 401, "{authorization}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let challenges: Vec<_> =
            response.headers().get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(challenges[0].starts_with("Bearer ") && challenges[1].starts_with("Basic "), "{challenges:?}");
    }
    let url = format!("{}{EXPORT}", app.address);
    let twice = client_with(&[]).get(&url).bearer_auth(&token).header(AUTHORIZATION, "Bearer x");
    assert_eq!(twice.send().await.unwrap().status(), 401, "two headers are none");
}

#[tokio::test]
async fn a_token_in_the_query_string_does_not_authenticate() {
    let app = app_of_ann().await;
    let (token, _) = make(&app, &app.browser_of("ann").await, "").await;
    for name in ["token", "access_token", "key"] {
        assert_eq!(app.get_as(&client_with(&[]), &format!("{EXPORT}?{name}={token}")).await.status(), 401);
        assert_eq!(app.export(&format!("{name}={token}")).await.status(), 400);
    }
}

#[tokio::test]
async fn a_browser_is_not_made_to_show_its_own_password_dialog() {
    let app = app_of_ann().await;
    let browser = client_with(&[("sec-fetch-mode".parse().unwrap(), "cors")]);
    let response = app.get_as(&browser, EXPORT).await;
    assert_eq!(response.status(), 401);
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, ["Bearer realm=\"Motion Export\""]);
}

#[tokio::test]
async fn a_token_expires_after_its_days() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let (token, _) = make(&app, &browser, "7").await;
    let client = bearer(&token);
    app.wait(7 * 24 * 3_600 - 1);
    assert_eq!(app.get_as(&client, EXPORT).await.status(), 200);
    app.wait(1);
    assert_eq!(app.get_as(&client, EXPORT).await.status(), 401);
    let page = text_of(app.get_as(&app.browser_of("ann").await, "/settings/tokens").await).await;
    assert!(page.contains("(expired)"), "{page}");
}

#[tokio::test]
async fn a_token_is_revoked_only_by_its_owner() {
    let app = app_of_ann().await;
    app.database.add_viewer("bob", &["front"]).await;
    let (ann, bob) = (app.browser_of("ann").await, app.browser_of("bob").await);
    let (token, id) = make(&app, &ann, "90").await;
    let revoke = [("action", "revoke"), ("token", id.as_str())];
    let refused = app.post(&bob, "/settings/tokens", &revoke).await;
    assert_eq!(refused.status(), 404);
    assert_eq!(app.get_as(&bearer(&token), EXPORT).await.status(), 200);
    let done = app.post(&ann, "/settings/tokens", &revoke).await;
    assert_eq!(done.headers()["location"], "/settings/tokens?done=token-revoked");
    assert_eq!(app.get_as(&bearer(&token), EXPORT).await.status(), 401);
    let page = text_of(app.get_as(&ann, "/settings/tokens?done=token-revoked").await).await;
    assert!(page.contains("The token was revoked") && !page.contains("Cron job"), "{page}");
}

#[tokio::test]
async fn a_token_gives_access_to_data_and_to_no_page() {
    let app = app_of_ann().await;
    let (token, _) = make(&app, &app.browser_of("ann").await, "").await;
    let client = bearer(&token);
    for path in ["/settings", "/settings/tokens", "/settings/account"] {
        assert_eq!(app.get_as(&client, path).await.status(), 403, "{path}");
    }
    for (path, form) in [
        ("/settings/tokens", &[("action", "create"), ("name", "more"), ("days", "")][..]),
        ("/settings/account", &[("current_password", "x"), ("password", "y")]),
        ("/api/links", &[("query", ""), ("minutes", "5")]),
    ] {
        assert_eq!(app.post(&client, path, form).await.status(), 403, "{path}");
    }
    assert_eq!(app.get_as(&client, "/api/v1/cameras").await.status(), 200);
}

#[tokio::test]
async fn a_token_without_a_name_or_with_invalid_days_is_refused_and_the_form_keeps_its_values() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    for (name, days, words) in [
        (" ", "30", "A name has 1 to 64 visible characters"),
        ("x", "0", "1 to 3650 days"),
        ("x", "soon", "“soon” is not a number"),
    ] {
        let form = [("action", "create"), ("name", name), ("days", days)];
        let response = app.post(&browser, "/settings/tokens", &form).await;
        assert_eq!(response.status(), 400);
        let page = text_of(response).await;
        assert!(page.contains(words), "{page}");
        assert!(page.contains(&format!("value=\"{name}\"")), "{page}");
    }
}

#[tokio::test]
async fn the_last_use_is_recorded_and_requests_do_not_wait_for_an_import() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let (token, _) = make(&app, &browser, "").await;
    let client = bearer(&token);
    let lock = app.database.lock().await;
    // Two requests for each connection of the pool, while nothing can be written: none waits for the five seconds after
    // which a writer fails, and none is refused.
    let ask = async || {
        for _ in 0..16 {
            app.wait(61);
            assert_eq!(app.get_as(&client, "/api/v1/cameras").await.status(), 200);
        }
    };
    timeout(Duration::from_secs(5), ask()).await.expect("no request waits");
    lock.rollback().await.unwrap();
    let noted = async || {
        loop {
            app.wait(61);
            app.get_as(&client, EXPORT).await;
            let tokens = api_token::list(&app.database.connection, None).await.unwrap();
            let mine = tokens.iter().find(|(token, _)| token.name == "Cron job").unwrap();
            if mine.0.last_used_at.is_some() {
                break;
            }
        }
    };
    timeout(Duration::from_mins(1), noted()).await.expect("it is noted");
    let page = text_of(app.get_as(&browser, "/settings/tokens").await).await;
    assert!(page.contains("16 Dec 2025, 1"), "{page}");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_creates_one_token_and_shows_it_each_time() {
    let app = app_of_ann().await;
    let browser = app.browser_of("ann").await;
    let key = form_key(&text_of(app.get_as(&browser, "/settings/tokens").await).await);
    let form = [("action", "create"), ("name", "nightly"), ("days", "30"), ("form_key", &key)];
    let send = || async { token_in(&text_of(app.post(&browser, "/settings/tokens", &form).await).await) };
    let (first, second) = tokio::join!(send(), send());
    assert_eq!(first, second, "a double click");
    assert_eq!(send().await, first, "a reload");
    let stored = entity::api_token::Entity::find().all(&app.database.connection).await.unwrap();
    let stored: Vec<_> = stored.into_iter().filter(|token| token.name == "nightly").collect();
    assert_eq!(stored.len(), 1);
    assert_eq!(app.get_as(&bearer(&format!("mexp_{first}")), EXPORT).await.status(), 200);

    let other_name = [("action", "create"), ("name", "weekly"), ("days", "30"), ("form_key", &key)];
    let other = token_in(&text_of(app.post(&browser, "/settings/tokens", &other_name).await).await);
    assert_ne!(other, first, "the page was kept, and another name entered");
    let elsewhere = app.browser_of("ann").await;
    let other = token_in(&text_of(app.post(&elsewhere, "/settings/tokens", &form).await).await);
    assert_ne!(other, first, "the key alone, from another session, does not give the token");

    let revoke = [("action", "revoke"), ("token", &*stored[0].id.to_string())];
    app.post(&browser, "/settings/tokens", &revoke).await;
    let refused = app.post(&browser, "/settings/tokens", &form).await;
    assert_eq!(refused.status(), 404);
    assert!(text_of(refused).await.contains("was revoked. Open the page again"));
    assert_eq!(app.get_as(&bearer(&format!("mexp_{first}")), EXPORT).await.status(), 401);
}
