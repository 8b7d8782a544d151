//! Retention: which events are deleted, what holds keep, and what an export gets while events are deleted.

use std::time::Duration;

use motion_export::export_params::{EXPORT_PATH, ExportParams};
use motion_export::server::accounts::camera_access::CameraAccess;
use motion_export::server::db::clock::Clock;
use motion_export::server::db::connect::writer::Writer;
use motion_export::server::db::entity::{camera, deletion, hold};
use motion_export::server::db::locks::IMPORT_LOCK_KEY;
use motion_export::server::db::partitions;
use motion_export::server::db::pool::Transaction;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::export::error::ExportError;
use motion_export::server::export::pipeline::ExportStream;
use motion_export::server::ingest::event::Event;
use motion_export::server::metrics::Metrics;
use motion_export::server::retention::batch::BATCH_ROWS;
use motion_export::server::retention::holds::{self, NewHold};
use motion_export::server::retention::schedule::ClockWatch;
use motion_export::server::retention::{Retention, RetentionError, detach};
use motion_export::server::state::AppState;
use reqwest::Response;
use reqwest::header::{ACCEPT_LANGUAGE, COOKIE};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, TransactionTrait};

use crate::app::{HEADER, NOW, TestApp, TestDatabase, client_with, event, seen_by, text_of};
use crate::backend;
use crate::binary::{fail, succeed};
use crate::proxy::SlowClient;

/// Longer than any test.
const FOREVER: Duration = Duration::from_hours(1);

const SOON: Duration = Duration::from_millis(20);

/// One event per month and camera, before NOW, which is 2025-12-16T12:00:00Z.
fn old_and_new() -> Vec<Event> {
    let moments = [
        "2025-09-10T00:00:00Z",
        "2025-10-10T00:00:00Z",
        "2025-11-16T11:59:59.999999Z",
        "2025-11-16T12:00:00Z",
        "2025-12-10T00:00:00Z",
    ];
    let events = moments.map(event);
    events
        .iter()
        .cloned()
        .chain(events.iter().cloned().map(|event| seen_by(Event { id: uuid(), ..event }, "back")))
        .collect()
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::new_v4()
}

fn retention_of(state: &AppState, keep_days: u32) -> Retention {
    let (database, writer) = (state.database.clone(), state.writer.clone());
    Retention::new(database, writer, state.clock.clone(), state.metrics.clone(), keep_days).waiting(FOREVER, SOON)
}

/// Returns retention without a server, at NOW.
async fn retention_on(database: &TestDatabase, keep_days: u32) -> Retention {
    let writer = Writer::open(&database.settings.database, &database.connection).await.unwrap();
    let clock = Clock::new(|| UnixMicros::new(NOW));
    Retention::new(database.connection.clone(), writer, clock, Metrics::new(), keep_days).waiting(FOREVER, SOON)
}

/// Returns camera and time of the events in the file, without fractions.
async fn stored(database: &TestDatabase) -> Vec<String> {
    let file = String::from_utf8(database.export("", 100).await).unwrap();
    let rows = file.strip_prefix(HEADER).unwrap().split_terminator("\r\n");
    let mut rows: Vec<_> = rows
        .map(|row| {
            let mut cells = row.split(',');
            let moment = &cells.next().unwrap()[..10];
            format!("{} {moment}", cells.next().unwrap())
        })
        .collect();
    rows.sort();
    rows
}

async fn deletions(database: &TestDatabase) -> Vec<deletion::Model> {
    deletion::Entity::find().order_by_asc(deletion::Column::Rule).all(&database.connection).await.unwrap()
}

async fn camera_of(database: &TestDatabase, id: &str) -> camera::Model {
    camera::Entity::find_by_id(id).one(&database.connection).await.unwrap().unwrap()
}

async fn hold(database: &TestDatabase, camera_id: &str, start: &str, end: &str) -> hold::Model {
    let new = NewHold { camera_id, start, end, timezone: "", why: "case 7", who: "ann" };
    holds::add(&database.connection, new, UnixMicros::new(NOW)).await.unwrap()
}

/// Serves a hundred thousand events of December, and starts an export by a client that reads only the head at first.
async fn slow_export(query: &str, others: Vec<Event>) -> (TestApp, SlowClient) {
    let database = TestDatabase::with(others).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", &*authorization), ("connection", "close")];
    let mut client = SlowClient::send(&app.address, &format!("{EXPORT_PATH}?{query}"), &headers).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    (app, client)
}

/// Reads the rest of the file of [`slow_export`], which must be complete.
async fn reads_all(client: &mut SlowClient) {
    let (file, is_complete) = client.rest().await;
    assert!(is_complete);
    assert_eq!(file.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"2025-12-0")).count(), 100_000);
}

fn deleted_to(response: &Response) -> Option<&str> {
    response.headers().get("x-export-deleted-to").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn events_are_deleted_when_they_are_older_than_the_days_to_keep_and_not_before() {
    let app = TestDatabase::with(old_and_new()).await.serve(10).await;
    let database = &app.database;
    holds::set_keep_days(&database.connection, "back", "0").await.unwrap();
    let before = app.export("").await;
    assert_eq!(deleted_to(&before), None, "nothing was deleted yet");
    let id = before.headers()["x-export-id"].to_str().unwrap().to_owned();
    before.text().await.unwrap();
    assert!(app.record(&id).await["deleted_to"].is_null());

    let deleted = retention_of(&app.state, 30).run().await.unwrap();
    assert_eq!((deleted.len(), deleted[0].rows), (1, 3), "{deleted:?}");
    let front = ["front 2025-11-16", "front 2025-12-10"];
    let back = ["back 2025-09-10", "back 2025-10-10", "back 2025-11-16", "back 2025-11-16", "back 2025-12-10"];
    assert_eq!(
        stored(database).await,
        [&back[..], &front].concat(),
        "the event of thirty days ago to the microsecond stays"
    );
    let records = deletions(database).await;
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&*record.rule, record.keep_days, record.rows), ("general", Some(30), 3));
    assert_eq!((&*record.cameras, record.finished_at), ("[\"front\"]", Some(UnixMicros::new(NOW))));
    assert_eq!(record.deleted_to, UnixMicros::new(event("2025-11-16T12:00:00Z").timestamp));

    // Answer and record say up to when, for a selection with the camera.
    let after = app.export("camera_id=front&camera_id=back").await;
    assert_eq!(deleted_to(&after), Some("2025-11-16T12:00:00.000000Z"));
    let id = after.headers()["x-export-id"].to_str().unwrap().to_owned();
    after.text().await.unwrap();
    assert_eq!(app.record(&id).await["deleted_to"], "2025-11-16T12:00:00.000Z");
    assert_eq!(deleted_to(&app.export("camera_id=back").await), None);
    assert_eq!(app.metric("motion_export_retention_deleted_rows_total").await, 3);
    assert_eq!(app.metric("motion_export_retention_last_run_timestamp_seconds").await, NOW / 1_000_000);

    // So does the preview, in the time zone of the selection, if the selection begins before.
    let preview = async |query: &str| {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        app.get(&format!("/api/v1/preview?query={query}")).await.json::<serde_json::Value>().await.unwrap()
    };
    let of_all = preview("timezone=Europe/Berlin").await;
    assert_eq!(of_all["deleted_to"], "2025-11-16T13:00:00+01:00");
    assert!(of_all["keep_days"].is_null(), "the setting of this server is 0");
    holds::set_keep_days(&database.connection, "front", "7").await.unwrap();
    assert_eq!(preview("").await["keep_days"], 7);
    assert!(preview("camera_id=back").await["keep_days"].is_null());
    assert!(preview("start_date=2025-11-17").await["deleted_to"].is_null());
    assert!(preview("camera_id=back").await["deleted_to"].is_null());
    holds::set_keep_days(&database.connection, "front", "").await.unwrap();

    // Another run finds nothing, and leaves no record.
    assert_eq!(retention_of(&app.state, 30).run().await.unwrap(), []);
    assert_eq!(deletions(database).await.len(), 1);
}

#[tokio::test]
async fn a_camera_has_days_of_its_own_and_one_without_events_is_left_alone() {
    let database = TestDatabase::with(old_and_new()).await;
    database.add_camera("side", None).await;
    holds::set_keep_days(&database.connection, "front", "10").await.unwrap();
    let deleted = retention_on(&database, 70).await.run().await.unwrap();
    assert_eq!(deleted.len(), 2, "{deleted:?}");
    assert_eq!(
        stored(&database).await,
        ["back 2025-10-10", "back 2025-11-16", "back 2025-11-16", "back 2025-12-10", "front 2025-12-10"]
    );
    let records = deletions(&database).await;
    let shown: Vec<_> =
        records.iter().map(|record| (&*record.rule, record.keep_days, &*record.cameras, record.rows)).collect();
    assert_eq!(shown, [("camera", Some(10), "[\"front\"]", 4), ("general", Some(70), "[\"back\"]", 1)]);
    assert_eq!(camera_of(&database, "side").await.deleted_to, None);
    // Zero keeps for good, and so does no setting.
    holds::set_keep_days(&database.connection, "front", "").await.unwrap();
    assert_eq!(retention_on(&database, 0).await.run().await.unwrap(), []);
}

#[tokio::test]
async fn a_hold_keeps_its_events_until_it_is_released() {
    let database = TestDatabase::with(old_and_new()).await;
    let of_front = hold(&database, "front", "2025-10-01", "2025-10-31").await;
    let of_all = hold(&database, "", "2025-11-16T11:59:59Z", "2025-11-16T12:00:00Z").await;
    // A hold that ends before the event, and one that is longer than all days to keep.
    hold(&database, "front", "2025-09-01", "2025-09-09").await;
    let retention = retention_on(&database, 30).await;
    let due = retention.due().await.unwrap();
    assert_eq!((due.len(), due[0].rows, due[0].held_rows, due[0].cameras), (1, 3, 3, 2), "{due:?}");
    retention.run().await.unwrap();
    let kept = |held: &[&str]| {
        let mut kept: Vec<_> = ["front", "back"]
            .into_iter()
            .flat_map(|camera| ["2025-11-16", "2025-12-10"].map(|day| format!("{camera} {day}")))
            .chain(held.iter().map(|&held| held.to_owned()))
            .collect();
        kept.sort();
        kept
    };
    assert_eq!(stored(&database).await, kept(&["front 2025-10-10", "front 2025-11-16", "back 2025-11-16"]));
    let count =
        holds::count(&database.connection, &of_front, Some(&camera_of(&database, "front").await)).await.unwrap();
    assert_eq!((count, holds::count(&database.connection, &of_all, None).await.unwrap()), (1, 2));

    let id = of_front.id.to_string();
    let released = holds::release(&database.connection, &id, "bob", UnixMicros::new(NOW)).await.unwrap();
    assert_eq!((released.released_at, released.released_by.as_deref()), (Some(UnixMicros::new(NOW)), Some("bob")));
    retention.run().await.unwrap();
    assert_eq!(stored(&database).await, kept(&["front 2025-11-16", "back 2025-11-16"]));
    let again = holds::release(&database.connection, &id, "eve", UnixMicros::new(NOW)).await.unwrap_err();
    assert!(again.detail.contains("already released, by bob"), "{again}");
    // A hold longer than everything keeps everything.
    hold(&database, "", "1970-01-01", "2030-01-01").await;
    assert_eq!(retention_on(&database, 1).await.run().await.unwrap(), []);
    assert_eq!(holds::list(&database.connection, false).await.unwrap().len(), 3);
    assert_eq!(holds::list(&database.connection, true).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_hold_needs_a_reason_a_person_a_camera_that_exists_and_a_range() {
    let database = TestDatabase::with([]).await;
    let valid =
        NewHold { camera_id: "front", start: "2025-10-01", end: "2025-10-31", timezone: "", why: "case", who: "ann" };
    for (new, field) in [
        (NewHold { why: " ", ..valid }, "why"),
        (NewHold { why: "a\nb", ..valid }, "why"),
        (NewHold { who: "", ..valid }, "who"),
        (NewHold { who: &"x".repeat(101), ..valid }, "who"),
        (NewHold { start: "", ..valid }, "start_date"),
        (NewHold { end: "", ..valid }, "end_date"),
        (NewHold { end: "2025-09-01", ..valid }, "start_date"),
        (NewHold { start: "2025-10-01T00:00:00Z", end: "2025-10-01T00:00:00Z", ..valid }, "end_date"),
        (NewHold { timezone: "Mars", ..valid }, "timezone"),
        (NewHold { camera_id: "nothing", ..valid }, "camera_id"),
    ] {
        let refused = holds::add(&database.connection, new, UnixMicros::new(NOW)).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field), "{refused}");
    }
    for days in ["-1", "36501", "many", "1.5"] {
        let refused = holds::set_keep_days(&database.connection, "front", days).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("keep_days"), "{days}");
    }
    assert!(hold::Entity::find().all(&database.connection).await.unwrap().is_empty());
    // Days are those of the time zone.
    let berlin = NewHold { timezone: "Europe/Berlin", ..valid };
    let hold = holds::add(&database.connection, berlin, UnixMicros::new(NOW)).await.unwrap();
    assert_eq!(hold.starts_at.as_micros(), event("2025-09-30T22:00:00Z").timestamp);
    assert_eq!(
        hold.ends_at.as_micros(),
        event("2025-10-31T23:00:00Z").timestamp,
        "after the day on which clocks go back"
    );
}

#[tokio::test]
async fn retention_waits_for_an_export_that_needs_the_events_and_the_export_gets_them_all() {
    let (app, mut client) = slow_export("", Vec::new()).await;
    let running = tokio::spawn({
        let retention = retention_of(&app.state, 10);
        async move { retention.run().await.unwrap() }
    });
    // Nothing is deleted meanwhile.
    tokio::time::sleep(10 * SOON).await;
    assert!(!running.is_finished());
    assert!(deletions(&app.database).await.is_empty());
    reads_all(&mut client).await;
    app.idle().await;
    let deleted = running.await.unwrap();
    assert_eq!(deleted[0].rows, 100_000);
    assert_eq!(app.newest_record().await["state"], "completed");
    let after = app.export("").await;
    assert_eq!(deleted_to(&after), Some("2025-12-06T12:00:00.000000Z"));
    assert_eq!(after.text().await.unwrap(), HEADER);
}

#[tokio::test]
async fn after_its_patience_retention_breaks_the_export_off_and_says_why() {
    let (app, mut client) = slow_export("", Vec::new()).await;
    let retention = retention_of(&app.state, 10).waiting(2 * SOON, SOON);
    let running = tokio::spawn(async move { retention.run().await.unwrap() });
    // The server of the export reads the request with its next heartbeat.
    while !running.is_finished() {
        app.state.exports.heartbeat().await;
        tokio::time::sleep(SOON).await;
    }
    assert_eq!(running.await.unwrap()[0].rows, 100_000);
    assert!(!client.rest().await.1, "the client knows");
    let record = app.newest_record().await;
    assert_eq!(record["state"], "cancelled");
    assert_eq!(record["reason"]["code"], "retention_waited");
    assert!(record["error"].as_str().unwrap().contains("end of their retention"), "{record}");
}

#[tokio::test]
async fn an_export_that_does_not_need_the_events_is_not_disturbed() {
    // A later selection. In PostgreSQL, the month of the old events is dropped.
    let old = vec![event("2025-10-10T00:00:00Z"), seen_by(event("2025-10-10T00:00:01Z"), "back")];
    let (app, mut client) = slow_export("start_date=2025-12-01", old).await;
    let deleted = retention_of(&app.state, 30).run().await.unwrap();
    assert_eq!(deleted[0].rows, 2);
    reads_all(&mut client).await;
    app.idle().await;
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn an_export_of_another_camera_is_not_disturbed() {
    let old = vec![seen_by(event("2025-10-10T00:00:00Z"), "back"), event("2025-10-10T00:00:01Z")];
    let (app, mut client) = slow_export("camera_id=front", old).await;
    holds::set_keep_days(&app.database.connection, "back", "30").await.unwrap();
    assert_eq!(retention_of(&app.state, 0).run().await.unwrap()[0].rows, 1);
    reads_all(&mut client).await;
    app.idle().await;
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn an_export_that_retention_does_not_see_breaks_at_its_end_if_its_events_were_deleted() {
    let app = TestDatabase::with(old_and_new()).await.serve(1).await;
    let begin = async |query: &str| {
        let params = ExportParams::parse(query).unwrap();
        let (context, now) = (app.state.export_context(), app.state.clock.now());
        ExportStream::begin(context, CameraAccess::Unrestricted, params, now, None).await.unwrap()
    };
    // They have no record yet.
    let mut all = begin("").await;
    let mut later = begin("start_date=2025-12-01").await;
    assert!(all.next_chunk().await.unwrap().is_some());
    retention_of(&app.state, 30).run().await.unwrap();
    let error = loop {
        match all.next_chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if it were complete"),
            Err(error) => break error,
        }
    };
    // In PostgreSQL, months were dropped as a whole.
    assert!(matches!(error, ExportError::Deleted | ExportError::Detached), "{error}");
    while later.next_chunk().await.unwrap().is_some() {}
    assert!(later.sha256().is_some());

    // Events that are imported later and are older than what was deleted before.
    app.database.add([event("2025-10-01T00:00:00Z")]).await;
    let mut all = begin("camera_id=front").await;
    assert!(all.next_chunk().await.unwrap().is_some());
    assert_eq!(retention_of(&app.state, 30).run().await.unwrap()[0].rows, 1);
    let rest = async {
        while all.next_chunk().await?.is_some() {}
        Ok::<_, ExportError>(())
    };
    assert!(rest.await.is_err());
}

#[tokio::test]
async fn a_million_events_would_be_deleted_in_small_transactions_between_which_others_write() {
    let app = TestDatabase::with([]).await.serve(10).await;
    app.database.add_many(22_000).await;
    let running = tokio::spawn({
        let retention = retention_of(&app.state, 10);
        async move { retention.run().await.unwrap() }
    });
    // Each state that others see is a whole number of transactions.
    let mut seen = Vec::new();
    while !running.is_finished() {
        if let Some(record) = deletions(&app.database).await.first() {
            seen.push(record.rows);
            assert_eq!(camera_of(&app.database, "front").await.deleted_to.is_some(), record.rows > 0);
        }
        // Another writer is not locked out.
        app.database.add_camera(&format!("new-{}", seen.len()), None).await;
    }
    let batch = i64::try_from(BATCH_ROWS).unwrap();
    assert!(seen.iter().all(|rows| rows % batch == 0 || *rows == 22_000), "{seen:?}");
    assert_eq!(running.await.unwrap()[0].rows, 22_000);
    assert_eq!(deletions(&app.database).await[0].rows, 22_000);
    assert_eq!(camera_of(&app.database, "front").await.deleted_rows, 22_000);
}

#[tokio::test]
async fn events_of_one_moment_are_deleted_together() {
    let database = TestDatabase::new().await;
    database.add_camera("front", None).await;
    let same = event("2025-10-01T00:00:00Z");
    let crowd = u32::try_from(BATCH_ROWS).unwrap() + 1;
    let events = (0..crowd).map(|_| Event { id: uuid(), ..same.clone() });
    database.add(events.chain([event("2025-10-01T00:00:00.000001Z"), event("2025-12-10T00:00:00Z")])).await;
    let deleted = retention_on(&database, 30).await.run().await.unwrap();
    assert_eq!(deleted[0].rows, BATCH_ROWS + 2);
    assert_eq!(stored(&database).await, ["front 2025-12-10"]);
}

#[tokio::test]
async fn two_servers_delete_each_event_once_and_record_it_once() {
    let app = TestDatabase::with([]).await.serve(10).await;
    app.database.add_many(12_000).await;
    let (_, other) = app.another_server().await;
    let run = async |state: &AppState| retention_of(state, 10).run().await;
    let (here, there) = futures_util::future::join(run(&app.state), run(&other)).await;
    let results = [here, there];
    let deleted: u64 = results.iter().flatten().flatten().map(|deletion| deletion.rows).sum();
    assert_eq!(deleted, 12_000, "{results:?}");
    let busy = results.iter().filter(|result| matches!(result, Err(RetentionError::Busy(_)))).count();
    assert!(busy <= usize::from(backend::is_postgres()), "{results:?}");
    assert_eq!(deletions(&app.database).await.iter().map(|record| record.rows).sum::<i64>(), 12_000);
    // The lock is free again.
    assert_eq!(run(&other).await.unwrap(), []);
}

/// Locks the database as an import does.
async fn importing(database: &TestDatabase) -> Transaction {
    if !backend::is_postgres() {
        return database.lock().await;
    }
    let transaction = database.connection.begin().await.unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock({IMPORT_LOCK_KEY})");
    transaction.execute_unprepared(&lock).await.unwrap();
    transaction
}

#[tokio::test]
async fn while_an_import_runs_nothing_is_deleted_and_the_next_try_deletes() {
    let app = TestDatabase::with(old_and_new()).await.serve(10).await;
    let import = importing(&app.database).await;
    let retention = retention_of(&app.state, 30);
    let error = retention.run().await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    let mut clock = ClockWatch::new(&app.state.clock);
    assert_eq!(retention.run_if_clock_is_steady(&mut clock).await, Duration::from_mins(10));
    assert_eq!(app.metric("motion_export_retention_failures_total").await, 1);
    import.rollback().await.unwrap();
    assert_eq!(stored(&app.database).await.len(), 10);
    assert_eq!(retention.run_if_clock_is_steady(&mut clock).await, Duration::from_hours(24));
    assert_eq!(stored(&app.database).await.len(), 4);
}

#[tokio::test]
async fn a_clock_that_was_set_forward_deletes_nothing_for_a_day() {
    let app = TestDatabase::with(old_and_new()).await.serve(10).await;
    let mut clock = ClockWatch::new(&app.state.clock);
    let retention = retention_of(&app.state, 30);
    // A day without a step.
    app.wait(86_400);
    retention.run_if_clock_is_steady(&mut clock).await;
    let left = stored(&app.database).await;
    assert_eq!(left, ["back 2025-12-10", "front 2025-12-10"]);
    app.set_clock(365 * 86_400);
    assert_eq!(retention.run_if_clock_is_steady(&mut clock).await, Duration::from_hours(24));
    assert_eq!(stored(&app.database).await, left);
    // Corrected within the day.
    app.set_clock(-365 * 86_400);
    app.wait(86_400);
    retention.run_if_clock_is_steady(&mut clock).await;
    assert_eq!(stored(&app.database).await, left);
    // It was right: a day later, the events are deleted.
    app.set_clock(365 * 86_400);
    retention.run_if_clock_is_steady(&mut clock).await;
    app.wait(86_400);
    retention.run_if_clock_is_steady(&mut clock).await;
    assert!(stored(&app.database).await.is_empty());
}

#[tokio::test]
async fn a_month_of_which_nothing_is_kept_is_dropped_as_a_whole() {
    if !backend::is_postgres() && backend::skips("SQLite has no partitions") {
        return;
    }
    let database = TestDatabase::with(old_and_new()).await;
    let months = async || {
        let months = partitions::months(&database.connection).await.unwrap();
        months.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let held = hold(&database, "back", "2025-10-10", "2025-10-10").await;
    retention_on(&database, 20).await.run().await.unwrap();
    assert_eq!(months().await, ["2025-10", "2025-11", "2025-12"], "November is not over for twenty days");
    assert_eq!(stored(&database).await, ["back 2025-10-10", "back 2025-12-10", "front 2025-12-10"]);
    holds::release(&database.connection, &held.id.to_string(), "ann", UnixMicros::new(NOW)).await.unwrap();
    retention_on(&database, 15).await.run().await.unwrap();
    assert_eq!(months().await, ["2025-11", "2025-12"], "an empty month stays");
    assert_eq!(deletions(&database).await.iter().map(|record| record.rows).sum::<i64>(), 8);
    assert_eq!(camera_of(&database, "back").await.deleted_rows, 4);
    // Later events of a dropped month are stored again.
    database.add([event("2025-10-05T00:00:00Z")]).await;
    assert_eq!(months().await, ["2025-10", "2025-11", "2025-12"]);
}

#[tokio::test]
async fn detached_months_are_recorded_and_those_with_held_events_stay() {
    if !backend::is_postgres() && backend::skips("SQLite has no partitions") {
        return;
    }
    let app = TestDatabase::with(old_and_new()).await.serve(10).await;
    hold(&app.database, "", "2025-09-10", "2025-09-10").await;
    let now = UnixMicros::new(NOW);
    let first = detach::first_kept_month_of_days(now, 30).unwrap();
    assert_eq!(first.to_string(), "2025-11");
    assert_eq!(detach::first_kept_month(now, 2), Some(first));
    let detached = detach::detach(&app.database.connection, now, first).await.unwrap();
    assert_eq!(detached.tables, ["motion_events_2025_10_detached_20251216_120000"]);
    assert_eq!(detached.held.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2025-09"]);
    let records = deletions(&app.database).await;
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&*record.rule, record.keep_days, record.rows), ("detached", None, 2));
    assert_eq!(deleted_to(&app.export("").await), Some("2025-11-01T00:00:00.000000Z"));
}

#[tokio::test]
async fn commands_show_what_is_due_hold_events_and_delete_the_others() {
    let database = TestDatabase::with(old_and_new()).await;
    let folder = database.folder.path();
    let run = |arguments: &[&str]| String::from_utf8(succeed(folder, arguments)).unwrap();
    assert!(run(&["retention", "run", "--dry-run"]).contains("kept for good"));
    assert_eq!(run(&["retention", "run"]), "No events were due.\n");
    assert_eq!(run(&["camera", "keep", "front", "30"]), "Events of front are kept for 30 days.\n");
    assert_eq!(run(&["camera", "keep", "back", "0"]), "Events of back are kept for good.\n");
    assert!(run(&["camera", "list"]).contains("front  Front Door  30 days"));
    assert!(fail(folder, &["camera", "keep", "front", "often"]).contains("not a number of days"));
    std::fs::write(folder.join("Leptos.toml"), "[retention]\nkeep_days = 1\n").unwrap();
    let hold = ["hold", "add", "--camera", "front", "--start-date", "2025-10-01", "--end-date", "2025-10-31"];
    assert!(fail(folder, &hold).contains("--why"), "a reason is needed");
    let id = run(&[&hold[..], &["--why", "case 7", "--who", "Ann"]].concat());
    let id = id.trim_end();
    let list = run(&["hold", "list"]);
    assert!(
        list.contains("front   2025-10-01T00:00:00Z  2025-11-01T00:00:00Z") && list.contains("Ann  case 7"),
        "{list}"
    );
    // The clock of the commands is that of the machine, and all events are older.
    let due = run(&["retention", "run", "--dry-run"]);
    assert!(due.contains("days of the camera") && due.trim_end().ends_with("1        4                 1"), "{due}");
    assert_eq!(stored(&database).await.len(), 10, "a dry run deletes nothing");
    assert!(run(&["retention", "run"]).starts_with("Deleted 4 events of 1 cameras from before "));
    assert_eq!(stored(&database).await.iter().filter(|row| row.starts_with("front")).count(), 1);
    assert!(fail(folder, &["hold", "release", "x", "--who", "Bob"]).contains("does not exist"));
    assert!(
        fail(folder, &["hold", "add", "--start-date", "soon", "--end-date", "", "--why", "x", "--who", "y"])
            .contains("--start-date")
    );
    assert_eq!(run(&["hold", "release", id, "--who", "Bob"]), format!("{id} is released.\n"));
    assert!(!run(&["hold", "list"]).contains(id) && run(&["hold", "list", "--all"]).contains("by Bob"));
    run(&["camera", "keep", "back", "general"]);
    assert!(run(&["retention", "run"]).contains("(retention.keep_days)"));
    assert!(stored(&database).await.is_empty());
}

#[tokio::test]
async fn an_administrator_sets_days_and_creates_and_releases_holds_on_the_page() {
    let mut database = TestDatabase::with(old_and_new()).await;
    database.settings.retention.keep_days = 30;
    let app = database.serve(10).await;
    let cookie = app.cookie_of("admin").await;
    let admin = client_with(&[(COOKIE, &format!("{cookie}; timezone=Europe/Berlin"))]);
    let path = "/settings/retention";
    let page = text_of(app.get_as(&admin, path).await).await;
    for words in
        ["Events are kept for 30 days", "30 days (as for all)", "There are no holds.", "No events have been deleted."]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("name=\"timezone\" value=\"Europe/Berlin\""), "{page}");

    let saved = app.post(&admin, path, &[("action", "keep"), ("camera", "back"), ("keep_days", "0")]).await;
    assert_eq!(saved.headers()["location"], "/settings/retention?done=days-saved");
    assert_eq!(camera_of(&app.database, "back").await.keep_days, Some(0));
    let hold = [
        ("action", "hold"),
        ("camera_id", "front"),
        ("start_date", "2025-10-10"),
        ("end_date", "2025-10-10"),
        ("timezone", "Europe/Berlin"),
        ("why", "case <7>"),
    ];
    let created = app.post(&admin, path, &hold).await;
    assert_eq!(created.headers()["location"], "/settings/retention?done=hold-created");
    let stored = holds::list(&app.database.connection, false).await.unwrap();
    let [stored] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!((&*stored.who, &*stored.why), ("admin", "case <7>"), "the name of the signed-in administrator");
    assert_eq!(stored.starts_at.as_micros(), event("2025-10-09T22:00:00Z").timestamp);
    retention_of(&app.state, 30).run().await.unwrap();

    let german = client_with(&[(COOKIE, &cookie), (ACCEPT_LANGUAGE, "de")]);
    let page = text_of(app.get_as(&german, &format!("{path}?done=hold-created")).await).await;
    for words in
        ["Die Löschsperre wurde eingerichtet", "case &lt;7&gt;", "älter als 30 Tage", "unbegrenzt", "Front Door"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let page = text_of(app.get_as(&admin, path).await).await;
    assert!(page.contains("16 Nov 2025, 12:00:00 UTC") && page.contains("older than 30 days"), "{page}");
    assert!(page.contains("9 Oct 2025, 22:00:00 UTC – 10 Oct 2025, 22:00:00 UTC"), "{page}");

    let id = stored.id.to_string();
    let released = app.post(&admin, path, &[("action", "release"), ("hold", &id)]).await;
    assert_eq!(released.headers()["location"], "/settings/retention?done=hold-released");
    let released = holds::list(&app.database.connection, true).await.unwrap();
    assert_eq!(released[0].released_by.as_deref(), Some("admin"));
}

#[tokio::test]
async fn of_many_cameras_one_is_chosen_by_its_name() {
    let database = TestDatabase::with(old_and_new()).await;
    for (id, name) in [("1", "Gate"), ("2", "gate"), ("3", "Yard"), ("4", "Zaun"), ("5", "1"), ("6", "Roof")] {
        database.add_camera(id, Some(name)).await;
    }
    let app = database.serve(10).await;
    let admin = app.browser_of("admin").await;
    let page = text_of(app.get_as(&admin, "/settings/retention").await).await;
    assert!(page.contains("<option value=\"Front Door\">") && !page.contains("<option value=\"front\""), "{page}");
    assert!(page.contains("Empty: all cameras."), "{page}");
    let keep = async |camera: &str| {
        let form = [("action", "keep"), ("camera_name", camera), ("keep_days", "9")];
        app.post(&admin, "/settings/retention", &form).await
    };
    for (camera, id) in [("front door", "front"), (" Yard ", "3"), ("2", "2")] {
        assert_eq!(keep(camera).await.status(), 303, "{camera}");
        assert_eq!(camera_of(&app.database, id).await.keep_days, Some(9), "{camera}");
    }
    // The name of the one is the id of the other.
    let several = "is the name or the id of several cameras";
    for (camera, status, words) in [("GATE", 400, several), ("1", 400, several), ("Attic", 404, "Attic")] {
        let refused = keep(camera).await;
        assert_eq!(refused.status(), status, "{camera}");
        let page = text_of(refused).await;
        assert!(page.contains("id=\"camera_name-problem\"") && page.contains(words), "{page}");
        assert!(page.contains(&format!("value=\"{camera}\"")), "{page}");
    }
    for id in ["1", "5"] {
        assert_eq!(camera_of(&app.database, id).await.keep_days, None);
    }
    let hold = |camera: &'static str| {
        [
            ("action", "hold"),
            ("held_camera_name", camera),
            ("start_date", "2025-10-10"),
            ("end_date", "2025-10-10"),
            ("why", "7"),
        ]
    };
    for camera in ["Back Yard", ""] {
        assert_eq!(app.post(&admin, "/settings/retention", &hold(camera)).await.status(), 303, "{camera}");
    }
    let holds = holds::list(&app.database.connection, false).await.unwrap();
    let mut cameras: Vec<_> = holds.iter().map(|hold| hold.camera_id.as_deref()).collect();
    cameras.sort_unstable();
    assert_eq!(cameras, [None, Some("back")]);
}

#[tokio::test]
async fn an_invalid_form_of_retention_is_refused_with_the_reason_and_filled_in_again() {
    let app = TestDatabase::with(old_and_new()).await.serve(10).await;
    let admin = app.browser_of("admin").await;
    let hold = |start: &'static str, end: &'static str, why: &'static str| {
        vec![("action", "hold"), ("camera_id", "back"), ("start_date", start), ("end_date", end), ("why", why)]
    };
    for (form, words) in [
        (vec![("action", "keep"), ("camera", "front"), ("keep_days", "often")], "“often” is not a number of days"),
        (hold("2025-12-02", "2025-12-01", "case"), "2025-12-02"),
        (hold("2025-12-02", "", "case"), "needs a first and a last day"),
        (hold("2025-12-01", "2025-12-02", " "), "Enter 1 to 500 characters"),
        (vec![("action", "forget")], "not an action of this form"),
    ] {
        let response = app.post(&admin, "/settings/retention", &form).await;
        assert_eq!(response.status(), 400, "{words}");
        let page = text_of(response).await;
        assert!(page.contains(words), "{words}: {page}");
        let is_hold = form.contains(&("action", "hold"));
        assert_eq!(page.contains("<details open class=\"card\">"), is_hold, "{words}: {page}");
        for (name, value) in
            form.iter().filter(|(name, value)| ["keep_days", "start_date"].contains(name) && !value.is_empty())
        {
            assert!(page.contains(&format!("value=\"{value}\"")), "{name}: {page}");
        }
    }
    assert!(holds::list(&app.database.connection, true).await.unwrap().is_empty());
    // Without cameras, the page has only the form of a hold for all of them.
    let empty = TestDatabase::new().await.serve(10).await;
    let page = text_of(empty.get_as(&empty.browser_of("admin").await, "/settings/retention").await).await;
    assert!(page.contains("Events are kept for good") && !page.contains("name=\"camera\""), "{page}");
}
