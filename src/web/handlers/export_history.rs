//! `GET /api/v1/exports.csv`: the export history as CSV.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tracing::warn;

use crate::api::exports::ExportRecords;
use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;
use crate::server::accounts::principal::Principal;
use crate::server::accounts::user::{self, User};
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::error::ExportError;
use crate::server::export::records::history_csv::{HistoryCsv, file_name};
use crate::server::export::records::{self, MAX_LIMIT};
use crate::server::state::AppState;

/// The reason for which the body breaks off.
type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Responds with the records that match the query string, as CSV. They are read page by page, as the client receives them. A
/// failure after the first page breaks the connection, because a file that ends would look complete.
///
/// # Errors
/// Returns an error if the request is not authenticated, a parameter is invalid, or the database is unavailable.
pub async fn download(
    State(state): State<AppState>,
    principal: Principal,
    version: Version,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    if version < Version::HTTP_11 {
        return Err(ApiError::new(ErrorCode::HttpVersionNotSupported, HttpMessage::HttpVersion));
    }
    let csv = HistoryCsv::parse(query.as_deref().unwrap_or_default())?;
    let now = state.clock.now();
    let first = page(&state, &principal.user, &csv, None, now).await?;
    let head = csv.head().map_err(ExportError::from)?;
    let day = csv.filter.timezone().day_of(now.to_datetime().unwrap_or_default());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", file_name(day))) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let pages = Pages { state, user: principal.user, csv, now, head, next: Next::Loaded(first) };
    let body = stream::try_unfold(pages, async |mut pages| {
        let chunk = pages.next().await.inspect_err(|error| warn!(reason = %error, "export history broken off"))?;
        Ok::<_, BodyError>(chunk.map(|chunk| (chunk, pages)))
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

async fn page(
    state: &AppState,
    user: &User,
    csv: &HistoryCsv,
    before: Option<&str>,
    now: UnixMicros,
) -> Result<ExportRecords, ApiError> {
    let filter = csv.filter.clone().page(MAX_LIMIT, before);
    records::list(&state.database, user, &filter, now).await
}

/// The page of records to send next.
enum Next {
    /// It is loaded.
    Loaded(ExportRecords),
    /// The one after this position.
    After(String),
    /// All were sent.
    None,
}

/// The pages of the file.
struct Pages {
    state: AppState,
    user: User,
    csv: HistoryCsv,
    /// The time of the request, for relative dates.
    now: UnixMicros,
    /// What comes before the first record; empty once it was sent.
    head: Vec<u8>,
    next: Next,
}

impl Pages {
    /// Returns the next bytes; `None` after the last record.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        let records = match std::mem::replace(&mut self.next, Next::None) {
            Next::None => return Ok(None),
            Next::Loaded(records) => records,
            Next::After(before) => {
                // The client may take long, and an administrator may have become a user meanwhile.
                let user = user::by_id(&self.state.database, self.user.id).await?;
                let user =
                    user.filter(|user| user.role == self.user.role).ok_or("the rights of the user have ended")?;
                page(&self.state, &user, &self.csv, Some(&before), self.now).await?
            }
        };
        let mut bytes = std::mem::take(&mut self.head);
        for record in &records.exports {
            self.csv.append(record, &mut bytes)?;
        }
        if let Some(next) = records.next {
            self.next = Next::After(next);
        }
        Ok(Some(bytes.into()))
    }
}
