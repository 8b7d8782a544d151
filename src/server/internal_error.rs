//! Internal errors, whose reason is only in the log.

use tracing::error;

use crate::error::ApiError;

/// Logs the reason under the request's id, and returns the error for the client, which contains only the id.
pub fn internal(reason: &dyn std::fmt::Display) -> ApiError {
    error!(error = %reason, "internal error");
    ApiError { reason: Some(reason.to_string()), ..ApiError::internal() }
}
