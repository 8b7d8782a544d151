//! Whether the server is up: for supervisors and load balancers, which are told nothing else.

use axum::extract::State;
use sea_orm::ConnectionTrait;

use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;
use crate::messages::requests::RequestMessage;
use crate::server::state::AppState;

/// Answers for as long as the program runs.
pub const ALIVE_PATH: &str = "/healthz";

/// Answers for as long as the program can do its work.
pub const READY_PATH: &str = "/readyz";

/// The program runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The program runs, its database answers, and it could be written to when that was tried last.
///
/// # Errors
/// `unavailable` where that is not so, and where the server is being stopped: others should be asked for exports now.
pub async fn ready(State(state): State<AppState>) -> Result<&'static str, ApiError> {
    if !state.exports.is_open() {
        return Err(ApiError::new(ErrorCode::Unavailable, RequestMessage::ServerStopping));
    }
    if !state.exports.can_record() {
        return Err(ApiError::new(ErrorCode::Unavailable, HttpMessage::DatabaseReadOnly));
    }
    match state.database.execute_unprepared("SELECT 1").await {
        Ok(_) => Ok("ok\n"),
        Err(error) => {
            let refused = ApiError::from(error);
            // Whatever the reason, others can be asked.
            Err(match refused.code {
                ErrorCode::Unavailable => refused,
                _ => ApiError::new(ErrorCode::Unavailable, HttpMessage::DatabaseUnusable),
            })
        }
    }
}
