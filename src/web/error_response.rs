//! How [`ApiError`] becomes an HTTP answer: `application/problem+json` as of RFC 9457, with the request's id; or, for
//! people who asked for a page, a page that says the same.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use serde::Serialize;
use utoipa::ToSchema;

use super::preferences;
use super::request_id::RequestId;
use crate::api::paths::is_page;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::EXPORT_PATH;
use crate::messages::Message;
use crate::messages::http::HttpMessage;
use crate::messages::requests::RequestMessage;
use crate::server::internal_error::internal;
use crate::server::state::AppState;
use crate::server_pages::problem_page::problem_page;

/// How long a client should wait before it retries if the database is unavailable, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// How long an error of a server function may be, in bytes: it may repeat what was sent.
const MAX_ERROR_BYTES: usize = 1 << 20;

/// What the page of an error may load: its style sheet.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// How a client can come in. Browsers are not told of the second way: they would ask for a name and a password by
/// themselves, which the page's own sign-in does better.
const CHALLENGES: [&str; 2] = ["Bearer realm=\"Motion Export\"", "Basic realm=\"Motion Export\", charset=\"UTF-8\""];

/// The body of an error: a problem of RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem<'error> {
    /// Always `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// A short heading, in English.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, for programs.
    code: ErrorCode,
    /// What went wrong and what would be right, in English.
    detail: &'error str,
    /// The same as a message, with its sentence in the language of the request.
    message: &'error Message,
    /// The parameter at fault.
    field: Option<&'error str>,
    /// What to quote to the operator: the log lines of this request carry the same id.
    request_id: Option<&'error str>,
}

impl<'error> Problem<'error> {
    fn new(error: &'error ApiError, status: StatusCode) -> Self {
        Self {
            kind: "about:blank",
            title: error.code.title(),
            status: status.as_u16(),
            code: error.code,
            detail: &error.detail,
            message: &error.message,
            field: error.field.as_deref(),
            request_id: error.request_id.as_deref(),
        }
    }
}

/// The status of an answer with that error.
pub fn status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// After how many seconds a client may try again, where that may help.
pub fn retry_after(error: &ApiError) -> Option<u32> {
    let away = (error.code == ErrorCode::Unavailable).then_some(RETRY_AFTER_SECONDS);
    error.retry_after_seconds.or(away)
}

/// The answer to a path that there is not, below `/api`.
pub async fn no_such_route() -> ApiError {
    ApiError::new(ErrorCode::NotFound, RequestMessage::NotFound)
}

/// The answer to a method that a route does not take.
pub async fn no_such_method() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, HttpMessage::MethodNotAllowed)
}

/// The answer to a panic in a handler. The panic itself is in the log already.
pub fn on_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    internal(&"a handler panicked").into_response()
}

impl IntoResponse for ApiError {
    /// The status, with the error itself as an extension that [`render`] turns into a body.
    fn into_response(self) -> Response {
        let mut response = status(&self).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware: writes the body of an answer that is an [`ApiError`], now that the request's id is known.
pub async fn render(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let request_id = RequestId::of(request.extensions());
    let is_browser = request.headers().contains_key("sec-fetch-mode");
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let (language, scheme) = (preferences::language(request.headers()), preferences::color_scheme(request.headers()));
    // A form of the page leads to the export where there is no script, or not yet.
    let is_door = is_page(request.uri().path()) || request.uri().path() == EXPORT_PATH;
    let is_page = is_door && accept.is_some_and(|accept| accept.contains("text/html"));
    let mut response = next.run(request).await;
    if response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        response = of_server_fn(response).await;
    }
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let mut error = language.translate_error(error);
    let allowed = response.headers_mut().remove(header::ALLOW);
    error.request_id = request_id;
    let status = response.status();
    if is_page {
        let mut page = (status, Html(problem_page(&state.leptos_options, &error, language, scheme))).into_response();
        page.headers_mut().insert(header::VARY, HeaderValue::from_static(preferences::VARY));
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
        return with_headers(page, &error, allowed, is_browser);
    }
    let body = serde_json::to_string(&Problem::new(&error, status)).unwrap_or_default();
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::VARY, preferences::VARY)];
    let response = (status, headers, body).into_response();
    with_headers(response, &error, allowed, is_browser)
}

/// Takes the error out of the answer of a server function, which leptos has written as `application/json`.
async fn of_server_fn(response: Response) -> Response {
    let body = axum::body::to_bytes(response.into_body(), MAX_ERROR_BYTES).await.unwrap_or_default();
    let error = serde_json::from_slice(&body);
    error
        .unwrap_or_else(|error| internal(&format!("a server function's error cannot be read: {error}")))
        .into_response()
}

/// What a client has to know of an error besides the body.
fn with_headers(mut response: Response, error: &ApiError, allowed: Option<HeaderValue>, is_browser: bool) -> Response {
    if let Some(allowed) = allowed {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    if let Some(seconds) = retry_after(error) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if error.code == ErrorCode::Unauthenticated {
        for challenge in &CHALLENGES[..if is_browser { 1 } else { 2 }] {
            response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
    response
}
