//! What an operator sees: log lines, metrics and request ids.

use std::process::{Command, Stdio};

use motion_export::export_params::EXPORT_PATH;
use motion_export::server::ingest::event::Event;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::app::{PASSWORD, TestDatabase, client_with, events};
use crate::binary::{Server, token_of_admin};
use crate::log::Log;
use crate::proxy::SlowClient;

#[tokio::test]
async fn the_request_id_of_a_trusted_proxy_is_in_the_answer_the_error_and_the_log() {
    for (trusted, is_kept) in [("127.0.0.1", true), ("192.0.2.1", false)] {
        let log = Log::of_this_thread();
        let mut database = TestDatabase::with(events(1)).await;
        trusted.clone_into(&mut database.settings.server.trusted_proxies);
        let app = database.serve(10).await;
        let name = reqwest::header::HeaderName::from_static("x-request-id");
        let client = client_with(&[(name, "id-of-the-proxy")]);
        let answer = app.get_as(&client, "/api/v1/cameras").await;
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id == "id-of-the-proxy", is_kept, "{trusted}: {id}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["request_id"], id.as_str(), "{problem}");
        log.wait_for(&format!("request_id=\"{id}\"")).await;
    }
}

#[tokio::test]
async fn an_export_logs_start_and_end_with_the_fields_of_the_specification() {
    let log = Log::of_this_thread();
    let app = TestDatabase::with(events(25)).await.serve(10).await;
    let query = "camera_id=front&start_date=2025-12-01&end_date=2025-12-16";
    let response = app.export(query).await;
    let id = response.headers()["x-export-id"].to_str().unwrap().to_owned();
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let file = response.bytes().await.unwrap();
    log.wait_for("export ended").await;
    let text = log.text();
    let line = |text: &str, words: &str| text.lines().find(|line| line.contains(words)).unwrap().to_owned();
    let start = line(&text, "export started");
    for part in [" INFO ", "start_date=2025-12-01", "end_date=2025-12-16", "camera_id=[\"front\"]", "user_id="] {
        assert!(start.contains(part), "{part}: {start}");
    }
    let end = line(&text, "export ended");
    for part in [
        " INFO ",
        "user_id=",
        "duration_ms=",
        "row_count=13",
        &format!("bytes_sent={}", file.len()),
        "state=\"completed\"",
    ] {
        assert!(end.contains(part), "{part}: {end}");
    }
    for line in [start, end] {
        assert!(
            line.contains(&format!("export_id={id}")) && line.contains(&request_id) && line.contains("user_id="),
            "{line}"
        );
    }
}

#[tokio::test]
async fn rows_and_bytes_of_a_running_export_are_counted_once() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut client = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
    client.read(1_000_000).await;
    assert_eq!(app.metric("motion_export_in_flight").await, 1);
    let (rows, bytes) = (app.metric("motion_export_rows_total").await, app.metric("motion_export_bytes_total").await);
    assert!((1_000..100_000).contains(&rows) && bytes > 1_000_000, "{rows} {bytes}");
    assert!(client.rest().await.1, "the file is complete");
    app.idle().await;
    assert_eq!(app.metric("motion_export_rows_total").await, 100_000);
    assert_eq!(app.newest_record().await["bytes"], app.metric("motion_export_bytes_total").await);
    assert_eq!(
        app.export("end_date=2025-12-01T00:01:00Z").await.bytes().await.unwrap().split(|byte| *byte == b'\n').count(),
        61
    );
    app.idle().await;
    assert_eq!(app.metric("motion_export_rows_total").await, 100_059);
}

/// Returns Debian's promtool, which `make test` installs. Says that a test is skipped if it is missing.
fn promtool() -> Option<Command> {
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/target/promtool/usr/bin/promtool");
    let found = ["promtool", ours].into_iter().find(|program| Command::new(program).arg("--version").output().is_ok());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "`make promtool` installs it");
        eprintln!("skipped: promtool is missing; `make promtool` installs it");
    }
    found.map(Command::new)
}

#[test]
fn the_alert_rules_report_what_they_say_and_nothing_of_a_server_that_works() {
    let rules = include_str!("../../docs/prometheus-rules.yml");
    let documented = include_str!("../../docs/operations.md");
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for metric in words.filter(|word| word.starts_with("motion_export_")) {
        assert!(documented.contains(&format!("`{metric}")), "{metric} is no metric of docs/operations.md");
    }
    let Some(mut promtool) = promtool() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("prometheus-rules.yml"), rules).unwrap();
    let tests = folder.path().join("test.yml");
    std::fs::write(&tests, include_str!("prometheus-rules.test.yml")).unwrap();
    let tested = promtool.args(["test", "rules"]).arg(tests).output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&[tested.stdout, tested.stderr].concat()));
}

#[tokio::test]
async fn promtool_accepts_the_metrics_and_all_exist_from_the_start() {
    let database = TestDatabase::with(events(25)).await;
    let app = database.serve(10).await;
    let at_start = app.get("/metrics").await.text().await.unwrap();
    for zero in [
        "motion_export_rows_total 0",
        "motion_export_bytes_total 0",
        "motion_export_in_flight 0",
        "motion_export_ended_total{state=\"timed_out\"} 0",
        "motion_export_refused_total{reason=\"user\"} 0",
        "motion_export_duration_seconds_count 0",
        "motion_export_login_attempts_total{outcome=\"throttled\"} 0",
        "motion_export_database_connections{pool=\"events\",state=\"busy\"} 0",
    ] {
        assert!(at_start.contains(&format!("\n{zero}\n")), "{zero}: {at_start}");
    }
    let bytes = app.export("").await.bytes().await.unwrap().len();
    app.idle().await;
    assert_eq!(app.metric("motion_export_rows_total").await, 25);
    assert_eq!(app.metric("motion_export_bytes_total").await, i64::try_from(bytes).unwrap());
    assert_eq!(app.metric("motion_export_requests_total{status=\"200\"}").await, 1);
    assert_eq!(app.metric("motion_export_ended_total{state=\"completed\"}").await, 1);
    assert_eq!(app.metric("motion_export_duration_seconds_count").await, 1);

    let Some(mut promtool) = promtool() else { return };
    let text = app.get("/metrics").await.text().await.unwrap();
    let mut check =
        promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut check = check.spawn().map(|child| (child, &mut check)).unwrap().0;
    std::io::Write::write_all(&mut check.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let checked = check.wait_with_output().unwrap();
    let output = [checked.stdout, checked.stderr].concat();
    assert!(checked.status.success() && output.is_empty(), "{}", String::from_utf8_lossy(&output));
}

#[tokio::test]
async fn sign_in_attempts_are_counted_by_outcome_and_under_the_deprecated_name() {
    let app = TestDatabase::with([]).await.serve(10).await;
    let log = Log::of_this_thread();
    for (password, times) in [(PASSWORD, 1), ("wrong", 6)] {
        for _ in 0..times {
            let form = [("name", "admin"), ("password", password)];
            app.post(&client_with(&[]), "/login", &form).await;
        }
    }
    for (outcome, deprecated, count) in [("success", "right", 1), ("failure", "wrong", 5), ("throttled", "slowed", 1)] {
        let metric = format!("motion_export_login_attempts_total{{outcome=\"{outcome}\"}}");
        assert_eq!(app.metric(&metric).await, count, "{outcome}");
        let metric = format!("motion_export_passwords_total{{outcome=\"{deprecated}\"}}");
        assert_eq!(app.metric(&metric).await, count, "{deprecated}");
    }
    let metrics = app.get("/metrics").await.text().await.unwrap();
    let help = "# HELP motion_export_passwords_total Deprecated: use motion_export_login_attempts_total.\n";
    assert!(metrics.contains(help), "{metrics}");
    assert_eq!(log.text().matches("sign-in throttled").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn a_json_log_has_the_request_id_in_each_line_of_a_request() {
    let database = TestDatabase::with(events(25)).await;
    let token = token_of_admin(database.folder.path());
    let server = Server::start_with(database.folder.path(), &[("SERVER_LOG_FORMAT", "json")]);
    let response = server.export(&token, "").await;
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    response.bytes().await.unwrap();
    let problem: Value = server.export(&token, "camera_id=nobody").await.json().await.unwrap();
    let read = || std::fs::read_to_string(database.folder.path().join("log")).unwrap();
    // The end of an export is logged after the client has received it.
    while !read().contains("export ended") {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(server);
    let log = read();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |id: &str| lines.iter().filter(|line| line["span"]["request_id"] == id).collect::<Vec<_>>();
    let words: Vec<_> = of(&request_id).iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect();
    for message in ["export started", "request", "export ended"] {
        assert!(words.contains(&message.to_owned()), "{words:?}");
    }
    let end = of(&request_id).into_iter().find(|line| line["message"] == "export ended").unwrap();
    assert_eq!((&end["row_count"], &end["state"], &end["level"]), (&25.into(), &"completed".into(), &"INFO".into()));
    let refused = of(problem["request_id"].as_str().unwrap());
    assert!(refused.iter().any(|line| line["status"] == 404 && line["path"] == EXPORT_PATH), "{refused:?}");
}

/// Asserts that a value fits a JSON Schema. Fails for a keyword that this does not know.
fn assert_fits(schema: &Value, value: &Value, line: &str) {
    for (keyword, wanted) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "properties" => true,
            "type" => match wanted.as_str().unwrap() {
                "object" => value.is_object(),
                "string" => value.is_string(),
                "integer" => value.is_i64() || value.is_u64(),
                "boolean" => value.is_boolean(),
                other => panic!("the type {other}"),
            },
            "minimum" => value.as_i64() >= wanted.as_i64(),
            "enum" => wanted.as_array().unwrap().contains(value),
            "format" => {
                *wanted == "date-time" && value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().is_ok()
            }
            "required" => wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "additionalProperties" => {
                assert_eq!(*wanted, false);
                value.as_object().unwrap().keys().all(|name| schema["properties"].get(name).is_some())
            }
            other => panic!("the keyword {other}"),
        };
        assert!(fits, "{keyword} {wanted}: {value} in {line}");
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        assert_fits(&schema["properties"][name], inner, line);
    }
}

#[tokio::test]
async fn each_line_of_a_json_log_fits_the_documented_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/log.schema.json")).unwrap();
    let database = TestDatabase::with(events(25)).await;
    let folder = database.folder.path();
    let token = token_of_admin(folder);
    let settings = [("SERVER_LOG_FORMAT", "json"), ("SERVER_LOG", "motion_export=debug,warn")];
    let mut server = Server::start_with(folder, &settings);
    let query = "camera_id=front&start_date=2025-12-01&end_date=2025-12-16&timezone=Europe/Berlin";
    assert_eq!(server.export(&token, query).await.text().await.unwrap().lines().count(), 14);
    assert_eq!(server.export("mexp_wrong", "").await.status(), 401);
    let browser = client_with(&[(reqwest::header::COOKIE, &server.cookie_of("admin").await)]);
    let post = async |path: &str, form: &[(&str, &str)]| {
        let answer = browser.post(format!("{}{path}", server.address)).form(form).send().await.unwrap();
        assert!(answer.status().as_u16() < 400, "{path}: {}", answer.status());
    };
    post("/settings/people", &[("name", "ben"), ("role", "user"), ("password", PASSWORD)]).await;
    post("/settings/tokens", &[("action", "create"), ("name", "x"), ("days", "7")]).await;
    post("/settings/retention", &[("action", "keep"), ("camera", "front"), ("keep_days", "9")]).await;
    let form = [("name", "nobody"), ("password", "wrong")];
    assert_ne!(
        client_with(&[]).post(format!("{}/login", server.address)).form(&form).send().await.unwrap().status(),
        303
    );
    assert!(Command::new("kill").arg(server.child.id().to_string()).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());

    let log = Server::log(folder);
    let mut seen = std::collections::BTreeSet::new();
    for line in log.lines() {
        let value: Value = serde_json::from_str(line).expect(line);
        if value["target"].as_str().unwrap().starts_with("motion_export") {
            assert_fits(&schema, &value, line);
            seen.extend(value.as_object().unwrap().keys().cloned());
        }
    }
    for field in [
        "span",
        "listen_address",
        "export_id",
        "camera_id",
        "start_date",
        "end_date",
        "timezone",
        "row_count",
        "bytes",
        "bytes_sent",
        "duration_ms",
        "state",
        "method",
        "path",
        "status",
        "client_address",
        "changed_user_id",
        "token_id",
        "keep_days",
        "action",
        "running_exports",
    ] {
        assert!(seen.contains(field), "{field} is in no line: {log}");
    }
    let wrong =
        serde_json::json!({ "timestamp": "yesterday", "level": "INFO", "target": "motion_export", "message": "" });
    let refused = std::panic::catch_unwind(|| assert_fits(&schema, &wrong, "made up"));
    assert!(refused.is_err(), "the check of the schema can fail");
}

#[tokio::test]
async fn an_export_that_fails_before_its_first_byte_logs_one_error() {
    let log = Log::of_this_thread();
    // The export fails before its record exists, at its first page, and while its record is written.
    let broken = events(1).map(|event| Event { timestamp: i64::MAX, ..event });
    let app = TestDatabase::with(broken).await.serve(10).await;
    let failed = app.export("").await;
    let errors = log.errors_of(&failed);
    assert!(errors.len() == 1 && errors[0].contains("beyond the calendar"), "{}", log.text());
    for table in ["exports", "motion_events"] {
        app.database.connection.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO no_{table}")).await.unwrap();
        for _ in 0..2 {
            let failed = app.export("").await;
            assert_eq!(failed.status(), 500);
            let errors = log.errors_of(&failed);
            assert!(errors.len() == 1 && errors[0].contains(table), "{}", log.text());
        }
        app.database.connection.execute_unprepared(&format!("ALTER TABLE no_{table} RENAME TO {table}")).await.unwrap();
    }
}
