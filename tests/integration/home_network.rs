//! A server that others reach without a proxy: with TLS of its own, or with plain HTTP in a private network. The clients are
//! curl, as a user would run it, and raw connections.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream as StdTcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::settings::{host, networks};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, events, newest, text_of};
use crate::backend;
use crate::binary::{Server, command, fail};
use crate::proxy::cutting_proxy;

/// Starts a server on `listen` with these settings, by their variables.
fn serve(folder: &Path, listen: &str, settings: &[(&str, &str)]) -> Server {
    let mut command = command(folder, &["serve", "--listen", listen]);
    for (setting, value) in settings {
        command.env(format!("MOTION_EXPORT_SERVER_{setting}"), value);
    }
    Server::run(command)
}

/// Starts a server with an authority of its own, and waits for the certificate of that authority.
fn with_own_authority(folder: &Path, listen: &str, settings: &[(&str, &str)]) -> Server {
    serve(folder, listen, &[&[("TLS", "self-signed")], settings].concat())
}

/// Returns the certificate of a server's own authority. `folder` is its working folder: there it is beside SQLite's database, and
/// in `data` with PostgreSQL.
fn authority_of(folder: &Path) -> PathBuf {
    folder.join(if backend::is_postgres() { "data/tls/authority.pem" } else { "tls/authority.pem" })
}

/// Runs curl without a configuration, and with the authority of the server in this folder.
fn curl(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("curl");
    command.args(["-q", "--silent", "--show-error", "--max-time", "60", "--noproxy", "*"]);
    command.arg("--cacert").arg(authority_of(folder)).args(arguments).output().unwrap()
}

/// Returns the status and the body that curl receives.
fn get(folder: &Path, url: &str, arguments: &[&str]) -> (String, String) {
    let output = curl(folder, &[&["--write-out", "\n%{http_code}", url], arguments].concat());
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

/// Returns the port of a server.
fn port_of(server: &Server) -> &str {
    server.address.rsplit_once(':').unwrap().1
}

/// Returns the addresses of this machine that are not loopback, and whether each is private.
fn addresses() -> Vec<(IpAddr, bool)> {
    let interfaces = if_addrs::get_if_addrs().unwrap();
    let addresses = interfaces.iter().map(if_addrs::Interface::ip).filter(|address| !address.is_loopback());
    let routable = addresses.filter(|address| !matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()));
    routable.map(|address| (address, networks::is_private(&IpNet::from(address)))).collect()
}

/// Returns an address as it is in a URL.
fn in_url(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// A database with some megabytes of events, a server with TLS on it, and an `Authorization` header for it.
struct Large {
    database: TestDatabase,
    server: Server,
    authorization: String,
}

impl Large {
    async fn new(count: u32) -> Self {
        let database = TestDatabase::with([]).await;
        database.add_many(count).await;
        let ann = database.add_viewer("ann", &["front"]).await;
        let authorization = format!("Authorization: Bearer {}", database.token_of(&ann).await);
        let server = with_own_authority(database.folder.path(), "127.0.0.1:0", &[]);
        Self { database, server, authorization }
    }

    fn folder(&self) -> &Path {
        self.database.folder.path()
    }

    /// Runs curl for an export at this address.
    fn export(&self, address: &str, more: &[&str]) -> Output {
        let url = format!("{address}{EXPORT_PATH}");
        curl(self.folder(), &[&["--fail", "--header", &self.authorization, &url], more].concat())
    }

    /// Returns the state of the newest record once its export has ended.
    async fn outcome(&self) -> String {
        loop {
            let record = newest(&self.database).await;
            if record.state != "running" {
                return record.state;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Connects with TLS, offering these protocols.
async fn tls_client(server: &Server, folder: &Path, protocols: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority_of(folder)).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config =
        config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(server.address.strip_prefix("https://").unwrap()).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[test]
fn curl_reaches_a_server_with_its_own_authority_by_each_of_its_names_and_addresses() {
    let home = backend::nowhere();
    let folder = home.path();
    let server = with_own_authority(folder, "[::]:0", &[("HOSTS", "Überwachung.lan, motion.lan")]);
    let port = port_of(&server);
    let mut names = vec!["localhost".to_owned(), "motion.lan".to_owned(), "xn--berwachung-8db.lan".to_owned()];
    names.extend(host::names_of_machine());
    for name in &names {
        let resolve = format!("{name}:{port}:127.0.0.1");
        let (status, page) = get(folder, &format!("https://{name}:{port}/login"), &["--resolve", &resolve]);
        assert_eq!(status, "200", "{name}");
        assert!(page.contains("href=\"/tls\""), "the sign-in says what to do about the warning");
    }
    let loopback = ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    for address in loopback.into_iter().chain(addresses().into_iter().map(|(address, _)| address)) {
        let (status, _) = get(folder, &format!("https://{}:{port}/login", in_url(address)), &[]);
        assert_eq!(status, "200", "{address}");
    }
    // Any other name could be one that a page of another site has pointed to this machine.
    let url = format!("https://evil.example:{port}/login");
    let resolve = format!("evil.example:{port}:127.0.0.1");
    let untrusted = curl(folder, &["--resolve", &resolve, &url]);
    assert_eq!(untrusted.status.code(), Some(60), "the certificate is not for this name");
    let (status, body) = get(folder, &url, &["--resolve", &resolve, "--insecure"]);
    assert_eq!(status, "421");
    assert!(body.contains("server.hosts = \\\"evil.example\\\""), "{body}");
}

#[test]
fn the_fingerprint_of_the_authority_is_printed_and_shown_with_the_certificate_and_what_to_do() {
    use base64::Engine;
    use sha2::{Digest, Sha256};

    let home = backend::nowhere();
    let folder = home.path();
    let server = with_own_authority(folder, "127.0.0.1:0", &[]);
    let printed = server.greeted("Its SHA-256 fingerprint:\n  ", ['\n', ' ']);
    assert!(server.greeting.contains(&format!("{}/tls says how", server.address)), "{}", server.greeting);
    let (status, pem) = get(folder, &format!("{}/tls/motion-export-ca.crt", server.address), &[]);
    assert_eq!(status, "200");
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let digest = Sha256::digest(base64::prelude::BASE64_STANDARD.decode(base64).unwrap());
    let digest: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(printed, digest.join(":"));
    for (language, sentence) in [("en", "Trust this server"), ("de", "Diesem Server vertrauen")] {
        let language = format!("Accept-Language: {language}");
        let (status, page) = get(folder, &format!("{}/tls", server.address), &["--header", &language]);
        assert_eq!(status, "200");
        assert!(page.contains(&printed) && page.contains(sentence) && page.contains("iPhone"), "{page}");
    }
    // The next start has the same authority, which devices have installed.
    drop(server);
    let server = with_own_authority(folder, "127.0.0.1:0", &[]);
    assert_eq!(server.greeted("Its SHA-256 fingerprint:\n  ", ['\n', ' ']), printed);
}

#[test]
fn a_browser_signs_in_over_tls_with_a_secure_cookie_and_no_rule_for_other_ports_of_the_host() {
    let home = backend::nowhere();
    let folder = home.path();
    crate::binary::run_with_input(folder, &["user", "add", "admin", "--admin", "--password-stdin"], PASSWORD);
    let server = with_own_authority(folder, "127.0.0.1:0", &[]);
    let form = format!("name=admin&password={}", PASSWORD.replace(' ', "+"));
    let origin = format!("Origin: {}", server.address);
    let arguments = ["--include", "--data", &form, "--header", &origin];
    let (status, answer) = get(folder, &format!("{}/login", server.address), &arguments);
    assert_eq!(status, "303", "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: __Host-motion-export=")).expect(&answer);
    assert!(cookie.contains("Secure") && cookie.contains("Path=/"), "{cookie}");
    assert!(!answer.contains("strict-transport-security"), "{answer}");
}

#[tokio::test]
async fn an_export_over_tls_is_complete_or_curl_notices() {
    let large = Large::new(10_000).await;
    let whole = large.export(&large.server.address, &[]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    assert_eq!(whole.stdout.split(|byte| *byte == b'\n').count(), 10_002);
    assert_eq!(large.outcome().await, "completed");
    let plain_address = large.server.address.replace("https://", "http://");
    // Cut in the handshake, in the head, in the file, and directly before its end.
    for after in [100, 3_000, 300_000, whole.stdout.len() / 2, whole.stdout.len()] {
        let proxy = cutting_proxy(&plain_address, after).await.replace("http://", "https://");
        let (folder, authorization) = (large.folder().to_owned(), large.authorization.clone());
        let cut = tokio::task::spawn_blocking(move || {
            curl(&folder, &["--fail", "--header", &authorization, &format!("{proxy}{EXPORT_PATH}")])
        });
        let cut = cut.await.unwrap();
        assert!(!cut.status.success(), "cut after {after}: {} bytes that look complete", cut.stdout.len());
    }
}

#[tokio::test]
async fn curl_notices_that_a_server_with_tls_is_killed_or_aborts_the_file() {
    let mut large = Large::new(100_000).await;
    let start = |large: &Large| {
        let url = format!("{}{EXPORT_PATH}", large.server.address);
        let mut curl = Command::new("curl");
        curl.args(["-q", "--silent", "--fail", "--limit-rate", "2M", "--noproxy", "*", "--include", "--header"]);
        curl.arg(&large.authorization).arg("--cacert").arg(authority_of(large.folder())).arg(url);
        let mut child = curl.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut head = vec![0; 100_000];
        child.stdout.as_mut().unwrap().read_exact(&mut head).unwrap();
        (child, String::from_utf8_lossy(&head).into_owned())
    };
    // The server aborts the file, because the user cancels it.
    let (child, head) = start(&large);
    let id = head.lines().find_map(|line| line.strip_prefix("x-export-id: ")).unwrap();
    let cancel = format!("{}/api/v1/exports/{id}/cancel", large.server.address);
    let (status, _) = get(large.folder(), &cancel, &["--request", "POST", "--header", &large.authorization]);
    assert!(status.starts_with('2'), "{status}");
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "{} bytes that look complete", output.stdout.len());
    assert_eq!(large.outcome().await, "cancelled");
    // The server is killed.
    let (child, _) = start(&large);
    large.server.child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success(), "{} bytes that look complete", output.stdout.len());
}

#[tokio::test]
async fn an_export_over_tls_is_not_completed_while_its_client_does_not_read() {
    let large = Large::new(100_000).await;
    let mut client = tls_client(&large.server, large.folder(), &[b"http/1.1"]).await.unwrap();
    let request = format!("GET {EXPORT_PATH} HTTP/1.1\r\nHost: localhost\r\n{}\r\n\r\n", large.authorization);
    client.write_all(request.as_bytes()).await.unwrap();
    let mut start = vec![0; 50_000];
    client.read_exact(&mut start).await.unwrap();
    drop(client);
    assert_eq!(large.outcome().await, "cancelled");
}

#[tokio::test]
async fn a_client_that_offers_only_http_2_is_refused_in_the_handshake_and_others_are_not() {
    let home = backend::nowhere();
    let server = with_own_authority(home.path(), "127.0.0.1:0", &[]);
    let error = tls_client(&server, home.path(), &[b"h2"]).await.unwrap_err().to_string();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
    for protocols in [&[b"h2".as_slice(), b"http/1.1"][..], &[]] {
        let mut client = tls_client(&server, home.path(), protocols).await.unwrap();
        client.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        // Without `close_notify`, this would be an error.
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("ok\n"), "{answer}");
    }
}

#[test]
fn a_client_with_plain_http_at_the_port_with_tls_gets_an_answer() {
    let home = backend::nowhere();
    let server = with_own_authority(home.path(), "127.0.0.1:0", &[]);
    let url = server.address.replace("https://", "http://");
    for (language, sentence) in [("en", "This port speaks only https. Use"), ("de", "Dieser Port spricht nur https.")] {
        let language = format!("Accept-Language: {language}");
        let (status, text) = get(home.path(), &format!("{url}/api/v1/cameras?a=b"), &["--header", &language]);
        assert_eq!(status, "400");
        assert!(text.contains(sentence) && text.contains(&server.address) && text.ends_with('\n'), "{text}");
    }
    // A browser, in which somebody has typed the address without https.
    let (status, answer) =
        get(home.path(), &format!("{url}/login?a=b"), &["--include", "--header", "Accept: text/html,*/*"]);
    assert_eq!(status, "307");
    assert!(answer.contains(&format!("location: {}/login?a=b\r\n", server.address)), "{answer}");
}

#[test]
fn a_handshake_that_does_not_end_is_closed_in_time_and_for_a_new_connection() {
    let home = backend::nowhere();
    let settings = [("HEADER_TIMEOUT_SECONDS", "1"), ("MAX_CONNECTIONS", "2")];
    let server = with_own_authority(home.path(), "127.0.0.1:0", &settings);
    let connect = |sent: &[u8]| {
        let mut stream = StdTcpStream::connect(server.address.strip_prefix("https://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(sent).unwrap();
        stream
    };
    // Nothing, and the beginning of a handshake.
    for sent in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = connect(sent);
        assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap_or_default(), 0, "it was closed");
    }
    let waiting: Vec<_> = (0..6).map(|_| connect(b"\x16\x03\x01\x02\x00\x01")).collect();
    let (status, _) = get(home.path(), &format!("{}/healthz", server.address), &[]);
    assert_eq!(status, "200");
    drop(waiting);
}

#[test]
fn settings_of_tls_that_cannot_work_stop_the_start_and_are_named() {
    let home = backend::nowhere();
    let start = |settings: &[(&str, &str)]| {
        let mut command = command(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
        for (setting, value) in settings {
            command.env(format!("MOTION_EXPORT_SERVER_{setting}"), value);
        }
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let missing = start(&[("TLS_CERTIFICATE", "missing.pem"), ("TLS_KEY", "key.pem")]);
    assert!(missing.contains("server.tls_certificate") && missing.contains("missing.pem"), "{missing}");
    let unknown = start(&[("TLS", "on")]);
    assert!(unknown.contains("MOTION_EXPORT_SERVER_TLS") && unknown.contains("self-signed"), "{unknown}");
    let public = start(&[("PLAIN_HTTP_NETWORKS", "192.168.0.0/16, 8.8.8.0/24")]);
    assert!(public.contains("server.plain_http_networks: 8.8.8.0/24 is not a private network"), "{public}");
    let open = fail(home.path(), &["serve", "--listen", "0.0.0.0:0"]);
    for way in ["server.tls", "server.tls_certificate", "server.public_url", "server.plain_http_networks"] {
        assert!(open.contains(way), "{way}: {open}");
    }
}

/// Serves with plain HTTP for these networks. Clients are at the address that a trusted proxy reports, or at loopback.
async fn with_plain_http(networks: &str) -> TestApp {
    let mut database = TestDatabase::with(events(10)).await;
    database.settings.server.plain_http_networks = networks.to_owned();
    "127.0.0.1".clone_into(&mut database.settings.server.trusted_proxies);
    database.add_viewer("ann", &["front"]).await;
    database.serve(10).await
}

#[tokio::test]
async fn plain_http_is_for_clients_in_the_private_network_only() {
    let app = with_plain_http("192.168.0.0/16, fd00::/8").await;
    for (client, host, status) in [
        ("192.168.1.7", "192.168.1.2:3000", 200),
        ("fd00::7", "[fd00::2]:3000", 200),
        ("::ffff:192.168.1.7", "192.168.1.2", 200),
        ("127.0.0.1", "localhost", 200),
        ("203.0.113.7", "192.168.1.2:3000", 403),
        ("10.0.0.7", "192.168.1.2:3000", 403),
        ("2001:db8::7", "[fd00::2]", 403),
        ("192.168.1.7", "10.0.0.2", 421),
        ("192.168.1.7", "rebinding.example", 421),
    ] {
        let headers = [("x-forwarded-for", client), ("host", host)];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value));
        let answer = app.get_as(&client_with(&headers), "/login").await;
        assert_eq!(answer.status(), status, "{client} to {host}");
        if status == 403 {
            let problem = text_of(answer).await;
            assert!(problem.contains("server.plain_http_networks") && problem.contains(client), "{problem}");
        }
        assert_eq!(app.get_as(&client_with(&headers), "/healthz").await.status(), 200, "health is public");
    }
}

#[tokio::test]
async fn with_plain_http_a_browser_signs_in_and_sees_no_dialog_of_its_own() {
    let app = with_plain_http("192.168.0.0/16").await;
    let headers = [("x-forwarded-for", "192.168.1.7"), ("host", "192.168.1.2:3000")];
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (name.parse().unwrap(), *value)).collect();
    // Over plain HTTP from another machine, browsers send no `Sec-Fetch-Site`.
    headers.push((reqwest::header::ORIGIN, "http://192.168.1.2:3000"));
    headers.push((reqwest::header::REFERER, "http://192.168.1.2:3000/login"));
    let browser = client_with(&headers);
    let answer = app.post(&browser, "/login", &[("name", "ann"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("motion-export=") && !cookie.contains("Secure"), "{cookie}");
    headers.push((reqwest::header::COOKIE, cookie.split(';').next().unwrap()));
    assert_eq!(app.get_as(&client_with(&headers), "/settings").await.status(), 200);
    // A request of a page without a session: for a challenge of Basic, browsers would show a dialog.
    let refused = app.get_as(&browser, "/api/v1/cameras").await;
    assert_eq!(refused.status(), 401);
    let challenges: Vec<_> = refused.headers().get_all("www-authenticate").iter().collect();
    assert!(challenges.len() == 1 && challenges[0].to_str().unwrap().starts_with("Bearer"), "{challenges:?}");
    // A form of another site.
    let foreign =
        client_with(&[(reqwest::header::ORIGIN, "http://192.168.1.3"), (reqwest::header::HOST, "192.168.1.2")]);
    assert_eq!(app.post(&foreign, "/login", &[("name", "ann")]).await.status(), 403);
}

#[test]
fn machines_of_the_private_network_reach_the_server_over_plain_http_and_others_do_not() {
    let (private, public): (Vec<_>, Vec<_>) = addresses().into_iter().partition(|(_, is_private)| *is_private);
    let Some((private, _)) = private.first() else {
        backend::skips("this machine has no private address");
        return;
    };
    let home = backend::nowhere();
    let server = serve(home.path(), "[::]:0", &[("PLAIN_HTTP_NETWORKS", &private.to_string())]);
    assert!(server.address.starts_with("http://") && !server.address.contains("[::]"), "{}", server.address);
    let at = |address: &IpAddr| format!("http://{}:{}/login", in_url(*address), port_of(&server));
    assert_eq!(get(home.path(), &at(private), &[]).0, "200");
    for (public, _) in public {
        let (status, body) = get(home.path(), &at(&public), &[]);
        assert_eq!(status, "403", "{public}: {body}");
    }
    assert!(Server::log(home.path()).contains("cross these networks unencrypted"));
}

#[tokio::test]
async fn a_request_for_an_unknown_host_says_which_setting_admits_it() {
    for (public_url, english, german) in [
        (
            "",
            "Behind a proxy with TLS: server.public_url = \"https://motion.lan\"",
            "Hinter einem Proxy mit TLS: server.public_url = \"https://motion.lan\"",
        ),
        (
            "https://motion.example.com",
            "its operator can add it to the settings: server.hosts = \"motion.lan\"",
            "in den Einstellungen ergänzen: server.hosts = \"motion.lan\"",
        ),
    ] {
        let mut database = TestDatabase::new().await;
        database.settings.server.public_url = public_url.to_owned();
        let app = database.serve(10).await;
        for (language, sentence) in [("en", english), ("de", german)] {
            let headers = [("host", "motion.lan:3000"), ("accept", "text/html"), ("accept-language", language)];
            let headers = headers.map(|(name, value)| (name.parse().unwrap(), value));
            let answer = app.get_as(&client_with(&headers), "/settings").await;
            assert_eq!(answer.status(), 421);
            let page = text_of(answer).await.replace("&quot;", "\"");
            assert!(page.contains(sentence), "{page}");
            assert!(!page.contains("href=\"/settings\""), "a link that leads here again");
        }
    }
}
