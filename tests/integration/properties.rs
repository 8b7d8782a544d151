//! Properties that hold for any events: any page size gives the same bytes, and export → import → export is the identity.

use motion_export::server::ingest;
use motion_export::server::ingest::event::Event;
use motion_export::server::ingest::summary::progress::Progress;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use uuid::Uuid;

use crate::app::TestDatabase;

/// Generates text of cameras and zones, and unusual text, such as text that looks guarded.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9äöü -]{1,12}", "[=+@＝\"\t\r\n,;a'-]{1,6}", "\\PC{1,8}"]
}

prop_compose! {
    fn event()(
        // Few timestamps, so that many events share one.
        timestamp in prop_oneof![0_i64..6, 1_700_000_000_000_000_i64..1_700_000_100_000_000],
        id in any::<u128>(),
        camera in 0_usize..3,
        confidence in proptest::option::of(prop_oneof![0.0_f64..=100.0, (0_u8..=100).prop_map(f64::from)]),
        algorithm in text(),
        sides in proptest::option::of(any::<[i32; 4]>()),
        zone_id in proptest::option::of(text()),
    ) -> (usize, Event) {
        let side = |index: usize| sides.map(|sides| sides[index]);
        (camera, Event {
            timestamp,
            id: Uuid::from_u128(id),
            camera_id: String::new(),
            confidence: confidence.map(|value| value + 0.0),
            algorithm,
            x: side(0),
            y: side(1),
            width: side(2),
            height: side(3),
            zone_id,
        })
    }
}

prop_compose! {
    fn cameras()(cameras in proptest::collection::vec((text(), proptest::option::of(text())), 3)) -> Vec<(String, Option<String>)> {
        // A number at the end makes the ids distinct.
        cameras.into_iter().enumerate().map(|(index, (id, name))| (format!("{id}{index}"), name)).collect()
    }
}

async fn database(cameras: &[(String, Option<String>)], events: Vec<(usize, Event)>) -> TestDatabase {
    let database = TestDatabase::new().await;
    for (id, name) in cameras {
        database.add_camera(id, name.as_deref()).await;
    }
    let events = events.into_iter().map(|(camera, event)| Event { camera_id: cameras[camera].0.clone(), ..event });
    database.add(events).await;
    database
}

fn run<F: Future<Output = Result<(), TestCaseError>>>(test: F) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_page_size_gives_the_same_bytes(
        cameras in cameras(),
        events in proptest::collection::vec(event(), 0..60),
        page_rows in 1_u32..40,
        page_bytes in 1_usize..2_000,
        chosen in 0_usize..=3,
    ) {
        run(async {
            let cameras_of_events: Vec<usize> = events.iter().map(|(camera, _)| *camera).collect();
            let database = database(&cameras, events).await;
            let mut query = form_urlencoded::Serializer::new(String::from("timezone=Europe/Berlin"));
            for (id, _) in &cameras[..chosen] {
                query.append_pair("camera_id", id);
            }
            let query = query.finish();
            let file = database.export(&query, 5_000).await;
            let rows = csv::Reader::from_reader(&file[..]).into_records().count();
            prop_assert_eq!(rows, if chosen == 0 { cameras_of_events.len() } else { cameras_of_events.iter().filter(|camera| **camera < chosen).count() });
            prop_assert_eq!(&database.export(&query, page_rows).await, &file);
            prop_assert_eq!(database.chunks(&query, 5_000, page_bytes).await.concat(), file);
            Ok(())
        })?;
    }

    #[test]
    fn export_then_import_then_export_is_the_identity(
        cameras in cameras(),
        events in proptest::collection::vec(event(), 0..40),
        twins in 0_usize..3,
        bom: bool,
        raw: bool,
        excel_date: bool,
        delimiter in prop_oneof![Just("comma"), Just("semicolon")],
        zone in prop_oneof![Just("UTC"), Just("America/New_York"), Just("Asia/Kathmandu")],
    ) {
        run(async {
            let mut events = events;
            // Twins differ only in their ids, which are not in the file.
            for index in 0..twins.min(events.len()) {
                let (camera, event) = events[index].clone();
                events.push((camera, Event { id: Uuid::from_u128(event.id.as_u128() ^ 1), ..event }));
            }
            let first = database(&cameras, events).await;
            let query = format!("timezone={zone}&bom={bom}&raw={raw}&excel_date={excel_date}&delimiter={delimiter}");
            let exported = first.export(&query, 7).await;
            let file = first.folder.path().join("export.csv");
            std::fs::write(&file, &exported).unwrap();

            let second = TestDatabase::new().await;
            let options = ingest::csv::Options { raw, ..ingest::csv::Options::default() };
            ingest::csv::import(&second.connection, &file, options, &Progress::hidden()).await.unwrap();
            prop_assert_eq!(&second.export(&query, 5_000).await, &exported);

            // A second import changes nothing, neither here nor in the first database.
            for database in [&second, &first] {
                let summary = ingest::csv::import(&database.connection, &file, options, &Progress::hidden()).await.unwrap();
                prop_assert_eq!(summary.imported, 0);
                prop_assert_eq!(&database.export(&query, 5_000).await, &exported);
            }
            Ok(())
        })?;
    }
}
