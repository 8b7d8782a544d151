//! `GET /api/v1/exports` and `/api/v1/exports/{id}`: the records of exports; and `POST /api/v1/exports/{id}/cancel`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::api::exports::{ExportRecord, ExportRecords, State as RecordState};
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::accounts::principal::Principal;
use crate::server::export::cancel;
use crate::server::export::records::{self, RecordFilter};
use crate::server::state::AppState;
use crate::web::{parameters, preferences};

/// Responds with the records that match the query string.
///
/// # Errors
/// Returns an error if the request is not authenticated, a parameter is invalid, or the database is unavailable.
pub async fn list(
    State(app): State<AppState>,
    principal: Principal,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<ExportRecords>, ApiError> {
    let filter = RecordFilter::parse(query.as_deref().unwrap_or_default())?;
    let mut records = records::list(&app.database, &principal.user, &filter, app.clock.now()).await?;
    let language = preferences::language(&headers);
    for record in &mut records.exports {
        record.reason = record.reason.take().map(|reason| language.translate(reason));
    }
    Ok(Json(records))
}

/// Responds with one record.
///
/// # Errors
/// Returns `export_not_found` if the record does not exist or belongs to another user.
pub async fn get(
    State(app): State<AppState>,
    principal: Principal,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<ExportRecord>, ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let Path(id) = id.map_err(|_| not_found())?;
    let record = records::get(&app.database, &principal.user, id).await?.ok_or_else(not_found)?;
    Ok(translated(record, &headers))
}

/// Cancels an export. Responds with its record, and with status 202 if another server has yet to cancel it.
///
/// # Errors
/// Returns `export_not_found` as [`get`] does, and `export_ended` if the export has ended in another way.
pub async fn cancel(
    State(app): State<AppState>,
    principal: Principal,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<(StatusCode, Json<ExportRecord>), ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let Path(id) = id.map_err(|_| not_found())?;
    let record = cancel::cancel(&app.database, &app.exports, &principal.user, id).await?;
    let status = if record.state == RecordState::Running { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, translated(record, &headers)))
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::ExportNotFound, RequestMessage::NoSuchExport)
}

fn translated(mut record: ExportRecord, headers: &HeaderMap) -> Json<ExportRecord> {
    let language = preferences::language(headers);
    record.reason = record.reason.map(|reason| language.translate(reason));
    Json(record)
}
