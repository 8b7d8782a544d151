//! Checks reported events. This is the only place that judges their values. Nothing here does I/O.

use std::time::Duration;

use uuid::Uuid;

use super::reported::{Rejection, Reported};
use super::timestamp::{self, NotATimestamp};
use crate::messages::ingest::IngestMessage;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::contents::Contents;
use crate::server::ingest::event::Event;
use crate::server::ingest::recognize::native_ids::of_source;
use crate::server::ingest::summary::excerpt;

/// The earliest time of an event: 2000-01-01T00:00:00Z. In PostgreSQL each month is a table, so a sender must not be able to
/// create one for any month.
const EARLIEST: i64 = 946_684_800_000_000;

/// The time of an event whose sender cannot write a time: when this server got it.
const TIME_OF_ARRIVAL: &str = "now";

/// How far the clock of a sender may be ahead.
const MAX_AHEAD: Duration = Duration::from_hours(24);

/// The maximum length of ids and names of cameras and of ids of events, in characters.
const MAX_NAME: usize = 200;

/// The maximum length of the name of a detector, in characters.
const MAX_ALGORITHM: usize = 100;

/// The maximum length of the id of a zone, in characters.
const MAX_ZONE: usize = 400;

/// Where events come from. With it, the same id at two sources is two ids.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'name> {
    /// The kind of the source.
    pub kind: &'static str,
    /// The name of the source; empty if ids are unique among all sources of the kind.
    pub instance: &'name str,
}

/// A checked event: it can be stored, and its export can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionEvent {
    event: Event,
    camera_name: Option<String>,
    has_id: bool,
}

impl MotionEvent {
    /// Returns the event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Returns the name of the camera, if its sender gives one.
    pub fn camera_name(&self) -> Option<&str> {
        self.camera_name.as_deref()
    }

    /// Whether its sender gives it an id. The id of another event is made of its contents.
    pub fn has_id(&self) -> bool {
        self.has_id
    }

    /// Returns the event alone.
    pub fn into_event(self) -> Event {
        self.event
    }
}

/// Checks a reported event at this time.
///
/// # Errors
/// Returns the first field that is wrong, and why.
pub fn check(reported: Reported, origin: Origin<'_>, now: UnixMicros) -> Result<MotionEvent, Rejection> {
    let timestamp = check_timestamp(reported.timestamp.as_deref(), now)?;
    let camera_id = check_text("camera_id", reported.camera_id, MAX_NAME)?.ok_or_else(|| missing("camera_id"))?;
    let camera_name = check_text("camera_name", reported.camera_name, MAX_NAME)?;
    let confidence = reported.confidence.as_deref().map(check_confidence).transpose()?;
    let algorithm = check_text("algorithm", reported.algorithm, MAX_ALGORITHM)?.unwrap_or_default();
    let zone_id = check_text("zone_id", reported.zone_id, MAX_ZONE)?;
    let id = check_text("id", reported.id, MAX_NAME)?;
    let sides = check_box([
        ("x", reported.x.as_deref()),
        ("y", reported.y.as_deref()),
        ("width", reported.width.as_deref()),
        ("height", reported.height.as_deref()),
        ("center_x", reported.center_x.as_deref()),
        ("center_y", reported.center_y.as_deref()),
    ])?;
    let [x, y, width, height] = sides.map_or([None; 4], |sides| sides.map(Some));
    let mut event =
        Event { timestamp, id: Uuid::nil(), camera_id, confidence, algorithm, x, y, width, height, zone_id };
    event.id = match &id {
        Some(id) => Uuid::try_parse(id.trim()).unwrap_or_else(|_| derived_id(origin, &event.camera_id, id)),
        // The same each time that the event is sent.
        None => Contents::of(&event).id(0),
    };
    Ok(MotionEvent { event, camera_name, has_id: id.is_some() })
}

fn missing(field: &str) -> Rejection {
    Rejection::of(field, IngestMessage::MissingField { field: field.to_owned() })
}

fn check_timestamp(text: Option<&str>, now: UnixMicros) -> Result<i64, Rejection> {
    let text = text.ok_or_else(|| missing("timestamp"))?;
    if text == TIME_OF_ARRIVAL {
        return Ok(now.as_micros());
    }
    let value = || excerpt(text);
    let wrong = |message| Rejection::of("timestamp", message);
    let timestamp = timestamp::parse(text).map_err(|why| {
        wrong(match why {
            NotATimestamp::NoOffset => IngestMessage::NoOffset { value: value() },
            NotATimestamp::Malformed => IngestMessage::NotATime { value: value() },
        })
    })?;
    if timestamp < EARLIEST {
        return Err(wrong(IngestMessage::TooEarly { value: value() }));
    }
    if timestamp > (now + MAX_AHEAD).as_micros() {
        return Err(wrong(IngestMessage::InFuture { value: value() }));
    }
    Ok(timestamp)
}

/// Returns a text of at most `max` characters without control characters; `None` for an empty one.
fn check_text(field: &str, text: Option<String>, max: usize) -> Result<Option<String>, Rejection> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > max {
        return Err(Rejection::of(field, IngestMessage::TooLong { max }));
    }
    // PostgreSQL stores no U+0000, and the others have no meaning in a name.
    if text.contains(char::is_control) {
        return Err(Rejection::of(field, IngestMessage::ControlCharacter));
    }
    Ok(Some(text))
}

fn check_confidence(digits: &str) -> Result<f64, Rejection> {
    let value = digits.trim().parse::<f64>().ok().filter(|value| (0.0..=100.0).contains(value));
    // Adding zero makes a negative zero positive. SQLite has no negative zero.
    value
        .map(|value| value + 0.0)
        .ok_or_else(|| Rejection::of("confidence", IngestMessage::ConfidenceOutOfRange { value: excerpt(digits) }))
}

/// Returns left edge, upper edge, width and height; `None` without a box. The fields are these four, and the centre.
fn check_box(fields: [(&'static str, Option<&str>); 6]) -> Result<Option<[i32; 4]>, Rejection> {
    if fields.iter().all(|(_, value)| value.is_none()) {
        return Ok(None);
    }
    let mut values = [None; 6];
    for (value, (field, text)) in values.iter_mut().zip(fields) {
        *value = text.map(|text| check_whole(field, text)).transpose()?;
    }
    let [x, y, width, height, center_x, center_y] = values;
    let incomplete = |field: &str| Rejection::of(field, IngestMessage::BoxIncomplete);
    let size = |field: &str, value: Option<i32>| {
        let value = value.ok_or_else(|| incomplete(field))?;
        if value < 0 { Err(Rejection::of(field, IngestMessage::NegativeSize)) } else { Ok(value) }
    };
    let (width, height) = (size("width", width)?, size("height", height)?);
    let edge =
        |[edge_name, center_name]: [&str; 2], edge: Option<i32>, center: Option<i32>, size: i32| match (edge, center) {
            (Some(edge), None) => Ok(edge),
            (None, Some(center)) => center
                .checked_sub(size / 2)
                .ok_or_else(|| Rejection::of(center_name, IngestMessage::NotWhole { value: center.to_string() })),
            (Some(_), Some(_)) => Err(Rejection::of(center_name, IngestMessage::EdgeAndCenter)),
            (None, None) => Err(incomplete(edge_name)),
        };
    let x = edge(["x", "center_x"], x, center_x, width)?;
    let y = edge(["y", "center_y"], y, center_y, height)?;
    Ok(Some([x, y, width, height]))
}

/// Parses a whole number, also with a fraction of zero.
fn check_whole(field: &str, text: &str) -> Result<i32, Rejection> {
    let digits = text.trim();
    let whole = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => digits,
    };
    whole.parse().map_err(|_| Rejection::of(field, IngestMessage::NotWhole { value: excerpt(text) }))
}

/// Derives an id from one that is not a UUID. It identifies an event of its camera.
fn derived_id(origin: Origin<'_>, camera_id: &str, id: &str) -> Uuid {
    // Neither contains the separator.
    of_source(origin.kind, origin.instance, &format!("{camera_id}\0{id}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fields::Json;
    use super::*;
    use crate::messages::Message;

    /// 2025-12-16T12:00:00Z.
    const NOW: UnixMicros = UnixMicros::new(1_765_886_400_000_000);

    const ORIGIN: Origin<'static> = Origin { kind: "endpoint", instance: "" };

    fn checked(fields: &[(&str, &str)]) -> Result<MotionEvent, Rejection> {
        let good = [("timestamp", "2025-12-15T10:30:00Z"), ("camera_id", "door")];
        let defaults = good.iter().filter(|(name, _)| fields.iter().all(|(field, _)| field != name));
        let fields = defaults.chain(fields).map(|(name, text)| ((*name).to_owned(), Json::Text((*text).to_owned())));
        check(Reported::from_fields(fields)?, ORIGIN, NOW)
    }

    fn event(fields: &[(&str, &str)]) -> Event {
        checked(fields).unwrap_or_else(|why| panic!("{fields:?}: {why:?}")).into_event()
    }

    /// Returns the field and the code of the rejection.
    fn refused(fields: &[(&str, &str)]) -> (String, String) {
        let Err(Rejection { field, message }) = checked(fields) else { panic!("{fields:?} is accepted") };
        (field.unwrap_or_default(), Message::from(&message).code.into_owned())
    }

    fn assert_refused(fields: &[(&str, &str)], field: &str, code: &str) {
        assert_eq!(refused(fields), (field.to_owned(), code.to_owned()), "{fields:?}");
    }

    #[test]
    fn an_event_may_have_the_time_of_this_server() {
        assert_eq!(event(&[("timestamp", "now")]).timestamp, NOW.as_micros());
        assert_refused(&[("timestamp", "Now")], "timestamp", "not_a_time");
    }

    #[test]
    fn an_event_needs_only_a_time_and_a_camera() {
        let event = event(&[]);
        assert_eq!((event.timestamp, &*event.camera_id), (1_765_794_600_000_000, "door"));
        assert_eq!((event.confidence, &*event.algorithm, event.x, event.zone_id), (None, "", None, None));
        assert_refused(&[("timestamp", "")], "timestamp", "missing_field");
        assert_refused(&[("camera_id", "")], "camera_id", "missing_field");
    }

    #[test]
    fn times_have_an_offset_and_are_neither_long_ago_nor_in_the_future() {
        assert_refused(&[("timestamp", "2025-12-15T10:30:00")], "timestamp", "no_offset");
        assert_refused(&[("timestamp", "yesterday")], "timestamp", "not_a_time");
        assert_refused(&[("timestamp", "1999-12-31T23:59:59.999999Z")], "timestamp", "too_early");
        assert_refused(&[("timestamp", "2025-12-17T12:00:00.000001Z")], "timestamp", "in_future");
        for accepted in ["2000-01-01T00:00:00Z", "2025-12-17T12:00:00Z", "1765886400", "1765886400000"] {
            event(&[("timestamp", accepted)]);
        }
    }

    #[test]
    fn a_box_is_complete_or_missing() {
        let sides = |fields: &[(&str, &str)]| {
            let event = event(fields);
            [event.x, event.y, event.width, event.height]
        };
        let size = [("width", "31"), ("height", "40.0")];
        let with = |more: &[(&'static str, &'static str)]| [&size[..], more].concat();
        assert_eq!(sides(&with(&[("x", "-1"), ("y", "2")])), [Some(-1), Some(2), Some(31), Some(40)]);
        assert_eq!(sides(&with(&[("center_x", "100"), ("center_y", "50")])), [Some(85), Some(30), Some(31), Some(40)]);
        assert_eq!(sides(&with(&[("center_x", "100"), ("y", "2")])), [Some(85), Some(2), Some(31), Some(40)]);
        assert_eq!(sides(&[("x", ""), ("width", "")]), [None; 4]);
        assert_refused(&size, "x", "box_incomplete");
        assert_refused(&with(&[("x", "1")]), "y", "box_incomplete");
        assert_refused(&[("x", "1"), ("y", "1"), ("width", "1")], "height", "box_incomplete");
        assert_refused(&with(&[("x", "1"), ("y", "1"), ("center_y", "1")]), "center_y", "edge_and_center");
        assert_refused(&with(&[("x", "1.5"), ("y", "1")]), "x", "not_whole");
        assert_refused(&with(&[("x", "1"), ("y", "2147483648")]), "y", "not_whole");
        assert_refused(&with(&[("center_x", "-2147483648"), ("y", "1")]), "center_x", "not_whole");
        assert_refused(&[("x", "1"), ("y", "1"), ("width", "-1"), ("height", "1")], "width", "negative_size");
    }

    #[test]
    fn confidences_are_from_0_to_100() {
        for (text, value) in [("0", 0.0), ("-0", 0.0), ("100", 100.0), ("87.5", 87.5), (" 1e1 ", 10.0)] {
            let confidence = event(&[("confidence", text)]).confidence;
            assert_eq!(confidence.map(f64::to_bits), Some(f64::to_bits(value)), "{text}");
        }
        for text in ["100.1", "-1", "NaN", "inf", "high", "85,5", "87 %"] {
            assert_refused(&[("confidence", text)], "confidence", "confidence_out_of_range");
        }
    }

    #[test]
    fn texts_are_bounded_in_characters_and_have_no_control_characters() {
        for (field, max) in
            [("camera_id", 200), ("camera_name", 200), ("algorithm", 100), ("zone_id", 400), ("id", 200)]
        {
            event(&[(field, &"ü".repeat(max))]);
            assert_refused(&[(field, &"ü".repeat(max + 1))], field, "too_long");
            for text in ["a\0", "a\n", "\u{7f}", "\u{85}"] {
                assert_refused(&[(field, text)], field, "control_character");
            }
        }
    }

    #[test]
    fn a_uuid_is_the_id_itself_and_any_other_id_belongs_to_its_source_and_camera() {
        let uuid = "0000000A-0000-4000-8000-00000000000b";
        assert_eq!(event(&[("id", uuid)]).id, Uuid::try_parse(uuid).expect("a UUID"));
        let id = |fields: &[(&str, &str)]| event(fields).id;
        let of_42 = id(&[("id", "42")]);
        assert_eq!(id(&[("id", "42"), ("confidence", "3")]), of_42, "the contents do not matter");
        assert_ne!(id(&[("id", "42"), ("camera_id", "yard")]), of_42);
        let reported = Reported {
            id: Some("42".to_owned()),
            timestamp: Some("2025-12-15T10:30:00Z".to_owned()),
            camera_id: Some("door".to_owned()),
            ..Reported::default()
        };
        let other = Origin { instance: "garage", ..ORIGIN };
        assert_ne!(check(reported, other, NOW).expect("valid").event().id, of_42);
        assert_eq!(of_42.get_version_num(), 8);
    }

    #[test]
    fn an_event_without_an_id_has_the_same_one_each_time() {
        let first = checked(&[("confidence", "50")]).expect("valid");
        assert_eq!(first, checked(&[("confidence", "50.0")]).expect("valid"));
        assert!(!first.has_id());
        assert_ne!(first.event().id, event(&[("confidence", "51")]).id);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_within_the_bounds(
            timestamp in "[0-9]{0,16}(\\.[0-9]{0,7})?|.{0,30}",
            camera_id in ".{0,210}",
            confidence in prop_oneof![any::<f64>().prop_map(|value| value.to_string()), ".{0,5}"],
            sides in proptest::array::uniform6(prop_oneof![Just(String::new()), any::<i64>().prop_map(|value| value.to_string()), any::<i32>().prop_map(|value| value.to_string())]),
        ) {
            let text = |text: String| Some(text).filter(|text| !text.is_empty());
            let [x, y, width, height, center_x, center_y] = sides.map(text);
            let reported = Reported {
                timestamp: text(timestamp),
                camera_id: text(camera_id),
                confidence: text(confidence),
                x, y, width, height, center_x, center_y,
                ..Reported::default()
            };
            if let Ok(checked) = check(reported, ORIGIN, NOW) {
                let event = checked.into_event();
                prop_assert!((EARLIEST..=(NOW + MAX_AHEAD).as_micros()).contains(&event.timestamp));
                prop_assert!((1..=MAX_NAME).contains(&event.camera_id.chars().count()));
                prop_assert!(!event.camera_id.contains(char::is_control));
                prop_assert!(event.confidence.is_none_or(|value| (0.0..=100.0).contains(&value)));
                let sides = [event.x, event.y, event.width, event.height];
                prop_assert!(sides.iter().all(Option::is_some) || sides.iter().all(Option::is_none));
                prop_assert!(event.width >= Some(0) || event.width.is_none());
            }
        }
    }
}
