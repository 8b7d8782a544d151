//! Events in memory for the benchmarks. They are the same each time.

use motion_export::server::export::csv::{EncodeError, Encoder};
use motion_export::server::export::event::{Cursor, KeyText, Row};
use motion_export::server::export::timezone::TimeZone;
use uuid::Uuid;

/// Returns `count` events of eight cameras, half a minute apart on average, with values like those of a detector.
pub fn events(count: usize) -> Vec<Row> {
    let mut random = fastrand::Rng::with_seed(5);
    let mut timestamp = 1_733_000_000_000_000;
    let event = |_| {
        timestamp += random.i64(1..60_000_000);
        Row {
            cursor: Cursor { timestamp, id: Uuid::from_u128(random.u128(..)) },
            camera_key: random.i64(1..=8),
            confidence: Some((random.f64() * 50.0 + 50.0) / if random.bool() { 1.0 } else { 3.0 }),
            detector_key: 1,
            bounding_box: [1_920, 1_080, 640, 480].map(|limit| Some(random.i64(..limit))),
            zone_key: random.bool().then_some(1),
        }
    };
    (0..count).map(event).collect()
}

/// Returns the encoder that writes the rows.
pub fn encoder() -> Encoder {
    let mut encoder = Encoder::new(TimeZone::parse("Europe/Berlin").expect("a zone"), false);
    let id = |key| format!("027a617d-2237-46c9-87f4-e5c44c95357{key}");
    encoder.define((1..=8).map(|key| KeyText::Camera { key, id: id(key), name: id(key) })).expect("encoded");
    encoder.define((1..=3).map(|key| KeyText::Detector { key, name: "MOG2".to_owned() })).expect("encoded");
    encoder.define((1..=2).map(|key| KeyText::Zone { key, id: format!("zone-{key}") })).expect("encoded");
    encoder
}

/// Appends a row to `bytes` as a line of CSV.
pub fn write(encoder: &mut Encoder, row: &Row, bytes: &mut Vec<u8>) {
    encoder.row(row, bytes, |_| Ok::<_, EncodeError>(Vec::new())).expect("written");
}
