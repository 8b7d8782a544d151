//! Many cameras with few events among cameras with many: their events are far apart.

use motion_export::server::accounts::camera_access::camera_filter::SelectedCamera;
use motion_export::server::db::entity::{camera, motion_event};
use motion_export::server::export::event::Cursor;
use motion_export::server::export::query;
use motion_export::server::export::timezone::TimeRange;
use motion_export::server::ingest::event::Event;
use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::app::{TestDatabase, event};
use crate::backend;
use crate::schema::plan;

/// More cameras than are merged.
const QUIET: u32 = 20;

/// Creates three months of events. `front` has one each quarter of an hour, each quiet camera has two: one at the same timestamp as
/// the others, and one of its own.
async fn database() -> TestDatabase {
    let first = event("2025-10-01T00:00:00Z");
    let at = |minutes: i64| first.timestamp + minutes * 60_000_000;
    let loud = (0..8_000).map(|n| Event { timestamp: at(15 * n), id: Uuid::new_v4(), ..first.clone() });
    let quiet = (0..QUIET).flat_map(|camera| {
        [90_000, 7 + 6_000 * i64::from(camera)].map(|minutes| Event {
            timestamp: at(minutes),
            id: Uuid::new_v4(),
            camera_id: format!("quiet-{camera}"),
            ..first.clone()
        })
    });
    let database = TestDatabase::with([]).await;
    for camera in 0..QUIET {
        database.add_camera(&format!("quiet-{camera}"), None).await;
    }
    database.add(loud.chain(quiet)).await;
    database
}

#[tokio::test]
async fn an_export_of_many_quiet_cameras_has_each_of_their_events_once_and_in_order() {
    let app = database().await.serve(7).await;
    let all = app.lines("timezone=UTC").await;
    let of_quiet: Vec<_> = all.iter().filter(|line| line.contains(",quiet-")).cloned().collect();
    assert_eq!(of_quiet.len(), 2 * QUIET as usize);
    let chosen = (0..QUIET).map(|camera| format!("&camera_id=quiet-{camera}")).collect::<Vec<_>>().concat();
    assert_eq!(app.lines(&format!("timezone=UTC{chosen}")).await, of_quiet);
    let within = "timezone=UTC&start_date=2025-11-20&end_date=2025-12-10";
    let days = |line: &&String| ("2025-11-20".."2025-12-11").contains(&&line[..10]);
    let of_days: Vec<_> = of_quiet.iter().filter(days).cloned().collect();
    assert!((1..of_quiet.len()).contains(&of_days.len()));
    assert_eq!(app.lines(&format!("{within}{chosen}")).await, of_days);
    let before = format!("timezone=UTC&end_date=2025-09-30{chosen}");
    assert_eq!(app.lines(&before).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_next_event_of_many_cameras_is_looked_up_in_the_index_of_each() {
    let database = database().await;
    let cameras: Vec<_> = (0..1_000).map(|key| SelectedCamera { key, id: format!("quiet-{key}") }).collect();
    let moment = event("2025-11-01T00:00:00Z").timestamp;
    for (start, end) in [(None, None), (Some(moment), None), (None, Some(2 * moment)), (Some(moment), Some(2 * moment))]
    {
        for after in [None, Some(Cursor { timestamp: moment, id: Uuid::nil() })] {
            let first = query::first(TimeRange { start, end }, after, &cameras, backend::backend());
            if backend::is_postgres() {
                let sql = first.to_string(PostgresQueryBuilder);
                let plan = backend::explain(database.folder.path(), &sql);
                assert!(plan.contains("camera_key_timestamp_event_id") && plan.contains("Limit"), "{plan}");
                for step in ["Seq Scan", "Bitmap", "Sort  ", "Incremental Sort", "pkey on"] {
                    assert!(!plan.contains(step), "{step}: {plan}");
                }
            } else {
                let plan = plan(&database, &first.to_string(SqliteQueryBuilder)).await;
                let index = "USING COVERING INDEX motion_events_camera_key_timestamp_event_id (camera_key=?";
                assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }
}

#[tokio::test]
async fn the_next_event_of_many_cameras_follows_the_last_one_even_at_the_same_timestamp() {
    let database = database().await;
    let cameras =
        camera::Entity::find().filter(camera::Column::Id.starts_with("quiet-")).all(&database.connection).await;
    let cameras: Vec<_> =
        cameras.unwrap().into_iter().map(|camera| SelectedCamera { key: camera.key, id: camera.id }).collect();
    assert_eq!(cameras.len(), QUIET as usize);
    let keys = cameras.iter().map(|camera| camera.key);
    let of_quiet = motion_event::Entity::find().filter(motion_event::Column::CameraKey.is_in(keys));
    let of_quiet = of_quiet.all(&database.connection).await.unwrap();
    let mut cursors: Vec<_> =
        of_quiet.iter().map(|event| Cursor { timestamp: event.timestamp, id: event.id }).collect();
    cursors.sort_unstable();
    let end = cursors[cursors.len() - 2].timestamp + 1;
    for interval in [TimeRange::default(), TimeRange { start: None, end: Some(end) }] {
        for (index, after) in cursors.iter().enumerate() {
            let statement = query::first(interval, Some(*after), &cameras, backend::backend());
            let row = database.connection.query_one(&statement).await.unwrap();
            let first: Option<i64> = row.map(|row| row.try_get_by_index(0).unwrap());
            let next = cursors.get(index + 1).map(|next| next.timestamp);
            assert_eq!(first, next.filter(|next| interval.end.is_none_or(|end| *next < end)), "after {after:?}");
        }
    }
}
