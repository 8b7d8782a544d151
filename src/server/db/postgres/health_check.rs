//! Connections of pools to PostgreSQL, which are greeted before they are used and after, and replaced where they do not
//! answer in time. Left to itself, a pool would wait for an answer that somebody gave up for as long as the kernel does, and
//! keep the place of its connection meanwhile.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{AssertSqlSafe, Connection, Error, Executor, Postgres};
use tracing::warn;

use crate::server::db::postgres::{NOTICE_WHO_LEAVES, options};
use crate::server::db::timeouts::PING_TIMEOUT;

/// How long lies between two tries to connect anew.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// How a pool connects, and greets.
#[derive(Clone, Debug)]
pub struct PoolHealthCheck {
    options: PgConnectOptions,
    /// What PostgreSQL is told over each connection.
    session_settings: Arc<str>,
}

impl PoolHealthCheck {
    /// For connections to what that URL names, over which PostgreSQL is `session_settings` something first.
    ///
    /// # Errors
    /// Where the URL is none.
    pub fn new(url: &str, session_settings: &str) -> Result<Self, DbErr> {
        Ok(Self { options: options(url)?, session_settings: session_settings.into() })
    }

    /// Has a pool greet its connections.
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
        // The pool's own greeting has no limit, and neither has its way to close a connection that is old.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
    }

    async fn ping_or_replace(&self, connection: &mut PgConnection) -> Result<bool, Error> {
        let Ok(answered) = tokio::time::timeout(PING_TIMEOUT, connection.ping()).await else {
            warn!("a connection to the database does not respond; replacing it");
            // Dropped, and not closed: with TLS, closing waits for an answer.
            *connection = self.connect().await;
            return Ok(true);
        };
        answered.map(|()| true)
    }

    /// Connects anew, as soon as that can be done. Whoever waits for the connection has a limit of their own.
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
        // Not every server knows it.
        let _ = connection.execute(NOTICE_WHO_LEAVES).await;
        Ok(())
    }
}
