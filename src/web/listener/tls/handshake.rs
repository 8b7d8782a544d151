//! Opens a client connection: with TLS, or with plain HTTP if that is what the client speaks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::web::listener::transport::{Transport, tcp};

/// The first byte of a TLS connection: a record with a handshake. No method of HTTP begins with it.
const HANDSHAKE_RECORD: u8 = 22;

/// How connections are opened.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    /// What answers clients that speak plain HTTP.
    plain: Router,
}

impl Tls {
    /// Returns how connections are opened with this configuration.
    pub fn new(config: ServerConfig, plain: Router) -> Self {
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), plain }
    }
}

/// Opens a connection that was just accepted. Returns also what answers its requests if that is not the server.
///
/// # Errors
/// Returns an error if the client disconnects, or does not agree on TLS.
pub async fn open(
    tls: Option<&Tls>,
    stream: TcpStream,
    write_timeout: Duration,
) -> io::Result<(Transport, Option<Router>)> {
    let Some(Tls { acceptor, plain }) = tls else { return Ok((Transport::Plain(tcp(stream, write_timeout)), None)) };
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let stream = tcp(stream, write_timeout);
    if first[0] != HANDSHAKE_RECORD {
        return Ok((Transport::Plain(stream), Some(plain.clone())));
    }
    let stream = acceptor.accept(stream).await?;
    Ok((Transport::Tls(Box::new(stream)), None))
}
