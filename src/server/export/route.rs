//! `GET /api/v1/motion-events/export`: the export over HTTP.
//!
//! The first page is read before the answer begins, so that what can fail early gets a real status. After that the end
//! of the body has to be earned: [`Message::End`] is sent after the last row only, and a body that stops without it,
//! be it by an error, a panic or an aborted task, breaks the connection instead of ending it.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, Version, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::mpsc;
use tracing::{Instrument, Span, error, info, warn};

use super::run::{Export, ExportError};
use crate::error::{ApiError, ErrorCode};
use crate::export::ExportParams;
use crate::server::auth::caller::Caller;
use crate::server::auth::link::Link;
use crate::server::metrics::Metrics;
use crate::server::problem::internal;
use crate::server::state::AppState;

/// How many chunks may wait for a slow client. Each is a page; with the one being made this bounds an export's memory.
const CHUNKS_WAITING: usize = 2;

/// What the generator says to the body.
#[derive(Debug)]
enum Message {
    /// Bytes of the file.
    Chunk(Bytes),
    /// The file is whole.
    End,
}

/// Answers with the file.
///
/// # Errors
/// Where nobody whom we know asks, the parameters cannot be understood or met, or the database does not give a first
/// page.
pub async fn export(
    State(state): State<AppState>,
    caller: Caller,
    method: Method,
    version: Version,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let began = Instant::now();
    if version < Version::HTTP_11 {
        return Err(ApiError::new(
            ErrorCode::HttpVersionNotSupported,
            "An export needs HTTP/1.1 or newer: in older versions a file that was cut off looks whole. In nginx, set \
             proxy_http_version 1.1.",
        ));
    }
    let query = query.as_deref().unwrap_or_default();
    // What makes a URL a link is no parameter of the export.
    let query = Link::parse(query).transpose()?.map_or(query, |link| link.query);
    let params = ExportParams::parse(query)?;
    let (database, page_rows) = (state.database.clone(), state.settings.export.page_rows);
    let mut export = Export::begin(database, caller.viewer(), params.clone(), page_rows).await.map_err(refusal)?;
    let headers = headers(&export.file_name);
    if method == Method::HEAD {
        // A stream, because a body that is known to be empty would be announced as `Content-Length: 0`.
        return Ok((headers, Body::from_stream(stream::empty::<Result<Bytes, BodyError>>())).into_response());
    }
    let first = export.next_chunk().await.map_err(refusal)?;
    info!(
        user.id = %caller.user.id,
        start_date = params.range.start().map(tracing::field::display),
        end_date = params.range.end().map(tracing::field::display),
        camera_ids = ?params.camera_ids,
        timezone = params.timezone,
        "export begins"
    );
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    let outcome = Outcome { rows: 0, body_bytes: 0, ending: "aborted", began, metrics: state.metrics.clone() };
    tokio::spawn(generate(export, first, sender, outcome).instrument(Span::current()));
    Ok((headers, Body::from_stream(body(receiver))).into_response())
}

fn headers(file_name: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // nginx would otherwise gather the file before it passes any of it on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers
}

/// What a failure before the first byte looks like to the client.
fn refusal(error: ExportError) -> ApiError {
    match error {
        ExportError::Refused(error) => error,
        ExportError::Revoked => ApiError::new(ErrorCode::Forbidden, "You may no longer see these cameras."),
        ExportError::Database(error) => crate::server::database::refusal(&error),
        ExportError::Encode(error) => internal(&error),
    }
}

/// Makes chunks as fast as the client takes them, and stops at once when it leaves.
async fn generate(mut export: Export, first: Option<Bytes>, sender: mpsc::Sender<Message>, mut outcome: Outcome) {
    let mut next = first;
    outcome.ending = loop {
        outcome.rows = export.rows;
        let Some(chunk) = next else {
            break if sender.send(Message::End).await.is_ok() { "completed" } else { "cancelled" };
        };
        outcome.body_bytes += chunk.len();
        if sender.send(Message::Chunk(chunk)).await.is_err() {
            break "cancelled";
        }
        let made = tokio::select! {
            biased;
            () = sender.closed() => break "cancelled",
            made = export.next_chunk() => made,
        };
        match made {
            Ok(made) => next = made,
            Err(reason) => {
                // The sender is dropped without an end, which breaks the connection.
                if matches!(reason, ExportError::Revoked) {
                    // What somebody wanted, and no fault.
                    warn!(%reason, "export broken off");
                } else {
                    error!(error = %reason, "export failed");
                }
                break "failed";
            }
        }
    };
}

/// What became of an export; logged and counted when it is dropped, so that a panic is as well.
struct Outcome {
    rows: u64,
    body_bytes: usize,
    ending: &'static str,
    began: Instant,
    metrics: Metrics,
}

impl Drop for Outcome {
    fn drop(&mut self) {
        let Self { rows, body_bytes, ending, .. } = self;
        self.metrics.export_ended(*rows, self.began.elapsed());
        info!(rows, body_bytes, ending, "export ended");
    }
}

/// The body: chunks until the end, and an error in place of an end that was not earned.
fn body(receiver: mpsc::Receiver<Message>) -> impl Stream<Item = Result<Bytes, BodyError>> {
    stream::unfold(Some(receiver), |receiver| async {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Message::Chunk(chunk)) => Some((Ok(chunk), Some(receiver))),
            Some(Message::End) => None,
            None => Some((Err(BodyError), None)),
        }
    })
}

/// The export broke off; why is in the log.
#[derive(Debug)]
struct BodyError;

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the export broke off before its end")
    }
}

impl std::error::Error for BodyError {}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    async fn collected(messages: Vec<Message>) -> Vec<Result<Bytes, String>> {
        let (sender, receiver) = mpsc::channel(messages.len().max(1));
        for message in messages {
            sender.send(message).await.expect("room");
        }
        drop(sender);
        body(receiver).map(|item| item.map_err(|error| error.to_string())).collect().await
    }

    #[tokio::test]
    async fn a_body_whose_generator_said_end_ends() {
        let items = collected(vec![Message::Chunk(Bytes::from_static(b"a")), Message::End]).await;
        assert_eq!(items, [Ok(Bytes::from_static(b"a"))]);
    }

    #[tokio::test]
    async fn a_body_whose_generator_vanished_breaks() {
        let items = collected(vec![Message::Chunk(Bytes::from_static(b"a"))]).await;
        assert_eq!(items.len(), 2);
        assert!(items[1].is_err());
        assert!(collected(Vec::new()).await[0].is_err());
    }
}
