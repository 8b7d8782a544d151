//! Parses the bodies of requests to the ingest endpoint. Nothing here does I/O.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::fields::Json;
use super::reported::{Rejection, Reported};
use super::writer::MAX_EVENTS;
use crate::messages::ingest::IngestMessage;
use crate::server::ingest::summary::excerpt;

/// The maximum size of a body, in bytes, before and after decompression.
pub const MAX_BYTES: usize = 1_000_000;

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON: an event, a list of events, or an object with a list named `events`.
    Json,
    /// An event as JSON in each line.
    JsonLines,
    /// The fields of one event as a form.
    Form,
}

/// Why a body is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It has too many events or bytes.
    TooLarge,
    /// It cannot be parsed.
    Invalid(IngestMessage),
}

impl From<IngestMessage> for BodyError {
    fn from(message: IngestMessage) -> Self {
        Self::Invalid(message)
    }
}

/// One event of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id that its sender gives it, to name it in the answer.
    pub id: Option<String>,
    /// What it says, or why it is refused.
    pub reported: Result<Reported, Rejection>,
}

impl Item {
    /// Returns the event with these fields.
    pub fn of(reported: Reported) -> Self {
        Self { id: reported.id.clone(), reported: Ok(reported) }
    }
}

/// Decompresses a body.
///
/// # Errors
/// Returns an error if it is not valid gzip, incomplete, or too large.
pub fn gunzip(body: &[u8]) -> Result<Vec<u8>, BodyError> {
    let mut plain = Vec::new();
    let mut limited = MultiGzDecoder::new(body).take(MAX_BYTES as u64 + 1);
    limited.read_to_end(&mut plain).map_err(|_| IngestMessage::InvalidGzip)?;
    if plain.len() > MAX_BYTES { Err(BodyError::TooLarge) } else { Ok(plain) }
}

/// Returns the events of a body.
///
/// # Errors
/// Returns an error if it cannot be parsed, or has more than [`MAX_EVENTS`] events.
pub fn parse(format: Format, body: &[u8]) -> Result<Vec<Item>, BodyError> {
    let items = match format {
        Format::Json => json(body)?,
        Format::JsonLines => lines(body)?,
        Format::Form => vec![form(body)?],
    };
    if items.len() > MAX_EVENTS { Err(BodyError::TooLarge) } else { Ok(items) }
}

/// Parses JSON.
///
/// # Errors
/// Returns an error that says where and why it cannot be parsed.
pub fn parse_json(body: &[u8]) -> Result<Json, IngestMessage> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| IngestMessage::InvalidJson { reason: error.to_string() })
}

fn json(body: &[u8]) -> Result<Vec<Item>, BodyError> {
    let items = match parse_json(body)? {
        Json::List(items) => items,
        Json::Object(mut fields) if fields.iter().any(|(name, _)| name == "events") => match fields.pop() {
            Some((_, Json::List(items))) if fields.is_empty() => items,
            _ => return Err(IngestMessage::NoEvents.into()),
        },
        event @ Json::Object(_) => vec![event],
        _ => return Err(IngestMessage::NoEvents.into()),
    };
    Ok(items.into_iter().map(item).collect())
}

fn lines(body: &[u8]) -> Result<Vec<Item>, BodyError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut items = Vec::new();
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value = serde_json::from_slice(line)
            .map_err(|error| IngestMessage::InvalidJsonLine { line: index + 1, reason: error.to_string() })?;
        items.push(item(value));
        if items.len() > MAX_EVENTS {
            return Err(BodyError::TooLarge);
        }
    }
    Ok(items)
}

fn form(body: &[u8]) -> Result<Item, BodyError> {
    if body.trim_ascii_start().starts_with(b"{") || body.trim_ascii_start().starts_with(b"[") {
        return Err(IngestMessage::JsonAsForm.into());
    }
    let fields = form_urlencoded::parse(body.trim_ascii_end()).into_owned();
    Ok(item(Json::Object(fields.map(|(name, value)| (name, Json::Text(value))).collect())))
}

fn item(value: Json) -> Item {
    let id = value.get("id").and_then(Json::as_text).map(excerpt);
    let reported = match value {
        Json::Object(fields) => Reported::from_fields(fields),
        _ => Err(Rejection { field: None, message: IngestMessage::NotAnObject }),
    };
    Item { id, reported }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    const EVENT: &str = r#"{"timestamp": 1764450000, "camera_id": "door", "id": 7}"#;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).expect("memory");
        encoder.finish().expect("memory")
    }

    fn count(format: Format, body: &str) -> usize {
        parse(format, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}")).len()
    }

    #[test]
    fn the_same_event_may_be_sent_in_each_format() {
        let expected = Item::of(Reported {
            id: Some("7".to_owned()),
            timestamp: Some("1764450000".to_owned()),
            camera_id: Some("door".to_owned()),
            ..Reported::default()
        });
        for (format, body) in [
            (Format::Json, EVENT.to_owned()),
            (Format::Json, format!("\u{feff} [{EVENT}] \n")),
            (Format::Json, format!(r#"{{"events": [{EVENT}]}}"#)),
            (Format::JsonLines, format!("\n{EVENT}\r\n\n")),
            (Format::Form, "timestamp=1764450000&camera_id=door&id=7\n".to_owned()),
        ] {
            assert_eq!(parse(format, body.as_bytes()), Ok(vec![expected.clone()]), "{body}");
        }
        assert_eq!(count(Format::Json, "[]") + count(Format::JsonLines, "\n"), 0);
        assert_eq!(count(Format::JsonLines, &format!("{EVENT}\n{EVENT}")), 2);
    }

    #[test]
    fn a_body_that_cannot_be_parsed_is_refused_as_a_whole() {
        for (format, body) in [
            (Format::Json, ""),
            (Format::Json, "7"),
            (Format::Json, "null"),
            (Format::Json, "{\"timestamp\": 1"),
            (Format::Json, "[{}, {]"),
            (Format::Json, "{} {}"),
            (Format::Json, r#"{"events": {}}"#),
            (Format::Json, r#"{"events": [], "more": 1}"#),
            (Format::Json, r#"{"a": 1, "events": []}"#),
            (Format::JsonLines, "{}\n{"),
            (Format::JsonLines, "{} {}"),
            (Format::Form, " {\"timestamp\": 1}"),
        ] {
            assert!(matches!(parse(format, body.as_bytes()), Err(BodyError::Invalid(_))), "{body}");
        }
        assert!(matches!(parse(Format::Json, b"\"\xff\""), Err(BodyError::Invalid(_))));
        assert!(parse(Format::Json, "[".repeat(100_000).as_bytes()).is_err(), "nesting is limited");
    }

    #[test]
    fn an_item_that_is_wrong_does_not_affect_the_others() {
        let items =
            parse(Format::Json, format!("[1, {EVENT}, {{\"id\": \"x\", \"no\": 1}}]").as_bytes()).expect("a list");
        let accepted: Vec<_> = items.iter().map(|item| item.reported.is_ok()).collect();
        assert_eq!(accepted, [false, true, false]);
        assert_eq!(items[2].id.as_deref(), Some("x"));
    }

    #[test]
    fn more_events_than_a_request_may_have_are_refused() {
        for (format, separator, ends) in [(Format::Json, ",", ["[", "]"]), (Format::JsonLines, "\n", ["", ""])] {
            let body = |events: usize| format!("{}{}{}", ends[0], vec!["{}"; events].join(separator), ends[1]);
            assert_eq!(count(format, &body(MAX_EVENTS)), MAX_EVENTS);
            assert_eq!(parse(format, body(MAX_EVENTS + 1).as_bytes()), Err(BodyError::TooLarge));
        }
    }

    #[test]
    fn a_compressed_body_is_complete_and_no_larger_than_another() {
        assert_eq!(gunzip(&gzip(EVENT.as_bytes())).as_deref(), Ok(EVENT.as_bytes()));
        assert_eq!(gunzip(&gzip(&vec![b' '; MAX_BYTES])).map(|plain| plain.len()), Ok(MAX_BYTES));
        assert_eq!(gunzip(&gzip(&vec![b' '; 100 * MAX_BYTES])), Err(BodyError::TooLarge));
        let compressed = gzip(EVENT.as_bytes());
        for cut in 1..compressed.len() {
            assert_eq!(gunzip(&compressed[..cut]), Err(IngestMessage::InvalidGzip.into()), "{cut}");
        }
        assert_eq!(gunzip(EVENT.as_bytes()), Err(IngestMessage::InvalidGzip.into()));
    }

    proptest! {
        #[test]
        fn no_body_is_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for format in [Format::Json, Format::JsonLines, Format::Form] {
                let _ = parse(format, &body);
            }
            let _ = gunzip(&body);
        }

        #[test]
        fn a_cut_list_is_never_taken_for_a_shorter_one(events in 1_usize..20, cut in any::<proptest::sample::Index>()) {
            let body = format!("[{}]", vec![EVENT; events].join(","));
            let cut = cut.index(body.len());
            prop_assert!(parse(Format::Json, &body.as_bytes()[..cut]).is_err());
        }
    }
}
