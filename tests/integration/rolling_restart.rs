//! Two servers behind nginx are restarted one after the other while users export.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use motion_export::api::session::Role;
use motion_export::export_params::EXPORT_PATH;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::app::{TestDatabase, client_with};
use crate::backend;
use crate::binary::{Server, command};
use crate::reverse_proxy::{Proxy, block, nginx, replace};

/// nginx, configured as in docs/postgresql.md, in front of these servers.
fn proxy(program: &Path, servers: &[String]) -> Proxy {
    let documented = block(include_str!("../../docs/postgresql.md"), "nginx");
    assert_eq!(servers.len(), 2);
    let http = replace(&documented, "10.0.0.1:3000", &servers[0]);
    Proxy::nginx(program, &replace(&http, "10.0.0.2:3000", &servers[1]))
}

fn serve(folder: &Path, address: &str, grace: &str) -> Server {
    let mut serve = command(folder, &["serve", "--listen", address]);
    serve
        .env("MOTION_EXPORT_SERVER_SHUTDOWN_TIMEOUT_SECONDS", grace)
        .env("MOTION_EXPORT_EXPORT_MAX_CONCURRENT_PER_USER", "20");
    Server::run(serve)
}

fn stop(server: &mut Server) {
    assert!(Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap().success());
    server.child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_no_export_and_broken_ones_are_recorded() {
    let Some(nginx) = nginx().filter(|_| backend::is_postgres()) else {
        backend::skips("it takes PostgreSQL and nginx");
        return;
    };
    let database = TestDatabase::with([]).await;
    database.add_many(30_000).await;
    let admin = database.add_user("admin", Role::Admin).await;
    let token = database.token_of(&admin).await;
    let folder = database.folder.path();
    let whole = database.export("", 5_000).await.len();

    let mut servers = [serve(folder, "127.0.0.1:0", "20"), serve(folder, "127.0.0.1:0", "20")];
    let addresses: Vec<_> = servers.iter().map(|server| server.address.replace("http://", "")).collect();
    let proxy = proxy(&nginx, &addresses);
    let address = &proxy.address;

    let (go_on, done, broken) =
        (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let users: Vec<_> = (0..4)
        .map(|_| {
            let client = client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
            let url = format!("{address}{EXPORT_PATH}");
            let (go_on, done, broken) = (Arc::clone(&go_on), Arc::clone(&done), Arc::clone(&broken));
            tokio::spawn(async move {
                while go_on.load(Ordering::Relaxed) {
                    let answer = client.get(&url).send().await.unwrap();
                    assert_eq!(answer.status(), 200, "from any server");
                    match answer.bytes().await {
                        Ok(file) => assert_eq!(file.len(), whole, "what looks whole is whole"),
                        Err(_) => drop(broken.fetch_add(1, Ordering::Relaxed)),
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let some_more = async |count: u32| {
        let from = done.load(Ordering::Relaxed);
        while done.load(Ordering::Relaxed) < from + count {
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert!(users.iter().all(|user| !user.is_finished()), "no export was refused");
        }
    };
    some_more(8).await;
    for (server, address) in servers.iter_mut().zip(&addresses) {
        stop(server);
        some_more(8).await;
        *server = serve(folder, address, "20");
        some_more(8).await;
    }
    assert_eq!(broken.load(Ordering::Relaxed), 0, "those that ran had the time to end");

    // Without that time, they are broken and recorded.
    for (server, address) in servers.iter_mut().zip(&addresses) {
        *server = {
            stop(server);
            serve(folder, address, "0")
        };
    }
    for (server, address) in servers.iter_mut().zip(&addresses) {
        some_more(2).await;
        stop(server);
        *server = serve(folder, address, "20");
    }
    go_on.store(false, Ordering::Relaxed);
    for user in users {
        user.await.unwrap();
    }
    let client = client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
    let records = async |state: &str| {
        let url = format!("{address}/api/v1/exports?state={state}&limit=500");
        let list: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        u32::try_from(list["exports"].as_array().unwrap().len()).unwrap()
    };
    let (done, broken) = (done.load(Ordering::Relaxed), broken.load(Ordering::Relaxed));
    assert_eq!(records("running").await, 0);
    assert!(broken > 0, "of {done}, which were running all the time");
    // Some are stopped before their first byte: nginx then requests them from the other server, and the client does not
    // notice.
    assert!(records("interrupted").await >= broken, "of {done}");
    assert_eq!(records("completed").await, done - broken);
}
