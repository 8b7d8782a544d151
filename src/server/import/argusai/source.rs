//! What both kinds of ArgusAI databases give: cameras, and pages of events that are read ahead.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::bail;
use tokio::sync::mpsc;

use super::values::Value;
use super::{postgres, sqlite};
use crate::server::database::without_password;

/// How many events are read at once.
pub const PAGE: usize = 2_000;

/// The columns of ArgusAI's tables that are read: never an address, a user name or a password, and never a thumbnail.
pub const TABLES: [(&str, &[&str]); 2] = [
    ("cameras", &["id", "name"]),
    ("motion_events", &["id", "camera_id", "timestamp", "confidence", "algorithm_used", "bounding_box"]),
];

/// Where an ArgusAI database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// SQLite's file.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Postgres(String),
}

impl Location {
    /// Reads an argument: a URL of PostgreSQL, also one with a driver as `SQLAlchemy` writes it
    /// (`postgresql+psycopg2://…`), or the path of a file.
    pub fn new(argument: &Path) -> Self {
        let url = argument.to_str().and_then(|text| {
            let (scheme, rest) = text.split_once("://")?;
            let scheme = scheme.split('+').next()?;
            ["postgres", "postgresql"].contains(&scheme).then(|| format!("{scheme}://{rest}"))
        });
        url.map_or_else(|| Self::File(argument.to_owned()), Self::Postgres)
    }
}

impl fmt::Display for Location {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

/// A camera.
#[derive(Debug)]
pub struct SourceCamera {
    pub id: Value,
    pub name: Value,
}

/// An event as ArgusAI has it.
#[derive(Debug, Default)]
pub struct SourceEvent {
    pub id: Value,
    pub camera_id: Value,
    pub timestamp: Value,
    pub confidence: Value,
    pub algorithm: Value,
    pub bounding_box: Value,
}

/// An open ArgusAI database.
#[derive(Debug)]
pub struct Source {
    pub cameras: Vec<SourceCamera>,
    /// How many events there are.
    pub events: u64,
    /// Whether the events come in order of time, all of one moment after each other.
    pub is_in_order_of_time: bool,
    pages: mpsc::Receiver<anyhow::Result<Vec<SourceEvent>>>,
}

/// Where whoever reads puts the pages.
pub type Pages = mpsc::Sender<anyhow::Result<Vec<SourceEvent>>>;

impl Source {
    /// Opens a database read-only and begins to read it.
    ///
    /// # Errors
    /// If it cannot be read, or is not ArgusAI's.
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        let (sender, pages) = mpsc::channel(1);
        Ok(match location {
            Location::File(file) => {
                let (cameras, events) = sqlite::open(file.clone(), sender).await?;
                Self { cameras, events, is_in_order_of_time: false, pages }
            }
            Location::Postgres(url) => {
                let (cameras, events, is_in_order_of_time) = postgres::open(url, sender).await?;
                Self { cameras, events, is_in_order_of_time, pages }
            }
        })
    }

    /// Returns the next page; `None` after the last one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn next_page(&mut self) -> anyhow::Result<Option<Vec<SourceEvent>>> {
        self.pages.recv().await.transpose()
    }
}

/// Checks that a database is ArgusAI's. `found` are the columns of one of its tables.
///
/// # Errors
/// If the table or one of its columns is missing.
pub fn check_table(table: &str, needed: &[&str], found: &[String]) -> anyhow::Result<()> {
    let has = |column: &str| found.iter().any(|name| name.eq_ignore_ascii_case(column));
    if found.is_empty() {
        bail!("it is not an ArgusAI database: it has no table {table}");
    }
    if let Some(missing) = needed.iter().find(|column| !has(column)) {
        if table == "motion_events" && has("algorithm") && has("created_at") {
            bail!(
                "it is a database of Motion Export itself, not of ArgusAI; to copy its events, use `export --raw`, then \
                 `import csv --raw`"
            );
        }
        bail!("it is not an ArgusAI database: its table {table} has no column {missing}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_postgresql_is_recognised_and_shown_without_its_password() {
        for (argument, shown) in [
            ("postgres://argus:S3cret@db/argusai", "postgres://argus@db:5432/argusai"),
            ("postgresql+psycopg2://argus:S3cret@db:5433/argusai", "postgres://argus@db:5433/argusai"),
            ("postgresql+asyncpg://argus:S3/cret@db/argusai", "postgres://…"),
            ("data/app.db", "data/app.db"),
        ] {
            assert_eq!(Location::new(Path::new(argument)).to_string(), shown);
        }
        assert_eq!(Location::new(Path::new("data/app.db")), Location::File("data/app.db".into()));
    }
}
