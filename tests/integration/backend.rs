//! The database of the tests: SQLite, or PostgreSQL if `TEST_POSTGRES` names the folder of a cluster, as `.ci/postgres
//! with` does. Each test has its own database.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::export::reader::postgres::PLAN_FOR_PAGES;
use motion_export::server::settings::Settings;
use sea_orm::DbBackend;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The variable with the folder of the cluster to test with.
static CLUSTER: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("TEST_POSTGRES").map(PathBuf::from));

/// The SQL dialect of the tests.
pub fn backend() -> DbBackend {
    if CLUSTER.is_some() { DbBackend::Postgres } else { DbBackend::Sqlite }
}

/// Whether the tests run on PostgreSQL.
pub fn is_postgres() -> bool {
    backend() == DbBackend::Postgres
}

/// Returns the folder of the cluster, if the tests run on PostgreSQL.
pub fn cluster() -> Option<PathBuf> {
    CLUSTER.clone()
}

/// Reports that a test is skipped, because it needs the other backend, or a feature that only one has. The test must
/// return then.
pub fn skips(what: &str) -> bool {
    eprintln!("skipped on {:?}: {what}", backend());
    true
}

/// A folder, and the name of a database for it. Both are removed when it is dropped.
#[derive(Debug)]
pub struct Home(TempDir);

impl Home {
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(cluster) = &*CLUSTER {
            let _ = psql(cluster, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(self.path())));
        }
    }
}

/// Returns a folder whose database is elsewhere.
pub fn nowhere() -> Home {
    Home(tempfile::tempdir().unwrap())
}

/// Returns a folder whose database is migrated and empty.
pub async fn home() -> Home {
    let home = Home(tempfile::tempdir().unwrap());
    if let Some(cluster) = &*CLUSTER {
        let template = TEMPLATE.get_or_init(async || template(cluster).await).await;
        let created = psql(cluster, &format!("CREATE DATABASE {} TEMPLATE {template}", name(home.path())));
        created.unwrap();
        MADE.lock().unwrap().insert(name(home.path()));
    }
    home
}

/// The name of the template of new databases.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// The template databases that exist.
static MADE: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

async fn template(cluster: &Path) -> String {
    let template = format!("template_{}", std::process::id());
    psql(cluster, &format!("CREATE DATABASE {template}")).unwrap();
    let mut settings = Settings::default();
    settings.database.url = url_of(cluster, &template);
    connect::open_migrated(&settings.database, IfMissing::Create).await.unwrap().close().await.unwrap();
    template
}

/// Returns the URL of the database of that folder. In PostgreSQL, the database exists.
pub fn url(folder: &Path) -> String {
    let Some(cluster) = &*CLUSTER else { return format!("sqlite://{}/test.db", folder.display()) };
    let name = name(folder);
    if MADE.lock().unwrap().insert(name.clone()) {
        psql(cluster, &format!("CREATE DATABASE {name}")).unwrap();
    }
    url_of(cluster, &name)
}

/// Returns the size of the database of that folder, in PostgreSQL.
pub fn database_bytes(folder: &Path) -> Option<u64> {
    let cluster = CLUSTER.as_ref()?;
    psql(cluster, &format!("SELECT pg_database_size('{}')", name(folder))).unwrap().parse().ok()
}

/// Returns the URL, with a password, of a database that does not exist in the cluster.
pub fn url_of_none() -> Option<String> {
    Some(url_of(CLUSTER.as_ref()?, "nowhere").replace("test@", "test:secret@"))
}

/// Returns PostgreSQL's query plan of a page of events, on a new connection.
pub fn explain(folder: &Path, sql: &str) -> String {
    let sql = format!("{PLAN_FOR_PAGES}; EXPLAIN {sql}");
    psql_in(CLUSTER.as_ref().unwrap(), &name(folder), &sql).unwrap()
}

/// Runs SQL in the database of that folder, in PostgreSQL, and returns the output.
pub fn psql_of(folder: &Path, sql: &str) -> String {
    psql_in(CLUSTER.as_ref().unwrap(), &name(folder), sql).unwrap()
}

/// Returns the URL of a database in a cluster.
pub fn url_of(cluster: &Path, database: &str) -> String {
    format!("postgres://test@localhost/{database}?host={}", cluster.display())
}

/// Returns a name that needs no quotes, derived from the folder's.
fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    // Folders whose names differ only in case are different.
    name.bytes().fold("t".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// Runs SQL in a cluster outside of any test's database, and returns the output.
pub fn psql(cluster: &Path, sql: &str) -> Result<String, String> {
    psql_in(cluster, "postgres", sql)
}

/// Does the same in a database.
pub fn psql_in(cluster: &Path, database: &str, sql: &str) -> Result<String, String> {
    psql_at(cluster, 5_432, database, sql)
}

/// Does the same in a cluster at another port.
pub fn psql_at(cluster: &Path, port: u16, database: &str, sql: &str) -> Result<String, String> {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "test", "-h"]).arg(cluster).args([
        "-p",
        &port.to_string(),
        "-c",
        sql,
        database,
    ]);
    let output = psql.output().expect("psql is there");
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
