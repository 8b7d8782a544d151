//! The connection of a client, and what handlers know of it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_io_timeout::TimeoutStream;
use tracing::warn;

use crate::web::listener::activity::Activity;

/// How much may wait to be sent in the kernel, in bytes, besides what is on its way. More would be memory for slow
/// clients, and files that count as sent while they are still here.
const UNSENT_BYTES: u32 = 128 * 1_024;

/// How often a connection whose client sends no more is looked at: whether it was reset meanwhile.
const HALF_CLOSED_POLL: Duration = Duration::from_millis(250);

/// The connection of a client.
#[derive(Debug)]
pub struct ClientIo {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    activity: Arc<Activity>,
    /// When the read that is pending has to be given up or repeated.
    timer: Pin<Box<Sleep>>,
    /// Whether the client has closed its sending side.
    half_closed: bool,
    /// Whether the kernel takes no more of what hyper has to send.
    write_blocked: bool,
    /// When something was last sent, or the client closed its sending side.
    last_progress: Instant,
    stalled: Arc<AtomicBool>,
    /// How many pieces of bodies hyper was given to send here.
    given: Arc<AtomicU64>,
    /// How many of them the kernel has taken. hyper flushes a connection once its own buffers are empty.
    flushed: watch::Sender<u64>,
}

impl ClientIo {
    /// A connection that was just accepted. A client that takes nothing for `write_timeout` is cut.
    pub fn new(stream: TcpStream, activity: Arc<Activity>, write_timeout: Duration) -> Self {
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
            warn!(%error, "cannot limit the send buffer");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(write_timeout));
        let now = Instant::now();
        Self {
            stream: Box::pin(stream),
            activity,
            timer: Box::pin(sleep_until(now)),
            half_closed: false,
            write_blocked: false,
            last_progress: now,
            stalled: Arc::default(),
            given: Arc::default(),
            flushed: watch::Sender::new(0),
        }
    }

    /// What handlers know of the other end.
    pub fn peer(&self, address: SocketAddr) -> ConnectionInfo {
        ConnectionInfo {
            address,
            stalled: Arc::clone(&self.stalled),
            given: Arc::clone(&self.given),
            flushed: self.flushed.subscribe(),
        }
    }

    fn note_blocked(&mut self, is_blocked: bool) {
        if is_blocked || self.write_blocked {
            self.activity.note_write(is_blocked);
        }
        self.write_blocked = is_blocked;
    }

    fn note_write<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.note_blocked(polled.is_pending());
        match &polled {
            Poll::Ready(Ok(_)) => self.last_progress = Instant::now(),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                self.stalled.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
        polled
    }

    /// Ready at that moment.
    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        self.timer.as_mut().poll(cx)
    }

    /// What hyper reads after the client has closed its sending side. Such a client still gets its answer; but nobody
    /// tells whether it only sends no more or is gone, until something is sent to it. So the end is kept from hyper while
    /// the answer goes on, and one for which there was nothing to send for too long is taken to be abandoned.
    fn poll_half_closed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let Some(patience) = self.activity.half_closed_patience() else { return Poll::Ready(Ok(())) };
            if let Some(error) = SockRef::from(self.stream.get_ref()).take_error()? {
                return Poll::Ready(Err(error));
            }
            let now = Instant::now();
            if !self.write_blocked && now >= self.last_progress + patience {
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
        match self.stream.as_mut().poll_read(cx, buffer) {
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
        let polled = self.stream.as_mut().poll_write(cx, bytes);
        self.note_write(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.stream.as_mut().poll_write_vectored(cx, slices);
        self.note_write(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let given = self.given.load(Ordering::Acquire);
        self.flushed.send_if_modified(|flushed| std::mem::replace(flushed, given) != given);
        if self.activity.flushed() {
            // The next read has another deadline, or finds the end that was kept from hyper.
            cx.waker().wake_by_ref();
        }
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

/// The other end of a connection, as handlers know it.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// Where it is.
    pub address: SocketAddr,
    stalled: Arc<AtomicBool>,
    given: Arc<AtomicU64>,
    flushed: watch::Receiver<u64>,
}

impl ConnectionInfo {
    /// Notes that hyper was given a piece of a body.
    pub fn was_given(&self) {
        self.given.fetch_add(1, Ordering::Release);
    }

    /// Waits until the kernel has taken all that hyper was given so far. False where the connection ends before.
    pub async fn took_all(&self) -> bool {
        let given = self.given.load(Ordering::Acquire);
        self.flushed.clone().wait_for(|flushed| *flushed >= given).await.is_ok()
    }

    /// Whether it was cut for taking nothing.
    pub fn has_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl ConnectionInfo {
    /// A peer that was given nothing yet, and how many pieces the kernel has taken of what it is given.
    pub fn of_test() -> (Self, watch::Sender<u64>) {
        let flushed = watch::Sender::new(0);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        (Self { address, stalled: Arc::default(), given: Arc::default(), flushed: flushed.subscribe() }, flushed)
    }
}
