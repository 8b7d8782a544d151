//! Renders [`ApiError`] as an HTTP response: `application/problem+json` (RFC 9457) with the id of the request, or a page if
//! a browser requested one.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use serde::Serialize;
use utoipa::ToSchema;

use super::preferences;
use super::redirect::settings_address;
use super::request_id::RequestId;
use crate::api::paths::{is_page, login_url};
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

/// The maximum size of a server function's error, in bytes. An error may repeat a value of the request.
const MAX_ERROR_BYTES: usize = 1 << 20;

/// Allows the page of an error only its style sheet.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The ways to authenticate. Browsers get only the first one, because for the second they would show a dialog of their own
/// instead of our sign-in.
const CHALLENGES: [&str; 2] = ["Bearer realm=\"Motion Export\"", "Basic realm=\"Motion Export\", charset=\"UTF-8\""];

/// The headers of a handler's response that the response with the body keeps.
const KEPT_HEADERS: [HeaderName; 3] = [header::ALLOW, header::ACCEPT_ENCODING, HeaderName::from_static("accept-post")];

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
    /// The error, for programs.
    code: ErrorCode,
    /// What is wrong and what is expected, in English.
    detail: &'error str,
    /// The same as a message, with its sentence in the language of the request.
    message: &'error Message,
    /// The parameter at fault.
    field: Option<&'error str>,
    /// The id to quote to the operator. The log lines of the request carry the same id.
    request_id: Option<&'error str>,
}

/// Further members of a problem, as an extension of the response with the error.
#[derive(Clone, Debug)]
pub struct ProblemMembers(pub serde_json::Map<String, serde_json::Value>);

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

/// Returns the HTTP status of an error.
pub fn status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Returns after how many seconds a client may retry, if that may help.
pub fn retry_after(error: &ApiError) -> Option<u32> {
    let unavailable = (error.code == ErrorCode::Unavailable).then_some(RETRY_AFTER_SECONDS);
    error.retry_after_seconds.or(unavailable)
}

/// Handles an unknown path below `/api`.
pub async fn no_such_route() -> ApiError {
    ApiError::new(ErrorCode::NotFound, RequestMessage::NotFound)
}

/// Handles a method that the route does not support.
pub async fn no_such_method() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, HttpMessage::MethodNotAllowed)
}

/// Returns the response to a panic in a handler. The panic itself is logged already.
pub fn on_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    internal(&"a handler panicked").into_response()
}

impl IntoResponse for ApiError {
    /// Returns the status, with the error as an extension, from which [`render`] writes the body.
    fn into_response(self) -> Response {
        let mut response = status(&self).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware: writes the body of a response that carries an [`ApiError`], with the id of the request.
pub async fn render(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let request_id = RequestId::of(request.extensions());
    // Over plain HTTP from another machine, browsers send `Sec-Fetch-Mode` with no request, and `Referer` with those of a page.
    let is_browser =
        request.headers().contains_key("sec-fetch-mode") || request.headers().contains_key(header::REFERER);
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let (language, scheme) = (preferences::language(request.headers()), preferences::color_scheme(request.headers()));
    // Without JavaScript, the form of the page navigates to the export.
    let is_navigable = is_page(request.uri().path()) || request.uri().path() == EXPORT_PATH;
    let is_page = is_navigable && accept.is_some_and(|accept| accept.contains("text/html"));
    let query = request.uri().query().map(str::to_owned);
    let is_export = request.uri().path() == EXPORT_PATH;
    let mut response = next.run(request).await;
    if response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        response = server_fn_error(response).await;
    }
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let mut error = language.translate_error(error);
    let kept: Vec<_> = KEPT_HEADERS
        .into_iter()
        .filter_map(|name| Some((response.headers_mut().remove(&name)?, name)))
        .map(|(value, name)| (name, value))
        .collect();
    let members = response.extensions_mut().remove::<ProblemMembers>();
    error.request_id = request_id;
    let status = response.status();
    if is_page {
        // Without JavaScript, the form of an export was sent without a session. Its page shows the selection again.
        let is_signed_out = is_export && *error.message.code == *"not_signed_in";
        let sign_in = is_signed_out.then(|| login_url(&settings_address(query)));
        let page = problem_page(&state.leptos_options, &error, language, scheme, sign_in);
        let mut page = (status, Html(page)).into_response();
        page.headers_mut().insert(header::VARY, HeaderValue::from_static(preferences::VARY));
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
        return with_headers(page, &error, kept, is_browser);
    }
    let body = body(&Problem::new(&error, status), members).unwrap_or_default();
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::VARY, preferences::VARY)];
    let response = (status, headers, body).into_response();
    with_headers(response, &error, kept, is_browser)
}

/// Returns the body of a problem, with further members if it has some.
fn body(problem: &Problem<'_>, members: Option<ProblemMembers>) -> serde_json::Result<String> {
    let Some(ProblemMembers(members)) = members else { return serde_json::to_string(problem) };
    let mut body = serde_json::to_value(problem)?;
    if let Some(body) = body.as_object_mut() {
        body.extend(members);
    }
    serde_json::to_string(&body)
}

/// Extracts the error from the response of a server function, which Leptos has written as `application/json`.
async fn server_fn_error(response: Response) -> Response {
    let body = axum::body::to_bytes(response.into_body(), MAX_ERROR_BYTES).await.unwrap_or_default();
    let error = serde_json::from_slice(&body);
    error
        .unwrap_or_else(|error| internal(&format!("cannot parse the error of a server function: {error}")))
        .into_response()
}

/// Adds the headers of an error.
fn with_headers(
    mut response: Response,
    error: &ApiError,
    kept: Vec<(HeaderName, HeaderValue)>,
    is_browser: bool,
) -> Response {
    response.headers_mut().extend(kept);
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
