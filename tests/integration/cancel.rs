//! Cancelling exports: who may cancel which, on which server they run, and what their records say.

use motion_export::api::exports::{EXPORTS_PATH, cancel_path};
use motion_export::export_params::EXPORT_PATH;
use reqwest::Client;
use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION};
use serde_json::Value;

use crate::app::{TestApp, TestDatabase, client_with, endless, events};
use crate::export_events::{Events, start};

/// Sends a request to cancel an export. Returns the status and the body.
async fn cancel(address: &str, client: &Client, id: &str) -> (u16, Value) {
    let response = client.post(format!("{address}{}", cancel_path(id))).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn app_with_a_long_file() -> TestApp {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    database.serve(1_000).await
}

#[tokio::test]
async fn the_user_of_an_export_cancels_it_with_any_credential() {
    let app = app_with_a_long_file().await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (by_token, authorization) = app.client_of(&ann).await;
    for client in [by_token, app.browser_of("ann").await] {
        let (mut export, id) = start(&app.address, &authorization).await;
        let (status, record) = cancel(&app.address, &client, &id).await;
        assert_eq!((status, &record["state"]), (200, &"cancelled".into()), "{record}");
        assert_eq!(record["reason"]["code"], "cancelled_by_owner");
        assert!(!export.rest().await.1, "the file does not end as if it were complete");
        assert_eq!(app.state.exports.count(), 0, "its slot is free");
        // The same request again changes nothing.
        assert_eq!(cancel(&app.address, &client, &id).await, (200, record));
    }
}

#[tokio::test]
async fn an_administrator_cancels_any_export_and_others_do_not_see_it() {
    let app = app_with_a_long_file().await;
    let (ann, bob) =
        (app.database.add_viewer("ann", &["front"]).await, app.database.add_viewer("bob", &["front"]).await);
    let ((_, anns), (bobs, _)) = (app.client_of(&ann).await, app.client_of(&bob).await);
    let (mut export, id) = start(&app.address, &anns).await;
    let (status, problem) = cancel(&app.address, &bobs, &id).await;
    assert_eq!((status, &problem["code"]), (404, &"export_not_found".into()));
    assert_eq!(app.state.exports.count(), 1, "it still runs");
    let (status, record) = cancel(&app.address, &app.client, &id).await;
    assert_eq!((status, &record["state"]), (200, &"cancelled".into()));
    assert_eq!(record["reason"]["code"], "cancelled_by_administrator");
    assert!(record["error"].as_str().unwrap().starts_with("Cancelled by admin, an administrator."), "{record}");
    assert!(!export.rest().await.1);
    let german = client_with(&[(AUTHORIZATION, &anns), (ACCEPT_LANGUAGE, "de")]);
    let record: Value = app.get_as(&german, &format!("{EXPORTS_PATH}/{id}")).await.json().await.unwrap();
    assert!(record["reason"]["text"].as_str().unwrap().starts_with("Abgebrochen von admin"), "{record}");
}

#[tokio::test]
async fn an_export_that_has_ended_in_another_way_cannot_be_cancelled() {
    let app = app_with_a_long_file().await;
    let exported = app.export("end_date=2000-01-01").await;
    let id = exported.headers()["x-export-id"].to_str().unwrap().to_owned();
    exported.bytes().await.unwrap();
    let (status, problem) = cancel(&app.address, &app.client, &id).await;
    assert_eq!(
        (status, &problem["code"], &problem["message"]["code"]),
        (409, &"export_ended".into(), &"export_ended".into())
    );
    assert_eq!(app.record(&id).await["state"], "completed");
    // Its client has disconnected.
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (export, id) = start(&app.address, &app.client_of(&ann).await.1).await;
    export.reset();
    app.idle().await;
    assert_eq!(cancel(&app.address, &app.client, &id).await.0, 409);
    assert_eq!(cancel(&app.address, &app.client, "nothing").await.0, 404);
}

#[tokio::test]
async fn another_site_cannot_cancel_an_export() {
    let app = app_with_a_long_file().await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (_export, id) = start(&app.address, &app.client_of(&ann).await.1).await;
    let request = app.browser_of("ann").await.post(format!("{}{}", app.address, cancel_path(&id)));
    assert_eq!(request.header("sec-fetch-site", "cross-site").send().await.unwrap().status(), 403);
    assert_eq!(app.record(&id).await["state"], "running");
}

#[tokio::test]
async fn an_export_of_another_server_is_cancelled_with_its_next_heartbeat() {
    let app = app_with_a_long_file().await;
    let (second, state) = app.another_server().await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (client, authorization) = app.client_of(&ann).await;
    let (mut events, _) = Events::open(&app.address, &client).await;
    let (mut export, id) = start(&second, &authorization).await;
    let (status, record) = cancel(&app.address, &client, &id).await;
    // The heartbeat may have come first.
    assert!(status == 202 && record["cancel_requested"] == true || status == 200, "{status} {record}");
    // A second request does not change who cancelled it.
    cancel(&app.address, &app.client, &id).await;
    state.exports.heartbeat().await;
    assert!(!export.rest().await.1, "the client notices");
    state.exports.none_left().await;
    let record = app.record(&id).await;
    assert_eq!((&record["state"], &record["reason"]["code"]), (&"cancelled".into(), &"cancelled_by_owner".into()));
    assert_eq!(record["cancel_requested"], false, "nothing is left to do");
    events.until(|event| event["export"]["state"] == "cancelled").await;
    assert_eq!(cancel(&app.address, &client, &id).await.0, 200);
}

#[tokio::test]
async fn an_export_that_has_sent_nothing_yet_is_cancelled_at_once() {
    let database = TestDatabase::with(events(4)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    database.replace_events(endless()).await;
    let app = database.serve(10).await;
    let (client, _) = app.client_of(&ann).await;
    let (mut stream, _) = Events::open(&app.address, &client).await;
    let waiting = tokio::spawn(client.get(format!("{}{EXPORT_PATH}", app.address)).send());
    let started = stream.until(|event| event["export"]["state"] == "running").await;
    let id = started["export"]["id"].as_str().unwrap();
    assert_eq!(cancel(&app.address, &client, id).await.0, 200);
    let refused = waiting.await.unwrap().unwrap();
    assert_eq!(refused.status(), 409);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!((&refused["code"], &refused["message"]["code"]), (&"export_ended".into(), &"cancelled_by_owner".into()));
    app.no_query_is_running().await;
    app.database.restore_events().await;
}
