//! The preview of an export.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an export of a selection would contain at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// The number of events.
    pub rows: u64,
    /// The time of the first event, as in the file. `None` without events.
    pub first: Option<String>,
    /// The time of the last event.
    pub last: Option<String>,
    /// The size of the file in bytes, estimated from some of its lines.
    pub bytes: u64,
    /// The number of events on each local day that has any, in order.
    pub days: Vec<Day>,
    /// The number of events in each local hour from the first to the last event, in order, if the selection has at most three
    /// days.
    #[serde(default)]
    pub hours: Vec<Hour>,
    /// The events of each selected camera, if there are two to five.
    #[serde(default)]
    pub cameras: Vec<CameraEvents>,
    /// The names of the file's columns.
    pub columns: Vec<String>,
    /// The cells of the first rows, as in the file.
    pub sample: Vec<Vec<String>>,
    /// On which days these cameras have events, if none of them is in the selected range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Days>,
    /// The time before which events of a selected camera were deleted, as in the file, if the selection begins earlier. Only
    /// events that a hold keeps are older.
    #[serde(default)]
    pub deleted_to: Option<String>,
    /// For how many days events are kept, at least; `None`: those of all selected cameras are kept for good.
    #[serde(default)]
    pub keep_days: Option<u32>,
    /// The times in the selected range in which events may be missing, because the source of a selected camera was not read and
    /// may have deleted them meanwhile. At most ten, the latest ones, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// A time in which events may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// Its beginning, as in the file.
    pub begin: String,
    /// Its end.
    pub end: String,
}

/// A range of local days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Days {
    /// The first day as `YYYY-MM-DD`.
    pub first: String,
    /// The last day.
    pub last: String,
}

/// The events of a local day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Day {
    /// The day as `YYYY-MM-DD`.
    pub day: String,
    /// The number of events.
    pub events: u64,
}

/// The events of a local hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hour {
    /// The start of the hour, as in the file: `2025-12-15T10:00:00+01:00`.
    pub hour: String,
    /// The number of events.
    pub events: u64,
}

/// The events of a camera over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraEvents {
    /// The id of the camera.
    pub id: String,
    /// The name. `None` if the camera no longer exists.
    pub name: Option<String>,
    /// The number of events in each of the `hours`, or on each of the `days` if there are no hours.
    pub events: Vec<u64>,
}

/// The events of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraCount {
    /// The id of the camera.
    pub id: String,
    /// The number of events.
    pub events: u64,
}
