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

/// Connects to the database that a URL names.
///
/// # Errors
/// If that cannot be done; the error says why, and does not show the password.
pub async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    // What cannot be read may be a password, so it is not shown.
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        anyhow!(
            "the URL cannot be read; it must be postgres://USER:PASSWORD@HOST/DATABASE, and characters of the password \
             other than letters and digits must be written as %40 and the like"
        )
    })?;
    let options = options.application_name("motion-export").disable_statement_logging();
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await;
    connected
        .map_err(|_| {
            let seconds = CONNECT_TIMEOUT.as_secs();
            anyhow!("the server did not answer within {seconds} s; check the network, and host and port in the URL")
        })?
        .map_err(|error| anyhow!("{}", describe_sqlx(&error)))
}
