//! Export records, as they go over the wire: who exported what, when, and whether the file is whole.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::unknown_value::UnknownValue;
use crate::messages::Message;

/// Where records are read; below it, each by its id.
pub const EXPORTS_PATH: &str = "/api/v1/exports";

/// The header of an export's answer that names its record.
pub const EXPORT_ID_HEADER: &str = "x-export-id";

/// What became of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being made.
    Running,
    /// The whole file was sent.
    Completed,
    /// The client went away before the end.
    Cancelled,
    /// It could not be read or written to the end.
    Failed,
    /// The database did not give the next events in time, or the client took nothing for too long.
    TimedOut,
    /// The server was stopped or went away.
    Interrupted,
}

impl State {
    /// All that there are.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Completed, Self::Cancelled, Self::Failed, Self::TimedOut, Self::Interrupted];

    /// Returns the name in tables, addresses and numbers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
        }
    }
}

impl FromStr for State {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownValue)
    }
}

/// The record of one export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportRecord {
    /// What `X-Export-Id` told.
    pub id: String,
    /// What became of it.
    pub state: State,
    /// As whom; `None` for whoever ran the command on the server, without `--as`.
    pub user: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: String,
    /// The selection, as the query string that asks for it again.
    pub query: String,
    /// Events in the file; while it runs, some seconds old.
    pub rows: i64,
    /// Bytes of the file, before any content encoding.
    pub bytes: i64,
    /// SHA-256 of the same bytes, in hexadecimal digits; only of a file that was sent whole.
    pub sha256: Option<String>,
    /// RFC 3339, in UTC.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// The same; `None` while it runs, and if it is unknown. Of an export whose server was killed, the last heartbeat.
    pub finished_at: Option<String>,
    /// From the one to the other, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Why it did not end well, in English, where it did not.
    pub error: Option<String>,
    /// The same as a message, for programs, and in the language of the request for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Message>,
    /// RFC 3339, in UTC: up to when the file is complete, where it was read from a replica; `None` where that is when it
    /// began.
    pub complete_to: Option<String>,
}

/// Some records, newest first, and where the next are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportRecords {
    /// The records.
    pub exports: Vec<ExportRecord>,
    /// What `before` has to be for those that come after these; `None` where there are none.
    pub next: Option<String>,
}
