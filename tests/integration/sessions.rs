//! Sessions: signing in and out, and their lifetime.

use motion_export::api::session::Role;
use motion_export::server::accounts::user;
use motion_export::server::db::entity::session;
use motion_export::server::db::timeouts::BUSY_TIMEOUT;
use motion_export::server::db::unix_micros::UnixMicros;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, HOST, HeaderName, USER_AGENT};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, Statement};

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, cookie, events, text_of};
use crate::backend;
use crate::log::Log;

async fn app_with(name: &str) -> TestApp {
    let database = TestDatabase::with(events(4)).await;
    database.add_viewer(name, &["front"]).await;
    database.serve(10).await
}

async fn is_in(app: &TestApp, cookie: &str) -> bool {
    app.get_as(&client_with(&[(COOKIE, cookie)]), "/settings").await.status() == 200
}

#[tokio::test]
async fn signing_in_redirects_to_the_requested_page() {
    let app = app_with("ann").await;
    let anonymous = client_with(&[]);
    let redirect = app.get_as(&anonymous, "/settings/tokens?x=1").await;
    assert_eq!(redirect.status(), 303);
    let to = redirect.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(to, "/login?next=%2Fsettings%2Ftokens%3Fx%3D1");
    let page = text_of(app.get_as(&anonymous, &to).await).await;
    assert!(page.contains("name=\"next\" value=\"/settings/tokens?x=1\""), "{page}");

    for (next, expected) in [
        ("/settings/tokens?x=1", "/settings/tokens?x=1"),
        ("https://evil.example/", "/settings"),
        ("//evil.example", "/settings"),
        ("/\\evil.example", "/settings"),
        ("", "/settings"),
    ] {
        app.wait(60);
        let response = app.post(&anonymous, "/login", &[("name", "ann"), ("password", PASSWORD), ("next", next)]).await;
        // By way of the sign-in, which checks whether the browser has kept the cookie.
        let by_way = response.headers()["location"].to_str().unwrap();
        assert!(by_way.starts_with("/login?done=signed-in&at=17"), "{by_way}");
        let browser = client_with(&[(COOKIE, &cookie(&response))]);
        let led = app.get_as(&browser, by_way).await;
        assert_eq!((led.status().as_u16(), led.headers()["location"].to_str().unwrap()), (303, expected));
    }
    // A user who is signed in already is redirected.
    let browser = app.browser_of("ann").await;
    let led = app.get_as(&browser, "/login?next=/settings/account").await;
    assert_eq!((led.status().as_u16(), led.headers()["location"].to_str().unwrap()), (303, "/settings/account"));
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_response() {
    let app = app_with("zaphod").await;
    let anonymous = client_with(&[]);
    let mut pages = Vec::new();
    for name in ["zaphod", "trillian"] {
        let response =
            app.post(&anonymous, "/login", &[("name", name), ("password", "wrong password"), ("next", "/x")]).await;
        assert_eq!(response.status(), 403);
        assert!(response.headers().get("set-cookie").is_none());
        let page = text_of(response).await;
        assert!(page.contains("Name or password is wrong") && page.contains(&format!("value=\"{name}\"")), "{page}");
        assert!(page.contains("name=\"next\" value=\"/x\"") && !page.contains("wrong password\""), "{page}");
        pages.push(without_numbers(&page.replace(name, "NAME")));
    }
    assert_eq!(pages[0], pages[1]);
}

/// Returns a page without the parts that differ between renderings: nonces and request ids.
fn without_numbers(page: &str) -> String {
    let random = |word: &str| {
        (word.len() == 22 || word.len() == 32) && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    page.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)))
        .filter(|word| !random(word))
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn a_cookie_that_was_not_kept_is_reported_after_every_form_that_sets_one() {
    let app = app_with("ann").await;
    // A browser that refuses cookies: it signs in, and requests the next page without any.
    let no_cookies = client_with(&[]);
    let browser = app.browser_of("ann").await;
    let form = [("current_password", PASSWORD), ("password", "a new password")];
    for (client, path, fields) in [
        (&no_cookies, "/login", &[("name", "ann"), ("password", PASSWORD), ("next", "/settings/tokens")][..]),
        (&browser, "/settings/account", &form),
        (&no_cookies, "/preferences", &[("language", "en"), ("next", "/login")]),
    ] {
        let answer = app.post(client, path, fields).await;
        assert_eq!(answer.status(), 303, "{path}");
        let next = answer.headers()["location"].to_str().unwrap();
        for (language, words) in [
            ("en", "Allow cookies for this address in the browser&#x27;s settings"),
            ("de", "Erlauben Sie in den Einstellungen des Browsers Cookies für diese Adresse"),
        ] {
            let reader = client_with(&[(ACCEPT_LANGUAGE, language), (ACCEPT, "text/html")]);
            let reported = app.get_as(&reader, next).await;
            assert_eq!(reported.status(), 400, "{next}");
            let page = text_of(reported).await.replace('\'', "&#x27;");
            assert!(page.contains(words), "{next}: {page}");
        }
    }
    // The page that reports it has the form, to try again, and redirects afterwards.
    let reported = format!("/login?done=signed-in&at={}&next=%2Fsettings%2Ftokens", app.now() / 1_000_000);
    let page = text_of(app.get_as(&no_cookies, &reported).await).await;
    assert!(page.contains("name=\"password\"") && page.contains("value=\"/settings/tokens\""), "{page}");
    // It is not reported to a user who only opens the sign-in page.
    assert!(!text_of(app.get_as(&no_cookies, "/login").await).await.contains("did not keep"));
    // Nor to a user who opens such an address later, or made one up.
    app.wait(60);
    for address in [&*reported, "/login?done=signed-in", "/login?done=signed-in&at=x&next=%2Fsettings"] {
        let opened = app.get_as(&no_cookies, address).await;
        assert_eq!(opened.status(), 200, "{address}");
        assert!(!text_of(opened).await.contains("did not keep"), "{address}");
    }
    let opened = app.get_as(&no_cookies, "/preferences?language=de&next=%2Flogin").await;
    assert_eq!((opened.status().as_u16(), opened.headers()["location"].to_str().unwrap()), (303, "/login"));
}

/// docs/sources.md says how long writers wait while the database is locked.
#[tokio::test]
async fn signing_in_waits_for_a_locked_database_as_long_as_the_documentation_says() {
    let log = Log::of_this_thread();
    let app = app_with("ann").await;
    let waits = if backend::is_postgres() { "SHOW lock_timeout" } else { "PRAGMA busy_timeout" };
    let waits = Statement::from_string(backend::backend(), waits);
    let found = app.state.writer.query_one_raw(waits).await.unwrap().unwrap();
    let seconds = if backend::is_postgres() {
        found.try_get_by_index::<String>(0).unwrap()
    } else {
        format!("{}s", found.try_get_by_index::<i32>(0).unwrap() / 1_000)
    };
    assert_eq!((seconds.as_str(), BUSY_TIMEOUT.as_secs()), ("5s", 5));
    let documented = include_str!("../../docs/sources.md");
    let sentence = "another import; signing in; changes to users or tokens) wait for 5 seconds, and then fail";
    assert!(documented.contains(sentence), "docs/sources.md does not say: {sentence}");

    // It waits once, not for each statement.
    let short = if backend::is_postgres() { "SET lock_timeout = 1" } else { "PRAGMA busy_timeout = 1" };
    app.state.writer.execute_unprepared(short).await.unwrap();
    let lock = app.database.lock().await;
    let refused = app.post(&client_with(&[]), "/login", &[("name", "ann"), ("password", PASSWORD)]).await;
    assert_eq!((refused.status().as_u16(), refused.headers().get("set-cookie")), (503, None));
    assert!(text_of(refused).await.contains("You cannot be signed in at the moment"));
    assert_eq!(log.text().matches("database unavailable").count(), 1, "{}", log.text());
    lock.rollback().await.unwrap();
    app.cookie_of("ann").await;
}

#[tokio::test]
async fn over_http_a_server_with_an_https_address_says_where_to_sign_in() {
    let mut app = app_with("ann").await;
    app.database.settings.server.public_url = "https://cams.example".to_owned();
    let setup = motion_export::server::accounts::setup::Setup::default();
    let app = app.database.serve_with(10, setup, client_with(&[])).await;
    let shown = |page: &str| page.contains("data-https") && !page.contains("data-https hidden");
    for (headers, is_shown) in [
        (&[][..], true),
        (&[(HOST, "cams.example")], false),
        (&[(HOST, "cams.example"), (HeaderName::from_static("x-forwarded-proto"), "https")], false),
        (&[(HOST, "cams.example"), (HeaderName::from_static("x-forwarded-proto"), "http")], true),
    ] {
        let page = text_of(app.get_as(&client_with(headers), "/login?next=/settings/tokens").await).await;
        assert_eq!(shown(&page), is_shown, "{headers:?}: {page}");
        assert!(page.contains("href=\"https://cams.example/login?next=%2Fsettings%2Ftokens\""), "{page}");
    }
    let german = text_of(app.get_as(&client_with(&[(ACCEPT_LANGUAGE, "de")]), "/login").await).await;
    assert!(german.contains("Melden Sie sich nicht hier an. Öffnen Sie"), "{german}");
    // And to a user who signs in nevertheless.
    let address = format!("/login?done=signed-in&at={}&next=%2Fsettings", app.now() / 1_000_000);
    let reported = app.get_as(&client_with(&[]), &address).await;
    assert!(text_of(reported).await.contains("kept over https only: open https://cams.example."));
}

#[tokio::test]
async fn a_new_password_keeps_or_revokes_access_tokens_as_selected() {
    let app = app_with("ann").await;
    let ann = user::by_name(&app.database.connection, "ann").await.unwrap();
    app.database.add_user("chief", Role::Admin).await;
    let by_ann = async |app: &TestApp, password: &str, new: &str, revoke: &[(&str, &str)]| {
        let signed_in = app.post(&client_with(&[]), "/login", &[("name", "ann"), ("password", password)]).await;
        let browser = client_with(&[(COOKIE, &cookie(&signed_in))]);
        let form = [&[("current_password", password), ("password", new)], revoke].concat();
        app.post(&browser, "/settings/account", &form).await.headers()["location"].to_str().unwrap().to_owned()
    };
    let works = async |token: &str| {
        let client = client_with(&[(reqwest::header::AUTHORIZATION, &format!("Bearer {token}"))]);
        app.get_as(&client, "/api/v1/cameras").await.status() == 200
    };
    let (token, other) = (app.database.token_of(&ann).await, app.database.token_of(&ann).await);
    let page = text_of(app.get_as(&app.browser_of("ann").await, "/settings/account").await).await;
    assert!(page.contains("name=\"revoke_tokens\"") && page.contains("keep working unless you revoke them"), "{page}");
    let done = by_ann(&app, PASSWORD, "another password", &[]).await;
    assert!(done.ends_with("password-changed") && works(&token).await && works(&other).await, "{done}");
    let done = by_ann(&app, "another password", "one more password", &[("revoke_tokens", "true")]).await;
    assert!(done.ends_with("password-changed-tokens-revoked"), "{done}");
    assert!(!works(&token).await && !works(&other).await);

    // The same by an administrator, for that user only.
    let chief = app.browser_of("chief").await;
    let (token, path) = (app.database.token_of(&ann).await, format!("/settings/people/{}", ann.id));
    assert!(text_of(app.get_as(&chief, &path).await).await.contains("name=\"revoke_tokens\""));
    let form = [("action", "password"), ("password", "a third password")];
    app.post(&chief, &path, &form).await;
    assert!(works(&token).await);
    let done = app.post(&chief, &path, &[&form[..], &[("revoke_tokens", "true")]].concat()).await;
    assert!(done.headers()["location"].to_str().unwrap().ends_with("password-set-tokens-revoked"));
    assert!(!works(&token).await);
    assert_eq!(app.get("/api/v1/cameras").await.status(), 200, "nobody else's");
    // A refused form keeps its selection.
    let refused =
        app.post(&chief, &path, &[("action", "password"), ("password", "short"), ("revoke_tokens", "true")]).await;
    assert_eq!(refused.status(), 400);
    let page = text_of(refused).await;
    assert!(page.contains("value=\"true\" checked"), "{page}");
}

#[tokio::test]
async fn the_cookie_is_for_this_server_only() {
    let mut app = app_with("ann").await;
    let sign_in = async |app: &TestApp| {
        let response = app.post(&client_with(&[]), "/login", &[("name", "ann"), ("password", PASSWORD)]).await;
        response.headers()["set-cookie"].to_str().unwrap().to_owned()
    };
    let plain = sign_in(&app).await;
    assert!(plain.starts_with("motion-export="), "{plain}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
        assert!(plain.contains(part), "{part} in {plain}");
    }
    assert!(!plain.contains("Secure") && !plain.contains("Domain"), "plain http on this machine: {plain}");

    app.database.settings.server.public_url = "https://motion.example.com".to_owned();
    let app =
        app.database.serve_with(10, motion_export::server::accounts::setup::Setup::default(), client_with(&[])).await;
    let tls = sign_in(&app).await;
    assert!(tls.starts_with("__Host-motion-export=") && tls.contains("Secure"), "{tls}");
    // Signing out removes the cookie, which a browser accepts with the same attributes only.
    let browser = client_with(&[(COOKIE, tls.split(';').next().unwrap())]);
    let out = app.post(&browser, "/logout", &[]).await;
    let cookies: Vec<_> = out.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    let removed =
        |set: &&str| set.starts_with("__Host-motion-export=;") && set.contains("Secure") && set.contains("Path=/");
    assert!(cookies.iter().any(|set| removed(set) && set.contains("Max-Age=0")), "{cookies:?}");
    // Nothing of the user stays in the browser. Language and colours do: they are cookies, and no secrets.
    assert_eq!(out.headers()["clear-site-data"], "\"cache\", \"storage\"");
}

#[tokio::test]
async fn a_session_has_a_new_id_after_every_sign_in() {
    let app = app_with("ann").await;
    app.database.add_viewer("bob", &[]).await;
    // An id that an attacker has set, in the form of ours, is not adopted.
    let slipped = "motion-export=AAAAAAAAAAAAAAAAAAAAAA";
    let form = [("name", "ann"), ("password", PASSWORD)];
    let first = cookie(&app.post(&client_with(&[(COOKIE, slipped)]), "/login", &form).await);
    assert_ne!(first, slipped);
    assert!(!is_in(&app, slipped).await && is_in(&app, &first).await);
    // Signing in again, as the same or another user, ends the previous session.
    for name in ["ann", "bob"] {
        let before = app.cookie_of("ann").await;
        let browser = client_with(&[(COOKIE, &before)]);
        let after = cookie(&app.post(&browser, "/login", &[("name", name), ("password", PASSWORD)]).await);
        assert_ne!(before, after);
        assert!(!is_in(&app, &before).await && is_in(&app, &after).await);
        let page = text_of(app.get_as(&client_with(&[(COOKIE, &after)]), "/settings").await).await;
        assert!(page.contains(&format!("</span>{name}</span>")), "{page}");
    }
}

#[tokio::test]
async fn a_forged_cookie_does_not_authenticate() {
    let app = app_with("ann").await;
    let genuine = app.cookie_of("ann").await;
    let (name, value) = genuine.split_once('=').unwrap();
    let mut flipped = value.to_owned();
    flipped.replace_range(..1, if value.starts_with('A') { "B" } else { "A" });
    for forged in [flipped.as_str(), "", "x", "../../etc/passwd", &value[1..]] {
        assert!(!is_in(&app, &format!("{name}={forged}")).await, "{forged}");
    }
    assert!(is_in(&app, &genuine).await);
    // The stored hash is not a valid id.
    let stored = session::Entity::find().one(&app.database.connection).await.unwrap().unwrap();
    let hex = motion_export::server::accounts::secret::to_hex(&stored.id_hash);
    for forged in [hex.as_str(), &hex[..22], &stored.link_id.to_string()] {
        assert!(!is_in(&app, &format!("{name}={forged}")).await, "{forged}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle() {
    let app = app_with("ann").await;
    let cookie = app.cookie_of("ann").await;
    // It continues while it is used.
    for _ in 0..3 {
        app.wait(719 * 60);
        assert!(is_in(&app, &cookie).await);
        last_seen_is_written(&app).await;
    }
    app.wait(720 * 60);
    assert!(!is_in(&app, &cookie).await);
}

/// Waits until the use of the only session is recorded, which happens in the background.
async fn last_seen_is_written(app: &TestApp) {
    let written = async {
        loop {
            let session = session::Entity::find().one(&app.database.connection).await.unwrap().unwrap();
            if session.last_seen_at == UnixMicros::new(app.now()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), written).await.expect("it is noted");
}

#[tokio::test]
async fn a_session_in_use_does_not_expire_as_idle_with_any_idle_time() {
    let mut database = TestDatabase::with(events(1)).await;
    database.add_viewer("ann", &[]).await;
    database.settings.accounts.session_idle_minutes = 1.try_into().unwrap();
    let app = database.serve(10).await;
    let cookie = app.cookie_of("ann").await;
    for _ in 0..6 {
        app.wait(50);
        assert!(is_in(&app, &cookie).await);
        last_seen_is_written(&app).await;
    }
    app.wait(60);
    assert!(!is_in(&app, &cookie).await);
}

#[tokio::test]
async fn a_session_expires_after_its_maximum_lifetime_even_if_it_is_used() {
    let app = app_with("ann").await;
    let cookie = app.cookie_of("ann").await;
    for _ in 0..(168 / 8 - 1) {
        app.wait(8 * 3_600);
        assert!(is_in(&app, &cookie).await);
        last_seen_is_written(&app).await;
    }
    app.wait(8 * 3_600);
    assert!(!is_in(&app, &cookie).await);
}

#[tokio::test]
async fn the_sweep_removes_only_expired_sessions() {
    let app = app_with("ann").await;
    app.cookie_of("ann").await;
    app.wait((720 + 24 * 60 - 1) * 60);
    app.cookie_of("ann").await;
    app.state.sessions.sweep().await.unwrap();
    assert_eq!(session::Entity::find().count(&app.database.connection).await.unwrap(), 2);
    app.wait(60);
    app.state.sessions.sweep().await.unwrap();
    assert_eq!(session::Entity::find().count(&app.database.connection).await.unwrap(), 1);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let app = app_with("ann").await;
    let cookie = app.cookie_of("ann").await;
    let other = app.cookie_of("ann").await;
    let out = app.post(&client_with(&[(COOKIE, &cookie)]), "/logout", &[]).await;
    assert_eq!((out.status().as_u16(), out.headers()["location"].to_str().unwrap()), (303, "/login?done=signed-out"));
    assert!(!is_in(&app, &cookie).await && is_in(&app, &other).await, "this browser only");
    // Signing out again has the same result.
    assert_eq!(app.post(&client_with(&[]), "/logout", &[]).await.status(), 303);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let app = app_with("ann").await;
    let (here, elsewhere) = (app.cookie_of("ann").await, app.cookie_of("ann").await);
    let browser = client_with(&[(COOKIE, &here)]);
    let wrong =
        app.post(&browser, "/settings/account", &[("current_password", "wrong"), ("password", "a new password")]).await;
    assert_eq!(wrong.status(), 400);
    assert!(wrong.text().await.unwrap().contains("not your current password"));
    assert!(is_in(&app, &elsewhere).await);

    let form = [("current_password", PASSWORD), ("password", "a new password")];
    let changed = app.post(&browser, "/settings/account", &form).await;
    assert_eq!(
        changed.headers()["location"],
        "/login?done=signed-in&at=1765886400&next=%2Fsettings%2Faccount%3Fdone%3Dpassword-changed"
    );
    let anew = cookie(&changed);
    assert!(is_in(&app, &anew).await, "this browser goes on, under a new id");
    assert!(!is_in(&app, &here).await && !is_in(&app, &elsewhere).await);
    let anonymous = client_with(&[]);
    assert_eq!(app.post(&anonymous, "/login", &[("name", "ann"), ("password", PASSWORD)]).await.status(), 403);
    assert_eq!(app.post(&anonymous, "/login", &[("name", "ann"), ("password", "a new password")]).await.status(), 303);
}

#[tokio::test]
async fn a_removed_user_is_signed_out_at_once() {
    let app = app_with("ann").await;
    let cookie = app.cookie_of("ann").await;
    let ann = user::by_name(&app.database.connection, "ann").await.unwrap();
    let token =
        client_with(&[(reqwest::header::AUTHORIZATION, &format!("Bearer {}", app.database.token_of(&ann).await))]);
    assert_eq!(app.get_as(&token, "/api/v1/cameras").await.status(), 200);
    user::remove(&app.database.connection, &ann).await.unwrap();
    assert!(!is_in(&app, &cookie).await);
    assert_eq!(app.get_as(&token, "/api/v1/cameras").await.status(), 401);
}

#[tokio::test]
async fn of_two_administrators_who_remove_each_other_one_stays() {
    let database = TestDatabase::new().await;
    let (one, other) = (database.add_user("one", Role::Admin).await, database.add_user("other", Role::Admin).await);
    database.add_viewer("ann", &[]).await;
    let connection = &database.connection;
    let removed = tokio::join!(user::remove(connection, &one), user::remove(connection, &other));
    assert_eq!(u8::from(removed.0.is_ok()) + u8::from(removed.1.is_ok()), 1);
}

#[tokio::test]
async fn sign_in_attempts_are_limited_for_correct_and_wrong_passwords_alike_and_allowed_again_later() {
    let app = app_with("ann").await;
    let anonymous = client_with(&[]);
    let attempt =
        async |password: &str| app.post(&anonymous, "/login", &[("name", "ann"), ("password", password)]).await;
    for _ in 0..6 {
        assert_eq!(attempt("a wrong guess").await.status(), 403);
    }
    for password in ["a wrong guess", PASSWORD] {
        let slowed = attempt(password).await;
        assert_eq!(slowed.status(), 429);
        assert_eq!(slowed.headers()["retry-after"], "10");
        assert!(slowed.text().await.unwrap().contains("Wait 10 seconds"));
    }
    app.wait(10);
    assert_eq!(attempt(PASSWORD).await.status(), 303);
}

#[tokio::test]
async fn an_attacker_at_another_address_does_not_lock_the_owner_out() {
    let mut app = app_with("ann").await;
    app.database.settings.server.trusted_proxies = "127.0.0.1".to_owned();
    let app =
        app.database.serve_with(10, motion_export::server::accounts::setup::Setup::default(), client_with(&[])).await;
    let at = |address| client_with(&[(HeaderName::from_static("x-forwarded-for"), address)]);
    let mut slowed = 0;
    for _ in 0..8 {
        let form = [("name", "ann"), ("password", "a wrong guess")];
        slowed += u32::from(app.post(&at("198.51.100.1"), "/login", &form).await.status() == 429);
    }
    assert_eq!(slowed, 2);
    let form = [("name", "ann"), ("password", PASSWORD)];
    assert_eq!(app.post(&at("198.51.100.2"), "/login", &form).await.status(), 303);
}

#[tokio::test]
async fn a_forwarded_address_counts_only_if_a_trusted_proxy_sends_it() {
    let guess = async |app: &TestApp, guesses: u32| {
        let mut slowed = 0;
        for guess in 0..guesses {
            let forwarded = format!("198.51.100.{guess}");
            let client = client_with(&[(HeaderName::from_static("x-forwarded-for"), &forwarded)]);
            let form = [("name", format!("user{guess}")), ("password", String::new())];
            let response = client.post(format!("{}/login", app.address)).form(&form).send().await.unwrap();
            slowed += u32::from(response.status() == 429);
        }
        slowed
    };
    let mut app = app_with("ann").await;
    assert_eq!(guess(&app, 32).await, 2, "thirty at once for one address");
    app.database.settings.server.trusted_proxies = "127.0.0.1".to_owned();
    let app =
        app.database.serve_with(10, motion_export::server::accounts::setup::Setup::default(), client_with(&[])).await;
    assert_eq!(guess(&app, 32).await, 0);
}

#[tokio::test]
async fn signing_in_reports_a_database_that_cannot_be_written_to() {
    let app = app_with("ann").await;
    let lock = app.database.lock().await;
    let response = app.post(&client_with(&[]), "/login", &[("name", "ann"), ("password", PASSWORD)]).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().get("set-cookie").is_none());
    assert!(response.text().await.unwrap().contains("cannot be written to"));
    drop(lock);
}

/// Signs in at the address of a redirect to the sign-in, and returns the address and the page that follow.
async fn sign_in_at(app: &TestApp, login: &str, name: &str) -> (String, String) {
    let anonymous = client_with(&[]);
    let form = text_of(app.get_as(&anonymous, login).await).await;
    let (_, next) = form.split_once("name=\"next\" value=\"").expect("the field with the address");
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    app.wait(60);
    let response = app.post(&anonymous, "/login", &[("name", name), ("password", PASSWORD), ("next", &next)]).await;
    let browser = client_with(&[(COOKIE, &cookie(&response))]);
    let led = app.get_as(&browser, response.headers()["location"].to_str().unwrap()).await;
    let address = led.headers()["location"].to_str().unwrap().to_owned();
    let page = text_of(app.get_as(&browser, &address).await).await;
    (address, page)
}

#[tokio::test]
async fn what_was_typed_into_a_form_without_a_session_survives_the_sign_in_except_passwords() {
    const SECRET: &str = "hush hush hush";
    type Fields = &'static [(&'static str, &'static str)];
    let database = TestDatabase::with(events(4)).await;
    database.add_user("ada", Role::Admin).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let person = format!("/settings/people/{}", ann.id);
    let forms: [(&str, Fields, &[&str]); 5] = [
        (
            "/settings/tokens",
            &[("action", "create"), ("name", "Nightly & <daily>"), ("days", "365"), ("form_key", "1")],
            &["value=\"Nightly &amp; &lt;daily&gt;\"", "<option value=\"365\" selected>"],
        ),
        (
            "/settings/account",
            &[("current_password", SECRET), ("password", SECRET), ("revoke_tokens", "true")],
            &["name=\"revoke_tokens\" value=\"true\" checked"],
        ),
        (
            "/settings/people",
            &[("name", "zoe"), ("role", "admin"), ("password", SECRET)],
            &["value=\"zoe\"", "<option value=\"admin\" selected>"],
        ),
        (&person, &[("action", "role"), ("role", "admin")], &["<option value=\"admin\" selected>"]),
        (
            &person,
            &[("action", "cameras"), ("before", "front"), ("camera_id", "back")],
            &["name=\"camera_id\" value=\"back\" checked", "name=\"camera_id\" value=\"front\">"],
        ),
    ];
    for (path, fields, expected) in forms {
        let response = app.post(&client_with(&[]), path, fields).await;
        assert_eq!(response.status(), 303, "{path}");
        let login = response.headers()["location"].to_str().unwrap().to_owned();
        assert!(login.starts_with("/login?next=") && !login.contains("hush"), "{login}");
        let (address, page) = sign_in_at(&app, &login, "ada").await;
        assert!(address.starts_with(&format!("{path}?done=not-sent")), "{address}");
        for part in expected.iter().chain(&["You were signed out, so nothing was changed."]) {
            assert!(page.contains(part), "{path}: {part} in {page}");
        }
        assert!(!page.contains("hush"), "{page}");
        // The address to return to after another language was chosen shows neither again.
        assert!(page.contains(&format!("name=\"next\" value=\"{path}\"")), "{page}");
    }
    let browser = app.browser_of("ada").await;
    let people = text_of(app.get_as(&browser, "/settings/people").await).await;
    assert!(!people.contains("zoe"), "nothing was changed: {people}");
}

#[tokio::test]
async fn a_form_whose_values_are_too_long_for_an_address_leads_to_the_sign_in_without_them() {
    let app = app_with("ann").await;
    // One is longer than what is put into an address, the other one than what is read of a form.
    for length in [5_000, 70_000] {
        let response = app.post(&client_with(&[]), "/settings/tokens", &[("name", &*"x".repeat(length))]).await;
        let to = response.headers()["location"].to_str().unwrap();
        assert_eq!((response.status().as_u16(), to), (303, "/login?next=%2Fsettings%2Ftokens"), "{length}");
    }
}

#[tokio::test]
async fn without_a_session_the_form_of_an_export_leads_to_the_sign_in_and_back_to_its_selection() {
    let app = app_with("ann").await;
    let query = "format=csv&start_date=2025-12-01&camera_id=front&timezone=Europe%2FBerlin&bom=true";
    let browser = client_with(&[(ACCEPT, "text/html")]);
    let response = app.get_as(&browser, &format!("/api/v1/motion-events/export?{query}")).await;
    assert_eq!(response.status(), 401, "never the sign-in in place of a file");
    let page = text_of(response).await;
    assert!(page.contains("You are signed out.") && page.contains(">Sign in</a>"), "{page}");
    let (_, link) = page.split_once("<a href=\"").expect("a link");
    let link = link.split('"').next().unwrap().replace("&amp;", "&");
    let (address, form) = sign_in_at(&app, &link, "ann").await;
    assert_eq!(address, format!("/settings?{query}"));
    let (_, zone) = form.split_once("<option value=\"Europe/Berlin\"").expect("an option");
    let (zone, _) = zone.split_once('>').expect("the end of its tag");
    assert!(form.contains("value=\"2025-12-01\"") && zone.ends_with(" selected"), "{zone} in {form}");
    // Programs get the sentence for programs.
    let problem = text_of(app.get_as(&client_with(&[]), "/api/v1/motion-events/export").await).await;
    assert!(problem.contains("send an access token") && !problem.contains("<html"), "{problem}");
}

/// Returns the ids of the sessions that a page offers to end.
fn sessions_on(page: &str) -> Vec<String> {
    let values = page.split("name=\"session\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
    values.map(str::to_owned).collect()
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_by_their_user() {
    let app = app_with("ann").await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let form = [("name", "ann"), ("password", PASSWORD)];
    let elsewhere = cookie(&app.post(&client_with(&[(USER_AGENT, firefox)]), "/login", &form).await);
    let (other, here) = (app.cookie_of("ann").await, app.cookie_of("ann").await);
    app.wait(90);
    let browser = client_with(&[(COOKIE, &here)]);
    let page = text_of(app.get_as(&browser, "/settings/account").await).await;
    for part in [">Firefox, Linux</th>", ">Unknown browser</th>", ">This browser</span>", ">127.0.0.1</td>"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(page.contains("16 Dec 2025, 12:00:00 UTC"), "when they signed in: {page}");
    let listed = sessions_on(&page);
    assert_eq!(listed.len(), 2, "this one is not offered: {page}");

    // The last used is first, and the two others are in the order of their beginning.
    let ended = app.post(&browser, "/settings/account", &[("action", "end-session"), ("session", &listed[1])]).await;
    assert_eq!(ended.headers()["location"], "/settings/account?done=session-ended");
    let remaining = [is_in(&app, &elsewhere).await, is_in(&app, &other).await];
    assert_eq!(remaining.iter().filter(|is_in| **is_in).count(), 1, "{remaining:?}");
    assert!(is_in(&app, &here).await);
    for gone in [&*listed[1], "", "x", "00000000-0000-0000-0000-000000000000"] {
        let refused = app.post(&browser, "/settings/account", &[("action", "end-session"), ("session", gone)]).await;
        assert_eq!(refused.status(), 400, "{gone}");
        assert!(text_of(refused).await.contains("This session has already ended."), "{gone}");
    }
    // An expired session is not listed.
    let idle = app.state.settings.accounts.session_idle_minutes.get();
    app.wait(idle * 60);
    let page = text_of(app.get_as(&app.browser_of("ann").await, "/settings/account").await).await;
    assert_eq!(sessions_on(&page), [""; 0], "{page}");
}

#[tokio::test]
async fn nobody_ends_the_sessions_of_others_except_administrators() {
    let app = app_with("ann").await;
    app.database.add_viewer("bob", &[]).await;
    let (ann, bob, admin) = (app.cookie_of("ann").await, app.cookie_of("bob").await, app.browser_of("admin").await);
    let id_of = async |name: &str| user::by_name(&app.database.connection, name).await.unwrap().id;
    let (ann_page, bob_page) =
        (format!("/settings/people/{}", id_of("ann").await), format!("/settings/people/{}", id_of("bob").await));
    let listed = sessions_on(&text_of(app.get_as(&admin, &ann_page).await).await);
    assert_eq!(listed.len(), 1);
    let form = [("action", "end-session"), ("session", &*listed[0])];
    let by_bob = client_with(&[(COOKIE, &bob)]);
    assert_eq!(app.post(&by_bob, "/settings/account", &form).await.status(), 400);
    assert_eq!(app.post(&by_bob, &ann_page, &form).await.status(), 403);
    // The session must be that of the user of the page.
    assert_eq!(app.post(&admin, &bob_page, &form).await.status(), 400);
    assert_eq!(app.post(&client_with(&[]), "/settings/account", &form).await.status(), 303, "to the sign-in");
    let cross_site = client_with(&[(COOKIE, &ann), (HeaderName::from_static("sec-fetch-site"), "cross-site")]);
    assert_eq!(app.post(&cross_site, "/settings/account", &form).await.status(), 403);
    assert!(is_in(&app, &ann).await);

    let ended = app.post(&admin, &ann_page, &form).await;
    assert_eq!(ended.headers()["location"].to_str().unwrap(), format!("{ann_page}?done=session-ended"));
    assert!(!is_in(&app, &ann).await && is_in(&app, &bob).await);
}
