//! Connections whose answers are waited for so long and no longer. Where packets get lost without a word (a firewall that
//! forgot a connection, a machine without power), neither sqlx nor the kernel sees for a long time that nobody is there.

use std::fmt::{Debug, Display};
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel,
    QueryResult, RuntimeErr, Statement, TransactionError, TransactionOptions, TransactionSession, TransactionTrait,
};

use super::timeouts::PING_TIMEOUT;
use crate::server::db::sqlite::open_file::OpenFile;

/// The connections of a program to its database.
pub type Pool = WithTimeout<DatabaseConnection>;

/// A transaction over one of them.
pub type Transaction = WithTimeout<DatabaseTransaction>;

/// Gives up on a statement that takes too long, the wait for a connection included. What becomes of it is unknown then.
#[derive(Clone, Debug, Default)]
pub struct WithTimeout<C> {
    inner: C,
    limit: Option<Duration>,
    /// The files that the connections are open on, where it is SQLite. They are checked before each statement.
    file: Option<OpenFile>,
}

impl Pool {
    /// For who may have to wait for long, as an import has.
    pub fn patient(inner: DatabaseConnection) -> Self {
        Self { inner, limit: None, file: None }
    }

    /// The same connections, which are open on these files.
    #[must_use]
    pub fn on(self, file: OpenFile) -> Self {
        Self { file: Some(file), ..self }
    }

    /// The files that the connections are open on, where it is SQLite.
    pub fn file(&self) -> Option<&OpenFile> {
        self.file.as_ref()
    }

    /// The same connections, whose answers are waited for so long.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The connections themselves.
    pub fn inner(&self) -> &DatabaseConnection {
        &self.inner
    }

    /// Closes all of them. PostgreSQL's are not waited for where they are silent; SQLite may have to put a long log away.
    ///
    /// # Errors
    /// The database's own.
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
    /// Waits for an answer, for so long and no longer, unless the files of the database were replaced.
    async fn ask<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        in_time(self.limit, asked).await
    }
}

async fn in_time<T>(limit: Option<Duration>, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let Some(limit) = limit else { return asked.await };
    tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(no_response(limit)))
}

/// The database is away, as far as one can tell.
fn no_response(limit: Duration) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(format!("{NO_RESPONSE} within {limit:?}")))
}

const NO_RESPONSE: &str = "the database did not answer";

/// Whether it is not known what became of a statement: it was given up, or its connection broke.
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
        self.ask(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.ask(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ask(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(self.inner.query_all_raw(statement)).await
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
        let inner = self.ask(self.inner.begin_with_options(options)).await?;
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
        let begun = self.begin_with_config(isolation_level, access_mode).await;
        let transaction = begun.map_err(TransactionError::Connection)?;
        let done = callback(&transaction).await.map_err(TransactionError::Transaction);
        let ended = if done.is_ok() { transaction.commit().await } else { transaction.rollback().await };
        ended.map_err(TransactionError::Connection)?;
        done
    }
}

impl<C: TransactionSession> WithTimeout<C> {
    /// Ends it, and keeps what was done.
    ///
    /// # Errors
    /// The database's own, and where it does not answer in time; then it may have been kept.
    pub async fn commit(self) -> Result<(), DbErr> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        in_time(self.limit, self.inner.commit()).await
    }

    /// Ends it, as if nothing had been done.
    ///
    /// # Errors
    /// The database's own, and where it does not answer in time.
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
