//! The schema: migrations up and down, and the indexes that let every export stream in order.

use std::os::unix::fs::PermissionsExt;

use migration::{Migrator, MigratorTrait};
use motion_export::server::accounts::camera_access::camera_filter::{CameraFilter, SelectedCamera};
use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::db::entity::{
    api_token, camera, camera_access, deletion, detector, export, hold, mark, motion_event, session, user, zone,
};
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::export::event::Cursor;
use motion_export::server::export::query::{self, Filter};
use motion_export::server::export::timezone::TimeRange;
use motion_export::server::stored_message;
use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};
use sea_orm::{
    ActiveValue::NotSet, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use crate::app::{TestDatabase, events};
use crate::backend;

#[tokio::test]
async fn migrations_go_up_and_down_and_up_again_and_match_the_entities() {
    let database = TestDatabase::with(events(3)).await;
    let connection = &database.connection;
    connect::migrate_down(&database.settings.database, None).await.unwrap();
    let left = if backend::is_postgres() {
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'seaql%'"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'seaql%' AND name NOT LIKE 'sqlite%'"
    };
    let left = connection.query_all_raw(Statement::from_string(backend::backend(), left)).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    connect::migrate(&database.settings.database, connection).await.unwrap();
    assert!(api_token::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(camera::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(camera_access::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(deletion::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(hold::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(detector::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(zone::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(export::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(mark::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(motion_event::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(session::Entity::find().all(connection).await.unwrap().is_empty());
    assert!(user::Entity::find().all(connection).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_database_is_a_file_in_wal_mode_and_its_folder_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = motion_export::server::settings::Settings::default();
    settings.database.url = format!("sqlite://{}/new/folder/x.db", folder.path().display());
    let connection = connect::open(&settings.database, IfMissing::Create).await.unwrap();
    let mode =
        connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA journal_mode")).await.unwrap();
    assert_eq!(mode.unwrap().try_get_by_index::<String>(0).unwrap(), "wal");
    let mode = |path: &str| folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("new/folder"), mode("new/folder/x.db")), (0o700, 0o600), "for its owner's eyes only");
}

#[tokio::test]
async fn the_database_refuses_a_value_of_a_wrong_type() {
    let database = TestDatabase::with(events(1)).await;
    let refused = database.connection.execute_unprepared("UPDATE motion_events SET confidence = 'high'").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(if backend::is_postgres() { "double precision" } else { "confidence" }), "{refused}");
}

/// All combinations of filters, with the number of cameras.
fn filters() -> Vec<(i32, Filter, Option<Cursor>)> {
    let mut filters = Vec::new();
    for cameras in [0, 1, 2, 16, 17, 50] {
        for (start, end) in [(None, None), (Some(1), None), (None, Some(9)), (Some(1), Some(9))] {
            for after in [None, Some(Cursor { timestamp: 5, id: Uuid::nil() })] {
                let these = (0..cameras).map(|key| SelectedCamera { key, id: format!("camera-{key}") }).collect();
                let these = if cameras == 0 { CameraFilter::All } else { CameraFilter::Only(these) };
                filters.push((cameras, Filter { interval: TimeRange { start, end }, cameras: these }, after));
            }
        }
    }
    filters
}

#[tokio::test]
async fn every_filter_combination_streams_off_an_index_without_a_sort() {
    let database = TestDatabase::with(events(2_000)).await;
    // Moments of a month with events.
    let within = |moment: i64| 1_764_547_200_000_000 + moment * 1_000_000;
    // Statistics of ANALYZE must not lead the planner to a sort.
    for analyzed in [false, true] {
        if analyzed {
            // As after an import. PostgreSQL scans the index alone if it knows that the rows are visible.
            let analyze = if backend::is_postgres() { "VACUUM ANALYZE" } else { "ANALYZE" };
            database.connection.execute_unprepared(analyze).await.unwrap();
        }
        for (cameras, mut filter, mut after) in filters() {
            if backend::is_postgres() {
                filter.interval =
                    TimeRange { start: filter.interval.start.map(within), end: filter.interval.end.map(within) };
                after = after.map(|Cursor { timestamp, id }| Cursor { timestamp: within(timestamp), id });
                let sql = query::page(&filter.page(filter.interval, after, 5_000), DbBackend::Postgres)
                    .to_string(PostgresQueryBuilder);
                let plan = backend::explain(database.folder.path(), &sql);
                assert!(
                    !plan.lines().any(|step| step.trim_start_matches([' ', '-', '>']).starts_with("Sort  ")),
                    "{sql}\n{plan}"
                );
                assert!(!plan.contains("Incremental Sort"), "{sql}\n{plan}");
                assert!(!plan.contains("Seq Scan") && !plan.contains("Bitmap"), "{sql}\n{plan}");
                let index = if (1..=16).contains(&cameras) { "camera_key_timestamp_event_id" } else { "pkey on" };
                assert!(plan.contains(index), "{sql}\n{plan}");
                // No row is looked up in the table.
                assert!(!(1..=16).contains(&cameras) || !plan.contains("Index Scan"), "{sql}\n{plan}");
                if after.is_some() {
                    assert!(plan.contains("Index Cond") && plan.contains("(ROW("), "{sql}\n{plan}");
                }
                continue;
            }
            let Filter { interval: TimeRange { start, end }, .. } = filter;
            let sql = query::page(&filter.page(filter.interval, after, 5_000), DbBackend::Sqlite)
                .to_string(SqliteQueryBuilder);
            let plan = plan(&database, &sql).await;
            assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
            let index = match cameras {
                1..=16 => "USING COVERING INDEX motion_events_camera_key_timestamp_event_id (camera_key=?",
                _ if start.is_some() || end.is_some() || after.is_some() => "USING PRIMARY KEY",
                _ => "SCAN motion_events",
            };
            assert!(plan.contains(index), "{sql}\n{plan}");
            // No row is looked up in the table.
            assert!(!(1..=16).contains(&cameras) || !plan.contains("USING INDEX"), "{sql}\n{plan}");
            if start.is_some() && after.is_none() {
                assert!(plan.contains("timestamp>?"), "{sql}\n{plan}");
            }
            // Bounded on the side where reading starts, so that no page reads earlier events.
            if after.is_some() {
                assert!(plan.contains(">(?,?)") || plan.contains("(timestamp,event_id)>"), "{sql}\n{plan}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_reads_no_month_outside_of_the_selection_and_none_that_it_has_passed() {
    if !backend::is_postgres() && backend::skips("the table is one") {
        return;
    }
    let database = TestDatabase::with([]).await;
    let month = |number: i64| 1_704_067_200_000_000 + number * 31 * 86_400_000_000;
    database.make_partitions((0..24).map(month)).await;
    let plan = |interval: TimeRange, after: Option<i64>| {
        let filter = Filter { interval, cameras: CameraFilter::All };
        let after = after.map(|timestamp| Cursor { timestamp, id: Uuid::nil() });
        let sql = query::page(&filter.page(filter.interval, after, 5_000), DbBackend::Postgres)
            .to_string(PostgresQueryBuilder);
        backend::explain(database.folder.path(), &sql)
    };
    let months = |plan: &str| plan.matches("Index Scan").count();
    let everything = plan(TimeRange::default(), None);
    assert_eq!(months(&everything), 24, "{everything}");
    assert!(everything.contains("Append") && !everything.contains("Merge Append"), "one after the other: {everything}");
    let day = plan(TimeRange { start: Some(month(5)), end: Some(month(5) + 86_400_000_000) }, None);
    assert_eq!(months(&day), 1, "{day}");
    let later = plan(TimeRange::default(), Some(month(22)));
    assert!(months(&later) <= 2, "{later}");
}

#[tokio::test]
async fn a_preview_reads_only_an_index() {
    if backend::is_postgres() && backend::skips("PostgreSQL counts as it likes") {
        return;
    }
    let database = TestDatabase::with(events(2_000)).await;
    for analyzed in [false, true] {
        if analyzed {
            database.connection.execute_unprepared("ANALYZE").await.unwrap();
        }
        for (start, end) in [(None, None), (Some(1), None), (None, Some(9)), (Some(1), Some(9))] {
            let sql = query::timestamps(TimeRange { start, end }, 1).to_string(SqliteQueryBuilder);
            let plan = plan(&database, &sql).await;
            assert!(
                plan.contains("USING COVERING INDEX motion_events_camera_key_timestamp_event_id (camera_key=?"),
                "{plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}

/// Returns SQLite's query plan of a statement.
pub async fn plan(database: &TestDatabase, sql: &str) -> String {
    let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
    let steps = database.connection.query_all_raw(explain).await.unwrap();
    let steps: Vec<String> = steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
    steps.join("\n")
}

#[tokio::test]
async fn reasons_that_older_versions_recorded_as_sentences_are_migrated_to_messages_and_back() {
    let database = TestDatabase::with([]).await;
    let connection = &database.connection;
    let migrations = Migrator::migrations();
    let reasons = migrations.iter().position(|migration| migration.name().ends_with("reasons_as_codes")).unwrap();
    let steps = (migrations.len() - reasons).try_into().unwrap();
    let sentences = [
        ("The server that made the file went away.", "server_lost"),
        ("The export could not be written to a \"b\"/c.csv: no space was left.", "no_space_left"),
        ("Somebody's own words: 50 % {output}.", "other"),
    ];
    connect::migrate_down(&database.settings.database, Some(steps)).await.unwrap();
    for (n, (sentence, _)) in sentences.into_iter().enumerate() {
        let id = Uuid::from_u128(n as u128);
        let record = export::Model {
            id,
            user_id: None,
            user_name: None,
            via: "command".to_owned(),
            query: String::new(),
            state: "failed".to_owned(),
            rows: 0,
            bytes: 0,
            sha256: None,
            started_at: UnixMicros::default(),
            heartbeat_at: UnixMicros::default(),
            finished_at: Some(UnixMicros::default()),
            error: Some(sentence.to_owned()),
            complete_to: None,
            deleted_to: None,
            cancel_requested: None,
        };
        // The table has none of the newer columns.
        let record = export::ActiveModel { cancel_requested: NotSet, deleted_to: NotSet, ..record.into_active_model() };
        export::Entity::insert(record).exec_without_returning(connection).await.unwrap();
    }
    let stored = async || {
        let reasons = export::Entity::find().select_only().column(export::Column::Error);
        let reasons = reasons.order_by_asc(export::Column::Id).into_tuple::<Option<String>>();
        reasons.all(connection).await.unwrap().into_iter().map(Option::unwrap).collect::<Vec<_>>()
    };
    connect::migrate(&database.settings.database, connection).await.unwrap();
    let messages: Vec<_> = stored().await.iter().map(|stored| stored_message::read(stored)).collect();
    for (message, (sentence, code)) in messages.iter().zip(sentences) {
        assert_eq!(message.code, code);
        assert!(code == "server_lost" || message.text == sentence, "{message:?}");
    }
    assert_eq!(messages[1].param("output"), "a \"b\"/c.csv");
    connect::migrate_down(&database.settings.database, Some(steps)).await.unwrap();
    assert_eq!(stored().await, sentences.map(|(sentence, _)| sentence));
}
