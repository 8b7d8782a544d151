//! Stores a message as JSON, such as the reason of a record: the code of a message and its values. A record of a version before message codes may have
//! a sentence, which is kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::messages::access::AccessLost;
use crate::messages::commands::CommandMessage;
use crate::messages::forms::FormMessage;
use crate::messages::parameters::ParameterMessage;
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::messages::sources::SourceMessage;
use crate::messages::transport::TransportMessage;
use crate::messages::{Message, Sentences};

/// The English sentences of all messages that are stored.
const ENGLISH: &[Sentences] = &[
    RecordMessage::ENGLISH,
    CommandMessage::ENGLISH,
    TransportMessage::ENGLISH,
    AccessLost::ENGLISH,
    RequestMessage::ENGLISH,
    ParameterMessage::ENGLISH,
    FormMessage::ENGLISH,
    SourceMessage::ENGLISH,
];

/// The stored part of a message. Its sentence depends on the language, and may be reworded.
#[derive(Deserialize)]
struct Stored {
    code: String,
    params: BTreeMap<String, String>,
}

/// Returns the stored form of a message.
pub fn write(message: &Message) -> String {
    serde_json::json!({ "code": message.code, "params": message.params }).to_string()
}

/// Returns the message without values that has this code.
pub fn of_code(code: &str) -> Message {
    let message = Message { text: code.to_owned(), code: code.to_owned().into(), params: BTreeMap::new() };
    match message.find_in(ENGLISH) {
        Some(text) => Message { text, ..message },
        None => message,
    }
}

/// Returns a stored message with its English sentence.
pub fn read(stored: &str) -> Message {
    let sentence = || RecordMessage::Other { text: stored.to_owned() }.into();
    let Ok(Stored { code, params }) = serde_json::from_str(stored) else { return sentence() };
    // A newer version may have stored a code that this version does not know.
    let message = Message { text: code.clone(), code: code.into(), params };
    match message.find_in(ENGLISH) {
        Some(text) => Message { text, ..message },
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        for message in [
            Message::from(RecordMessage::ServerStopped),
            CommandMessage::NoSpaceLeft { output: "a \"b\" {output}.csv".to_owned() }.into(),
            AccessLost::CameraRevoked.into(),
            ParameterMessage::NoSuchCamera { camera: "front".to_owned() }.into(),
        ] {
            assert_eq!(read(&write(&message)), message);
        }
    }

    #[test]
    fn a_sentence_of_an_older_version_is_kept() {
        let stored = "A sentence of an older version: {\"code\": 1}.";
        assert_eq!(read(stored).text, stored);
    }

    #[test]
    fn a_code_of_a_newer_version_is_kept() {
        let message = read(r#"{"code":"camera_on_fire","params":{"camera":"front"}}"#);
        assert_eq!(
            (&*message.code, &*message.text, message.param("camera")),
            ("camera_on_fire", "camera_on_fire", "front")
        );
    }
}
