//! Follows an export that the browser's download manager fetches, by the server's records.
//!
//! The page cannot see the download itself. The record says whether the server sent the whole file.

use super::DownloadError;
use crate::api::exports::{ExportRecord, State};
use crate::export_params::{DateBound, ExportParams};

/// How many requests in a row may fail, or find no record, before the export is given up.
const MAX_MISSES: u32 = 30;

/// What to do after a request.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Ask again after a pause.
    Wait,
    /// Show the progress, then ask again after a pause.
    Progress {
        /// Events so far.
        rows: u64,
        /// Bytes so far.
        bytes: u64,
    },
    /// The server has sent the whole file.
    Complete(Box<ExportRecord>),
}

/// The state of following one export.
#[derive(Debug)]
pub struct Follower {
    /// The selection.
    params: ExportParams,
    /// The ids of the user's records before the export began.
    known_ids: Vec<String>,
    /// The id of the record, once it is found.
    id: Option<String>,
    misses: u32,
}

impl Follower {
    /// Follows the next export of that selection. `records` are the user's records before it.
    pub fn new(params: ExportParams, records: &[ExportRecord]) -> Self {
        let known_ids = records.iter().map(|record| record.id.clone()).collect();
        Self { params, known_ids, id: None, misses: 0 }
    }

    /// Returns the id of the record to ask for. While it is `None`, ask for the user's newest records.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Looks for the record among the user's newest ones.
    ///
    /// # Errors
    /// Returns an error if the export has not begun after [`MAX_MISSES`] requests, or if two records could be its own: the
    /// same selection may have been exported in two tabs at once.
    pub fn find(&mut self, newest: Result<Vec<ExportRecord>, DownloadError>) -> Result<Step, DownloadError> {
        let newest = match newest {
            Ok(newest) => newest,
            Err(error) => return self.update(Err(error)),
        };
        let is_new = |record: &ExportRecord| {
            record.via == "session" && self.selects(&record.query) && !self.known_ids.contains(&record.id)
        };
        let mut candidates = newest.into_iter().filter(is_new);
        let found = candidates.next();
        if candidates.next().is_some() {
            return Err(DownloadError::Unfollowed);
        }
        drop(candidates);
        self.update(Ok(found))
    }

    /// Returns whether a record has the selection. The server has resolved its relative dates and local times.
    fn selects(&self, query: &str) -> bool {
        let Ok(found) = ExportParams::parse(query) else { return false };
        let bounds = [self.params.range.start(), self.params.range.end()];
        let is_resolved = |bound: &DateBound| matches!(bound, DateBound::Day(_) | DateBound::Instant(_));
        let range = if bounds.iter().flatten().all(is_resolved) { self.params.range } else { found.range };
        found == ExportParams { range, ..self.params.clone() }
    }

    /// Takes the state of the record; `None` if it is not found yet, and an error if the request failed.
    ///
    /// # Errors
    /// Returns an error if the server did not send the whole file, if [`MAX_MISSES`] requests in a row failed, or if the
    /// session has ended.
    pub fn update(&mut self, record: Result<Option<ExportRecord>, DownloadError>) -> Result<Step, DownloadError> {
        let record = match record {
            Ok(Some(record)) => record,
            Err(DownloadError::Refused(error)) if error.is_unauthenticated() => {
                return Err(DownloadError::Refused(error));
            }
            _ => {
                self.misses += 1;
                return match (self.misses > MAX_MISSES, &self.id) {
                    (false, _) => Ok(Step::Wait),
                    (true, None) => Err(DownloadError::NotStarted),
                    (true, Some(_)) => Err(DownloadError::Unfollowed),
                };
            }
        };
        self.misses = 0;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        match record.state {
            State::Running => {
                self.id = Some(record.id);
                Ok(Step::Progress { rows: count(record.rows), bytes: count(record.bytes) })
            }
            State::Completed => Ok(Step::Complete(Box::new(record))),
            _ => Err(DownloadError::BrokenInBrowser(record.reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ApiError, ErrorCode};
    use crate::messages::records::RecordMessage;
    use crate::ui::test_support::record;

    const QUERY: &str = "start_date=2025-12-01";

    fn params(query: &str) -> ExportParams {
        ExportParams::parse(query).expect("valid")
    }

    fn running(id: &str) -> ExportRecord {
        ExportRecord { id: id.to_owned(), state: State::Running, ..record(QUERY) }
    }

    #[test]
    fn the_new_record_of_the_selection_is_followed_to_its_end() {
        let old = running("1");
        let mut follower = Follower::new(params(QUERY), std::slice::from_ref(&old));
        let of_a_token = ExportRecord { via: "token".to_owned(), ..running("2") };
        let of_another_selection = ExportRecord { query: String::new(), ..running("3") };
        let others = vec![old, of_a_token, of_another_selection];
        assert_eq!(follower.find(Ok(others.clone())), Ok(Step::Wait));
        assert_eq!(follower.id(), None);
        let with_own = [others, vec![running("4")]].concat();
        assert_eq!(follower.find(Ok(with_own)), Ok(Step::Progress { rows: 1_234, bytes: 5_000 }));
        assert_eq!(follower.id(), Some("4"));
        let completed = ExportRecord { id: "4".to_owned(), ..record(QUERY) };
        assert_eq!(follower.update(Ok(Some(completed.clone()))), Ok(Step::Complete(Box::new(completed))));
    }

    #[test]
    fn the_record_of_a_relative_selection_has_its_resolved_dates() {
        let follower = Follower::new(params("start_date=-6d&end_date=today&camera_id=a"), &[]);
        assert!(follower.selects("start_date=2025-12-10&end_date=2025-12-16&camera_id=a"));
        assert!(!follower.selects("start_date=2025-12-10&end_date=2025-12-16&camera_id=b"));
        let fixed = Follower::new(params("start_date=2025-12-10"), &[]);
        assert!(!fixed.selects("start_date=2025-12-09"));
    }

    #[test]
    fn two_new_records_of_one_selection_are_not_told_apart() {
        let mut follower = Follower::new(params(QUERY), &[]);
        assert_eq!(follower.find(Ok(vec![running("1"), running("2")])), Err(DownloadError::Unfollowed));
    }

    #[test]
    fn an_export_that_does_not_begin_is_given_up() {
        let mut follower = Follower::new(params(QUERY), &[]);
        for _ in 0..MAX_MISSES {
            assert_eq!(follower.find(Ok(Vec::new())), Ok(Step::Wait));
        }
        assert_eq!(follower.find(Ok(Vec::new())), Err(DownloadError::NotStarted));
    }

    #[test]
    fn a_record_that_can_no_longer_be_read_is_given_up_and_each_answer_counts_anew() {
        let mut follower = Follower::new(params(QUERY), &[]);
        for _ in 0..2 {
            follower.update(Ok(Some(running("1")))).expect("it runs");
            for _ in 0..MAX_MISSES {
                assert_eq!(follower.update(Err(DownloadError::Unreachable)), Ok(Step::Wait));
            }
        }
        assert_eq!(follower.update(Err(DownloadError::Unreachable)), Err(DownloadError::Unfollowed));
    }

    #[test]
    fn an_ended_session_is_reported_at_once() {
        let refused = ApiError { code: ErrorCode::Unauthenticated, ..ApiError::internal() };
        let signed_out = DownloadError::Refused(refused);
        let mut follower = Follower::new(params(QUERY), &[]);
        assert_eq!(follower.find(Err(signed_out.clone())), Err(signed_out.clone()));
        follower.update(Ok(Some(running("1")))).expect("it runs");
        assert_eq!(follower.update(Err(signed_out.clone())), Err(signed_out));
    }

    #[test]
    fn an_export_that_broke_has_the_reason_of_its_record() {
        let mut follower = Follower::new(params(QUERY), &[]);
        let reason = Some(RecordMessage::ServerStopped.into());
        let broken = ExportRecord { state: State::Interrupted, reason, ..record(QUERY) };
        let outcome = follower.update(Ok(Some(broken)));
        assert_eq!(outcome, Err(DownloadError::BrokenInBrowser(Some(RecordMessage::ServerStopped.into()))));
    }
}
