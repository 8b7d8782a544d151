//! Errors of request bodies: incomplete, late or too long.

use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;

use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::messages::requests::RequestMessage;
use crate::web::listener::exchange::BodyTimeout;

/// Returns the error for a request body that could not be read.
pub fn unread_body(rejection: &BytesRejection) -> ApiError {
    if BodyTimeout::caused(rejection) {
        return ApiError::new(ErrorCode::RequestTimeout, RequestMessage::RequestTimeout);
    }
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(ErrorCode::TooLarge, FormMessage::FormTooLong);
    }
    // The connection ended, or chunks were malformed.
    ApiError::invalid("body", RequestMessage::BodyIncomplete)
}
