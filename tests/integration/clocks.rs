//! Wall clocks that are wrong for a while and then corrected: no user is locked out, and no duration is negative.

use motion_export::export_params::EXPORT_PATH;
use motion_export::server::accounts::api_token;
use motion_export::server::db::entity::export::{Entity, Model};
use motion_export::server::db::unix_micros::UnixMicros;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{NOW, PASSWORD, TestApp, TestDatabase, client_with, events};
use crate::log::Log;
use crate::proxy::SlowClient;

const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn all_users_can_sign_in_after_the_clock_was_wrong_during_some_attempts() {
    let database = TestDatabase::with(events(2)).await;
    database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let sign_in =
        async |password: &str| app.post(&client_with(&[]), "/login", &[("name", "ann"), ("password", password)]).await;
    for step in [DAY, -400 * DAY] {
        // Until the rate limit allows all attempts again.
        app.wait(60);
        app.set_clock(step);
        for _ in 0..6 {
            assert_eq!(sign_in("wrong password").await.status(), 403);
        }
        app.set_clock(-step);
        let refused = sign_in(PASSWORD).await;
        assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "10"));
        app.wait(60);
        assert_eq!(sign_in(PASSWORD).await.status(), 303, "after a step of {step} s");
    }
}

/// Adds a running record of a dead server, with these times of its clock.
async fn add_orphan(app: &TestApp, user: Uuid, started_at: i64, heartbeat_at: i64) -> Uuid {
    let record = Model {
        id: Uuid::new_v4(),
        user_id: Some(user),
        user_name: Some("ann".to_owned()),
        via: "token".to_owned(),
        query: "format=csv".to_owned(),
        state: "running".to_owned(),
        rows: 0,
        bytes: 0,
        sha256: None,
        started_at: UnixMicros::new(started_at),
        heartbeat_at: UnixMicros::new(heartbeat_at),
        finished_at: None,
        error: None,
        complete_to: None,
        deleted_to: None,
        cancel_requested: None,
    };
    let id = record.id;
    Entity::insert(record.into_active_model()).exec_without_returning(&app.database.connection).await.unwrap();
    id
}

#[tokio::test]
async fn a_server_that_was_killed_while_its_clock_was_ahead_keeps_no_slots() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (client, _) = app.client_of(&ann).await;
    let ahead = NOW + 2 * DAY * 1_000_000;
    let mut orphans = Vec::new();
    // The clock of the last one was set back while the export ran.
    for (started_at, heartbeat_at) in [(ahead, ahead + 5_000_000), (ahead, ahead), (ahead, NOW - 60_000_000)] {
        orphans.push(add_orphan(&app, ann.id, started_at, heartbeat_at).await);
    }
    // Another one is alive: its heartbeat is in the future too, and changes.
    let alive = add_orphan(&app, ann.id, ahead, ahead).await;
    assert_eq!(app.get_as(&client, EXPORT_PATH).await.status(), 429);
    for step in 1..=4 {
        let heartbeat = format!("UPDATE exports SET heartbeat_at = heartbeat_at + {step} WHERE id = ?");
        let heartbeat = heartbeat.replace('?', &literal(alive));
        app.database.connection.execute_unprepared(&heartbeat).await.unwrap();
        app.state.exports.heartbeat().await;
    }
    for id in orphans {
        let record = app.record(&id.to_string()).await;
        assert_eq!(record["state"], "interrupted");
        // These are records of an older version, whose heartbeats did not write a provisional end.
        assert_eq!((&record["finished_at"], &record["duration_ms"]), (&Value::Null, &Value::Null), "{record}");
    }
    assert_eq!(app.record(&alive.to_string()).await["state"], "running");
    assert_eq!(app.get_as(&client, EXPORT_PATH).await.status(), 200);
}

fn literal(id: Uuid) -> String {
    if crate::backend::is_postgres() { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
}

#[tokio::test]
async fn a_clock_change_during_an_export_does_not_change_its_duration() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    for (step, completes) in [(-2 * DAY, true), (2 * DAY, true), (-2 * DAY, false)] {
        let started_at = app.now();
        let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200"));
        app.set_clock(step);
        app.wait(7);
        if completes {
            assert!(client.rest().await.1, "the file is complete");
        } else {
            drop(client);
        }
        app.idle().await;
        // Before the next record, so that this one is the newest.
        app.set_clock(-step);
        let record = app.newest_record().await;
        assert_eq!(record["state"], if completes { "completed" } else { "cancelled" });
        assert_eq!(record["duration_ms"], 7_000, "after a step of {step} s: {record}");
        let time = |name: &str| record[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(time("started_at").timestamp_micros(), started_at);
        assert_eq!((time("finished_at") - time("started_at")).num_seconds(), 7);
        assert_eq!(record["error"].is_null(), completes);
    }
    let sum: f64 = sum_of_durations(&app).await;
    assert!((sum - 21.0).abs() < 0.001, "{sum} s in total in the metrics");
}

async fn sum_of_durations(app: &TestApp) -> f64 {
    let text = app.get("/metrics").await.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("motion_export_duration_seconds_sum "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_last_use_from_a_clock_that_was_ahead_is_corrected_by_the_next_use() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (client, _) = app.client_of(&ann).await;
    let wait_for_last_use = async |expected: i64| {
        let recorded = async {
            loop {
                let tokens = api_token::list(&app.database.connection, Some(ann.id)).await.unwrap();
                if tokens[0].0.last_used_at == Some(UnixMicros::new(expected)) {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), recorded).await.expect("the last use is recorded");
    };
    app.set_clock(DAY);
    app.get_as(&client, EXPORT_PATH).await;
    wait_for_last_use(NOW + DAY * 1_000_000).await;
    app.set_clock(-DAY);
    app.wait(61);
    app.get_as(&client, EXPORT_PATH).await;
    wait_for_last_use(NOW + 61_000_000).await;
}

#[tokio::test]
async fn an_old_record_that_ends_before_it_starts_has_a_duration_of_zero() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let id = add_orphan(&app, ann.id, NOW, NOW).await;
    let end = format!("UPDATE exports SET state = 'cancelled', finished_at = {}", NOW - 5_000_000);
    app.database.connection.execute_unprepared(&end).await.unwrap();
    let record = app.record(&id.to_string()).await;
    assert_eq!((&record["duration_ms"], &record["finished_at"]), (&Value::from(0), &record["started_at"]));
}

#[tokio::test]
async fn an_export_of_a_server_killed_after_a_clock_change_ends_at_its_last_heartbeat() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    for step in [-2 * DAY, 2 * DAY] {
        // To the first server, this one looks killed: it writes no further heartbeat.
        let (address, other) = app.another_server().await;
        let mut client = SlowClient::send(&address, EXPORT_PATH, &headers).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200"));
        app.set_clock(step);
        app.wait(7);
        other.exports.heartbeat().await;
        app.set_clock(-step);
        let running: Value = app.get("/api/v1/exports?state=running").await.json().await.unwrap();
        let running = &running["exports"][0];
        assert_eq!((&running["state"], &running["duration_ms"]), (&Value::from("running"), &Value::Null));
        assert_eq!(running["finished_at"], Value::Null);
        app.wait(40);
        for _ in 0..5 {
            app.state.exports.heartbeat().await;
        }
        let record = app.record(running["id"].as_str().unwrap()).await;
        assert_eq!((&record["state"], &record["duration_ms"]), (&Value::from("interrupted"), &Value::from(7_000)));
        drop(client);
        other.exports.none_left().await;
    }
}

#[tokio::test]
async fn the_log_line_of_an_export_has_the_duration_of_its_record() {
    let log = Log::of_this_thread();
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    for completes in [true, false] {
        let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200"));
        app.wait(7);
        if completes {
            // Time passes between the end of the record and the end of the file.
            let time_passes = async {
                loop {
                    app.wait(1);
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                rest = client.rest() => assert!(rest.1, "the file is complete"),
                () = time_passes => {}
            }
        } else {
            drop(client);
        }
        app.idle().await;
        let record = app.newest_record().await;
        let logged = log.text();
        let id = format!("export_id={}", record["id"].as_str().unwrap());
        let line = logged.lines().find(|line| line.contains("export ended") && line.contains(&id)).unwrap();
        assert!(line.contains(&format!("duration_ms={} ", record["duration_ms"])), "{line} {record}");
        app.wait(60);
    }
}
