//! `GET /api/v1/motion-events/export`: the export over HTTP.
//!
//! A slot is acquired, the record written, and the first page read before the response starts, so that an early failure has an
//! HTTP status. After that, the body ends normally only after the last row was sent and the record is `completed`. Any other
//! exit (an error, a panic, a cancelled task) aborts the connection. The diagram in
//! [`pipeline`](crate::server::export::pipeline) shows what feeds the body.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use chrono::SecondsFormat;
use sha2::{Digest, Sha256};
use tracing::{Instrument, Span, debug, error, info, warn};
use uuid::Uuid;

use super::export_body::{self, BodySender, ReceiverDropped};
use crate::api::exports::{EXPORT_ID_HEADER, State as RecordState};
use crate::error::{ApiError, ErrorCode};
use crate::export_params::ExportParams;
use crate::messages::http::HttpMessage;
use crate::messages::records::RecordMessage;
use crate::server::accounts::principal::{self, Principal};
use crate::server::accounts::signed_url::SignedUrl;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::error::ExportError;
use crate::server::export::pipeline::ExportStream;
use crate::server::export::pipeline::encoding::Encoding;
use crate::server::export::record_store::{Outcome, Recorded};
use crate::server::export::slots::{ExportSlot, NewExport};
use crate::server::state::AppState;
use crate::web::listener::connection::ConnectionInfo;
use crate::web::negotiation::accept_encoding;

/// The digest of the bytes that were sent, after any content encoding (RFC 9530).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The digest of the file before any content encoding, which is that of the record (draft-ietf-httpbis-unencoded-digest).
const UNENCODED_DIGEST: HeaderName = HeaderName::from_static("unencoded-digest");

/// The moment up to which the file is complete, if it is read from a replica, as RFC 3339.
const COMPLETE_TO: HeaderName = HeaderName::from_static("x-export-complete-to");

/// The moment before which events of a selected camera were deleted, as RFC 3339.
const DELETED_TO: HeaderName = HeaderName::from_static("x-export-deleted-to");

/// How long a failed export waits for its record before it aborts the connection.
const MAX_WAIT_FOR_RECORD: Duration = Duration::from_secs(1);

/// Responds with the file.
///
/// # Errors
/// Returns an error if the request is not authenticated, a parameter is invalid, no slot is free, or the database does not
/// return the first page.
pub async fn export(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let principal = principal::of(&parts.extensions)?;
    if parts.version < Version::HTTP_11 {
        return Err(ApiError::new(ErrorCode::HttpVersionNotSupported, HttpMessage::HttpVersion));
    }
    let query = parts.uri.query().unwrap_or_default();
    // The signature of a signed URL is not a parameter of the export.
    let query = SignedUrl::parse(query).transpose()?.map_or(query, |link| link.query);
    let params = ExportParams::parse(query)?;
    let wanted = accept_encoding::preferred(&parts.headers, &Encoding::ALL);
    let access = principal.camera_access(&state.clock);
    let mut export = ExportStream::begin(state.export_context(), access, params, state.clock.now(), wanted).await?;
    if parts.method == Method::HEAD {
        // A stream: for a body that is known to be empty, hyper would send `Content-Length: 0`.
        let body = Body::from_stream(futures_util::stream::empty::<Result<Bytes, export_body::BodyError>>());
        return Ok((headers(&export), body).into_response());
    }
    let reservation = state.exports.reserve(Some(principal.user.id)).await?;
    // While its record is written. Nothing is sent without one.
    export.start_reading();
    let slot = reservation.begin(new_export(&principal, &export)).await?;
    info!(
        export_id = %slot.id(),
        user_id = %principal.user.id,
        start_date = export.params.range.start().map(tracing::field::display),
        end_date = export.params.range.end().map(tracing::field::display),
        camera_id = ?export.params.camera_ids,
        timezone = export.params.timezone,
        "export started"
    );
    let first = tokio::select! {
        biased;
        outcome = slot.cancelled() => {
            let error = cancelled_error(&outcome);
            slot.end(Some(outcome), 0).await;
            return Err(error);
        }
        first = export.next_chunk() => first,
    };
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            let outcome = log_failure(&error, slot.id());
            slot.end(Some(outcome), 0).await;
            return Err(error.unlogged_api_error());
        }
    };
    slot.set_progress(export.rows, export.bytes);

    let mut headers = headers(&export);
    if let Ok(id) = HeaderValue::from_str(&slot.id().to_string()) {
        headers.insert(EXPORT_ID_HEADER, id);
    }
    let with_trailers = wants_trailers(&parts.headers);
    if with_trailers {
        headers.insert(header::TRAILER, HeaderValue::from_static("Repr-Digest, Unencoded-Digest"));
    }
    let peer = parts.extensions.get::<ConnectInfo<ConnectionInfo>>().map(|ConnectInfo(peer)| peer.clone());
    let (body_sender, body) = export_body::channel(peer.clone());
    let sent_digest = (with_trailers && export.encoding.is_some()).then(Sha256::new);
    let task = StreamTask { export, first, body_sender, sent: 0, with_trailers, sent_digest, peer };
    tokio::spawn(task.run(slot).instrument(Span::current()));
    Ok((headers, Body::new(body)).into_response())
}

/// Returns the error for an export that was cancelled before its file began.
fn cancelled_error(outcome: &Outcome) -> ApiError {
    let code = match outcome.state {
        RecordState::Cancelled => ErrorCode::ExportEnded,
        _ => ErrorCode::Unavailable,
    };
    let reason = outcome.reason.clone();
    ApiError::new(code, reason.unwrap_or_else(|| RecordMessage::ServerStopped.into()))
}

fn new_export(principal: &Principal, export: &ExportStream) -> NewExport {
    NewExport {
        user_id: Some(principal.user.id),
        user_name: Some(principal.user.name.clone()),
        via: principal.credential.as_str(),
        query: export.params.to_query(),
        complete_to: export.complete_to,
        deleted_to: export.deleted_to(),
    }
}

fn headers(export: &ExportStream) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", export.file_name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if let Some(encoding) = export.encoding {
        headers.insert(header::CONTENT_ENCODING, encoding.header_value());
    }
    let complete_to = export.complete_to.and_then(UnixMicros::to_datetime);
    let moment = complete_to.and_then(|moment| moment.to_rfc3339_opts(SecondsFormat::Micros, true).parse().ok());
    headers.insert(COMPLETE_TO, moment.unwrap_or(HeaderValue::from_static("unknown")));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Without this, nginx buffers the response.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    let deleted_to = export.deleted_to().and_then(UnixMicros::to_datetime);
    if let Some(Ok(moment)) = deleted_to.map(|moment| moment.to_rfc3339_opts(SecondsFormat::Micros, true).parse()) {
        headers.insert(DELETED_TO, moment);
    }
    headers
}

/// Returns whether the client accepts trailers (RFC 9110, 10.1.4).
fn wants_trailers(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::TE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .any(|item| item.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("trailers")))
}

/// Logs why an export failed. Returns the outcome for its record.
fn log_failure(error: &ExportError, export_id: Uuid) -> Outcome {
    match error {
        // Decisions of people, not faults.
        ExportError::Revoked(_) | ExportError::Refused(_) | ExportError::Detached | ExportError::Deleted => {
            warn!(%export_id, reason = %error, "export aborted");
        }
        ExportError::TimedOut(_) => error!(%export_id, reason = %error, "export timed out"),
        ExportError::Database(_) | ExportError::Encode(_) => error!(%export_id, reason = %error, "export failed"),
    }
    error.outcome()
}

/// Sends the file of one response.
struct StreamTask {
    export: ExportStream,
    first: Option<Bytes>,
    body_sender: BodySender,
    /// The number of bytes handed to the connection, after any content encoding.
    sent: u64,
    /// Whether the client accepts trailers.
    with_trailers: bool,
    /// The digest of the sent bytes, for the trailers, if these are not the file itself.
    sent_digest: Option<Sha256>,
    peer: Option<ConnectionInfo>,
}

impl StreamTask {
    /// Sends chunks as fast as the client receives them. Finalizes the record before the body ends.
    async fn run(mut self, mut slot: ExportSlot) {
        let cancelled = slot.cancelled();
        tokio::pin!(cancelled);
        let streamed = tokio::select! {
            biased;
            outcome = &mut cancelled => Err(outcome),
            streamed = self.stream_chunks(&slot) => streamed,
        };
        let sha256 =
            streamed.and_then(|()| self.export.sha256().ok_or_else(|| Outcome::failed(RecordMessage::FileIncomplete)));
        let sha256 = match sha256 {
            Ok(sha256) => sha256,
            Err(outcome) => return self.abort(slot, outcome).await,
        };
        if !matches!(slot.complete(sha256.clone()).await, Ok(Recorded::Yes)) {
            return self.abort(slot, Outcome::failed(RecordMessage::NotRecorded)).await;
        }
        let sent_digest = self.sent_digest.map(|digest| digest.finalize().to_vec());
        let trailers = self.with_trailers.then(|| trailers(sent_digest.as_ref().unwrap_or(&sha256), &sha256));
        let failure = tokio::select! {
            ended = self.body_sender.end(trailers) => {
                ended.err().map(|ReceiverDropped| disconnect_outcome(self.peer.as_ref(), slot.id()))
            }
            outcome = &mut cancelled => Some(outcome),
        };
        slot.end(failure, self.sent).await;
    }

    /// Records the outcome, then aborts the connection by dropping the sender. In this order, a client that looks up the record
    /// finds the reason. The connection does not wait long for the record.
    async fn abort(self, slot: ExportSlot, outcome: Outcome) {
        let end = slot.end(Some(outcome), self.sent);
        tokio::pin!(end);
        if tokio::time::timeout(MAX_WAIT_FOR_RECORD, &mut end).await.is_err() {
            drop(self);
            end.await;
        }
    }

    /// Sends all chunks, and waits until the kernel has taken them.
    async fn stream_chunks(&mut self, slot: &ExportSlot) -> Result<(), Outcome> {
        let mut next = self.first.take();
        while let Some(chunk) = next {
            self.sent += chunk.len() as u64;
            if let Some(digest) = &mut self.sent_digest {
                digest.update(&chunk);
            }
            self.body_sender
                .send(chunk)
                .await
                .map_err(|ReceiverDropped| disconnect_outcome(self.peer.as_ref(), slot.id()))?;
            let chunk = tokio::select! {
                biased;
                () = self.body_sender.closed() => return Err(disconnect_outcome(self.peer.as_ref(), slot.id())),
                chunk = self.export.next_chunk() => chunk,
            };
            next = chunk.map_err(|error| log_failure(&error, slot.id()))?;
            let ExportStream { rows, bytes, .. } = self.export;
            slot.set_progress(rows, bytes);
            debug!(export_id = %slot.id(), row_count = rows, bytes, "export progress");
        }
        self.body_sender.flushed().await.map_err(|ReceiverDropped| disconnect_outcome(self.peer.as_ref(), slot.id()))
    }
}

/// Returns the outcome of an export whose client has disconnected, or was cut off because it read nothing.
fn disconnect_outcome(peer: Option<&ConnectionInfo>, export_id: Uuid) -> Outcome {
    if peer.is_some_and(ConnectionInfo::has_stalled) {
        warn!(%export_id, "client read nothing for too long (server.write_timeout_seconds)");
        return Outcome::new(RecordState::TimedOut, RecordMessage::ClientTimeout);
    }
    Outcome::disconnected()
}

/// Returns the digests as structured fields (RFC 9530).
fn trailers(sent: &[u8], file: &[u8]) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for (name, digest) in [(REPR_DIGEST, sent), (UNENCODED_DIGEST, file)] {
        if let Ok(value) = HeaderValue::from_str(&format!("sha-256=:{}:", BASE64_STANDARD.encode(digest))) {
            trailers.insert(name, value);
        }
    }
    trailers
}
