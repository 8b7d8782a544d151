//! Health checks for supervisors and load balancers. They reveal nothing else.

use axum::extract::State;

use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;
use crate::messages::requests::RequestMessage;
use crate::server::db::connect::newer_migration;
use crate::server::state::AppState;

/// The path of the liveness check.
pub const ALIVE_PATH: &str = "/healthz";

/// The path of the readiness check.
pub const READY_PATH: &str = "/readyz";

/// Handles the liveness check: the program runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// Handles the readiness check: the database answers, no newer version has migrated it, and the last attempt to write to it
/// succeeded.
///
/// # Errors
/// Returns `unavailable` if the server is not ready or is shutting down, so that load balancers use other servers.
pub async fn ready(State(state): State<AppState>) -> Result<&'static str, ApiError> {
    if !state.exports.is_open() {
        return Err(ApiError::new(ErrorCode::Unavailable, RequestMessage::ServerStopping));
    }
    if !state.exports.can_record() {
        return Err(ApiError::new(ErrorCode::Unavailable, HttpMessage::DatabaseReadOnly));
    }
    match newer_migration(&state.database).await {
        Ok(None) => Ok("ok\n"),
        // It refuses exports, so others must get them.
        Ok(Some(migration)) => Err(ApiError::new(ErrorCode::Unavailable, HttpMessage::NewerSchema { migration })),
        Err(error) => {
            let error = ApiError::from(error);
            // Whatever the reason, another server may be ready.
            Err(match error.code {
                ErrorCode::Unavailable => error,
                _ => ApiError::new(ErrorCode::Unavailable, HttpMessage::DatabaseUnusable),
            })
        }
    }
}
