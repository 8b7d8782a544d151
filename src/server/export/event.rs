//! An event as it is read from the database, and its position in the order of all events.

use uuid::Uuid;

use crate::server::db::entity::motion_event::Column;

/// The columns of a [`Row`], in the order in which statements select them and readers expect them.
///
/// The order in the file is that of [`COLUMNS`](crate::export_params::COLUMNS). A test compares both by the names of the
/// columns: `each_column_of_the_file_holds_the_database_column_of_its_name`.
pub const SELECTED_COLUMNS: [Column; 10] = [
    Column::Timestamp,
    Column::Id,
    Column::CameraId,
    Column::Confidence,
    Column::Algorithm,
    Column::X,
    Column::Y,
    Column::Width,
    Column::Height,
    Column::ZoneId,
];

/// The position of an event in the order of all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// The event's id.
    pub id: Uuid,
}

/// The exported columns of one event, and its position. The texts are borrowed from the database's answer until the next row
/// is read. Whether they are UTF-8 is checked when they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// The position of the event.
    pub cursor: Cursor,
    /// The camera that recorded it.
    pub camera_id: &'a [u8],
    /// 0 to 100.
    pub confidence: Option<f64>,
    /// The name of the detector.
    pub algorithm: &'a [u8],
    /// The bounding box in pixels: x, y, width, height.
    pub bounding_box: [Option<i64>; 4],
    /// The detection zone.
    pub zone_id: Option<&'a [u8]>,
}

/// Why a query for events returned no further row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanEnd {
    /// It has no further row.
    Exhausted,
    /// The receiver took no further row, or the time slice ended.
    CutShort,
}
