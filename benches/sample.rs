//! Events in memory for the benchmarks. They are the same each time.

use motion_export::server::export::csv::{EncodeError, Encoder};
use motion_export::server::export::event::{Cursor, Row};
use motion_export::server::export::timezone::TimeZone;
use uuid::Uuid;

/// An event that owns its texts.
pub struct Event {
    cursor: Cursor,
    camera: String,
    confidence: f64,
    sides: [Option<i64>; 4],
    zone: Option<&'static str>,
}

impl Event {
    /// Returns the event as a row of the database.
    pub fn row(&self) -> Row<'_> {
        Row {
            cursor: self.cursor,
            camera_id: self.camera.as_bytes(),
            confidence: Some(self.confidence),
            algorithm: b"MOG2",
            bounding_box: self.sides,
            zone_id: self.zone.map(str::as_bytes),
        }
    }
}

/// Returns `count` events of eight cameras, half a minute apart on average, with values like those of a detector.
pub fn events(count: usize) -> Vec<Event> {
    let mut random = fastrand::Rng::with_seed(5);
    let mut timestamp = 1_733_000_000_000_000;
    let event = |_| {
        timestamp += random.i64(1..60_000_000);
        Event {
            cursor: Cursor { timestamp, id: Uuid::from_u128(random.u128(..)) },
            camera: format!("027a617d-2237-46c9-87f4-e5c44c95357{}", random.u8(..8)),
            confidence: (random.f64() * 50.0 + 50.0) / if random.bool() { 1.0 } else { 3.0 },
            sides: [1_920, 1_080, 640, 480].map(|limit| Some(random.i64(..limit))),
            zone: random.bool().then_some("zone-1"),
        }
    };
    (0..count).map(event).collect()
}

/// Returns the encoder that writes the rows.
pub fn encoder() -> Encoder {
    Encoder::new(TimeZone::parse("Europe/Berlin").expect("a zone"), false, std::collections::HashMap::new())
}

/// Appends a row to `bytes` as a line of CSV.
pub fn write(encoder: &mut Encoder, row: &Row<'_>, bytes: &mut Vec<u8>) {
    encoder.row(row, bytes, |id| Ok::<_, EncodeError>(id.to_owned())).expect("written");
}
