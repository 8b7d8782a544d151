//! Replaces the texts of events by integer keys: of cameras, detectors (`algorithm` before) and zones. An event takes half
//! of the bytes, so the index of a camera's events can contain all exported columns: no row is looked up elsewhere.
//!
//! The column `id` becomes `event_id`. A program of before this migration must fail at this schema, and never find no
//! events: SQLite takes a quoted name that is not a column for a text, so `"camera_id" = 'a'` would be false for each row.
//! Such a program names `"motion_events"."id"` in each of its queries for events, which is an error.
//!
//! `created_at` is dropped, because nothing reads it.
//!
//! Keys are never used again (`AUTOINCREMENT`, sequences): an export may remember the text of a key.
//!
//! Everything is one transaction, so a crash or a kill at any moment leaves the database as it was. In SQLite, the old
//! index is dropped first, so that the new table takes the place of it, and the file does not grow.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, QueryResult, Statement};

use crate::disk_space::{Space, free_bytes};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => sqlite(manager, &SQLITE_UP).await,
            _ => postgres(manager, &POSTGRES_UP).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => sqlite(manager, &SQLITE_DOWN).await,
            _ => postgres(manager, &POSTGRES_DOWN).await,
        }
    }
}

/// The events that are copied with one statement.
const SLICE: u64 = 50_000;

/// One direction in SQLite. The tables that are replaced are `cameras` and `motion_events`; their successors are called
/// `new_cameras` and `new_events` until then.
struct SqliteRebuild {
    /// The index that is dropped first.
    drop_index: &'static str,
    /// Creates the new tables.
    create: &'static str,
    /// The columns of the order of the events that are read.
    order: &'static str,
    /// Statements for each slice; `{slice}` is its condition.
    copy: &'static [&'static str],
    /// Runs after the tables were replaced.
    finish: &'static str,
    /// The number of bytes that are written, as a percentage of the size of the database.
    written_percent: u64,
}

const SQLITE_UP: SqliteRebuild = SqliteRebuild {
    drop_index: "DROP INDEX motion_events_camera_id_timestamp_id",
    create: "CREATE TABLE detectors (key INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE zones (key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE new_cameras (key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT);
        INSERT INTO new_cameras (id, name) SELECT id, name FROM cameras ORDER BY id;
        CREATE TABLE new_events (
            timestamp INTEGER NOT NULL,
            event_id BLOB NOT NULL,
            camera_key INTEGER NOT NULL REFERENCES new_cameras (key),
            confidence REAL CHECK (confidence BETWEEN 0 AND 100),
            detector_key INTEGER NOT NULL REFERENCES detectors (key),
            x INTEGER,
            y INTEGER,
            width INTEGER,
            height INTEGER,
            zone_key INTEGER REFERENCES zones (key),
            PRIMARY KEY (timestamp, event_id)
        ) STRICT, WITHOUT ROWID",
    order: "timestamp, id",
    copy: &[
        "INSERT INTO detectors (name) SELECT DISTINCT algorithm FROM motion_events
            WHERE NOT EXISTS (SELECT 1 FROM detectors WHERE name = algorithm) AND {slice}",
        "INSERT INTO zones (id) SELECT DISTINCT zone_id FROM motion_events
            WHERE zone_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM zones WHERE zones.id = zone_id) AND {slice}",
        // A key that is missing is 0, which the foreign key refuses.
        "INSERT INTO new_events
            SELECT timestamp, id, (SELECT key FROM new_cameras WHERE id = camera_id), confidence,
                (SELECT key FROM detectors WHERE name = algorithm), x, y, width, height,
                CASE WHEN zone_id IS NULL THEN NULL ELSE coalesce((SELECT key FROM zones WHERE id = zone_id), 0) END
            FROM motion_events WHERE {slice} ORDER BY timestamp, id",
    ],
    finish: "CREATE INDEX motion_events_camera_key_timestamp_event_id ON motion_events
            (camera_key, timestamp, event_id, confidence, detector_key, x, y, width, height, zone_key)",
    written_percent: 75,
};

const SQLITE_DOWN: SqliteRebuild = SqliteRebuild {
    drop_index: "DROP INDEX motion_events_camera_key_timestamp_event_id",
    create: "CREATE TABLE new_cameras (id TEXT NOT NULL PRIMARY KEY, name TEXT NULL);
        INSERT INTO new_cameras (id, name) SELECT id, name FROM cameras ORDER BY id;
        CREATE TABLE new_events (
            timestamp INTEGER NOT NULL,
            id BLOB NOT NULL,
            camera_id TEXT NOT NULL REFERENCES new_cameras (id),
            confidence REAL CHECK (confidence BETWEEN 0 AND 100),
            algorithm TEXT NOT NULL,
            x INTEGER,
            y INTEGER,
            width INTEGER,
            height INTEGER,
            zone_id TEXT,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (timestamp, id)
        ) STRICT, WITHOUT ROWID",
    order: "timestamp, event_id",
    copy: &["INSERT INTO new_events
            SELECT timestamp, event_id, (SELECT id FROM cameras WHERE key = camera_key), confidence,
                (SELECT name FROM detectors WHERE key = detector_key), x, y, width, height,
                (SELECT id FROM zones WHERE key = zone_key), timestamp
            FROM motion_events WHERE {slice} ORDER BY timestamp, event_id"],
    finish: "DROP TABLE detectors; DROP TABLE zones;
        CREATE INDEX motion_events_camera_id_timestamp_id ON motion_events (camera_id, timestamp, id)",
    written_percent: 220,
};

async fn sqlite(manager: &SchemaManager<'_>, rebuild: &SqliteRebuild) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let events = number(database, "SELECT count(*) FROM motion_events").await?;
    if events > 0 {
        check_space(database, rebuild.written_percent).await?;
    }
    // 64 MiB: enough for a slice, and for a sort with few temporary files.
    run(database, "PRAGMA cache_size = -65536").await?;
    run(database, rebuild.drop_index).await?;
    run(database, rebuild.create).await?;

    let bar = progress(events);
    let (order, mut copied) = (rebuild.order, 0);
    let mut after: Option<(i64, Vec<u8>)> = None;
    while copied < events {
        let place = |(timestamp, id): &(i64, Vec<u8>)| format!("({timestamp}, x'{}')", hex(id));
        let begin = after.as_ref().map_or_else(|| "1".to_owned(), |after| format!("({order}) > {}", place(after)));
        let last = format!(
            "SELECT {order} FROM motion_events WHERE {begin} ORDER BY {order} LIMIT 1 OFFSET {}",
            Ord::min(SLICE, events - copied) - 1
        );
        let last = query_one(database, &last).await?;
        let last = (last.try_get_by_index(0)?, last.try_get_by_index(1)?);
        let slice = format!("{begin} AND ({order}) <= {}", place(&last));
        let mut rows = 0;
        for statement in rebuild.copy {
            rows = database.execute_unprepared(&statement.replace("{slice}", &slice)).await?.rows_affected();
        }
        if rows == 0 {
            return Err(incomplete(copied, events));
        }
        copied += rows;
        after = Some(last);
        bar.set_position(copied);
    }
    let new = number(database, "SELECT count(*) FROM new_events").await?;
    if new != events {
        return Err(incomplete(new, events));
    }
    bar.set_message("creating the index");

    // The referring tables go before the table that they refer to: dropping `cameras` deletes its rows, and with them the
    // grants.
    run(database, "CREATE TEMP TABLE grants AS SELECT user_id, camera_id FROM camera_access").await?;
    run(database, "DROP TABLE camera_access; DROP TABLE motion_events; DROP TABLE cameras").await?;
    run(database, "ALTER TABLE new_cameras RENAME TO cameras; ALTER TABLE new_events RENAME TO motion_events").await?;
    manager.create_table(camera_access()).await?;
    run(database, "INSERT INTO camera_access (user_id, camera_id) SELECT user_id, camera_id FROM temp.grants").await?;
    run(database, "DROP TABLE temp.grants").await?;
    run(database, rebuild.finish).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Returns the table of grants, as it was created.
fn camera_access() -> TableCreateStatement {
    let owned_by = |column: &'static str, table: &'static str, id: &'static str| {
        ForeignKey::create().from("camera_access", column).to(table, id).on_delete(ForeignKeyAction::Cascade).to_owned()
    };
    Table::create()
        .table("camera_access")
        .col(ColumnDef::new("user_id").uuid().not_null())
        .col(ColumnDef::new("camera_id").text().not_null())
        .primary_key(Index::create().col("user_id").col("camera_id"))
        .foreign_key(&mut owned_by("user_id", "users", "id"))
        .foreign_key(&mut owned_by("camera_id", "cameras", "id"))
        .to_owned()
}

/// Checks that the log beside the database and the temporary files have enough space.
async fn check_space(database: &impl ConnectionTrait, written_percent: u64) -> Result<(), DbErr> {
    needed_space(database, written_percent).await?.iter().try_for_each(enough)
}

/// Returns the space that the migration needs in SQLite.
///
/// # Errors
/// Returns an error if the database cannot be read.
pub async fn sqlite_space(database: &impl ConnectionTrait) -> Result<Vec<Space>, DbErr> {
    needed_space(database, SQLITE_UP.written_percent).await
}

/// Returns the number of bytes that the migration needs in PostgreSQL for the new tables: two thirds of the old ones.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn postgres_bytes(database: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let old = "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
        WHERE inhparent = 'motion_events'::regclass";
    Ok(number(database, old).await? / 3 * 2)
}

/// Returns the space that is needed beside the database and for temporary files.
async fn needed_space(database: &impl ConnectionTrait, written_percent: u64) -> Result<Vec<Space>, DbErr> {
    let pages = number(database, "PRAGMA page_count").await? - number(database, "PRAGMA freelist_count").await?;
    let written = pages * number(database, "PRAGMA page_size").await? / 100 * written_percent;
    let file = query_one(database, "SELECT file FROM pragma_database_list WHERE name = 'main'").await?;
    let file: String = file.try_get_by_index(0)?;
    let folder = Path::new(&file).parent().unwrap_or(Path::new(".")).to_owned();
    // Half of what is written is an index, which is sorted in temporary files, and merged into others.
    let temporary = temporary_folder();
    let device = |folder: &Path| rustix::fs::stat(folder).map(|stat| stat.st_dev).ok();
    let space = |folder: PathBuf, bytes| Space { free: free_bytes(&folder), folder: Some(folder), bytes };
    Ok(if device(&folder) == device(&temporary) {
        vec![space(folder, 2 * written)]
    } else {
        vec![space(folder, written), space(temporary, written)]
    })
}

/// Fails if a folder has less than the needed bytes. A file system that does not tell counts as having enough.
fn enough(space: &Space) -> Result<(), DbErr> {
    let Space { folder: Some(folder), bytes, free: Some(free) } = space else { return Ok(()) };
    if free >= bytes {
        return Ok(());
    }
    Err(DbErr::Migration(format!(
        "the migration needs {bytes} bytes in {} for its log and temporary files, and {free} bytes are free there; nothing was \
         changed. Make space, or set SQLITE_TMPDIR to a folder on another disk for the temporary files",
        folder.display()
    )))
}

/// Returns the folder in which SQLite puts temporary files.
fn temporary_folder() -> PathBuf {
    let set = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp"].map(PathBuf::from);
    let is_usable = |folder: &PathBuf| {
        folder.is_dir()
            && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
    };
    set.chain(usual).find(is_usable).unwrap_or_else(|| PathBuf::from("."))
}

/// One direction in PostgreSQL. The old table and its partitions are renamed to `old_…`, and dropped at the end.
struct PostgresRebuild {
    /// Runs before the new table is created.
    prepare: &'static str,
    /// Creates the new table, with its index.
    create: &'static str,
    /// The parameters of a new partition.
    storage: &'static str,
    /// Statements for each partition; `{old}` is the old one, `{new}` the new one. The last one copies the events.
    copy: &'static [&'static str],
    /// Runs after the old tables were dropped.
    finish: &'static str,
}

const POSTGRES_UP: PostgresRebuild = PostgresRebuild {
    prepare: "ALTER TABLE cameras ADD COLUMN key integer GENERATED BY DEFAULT AS IDENTITY UNIQUE;
        CREATE TABLE detectors (key integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text NOT NULL,
            EXCLUDE USING hash (name WITH =));
        CREATE TABLE zones (key integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, id text NOT NULL,
            EXCLUDE USING hash (id WITH =))",
    create: "CREATE TABLE motion_events (
            timestamp bigint NOT NULL,
            event_id uuid NOT NULL,
            confidence double precision CHECK (confidence BETWEEN 0 AND 100),
            camera_key integer NOT NULL REFERENCES cameras (key),
            detector_key integer NOT NULL REFERENCES detectors (key),
            x integer,
            y integer,
            width integer,
            height integer,
            zone_key integer REFERENCES zones (key),
            PRIMARY KEY (timestamp, event_id)
        ) PARTITION BY RANGE (timestamp);
        CREATE INDEX motion_events_camera_key_timestamp_event_id ON motion_events (camera_key, timestamp, event_id)
            INCLUDE (confidence, detector_key, x, y, width, height, zone_key)",
    // Vacuuming keeps the scans of the index from looking up rows; it is due after fewer new events than by default.
    storage: "WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02)",
    copy: &[
        "INSERT INTO detectors (name) SELECT algorithm FROM {old} EXCEPT SELECT name FROM detectors",
        "INSERT INTO zones (id) SELECT zone_id FROM {old} WHERE zone_id IS NOT NULL EXCEPT SELECT id FROM zones",
        // A key that is missing is 0, which the foreign key refuses.
        "INSERT INTO {new} (timestamp, event_id, confidence, camera_key, detector_key, x, y, width, height, zone_key)
            SELECT timestamp, e.id, confidence, cameras.key, detectors.key, x, y, width, height,
                CASE WHEN zone_id IS NULL THEN NULL ELSE coalesce(zones.key, 0) END
            FROM {old} e JOIN cameras ON cameras.id = camera_id JOIN detectors ON detectors.name = algorithm
                LEFT JOIN zones ON zones.id = zone_id
            ORDER BY timestamp, e.id",
    ],
    finish: "",
};

const POSTGRES_DOWN: PostgresRebuild = PostgresRebuild {
    prepare: "",
    create: "CREATE TABLE motion_events (
            timestamp bigint NOT NULL,
            id uuid NOT NULL,
            camera_id text NOT NULL REFERENCES cameras (id),
            confidence double precision CHECK (confidence BETWEEN 0 AND 100),
            algorithm text NOT NULL,
            x integer,
            y integer,
            width integer,
            height integer,
            zone_id text,
            created_at bigint NOT NULL,
            PRIMARY KEY (timestamp, id)
        ) PARTITION BY RANGE (timestamp);
        CREATE INDEX motion_events_camera_id_timestamp_id ON motion_events (camera_id, timestamp, id)",
    storage: "",
    copy: &[
        "INSERT INTO {new} (timestamp, id, camera_id, confidence, algorithm, x, y, width, height, zone_id, created_at)
            SELECT timestamp, event_id, cameras.id, confidence, detectors.name, x, y, width, height, zones.id, timestamp
            FROM {old} JOIN cameras ON cameras.key = camera_key JOIN detectors ON detectors.key = detector_key
                LEFT JOIN zones ON zones.key = zone_key
            ORDER BY timestamp, event_id",
    ],
    finish: "DROP TABLE detectors; DROP TABLE zones; ALTER TABLE cameras DROP COLUMN key",
};

async fn postgres(manager: &SchemaManager<'_>, rebuild: &PostgresRebuild) -> Result<(), DbErr> {
    let database = manager.get_connection();
    run(database, "LOCK TABLE motion_events IN ACCESS EXCLUSIVE MODE").await?;
    let listed =
        "SELECT quote_ident(relname::text), pg_get_expr(relpartbound, pg_class.oid), quote_ident('old_' || relname)
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'motion_events'::regclass
        ORDER BY relname";
    let mut partitions: Vec<(String, String, String)> = Vec::new();
    for row in database.query_all_raw(Statement::from_string(DbBackend::Postgres, listed)).await? {
        partitions.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?));
    }
    let events = number(database, "SELECT count(*) FROM motion_events").await?;
    run(database, "ALTER TABLE motion_events RENAME TO old_motion_events").await?;
    run(database, rebuild.prepare).await?;
    run(database, rebuild.create).await?;

    let bar = progress(events);
    for (new, bounds, old) in &partitions {
        run(database, &format!("ALTER TABLE {new} RENAME TO {old}")).await?;
        let create = "LIKE motion_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS";
        run(database, &format!("CREATE TABLE {new} ({create}) {}", rebuild.storage)).await?;
        let mut rows = 0;
        for statement in rebuild.copy {
            let statement = statement.replace("{old}", old).replace("{new}", new);
            rows = database.execute_unprepared(&statement).await?.rows_affected();
        }
        let expected = number(database, &format!("SELECT count(*) FROM {old}")).await?;
        if rows != expected {
            return Err(incomplete(rows, expected));
        }
        // Attaching creates the indexes, and checks the foreign keys.
        run(database, &format!("ALTER TABLE motion_events ATTACH PARTITION {new} {bounds}")).await?;
        bar.inc(rows);
    }
    run(database, "DROP TABLE old_motion_events").await?;
    run(database, rebuild.finish).await?;
    bar.finish_and_clear();
    Ok(())
}

fn incomplete(copied: u64, events: u64) -> DbErr {
    DbErr::Migration(format!("{copied} of {events} events were copied, so nothing was changed"))
}

/// Returns a bar for a number of events. It is shown on a terminal only.
fn progress(events: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} events migrated, {eta} left {msg}");
    ProgressBar::new(events).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

async fn run(database: &impl ConnectionTrait, sql: &str) -> Result<(), DbErr> {
    if sql.is_empty() {
        return Ok(());
    }
    database.execute_unprepared(sql).await.map(drop)
}

async fn query_one(database: &impl ConnectionTrait, sql: &str) -> Result<QueryResult, DbErr> {
    let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), sql)).await?;
    row.ok_or_else(|| DbErr::Migration(format!("no row for: {sql}")))
}

/// Returns a number that is not negative.
///
/// # Errors
/// Returns an error if the database does not answer, or with something else.
pub async fn number(database: &impl ConnectionTrait, sql: &str) -> Result<u64, DbErr> {
    let number: i64 = query_one(database, sql).await?.try_get_by_index(0)?;
    TryFrom::try_from(number).map_err(|_| DbErr::Migration(format!("{number} for: {sql}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_too_little_space_is_refused_with_both_numbers() {
        let space = |free| Space { folder: Some(PathBuf::from("/srv/data")), bytes: 1_000, free };
        let refused = enough(&space(Some(999))).expect_err("too little").to_string();
        assert!(refused.contains("1000 bytes in /srv/data") && refused.contains("999 bytes are free"), "{refused}");
        assert!(enough(&space(Some(1_000))).is_ok());
        assert!(enough(&space(None)).is_ok());
        assert!(free_bytes(Path::new("/")).is_some());
        assert_eq!(free_bytes(Path::new("/nowhere at all")), None);
    }
}
