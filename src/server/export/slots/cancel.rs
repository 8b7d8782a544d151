//! Cancels an export, on whichever server it runs.

use std::time::Duration;

use sea_orm::DbErr;
use uuid::Uuid;

use super::ExportSlots;
use crate::api::exports::State;
use crate::messages::records::RecordMessage;
use crate::server::export::record_store::{self, Outcome};

/// How long a cancelled export of this server may take to record its end before the request that cancels it is answered.
const MAX_WAIT: Duration = Duration::from_secs(2);

impl ExportSlots {
    /// Cancels a running export for that reason. An export of this server is cancelled at once, and has its final record
    /// when this returns, unless the record cannot be written. The server of another one cancels it with its next heartbeat.
    ///
    /// # Errors
    /// Returns an error if the database is not writable, and the export does not run on this server.
    pub async fn request_cancel(&self, id: Uuid, reason: RecordMessage) -> Result<(), DbErr> {
        let registry = &self.0.registry;
        if registry.cancel(id, Outcome::new(State::Cancelled, reason.clone())) {
            let _ = tokio::time::timeout(MAX_WAIT, registry.recorded(id)).await;
            return Ok(());
        }
        record_store::request_cancel(&*registry.writer, id, &reason.into()).await
    }
}
