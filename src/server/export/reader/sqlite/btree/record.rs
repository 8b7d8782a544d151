//! Decodes events from SQLite's records. No I/O.
//!
//! The format: <https://www.sqlite.org/fileformat2.html#record_format>. `None`: the record is not one that this program stores.

use uuid::Uuid;

use crate::server::export::event::{Cursor, Row};

/// Which columns come first in the records of a tree, in whose order they are stored. The others follow in the order of
/// [`SELECTED_COLUMNS`](crate::server::export::event::SELECTED_COLUMNS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// Timestamp, id.
    Time,
    /// Camera, timestamp, id.
    Camera,
}

/// A value that is not of a type of its column, or not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Undecodable;

/// Decodes an event.
pub fn event(record: &[u8], order: KeyOrder) -> Option<Row> {
    let mut fields = Fields::new(record)?;
    let event = fields.event(order).ok()?;
    fields.is_empty().then_some(event)
}

/// Decodes the timestamp of an event, and nothing after it.
pub fn timestamp(record: &[u8], order: KeyOrder) -> Option<i64> {
    let mut fields = Fields::new(record)?;
    if order == KeyOrder::Camera {
        fields.required_integer().ok()?;
    }
    fields.required_integer().ok()
}

/// Splits a variable-length integer off: up to nine bytes, the more significant first, of which all but a ninth have seven bits.
pub fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for position in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if position == 8 {
            return Some((number << 8) | u64::from(byte));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    Some(number)
}

/// What is left of a record.
struct Fields<'a> {
    /// The serial types.
    types: &'a [u8],
    values: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The header of a record is its own size and the serial types.
    fn new(record: &'a [u8]) -> Option<Self> {
        let mut rest = record;
        let header_bytes = usize::try_from(varint(&mut rest)?).ok()?;
        let size_bytes = record.len() - rest.len();
        let (types, values) = rest.split_at_checked(header_bytes.checked_sub(size_bytes)?)?;
        Some(Self { types, values })
    }

    fn is_empty(&self) -> bool {
        self.types.is_empty() && self.values.is_empty()
    }

    fn event(&mut self, order: KeyOrder) -> Result<Row, Undecodable> {
        let first_camera = if order == KeyOrder::Camera { Some(self.required_integer()?) } else { None };
        let cursor = Cursor { timestamp: self.required_integer()?, id: self.uuid()? };
        let camera_key = if let Some(camera) = first_camera { camera } else { self.required_integer()? };
        Ok(Row {
            cursor,
            camera_key,
            confidence: self.real()?,
            detector_key: self.required_integer()?,
            bounding_box: [self.integer()?, self.integer()?, self.integer()?, self.integer()?],
            zone_key: self.integer()?,
        })
    }

    fn required_integer(&mut self) -> Result<i64, Undecodable> {
        self.integer()?.ok_or(Undecodable)
    }

    fn integer(&mut self) -> Result<Option<i64>, Undecodable> {
        let serial_type = self.serial_type()?;
        self.integer_of(serial_type)
    }

    fn integer_of(&mut self, serial_type: u64) -> Result<Option<i64>, Undecodable> {
        let number = match serial_type {
            0 => return Ok(None),
            1 => i8::from_be_bytes(self.bytes()?).into(),
            2 => i16::from_be_bytes(self.bytes()?).into(),
            3 => {
                let [high, low @ ..]: [u8; 3] = self.bytes()?;
                (i64::from(i8::from_be_bytes([high])) << 16) | i64::from(u16::from_be_bytes(low))
            }
            4 => i32::from_be_bytes(self.bytes()?).into(),
            5 => {
                let high: i64 = i16::from_be_bytes(self.bytes()?).into();
                (high << 32) | i64::from(u32::from_be_bytes(self.bytes()?))
            }
            6 => i64::from_be_bytes(self.bytes()?),
            8 => 0,
            9 => 1,
            _ => return Err(Undecodable),
        };
        Ok(Some(number))
    }

    /// SQLite stores a number without a fraction as an integer, if that is shorter.
    fn real(&mut self) -> Result<Option<f64>, Undecodable> {
        const FLOAT: u64 = 7;
        let serial_type = self.serial_type()?;
        if serial_type == FLOAT {
            let number = f64::from_be_bytes(self.bytes()?);
            // SQLite reads it as NULL.
            return Ok(Some(number).filter(|number| !number.is_nan()));
        }
        #[expect(clippy::cast_precision_loss, reason = "SQLite stores only those as integers that lose nothing")]
        Ok(self.integer_of(serial_type)?.map(|number| number as f64))
    }

    fn uuid(&mut self) -> Result<Uuid, Undecodable> {
        /// The serial type of a blob is twice its size, and 12.
        const UUID: u64 = 2 * 16 + 12;
        if self.serial_type()? == UUID { self.bytes().map(Uuid::from_bytes) } else { Err(Undecodable) }
    }

    fn serial_type(&mut self) -> Result<u64, Undecodable> {
        varint(&mut self.types).ok_or(Undecodable)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Undecodable> {
        let (bytes, rest) = self.values.split_first_chunk().ok_or(Undecodable)?;
        self.values = rest;
        Ok(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded_varint(bytes: &[u8]) -> Option<(u64, usize)> {
        let mut rest = bytes;
        let number = varint(&mut rest)?;
        Some((number, bytes.len() - rest.len()))
    }

    #[test]
    fn variable_length_integers_have_one_to_nine_bytes() {
        assert_eq!(decoded_varint(&[0x7f, 0xff]), Some((127, 1)));
        assert_eq!(decoded_varint(&[0x81, 0x00]), Some((128, 2)));
        assert_eq!(decoded_varint(&[0xff; 10]), Some((u64::MAX, 9)));
        assert_eq!(decoded_varint(&[0x80; 8]), None, "a byte is missing");
        assert_eq!(decoded_varint(&[]), None);
    }

    #[test]
    fn integers_of_each_size_have_their_sign() {
        let numbers: [(u8, &[u8], i64); 10] = [
            (1, &[0x80], -128),
            (2, &[0xff, 0xfe], -2),
            (3, &[0xff, 0xff, 0xfd], -3),
            (3, &[0x7f, 0xff, 0xff], 8_388_607),
            (4, &[0x80, 0, 0, 0], i32::MIN.into()),
            (5, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xfb], -5),
            (5, &[0x7f, 0xff, 0x80, 0, 0, 1], 0x7fff_8000_0001),
            (6, &[0x80, 0, 0, 0, 0, 0, 0, 0], i64::MIN),
            (8, &[], 0),
            (9, &[], 1),
        ];
        for (serial_type, values, number) in numbers {
            let types = [serial_type];
            let mut fields = Fields { types: &types, values };
            assert_eq!(fields.integer(), Ok(Some(number)), "{serial_type} {values:?}");
            assert!(fields.is_empty());
        }
    }

    #[test]
    fn a_record_of_other_columns_is_not_decoded() {
        let (types, values) = ([6, 44, 1, 7, 1, 0, 0, 0, 0, 9], [7; 8 + 16 + 1 + 8 + 1]);
        let record = |types: &[u8], values: &[u8]| {
            let size = u8::try_from(types.len() + 1).expect("short");
            [&[size], types, values].concat()
        };
        let whole = record(&types, &values);
        assert_eq!(event(&whole, KeyOrder::Time).map(|event| event.cursor.timestamp), Some(0x0707_0707_0707_0707));
        assert_eq!(timestamp(&whole, KeyOrder::Time), Some(0x0707_0707_0707_0707));
        let by_camera = record(&[1, 2], &[1, 2, 3]);
        assert_eq!(timestamp(&by_camera, KeyOrder::Camera), Some(0x0203));
        assert_eq!(timestamp(&by_camera[..5], KeyOrder::Camera), None, "cut");
        for length in 0..whole.len() {
            assert_eq!(event(&whole[..length], KeyOrder::Time), None, "cut after {length}");
        }
        assert_eq!(event(&record(&types, &[7; 35]), KeyOrder::Time), None, "a byte more");
        assert_eq!(event(&record(&[&types[..], &[8]].concat(), &values), KeyOrder::Time), None, "a column more");
        for (position, other) in [(0, 0), (1, 45), (2, 0), (3, 10), (4, 0), (9, 13)] {
            let mut types = types;
            types[position] = other;
            assert_eq!(event(&record(&types, &values), KeyOrder::Time), None, "{position} of type {other}");
        }
    }
}
