//! Errors and the reasons of records in the language of a page. Their sentences are in [`crate::messages`].

use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};
use crate::messages::access::AccessLost;
use crate::messages::commands::CommandMessage;
use crate::messages::forms::FormMessage;
use crate::messages::http::HttpMessage;
use crate::messages::import::{ImportFinding, UploadMessage};
use crate::messages::import_problem::{FileProblem, RowProblem};
use crate::messages::ingest::IngestMessage;
use crate::messages::parameters::{DATES_REVERSED, ParameterMessage};
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::messages::retention::RetentionMessage;
use crate::messages::sources::SourceMessage;
use crate::messages::transport::TransportMessage;
use crate::messages::{Message, Sentences};

/// The German sentences of messages that the browser creates. The server translates all others.
const GERMAN_IN_BROWSER: &[Sentences] = &[TransportMessage::GERMAN, ParameterMessage::GERMAN];

/// All German sentences.
const GERMAN: &[Sentences] = &[
    TransportMessage::GERMAN,
    ParameterMessage::GERMAN,
    RequestMessage::GERMAN,
    HttpMessage::GERMAN,
    IngestMessage::GERMAN,
    SourceMessage::GERMAN,
    ImportFinding::GERMAN,
    FileProblem::GERMAN,
    RowProblem::GERMAN,
    UploadMessage::GERMAN,
    FormMessage::GERMAN,
    RetentionMessage::GERMAN,
    AccessLost::GERMAN,
    RecordMessage::GERMAN,
    CommandMessage::GERMAN,
];

impl Language {
    /// Returns the sentence of an error. Errors that the browser creates are translated; those of the server are already in
    /// the language of the page.
    pub fn error(self, error: &ApiError) -> String {
        // The sentence of the server is for programs. A page links to the sign-in.
        if error.message.code == "not_signed_in" {
            return self.export().signed_out.to_owned();
        }
        self.sentence(&error.message, GERMAN_IN_BROWSER).unwrap_or_else(|| error.message.text.clone())
    }

    /// Returns the sentence of an error of the export form, like [`Language::error`]. The sentence of the API about dates has
    /// them as an address does; the form's names its fields.
    pub fn selection_error(self, error: &ApiError) -> String {
        if error.message.code == DATES_REVERSED { self.export().dates_reversed.to_owned() } else { self.error(error) }
    }

    /// Translates a message, for the wire or for a page that the server renders. A message without a translation stays in
    /// English. The browser must not call this, to keep the sentences out of the WASM.
    pub fn translate(self, message: Message) -> Message {
        match self.sentence(&message, GERMAN) {
            Some(text) => Message { text, ..message },
            None => message,
        }
    }

    /// Translates the message of an error, like [`Language::translate`].
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

    /// Returns a short heading for an error.
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
        ErrorCode::InvalidBody => "Ungültiger Inhalt",
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
        ErrorCode::UnsupportedMediaType => "Nicht unterstützter Medientyp",
        ErrorCode::EventsRejected => "Ereignisse abgelehnt",
        ErrorCode::ExportNotFound => "Export nicht gefunden",
        ErrorCode::ExportEnded => "Export beendet",
        ErrorCode::ImportRunning => "Anderer Import läuft",
        ErrorCode::TooManyAttempts => "Zu viele Versuche",
        ErrorCode::TooManyExports => "Zu viele Exporte",
        ErrorCode::TooManyStreams => "Zu viele Ereignisströme",
        ErrorCode::TooManyRequests => "Zu viele Anfragen",
        ErrorCode::DatabaseTimeout => "Zeitüberschreitung der Datenbank",
        ErrorCode::HttpVersionNotSupported => "HTTP-Version nicht unterstützt",
        ErrorCode::Unavailable => "Vorübergehend nicht verfügbar",
        ErrorCode::Internal => "Interner Fehler",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params::ExportParams;

    #[test]
    fn an_error_of_the_browser_is_in_the_language_of_the_page() {
        let error = ApiError::invalid("bom", ParameterMessage::FlagExpected { value: "1".to_owned() });
        assert_eq!(Language::English.error(&error), "“1” is neither true nor false.");
        assert_eq!(Language::German.error(&error), "„1“ ist weder true noch false.");
    }

    #[test]
    fn the_form_names_its_fields_if_the_dates_are_reversed() {
        let reversed = ExportParams::parse("start_date=2025-12-02&end_date=2025-12-01").expect_err("reversed");
        assert_eq!(Language::English.selection_error(&reversed), "“From” must not be after “To”.");
        assert_eq!(Language::German.selection_error(&reversed), "„Von“ darf nicht nach „Bis“ liegen.");
        let other = ExportParams::no_such_timezone("x");
        assert_eq!(Language::German.selection_error(&other), Language::German.error(&other));
    }

    #[test]
    fn an_error_of_the_server_is_shown_unchanged() {
        let days = FormMessage::DaysExpected { value: "x".to_owned() };
        let message = Language::German.translate(days.into());
        assert_eq!(message.text, "„x“ ist keine Anzahl von Tagen.");
        let error = ApiError { message: Box::new(message), ..ApiError::internal() };
        assert_eq!(Language::German.error(&error), "„x“ ist keine Anzahl von Tagen.");
    }

    #[test]
    fn an_unknown_message_stays_unchanged() {
        let unknown = Message { code: "of_a_newer_version".into(), ..RecordMessage::ServerStopped.into() };
        assert_eq!(Language::German.translate(unknown.clone()), unknown);
    }
}
