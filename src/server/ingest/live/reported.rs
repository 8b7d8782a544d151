//! An event as a sender reports it: each value as text, not judged yet.

use super::fields::Json;
use crate::messages::ingest::IngestMessage;
use crate::server::ingest::event::Event;
use crate::server::ingest::summary::excerpt;

/// The fields of a reported event, in the order of [`Reported::field`].
pub const FIELDS: [&str; 13] = [
    "id",
    "timestamp",
    "camera_id",
    "camera_name",
    "confidence",
    "algorithm",
    "x",
    "y",
    "width",
    "height",
    "zone_id",
    "center_x",
    "center_y",
];

/// What a sender says of an event. An empty text is a missing value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// The event's id at its sender.
    pub id: Option<String>,
    /// When motion was detected.
    pub timestamp: Option<String>,
    /// The id of the camera.
    pub camera_id: Option<String>,
    /// The name of the camera.
    pub camera_name: Option<String>,
    /// 0 to 100.
    pub confidence: Option<String>,
    /// The detector.
    pub algorithm: Option<String>,
    /// Left edge of the bounding box.
    pub x: Option<String>,
    /// Upper edge of the bounding box.
    pub y: Option<String>,
    /// Width of the bounding box.
    pub width: Option<String>,
    /// Height of the bounding box.
    pub height: Option<String>,
    /// The detection zone.
    pub zone_id: Option<String>,
    /// Horizontal centre of the bounding box, in place of `x`.
    pub center_x: Option<String>,
    /// Vertical centre of the bounding box, in place of `y`.
    pub center_y: Option<String>,
}

impl Reported {
    /// Returns an event as a source reports it that was converted as an import does. The other texts are those under which it is
    /// stored here.
    pub fn of_event(event: Event, id: Option<String>, camera_id: String, camera_name: Option<String>) -> Self {
        let side = |side: Option<i32>| side.map(|side| side.to_string());
        Self {
            id,
            // As microseconds, which is how a number of that size is read.
            timestamp: Some(event.timestamp.to_string()),
            camera_id: Some(camera_id),
            camera_name,
            confidence: event.confidence.map(|confidence| confidence.to_string()),
            algorithm: Some(event.algorithm),
            x: side(event.x),
            y: side(event.y),
            width: side(event.width),
            height: side(event.height),
            zone_id: event.zone_id,
            ..Self::default()
        }
    }
}

/// Why an event is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The field at fault, if it is one.
    pub field: Option<String>,
    /// What is wrong and what is expected.
    pub message: IngestMessage,
}

impl Rejection {
    /// Returns the rejection of a field.
    pub fn of(field: &str, message: IngestMessage) -> Self {
        Self { field: Some(field.to_owned()), message }
    }
}

impl Reported {
    /// Returns the event with these fields.
    ///
    /// # Errors
    /// Returns why the event is refused: a field is unknown, occurs twice, or is neither a text nor a number.
    pub fn from_fields(fields: impl IntoIterator<Item = (String, Json)>) -> Result<Self, Rejection> {
        let mut reported = Self::default();
        let mut seen = [false; FIELDS.len()];
        for (name, value) in fields {
            let Some(index) = FIELDS.iter().position(|field| *field == name) else {
                let name = excerpt(&name);
                let message = IngestMessage::UnknownField { name: name.clone(), known: FIELDS.join(", ") };
                return Err(Rejection::of(&name, message));
            };
            if std::mem::replace(&mut seen[index], true) {
                return Err(Rejection::of(&name, IngestMessage::RepeatedField));
            }
            *reported.field(index) = match value {
                Json::Text(text) | Json::Number(text) => Some(text).filter(|text| !text.is_empty()),
                Json::Null => None,
                Json::Bool(_) | Json::List(_) | Json::Object(_) => {
                    return Err(Rejection::of(&name, IngestMessage::NeitherTextNorNumber));
                }
            };
        }
        Ok(reported)
    }

    /// Returns the value of the field with this index in [`FIELDS`].
    fn field(&mut self, index: usize) -> &mut Option<String> {
        match index {
            0 => &mut self.id,
            1 => &mut self.timestamp,
            2 => &mut self.camera_id,
            3 => &mut self.camera_name,
            4 => &mut self.confidence,
            5 => &mut self.algorithm,
            6 => &mut self.x,
            7 => &mut self.y,
            8 => &mut self.width,
            9 => &mut self.height,
            10 => &mut self.zone_id,
            11 => &mut self.center_x,
            _ => &mut self.center_y,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, value: &str) -> (String, Json) {
        (name.to_owned(), Json::Text(value.to_owned()))
    }

    #[test]
    fn each_field_is_read_into_its_place() {
        let reported = Reported::from_fields(FIELDS.map(|name| text(name, name))).expect("known fields");
        let expected = |name: &str| Some(name.to_owned());
        assert_eq!(
            reported,
            Reported {
                id: expected("id"),
                timestamp: expected("timestamp"),
                camera_id: expected("camera_id"),
                camera_name: expected("camera_name"),
                confidence: expected("confidence"),
                algorithm: expected("algorithm"),
                x: expected("x"),
                y: expected("y"),
                width: expected("width"),
                height: expected("height"),
                zone_id: expected("zone_id"),
                center_x: expected("center_x"),
                center_y: expected("center_y"),
            }
        );
    }

    #[test]
    fn unknown_repeated_and_composite_fields_are_refused_by_name() {
        let refused = |fields: Vec<(String, Json)>| {
            let rejection = Reported::from_fields(fields).expect_err("refused");
            (rejection.field.unwrap_or_default(), crate::messages::Message::from(&rejection.message).code)
        };
        assert_eq!(refused(vec![text("confidense", "1")]), ("confidense".to_owned(), "unknown_field".into()));
        assert_eq!(refused(vec![text("x", "1"), text("x", "")]), ("x".to_owned(), "repeated_field".into()));
        for value in [Json::Bool(true), Json::List(Vec::new()), Json::Object(Vec::new())] {
            let field = ("zone_id".to_owned(), value);
            assert_eq!(refused(vec![field]), ("zone_id".to_owned(), "neither_text_nor_number".into()));
        }
        let empty = Reported::from_fields([text("zone_id", ""), ("x".to_owned(), Json::Null)]).expect("no values");
        assert_eq!(empty, Reported::default());
    }
}
