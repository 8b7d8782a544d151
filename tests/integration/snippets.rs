//! The snippets of the page and the documentation for pandas, polars and DuckDB, run on a file that misleads type detection.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::str::FromStr;

use chrono::DateTime;
use motion_export::export_params::{COLUMNS, ExportParams};
use motion_export::server::db::entity::motion_event;
use motion_export::server::ingest::event::Event;
use motion_export::ui::export::snippets::{TOKEN, Tool};
use sea_orm::{ColumnTrait, ColumnType, ConnectionTrait};
use serde_json::{Value, json};

use crate::app::{TestApp, TestDatabase, event};

/// The maximum number of rows from which the tools detect types.
const DETECTED_ROWS: u32 = 20_480;

/// Ids and names of cameras that tools misread as another type.
const CAMERAS: [&str; 30] = [
    "NA",
    "N/A",
    "#N/A",
    "None",
    "null",
    "NULL",
    "nan",
    "NaN",
    "<NA>",
    "007",
    "1e5",
    "0x1F",
    "1_000",
    "-",
    "inf",
    "true",
    "2025-01-01",
    "\\N",
    "a, b",
    "a;b\tc",
    "\"all\" quoted",
    "\"",
    "'lead",
    "=1+2",
    "# remark",
    " blanks ",
    "back\\\"slash",
    "駐車場 ü",
    "line\nbreak",
    "line\r\nbreak",
];

/// The folder into which make installs the tools.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/snippets/bin");

/// Returns the expected cells: the timestamp in microseconds since 1970, and the other columns.
fn cells(event: &Event) -> Value {
    json!([
        event.timestamp,
        event.camera_id,
        event.camera_id,
        event.confidence,
        event.algorithm,
        event.x,
        event.y,
        event.width,
        event.height,
        event.zone_id
    ])
}

/// Returns events whose cells mislead type detection. They come after the rows from which the tools detect types.
fn misleading() -> Vec<Event> {
    let on = |moment: &str| Event { camera_id: CAMERAS[0].to_owned(), ..event(moment) };
    let mut events: Vec<_> = CAMERAS
        .iter()
        .enumerate()
        .map(|(index, camera)| {
            let mut event = Event { camera_id: (*camera).to_owned(), ..on("2025-12-20T10:30:00Z") };
            event.timestamp += i64::try_from(index).unwrap() * 1_000_001;
            event.confidence = [Some(85.5), None, Some(97.123_456_789_012_34)][index % 3];
            if index % 4 == 0 {
                (event.x, event.y, event.width, event.height) = (None, None, None, None);
            } else {
                event.width = Some(i32::MAX);
            }
            event.zone_id = [None, Some("NA"), Some("007"), Some("zone\r\n2")][index % 4].map(str::to_owned);
            ["MOG2", "null", "nan"][index % 3].clone_into(&mut event.algorithm);
            event
        })
        .collect();
    // Around both clock changes in Berlin: the skipped hour and the repeated one.
    for moment in
        ["2026-03-29T00:59:59.999999Z", "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00.5Z"]
    {
        events.push(on(moment));
    }
    events
}

#[test]
fn the_snippets_give_each_column_the_type_of_its_database_column() {
    let params = ExportParams::default();
    for (tool, [text, fraction, whole]) in
        [(Tool::Pandas, ["str", "float", "\"Int64\""]), (Tool::Polars, ["pl.String", "pl.Float64", "pl.Int64"])]
    {
        let snippet = tool.snippet("https://cameras.example.org", &params);
        for name in COLUMNS {
            let stored = motion_event::Column::from_str(name).map(|column| column.def().get_column_type().clone());
            let expected = match stored {
                // Parsed after the file is read.
                _ if name == "timestamp" => text,
                Ok(ColumnType::Double) => fraction,
                Ok(ColumnType::Integer | ColumnType::BigInteger) => whole,
                _ => text,
            };
            assert!(snippet.contains(&format!("\"{name}\": {expected}")), "{name}: {snippet}");
        }
    }
}

async fn app() -> TestApp {
    let database = TestDatabase::new().await;
    database.add_camera("front", Some("front")).await;
    for camera in CAMERAS {
        database.add_camera(camera, Some(camera)).await;
    }
    database.add_many(DETECTED_ROWS).await;
    database.connection.execute_unprepared("UPDATE motion_events SET confidence = 90, zone_key = NULL").await.unwrap();
    database.add(misleading()).await;
    database.serve(5_000).await
}

/// Returns the folder of the tools. `None` if they are not installed, except in CI.
fn tools() -> Option<PathBuf> {
    let folder = PathBuf::from(TOOLS);
    if folder.join("duckdb").exists() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "`make target/snippets/done` installs them");
    eprintln!("skipped: pandas, polars and DuckDB are not installed; `make target/snippets/done` installs them");
    None
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Returns the output of a command.
async fn printed(command: Command) -> String {
    let output = output(command).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the snippet of the page for a selection, with a valid token.
async fn snippet(app: &TestApp, tool: Tool, query: &str) -> String {
    let admin = motion_export::server::accounts::user::by_name(&app.database.connection, "admin").await.unwrap();
    let token = app.database.token_of(&admin).await;
    tool.snippet(&app.address, &ExportParams::parse(query).unwrap()).replace(TOKEN, &token)
}

/// Runs a Python snippet and returns the rows in `events`. `write` is appended to print them.
async fn rows_of_python(snippet: &str, write: &str) -> Vec<Value> {
    let mut command = Command::new(PathBuf::from(TOOLS).join("python"));
    let printed = printed({
        command.arg("-c").arg(format!("{snippet}\n{write}"));
        command
    });
    let printed = printed.await;
    printed.lines().filter_map(|line| line.strip_prefix("ROW ")).map(|row| serde_json::from_str(row).unwrap()).collect()
}

const WRITE_PANDAS: &str = r#"
import json
for row in events.itertuples(index=False):
    cells = [None if pd.isna(cell) else cell.item() if hasattr(cell, "item") else cell for cell in row[1:]]
    print("ROW", json.dumps([row[0].value // (1000 if row[0].unit == "ns" else 1), *cells]))
assert str(events["timestamp"].dt.tz) == "Europe/Berlin", events.dtypes
"#;

const WRITE_POLARS: &str = r#"
import json
for row in events.with_columns(pl.col("timestamp").dt.epoch("us")).iter_rows():
    print("ROW", json.dumps(row))
assert events["timestamp"].dtype == pl.Datetime("us", "Europe/Berlin"), events.dtypes
"#;

/// Runs a snippet for DuckDB's command line and returns the rows that it prints.
async fn rows_of_duckdb(snippet: &str) -> Vec<Value> {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join(".duckdbrc"), ".mode json\n").unwrap();
    let mut command = Command::new("bash");
    let path = format!("{TOOLS}:{}", std::env::var("PATH").unwrap());
    command.args(["-c", snippet]).current_dir(home.path()).env("HOME", home.path()).env("TZ", "UTC").env("PATH", path);
    let printed = printed(command).await;
    if printed.trim().is_empty() || printed.trim() == "[]" {
        return Vec::new();
    }
    let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&printed).unwrap();
    let cells = |row: serde_json::Map<String, Value>| {
        let mut cells: Vec<_> = COLUMNS.iter().map(|name| row[*name].clone()).collect();
        let moment = DateTime::parse_from_str(cells[0].as_str().unwrap(), "%Y-%m-%d %H:%M:%S%.f%#z").unwrap();
        cells[0] = moment.timestamp_micros().into();
        Value::from(cells)
    };
    rows.into_iter().map(cells).collect()
}

/// Compares the rows that a tool read with the database.
fn check(tool: &str, rows: &[Value]) {
    let misleading: Vec<_> = misleading().iter().map(cells).collect();
    assert_eq!(rows.len(), DETECTED_ROWS as usize + misleading.len(), "{tool}");
    let (plain, odd) = rows.split_at(DETECTED_ROWS as usize);
    for (read, expected) in odd.iter().zip(&misleading) {
        assert_eq!(read, expected, "{tool}");
    }
    for (index, row) in plain.iter().enumerate() {
        let timestamp = 1_764_547_201_000_000 + i64::try_from(index).unwrap() * 1_000_000;
        let expected = json!([timestamp, "front", "front", 90.0, "MOG2", null, null, null, null, null]);
        assert_eq!(*row, expected, "{tool}");
    }
}

#[tokio::test]
async fn each_snippet_reads_every_cell_of_a_misleading_file_correctly() {
    let Some(_) = tools() else { return };
    let app = app().await;
    let query = "timezone=Europe/Berlin&bom=true";
    check("pandas", &rows_of_python(&snippet(&app, Tool::Pandas, query).await, WRITE_PANDAS).await);
    check("polars", &rows_of_python(&snippet(&app, Tool::Polars, query).await, WRITE_POLARS).await);
    check("DuckDB", &rows_of_duckdb(&snippet(&app, Tool::DuckDb, query).await).await);
    // The same without any event.
    let query = "timezone=Europe/Berlin&end_date=2000-01-01";
    assert!(rows_of_python(&snippet(&app, Tool::Pandas, query).await, WRITE_PANDAS).await.is_empty());
    assert!(rows_of_python(&snippet(&app, Tool::Polars, query).await, WRITE_POLARS).await.is_empty());
    assert!(rows_of_duckdb(&snippet(&app, Tool::DuckDb, query).await).await.is_empty());
}

#[tokio::test]
async fn each_snippet_fails_if_the_export_is_refused() {
    let Some(_) = tools() else { return };
    let app = TestDatabase::new().await.serve(10).await;
    for tool in [Tool::Pandas, Tool::Polars] {
        let snippet = snippet(&app, tool, "camera_id=gone").await;
        let mut python = Command::new(PathBuf::from(TOOLS).join("python"));
        python.args(["-c", &snippet]);
        assert!(!output(python).await.status.success(), "{}", tool.name());
    }
    let home = tempfile::tempdir().unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-c", &snippet(&app, Tool::DuckDb, "camera_id=gone").await]).current_dir(home.path());
    assert!(!output(bash).await.status.success());
}

#[test]
fn the_documented_python_is_that_of_the_page() {
    let documented = include_str!("../../docs/http-api.md");
    let params = ExportParams::parse("timezone=Europe/Berlin").unwrap();
    let snippet = Tool::Pandas.snippet("http://127.0.0.1:3000", &params).replace(TOKEN, "mexp_…");
    let block = format!("```python\n{snippet}\n```");
    assert!(documented.contains(&block), "docs/http-api.md does not have this Python:\n{snippet}");
}
