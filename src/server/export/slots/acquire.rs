//! Checks the limits for a new export, and writes its record.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument, Span, warn};
use uuid::Uuid;

use super::registry::Exports;
use super::{ExportSlot, ExportSlots, NewExport};
use crate::api::exports::State;
use crate::error::{ApiError, ErrorCode};
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::server::db::describe_error::describe;
use crate::server::db::entity::export::Model;
use crate::server::db::error::{is_unavailable, unlogged_api_error};
use crate::server::db::pool;
use crate::server::db::sqlite::open_file;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::record_store::{self, Admission, ExportProgress, FinalRecord, Outcome};
use crate::server::internal_error::internal;
use crate::server::metrics::Refused;

/// How long a user's new export waits for an older one that is sending its last bytes.
const FINISHING_GRACE: Duration = Duration::from_millis(250);

/// When a client that was refused may find a free slot, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// A slot of this server, for an export whose record is not written yet. Dropping it frees the slot.
#[derive(Debug)]
pub struct Reservation {
    slots: ExportSlots,
    permit: OwnedSemaphorePermit,
    started_at: UnixMicros,
    started: Duration,
}

impl Reservation {
    /// Writes the record of the export. Events may be read meanwhile: the export started with the reservation.
    ///
    /// # Errors
    /// Returns `too_many_exports` if the user has reached the limit on all servers together; `unavailable` if the server is
    /// shutting down or cannot write the record for a reason that may pass; `internal` for any other reason.
    pub async fn begin(self, export: NewExport) -> Result<ExportSlot, ApiError> {
        // In a task of its own: if the client disconnects meanwhile, an export that has started must still be ended.
        let recorded = tokio::spawn(self.record(export).instrument(Span::current()));
        recorded.await.unwrap_or_else(|error| Err(internal(&error)))
    }

    async fn record(self, export: NewExport) -> Result<ExportSlot, ApiError> {
        let Self { slots, permit, started_at, started } = self;
        let record = new_record(export, started_at);
        slots.insert_record(&record).await?;
        let slot = ExportSlot::new(Arc::clone(&slots.0.registry), &record, started, permit);
        // If the slots were closed meanwhile, the shutdown has either counted this export, or it is seen here.
        if let Err(error) = slots.check_open() {
            slot.end(Some(Outcome::new(State::Interrupted, RecordMessage::ServerStopped)), 0).await;
            return Err(error);
        }
        Ok(slot)
    }
}

impl ExportSlots {
    /// Takes a slot of this server for an export of this user; the operator has none, and no limit.
    ///
    /// # Errors
    /// Returns `too_many_exports` if the user has reached the limit on this server, and `unavailable` if the server has or is
    /// shutting down.
    pub async fn reserve(&self, user_id: Option<Uuid>) -> Result<Reservation, ApiError> {
        self.check_open()?;
        let permit = self.acquire_permit()?;
        if let Some(user_id) = user_id {
            self.check_user_limit(user_id).await?;
        }
        let clock = &self.0.registry.clock;
        Ok(Reservation { slots: self.clone(), permit, started_at: clock.now(), started: clock.monotonic() })
    }

    fn check_open(&self) -> Result<(), ApiError> {
        if self.is_open() {
            return Ok(());
        }
        self.0.registry.metrics.export_refused(Refused::Stopping);
        Err(retry_later(ErrorCode::Unavailable, RequestMessage::ServerStopping))
    }

    /// Takes one of the slots of this server.
    fn acquire_permit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.0.permits).try_acquire_owned().map_err(|_| {
            self.0.registry.metrics.export_refused(Refused::Server);
            let limit = self.0.limits.per_server.get();
            retry_later(ErrorCode::Unavailable, RequestMessage::ServerBusy { limit })
        })
    }

    /// Checks the limit of the user against the exports of this server. It counts those whose record is completed already
    /// but whose client has not received the end, and waits a moment for one of them.
    async fn check_user_limit(&self, user_id: Uuid) -> Result<(), ApiError> {
        let limit = self.0.limits.per_user.get() as usize;
        let of_user = |exports: &Exports| exports.running.values().filter(|one| one.user_id == Some(user_id)).count();
        let mut exports = self.0.registry.subscribe();
        let free_slot = exports.wait_for(|exports| of_user(exports) < limit);
        match tokio::time::timeout(FINISHING_GRACE, free_slot).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.user_limit_reached()),
        }
    }

    /// Writes the record, unless the user has reached the limit on all servers together.
    async fn insert_record(&self, record: &Model) -> Result<(), ApiError> {
        match self.try_insert_record(record).await {
            Ok(Admission::Admitted) => Ok(()),
            Ok(Admission::LimitReached) => Err(self.user_limit_reached()),
            Err(error) => {
                let registry = &self.0.registry;
                let is_logged = registry.is_unwritable_after(&error).await && registry.note_failed(&error);
                if pool::is_outcome_unknown(&error) {
                    // The record may exist. If it does, it must not keep running.
                    let outcome = FinalRecord {
                        progress: ExportProgress::default(),
                        outcome: Outcome::failed(RecordMessage::NotRecorded),
                        finished_at: record.started_at,
                        has_record: false,
                    };
                    registry.set_ended(record.id, Some(outcome));
                }
                Err(self.cannot_record(&error, is_logged))
            }
        }
    }

    /// Writes the record together with the outcomes that are not recorded yet: an export that has ended takes no slot.
    async fn try_insert_record(&self, record: &Model) -> Result<Admission, DbErr> {
        let registry = &self.0.registry;
        let limit = record.user_id.map(|_| self.0.limits.per_user);
        let running = registry.running();
        let mut unrecorded = registry.unrecorded();
        let mut admission = record_store::begin(&registry.writer, record.clone(), limit, &running, &unrecorded).await;
        if admission.as_ref().is_err_and(|error| !is_unavailable(error)) && !unrecorded.is_empty() {
            // An outcome that can never be written must not block new exports. This drops it.
            registry.record_outcomes().await;
            unrecorded = registry.unrecorded();
            admission = record_store::begin(&registry.writer, record.clone(), limit, &running, &unrecorded).await;
        }
        if let Ok(admission) = admission {
            if admission == Admission::Admitted {
                registry.note_written();
            }
            registry.remove_unrecorded(&unrecorded.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        }
        admission
    }

    fn user_limit_reached(&self) -> ApiError {
        self.0.registry.metrics.export_refused(Refused::User);
        let limit = self.0.limits.per_user.get();
        retry_later(ErrorCode::TooManyExports, RequestMessage::UserBusy { limit })
    }

    /// Returns the error for an export that cannot be recorded. `is_logged`: whether the error has been logged.
    fn cannot_record(&self, error: &DbErr, is_logged: bool) -> ApiError {
        self.0.registry.metrics.export_refused(Refused::Record);
        if !is_unavailable(error) {
            return if is_logged { unlogged_api_error(error) } else { error.into() };
        }
        if !is_logged && !open_file::is_replaced(error) {
            warn!(%error, "cannot record an export, so it does not start");
        }
        // Commands show the reason.
        let reason = Some(describe(error));
        ApiError { reason, ..retry_later(ErrorCode::Unavailable, RequestMessage::CannotRecord) }
    }
}

fn new_record(export: NewExport, started_at: UnixMicros) -> Model {
    Model {
        id: Uuid::new_v4(),
        user_id: export.user_id,
        user_name: export.user_name,
        via: export.via.to_owned(),
        query: export.query,
        state: State::Running.as_str().to_owned(),
        rows: 0,
        bytes: 0,
        sha256: None,
        started_at,
        heartbeat_at: started_at,
        // As with each heartbeat: the end, if no other heartbeat follows.
        finished_at: Some(started_at),
        error: None,
        complete_to: export.complete_to,
        deleted_to: export.deleted_to,
        cancel_requested: None,
    }
}

fn retry_later(code: ErrorCode, message: RequestMessage) -> ApiError {
    ApiError { retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..ApiError::new(code, message) }
}
