//! Connections of clients. One that takes nothing of its answer for too long is cut: it would otherwise keep what is made
//! for it, and everything behind that, for as long as it likes.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tracing::warn;

/// How much may wait to be sent in the kernel, in bytes, besides what is on its way. More would be memory for slow
/// clients, and files that count as sent while they are still here.
const UNSENT_BYTES: u32 = 128 * 1_024;

/// Listens for clients.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    timeout: Duration,
}

impl Listener {
    /// Cuts who takes nothing for so long.
    pub fn new(tcp: TcpListener, timeout: Duration) -> Self {
        Self { tcp, timeout }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // axum's own, which goes on after what goes wrong.
        let (stream, address) = axum::serve::Listener::accept(&mut self.tcp).await;
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
            warn!(%error, "cannot bound what waits to be sent");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.timeout));
        let (given, flushed) = (Arc::default(), watch::Sender::new(0));
        (Connection { stream: Box::pin(stream), stalled: Arc::default(), given, flushed }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// The connection of a client.
#[derive(Debug)]
pub struct Connection {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    stalled: Arc<AtomicBool>,
    /// How many pieces of bodies hyper was given to send here.
    given: Arc<AtomicU64>,
    /// How many of them the kernel has taken. hyper flushes a connection once its own buffers are empty.
    flushed: watch::Sender<u64>,
}

impl Connection {
    fn noting<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(&polled, Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut) {
            self.stalled.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.stream.as_mut().poll_write(cx, bytes);
        self.noting(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.stream.as_mut().poll_write_vectored(cx, slices);
        self.noting(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let given = self.given.load(Ordering::Acquire);
        self.flushed.send_if_modified(|flushed| std::mem::replace(flushed, given) != given);
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

/// The other end of a connection, as handlers know it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it is.
    pub address: SocketAddr,
    stalled: Arc<AtomicBool>,
    given: Arc<AtomicU64>,
    flushed: watch::Receiver<u64>,
}

impl Peer {
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

impl Connected<IncomingStream<'_, Listener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        let Connection { stalled, given, flushed, .. } = stream.io();
        Self {
            address: *stream.remote_addr(),
            stalled: Arc::clone(stalled),
            given: Arc::clone(given),
            flushed: flushed.subscribe(),
        }
    }
}
