//! The form in the export history that cancels an export.

use std::sync::Arc;

use super::form::{Form, FormResponse};
use crate::api::paths::HISTORY_PATH;
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::export::cancel::cancel;

/// Cancels an export, and shows the history again.
pub(in crate::web) async fn cancel_export(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let principal = form.principal()?;
    let not_found = |_| ApiError::new(ErrorCode::ExportNotFound, RequestMessage::NoSuchExport);
    let id = form.field("export").parse().map_err(not_found)?;
    let cancelled = cancel(&form.state.database, &form.state.exports, &principal.user, id).await;
    match cancelled {
        // The history shows how it ended.
        Err(ApiError { code: ErrorCode::ExportEnded, .. }) | Ok(_) => {
            Ok(FormResponse::Redirect(HISTORY_PATH.to_owned()))
        }
        Err(error) => Err(error),
    }
}
