//! Health checks for pooled PostgreSQL connections: each is pinged on acquire and release, and replaced if it does not
//! answer in time. By itself, a pool would wait for the answer of a statement that timed out as long as the kernel
//! does, and keep its connection that long.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{AssertSqlSafe, Connection, Error, Executor, Postgres};
use tracing::warn;

use crate::server::db::postgres::{CHECK_CLIENT_CONNECTION, options};
use crate::server::db::timeouts::PING_TIMEOUT;

/// The pause between two attempts to reconnect.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// Connects and checks the connections of a pool.
#[derive(Clone, Debug)]
pub struct PoolHealthCheck {
    options: PgConnectOptions,
    /// SQL statements that PostgreSQL runs on each new connection.
    session_settings: Arc<str>,
}

impl PoolHealthCheck {
    /// Returns the health check for connections to the database of that URL. `session_settings` are SQL statements that
    /// PostgreSQL runs on each new connection.
    ///
    /// # Errors
    /// Returns an error if the URL is malformed.
    pub fn new(url: &str, session_settings: &str) -> Result<Self, DbErr> {
        Ok(Self { options: options(url)?, session_settings: session_settings.into() })
    }

    /// Installs the health check in a pool.
    pub fn apply_to(&self, pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
        let (first, before, after) = (self.clone(), self.clone(), self.clone());
        pool.after_connect(move |connection, _| {
            let health_check = first.clone();
            Box::pin(async move { health_check.configure(connection).await })
        })
        .before_acquire(move |connection, _| {
            let health_check = before.clone();
            Box::pin(async move { health_check.ping_or_replace(connection).await })
        })
        .after_release(move |connection, _| {
            let health_check = after.clone();
            Box::pin(async move { health_check.ping_or_replace(connection).await })
        })
        // The ping of the pool itself has no timeout, and neither has closing an old connection.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
    }

    async fn ping_or_replace(&self, connection: &mut PgConnection) -> Result<bool, Error> {
        let Ok(answered) = tokio::time::timeout(PING_TIMEOUT, connection.ping()).await else {
            warn!("a connection to the database does not respond; replacing it");
            // The connection is dropped, not closed: with TLS, closing waits for an answer.
            *connection = self.connect().await;
            return Ok(true);
        };
        answered.map(|()| true)
    }

    /// Reconnects, as often as it takes. Requests that wait for the connection have a timeout of their own.
    async fn connect(&self) -> PgConnection {
        loop {
            let connected = async {
                let mut connection = PgConnection::connect_with(&self.options).await?;
                self.configure(&mut connection).await?;
                Ok::<_, Error>(connection)
            };
            if let Ok(Ok(connection)) = tokio::time::timeout(PING_TIMEOUT, connected).await {
                return connection;
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    async fn configure(&self, connection: &mut PgConnection) -> Result<(), Error> {
        connection.execute(AssertSqlSafe(self.session_settings.to_string())).await?;
        // Not every server supports it.
        let _ = connection.execute(CHECK_CLIENT_CONNECTION).await;
        Ok(())
    }
}
