//! Access to cameras: no route gives a user the events of a camera without a grant.

use futures_util::StreamExt;
use motion_export::api::session::Role;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::accounts::camera_access::grants;
use motion_export::server::accounts::user::{self, User};
use motion_export::server::db::entity::{self, api_token, session};
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::event::Event;
use reqwest::Client;
use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{HEADER, TestApp, TestDatabase, client_with, events, seen_by, text_of};
use crate::log::Log;

/// Serves two thousand events of two cameras. `ann` sees one of the cameras.
async fn app_of_ann() -> (TestApp, User, Client) {
    let database = TestDatabase::with(events(2_000)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let token = database.token_of(&ann).await;
    let client = client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
    (database.serve(100).await, ann, client)
}

#[tokio::test]
async fn no_filter_selects_all_cameras_of_the_user() {
    let (app, _, ann) = app_of_ann().await;
    let lines = app.lines_as(&ann, "").await;
    assert_eq!(lines.len(), 1_000);
    assert_eq!(lines, app.lines("camera_id=front").await);
    let nothing = app.database.add_viewer("bob", &[]).await;
    let bob = client_with(&[(AUTHORIZATION, &format!("Bearer {}", app.database.token_of(&nothing).await))]);
    let file = app.get_as(&bob, "/api/v1/motion-events/export").await;
    assert_eq!(file.status(), 200);
    assert_eq!(file.text().await.unwrap(), HEADER, "a user without cameras exports no events");
}

#[tokio::test]
async fn a_foreign_camera_and_a_missing_one_get_the_same_response() {
    let (app, _, ann) = app_of_ann().await;
    let mut answers = Vec::new();
    for camera in ["back", "gone", "front&camera_id=back"] {
        let response = app.get_as(&ann, &format!("/api/v1/motion-events/export?camera_id={camera}")).await;
        assert_eq!(response.status(), 404);
        let headers: Vec<_> = response.headers().keys().map(ToString::to_string).collect();
        let mut problem: Value = response.json().await.unwrap();
        problem["request_id"] = Value::Null;
        answers.push((headers, problem.to_string().replace("gone", "back")));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert!(!answers[0].1.contains("Back Yard"));
}

#[tokio::test]
async fn the_list_and_the_page_show_only_the_cameras_of_the_user() {
    let (app, _, ann) = app_of_ann().await;
    let list = app.get_as(&ann, "/api/v1/cameras").await.text().await.unwrap();
    assert!(list.contains("Front Door") && !list.contains("Back Yard") && !list.contains("back"), "{list}");
    let page = text_of(app.get_as(&app.browser_of("ann").await, "/settings").await).await;
    assert!(page.contains("Front Door") && !page.contains("Back Yard"), "{page}");
    assert!(!page.contains("/settings/people"), "the user is not an administrator");
    let page = text_of(app.get_as(&app.browser_of("admin").await, "/settings").await).await;
    assert!(page.contains("Front Door") && page.contains("Back Yard") && page.contains("/settings/people"), "{page}");
}

#[tokio::test]
async fn a_grant_or_revocation_applies_to_the_next_request() {
    let (app, user, ann) = app_of_ann().await;
    grants::grant(&app.database.connection, &user, "back").await.unwrap();
    assert_eq!(app.lines_as(&ann, "camera_id=back").await.len(), 1_000);
    assert_eq!(app.lines_as(&ann, "").await.len(), 2_000);
    grants::revoke(&app.database.connection, &user, "back").await.unwrap();
    assert_eq!(app.lines_as(&ann, "").await.len(), 1_000);
    let refused = app.get_as(&ann, "/api/v1/motion-events/export?camera_id=back").await;
    assert_eq!(refused.status(), 404);
}

/// Reads the beginning of an export, runs `revoke`, and reads to the end. Returns the number of bytes, as an error if the
/// connection broke.
async fn cut(app: &TestApp, client: &Client, revoke: impl AsyncFnOnce()) -> Result<usize, usize> {
    cut_at(app, client, EXPORT_PATH, revoke).await
}

async fn cut_at(app: &TestApp, client: &Client, path: &str, revoke: impl AsyncFnOnce()) -> Result<usize, usize> {
    let mut body = app.get_as(client, path).await.bytes_stream();
    let mut received = body.next().await.expect("a beginning").unwrap().len();
    revoke().await;
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(chunk) => received += chunk.len(),
            Err(_) => return Err(received),
        }
    }
    Ok(received)
}

/// Serves sixty thousand events in pages of fifty: more than the buffers between server and client hold.
async fn app_with_a_long_export() -> (TestApp, User, Client, usize) {
    let database = TestDatabase::with(events(60_000)).await;
    let ann = database.add_viewer("ann", &["front", "back"]).await;
    let token = database.token_of(&ann).await;
    let client = client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
    let complete = database.export("", 5_000).await.len();
    (database.serve(50).await, ann, client, complete)
}

/// Asserts that a record of a failed export has this reason, in English and as a message.
async fn assert_failed_because(app: &TestApp, reason: &str) {
    app.idle().await;
    // Two exports may have started at the same moment; this selects the failed one.
    let list: Value = app.get("/api/v1/exports?state=failed").await.json().await.unwrap();
    let errors: Vec<_> =
        list["exports"].as_array().unwrap().iter().map(|record| record["error"].as_str().unwrap()).collect();
    assert!(errors.iter().any(|error| error.starts_with(reason)), "{reason}: {errors:?}");
    let german = app.client.get(format!("{}/api/v1/exports?state=failed", app.address)).header(ACCEPT_LANGUAGE, "de");
    let list: Value = german.send().await.unwrap().json().await.unwrap();
    for record in list["exports"].as_array().unwrap() {
        assert!(errors.contains(&record["error"].as_str().unwrap()), "always in English: {record}");
        assert_ne!(record["reason"]["text"], record["error"], "in the language of the request");
        assert!(record["reason"]["code"].is_string(), "{record}");
    }
}

#[tokio::test]
async fn revoking_a_camera_breaks_the_running_export() {
    let log = Log::of_this_thread();
    let (app, user, ann, complete) = app_with_a_long_export().await;
    assert_eq!(cut(&app, &ann, async || {}).await, Ok(complete));
    let revoked =
        cut(&app, &ann, async || grants::revoke(&app.database.connection, &user, "back").await.unwrap()).await;
    assert!(revoked.is_err_and(|received| received < complete), "{revoked:?}");
    log.wait_for("Access to a camera of this selection was revoked").await;
    assert_failed_because(&app, "Access to a camera of this selection was revoked.").await;
}

#[tokio::test]
async fn removing_the_user_breaks_the_running_export() {
    let (app, user, ann, complete) = app_with_a_long_export().await;
    let removed = cut(&app, &ann, async || user::remove(&app.database.connection, &user).await.unwrap()).await;
    assert!(removed.is_err_and(|received| received < complete), "{removed:?}");
    assert_failed_because(&app, "The user was removed. An administrator can add the user again.").await;
}

#[tokio::test]
async fn revoking_the_token_breaks_the_running_export() {
    let (app, user, ann, complete) = app_with_a_long_export().await;
    let connection = &app.database.connection;
    let revoked = cut(&app, &ann, async || {
        let tokens = motion_export::server::accounts::api_token::list(connection, Some(user.id)).await.unwrap();
        motion_export::server::accounts::api_token::revoke(
            connection,
            tokens[0].0.id,
            None,
            UnixMicros::new(app.now()),
        )
        .await
        .unwrap();
    });
    assert!(revoked.await.is_err_and(|received| received < complete));
    assert_failed_because(&app, "The access token was revoked.").await;
}

#[tokio::test]
async fn expiry_of_the_token_breaks_the_running_export() {
    let (app, user, ann, complete) = app_with_a_long_export().await;
    let ended = cut(&app, &ann, async || {
        let expired =
            api_token::ActiveModel { expires_at: Set(Some(UnixMicros::new(app.now()))), ..Default::default() };
        let tokens = api_token::Entity::update_many().set(expired).filter(api_token::Column::UserId.eq(user.id));
        tokens.exec(&app.database.connection).await.unwrap();
    });
    assert!(ended.await.is_err_and(|received| received < complete));
    assert_failed_because(&app, "The access token has expired.").await;
}

#[tokio::test]
async fn an_export_by_a_link_may_finish_after_the_link_has_expired() {
    let (app, _, _, complete) = app_with_a_long_export().await;
    let form = [("query", ""), ("minutes", "5")];
    let link: Value = app.post(&app.browser_of("ann").await, "/api/links", &form).await.json().await.unwrap();
    let link = link["url"].as_str().unwrap();
    assert_eq!(cut_at(&app, &client_with(&[]), link, async || app.wait(3_600)).await, Ok(complete));
    assert_eq!(app.get_as(&client_with(&[]), link).await.status(), 401, "a new export is refused");
}

#[tokio::test]
async fn an_export_may_outlast_the_idle_timeout_of_its_session() {
    let (app, _, _, complete) = app_with_a_long_export().await;
    let browser = app.browser_of("ann").await;
    let idle = async || {
        app.wait(721 * 60);
        app.state.sessions.sweep().await.unwrap();
    };
    assert_eq!(cut(&app, &browser, idle).await, Ok(complete));
    assert_eq!(app.get_as(&browser, EXPORT_PATH).await.status(), 401, "a new export is refused");
}

/// Exports with a session and with a link that a session signed, and runs `end` on the session meanwhile. `reason` is the end
/// of the reason in the records.
async fn ends_with_the_session(end: impl AsyncFn(&TestApp, &Client), reason: &str) {
    let (app, _, _, complete) = app_with_a_long_export().await;
    for by_link in [false, true] {
        let browser = app.browser_of("ann").await;
        let form = [("query", ""), ("minutes", "5")];
        let link: Value = app.post(&browser, "/api/links", &form).await.json().await.unwrap();
        let link = link["url"].as_str().unwrap();
        let (client, path) = if by_link { (client_with(&[]), link) } else { (browser.clone(), EXPORT_PATH) };
        assert!(cut_at(&app, &client, path, async || {}).await.is_ok());
        let ended = cut_at(&app, &client, path, async || end(&app, &browser).await).await;
        assert!(ended.is_err_and(|received| received < complete), "{ended:?}");
        let subject = if by_link { "The session that signed the link" } else { "The session" };
        assert_failed_because(&app, &format!("{subject} {reason}")).await;
    }
}

#[tokio::test]
async fn signing_out_ends_the_exports_of_the_session_and_its_links() {
    let sign_out = async |app: &TestApp, browser: &Client| drop(app.post(browser, "/logout", &[]).await);
    ends_with_the_session(sign_out, "was ended:").await;
}

#[tokio::test]
async fn expiry_of_a_session_ends_its_exports_and_those_of_its_links() {
    let expire = async |app: &TestApp, _: &Client| {
        let expired = session::ActiveModel { expires_at: Set(UnixMicros::new(app.now())), ..Default::default() };
        session::Entity::update_many().set(expired).exec(&app.database.connection).await.unwrap();
        app.state.sessions.sweep().await.unwrap();
    };
    ends_with_the_session(expire, "has reached its maximum age").await;
}

#[tokio::test]
async fn demoting_an_administrator_breaks_their_running_export() {
    let database = TestDatabase::with(events(60_000)).await;
    let boss = database.add_user("boss", Role::Admin).await;
    let client = client_with(&[(AUTHORIZATION, &format!("Bearer {}", database.token_of(&boss).await))]);
    let app = database.serve(50).await;
    let demoted = cut(&app, &client, async || {
        let role = entity::user::ActiveModel { id: Set(boss.id), role: Set("user".to_owned()), ..Default::default() };
        role.update(&app.database.connection).await.unwrap();
    });
    assert!(demoted.await.is_err());
    assert_failed_because(&app, "The user is no longer an administrator").await;
}

#[tokio::test]
async fn a_new_camera_joins_a_running_export_of_an_administrator_only() {
    let (app, user, ann, complete) = app_with_a_long_export().await;
    // After all other events, so that a running export has not passed it yet.
    let later = events(60_000).last().unwrap().timestamp + 1;
    let add_camera = async || {
        app.database.add_camera("new", Some("New")).await;
        let new = Event { timestamp: later, id: Uuid::new_v4(), ..seen_by(events(1).next().unwrap(), "new") };
        app.database.add([new]).await;
    };
    let line = "2025-12-01T16:40:00.000001+00:00,new,New,85.5,MOG2,100,200,50,80,zone-1\r\n".len();
    let admin = cut(&app, &app.client, add_camera).await.unwrap();
    assert!(admin > complete && admin < complete + 2 * line, "{admin} and {complete}");
    assert_eq!(cut(&app, &ann, async || {}).await, Ok(complete));
    // A grant during an export does not add events to it: the cameras of a user are fixed at the start.
    let granted = async || grants::grant(&app.database.connection, &user, "new").await.unwrap();
    assert_eq!(cut(&app, &ann, granted).await, Ok(complete));
}
