//! Outcomes that could not be written to the records, and whether the database is writable.

use std::sync::PoisonError;
use std::time::Instant;

use sea_orm::DbErr;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::registry::Registry;
use crate::server::db::error::is_unavailable;
use crate::server::db::sqlite::open_file;
use crate::server::export::record_store::{self, FinalRecord, Recorded};

impl Registry {
    /// Writes the outcomes that are not recorded yet, until the database is not writable. An outcome that cannot be written
    /// although others can is dropped, so that it does not block them.
    pub async fn record_outcomes(&self) {
        for (id, outcome) in &self.unrecorded() {
            match record_store::end(&*self.writer, *id, outcome).await {
                Ok(Recorded::Yes) => {
                    self.note_written();
                    self.remove_unrecorded(&[*id]);
                }
                Ok(Recorded::Rejected) => {
                    self.remove_unrecorded(&[*id]);
                    // An export that did not start may have no record.
                    if outcome.has_record {
                        log_lost_record(*id);
                    }
                }
                Err(error) if self.note_if_unwritable(&error).await => {
                    if open_file::is_replaced(&error) {
                        self.give_up_outcomes();
                    }
                    return;
                }
                Err(error) => {
                    // Several tasks may try at once. One of them logs it.
                    if self.drop_unrecorded(*id) {
                        error!(
                            %error, export_id = %id,
                            "cannot record how an export ended; the error is permanent, so the outcome is dropped"
                        );
                    }
                }
            }
        }
    }

    /// Writes an outcome, with one attempt.
    pub async fn try_record(&self, id: Uuid, outcome: &FinalRecord) -> Result<Recorded, DbErr> {
        let recorded = record_store::end(&*self.writer, id, outcome).await;
        match &recorded {
            Ok(Recorded::Yes) => self.note_written(),
            Ok(Recorded::Rejected) => log_lost_record(id),
            Err(error) => {
                self.note_if_unwritable(error).await;
            }
        }
        recorded
    }

    /// Forgets the outcomes: the files of the database were replaced, so they can never be recorded.
    fn give_up_outcomes(&self) {
        let unrecorded = self.clear_unrecorded();
        if unrecorded > 0 {
            warn!(unrecorded_exports = unrecorded, "cannot record how exports ended: the database files were replaced");
        }
    }

    /// Returns whether no record can be written, after this error of one of them; if so, notes it.
    async fn note_if_unwritable(&self, error: &DbErr) -> bool {
        let is_unwritable = self.is_unwritable_after(error).await;
        if is_unwritable {
            self.note_failed(error);
        }
        is_unwritable
    }

    /// Returns whether no record can be written, after this error of one of them.
    pub async fn is_unwritable_after(&self, error: &DbErr) -> bool {
        is_unavailable(error) || record_store::probe(&self.writer).await.is_err()
    }

    /// Returns whether the last write succeeded.
    pub fn is_writable(&self) -> bool {
        self.unwritable_since.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Notes that a row was written, and logs it if the database was not writable before. A statement that changed no row
    /// does not count: it proves nothing.
    pub fn note_written(&self) {
        let mut since = self.unwritable_since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = since.take() {
            let duration_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            info!(duration_ms, "database writable again");
        }
    }

    /// Notes that the database is not writable, and logs it if it was before. Returns whether the error was logged.
    pub fn note_failed(&self, error: &DbErr) -> bool {
        let mut since = self.unwritable_since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_some() {
            return false;
        }
        *since = Some(Instant::now());
        // For replaced files, the check of the files has logged what to do.
        if open_file::is_replaced(error) {
            return false;
        }
        error!(%error, "database not writable; exports are refused until it is");
        true
    }
}

fn log_lost_record(export_id: Uuid) {
    error!(%export_id, "the record of an export already has an outcome: another server marked it interrupted");
}
