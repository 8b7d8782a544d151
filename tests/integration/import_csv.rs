//! Our own CSV, coming back. That it comes back the same is a law, in `laws`.

use motion_export::server::import::csv::import;

use crate::app::{HEADER, TestDatabase, events};

async fn imported(
    database: &TestDatabase,
    text: &str,
) -> anyhow::Result<motion_export::server::import::summary::Summary> {
    let file = database.folder.path().join("in.csv");
    std::fs::write(&file, text)?;
    import(&database.connection, &file, false, 0).await
}

#[tokio::test]
async fn a_filtered_file_and_then_the_whole_give_each_event_once() {
    let source = TestDatabase::with(events(50)).await;
    let target = TestDatabase::new().await;
    let mut taken = Vec::new();
    for query in ["camera_id=back&timezone=Asia/Tokyo", "start_date=2025-12-01T00:00:30Z&bom=true", ""] {
        let text = String::from_utf8(source.export(query, 9).await).unwrap();
        taken.push(imported(&target, &text).await.unwrap().taken);
    }
    assert_eq!(taken, [25, 10, 15]);
    assert_eq!(target.export("", 9).await, source.export("", 9).await);
}

#[tokio::test]
async fn line_ends_of_other_tools_are_read_as_well() {
    let source = TestDatabase::with(events(5)).await;
    let target = TestDatabase::new().await;
    let text = String::from_utf8(source.export("", 9).await).unwrap().replace("\r\n", "\n");
    assert_eq!(imported(&target, &text).await.unwrap().taken, 5);
    assert_eq!(target.export("", 9).await, source.export("", 9).await);
}

#[tokio::test]
async fn a_camera_keeps_the_name_it_has_and_gets_one_where_it_has_none() {
    let source = TestDatabase::with(events(2)).await;
    let target = TestDatabase::new().await;
    target.add_camera("front", Some("Porch")).await;
    target.add_camera("back", None).await;
    let text = String::from_utf8(source.export("", 9).await).unwrap();
    let summary = imported(&target, &text).await.unwrap();
    assert_eq!((summary.cameras_already_there, summary.cameras_renamed), (1, 1));
    let export = String::from_utf8(target.export("", 9).await).unwrap();
    assert!(export.contains(",front,Porch,") && export.contains(",back,Back Yard,"), "{export}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_nothing_is_taken() {
    let good = "2025-12-01T00:00:00+00:00,a,A,85.5,MOG2,1,2,3,4,\r\n";
    for (text, reason) in [
        (String::new(), "first line"),
        ("time,camera\r\n".to_owned(), "first line"),
        (format!("{HEADER}{good}2025-12-01,a,A,1,MOG2,,,,,\r\n"), "row 3: column timestamp"),
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,high,MOG2,,,,,\r\n"), "row 3: column confidence"),
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,1\r\n"), "4 fields"),
        // Cut off in the last cell, and just before it: both would read as rows with all their cells.
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,1,MOG2,1,2,3,4,zo"), "cut off"),
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,1,MOG2,1,2,3,4,"), "cut off"),
        (HEADER.trim_end().to_owned(), "cut off"),
        (format!("{HEADER}{good}2025-11-30T00:00:00Z,a,A,1,MOG2,,,,,\r\n"), "row 3: column timestamp: it is earlier"),
    ] {
        let database = TestDatabase::new().await;
        let error = format!("{:#}", imported(&database, &text).await.unwrap_err());
        assert!(error.contains("in.csv") && error.contains(reason), "{error}");
        assert_eq!(database.export("", 5).await, HEADER.as_bytes());
    }
}

#[tokio::test]
async fn the_character_nul_is_replaced_alike_in_both_databases_and_recognised_the_next_time() {
    let database = TestDatabase::new().await;
    let text = format!("{HEADER}2025-12-01T00:00:00Z,a\0,Front\0Door,85.5,M\0,1,2,3,4,\0\r\n");
    let summary = imported(&database, &text).await.unwrap();
    assert_eq!((summary.taken, summary.cameras_new), (1, 1));
    let repaired = summary.repaired.values().map(|finding| finding.count).sum::<u64>();
    assert_eq!(repaired, 4, "{summary}");
    assert!(summary.to_string().contains("U+0000") && summary.to_string().contains(r"“a\0”"), "{summary}");
    let export = String::from_utf8(database.export("", 5).await).unwrap();
    let row = "2025-12-01T00:00:00+00:00,a\u{fffd},Front\u{fffd}Door,85.5,M\u{fffd},1,2,3,4,\u{fffd}\r\n";
    assert_eq!(export, format!("{HEADER}{row}"));
    for again in [&text, &export] {
        let again = imported(&database, again).await.unwrap();
        assert_eq!((again.taken, again.already_there, again.cameras_renamed), (0, 1, 0));
    }
}
