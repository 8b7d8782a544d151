//! Why an export cannot begin, or cannot go on.

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

/// Why an export cannot begin, or cannot go on.
#[derive(Debug)]
pub enum ExportError {
    /// The client asked for something that there is not.
    Refused(ApiError),
    /// The viewer may no longer see what the export is about.
    Revoked(AccessLost),
    /// Months of events were detached while it ran.
    Detached,
    /// The database did not give a page in time, and was told to stop looking for it.
    TimedOut(Duration),
    /// The database cannot answer, or answers with something unreadable.
    Database(DbErr),
    /// A row cannot be written.
    Encode(EncodeError),
}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Revoked(lost) => f.write_str(&Message::from(lost).text),
            Self::Detached => f.write_str("months of events were detached while the export ran; export again"),
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

/// Logs the error, unless the client caused it, and returns what the client may know of it: for a failure before the first
/// byte of a response.
impl From<ExportError> for ApiError {
    fn from(error: ExportError) -> Self {
        match &error {
            ExportError::Database(error) => error.into(),
            ExportError::Encode(error) => internal(error),
            ExportError::TimedOut(_) => {
                warn!(%error, "export refused");
                error.unlogged_api_error()
            }
            ExportError::Refused(_) | ExportError::Revoked(_) | ExportError::Detached => error.unlogged_api_error(),
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
            Self::TimedOut(limit) => {
                ApiError::new(ErrorCode::DatabaseTimeout, RequestMessage::FirstPageTimeout { seconds: limit.as_secs() })
            }
            Self::Database(error) => unlogged_api_error(error),
            Self::Encode(error) => ApiError { reason: Some(error.to_string()), ..ApiError::internal() },
        }
    }

    /// An export that failed is asked to go on.
    pub fn failed_before() -> Self {
        EncodeError::from("an export that failed does not go on").into()
    }

    /// Returns how the record of an export ends that fails with this error.
    pub fn ending(&self) -> Outcome {
        match self {
            Self::Revoked(lost) => Outcome::failed(lost),
            Self::Refused(error) => Outcome::failed(Message::clone(&error.message)),
            Self::Detached => Outcome::failed(RecordMessage::EventsDetached),
            Self::TimedOut(limit) => {
                Outcome::new(State::TimedOut, RecordMessage::PageTimeout { seconds: limit.as_secs() })
            }
            Self::Database(_) => Outcome::failed(RecordMessage::DatabaseFailed),
            Self::Encode(error) => Outcome::failed(RecordMessage::EventNotEncoded { reason: error.to_string() }),
        }
    }
}
