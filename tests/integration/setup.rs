//! The creation of the first administrator.

use motion_export::server::accounts::secret::Secret;
use motion_export::server::accounts::setup::Setup;
use motion_export::server::db::entity::user;
use reqwest::header::COOKIE;
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, cookie, text_of};

const KEY: Secret = Secret::from_bits([7; 32]);

/// A server without accounts.
async fn fresh() -> TestApp {
    TestDatabase::new().await.serve_with(10, Setup::with_key(KEY), client_with(&[])).await
}

#[tokio::test]
async fn the_link_creates_the_first_administrator_and_works_once() {
    let app = fresh().await;
    let link = format!("/setup?key={}", KEY.to_hex());
    let page = app.get(&link).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Create the administrator"));

    let fields = [("key", &*KEY.to_hex()), ("name", "Ann"), ("password", PASSWORD)];
    let created = app.post(&app.client, "/setup", &fields).await;
    assert_eq!(
        (created.status().as_u16(), created.headers()["location"].to_str().unwrap()),
        (303, "/login?done=signed-in&at=1765886400&next=%2Fsettings")
    );
    let browser = client_with(&[(COOKIE, &cookie(&created))]);
    let people = app.get_as(&browser, "/settings/people").await;
    assert_eq!(people.status(), 200, "signed in, and an administrator");

    assert_eq!(app.get(&link).await.status(), 403);
    assert_eq!(app.post(&app.client, "/setup", &fields).await.status(), 403);
    assert_eq!(user::Entity::find().count(&app.database.connection).await.unwrap(), 1);
}

#[tokio::test]
async fn the_sign_in_page_says_where_the_setup_link_is_if_there_are_no_users() {
    let app = fresh().await;
    let words = "When the server started, it printed a link";
    assert!(text_of(app.get("/login").await).await.contains(words));
    app.database.add_viewer("ann", &[]).await;
    assert!(!text_of(app.get("/login").await).await.contains(words));
}

#[tokio::test]
async fn no_user_is_created_without_the_key() {
    let app = fresh().await;
    for key in ["", "0", &Secret::from_bits([8; 32]).to_hex()] {
        assert_eq!(app.get(&format!("/setup?key={key}")).await.status(), 403);
        let fields = [("key", key), ("name", "ann"), ("password", PASSWORD)];
        assert_eq!(app.post(&app.client, "/setup", &fields).await.status(), 403);
    }
    assert_eq!(user::Entity::find().count(&app.database.connection).await.unwrap(), 0);
}

#[tokio::test]
async fn a_refused_form_keeps_its_values_and_the_link_still_works() {
    let app = fresh().await;
    let key = KEY.to_hex();
    // As a form does: to the address without the key, which is in the form.
    let refused = app.post(&app.client, "/setup", &[("key", &key), ("name", "ann"), ("password", "short")]).await;
    assert_eq!(refused.status(), 400);
    let page = text_of(refused).await;
    assert!(page.contains("at least 10 characters") && page.contains("value=\"ann\""), "{page}");
    assert!(page.contains(&format!("value=\"{key}\"")) && !page.contains("\"short\""), "{page}");
    let created = app.post(&app.client, "/setup", &[("key", &key), ("name", "ann"), ("password", PASSWORD)]).await;
    assert_eq!(created.status(), 303);
}

#[tokio::test]
async fn a_user_created_by_command_closes_the_setup() {
    let app = fresh().await;
    app.database.add_viewer("ann", &[]).await;
    assert_eq!(app.get(&format!("/setup?key={}", KEY.to_hex())).await.status(), 403);
}

#[tokio::test]
async fn of_many_concurrent_setups_one_succeeds() {
    let app = fresh().await;
    let key = KEY.to_hex();
    let names: Vec<_> = (0..8).map(|number| format!("admin{number}")).collect();
    let forms: Vec<_> = names.iter().map(|name| [("key", &*key), ("name", name), ("password", PASSWORD)]).collect();
    let attempts = forms.iter().map(|form| app.post(&app.client, "/setup", form));
    let statuses = futures_util::future::join_all(attempts).await;
    let created = statuses.iter().filter(|response| response.status() == 303).count();
    assert_eq!(created, 1);
    assert_eq!(user::Entity::find().count(&app.database.connection).await.unwrap(), 1);
}
