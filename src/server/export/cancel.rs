//! Cancels an export for its user or for an administrator.

use tracing::info;
use uuid::Uuid;

use super::records;
use super::slots::ExportSlots;
use crate::api::exports::{ExportRecord, State};
use crate::error::{ApiError, ErrorCode};
use crate::messages::Message;
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::server::accounts::user::User;
use crate::server::db::entity::export::Model;
use crate::server::db::pool::Pool;

/// Cancels an export and returns its record. The record is still running if another server must cancel the export, which
/// takes some seconds. Cancelling a cancelled export again changes nothing.
///
/// # Errors
/// Returns `export_not_found` if the user may not see the export, `export_ended` if it has ended in another way, and an
/// error if the database is unavailable.
pub async fn cancel(database: &Pool, slots: &ExportSlots, user: &User, id: Uuid) -> Result<ExportRecord, ApiError> {
    let mut record = find(database, user, id).await?;
    if record.state == State::Running.as_str() {
        let reason = if record.user_id == Some(user.id) {
            RecordMessage::CancelledByOwner
        } else {
            RecordMessage::CancelledByAdministrator { name: user.name.clone() }
        };
        info!(export_id = %id, user_id = %user.id, "export cancelled by a request");
        slots.request_cancel(id, reason).await?;
        record = find(database, user, id).await?;
    }
    let record = records::to_api(record);
    let is_cancelled = match record.state {
        State::Running => true,
        State::Cancelled => record.reason.as_ref().is_some_and(is_request),
        _ => false,
    };
    if is_cancelled { Ok(record) } else { Err(ApiError::new(ErrorCode::ExportEnded, RequestMessage::ExportEnded)) }
}

async fn find(database: &Pool, user: &User, id: Uuid) -> Result<Model, ApiError> {
    let record = records::visible_to(user, id).one(database).await?;
    record.ok_or_else(|| ApiError::new(ErrorCode::ExportNotFound, RequestMessage::NoSuchExport))
}

/// Whether an export with this reason was cancelled by a request, and not by its client.
fn is_request(reason: &Message) -> bool {
    let requests = [
        RecordMessage::CancelledByOwner.into(),
        RecordMessage::CancelledByAdministrator { name: String::new() }.into(),
    ];
    requests.iter().any(|request: &Message| request.code == reason.code)
}
