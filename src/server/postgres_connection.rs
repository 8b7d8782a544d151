//! A single connection to PostgreSQL, for who wants to know at once why it cannot be made: a pool tries on for a while, and
//! then only says that it took too long.

use std::str::FromStr;
use std::time::Duration;

use anyhow::anyhow;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection};

use super::database_errors::describe_sqlx;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads the URL of a database. `name` is what the error calls the URL, such as the option that it comes from.
///
/// # Errors
/// If it cannot be read. The error does not show the URL: what cannot be read may be a password.
pub fn options(name: &str, url: &str) -> anyhow::Result<PgConnectOptions> {
    PgConnectOptions::from_str(url).map_err(|_| {
        anyhow!(
            "{name} cannot be read; it must be postgres://USER:PASSWORD@HOST/DATABASE, and characters of the password \
             other than letters and digits must be written as %40 and the like"
        )
    })
}

/// Connects to the database that a URL names.
///
/// # Errors
/// If that cannot be done; the error says why, and does not show the password.
pub async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let options = options("the URL", url)?.application_name("motion-export").disable_statement_logging();
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await;
    connected
        .map_err(|_| {
            let seconds = CONNECT_TIMEOUT.as_secs();
            anyhow!("the server did not answer within {seconds} s; check the network, and host and port in the URL")
        })?
        .map_err(|error| anyhow!("{}", describe_sqlx(&error)))
}
