//! Errors of the database as clients see them.

use std::borrow::Cow;

use sea_orm::sqlx;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::sqlite::SqliteError;
use sea_orm::{DbErr, RuntimeErr};
use tracing::{error, warn};

use super::describe_error::describe;
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::db::sqlite::open_file::is_replaced;

/// SQLSTATEs of PostgreSQL after which a retry may help: the server is stopping or starting, failed over and is
/// read-only now, is out of disk space, memory or connections, or ended an idle transaction; another transaction holds
/// a lock for too long; a replica cancelled a query in favour of its primary. All of class 08 count too.
const UNAVAILABLE: [&str; 12] =
    ["57P01", "57P02", "57P03", "57P05", "25006", "25P03", "53100", "53200", "53300", "55P03", "40001", "40P01"];

/// Primary result codes of SQLite after which a retry may help: another writer (5, 6), the disk is failing (10) or full
/// (13), a file cannot be opened (14), too many programs wait for the lock (15).
const SQLITE_UNAVAILABLE: [i32; 6] = [5, 6, 10, 13, 14, 15];

/// The primary result code of SQLite for a full disk.
const SQLITE_FULL: i32 = 13;

/// The SQLSTATE of PostgreSQL for a full disk.
const DISK_FULL: &str = "53100";

/// Whether the database cannot be reached, is full, or is locked by another writer for too long: a retry may help. It
/// does not help if the database rejects the user or the password.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => is_sqlx_unavailable(error),
        // From this program: no answer in time, or replaced files.
        DbErr::Conn(RuntimeErr::Internal(_)) | DbErr::ConnectionAcquire(_) => true,
        _ => false,
    }
}

fn is_sqlx_unavailable(error: &sqlx::Error) -> bool {
    if let Some(code) = sqlite_code(error) {
        return SQLITE_UNAVAILABLE.contains(&code);
    }
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| UNAVAILABLE.contains(&&*code) || code.starts_with("08"))
        }
        _ => false,
    }
}

/// Whether the error may resolve by itself, so that waiting for it makes sense.
pub fn may_pass(error: &DbErr) -> bool {
    is_unavailable(error) && !is_replaced(error)
}

/// Whether the disk of the database is full.
pub fn is_disk_full(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => match sqlite_code(error) {
            Some(code) => code == SQLITE_FULL,
            None => error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == DISK_FULL),
        },
        _ => false,
    }
}

/// Returns the primary result code of an error of SQLite.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    Some(error.code()?.parse::<i32>().ok()? & 0xff)
}

/// Returns the SQLSTATE and the message of an error of PostgreSQL.
fn sqlstate(error: &DbErr) -> Option<(Cow<'_, str>, &str)> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let error = error.as_database_error()?;
    Some((error.code()?, error.message()))
}

/// Whether the database took longer than its `statement_timeout`.
pub fn is_statement_timeout(error: &DbErr) -> bool {
    sqlstate(error).is_some_and(|(code, message)| code == "57014" && message.contains("statement timeout"))
}

/// Logs the error, and returns what the client may know of it. The reason is not sent to the client.
impl From<&DbErr> for ApiError {
    fn from(error: &DbErr) -> Self {
        let for_client = unlogged_api_error(error);
        match for_client.code {
            ErrorCode::Internal => error!(%error, "internal error"),
            // Replaced files are logged elsewhere, with instructions.
            ErrorCode::Unavailable if !is_replaced(error) => warn!(%error, "database unavailable"),
            _ => {}
        }
        for_client
    }
}

/// Logs the error, and returns what the client may know of it. The reason is not sent to the client.
impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        Self::from(&error)
    }
}

/// Converts the error as `ApiError::from` does, without logging it: for an error that is logged elsewhere.
pub fn unlogged_api_error(error: &DbErr) -> ApiError {
    let for_client = if is_unavailable(error) {
        ApiError::new(ErrorCode::Unavailable, RequestMessage::DatabaseUnavailable)
    } else if sqlstate(error).is_some_and(|(code, _)| code == "22021") {
        ApiError::new(ErrorCode::InvalidParameter, RequestMessage::NulCharacter)
    } else {
        ApiError::internal()
    };
    ApiError { reason: Some(describe(error)), ..for_client }
}

/// Returns the error of a database that is unavailable for this reason. Retrying may help.
pub fn unavailable(reason: &str) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(reason.to_owned()))
}
