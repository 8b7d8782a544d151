//! The log: one line for each request, with an id that the answer carries as well.

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::Context;
use axum::extract::Request;
use axum::http::{Extensions, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span, info, info_span};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use super::settings::LogFormat;

/// The header that tells a request's id.
const HEADER: &str = "x-request-id";

/// Sends the log to standard error, so that standard output is free for a CSV.
///
/// # Errors
/// Where the filter cannot be parsed.
pub fn init(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .with_context(|| format!("server.log is “{filter}”; use a level such as info, or module=level,…"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        // The request's id and user once, and not once more in a list of one.
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    Ok(())
}

/// The id of a request, made here and never taken from the client.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// The id of a request that has passed [`trace`], out of its extensions.
    pub fn of(extensions: &Extensions) -> Option<String> {
        extensions.get::<Self>().map(|id| id.0.clone())
    }
}

/// The span of a request, which all its log lines are in.
#[derive(Clone, Debug)]
struct RequestSpan(Span);

/// Has the log lines of a request tell whose it is.
pub fn record_user(extensions: &Extensions, user: Uuid) {
    if let Some(RequestSpan(span)) = extensions.get() {
        span.record("user", tracing::field::display(user));
    }
}

/// Middleware: gives the request an id and logs it with its outcome.
pub async fn trace(mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().simple().to_string();
    // Not `user.id`, which axum-login records in whatever span it finds, for sessions only and once more.
    let span = info_span!("request", id, user = tracing::field::Empty);
    let began = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(RequestSpan(span.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    let status = response.status().as_u16();
    // Until the first byte; an export logs its own end.
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| info!(%method, path, status, milliseconds, "request"));
    response
}
