//! The bodies of a request and of its answer, as a connection sees them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::activity::Activity;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request did not come in time.
#[derive(Debug)]
pub struct BodyTimeout;

impl std::fmt::Display for BodyTimeout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body of the request did not come in time (server.body_timeout_seconds)")
    }
}

impl std::error::Error for BodyTimeout {}

impl BodyTimeout {
    /// Whether this is why something else failed.
    pub fn caused(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<Self>)
    }
}

/// Tells the connection, when it is dropped, that nobody reads any more of a request.
struct RequestEnd(Arc<Activity>);

impl Drop for RequestEnd {
    fn drop(&mut self) {
        self.0.end_request();
    }
}

/// The body of a request, all of which has to come in time.
pub struct RequestBody<B> {
    inner: B,
    /// Dropped once the whole body was read, and with the body at the latest.
    end: Option<RequestEnd>,
    timeout: Pin<Box<Sleep>>,
}

impl<B> RequestBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// The body, which has this time from now on.
    pub fn within(timeout: Duration, inner: B, activity: Arc<Activity>) -> Body {
        let end = RequestEnd(activity);
        if inner.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self { inner, end: Some(end), timeout: Box::pin(sleep(timeout)) })
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin> HttpBody for RequestBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            if !matches!(frame, Some(Ok(_))) || self.inner.is_end_stream() {
                self.end = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        self.timeout.as_mut().poll(cx).map(|()| Some(Err(BodyTimeout.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Tells the connection, when it is dropped, that hyper has all of an answer.
pub struct AnswerEnd(pub Arc<Activity>);

impl Drop for AnswerEnd {
    fn drop(&mut self) {
        self.0.end_answer();
    }
}

/// The body of an answer.
pub struct AnswerBody {
    /// What is sent.
    pub inner: Body,
    /// Dropped with the body.
    pub _end: AnswerEnd,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
