//! Why an export cannot begin, or cannot go on.

use std::time::Duration;

use sea_orm::DbErr;

use super::csv::EncodeError;
use super::record::Ending;
use crate::api::exports::State;
use crate::error::ApiError;
use crate::server::auth::access_lost::AccessLost;
use crate::server::auth::viewer::SelectError;

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
            Self::Revoked(lost) => f.write_str(lost.reason()),
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

impl ExportError {
    /// An export that failed is asked to go on.
    pub fn failed_before() -> Self {
        EncodeError::from("an export that failed does not go on").into()
    }

    /// Returns how the record of an export ends that fails with this error: with a sentence for people.
    pub fn ending(&self) -> Ending {
        match self {
            Self::Revoked(lost) => Ending::failed(lost.reason()),
            Self::Refused(_) | Self::Detached => Ending::failed(self.sentence()),
            Self::TimedOut(_) => Ending::because(State::TimedOut, self.sentence()),
            Self::Database(_) => {
                Ending::failed("The events could not be read from the database. The server's log tells more.")
            }
            Self::Encode(error) => Ending::failed(format!("An event could not be written: {error}.")),
        }
    }

    fn sentence(&self) -> String {
        let text = self.to_string();
        let mut letters = text.trim_end_matches('.').chars();
        letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    }
}
