//! The source of the events, as the settings name it.

use std::time::Duration;

use anyhow::{Context, bail};

use super::Backend;
use super::postgres::Server;
use crate::server::db::pool::Pool;
use crate::server::db::postgres::single_connection;
use crate::server::db::url::{DatabaseKind, parse_url};
use crate::server::settings::{self, OnReplicaUnavailable};

/// Where exports read events. `database` is the open database of these settings.
///
/// # Errors
/// As [`parse_url`].
pub fn events(settings: &settings::Database, database: &Pool, page_timeout: Duration) -> anyhow::Result<Backend> {
    let place = parse_url(&settings.url)?;
    if settings.replica_url.starts_with("postgres") {
        single_connection::options("database.replica_url", &settings.replica_url)?;
    }
    if !settings.replica_url.is_empty()
        && (place != DatabaseKind::Postgres || !matches!(parse_url(&settings.replica_url), Ok(DatabaseKind::Postgres)))
    {
        bail!(
            "database.replica_url is a replica's, and both it and database.url have to be postgres://USER@HOST/DATABASE"
        );
    }
    Ok(match place {
        DatabaseKind::File(path) => Backend::Sqlite(path, database.file().cloned()),
        DatabaseKind::Postgres => {
            let server = Server::new(&settings.url, page_timeout).context("database.url")?;
            Backend::Postgres(if settings.replica_url.is_empty() {
                server
            } else {
                let fall_back = settings.on_replica_unavailable == OnReplicaUnavailable::Primary;
                server.or_replica(&settings.replica_url, fall_back).context("database.replica_url")?
            })
        }
    })
}
