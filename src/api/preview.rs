//! What an export would hold: told before it is asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a selection holds at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Events.
    pub rows: u64,
    /// When the first of them was, as the file would tell it; `None` where there is none.
    pub first: Option<String>,
    /// When the last was.
    pub last: Option<String>,
    /// How many bytes the file will have, from some of its lines.
    pub bytes: u64,
    /// How many events there are on each local day that has some, in their order.
    pub days: Vec<Day>,
    /// The names of the file's columns.
    pub columns: Vec<String>,
    /// The cells of the first rows, as the file will have them.
    pub sample: Vec<Vec<String>>,
}

/// The events of a local day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Day {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How many.
    pub events: u64,
}

/// The events of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraCount {
    /// Its id.
    pub id: String,
    /// How many.
    pub events: u64,
}
