//! Finds out whose database it is, before anything in it is changed: many programs use `DATABASE_URL`, so it may name a
//! database of another one.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, bail};
use migration::{Migrator, MigratorTrait};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::timeouts::BUSY_TIMEOUT;
use crate::api::shell::shell_quote;
use crate::server::db::sqlite::path::{beside, uri};

pub mod backup;
pub mod restore;

/// The table that lists the applied migrations. Other programs have one of the same name.
const MIGRATIONS: &str = "seaql_migrations";

/// The table of events. The names of its partitions begin with the same text.
const EVENTS: &str = "motion_events";

/// Columns that only ArgusAI's table of events has.
const ARGUSAI_COLUMNS: [&str; 2] = ["algorithm_used", "bounding_box"];

/// The maximum number of tables of another program that an error names.
const MAX_NAMED_TABLES: usize = 5;

/// How often a file that looks damaged is read: another process may be creating it right now.
const MAX_READS: u32 = 5;

/// The pause between two reads of a file that looks damaged.
const READ_DELAY: Duration = Duration::from_millis(100);

/// The tables and migrations of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseContents {
    /// The tables of the database, or of the current schema.
    pub tables: BTreeSet<String>,
    /// The columns of the table of events.
    pub event_columns: BTreeSet<String>,
    /// The applied migrations.
    pub migrations: BTreeSet<String>,
}

/// The program that a database belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It has no tables.
    None,
    /// Motion Export's.
    MotionExport,
    /// ArgusAI's.
    ArgusAi,
    /// Frigate's.
    Frigate,
    /// Another program's, with these tables.
    Other(Vec<String>),
}

impl DatabaseContents {
    /// The program that a database belongs to.
    pub fn owner(&self) -> Owner {
        let Self { tables, event_columns, migrations } = self;
        let ours = Migrator::migrations();
        if ours.iter().any(|migration| migrations.contains(migration.name())) {
            return Owner::MotionExport;
        }
        // Detached partitions remain when everything else has been dropped.
        let foreign = |table: &&String| *table != MIGRATIONS && !table.starts_with(&format!("{EVENTS}_"));
        let foreign: Vec<_> = tables.iter().filter(foreign).cloned().collect();
        if foreign.is_empty() && migrations.is_empty() {
            Owner::None
        } else if ARGUSAI_COLUMNS.iter().all(|column| event_columns.contains(*column)) {
            Owner::ArgusAi
        } else if ["event", "recordings"].iter().all(|table| tables.contains(*table)) {
            Owner::Frigate
        } else {
            Owner::Other(if foreign.is_empty() { tables.iter().cloned().collect() } else { foreign })
        }
    }
}

impl Owner {
    /// Returns an error for the database of another program. `shown` is the path or URL of the database.
    ///
    /// # Errors
    /// Returns an error for a database of another program; the message says what to do.
    pub fn refuse_others(&self, shown: &str) -> anyhow::Result<()> {
        let what = match self {
            Self::None | Self::MotionExport => return Ok(()),
            Self::ArgusAi => return Err(importable(shown, "an ArgusAI", "argusai")),
            Self::Frigate => return Err(importable(shown, "a Frigate", "frigate")),
            Self::Other(tables) => {
                let more = if tables.len() > MAX_NAMED_TABLES { ", …" } else { "" };
                format!(
                    "holds tables of another program ({}{more})",
                    tables[..tables.len().min(MAX_NAMED_TABLES)].join(", ")
                )
            }
        };
        bail!("{shown} {what}; nothing in it was changed. {OWN}")
    }
}

/// Whether this version of the program has a migration. If not, a newer version has applied it.
pub fn is_known_migration(name: &str) -> bool {
    static KNOWN: LazyLock<HashSet<String>> =
        LazyLock::new(|| Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect());
    KNOWN.contains(name)
}

const OWN: &str = "Set database.url, DATABASE_URL or --database-url to a database of Motion Export's own";

/// Returns the error for a database whose events can be imported. `program` has its article.
fn importable(shown: &str, program: &str, command: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "{shown} is {program} database; nothing in it was changed. {OWN}, such as sqlite://data/motion-export.db, and import \
         this one: `motion-export --database-url sqlite://data/motion-export.db import {command} {}`",
        shell_word(shown)
    )
}

/// Returns a text as one word of a shell's command.
fn shell_word(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c.is_alphanumeric() || "/._-:@%+,=".contains(c)) {
        text.into()
    } else {
        shell_quote(text).into()
    }
}

/// Reads the contents of an SQLite file without changing a byte of it, and without leaving a file beside it. Returns
/// `None` if it does not exist. The process must not have it open yet.
///
/// # Errors
/// Returns an error if it is not an SQLite database, or cannot be read; the message says which.
pub fn of_file(path: &Path) -> anyhow::Result<Option<DatabaseContents>> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read the database {shown}")),
    };
    if metadata.is_dir() {
        bail!("database.url names {shown}, which is a folder; name a file in it, such as {shown}/motion-export.db");
    }
    if metadata.len() == 0 {
        return Ok(Some(DatabaseContents::default()));
    }
    let mut reads = 0;
    loop {
        reads += 1;
        match read_unchanged(path) {
            Ok(contents) => return Ok(Some(contents)),
            Err(error) if reads < MAX_READS && code(&error).is_some_and(is_damage) => pause(),
            Err(error) => {
                return Err(match code(&error) {
                    Some(ErrorCode::NotADatabase) => anyhow::anyhow!(
                        "{shown} is not an SQLite database, or it is encrypted; nothing in it was changed. database.url must \
                         name a database of Motion Export, or a file that does not exist yet"
                    ),
                    Some(ErrorCode::DatabaseCorrupt) => anyhow::anyhow!(
                        "the database {shown} is damaged; nothing in it was changed. Restore a backup of it (docs/install.md)"
                    ),
                    _ => error.context(format!("cannot read the database {shown}")),
                });
            }
        }
    }
}

fn code(error: &anyhow::Error) -> Option<ErrorCode> {
    error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code)
}

fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
}

#[expect(clippy::disallowed_methods, reason = "nothing else runs yet")]
fn pause() {
    std::thread::sleep(READ_DELAY);
}

/// Reads the schema without a change. By default, SQLite creates two files beside a database in write-ahead mode, and
/// applies a journal that a crash has left.
fn read_unchanged(path: &Path) -> anyhow::Result<DatabaseContents> {
    let bytes = |suffix| fs::metadata(beside(path, suffix)).map(|file| file.len()).ok();
    let (wal, shm, journal) = (bytes("-wal"), bytes("-shm"), bytes("-journal"));
    if wal.is_some() && shm.is_some_and(|shm| shm > 0) {
        // Another process has it open, or left its files behind. The log counts, and is read without changing either
        // file.
        if let Ok(found) = read(path, "mode=ro&readonly_shm=1") {
            return Ok(found);
        }
    }
    if journal.is_some_and(|journal| journal > 0)
        && let Ok(found) = read(path, "mode=ro")
    {
        return Ok(found);
    }
    let found = read(path, "immutable=1");
    let is_readable = match &found {
        Ok(found) => !found.tables.is_empty(),
        Err(error) => !code(error).is_some_and(is_damage),
    };
    if !is_readable && wal.is_some_and(|wal| wal > 0) {
        // Everything is in the log, or a power cut has torn the file, and SQLite repairs it from the log. The log
        // cannot be read in place without creating a file beside it.
        return read_copy(path);
    }
    found
}

fn read_copy(path: &Path) -> anyhow::Result<DatabaseContents> {
    let folder = tempfile::tempdir().context("cannot create a temporary folder (TMPDIR)")?;
    let copy = folder.path().join("copy");
    let cannot = || {
        format!(
            "it must be read together with its -wal file, so both are copied to {}; set TMPDIR to a folder with enough space",
            folder.path().display()
        )
    };
    fs::copy(path, &copy).with_context(cannot)?;
    fs::copy(beside(path, "-wal"), beside(&copy, "-wal")).with_context(cannot)?;
    read(&copy, "mode=rw")
}

fn read(path: &Path, how: &str) -> anyhow::Result<DatabaseContents> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path, how), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let texts = |sql: &str| -> rusqlite::Result<BTreeSet<String>> {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let tables = texts(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    Ok(DatabaseContents {
        event_columns: texts("SELECT name FROM pragma_table_info('motion_events')")?,
        migrations: if tables.contains(MIGRATIONS) {
            texts("SELECT version FROM seaql_migrations").unwrap_or_default()
        } else {
            BTreeSet::new()
        },
        tables,
    })
}

/// Reads the contents of the current schema of a PostgreSQL database. Tables of extensions are not counted.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn of_schema(database: &impl ConnectionTrait) -> Result<DatabaseContents, DbErr> {
    let texts = async |sql: &str| -> Result<BTreeSet<String>, DbErr> {
        let rows = database.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    };
    let tables = texts(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition \
         AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
         AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')",
    )
    .await?;
    let event_columns = texts(
        "SELECT attname::text FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relname = 'motion_events' \
         AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND attnum > 0 AND NOT attisdropped",
    )
    .await?;
    let migrations = if tables.contains(MIGRATIONS) {
        texts("SELECT version::text FROM seaql_migrations").await?
    } else {
        BTreeSet::new()
    };
    Ok(DatabaseContents { tables, event_columns, migrations })
}

/// Checks that the role of the URL may create tables in the current schema of a PostgreSQL database, which migrations
/// need. `shown` is the URL of the database.
///
/// # Errors
/// Returns an error if it may not, with the statement that grants the right, or if the database does not answer.
pub async fn check_may_create(database: &impl ConnectionTrait, shown: &str) -> anyhow::Result<()> {
    let sql = "SELECT quote_ident(current_user), quote_ident(current_schema()), \
               coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), quote_ident(current_database())";
    let rights = database.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let rights = rights.context("the database does not report the rights of the user of the URL")?;
    let (role, schema): (String, Option<String>) = (rights.try_get_by_index(0)?, rights.try_get_by_index(1)?);
    if rights.try_get_by_index(2)? {
        return Ok(());
    }
    let name: String = rights.try_get_by_index(3)?;
    let what = schema.as_ref().map_or_else(
        || "may not use any schema of its search_path".to_owned(),
        |schema| format!("may not create tables in the schema {schema}"),
    );
    let schema = schema.as_deref().unwrap_or("public");
    bail!(
        "the user {role} {what} of the database {shown}; connect to {name} as its owner and run: GRANT USAGE, CREATE ON \
         SCHEMA {schema} TO {role}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tables: &[&str], columns: &[&str], migrations: &[&str]) -> DatabaseContents {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        DatabaseContents { tables: set(tables), event_columns: set(columns), migrations: set(migrations) }
    }

    #[test]
    fn the_owner_of_a_database_is_known_by_its_migrations_and_tables() {
        let ours = Migrator::migrations()[0].name().to_owned();
        let argusai = ["id", "algorithm_used", "bounding_box"];
        for (found, owner) in [
            (found(&[], &[], &[]), Owner::None),
            (found(&[MIGRATIONS], &[], &[]), Owner::None),
            (found(&[MIGRATIONS, "motion_events_2024_01"], &[], &[]), Owner::None),
            (found(&[MIGRATIONS, "cameras", "anything"], &[], &[&ours]), Owner::MotionExport),
            (found(&["cameras", EVENTS, "alembic_version"], &argusai, &[]), Owner::ArgusAi),
            // An older version of this program left its own table in it.
            (found(&["cameras", EVENTS, MIGRATIONS], &argusai, &[]), Owner::ArgusAi),
            (found(&["event", "recordings"], &[], &[]), Owner::Frigate),
            (found(&["cake", MIGRATIONS], &[], &["m1_cake"]), Owner::Other(vec!["cake".to_owned()])),
            (found(&[MIGRATIONS], &[], &["m1_cake"]), Owner::Other(vec![MIGRATIONS.to_owned()])),
        ] {
            assert_eq!(found.owner(), owner, "{found:?}");
        }
    }

    #[test]
    fn the_command_that_imports_an_argusai_database_can_be_copied() {
        for (shown, word) in [
            ("/srv/argusai/app.db", "/srv/argusai/app.db"),
            ("postgres://app@db:5432/argusai", "postgres://app@db:5432/argusai"),
            (
                "postgres://app@localhost:5432/argusai?host=/run/pg",
                "'postgres://app@localhost:5432/argusai?host=/run/pg'",
            ),
            ("/srv/Ann's data/app.db", r"'/srv/Ann'\''s data/app.db'"),
        ] {
            let error = Owner::ArgusAi.refuse_others(shown).expect_err("another program's").to_string();
            assert!(error.contains(&format!("import argusai {word}`")), "{error}");
        }
    }

    #[test]
    fn a_file_torn_by_a_power_cut_is_read_with_its_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("open.db");
        let open = Connection::open(&path).expect("created");
        open.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE cake (x);
             PRAGMA wal_checkpoint(TRUNCATE); CREATE TABLE crumb (x);",
        )
        .expect("created");
        // With an intact header, and without.
        for torn_from in [100, 0] {
            let torn = folder.path().join(format!("torn{torn_from}.db"));
            let mut bytes = fs::read(&path).expect("read");
            bytes[torn_from..4_096].fill(0xa5);
            fs::write(&torn, &bytes).expect("written");
            assert!(format!("{:#}", of_file(&torn).expect_err("no log")).contains("nothing in it was changed"));
            fs::copy(beside(&path, "-wal"), beside(&torn, "-wal")).expect("copied");
            let found = of_file(&torn).expect("read with its log").expect("there");
            assert_eq!(found.tables.into_iter().collect::<Vec<_>>(), ["cake", "crumb"], "{torn_from}");
            assert!(fs::read(&torn).expect("read") == bytes, "no byte was changed");
            // A damaged log does not help.
            fs::write(beside(&torn, "-wal"), "torn as well").expect("written");
            of_file(&torn).expect_err("damaged");
        }
    }

    #[test]
    fn a_path_may_contain_any_character() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["x.db", "a?mode=rwc#b%41 ü.db", "file:x.db"] {
            let path = folder.path().join(name);
            Connection::open(&path).expect("created").execute_batch("CREATE TABLE cake (x)").expect("created");
            let found = of_file(&path).expect("read").expect("there");
            assert_eq!(found.tables.into_iter().collect::<Vec<_>>(), ["cake"], "{name}");
        }
    }
}
