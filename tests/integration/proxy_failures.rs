//! What goes wrong around a reverse proxy in front of a server below a path: the server is silent, or one of the two is killed. The
//! client notices each time, and the record is true. The proxies run with their documented configurations.

use std::process::Command;
use std::time::Duration;

use motion_export::export_params::EXPORT_PATH;
use reqwest::header::AUTHORIZATION;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::app::{TestDatabase, client_with};
use crate::binary::{Server, command, token_of_admin};
use crate::proxy::SlowClient;
use crate::reverse_proxy::{BASE, Documented, Proxy};

/// A timeout of a proxy that passes during a test.
const SHORT_TIMEOUT: &str = "2s";

/// Long enough for all that is on its way to arrive.
const SILENCE: Duration = Duration::from_secs(2);

/// The real server with a file that is longer than all buffers on its way.
struct Below {
    database: TestDatabase,
    token: String,
}

impl Below {
    async fn prepare() -> Self {
        let database = TestDatabase::with([]).await;
        database.add_many(100_000).await;
        let token = token_of_admin(database.folder.path());
        Self { database, token }
    }

    /// Starts a server. The exports of those that were killed count for half a minute.
    fn serve(&self) -> Server {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut serve = command(self.database.folder.path(), &["serve", "--listen", &address]);
        serve
            .env("MOTION_EXPORT_SERVER_PUBLIC_URL", "http://localhost/motion/")
            .env("MOTION_EXPORT_EXPORT_MAX_CONCURRENT_PER_USER", "50");
        let mut server = Server::run(serve);
        // It prints its public one.
        server.address = format!("http://{address}");
        server
    }

    /// Begins an export through a proxy. Returns the client, and the id of the export.
    async fn begin(&self, proxy: &Proxy) -> (SlowClient, String) {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", &*authorization), ("connection", "close")];
        let mut client = SlowClient::send(&proxy.address, &format!("{BASE}{EXPORT_PATH}"), &headers).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let id = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("x-export-id").then(|| value.to_owned())
        });
        client.read(100_000).await;
        (client, id.expect("the id of the export"))
    }

    async fn get(&self, server: &Server, path: &str) -> Value {
        let client = client_with(&[(AUTHORIZATION, &format!("Bearer {}", self.token))]);
        let answer = client.get(format!("{}{path}", server.address)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Returns how an export ended, once it has.
    async fn state(&self, server: &Server, id: &str) -> String {
        let ended = async {
            loop {
                let record = self.get(server, &format!("{BASE}/api/v1/exports/{id}")).await;
                let state = record["state"].as_str().unwrap().to_owned();
                if state != "running" {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), ended).await.expect("the export ends")
    }
}

fn signal(server: &Server, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &server.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

async fn is_true_after_each_failure(name: &str) {
    let documented: Vec<_> = Documented::below_a_path(name).into_iter().flatten().collect();
    if documented.is_empty() {
        return;
    }
    let below = Below::prepare().await;
    let mut server = below.serve();
    let mut killed = Vec::new();
    for documented in documented {
        // A silence that is shorter than the timeout.
        let mut proxy = documented.start(&server.address);
        let (mut client, id) = below.begin(&proxy).await;
        signal(&server, "STOP");
        let rest = tokio::spawn(async move { client.rest().await.1 });
        tokio::time::sleep(SILENCE).await;
        assert!(!rest.is_finished(), "{documented:?}: the rest is on its way while the server is silent");
        signal(&server, "CONT");
        assert!(rest.await.unwrap(), "{documented:?}: the file is complete");
        assert_eq!(below.state(&server, &id).await, "completed", "{documented:?}");

        // The proxy is killed.
        let (mut client, id) = below.begin(&proxy).await;
        proxy.kill();
        assert!(!client.rest().await.1, "{documented:?}: a file of a killed proxy looks complete");
        assert_eq!(below.state(&server, &id).await, "cancelled", "{documented:?}");

        // A silence that is longer than the timeout.
        let proxy = documented.with_timeout(SHORT_TIMEOUT).start(&server.address);
        let (mut client, id) = below.begin(&proxy).await;
        signal(&server, "STOP");
        let rest = tokio::time::timeout(Duration::from_mins(1), client.rest()).await;
        signal(&server, "CONT");
        let (_, is_complete) = rest.expect("the proxy gives up");
        assert!(!is_complete, "{documented:?}: a file of a silent server looks complete");
        assert_eq!(below.state(&server, &id).await, "cancelled", "{documented:?}");

        // The server is killed.
        let proxy = documented.start(&server.address);
        let (mut client, id) = below.begin(&proxy).await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        assert!(!client.rest().await.1, "{documented:?}: a file of a killed server looks complete");
        killed.push(id);
        server = below.serve();
    }
    drop(server);
    // As if half a minute had passed.
    let sql = "UPDATE exports SET started_at = started_at - 31000000, heartbeat_at = heartbeat_at - 31000000";
    below.database.connection.execute_unprepared(sql).await.unwrap();
    let server = below.serve();
    for id in killed {
        assert_eq!(below.state(&server, &id).await, "interrupted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_below_a_path_the_client_notices_each_failure_and_the_record_is_true() {
    is_true_after_each_failure("nginx").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_below_a_path_the_client_notices_each_failure_and_the_record_is_true() {
    is_true_after_each_failure("haproxy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_caddy_below_a_path_the_client_notices_each_failure_and_the_record_is_true() {
    is_true_after_each_failure("Caddy").await;
}
