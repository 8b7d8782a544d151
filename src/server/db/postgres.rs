//! Parts that only PostgreSQL needs: connection options and health checks.

use std::str::FromStr;
use std::sync::Arc;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions};
use sea_orm::{DbErr, RuntimeErr};

pub mod health_check;
pub mod single_connection;

/// Makes the server cancel a query soon after its connection is closed. Only PostgreSQL 14 and newer on Linux support
/// it, so `statement_timeout` is set as well.
pub const CHECK_CLIENT_CONNECTION: &str = "SET client_connection_check_interval = '250ms'";

/// Returns the connection options of a URL.
///
/// # Errors
/// Returns an error if the URL is malformed.
pub fn options(url: &str) -> Result<PgConnectOptions, DbErr> {
    let options = PgConnectOptions::from_str(url).map_err(conn)?;
    Ok(options.disable_statement_logging().application_name("motion-export"))
}

/// Returns the error of a connection.
pub fn conn(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
