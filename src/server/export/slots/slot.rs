//! One running export: its progress, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument, Span, error, info};
use uuid::Uuid;

use super::registry::{Registry, RunningExport};
use crate::api::exports::State;
use crate::messages::records::RecordMessage;
use crate::server::db::entity::export::Model;
use crate::server::db::error::may_pass;
use crate::server::export::record_store::{ExportProgress, FinalRecord, Outcome, Recorded};
use crate::server::retry::Retry;

/// The delay between two attempts to record that a file is complete.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// A running export. However it ends, its outcome is recorded and its slot becomes free.
#[derive(Debug)]
pub struct ExportSlot {
    id: Uuid,
    user_id: Option<Uuid>,
    registry: Arc<Registry>,
    export: Arc<RunningExport>,
    span: Span,
    /// The duration of the export, once its record is `completed`.
    completed_after: Option<Duration>,
    /// `None` once the export has ended.
    permit: Option<OwnedSemaphorePermit>,
}

impl ExportSlot {
    /// Registers the running export that `record` was written for.
    pub(super) fn new(
        registry: Arc<Registry>,
        record: &Model,
        started: Duration,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let Model { id, user_id, started_at, .. } = *record;
        let export = Arc::new(RunningExport::new(user_id, started_at, started));
        registry.insert(id, Arc::clone(&export));
        Self { id, user_id, registry, export, span: Span::current(), completed_after: None, permit: Some(permit) }
    }

    /// Returns the id of the record.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Sets the rows and bytes written so far, for the record and the metrics.
    pub fn set_progress(&self, rows: u64, bytes: u64) {
        let added = |total: &AtomicU64, now: u64| now.saturating_sub(total.swap(now, Ordering::Relaxed));
        let (rows, bytes) = (added(&self.export.rows, rows), added(&self.export.bytes, bytes));
        self.registry.metrics.export_wrote(rows, bytes);
    }

    fn elapsed(&self) -> Duration {
        self.export.elapsed(&self.registry.clock)
    }

    /// Waits until the export is cancelled: by a shutdown, or because another server marked it interrupted. Returns the
    /// outcome.
    pub fn cancelled(&self) -> impl Future<Output = Outcome> + use<> {
        let mut cancelled = self.export.cancelled.subscribe();
        async move {
            let outcome = cancelled.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
            match outcome {
                Some(outcome) => outcome,
                None => std::future::pending().await,
            }
        }
    }

    /// Records that the file is complete, before the client learns it. If the record rejects it, another server has marked the
    /// export interrupted, and the file must not end as complete.
    ///
    /// # Errors
    /// Returns an error if the database does not record it in time. The file must not end as complete then either.
    pub async fn complete(&mut self, sha256: Vec<u8>) -> Result<Recorded, DbErr> {
        let elapsed = self.elapsed();
        let outcome = FinalRecord {
            progress: self.export.progress(),
            outcome: Outcome::completed(sha256),
            finished_at: self.export.moment_after(elapsed),
            has_record: true,
        };
        let (id, registry) = (self.id, &*self.registry);
        let recorded = Retry::every(RETRY_DELAY)
            .within(registry.record_timeout)
            .run(|| registry.try_record(id, &outcome), |recorded| recorded.as_ref().is_err_and(may_pass))
            .await;
        match &recorded {
            Ok(recorded) => self.completed_after = (*recorded == Recorded::Yes).then_some(elapsed),
            Err(error) => {
                error!(%error, export_id = %id, "cannot record how an export ended, so its response is aborted");
            }
        }
        recorded
    }

    /// Ends the export, and frees its slot at once. `failure`: how it ended if it did not complete; without it,
    /// [`Self::complete`] must have succeeded. `bytes_sent`: the bytes handed to the connection, after any content encoding.
    ///
    /// One attempt to record the outcome is made before this returns. If it fails,
    /// [`ExportSlots::run_heartbeat`](super::ExportSlots::run_heartbeat) tries again.
    pub async fn end(mut self, failure: Option<Outcome>, bytes_sent: u64) {
        if let Some(record) = self.finish(failure, bytes_sent) {
            // In a task of its own: the caller may be dropped.
            let _ = tokio::spawn(record.in_current_span()).await;
        }
    }

    /// Frees the slot, once. Returns the work that is left: to record and log the outcome.
    fn finish(&mut self, failure: Option<Outcome>, bytes_sent: u64) -> Option<impl Future<Output = ()> + use<>> {
        let permit = self.permit.take()?;
        let (registry, id) = (Arc::clone(&self.registry), self.id);
        let progress = self.export.progress();
        let ExportProgress { rows, bytes } = progress;
        // An export without a failure is complete only if its record says so.
        let failure = failure
            .or_else(|| self.completed_after.is_none().then(|| Outcome::failed(RecordMessage::NotRecordedAsWhole)));
        // Log and metrics have the same duration as the record.
        let elapsed = self.completed_after.filter(|_| failure.is_none()).unwrap_or_else(|| self.elapsed());
        let finished_at = self.export.moment_after(elapsed);
        let state = failure.as_ref().map_or(State::Completed, |outcome| outcome.state);
        let reason = failure.as_ref().and_then(|outcome| outcome.reason.as_ref()).map(|reason| reason.text.clone());
        let unrecorded = failure.map(|outcome| FinalRecord { progress, outcome, finished_at, has_record: true });
        registry.set_ended(id, unrecorded);
        drop(permit);
        registry.metrics.export_ended(state, elapsed);
        let user_id = self.user_id.map(tracing::field::display);
        Some(async move {
            registry.record_outcomes().await;
            let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            let state = state.as_str();
            info!(export_id = %id, user_id, duration_ms, row_count = rows, bytes, bytes_sent, state, reason, "export ended");
        })
    }
}

impl Drop for ExportSlot {
    fn drop(&mut self) {
        let outcome = if std::thread::panicking() {
            Outcome::failed(RecordMessage::ServerFault)
        } else {
            Outcome::disconnected()
        };
        let span = self.span.clone();
        if let (Some(record), Ok(runtime)) = (self.finish(Some(outcome), 0), tokio::runtime::Handle::try_current()) {
            runtime.spawn(record.instrument(span));
        }
    }
}
