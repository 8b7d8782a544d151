//! The errors of exports.

use std::time::Duration;

use sea_orm::DbErr;
use tracing::warn;

use super::csv::EncodeError;
use super::record_store::Outcome;
use crate::api::exports::State;
use crate::error::{ApiError, ErrorCode};
use crate::messages::Message;
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::server::accounts::camera_access::SelectError;
use crate::server::accounts::camera_access::access_lost::AccessLost;
use crate::server::db::error::unlogged_api_error;
use crate::server::internal_error::internal;

/// Why an export cannot start or cannot continue.
#[derive(Debug)]
pub enum ExportError {
    /// The client requested something that does not exist.
    Refused(ApiError),
    /// The user no longer has access to the cameras.
    Revoked(AccessLost),
    /// A partition was detached while the export ran.
    Detached,
    /// Selected events were deleted while the export ran.
    Deleted,
    /// The database did not return a page in time, and its query was cancelled.
    TimedOut(Duration),
    /// The database is unavailable, or a value in it cannot be read.
    Database(DbErr),
    /// A row cannot be encoded.
    Encode(EncodeError),
}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Revoked(lost) => f.write_str(&Message::from(lost).text),
            Self::Detached => f.write_str("months of events were detached while the export ran; export again"),
            Self::Deleted => f.write_str("selected events were deleted while the export ran; export again"),
            Self::TimedOut(limit) => {
                write!(f, "the database gave no page within {} s (export.page_timeout_seconds)", limit.as_secs())
            }
            Self::Database(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<ApiError> for ExportError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<SelectError> for ExportError {
    fn from(error: SelectError) -> Self {
        match error {
            SelectError::Refused(error) => Self::Refused(error),
            SelectError::Database(error) => Self::Database(error),
        }
    }
}

impl From<DbErr> for ExportError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<EncodeError> for ExportError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

/// Logs the error, unless the client caused it, and returns what the client may know of it. For a failure before the first byte of
/// a response.
impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match &error {
            ExportError::Database(error) => error.into(),
            ExportError::Encode(error) => internal(error),
            ExportError::TimedOut(_) => {
                warn!(%error, "export refused");
                error.unlogged_api_error()
            }
            ExportError::Refused(_) | ExportError::Revoked(_) | ExportError::Detached | ExportError::Deleted => {
                error.unlogged_api_error()
            }
        }
    }
}

impl ExportError {
    /// Converts the error as `ApiError::from` does, without logging it: for an error that is logged elsewhere.
    pub fn unlogged_api_error(&self) -> ApiError {
        match self {
            Self::Refused(error) => error.clone(),
            Self::Revoked(lost) => ApiError::new(lost.code(), lost),
            Self::Detached => ApiError::new(ErrorCode::Unavailable, RequestMessage::EventsDetached),
            Self::Deleted => ApiError::new(ErrorCode::Unavailable, RequestMessage::EventsDeleted),
            Self::TimedOut(limit) => {
                ApiError::new(ErrorCode::DatabaseTimeout, RequestMessage::FirstPageTimeout { seconds: limit.as_secs() })
            }
            Self::Database(error) => unlogged_api_error(error),
            Self::Encode(error) => ApiError { reason: Some(error.to_string()), ..ApiError::internal() },
        }
    }

    /// Returns the error for a request to continue after a failure.
    pub fn failed_before() -> Self {
        EncodeError::from("the export has failed before").into()
    }

    /// Returns the outcome of an export that fails with this error.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Revoked(lost) => Outcome::failed(lost),
            Self::Refused(error) => Outcome::failed(Message::clone(&error.message)),
            Self::Detached => Outcome::failed(RecordMessage::EventsDetached),
            Self::Deleted => Outcome::failed(RecordMessage::EventsDeleted),
            Self::TimedOut(limit) => {
                Outcome::new(State::TimedOut, RecordMessage::PageTimeout { seconds: limit.as_secs() })
            }
            Self::Database(_) => Outcome::failed(RecordMessage::DatabaseFailed),
            Self::Encode(error) => Outcome::failed(RecordMessage::EventNotEncoded { reason: error.to_string() }),
        }
    }
}
