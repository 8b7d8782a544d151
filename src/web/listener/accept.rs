//! Accepts connections up to the limit and serves requests on them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroU32;
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
use tokio::time::{Instant, timeout};
use tower_service::Service;
use tracing::{debug, warn};

use super::activity::Activity;
use super::connection::ClientIo;
use super::exchange::{BodyPace, RequestBody, ResponseBody, ResponseEnd};
use super::limits::Limits;
use super::tls::{self, Tls};
use super::waiting::Waiting;
use crate::export_params::EXPORT_PATH;

/// The shortest time between two log lines about the limit of connections.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Accepts connections and serves requests on them until `stop` is ready. Then it accepts no more connections, and each open
/// one is closed after its current response. Returns once all are closed. `tls`: how they are opened, if not with plain HTTP.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    tls: Option<Tls>,
    stop: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.max_connections.get().try_into().unwrap_or(Semaphore::MAX_PERMITS)));
    let waiting = Arc::new(Waiting::default());
    let (stopping, _) = watch::channel(false);
    let mut limit_log = LimitLog { limit: limits.max_connections, logged: None };
    {
        let mut listener = listener;
        let accept = async {
            loop {
                // axum's listener continues after errors.
                let (stream, address) = axum::serve::Listener::accept(&mut listener).await;
                let permit = acquire_slot(&slots, &waiting, &mut limit_log).await;
                let (router, tls, waiting) = (router.clone(), tls.clone(), Arc::clone(&waiting));
                let client = Client { stream, address, router, limits, tls, waiting };
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

/// Logs that the limit of open connections is reached.
struct LimitLog {
    limit: NonZeroU32,
    logged: Option<Instant>,
}

impl LimitLog {
    fn log(&mut self) {
        let now = Instant::now();
        if self.logged.is_none_or(|logged| now >= logged + LOG_INTERVAL) {
            self.logged = Some(now);
            warn!(
                max_connections = self.limit,
                "limit of open connections reached (server.max_connections): for new ones, connections without a \
                 complete request are closed first, then those whose clients do not read"
            );
        }
    }
}

/// Waits until another connection may be open. To make room, a connection without a complete request is closed, or one whose
/// client does not read. If there is neither, the new connection waits.
async fn acquire_slot(slots: &Arc<Semaphore>, waiting: &Waiting, limit_log: &mut LimitLog) -> OwnedSemaphorePermit {
    if let Ok(permit) = Arc::clone(slots).try_acquire_owned() {
        return permit;
    }
    limit_log.log();
    let mut acquire = pin!(Arc::clone(slots).acquire_owned());
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

/// A client whose connection was accepted.
struct Client {
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    limits: Limits,
    tls: Option<Tls>,
    waiting: Arc<Waiting>,
}

impl Client {
    async fn serve(self, permit: OwnedSemaphorePermit, mut stopping: watch::Receiver<bool>) {
        let Self { stream, address, router, limits, tls, waiting } = self;
        let activity = Arc::new(Activity::new(waiting, limits));
        let opened = tokio::select! {
            biased;
            opened = timeout(limits.header_timeout, tls::open(tls.as_ref(), stream, limits.write_timeout)) => opened,
            // Without a request, a connection may always be closed.
            () = activity.close.notified() => return,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        let (stream, other) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                debug!(%error, client_address = %address, "TLS was not agreed on");
                return;
            }
            Err(_) => return,
        };
        let router = other.unwrap_or(router);
        let connection = ClientIo::new(stream, Arc::clone(&activity));
        let info = connection.info(address);
        let service = service_fn(|mut request: Request<Incoming>| {
            // With the base path of the public address before it.
            let is_export = request.uri().path().ends_with(EXPORT_PATH) && request.method() == Method::GET;
            activity.begin_answer(limits.half_closed_timeout(request.uri().path()));
            let end = ResponseEnd(Arc::clone(&activity));
            request.extensions_mut().insert(ConnectInfo(info.clone()));
            let pace = BodyPace::default();
            request.extensions_mut().insert(pace.clone());
            let request =
                request.map(|body| RequestBody::with_timeout(limits.body_timeout, pace, body, Arc::clone(&activity)));
            let answer = router.clone().call(request);
            async move {
                let response: Response<_> = answer.await?;
                if is_export && response.status().is_success() {
                    end.0.begin_export();
                }
                Ok::<_, Infallible>(response.map(|inner| ResponseBody { inner, _end: end }))
            }
        });
        // `ClientIo` has the timeouts, because it distinguishes an idle connection from one with a partial request.
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
                    // If the rest of a request has arrived meanwhile, the request is answered.
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
