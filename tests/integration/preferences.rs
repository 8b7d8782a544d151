//! The language and colours of the pages: as the browser prefers, and as the user chose.

use motion_export::server::accounts::secret::Secret;
use motion_export::server::accounts::setup::Setup;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, HeaderName, LOCATION, SET_COOKIE, VARY};
use reqwest::{Client, Response};
use serde_json::Value;

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, events, text_of};

/// Words of the English pages that no German page may contain. Words that both languages share are left out.
const ENGLISH: [&str; 59] = [
    " the ",
    " and ",
    " of ",
    " is ",
    " to ",
    " you",
    "You",
    "The ",
    "This ",
    "Nobody",
    "Settings",
    "Data Export",
    "Export history",
    "Verify",
    "Access",
    "Account",
    "People",
    "Skip",
    "Signed",
    "Sign ",
    "Theme",
    "Light",
    "Dark",
    "Language",
    "Password",
    "Change",
    "Current",
    "New ",
    "First",
    "User<",
    "Role",
    "Cameras",
    "Save",
    "Set ",
    "Remove",
    "Yes",
    "Add ",
    "All<",
    "None",
    "Show",
    "Started",
    "Selection",
    "Events",
    "Size",
    "State",
    "Complete",
    "Running",
    "Failed",
    "everything",
    " by ",
    "Copy",
    "Export again",
    "Newest",
    "Revoke",
    "Created",
    "Works",
    "Last",
    "never",
    "Request ID",
];

async fn app_of_ann() -> TestApp {
    let database = TestDatabase::with(events(4)).await;
    database.add_viewer("ann", &["front"]).await;
    database.serve(10).await
}

/// Returns a page without its scripts and without the names of time zones.
async fn read(response: Response) -> String {
    let page = text_of(response).await;
    let mut parts = page.split("<script");
    let mut text = parts.next().unwrap_or_default().to_owned();
    text.extend(parts.filter_map(|part| part.split_once("</script>")).map(|(_, rest)| rest));
    // The names of time zones are the same in all languages.
    match text.split_once("<select id=\"timezone\"") {
        Some((before, rest)) => format!("{before}{}", rest.split_once("</select>").unwrap().1),
        None => text,
    }
}

fn assert_german(path: &str, page: &str) {
    assert!(page.contains("<html lang=\"de\""), "{path}: {page}");
    // The lines to copy into other programs.
    let page: String = page.split("<textarea").map(|part| part.rsplit("</textarea>").next().unwrap_or(part)).collect();
    for word in ENGLISH {
        assert!(!page.contains(word), "“{word}” at {path}: {page}");
    }
}

async fn german(app: &TestApp, name: &str) -> Client {
    client_with(&[(COOKIE, &format!("{}; language=de", app.cookie_of(name).await))])
}

#[tokio::test]
async fn a_page_is_in_the_chosen_or_the_preferred_language() {
    let app = app_of_ann().await;
    for (asked, chosen, language, title) in [
        ("de-AT,de;q=0.9,en;q=0.8", "a=b", "de", "Anmelden"),
        ("fr", "a=b", "en", "Sign in"),
        ("en-GB,de;q=0.9", "language=de", "de", "Anmelden"),
        ("de", "language=en", "en", "Sign in"),
        ("de", "language=nonsense", "de", "Anmelden"),
    ] {
        let browser = client_with(&[(ACCEPT_LANGUAGE, asked), (COOKIE, chosen)]);
        for path in ["/login", "/nowhere"] {
            let response = app.get_as(&browser, path).await;
            assert_eq!(response.headers()[VARY], "accept-language, cookie", "{path}");
            let page = response.text().await.unwrap();
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{asked} {chosen} {path}: {page}");
            if path == "/login" {
                assert!(page.contains(&format!("<title>{title} · Motion Export</title>")), "{page}");
            }
        }
    }
}

#[tokio::test]
async fn the_german_pages_contain_no_english() {
    let app = app_of_ann().await;
    app.lines("").await;
    let (admin, ann) = (german(&app, "admin").await, german(&app, "ann").await);
    let created = app.post(&admin, "/settings/tokens", &[("action", "create"), ("name", "x"), ("days", "7")]).await;
    assert_german("the new token", &read(created).await);
    let user_path = {
        let form = [("name", "bob"), ("role", "user"), ("password", PASSWORD)];
        let added = app.post(&admin, "/settings/people", &form).await;
        added.headers()[LOCATION].to_str().unwrap().to_owned()
    };
    for path in [
        "/settings",
        "/settings?start_date=2025-12-01&end_date=2025-12-31&camera_id=front",
        "/settings?end_date=2020-01-01",
        "/settings?start_date=2025-12-02&end_date=2025-12-01",
        "/settings?start_date=2025-13-01",
        "/settings/exports",
        "/settings/exports?before=00000000-0000-0000-0000-000000000000",
        "/settings/verify",
        "/settings/tokens",
        "/settings/account",
        "/settings/people",
        "/settings/sources",
        user_path.as_str(),
        "/settings/people/nobody",
        "/settings/tokens?done=token-revoked",
        "/nowhere",
    ] {
        assert_german(path, &read(app.get_as(&admin, path).await).await);
    }
    for path in ["/settings", "/settings/exports", "/settings/account"] {
        assert_german(path, &read(app.get_as(&ann, path).await).await);
    }
    let signed_out = client_with(&[(ACCEPT_LANGUAGE, "de")]);
    for path in ["/login", "/login?done=signed-out", "/setup?key=wrong"] {
        assert_german(path, &read(app.get_as(&signed_out, path).await).await);
    }
}

#[tokio::test]
async fn the_setup_without_any_user_is_in_german_too() {
    let key = Secret::from_bits([3; 32]);
    let app = TestDatabase::new().await.serve_with(10, Setup::with_key(key), client_with(&[])).await;
    let signed_out = client_with(&[(ACCEPT_LANGUAGE, "de")]);
    let path = format!("/setup?key={}", key.to_hex());
    assert_german("/login", &read(app.get_as(&signed_out, "/login").await).await);
    assert_german("/setup", &read(app.get_as(&signed_out, &path).await).await);
    // After a refused form, a choice of language redirects back to the form.
    let form = [("key", key.to_hex()), ("name", "ann".to_owned()), ("password", "short".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let refused = read(app.post(&signed_out, "/setup", &form).await).await;
    assert_german("/setup", &refused);
    assert!(refused.contains(&format!("name=\"next\" value=\"{path}\"")), "{refused}");
}

#[tokio::test]
async fn form_errors_are_in_german_and_api_errors_in_english() {
    let app = app_of_ann().await;
    let admin = german(&app, "admin").await;
    for (path, form, words) in [
        (
            "/settings/account",
            &[("current_password", "wrong"), ("password", PASSWORD)][..],
            "nicht Ihr aktuelles Passwort",
        ),
        (
            "/settings/account",
            &[("current_password", PASSWORD), ("password", "short")],
            "mindestens 10 beliebigen Zeichen",
        ),
        ("/settings/tokens", &[("action", "create"), ("name", ""), ("days", "")], "1 bis 64 sichtbare Zeichen"),
        ("/settings/tokens", &[("action", "create"), ("name", "x"), ("days", "0")], "Ein Token ist 1 bis"),
        (
            "/settings/tokens",
            &[("action", "create"), ("name", "x"), ("days", "many")],
            "„many“ ist keine Anzahl von Tagen",
        ),
        ("/settings/tokens", &[("action", "dance")], "„dance“ ist keine Aktion dieses Formulars"),
        ("/settings/tokens", &[("action", "revoke"), ("token", "x")], "Dieses Token ist nicht mehr vorhanden"),
        (
            "/settings/people",
            &[("name", "ann"), ("role", "user"), ("password", PASSWORD)],
            "Den Namen „ann“ gibt es schon",
        ),
        ("/settings/people", &[("name", "bob"), ("role", "king"), ("password", PASSWORD)], "„king“ ist keine Rolle"),
        (
            "/settings/people",
            &[("name", PASSWORD), ("role", "user"), ("password", PASSWORD)],
            "Ohne den Namen der Person und dieses Programms",
        ),
        (
            "/settings/people",
            &[("name", "bob"), ("role", "user"), ("password", "password123")],
            "weil viele dieses oder ein ähnliches verwenden",
        ),
    ] {
        app.wait(60);
        let response = app.post(&admin, path, form).await;
        assert!(response.status().is_client_error(), "{path}: {words}");
        assert_eq!(response.headers()[VARY], "accept-language, cookie");
        let page = read(response).await;
        assert!(page.contains("<html lang=\"de\">") && page.contains(words), "{words} at {path}: {page}");
    }
    let signed_out = client_with(&[(ACCEPT_LANGUAGE, "de")]);
    let form = [("name", "x"), ("password", "y"), ("next", "/settings?a=b")];
    let refused = read(app.post(&signed_out, "/login", &form).await).await;
    assert!(refused.contains("Name oder Passwort ist falsch"), "{refused}");
    assert!(refused.contains("name=\"next\" value=\"/login?next=%2Fsettings%3Fa%3Db\""), "{refused}");

    let script: Value = app.get_as(&signed_out, "/api/v1/exports").await.json().await.unwrap();
    assert!(script["detail"].as_str().unwrap().starts_with("You are not signed in."), "{script}");
}

#[tokio::test]
async fn an_error_page_has_the_chosen_language_and_colours() {
    let app = app_of_ann().await;
    let cookies = format!("{}; language=de; theme=dark", app.cookie_of("ann").await);
    let browser = client_with(&[(COOKIE, &cookies), (ACCEPT, "text/html")]);
    let response = app.get_as(&browser, "/settings/people").await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()[VARY], "accept-language, cookie");
    let page = read(response).await;
    assert!(page.contains("<html lang=\"de\" data-theme=\"dark\">"), "{page}");
    for part in
        ["content=\"dark\"", "<h1>Nicht erlaubt</h1>", "Diese Seite ist Administratoren vorbehalten", "Anfrage-ID: "]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn a_choice_is_kept_for_a_year_and_redirects_back_to_the_page() {
    let mut app = app_of_ann().await;
    let signed_out = client_with(&[]);
    for (field, value, next) in [
        ("language", "de", "/settings?start_date=2025-12-01&camera_id=front"),
        ("language", "en", "/login"),
        ("theme", "dark", "/settings/tokens"),
        ("theme", "light", "/"),
        ("theme", "system", "/settings"),
    ] {
        let response = app.post(&signed_out, "/preferences", &[("next", next), (field, value)]).await;
        assert_eq!(response.status(), 303, "{field}={value}");
        let check = response.headers()[LOCATION].to_str().unwrap();
        let set = response.headers()[SET_COOKIE].to_str().unwrap();
        let browser = client_with(&[(COOKIE, set.split(';').next().unwrap())]);
        let led = app.get_as(&browser, check).await;
        assert_eq!((led.status().as_u16(), led.headers()[LOCATION].to_str().unwrap()), (303, next), "{check}");
        assert!(set.starts_with(&format!("{field}={value};")), "{set}");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"] {
            assert!(set.contains(part), "{part} in {set}");
        }
        assert!(!set.contains("Secure") && !set.contains("Domain"), "plain http on this machine: {set}");
    }
    app.database.settings.server.public_url = "https://motion.example.com".to_owned();
    let app = app.database.serve_with(10, Setup::default(), client_with(&[])).await;
    let response = app.post(&signed_out, "/preferences", &[("theme", "dark")]).await;
    assert!(response.headers()[SET_COOKIE].to_str().unwrap().contains("Secure"));
}

#[tokio::test]
async fn the_preferences_form_of_every_page_returns_to_it() {
    let app = app_of_ann().await;
    let browser = app.browser_of("admin").await;
    for (path, next) in [
        ("/settings?start_date=2025-12-01&camera_id=front", "/settings?start_date=2025-12-01&amp;camera_id=front"),
        ("/settings/exports?state=failed", "/settings/exports?state=failed"),
        ("/settings/people?done=person-removed", "/settings/people"),
        ("/nowhere?x=1", "/nowhere?x=1"),
        ("/nowhere?%22%3E%3Cscript%3E", "/nowhere?%22%3E%3Cscript%3E="),
    ] {
        let page = app.get_as(&browser, path).await.text().await.unwrap();
        assert_eq!(page.matches(&format!("name=\"next\" value=\"{next}\"")).count(), 2, "{path}: {page}");
        assert!(page.contains("action=\"/preferences\""), "{path}");
    }
    let page = read(app.get_as(&client_with(&[]), "/login?next=/settings%3Fa%3Db").await).await;
    assert!(page.contains("name=\"next\" value=\"/login?next=%2Fsettings%3Fa%3Db\""), "{page}");
}

#[tokio::test]
async fn the_preferences_redirect_never_leaves_the_server() {
    let app = app_of_ann().await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "settings"] {
        let response = app.post(&client_with(&[]), "/preferences", &[("theme", "dark"), ("next", next)]).await;
        assert_eq!(response.status(), 303, "{next}");
        assert_eq!(response.headers()[LOCATION], "/preferences?theme=dark&at=1765886400&next=%2Fsettings", "{next}");
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let browser = client_with(&[(COOKIE, "theme=dark")]);
        let led = app.get_as(&browser, &format!("/preferences?theme=dark&{query}")).await;
        assert_eq!(led.headers()[LOCATION], "/settings", "{next}");
    }
}

#[tokio::test]
async fn an_unknown_language_or_theme_is_refused() {
    let app = app_of_ann().await;
    let signed_out = client_with(&[]);
    for (form, field, words) in [
        (&[("language", "fr")][..], "language", "Allowed: en, de."),
        (&[("language", "")], "language", "Allowed: en, de."),
        (&[("theme", "pink")], "theme", "Allowed: system, light, dark."),
        (&[("language", "de"), ("theme", "pink")], "theme", "Allowed: system, light, dark."),
        (&[("next", "/settings")], "language", "Choose a language (en, de) or a theme"),
        (&[], "language", "Nothing was chosen."),
    ] {
        let response = app.post(&signed_out, "/preferences", form).await;
        assert_eq!(response.status(), 400, "{form:?}");
        assert!(response.headers().get(SET_COOKIE).is_none(), "{form:?}");
        let error: Value = response.json().await.unwrap();
        assert_eq!((error["code"].as_str(), error["field"].as_str()), (Some("invalid_parameter"), Some(field)));
        assert!(error["detail"].as_str().unwrap().contains(words), "{error}");
    }
    let long = "x".repeat(100_000);
    assert_eq!(app.post(&signed_out, "/preferences", &[("theme", &long)]).await.status(), 413);
    // A browser gets the error as a page.
    let browser = client_with(&[(ACCEPT, "text/html"), (ACCEPT_LANGUAGE, "de")]);
    let page = read(app.post(&browser, "/preferences", &[("theme", "pink")]).await).await;
    assert!(page.contains("„pink“ ist kein Farbschema. Möglich sind: system, light, dark."), "{page}");
}

#[tokio::test]
async fn another_site_cannot_set_preferences() {
    let app = app_of_ann().await;
    let elsewhere = client_with(&[(HeaderName::from_static("sec-fetch-site"), "cross-site")]);
    let response = app.post(&elsewhere, "/preferences", &[("theme", "dark")]).await;
    assert_eq!(response.status(), 403);
    assert!(response.headers().get(SET_COOKIE).is_none());
}

#[tokio::test]
async fn the_colours_are_part_of_the_rendered_page() {
    let app = app_of_ann().await;
    let dark = ".thaw-config-provider[data-thaw-id][data-thaw-id]{";
    for (chosen, html, scheme, rule) in [
        ("a=b", "<html lang=\"en\">", "light dark", Some(format!("@media(prefers-color-scheme:dark){{{dark}"))),
        (
            "theme=system",
            "<html lang=\"en\">",
            "light dark",
            Some(format!("@media(prefers-color-scheme:dark){{{dark}")),
        ),
        ("theme=dark", "<html lang=\"en\" data-theme=\"dark\">", "dark", Some(format!(">{dark}"))),
        ("theme=light", "<html lang=\"en\" data-theme=\"light\">", "light", None),
        ("theme=pink", "<html lang=\"en\">", "light dark", Some(format!("@media(prefers-color-scheme:dark){{{dark}"))),
    ] {
        for path in ["/login", "/nowhere"] {
            let page = app.get_as(&client_with(&[(COOKIE, chosen)]), path).await.text().await.unwrap();
            assert!(page.contains(html), "{chosen} at {path}: {page}");
            assert!(page.contains(&format!("name=\"color-scheme\" content=\"{scheme}\"")), "{chosen} at {path}");
            match &rule {
                Some(rule) => assert!(page.contains(rule), "{chosen} at {path}"),
                None => assert!(!page.contains(dark), "{chosen} at {path}"),
            }
        }
    }
}

#[tokio::test]
async fn the_button_of_the_current_choice_is_pressed() {
    let app = app_of_ann().await;
    let pressed = async |cookies: &str| {
        let page = read(app.get_as(&client_with(&[(COOKIE, cookies)]), "/login").await).await;
        let footer = page.split("<footer").nth(1).expect("a footer").to_owned();
        let buttons = footer.split("<button").skip(1).filter(|button| button.contains("aria-pressed=\"true\""));
        let words = buttons.filter_map(|button| Some(button.split('>').nth(1)?.split('<').next()?.to_owned()));
        words.collect::<Vec<_>>()
    };
    assert_eq!(pressed("a=b").await, ["System", "English"]);
    assert_eq!(pressed("theme=dark").await, ["Dark", "English"]);
    assert_eq!(pressed("theme=light; language=de").await, ["Hell", "Deutsch"]);
}
