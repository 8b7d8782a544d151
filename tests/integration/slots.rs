//! The limits of concurrent exports, and that a slot is free again however an export ends.

use futures_util::future::join_all;
use motion_export::export_params::EXPORT_PATH;
use reqwest::Client;
use serde_json::Value;

use crate::app::{TestApp, TestDatabase};
use crate::log::panic_at;
use crate::proxy::SlowClient;

/// Starts a server with a file that is larger than the buffers of the network, and a user who may export it.
async fn app_with_a_long_file() -> (TestApp, Client, String) {
    app_with(|_| {}).await
}

async fn app_with(change: impl FnOnce(&mut TestDatabase)) -> (TestApp, Client, String) {
    let mut database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    change(&mut database);
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (client, authorization) = app.client_of(&ann).await;
    (app, client, authorization)
}

/// Starts this many exports, whose clients read only the head.
async fn hold(address: &str, authorization: &str, count: usize) -> Vec<SlowClient> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut client = SlowClient::send(address, EXPORT_PATH, &[("authorization", authorization)]).await;
        let response = client.head().await;
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        held.push(client);
    }
    held
}

/// Returns the status of another export.
async fn status(app: &TestApp, client: &Client) -> u16 {
    // There is no event before that day.
    app.get_as(client, &format!("{EXPORT_PATH}?end_date=2000-01-01")).await.status().as_u16()
}

#[tokio::test]
async fn a_fourth_concurrent_export_is_rejected_with_retry_after_and_other_users_are_not() {
    let (app, client, authorization) = app_with_a_long_file().await;
    let held = hold(&app.address, &authorization, 3).await;
    let refused = app.get_as(&client, EXPORT_PATH).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "5");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "too_many_exports");
    assert!(problem["detail"].as_str().unwrap().contains("3 exports"), "{problem}");
    assert_eq!(app.metric("motion_export_refused_total{reason=\"user\"}").await, 1);
    assert_eq!(app.metric("motion_export_in_flight").await, 3);
    assert_eq!(app.metric("motion_export_requests_total{status=\"429\"}").await, 1);
    // Another user is not limited by it, and a HEAD request takes no slot.
    assert_eq!(app.export("end_date=2000-01-01").await.status(), 200);
    assert_eq!(client.head(format!("{}{EXPORT_PATH}", app.address)).send().await.unwrap().status(), 200);
    // A slot is free as soon as a client disconnects.
    drop(held);
    app.idle().await;
    assert_eq!(status(&app, &client).await, 200);
}

#[tokio::test]
async fn of_fifty_concurrent_requests_exactly_three_exports_run_on_all_servers_together() {
    let (app, _, authorization) = app_with_a_long_file().await;
    let (second, _) = app.another_server().await;
    for round in 0..3 {
        let request = |number: usize| {
            let address = if number.is_multiple_of(2) { &app.address } else { &second };
            let authorization = &authorization;
            async move {
                let mut client = SlowClient::send(address, EXPORT_PATH, &[("authorization", authorization)]).await;
                let head = client.head().await;
                (head, client)
            }
        };
        let responses = join_all((0..50).map(request)).await;
        let with = |status: &str| responses.iter().filter(|(head, _)| head.starts_with(status)).count();
        assert_eq!((with("HTTP/1.1 200"), with("HTTP/1.1 429")), (3, 47), "round {round}");
        let running: i64 = count_running(&app).await;
        assert_eq!(running, 3);
        drop(responses);
        while count_running(&app).await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

async fn count_running(app: &TestApp) -> i64 {
    let list: Value = app.get("/api/v1/exports?state=running").await.json().await.unwrap();
    i64::try_from(list["exports"].as_array().unwrap().len()).unwrap()
}

#[tokio::test]
async fn a_client_that_does_not_read_the_end_of_short_files_gets_no_fourth_slot() {
    let (app, _, authorization) = app_with_a_long_file().await;
    let mut held = Vec::new();
    for count in 0..6 {
        let path = format!("{EXPORT_PATH}?end_date=2025-12-01T00:{}0:00Z", 2 + count % 3);
        let mut client =
            SlowClient::send_with_small_buffer(&app.address, &path, &[("authorization", &authorization)]).await;
        let status = client.head().await;
        assert_eq!(status.starts_with("HTTP/1.1 200"), count < 3, "{count}: {status}");
        assert_eq!(status.starts_with("HTTP/1.1 429"), count >= 3, "{count}: {status}");
        held.push(client);
    }
    assert_eq!(app.state.exports.count(), 3);
}

#[tokio::test]
async fn the_limits_are_settings_and_that_of_the_server_responds_503() {
    let (app, client, authorization) = app_with(|database| {
        database.settings.export.max_concurrent_per_user = 2.try_into().unwrap();
        database.settings.export.max_concurrent = 3.try_into().unwrap();
    })
    .await;
    let _held = hold(&app.address, &authorization, 2).await;
    let refused: Value = app.get_as(&client, EXPORT_PATH).await.json().await.unwrap();
    assert!(refused["detail"].as_str().unwrap().contains("2 exports"), "{refused}");
    let other = app.database.add_viewer("bob", &["front"]).await;
    let (other, authorization) = app.client_of(&other).await;
    let _third = hold(&app.address, &authorization, 1).await;
    let refused = app.get_as(&other, EXPORT_PATH).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    let refused: Value = refused.json().await.unwrap();
    assert!(refused["detail"].as_str().unwrap().contains("3 exports"), "{refused}");
    assert_eq!(app.metric("motion_export_refused_total{reason=\"server\"}").await, 1);
    // Other requests are not limited.
    assert_eq!(app.get_as(&other, "/api/v1/cameras").await.status(), 200);
}

#[tokio::test]
async fn a_panic_in_the_middle_of_a_file_aborts_it_frees_its_slot_and_is_recorded() {
    let (app, client, authorization) = app_with_a_long_file().await;
    panic_at("export progress");
    let mut held = hold(&app.address, &authorization, 1).await;
    let (_, is_complete) = held[0].rest().await;
    assert!(!is_complete, "the client notices");
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!(record["state"], "failed");
    assert_eq!(record["reason"]["code"], "server_fault");
    assert_eq!(record["sha256"], Value::Null);
    assert_eq!(app.metric("motion_export_ended_total{state=\"failed\"}").await, 1);
    let _held = hold(&app.address, &authorization, 3).await;
    assert_eq!(status(&app, &client).await, 429, "the panic has freed one slot, and no more");
}

#[tokio::test]
async fn a_client_that_disconnects_before_the_response_leaves_no_slot_taken() {
    let (app, client, authorization) = app_with_a_long_file().await;
    for _ in 0..20 {
        // The client disconnects at once, at any point of the server's work.
        drop(SlowClient::send(&app.address, EXPORT_PATH, &[("authorization", &authorization)]).await);
        tokio::task::yield_now().await;
    }
    let all_ended = async {
        while app.state.exports.count() > 0 || count_running(&app).await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), all_ended).await.expect("all have ended");
    assert_eq!(status(&app, &client).await, 200);
}

#[tokio::test]
async fn a_dead_server_keeps_its_slots_for_thirty_seconds_and_its_records_are_interrupted() {
    let (app, client, authorization) = app_with_a_long_file().await;
    // A killed server leaves running records. These belong to another server, because this one writes its own heartbeats.
    let (second, state) = app.another_server().await;
    let held = hold(&second, &authorization, 3).await;
    assert_eq!(status(&app, &client).await, 429);
    let before: Value = app.get("/api/v1/exports?state=running").await.json().await.unwrap();
    app.wait(29);
    assert_eq!(status(&app, &client).await, 429, "the server may be alive");
    app.wait(2);
    assert_eq!(status(&app, &client).await, 200);
    // After some heartbeats that were not blocked, the records are marked interrupted.
    for _ in 0..4 {
        app.state.exports.heartbeat().await;
    }
    for record in before["exports"].as_array().unwrap() {
        let record = app.record(record["id"].as_str().unwrap()).await;
        assert_eq!(record["state"], "interrupted");
        assert_eq!(record["reason"]["code"], "server_lost");
        assert_eq!(record["finished_at"], record["started_at"], "the last heartbeat");
    }
    // The server is alive after all. Its heartbeat finds the interrupted records, and aborts their exports.
    state.exports.heartbeat().await;
    for mut client in held {
        assert!(!client.rest().await.1, "the client notices");
    }
    state.exports.none_left().await;
}

#[tokio::test]
async fn a_clock_that_is_set_forward_does_not_make_a_server_look_dead() {
    let (app, _, authorization) = app_with_a_long_file().await;
    let (second, state) = app.another_server().await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut client = SlowClient::send(&second, EXPORT_PATH, &headers).await;
    client.head().await;
    for _ in 0..5 {
        // Each time, the last heartbeat of the other server is older than the timeout.
        app.wait(31);
        app.state.exports.heartbeat().await;
        state.exports.heartbeat().await;
    }
    assert!(client.rest().await.1, "the file is complete");
    state.exports.none_left().await;
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn a_running_export_writes_heartbeats_with_its_progress() {
    let (app, client, authorization) = app_with_a_long_file().await;
    let mut held = hold(&app.address, &authorization, 3).await;
    for _ in 0..3 {
        held[0].read(1_000_000).await;
        app.wait(29);
        app.state.exports.heartbeat().await;
    }
    app.wait(29);
    assert_eq!(status(&app, &client).await, 429);
    let list: Value = app.get("/api/v1/exports?state=running").await.json().await.unwrap();
    for record in list["exports"].as_array().unwrap() {
        assert!(record["rows"].as_i64().unwrap() > 0 && record["bytes"].as_i64().unwrap() > 0, "{record}");
        assert_eq!(record["sha256"], Value::Null);
    }
}
