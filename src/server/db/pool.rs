//! Database connections with a per-statement timeout. If packets are lost silently (a firewall that drops a connection,
//! a machine without power), neither sqlx nor the kernel notices for a long time.

use std::fmt::{Debug, Display};
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel,
    QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionError, TransactionOptions,
    TransactionSession, TransactionTrait,
};

use super::timeouts::PING_TIMEOUT;
use crate::server::db::sqlite::open_file::OpenFile;

/// The connections of a program to its database.
pub type Pool = WithTimeout<DatabaseConnection>;

/// A transaction over a connection of a [`Pool`].
pub type Transaction = WithTimeout<DatabaseTransaction>;

/// Gives up on a statement that takes too long, the wait for a connection included. The outcome of the statement is
/// unknown then.
#[derive(Clone, Debug, Default)]
pub struct WithTimeout<C> {
    inner: C,
    limit: Option<Duration>,
    /// The open files of an SQLite database. They are checked before each statement.
    file: Option<OpenFile>,
}

impl Pool {
    /// Returns a pool without a timeout, for an import, which may wait for long.
    pub fn without_timeout(inner: DatabaseConnection) -> Self {
        Self { inner, limit: None, file: None }
    }

    /// Returns the same pool, which has these files open.
    #[must_use]
    pub fn with_file(self, file: OpenFile) -> Self {
        Self { file: Some(file), ..self }
    }

    /// Returns the open files of an SQLite database.
    pub fn file(&self) -> Option<&OpenFile> {
        self.file.as_ref()
    }

    /// Returns the same pool with a timeout for each statement.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Returns the pool without the timeout.
    pub fn inner(&self) -> &DatabaseConnection {
        &self.inner
    }

    /// Begins a transaction that writes. In SQLite, one that reads first could otherwise not write after another connection
    /// has written.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn begin_write(&self) -> Result<Transaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_with_options(options).await
    }

    /// Closes all connections. PostgreSQL's are not waited for if they do not respond. SQLite may need longer to
    /// checkpoint a long log.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub async fn close(self) -> Result<(), DbErr> {
        let limit = (self.get_database_backend() == DbBackend::Postgres).then_some(PING_TIMEOUT);
        let closed = in_time(limit, self.inner.close()).await;
        if let Some(file) = &self.file {
            file.close().await;
        }
        closed
    }
}

impl<C> WithTimeout<C> {
    /// Waits for a result, but not longer than the timeout. Fails at once if the files of the database were replaced.
    async fn run<T>(&self, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        in_time(self.limit, statement).await
    }
}

async fn in_time<T>(limit: Option<Duration>, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let Some(limit) = limit else { return statement.await };
    tokio::time::timeout(limit, statement).await.unwrap_or_else(|_| Err(no_response(limit)))
}

/// Returns the error of a statement that timed out.
fn no_response(limit: Duration) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(format!("{NO_RESPONSE} within {limit:?}")))
}

const NO_RESPONSE: &str = "the database did not answer";

/// Whether the outcome of a statement is unknown: it timed out, or its connection broke.
pub fn is_outcome_unknown(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::Internal(reason)) => reason.starts_with(NO_RESPONSE),
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            matches!(**error, sqlx::Error::Io(_) | sqlx::Error::Tls(_))
        }
        _ => false,
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for WithTimeout<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(self.inner.query_all_raw(statement)).await
    }
}

#[async_trait]
impl<C: TransactionTrait> TransactionTrait for WithTimeout<C> {
    type Transaction = WithTimeout<C::Transaction>;

    async fn begin(&self) -> Result<Self::Transaction, DbErr> {
        self.begin_with_options(TransactionOptions::default()).await
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self::Transaction, DbErr> {
        let options = TransactionOptions { isolation_level, access_mode, ..Default::default() };
        self.begin_with_options(options).await
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Self::Transaction, DbErr> {
        let inner = self.run(self.inner.begin_with_options(options)).await?;
        Ok(WithTimeout { inner, limit: self.limit, file: self.file.clone() })
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self::Transaction) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        self.transaction_with_config(callback, None, None).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self::Transaction) -> Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        let transaction = self.begin_with_config(isolation_level, access_mode).await;
        let transaction = transaction.map_err(TransactionError::Connection)?;
        let result = callback(&transaction).await.map_err(TransactionError::Transaction);
        let ended = if result.is_ok() { transaction.commit().await } else { transaction.rollback().await };
        ended.map_err(TransactionError::Connection)?;
        result
    }
}

impl<C: TransactionSession> WithTimeout<C> {
    /// Commits the transaction.
    ///
    /// # Errors
    /// Returns the error of the database, or an error if it does not answer in time; the transaction may have been
    /// committed then.
    pub async fn commit(self) -> Result<(), DbErr> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        in_time(self.limit, self.inner.commit()).await
    }

    /// Rolls the transaction back.
    ///
    /// # Errors
    /// Returns the error of the database, or an error if it does not answer in time.
    pub async fn rollback(self) -> Result<(), DbErr> {
        in_time(self.limit, self.inner.rollback()).await
    }
}

#[async_trait]
impl<C: TransactionSession + Send> TransactionSession for WithTimeout<C> {
    async fn commit(self) -> Result<(), DbErr> {
        Self::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Self::rollback(self).await
    }
}
