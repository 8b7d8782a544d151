//! The connection of a client, and what handlers can know of it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::web::listener::activity::Activity;
use crate::web::listener::transport::Transport;

/// How often a half-closed connection is checked for a reset.
const HALF_CLOSED_POLL: Duration = Duration::from_millis(250);

/// The connection of a client.
#[derive(Debug)]
pub struct ClientIo {
    stream: Transport,
    activity: Arc<Activity>,
    /// When the pending read times out or is repeated.
    timer: Pin<Box<Sleep>>,
    /// Whether the client has closed its sending side.
    half_closed: bool,
    /// Whether the kernel's send buffer is full.
    write_blocked: bool,
    /// When something was last sent, or when the client closed its sending side.
    last_progress: Instant,
    stalled: Arc<AtomicBool>,
    /// How many body frames were handed to hyper.
    handed_over: Arc<AtomicU64>,
    /// How many of them the kernel has taken. hyper flushes a connection once its own buffers are empty.
    flushed: watch::Sender<u64>,
}

impl ClientIo {
    /// Wraps a connection that was just opened.
    pub fn new(stream: Transport, activity: Arc<Activity>) -> Self {
        let now = Instant::now();
        Self {
            stream,
            activity,
            timer: Box::pin(sleep_until(now)),
            half_closed: false,
            write_blocked: false,
            last_progress: now,
            stalled: Arc::default(),
            handed_over: Arc::default(),
            flushed: watch::Sender::new(0),
        }
    }

    /// Returns the view of handlers on the connection.
    pub fn info(&self, address: SocketAddr) -> ConnectionInfo {
        ConnectionInfo {
            address,
            stalled: Arc::clone(&self.stalled),
            handed_over: Arc::clone(&self.handed_over),
            flushed: self.flushed.subscribe(),
        }
    }

    fn set_write_blocked(&mut self, is_blocked: bool) {
        if is_blocked || self.write_blocked {
            self.activity.set_write_blocked(is_blocked);
        }
        self.write_blocked = is_blocked;
    }

    fn record_write<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.set_write_blocked(polled.is_pending());
        match &polled {
            Poll::Ready(Ok(_)) => self.last_progress = Instant::now(),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                self.stalled.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
        polled
    }

    /// Is ready at the deadline.
    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        self.timer.as_mut().poll(cx)
    }

    /// Reads after the client has closed its sending side. Such a client still gets its response, but whether it is still
    /// connected shows only once something is sent to it. So the end of the input is withheld from hyper while the response
    /// makes progress. A response that sends nothing for too long counts as abandoned.
    fn poll_half_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let Some(timeout) = self.activity.half_closed_timeout() else { return Poll::Ready(Ok(())) };
            if let Some(error) = SockRef::from(self.stream.socket()).take_error()? {
                return Poll::Ready(Err(error));
            }
            let now = Instant::now();
            if !self.write_blocked && now >= self.last_progress + timeout {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_until(cx, now + HALF_CLOSED_POLL));
        }
    }
}

impl AsyncRead for ClientIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.half_closed {
            return self.poll_half_closed(cx);
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() == before && buffer.remaining() > 0 => {
                self.half_closed = true;
                self.last_progress = Instant::now();
                self.poll_half_closed(cx)
            }
            Poll::Ready(Ok(())) => {
                self.activity.received();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let Some(deadline) = self.activity.read_deadline() else { return Poll::Pending };
                ready!(self.poll_until(cx, deadline));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for ClientIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.record_write(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.record_write(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper has no more to write when it flushes. So what was handed over until now is with the kernel afterwards.
        let handed_over = self.handed_over.load(Ordering::Acquire);
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        // A flush that had nothing to send is no progress.
        if self.write_blocked || !matches!(polled, Poll::Ready(Ok(()))) {
            ready!(self.record_write(polled))?;
        }
        self.flushed.send_if_modified(|flushed| std::mem::replace(flushed, handed_over) != handed_over);
        if self.activity.flushed() {
            // The next read has another deadline, or returns the end that was withheld from hyper.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The view of handlers on a connection.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// The address of the peer.
    pub address: SocketAddr,
    stalled: Arc<AtomicBool>,
    handed_over: Arc<AtomicU64>,
    flushed: watch::Receiver<u64>,
}

impl ConnectionInfo {
    /// Records that a body frame was handed to hyper.
    pub fn frame_handed_over(&self) {
        self.handed_over.fetch_add(1, Ordering::Release);
    }

    /// Waits until the kernel has taken all frames that were handed to hyper so far. Returns false if the connection ends
    /// before that.
    pub async fn flushed(&self) -> bool {
        let handed_over = self.handed_over.load(Ordering::Acquire);
        self.flushed.clone().wait_for(|flushed| *flushed >= handed_over).await.is_ok()
    }

    /// Whether the connection was closed because its client did not read.
    pub fn has_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl ConnectionInfo {
    /// Returns the view of a connection without frames, and the number of frames that the kernel has taken.
    pub fn for_test() -> (Self, watch::Sender<u64>) {
        let flushed = watch::Sender::new(0);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        (Self { address, stalled: Arc::default(), handed_over: Arc::default(), flushed: flushed.subscribe() }, flushed)
    }
}
