//! What errors of the database mean to a client.

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

/// What PostgreSQL says (SQLSTATE) where trying again may help: it is stopped or being started, was failed over and only
/// reads now, has no room on its disk or in memory, takes no more connections, or heard nothing for too long; somebody else
/// holds a lock for too long; a replica had to choose between a reader and its primary. And all of class 08.
const AWAY: [&str; 12] =
    ["57P01", "57P02", "57P03", "57P05", "25006", "25P03", "53100", "53200", "53300", "55P03", "40001", "40P01"];

/// What SQLite says (primary result code) where trying again may help: somebody else writes (5, 6), the disk fails (10) or
/// is full (13), a file cannot be opened (14), too many programs want the lock (15).
const SQLITE_AWAY: [i32; 6] = [5, 6, 10, 13, 14, 15];

/// Whether the database cannot be reached, is full, or is being written to by somebody else for too long: trying again may
/// help. It does not help where the database refuses the user or the password.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => is_sqlx_away(error),
        // Of our own: no answer in time, or files that were replaced.
        DbErr::Conn(RuntimeErr::Internal(_)) | DbErr::ConnectionAcquire(_) => true,
        _ => false,
    }
}

fn is_sqlx_away(error: &sqlx::Error) -> bool {
    if let Some(code) = sqlite_code(error) {
        return SQLITE_AWAY.contains(&code);
    }
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| AWAY.contains(&&*code) || code.starts_with("08"))
        }
        _ => false,
    }
}

/// Whether it may pass without anybody doing anything, so that it is worth waiting for.
pub fn may_pass(error: &DbErr) -> bool {
    is_unavailable(error) && !is_replaced(error)
}

/// SQLite's primary result code, where the error is SQLite's.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    Some(error.code()?.parse::<i32>().ok()? & 0xff)
}

/// What PostgreSQL says of an error: its SQLSTATE, and in words.
fn told(error: &DbErr) -> Option<(Cow<'_, str>, &str)> {
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
    told(error).is_some_and(|(code, message)| code == "57014" && message.contains("statement timeout"))
}

/// Logs the error, and returns what the client may know of it. The reason is not sent to the client.
impl From<&DbErr> for ApiError {
    fn from(error: &DbErr) -> Self {
        let for_client = unlogged_api_error(error);
        match for_client.code {
            ErrorCode::Internal => error!(%error, "internal error"),
            // Replaced files are logged elsewhere, with what to do.
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
    } else if told(error).is_some_and(|(code, _)| code == "22021") {
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
