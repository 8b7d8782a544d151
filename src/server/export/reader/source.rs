//! The database that exports read events from, according to the settings.

use std::time::Duration;

use anyhow::{Context, bail};

use super::Backend;
use super::postgres::Server;
use crate::server::db::pool::Pool;
use crate::server::db::postgres::single_connection;
use crate::server::db::url::{DatabaseKind, parse_url};
use crate::server::settings;

/// Returns the database that exports read events from. `database` is the open database of these settings.
///
/// # Errors
/// Returns an error if a URL of the settings is invalid, or a replica is set for a database that is not PostgreSQL.
pub fn events(settings: &settings::Database, database: &Pool, page_timeout: Duration) -> anyhow::Result<Backend> {
    let kind = parse_url(&settings.url)?;
    if settings.replica_url.starts_with("postgres") {
        single_connection::options("database.replica_url", &settings.replica_url)?;
    }
    if !settings.replica_url.is_empty()
        && (kind != DatabaseKind::Postgres || !matches!(parse_url(&settings.replica_url), Ok(DatabaseKind::Postgres)))
    {
        bail!(
            "database.replica_url is a replica's, and both it and database.url have to be postgres://USER@HOST/DATABASE"
        );
    }
    Ok(match kind {
        DatabaseKind::File(path) => Backend::Sqlite(path, database.file().cloned()),
        DatabaseKind::Postgres => {
            let server = Server::new(&settings.url, page_timeout).context("database.url")?;
            Backend::Postgres(if settings.replica_url.is_empty() {
                server
            } else {
                let when_unavailable = settings.on_replica_unavailable;
                server.with_replica(&settings.replica_url, when_unavailable).context("database.replica_url")?
            })
        }
    })
}
