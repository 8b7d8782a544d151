//! Several servers on one database. A client may use any of them.

use motion_export::api::exports::EXPORTS_PATH;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::accounts::camera_access::grants;
use serde_json::Value;

use crate::app::{TestDatabase, events};
use crate::proxy::SlowClient;

#[tokio::test]
async fn a_session_of_one_server_exports_from_another_and_ends_on_both() {
    let database = TestDatabase::with(events(30)).await;
    database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (second, _) = app.another_server().await;
    let browser = app.browser_of("ann").await;
    let exported = browser.get(format!("{second}{EXPORT_PATH}")).send().await.unwrap();
    assert_eq!(exported.status(), 200);
    let id = exported.headers()["x-export-id"].to_str().unwrap().to_owned();
    assert_eq!(exported.text().await.unwrap().lines().count(), 16);
    // The other server has the completed record at once.
    let record: Value = app.get_as(&browser, &format!("{EXPORTS_PATH}/{id}")).await.json().await.unwrap();
    assert_eq!((&record["state"], &record["rows"]), (&"completed".into(), &15.into()));
    assert_eq!(app.post(&browser, "/logout", &[]).await.status(), 303);
    assert_eq!(browser.get(format!("{second}{EXPORT_PATH}")).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_revocation_on_one_server_ends_the_export_of_another() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (second, state) = app.another_server().await;
    let (_, authorization) = app.client_of(&ann).await;
    let mut client = SlowClient::send(&second, EXPORT_PATH, &[("authorization", &authorization)]).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    grants::revoke(&app.state.writer, &ann, "front").await.unwrap();
    assert!(!client.rest().await.1, "the client notices");
    state.exports.none_left().await;
    assert_eq!(app.newest_record().await["state"], "failed");
}
