//! Converts the events of Frigate's API as the import converts those of its database, so that both are the same events.

use serde_json::{Map, Value as Json};

use super::findings::{reasons, why_left_out};
use crate::messages::sources::SourceMessage;
use crate::server::ingest::argusai::timestamp;
use crate::server::ingest::event::Event;
use crate::server::ingest::foreign_file::Value;
use crate::server::ingest::frigate::follow::{Micros, Seen};
use crate::server::ingest::frigate::options::Options;
use crate::server::ingest::frigate::sqlite::SourceEvent;
use crate::server::ingest::frigate::values::is_open;
use crate::server::ingest::frigate::{convert, derived_id};
use crate::server::ingest::live::reported::Reported;
use crate::server::ingest::summary::Summary;

/// An event in a response.
#[derive(Clone, Debug)]
pub struct Item {
    /// What a follower has to know of it.
    pub seen: Seen,
    /// Identifies it, also if it has no id.
    pub key: String,
    /// Its camera, by its name at the source.
    pub camera: String,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended.
    Open,
    /// It is to be stored. These values were changed.
    Reported(Box<Reported>, Vec<SourceMessage>),
    /// It is left out.
    LeftOut(SourceMessage),
}

/// Reads the events of a response. `before` is the upper bound of the request; an event whose start time cannot be read
/// counts as one of the time of its neighbour.
pub fn read(items: Vec<Json>, before: Micros, options: &Options) -> Vec<Item> {
    let mut start = before;
    let read = items.into_iter().map(|item| {
        let text = item.get("id").and_then(Json::as_str).filter(|id| !id.is_empty());
        let key = text.map_or_else(|| format!("without id: {item}"), str::to_owned);
        let Json::Object(fields) = item else {
            let seen = Seen { id: String::new(), start, has_ended: true };
            let outcome = Outcome::LeftOut(SourceMessage::NotAnEvent);
            return Item { seen, key, camera: String::new(), outcome };
        };
        let event = source_event(fields);
        start = timestamp(&event.start_time).unwrap_or(start);
        let id = event.id.clone().into_text();
        let camera = event.camera.clone().into_text();
        // An event without an id cannot be requested, so it is read again until it has ended.
        let has_ended = !is_open(&event.end_time) || id.is_empty();
        let outcome = outcome(event, &id, options);
        Item { seen: Seen { id, start, has_ended }, key, camera, outcome }
    });
    read.collect()
}

fn outcome(event: SourceEvent, id: &str, options: &Options) -> Outcome {
    if is_open(&event.end_time) {
        return Outcome::Open;
    }
    let mut summary = Summary::default();
    let converted = convert(event, id, options, &mut summary);
    let Some(event) = converted else {
        return Outcome::LeftOut(why_left_out(&summary));
    };
    Outcome::Reported(Box::new(reported(event, id, options)), reasons(&summary.repaired))
}

fn reported(event: Event, id: &str, options: &Options) -> Reported {
    let stored_id = Some(id).filter(|id| !id.is_empty()).map(|id| derived_id(id).to_string());
    let camera_id = options.camera_id(&event.camera_id);
    let camera_name = options.camera_name(&event.camera_id).unwrap_or(&event.camera_id).to_owned();
    Reported::of_event(event, stored_id, camera_id, Some(camera_name))
}

/// Returns the fields that are read. Never `sub_label`, which names faces, and never a thumbnail.
fn source_event(mut fields: Map<String, Json>) -> SourceEvent {
    let mut field = |name: &str| fields.remove(name).map_or(Value::Null, value);
    SourceEvent {
        id: field("id"),
        label: field("label"),
        camera: field("camera"),
        start_time: field("start_time"),
        end_time: field("end_time"),
        false_positive: field("false_positive"),
        zones: field("zones"),
        top_score: field("top_score"),
        bounding_box: field("box"),
        data: field("data"),
    }
}

/// Returns a value of the API as the column of the database would have it: lists and objects are JSON texts there.
fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Integer(value.into()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Integer(number),
            (None, Some(number)) => Value::Real(number),
            (None, None) => Value::Null,
        },
        Json::String(text) => Value::Text(text),
        list_or_object => Value::Text(list_or_object.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::server::ingest::frigate::options::of_config;

    fn options() -> Options {
        let config =
            json!({"cameras": {"front": {"detect": {"width": 1280, "height": 720}, "friendly_name": "Front"}}});
        of_config(config.to_string().as_bytes(), "garage-".to_owned()).expect("a configuration")
    }

    fn event() -> Json {
        json!({
            "id": "1735787796.700051-gaexp1", "label": "person", "sub_label": "Jane", "camera": "front",
            "start_time": 1_735_787_791.700_051, "end_time": 1_735_787_800.5, "false_positive": null,
            "zones": ["drive", "street"], "thumbnail": "secret", "top_score": null, "box": null,
            "data": {"box": [0.5, 0.5, 0.25, 0.25], "top_score": 0.784_313_738_346_099_9, "type": "object"},
        })
    }

    fn with(field: &str, value: Json) -> Item {
        let mut event = event();
        event[field] = value;
        read(vec![event], 7, &options()).remove(0)
    }

    #[test]
    fn an_event_is_reported_as_the_import_stores_it() {
        let item = read(vec![event()], 0, &options()).remove(0);
        assert_eq!((item.seen.start, item.seen.has_ended), (1_735_787_791_700_051, true));
        assert_eq!(item.camera, "front");
        let Outcome::Reported(reported, repaired) = item.outcome else { panic!("{item:?}") };
        let text = |text: &str| Some(text.to_owned());
        let expected = Reported {
            id: Some(derived_id("1735787796.700051-gaexp1").to_string()),
            timestamp: text("1735787796700051"),
            camera_id: text("garage-front"),
            camera_name: text("Front"),
            confidence: text("78.43137383460999"),
            algorithm: text("frigate:person"),
            x: text("640"),
            y: text("360"),
            width: text("320"),
            height: text("180"),
            zone_id: text("drive|street"),
            ..Reported::default()
        };
        assert_eq!((*reported, repaired), (expected, vec![]));
    }

    #[test]
    fn open_events_and_those_that_cannot_be_read_are_told_apart() {
        assert_eq!(with("end_time", Json::Null).outcome, Outcome::Open);
        assert!(!with("end_time", Json::Null).seen.has_ended);
        for (field, value, why) in [
            ("false_positive", json!(true), SourceMessage::FalsePositive),
            ("start_time", json!("soon"), SourceMessage::TimeUnreadable),
            ("camera", json!(""), SourceMessage::EventWithoutCamera),
        ] {
            assert_eq!(with(field, value).outcome, Outcome::LeftOut(why), "{field}");
        }
        for (field, value, why) in [
            ("zones", json!("drive"), SourceMessage::ZonesUnreadable),
            ("label", json!(""), SourceMessage::LabelMissing),
            ("data", json!([]), SourceMessage::DataUnreadable),
            ("data", json!({"box": [0.1, 0.1, 0.123, 0.1]}), SourceMessage::BoxNotWhole),
            ("data", json!({"box": 7}), SourceMessage::BoxUnreadable),
            ("data", json!({"top_score": "high"}), SourceMessage::ConfidenceUnreadable),
            ("camera", json!("back"), SourceMessage::BoxWithoutSize),
            ("id", json!("by-hand"), SourceMessage::TimeOfStart),
        ] {
            let Outcome::Reported(_, repaired) = with(field, value).outcome else { panic!("{field}") };
            assert_eq!(repaired, [why], "{field}");
        }
    }

    #[test]
    fn whatever_is_no_event_is_left_out_and_keeps_its_place_in_time() {
        let items = read(vec![event(), json!(7), json!({"start_time": "soon", "end_time": 1})], 9, &options());
        let starts: Vec<_> = items.iter().map(|item| item.seen.start).collect();
        assert_eq!(starts, [1_735_787_791_700_051; 3]);
        assert_eq!(items[1].outcome, Outcome::LeftOut(SourceMessage::NotAnEvent));
        assert_eq!(read(vec![json!(null)], 9, &options())[0].seen.start, 9);
    }
}
