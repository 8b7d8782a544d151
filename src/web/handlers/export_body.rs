//! The body of an export's answer: chunks until the end, and an error in place of an end that was not earned.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::http::HeaderMap;
use bytes::Bytes;
use http_body::Frame;
use tokio::sync::{mpsc, watch};

use crate::web::listener::connection::ConnectionInfo;

/// How many chunks may wait for a slow client. Each is a page; with those that are being made this bounds an export's memory.
const CHUNKS_WAITING: usize = 1;

/// What the generator says to the body.
#[derive(Debug)]
enum Message {
    /// Bytes of the file.
    Chunk(Bytes),
    /// The file is whole; what comes after it, for those who want it.
    End(Option<HeaderMap>),
}

/// The two ends of a body.
/// `peer` is who it is sent to, where that is known.
pub fn channel(peer: Option<ConnectionInfo>) -> (BodySender, ExportBody) {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    let (end_taken, taken) = (Arc::new(AtomicBool::new(false)), watch::Sender::new(0));
    let generator = BodySender {
        sender,
        given: 0,
        taken: taken.subscribe(),
        end_taken: Arc::clone(&end_taken),
        peer: peer.clone(),
    };
    (generator, ExportBody { receiver: Some(receiver), trailers: None, taken, end_taken, peer })
}

/// The end at which the file is made. Dropping it without [`BodySender::end`] breaks the connection.
#[derive(Debug)]
pub struct BodySender {
    sender: mpsc::Sender<Message>,
    /// How many chunks were given.
    given: u64,
    /// How many of them hyper has taken, and the peer has counted.
    taken: watch::Receiver<u64>,
    end_taken: Arc<AtomicBool>,
    peer: Option<ConnectionInfo>,
}

/// Nobody reads the body any more.
#[derive(Debug, PartialEq, Eq)]
pub struct ReceiverDropped;

impl BodySender {
    /// Gives bytes of the file, and waits until there is room for them.
    ///
    /// # Errors
    /// Where nobody reads any more.
    pub async fn send(&mut self, chunk: Bytes) -> Result<(), ReceiverDropped> {
        self.given += 1;
        self.sender.send(Message::Chunk(chunk)).await.map_err(|_| ReceiverDropped)
    }

    /// Waits until the kernel has taken all that was given: what waits in hyper goes when the connection does.
    ///
    /// # Errors
    /// Where nobody reads any more.
    pub async fn flushed(&self) -> Result<(), ReceiverDropped> {
        // Not when the channel has room again: it has before the chunk is counted, and what is not counted yet is not
        // waited for at the connection.
        self.taken.clone().wait_for(|taken| *taken == self.given).await.map_err(|_| ReceiverDropped)?;
        self.connection_flushed().await?;
        if self.sender.is_closed() { Err(ReceiverDropped) } else { Ok(()) }
    }

    async fn connection_flushed(&self) -> Result<(), ReceiverDropped> {
        match &self.peer {
            Some(peer) if !peer.flushed().await => Err(ReceiverDropped),
            _ => Ok(()),
        }
    }

    /// Waits until nobody reads any more.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Says that the file is whole, and waits until that was heard.
    ///
    /// # Errors
    /// Where nobody heard it.
    pub async fn end(self, trailers: Option<HeaderMap>) -> Result<(), ReceiverDropped> {
        self.sender.send(Message::End(trailers)).await.map_err(|_| ReceiverDropped)?;
        // The body goes when it has heard it, or when nobody is there to hear it.
        self.sender.closed().await;
        if self.end_taken.load(Ordering::Acquire) { self.connection_flushed().await } else { Err(ReceiverDropped) }
    }
}

/// The end from which the file is sent.
#[derive(Debug)]
pub struct ExportBody {
    /// Gone after the end.
    receiver: Option<mpsc::Receiver<Message>>,
    trailers: Option<HeaderMap>,
    /// How many chunks hyper has taken, after the peer has counted them.
    taken: watch::Sender<u64>,
    end_taken: Arc<AtomicBool>,
    peer: Option<ConnectionInfo>,
}

impl ExportBody {
    fn given(&self) {
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
                    self.given();
                    self.taken.send_modify(|taken| *taken += 1);
                    return Poll::Ready(Some(Ok(Frame::data(chunk))));
                }
                Some(Message::End(trailers)) => {
                    self.given();
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

/// The export broke off; why is in its record and in the log.
#[derive(Debug)]
pub struct BodyError;

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the export broke off before its end")
    }
}

impl std::error::Error for BodyError {}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Wake, Waker};

    use http_body::Body;

    use super::*;

    /// What comes next: bytes, `end`, `broken` or `trailers`.
    async fn next(body: &mut ExportBody) -> &'static str {
        match std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => "end",
            Some(Err(BodyError)) => "broken",
            Some(Ok(frame)) if frame.is_trailers() => "trailers",
            Some(Ok(_)) => "bytes",
        }
    }

    #[tokio::test]
    async fn a_body_whose_generator_said_end_ends_and_the_generator_knows() {
        let (mut generator, mut body) = channel(None);
        generator.send(Bytes::from_static(b"a")).await.expect("room");
        let ending = tokio::spawn(generator.end(Some(HeaderMap::new())));
        assert_eq!([next(&mut body).await, next(&mut body).await, next(&mut body).await], ["bytes", "trailers", "end"]);
        assert_eq!(ending.await.expect("no panic"), Ok(()));
    }

    #[tokio::test]
    async fn a_body_whose_generator_vanished_breaks() {
        let (mut generator, mut body) = channel(None);
        generator.send(Bytes::from_static(b"a")).await.expect("room");
        drop(generator);
        assert_eq!([next(&mut body).await, next(&mut body).await], ["bytes", "broken"]);
    }

    #[tokio::test]
    async fn an_end_that_nobody_heard_is_none() {
        let (mut generator, body) = channel(None);
        generator.send(Bytes::from_static(b"a")).await.expect("room");
        let ending = tokio::spawn(generator.end(None));
        tokio::task::yield_now().await;
        drop(body);
        assert_eq!(ending.await.expect("no panic"), Err(ReceiverDropped));
    }

    #[tokio::test]
    async fn what_was_given_is_taken_once_the_body_has_given_it_on() {
        let (mut generator, mut body) = channel(None);
        generator.send(Bytes::from_static(b"a")).await.expect("room");
        let taken = generator.flushed();
        tokio::pin!(taken);
        let mut polled =
            async || tokio::time::timeout(std::time::Duration::from_millis(5), taken.as_mut()).await.is_ok();
        assert!(!polled().await);
        assert_eq!(next(&mut body).await, "bytes");
        assert!(polled().await);
    }

    type Outcome = Result<BodySender, ReceiverDropped>;

    /// A future that goes on the moment it is woken, as one does that another thread is waiting for.
    struct WaitedForElsewhere {
        future: Mutex<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
        outcome: Mutex<Option<Outcome>>,
    }

    impl WaitedForElsewhere {
        fn new(future: impl Future<Output = Outcome> + Send + 'static) -> Arc<Self> {
            let waited = Arc::new(Self { future: Mutex::new(Box::pin(future)), outcome: Mutex::default() });
            Arc::clone(&waited).wake();
            waited
        }

        fn outcome(&self) -> Option<Outcome> {
            self.outcome.lock().unwrap().take()
        }
    }

    impl Wake for WaitedForElsewhere {
        fn wake(self: Arc<Self>) {
            let waker = Waker::from(Arc::clone(&self));
            let polled = self.future.lock().unwrap().as_mut().poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(outcome) = polled {
                *self.outcome.lock().unwrap() = Some(outcome);
            }
        }
    }

    #[tokio::test]
    async fn a_chunk_that_hyper_was_only_just_given_is_not_taken_by_the_kernel() {
        let (peer, frames_flushed) = ConnectionInfo::for_test();
        let (mut generator, mut body) = channel(Some(peer));
        for frames in 1..=3 {
            generator.send(Bytes::from_static(b"a")).await.expect("room");
            let flushed = WaitedForElsewhere::new(async move { generator.flushed().await.map(|()| generator) });
            assert!(flushed.outcome().is_none());
            assert_eq!(next(&mut body).await, "bytes");
            assert!(flushed.outcome().is_none(), "it is with hyper, and not with the kernel yet");
            frames_flushed.send_replace(frames);
            generator = flushed.outcome().expect("it is with the kernel now").expect("nobody left");
        }
        drop(body);
        assert_eq!(generator.flushed().await, Err(ReceiverDropped), "nobody waits for the end any more");
    }
}
