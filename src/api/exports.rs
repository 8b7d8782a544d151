//! Export records on the wire: who exported what and when, and whether the file is complete.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::unknown_value::{UnknownValue, serialize_as_str};
use crate::messages::Message;

/// The path of the records. Each is below it by its id.
pub const EXPORTS_PATH: &str = "/api/v1/exports";

/// The records as CSV.
pub const HISTORY_CSV_PATH: &str = "/api/v1/exports.csv";

/// The events about exports: which run, how far they are, and how they end.
pub const EXPORT_EVENTS_PATH: &str = "/api/v1/exports/events";

/// The response header of an export with the id of its record.
pub const EXPORT_ID_HEADER: &str = "x-export-id";

/// The state of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum State {
    /// The file is being sent.
    Running,
    /// The complete file was sent.
    Completed,
    /// The client disconnected before the end, or the export was cancelled.
    Cancelled,
    /// An error occurred before the end.
    Failed,
    /// The database did not return the next events in time, or the client read nothing for too long.
    TimedOut,
    /// The server stopped before the end.
    Interrupted,
}

impl State {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Completed, Self::Cancelled, Self::Failed, Self::TimedOut, Self::Interrupted];

    /// Returns the name in the database, in addresses and in metrics.
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

serialize_as_str!(State, State::as_str, |name| name.parse().ok());

/// The record of one export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportRecord {
    /// The id, as in `X-Export-Id`.
    pub id: String,
    /// The state.
    pub state: State,
    /// The name of the user. `None` for the command on the server without `--as`.
    pub user: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: String,
    /// The selection, as the query string that exports it again.
    pub query: String,
    /// The number of events in the file. While the export is running, some seconds old.
    pub rows: i64,
    /// The size of the file in bytes, before any content encoding.
    pub bytes: i64,
    /// The SHA-256 of the file in hexadecimal digits. Only for a file that was sent completely.
    pub sha256: Option<String>,
    /// The start as RFC 3339, in UTC.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// The end as RFC 3339, in UTC. `None` while the export is running, and if the end is unknown. If the server was killed, the
    /// last heartbeat.
    pub finished_at: Option<String>,
    /// The duration in milliseconds.
    pub duration_ms: Option<i64>,
    /// Why the export did not complete, in English.
    pub error: Option<String>,
    /// The same as a message: for programs a code, for people a sentence in the language of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Message>,
    /// The time up to which a file from a replica is complete, as RFC 3339, in UTC. `None` if that is the start of the export.
    pub complete_to: Option<String>,
    /// The time before which events of a selected camera had been deleted when the export began, as RFC 3339, in UTC. Only
    /// events that a hold keeps are older. `None` if none were deleted.
    #[serde(default)]
    pub deleted_to: Option<String>,
    /// Whether the running export is to be cancelled. Its server does that within some seconds.
    #[serde(default)]
    pub cancel_requested: bool,
}

/// A page of records, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportRecords {
    /// The records.
    pub exports: Vec<ExportRecord>,
    /// The value of `before` for the next page. `None` on the last page.
    pub next: Option<String>,
}

/// One export in an event. The event `snapshot` has the running exports that the caller may see and the caller's last ones,
/// the event `update` those that have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportEvent {
    /// Whether it is an export of the caller.
    pub mine: bool,
    /// The record.
    pub export: ExportRecord,
}

/// Returns the path that cancels an export.
pub fn cancel_path(id: &str) -> String {
    format!("{EXPORTS_PATH}/{id}/cancel")
}
