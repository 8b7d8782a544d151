//! Digests of the contents of events, and ids made of them.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::server::ingest::event::Event;

/// The number of bytes of an id that contain the position among the events of its moment; the others contain the
/// digest.
const POSITION_BYTES: usize = 4;

/// The number of significant digits of a confidence that count. Spreadsheets keep 15, and pandas' default parser may
/// change the last one, so a file that they saved still has the same events.
const CONFIDENCE_DIGITS: usize = 12;

/// The relative error that such a tool may add to a confidence: at most half a unit of the 15th digit.
const CONFIDENCE_TOLERANCE: f64 = 1e-14;

/// The start of the algorithm of each event from Frigate; its label follows.
pub const FRIGATE: &str = "frigate:";

/// A digest of everything that a CSV contains of an event, except for its time. Of the confidence, the digits count
/// that other tools keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contents([u8; 16]);

impl Contents {
    /// Returns the digest of an event.
    pub fn of(event: &Event) -> Self {
        Self::with_confidence(event, event.confidence.map(rounded))
    }

    /// Returns the digests under which the same event may be known: [`Contents::of`], that of a confidence on the other
    /// side of a rounding limit, and that of all digits, from which older versions made ids.
    pub fn candidates(event: &Event) -> impl Iterator<Item = Self> {
        let of = Self::of(event);
        let confidence = event.confidence.into_iter();
        let near = confidence.flat_map(|value| {
            [rounded(value * (1.0 - CONFIDENCE_TOLERANCE)), rounded(value * (1.0 + CONFIDENCE_TOLERANCE)), value]
        });
        let near =
            near.filter(move |near| Some(near.to_bits()) != event.confidence.map(|value| rounded(value).to_bits()));
        std::iter::once(of).chain(near.map(|near| Self::with_confidence(event, Some(near))))
    }

    /// Returns the digests under which the same event may be known without its bounding box.
    pub fn candidates_without_box(event: &Event) -> impl Iterator<Item = Self> {
        let event = Event { x: None, y: None, width: None, height: None, ..event.clone() };
        Self::candidates(&event).collect::<Vec<_>>().into_iter()
    }

    fn with_confidence(event: &Event, confidence: Option<f64>) -> Self {
        let mut hash = Sha256::new();
        for text in [Some(&event.camera_id), Some(&event.algorithm), event.zone_id.as_ref()] {
            let text = text.map(String::as_str).unwrap_or_default();
            // As imports store it: SQLite may still contain texts with U+0000 from older versions.
            let text = if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { Cow::Borrowed(text) };
            hash.update(text.len().to_le_bytes());
            hash.update(&*text);
        }
        hash.update(confidence.map_or([0xff; 8], f64::to_le_bytes));
        for side in [event.x, event.y, event.width, event.height] {
            hash.update(side.map_or(i64::MAX, i64::from).to_le_bytes());
        }
        Self(first_16(hash))
    }

    /// Returns the bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the id made of these contents and a position. The position comes first, so that ids sort as the rows of
    /// a file do.
    pub fn id(self, position: u32) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..POSITION_BYTES].copy_from_slice(&position.to_be_bytes());
        bytes[POSITION_BYTES..].copy_from_slice(&self.0[..16 - POSITION_BYTES]);
        Uuid::new_v8(bytes)
    }
}

/// Whether one import of an event may find its bounding box, and another one not. Frigate's database has only fractions
/// of a size that is an option of the import.
pub fn may_lack_box(event: &Event) -> bool {
    event.algorithm.starts_with(FRIGATE)
}

/// Returns a confidence rounded to the digits that count.
fn rounded(confidence: f64) -> f64 {
    // With one decimal, which almost all have, it is the closest number to a tenth: no digit is to be dropped.
    if ((confidence * 10.0).round() / 10.0).to_bits() == confidence.to_bits() {
        return confidence;
    }
    format!("{confidence:.*e}", CONFIDENCE_DIGITS - 1).parse().unwrap_or(confidence)
}

/// Returns a digest of everything that an event contains, its time and its native id included, in any spelling of a
/// UUID.
pub fn with_native_id(event: &Event, native: &str) -> [u8; 16] {
    let uuid = Uuid::try_parse(native.trim()).ok().map(|uuid| uuid.to_string());
    let native = uuid.as_deref().unwrap_or(native);
    let mut hash = Sha256::new_with_prefix(event.timestamp.to_le_bytes());
    hash.update(native.len().to_le_bytes());
    hash.update(native);
    hash.update(Contents::of(event).as_bytes());
    first_16(hash)
}

/// Returns the id of an event that cannot have its native id, made of [`with_native_id`]. `occurrence` numbers the
/// events that are equal in everything.
pub fn occurrence_id(digest: [u8; 16], occurrence: u32) -> Uuid {
    let mut hash = Sha256::new_with_prefix(digest);
    hash.update(occurrence.to_le_bytes());
    Uuid::new_v8(first_16(hash))
}

/// Returns the first 16 bytes of a hash.
pub fn first_16(hash: Sha256) -> [u8; 16] {
    let hash: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes
}

/// Whether an id may be made of contents. Ids that are derived from those of a source have the same UUID version.
pub fn may_be_of_contents(id: Uuid) -> bool {
    id.get_version_num() == 8
}

/// Returns the position in an id that is made of contents.
pub fn position_of(id: Uuid) -> u32 {
    let [a, b, c, d, ..] = id.into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Returns the same id with the position 0, which all ids made of the same contents have in common.
pub fn without_position(id: Uuid) -> Uuid {
    let mut bytes = id.into_bytes();
    bytes[..POSITION_BYTES].fill(0);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ingest::event::test_event;

    #[test]
    fn a_confidence_with_one_decimal_is_not_changed_by_rounding() {
        for tenths in 0..=1_000 {
            let confidence = f64::from(tenths) / 10.0;
            let digits = format!("{confidence:.*e}", CONFIDENCE_DIGITS - 1);
            assert_eq!(digits.parse::<f64>().map(f64::to_bits), Ok(rounded(confidence).to_bits()), "{confidence}");
        }
        assert_eq!(rounded(85.499_999_999_999_99).to_bits(), 85.5_f64.to_bits());
        assert_eq!(rounded(0.1 + 0.2).to_bits(), 0.3_f64.to_bits());
    }

    #[test]
    fn an_id_contains_its_position_and_its_contents() {
        let event = |zone: &str| Event { zone_id: Some(zone.to_owned()), ..test_event::event() };
        let contents = Contents::of(&event("z"));
        let id = contents.id(0x0102_0304);
        assert_eq!(
            (position_of(id), without_position(id), may_be_of_contents(id)),
            (0x0102_0304, contents.id(0), true)
        );
        assert_ne!(contents.id(0), Contents::of(&event("y")).id(0));
    }
}
