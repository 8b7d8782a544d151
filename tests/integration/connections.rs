//! Connections of clients: requests that do not arrive, half-closed connections, and the maximum number of connections.

use std::process::Command;
use std::time::Duration;

use motion_export::export_params::EXPORT_PATH;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, endless, events};
use crate::binary::{Server, command, fail, in_clean_environment};
use crate::log::Log;
use crate::proxy::{SlowClient, slow_export};

/// A server with a few events and these settings.
async fn app_with(set: impl FnOnce(&mut motion_export::server::settings::Server)) -> TestApp {
    let mut database = TestDatabase::with(events(10)).await;
    set(&mut database.settings.server);
    database.serve(10).await
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Returns everything that the server sends until it closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut answer));
    let _ = read.await.expect("the server closes the connection");
    String::from_utf8(answer).unwrap()
}

/// Sends one byte after the other with short pauses, until the server closes the connection. Returns the response.
async fn drip(mut stream: TcpStream, bytes: &[u8]) -> String {
    let (mut from_server, mut to_server) = stream.split();
    let sending = async {
        for byte in bytes.iter().cycle() {
            if to_server.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_mins(1), from_server.read_to_end(&mut answer));
    tokio::select! {
        () = sending => {}
        ended = reading => drop(ended.expect("the server closes the connection")),
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_connection_without_a_complete_request_head_is_closed() {
    let app = app_with(|server| server.header_timeout_seconds = 1.try_into().unwrap()).await;
    for sent in ["", "GET", "GET / HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: "] {
        let mut stream = connect(&app).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "", "{sent}");
    }
    let mut stream = connect(&app).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ").await.unwrap();
    assert_eq!(drip(stream, b"x").await, "", "even if bytes keep arriving");
    // The same for the second request of a connection.
    let mut stream = connect(&app).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    stream.write_all(b"GET /healthz HT").await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("ok\n"), "one answer, and the end");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_408_and_the_connection_is_closed() {
    let app = app_with(|server| server.body_timeout_seconds = 1.try_into().unwrap()).await;
    let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    for body in [
        "Content-Length: 100\r\n\r\nname=ann",
        "Content-Length: 100\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nname=",
    ] {
        let mut stream = connect(&app).await;
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{body}: {answer}");
        assert!(answer.contains("\"code\":\"request_timeout\""), "{body}: {answer}");
    }
    let mut stream = connect(&app).await;
    stream.write_all(format!("{head}Content-Length: 10000\r\n\r\n").as_bytes()).await.unwrap();
    let answer = drip(stream, b"x").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "however steadily it comes: {answer}");
    // A server function reads its arguments itself.
    let cookie = {
        app.database.add_viewer("ann", &["front"]).await;
        app.cookie_of("ann").await
    };
    let head = head.replace("/login", "/api/links").replace("Host: ", &format!("Cookie: {cookie}\r\nHost: "));
    let mut stream = connect(&app).await;
    stream.write_all(format!("{head}Content-Length: 100\r\n\r\nquery=").as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

#[tokio::test]
async fn a_server_function_refuses_a_body_that_is_too_long_or_not_text() {
    let app = app_with(|_| {}).await;
    app.database.add_viewer("ann", &["front"]).await;
    let client = client_with(&[(reqwest::header::COOKIE, &app.cookie_of("ann").await)]);
    let long = vec![b'x'; 1_024 * 1_024 + 1];
    for (body, status, code) in [(long, 413, "too_large"), (b"query=\xff".to_vec(), 400, "invalid_parameter")] {
        let request = client.post(format!("{}/api/links", app.address)).body(body);
        let refused = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(refused.status(), status);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], code, "{problem}");
    }
}

#[tokio::test]
async fn requests_whose_bodies_do_not_arrive_are_closed_for_a_new_connection() {
    let app = app_with(|server| server.max_connections = 3.try_into().unwrap()).await;
    let head = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n";
    let bodies =
        ["Content-Length: 100\r\n\r\n", "Content-Length: 100\r\n\r\nname=", "Transfer-Encoding: chunked\r\n\r\n5\r\n"];
    let mut half = Vec::new();
    for body in bodies.iter().cycle().take(16) {
        let mut stream = connect(&app).await;
        stream.write_all(format!("POST /login HTTP/1.1\r\n{head}{body}").as_bytes()).await.unwrap();
        half.push(stream);
        let mut client = SlowClient::send(&app.address, "/healthz", &[("connection", "close")]).await;
        let answer = tokio::time::timeout(Duration::from_mins(1), client.rest()).await.expect("an answer");
        assert!(answer.0.ends_with(b"ok\n"));
    }
    assert_eq!(read_to_end(&mut half[0]).await, "", "it was closed");
    let newest = half.last_mut().unwrap();
    newest.write_all(format!("name=x&password={}", "y".repeat(84)).as_bytes()).await.unwrap();
    assert!(read_to_end(newest).await.starts_with("HTTP/1.1 403"), "the newest one was kept");
}

#[tokio::test]
async fn clients_that_do_not_read_their_responses_are_closed_for_a_new_connection() {
    let app = app_with(|server| server.max_connections = 3.try_into().unwrap()).await;
    let mut deaf = Vec::new();
    for _ in 0..3 {
        let mut client = SlowClient::send_with_small_buffer(&app.address, "/login", &[]).await;
        // More responses than the kernel buffers.
        let more = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(300);
        client.stream.write_all(more.as_bytes()).await.unwrap();
        deaf.push(client);
    }
    // Until then the server can send.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..3 {
        let mut client = SlowClient::send(&app.address, "/healthz", &[("connection", "close")]).await;
        let answer = tokio::time::timeout(Duration::from_mins(1), client.rest()).await.expect("an answer");
        assert!(answer.0.ends_with(b"ok\n"));
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_a_while_and_one_with_a_response_is_not() {
    let mut database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    database.settings.server.idle_timeout_seconds = 1.try_into().unwrap();
    database.settings.server.header_timeout_seconds = 1.try_into().unwrap();
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut slow = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
    slow.head().await;
    let mut idle = connect(&app).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut idle).await.ends_with("ok\n"), "one answer, and the end");
    // The download took much longer than a connection may be idle, and no request was sent on it.
    assert!(slow.rest().await.1, "the file is complete");
}

#[tokio::test]
async fn of_too_many_connections_the_one_that_is_idle_longest_is_closed() {
    let log = Log::of_this_thread();
    let app = app_with(|server| server.max_connections = 3.try_into().unwrap()).await;
    let mut half = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&app).await;
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        half.push(stream);
        // On a new connection, like a new client.
        let mut client = SlowClient::send(&app.address, "/healthz", &[("connection", "close")]).await;
        assert!(client.rest().await.0.ends_with(b"ok\n"));
    }
    assert_eq!(read_to_end(&mut half[0]).await, "", "it was closed");
    let newest = half.last_mut().unwrap();
    newest.write_all(b"Host: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(read_to_end(newest).await.starts_with("HTTP/1.1 303"), "the newest one was kept");
    assert_eq!(log.text().matches("server.max_connections").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn if_all_connections_have_responses_a_new_one_waits_and_none_is_closed() {
    let mut database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    database.settings.server.max_connections = 3.try_into().unwrap();
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let headers = [("authorization", authorization.as_str()), ("connection", "close")];
    let mut exports = Vec::new();
    for _ in 0..3 {
        let mut export = SlowClient::send(&app.address, EXPORT_PATH, &headers).await;
        assert!(export.head().await.starts_with("HTTP/1.1 200"));
        exports.push(export);
    }
    let mut new = SlowClient::send(&app.address, "/healthz", &[("connection", "close")]).await;
    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(200), new.stream.read(&mut byte)).await;
    assert!(early.is_err(), "it waits");
    for export in &mut exports {
        assert!(export.rest().await.1, "the file is complete");
    }
    assert!(new.rest().await.0.ends_with(b"ok\n"), "once a connection is free");
}

/// The program, started after this bash command.
fn after(folder: &std::path::Path, limit: &str, arguments: &[&str]) -> Command {
    let serve = command(folder, arguments);
    let mut limited = Command::new("bash");
    in_clean_environment(limited.current_dir(folder), folder);
    limited.args(["-c", &format!("{limit}; exec \"$@\""), "bash"]).arg(serve.get_program()).args(serve.get_args());
    limited
}

#[tokio::test]
async fn more_incomplete_requests_than_open_files_do_not_block_other_requests() {
    // As many as this process needs for its own ends of the connections.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let database = TestDatabase::new().await;
    let server = Server::run(after(database.folder.path(), "ulimit -n 1024", &["serve", "--listen", "127.0.0.1:0"]));
    let address = server.address.strip_prefix("http://").unwrap();
    let mut half = Vec::new();
    for _ in 0..1_100 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        half.push(stream);
    }
    for path in ["/healthz", "/readyz", "/login"] {
        let mut client = SlowClient::send(&server.address, path, &[("connection", "close")]).await;
        let answer = tokio::time::timeout(Duration::from_mins(1), client.head()).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let log = std::fs::read_to_string(database.folder.path().join("log")).unwrap();
    assert!(log.contains("server.max_connections") && !log.contains("Too many open files"), "{log}");
}

#[tokio::test]
async fn a_server_raises_its_limit_of_open_files_and_refuses_more_connections_than_fit() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let raised = Server::run(after(folder, "ulimit -Sn 256; ulimit -Hn 1024", &serve));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", raised.child.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().nth(3), Some("1024"), "{files}");
    drop(raised);
    let refused = after(folder, "ulimit -n 300", &serve).output().unwrap();
    assert!(!refused.status.success());
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("server.max_connections is 512") && error.contains("LimitNOFILE"), "{error}");
}

/// Sends a request, closes the sending side, and reads to the end.
async fn ask_and_send_no_more(app: &TestApp, request: &str) -> String {
    let mut stream = connect(app).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    read_to_end(&mut stream).await
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_gets_its_response() {
    let app = app_with(|_| {}).await;
    let ann = app.database.add_viewer("ann", &["front", "back"]).await;
    let (_, authorization) = app.client_of(&ann).await;
    let head = format!("Host: localhost\r\nAuthorization: {authorization}\r\n");
    for _ in 0..20 {
        let answer = ask_and_send_no_more(&app, &format!("GET {EXPORT_PATH} HTTP/1.1\r\n{head}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n0\r\n\r\n"), "{answer}");
        assert_eq!(app.newest_record().await["state"], "completed");
        app.wait(1);
    }
    for (path, end) in [("/healthz", "ok\n"), ("/api/v1/preview?query=", "}")] {
        let answer = ask_and_send_no_more(&app, &format!("GET {path} HTTP/1.1\r\n{head}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(end), "{path}: {answer}");
    }
    let form = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 15\r\n\r\nname=x&password";
    assert!(ask_and_send_no_more(&app, form).await.starts_with("HTTP/1.1 403"));
    // An incomplete form, and one with malformed chunks.
    let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: close\r\n\
                Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    for rest in ["Content-Length: 100\r\n\r\nname=x", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"] {
        let answer = ask_and_send_no_more(&app, &format!("{head}{rest}")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("The body of the request arrived incomplete. Send it again."), "{answer}");
    }
    // Two requests at once, and half of a third.
    let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /login HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he";
    let answer = ask_and_send_no_more(&app, two).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    // An incomplete request has no response.
    assert_eq!(ask_and_send_no_more(&app, "GET /healthz HTTP/1.1\r\nHost: local").await, "");
}

#[tokio::test]
async fn a_slow_client_that_closes_its_sending_side_gets_its_complete_file() {
    let (app, mut client) = slow_export().await;
    client.stream.shutdown().await.unwrap();
    client.head().await;
    // Longer than an export may wait to send: this one has data, and only the client is slow.
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    assert!(client.rest().await.1, "the file is complete");
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_and_leaves_ends_its_export_with_the_next_write() {
    let (app, mut client) = slow_export().await;
    client.stream.shutdown().await.unwrap();
    client.read(100_000).await;
    drop(client);
    app.idle().await;
    assert_eq!(app.newest_record().await["state"], "cancelled");
}

#[tokio::test]
async fn a_client_that_closes_its_sending_side_gets_its_response_from_a_slow_database() {
    let app = app_with(|_| {}).await;
    let ann = app.database.add_viewer("ann", &["front", "back"]).await;
    let (_, authorization) = app.client_of(&ann).await;
    let export = format!("GET {EXPORT_PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n");
    let form = format!("name=ann&password={}", PASSWORD.replace(' ', "+"));
    let login = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    // Neither the record of an export nor a session can be written in the meantime.
    let lock = app.database.lock().await;
    let unlock = async {
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        lock.rollback().await.unwrap();
    };
    let (file, page, ()) =
        tokio::join!(ask_and_send_no_more(&app, &export), ask_and_send_no_more(&app, &login), unlock);
    assert!(file.starts_with("HTTP/1.1 200") && file.ends_with("\r\n0\r\n\r\n"), "{file}");
    assert!(page.starts_with("HTTP/1.1 303"), "{page}");
    assert_eq!(app.newest_record().await["state"], "completed");
}

#[tokio::test]
async fn an_export_with_nothing_to_send_for_too_long_to_a_half_closed_client_ends() {
    let mut database = TestDatabase::with(events(10)).await;
    database.settings.export.page_timeout_seconds = 1.try_into().unwrap();
    database.settings.export.record_timeout_seconds = 1.try_into().unwrap();
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (_, authorization) = app.client_of(&ann).await;
    let request = format!("GET {EXPORT_PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n");
    let lock = app.database.lock().await;
    assert_eq!(ask_and_send_no_more(&app, &request).await, "", "before the database times out");
    lock.rollback().await.unwrap();
    app.idle().await;
    app.no_query_is_running().await;
}

#[tokio::test]
async fn a_count_with_nothing_to_send_to_a_half_closed_client_is_stopped() {
    let database = TestDatabase::with([]).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    let (_, authorization) = app.client_of(&ann).await;
    app.database.replace_events(endless()).await;
    for path in ["/api/v1/preview?query=", "/api/v1/camera-counts?query="] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n");
        assert_eq!(ask_and_send_no_more(&app, &request).await, "", "long before the database gives up: {path}");
        while app.state.reader.busy() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_request_with_an_ambiguous_host_is_refused_with_a_problem() {
    let app = app_with(|_| {}).await;
    let own = app.address.strip_prefix("http://").unwrap();
    let close = "Connection: close\r\n\r\n";
    for (request, status) in [
        (format!("GET /healthz HTTP/1.1\r\nHost: {own}\r\nHost: {own}\r\n"), 400),
        ("GET /login HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n".to_owned(), 400),
        ("GET /login HTTP/1.1\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\n".to_owned(), 400),
        ("GET /metrics HTTP/1.1\r\n".to_owned(), 400),
        ("GET /login HTTP/1.1\r\nHost:\r\n".to_owned(), 400),
        ("GET /login HTTP/1.1\r\nHost: user@localhost\r\n".to_owned(), 400),
        ("GET /login HTTP/1.1\r\nHost: localhost:99999\r\n".to_owned(), 400),
        ("GET /login HTTP/1.1\r\nHost: localhost, localhost\r\n".to_owned(), 400),
        (format!("GET http://evil.example/login HTTP/1.1\r\nHost: {own}\r\n"), 400),
        (format!("GET http://{own}/login HTTP/1.1\r\nHost: evil.example\r\n"), 400),
        (format!("GET http://{own}/login HTTP/1.1\r\n"), 400),
        ("GET http://evil.example/login HTTP/1.1\r\nHost: evil.example\r\n".to_owned(), 421),
        ("GET http://evil.example/login HTTP/1.0\r\n".to_owned(), 421),
        ("GET localhost HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 400),
        ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n".to_owned(), 405),
        ("CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost:80\r\n".to_owned(), 400),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 405),
        ("GET * HTTP/1.1\r\nHost: localhost\r\n".to_owned(), 400),
    ] {
        let mut stream = connect(&app).await;
        stream.write_all(format!("{request}{close}").as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        let got = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(got, status.to_string(), "{request}{answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{request}{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["request_id"].is_string(), "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(
            detail.contains("not a proxy"),
            request.starts_with("CONNECT") && status == 405,
            "{request}{detail}"
        );
        assert_eq!(detail.contains("OPTIONS is not"), request.starts_with("OPTIONS"), "{request}{detail}");
    }
    for request in [
        format!("GET /login HTTP/1.1\r\nHost: {own}\r\n"),
        "GET /login HTTP/1.1\r\nHost: LOCALHOST:80\r\n".to_owned(),
        format!("GET http://{own}/login HTTP/1.1\r\nHost: {own}\r\n"),
        "GET https://localhost/login HTTP/1.1\r\nHost: localhost\r\n".to_owned(),
        "GET /login HTTP/1.0\r\n".to_owned(),
    ] {
        let mut stream = connect(&app).await;
        stream.write_all(format!("{request}{close}").as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.split(' ').nth(1) == Some("200"), "{request}{answer}");
    }
}

#[tokio::test]
async fn an_address_to_listen_on_may_be_written_in_short_forms() {
    let database = TestDatabase::new().await;
    let folder = database.folder.path();
    for listen in [":0", "localhost:0", "0", "127.0.0.1:0", "[::1]:0"] {
        if listen.starts_with('[') && std::net::TcpListener::bind(listen).is_err() {
            eprintln!("skipped: there is no IPv6 here");
            continue;
        }
        for by_option in [true, false] {
            let arguments = ["serve", "--listen", listen];
            let mut serve = command(folder, &arguments[..if by_option { 3 } else { 1 }]);
            if !by_option {
                serve.env("MOTION_EXPORT_SERVER_LISTEN", listen);
            }
            let server = Server::run(serve);
            let host = if listen.starts_with('[') { "http://[::1]:" } else { "http://127.0.0.1:" };
            assert!(server.address.starts_with(host), "{listen}: {}", server.address);
            let mut client = SlowClient::send(&server.address, "/healthz", &[("connection", "close")]).await;
            assert!(client.rest().await.0.ends_with(b"ok\n"), "{listen}");
        }
    }
    for listen in ["localhost", "example.com:80", ":99999", "127.0.0.1"] {
        let error = fail(folder, &["serve", "--listen", listen]);
        assert!(error.contains("--listen") && error.contains("such as 127.0.0.1:3000"), "{error}");
        let mut serve = command(folder, &["serve"]);
        let refused = serve.env("MOTION_EXPORT_SERVER_LISTEN", listen).output().unwrap();
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success());
        assert!(error.contains("MOTION_EXPORT_SERVER_LISTEN") && error.contains("such as 127.0.0.1:3000"), "{error}");
        assert!(error.contains("server.listen"), "{error}");
    }
}
