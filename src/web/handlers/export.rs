//! `GET /api/v1/motion-events/export`: the export over HTTP.
//!
//! A place is taken and the record begun, and the first page read, before the answer begins, so that what can fail early
//! gets a real status. After that the end of the body has to be earned: it is said after the last row only, and after the
//! record has it; a body that stops without it, be it by an error, a panic or an aborted task, breaks the connection.

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
use crate::server::export::record_store::Outcome;
use crate::server::export::slots::{ExportSlot, NewExport};
use crate::server::state::AppState;
use crate::web::listener::connection::ConnectionInfo;
use crate::web::negotiation::accept_encoding;

/// The digest of what was sent (RFC 9530): with a content encoding, of the encoded bytes.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The digest of the file, whatever it was encoded as: what the record tells (draft-ietf-httpbis-unencoded-digest).
const UNENCODED_DIGEST: HeaderName = HeaderName::from_static("unencoded-digest");

/// Up to when the file is complete, where it is read from a replica, as RFC 3339.
const COMPLETE_TO: HeaderName = HeaderName::from_static("x-export-complete-to");

/// For how long a client whose export has failed is kept waiting until the record says why.
const RECORD_FIRST: Duration = Duration::from_secs(1);

/// Answers with the file.
///
/// # Errors
/// Where nobody whom we know asks, the parameters cannot be understood or met, there is no place, or the database does
/// not give a first page.
pub async fn export(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    let caller = principal::of(&parts.extensions)?;
    if parts.version < Version::HTTP_11 {
        return Err(ApiError::new(ErrorCode::HttpVersionNotSupported, HttpMessage::HttpVersion));
    }
    let query = parts.uri.query().unwrap_or_default();
    // What makes a URL a link is no parameter of the export.
    let query = SignedUrl::parse(query).transpose()?.map_or(query, |link| link.query);
    let params = ExportParams::parse(query)?;
    let wanted = accept_encoding::preferred(&parts.headers);
    let mut export = ExportStream::begin(state.source(), caller.viewer(&state.clock), params.clone(), wanted).await?;
    if parts.method == Method::HEAD {
        // A stream, because a body that is known to be empty would be announced as `Content-Length: 0`.
        let body = Body::from_stream(futures_util::stream::empty::<Result<Bytes, export_body::BodyError>>());
        return Ok((headers(&export), body).into_response());
    }
    let running = state.exports.begin(asked(&caller, &params, &export)).await?;
    info!(
        export_id = %running.id(),
        user_id = %caller.user.id,
        start_date = params.range.start().map(tracing::field::display),
        end_date = params.range.end().map(tracing::field::display),
        camera_id = ?params.camera_ids,
        timezone = params.timezone,
        "export started"
    );
    let first = match export.next_chunk().await {
        Ok(first) => first,
        Err(error) => {
            let ending = ending(&error, running.id());
            running.end(Some(ending), 0).await;
            return Err(error.unlogged_api_error());
        }
    };
    running.set_progress(export.rows, export.bytes);

    let mut headers = headers(&export);
    if let Ok(id) = HeaderValue::from_str(&running.id().to_string()) {
        headers.insert(EXPORT_ID_HEADER, id);
    }
    let with_trailers = wants_trailers(&parts.headers);
    if with_trailers {
        headers.insert(header::TRAILER, HeaderValue::from_static("Repr-Digest, Unencoded-Digest"));
    }
    let peer = parts.extensions.get::<ConnectInfo<ConnectionInfo>>().map(|ConnectInfo(peer)| peer.clone());
    let (generator, body) = export_body::channel(peer.clone());
    let sent_digest = (with_trailers && export.encoding.is_some()).then(Sha256::new);
    let job = StreamTask { export, first, generator, sent: 0, with_trailers, sent_digest, peer };
    tokio::spawn(job.run(running).instrument(Span::current()));
    Ok((headers, Body::new(body)).into_response())
}

fn asked(caller: &Principal, params: &ExportParams, export: &ExportStream) -> NewExport {
    NewExport {
        user_id: Some(caller.user.id),
        user_name: Some(caller.user.name.clone()),
        via: caller.by.as_str(),
        query: params.to_query(),
        complete_to: export.complete_to,
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
    if let Some(Ok(moment)) = complete_to.map(|moment| moment.to_rfc3339_opts(SecondsFormat::Micros, true).parse()) {
        headers.insert(COMPLETE_TO, moment);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // nginx would otherwise gather the file before it passes any of it on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers
}

/// Whether the client takes trailers (RFC 9110, 10.1.4).
fn wants_trailers(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::TE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .any(|item| item.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("trailers")))
}

/// How an export ends that cannot go on. The record says what went wrong, and the log the rest.
fn ending(error: &ExportError, export_id: Uuid) -> Outcome {
    match error {
        // What somebody wanted, and no fault.
        ExportError::Revoked(_) | ExportError::Refused(_) | ExportError::Detached => {
            warn!(%export_id, reason = %error, "export aborted");
        }
        ExportError::TimedOut(_) => error!(%export_id, reason = %error, "export timed out"),
        ExportError::Database(_) | ExportError::Encode(_) => error!(%export_id, reason = %error, "export failed"),
    }
    error.ending()
}

/// The making of a file whose answer has begun.
struct StreamTask {
    export: ExportStream,
    first: Option<Bytes>,
    generator: BodySender,
    /// How many bytes were given to be sent, after any encoding.
    sent: u64,
    /// Whether the client takes trailers.
    with_trailers: bool,
    /// The digest of what is sent, for those, where that is not the file itself.
    sent_digest: Option<Sha256>,
    peer: Option<ConnectionInfo>,
}

impl StreamTask {
    /// Makes chunks as fast as the client takes them, stops at once when it leaves, and ends the record before the file.
    async fn run(mut self, mut running: ExportSlot) {
        let cancelled = running.cancelled();
        tokio::pin!(cancelled);
        let made = tokio::select! {
            biased;
            ending = &mut cancelled => Err(ending),
            made = self.make(&running) => made,
        };
        let whole =
            made.and_then(|()| self.export.sha256().ok_or_else(|| Outcome::failed(RecordMessage::FileIncomplete)));
        let sha256 = match whole {
            Ok(sha256) => sha256,
            Err(ending) => return self.break_off(running, ending).await,
        };
        if !matches!(running.complete(sha256.clone()).await, Ok(true)) {
            return self.break_off(running, Outcome::failed(RecordMessage::NotRecorded)).await;
        }
        let sent_digest = self.sent_digest.map(|digest| digest.finalize().to_vec());
        let trailers = self.with_trailers.then(|| trailers(sent_digest.as_ref().unwrap_or(&sha256), &sha256));
        let otherwise = tokio::select! {
            heard = self.generator.end(trailers) => heard.err().map(|ReceiverDropped| disconnect_outcome(self.peer.as_ref(), running.id())),
            ending = &mut cancelled => Some(ending),
        };
        running.end(otherwise, self.sent).await;
    }

    /// Ends the record, and breaks the connection by dropping the generator: afterwards, so that whoever looks the record
    /// up finds the reason; but not much later.
    async fn break_off(self, running: ExportSlot, ending: Outcome) {
        let end = running.end(Some(ending), self.sent);
        tokio::pin!(end);
        if tokio::time::timeout(RECORD_FIRST, &mut end).await.is_err() {
            drop(self);
            end.await;
        }
    }

    async fn make(&mut self, running: &ExportSlot) -> Result<(), Outcome> {
        let mut next = self.first.take();
        while let Some(chunk) = next {
            self.sent += chunk.len() as u64;
            if let Some(digest) = &mut self.sent_digest {
                digest.update(&chunk);
            }
            self.generator
                .send(chunk)
                .await
                .map_err(|ReceiverDropped| disconnect_outcome(self.peer.as_ref(), running.id()))?;
            let made = tokio::select! {
                biased;
                () = self.generator.closed() => return Err(disconnect_outcome(self.peer.as_ref(), running.id())),
                made = self.export.next_chunk() => made,
            };
            next = made.map_err(|error| ending(&error, running.id()))?;
            let ExportStream { rows, bytes, .. } = self.export;
            running.set_progress(rows, bytes);
            debug!(export_id = %running.id(), row_count = rows, bytes, "export progress");
        }
        self.generator.flushed().await.map_err(|ReceiverDropped| disconnect_outcome(self.peer.as_ref(), running.id()))
    }
}

/// How an export ends whose client is not there any more.
fn disconnect_outcome(peer: Option<&ConnectionInfo>, export_id: Uuid) -> Outcome {
    if peer.is_some_and(ConnectionInfo::has_stalled) {
        warn!(%export_id, "client read nothing for too long (server.write_timeout_seconds)");
        return Outcome::new(RecordState::TimedOut, RecordMessage::ClientTimeout);
    }
    Outcome::disconnected()
}

/// The digests, as structured fields (RFC 9530).
fn trailers(sent: &[u8], file: &[u8]) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for (name, digest) in [(REPR_DIGEST, sent), (UNENCODED_DIGEST, file)] {
        if let Ok(value) = HeaderValue::from_str(&format!("sha-256=:{}:", BASE64_STANDARD.encode(digest))) {
            trailers.insert(name, value);
        }
    }
    trailers
}
