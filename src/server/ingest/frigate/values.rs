//! Parses the values of Frigate's table of events, in every form that occurs. Nothing here does I/O.

use serde::Deserialize;
use serde_json::Value as Json;

use super::options::Size;
use crate::server::ingest::argusai::{Unreadable, timestamp};
use crate::server::ingest::foreign_file::Value;

/// How far the time in an id may be from the start time, in microseconds. Up to 0.14, the start time is some seconds
/// early (`pre_capture`).
const MAX_TIME_DIFFERENCE: u64 = 600_000_000;

/// How far a side of a bounding box may be from a whole number of pixels: the error of the division and the
/// multiplication is smaller, and the fraction of another detect size is larger.
const MAX_FRACTION: f64 = 1e-6;

/// The time of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub micros: i64,
    /// Whether it is the time in the id.
    pub is_of_id: bool,
}

/// Returns the time of an event; `None` if its start time cannot be read. An id begins with the time at which the object
/// was first seen, `1735787796.700051-gaexp1`.
pub fn time(id: &str, start_time: &Value) -> Option<Time> {
    let start = timestamp(start_time)?;
    let in_id = id.split_once('-').filter(|(_, random)| is_random_part(random));
    let in_id = in_id.and_then(|(epoch, _)| timestamp(&Value::Text(epoch.to_owned())));
    Some(match in_id.filter(|time| time.abs_diff(start) <= MAX_TIME_DIFFERENCE) {
        Some(micros) => Time { micros, is_of_id: true },
        None => Time { micros: start, is_of_id: false },
    })
}

fn is_random_part(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether an event has not ended.
pub fn is_open(end_time: &Value) -> bool {
    match end_time {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Integer(_) | Value::Real(_) => false,
    }
}

/// Whether an event is marked as a false positive.
pub fn is_false_positive(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Integer(number) => *number != 0,
        Value::Real(number) => *number != 0.0,
        Value::Text(text) => !["", "0", "false"].iter().any(|no| text.trim().eq_ignore_ascii_case(no)),
    }
}

/// Returns the zones of an event, joined by `|`; `None` if it was in no zone.
///
/// # Errors
/// Returns an error if the value is not a JSON list of texts.
pub fn zones(value: &Value) -> Result<Option<String>, Unreadable> {
    let zones: Option<Vec<String>> = match value {
        Value::Null => None,
        Value::Text(text) if text.trim().is_empty() => None,
        Value::Text(text) => serde_json::from_str(text).map_err(|_| Unreadable)?,
        Value::Integer(_) | Value::Real(_) => return Err(Unreadable),
    };
    Ok(zones.map(|zones| zones.join("|")).filter(|zones| !zones.is_empty()))
}

/// Why there is no bounding box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxError {
    /// It is not a box.
    Unreadable,
    /// The detect size is not known.
    NoSize,
    /// It is not in whole pixels of the detect size.
    NotWhole,
}

/// What is read of the column `data`, which versions before 0.13 lack.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Data {
    #[serde(rename = "box")]
    bounding_box: Option<Json>,
    top_score: Option<Json>,
    #[serde(rename = "type")]
    kind: Option<Json>,
}

impl Data {
    /// Parses the column. Events of older versions have none, or an empty one.
    ///
    /// # Errors
    /// Returns an error if it is not a JSON object.
    pub fn parse(value: &Value) -> Result<Self, Unreadable> {
        let data: Option<Self> = match value {
            Value::Null => None,
            Value::Text(text) if text.trim().is_empty() => None,
            // serde would also accept a list of the three values.
            Value::Text(text) if text.trim_start().starts_with('[') => return Err(Unreadable),
            Value::Text(text) => serde_json::from_str(text).map_err(|_| Unreadable)?,
            Value::Integer(_) | Value::Real(_) => return Err(Unreadable),
        };
        Ok(data.unwrap_or_default())
    }

    /// Returns the score from 0 to 1, if there is one.
    pub fn top_score(&self) -> Option<Result<Value, Unreadable>> {
        self.top_score.as_ref().map(|score| score.as_f64().map(Value::Real).ok_or(Unreadable))
    }

    /// Whether the event is a detected object, as those of versions before 0.13 are. Others are made by hand (`api`)
    /// or by sound (`audio`).
    pub fn is_of_object(&self) -> bool {
        self.kind.as_ref().is_none_or(|kind| kind == "object")
    }

    /// Returns x, y, width and height of the bounding box in pixels; `None` if there is none. `of_column` is the column
    /// `box`, which only versions before 0.13 fill.
    ///
    /// # Errors
    /// Returns an error if there is one, but not in whole pixels.
    pub fn bounding_box(&self, of_column: &Value, size: Option<Size>) -> Result<Option<[i32; 4]>, BoxError> {
        if let Some(sides) = &self.bounding_box {
            return in_pixels(four_sides(sides)?, size).map(Some);
        }
        let json: Option<Json> = match of_column {
            Value::Null => None,
            Value::Text(text) if text.trim().is_empty() => None,
            Value::Text(text) => serde_json::from_str(text).map_err(|_| BoxError::Unreadable)?,
            Value::Integer(_) | Value::Real(_) => return Err(BoxError::Unreadable),
        };
        let Some(json) = json else { return Ok(None) };
        let sides = four_sides(&json)?;
        // 0.12 writes fractions, older versions whole pixels.
        let has_only_integers = json.as_array().is_some_and(|sides| !sides.iter().any(Json::is_f64));
        if has_only_integers { from_corners(sides).map(Some) } else { in_pixels(sides, size).map(Some) }
    }
}

fn four_sides(json: &Json) -> Result<[f64; 4], BoxError> {
    let sides: Option<Vec<f64>> =
        json.as_array().ok_or(BoxError::Unreadable)?.iter().map(serde_json::Value::as_f64).collect();
    sides.and_then(|sides| sides.try_into().ok()).ok_or(BoxError::Unreadable)
}

/// Converts x, y, width and height as fractions of the detect size to pixels.
fn in_pixels(sides: [f64; 4], size: Option<Size>) -> Result<[i32; 4], BoxError> {
    if !sides.iter().all(|side| (0.0..=1.0).contains(side)) {
        return Err(BoxError::Unreadable);
    }
    let Size { width, height } = size.ok_or(BoxError::NoSize)?;
    let mut pixels = [0; 4];
    for ((pixel, side), size) in pixels.iter_mut().zip(sides).zip([width, height, width, height]) {
        let exact = side * f64::from(size);
        let whole = exact.round();
        if (exact - whole).abs() > MAX_FRACTION {
            return Err(BoxError::NotWhole);
        }
        *pixel = whole_number(whole).ok_or(BoxError::NotWhole)?;
    }
    Ok(pixels)
}

/// Converts left, top, right and bottom in pixels to x, y, width and height.
fn from_corners(corners: [f64; 4]) -> Result<[i32; 4], BoxError> {
    let mut whole = [0; 4];
    for (whole, corner) in whole.iter_mut().zip(corners) {
        *whole = whole_number(corner).filter(|corner| *corner >= 0).ok_or(BoxError::Unreadable)?;
    }
    let [left, top, right, bottom] = whole;
    if left > right || top > bottom {
        return Err(BoxError::Unreadable);
    }
    Ok([left, top, right - left, bottom - top])
}

/// Converts a whole number.
fn whole_number(number: f64) -> Option<i32> {
    // Display writes a whole f64 without a fraction, so this is exact or fails. Zero may be negative.
    (number + 0.0).to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Option<Size> = Some(Size { width: 1_280, height: 720 });

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn the_time_is_that_of_the_id_if_it_is_near_the_start_time() {
        let start = Value::Real(1_735_787_791.700_051);
        let of = |id: &str| time(id, &start).expect("a time");
        assert_eq!(of("1735787796.700051-gaexp1"), Time { micros: 1_735_787_796_700_051, is_of_id: true });
        assert_eq!(of("1735787796-gaexp1").micros, 1_735_787_796_000_000);
        assert_eq!(of("1735787796.7-000000").micros, 1_735_787_796_700_000);
        // The limit, and a microsecond beyond it.
        assert!(of("1735788391.700051-gaexp1").is_of_id);
        let of_start = Time { micros: 1_735_787_791_700_051, is_of_id: false };
        for other in [
            "1735788391.700052-gaexp1",
            "1735787191.70005-gaexp1",
            "1735787796.700051",
            "1735787796.700051-gaexp",
            "1735787796.700051-gaexp12",
            "1735787796.700051-GAEXP1",
            "1735787796.700051-gaexp1-2",
            "-gaexp1",
            "soon-gaexp1",
            "",
        ] {
            assert_eq!(of(other), of_start, "{other}");
        }
        for unreadable in [Value::Null, text("soon"), Value::Real(f64::NAN), Value::Integer(0), Value::Integer(-5)] {
            assert_eq!(time("1735787796.700051-gaexp1", &unreadable), None, "{unreadable:?}");
        }
    }

    #[test]
    fn an_event_is_open_without_an_end_and_false_positives_are_recognized_in_any_form() {
        assert!(is_open(&Value::Null) && is_open(&text(" ")));
        assert!(!is_open(&Value::Real(1.0)) && !is_open(&Value::Integer(0)) && !is_open(&text("soon")));
        for yes in [Value::Integer(1), Value::Real(1.0), text("1"), text("True")] {
            assert!(is_false_positive(&yes), "{yes:?}");
        }
        for no in [Value::Null, Value::Integer(0), Value::Real(0.0), text("0"), text("False"), text("")] {
            assert!(!is_false_positive(&no), "{no:?}");
        }
    }

    #[test]
    fn zones_are_joined() {
        assert_eq!(zones(&text(r#"["drive", "street"]"#)), Ok(Some("drive|street".to_owned())));
        for none in [Value::Null, text(""), text("[]"), text("null"), text(r#"[""]"#)] {
            assert_eq!(zones(&none), Ok(None), "{none:?}");
        }
        for bad in [text("drive"), text("[1]"), text(r#"{"a": 1}"#), text("[\"a\""), Value::Integer(1)] {
            assert_eq!(zones(&bad), Err(Unreadable), "{bad:?}");
        }
    }

    #[test]
    fn a_bounding_box_is_converted_only_if_it_comes_out_whole() {
        let data = |json: &str| Data::parse(&text(json)).expect("an object");
        let sides = |json: &str, size| data(&format!(r#"{{"box": {json}}}"#)).bounding_box(&Value::Null, size);
        let real = "[0.00859375,0.2777777777777778,0.96875,0.6041666666666666]";
        assert_eq!(sides(real, HD), Ok(Some([11, 200, 1_240, 435])));
        assert_eq!(sides(real, None), Err(BoxError::NoSize));
        assert_eq!(sides(real, Some(Size { width: 1_920, height: 1_080 })), Err(BoxError::NotWhole));
        assert_eq!(sides("[0, 0, 1, 1]", HD), Ok(Some([0, 0, 1_280, 720])));
        assert_eq!(sides("[-0.0, 0, 1, 1]", HD), Ok(Some([0, 0, 1_280, 720])));
        // 1e-6 of a pixel is the limit.
        assert_eq!(sides("[0.0000000007, 0, 1, 1]", HD), Ok(Some([0, 0, 1_280, 720])));
        assert_eq!(sides("[0.0000000008, 0, 1, 1]", HD), Err(BoxError::NotWhole));
        assert_eq!(sides("null", HD), Ok(None));
        for bad in [
            "[0, 0, 1]",
            "[0, 0, 1, 1, 1]",
            "[0, 0, 1, 1.1]",
            "[-0.1, 0, 1, 1]",
            "[10, 20, 30, 40]",
            "{}",
            "7",
            "[0, 0, 1, \"1\"]",
        ] {
            assert_eq!(sides(bad, HD), Err(BoxError::Unreadable), "{bad}");
        }
    }

    #[test]
    fn a_bounding_box_of_an_older_version_is_in_corners_or_in_fractions() {
        let sides = |json: &str, size| Data::default().bounding_box(&text(json), size);
        assert_eq!(sides("[10, 20, 40, 60]", None), Ok(Some([10, 20, 30, 40])));
        assert_eq!(sides("[0, 0, 1, 1]", None), Ok(Some([0, 0, 1, 1])), "a box of one pixel");
        assert_eq!(sides("[0.0, 0.0, 1.0, 1.0]", HD), Ok(Some([0, 0, 1_280, 720])));
        assert_eq!(sides("[0.5, 0.5, 0.25, 0.25]", HD), Ok(Some([640, 360, 320, 180])));
        for none in ["", "null"] {
            assert_eq!(sides(none, HD), Ok(None));
        }
        for bad in ["[40, 20, 10, 60]", "[10, 60, 40, 20]", "[-1, 0, 5, 5]", "[0, 0, 1, 99999999999]", "[1]", "front"] {
            assert_eq!(sides(bad, HD), Err(BoxError::Unreadable), "{bad}");
        }
        let newer = Data::parse(&text(r#"{"box": [0.5, 0.5, 0.25, 0.25]}"#)).expect("an object");
        assert_eq!(newer.bounding_box(&text("[1, 2, 3, 4]"), HD), Ok(Some([640, 360, 320, 180])));
    }

    #[test]
    fn data_is_an_object_or_missing() {
        for none in [Value::Null, text(""), text("{}"), text("null")] {
            let data = Data::parse(&none).expect("none");
            assert!(data.top_score().is_none() && data.is_of_object(), "{none:?}");
        }
        for bad in [text("[]"), text("[1, 2, 3]"), text("front"), text("{\"a\""), Value::Real(0.5)] {
            assert!(Data::parse(&bad).is_err(), "{bad:?}");
        }
        let manual =
            Data::parse(&text(r#"{"type":"api","score":0,"top_score":0,"path_data":[1]}"#)).expect("an object");
        assert_eq!(manual.top_score(), Some(Ok(Value::Real(0.0))));
        assert!(!manual.is_of_object());
        let bad = Data::parse(&text(r#"{"top_score":"high"}"#)).expect("an object");
        assert_eq!(bad.top_score(), Some(Err(Unreadable)));
        let exact = Data::parse(&text(r#"{"top_score":0.7843137383460999}"#)).expect("an object");
        assert_eq!(exact.top_score(), Some(Ok(Value::Real("0.7843137383460999".parse().expect("a number")))));
    }
}
