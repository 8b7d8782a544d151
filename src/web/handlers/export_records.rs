//! The records of exports for programs, at `/api/v1/exports`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use uuid::Uuid;

use crate::api::exports::{ExportRecord, ExportRecords};
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::accounts::principal::Principal;
use crate::server::export::records::{self, RecordFilter};
use crate::server::state::AppState;
use crate::web::{parameters, preferences};

/// `GET /api/v1/exports`.
///
/// # Errors
/// Where nobody whom we know asks, a parameter cannot be understood, or the database cannot answer.
pub async fn list(
    State(app): State<AppState>,
    caller: Principal,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<ExportRecords>, ApiError> {
    let wanted = RecordFilter::parse(query.as_deref().unwrap_or_default())?;
    let mut records = records::records(&app.database, &caller.user, &wanted).await?;
    let language = preferences::language(&headers);
    for record in &mut records.exports {
        record.reason = record.reason.take().map(|reason| language.translate(reason));
    }
    Ok(Json(records))
}

/// `GET /api/v1/exports/{id}`.
///
/// # Errors
/// `export_not_found` where there is no such record, or it is somebody else's.
pub async fn one(
    State(app): State<AppState>,
    caller: Principal,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<ExportRecord>, ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let gone = || ApiError::new(ErrorCode::ExportNotFound, RequestMessage::NoSuchExport);
    let Path(id) = id.map_err(|_| gone())?;
    let mut record = records::record(&app.database, &caller.user, id).await?.ok_or_else(gone)?;
    let language = preferences::language(&headers);
    record.reason = record.reason.map(|reason| language.translate(reason));
    Ok(Json(record))
}
