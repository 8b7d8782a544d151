//! Messages to users: what is wrong and what is expected. A message is a variant of an enum with its values as fields.
//! Beside it are its code, which never changes, and its sentence in each language. Programs compare the code, records
//! store code and values, and sentences can be reworded at any time.
//!
//! To add a message, add a variant to the enum of its area. To add a language, add a table beside `GERMAN`.

pub mod access;
pub mod commands;
mod define;
pub mod forms;
pub mod http;
pub mod import;
pub mod import_problem;
pub mod ingest;
pub mod parameters;
pub mod records;
pub mod requests;
pub mod retention;
pub mod sources;
pub mod transport;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The codes and sentences of one language. A sentence contains its values as `{name}`.
pub type Sentences = &'static [(&'static str, &'static str)];

/// A message as it is sent and recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// The code of the message. Codes never change their meaning.
    pub code: Cow<'static, str>,
    /// Its values, by name.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// The sentence with its values: in English when the message is created, and in responses in the language of the
    /// request.
    pub text: String,
}

impl Message {
    /// Returns the message with this code, this English sentence, and these values in it.
    pub fn new(code: &'static str, sentence: &str, params: BTreeMap<String, String>) -> Self {
        let text = fill(sentence, &params);
        Self { code: Cow::Borrowed(code), params, text }
    }

    /// Returns the message in the language of the tables, if one of them has its code.
    pub fn find_in(&self, tables: &[Sentences]) -> Option<String> {
        let mut sentences = tables.iter().flat_map(|table| table.iter());
        let (_, sentence) = sentences.find(|(code, _)| *code == self.code)?;
        Some(fill(sentence, &self.params))
    }

    /// Returns a value of the message, empty if it has none of that name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl fmt::Display for Message {
    /// Writes its sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A message can be the cause of an error, and be found in it.
impl Error for Message {}

/// Inserts values for the `{name}` placeholders of a sentence. A placeholder without a value is removed.
fn fill(sentence: &str, params: &BTreeMap<String, String>) -> String {
    let mut parts = sentence.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or(("", part));
        text.push_str(params.get(name).map(String::as_str).unwrap_or_default());
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::access::AccessLost;
    use super::commands::CommandMessage;
    use super::forms::FormMessage;
    use super::http::HttpMessage;
    use super::import::{ImportFinding, UploadMessage};
    use super::import_problem::{FileProblem, RowProblem};
    use super::ingest::IngestMessage;
    use super::parameters::ParameterMessage;
    use super::records::RecordMessage;
    use super::requests::RequestMessage;
    use super::retention::RetentionMessage;
    use super::sources::SourceMessage;
    use super::transport::TransportMessage;
    use super::*;

    /// Codes, the names of their values, and their sentences, in English and in German.
    fn all() -> Vec<(&'static str, &'static [&'static str], &'static str, &'static str)> {
        let areas = [
            (AccessLost::FIELDS, AccessLost::ENGLISH, AccessLost::GERMAN),
            (CommandMessage::FIELDS, CommandMessage::ENGLISH, CommandMessage::GERMAN),
            (HttpMessage::FIELDS, HttpMessage::ENGLISH, HttpMessage::GERMAN),
            (ImportFinding::FIELDS, ImportFinding::ENGLISH, ImportFinding::GERMAN),
            (FileProblem::FIELDS, FileProblem::ENGLISH, FileProblem::GERMAN),
            (RowProblem::FIELDS, RowProblem::ENGLISH, RowProblem::GERMAN),
            (UploadMessage::FIELDS, UploadMessage::ENGLISH, UploadMessage::GERMAN),
            (IngestMessage::FIELDS, IngestMessage::ENGLISH, IngestMessage::GERMAN),
            (TransportMessage::FIELDS, TransportMessage::ENGLISH, TransportMessage::GERMAN),
            (FormMessage::FIELDS, FormMessage::ENGLISH, FormMessage::GERMAN),
            (ParameterMessage::FIELDS, ParameterMessage::ENGLISH, ParameterMessage::GERMAN),
            (RecordMessage::FIELDS, RecordMessage::ENGLISH, RecordMessage::GERMAN),
            (RequestMessage::FIELDS, RequestMessage::ENGLISH, RequestMessage::GERMAN),
            (SourceMessage::FIELDS, SourceMessage::ENGLISH, SourceMessage::GERMAN),
            (RetentionMessage::FIELDS, RetentionMessage::ENGLISH, RetentionMessage::GERMAN),
        ];
        let of_area = |(fields, english, german): (&'static [&'static [&'static str]], Sentences, Sentences)| {
            let sentences = english.iter().zip(german).zip(fields);
            sentences.map(|(((code, english), (_, german)), fields)| (*code, *fields, *english, *german))
        };
        areas.into_iter().flat_map(of_area).collect()
    }

    fn placeholders(sentence: &str) -> BTreeSet<&str> {
        sentence.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_code_is_unique_and_in_lower_case() {
        let mut codes = BTreeSet::new();
        for (code, ..) in all() {
            assert!(codes.insert(code), "{code} is used twice");
            assert!(code.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'));
        }
    }

    #[test]
    fn english_sentences_contain_all_values_and_no_language_has_others() {
        for (code, fields, english, german) in all() {
            let fields: BTreeSet<_> = fields.iter().copied().collect();
            assert_eq!(placeholders(english), fields, "{code}");
            assert!(placeholders(german).is_subset(&fields), "{code}");
        }
    }

    #[test]
    fn german_sentences_have_german_quotation_marks_and_are_translated() {
        for (code, _, english, german) in all() {
            assert!(german.matches('„').count() == german.matches('“').count() && !german.contains('”'), "{german}");
            assert!(english != german || english.ends_with("{text}"), "{code}");
        }
    }

    #[test]
    fn values_are_inserted_unchanged() {
        let typed = "“{end}” {start} already.".to_owned();
        let message = Message::from(&FormMessage::NameTaken { name: typed.clone() });
        assert!(message.text.contains(&typed), "{}", message.text);
        let german = message.find_in(&[ParameterMessage::GERMAN, FormMessage::GERMAN]).expect("a sentence");
        assert!(german.contains(&typed), "{german}");
        assert_eq!(message.find_in(&[ParameterMessage::GERMAN]), None);
        assert_eq!(message.param("name"), typed);
    }

    #[test]
    fn a_message_is_serialized_as_its_code_its_values_and_its_sentence() {
        let message = Message::from(&ParameterMessage::NumberOutOfRange { max: 500 });
        let json = serde_json::to_value(&message).expect("JSON");
        let text = "Enter a number from 1 to 500.";
        let expected = serde_json::json!({ "code": "number_out_of_range", "params": { "max": "500" }, "text": text });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Message>(json).expect("a message"), message);
    }
}
