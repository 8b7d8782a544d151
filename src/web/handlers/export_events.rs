//! `GET /api/v1/exports/events`: a stream of server-sent events about exports, for pages and programs that follow them.
//!
//! The stream begins with a snapshot. It ends when the server stops and when the client's session, token or role ends; a
//! client that reconnects then gets the status that says why.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sea_orm::DbErr;
use tokio::time::Instant;
use tracing::warn;

use crate::api::exports::ExportEvent;
use crate::api::language::Language;
use crate::error::ApiError;
use crate::server::accounts::credential::Credential;
use crate::server::accounts::principal::Principal;
use crate::server::export::feed::{Listener, RecordChange};
use crate::server::state::AppState;
use crate::web::{parameters, preferences};

/// After this long without an event, a comment is sent, so that proxies do not close the connection, and a client that has
/// disconnected is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The comment.
const KEEP_ALIVE_COMMENT: &str = ": keep-alive\n\n";

/// How often the access of the client is checked while nothing is sent.
const ACCESS_CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// For how long a check allows events to be sent.
const ACCESS_CHECK_VALID_FOR: Duration = Duration::from_millis(500);

/// After how many milliseconds the client reconnects.
const RECONNECT_AFTER: &str = "retry: 3000\n\n";

/// Responds with the stream.
///
/// # Errors
/// Returns an error if the request is not authenticated or has parameters, if too many streams are open, or if the database
/// is unavailable.
pub async fn follow(
    State(state): State<AppState>,
    principal: Principal,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let listener = state.feed.listen(principal.user.clone())?;
    let now = Instant::now();
    let stream =
        EventStream { state, principal, listener, language: preferences::language(&headers), checked: now, sent: now };
    let first = format!("{RECONNECT_AFTER}{}", stream.snapshot().await?);
    let events = futures_util::stream::unfold((Some(first), stream), |(first, mut stream)| async move {
        let event = match first {
            Some(first) => first,
            None => stream.next().await?,
        };
        Some((Ok::<_, std::convert::Infallible>(event), (None, stream)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Without this, nginx buffers the response.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// The stream of one client.
struct EventStream {
    state: AppState,
    principal: Principal,
    listener: Listener,
    language: Language,
    /// When the access of the client was last checked.
    checked: Instant,
    /// When something was last sent.
    sent: Instant,
}

impl EventStream {
    /// Waits for the next part of the stream. Returns `None` at its end.
    async fn next(&mut self) -> Option<String> {
        let closed = self.state.exports.closed();
        tokio::pin!(closed);
        loop {
            let check_at = self.checked + ACCESS_CHECK_INTERVAL;
            let change = tokio::select! {
                biased;
                () = &mut closed => return None,
                change = self.listener.next() => Some(change),
                () = tokio::time::sleep_until(check_at.min(self.sent + KEEP_ALIVE)) => None,
            };
            if !self.is_allowed().await {
                return None;
            }
            let event = match change {
                Some(Some(change)) => self.event("update", &[change.as_ref()]),
                Some(None) => self.snapshot().await.ok()?,
                None if self.sent.elapsed() >= KEEP_ALIVE => KEEP_ALIVE_COMMENT.to_owned(),
                None => continue,
            };
            self.sent = Instant::now();
            return Some(event);
        }
    }

    async fn snapshot(&self) -> Result<String, DbErr> {
        let changes = self.listener.snapshot().await?;
        Ok(self.event("snapshot", &changes.iter().collect::<Vec<_>>()))
    }

    /// Returns an event with these exports, in the language of the client.
    fn event(&self, name: &str, changes: &[&RecordChange]) -> String {
        let exports = changes.iter().map(|RecordChange { user_id, record }| {
            let mut export = record.clone();
            export.reason = export.reason.map(|reason| self.language.translate(reason));
            ExportEvent { mine: *user_id == Some(self.principal.user.id), export }
        });
        // A list of records can always be serialized, and JSON has no line breaks.
        let exports = serde_json::to_string(&exports.collect::<Vec<_>>()).unwrap_or_default();
        format!("event: {name}\ndata: {exports}\n\n")
    }

    /// Returns whether the client may still see the same exports.
    async fn is_allowed(&mut self) -> bool {
        if self.checked.elapsed() < ACCESS_CHECK_VALID_FOR {
            return true;
        }
        let is_allowed = self.check_access().await.unwrap_or_else(|error| {
            // The client reconnects, and gets the status of the error.
            warn!(%error, "cannot check the access to the events of exports");
            false
        });
        self.checked = Instant::now();
        is_allowed
    }

    async fn check_access(&self) -> Result<bool, DbErr> {
        let Principal { user, credential } = &self.principal;
        // An idle session ends the stream, unlike an export: an open page is not a use of the session.
        if let Credential::Session(hash) = credential
            && self.state.sessions.by_hash(hash.clone()).await?.is_none()
        {
            return Ok(false);
        }
        let access = self.principal.camera_access(&self.state.clock);
        Ok(access.current_role(&self.state.database).await? == Some(user.role))
    }
}
