//! The bodies of a request and its response. They report their ends to the connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::activity::Activity;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request did not arrive in time.
#[derive(Debug)]
pub struct BodyTimeout;

impl std::fmt::Display for BodyTimeout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body of the request did not arrive in time (server.body_timeout_seconds)")
    }
}

impl std::error::Error for BodyTimeout {}

impl BodyTimeout {
    /// Whether this error is among the sources of another one.
    pub fn caused(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<Self>)
    }
}

/// What the timeout for the body of a request is for. It is an extension of the request.
#[derive(Clone, Debug, Default)]
pub struct BodyPace(Arc<AtomicBool>);

impl BodyPace {
    /// Makes the timeout that for the next chunk instead of that for the complete body. Only for clients that are known: others
    /// could keep a connection open for as long as they like.
    pub fn per_chunk(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reports on drop that the request is read or abandoned.
struct RequestEnd(Arc<Activity>);

impl Drop for RequestEnd {
    fn drop(&mut self) {
        self.0.end_request();
    }
}

/// The body of a request, with a timeout for all of it.
pub struct RequestBody<B> {
    inner: B,
    /// Dropped once the complete body was read, at the latest with the body.
    end: Option<RequestEnd>,
    timeout: Pin<Box<Sleep>>,
    limit: Duration,
    pace: BodyPace,
}

impl<B> RequestBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// Wraps a body. The timeout starts now.
    pub fn with_timeout(limit: Duration, pace: BodyPace, inner: B, activity: Arc<Activity>) -> Body {
        let end = RequestEnd(activity);
        if inner.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self { inner, end: Some(end), timeout: Box::pin(sleep(limit)), limit, pace })
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
            if self.pace.0.load(Ordering::Relaxed) {
                let next = Instant::now() + self.limit;
                self.timeout.as_mut().reset(next);
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

/// Reports on drop that hyper has the complete response.
pub struct ResponseEnd(pub Arc<Activity>);

impl Drop for ResponseEnd {
    fn drop(&mut self) {
        self.0.end_answer();
    }
}

/// The body of a response.
pub struct ResponseBody {
    /// The body that is sent.
    pub inner: Body,
    /// Dropped with the body.
    pub _end: ResponseEnd,
}

impl HttpBody for ResponseBody {
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
