//! Reads the messages that Frigate publishes about its events over MQTT, on `frigate/events`. They have no position in Frigate's
//! database and not the final values, so they only say which event to request.

use serde_json::Value as Json;

/// The maximum length of an id. Frigate's have at most 30 characters.
const MAX_ID: usize = 100;

/// A message that Frigate does not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Returns the id of the event that has ended; `None` if the message is about something else, or about an event that Frigate
/// does not keep.
///
/// # Errors
/// Returns an error for a message that Frigate does not send.
pub fn ended(payload: &[u8]) -> Result<Option<String>, Unreadable> {
    let message: Json = serde_json::from_slice(payload).map_err(|_| Unreadable)?;
    if message.get("type").and_then(Json::as_str).ok_or(Unreadable)? != "end" {
        return Ok(None);
    }
    let event = message.get("after").ok_or(Unreadable)?;
    let id = event.get("id").and_then(Json::as_str).ok_or(Unreadable)?;
    // The id becomes a part of the path of a request.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if id.len() > MAX_ID || !id.bytes().all(is_plain) || !id.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Unreadable);
    }
    let is = |field: &str, value: bool| event.get(field).and_then(Json::as_bool) == Some(value);
    let is_dropped = is("false_positive", true) || is("has_clip", false) && is("has_snapshot", false);
    Ok((!is_dropped).then(|| id.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn message(event: &Json) -> Vec<u8> {
        json!({"type": "end", "before": {}, "after": event}).to_string().into_bytes()
    }

    #[test]
    fn the_end_of_an_event_that_frigate_keeps_names_its_id() {
        let id = "1735787796.700051-gaexp1";
        for event in [
            json!({"id": id}),
            json!({"id": id, "false_positive": false, "has_clip": true, "has_snapshot": false, "unknown": [1]}),
            json!({"id": id, "has_clip": null}),
        ] {
            assert_eq!(ended(&message(&event)), Ok(Some(id.to_owned())), "{event}");
        }
        for event in [
            json!({"id": id, "false_positive": true, "has_clip": true}),
            json!({"id": id, "has_clip": false, "has_snapshot": false}),
        ] {
            assert_eq!(ended(&message(&event)), Ok(None), "{event}");
        }
    }

    #[test]
    fn other_messages_of_frigate_name_no_event() {
        for message in [
            json!({"type": "new", "after": {"id": "1.5-a"}}),
            json!({"type": "update", "after": {"id": "1.5-a"}}),
            // On `frigate/reviews`: its detections have ended or not.
            json!({"type": "genai", "before": {}}),
        ] {
            assert_eq!(ended(message.to_string().as_bytes()), Ok(None), "{message}");
        }
    }

    #[test]
    fn a_message_of_another_program_is_unreadable() {
        let long = "a".repeat(101);
        for payload in ["", "online", "[]", "7", "{}", r#"{"type": 1}"#, r#"{"type": "end"}"#] {
            assert_eq!(ended(payload.as_bytes()), Err(Unreadable), "{payload}");
        }
        for id in [json!(null), json!(7), json!(""), json!(".."), json!("../config"), json!("a b"), json!(long)] {
            assert_eq!(ended(&message(&json!({ "id": id }))), Err(Unreadable), "{id}");
        }
        assert_eq!(ended(b"\xff"), Err(Unreadable));
        assert_eq!(ended("[".repeat(100_000).as_bytes()), Err(Unreadable), "nesting is limited");
    }

    proptest! {
        #[test]
        fn no_message_is_a_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ended(&payload);
        }

        #[test]
        fn an_id_never_leaves_its_place_in_the_path(id in ".{0,20}") {
            if let Ok(Some(id)) = ended(&message(&json!({ "id": id }))) {
                let url = reqwest::Url::parse(&format!("http://frigate/api/events/{id}")).expect("a URL");
                prop_assert_eq!(url.path(), format!("/api/events/{id}"));
            }
        }
    }
}
