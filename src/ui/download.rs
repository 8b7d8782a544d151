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
    /// The connection broke before the end of the file. The reason of the server's record, if there is one.
    Broken(Option<Message>),
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
            Self::Broken(None) => texts.broken.to_owned(),
            Self::Broken(Some(reason)) => (texts.broken_off)(&reason.text),
            Self::Different(mismatch) => (texts.different)(&mismatch.message(language)),
            Self::Unchecked => texts.unchecked.to_owned(),
            Self::Unwritable(reason) => (texts.unwritable)(reason),
            Self::NotStarted => texts.not_started.to_owned(),
            Self::Unfollowed => texts.unfollowed.to_owned(),
            Self::BrokenInBrowser(reason) => {
                let reason = reason.as_ref().map(|reason| &*reason.text).unwrap_or_default();
                (texts.broken_in_browser)(reason)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::parameters::ParameterMessage;
    use crate::messages::records::RecordMessage;

    #[test]
    fn an_error_says_that_nothing_was_saved_and_why() {
        let message = |error: DownloadError| error.message(Language::English);
        let broken = |reason: Option<RecordMessage>| message(DownloadError::Broken(reason.map(Message::from)));
        assert!(broken(None).contains("nothing was saved. Try again."));
        assert!(broken(Some(RecordMessage::ServerStopped)).ends_with("nothing was saved. The server was stopped."));
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
