//! Imports of ArgusAI databases: every form of value that occurs, and a real database.

use std::path::{Path, PathBuf};

use motion_export::server::db::pool::Pool;
use motion_export::server::ingest::argusai::{self, Location};
use motion_export::server::ingest::summary::Summary;
use motion_export::server::ingest::summary::progress::Progress;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::app::TestDatabase;
use crate::backend::{self, Home};

/// The columns of ArgusAI's tables that are read, and those that must never be read.
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

/// Creates an ArgusAI database in `folder` with these events: (timestamp, camera, confidence, algorithm, box), as SQL.
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

async fn import(database: &Pool, file: &Path) -> anyhow::Result<Summary> {
    argusai::import(database, &Location::new(file)?, &Progress::hidden()).await
}

async fn open(file: &Path) -> DatabaseConnection {
    Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap()
}

const FRONT: &str = "'11111111-0000-0000-0000-000000000001'";
const KITCHEN: &str = "'11111111-0000-0000-0000-000000000002'";
const ORPHAN: &str = "'22222222-0000-0000-0000-000000000009'";

#[tokio::test]
async fn every_form_of_value_in_argusai_is_imported_and_repairs_are_counted() {
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
    let summary = import(&database.connection, &file).await.unwrap();
    insta::assert_snapshot!("argusai_summary", summary.to_string());
    let export = String::from_utf8(database.export("", 5).await).unwrap();
    insta::assert_snapshot!("argusai_export", export.replace('\r', ""));
}

/// Creates a database in `folder` with these statements.
async fn source_of(folder: &Path, name: &str, statements: &str) -> PathBuf {
    let file = folder.join(name);
    let source = open(&file).await;
    source.execute_unprepared(statements).await.unwrap();
    source.close().await.unwrap();
    file
}

/// ArgusAI's tables, without constraints and types: each column contains any value.
const LOOSE: &str = "
    CREATE TABLE cameras (id, name);
    CREATE TABLE motion_events (id, camera_id, timestamp, confidence, algorithm_used, bounding_box);
    INSERT INTO cameras VALUES ('cam', 'Küche');";

/// Imports a source twice, checks that the second import finds each event, and returns the first summary and the rows
/// of the export.
async fn imported_twice(file: &Path) -> (Summary, Vec<String>) {
    let database = TestDatabase::new().await;
    let summary = import(&database.connection, file).await.unwrap();
    let export = database.export("", 5).await;
    let again = import(&database.connection, file).await.unwrap();
    assert_eq!((again.imported, again.already_there), (0, summary.imported), "{again}");
    assert_eq!((again.cameras_new, again.cameras_renamed), (0, 0), "{again}");
    assert!(database.export("", 5).await == export);
    let export = String::from_utf8(export).unwrap();
    let rows = export.strip_prefix(crate::app::HEADER).unwrap().split_terminator("\r\n").map(str::to_owned).collect();
    (summary, rows)
}

#[tokio::test]
async fn texts_are_read_in_every_encoding_that_sqlite_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let statements = format!(
            "PRAGMA encoding = '{encoding}'; {TABLES} {CAMERAS}
             INSERT INTO motion_events VALUES ('00000000-0000-4000-8000-00000000000A', {KITCHEN},
                 '2025-10-26 00:30:00.25', 0.29, NULL, 'mog2', '[1, 2, 3, 4]', NULL, NULL, '')"
        );
        let file = source_of(folder.path(), &format!("{encoding}.db"), &statements).await;
        let (summary, rows) = imported_twice(&file).await;
        assert_eq!((summary.imported, summary.cameras_new, summary.repaired.len()), (1, 2, 0), "{encoding}: {summary}");
        files.push(rows);
    }
    let row = "2025-10-26T00:30:00.250000+00:00,11111111-0000-0000-0000-000000000002,\"Küche, \"\"oben\"\"\",29,MOG2,1,2,3,4,";
    assert!(files.iter().all(|rows| rows == &[row]), "{files:?}");
}

#[tokio::test]
async fn times_are_read_in_every_form_and_the_first_that_cannot_be_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let times = [
        "'2025-12-15 10:30:00.867 +00'",
        "'2025-12-15 10:30:00.867+0000'",
        "'2025-12-15 10:30:00,867'",
        "' 2025-12-15T10:30:00.867 UTC\n'",
        "1765794600.867",
        "1765794600867",
        "1765794600867000",
        "'1765794600.867'",
        "x'323032352d31322d31352031303a33303a30302e383637'",
    ];
    let events = times.iter().enumerate().map(|(index, time)| {
        format!("INSERT INTO motion_events VALUES ('event-{index}', 'cam', {time}, 0.5, 'knn', NULL);")
    });
    let mut statements: String = std::iter::once(LOOSE.to_owned()).chain(events).collect();
    statements += "INSERT INTO motion_events VALUES ('a', 'cam', '2025-12-15 10:30', 0.5, 'knn', NULL);
                   INSERT INTO motion_events VALUES ('b', 'cam', char(27) || 'soon', 0.5, 'knn', NULL);
                   INSERT INTO motion_events VALUES ('c', 'cam', NULL, 0.5, 'knn', NULL);";
    let (summary, rows) = imported_twice(&source_of(folder.path(), "times.db", &statements).await).await;
    assert_eq!(summary.skipped_events(), 2);
    assert!(summary.to_string().contains(r"“\u{1b}soon”"), "{summary}");
    assert_eq!(rows.len(), times.len() + 1);
    assert!(rows[0].starts_with("2025-12-15T10:30:00+00:00,"), "{rows:?}");
    assert!(rows[1..].iter().all(|row| row.starts_with("2025-12-15T10:30:00.867000+00:00,cam,")), "{rows:?}");
}

#[tokio::test]
async fn events_without_an_id_or_with_equal_ids_are_all_kept_and_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let events = [
        ("NULL", "0.5"),
        ("NULL", "0.5"),
        ("NULL", "0.6"),
        ("''", "0.6"),
        ("'x'", "0.7"),
        ("'x'", "0.7"),
        ("'x'", "0.8"),
        ("'00000000-0000-4000-8000-00000000000A'", "0.9"),
        ("'{00000000-0000-4000-8000-00000000000a}'", "0.95"),
        ("x'0000000000004000800000000000000a'", "1"),
    ]
    .map(|(id, confidence)| {
        format!("INSERT INTO motion_events VALUES ({id}, 'cam', '2025-10-26 00:30:00', {confidence}, 'knn', NULL);")
    });
    let statements = LOOSE.to_owned() + &events.concat();
    let (summary, rows) = imported_twice(&source_of(folder.path(), "ids.db", &statements).await).await;
    assert_eq!((summary.imported, summary.already_there, rows.len()), (10, 0, 10), "{summary}");
    for confidence in ["50", "60", "70", "80", "90", "95", "100"] {
        assert!(rows.iter().any(|row| row.contains(&format!(",Küche,{confidence},"))), "{confidence}: {rows:?}");
    }
}

#[tokio::test]
async fn cameras_are_recognized_in_any_spelling_of_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let statements = "
        CREATE TABLE cameras (id, name);
        CREATE TABLE motion_events (id, camera_id, timestamp, confidence, algorithm_used, bounding_box);
        INSERT INTO cameras VALUES ('1F8B0000-0000-4000-8000-000000000001', 'Porch'), (NULL, 'nameless'), (7, x'4142');
        INSERT INTO motion_events VALUES
            ('a', '{1f8b0000-0000-4000-8000-000000000001}', '2025-10-26 00:30:00', 0.5, 'knn', NULL),
            ('b', x'1f8b0000000040008000000000000001', '2025-10-26 00:30:01', '0.29', 'knn', NULL),
            ('c', 7, '2025-10-26 00:30:02', NULL, x'6b6e6e', '\"[1, 2, 3, 4]\"'),
            ('d', NULL, '2025-10-26 00:30:03', 0.5, 'knn', NULL);";
    let (summary, rows) = imported_twice(&source_of(folder.path(), "cameras.db", statements).await).await;
    assert_eq!((summary.imported, summary.cameras_new, summary.skipped_events()), (3, 2, 1), "{summary}");
    assert!(summary.to_string().contains("camera without an id"), "{summary}");
    assert_eq!(
        rows,
        [
            "2025-10-26T00:30:00+00:00,1F8B0000-0000-4000-8000-000000000001,Porch,50,KNN,,,,,",
            "2025-10-26T00:30:01+00:00,1F8B0000-0000-4000-8000-000000000001,Porch,29,KNN,,,,,",
            "2025-10-26T00:30:02+00:00,7,AB,,KNN,1,2,3,4,",
        ]
    );
}

#[tokio::test]
async fn a_view_and_a_table_without_rowids_are_imported_too() {
    let folder = tempfile::tempdir().unwrap();
    let events = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4100)
                  SELECT printf('%032d', i) AS id, 'cam' AS camera_id, 1765794600 + i AS timestamp, 0.5 AS confidence,
                      'knn' AS algorithm_used, NULL AS bounding_box FROM n";
    for (name, statements) in [
        ("view.db", format!("CREATE VIEW motion_events AS {events}")),
        (
            "keyed.db",
            format!(
                "CREATE TABLE motion_events (id PRIMARY KEY, camera_id, timestamp, confidence, algorithm_used, bounding_box)
                 WITHOUT ROWID; INSERT INTO motion_events {events}"
            ),
        ),
        ("rows.db", format!("CREATE TABLE motion_events AS {events}")),
    ] {
        let statements = format!("CREATE TABLE cameras (id, name); {statements}");
        let (summary, rows) = imported_twice(&source_of(folder.path(), name, &statements).await).await;
        assert_eq!((summary.imported, rows.len()), (4_100, 4_100), "{name}: {summary}");
    }
}

#[tokio::test]
async fn nothing_is_changed_if_no_event_can_be_read() {
    let database = TestDatabase::new().await;
    let statements = format!("{LOOSE} INSERT INTO motion_events VALUES ('a', 'cam', 'soon', 0.5, 'knn', NULL)");
    let file = source_of(database.folder.path(), "unreadable.db", &statements).await;
    let summary = import(&database.connection, &file).await.unwrap();
    assert!(summary.all_skipped() && summary.cameras_new == 0, "{summary}");
    let output = crate::binary::run(database.folder.path(), &["import", "argusai", "unreadable.db"]);
    assert_eq!(output.status.code(), Some(1));
    let (shown, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(shown.contains("1 skipped: its time cannot be read; the first: “soon”"), "{shown}");
    assert!(error.contains("nothing was imported"), "{error}");
    assert!(
        !String::from_utf8(crate::binary::succeed(database.folder.path(), &["camera", "list"]))
            .unwrap()
            .contains("cam")
    );

    // A source without events is not an error.
    let file = source_of(database.folder.path(), "empty.db", LOOSE).await;
    assert!(!import(&database.connection, &file).await.unwrap().all_skipped());
    crate::binary::succeed(database.folder.path(), &["import", "argusai", "empty.db"]);
}

#[tokio::test]
async fn nul_in_a_source_is_replaced_and_the_event_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let statements = format!(
        "{LOOSE} INSERT INTO cameras VALUES ('a' || char(0), 'b' || char(0));
         INSERT INTO motion_events VALUES ('a', 'a' || char(0), '2025-10-26 00:30:00', 0.5, 'm' || char(0), NULL)"
    );
    let (summary, rows) = imported_twice(&source_of(folder.path(), "nul.db", &statements).await).await;
    assert_eq!(rows, ["2025-10-26T00:30:00+00:00,a\u{fffd},b\u{fffd},50,m\u{fffd},,,,,"]);
    assert!(summary.to_string().contains("4 repaired: text with the character U+0000"), "{summary}");
}

/// Creates a separate database in PostgreSQL, and returns its URL.
pub async fn on_postgres(statements: &str) -> Option<(Home, String)> {
    if !backend::is_postgres() {
        backend::skips("its source is PostgreSQL");
        return None;
    }
    let home = backend::nowhere();
    let url = backend::url(home.path());
    let source = Database::connect(&url).await.unwrap();
    source.execute_unprepared(statements).await.unwrap();
    source.close().await.unwrap();
    Some((home, url))
}

#[tokio::test]
async fn argusai_on_postgresql_is_imported_with_any_types_of_its_columns() {
    let mut exports = Vec::new();
    for (id, time, confidence, bounding_box) in [
        ("varchar", "timestamptz", "double precision", "text"),
        ("uuid", "timestamp", "numeric", "jsonb"),
        ("text", "varchar", "real", "json"),
    ] {
        let statements = format!(
            "CREATE TABLE cameras (id {id} PRIMARY KEY, name varchar(100), password varchar);
             CREATE TABLE motion_events (id {id}, camera_id {id}, timestamp {time}, confidence {confidence},
                 algorithm_used varchar(20), bounding_box {bounding_box}, frame_thumbnail text);
             SET timezone = 'UTC';
             INSERT INTO cameras VALUES ('11111111-0000-0000-0000-000000000002', 'Küche', 'secret');
             INSERT INTO motion_events VALUES
                 ('00000000-0000-4000-8000-000000000001', '11111111-0000-0000-0000-000000000002',
                  '2025-10-26 00:30:00.25', 0.29, 'mog2', '[10, 20, 30, 40]', 'secret'),
                 ('00000000-0000-4000-8000-000000000002', '22222222-0000-0000-0000-000000000002',
                  '2025-10-26 00:30:00.250001', 0.5, 'knn', '{{\"x\": 1, \"y\": 2, \"width\": 3, \"height\": 4}}', ''),
                 (NULL, '11111111-0000-0000-0000-000000000002', '2025-10-26 00:30:01', 1, 'knn', NULL, ''),
                 (NULL, '11111111-0000-0000-0000-000000000002', '2025-10-26 00:30:01', 0.75, 'knn', '7', ''),
                 (NULL, '11111111-0000-0000-0000-000000000002', NULL, 0.75, 'knn', NULL, '');"
        );
        let Some((_home, url)) = on_postgres(&statements).await else { return };
        let (summary, rows) = imported_twice(Path::new(&url)).await;
        assert_eq!((summary.imported, summary.cameras_new, summary.skipped_events()), (4, 2, 1), "{summary}");
        assert!(
            summary
                .to_string()
                .contains("bounding box that cannot be read; the event is kept without one; the first: “7”")
        );
        exports.push(rows);
    }
    assert_eq!(
        exports[0][0],
        "2025-10-26T00:30:00.250000+00:00,11111111-0000-0000-0000-000000000002,Küche,29,MOG2,10,20,30,40,"
    );
    assert!(exports[1] == exports[0] && exports[2] == exports[0], "{exports:?}");
}

#[tokio::test]
async fn a_socket_url_in_the_form_of_sqlalchemy_works_and_so_does_the_url_that_is_shown() {
    let statements = "CREATE TABLE cameras (id varchar, name varchar);
        CREATE TABLE motion_events (id varchar, camera_id varchar, \"timestamp\" timestamp, confidence real,
            algorithm_used varchar, bounding_box text);
        INSERT INTO motion_events VALUES ('a', 'cam', '2025-10-26 00:30:00', 0.5, 'knn', NULL);";
    let Some((_home, url)) = on_postgres(statements).await else { return };
    let shown = Location::new(Path::new(&url)).unwrap().to_string();
    assert!(shown.contains("@localhost:") && shown.contains("?host=/"), "{shown}");
    let of_sqlalchemy = shown.replace("postgres://", "postgresql+psycopg2://").replace("@localhost:5432/", "@/");
    assert!(of_sqlalchemy.contains("@/"), "{of_sqlalchemy}");
    let database = TestDatabase::new().await;
    for (url, taken) in [(shown, 1), (of_sqlalchemy, 0)] {
        let summary = import(&database.connection, Path::new(&url)).await.unwrap();
        assert_eq!((summary.imported, summary.already_there), (taken, 1 - taken), "{url}");
    }
}

#[tokio::test]
async fn pages_of_postgresql_never_split_a_moment_and_epoch_numbers_are_read() {
    let statements = "
        CREATE TABLE cameras (id text, name text);
        CREATE TABLE events (id text, camera_id text, timestamp double precision, confidence float8, algorithm_used text,
            bounding_box text);
        INSERT INTO events SELECT CASE WHEN i % 2 = 0 THEN 'event' END, 'cam', 1765794600 + greatest(i - 3000, 0),
            0.5, 'knn', '[' || i || ', 0, 0, 0]' FROM generate_series(1, 5500) AS i;
        CREATE VIEW motion_events AS SELECT * FROM events;";
    let Some((_home, url)) = on_postgres(statements).await else { return };
    let (summary, rows) = imported_twice(Path::new(&url)).await;
    assert_eq!((summary.imported, rows.len()), (5_500, 5_500), "{summary}");
    assert_eq!(rows.iter().filter(|row| row.starts_with("2025-12-15T10:30:00+00:00")).count(), 3_000);
}

#[tokio::test]
async fn a_moment_of_postgresql_may_have_more_events_than_a_page() {
    for time in ["timestamptz", "timestamp", "text"] {
        // Before and after it are a page that ends with a moment, and the rest of one.
        let statements = format!(
            "SET timezone = 'UTC';
             CREATE TABLE cameras (id text, name text);
             CREATE TABLE motion_events (id text, camera_id text, timestamp {time}, confidence float8, algorithm_used text,
                bounding_box json);
             INSERT INTO motion_events SELECT CASE WHEN i % 3 = 0 THEN 'event' WHEN i % 3 = 1 THEN 'event-' || i END, 'cam',
                '2025-12-15 10:00:00.000001Z'::timestamptz + greatest(least(i, 2000), i - 4500) * interval '1 second',
                (i % 5) / 5.0, 'knn', '[1, 2, 3, 4]' FROM generate_series(1, 7001) AS i;"
        );
        let Some((_home, url)) = on_postgres(&statements).await else { return };
        let (summary, rows) = imported_twice(Path::new(&url)).await;
        assert_eq!((summary.imported, rows.len()), (7_001, 7_001), "{time}: {summary}");
        assert_eq!(rows.iter().filter(|row| row.contains("T10:33:20.000001")).count(), 4_501, "{time}");
    }
}

#[tokio::test]
async fn a_later_event_with_the_id_and_time_of_another_is_imported_from_postgresql() {
    for time in ["timestamptz", "text"] {
        let statements = format!(
            "CREATE TABLE cameras (id text, name text);
             CREATE TABLE motion_events (id text, camera_id text, timestamp {time}, confidence float8, algorithm_used text,
                bounding_box json);
             INSERT INTO motion_events VALUES ('x', 'cam', '2025-12-15 10:30:00+00', 0.5, 'knn', NULL)"
        );
        let Some((_home, url)) = on_postgres(&statements).await else { return };
        let database = TestDatabase::new().await;
        import(&database.connection, Path::new(&url)).await.unwrap();
        let source = Database::connect(&url).await.unwrap();
        let second = "INSERT INTO motion_events VALUES ('x', 'cam', '2025-12-15 10:30:00+00', 0.25, 'knn', NULL)";
        source.execute_unprepared(second).await.unwrap();
        source.close().await.unwrap();
        for taken in [1, 0] {
            let summary = import(&database.connection, Path::new(&url)).await.unwrap();
            assert_eq!((summary.imported, summary.already_there), (taken, 2 - taken), "{time}");
        }
        let export = String::from_utf8(database.export("", 5).await).unwrap();
        assert!(export.contains(",cam,50,") && export.contains(",cam,25,"), "{time}: {export}");
    }
}

#[tokio::test]
async fn argusai_on_postgresql_is_never_written_to() {
    let statements = "
        CREATE SEQUENCE written;
        CREATE VIEW cameras AS SELECT nextval('written')::text AS id, 'a' AS name;
        CREATE TABLE motion_events (id text, camera_id text, timestamp timestamptz, confidence float8, algorithm_used text,
            bounding_box text);";
    let Some((_home, url)) = on_postgres(statements).await else { return };
    let database = TestDatabase::new().await;
    let error = import(&database.connection, Path::new(&url)).await.unwrap_err();
    assert!(format!("{error:#}").contains("read"), "{error:#}");
}

#[tokio::test]
async fn an_unreadable_postgresql_database_is_refused_without_showing_its_password() {
    let Some(nowhere) = backend::url_of_none() else {
        backend::skips("its source is PostgreSQL");
        return;
    };
    let database = TestDatabase::new().await;
    let (_home, empty) = on_postgres("SELECT 1").await.unwrap();
    for (url, reason) in [
        (nowhere.as_str(), "database \"nowhere\" does not exist"),
        (&empty, "no table cameras"),
        (&database.settings.database.url, "a database of Motion Export, not of ArgusAI"),
        ("postgresql+psycopg2://argus:secret@127.0.0.1:1/argusai", "connection was refused"),
        ("postgres://argus:sec/ret@h/argusai", "must be postgres://"),
    ] {
        let error = format!("{:#}", import(&database.connection, Path::new(url)).await.unwrap_err());
        assert!(error.contains(reason) && error.contains("cannot read postgres://"), "{error}");
        assert!(!error.contains("sec"), "{error}");
    }
}

#[tokio::test]
async fn a_second_import_of_the_same_file_changes_nothing() {
    let database = TestDatabase::new().await;
    let shapes = [
        format!("'2025-10-26 00:30:00.000000'; {FRONT}; 0.29; 'mog2'; '[10, 20, 30, 40]'"),
        format!("'2025-10-26 00:30:08'; {ORPHAN}; 0.75; 'vibe'; 'junk'"),
    ];
    let file = argusai(database.folder.path(), &shapes.each_ref().map(String::as_str)).await;
    import(&database.connection, &file).await.unwrap();
    let before = database.export("", 5).await;
    let again = import(&database.connection, &file).await.unwrap();
    assert_eq!((again.imported, again.already_there, again.cameras_new, again.cameras_renamed), (0, 2, 0, 0));
    assert_eq!(database.export("", 5).await, before);
}

#[tokio::test]
async fn a_camera_that_was_renamed_in_argusai_has_its_new_name_after_the_next_import() {
    let database = TestDatabase::new().await;
    let file = argusai(database.folder.path(), &[&format!("'2025-10-26 00:30:00'; {FRONT}; 0.5; 'knn'; NULL")]).await;
    import(&database.connection, &file).await.unwrap();
    let source = open(&file).await;
    source.execute_unprepared("UPDATE cameras SET name = 'Porch' WHERE name = 'Front Door'").await.unwrap();
    source.close().await.unwrap();
    assert_eq!(import(&database.connection, &file).await.unwrap().cameras_renamed, 1);
    assert!(String::from_utf8(database.export("", 5).await).unwrap().contains(",Porch,"));
}

#[tokio::test]
async fn credentials_and_thumbnails_are_never_imported_and_the_source_is_not_changed() {
    let database = TestDatabase::new().await;
    let event = format!("'2025-10-26 00:30:00'; {FRONT}; 0.29; 'mog2'; '[10, 20, 30, 40]'");
    let file = argusai(database.folder.path(), &[&event]).await;
    let before = std::fs::read(&file).unwrap();
    import(&database.connection, &file).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    database.connection.close().await.unwrap();
    for name in ["test.db", "test.db-wal"] {
        let Ok(bytes) = std::fs::read(database.folder.path().join(name)) else { continue };
        assert!(!bytes.windows(6).any(|window| window == b"secret"), "{name}");
    }
}

#[tokio::test]
async fn argusai_can_write_during_an_import() {
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
    let (summary, ()) = tokio::join!(import(&database.connection, &file), writing);
    let summary = summary.unwrap();
    assert!((5_000..=5_020).contains(&summary.imported), "{summary}");
    let rest = import(&database.connection, &file).await.unwrap();
    assert_eq!(
        summary.imported + rest.imported,
        5_020,
        "events that were added in the meantime are left for the next import"
    );
}

#[tokio::test]
async fn a_locked_source_is_refused() {
    let database = TestDatabase::new().await;
    let file = argusai(database.folder.path(), &[&format!("'2025-10-26 00:30:00'; {FRONT}; 0.5; 'knn'; NULL")]).await;
    let other = open(&file).await;
    other
        .execute_unprepared("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM motion_events")
        .await
        .unwrap();
    let error = import(&database.connection, &file).await.unwrap_err();
    assert!(format!("{error:#}").contains("locked"), "{error:#}");
}

#[tokio::test]
async fn a_file_that_is_not_an_argusai_database_is_refused_and_nothing_is_changed() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    std::fs::write(folder.join("text"), "not a database, but long enough to look like one".repeat(99)).unwrap();
    let other = open(&folder.join("other.db")).await;
    other.execute_unprepared("CREATE TABLE cameras (id, name)").await.unwrap();
    other.close().await.unwrap();
    for (name, reason) in [("missing.db", "no such file"), ("text", "not a database"), ("other.db", "motion_events")] {
        let error = import(&database.connection, &folder.join(name)).await.unwrap_err();
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
    let summary = import(&database.connection, &file).await.unwrap();
    assert_eq!(summary.imported, 1_387);
    assert!(database.export("", 5_000).await == std::fs::read(expected).unwrap(), "the bytes differ");
}
