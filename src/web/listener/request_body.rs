//! Bodies of requests that did not come whole or in time, or are too long.

use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;

use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::messages::requests::RequestMessage;
use crate::web::listener::exchange::BodyTimeout;

/// The answer to a form that cannot be taken in: it did not come in time, or is too long.
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
