//! Logs each request in one line, with an id that the response carries as well.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{Extensions, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span, info, info_span};
use uuid::Uuid;

use crate::api::paths::{HOOKS_PATH, is_below};
use crate::web::request_id::RequestId;

/// The response header with the id of the request.
const HEADER: &str = "x-request-id";

/// The span of a request, which encloses all its log lines.
#[derive(Clone, Debug)]
struct RequestSpan(Span);

/// Adds the user to the log lines of a request.
pub fn record_user(extensions: &Extensions, user: Uuid) {
    if let Some(RequestSpan(span)) = extensions.get() {
        span.record("user_id", tracing::field::display(user));
    }
}

/// Returns a path for the log. That of a hook contains its secret.
fn logged_path(path: &str) -> String {
    if is_below(HOOKS_PATH, path) && path != HOOKS_PATH { format!("{HOOKS_PATH}/…") } else { path.to_owned() }
}

/// Middleware: gives the request an id, and logs it with its status and duration.
pub async fn log_requests(mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().simple().to_string();
    // Not `user.id`: axum-login records a field of that name, but only for sessions.
    let span = info_span!("request", request_id = id, user_id = tracing::field::Empty);
    let started = Instant::now();
    let (method, path) = (request.method().clone(), logged_path(request.uri().path()));
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(RequestSpan(span.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    let status = response.status().as_u16();
    // The duration until the first byte. An export logs its own end.
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| info!(%method, path, status, duration_ms, "request"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_hook_is_not_logged() {
        for path in ["/api/v1/hooks/mexp_00", "/api/v1/hooks/mexp_00/x", "/api/v1/hooks/"] {
            assert_eq!(logged_path(path), "/api/v1/hooks/…");
        }
        for path in ["/api/v1/hooks", "/api/v1/hooksmexp", "/settings"] {
            assert_eq!(logged_path(path), path);
        }
    }
}
