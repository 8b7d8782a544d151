//! The metrics, for administrators and for clients with the token from the settings.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt};
use sea_orm::DbBackend;

use crate::api::paths::{HOOKS_PATH, INGEST_PATH, METRICS_PATH, is_below};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::EXPORT_PATH;
use crate::messages::forms::FormMessage;
use crate::server::accounts::principal::Principal;
use crate::server::accounts::secret;
use crate::server::internal_error::internal;
use crate::server::state::{AppState, SharedState};

/// Middleware: counts requests for exports and of senders of events, by status.
pub async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_export, is_ingest) = (path == EXPORT_PATH, path == INGEST_PATH || is_below(HOOKS_PATH, path));
    let response = next.run(request).await;
    if is_export {
        state.metrics.export_answered(response.status().as_u16());
    }
    if is_ingest {
        state.metrics.ingest_answered(response.status().as_u16());
    }
    response
}

/// Middleware: returns the metrics to a client with the token from the settings, for any host name and without using the
/// database, because the metrics matter most when it is unavailable.
///
/// # Errors
/// Returns an error if the metrics cannot be encoded.
pub async fn scrape(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe && request.uri().path() == METRICS_PATH && has_token(&request, &state.settings.server.metrics_token.0) {
        return encode(&state);
    }
    Ok(next.run(request).await)
}

/// Handles `GET /metrics` for administrators.
///
/// # Errors
/// Returns `forbidden` for other users.
pub async fn show(State(state): State<AppState>, principal: Principal) -> Result<Response, ApiError> {
    if principal.user.role != Role::Admin || principal.only_writes() {
        return Err(ApiError::new(ErrorCode::Forbidden, FormMessage::MetricsForAdministrators));
    }
    encode(&state)
}

fn encode(state: &AppState) -> Result<Response, ApiError> {
    let SharedState { metrics, exports, feed, reader, database, writer, .. } = &**state;
    metrics.running(exports.count());
    metrics.event_streams(feed.count());
    metrics.connections("events", reader.busy(), reader.idle());
    for (pool, connections) in [("pages", database.inner()), ("writer", writer.inner())] {
        let (all, idle) = if connections.get_database_backend() == DbBackend::Postgres {
            let pool = connections.get_postgres_connection_pool();
            (pool.size() as usize, pool.num_idle())
        } else {
            let pool = connections.get_sqlite_connection_pool();
            (pool.size() as usize, pool.num_idle())
        };
        metrics.connections(pool, all.saturating_sub(idle), idle);
    }
    let (content_type, text) = metrics.text().map_err(|error| internal(&error))?;
    Ok(([(CONTENT_TYPE, content_type)], text).into_response())
}

fn has_token(request: &Request, token: &str) -> bool {
    let presented = request.headers().typed_get::<Authorization<Bearer>>();
    // Comparing hashes leaks nothing about the token through timing.
    let hash = |text: &str| secret::hash(text.as_bytes());
    !token.is_empty()
        && request.headers().get_all(AUTHORIZATION).iter().count() == 1
        && presented.is_some_and(|presented| hash(presented.token()) == hash(token))
}
