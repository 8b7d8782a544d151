//! What only PostgreSQL needs: how to connect to it, and the health check of its connections.

use std::str::FromStr;
use std::sync::Arc;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions};
use sea_orm::{DbErr, RuntimeErr};

pub mod health_check;
pub mod single_connection;

/// What makes the server stop soon when a connection is closed. Not every server knows it (it came with PostgreSQL 14, and
/// for Linux), so there is `statement_timeout` as well.
pub const NOTICE_WHO_LEAVES: &str = "SET client_connection_check_interval = '250ms'";

/// How to connect to what a URL names.
///
/// # Errors
/// Where the URL is none.
pub fn options(url: &str) -> Result<PgConnectOptions, DbErr> {
    let options = PgConnectOptions::from_str(url).map_err(conn)?;
    Ok(options.disable_statement_logging().application_name("motion-export"))
}

/// An error of the connection.
pub fn conn(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
