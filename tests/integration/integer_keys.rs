//! The migration of events to integer keys, and what must not happen to keys.

use std::process::Stdio;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::accounts::camera_access::grants;
use motion_export::server::db::connect;
use motion_export::server::db::entity::{camera, detector, zone};
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::demo::Demo;
use motion_export::server::ingest::event::Event;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use uuid::Uuid;

use crate::app::{NOW, TestDatabase, events, newest, seen_by};
use crate::backend;
use crate::binary::{command, fail, run, succeed};
use crate::proxy::slow_export;

/// Returns how many migrations must be undone to undo that to integer keys.
fn steps() -> u32 {
    let migrations = Migrator::migrations();
    let keys = migrations.iter().position(|migration| migration.name().ends_with("integer_keys")).unwrap();
    (migrations.len() - keys).try_into().unwrap()
}

/// Events of several months, with all kinds of missing and unusual texts, some of them at the same moment.
fn unusual() -> Vec<Event> {
    let zones = [None, Some(""), Some("zone-1"), Some("=1+1"), Some("Küche, \"links\""), Some("zone-1 ")];
    let detectors = ["MOG2", "", "knn", "KNN", "駐車場"];
    events(300)
        .enumerate()
        .map(|(index, event)| Event {
            timestamp: event.timestamp + i64::try_from(index / 3 * 3).unwrap() * 86_400_000_000,
            // Their order by bytes differs from that of the events.
            id: Uuid::from_u128((index as u128).reverse_bits() | 7),
            confidence: (index % 7 != 0).then_some(f64::from(u32::try_from(index).unwrap()) / 3.0),
            algorithm: detectors[index % detectors.len()].to_owned(),
            x: (index % 4 != 0).then_some(-1),
            zone_id: zones[index % zones.len()].map(str::to_owned),
            ..event
        })
        .collect()
}

async fn rows(database: &TestDatabase, sql: &str) -> Vec<String> {
    let rows = database.connection.query_all_raw(Statement::from_string(backend::backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn the_migration_to_keys_and_back_loses_nothing_and_files_stay_the_same() {
    let mut database = TestDatabase::with(unusual()).await;
    database.add_camera("no name", None).await;
    database
        .add(events(5).map(|event| seen_by(event, "no name")).map(|event| Event { id: Uuid::new_v4(), ..event }))
        .await;
    let ann = database.add_viewer("ann", &["back", "no name"]).await;
    let queries =
        ["", "camera_id=back", "camera_id=front&camera_id=no+name&raw=true", "timezone=Europe/Berlin&excel_date=true"];
    let files = async |database: &TestDatabase| {
        let mut files = Vec::new();
        for query in queries {
            files.push(database.export(query, 40).await);
        }
        files
    };
    let before = files(&database).await;
    assert_eq!(before[0].split(|byte| *byte == b'\n').count(), 307);

    connect::migrate_down(&database.settings.database, Some(steps())).await.unwrap();
    database = database.reopened().await;
    let old = "SELECT camera_id || '/' || algorithm || '/' || coalesce(zone_id, 'none') || '/' || coalesce(x, 0)
               FROM motion_events ORDER BY timestamp, id";
    let old_rows = rows(&database, old).await;
    let mut expected: Vec<_> = unusual();
    expected.sort_by_key(|event| (event.timestamp, event.id));
    let expected = expected.iter().map(|event| {
        let zone = event.zone_id.as_deref().unwrap_or("none");
        format!("{}/{}/{zone}/{}", event.camera_id, event.algorithm, event.x.unwrap_or(0))
    });
    let without: Vec<_> = old_rows.iter().filter(|row| !row.starts_with("no name")).cloned().collect();
    assert_eq!(without, expected.collect::<Vec<_>>());
    assert_eq!(old_rows.len(), 305);

    connect::migrate(&database.settings.database, &database.connection).await.unwrap();
    database = database.reopened().await;
    assert!(files(&database).await == before, "each byte of each file");
    let mut granted = grants::camera_ids(&database.connection, ann.id).await.unwrap();
    granted.sort();
    assert_eq!(granted, ["back", "no name"]);
    // The foreign keys are those of the new tables.
    let camera =
        camera::Entity::delete_many().filter(camera::Column::Id.eq("no name")).exec(&database.connection).await;
    camera.unwrap_err();
    // Detectors and zones are stored once.
    assert_eq!(detector::Entity::find().all(&database.connection).await.unwrap().len(), 5);
    assert_eq!(zone::Entity::find().all(&database.connection).await.unwrap().len(), 5);
    database.add(events(1).map(|event| Event { id: Uuid::new_v4(), ..event })).await;
    assert_ne!(files(&database).await[0], before[0], "events can be added");
}

#[tokio::test]
async fn a_migration_that_is_killed_at_any_moment_leaves_all_events_and_can_be_repeated() {
    let home = backend::nowhere();
    let folder = home.path();
    backend::url(folder);
    succeed(folder, &["demo", "--events", "30000", "--cameras", "20", "--until", "2025-12-16T12:00:00Z"]);
    let file = succeed(folder, &["export"]);
    for direction in [&["migrate", "down", &steps().to_string(), "--yes"][..], &["migrate", "up"]] {
        let mut wait = Duration::from_millis(20);
        loop {
            let mut child = command(folder, direction).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(wait).await;
            wait = wait * 3 / 2;
            child.kill().unwrap();
            if child.wait().unwrap().success() {
                break;
            }
            let status = String::from_utf8(run(folder, &["migrate", "status"]).stdout).unwrap();
            assert_eq!(status.lines().count(), Migrator::migrations().len(), "{status}");
            // It may have ended before it was killed.
            let is_up = !status.contains("Pending");
            if is_up == (direction[1] == "up") {
                break;
            }
        }
    }
    assert!(succeed(folder, &["export"]) == file);
    if !backend::is_postgres() {
        let database = rusqlite::Connection::open(folder.join("test.db")).unwrap();
        let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        assert_eq!(
            database.prepare("PRAGMA foreign_key_check").unwrap().query([]).unwrap().next().unwrap().map(drop),
            None
        );
    }
}

#[tokio::test]
async fn after_a_newer_version_has_migrated_the_database_this_one_exports_nothing() {
    let app = TestDatabase::with(events(3)).await.serve(10).await;
    assert_eq!(app.export("").await.status(), 200);
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_newer', 0)";
    app.database.connection.execute_unprepared(newer).await.unwrap();
    for path in [EXPORT_PATH, "/api/v1/preview?query=", "/api/v1/camera-counts?query=", "/readyz"] {
        assert_eq!(app.get(path).await.status(), 503, "{path}");
    }
    let words = app.get("/readyz").await.text().await.unwrap();
    assert!(words.contains("newer version") && words.contains("m29990101_000001_newer"), "{words}");
    assert_eq!(app.get("/healthz").await.status(), 200);
    let undone = "DELETE FROM seaql_migrations WHERE version = 'm29990101_000001_newer'";
    app.database.connection.execute_unprepared(undone).await.unwrap();
    assert_eq!(app.export("").await.status(), 200);
}

#[tokio::test]
async fn no_server_and_no_command_of_an_older_version_starts_on_a_newer_schema() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_newer', 0)";
    database.connection.execute_unprepared(newer).await.unwrap();
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["export"],
        &["demo"],
        &["migrate", "up"],
        &["migrate", "up", "--dry-run"],
        &["migrate", "status"],
        &["migrate", "down", "--yes"],
    ] {
        let error = fail(folder, arguments);
        let words = "was migrated by a newer version of Motion Export (m29990101_000001_newer); install that version";
        assert!(error.contains(words) && error.contains("Nothing was changed"), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn migrate_says_what_it_will_do_before_it_does_it() {
    let home = backend::nowhere();
    let folder = home.path();
    backend::url(folder);
    succeed(folder, &["demo", "--events", "3000", "--until", "2025-12-16T12:00:00Z"]);
    let text = |arguments: &[&str]| String::from_utf8(succeed(folder, arguments)).unwrap();
    let current = text(&["migrate", "up", "--dry-run"]);
    assert!(current.contains("is up to date") && current.contains("Nothing was changed"), "{current}");
    succeed(folder, &["migrate", "down", &steps().to_string(), "--yes"]);

    let plan = text(&["migrate", "up", "--dry-run"]);
    for words in [
        &format!("{} steps are pending", steps()),
        "m20261129_000010_integer_keys\n    Copies all events",
        "    3000 events: less than a second.",
        "    It needs ",
        "m20261130_000013_sources\n    Creates the tables of live sources.",
        "Nothing was changed.",
    ] {
        assert!(plan.contains(words), "{words}: {plan}");
    }
    let places = if backend::is_postgres() { "on the database server" } else { " are free" };
    assert!(plan.contains(places), "{plan}");
    assert_eq!(text(&["migrate", "status"]).matches("Pending").count(), steps() as usize);

    let migrated = text(&["migrate", "up"]);
    let (plan, after) = migrated.split_once("Migrated in ").expect("the plan comes first");
    assert!(plan.contains("steps are pending") && plan.contains("3000 events"), "{migrated}");
    assert_eq!(after.matches("Applied").count(), Migrator::migrations().len(), "{migrated}");
}

#[tokio::test]
async fn an_export_during_which_a_newer_version_migrates_the_database_breaks() {
    let (app, mut client) = slow_export().await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_newer', 0)";
    app.database.connection.execute_unprepared(newer).await.unwrap();
    let (_, whole) = client.rest().await;
    assert!(!whole);
    app.idle().await;
    assert_eq!(newest(&app.database).await.state, "failed");
}

#[tokio::test]
async fn a_key_is_never_used_again() {
    let database = TestDatabase::new().await;
    let key_of = async |id: &str| {
        database.add_camera(id, None).await;
        let cameras = camera::Entity::find().filter(camera::Column::Id.eq(id)).one(&database.connection).await;
        cameras.unwrap().unwrap().key
    };
    let first = key_of("a").await;
    camera::Entity::delete_many().exec(&database.connection).await.unwrap();
    assert!(key_of("b").await > first);
}

#[tokio::test]
async fn a_key_that_refers_to_nothing_fails_the_export_and_is_no_empty_cell() {
    let database = TestDatabase::with(events(30)).await;
    if backend::is_postgres() {
        let delete = "SET session_replication_role = replica; DELETE FROM zones; RESET session_replication_role";
        database.connection.execute_unprepared(delete).await.unwrap();
    } else {
        let path = database.folder.path().join("test.db");
        let delete = "PRAGMA foreign_keys = OFF; DELETE FROM zones";
        rusqlite::Connection::open(path).unwrap().execute_batch(delete).unwrap();
    }
    let app = database.serve(10).await;
    assert_eq!(app.export("").await.status(), 500);
    assert_eq!(app.export("end_date=2025-11-01").await.status(), 200, "no event has the zone");
}

#[tokio::test]
async fn after_an_import_one_cameras_events_are_read_from_the_index_alone() {
    if !backend::is_postgres() && backend::skips("SQLite has no visibility map") {
        return;
    }
    let database = TestDatabase::new().await;
    let demo = Demo { events: 3_000, cameras: 3, days: 90, seed: 1 };
    demo.write(&database.connection, UnixMicros::new(NOW)).await.unwrap();
    let camera = camera::Entity::find().one(&database.connection).await.unwrap().unwrap();
    let sql = format!(
        "SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN (ANALYZE, COSTS OFF) SELECT timestamp, event_id, \
         confidence, detector_key, x, y, width, height, zone_key FROM motion_events WHERE camera_key = {} \
         ORDER BY timestamp, event_id",
        camera.key
    );
    let plan = backend::psql_of(database.folder.path(), &sql);
    assert!(plan.contains("Index Only Scan"), "{plan}");
    let fetches: Vec<_> = plan.lines().filter(|line| line.contains("Heap Fetches")).collect();
    assert!(!fetches.is_empty() && fetches.iter().all(|line| line.trim() == "Heap Fetches: 0"), "{plan}");
}
