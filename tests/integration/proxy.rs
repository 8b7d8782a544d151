//! Faulty proxies and slow clients.

use std::fmt::Write;
use std::net::SocketAddr;

use motion_export::export_params::EXPORT_PATH;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use crate::app::{TestApp, TestDatabase};

/// A client that reads the response only on demand.
pub struct SlowClient {
    pub stream: TcpStream,
}

/// Serves a hundred thousand events, and starts an export of all of them by a client that reads only on demand.
pub async fn slow_export() -> (TestApp, SlowClient) {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let client = SlowClient::send(&app.address, EXPORT_PATH, &[("authorization", &authorization)]).await;
    (app, client)
}

impl SlowClient {
    /// Sends a request.
    pub async fn send(address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
        Self::send_over(stream, address, path, headers).await
    }

    /// Sends a request with the smallest possible receive buffer.
    pub async fn send_with_small_buffer(address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = socket.connect(address.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
        Self::send_over(stream, address, path, headers).await
    }

    async fn send_over(mut stream: TcpStream, address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let host = address.strip_prefix("http://").unwrap();
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        Self { stream }
    }

    /// Resets the connection. Without a reset, the client would only close its sending side.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }

    /// Reads this many bytes.
    pub async fn read(&mut self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        self.stream.read_exact(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer).into_owned()
    }

    /// Reads the status line and the headers.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// Reads the rest. Returns also whether it ended with the last chunk of a chunked body.
    pub async fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
        let is_complete = rest.ends_with(b"\r\n0\r\n\r\n");
        (rest, is_complete)
    }
}

/// Starts a proxy that closes both connections after `after` bytes of the response. Returns its URL.
pub async fn cutting_proxy(server: &str, after: usize) -> String {
    let server: SocketAddr = server.strip_prefix("http://").unwrap().parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let forward = tokio::spawn(async move {
            let mut request = vec![0; 4_096];
            while let Ok(read @ 1..) = from_client.read(&mut request).await {
                if to_server.write_all(&request[..read]).await.is_err() {
                    break;
                }
            }
        });
        let mut remaining = after;
        let mut buffer = vec![0; 16_384];
        while remaining > 0 {
            let max = remaining.min(buffer.len());
            let Ok(read @ 1..) = from_server.read(&mut buffer[..max]).await else { break };
            if to_client.write_all(&buffer[..read]).await.is_err() {
                break;
            }
            remaining -= read;
        }
        forward.abort();
    });
    address
}

/// A proxy between a server and PostgreSQL that can silently stop forwarding.
pub struct Line {
    /// Its port on 127.0.0.1.
    pub port: u16,
    lost: watch::Sender<u32>,
}

impl Line {
    /// Starts a proxy to this port on 127.0.0.1.
    pub async fn to(port: u16) -> Self {
        let lost = watch::Sender::new(0);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().port();
        tokio::spawn(forward(listener, port, lost.clone()));
        Self { port: here, lost }
    }

    /// Stops forwarding on the open connections without closing them. New connections are forwarded.
    pub fn lose_all(&self) {
        self.lost.send_modify(|lost| *lost += 1);
    }
}

async fn forward(listener: TcpListener, to: u16, lost: watch::Sender<u32>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let mut lost = lost.subscribe();
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)).await else { return };
            tokio::select! {
                biased;
                _ = lost.changed() => std::future::pending().await,
                _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
            }
        });
    }
}
