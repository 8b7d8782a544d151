//! The response body of an export: chunks until the end, and an error if the sender is dropped before it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::http::HeaderMap;
use bytes::Bytes;
use http_body::Frame;
use tokio::sync::{mpsc, watch};

use crate::web::listener::connection::ConnectionInfo;

/// The number of chunks that may wait for a slow client. Each is a page, so this bounds the memory of an export.
const CHUNKS_WAITING: usize = 1;

/// A message from the sender to the body.
#[derive(Debug)]
enum Message {
    /// Bytes of the file.
    Chunk(Bytes),
    /// The file is complete. Trailers follow if the client accepts them.
    End(Option<HeaderMap>),
}

/// Creates a body and its sender. `peer`: the connection of the client, if it is known.
pub fn channel(peer: Option<ConnectionInfo>) -> (BodySender, ExportBody) {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    let (end_taken, chunks_taken) = (Arc::new(AtomicBool::new(false)), watch::Sender::new(0));
    let body_sender = BodySender {
        sender,
        chunks_sent: 0,
        chunks_taken: chunks_taken.subscribe(),
        end_taken: Arc::clone(&end_taken),
        peer: peer.clone(),
    };
    (body_sender, ExportBody { receiver: Some(receiver), trailers: None, chunks_taken, end_taken, peer })
}

/// Sends the file into the body. Dropping it without [`BodySender::end`] aborts the connection.
#[derive(Debug)]
pub struct BodySender {
    sender: mpsc::Sender<Message>,
    chunks_sent: u64,
    /// The number of chunks that hyper has taken and the peer has counted.
    chunks_taken: watch::Receiver<u64>,
    /// Whether hyper has taken the end.
    end_taken: Arc<AtomicBool>,
    peer: Option<ConnectionInfo>,
}

/// The error for a body that is no longer read: the client has disconnected.
#[derive(Debug, PartialEq, Eq)]
pub struct ReceiverDropped;

impl BodySender {
    /// Sends bytes of the file, once there is room for them.
    ///
    /// # Errors
    /// Returns an error if the client has disconnected.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), ReceiverDropped> {
        self.chunks_sent += 1;
        self.sender.send(Message::Chunk(chunk)).await.map_err(|_| ReceiverDropped)
    }

    /// Waits until the kernel has taken all chunks. Those that wait in hyper are lost with the connection.
    ///
    /// # Errors
    /// Returns an error if the client has disconnected.
    pub async fn flushed(&self) -> Result<(), ReceiverDropped> {
        // Free capacity of the channel is not enough: it comes before the chunk is counted, and the connection waits only for
        // counted chunks.
        self.chunks_taken.clone().wait_for(|taken| *taken == self.chunks_sent).await.map_err(|_| ReceiverDropped)?;
        self.connection_flushed().await?;
        if self.sender.is_closed() { Err(ReceiverDropped) } else { Ok(()) }
    }

    async fn connection_flushed(&self) -> Result<(), ReceiverDropped> {
        match &self.peer {
            Some(peer) if !peer.flushed().await => Err(ReceiverDropped),
            _ => Ok(()),
        }
    }

    /// Waits until the client has disconnected.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Ends the body, and waits until the kernel has taken the end.
    ///
    /// # Errors
    /// Returns an error if the client has disconnected before that.
    pub async fn end(self, trailers: Option<HeaderMap>) -> Result<(), ReceiverDropped> {
        self.sender.send(Message::End(trailers)).await.map_err(|_| ReceiverDropped)?;
        // The body drops its receiver when it takes the end, or with the connection.
        self.sender.closed().await;
        if self.end_taken.load(Ordering::Acquire) { self.connection_flushed().await } else { Err(ReceiverDropped) }
    }
}

/// The body that hyper sends.
#[derive(Debug)]
pub struct ExportBody {
    /// `None` after the end.
    receiver: Option<mpsc::Receiver<Message>>,
    trailers: Option<HeaderMap>,
    /// The number of chunks that hyper has taken, after the peer has counted them.
    chunks_taken: watch::Sender<u64>,
    end_taken: Arc<AtomicBool>,
    peer: Option<ConnectionInfo>,
}

impl ExportBody {
    /// Counts a frame at the connection.
    fn frame_taken(&self) {
        if let Some(peer) = &self.peer {
            peer.frame_handed_over();
        }
    }
}

impl http_body::Body for ExportBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(receiver) = &mut self.receiver {
            match std::task::ready!(receiver.poll_recv(cx)) {
                Some(Message::Chunk(chunk)) => {
                    self.frame_taken();
                    self.chunks_taken.send_modify(|taken| *taken += 1);
                    return Poll::Ready(Some(Ok(Frame::data(chunk))));
                }
                Some(Message::End(trailers)) => {
                    self.frame_taken();
                    self.end_taken.store(true, Ordering::Release);
                    self.trailers = trailers;
                    self.receiver = None;
                }
                None => {
                    self.receiver = None;
                    return Poll::Ready(Some(Err(BodyError)));
                }
            }
        }
        Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }
}

/// The error that aborts the connection. The reason is in the record and in the log.
#[derive(Debug)]
pub struct BodyError;

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the export was aborted before its end")
    }
}

impl std::error::Error for BodyError {}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Wake, Waker};

    use http_body::Body;

    use super::*;

    /// Returns what the body yields next.
    async fn next(body: &mut ExportBody) -> &'static str {
        match std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => "end",
            Some(Err(BodyError)) => "error",
            Some(Ok(frame)) if frame.is_trailers() => "trailers",
            Some(Ok(_)) => "bytes",
        }
    }

    #[tokio::test]
    async fn a_body_ends_when_its_sender_ends_it_and_the_sender_learns_that_it_was_taken() {
        let (mut body_sender, mut body) = channel(None);
        body_sender.send(Bytes::from_static(b"a")).await.expect("room");
        let end = tokio::spawn(body_sender.end(Some(HeaderMap::new())));
        assert_eq!([next(&mut body).await, next(&mut body).await, next(&mut body).await], ["bytes", "trailers", "end"]);
        assert_eq!(end.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn a_body_whose_sender_is_dropped_fails() {
        let (mut body_sender, mut body) = channel(None);
        body_sender.send(Bytes::from_static(b"a")).await.expect("room");
        drop(body_sender);
        assert_eq!([next(&mut body).await, next(&mut body).await], ["bytes", "error"]);
    }

    #[tokio::test]
    async fn an_end_that_is_not_taken_is_an_error() {
        let (mut body_sender, body) = channel(None);
        body_sender.send(Bytes::from_static(b"a")).await.expect("room");
        let end = tokio::spawn(body_sender.end(None));
        tokio::task::yield_now().await;
        drop(body);
        assert_eq!(end.await.expect("no panic"), Err(ReceiverDropped));
    }

    #[tokio::test]
    async fn a_chunk_is_flushed_once_the_body_has_yielded_it() {
        let (mut body_sender, mut body) = channel(None);
        body_sender.send(Bytes::from_static(b"a")).await.expect("room");
        let flushed = body_sender.flushed();
        tokio::pin!(flushed);
        let mut is_flushed =
            async || tokio::time::timeout(std::time::Duration::from_millis(5), flushed.as_mut()).await.is_ok();
        assert!(!is_flushed().await);
        assert_eq!(next(&mut body).await, "bytes");
        assert!(is_flushed().await);
    }

    type Flushed = Result<BodySender, ReceiverDropped>;

    /// A future that is polled as soon as it is woken, as if another thread awaited it.
    struct PolledWhenWoken {
        future: Mutex<Pin<Box<dyn Future<Output = Flushed> + Send>>>,
        output: Mutex<Option<Flushed>>,
    }

    impl PolledWhenWoken {
        fn new(future: impl Future<Output = Flushed> + Send + 'static) -> Arc<Self> {
            let polled = Arc::new(Self { future: Mutex::new(Box::pin(future)), output: Mutex::default() });
            Arc::clone(&polled).wake();
            polled
        }

        fn output(&self) -> Option<Flushed> {
            self.output.lock().unwrap().take()
        }
    }

    impl Wake for PolledWhenWoken {
        fn wake(self: Arc<Self>) {
            let waker = Waker::from(Arc::clone(&self));
            let polled = self.future.lock().unwrap().as_mut().poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(output) = polled {
                *self.output.lock().unwrap() = Some(output);
            }
        }
    }

    #[tokio::test]
    async fn a_chunk_that_hyper_has_just_taken_is_not_flushed_yet() {
        let (peer, frames_flushed) = ConnectionInfo::for_test();
        let (mut body_sender, mut body) = channel(Some(peer));
        for frames in 1..=3 {
            body_sender.send(Bytes::from_static(b"a")).await.expect("room");
            let flushed = PolledWhenWoken::new(async move { body_sender.flushed().await.map(|()| body_sender) });
            assert!(flushed.output().is_none());
            assert_eq!(next(&mut body).await, "bytes");
            assert!(flushed.output().is_none(), "hyper has it, and the kernel does not yet");
            frames_flushed.send_replace(frames);
            body_sender = flushed.output().expect("the kernel has it").expect("the client is connected");
        }
        drop(body);
        assert_eq!(body_sender.flushed().await, Err(ReceiverDropped), "the client has disconnected");
    }
}
