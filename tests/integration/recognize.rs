//! The same event is stored once, from any source: an ArgusAI database, a CSV, ArgusAI's own CSV; in any order, any
//! number of times, and with twins.

use std::path::PathBuf;

use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::argusai::Location;
use motion_export::server::ingest::csv::Options;
use motion_export::server::ingest::event::Event;
use motion_export::server::ingest::sink::{EventWriter, KnownName};
use motion_export::server::ingest::summary::Summary;
use motion_export::server::ingest::summary::progress::Progress;
use motion_export::server::ingest::{argusai, csv};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sea_orm::{ConnectionTrait, Database};
use uuid::Uuid;

use crate::app::{HEADER, TestDatabase, event};

/// An ArgusAI database. Several of its events share a moment, and some of these are equal except for their ids.
const ARGUSAI: &str = "
    CREATE TABLE cameras (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL);
    CREATE TABLE motion_events (
        id VARCHAR NOT NULL PRIMARY KEY, camera_id VARCHAR NOT NULL, timestamp DATETIME NOT NULL,
        confidence FLOAT NOT NULL, algorithm_used VARCHAR(20) NOT NULL, bounding_box TEXT);
    INSERT INTO cameras VALUES ('cam-1', 'Front Door'), ('cam-2', '''=Back');
    INSERT INTO motion_events VALUES
        ('00000000-0000-4000-8000-000000000001', 'cam-1', '2025-12-15 10:30:00.867341', 0.855, 'mog2', '{\"x\": 10, \"y\": 20, \"width\": 30, \"height\": 40}'),
        ('00000000-0000-4000-8000-000000000003', 'cam-1', '2025-12-15 10:30:01', 0.29, 'knn', NULL),
        ('00000000-0000-4000-8000-000000000002', 'cam-2', '2025-12-15 10:30:01', 0.5, 'mog2', NULL),
        ('00000000-0000-4000-8000-000000000005', 'cam-1', '2025-12-15 10:30:01', 0.29, 'knn', NULL),
        ('00000000-0000-4000-8000-000000000004', 'cam-1', '2025-12-15 10:30:01', 0.29, 'knn', NULL),
        ('00000000-0000-4000-8000-000000000006', 'cam-2', '2025-12-15 10:30:02', 1.0, 'frame_diff', NULL);";

/// The same events, as ArgusAI exports them.
const ARGUSAI_CSV: &str = "\
2025-12-15T10:30:00.867341Z,cam-1,Front Door,0.855,mog2,10,20,30,40,
2025-12-15T10:30:01Z,cam-2,'=Back,0.5,mog2,,,,,
2025-12-15T10:30:01Z,cam-1,Front Door,0.29,knn,,,,,
2025-12-15T10:30:01Z,cam-1,Front Door,0.29,knn,,,,,
2025-12-15T10:30:01Z,cam-1,Front Door,0.29,knn,,,,,
2025-12-15T10:30:02Z,cam-2,'=Back,1.0,frame_diff,,,,,
";

/// A source of events.
#[derive(Clone, Copy, Debug)]
enum Way {
    Argusai,
    /// Our CSV, exported from another database.
    Csv,
    /// The same, with one camera.
    CsvOfOneCamera,
    ArgusaiCsv,
}

async fn argusai_database(database: &TestDatabase) -> PathBuf {
    argusai_database_of(database, ARGUSAI).await
}

async fn argusai_database_of(database: &TestDatabase, statements: &str) -> PathBuf {
    let file = database.folder.path().join("argusai.db");
    let source = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    source.execute_unprepared(statements).await.unwrap();
    source.close().await.unwrap();
    file
}

async fn import_csv(database: &TestDatabase, text: &[u8], options: Options) -> Summary {
    let file = database.folder.path().join("in.csv");
    std::fs::write(&file, text).unwrap();
    csv::import(&database.connection, &file, options, &Progress::hidden()).await.unwrap()
}

/// The lines, in an order that does not depend on ids.
fn sorted(file: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = String::from_utf8(file.to_vec()).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn each_event_is_stored_once_from_any_source_in_any_order() {
    let other = TestDatabase::new().await;
    let source = argusai_database(&other).await;
    argusai::import(&other.connection, &Location::new(&source).unwrap(), &Progress::hidden()).await.unwrap();
    let expected = other.export("", 9).await;
    assert_eq!(sorted(&expected).len(), 7);
    let of_one_camera = other.export("camera_id=cam-1&timezone=Europe/Berlin&excel_date=true", 9).await;
    let argusai_csv = format!("{HEADER}{ARGUSAI_CSV}");
    let own = Options::default();
    for ways in [
        &[Way::Csv, Way::Argusai, Way::Argusai, Way::Csv][..],
        &[Way::Argusai, Way::Csv, Way::Argusai],
        &[Way::CsvOfOneCamera, Way::Argusai, Way::Csv, Way::Argusai],
        &[Way::CsvOfOneCamera, Way::Csv, Way::Argusai],
        &[Way::ArgusaiCsv, Way::Argusai, Way::Csv, Way::ArgusaiCsv],
        &[Way::Argusai, Way::ArgusaiCsv],
        &[Way::Csv, Way::ArgusaiCsv, Way::Argusai],
    ] {
        let database = TestDatabase::new().await;
        let mut imported = 0;
        for way in ways {
            let summary = match way {
                Way::Argusai => {
                    argusai::import(&database.connection, &Location::new(&source).unwrap(), &Progress::hidden())
                        .await
                        .unwrap()
                }
                Way::Csv => import_csv(&database, &expected, own).await,
                Way::CsvOfOneCamera => import_csv(&database, &of_one_camera, own).await,
                Way::ArgusaiCsv => import_csv(&database, argusai_csv.as_bytes(), own).await,
            };
            imported += summary.imported;
            let stored = imported - summary.imported;
            let offered = if matches!(way, Way::CsvOfOneCamera) { 4 } else { 6 };
            assert_eq!(summary.imported + summary.already_there, offered, "{ways:?}: {summary}");
            assert!(summary.already_there <= stored, "{ways:?}: {summary}");
        }
        assert_eq!(imported, 6, "{ways:?}");
        assert_eq!(sorted(&database.export("", 9).await), sorted(&expected), "{ways:?}");
    }
}

#[tokio::test]
async fn a_camera_with_another_spelling_of_its_uuid_is_the_same_in_both_sources_of_argusai() {
    let upper = "1F8B0000-0000-4000-8000-000000000001";
    let braces = "{1f8b0000-0000-4000-8000-000000000001}";
    let statements = ARGUSAI.replacen("'cam-1', 'Front Door'", &format!("'{upper}', 'Front Door'"), 1);
    let statements =
        statements.replacen("'cam-1'", &format!("'{braces}'"), 1).replace("'cam-1'", &format!("'{upper}'"));
    let rows =
        ARGUSAI_CSV.replacen("cam-1", &upper.to_lowercase(), 1).replacen("cam-1", upper, 1).replace("cam-1", braces);
    let file = format!("{HEADER}{rows}");
    let mut exports = Vec::new();
    for is_csv_first in [false, true] {
        let database = TestDatabase::new().await;
        let source = argusai_database_of(&database, &statements).await;
        let mut imported_before = Vec::new();
        for is_csv in [is_csv_first, !is_csv_first, is_csv_first] {
            let summary = if is_csv {
                import_csv(&database, file.as_bytes(), Options::default()).await
            } else {
                argusai::import(&database.connection, &Location::new(&source).unwrap(), &Progress::hidden())
                    .await
                    .unwrap()
            };
            assert_eq!(summary.imported + summary.already_there, 6, "{summary}");
            imported_before.push((summary.imported, summary.cameras_new));
        }
        assert_eq!(imported_before, [(6, 2), (0, 0), (0, 0)], "{is_csv_first}");
        let export = String::from_utf8(database.export("", 9).await).unwrap();
        exports.push(sorted(export.to_lowercase().as_bytes()));
    }
    assert_eq!(exports[0], exports[1], "except for the spelling, which is that of the first way");
    // In our own export, two cameras whose ids differ only in spelling are distinct.
    let database = TestDatabase::new().await;
    let row = |id: &str| format!("2025-12-15T10:30:00+00:00,{id},A,85.5,MOG2,1,2,3,4,\r\n");
    let own = format!("{HEADER}{}{}", row(upper), row(braces));
    assert_eq!(import_csv(&database, own.as_bytes(), Options::default()).await.cameras_new, 2);
    assert_eq!(database.export("", 9).await, own.as_bytes());
}

#[tokio::test]
async fn argusais_own_csv_is_converted_to_our_scale_and_the_summary_reports_it() {
    let database = TestDatabase::new().await;
    let summary = import_csv(&database, format!("{HEADER}{ARGUSAI_CSV}").as_bytes(), Options::default()).await;
    let export = String::from_utf8(database.export("raw=true", 9).await).unwrap();
    assert!(
        export.contains("2025-12-15T10:30:00.867341+00:00,cam-1,Front Door,85.5,MOG2,10,20,30,40,\r\n"),
        "{export}"
    );
    assert!(export.contains(",cam-2,'=Back,100,frame_diff,"), "{export}");
    let shown = summary.to_string();
    assert!(shown.contains("6 repaired: confidence from 0 to 1, as in ArgusAI's own CSV"), "{shown}");
    assert!(shown.contains("5 repaired: detector in ArgusAI's spelling"), "{shown}");
}

#[tokio::test]
async fn a_demo_that_was_imported_from_a_csv_is_not_generated_again() {
    use motion_export::server::demo::Demo;
    const NOW: UnixMicros = UnixMicros::new(1_765_000_000_000_000);
    let demo = Demo { events: 2_500, cameras: 3, days: 2, seed: 7 };
    let (first, second) = (TestDatabase::new().await, TestDatabase::new().await);
    demo.write(&first.connection, NOW).await.unwrap();
    let file = first.export("", 500).await;
    assert_eq!(import_csv(&second, &file, Options::default()).await.imported, 2_500);
    let again = demo.write(&second.connection, NOW).await.unwrap();
    assert_eq!((again.imported, again.already_there), (0, 2_500));
    assert_eq!(import_csv(&second, &file, Options::default()).await.imported, 0);
    assert_eq!(second.export("", 500).await, file);
}

#[tokio::test]
async fn a_file_that_a_spreadsheet_or_pandas_saved_again_contains_the_same_events() {
    // As exported; with the 15 digits of a spreadsheet; with another last digit, as pandas' default parser reads it;
    // and on both sides of a limit of rounding.
    for (exported, saved) in [
        ("95.31091760706019", "95.3109176070602"),
        ("68.9697265625", "68.9697265625"),
        ("0.1234567890125", "0.12345678901249999"),
        ("12.345678901249998", "12.3456789012500"),
        ("85.50000000000001", "85.5"),
    ] {
        let database = TestDatabase::new().await;
        let row = |confidence: &str| {
            format!("{HEADER}2025-12-15T10:30:00+00:00,front,Front Door,{confidence},MOG2,100,200,50,80,zone-1\r\n")
        };
        assert_eq!(import_csv(&database, row(exported).as_bytes(), Options::default()).await.imported, 1);
        let again = import_csv(&database, row(saved).as_bytes(), Options::default()).await;
        assert_eq!((again.imported, again.already_there), (0, 1), "{saved} for {exported}");
        let of_source = Event { confidence: exported.parse().ok(), ..event("2025-12-15T10:30:00Z") };
        let native = import_native(&database, &[of_source]).await;
        assert_eq!((native.imported, native.already_there), (0, 1), "{exported} from its source");
    }
}

#[tokio::test]
async fn any_number_of_events_may_share_a_moment() {
    let count = 6_500;
    let row = |number: u32| format!("2025-12-01T00:00:00+00:00,a,A,{},MOG2,1,2,3,4,\r\n", f64::from(number) / 100.0);
    // Each third one is a twin of the previous one.
    let rows = (0..count).map(|number| row(if number % 3 == 2 { number - 1 } else { number }));
    let file = format!("{HEADER}{}", rows.collect::<String>());
    let database = TestDatabase::new().await;
    assert_eq!(import_csv(&database, file.as_bytes(), Options::default()).await.imported, u64::from(count));
    assert_eq!(database.export("", 5_000).await, file.as_bytes(), "in the order of the file");
    let again = import_csv(&database, file.as_bytes(), Options::default()).await;
    assert_eq!((again.imported, again.already_there), (0, u64::from(count)));
    let one_more = format!("{file}{}", row(0));
    assert_eq!(import_csv(&database, one_more.as_bytes(), Options::default()).await.imported, 1);
}

/// Imports events with native ids, as a source does.
async fn import_native(database: &TestDatabase, events: &[Event]) -> Summary {
    let mut sink = EventWriter::begin(&database.connection).await.unwrap();
    sink.camera("front", Some("Front Door"), KnownName::Replace).await.unwrap();
    for event in events {
        sink.event(event.clone()).await.unwrap();
    }
    sink.commit().await.unwrap()
}

/// Imports an ArgusAI database with these events, as SQL, in this order.
async fn import_argusai(database: &TestDatabase, events: &[&str]) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("argusai.db");
    let source = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    let rows: Vec<_> = events.iter().map(|event| format!("INSERT INTO motion_events VALUES {event};")).collect();
    let events = rows.concat();
    let statements = format!(
        "BEGIN; CREATE TABLE cameras (id, name); INSERT INTO cameras VALUES ('cam-1', 'Front Door');
         CREATE TABLE motion_events (id, camera_id, timestamp, confidence, algorithm_used, bounding_box); {events} COMMIT"
    );
    source.execute_unprepared(&statements).await.unwrap();
    source.close().await.unwrap();
    argusai::import(&database.connection, &Location::new(&file).unwrap(), &Progress::hidden()).await.unwrap()
}

/// An event with this native id and confidence, of one moment.
fn sharing(id: &str, confidence: &str) -> String {
    format!("('{id}', 'cam-1', '2025-12-15 10:30:01', {confidence}, 'mog2', NULL)")
}

#[tokio::test]
async fn events_that_share_an_id_are_distinguished_by_their_contents_in_any_order() {
    let (old, new, twin) = (sharing("x", "0.5"), sharing("x", "0.25"), sharing("x", "0.25"));
    let upper = sharing("00000000-0000-4000-8000-00000000000A", "0.75");
    let lower = sharing("{00000000-0000-4000-8000-00000000000a}", "1");
    let all = [&*new, &old, &twin, &lower, &upper];
    for first in [&all[..1], &all[1..2], &[&old, &upper], &[&upper], &[&lower, &new, &twin]] {
        for turn in 0..all.len() {
            let database = TestDatabase::new().await;
            let imported_before = import_argusai(&database, first).await.imported;
            let mut rotated = all;
            rotated.rotate_left(turn);
            let summary = import_argusai(&database, &rotated).await;
            assert_eq!(
                (summary.imported, summary.already_there),
                (5 - imported_before, imported_before),
                "{first:?} {rotated:?}"
            );
            let export = String::from_utf8(database.export("", 5).await).unwrap();
            let count = |confidence: &str| export.matches(&format!(",Front Door,{confidence},")).count();
            assert_eq!(["50", "25", "75", "100"].map(count), [1, 2, 1, 1], "{first:?} {rotated:?}: {export}");
            rotated.reverse();
            let again = import_argusai(&database, &rotated).await;
            assert_eq!((again.imported, again.already_there), (0, 5), "{first:?} {rotated:?}");
        }
    }
}

#[tokio::test]
async fn an_event_that_was_changed_in_its_source_is_the_same_event_unless_another_one_has_its_id() {
    let database = TestDatabase::new().await;
    import_argusai(&database, &[&sharing("x", "0.5")]).await;
    let changed = sharing("x", "0.75");
    let again = import_argusai(&database, &[&changed]).await;
    assert_eq!((again.imported, again.already_there), (0, 1));
    let both = import_argusai(&database, &[&changed, &sharing("x", "0.5")]).await;
    assert_eq!((both.imported, both.already_there), (1, 1));
}

/// Events with native ids, at moments that recur in later batches. Each second one is a twin of the previous one.
fn events_at_two_moments(count: u32) -> Vec<Event> {
    let first = event("2025-12-01T00:00:00Z");
    let events = (0..count).map(|number| Event {
        timestamp: first.timestamp + i64::from(number / 700 % 2),
        // In another order.
        id: Uuid::from_u128(u128::from(number.wrapping_mul(2_654_435_761)) << 64),
        camera_id: "front".to_owned(),
        confidence: Some(f64::from(number / 2 % 5_000) / 50.0),
        ..first.clone()
    });
    events.collect()
}

#[tokio::test]
async fn a_source_may_have_many_events_at_one_moment_in_any_order() {
    let events = events_at_two_moments(5_600);
    let expected = TestDatabase::new().await;
    let summary = import_native(&expected, &events).await;
    assert_eq!((summary.imported, summary.already_there), (5_600, 0));
    let expected = sorted(&expected.export("", 5_000).await);
    // The stored events before: none, a part by ids, a part from a CSV, and a part in each of these ways.
    for (by_id, by_csv) in [(0..0, 0..0), (900..3_100, 0..0), (0..0, 1_001..4_444), (0..2_500, 2_000..4_000)] {
        let database = TestDatabase::new().await;
        let before = import_native(&database, &events[by_id.clone()]).await.imported;
        let other = TestDatabase::new().await;
        import_native(&other, &events[by_csv.clone()]).await;
        let csv = other.export("", 5_000).await;
        let before = before + import_csv(&database, &csv, Options::default()).await.imported;
        let summary = import_native(&database, &events).await;
        assert_eq!((summary.imported, summary.already_there), (5_600 - before, before), "{by_id:?} {by_csv:?}");
        assert_eq!(sorted(&database.export("", 5_000).await), expected, "{by_id:?} {by_csv:?}");
        let again = import_native(&database, &events).await;
        assert_eq!((again.imported, again.already_there), (0, 5_600), "{by_id:?} {by_csv:?}");
    }
}

#[tokio::test]
async fn a_source_in_order_of_time_is_recognized_like_one_in_any_other_order() {
    let mut events = events_at_two_moments(5_600);
    events.sort_by_key(|event| event.timestamp);
    let (database, other) = (TestDatabase::new().await, TestDatabase::new().await);
    import_native(&other, &events[1_500..4_500]).await;
    assert_eq!(import_csv(&database, &other.export("", 5_000).await, Options::default()).await.imported, 3_000);
    for imported_before in [2_600, 0] {
        let mut sink = EventWriter::begin(&database.connection).await.unwrap();
        sink.expect_order_of_time();
        for event in &events {
            sink.event(event.clone()).await.unwrap();
        }
        let summary = sink.commit().await.unwrap();
        assert_eq!((summary.imported, summary.already_there), (imported_before, 5_600 - imported_before));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn imports_of_a_growing_source_in_any_order_and_form_store_each_event_once(
        // Few moments, contents and ids, so that many events are twins or share an id.
        events in proptest::collection::vec((0_u8..2, 0_u8..3, 0_usize..8), 4..16),
        imports in proptest::collection::vec((proptest::bool::weighted(0.3), 1_usize..9, 0_usize..16), 1..5),
        last in 0_usize..16,
    ) {
        let events: Vec<_> = events.into_iter().enumerate().map(|(index, (moment, count_per_quarter_hour, id))| {
            let id = match id {
                0 => "NULL".to_owned(),
                1 | 2 => "'x'".to_owned(),
                3 => "'y'".to_owned(),
                4 => "'00000000-0000-4000-8000-00000000000A'".to_owned(),
                5 => "'{00000000-0000-4000-8000-00000000000a}'".to_owned(),
                6 => format!("'event-{index}'"),
                _ => format!("'00000000-0000-4000-9000-{:012}'", 97 * (index % 5) + index),
            };
            format!("({id}, 'cam-1', '2025-12-15 10:30:0{moment}', {}, 'mog2', NULL)", f64::from(count_per_quarter_hour) / 4.0)
        }).collect();
        // The first `seen` events from `start` on, cyclically.
        let part = |seen: usize, start: usize| -> Vec<&str> {
            let all = events.iter().map(String::as_str).cycle().skip(start % events.len());
            all.take(seen.min(events.len())).collect()
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let database = TestDatabase::new().await;
            let all = (usize::MAX, last);
            for (is_csv, seen, start) in imports.iter().copied().chain([(false, all.0, all.1)]) {
                let part = part(seen, start);
                if is_csv {
                    let other = TestDatabase::new().await;
                    import_argusai(&other, &part).await;
                    import_csv(&database, &other.export("", 5).await, Options::default()).await;
                } else {
                    import_argusai(&database, &part).await;
                }
            }
            let mut expected: Vec<_> = events.iter().map(|event| {
                let cells: Vec<_> = event.split(", ").collect();
                let confidence = cells[3].parse::<f64>().unwrap() * 100.0;
                let time = cells[2].trim_matches('\'').replace(' ', "T");
                format!("{time}+00:00,cam-1,Front Door,{confidence},MOG2,,,,,")
            }).collect();
            expected.push(HEADER.trim_end().to_owned());
            expected.sort();
            prop_assert_eq!(sorted(&database.export("", 5).await), expected);
            Ok(())
        })?;
    }
}
