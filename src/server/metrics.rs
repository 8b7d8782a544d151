//! What is counted for the operator, and the door at which it is told: to an administrator, and to whoever shows the
//! token of the settings.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt};
use prometheus::{Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};

use super::auth::caller::Caller;
use super::auth::secret;
use super::state::AppState;
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::export::EXPORT_PATH;
use crate::server::problem::internal;

/// Where the numbers are read.
pub const PATH: &str = "/metrics";

/// The counters. Each server has its own.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    rows: IntCounter,
    duration: Histogram,
    passwords: IntCounterVec,
}

impl Metrics {
    /// All at zero. The first three are the specification's.
    ///
    /// # Panics
    /// Never: the names are fixed, and each is there once.
    pub fn new() -> Self {
        let registry = Registry::new();
        let requests =
            Opts::new("motion_export_requests_total", "Requests for an export, by the status of the answer.");
        let requests = IntCounterVec::new(requests, &["status"]).expect("a name");
        let rows = IntCounter::new("motion_export_rows_total", "Events written into exports.").expect("a name");
        let duration =
            HistogramOpts::new("motion_export_duration_seconds", "From the request for an export to its end.")
                .buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0]);
        let duration = Histogram::with_opts(duration).expect("a name");
        let passwords = Opts::new("motion_export_passwords_total", "Passwords that were shown, by outcome.");
        let passwords = IntCounterVec::new(passwords, &["outcome"]).expect("a name");
        for collector in [
            Box::new(requests.clone()) as Box<dyn prometheus::core::Collector>,
            Box::new(rows.clone()),
            Box::new(duration.clone()),
            Box::new(passwords.clone()),
        ] {
            registry.register(collector).expect("a name of its own");
        }
        Self { registry, requests, rows, duration, passwords }
    }

    /// An export was asked for and answered.
    pub fn export_answered(&self, status: u16) {
        self.requests.with_label_values(&[status.to_string()]).inc();
    }

    /// An export has ended, well or not.
    pub fn export_ended(&self, rows: u64, after: Duration) {
        self.rows.inc_by(rows);
        self.duration.observe(after.as_secs_f64());
    }

    /// Somebody showed a password.
    pub fn password_checked(&self, outcome: &'static str) {
        self.passwords.with_label_values(&[outcome]).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Middleware: counts the requests for an export.
pub async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_export = request.uri().path() == EXPORT_PATH;
    let response = next.run(request).await;
    if is_export {
        state.metrics.export_answered(response.status().as_u16());
    }
    response
}

/// Middleware: answers whoever shows the token of the settings, by whatever host name, and before anybody asks the
/// database: the numbers are wanted most when it is away.
///
/// # Errors
/// Where the numbers cannot be written.
pub async fn scrape(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe && request.uri().path() == PATH && shows_token(&request, &state.settings.server.metrics_token.0) {
        return numbers(&state.metrics);
    }
    Ok(next.run(request).await)
}

/// Answers an administrator with the numbers.
///
/// # Errors
/// `forbidden` for everybody else.
pub async fn show(State(state): State<AppState>, caller: Caller) -> Result<Response, ApiError> {
    if caller.user.role != Role::Admin {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "The numbers are for administrators, and for whoever shows the token in server.metrics_token.",
        ));
    }
    numbers(&state.metrics)
}

fn numbers(metrics: &Metrics) -> Result<Response, ApiError> {
    let mut text = Vec::new();
    let encoder = TextEncoder::new();
    encoder.encode(&metrics.registry.gather(), &mut text).map_err(|error| internal(&error))?;
    Ok(([(CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response())
}

fn shows_token(request: &Request, token: &str) -> bool {
    let shown = request.headers().typed_get::<Authorization<Bearer>>();
    // Hashes are compared: how long that takes tells nothing of the token.
    let hash = |text: &str| secret::hash(text.as_bytes());
    !token.is_empty()
        && request.headers().get_all(AUTHORIZATION).iter().count() == 1
        && shown.is_some_and(|shown| hash(shown.token()) == hash(token))
}
