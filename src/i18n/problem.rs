//! Errors and the reasons of records in the language of a page. Their sentences are in [`crate::messages`].

use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};
use crate::messages::access::AccessLost;
use crate::messages::commands::CommandMessage;
use crate::messages::forms::FormMessage;
use crate::messages::http::HttpMessage;
use crate::messages::parameters::ParameterMessage;
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::messages::transport::TransportMessage;
use crate::messages::{Message, Sentences};

/// The German sentences of messages that the browser makes itself. Others come in the language of the page.
const GERMAN_IN_BROWSER: &[Sentences] = &[TransportMessage::GERMAN, ParameterMessage::GERMAN];

/// All German sentences.
const GERMAN: &[Sentences] = &[
    TransportMessage::GERMAN,
    ParameterMessage::GERMAN,
    RequestMessage::GERMAN,
    HttpMessage::GERMAN,
    FormMessage::GERMAN,
    AccessLost::GERMAN,
    RecordMessage::GERMAN,
    CommandMessage::GERMAN,
];

impl Language {
    /// Returns what went wrong and what would be right, of an error that the browser has made, or that a server has put
    /// into the language of the page.
    pub fn error(self, error: &ApiError) -> String {
        self.sentence(&error.message, GERMAN_IN_BROWSER).unwrap_or_else(|| error.message.text.clone())
    }

    /// Returns a message with its sentence in this language, for the wire or for a page that the server renders. A message
    /// that has none stays in English. The browser must not call it, to keep the sentences out of the WASM.
    pub fn translate(self, message: Message) -> Message {
        match self.sentence(&message, GERMAN) {
            Some(text) => Message { text, ..message },
            None => message,
        }
    }

    /// Returns an error with its message in this language, as [`Language::translate`].
    pub fn translate_error(self, error: ApiError) -> ApiError {
        let message = Box::new(self.translate(*error.message));
        ApiError { message, ..error }
    }

    fn sentence(self, message: &Message, german: &[Sentences]) -> Option<String> {
        match self {
            Self::English => None,
            Self::German => message.find_in(german),
        }
    }

    /// A short heading for an error.
    pub fn problem_title(self, code: ErrorCode) -> &'static str {
        match self {
            Self::English => code.title(),
            Self::German => german_title(code),
        }
    }
}

fn german_title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidParameter => "Ungültige Angabe",
        ErrorCode::BadRequest => "Ungültige Anfrage",
        ErrorCode::RequestTimeout => "Zeitüberschreitung der Anfrage",
        ErrorCode::Unauthenticated => "Nicht angemeldet",
        ErrorCode::CookieRefused => "Cookie nicht gespeichert",
        ErrorCode::Forbidden => "Nicht erlaubt",
        ErrorCode::CameraNotFound => "Kamera nicht gefunden",
        ErrorCode::UserNotFound => "Person nicht gefunden",
        ErrorCode::TokenNotFound => "Zugriffstoken nicht gefunden",
        ErrorCode::NotFound => "Nicht gefunden",
        ErrorCode::MethodNotAllowed => "Methode nicht erlaubt",
        ErrorCode::TooLarge => "Zu groß",
        ErrorCode::Misdirected => "Falscher Servername",
        ErrorCode::ExportNotFound => "Export nicht gefunden",
        ErrorCode::TooManyAttempts => "Zu viele Versuche",
        ErrorCode::TooManyExports => "Zu viele Exporte",
        ErrorCode::DatabaseTimeout => "Zeitüberschreitung der Datenbank",
        ErrorCode::HttpVersionNotSupported => "HTTP-Version nicht unterstützt",
        ErrorCode::Unavailable => "Vorübergehend nicht verfügbar",
        ErrorCode::Internal => "Interner Fehler",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_the_browser_makes_is_in_the_language_of_the_page() {
        let error = ApiError::invalid("bom", ParameterMessage::FlagExpected { value: "1".to_owned() });
        assert_eq!(Language::English.error(&error), "“1” is neither true nor false.");
        assert_eq!(Language::German.error(&error), "„1“ ist weder true noch false.");
    }

    #[test]
    fn an_error_of_the_server_is_shown_as_it_comes() {
        let days = FormMessage::DaysExpected { value: "x".to_owned() };
        let message = Language::German.translate(days.into());
        assert_eq!(message.text, "„x“ ist keine Anzahl von Tagen.");
        let error = ApiError { message: Box::new(message), ..ApiError::internal() };
        assert_eq!(Language::German.error(&error), "„x“ ist keine Anzahl von Tagen.");
    }

    #[test]
    fn a_message_that_is_not_known_stays_as_it_is() {
        let unknown = Message { code: "of_a_newer_version".into(), ..RecordMessage::ServerStopped.into() };
        assert_eq!(Language::German.translate(unknown.clone()), unknown);
    }
}
