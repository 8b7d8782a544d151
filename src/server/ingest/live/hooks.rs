//! Payloads of webhooks, converted to reported events. Nothing here does I/O. What identifies people or shows pictures is
//! never taken.

use super::body::{self, BodyError, Format, Item};
use super::fields::Json;
use super::reported::Reported;
use super::writer::MAX_EVENTS;
use crate::messages::ingest::IngestMessage;

/// The maximum size of a payload, in bytes. Shinobi's may contain pictures, which are not taken.
pub const MAX_BYTES: usize = 8_000_000;

/// Returns the format of a body whose sender cannot say which it is.
pub fn guess(payload: &[u8]) -> Format {
    match payload.trim_ascii_start().first() {
        Some(b'{' | b'[') | None => Format::Json,
        Some(_) => Format::Form,
    }
}

/// Returns the kind of the sender, and the events of its payload.
///
/// # Errors
/// Returns an error if it cannot be parsed, or is not known.
pub fn parse(format: Format, payload: &[u8]) -> Result<(&'static str, Vec<Item>), BodyError> {
    let json = match format {
        Format::Json => Some(body::parse_json(payload)?),
        // Shinobi's form has its payload in one field.
        Format::Form => message(payload).map(|text| body::parse_json(text.as_bytes())).transpose()?,
        Format::JsonLines => None,
    };
    let known = json.as_ref().and_then(|json| {
        let unifi = json.get("alarm").map(|alarm| ("unifi", unifi(alarm, json.get("timestamp"))));
        unifi.or_else(|| json.get("info").map(|info| ("shinobi", shinobi(info))))
    });
    let (kind, events) = match known {
        Some((kind, events)) => (kind, events.into_iter().map(Item::of).collect()),
        None if format == Format::Form && json.is_some() => return Err(IngestMessage::UnknownPayload.into()),
        None => (super::ENDPOINT, body::parse(format, payload)?),
    };
    if events.len() > MAX_EVENTS { Err(BodyError::TooLarge) } else { Ok((kind, events)) }
}

fn message(form: &[u8]) -> Option<String> {
    form_urlencoded::parse(form).find(|(name, _)| name == "message").map(|(_, value)| value.into_owned())
}

fn text(value: Option<&Json>) -> Option<String> {
    value.and_then(Json::as_text).map(str::to_owned)
}

/// Returns an event for each trigger of an alarm of UniFi Protect's alarm manager. A test of an alarm has none.
fn unifi(alarm: &Json, sent: Option<&Json>) -> Vec<Reported> {
    let triggers = alarm.get("triggers").map(Json::items).unwrap_or_default();
    let event = |trigger: &Json| {
        let key = text(trigger.get("key")).unwrap_or_default();
        Reported {
            id: text(trigger.get("eventId")).map(|id| format!("{id}-{key}")),
            timestamp: text(trigger.get("timestamp").or(sent)),
            camera_id: text(trigger.get("device")),
            algorithm: Some(format!("unifi:{key}")),
            zone_id: trigger.get("zones").and_then(unifi_zones),
            ..Reported::default()
        }
    };
    triggers.iter().map(event).collect()
}

/// Returns the numbers of the zones, and those of lines and loitering zones with their kind: `1|line-2`.
fn unifi_zones(zones: &Json) -> Option<String> {
    let Json::Object(kinds) = zones else { return None };
    let zones = kinds.iter().flat_map(|(kind, numbers)| {
        let numbers = numbers.items().iter().filter_map(Json::as_text);
        numbers.map(move |number| if kind == "zone" { number.to_owned() } else { format!("{kind}-{number}") })
    });
    let zones = zones.collect::<Vec<_>>().join("|");
    Some(zones).filter(|zones| !zones.is_empty())
}

/// Returns an event for each region of an event of Shinobi, or one without a box.
fn shinobi(info: &Json) -> Vec<Reported> {
    let details = info.get("eventDetails");
    let detail = |name: &str| details.and_then(|details| details.get(name));
    let reason = text(detail("reason")).unwrap_or_default();
    let event = Reported {
        // The time is only in the sentence: “Triggered an event at 2024-05-10T23:14:38+02:00”.
        timestamp: text(info.get("description")).and_then(|text| text.split_whitespace().last().map(str::to_owned)),
        camera_id: text(info.get("mid")),
        confidence: shinobi_confidence(detail("confidence")),
        algorithm: Some(format!("shinobi:{reason}")),
        ..Reported::default()
    };
    let matrices = detail("matrices").map(Json::items).unwrap_or_default();
    let of_matrix = |matrix: &Json| {
        let side = |name: &str| text(matrix.get(name));
        let sides = ["x", "y", "width", "height"].map(side);
        let is_whole = sides.iter().all(|side| side.as_ref().is_some_and(|side| side.parse::<i32>().is_ok()));
        let [x, y, width, height] = if is_whole { sides } else { [const { None }; 4] };
        // The tag is the name of a region, or the label of a detected object.
        let tag = text(matrix.get("tag"));
        let (zone_id, label) = if reason == "motion" { (tag, None) } else { (None, tag) };
        Reported {
            confidence: shinobi_confidence(matrix.get("confidence")).or_else(|| event.confidence.clone()),
            algorithm: label.map(|label| format!("shinobi:{label}")).or_else(|| event.algorithm.clone()),
            x,
            y,
            width,
            height,
            zone_id,
            ..event.clone()
        }
    };
    if matrices.is_empty() { vec![event] } else { matrices.iter().map(of_matrix).collect() }
}

/// Returns a confidence from 0 to 100. Shinobi's measure of motion may be above, and then is no percentage.
fn shinobi_confidence(value: Option<&Json>) -> Option<String> {
    text(value).filter(|text| text.parse::<f64>().is_ok_and(|value| (0.0..=100.0).contains(&value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::db::unix_micros::UnixMicros;
    use crate::server::ingest::event::Event;
    use crate::server::ingest::live::check::{Origin, check};

    /// In the shape of an alarm of UniFi Protect 5; all values are made up.
    const UNIFI: &str = r#"{"alarm": {"name": "drive", "sources": [{"device": "AABBCC000001", "type": "include"}],
        "conditions": [{"condition": {"type": "is", "source": "vehicle"}}],
        "triggers": [
            {"key": "vehicle", "device": "AABBCC000001", "zones": {"loiter": [4], "zone": [1, 2], "line": []},
             "eventId": "00112233445566778899aabb", "timestamp": 1764450000418},
            {"key": "person", "device": "AABBCC000002", "zones": {"loiter": [], "zone": [], "line": []},
             "eventId": "00112233445566778899aabb", "timestamp": 1764450001000}],
        "eventPath": "/protect/events/event/0"}, "timestamp": 1764450002000}"#;

    /// In the shape of Shinobi's webhook; all values are made up.
    const SHINOBI: &str = r#"{"info": {"title": "Event", "description": "Triggered an event at 2025-11-29T22:00:00+01:00",
        "ke": "group", "mid": "Yard", "eventDetails": {"plug": "Motion", "name": "region", "reason": "motion",
        "confidence": 137.5, "imgHeight": 640, "imgWidth": 480, "matrices": [
            {"x": 5, "y": 6, "width": 150, "height": 160, "tag": "Gate", "confidence": 90},
            {"x": 5.5, "y": 6, "width": 150, "height": 160, "tag": "Drive"}]}}, "files": ["picture"]}"#;

    fn events(format: Format, payload: &str) -> (&'static str, Vec<Event>) {
        let (kind, items) = parse(format, payload.as_bytes()).unwrap_or_else(|error| panic!("{error:?}"));
        let now = UnixMicros::new(1_765_886_400_000_000);
        let event = |item: Item| check(item.reported.expect("known fields"), Origin { kind, instance: "" }, now);
        (kind, items.into_iter().map(|item| event(item).expect("valid").into_event()).collect())
    }

    #[test]
    fn each_trigger_of_unifi_is_an_event() {
        let (kind, events) = events(Format::Json, UNIFI);
        assert_eq!((kind, events.len()), ("unifi", 2));
        let [vehicle, person] = &events[..] else { panic!("{events:?}") };
        assert_eq!((vehicle.timestamp, &*vehicle.camera_id), (1_764_450_000_418_000, "AABBCC000001"));
        assert_eq!((&*vehicle.algorithm, vehicle.zone_id.as_deref()), ("unifi:vehicle", Some("loiter-4|1|2")));
        assert_eq!((&*person.algorithm, person.zone_id.as_deref(), person.confidence), ("unifi:person", None, None));
        assert_ne!(vehicle.id, person.id);
    }

    #[test]
    fn a_test_of_an_alarm_has_no_events() {
        let (_, none) = parse(Format::Json, br#"{"alarm": {"name": "x", "triggers": []}}"#).expect("a test");
        assert_eq!(none, []);
    }

    #[test]
    fn each_region_of_shinobi_is_an_event_with_a_box_of_whole_pixels() {
        let as_form = form_urlencoded::Serializer::new(String::new()).append_pair("message", SHINOBI).finish();
        for (format, payload) in [(Format::Json, SHINOBI), (Format::Form, &*as_form)] {
            let (kind, events) = events(format, payload);
            assert_eq!((kind, events.len()), ("shinobi", 2));
            let [gate, drive] = &events[..] else { panic!("{events:?}") };
            assert_eq!(
                (gate.timestamp, &*gate.camera_id, &*gate.algorithm),
                (1_764_450_000_000_000, "Yard", "shinobi:motion")
            );
            assert_eq!((gate.x, gate.height, gate.confidence), (Some(5), Some(160), Some(90.0)));
            assert_eq!((drive.x, drive.confidence, drive.zone_id.as_deref()), (None, None, Some("Drive")));
        }
    }

    #[test]
    fn an_object_of_shinobi_has_its_label() {
        let payload = SHINOBI.replace(r#""reason": "motion""#, r#""reason": "object""#).replace("Gate", "person");
        let (_, events) = events(Format::Json, &payload);
        assert_eq!((&*events[0].algorithm, &events[0].zone_id), ("shinobi:person", &None));
    }

    #[test]
    fn other_payloads_are_those_of_the_endpoint() {
        let (kind, events) = events(Format::Form, "timestamp=1764450000&camera_id=door");
        assert_eq!((kind, events.len()), ("endpoint", 1));
        assert!(parse(Format::Form, b"message=%7B%7D").is_err());
        let (_, items) = parse(Format::Json, br#"{"text": "hello"}"#).expect("an object");
        assert!(items[0].reported.is_err());
    }

    proptest! {
        #[test]
        fn no_payload_is_a_panic(
            payload in prop_oneof![Just(UNIFI), Just(SHINOBI)],
            from in any::<proptest::sample::Index>(),
            with in prop_oneof![Just("null"), Just("[]"), Just("{}"), Just("7"), Just("\"\"")],
        ) {
            // Replaces one value by another one.
            let colons: Vec<_> = payload.match_indices(": ").map(|(at, _)| at + 2).collect();
            let at = colons[from.index(colons.len())];
            let end = payload[at..].find([',', '}']).map_or(payload.len(), |end| at + end);
            let _ = parse(Format::Json, format!("{}{with}{}", &payload[..at], &payload[end..]).as_bytes());
        }
    }
}
