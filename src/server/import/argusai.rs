//! Events out of an ArgusAI database. It is opened read-only, and of its cameras only id and name are read: never an
//! address, a user name or a password, and never a thumbnail.
//!
//! What such databases hold was learnt from ArgusAI's source: its detector writes bounding boxes as JSON arrays, its
//! documentation says objects, and both are found; cameras are deleted without their events; times are UTC without
//! saying so. Whatever cannot be read in an event is left empty and counted. An event is skipped only where its time
//! cannot be read, because it would have no place in the file.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, NaiveDateTime};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::sqlx::{self, SqlitePool};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, SqlxSqliteConnector, Statement, TryGetableMany,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::progress;
use super::sink::{KnownName, Sink};
use super::summary::Summary;
use crate::server::entity::motion_event;
use crate::server::export::zone::WRITABLE_YEARS;
use crate::server::timed::Pool;

/// How many events are read at once.
const PAGE: usize = 2_000;

const ORPHAN: &str = "event of a camera that ArgusAI no longer has; kept, and called by the camera's id unless an earlier import told its name";
const BOX_UNREADABLE: &str = "bounding box that is no box; the event is kept without one";
const CONFIDENCE_UNREADABLE: &str = "confidence that is no number from 0 to 1; the event is kept without one";
const ID_NOT_UUID: &str = "id that is no UUID; one was derived from it";
const CAMERA_MISSING: &str = "it does not say which camera saw it";
const TIME_UNREADABLE: &str = "its time cannot be read";

/// Copies all cameras and events of the ArgusAI database in `file` that are not there yet. `now` is the time of the
/// import, in microseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// Where the file is no ArgusAI database, or either database fails; nothing has been changed then.
pub async fn import(database: &Pool, file: &Path, now: i64) -> anyhow::Result<Summary> {
    let source = open(file).await.with_context(|| format!("cannot read {}", file.display()))?;
    check_tables(&source, file).await?;

    let mut sink = Sink::begin(database, now).await?;
    let mut theirs = HashSet::new();
    for result in
        source.query_all_raw(sql("SELECT CAST(id AS BLOB), CAST(name AS BLOB) FROM cameras ORDER BY id")).await?
    {
        let (id, name) = <(Option<Vec<u8>>, Option<Vec<u8>>)>::try_get_many_by_index(&result).map_err(DbErr::from)?;
        let id = id.map(text).unwrap_or_default();
        let name = name.map(text).filter(|name| !name.is_empty());
        sink.camera(&id, name.as_deref(), KnownName::Replace).await?;
        theirs.insert(id);
    }

    // Read in short steps and not in one transaction, which would keep a running ArgusAI from writing down what its
    // cameras see. What it adds meanwhile is for the next import.
    let extent = source.query_one_raw(sql("SELECT COUNT(*), MAX(rowid) FROM motion_events")).await?;
    let extent = extent.as_ref().map(<(i64, Option<i64>)>::try_get_many_by_index).transpose().map_err(DbErr::from)?;
    let (total, last) = extent.unwrap_or_default();
    let last = last.unwrap_or(i64::MIN);
    let bar = progress::of_events(total.unsigned_abs());
    let mut after = i64::MIN;
    loop {
        let page = source.query_all_raw(page(after, last)).await?;
        for result in &page {
            let event = SourceEvent::read(result)?;
            after = event.rowid;
            if event.camera_id.is_empty() {
                sink.summary.skip(CAMERA_MISSING, 1, None);
                continue;
            }
            if !theirs.contains(&event.camera_id) {
                sink.summary.repair(ORPHAN, Some(&event.camera_id));
                if !sink.knows_camera(&event.camera_id) {
                    sink.camera(&event.camera_id, None, KnownName::Replace).await?;
                }
            }
            if let Some(event) = event.understood(&mut sink.summary) {
                sink.event(event).await?;
            }
        }
        bar.inc(page.len() as u64);
        if page.len() < PAGE {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(sink.commit().await?)
}

/// Opens the file read-only.
async fn open(file: &Path) -> anyhow::Result<DatabaseConnection> {
    if !std::fs::metadata(file)?.is_file() {
        bail!("it is not a file");
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let pool = match connect(options.clone()).await {
        // A database in write-ahead mode needs two files beside it, which cannot be made on a read-only disk. It can be
        // read without them, but only where no other program has left changes in such a file, or is at work.
        Err(error) if needs_files_beside(&error) && !has_changes_beside(file) => {
            connect(options.immutable(true)).await?
        }
        other => other?,
    };
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Opens the file and reads from it, which is when SQLite notices what is wrong.
async fn connect(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    sqlx::query("SELECT COUNT(*) FROM sqlite_schema").execute(&pool).await?;
    Ok(pool)
}

/// Whether SQLite says that it could not make a file (`SQLITE_CANTOPEN`, `SQLITE_READONLY_DIRECTORY`, or
/// `SQLITE_READONLY_CANTINIT`).
fn needs_files_beside(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["14", "1544", "1288"].contains(&&*code))
}

/// Whether there is a log or a journal beside the file, whose changes would be missed.
fn has_changes_beside(file: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|suffix| {
        let mut beside = file.as_os_str().to_owned();
        beside.push(suffix);
        Path::new(&beside).exists()
    })
}

async fn check_tables(source: &impl ConnectionTrait, file: &Path) -> anyhow::Result<()> {
    let needed = [
        ("cameras", &["id", "name"][..]),
        ("motion_events", &["id", "camera_id", "timestamp", "confidence", "algorithm_used", "bounding_box"]),
    ];
    for (table, columns) in needed {
        let found = source
            .query_all_raw(Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "SELECT name FROM pragma_table_info(?)",
                [table.into()],
            ))
            .await
            .with_context(|| format!("{} is no SQLite database", file.display()))?;
        let found = found.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<String>, _>>()?;
        if let Some(missing) = columns.iter().find(|column| !found.iter().any(|name| name == *column)) {
            bail!("{} is no ArgusAI database: it has no column {missing} in a table {table}", file.display());
        }
    }
    Ok(())
}

fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, text)
}

/// The columns before the thumbnail, and none after it: to get past 50 kB of picture, SQLite would have to read it.
/// Everything is asked for as bytes, because a column of a SQLite table can hold anything.
fn page(after: i64, last: i64) -> Statement {
    Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "SELECT rowid, CAST(id AS BLOB), CAST(camera_id AS BLOB), CAST(timestamp AS BLOB), \
         CASE WHEN typeof(confidence) IN ('real', 'integer') THEN CAST(confidence AS REAL) END, \
         CAST(algorithm_used AS BLOB), CAST(bounding_box AS BLOB) \
         FROM motion_events WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?",
        [after.into(), last.into(), i64::try_from(PAGE).unwrap_or(i64::MAX).into()],
    )
}

/// An event as ArgusAI has it.
struct SourceEvent {
    rowid: i64,
    id: String,
    camera_id: String,
    timestamp: String,
    confidence: Option<f64>,
    algorithm: String,
    bounding_box: Option<String>,
}

impl SourceEvent {
    fn read(result: &QueryResult) -> anyhow::Result<Self> {
        type Bytes = Option<Vec<u8>>;
        let (rowid, id, camera_id, timestamp, confidence, algorithm, bounding_box) =
            <(i64, Bytes, Bytes, Bytes, Option<f64>, Bytes, Bytes)>::try_get_many_by_index(result)
                .map_err(DbErr::from)?;
        let required = |bytes: Bytes| bytes.map(text).unwrap_or_default();
        Ok(Self {
            rowid,
            id: required(id),
            camera_id: required(camera_id),
            timestamp: required(timestamp),
            confidence,
            algorithm: required(algorithm),
            bounding_box: bounding_box.map(text),
        })
    }

    /// The event as we keep it; `None` where it cannot be kept. Counts what had to be repaired.
    fn understood(self, summary: &mut Summary) -> Option<motion_event::Model> {
        let Some(timestamp) = timestamp(&self.timestamp) else {
            summary.skip(TIME_UNREADABLE, 1, Some(&self.timestamp));
            return None;
        };
        let id = Uuid::try_parse(&self.id).unwrap_or_else(|_| {
            summary.repair(ID_NOT_UUID, Some(&self.id));
            derived_id(&self.id)
        });
        let confidence = self.confidence.filter(|fraction| (0.0..=1.0).contains(fraction)).map(percent);
        if confidence.is_none() {
            summary.repair(CONFIDENCE_UNREADABLE, None);
        }
        let sides = match self.bounding_box.as_deref().map(bounding_box) {
            None | Some(Ok(None)) => None,
            Some(Ok(Some(sides))) => Some(sides),
            Some(Err(NoBox)) => {
                summary.repair(BOX_UNREADABLE, self.bounding_box.as_deref());
                None
            }
        };
        Some(motion_event::Model {
            timestamp,
            id,
            camera_id: self.camera_id,
            confidence,
            algorithm: algorithm(self.algorithm),
            x: sides.map(|sides| sides[0]),
            y: sides.map(|sides| sides[1]),
            width: sides.map(|sides| sides[2]),
            height: sides.map(|sides| sides[3]),
            zone_id: None,
            created_at: 0,
        })
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Microseconds since 1970-01-01T00:00:00Z. ArgusAI writes `2025-10-26 00:30:00.250000`, without the fraction where the
/// database filled the time in, and always UTC; other tools leave a `T` and an offset.
fn timestamp(text: &str) -> Option<i64> {
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| time.and_utc());
    let time = naive.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))?;
    WRITABLE_YEARS.contains(&time.year()).then(|| time.timestamp_micros())
}

/// 0–1 as 0–100, by moving the decimal point: 0.29 becomes 29, where a multiplication would give 28.999999999999996.
fn percent(fraction: f64) -> f64 {
    // Adding zero makes a negative zero positive.
    format!("{fraction}e2").parse::<f64>().unwrap_or(fraction * 100.0) + 0.0
}

fn algorithm(name: String) -> String {
    match name.as_str() {
        "mog2" => "MOG2".to_owned(),
        "knn" => "KNN".to_owned(),
        _ => name,
    }
}

/// Text that does not hold a bounding box.
#[derive(Debug, PartialEq, Eq)]
struct NoBox;

/// x, y, width and height out of `[x, y, w, h]` or `{"x":…, "y":…, "width":…, "height":…}`; `None` for a JSON null.
fn bounding_box(text: &str) -> Result<Option<[i32; 4]>, NoBox> {
    let whole = |side: Option<&Value>| side.and_then(whole).ok_or(NoBox);
    match serde_json::from_str(text).map_err(|_| NoBox)? {
        Value::Null => Ok(None),
        Value::Array(sides) if sides.len() == 4 => {
            let side = |index| whole(sides.get(index));
            Ok(Some([side(0)?, side(1)?, side(2)?, side(3)?]))
        }
        Value::Object(sides) => {
            let side = |name| whole(sides.get(name));
            Ok(Some([side("x")?, side("y")?, side("width")?, side("height")?]))
        }
        _ => Err(NoBox),
    }
}

/// A whole number, also where it is written with a fraction of zero.
fn whole(value: &Value) -> Option<i32> {
    if let Some(number) = value.as_i64() {
        return number.try_into().ok();
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0)?;
    // Display writes a whole f64 without a fraction, so this is exact or refused.
    number.to_string().parse().ok()
}

/// An id for an event whose own is no UUID: the same each time.
fn derived_id(id: &str) -> Uuid {
    let hash: [u8; 32] = Sha256::digest(id).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_as_the_detector_writes_them_and_as_the_documentation_says() {
        assert_eq!(bounding_box("[10, 20, 30, 40]"), Ok(Some([10, 20, 30, 40])));
        assert_eq!(bounding_box(r#"{"width":31,"height":17,"y":9,"x":3}"#), Ok(Some([3, 9, 31, 17])));
        assert_eq!(bounding_box("[1.0, 2, 3e1, -4]"), Ok(Some([1, 2, 30, -4])));
        assert_eq!(bounding_box("null"), Ok(None));
    }

    #[test]
    fn junk_in_place_of_a_box_is_no_box() {
        for junk in [
            "",
            "not valid json",
            "[1, 2, 3]",
            "[1, 2, 3, 4, 5]",
            "[1, 2, 3, 4.5]",
            r#"["1", 2, 3, 4]"#,
            "[1, 2, 3, 99999999999]",
            r#"{"x": 1, "y": 2, "width": 3}"#,
            r#"{"x": 120, "y": 80, "wid"#,
            "7",
            "true",
            "[1, 2, 3, true]",
            "[1, 2, 3, 1e400]",
        ] {
            assert_eq!(bounding_box(junk), Err(NoBox), "{junk}");
        }
    }

    #[test]
    fn confidence_moves_its_decimal_point_without_leaving_noise() {
        for (fraction, expected) in [
            (0.29, "29"),
            (0.689_697_265_625, "68.9697265625"),
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "100"),
            (0.07, "7"),
            (0.999_999, "99.9999"),
            (1e-7, "0.00001"),
            (0.123_456_789, "12.3456789"),
        ] {
            assert_eq!(percent(fraction).to_string(), expected);
        }
    }

    #[test]
    fn times_are_utc_with_and_without_fraction() {
        assert_eq!(timestamp("1970-01-01 00:00:01"), Some(1_000_000));
        assert_eq!(timestamp("1970-01-01 00:00:01.250000"), Some(1_250_000));
        assert_eq!(timestamp("1970-01-01T00:00:01.25"), Some(1_250_000));
        assert_eq!(timestamp("1970-01-01T01:00:01+01:00"), Some(1_000_000));
        assert_eq!(timestamp("1970-01-01T00:00:01Z"), Some(1_000_000));
        for junk in ["", "yesterday", "2025-13-01 00:00:00", "1700000000", "12025-01-01 00:00:00"] {
            assert_eq!(timestamp(junk), None, "{junk}");
        }
    }

    #[test]
    fn algorithms_are_called_as_the_specification_calls_them() {
        for (theirs, ours) in [("mog2", "MOG2"), ("knn", "KNN"), ("frame_diff", "frame_diff"), ("Vibe", "Vibe")] {
            assert_eq!(algorithm(theirs.to_owned()), ours);
        }
    }
}
