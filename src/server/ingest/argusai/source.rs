//! An ArgusAI database of either kind: cameras, and pages of events that are read ahead.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use tokio::sync::mpsc;

use super::tables::{SourceCamera, SourceEvent};
use super::{postgres, sqlite};
use crate::server::db::url::redacted;

/// The location of an ArgusAI database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The file of SQLite.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Postgres(String),
}

impl Location {
    /// Parses an argument: the path of a file, or the URL of an SQLite file or a PostgreSQL database, also with a
    /// driver in the form of `SQLAlchemy` (`sqlite+aiosqlite:///…`, `postgresql+psycopg2://…`).
    ///
    /// # Errors
    /// Returns an error for any other URL. The error says what is accepted, and does not show the URL, which may
    /// contain a password.
    pub fn new(argument: &Path) -> anyhow::Result<Self> {
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        };
        let url = argument.to_str().and_then(|text| text.split_once("://"));
        let Some((scheme, rest)) = url.filter(|(scheme, _)| is_scheme(scheme)) else {
            return Ok(Self::File(argument.to_owned()));
        };
        let dialect = scheme.split('+').next().unwrap_or_default().to_ascii_lowercase();
        match &*dialect {
            "postgres" | "postgresql" => Ok(Self::Postgres(postgres_url(&dialect, rest))),
            "sqlite" => sqlite_file(rest).map(Self::File),
            _ => bail!("import argusai does not accept {scheme}:// URLs; {ACCEPTED}"),
        }
    }
}

const ACCEPTED: &str = "name ArgusAI's database: the path of SQLite's file, such as /srv/argusai/backend/data/app.db, its URL, such as \
                     sqlite:////srv/argusai/backend/data/app.db, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE";

/// Returns the file of an SQLite URL, from the text after `sqlite://`. `SQLAlchemy` writes a relative path after three
/// slashes and an absolute one after four; this program and others, after two and three. The second reading is used if
/// only its file exists.
fn sqlite_file(rest: &str) -> anyhow::Result<PathBuf> {
    let path = rest.split('?').next().unwrap_or_default();
    let of_sqlalchemy = path.strip_prefix('/').unwrap_or(path);
    ensure!(
        !of_sqlalchemy.is_empty() && of_sqlalchemy != ":memory:",
        "the sqlite:// URL does not name a file; {ACCEPTED}"
    );
    let is_of_others = !Path::new(of_sqlalchemy).exists() && Path::new(path).exists();
    Ok(if is_of_others { path } else { of_sqlalchemy }.into())
}

/// Returns a URL of PostgreSQL in the form of sqlx, from the text after the scheme. `SQLAlchemy` leaves the host empty
/// if a parameter names the folder of a socket, and asyncpg calls `sslmode` `ssl`.
fn postgres_url(scheme: &str, rest: &str) -> String {
    let (authority, more) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = if authority.ends_with('@') { "localhost" } else { "" };
    let more = more.replace("?ssl=", "?sslmode=").replace("&ssl=", "&sslmode=");
    format!("{scheme}://{authority}{host}{more}")
}

impl fmt::Display for Location {
    /// Writes the location without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(&redacted(url)),
        }
    }
}

/// An open ArgusAI database.
#[derive(Debug)]
pub struct Source {
    pub cameras: Vec<SourceCamera>,
    /// The number of events.
    pub events: u64,
    /// Whether the events come in order of time.
    pub is_in_order_of_time: bool,
    pages: mpsc::Receiver<anyhow::Result<Vec<SourceEvent>>>,
}

impl Source {
    /// Opens a database read-only and starts to read it.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, or is not ArgusAI's.
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
    /// Returns an error if the database cannot be read.
    pub async fn next_page(&mut self) -> anyhow::Result<Option<Vec<SourceEvent>>> {
        self.pages.recv().await.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_postgresql_is_recognized_and_shown_without_its_password() {
        for (argument, shown) in [
            ("postgres://argus:S3cret@db/argusai", "postgres://argus@db:5432/argusai"),
            ("postgresql+psycopg2://argus:S3cret@db:5433/argusai", "postgres://argus@db:5433/argusai"),
            ("postgresql+asyncpg://argus:S3/cret@db/argusai", "postgres://…"),
            (
                "postgresql+psycopg2://argus:S3cret@/argusai?host=/var/run/pg",
                "postgres://argus@localhost:5432/argusai?host=/var/run/pg",
            ),
            ("PostgreSQL+asyncpg://argus:S3cret@db/argusai?ssl=require", "postgres://argus@db:5432/argusai"),
            ("data/app.db", "data/app.db"),
        ] {
            assert_eq!(Location::new(Path::new(argument)).expect(argument).to_string(), shown);
        }
        let asyncpg = Location::new(Path::new("postgresql+asyncpg://argus@db/argusai?ssl=require")).expect("readable");
        assert_eq!(asyncpg, Location::Postgres("postgresql://argus@db/argusai?sslmode=require".to_owned()));
    }

    #[test]
    fn an_sqlite_url_is_read_in_the_form_of_sqlalchemy_and_in_that_of_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let existing = folder.path().join("app.db");
        std::fs::write(&existing, "").expect("written");
        let existing = existing.to_str().expect("a text");
        for (argument, file) in [
            ("data/app.db", "data/app.db"),
            ("a:b//c.db", "a:b//c.db"),
            ("./a://c.db", "./a://c.db"),
            ("sqlite:///./data/app.db", "./data/app.db"),
            ("sqlite:///data/app.db", "data/app.db"),
            ("sqlite:////srv/argusai/app.db", "/srv/argusai/app.db"),
            ("sqlite+aiosqlite:///data/app.db?check_same_thread=false", "data/app.db"),
            ("SQLITE+pysqlite:////srv/app.db", "/srv/app.db"),
            ("sqlite://data/app.db", "data/app.db"),
            (&format!("sqlite:///{existing}"), existing),
            (&format!("sqlite://{existing}"), existing),
        ] {
            assert_eq!(Location::new(Path::new(argument)).expect(argument), Location::File(file.into()), "{argument}");
        }
    }

    #[test]
    fn a_url_of_another_kind_is_refused_with_what_is_accepted() {
        for argument in [
            "mysql://argus:S3cret@db/argusai",
            "http://argus:S3cret@db",
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///?x=y",
        ] {
            let error = Location::new(Path::new(argument)).expect_err(argument).to_string();
            assert!(error.contains("the path of SQLite's file") && error.contains("postgresql://USER"), "{error}");
            assert!(!error.contains("S3cret"), "{error}");
        }
    }
}
