//! Behaviour that only PostgreSQL has: it restarts, is full, runs queries without a client, or has a replica that is
//! behind.

use std::time::Duration;

use motion_export::api::session::Role;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::db::clock::Clock;
use motion_export::server::db::entity::motion_event;
use motion_export::server::db::pool::Pool;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::event::Event;
use motion_export::server::retention::detach;
use motion_export::server::settings::OnReplicaUnavailable;
use reqwest::header::COOKIE;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::Value;

use crate::app::{EVENT_COLUMNS, HEADER, NOW, TestApp, TestDatabase, client_with, endless, event, events, seen_by};
use crate::backend;
use crate::binary::{Server as Program, command};
use crate::cluster::Cluster;
use crate::log::Log;
use crate::proxy::SlowClient;

/// Whether there is no PostgreSQL to test with.
fn none() -> bool {
    !backend::is_postgres() && backend::skips("it is about PostgreSQL")
}

/// A server with many events in a cluster, and the authorization of a user who may export them.
async fn app_on(cluster: &Cluster, change: impl FnOnce(&mut TestDatabase)) -> (TestApp, String) {
    let mut database = cluster.database().await;
    database.add_many(100_000).await;
    change(&mut database);
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    (app, authorization)
}

/// The connection is closed after the file.
fn headers_of(authorization: &str) -> [(&str, &str); 2] {
    [("authorization", authorization), ("connection", "close")]
}

async fn nothing_is_read(app: &TestApp) {
    while app.state.reader.busy() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_query_without_a_client_is_cancelled_in_the_database() {
    if none() {
        return;
    }
    let cluster = Cluster::start_new(&[]);
    let (app, authorization) = app_on(&cluster, |_| {}).await;
    app.database.replace_events(endless()).await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%motion_events%' \
                   AND pid <> pg_backend_pid()";
    let client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    while cluster.psql(running) != "1" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.reset();
    while cluster.psql(running) != "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.idle().await;
    assert_eq!(app.newest_record().await["state"], "cancelled");
}

#[tokio::test]
async fn a_slow_client_holds_neither_a_transaction_nor_a_query_in_the_server() {
    if none() {
        return;
    }
    let cluster = Cluster::start_new(&[]);
    let (app, authorization) = app_on(&cluster, |_| {}).await;
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    client.head().await;
    nothing_is_read(&app).await;
    let held = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres' AND pid <> pg_backend_pid() \
                AND backend_type = 'client backend' AND (state <> 'idle' OR xact_start IS NOT NULL)";
    assert_eq!(cluster.psql(held), "0");
    assert!(client.rest().await.1);
}

#[tokio::test]
async fn an_export_continues_where_it_was_after_a_restart_of_postgresql() {
    if none() {
        return;
    }
    let cluster = Cluster::start_new(&[]);
    let (app, authorization) = app_on(&cluster, |_| {}).await;
    let whole = app.export("camera_id=front").await.bytes().await.unwrap();
    for mode in ["fast", "immediate"] {
        let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
        client.head().await;
        nothing_is_read(&app).await;
        cluster.stop(mode);
        let rest = tokio::spawn(async move { client.rest().await });
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(!rest.is_finished(), "it waits");
        cluster.start(&[]);
        let (bytes, ended) = rest.await.unwrap();
        assert!(ended, "{mode}");
        assert!(bytes.len() > whole.len(), "including the headers of chunks");
        app.idle().await;
        let record = app.newest_record().await;
        assert_eq!((&record["state"], &record["rows"]), (&"completed".into(), &100_000.into()), "{mode}");
        assert_eq!(record["bytes"], whole.len());
    }
}

#[tokio::test]
async fn an_export_continues_with_a_promoted_replica_at_the_same_address() {
    if none() {
        return;
    }
    let primary = Cluster::start_new(&["synchronous_commit = remote_apply"]);
    let home = tempfile::tempdir().unwrap();
    let address = home.path().join("postgres");
    primary.take(&address);
    let mut database = primary.database().await;
    database.add_many(100_000).await;
    let replica = primary.replica(&[]);
    // From here on, nothing is committed that the replica does not have.
    primary.psql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.psql("SELECT pg_reload_conf()");
    database.settings.database.url = backend::url_of(&address, "postgres");
    let database = database.reopened().await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let whole = app.export("camera_id=front").await.bytes().await.unwrap();
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    client.head().await;
    nothing_is_read(&app).await;

    primary.stop("immediate");
    let rest = tokio::spawn(async move { client.rest().await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!rest.is_finished(), "it waits");
    replica.promote();
    replica.take(&address);
    let (_, ended) = rest.await.unwrap();
    assert!(ended);
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!((&record["state"], &record["rows"]), (&"completed".into(), &100_000.into()));
    assert_eq!(record["bytes"], whole.len());
    assert_eq!(app.export("camera_id=front").await.bytes().await.unwrap(), whole, "new exports too");
}

#[tokio::test]
async fn connections_are_encrypted_and_certificates_verified_as_the_url_requires() {
    if none() {
        return;
    }
    let (_cluster, port, certificate) = Cluster::encrypted();
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.crt");
    std::fs::write(&trusted, certificate).unwrap();
    let url = |host: &str| {
        format!("postgres://test@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={}", trusted.display())
    };
    let database = TestDatabase::at(url("127.0.0.1")).await;
    database.add_camera("front", None).await;
    database.add_camera("back", None).await;
    database.add(events(50)).await;
    let app = database.serve(10).await;
    assert_eq!(app.lines("").await.len(), 50);
    let all = "SELECT count(*)::int AS all, count(*) FILTER (WHERE ssl)::int AS encrypted \
               FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'motion-export'";
    let row = app.database.connection.query_one_raw(sea_orm::Statement::from_string(backend::backend(), all));
    let row = row.await.unwrap().unwrap();
    let count = |column| row.try_get::<i32>("", column).unwrap();
    assert!(count("all") > 1, "one reads events, one does the rest");
    assert_eq!(count("all"), count("encrypted"));
    let refused = sea_orm::Database::connect(url("localhost")).await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[tokio::test]
async fn values_in_a_statement_are_never_sql() {
    if none() {
        return;
    }
    let cameras = [
        r"it's",
        r#"a "quoted" one"#,
        r"back\slash \' or 1 = 1",
        "line\r\nend\t\u{1}",
        "ü$1 ?; --",
        "$$",
        "E'\\047'",
        "cam\u{1a}",
        "cam\u{1a}1",
        "camz",
        r"cam\z",
        "cam\\\u{1a}",
    ];
    let database = TestDatabase::new().await;
    for camera in cameras {
        database.add_camera(camera, None).await;
        let event = event("2025-12-01T00:00:00Z");
        database.add([Event { camera_id: camera.to_owned(), ..event }]).await;
    }
    let app = database.serve(10).await;
    for camera in cameras {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("camera_id", camera).finish();
        let text = app.export(&format!("raw=true&{query}")).await.text().await.unwrap();
        let rows: Vec<_> = csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).collect();
        assert_eq!(rows.iter().map(|row| &row[1]).collect::<Vec<_>>(), [camera]);
    }
    let all: Vec<_> = cameras.iter().map(|camera| ("camera_id", *camera)).collect();
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    let text = app.export(&format!("raw=true&{query}")).await.text().await.unwrap();
    assert_eq!(csv::Reader::from_reader(text.as_bytes()).into_records().count(), cameras.len());
}

#[tokio::test]
async fn an_export_whose_database_stays_unavailable_is_broken_and_recorded_later() {
    if none() {
        return;
    }
    let cluster = Cluster::start_new(&[]);
    let limit = |database: &mut TestDatabase| {
        database.settings.export.page_timeout_seconds = 1.try_into().unwrap();
    };
    let (app, authorization) = app_on(&cluster, limit).await;
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    client.head().await;
    nothing_is_read(&app).await;
    cluster.stop("immediate");
    assert!(!client.rest().await.1, "the client knows");
    let refused = app.export("").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    cluster.start(&[]);
    app.idle().await;
    assert_eq!(app.newest_record().await["state"], "timed_out");
    assert_eq!(app.lines("end_date=2025-12-01T01:00:00Z").await.len(), 3_599, "new exports work again");
}

#[tokio::test]
async fn a_database_without_free_connections_is_503_and_running_exports_continue() {
    if none() {
        return;
    }
    let cluster =
        Cluster::start_new(&["max_connections = 14", "superuser_reserved_connections = 0", "max_wal_senders = 0"]);
    let (app, authorization) = app_on(&cluster, |_| {}).await;
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    client.head().await;
    nothing_is_read(&app).await;
    // All connections, so that the reader must reconnect and cannot. It may have done so in between.
    let reading = "FROM pg_stat_activity WHERE query LIKE '%\"motion_events\"%' AND pid <> pg_backend_pid()";
    let teller = sea_orm::Database::connect(one_connection(&cluster.url())).await.unwrap();
    let mut others = Vec::new();
    loop {
        while let Ok(one) = sea_orm::Database::connect(one_connection(&cluster.url())).await {
            others.push(one);
        }
        let ended = teller.execute_unprepared(&format!("SELECT pg_terminate_backend(pid) {reading}")).await.unwrap();
        if ended.rows_affected() == 0 {
            break;
        }
    }
    let refused = app.export("").await;
    assert_eq!(refused.status(), 503);
    let rest = tokio::spawn(async move { client.rest().await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    for other in others.into_iter().chain([teller]) {
        other.close().await.unwrap();
    }
    assert!(rest.await.unwrap().1);
    assert_eq!(app.export("end_date=2025-12-01T01:00:00Z").await.status(), 200);
}

fn one_connection(url: &str) -> sea_orm::ConnectOptions {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).acquire_timeout(Duration::from_secs(1)).sqlx_logging(false);
    options
}

#[tokio::test]
async fn an_exhausted_pool_is_503() {
    if none() {
        return;
    }
    let mut database = TestDatabase::with(events(3)).await;
    database.settings.database.connections = 1.try_into().unwrap();
    let database = TestDatabase::reopened(database).await;
    let app = database.serve(10).await;
    let held = sea_orm::TransactionTrait::begin(&app.database.connection).await.unwrap();
    let refused = app.export("").await;
    assert_eq!(refused.status(), 503);
    drop(held);
    assert_eq!(app.lines("").await.len(), 3);
}

#[tokio::test]
async fn an_export_from_a_replica_says_up_to_when_it_is_complete() {
    if none() {
        return;
    }
    let primary = Cluster::start_new(&[]);
    let mut database = primary.database().await;
    database.add(events(50)).await;
    let replica = primary.replica(&[]);
    database.settings.database.replica_url = replica.url();
    let app = database.serve(10).await;
    let caught_up = app.export("").await;
    assert!(caught_up.headers().contains_key("x-export-complete-to"));
    assert_eq!(caught_up.text().await.unwrap().lines().count(), 51);

    // From here on, the replica is behind.
    replica.psql("SELECT pg_wal_replay_pause()");
    while replica.psql("SELECT pg_get_wal_replay_pause_state()") != "paused" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let now: i64 = primary.psql("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").parse().unwrap();
    let late = Event { timestamp: now, ..event("2025-12-01T00:00:00Z") };
    app.database.add([late]).await;
    let behind = app.export("").await;
    let complete_to = behind.headers()["x-export-complete-to"].to_str().unwrap().to_owned();
    let moment = chrono::DateTime::parse_from_rfc3339(&complete_to).unwrap().timestamp_micros();
    assert!(moment < now, "{complete_to}");
    let id = behind.headers()["x-export-id"].to_str().unwrap().to_owned();
    assert_eq!(behind.text().await.unwrap().lines().count(), 51);
    app.idle().await;
    let record = app.record(&id).await;
    assert_eq!(record["complete_to"].as_str().unwrap()[..19], complete_to[..19]);

    // Changes that are replayed in the meantime are not in a file that is complete up to an earlier moment.
    replica.psql("SELECT pg_wal_replay_resume()");
    let all = async {
        while app.lines("").await.len() < 51 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("the replica catches up");
}

#[tokio::test]
async fn an_unavailable_replica_is_503_or_replaced_by_the_primary_as_configured() {
    if none() {
        return;
    }
    for (away, status) in [(OnReplicaUnavailable::Refuse, 503), (OnReplicaUnavailable::Primary, 200)] {
        let primary = Cluster::start_new(&[]);
        let mut database = primary.database().await;
        database.add(events(50)).await;
        let replica = primary.replica(&[]);
        database.settings.database.replica_url = replica.url();
        database.settings.database.on_replica_unavailable = away;
        let app = database.serve(10).await;
        replica.stop("fast");
        let answer = app.export("").await;
        assert_eq!(answer.status(), status, "{away:?}");
        let complete_to = answer.headers().get("x-export-complete-to").map(|value| value.to_str().unwrap());
        assert_eq!(complete_to, (status == 200).then_some("unknown"));
        if status == 503 {
            assert_eq!(answer.headers()["retry-after"], "5");
        } else {
            assert_eq!(answer.text().await.unwrap().lines().count(), 51);
        }
        assert_eq!(app.get("/api/v1/cameras").await.status(), 200, "other requests do not need it");
    }
}

#[tokio::test]
async fn a_page_that_a_replica_cancels_for_its_primary_is_read_again() {
    if none() {
        return;
    }
    let primary = Cluster::start_new(&["autovacuum = off"]);
    let mut database = primary.database().await;
    database.add(events(400)).await;
    // Slow rows, so that there is a query to cancel.
    database
        .replace_events(&format!("SELECT {EVENT_COLUMNS} FROM real_events WHERE pg_sleep(0.004) IS NOT NULL"))
        .await;
    database
        .connection
        .execute_unprepared("CREATE TABLE other AS SELECT i FROM generate_series(1, 1000) AS i")
        .await
        .unwrap();
    let replica = primary.replica(&["max_standby_streaming_delay = 0"]);
    database.settings.database.replica_url = replica.url();
    let app = database.serve(50).await;
    // On a busy machine, an export may end before the primary has cleaned up anything that it reads.
    for _ in 0..10 {
        let response = app.export("").await;
        assert_eq!(response.status(), 200);
        let body = tokio::spawn(response.text());
        for _ in 0..200 {
            if body.is_finished() || replica.log().contains("conflict with recovery") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
            primary.psql("UPDATE other SET i = i + 1");
            primary.psql("VACUUM other");
        }
        assert_eq!(body.await.unwrap().unwrap().lines().count(), 401);
        if replica.log().contains("conflict with recovery") {
            break;
        }
    }
    assert!(replica.log().contains("conflict with recovery"), "{}", replica.log());
    app.idle().await;
    assert_eq!(app.newest_record().await["state"], "completed");
}

/// Detaches all months but the last two, and returns the names of the tables.
async fn detach_all_but_two(connection: &Pool) -> Vec<String> {
    let now = UnixMicros::new(NOW);
    let first = detach::first_kept_month(now, 2).unwrap();
    detach::detach(connection, now, first).await.unwrap().tables
}

#[tokio::test]
async fn old_months_are_detached_with_all_their_events_and_are_in_no_export() {
    if none() {
        return;
    }
    let database = TestDatabase::with([]).await;
    let moments = ["2025-10-31T23:59:59Z", "2025-11-01T00:00:00Z", "2025-11-30T12:00:00Z", "2025-12-01T00:00:00Z"];
    database.add(moments.map(event)).await;
    let connection = &database.connection;
    // NOW is in December.
    let detached = detach_all_but_two(connection).await;
    assert_eq!(detached, ["motion_events_2025_10_detached_20251216_120000"]);
    assert_eq!(motion_event::Entity::find().count(connection).await.unwrap(), 3);
    let kept =
        connection.execute_unprepared("DELETE FROM motion_events_2025_10_detached_20251216_120000").await.unwrap();
    assert_eq!(kept.rows_affected(), 1, "the event was kept");
    let file = String::from_utf8(database.export("", 10).await).unwrap();
    assert!(file.starts_with(&format!("{HEADER}2025-11-01T00:00:00+00:00,")), "{file}");
    assert!(detach_all_but_two(connection).await.is_empty());
    // Events of that month may be imported again.
    database.add([event("2025-10-31T23:59:58Z")]).await;
    assert_eq!(String::from_utf8(database.export("", 10).await).unwrap().lines().count(), 5);
}

/// Changes the first month of an export in progress, and checks that the export breaks and records why. The returned
/// value is held until then.
async fn breaks_an_export<Held>(change: impl AsyncFnOnce(&Pool) -> Held) {
    let database = TestDatabase::with([event("2025-10-31T12:00:00Z")]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    client.head().await;
    nothing_is_read(&app).await;
    let _held = change(&app.database.connection).await;
    assert!(!client.rest().await.1, "the client knows");
    app.idle().await;
    let record = app.newest_record().await;
    assert_eq!(record["state"], "failed");
    assert!(record["error"].as_str().unwrap().contains("detached"), "{record}");
}

#[tokio::test]
async fn a_month_that_is_detached_while_an_export_runs_breaks_it() {
    if none() {
        return;
    }
    breaks_an_export(async |connection: &Pool| {
        assert_eq!(detach_all_but_two(connection).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_month_that_is_detached_and_attached_again_while_an_export_runs_breaks_it() {
    if none() {
        return;
    }
    breaks_an_export(async |connection: &Pool| {
        let detach = "ALTER TABLE motion_events DETACH PARTITION motion_events_2025_10";
        connection.execute_unprepared(detach).await.unwrap();
        let attach = "ALTER TABLE motion_events ATTACH PARTITION motion_events_2025_10 \
                      FOR VALUES FROM (1759276800000000) TO (1761955200000000)";
        connection.execute_unprepared(attach).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_month_that_is_only_marked_for_detachment_while_an_export_runs_breaks_it() {
    if none() {
        return;
    }
    breaks_an_export(async |connection: &Pool| {
        // A reader holds the table, so that the detachment only gets as far as the mark.
        let reads = sea_orm::TransactionTrait::begin(connection).await.unwrap();
        reads.execute_unprepared("SELECT FROM motion_events LIMIT 0").await.unwrap();
        let detaches = connection.clone();
        let detach = "ALTER TABLE motion_events DETACH PARTITION motion_events_2025_10 CONCURRENTLY";
        tokio::spawn(async move { detaches.execute_unprepared(detach).await });
        let marked = "SELECT inhrelid::bigint FROM pg_inherits WHERE inhdetachpending";
        let marked = sea_orm::Statement::from_string(backend::backend(), marked);
        while connection.query_one_raw(marked.clone()).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        reads
    })
    .await;
}

#[tokio::test]
async fn an_export_that_started_on_the_primary_does_not_end_on_a_replica_that_is_behind() {
    if none() {
        return;
    }
    let primary = Cluster::start_new(&[]);
    let mut database = primary.database().await;
    let replica = primary.replica(&[]);
    // From here on, it receives nothing.
    replica.psql("SELECT pg_wal_replay_pause()");
    database.add_many(100_000).await;
    database.settings.database.replica_url = replica.url();
    database.settings.database.on_replica_unavailable = OnReplicaUnavailable::Primary;
    database.settings.database.connections = 1.try_into().unwrap();
    let admin = database.add_user("boss", Role::Admin).await;
    let app = database.reopened().await.serve(1_000).await;
    let (_, authorization) = app.client_of(&admin).await;
    replica.stop("fast");
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers_of(&authorization)).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    nothing_is_read(&app).await;
    primary.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%\"motion_events\"%' AND pid <> pg_backend_pid()",
    );
    replica.start(&["recovery_min_apply_delay = 0"]);
    let (bytes, whole) = client.rest().await;
    assert!(whole && bytes.len() > 26_000_000, "it waited for the replica: {} bytes", bytes.len());
    assert_eq!(app.newest_record().await["rows"], 100_000);
}

#[tokio::test]
async fn servers_use_the_clock_of_the_database() {
    if none() {
        return;
    }
    let database = TestDatabase::new().await;
    let (clock, _) = Clock::of(database.connection.clone()).await.unwrap();
    let cluster = std::path::PathBuf::from(std::env::var_os("TEST_POSTGRES").unwrap());
    let now = backend::psql(&cluster, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").unwrap();
    let apart = now.parse::<i64>().unwrap() - clock.now().as_micros();
    assert!(apart.abs() < 60_000_000, "{apart} µs");
}

#[tokio::test]
async fn the_preview_counts_in_the_database_the_rows_of_the_export() {
    let database = TestDatabase::with([]).await;
    let moments = (0_i64..500).map(|number| NOW - number * 1_234_567_890);
    database.add(moments.map(|timestamp| Event { timestamp, ..event("2025-12-01T00:00:00Z") })).await;
    let old = ["1971-06-01T00:44:00Z", "1971-06-01T00:44:29Z", "1971-06-01T00:44:30Z", "1971-06-01T00:44:45Z"];
    database.add(old.map(event)).await;
    let other = Event { timestamp: NOW, ..event("2025-12-01T00:00:00Z") };
    database.add([seen_by(other, "back")]).await;
    let app = database.serve(50).await;
    for zone in ["UTC", "Asia/Kathmandu", "America/St_Johns", "Africa/Monrovia"] {
        let query = format!("timezone={zone}&camera_id=front");
        let lines = app.lines(&query).await;
        // Until 1972, days in Monrovia started at 00:44:30 UTC, which is within a quarter of an hour.
        let preview =
            app.get(&format!("/api/v1/preview?query={}", query.replace('&', "%26").replace('=', "%3D"))).await;
        let preview: Value = preview.json().await.unwrap();
        assert_eq!(preview["rows"], 504, "{zone}");
        let days: Vec<_> = preview["days"].as_array().unwrap().iter().collect();
        let counted = |day: &Value| (day["day"].as_str().unwrap().to_owned(), day["events"].as_u64().unwrap());
        // Its offset had seconds, which a timestamp cannot show, so its lines have another minute.
        let (old, new): (Vec<_>, Vec<_>) = days.into_iter().map(counted).partition(|(day, _)| day.starts_with("1971"));
        if zone == "Africa/Monrovia" {
            assert_eq!(old, [("1971-05-31".to_owned(), 2), ("1971-06-01".to_owned(), 2)]);
        }
        for (day, counted) in new {
            let there = lines.iter().filter(|line| line.starts_with(&day)).count() as u64;
            assert_eq!(counted, there, "{zone} {day}");
        }
    }
}

#[tokio::test]
async fn a_preview_shows_the_rows_found_so_far_if_the_next_ones_are_slow() {
    if none() {
        return;
    }
    let database = TestDatabase::with(events(100)).await;
    // The server sends some seventy at a time, and the others are so slow that they are not waited for.
    let slow = format!("SELECT {EVENT_COLUMNS} FROM real_events WHERE pg_sleep(0.02) IS NOT NULL");
    database.replace_events(&slow).await;
    let app = database.serve(10).await;
    let response = app.get("/api/v1/preview?query=").await;
    assert_eq!(response.status(), 200);
    let preview: Value = response.json().await.unwrap();
    assert_eq!(preview["rows"], 100);
    assert_ne!(preview["sample"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_role_that_may_no_longer_log_in_is_an_internal_error_without_a_retry() {
    if none() {
        return;
    }
    let log = Log::of_this_thread();
    let cluster = Cluster::start_new(&[]);
    cluster.psql("CREATE ROLE guest SUPERUSER LOGIN");
    let mut database = cluster.database().await;
    database.settings.database.url = cluster.url().replace("test@", "guest@");
    let app = database.reopened().await.serve(1_000).await;
    assert_eq!(app.export("").await.status(), 200);
    app.idle().await;
    cluster.psql("ALTER ROLE guest NOLOGIN");
    cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guest'");
    while cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'guest'") != "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for path in [EXPORT_PATH, "/api/v1/exports"] {
        let refused = app.get(path).await;
        assert_eq!((refused.status().as_u16(), refused.headers().get("retry-after")), (500, None), "{path}");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "internal", "{path}");
    }
    assert_eq!(app.get("/readyz").await.status(), 503);
    let text = log.text();
    assert!(text.contains("ERROR") && text.contains("guest") && !text.contains("is away"), "{text}");
    cluster.psql("ALTER ROLE guest LOGIN");
    app.state.exports.heartbeat().await;
    assert_eq!(app.get("/readyz").await.status(), 200);
    assert_eq!(app.export("").await.status(), 200);
}

#[tokio::test]
async fn an_unavailable_database_is_one_error_in_the_log_for_any_number_of_requests_with_a_session() {
    if none() {
        return;
    }
    let cluster = Cluster::start_new(&[]);
    let database = cluster.database().await;
    database.add_user("ann", Role::Admin).await;
    let folder = tempfile::tempdir().unwrap();
    let mut serve = command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    serve.env("DATABASE_URL", cluster.url());
    let server = Program::run(serve);
    let browser = client_with(&[(COOKIE, &server.cookie_of("ann").await)]);
    let status = async |path: &str| browser.get(format!("{}{path}", server.address)).send().await.unwrap().status();
    assert_eq!(status("/settings").await, 200);
    cluster.stop("immediate");
    let log = || Program::log(folder.path());
    let ask = async || {
        for path in ["/settings", "/login", "/api/v1/cameras", EXPORT_PATH] {
            assert_eq!(status(path).await, 503, "{path}");
        }
    };
    ask().await;
    // The next heartbeat reports it.
    let noticed = async {
        while !log().contains("database not writable") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), noticed).await.expect("a heartbeat notices");
    ask().await;
    assert_eq!(log().matches("ERROR").count(), 1, "{}", log());
}
