//! The ingest endpoint: `POST /api/v1/motion-events`, and `POST /api/v1/hooks/{secret}` for senders without headers.
//!
//! Each event is judged by itself. The response is 200 only if all events are committed, and sending any of them again is
//! always safe.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::Message;
use crate::messages::ingest::IngestMessage;
use crate::server::accounts::credential::Credential;
use crate::server::accounts::principal::Principal;
use crate::server::ingest::live::body::{self, BodyError, Format, Item};
use crate::server::ingest::live::check::{Origin, check};
use crate::server::ingest::live::reported::Rejection;
use crate::server::ingest::live::writer::{MAX_EVENTS, WritableCameras, Written};
use crate::server::ingest::live::{ENDPOINT, hooks};
use crate::server::state::AppState;
use crate::web::error_response::ProblemMembers;
use crate::web::listener::request_body::unread_body;
use crate::web::parameters;

/// The header that lists the types of bodies.
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

/// The types of bodies.
const TYPES: HeaderValue =
    HeaderValue::from_static("application/json, application/x-ndjson, application/x-www-form-urlencoded");

/// The maximum number of refused events that a response lists.
const MAX_LISTED: usize = 100;

/// What became of the events of a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestResult {
    /// The events that were stored now.
    accepted: u64,
    /// The events that were stored before.
    duplicate: u64,
    /// The events that were refused, at most the first 100. Empty with status 200.
    rejected: Vec<RejectedEvent>,
}

/// Why an event was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedEvent {
    /// The position of the event in the request, from 0.
    index: usize,
    /// The id that its sender gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The reason, for programs.
    code: String,
    /// What is wrong and what is expected, in English.
    detail: String,
}

/// Handles `POST /api/v1/motion-events`.
///
/// # Errors
/// Returns an error if nothing was stored.
pub async fn receive(
    State(app): State<AppState>,
    principal: Principal,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, ApiError> {
    let declared = declared_format(request.headers());
    // A body without a type is taken for JSON.
    let parse = |body: &[u8]| Ok((ENDPOINT, body::parse(declared.known().unwrap_or(Format::Json), body)?));
    handle(&app, &principal, query, request, (declared != DeclaredFormat::Unsupported, body::MAX_BYTES), parse).await
}

/// Handles `POST /api/v1/hooks/{secret}`.
///
/// # Errors
/// Returns an error if nothing was stored.
pub async fn receive_hook(
    State(app): State<AppState>,
    principal: Principal,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, ApiError> {
    let declared = declared_format(request.headers());
    // A sender without headers may not be able to name the type either.
    let parse = |body: &[u8]| hooks::parse(declared.known().unwrap_or_else(|| hooks::guess(body)), body);
    handle(&app, &principal, query, request, (true, hooks::MAX_BYTES), parse).await
}

/// Stores the events of a request. `is_supported` is whether the type of its body is.
async fn handle(
    app: &AppState,
    principal: &Principal,
    query: Option<String>,
    request: Request,
    (is_supported, max_bytes): (bool, usize),
    parse: impl Fn(&[u8]) -> Result<(&'static str, Vec<Item>), BodyError>,
) -> Result<Response, ApiError> {
    let Credential::WriteToken { id: token, source } = &principal.credential else {
        return Err(ApiError::new(ErrorCode::Forbidden, IngestMessage::WriteTokenNeeded));
    };
    app.ingest_limit.request(*token)?;
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let Some(is_gzip) = is_gzip(request.headers()).filter(|_| is_supported) else { return Ok(unsupported()) };
    if declared_length(request.headers()).is_some_and(|length| length > max_bytes as u64) {
        return Ok(too_large(max_bytes));
    }
    let body = match Bytes::from_request(request, app).await {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => return Ok(too_large(max_bytes)),
        Err(rejection) => return Err(unread_body(&rejection)),
    };
    let _permit = app.live.reserve().await?;
    let parsed = if is_gzip { body::gunzip(&body).and_then(|plain| parse(&plain)) } else { parse(&body) };
    let (kind, items) = match parsed {
        Ok(parsed) => parsed,
        Err(BodyError::TooLarge) => return Ok(too_large(max_bytes)),
        Err(BodyError::Invalid(message)) => return Err(ApiError::new(ErrorCode::InvalidBody, message)),
    };
    drop(body);
    let origin = Origin { kind, instance: source };
    let cameras = match principal.user.role {
        Role::Admin => WritableCameras::All,
        Role::User => WritableCameras::GrantedTo(principal.user.id),
    };
    store(app, items, origin, cameras).await
}

/// Stores the events that can be stored.
async fn store(
    app: &AppState,
    items: Vec<Item>,
    origin: Origin<'_>,
    cameras: WritableCameras,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let (mut events, mut places, mut refused, mut ids) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, Item { id, reported }) in items.into_iter().enumerate() {
        ids.push(id);
        match reported.and_then(|reported| check(reported, origin, now)) {
            Ok(event) => {
                events.push(event);
                places.push(index);
            }
            Err(rejection) => refused.push((index, rejection)),
        }
    }
    let Written { accepted, duplicate, rejected, .. } = app.live.write(events, cameras).await?;
    refused.extend(rejected.into_iter().map(|(place, rejection)| (places[place], rejection)));
    refused.sort_by_key(|(index, _)| *index);
    let codes = refused.iter().map(|(_, rejection)| Message::from(&rejection.message).code.into_owned());
    app.metrics.ingested(accepted, duplicate, codes);
    let count = refused.len();
    let rejected = refused.into_iter().take(MAX_LISTED).map(|(index, Rejection { field, message })| {
        let Message { code, text, .. } = Message::from(&message);
        RejectedEvent { index, id: ids[index].take(), field, code: code.into_owned(), detail: text }
    });
    let result = IngestResult { accepted, duplicate, rejected: rejected.collect() };
    if count == 0 {
        return Ok(Json(result).into_response());
    }
    let mut members = match serde_json::to_value(result) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.insert("rejected_count".to_owned(), count.into());
    let error = ApiError::new(ErrorCode::EventsRejected, IngestMessage::EventsRejected { rejected: count });
    Ok(with_members(error, members))
}

/// The format of a body, by its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeclaredFormat {
    /// It has no type.
    Missing,
    /// It has the type of this format.
    Known(Format),
    /// It has another type.
    Unsupported,
}

impl DeclaredFormat {
    fn known(self) -> Option<Format> {
        match self {
            Self::Known(format) => Some(format),
            Self::Missing | Self::Unsupported => None,
        }
    }
}

fn declared_format(headers: &HeaderMap) -> DeclaredFormat {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return DeclaredFormat::Missing };
    let kind = kind.to_str().ok().and_then(|kind| kind.split(';').next()).unwrap_or("?");
    match &*kind.trim().to_ascii_lowercase() {
        "" => DeclaredFormat::Missing,
        "application/json" => DeclaredFormat::Known(Format::Json),
        "application/x-ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            DeclaredFormat::Known(Format::JsonLines)
        }
        "application/x-www-form-urlencoded" => DeclaredFormat::Known(Format::Form),
        _ => DeclaredFormat::Unsupported,
    }
}

/// Returns whether the body is compressed; `None` if its encoding is not supported.
fn is_gzip(headers: &HeaderMap) -> Option<bool> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    let (first, more) = (encodings.next(), encodings.next());
    let Some(encoding) = first else { return Some(false) };
    match &*encoding.to_str().ok()?.trim().to_ascii_lowercase() {
        _ if more.is_some() => None,
        "" | "identity" => Some(false),
        "gzip" | "x-gzip" => Some(true),
        _ => None,
    }
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn unsupported() -> Response {
    let mut response = ApiError::new(ErrorCode::UnsupportedMediaType, IngestMessage::UnsupportedBody).into_response();
    response.headers_mut().insert(ACCEPT_POST, TYPES);
    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn too_large(max_bytes: usize) -> Response {
    let message = IngestMessage::BodyTooLarge { max_events: MAX_EVENTS, max_bytes };
    let members = json!({ "max_events": MAX_EVENTS, "max_bytes": max_bytes });
    let members = members.as_object().cloned().unwrap_or_default();
    with_members(ApiError::new(ErrorCode::TooLarge, message), members)
}

fn with_members(error: ApiError, members: Map<String, Value>) -> Response {
    let mut response = error.into_response();
    response.extensions_mut().insert(ProblemMembers(members));
    response
}
