//! What stands between client and server and does not do its work, and clients that do not do theirs.

use std::fmt::Write;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// A connection to the server, whose answer is read only when it is asked for.
pub struct SlowClient {
    pub stream: TcpStream,
}

impl SlowClient {
    /// Sends a request for that path.
    pub async fn ask(address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
        Self::ask_over(stream, address, path, headers).await
    }

    /// The same for a client whose own buffer is as small as can be.
    pub async fn ask_narrowly(address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = socket.connect(address.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
        Self::ask_over(stream, address, path, headers).await
    }

    async fn ask_over(mut stream: TcpStream, address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let host = address.strip_prefix("http://").unwrap();
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        Self { stream }
    }

    /// Leaves with a reset. A mere end of the stream would be that of a client that sends no more and still reads.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }

    /// The next so many bytes.
    pub async fn read(&mut self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        self.stream.read_exact(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer).into_owned()
    }

    /// Status line and headers.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// All that is left; whether the connection ended with the end of a chunked body.
    pub async fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest).await;
        let whole = rest.ends_with(b"\r\n0\r\n\r\n");
        (rest, whole)
    }
}

/// Passes on what the server answers, and cuts both connections after so many bytes of it.
pub async fn cutting_proxy(server: &str, after: usize) -> String {
    let server: SocketAddr = server.strip_prefix("http://").unwrap().parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let asking = tokio::spawn(async move {
            let mut request = vec![0; 4_096];
            while let Ok(read @ 1..) = from_client.read(&mut request).await {
                if to_server.write_all(&request[..read]).await.is_err() {
                    break;
                }
            }
        });
        let mut left = after;
        let mut buffer = vec![0; 16_384];
        while left > 0 {
            let most = left.min(buffer.len());
            let Ok(read @ 1..) = from_server.read(&mut buffer[..most]).await else { break };
            if to_client.write_all(&buffer[..read]).await.is_err() {
                break;
            }
            left -= read;
        }
        asking.abort();
    });
    address
}

/// What stands between a server and PostgreSQL, and can lose connections without a word.
pub struct Line {
    /// Where it is to be reached.
    pub port: u16,
    lost: watch::Sender<u32>,
}

impl Line {
    /// To this port of 127.0.0.1.
    pub async fn to(port: u16) -> Self {
        let lost = watch::Sender::new(0);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().port();
        tokio::spawn(pass_on(listener, port, lost.clone()));
        Self { port: here, lost }
    }

    /// From now on, nothing goes over the connections that there are, and neither end is told. New ones are passed on.
    pub fn lose_all(&self) {
        self.lost.send_modify(|lost| *lost += 1);
    }
}

async fn pass_on(listener: TcpListener, to: u16, lost: watch::Sender<u32>) {
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
