//! Imports of Frigate databases: the tables of all versions, every form of value, and real databases.

use std::path::{Path, PathBuf};

use motion_export::server::db::pool::Pool;
use motion_export::server::ingest::frigate::options::Options;
use motion_export::server::ingest::summary::Summary;
use motion_export::server::ingest::summary::progress::Progress;
use motion_export::server::ingest::{argusai, csv, frigate};
use rusqlite::Connection;

use crate::app::{HEADER, TestDatabase, events};
use crate::backend;
use crate::binary::{fail, run, succeed};

/// The table of 0.13 and later.
const EVENT: &str = "CREATE TABLE event (id VARCHAR(30) NOT NULL PRIMARY KEY, label VARCHAR(20) NOT NULL,
    camera VARCHAR(20) NOT NULL, start_time DATETIME NOT NULL, end_time DATETIME, top_score REAL, false_positive INTEGER,
    zones JSON NOT NULL, thumbnail TEXT, has_clip INTEGER NOT NULL DEFAULT 1, has_snapshot INTEGER NOT NULL DEFAULT 1,
    region JSON, box JSON, area INTEGER, retain_indefinitely INTEGER NOT NULL DEFAULT 0, sub_label VARCHAR(100),
    ratio REAL, plus_id VARCHAR(30), score REAL, model_hash VARCHAR(32), detector_type VARCHAR(32),
    model_type VARCHAR(32), data JSON NOT NULL);";

/// The columns that the tests set.
const COLUMNS: &str = "id, label, camera, start_time, end_time, false_positive, zones, data";

/// Returns the statement for one event with these [`COLUMNS`].
fn event(values: &str) -> String {
    format!("INSERT INTO event ({COLUMNS}) VALUES ({values});")
}

/// Returns the statement for an ended event of the camera `front`, which begins `second` seconds after 2025-01-01.
fn plain(second: u32, bounding_box: &str) -> String {
    let start = 1_735_689_600 + second;
    event(&format!(
        "'{start}.5-aaaaa{}', 'person', 'front', {start}.5, {start}.9, 0, '[]', \
         '{{\"box\": {bounding_box}, \"top_score\": 0.75, \"type\": \"object\"}}'",
        second % 10
    ))
}

const BOX: &str = "[0.00859375,0.2777777777777778,0.96875,0.6041666666666666]";

/// Creates a database in `folder` with these statements.
fn source_of(folder: &Path, name: &str, statements: &str) -> PathBuf {
    let file = folder.join(name);
    Connection::open(&file).unwrap().execute_batch(statements).unwrap();
    file
}

fn options(detect: &[&str]) -> Options {
    Options::new(detect.iter().map(|text| text.parse().unwrap()).collect(), None, String::new()).unwrap()
}

async fn import(database: &Pool, file: &Path, detect: &[&str]) -> anyhow::Result<Summary> {
    frigate::import(database, file, options(detect), &Progress::hidden()).await
}

fn rows(export: &[u8]) -> Vec<String> {
    let export = String::from_utf8(export.to_vec()).unwrap();
    export.strip_prefix(HEADER).unwrap().split_terminator("\r\n").map(str::to_owned).collect()
}

/// Imports a source twice, checks that the second import finds each event, and returns the first summary and the rows of
/// the export.
async fn imported_twice(file: &Path, detect: &[&str]) -> (Summary, Vec<String>) {
    let database = TestDatabase::new().await;
    let summary = import(&database.connection, file, detect).await.unwrap();
    let export = database.export("", 5).await;
    let again = import(&database.connection, file, detect).await.unwrap();
    assert_eq!((again.imported, again.already_there), (0, summary.imported), "{again}");
    assert_eq!((again.cameras_new, again.cameras_renamed), (0, 0), "{again}");
    assert!(database.export("", 5).await == export);
    (summary, rows(&export))
}

#[tokio::test]
async fn events_of_newer_versions_are_imported_with_the_time_of_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let statements = [
        EVENT,
        // 0.13 and 0.14: the start time is five seconds early.
        &event(&format!(
            "'1735787796.700051-gaexp1', 'person', 'front', 1735787791.70005, 1735787859.86234, NULL, '[]',
             '{{\"box\":{BOX},\"region\":[0.0,0.0,1.0625,1.8888888888888888],\"score\":0.53515625,\"top_score\":0.7578125,
             \"attributes\":[],\"type\":\"object\"}}'"
        )),
        // 0.16 and later.
        &event(&format!(
            "'1781737297.155061-7gxzl5', 'car', 'front', 1781737297.15506, 1781737312.64288, 0, '[\"drive\",\"street\"]',
             '{{\"box\":{BOX},\"score\":0.76171875,\"top_score\":0.701171875,\"attributes\":[],\"average_estimated_speed\":0,
             \"velocity_angle\":0,\"type\":\"object\",\"max_severity\":\"alert\",
             \"path_data\":[[[0.1264,0.9979],1781737302.630861]],\"snapshot_area\":7}}'"
        )),
        // By hand, without and with a score, and by sound.
        &event("'1781737300-abc123', 'ring', 'back', 1781737295, 1781737320, 0, '[]', '{\"type\":\"api\",\"score\":0,\"top_score\":0}'"),
        &event("'1781737301-abc123', 'ring', 'back', 1781737296, 1781737320, 0, '[]', '{\"type\":\"api\",\"score\":0.5,\"top_score\":0.29}'"),
        &event("'1781737302-abc123', 'bark', 'back', 1781737302, 1781737320, 0, '[]', '{\"type\":\"audio\",\"top_score\":0.784313738346}'"),
        // Without a snapshot, so without a box; its score is 0.
        &event("'1781737303-abc123', 'cat', 'back', 1781737303, 1781737320, 0, '[]', '{\"box\":null,\"type\":\"object\",\"top_score\":0.0}'"),
    ];
    let file = source_of(folder.path(), "frigate.db", &statements.concat());
    let (summary, rows) = imported_twice(&file, &["1280x720"]).await;
    assert_eq!((summary.imported, summary.cameras_new), (6, 2), "{summary}");
    assert!(summary.repaired.is_empty() && summary.skipped.is_empty() && summary.left_out.is_empty(), "{summary}");
    assert_eq!(
        rows,
        [
            "2025-01-02T03:16:36.700051+00:00,front,front,75.78125,frigate:person,11,200,1240,435,",
            "2026-06-17T23:01:37.155061+00:00,front,front,70.1171875,frigate:car,11,200,1240,435,drive|street",
            "2026-06-17T23:01:40+00:00,back,back,,frigate:ring,,,,,",
            "2026-06-17T23:01:41+00:00,back,back,29,frigate:ring,,,,,",
            "2026-06-17T23:01:42+00:00,back,back,78.4313738346,frigate:bark,,,,,",
            "2026-06-17T23:01:43+00:00,back,back,0,frigate:cat,,,,,",
        ]
    );
}

#[tokio::test]
async fn events_of_older_versions_are_imported_from_the_columns_of_their_time() {
    let folder = tempfile::tempdir().unwrap();
    // 0.8: without a box. 0.11: boxes in corners. 0.12: boxes in fractions. 0.13 after an upgrade: `data` is empty.
    let columns = "id, label, camera, start_time, end_time, top_score, false_positive, zones, thumbnail";
    let table = format!(
        "CREATE TABLE event (id VARCHAR(30) NOT NULL PRIMARY KEY, label VARCHAR(20) NOT NULL, camera VARCHAR(20) NOT NULL,
            start_time DATETIME NOT NULL, end_time DATETIME, top_score REAL NOT NULL, false_positive INTEGER NOT NULL,
            zones JSON NOT NULL, thumbnail TEXT NOT NULL);
         INSERT INTO event ({columns}) VALUES
            ('1623454583.525913-y14xk9', 'person', 'front', 1623454578.525913, 1623454592.3, 0.720703125, 0, '[]', ''),
            ('1623454590.5-y14xk9', 'person', 'front', 1623454585.5, 1623454592.3, 0, 0, '[\"porch\"]', '');"
    );
    let (first, second) =
        ("2021-06-11T23:36:23.525913+00:00,front,front,72.0703125,", "2021-06-11T23:36:30.500000+00:00,front,front,0,");
    for (name, alter, boxes) in [
        ("0.8.db", "", [",,,", ",,,"]),
        (
            "0.11.db",
            "ALTER TABLE event ADD COLUMN box JSON; UPDATE event SET box = '[100, 200, 300, 260]' WHERE top_score > 0;",
            ["100,200,200,60", ",,,"],
        ),
        (
            "0.12.db",
            "ALTER TABLE event ADD COLUMN box JSON; UPDATE event SET box = '[0.5, 0.25, 0.125, 0.0625]' WHERE top_score > 0;",
            ["640,180,160,45", ",,,"],
        ),
        (
            "upgraded.db",
            "ALTER TABLE event ADD COLUMN box JSON; ALTER TABLE event ADD COLUMN data JSON NOT NULL DEFAULT '{}';
             UPDATE event SET box = '[100, 200, 300, 260]' WHERE top_score > 0;",
            ["100,200,200,60", ",,,"],
        ),
    ] {
        let file = source_of(folder.path(), name, &format!("{table} {alter}"));
        let (summary, rows) = imported_twice(&file, &["1280x720"]).await;
        assert!(summary.repaired.is_empty() && summary.skipped.is_empty(), "{name}: {summary}");
        let expected =
            [format!("{first}frigate:person,{},", boxes[0]), format!("{second}frigate:person,{},porch", boxes[1])];
        assert_eq!(rows, expected, "{name}");
    }
}

#[tokio::test]
async fn open_events_and_false_positives_are_left_out_and_unreadable_values_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = "'{\"top_score\": 0.5, \"type\": \"object\"}'";
    let loose =
        "CREATE TABLE event (id, label, camera, start_time, end_time, false_positive, zones, box, top_score, data);";
    let statements = [
        loose.to_owned(),
        event(&format!("'1735689601.5-open00', 'a', 'front', 1735689601.5, NULL, 0, '[]', {data}")),
        event(&format!("'1735689602.5-falsep', 'a', 'front', 1735689602.5, 1735689603, 1, '[]', {data}")),
        event(&format!("'1735689603.5-notime', 'a', 'front', 'soon', 1735689604, 0, '[]', {data}")),
        event(&format!("'1735689604.5-nocame', 'a', NULL, 1735689604.5, 1735689605, 0, '[]', {data}")),
        // The time of the id is too far away, or there is none.
        event(&format!("'1735689605.5-farawa', 'a', 'front', 1735693205.5, 1735693206, 0, '[]', {data}")),
        event(&format!("'event-7', 'a', 'front', 1735693206.5, 1735693207, 0, '[]', {data}")),
        event("'1735693207.5-nodata', 'a', 'front', 1735693207.5, 1735693208, 0, '[]', 'secret'"),
        event("'1735693208.5-noscor', 'a', 'front', 1735693208.5, 1735693209, 0, '[]', '{\"top_score\": 1.5}'"),
        event(&format!("'1735693209.5-nozone', 'a', 'front', 1735693209.5, 1735693210, 0, 'junk', {data}")),
        event(&format!("'1735693210.5-nolabe', NULL, 'front', 1735693210.5, 1735693211, 0, '[]', {data}")),
        event(
            "'1735693211.5-nosize', 'a', 'back', 1735693211.5, 1735693212, 0, '[]', '{\"box\": [0.5, 0.5, 0.5, 0.5]}'",
        ),
        event(
            "'1735693212.5-nowhol', 'a', 'front', 1735693212.5, 1735693213, 0, '[]', '{\"box\": [0.001, 0.5, 0.5, 0.5]}'",
        ),
        event("'1735693213.5-badbox', 'a', 'front', 1735693213.5, 1735693214, 0, '[]', '{\"box\": [1, 2]}'"),
        // An event without an id, and two with the same.
        event(&format!("NULL, 'a', 'front', 1735693214.5, 1735693215, 0, '[]', {data}")),
        event(&format!("'1735693215.5-repeat', 'a', 'front', 1735693215.5, 1735693216, 0, '[]', {data}")),
        event(&format!("'1735693215.5-repeat', 'b', 'front', 1735693215.5, 1735693216, 0, '[]', {data}")),
        event(&format!(
            "'1735693216.5-nul000', 'a' || char(0), 'f' || char(0), 1735693216.5, 1735693217, 0, '[]', {data}"
        )),
    ];
    let file = source_of(folder.path(), "frigate.db", &statements.concat());
    let (summary, rows) = imported_twice(&file, &["front=1280x720"]).await;
    let text = summary.to_string();
    for line in [
        "13 imported, 0 already there, 2 left out, 2 skipped",
        "1 left out: event that has not ended; an import after its end adds it; the first: “1735689601.5-open00”",
        "1 left out: event that Frigate has marked as a false positive; the first: “1735689602.5-falsep”",
        "1 skipped: its start time cannot be read; the first: “1735689603.5-notime”",
        "1 skipped: it has no camera; the first: “1735689604.5-nocame”",
        "3 repaired: id without a time within 10 minutes of the start time; the event has the start time, which may be some seconds early; the first: “1735689605.5-farawa”",
        "1 repaired: data that is not a JSON object; confidence and bounding box are those of older columns; the first: “1735693207.5-nodata”",
        "1 repaired: confidence that is not a number from 0 to 1; the event is kept without one; the first: “1735693208.5-noscor”",
        "1 repaired: zones that are not a list of names; the event is kept without a zone; the first: “1735693209.5-nozone”",
        "1 repaired: event without a label; the first: “1735693210.5-nolabe”",
        "1 repaired: bounding box of a camera without a detect size (--detect, --config); the event is kept without one for good; the first: “back”",
        "1 repaired: bounding box that is not in whole pixels of the camera's detect size; the event is kept without one; the first: “front”",
        "1 repaired: bounding box that cannot be read; the event is kept without one; the first: “1735693213.5-badbox”",
        "1 repaired: event without an id; one was derived from its contents\n",
        "1 repaired: id that another event of the same time has; another one was derived from the contents; the first: “1735693215.5-repeat”",
        "2 repaired: text with the character U+0000",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(rows.len(), 13);
    assert_eq!(rows[0], "2025-01-01T01:00:05.500000+00:00,front,front,50,frigate:a,,,,,", "the start time");
    assert_eq!(rows[2], "2025-01-01T01:00:07.500000+00:00,front,front,,frigate:a,,,,,", "without data");
    assert!(rows[12].contains(",f\u{fffd},f\u{fffd},50,frigate:a\u{fffd},"), "{rows:?}");
}

#[tokio::test]
async fn an_event_is_imported_once_it_has_ended_and_kept_when_frigate_deletes_it() {
    let database = TestDatabase::new().await;
    let file = source_of(database.folder.path(), "frigate.db", &[EVENT, &plain(1, BOX), &plain(2, BOX)].concat());
    let source = Connection::open(&file).unwrap();
    let change = |statements: &str| source.execute_batch(statements).unwrap();
    change("UPDATE event SET end_time = NULL WHERE id LIKE '%2'");
    let first = import(&database.connection, &file, &["1280x720"]).await.unwrap();
    assert_eq!((first.imported, first.left_out.len()), (1, 1), "{first}");
    // The first is deleted, the second ends, and rowids are used again.
    change(&format!(
        "DELETE FROM event WHERE id LIKE '%1'; UPDATE event SET end_time = start_time + 1; VACUUM; {}",
        plain(0, BOX)
    ));
    let second = import(&database.connection, &file, &["1280x720"]).await.unwrap();
    assert_eq!((second.imported, second.already_there, second.left_out.len()), (2, 0, 0), "{second}");
    let before = database.export("", 5).await;
    assert_eq!(rows(&before).len(), 3);
    // A later change in Frigate, another size and another prefix change nothing.
    change("UPDATE event SET label = 'dog', zones = '[\"z\"]', sub_label = 'Ann'");
    let third = import(&database.connection, &file, &["1920x1080"]).await.unwrap();
    assert_eq!((third.imported, third.already_there), (0, 2), "{third}");
    assert!(database.export("", 5).await == before);
}

#[tokio::test]
async fn an_event_that_was_imported_from_a_csv_first_is_recognized_with_and_without_its_box() {
    let folder = tempfile::tempdir().unwrap();
    // Two objects in one frame with equal scores: without boxes, they are equal except for their ids.
    let twin = plain(3, "[0.5,0.5,0.25,0.25]").replace("aaaaa3", "bbbbb3");
    let statements = [EVENT, &plain(1, BOX), &plain(2, "null"), &plain(3, BOX), &twin].concat();
    let file = source_of(folder.path(), "frigate.db", &statements);
    let part = source_of(folder.path(), "part.db", &[EVENT, &plain(2, "null"), &plain(3, BOX)].concat());
    let (with, without): (&[&str], &[&str]) = (&["1280x720"], &[]);
    for csv_detect in [with, without] {
        for source_detect in [with, without] {
            for (csv_of, count) in [(&file, 4), (&part, 2)] {
                let other = TestDatabase::new().await;
                import(&other.connection, csv_of, csv_detect).await.unwrap();
                let csv_file = folder.path().join("in.csv");
                std::fs::write(&csv_file, other.export("raw=true", 5).await).unwrap();
                let csv_options = csv::Options { raw: true, ..csv::Options::default() };

                let csv_first = TestDatabase::new().await;
                csv::import(&csv_first.connection, &csv_file, csv_options, &Progress::hidden()).await.unwrap();
                for new in [4 - count, 0] {
                    let summary = import(&csv_first.connection, &file, source_detect).await.unwrap();
                    assert_eq!(
                        (summary.imported, summary.already_there),
                        (new, 4 - new),
                        "{csv_detect:?} {source_detect:?}"
                    );
                }
                assert_eq!(rows(&csv_first.export("", 5).await).len(), 4);

                let source_first = TestDatabase::new().await;
                import(&source_first.connection, &file, source_detect).await.unwrap();
                let expected = source_first.export("", 5).await;
                let summary =
                    csv::import(&source_first.connection, &csv_file, csv_options, &Progress::hidden()).await.unwrap();
                assert_eq!((summary.imported, summary.already_there), (0, count), "{csv_detect:?} {source_detect:?}");
                assert!(source_first.export("", 5).await == expected);
            }
        }
    }
}

#[tokio::test]
async fn the_command_has_sizes_names_and_a_prefix() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    let statements = [EVENT, &plain(1, BOX), &plain(2, "[0.5,0.5,0.25,0.25]").replace("'front'", "'back'")].concat();
    source_of(folder, "frigate.db", &statements);
    std::fs::write(
        folder.join("config.json"),
        r#"{"mqtt": {"password": "secret"}, "cameras": {"front": {"detect": {"width": 1280, "height": 720}, "friendly_name": "=Tür"},
            "back": {"detect": {"width": 640, "height": 480}}}}"#,
    )
    .unwrap();
    std::fs::write(folder.join("config.yml"), "cameras:\n  front:\n    detect:\n      width: 1280\n").unwrap();
    let import = |options: &[&str]| {
        let output = run(folder, &[&["import", "frigate", "frigate.db"], options].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{}", text(output.stderr));
        (text(output.stdout), text(output.stderr))
    };
    let (summary, warnings) = import(&[
        "--camera-prefix",
        "garage-",
        "--config",
        "config.json",
        "--detect",
        "back=704x480",
        "--detect",
        "frnt=1x1",
    ]);
    assert!(summary.contains("2 imported, 0 already there, 0 skipped"), "{summary}");
    assert!(warnings.contains("--detect names the camera frnt, which has no event in this database"), "{warnings}");
    let expected = format!(
        "{HEADER}2025-01-01T00:00:01.500000+00:00,garage-front,=Tür,75,frigate:person,11,200,1240,435,\r\n\
         2025-01-01T00:00:02.500000+00:00,garage-back,garage-back,75,frigate:person,352,240,176,120,\r\n"
    );
    assert_eq!(String::from_utf8(succeed(folder, &["export", "--raw"])).unwrap(), expected);
    // Other options do not import an event twice, and do not rename a camera.
    assert!(import(&[]).0.contains("0 imported, 2 already there"));
    assert_eq!(String::from_utf8(succeed(folder, &["export", "--raw"])).unwrap(), expected);

    for (options, why) in [
        (&["--detect", "big"][..], "write a size as 1280x720"),
        (&["--detect", "1x1", "--detect", "2x2"], "two sizes for all cameras"),
        (&["--config", "config.yml"], "config.yml is YAML"),
        (&["--config", "nowhere.json"], "no such file"),
    ] {
        let error = fail(folder, &[&["import", "frigate", "frigate.db"], options].concat());
        assert!(error.contains(why) && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_changed_if_no_event_can_be_read_and_open_events_are_no_error() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    let unreadable = plain(1, BOX).replace("1735689601.5, ", "'soon', ");
    source_of(folder, "unreadable.db", &[EVENT, &unreadable].concat());
    let output = run(folder, &["import", "frigate", "unreadable.db"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("1 skipped: its start time cannot be read"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("nothing was imported"));
    let open = plain(1, BOX).replace("1735689601.9", "NULL");
    source_of(folder, "open.db", &[EVENT, &open].concat());
    let shown = String::from_utf8(succeed(folder, &["import", "frigate", "open.db"])).unwrap();
    assert!(shown.contains("0 imported, 0 already there, 1 left out, 0 skipped"), "{shown}");
    assert!(!String::from_utf8(succeed(folder, &["camera", "list"])).unwrap().contains("front"));
    source_of(folder, "empty.db", EVENT);
    succeed(folder, &["import", "frigate", "empty.db"]);
}

#[tokio::test]
async fn faces_plates_descriptions_and_thumbnails_are_never_imported_and_the_source_is_not_changed() {
    let database = TestDatabase::new().await;
    let statements = [
        EVENT,
        &plain(1, BOX)
            .replace("\"type\"", "\"description\": \"secret\", \"recognized_license_plate\": \"secret\", \"type\""),
        "UPDATE event SET thumbnail = 'secret', sub_label = 'secret', plus_id = 'secret', model_hash = 'secret'",
    ];
    let file = source_of(database.folder.path(), "frigate.db", &statements.concat());
    let before = std::fs::read(&file).unwrap();
    let summary = import(&database.connection, &file, &["1280x720"]).await.unwrap();
    assert!(summary.imported == 1 && !summary.to_string().contains("secret"), "{summary}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert!(!String::from_utf8(database.export("", 5).await).unwrap().contains("secret"));
    database.connection.close().await.unwrap();
    for name in ["test.db", "test.db-wal"] {
        let Ok(bytes) = std::fs::read(database.folder.path().join(name)) else { continue };
        assert!(!bytes.windows(6).any(|window| window == b"secret"), "{name}");
    }
}

#[tokio::test]
async fn what_a_running_frigate_has_in_its_log_is_imported_and_it_can_write_meanwhile() {
    let database = TestDatabase::new().await;
    let file = database.folder.path().join("frigate.db");
    let frigate = Connection::open(&file).unwrap();
    let many: String = (0..4_500).map(|second| plain(second, BOX)).collect();
    frigate
        .execute_batch(&format!(
            "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; {EVENT} BEGIN; {many} COMMIT;"
        ))
        .unwrap();
    let writing = tokio::task::spawn_blocking(move || {
        for second in 4_500..4_520 {
            frigate.execute_batch(&plain(second, BOX)).unwrap();
        }
        frigate
    });
    let (summary, frigate) = tokio::join!(import(&database.connection, &file, &["1280x720"]), writing);
    let (summary, _frigate) = (summary.unwrap(), frigate.unwrap());
    assert!((4_500..=4_520).contains(&summary.imported), "{summary}");
    let rest = import(&database.connection, &file, &["1280x720"]).await.unwrap();
    assert_eq!((summary.imported + rest.imported, rest.already_there), (4_520, summary.imported));
}

#[tokio::test]
async fn a_file_that_is_not_a_frigate_database_is_refused_in_plain_words_and_nothing_is_changed() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    std::fs::write(folder.join("text"), "not a database, but long enough to look like one".repeat(99)).unwrap();
    let many: String = (0..2_000).map(|second| plain(second, BOX)).collect();
    let malformed = source_of(folder, "malformed.db", &format!("{EVENT} BEGIN; {many} COMMIT;"));
    let mut bytes = std::fs::read(&malformed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xa5);
    std::fs::write(&malformed, bytes).unwrap();
    let argusai = "CREATE TABLE cameras (id, name);
        CREATE TABLE motion_events (id, camera_id, timestamp, confidence, algorithm_used, bounding_box);";
    source_of(folder, "argusai.db", argusai);
    source_of(folder, "other.db", "CREATE TABLE cameras (id, name)");
    source_of(folder, "calendar.db", "CREATE TABLE event (id, label, start_time)");
    let own = (!backend::is_postgres()).then_some(("test.db", "a database of Motion Export, not of Frigate"));
    for (name, reason) in [
        ("missing.db", "no such file"),
        ("text", "not a database"),
        ("malformed.db", "malformed"),
        ("argusai.db", "it is an ArgusAI database; import it with `import argusai`"),
        ("other.db", "it is not a database of Frigate: it has no table event"),
        ("calendar.db", "its table event has no column camera"),
    ]
    .into_iter()
    .chain(own)
    {
        let error = format!("{:#}", import(&database.connection, &folder.join(name), &[]).await.unwrap_err());
        assert!(error.contains(name) && error.contains(reason), "{error}");
    }
    // The other way round.
    let frigate = source_of(folder, "frigate.db", &[EVENT, &plain(1, BOX)].concat());
    let location = argusai::Location::new(&frigate).unwrap();
    let error =
        format!("{:#}", argusai::import(&database.connection, &location, &Progress::hidden()).await.unwrap_err());
    assert!(error.contains("it is a Frigate database; import it with `import frigate`"), "{error}");
    let error = format!(
        "{:#}",
        csv::import(&database.connection, &frigate, csv::Options::default(), &Progress::hidden()).await.unwrap_err()
    );
    assert!(error.contains("import frigate"), "{error}");
    assert_eq!(database.export("", 5).await, HEADER.as_bytes());
}

#[tokio::test]
async fn an_import_that_fails_midway_leaves_nothing() {
    let database = TestDatabase::with(events(3)).await;
    let before = database.export("", 5).await;
    let many: String = (0..5_000).map(|second| plain(second, BOX)).collect();
    let file = source_of(database.folder.path(), "frigate.db", &format!("{EVENT} BEGIN; {many} COMMIT;"));
    let mut bytes = std::fs::read(&file).unwrap();
    // The last pages of the table: the first two pages of events can still be read.
    let damaged = bytes.len() * 9 / 10;
    bytes[damaged..].fill(0xa5);
    std::fs::write(&file, bytes).unwrap();
    import(&database.connection, &file, &["1280x720"]).await.unwrap_err();
    assert!(database.export("", 5).await == before);
}

/// Returns the real databases with the sizes of their frames; none where they are missing.
fn real_data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/frigate");
    if data.exists() {
        return Some(data);
    }
    eprintln!("skipped: there is no {}", data.display());
    None
}

#[tokio::test]
async fn real_databases_give_exactly_the_expected_files() {
    let Some(data) = real_data() else { return };
    for (name, detect, open) in
        [("v0.14-one-camera-one-open", "front=1280x720", 1), ("v0.17-driveway", "driveway=704x480", 0)]
    {
        let database = TestDatabase::new().await;
        let expected = std::fs::read(data.join(format!("{name}.expected.csv"))).unwrap();
        let count = rows(&expected).len() as u64;
        for imported in [count, 0] {
            let summary = import(&database.connection, &data.join(format!("{name}.db")), &[detect]).await.unwrap();
            assert_eq!((summary.imported, summary.already_there), (imported, count - imported), "{name}: {summary}");
            let left_out: u64 = summary.left_out.values().map(|finding| finding.count).sum();
            assert_eq!((left_out, summary.skipped_events()), (open, 0), "{name}: {summary}");
            assert!(database.export("", 5_000).await == expected, "{name}: the bytes differ");
        }
    }
}

#[tokio::test]
async fn real_states_of_one_database_give_exactly_the_expected_file() {
    let Some(data) = real_data() else { return };
    let mut states: Vec<_> =
        std::fs::read_dir(data.join("series")).unwrap().map(|state| state.unwrap().path()).collect();
    states.sort();
    let database = TestDatabase::new().await;
    for state in &states {
        import(&database.connection, state, &["720x480"]).await.unwrap();
    }
    let expected = std::fs::read(data.join("series-first-12.expected.csv")).unwrap();
    assert!(database.export("", 5_000).await == expected, "the bytes differ");
    for state in &states {
        assert_eq!(import(&database.connection, state, &["720x480"]).await.unwrap().imported, 0, "{}", state.display());
    }
}
