//! How [`ApiError`] becomes an HTTP answer: `application/problem+json` as of RFC 9457, with the request's id.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::error;

use super::telemetry::RequestId;
use crate::error::{ApiError, ErrorCode};

/// How long a client should wait before it asks again where the database is away, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A fault of ours. The reason goes to the log, under the request's id; the client gets the id.
pub fn internal(reason: &dyn std::fmt::Display) -> ApiError {
    error!(error = %reason, "internal error");
    ApiError::new(
        ErrorCode::Internal,
        "Something went wrong in the server. Its log tells more, under the request id of this answer.",
    )
}

/// The answer to a path that there is not, below `/api`.
pub async fn no_such_route() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "There is nothing at this address.")
}

/// The answer to a method that a route does not take.
pub async fn no_such_method() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "This address does not take this method; `Allow` says which it takes.")
}

/// The answer to a panic in a handler. The panic itself is in the log already.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    internal(&"a handler panicked").into_response()
}

impl IntoResponse for ApiError {
    /// The status, with the error itself as an extension that [`write()`] makes into a body.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware: writes the body of an answer that is an [`ApiError`], now that the request's id is known.
pub async fn write(request: Request, next: Next) -> Response {
    let request_id = RequestId::of(request.extensions());
    let mut response = next.run(request).await;
    let Some(mut error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let allowed = response.headers_mut().remove(header::ALLOW);
    error.request_id = request_id;
    let status = response.status();
    let body = json!({
        "type": "about:blank",
        "title": error.code.title(),
        "status": status.as_u16(),
        "code": error.code,
        "detail": error.detail,
        "field": error.field,
        "request_id": error.request_id,
    });
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response();
    if let Some(allowed) = allowed {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    if error.code == ErrorCode::Unavailable {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// Gives a server function's answer the status of its error, and the error the request's id.
pub fn for_server_fn(mut error: ApiError) -> ApiError {
    use leptos::prelude::use_context;

    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = StatusCode::from_u16(error.code.status())
    {
        response.set_status(status);
    }
    error.request_id = use_context::<axum::http::request::Parts>().and_then(|parts| RequestId::of(&parts.extensions));
    error
}
