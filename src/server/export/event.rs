//! An event as it is read from the database, and its place in the order of all events.

use uuid::Uuid;

/// The place of an event in the order of all events: where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// The event's id.
    pub id: Uuid,
}

/// What is exported of one event, and what the next page needs to know of it. Its texts are the database's own, and gone
/// with the next row; that they are UTF-8 is seen where they are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Its place in the order.
    pub cursor: Cursor,
    /// The camera that saw it.
    pub camera_id: &'a [u8],
    /// 0 to 100.
    pub confidence: Option<f64>,
    /// The detector's name.
    pub algorithm: &'a [u8],
    /// Bounding box in pixels: x, y, width, height.
    pub bounding_box: [Option<i64>; 4],
    /// The detection zone.
    pub zone_id: Option<&'a [u8]>,
}
