//! An event for unit tests.

use uuid::Uuid;

use crate::server::ingest::event::Event;

/// Returns an event without an id, whose other values are arbitrary.
pub fn event() -> Event {
    Event {
        timestamp: 7,
        id: Uuid::nil(),
        camera_id: "a".to_owned(),
        confidence: Some(85.5),
        algorithm: "MOG2".to_owned(),
        x: None,
        y: None,
        width: None,
        height: None,
        zone_id: None,
    }
}
