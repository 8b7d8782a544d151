//! Users, as administrators manage them on the pages.

use motion_export::api::session::Role;
use motion_export::server::accounts::camera_access::grants;
use motion_export::server::accounts::secret::Secret;
use motion_export::server::accounts::setup::Setup;
use motion_export::server::accounts::user;
use reqwest::header::COOKIE;

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, events, text_of};

async fn app() -> TestApp {
    TestDatabase::with(events(4)).await.serve(10).await
}

async fn path_of(app: &TestApp, name: &str) -> String {
    let id = user::by_name(&app.database.connection, name).await.unwrap().id;
    format!("/settings/people/{id}")
}

#[tokio::test]
async fn a_user_is_added_sees_granted_cameras_and_is_removed() {
    let app = app().await;
    let admin = app.browser_of("admin").await;
    let form = [("name", "Ann"), ("role", "user"), ("password", PASSWORD)];
    let added = app.post(&admin, "/settings/people", &form).await;
    let path = path_of(&app, "ann").await;
    assert_eq!(added.headers()["location"].to_str().unwrap(), format!("{path}?done=person-added"));
    let page = text_of(app.get_as(&admin, &format!("{path}?done=person-added")).await).await;
    assert!(page.contains("The person was added") && page.contains("Back Yard"), "{page}");

    let ann = app.browser_of("ann").await;
    assert!(app.lines_as(&ann, "").await.is_empty());
    let cameras = [("action", "cameras"), ("camera_id", "front"), ("camera_id", "back")];
    let saved = app.post(&admin, &path, &cameras).await;
    assert_eq!(saved.headers()["location"].to_str().unwrap(), format!("{path}?done=cameras-saved"));
    assert_eq!(app.lines_as(&ann, "").await.len(), 4);
    // The form contains the grants at the time of rendering, and later changes by others stay: `front` was revoked on
    // this page, and `side` was granted elsewhere.
    app.database.add_camera("side", Some("Side")).await;
    let ann_herself = user::by_name(&app.database.connection, "ann").await.unwrap();
    grants::grant(&app.database.connection, &ann_herself, "side").await.unwrap();
    let form =
        [("action", "cameras"), ("before", "front"), ("before", "back"), ("camera_id", "back"), ("camera_id", "back")];
    app.post(&admin, &path, &form).await;
    assert_eq!(grants::camera_ids(&app.database.connection, ann_herself.id).await.unwrap(), ["back", "side"]);
    assert_eq!(app.lines_as(&ann, "").await.len(), 2);
    let page = text_of(app.get_as(&admin, &path).await).await;
    assert!(page.contains("value=\"back\" checked") && !page.contains("value=\"front\" checked"), "{page}");
    // Selecting no camera is valid too.
    app.post(&admin, &path, &[("action", "cameras"), ("before", "back"), ("before", "side")]).await;
    assert!(app.lines_as(&ann, "").await.is_empty());

    let removed = app.post(&admin, &path, &[("action", "remove")]).await;
    assert_eq!(removed.headers()["location"], "/settings/people?done=person-removed");
    assert_eq!(app.get_as(&ann, "/settings").await.status(), 303);
    assert_eq!(app.get_as(&admin, &path).await.status(), 404);
}

#[tokio::test]
async fn an_invalid_change_is_refused_with_the_reason_and_changes_nothing() {
    let app = app().await;
    app.database.add_viewer("ann", &["front"]).await;
    let admin = app.browser_of("admin").await;
    for (form, words) in [
        ([("name", "ann"), ("role", "user"), ("password", PASSWORD)], "The user “ann” already exists"),
        ([("name", ""), ("role", "user"), ("password", PASSWORD)], "1 to 64 visible characters"),
        ([("name", "bob"), ("role", "king"), ("password", PASSWORD)], "“king” is not a role"),
        ([("name", "bob"), ("role", "user"), ("password", "short")], "at least 10 characters"),
    ] {
        let response = app.post(&admin, "/settings/people", &form).await;
        assert_eq!(response.status(), 400, "{words}");
        let page = text_of(response).await;
        assert!(page.contains(words), "{words}: {page}");
        assert!(page.contains(&format!("value=\"{}\"", form[0].1)) && !page.contains(&format!("\"{}\"", form[2].1)));
    }
    let (ann, me) = (path_of(&app, "ann").await, path_of(&app, "admin").await);
    for (path, form, words) in [
        (&ann, &[("action", "cameras"), ("camera_id", "nothing")][..], "no longer exists"),
        (&ann, &[("action", "password"), ("password", "short")], "at least 10 characters"),
        (&ann, &[("action", "promote")], "not an action of this form"),
        (&ann, &[("action", "role"), ("role", "king")], "“king” is not a role"),
        (&me, &[("action", "role"), ("role", "user")], "You cannot change your own role"),
        (&me, &[("action", "remove")], "cannot remove yourself"),
        (&me, &[("action", "password"), ("password", "another password")], "under Account"),
    ] {
        let response = app.post(&admin, path, form).await;
        assert_eq!(response.status(), 400, "{words}");
        assert!(response.text().await.unwrap().contains(words), "{words}");
    }
    let user = user::by_name(&app.database.connection, "ann").await.unwrap();
    assert_eq!(grants::camera_ids(&app.database.connection, user.id).await.unwrap(), ["front"], "as before");
    assert_eq!(
        app.browser_of("ann").await.get(format!("{}/settings", app.address)).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn a_guessable_password_is_refused_at_its_field_on_every_page_and_nothing_typed_is_lost() {
    let key = Secret::from_bits([5; 32]);
    let app = TestDatabase::new().await.serve_with(10, Setup::with_key(key), client_with(&[])).await;
    let anonymous = client_with(&[]);
    let refused = async |client, path: &str, form: &[(&str, &str)], words: &str, kept: &[&str]| {
        let response = app.post(client, path, form).await;
        assert_eq!(response.status(), 400, "{path}");
        let page = text_of(response).await;
        let (_, field) = page.split_once("id=\"password-problem\" class=\"problem\">").expect(path);
        assert!(field.starts_with(words), "{path}: {field}");
        let (_, input) = page.split_once("id=\"password\"").expect(path);
        let input = input.split('>').next().unwrap();
        assert!(input.contains("aria-invalid=\"true\"") && input.contains("password-problem password-hint"), "{input}");
        for kept in kept {
            assert!(page.contains(kept), "{kept} at {path}: {page}");
        }
        for (name, value) in form.iter().filter(|(name, _)| name.ends_with("password")) {
            assert!(!page.contains(&format!("value=\"{value}\"")), "{name} at {path}");
        }
    };
    let common = "The password is easily guessed, because many people use this or a similar one.";
    let names = "Without the name of the user and of this program, too little of the password is left.";
    let hex = key.to_hex();
    let form = |password| [("key", &*hex), ("name", "Chief Wiggum"), ("password", password)];
    refused(&anonymous, "/setup", &form("password123"), common, &["value=\"Chief Wiggum\"", &hex]).await;
    refused(&anonymous, "/setup", &form("chief.wiggum1"), names, &["value=\"Chief Wiggum\""]).await;
    assert!(user::has_no_users(&app.database.connection).await.unwrap());

    app.database.add_user("admin", Role::Admin).await;
    app.database.add_viewer("ann", &[]).await;
    let admin = app.browser_of("admin").await;
    let form = [("name", "Bob"), ("role", "admin"), ("password", "motion-export-2025")];
    refused(&admin, "/settings/people", &form, names, &["value=\"Bob\"", "value=\"admin\" selected"]).await;
    let form = [("action", "password"), ("password", "qwerty1234"), ("revoke_tokens", "true")];
    let ticked = "name=\"revoke_tokens\" value=\"true\" checked";
    refused(&admin, &path_of(&app, "ann").await, &form, common, &[ticked]).await;
    let form = [("current_password", PASSWORD), ("password", "iloveyou123"), ("revoke_tokens", "true")];
    refused(&app.browser_of("ann").await, "/settings/account", &form, common, &[ticked]).await;
    // The old password still works.
    app.browser_of("ann").await;
}

#[tokio::test]
async fn a_role_takes_effect_with_the_next_request_and_the_last_administrator_stays() {
    let app = app().await;
    app.database.add_viewer("ann", &["front"]).await;
    let (admin, ann) = (app.browser_of("admin").await, app.browser_of("ann").await);
    let path = path_of(&app, "ann").await;
    assert_eq!(app.lines_as(&ann, "").await.len(), 2);
    let promoted = app.post(&admin, &path, &[("action", "role"), ("role", "admin")]).await;
    assert_eq!(promoted.headers()["location"].to_str().unwrap(), format!("{path}?done=role-changed"));
    assert_eq!(app.lines_as(&ann, "").await.len(), 4);
    let me = path_of(&app, "admin").await;
    assert_eq!(app.post(&ann, &me, &[("action", "role"), ("role", "user")]).await.status(), 303);
    assert_eq!(app.get_as(&admin, "/settings/people").await.status(), 403);
    let connection = &app.database.connection;
    let last = user::by_name(connection, "ann").await.unwrap();
    let refused = user::set_role(connection, &last, Role::User).await.unwrap_err();
    assert!(refused.detail.contains("last administrator"), "{refused}");
}

#[tokio::test]
async fn a_password_set_by_an_administrator_signs_the_user_out() {
    let app = app().await;
    app.database.add_viewer("ann", &[]).await;
    let cookie = app.cookie_of("ann").await;
    let form = [("action", "password"), ("password", "a password from the boss")];
    let set = app.post(&app.browser_of("admin").await, &path_of(&app, "ann").await, &form).await;
    assert_eq!(set.status(), 303);
    assert_eq!(app.get_as(&client_with(&[(COOKIE, &cookie)]), "/settings").await.status(), 303);
    let form = [("name", "ann"), ("password", "a password from the boss")];
    assert_eq!(app.post(&client_with(&[]), "/login", &form).await.status(), 303);
}

#[tokio::test]
async fn a_user_with_a_thousand_cameras_keeps_them_all() {
    let app = app().await;
    let ids: Vec<_> = (0..1_000).map(|number| format!("camera-{number}")).collect();
    for id in &ids {
        app.database.add_camera(id, Some(id)).await;
    }
    app.database.add_viewer("ann", &[]).await;
    let mut form = vec![("action", "cameras")];
    form.extend(ids.iter().map(|id| ("camera_id", id.as_str())));
    let saved = app.post(&app.browser_of("admin").await, &path_of(&app, "ann").await, &form).await;
    assert_eq!(saved.status(), 303);
    let user = user::by_name(&app.database.connection, "ann").await.unwrap();
    assert_eq!(grants::camera_ids(&app.database.connection, user.id).await.unwrap().len(), 1_000);
    assert!(app.lines_as(&app.browser_of("ann").await, "").await.is_empty());
}

/// Returns the texts of a page between a start and an end.
fn between<'a>(page: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    page.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

#[tokio::test]
async fn people_and_cameras_are_in_natural_order_everywhere() {
    let app = TestDatabase::new().await.serve(10).await;
    for (id, name) in [("1", "Cam 10"), ("2", "cam 2"), ("3", "Äußeres Tor"), ("4", "Zaun"), ("5", "CAM 1")] {
        app.database.add_camera(id, Some(name)).await;
    }
    for name in ["user10", "user2", "ärztin", "zoe"] {
        app.database.add_viewer(name, &[]).await;
    }
    let cameras = ["Äußeres Tor", "CAM 1", "cam 2", "Cam 10", "Zaun"];
    let admin = app.browser_of("admin").await;
    let people = text_of(app.get_as(&admin, "/settings/people").await).await;
    assert_eq!(between(&people, "rel=\"external\">user", "<"), ["2", "10"]);
    let order =
        ["admin", "ärztin", "user2", "user10", "zoe"].map(|name| people.find(&format!("\">{name}</a>")).unwrap());
    assert!(order.is_sorted(), "{order:?}");
    let person = text_of(app.get_as(&admin, &path_of(&app, "zoe").await).await).await;
    let boxes: Vec<_> = between(&person, "name=\"camera_id\"", "</label>");
    let names: Vec<_> = boxes.iter().map(|label| between(label, "<span>", "</span>")[0]).collect();
    assert_eq!(names, cameras);
    assert_eq!(between(&person, "<option value=\"", "\">")[..3], ["ärztin", "user2", "user10"], "to copy from");
    let retention = text_of(app.get_as(&admin, "/settings/retention").await).await;
    assert_eq!(between(&retention, "role=\"rowheader\">", "</th>"), cameras);
    let listed: serde_json::Value = app.get("/api/v1/cameras").await.json().await.unwrap();
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|camera| camera["name"].as_str().unwrap()).collect();
    assert_eq!(listed, cameras);
}

#[tokio::test]
async fn a_search_in_the_address_leaves_out_the_others_and_saving_keeps_them() {
    let app = app().await;
    app.database.add_viewer("ann", &["front"]).await;
    app.database.add_viewer("bob", &[]).await;
    let admin = app.browser_of("admin").await;
    let people = text_of(app.get_as(&admin, "/settings/people?search=AN").await).await;
    assert!(people.contains(">ann</a>") && !people.contains(">bob</a>") && people.contains(">1 of 3<"), "{people}");
    let nothing = text_of(app.get_as(&admin, "/settings/people?search=%3Cb%3E").await).await;
    assert!(nothing.contains("Nothing matches the search.") && nothing.contains("value=\"&lt;b&gt;\""), "{nothing}");
    let path = path_of(&app, "ann").await;
    let searched = text_of(app.get_as(&admin, &format!("{path}?search=back")).await).await;
    // The id `front` is not shown, so it is not found either.
    assert!(searched.contains("value=\"back\"") && !searched.contains("value=\"front\""), "{searched}");
    assert!(searched.contains(">1 of 2 chosen<") && !searched.contains("data-text"), "{searched}");
    app.post(&admin, &path, &[("action", "cameras"), ("camera_id", "back")]).await;
    let ann = user::by_name(&app.database.connection, "ann").await.unwrap();
    let mut granted = grants::camera_ids(&app.database.connection, ann.id).await.unwrap();
    granted.sort();
    assert_eq!(granted, ["back", "front"]);
    let kept = text_of(app.get_as(&admin, "/settings/retention?search=yard").await).await;
    assert!(kept.contains("role=\"rowheader\">Back Yard") && !kept.contains("role=\"rowheader\">Front"), "{kept}");
    assert!(kept.contains("<option value=\"front\""), "the days of any camera can be changed: {kept}");
}

#[tokio::test]
async fn the_cameras_of_another_person_are_added_and_none_is_taken_away() {
    let app = app().await;
    app.database.add_camera("side", Some("Side")).await;
    app.database.add_viewer("ann", &["side"]).await;
    app.database.add_viewer("bob", &["front", "back"]).await;
    let admin = app.browser_of("admin").await;
    let path = path_of(&app, "ann").await;
    let copied = app.post(&admin, &path, &[("action", "copy"), ("from", " BOB ")]).await;
    assert_eq!(copied.headers()["location"].to_str().unwrap(), format!("{path}?done=cameras-copied"));
    let ids = async |name: &str| {
        let user = user::by_name(&app.database.connection, name).await.unwrap();
        let mut ids = grants::camera_ids(&app.database.connection, user.id).await.unwrap();
        ids.sort();
        ids
    };
    assert_eq!(ids("ann").await, ["back", "front", "side"]);
    assert_eq!(ids("bob").await, ["back", "front"]);
    for (from, status, words) in
        [("nobody", 404, "There is no user “nobody”"), ("admin", 400, "There is nothing to copy")]
    {
        let refused = app.post(&admin, &path, &[("action", "copy"), ("from", from)]).await;
        assert_eq!(refused.status(), status);
        let page = text_of(refused).await;
        assert!(page.contains(words) && page.contains("id=\"from-problem\""), "{page}");
        assert!(page.contains(&format!("value=\"{from}\"")), "{page}");
    }
    assert_eq!(ids("ann").await.len(), 3);
}
