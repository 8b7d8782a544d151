//! Accepts connections, not more at once than may be open, and serves requests on them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tower_service::Service;
use tracing::{debug, warn};

use super::activity::Activity;
use super::connection::ClientIo;
use super::exchange::{AnswerBody, AnswerEnd, RequestBody};
use super::limits::Limits;
use super::waiting::Waiting;
use crate::export_params::EXPORT_PATH;
use std::num::NonZeroU32;

/// How long the log says nothing more about too many connections once it has.
const QUIET: Duration = Duration::from_mins(1);

/// Accepts connections and serves requests on them until `stop` is ready. From then on no connection is accepted, and each
/// that is open ends with the answer that it is at. Returns once all have ended.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(limits.max_connections.get().try_into().unwrap_or(Semaphore::MAX_PERMITS)));
    let waiting = Arc::new(Waiting::default());
    let (stopping, _) = watch::channel(false);
    let mut full = Full { limit: limits.max_connections, said: None };
    {
        let mut listener = listener;
        let accept = async {
            loop {
                // axum's own, which goes on after what goes wrong.
                let (stream, address) = axum::serve::Listener::accept(&mut listener).await;
                let permit = room_for_one(&room, &waiting, &mut full).await;
                let client = Client { stream, address, router: router.clone(), limits, waiting: Arc::clone(&waiting) };
                tokio::spawn(client.serve(permit, stopping.subscribe()));
            }
        };
        tokio::select! {
            biased;
            () = stop => {}
            () = accept => {}
        }
    }
    stopping.send_replace(true);
    // Each connection holds a receiver.
    stopping.closed().await;
}

/// Says in the log that as many connections are open as may be.
struct Full {
    limit: NonZeroU32,
    said: Option<Instant>,
}

impl Full {
    fn say(&mut self) {
        let now = Instant::now();
        if self.said.is_none_or(|said| now >= said + QUIET) {
            self.said = Some(now);
            warn!(
                max_connections = self.limit,
                "the limit of open connections is reached (server.max_connections): for new ones, those without \
                 a complete request are closed first, then those whose clients do not read"
            );
        }
    }
}

/// Waits until one more connection may be open. One that has no whole request is closed for it, or one whose client does
/// not read; where there is neither, the new one has to wait.
async fn room_for_one(room: &Arc<Semaphore>, waiting: &Waiting, full: &mut Full) -> OwnedSemaphorePermit {
    if let Ok(permit) = Arc::clone(room).try_acquire_owned() {
        return permit;
    }
    full.say();
    let mut acquire = pin!(Arc::clone(room).acquire_owned());
    loop {
        let entered = waiting.entered.notified();
        waiting.close_one();
        tokio::select! {
            biased;
            permit = &mut acquire => return permit.expect("the semaphore is never closed"),
            () = entered => {}
        }
    }
}

/// A client that was let in.
struct Client {
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    limits: Limits,
    waiting: Arc<Waiting>,
}

impl Client {
    async fn serve(self, permit: OwnedSemaphorePermit, mut stopping: watch::Receiver<bool>) {
        let Self { stream, address, router, limits, waiting } = self;
        let activity = Arc::new(Activity::new(waiting, limits));
        let connection = ClientIo::new(stream, Arc::clone(&activity), limits.write_timeout);
        let peer = connection.peer(address);
        let service = service_fn(|mut request: Request<Incoming>| {
            let is_export = request.uri().path() == EXPORT_PATH && request.method() == Method::GET;
            activity.begin_answer(limits.half_closed_patience(request.uri().path()));
            let end = AnswerEnd(Arc::clone(&activity));
            request.extensions_mut().insert(ConnectInfo(peer.clone()));
            let request = request.map(|body| RequestBody::within(limits.body_timeout, body, Arc::clone(&activity)));
            let answer = router.clone().call(request);
            async move {
                let response: Response<_> = answer.await?;
                if is_export && response.status().is_success() {
                    end.0.begin_export();
                }
                Ok::<_, Infallible>(response.map(|inner| AnswerBody { inner, _end: end }))
            }
        });
        // Timeouts are those of `ClientIo`, which tells an idle connection from one with half a request.
        let mut http = http1::Builder::new();
        http.header_read_timeout(None);
        let mut served = pin!(http.serve_connection(TokioIo::new(connection), service));
        let mut cancelled = pin!(async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            stopping
        });
        let mut is_stopping = None;
        loop {
            tokio::select! {
                ended = &mut served => {
                    if let Err(error) = ended {
                        debug!(%error, client_address = %address, "connection ended");
                    }
                    break;
                }
                stopping = &mut cancelled, if is_stopping.is_none() => {
                    is_stopping = Some(stopping);
                    served.as_mut().graceful_shutdown();
                }
                () = activity.close.notified() => {
                    // The rest of a request may have come in meanwhile. It is answered.
                    if activity.may_close() {
                        break;
                    }
                    served.as_mut().graceful_shutdown();
                }
            }
        }
        drop(permit);
    }
}
