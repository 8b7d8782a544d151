//! An event as it is read from the database, and its position in the order of all events.

use sea_orm::{DbErr, RuntimeErr};
use uuid::Uuid;

use crate::server::db::entity::camera;
use crate::server::db::entity::motion_event::Column;

/// The columns of a [`Row`], in the order in which statements select them and readers expect them.
///
/// The order in the file is that of [`COLUMNS`](crate::export_params::COLUMNS). A test compares both by the names of the
/// columns: `each_column_of_the_file_holds_the_database_column_of_its_name`.
pub const SELECTED_COLUMNS: [Column; 10] = [
    Column::Timestamp,
    Column::Id,
    Column::CameraKey,
    Column::Confidence,
    Column::DetectorKey,
    Column::X,
    Column::Y,
    Column::Width,
    Column::Height,
    Column::ZoneKey,
];

/// The position of an event in the order of all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// The event's id.
    pub id: Uuid,
}

impl Cursor {
    /// Returns the error for an event that does not come after the one before it, as from an index that does not match its table.
    /// Pages after it would leave out events or repeat them.
    pub fn out_of_order(self) -> DbErr {
        DbErr::Query(RuntimeErr::Internal(format!("event {} is out of order: the database may be damaged", self.id)))
    }
}

/// The exported columns of one event, with keys in place of texts, and its position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The position of the event.
    pub cursor: Cursor,
    /// The camera that recorded it.
    pub camera_key: i64,
    /// 0 to 100.
    pub confidence: Option<f64>,
    /// The detector.
    pub detector_key: i64,
    /// The bounding box in pixels: x, y, width, height.
    pub bounding_box: [Option<i64>; 4],
    /// The detection zone.
    pub zone_key: Option<i64>,
}

/// A key of an event. It never refers to anything else later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Of a camera.
    Camera(i64),
    /// Of a detector.
    Detector(i64),
    /// Of a zone.
    Zone(i64),
}

/// What a key refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyText {
    /// A camera.
    Camera {
        /// Its key.
        key: i64,
        /// Its id.
        id: String,
        /// Its name; its id if it has none.
        name: String,
    },
    /// A detector.
    Detector {
        /// Its key.
        key: i64,
        /// Its name.
        name: String,
    },
    /// A zone.
    Zone {
        /// Its key.
        key: i64,
        /// Its id.
        id: String,
    },
}

impl KeyText {
    /// Returns the size of the texts in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Camera { id, name, .. } => id.len() + name.len(),
            Self::Detector { name, .. } => name.len(),
            Self::Zone { id, .. } => id.len(),
        }
    }
}

impl From<camera::Model> for KeyText {
    fn from(camera: camera::Model) -> Self {
        let camera::Model { key, id, name, .. } = camera;
        Self::Camera { key: key.into(), name: name.unwrap_or_else(|| id.clone()), id }
    }
}

/// Why a query for events returned no further row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanEnd {
    /// It has no further row.
    Exhausted,
    /// The receiver took no further row, or the time slice ended.
    CutShort,
}
