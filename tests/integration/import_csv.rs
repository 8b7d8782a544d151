//! Imports of our own CSV and of ArgusAI's. `properties` checks that an export can be imported without loss.

use motion_export::server::ingest::csv::{Options, Scale, import};
use motion_export::server::ingest::summary::progress::Progress;

use crate::app::{HEADER, TestDatabase, events};

async fn imported(
    database: &TestDatabase,
    text: &str,
) -> anyhow::Result<motion_export::server::ingest::summary::Summary> {
    imported_as(database, text.as_bytes(), Options::default()).await
}

async fn imported_as(
    database: &TestDatabase,
    bytes: &[u8],
    options: Options,
) -> anyhow::Result<motion_export::server::ingest::summary::Summary> {
    let file = database.folder.path().join("in.csv");
    std::fs::write(&file, bytes)?;
    import(&database.connection, &file, options, &Progress::hidden()).await
}

#[tokio::test]
async fn files_that_other_tools_saved_contain_the_same_events() {
    let source = TestDatabase::with(events(2)).await;
    let ours = source.export("", 9).await;
    assert!(String::from_utf8(ours.clone()).unwrap().contains("00:00,front,Front Door,85.5,MOG2,100,200,50,80,"));
    let target = TestDatabase::new().await;
    assert_eq!(imported_as(&target, &ours, Options::default()).await.unwrap().imported, 2);
    for row in [
        // pandas, DuckDB, polars.
        "2025-12-01 00:00:00+00:00,front,Front Door,85.5,MOG2,100.0,200.0,50.0,80.0,",
        "2025-12-01 00:00:00+00,front,Front Door,85.5,MOG2,100,200,50,80,",
        "2025-12-01T00:00:00.000000+0000,\"front\",\"Front Door\",85.5,\"MOG2\",100,200,50,80,",
        "2025-11-30 16:00:00-0800,front,Front Door,85.500,MOG2,100,200,50,80,",
    ] {
        let again = imported(&target, &format!("{HEADER}{row}zone-1\n")).await.unwrap();
        assert_eq!((again.imported, again.already_there), (0, 1), "{row}");
    }
}

#[tokio::test]
async fn a_file_with_a_date_for_excel_is_imported_like_any_other() {
    let source = TestDatabase::with(events(5)).await;
    let target = TestDatabase::new().await;
    let file = source.export("excel_date=true&timezone=Europe/Berlin&bom=true", 9).await;
    assert_eq!(imported_as(&target, &file, Options::default()).await.unwrap().imported, 5);
    assert_eq!(target.export("", 9).await, source.export("", 9).await);
}

#[tokio::test]
async fn a_file_with_semicolons_is_imported_like_any_other_even_if_excel_saved_it_again() {
    let source = TestDatabase::with(events(5)).await;
    let target = TestDatabase::new().await;
    let file = source.export("delimiter=semicolon&excel_date=true&timezone=Europe/Berlin&bom=true", 9).await;
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(text.contains("+01:00;front;Front Door;85,5;MOG2;100;200;50;80;"), "{text}");
    assert_eq!(imported_as(&target, &file, Options::default()).await.unwrap().imported, 5);
    // Excel writes the local time in the format of the system, which is ignored.
    let saved = text.replace("2025-12-01 01:00", "01.12.2025 01:00").replace("\r\n", "\n");
    assert_ne!(saved, text);
    assert_eq!(imported(&target, &saved).await.unwrap().already_there, 5);
    assert_eq!(target.export("", 9).await, source.export("", 9).await);
    let short = format!("{}2025-12-01T00:00:00+00:00;a\r\n", HEADER.replace(',', ";"));
    let error = format!("{:#}", imported(&target, &short).await.unwrap_err());
    assert!(error.contains("it has 2 fields"), "{error}");
}

#[tokio::test]
async fn a_missing_last_line_end_is_accepted_with_the_option() {
    let text = format!("{HEADER}2025-12-01T00:00:00Z,a,A,85.5,MOG2,1,2,3,4,z");
    let database = TestDatabase::new().await;
    let error = format!("{:#}", imported(&database, &text).await.unwrap_err());
    assert!(error.contains("--unterminated") && error.contains("Google Sheets"), "{error}");
    let unterminated = Options { unterminated: true, ..Options::default() };
    assert_eq!(imported_as(&database, text.as_bytes(), unterminated).await.unwrap().imported, 1);
    // Truncated within quotes, where a line break does not end a row either.
    for cut in ["2025-12-01T00:00:01Z,a,A,85.5,MOG2,1,2,3,4,\"z\n", "2025-12-01T00:00:01Z,a,A,85.5,MOG2,1,2,3,4,\"z"] {
        let error = imported_as(&database, format!("{HEADER}{cut}").as_bytes(), unterminated).await.unwrap_err();
        assert!(format!("{error:#}").contains("inside of quotes"), "{error:#}");
    }
    let whole = format!("{HEADER}2025-12-01T00:00:02Z,a,A,85.5,MOG2,1,2,3,4,\"say \"\"z\"\"\n\"\n");
    assert_eq!(imported(&database, &whole).await.unwrap().imported, 1);
}

#[tokio::test]
async fn a_file_of_another_format_is_named_and_never_called_truncated() {
    let database = TestDatabase::new().await;
    let row = "2025-12-01T00:00:00Z,a,A,85.5,MOG2,1,2,3,4,z";
    let text = format!("{HEADER}{row}\r\n");
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    let decimal_comma = format!("{HEADER}2025-12-01T00:00:00Z,a,A,\"85,5\",MOG2,1,2,3,4,z\r\n");
    let latin_1 = [text.as_bytes(), b"2025-12-01T00:00:00Z,a,K\xfcche,85.5,MOG2,1,2,3,4,z\r\n"].concat();
    let quoted_rows = format!("\"{}\"\r\n", text.trim_end().replace("\r\n", "\"\r\n\""));
    let quoted_row = format!("{HEADER}\"{row}\"\r\n");
    for (file, reason) in [
        (quoted_rows.into_bytes(), "each of its lines is one cell in quotes"),
        (quoted_row.into_bytes(), "row 2: the whole row is one cell in quotes"),
        (format!("sep=,\r\n{text}").into_bytes(), "delete this line"),
        (format!("sep=;\r\n{}", text.replace(',', ";")).into_bytes(), "delete this line"),
        (format!("sep=\t\r\n{}", text.replace(',', "\t")).into_bytes(), "a separator that is neither"),
        ([b"\xff\xfe", &utf_16[..]].concat(), "UTF-16"),
        (utf_16, "UTF-16"),
        (gzip.finish().unwrap(), "gunzip"),
        (text.replace("\r\n", "\r").into_bytes(), "CR alone"),
        (text.replace(',', ";").replace("zone_id", "place").into_bytes(), "semicolons"),
        (text.replace(',', "\t").into_bytes(), "TAB"),
        (decimal_comma.into_bytes(), "column confidence: “85,5”"),
        (latin_1, "row 3: it is not UTF-8"),
        (b"PK\x03\x04\x14\0\x06\0".to_vec(), "xlsx"),
    ] {
        let error = format!("{:#}", imported_as(&database, &file, Options::default()).await.unwrap_err());
        assert!(error.contains(reason) && error.contains("in.csv") && !error.contains("truncated"), "{error}");
    }
    assert_eq!(database.export("", 5).await, HEADER.as_bytes());
}

#[tokio::test]
async fn a_pipe_device_or_folder_is_refused_before_it_is_opened() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    let pipe = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Opens both ends, so that nothing waits for the other one.
    let _ends = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    for (file, reason) in [
        (pipe.as_path(), "a regular file is needed"),
        (std::path::Path::new("/dev/null"), "write the stream to a file first"),
        (folder, "it is a folder; name a file in it"),
        (&folder.join("none.csv"), "there is no such file"),
    ] {
        let error = import(&database.connection, file, Options::default(), &Progress::hidden()).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(reason) && error.contains(file.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn confidences_that_may_be_of_either_scale_need_an_option() {
    let text = format!("{HEADER}2025-12-01T00:00:00+00:00,a,A,0.29,mog2,1,2,3,4,\n");
    for (confidence, expected) in [(Scale::Percent, ",0.29,mog2,"), (Scale::Fraction, ",29,MOG2,")] {
        let database = TestDatabase::new().await;
        let error = format!("{:#}", imported(&database, &text).await.unwrap_err());
        assert!(error.contains("--confidence fraction"), "{error}");
        let options = Options { confidence: Some(confidence), ..Options::default() };
        assert_eq!(imported_as(&database, text.as_bytes(), options).await.unwrap().imported, 1);
        let export = String::from_utf8(database.export("", 5).await).unwrap();
        assert!(export.contains(expected), "{export}");
    }
}

#[tokio::test]
async fn a_filtered_file_and_then_the_complete_one_import_each_event_once() {
    let source = TestDatabase::with(events(50)).await;
    let target = TestDatabase::new().await;
    let mut taken = Vec::new();
    for query in ["camera_id=back&timezone=Asia/Tokyo", "start_date=2025-12-01T00:00:30Z&bom=true", ""] {
        let text = String::from_utf8(source.export(query, 9).await).unwrap();
        taken.push(imported(&target, &text).await.unwrap().imported);
    }
    assert_eq!(taken, [25, 10, 15]);
    assert_eq!(target.export("", 9).await, source.export("", 9).await);
}

#[tokio::test]
async fn line_ends_of_other_tools_are_accepted() {
    let source = TestDatabase::with(events(5)).await;
    let target = TestDatabase::new().await;
    let text = String::from_utf8(source.export("", 9).await).unwrap().replace("\r\n", "\n");
    assert_eq!(imported(&target, &text).await.unwrap().imported, 5);
    assert_eq!(target.export("", 9).await, source.export("", 9).await);
}

#[tokio::test]
async fn a_camera_keeps_its_name_and_gets_one_if_it_has_none() {
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
async fn an_unreadable_row_is_named_and_nothing_is_imported() {
    let good = "2025-12-01T00:00:00+00:00,a,A,85.5,MOG2,1,2,3,4,\r\n";
    for (text, reason) in [
        (String::new(), "the file is empty"),
        ("\u{feff}".to_owned(), "empty except for its byte order mark"),
        ("time,camera\r\n".to_owned(), "first line"),
        (format!("{HEADER}{good}2025-12-01,a,A,1,MOG2,,,,,\r\n"), "row 3: column timestamp"),
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,high,MOG2,,,,,\r\n"), "row 3: column confidence"),
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,1\r\n"), "4 fields"),
        (
            format!("{HEADER}2025-12-01T00:00:00Z,a,A,0,5,MOG2,1,2,3,4,\r\n"),
            "row 2: it has 11 fields, and the first line \
          has 10: its confidence is written with a decimal comma (“0,5”)",
        ),
        (
            format!("{HEADER}2025-02-30T00:00:00Z,a,A,85.5,MOG2,1,2,3,4,\r\n"),
            "row 2: column timestamp: \
          “2025-02-30T00:00:00Z” is a date that does not exist",
        ),
        (format!("{HEADER}2025-12-01T24:00:00Z,a,A,85.5,MOG2,1,2,3,4,\r\n"), "an hour that does not exist"),
        // Truncated in the last cell, and just before it: both could be read as rows with all their cells.
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,1,MOG2,1,2,3,4,zo"), "truncated"),
        (format!("{HEADER}{good}2025-12-01T00:00:00Z,a,A,1,MOG2,1,2,3,4,"), "truncated"),
        (HEADER.trim_end().to_owned(), "truncated"),
        (format!("{HEADER}{good}2025-11-30T00:00:00Z,a,A,1,MOG2,,,,,\r\n"), "row 3: column timestamp: it is earlier"),
    ] {
        let database = TestDatabase::new().await;
        let error = format!("{:#}", imported(&database, &text).await.unwrap_err());
        assert!(error.contains("in.csv") && error.contains(reason), "{error}");
        assert_eq!(database.export("", 5).await, HEADER.as_bytes());
    }
}

#[tokio::test]
async fn nul_is_replaced_in_both_databases_and_the_event_is_recognized_on_the_next_import() {
    let database = TestDatabase::new().await;
    let text = format!("{HEADER}2025-12-01T00:00:00Z,a\0,Front\0Door,85.5,M\0,1,2,3,4,\0\r\n");
    let summary = imported(&database, &text).await.unwrap();
    assert_eq!((summary.imported, summary.cameras_new), (1, 1));
    let repaired = summary.repaired.values().map(|finding| finding.count).sum::<u64>();
    assert_eq!(repaired, 4, "{summary}");
    assert!(summary.to_string().contains("U+0000") && summary.to_string().contains(r"“a\0”"), "{summary}");
    let export = String::from_utf8(database.export("", 5).await).unwrap();
    let row = "2025-12-01T00:00:00+00:00,a\u{fffd},Front\u{fffd}Door,85.5,M\u{fffd},1,2,3,4,\u{fffd}\r\n";
    assert_eq!(export, format!("{HEADER}{row}"));
    for again in [&text, &export] {
        let again = imported(&database, again).await.unwrap();
        assert_eq!((again.imported, again.already_there, again.cameras_renamed), (0, 1, 0));
    }
}
