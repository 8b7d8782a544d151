//! ArgusAI databases: every shape that is found in them, and a real one.

use std::path::{Path, PathBuf};

use motion_export::server::import::argusai::import;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::app::TestDatabase;

/// What we read of ArgusAI's tables, and what we must never read.
const TABLES: &str = "
    CREATE TABLE cameras (
        id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, type VARCHAR(10) NOT NULL,
        rtsp_url VARCHAR(500), username VARCHAR(100), password VARCHAR(500));
    CREATE TABLE motion_events (
        id VARCHAR NOT NULL PRIMARY KEY, camera_id VARCHAR NOT NULL, timestamp DATETIME NOT NULL,
        confidence FLOAT NOT NULL, motion_intensity FLOAT, algorithm_used VARCHAR(20) NOT NULL, bounding_box TEXT,
        frame_thumbnail TEXT, ai_event_id VARCHAR, created_at DATETIME NOT NULL);";

const CAMERAS: &str = "
    INSERT INTO cameras VALUES
        ('11111111-0000-0000-0000-000000000001', 'Front Door', 'rtsp', 'rtsp://secret-host/1', 'secret-user', 'encrypted:secret'),
        ('11111111-0000-0000-0000-000000000002', 'Küche, \"oben\"', 'usb', NULL, NULL, NULL);";

/// Makes an ArgusAI database in `folder` whose events are these: (timestamp, camera, confidence, algorithm, box), as SQL.
async fn argusai(folder: &Path, events: &[&str]) -> PathBuf {
    let file = folder.join("argusai.db");
    let source = open(&file).await;
    source.execute_unprepared(TABLES).await.unwrap();
    source.execute_unprepared(CAMERAS).await.unwrap();
    for (index, event) in events.iter().enumerate() {
        let values: Vec<_> = event.splitn(5, "; ").collect();
        let [timestamp, camera, confidence, algorithm, bounding_box] = values[..] else { panic!("{event}") };
        source
            .execute_unprepared(&format!(
                "INSERT INTO motion_events VALUES ('00000000-0000-4000-8000-{index:012}', {camera}, {timestamp}, \
                 {confidence}, NULL, {algorithm}, {bounding_box}, 'secret-thumbnail', NULL, '2025-01-01 00:00:00')"
            ))
            .await
            .unwrap();
    }
    source.close().await.unwrap();
    file
}

async fn open(file: &Path) -> DatabaseConnection {
    Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap()
}

const FRONT: &str = "'11111111-0000-0000-0000-000000000001'";
const KITCHEN: &str = "'11111111-0000-0000-0000-000000000002'";
const ORPHAN: &str = "'22222222-0000-0000-0000-000000000009'";

#[tokio::test]
async fn every_shape_that_argusai_writes_is_taken_and_repairs_are_counted() {
    let database = TestDatabase::new().await;
    let shapes = [
        format!("'2025-10-26 00:30:00.000000'; {FRONT}; 0.29; 'mog2'; '[10, 20, 30, 40]'"),
        format!(
            "'2025-10-26 00:30:01'; {FRONT}; 0.689697265625; 'knn'; '{{\"x\": 1, \"y\": 2, \"width\": 3, \"height\": 4}}'"
        ),
        format!(
            "'2025-10-26 00:30:02.250000'; {KITCHEN}; 1; 'frame_diff'; '{{\"width\":3,\"height\":4,\"y\":2,\"x\":1}}'"
        ),
        format!("'2025-10-26 00:30:03.000001'; {KITCHEN}; 0.5; 'mog2'; NULL"),
        format!("'2025-10-26 00:30:04'; {KITCHEN}; 0.0; 'mog2'; 'null'"),
        format!("'2025-10-26 00:30:05'; {FRONT}; 0.75; 'mog2'; 'not valid json'"),
        format!("'2025-10-26 00:30:06'; {FRONT}; 0.75; 'mog2'; ''"),
        format!("'2025-10-26 00:30:07'; {FRONT}; 0.75; 'mog2'; x'ff00'"),
        format!("'2025-10-26 00:30:08'; {ORPHAN}; 0.75; 'vibe'; '[0, 0, 1, 1]'"),
        format!("'2025-10-26 00:30:09'; {ORPHAN}; 0.75; 'mog2'; '[0, 0, 1, 1]'"),
        format!("'2025-10-26 00:30:10'; {FRONT}; 7.5; 'mog2'; NULL"),
        format!("'2025-10-26 00:30:11'; {FRONT}; 'high'; 'mog2'; NULL"),
        format!("'last tuesday'; {FRONT}; 0.5; 'mog2'; NULL"),
    ];
    let file = argusai(database.folder.path(), &shapes.each_ref().map(String::as_str)).await;
    let summary = import(&database.connection, &file, 0).await.unwrap();
    insta::assert_snapshot!("argusai_summary", summary.to_string());
    let export = String::from_utf8(database.export("", 5).await).unwrap();
    insta::assert_snapshot!("argusai_export", export.replace('\r', ""));
}

#[tokio::test]
async fn a_second_import_of_the_same_file_changes_nothing() {
    let database = TestDatabase::new().await;
    let shapes = [
        format!("'2025-10-26 00:30:00.000000'; {FRONT}; 0.29; 'mog2'; '[10, 20, 30, 40]'"),
        format!("'2025-10-26 00:30:08'; {ORPHAN}; 0.75; 'vibe'; 'junk'"),
    ];
    let file = argusai(database.folder.path(), &shapes.each_ref().map(String::as_str)).await;
    import(&database.connection, &file, 0).await.unwrap();
    let before = database.export("", 5).await;
    let again = import(&database.connection, &file, 1).await.unwrap();
    assert_eq!((again.taken, again.already_there, again.cameras_new, again.cameras_renamed), (0, 2, 0, 0));
    assert_eq!(database.export("", 5).await, before);
}

#[tokio::test]
async fn a_camera_that_was_renamed_in_argusai_has_its_new_name_after_the_next_import() {
    let database = TestDatabase::new().await;
    let file = argusai(database.folder.path(), &[&format!("'2025-10-26 00:30:00'; {FRONT}; 0.5; 'knn'; NULL")]).await;
    import(&database.connection, &file, 0).await.unwrap();
    let source = open(&file).await;
    source.execute_unprepared("UPDATE cameras SET name = 'Porch' WHERE name = 'Front Door'").await.unwrap();
    source.close().await.unwrap();
    assert_eq!(import(&database.connection, &file, 0).await.unwrap().cameras_renamed, 1);
    assert!(String::from_utf8(database.export("", 5).await).unwrap().contains(",Porch,"));
}

#[tokio::test]
async fn credentials_and_thumbnails_never_come_along_and_the_source_is_not_written_to() {
    let database = TestDatabase::new().await;
    let event = format!("'2025-10-26 00:30:00'; {FRONT}; 0.29; 'mog2'; '[10, 20, 30, 40]'");
    let file = argusai(database.folder.path(), &[&event]).await;
    let before = std::fs::read(&file).unwrap();
    import(&database.connection, &file, 0).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    database.connection.close().await.unwrap();
    for name in ["test.db", "test.db-wal"] {
        let Ok(bytes) = std::fs::read(database.folder.path().join(name)) else { continue };
        assert!(!bytes.windows(6).any(|window| window == b"secret"), "{name}");
    }
}

#[tokio::test]
async fn argusai_can_go_on_writing_while_it_is_imported_from() {
    let database = TestDatabase::new().await;
    let events: Vec<_> = (0..5_000)
        .map(|n| format!("'2025-10-26 00:{:02}:{:02}'; {FRONT}; 0.5; 'knn'; NULL", n / 60 % 60, n % 60))
        .collect();
    let events: Vec<_> = events.iter().map(String::as_str).collect();
    let file = argusai(database.folder.path(), &events).await;
    let writer = open(&file).await;
    let writing = async {
        for n in 0..20 {
            let row = format!(
                "INSERT INTO motion_events SELECT 'new-{n}', camera_id, '2026-01-01 00:00:00', 0.5, NULL, \
                 'knn', NULL, NULL, NULL, created_at FROM motion_events LIMIT 1"
            );
            writer.execute_unprepared(&row).await.unwrap();
        }
    };
    let (summary, ()) = tokio::join!(import(&database.connection, &file, 0), writing);
    let summary = summary.unwrap();
    assert!((5_000..=5_020).contains(&summary.taken), "{summary}");
    let rest = import(&database.connection, &file, 0).await.unwrap();
    assert_eq!(summary.taken + rest.taken, 5_020, "what came meanwhile is for the next import");
}

#[tokio::test]
async fn a_database_that_somebody_else_has_locked_is_refused_and_not_read_past_the_lock() {
    let database = TestDatabase::new().await;
    let file = argusai(database.folder.path(), &[&format!("'2025-10-26 00:30:00'; {FRONT}; 0.5; 'knn'; NULL")]).await;
    let other = open(&file).await;
    other
        .execute_unprepared("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM motion_events")
        .await
        .unwrap();
    let error = import(&database.connection, &file, 0).await.unwrap_err();
    assert!(format!("{error:#}").contains("locked"), "{error:#}");
}

#[tokio::test]
async fn a_file_that_is_no_argusai_database_is_refused_and_nothing_is_changed() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    std::fs::write(folder.join("text"), "not a database, but long enough to look like one".repeat(99)).unwrap();
    let other = open(&folder.join("other.db")).await;
    other.execute_unprepared("CREATE TABLE cameras (id, name)").await.unwrap();
    other.close().await.unwrap();
    for (name, reason) in [("missing.db", "No such file"), ("text", "not a database"), ("other.db", "motion_events")] {
        let error = import(&database.connection, &folder.join(name), 0).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(name) && error.contains(reason), "{error}");
    }
    assert_eq!(database.export("", 5).await, crate::app::HEADER.as_bytes());
}

#[tokio::test]
async fn the_real_database_gives_exactly_the_expected_file() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let (file, expected) = (data.join("argusai.db"), data.join("argusai-expected.csv"));
    if !file.exists() {
        eprintln!("skipped: there is no {}", file.display());
        return;
    }
    let database = TestDatabase::new().await;
    let summary = import(&database.connection, &file, 0).await.unwrap();
    assert_eq!(summary.taken, 1_387);
    assert!(database.export("", 5_000).await == std::fs::read(expected).unwrap(), "the bytes differ");
}
