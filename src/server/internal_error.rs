//! Faults of the server itself, which only the log explains.

use tracing::error;

use crate::error::ApiError;

/// A fault of ours. The reason goes to the log, under the request's id; the client gets the id.
pub fn internal(reason: &dyn std::fmt::Display) -> ApiError {
    error!(error = %reason, "internal error");
    ApiError { reason: Some(reason.to_string()), ..ApiError::internal() }
}
