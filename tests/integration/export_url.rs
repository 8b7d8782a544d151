//! The export URL: the test cases of the specification's P6-4.1 by name, and the rest of the contract.

use motion_export::export_params::COLUMNS;
use motion_export::server::ingest::event::Event;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use crate::app::{HEADER, TestDatabase, event, events, seen_by};
use crate::backend::backend;

#[tokio::test]
async fn export_with_no_filters_returns_all_motion_events() {
    let app = TestDatabase::with(events(25)).await.serve(10).await;
    assert_eq!(app.lines("").await.len(), 25);
    assert_eq!(app.lines("format=csv").await.len(), 25);
}

#[tokio::test]
async fn export_with_date_range_filters_correctly() {
    let days =
        ["2025-11-30T23:59:59.999999Z", "2025-12-01T00:00:00Z", "2025-12-16T23:59:59.999999Z", "2025-12-17T00:00:00Z"];
    let app = TestDatabase::with(days.map(event)).await.serve(10).await;
    let inside = app.lines("start_date=2025-12-01&end_date=2025-12-16").await;
    assert_eq!(inside.len(), 2);
    assert!(inside[0].starts_with("2025-12-01T00:00:00+00:00,"));
    assert!(inside[1].starts_with("2025-12-16T23:59:59.999999+00:00,"));
    assert_eq!(app.lines("start_date=2025-12-01").await.len(), 3);
    assert_eq!(app.lines("end_date=2025-12-16").await.len(), 3);
}

#[tokio::test]
async fn an_instant_is_inclusive_as_a_start_and_exclusive_as_an_end() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    let lines = app.lines("start_date=2025-12-01T00:00:01Z&end_date=2025-12-01T01:00:03%2B01:00").await;
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("2025-12-01T00:00:01+00:00,"));
    assert!(app.lines("start_date=2025-12-01T00:00:01Z&end_date=2025-12-01T00:00:01Z").await.is_empty());
}

#[tokio::test]
async fn export_with_camera_id_filters_correctly() {
    let database = TestDatabase::with(events(10)).await;
    database.add_camera("idle", Some("Idle")).await;
    let app = database.serve(3).await;
    let front = app.lines("camera_id=front").await;
    assert_eq!(front.len(), 5);
    assert!(front.iter().all(|line| line.contains(",front,Front Door,")));
    assert_eq!(app.lines("camera_id=front&camera_id=back").await, app.lines("").await);
    assert_eq!(app.lines("camera_id=front&camera_id=idle").await, front);
    assert!(app.lines("camera_id=idle").await.is_empty());
}

#[tokio::test]
async fn events_of_any_number_of_cameras_are_in_one_order() {
    let database = TestDatabase::new().await;
    let ids: Vec<_> = (0..40).map(|n| format!("camera-{n}")).collect();
    for id in &ids {
        database.add_camera(id, Some(id)).await;
    }
    database.add(events(400).zip(ids.iter().cycle()).map(|(event, id)| seen_by(event, id))).await;
    let app = database.serve(7).await;
    let all = app.lines("").await;
    for count in [1, 2, 3, 16, 17, 39, 40] {
        let query: Vec<_> = ids[..count].iter().map(|id| format!("camera_id={id}")).collect();
        let expected: Vec<_> = all
            .iter()
            .filter(|line| ids[..count].iter().any(|id| line.contains(&format!(",{id},"))))
            .cloned()
            .collect();
        assert_eq!(app.lines(&query.join("&")).await, expected, "{count} cameras");
    }
}

#[tokio::test]
async fn export_with_combined_filters_works() {
    let app = TestDatabase::with(events(10)).await.serve(2).await;
    let query = "start_date=2025-12-01T00:00:02Z&end_date=2025-12-01T00:00:07Z&camera_id=back&timezone=Europe/Berlin";
    let times: Vec<_> = app.lines(query).await.iter().map(|line| line[..25].to_owned()).collect();
    assert_eq!(times, ["2025-12-01T01:00:03+01:00", "2025-12-01T01:00:05+01:00"]);
}

#[tokio::test]
async fn empty_result_returns_headers_only_csv() {
    let app = TestDatabase::with(events(3)).await.serve(10).await;
    let response = app.export("start_date=2030-01-01&end_date=2030-01-02").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(response.text().await.unwrap(), HEADER);
}

#[tokio::test]
async fn csv_is_valid_and_parseable() {
    let database = TestDatabase::with([]).await;
    database.add_camera("odd", Some("Garden \"old tree\",\r\nnorth")).await;
    database.add(events(3).map(|event| seen_by(event, "odd"))).await;
    let app = database.serve(10).await;
    let text = app.export("raw=true").await.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 10);
    let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(records.len(), 3);
    assert_eq!(&records[0][2], "Garden \"old tree\",\r\nnorth");
}

#[tokio::test]
async fn each_column_of_the_file_holds_the_database_column_of_its_name() {
    let distinct = Event {
        confidence: Some(12.5),
        algorithm: "an algorithm".to_owned(),
        x: Some(1),
        y: Some(2),
        width: Some(3),
        height: Some(4),
        zone_id: Some("a zone".to_owned()),
        ..event("2025-12-01T00:00:00Z")
    };
    let app = TestDatabase::with([distinct]).await.serve(10).await;
    let text = app.export("").await.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert!(reader.headers().unwrap().iter().eq(COLUMNS));
    let record = reader.records().next().unwrap().unwrap();
    for (name, cell) in COLUMNS.into_iter().zip(&record) {
        let stored = match name {
            // These are not stored as they are exported.
            "timestamp" => "2025-12-01T00:00:00+00:00".to_owned(),
            "camera_name" => "Front Door".to_owned(),
            _ => {
                let column = match name {
                    "camera_id" => "cameras.id",
                    "algorithm" => "detectors.name",
                    "zone_id" => "zones.id",
                    other => other,
                };
                let sql = format!(
                    "SELECT CAST({column} AS TEXT) FROM motion_events JOIN cameras ON cameras.key = camera_key
                     JOIN detectors ON detectors.key = detector_key JOIN zones ON zones.key = zone_key"
                );
                let row = app.database.connection.query_one_raw(Statement::from_string(backend(), sql)).await.unwrap();
                row.unwrap().try_get_by_index(0).unwrap()
            }
        };
        assert_eq!(cell, stored, "{name}");
    }
}

#[tokio::test]
async fn streaming_works_for_large_datasets_of_10k_rows_and_more() {
    let app = TestDatabase::with(events(12_345)).await.serve(1_000).await;
    let lines = app.lines("").await;
    assert_eq!(lines.len(), 12_345);
    assert!(lines.is_sorted(), "in order, each once");
    // Rows are sent before the last one is read, which cannot be encoded.
    app.database.add([Event { timestamp: i64::MAX, ..event("2025-12-01T00:00:00Z") }]).await;
    let mut response = app.export("").await;
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    assert!(response.headers().get("content-length").is_none());
    assert!(response.chunk().await.unwrap().expect("rows").starts_with(HEADER.as_bytes()));
}

#[tokio::test]
async fn a_file_that_ends_with_a_full_page_is_complete() {
    let app = TestDatabase::with(events(20)).await.serve(10).await;
    assert_eq!(app.lines("").await.len(), 20);
}

#[tokio::test]
async fn events_of_one_timestamp_are_in_the_order_of_ids_across_pages() {
    let moment = event("2025-12-01T00:00:00Z");
    let ties =
        events(30).map(|tie| Event { timestamp: moment.timestamp, zone_id: Some(tie.id.as_u128().to_string()), ..tie });
    let mut ties: Vec<_> = ties.collect();
    ties.reverse();
    let app = TestDatabase::with(ties).await.serve(4).await;
    let zones: Vec<_> =
        app.lines("").await.iter().map(|line| line.rsplit(',').next().unwrap().parse::<u32>().unwrap()).collect();
    assert_eq!(zones, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn filename_includes_date_range() {
    let app = TestDatabase::with([]).await.serve(10).await;
    for (query, name) in [
        ("", "motion-events-all.csv"),
        ("start_date=2025-12-01&end_date=2025-12-16", "motion-events-2025-12-01-2025-12-16.csv"),
        ("start_date=2025-12-01", "motion-events-2025-12-01-latest.csv"),
        ("end_date=2025-12-16", "motion-events-earliest-2025-12-16.csv"),
        // An instant counts as its day in the time zone of the export.
        ("start_date=2025-12-01T20:00:00Z&timezone=Asia/Tokyo", "motion-events-2025-12-02-latest.csv"),
    ] {
        let response = app.export(query).await;
        assert_eq!(response.headers()["content-disposition"], format!("attachment; filename=\"{name}\""));
    }
}

#[tokio::test]
async fn relative_dates_are_resolved_once_and_the_record_and_the_name_have_days() {
    // Noon of 16 December in UTC.
    let events = ["2025-12-15T23:30:00Z", "2025-12-16T11:30:00Z", "2025-12-16T12:00:00Z"].map(event);
    let app = TestDatabase::with(events).await.serve(10).await;
    for (query, lines, recorded, name) in [
        ("start_date=today&end_date=today", 2, "start_date=2025-12-16&end_date=2025-12-16", "2025-12-16-2025-12-16"),
        ("start_date=yesterday&end_date=-1d", 1, "start_date=2025-12-15&end_date=2025-12-15", "2025-12-15-2025-12-15"),
        ("start_date=-1h", 2, "start_date=2025-12-16T11%3A00%3A00Z", "2025-12-16-latest"),
        (
            "start_date=last-month&end_date=this-week",
            3,
            "start_date=2025-11-01&end_date=2025-12-21",
            "2025-11-01-2025-12-21",
        ),
        // A local time.
        (
            "start_date=2025-12-16T12:30&end_date=2025-12-16T13:00&timezone=Europe/Berlin",
            1,
            "start_date=2025-12-16T11%3A30%3A00Z&end_date=2025-12-16T12%3A00%3A00Z",
            "2025-12-16-2025-12-16",
        ),
    ] {
        let response = app.export(query).await;
        let name = format!("attachment; filename=\"motion-events-{name}.csv\"");
        assert_eq!(response.headers()["content-disposition"], name, "{query}");
        let id = response.headers()["x-export-id"].to_str().unwrap().to_owned();
        assert_eq!(response.text().await.unwrap().lines().count(), lines + 1, "{query}");
        let record = app.record(&id).await;
        assert!(record["query"].as_str().unwrap().contains(recorded), "{record}");
    }
    let response = app.export("start_date=today&end_date=yesterday").await;
    assert_eq!(response.status(), 400);
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!((&problem["field"], &problem["message"]["code"]), (&"start_date".into(), &"dates_reversed".into()));
    let response = app.export("timezone=CEST").await;
    let problem: serde_json::Value = response.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("Europe/Berlin"), "{problem}");
}

#[tokio::test]
async fn timezone_parameter_affects_timestamp_format() {
    let app =
        TestDatabase::with([event("2025-12-15T18:30:00Z"), event("2025-12-15T18:30:00.867341Z")]).await.serve(10).await;
    for (query, first, second) in [
        ("", "2025-12-15T18:30:00+00:00,", "2025-12-15T18:30:00.867341+00:00,"),
        ("timezone=America/Los_Angeles", "2025-12-15T10:30:00-08:00,", "2025-12-15T10:30:00.867341-08:00,"),
        ("timezone=Asia/Kathmandu", "2025-12-16T00:15:00+05:45,", "2025-12-16T00:15:00.867341+05:45,"),
    ] {
        let lines = app.lines(query).await;
        assert!(lines[0].starts_with(first) && lines[1].starts_with(second), "{lines:?}");
    }
}

#[tokio::test]
async fn a_day_is_a_local_day_of_any_length() {
    // Time zone, day, its first moment, the first moment of the next day.
    for (zone, day, first, next) in [
        ("Europe/Berlin", "2025-03-30", "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z"),
        ("Europe/Berlin", "2025-10-26", "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z"),
        ("America/Santiago", "2025-09-07", "2025-09-07T04:00:00Z", "2025-09-08T03:00:00Z"),
        ("America/New_York", "2025-11-02", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"),
    ] {
        let (first, next) = (event(first), event(next));
        let around = [first.timestamp - 1, first.timestamp, next.timestamp - 1, next.timestamp];
        let around = around.map(|timestamp| Event {
            timestamp,
            zone_id: Some(timestamp.to_string()),
            ..event("2025-01-01T00:00:00Z")
        });
        let app = TestDatabase::with(around).await.serve(10).await;
        let lines = app.lines(&format!("start_date={day}&end_date={day}&timezone={zone}")).await;
        let inside: Vec<_> =
            lines.iter().map(|line| line.rsplit(',').next().unwrap().parse::<i64>().unwrap()).collect();
        assert_eq!(inside, [first.timestamp, next.timestamp - 1], "{day} in {zone}");
        assert!(lines.iter().all(|line| line.starts_with(day)), "{lines:?}");
    }
}

#[tokio::test]
async fn the_repeated_hour_of_new_york_is_in_order_and_distinguished_by_offsets() {
    let app = TestDatabase::with([event("2025-11-02T06:30:00Z"), event("2025-11-02T05:30:00Z")]).await.serve(10).await;
    let lines = app.lines("timezone=America/New_York").await;
    assert!(lines[0].starts_with("2025-11-02T01:30:00-04:00,"));
    assert!(lines[1].starts_with("2025-11-02T01:30:00-05:00,"));
}

#[tokio::test]
async fn a_day_that_was_skipped_is_an_empty_file() {
    let app = TestDatabase::with([event("2011-12-30T12:00:00Z")]).await.serve(10).await;
    assert!(app.lines("start_date=2011-12-30&end_date=2011-12-30&timezone=Pacific/Apia").await.is_empty());
    assert_eq!(app.lines("start_date=2011-12-31&end_date=2011-12-31&timezone=Pacific/Apia").await.len(), 1);
}

#[tokio::test]
async fn the_byte_order_mark_comes_first_and_only_if_requested() {
    let app = TestDatabase::with(events(1)).await.serve(10).await;
    let with = app.export("bom=true").await.bytes().await.unwrap();
    let without = app.export("bom=false").await.bytes().await.unwrap();
    assert_eq!(with[..3], *b"\xEF\xBB\xBF");
    assert_eq!(with[3..], without);
    assert_eq!(app.export("").await.bytes().await.unwrap(), without);
}

#[tokio::test]
async fn excel_date_adds_a_first_column_and_changes_no_other() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let with = app.export("excel_date=true&timezone=America/Los_Angeles&bom=true").await.text().await.unwrap();
    let without = app.export("excel_date=false&timezone=America/Los_Angeles&bom=true").await.text().await.unwrap();
    let first = ["\u{feff}local_time,", "2025-11-30 16:00:00,", "2025-11-30 16:00:01,"];
    let stripped: String = with.split_inclusive('\n').zip(first).map(|(line, cell)| &line[cell.len()..]).collect();
    assert_eq!(format!("\u{feff}{stripped}"), without);
    assert!(with.split_inclusive('\n').zip(first).all(|(line, cell)| line.starts_with(cell)), "{with}");
}

#[tokio::test]
async fn semicolons_come_with_decimal_commas_and_the_guard_after_each_comma() {
    let database = TestDatabase::with([]).await;
    database.add_camera("a", Some("Tor, '=1; 2")).await;
    database.add_camera("b", Some("x,=1+2")).await;
    database.add(events(2).zip(["a", "b"]).map(|(event, camera)| seen_by(event, camera))).await;
    let app = database.serve(10).await;
    let file = app.export("delimiter=semicolon").await.text().await.unwrap();
    assert!(file.starts_with("timestamp;camera_id;camera_name;"), "{file}");
    assert!(file.contains(";a;\"Tor, '=1; 2\";85,5;MOG2;100;200;50;80;"), "{file}");
    assert!(file.contains(";b;x,'=1+2;"), "{file}");
    assert!(app.export("delimiter=semicolon&raw=true").await.text().await.unwrap().contains(";b;x,=1+2;"));
    assert_eq!(app.export("delimiter=comma").await.text().await.unwrap(), app.export("").await.text().await.unwrap());
    assert!(app.lines("").await[1].contains(",b,\"x,=1+2\","));
}

#[tokio::test]
async fn cells_that_could_be_formulas_are_guarded_unless_raw() {
    let database = TestDatabase::with([]).await;
    database.add_camera("=1", Some("@SUM(A1)")).await;
    database.add(events(1).map(|event| seen_by(event, "=1"))).await;
    let app = database.serve(10).await;
    assert!(app.lines("").await[0].contains(",'=1,'@SUM(A1),"));
    assert!(app.lines("raw=true").await[0].contains(",=1,@SUM(A1),"));
}

#[tokio::test]
async fn a_cell_that_a_spreadsheet_would_split_is_guarded_after_each_delimiter() {
    let database = TestDatabase::with([]).await;
    let cameras = [("a", "Tor;=1+2"), ("b", "'=1"), ("c", "＝1")];
    for (id, name) in cameras {
        database.add_camera(id, Some(name)).await;
    }
    database.add(events(3).zip(cameras).map(|(event, (id, _))| seen_by(event, id))).await;
    let app = database.serve(10).await;
    let names = async |query| {
        let lines = app.lines(query).await;
        lines.iter().map(|line| line.split(',').nth(2).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Tor;'=1+2", "''=1", "'＝1"]);
    assert_eq!(names("raw=true").await, ["Tor;=1+2", "'=1", "＝1"]);
}

#[tokio::test]
async fn a_camera_without_a_name_is_named_by_its_id() {
    let database = TestDatabase::with([]).await;
    database.add_camera("gone", None).await;
    database.add(events(1).map(|event| seen_by(event, "gone"))).await;
    let app = database.serve(10).await;
    assert!(app.lines("camera_id=gone").await[0].contains(",gone,gone,"));
}

#[tokio::test]
async fn the_response_matches_the_contract() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let response = app.export("timezone=Europe/Berlin").await;
    let headers = response.headers();
    for (name, value) in [
        ("content-type", "text/csv; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"motion-events-all.csv\""),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(headers[name], value);
    }
    insta::assert_snapshot!(response.text().await.unwrap().replace('\r', "␍"));
}

#[tokio::test]
async fn head_responds_with_the_headers_and_no_file() {
    let app = TestDatabase::with(events(2)).await.serve(10).await;
    let url =
        format!("{}{}?end_date=2025-12-16&excel_date=true", app.address, motion_export::export_params::EXPORT_PATH);
    let response = app.client.head(&url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let name = "attachment; filename=\"motion-events-earliest-2025-12-16.csv\"";
    assert_eq!(response.headers()["content-disposition"], name);
    assert!(response.headers().get("content-length").is_none());
    let rejected = app.client.head(format!("{url}&camera_id=nobody")).send().await.unwrap();
    assert_eq!(rejected.status(), 404);
}

#[tokio::test]
async fn invalid_parameters_are_a_problem_with_the_name_of_the_field() {
    let app = TestDatabase::with([]).await.serve(10).await;
    let mut problems = Vec::new();
    for query in [
        "format=json",
        "start_date=2025-02-30",
        "end_date=tomorrow",
        "start_date=2025-12-02&end_date=2025-12-01",
        "start_date=2025-12-02&end_date=2025-12-01T12:00:00Z",
        "timezone=Mars/Olympus",
        "bom=maybe",
        "colour=red",
        "timezone=UTC&timezone=UTC",
        "camera_id=nobody",
        "camera_id=front&camera_id=nobody",
    ] {
        let response = app.export(query).await;
        let status = response.status();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{query}");
        assert!(response.headers().get("content-disposition").is_none(), "{query}");
        let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let mut problem: Value = response.json().await.unwrap();
        assert_eq!(problem["request_id"], request_id);
        assert_eq!(problem["status"], status.as_u16());
        problem["request_id"] = Value::Null;
        problems.push(format!("{query}\n  {problem}"));
    }
    insta::assert_snapshot!(problems.join("\n"));
}

#[tokio::test]
async fn an_unknown_path_of_the_api_is_a_problem() {
    let app = TestDatabase::with([]).await.serve(10).await;
    for path in ["/api/v1/motion-events/exprot", "/api/v1", "/api/x"] {
        let response = app.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn an_unsupported_method_is_a_problem_with_the_allowed_methods() {
    let app = TestDatabase::with([]).await.serve(10).await;
    let url = format!("{}{}", app.address, motion_export::export_params::EXPORT_PATH);
    let response = app.client.post(url).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}
