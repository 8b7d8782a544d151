//! Decides what a response of the server means, and whether a received file is complete.

use super::DownloadError;
use super::csv_digest::{FileSummary, compare};
use crate::api::exports::{ExportRecord, State};

/// The headers of a response that matter.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub disposition: Option<String>,
    /// `X-Export-Id`.
    pub export_id: Option<String>,
}

/// The export that a response carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportHead {
    /// The name of the file.
    pub file_name: String,
    /// The id of its record.
    pub id: String,
}

impl ResponseHead {
    /// Returns whether the body is a CSV. Otherwise it is an error: see [`refusal`].
    pub fn is_csv(&self) -> bool {
        let is_csv = self.content_type.as_ref().is_some_and(|kind| kind.starts_with("text/csv"));
        (200..300).contains(&self.status) && is_csv
    }

    /// Returns name and record of the export.
    ///
    /// # Errors
    /// Returns an error if the response does not name them.
    pub fn export(self) -> Result<ExportHead, DownloadError> {
        let unexpected = DownloadError::Unexpected(self.status);
        let file_name = self.disposition.as_deref().and_then(file_name);
        match (file_name, self.export_id) {
            (Some(file_name), Some(id)) => Ok(ExportHead { file_name, id }),
            _ => Err(unexpected),
        }
    }
}

/// Returns the error in the body of a response.
pub fn refusal(status: u16, body: &str) -> DownloadError {
    serde_json::from_str(body).map_or(DownloadError::Unexpected(status), DownloadError::Refused)
}

/// Returns why a body broke off, by its record or why that cannot be read.
pub fn broken(record: Result<ExportRecord, DownloadError>) -> DownloadError {
    match record {
        Ok(record) => DownloadError::Broken(record.reason),
        Err(DownloadError::Refused(error)) if !error.is_unauthenticated() => {
            DownloadError::Broken(Some(*error.message))
        }
        Err(error @ (DownloadError::Refused(_) | DownloadError::Offline)) => error,
        Err(DownloadError::Unreachable) => DownloadError::ServerGone,
        Err(_) => DownloadError::Broken(None),
    }
}

/// Checks a file whose body has ended against its record. Returns up to when it is complete, if it was read from a replica.
///
/// # Errors
/// Returns an error if the record cannot be read, or if the file is not the one that the server recorded.
pub fn check(
    record: Result<ExportRecord, DownloadError>,
    summary: &FileSummary,
) -> Result<Option<String>, DownloadError> {
    let record = record.map_err(|error| match error {
        DownloadError::Refused(error) if error.is_unauthenticated() => DownloadError::Refused(error),
        DownloadError::Offline => DownloadError::Offline,
        _ => DownloadError::Unchecked,
    })?;
    if record.state != State::Completed {
        return Err(DownloadError::Broken(record.reason));
    }
    compare(&record, summary).map_err(DownloadError::Different)?;
    Ok(record.complete_to)
}

/// Returns the file name of a `Content-Disposition`. The server always writes it quoted and in ASCII.
fn file_name(disposition: &str) -> Option<String> {
    let (_, rest) = disposition.split_once("filename=\"")?;
    let (name, _) = rest.split_once('"')?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ApiError, ErrorCode};
    use crate::messages::Message;
    use crate::messages::parameters::ParameterMessage;
    use crate::messages::records::RecordMessage;
    use crate::ui::download::csv_digest::Mismatch;
    use crate::ui::test_support::record;

    fn head(status: u16, content_type: &str) -> ResponseHead {
        ResponseHead {
            status,
            content_type: Some(content_type.to_owned()),
            disposition: Some("attachment; filename=\"motion-events-all.csv\"".to_owned()),
            export_id: Some("17".to_owned()),
        }
    }

    #[test]
    fn the_file_name_is_read_from_the_disposition() {
        assert_eq!(
            file_name("attachment; filename=\"motion-events-all.csv\""),
            Some("motion-events-all.csv".to_owned())
        );
        for none in ["attachment", "attachment; filename=\"\"", "attachment; filename=\"open"] {
            assert_eq!(file_name(none), None);
        }
    }

    #[test]
    fn only_a_successful_csv_with_a_name_and_a_record_is_an_export() {
        let csv = head(200, "text/csv; charset=utf-8");
        assert!(csv.is_csv());
        let export = ExportHead { file_name: "motion-events-all.csv".to_owned(), id: "17".to_owned() };
        assert_eq!(csv.clone().export(), Ok(export));
        assert!(!head(500, "text/csv").is_csv());
        assert!(!head(200, "text/html").is_csv());
        assert!(!ResponseHead::default().is_csv());
        for incomplete in
            [ResponseHead { export_id: None, ..csv.clone() }, ResponseHead { disposition: None, ..csv.clone() }]
        {
            assert_eq!(incomplete.export(), Err(DownloadError::Unexpected(200)));
        }
    }

    #[test]
    fn the_error_of_the_server_is_read_from_the_body() {
        let error = ApiError::invalid("bom", ParameterMessage::GivenTwice);
        let body = serde_json::to_string(&error).expect("JSON");
        assert_eq!(refusal(400, &body), DownloadError::Refused(error));
        assert_eq!(refusal(502, "<html>Bad gateway</html>"), DownloadError::Unexpected(502));
    }

    fn refused(code: ErrorCode) -> ApiError {
        ApiError { code, ..ApiError::internal() }
    }

    #[test]
    fn a_broken_body_has_the_reason_of_its_record_or_of_the_server_that_does_not_answer() {
        let stopped = Message::from(RecordMessage::ServerStopped);
        let record = ExportRecord { state: State::Interrupted, reason: Some(stopped.clone()), ..record("") };
        assert_eq!(broken(Ok(record)), DownloadError::Broken(Some(stopped)));
        let signed_out = DownloadError::Refused(refused(ErrorCode::Unauthenticated));
        assert_eq!(broken(Err(signed_out.clone())), signed_out);
        let unavailable = refused(ErrorCode::Unavailable);
        let reason = Some(Message::clone(&unavailable.message));
        assert_eq!(broken(Err(DownloadError::Refused(unavailable))), DownloadError::Broken(reason));
        assert_eq!(broken(Err(DownloadError::Unreachable)), DownloadError::ServerGone);
        assert_eq!(broken(Err(DownloadError::Offline)), DownloadError::Offline);
        assert_eq!(broken(Err(DownloadError::Unexpected(502))), DownloadError::Broken(None));
    }

    #[test]
    fn a_file_is_accepted_only_if_its_record_is_complete_and_matches() {
        let summary = FileSummary { bytes: 5_000, rows: 1_234, sha256: "0123456789abcdef".to_owned() };
        let completed = record("");
        assert_eq!(check(Ok(completed.clone()), &summary), Ok(None));
        let limited = ExportRecord { complete_to: Some("2025-12-16T12:00:05Z".to_owned()), ..completed.clone() };
        assert_eq!(check(Ok(limited), &summary), Ok(Some("2025-12-16T12:00:05Z".to_owned())));
        assert_eq!(check(Err(DownloadError::Unreachable), &summary), Err(DownloadError::Unchecked));
        assert_eq!(check(Err(DownloadError::Offline), &summary), Err(DownloadError::Offline));
        let signed_out = DownloadError::Refused(refused(ErrorCode::Unauthenticated));
        assert_eq!(check(Err(signed_out.clone()), &summary), Err(signed_out));
        let stopped = ExportRecord {
            state: State::Interrupted,
            reason: Some(RecordMessage::ServerStopped.into()),
            ..completed.clone()
        };
        assert_eq!(check(Ok(stopped), &summary), Err(DownloadError::Broken(Some(RecordMessage::ServerStopped.into()))));
        let other = FileSummary { sha256: "0".repeat(64), ..summary };
        assert_eq!(check(Ok(completed), &other), Err(DownloadError::Different(Mismatch::Contents)));
    }
}
