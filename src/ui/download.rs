//! Fetching an export and saving it as a file.
//!
//! The bytes go from the network to disk, if the browser can do that, or into blobs, which the browser keeps outside the
//! page's memory and on disk if they are large. On their way they are counted and digested through a buffer of fixed size.
//! The file is saved only after the body has ended without an error and its rows, bytes and SHA-256 match the server's
//! record: some browsers report a body that was cut off as complete.
//!
//! Only `fetch` and `file_system_access` call browser APIs; the other modules are plain logic.

use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};
use crate::messages::Message;
use crate::ui::download::csv_digest::{FileSummary, Mismatch};

pub mod csv_digest;
pub mod export_jobs;
pub mod fetch;
pub mod file_system_access;
pub mod follower;
pub mod job_list;
pub mod progress;
pub mod response;
pub mod save_method;

/// A file that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its name: the one that the user chose, or the server's.
    pub file_name: String,
    /// Its size, rows and digest.
    pub summary: FileSummary,
    /// RFC 3339: up to when the file is complete, if it was read from a replica.
    pub complete_to: Option<String>,
}

/// Why no file was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadError {
    /// The user cancelled.
    Cancelled,
    /// The server refused the request with an error.
    Refused(ApiError),
    /// The server answered with this status and without an export.
    Unexpected(u16),
    /// The server could not be reached.
    Unreachable,
    /// The device has no network connection.
    Offline,
    /// The connection broke before the end of the file. The reason of the server's record, if there is one.
    Broken(Option<Message>),
    /// The connection broke before the end of the file, and the server does not answer any more.
    ServerGone,
    /// The file differs from the server's record.
    Different(Mismatch),
    /// The server's record could not be read, so the file could not be checked.
    Unchecked,
    /// The file could not be written. The browser's message.
    Unwritable(String),
    /// The browser was given the URL of the export but did not request it.
    NotStarted,
    /// The record of a browser download can no longer be read, or cannot be told from another one.
    Unfollowed,
    /// A browser download broke. The reason of the server's record, if there is one.
    BrokenInBrowser(Option<Message>),
}

impl DownloadError {
    /// Returns what went wrong and what the user can do.
    pub fn message(&self, language: Language) -> String {
        let texts = language.export();
        match self {
            Self::Cancelled => texts.nothing_saved.to_owned(),
            Self::Refused(error) => {
                let detail = language.error(error);
                match &error.request_id {
                    Some(id) if error.code == ErrorCode::Internal => (texts.with_request_id)(&detail, id),
                    _ => detail,
                }
            }
            Self::Unexpected(status) => (texts.unexpected_status)(*status),
            Self::Unreachable => texts.unreachable.to_owned(),
            Self::Offline => texts.offline.to_owned(),
            Self::ServerGone => texts.server_gone.to_owned(),
            Self::Broken(reason) => match reason_for_client(reason.as_ref()) {
                Some(reason) => (texts.broken_off)(reason),
                None => texts.broken.to_owned(),
            },
            Self::Different(mismatch) => (texts.different)(&mismatch.message(language)),
            Self::Unchecked => texts.unchecked.to_owned(),
            Self::Unwritable(reason) => (texts.unwritable)(reason),
            Self::NotStarted => texts.not_started.to_owned(),
            Self::Unfollowed => texts.unfollowed.to_owned(),
            Self::BrokenInBrowser(reason) => {
                (texts.broken_in_browser)(reason_for_client(reason.as_ref()).unwrap_or(texts.export_again))
            }
        }
    }
}

/// Returns the reason of a record as the client should read it. `None` if the record only says that the connection to the
/// client was lost: for the client, it is the connection to the server.
fn reason_for_client(reason: Option<&Message>) -> Option<&str> {
    reason.filter(|reason| reason.code != "client_disconnected").map(|reason| &*reason.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::access::AccessLost;
    use crate::messages::parameters::ParameterMessage;
    use crate::messages::records::RecordMessage;

    #[test]
    fn an_error_says_that_nothing_was_saved_and_why() {
        let message = |error: DownloadError| error.message(Language::English);
        let broken = |reason: Option<RecordMessage>| message(DownloadError::Broken(reason.map(Message::from)));
        let lost = "The connection to the server was lost before the file was complete";
        assert!(broken(None).starts_with(lost));
        assert!(broken(Some(RecordMessage::ClientDisconnected)).starts_with(lost), "the reader is the client");
        assert!(broken(Some(RecordMessage::ServerStopped)).contains("nothing was saved. The server was stopped."));
        assert!(
            message(DownloadError::Different(Mismatch::Contents))
                .contains("nothing was saved: size and row count match")
        );
        assert!(message(DownloadError::Unchecked).contains("nothing was saved"));
        assert!(message(DownloadError::Unwritable("No space".to_owned())).ends_with("write permission. No space"));
        assert_eq!(message(DownloadError::Cancelled), "No file was saved.");
        assert!(message(DownloadError::Unexpected(418)).contains("status 418"));
        assert!(message(DownloadError::Unreachable).starts_with("The server could not be reached."));
    }

    /// The next step of each reason of a record, in English and in German. A new reason does not compile without one.
    fn next_step(reason: &RecordMessage) -> (&'static str, &'static str) {
        match reason {
            RecordMessage::ClientDisconnected => {
                ("Check the network connection, then", "Prüfen Sie die Netzwerkverbindung")
            }
            RecordMessage::CancelledByOwner => ("Export again if", "Exportieren Sie erneut, wenn"),
            RecordMessage::CancelledByAdministrator { .. } => ("Ask them before", "Fragen Sie dort nach"),
            RecordMessage::RetentionWaited => ("select later days", "wählen Sie spätere Tage"),
            RecordMessage::ClientTimeout => {
                ("faster connection, or select fewer", "schnellere Verbindung, oder wählen")
            }
            RecordMessage::ServerStopped => ("once it is running", "sobald er wieder läuft"),
            RecordMessage::NotRecorded | RecordMessage::DatabaseFailed => {
                ("Export again later", "Exportieren Sie später")
            }
            RecordMessage::PageTimeout { .. } => {
                ("Select fewer days or cameras", "Wählen Sie weniger Tage oder Kameras")
            }
            RecordMessage::EventNotEncoded { .. } => ("operator must correct", "Betreiber des Servers muss"),
            RecordMessage::ServerLost
            | RecordMessage::HeartbeatsLate
            | RecordMessage::NotRecordedAsWhole
            | RecordMessage::FileIncomplete
            | RecordMessage::ServerFault
            | RecordMessage::EventsDetached
            | RecordMessage::EventsDeleted => ("Export again", "Exportieren Sie erneut"),
            // Of a version without codes: whatever it was, nothing was saved.
            RecordMessage::Other { .. } => ("nothing was saved", "wurde nichts gespeichert"),
        }
    }

    /// The next step of each reason why access was lost, as [`next_step`].
    fn next_step_without_access(lost: &AccessLost) -> (&'static str, &'static str) {
        match lost {
            AccessLost::UserRemoved => ("An administrator can", "Ein Administrator kann"),
            AccessLost::TokenExpired => ("Create a new one", "Erstellen Sie ein neues"),
            AccessLost::TokenRevoked => ("Use another one", "Verwenden Sie ein anderes"),
            AccessLost::SessionExpired | AccessLost::SessionEnded => ("Sign in and", "Melden Sie sich an"),
            AccessLost::LinkSessionExpired | AccessLost::LinkSessionEnded => {
                ("Ask for a new", "Bitten Sie um einen neuen")
            }
            AccessLost::CameraRevoked | AccessLost::AdministratorDemoted => ("Choose from the", "Wählen Sie unter"),
        }
    }

    /// The next step of each error of a download, as [`next_step`]. `None` if it is that of a reason or of the server.
    fn next_step_of_error(error: &DownloadError) -> Option<(&'static str, &'static str)> {
        Some(match error {
            DownloadError::Broken(Some(_)) | DownloadError::BrokenInBrowser(Some(_)) | DownloadError::Refused(_) => {
                return None;
            }
            // The user did it, and needs no advice.
            DownloadError::Cancelled => ("No file was saved", "wurde keine Datei gespeichert"),
            DownloadError::Unexpected(_) | DownloadError::Different(_) => {
                ("Try again, or contact", "Versuchen Sie es noch")
            }
            DownloadError::Unreachable => ("Check the connection", "Prüfen Sie die Verbindung"),
            DownloadError::Offline => ("Connect it to the network", "Stellen Sie die Netzwerkverbindung"),
            DownloadError::Broken(None) => ("Check the network connection, then", "Prüfen Sie die Netzwerkverbindung"),
            DownloadError::ServerGone => ("wait a minute", "Warten Sie eine Minute"),
            DownloadError::Unchecked | DownloadError::NotStarted => ("Try again", "Versuchen Sie es noch"),
            DownloadError::Unwritable(_) => ("Check free disk space", "Prüfen Sie Speicherplatz"),
            DownloadError::Unfollowed => ("Verify a file", "Datei prüfen"),
            DownloadError::BrokenInBrowser(None) => ("Delete the partial file", "Löschen Sie die unvollständige"),
        })
    }

    #[test]
    fn each_end_of_an_export_has_its_own_words_and_a_next_step_in_each_language() {
        let records = [
            RecordMessage::ClientDisconnected,
            RecordMessage::CancelledByOwner,
            RecordMessage::CancelledByAdministrator { name: "eve".to_owned() },
            RecordMessage::ClientTimeout,
            RecordMessage::ServerStopped,
            RecordMessage::ServerLost,
            RecordMessage::HeartbeatsLate,
            RecordMessage::NotRecordedAsWhole,
            RecordMessage::FileIncomplete,
            RecordMessage::NotRecorded,
            RecordMessage::ServerFault,
            RecordMessage::EventsDetached,
            RecordMessage::EventsDeleted,
            RecordMessage::RetentionWaited,
            RecordMessage::PageTimeout { seconds: 60 },
            RecordMessage::DatabaseFailed,
            RecordMessage::EventNotEncoded { reason: "x".to_owned() },
            RecordMessage::Other { text: "x".to_owned() },
        ];
        let lost = [
            AccessLost::UserRemoved,
            AccessLost::TokenExpired,
            AccessLost::TokenRevoked,
            AccessLost::SessionExpired,
            AccessLost::SessionEnded,
            AccessLost::LinkSessionExpired,
            AccessLost::LinkSessionEnded,
            AccessLost::CameraRevoked,
            AccessLost::AdministratorDemoted,
        ];
        assert_eq!((records.len(), lost.len()), (RecordMessage::ENGLISH.len(), AccessLost::ENGLISH.len()));
        let records = records.iter().map(|reason| (Message::from(reason), next_step(reason)));
        let lost = lost.iter().map(|lost| (Message::from(lost), next_step_without_access(lost)));
        let reasons: Vec<_> = records.chain(lost).collect();
        let errors = [
            DownloadError::Cancelled,
            DownloadError::Unexpected(502),
            DownloadError::Unreachable,
            DownloadError::Offline,
            DownloadError::Broken(None),
            DownloadError::ServerGone,
            DownloadError::Different(Mismatch::Contents),
            DownloadError::Unchecked,
            DownloadError::Unwritable(String::new()),
            DownloadError::NotStarted,
            DownloadError::Unfollowed,
            DownloadError::BrokenInBrowser(None),
        ];
        for language in Language::ALL {
            let mut seen = std::collections::BTreeSet::new();
            let of = |(english, german)| if language == Language::English { english } else { german };
            let check = |error: &DownloadError, step: (&'static str, &'static str)| {
                let message = error.message(language);
                assert!(message.contains(of(step)), "“{}” is not in: {message}", of(step));
                assert!(!message.contains("client") && !message.contains("Empfänger"), "the reader is one: {message}");
                message
            };
            for error in &errors {
                let message = check(error, next_step_of_error(error).expect("a step"));
                assert!(seen.insert(message.clone()), "two ends have the same words: {message}");
            }
            for (reason, step) in &reasons {
                let reason = language.translate(reason.clone());
                let is_reader = ["client_disconnected", "client_timeout"].contains(&&*reason.code);
                let broken = DownloadError::Broken(Some(reason.clone()));
                let message = if reason.code == "client_timeout" {
                    // Its sentence names the browser, which is what the reader uses.
                    broken.message(language)
                } else {
                    check(&broken, *step)
                };
                assert!(message.contains(of(*step)), "{message}");
                assert!(seen.insert(message.clone()) || is_reader, "two ends have the same words: {message}");
                let in_browser = DownloadError::BrokenInBrowser(Some(reason)).message(language);
                assert!(in_browser.contains(of(("Delete the partial", "Löschen Sie"))), "{in_browser}");
            }
        }
    }

    #[test]
    fn an_error_of_a_browser_download_says_what_to_do_with_the_partial_file() {
        let message = |error: DownloadError| error.message(Language::German);
        let broken = DownloadError::BrokenInBrowser(Some(RecordMessage::ServerStopped.into()));
        assert!(message(broken).contains("Löschen Sie die unvollständige Datei"));
        assert!(message(DownloadError::BrokenInBrowser(None)).contains("Löschen Sie"));
        assert!(message(DownloadError::NotStarted).starts_with("Ihr Browser hat den Download nicht"));
        assert!(message(DownloadError::Unfollowed).contains("„Datei prüfen“"));
    }

    #[test]
    fn an_internal_error_names_its_request_and_a_refusal_is_the_servers_own_text() {
        let fault = ApiError { request_id: Some("7".to_owned()), ..ApiError::internal() };
        assert_eq!(
            DownloadError::Refused(fault).message(Language::English),
            format!("{} Request ID: 7.", ApiError::internal().detail)
        );
        let error = ApiError::invalid("bom", ParameterMessage::GivenTwice);
        assert_eq!(DownloadError::Refused(error).message(Language::English), "This parameter may be given only once.");
    }
}
