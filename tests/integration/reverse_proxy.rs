//! The reverse proxies of the documentation, each run with its documented configuration.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use motion_export::export_params::EXPORT_PATH;
use motion_export::server::settings::Settings;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{TestApp, TestDatabase, client_with};
use crate::backend;
use crate::proxy::cutting_proxy;

/// The document with a configuration for each proxy.
const PAGE: &str = include_str!("../../docs/install.md");

/// The address of the server in all configurations.
const SERVER: &str = "127.0.0.1:3000";

/// Returns the program that `make proxies` installs, or the one of the system.
pub fn program(paths: [&str; 2]) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    paths.into_iter().map(|path| root.join(path)).find(|path| path.exists())
}

/// Returns Debian's nginx.
pub fn nginx() -> Option<PathBuf> {
    program(["target/nginx/usr/sbin/nginx", "/usr/sbin/nginx"])
}

/// Returns the code block of this language in a document.
pub fn block(page: &str, language: &str) -> String {
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("a block of that language");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// Replaces a part of the text, which must contain it.
pub fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the documented configuration:\n{text}");
    text.replace(from, to)
}

/// Removes the lines that contain one of these words. Each word must occur.
fn without_lines(text: &str, words: &[&str]) -> String {
    words.iter().fold(text.to_owned(), |text, word| {
        let lines: Vec<_> = text.lines().filter(|line| !line.contains(word)).collect();
        assert!(lines.len() < text.lines().count(), "{word} is not in the documented configuration:\n{text}");
        lines.join("\n")
    })
}

/// A running proxy. It is killed on drop.
pub struct Proxy {
    child: Child,
    /// The URL at which it listens.
    pub address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Runs a program and waits until it listens. `prepare` writes its configuration into a folder and returns the command.
    fn run(prepare: impl FnOnce(&Path, SocketAddr) -> Command) -> Self {
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut command = prepare(folder.path(), listen);
        let log = folder.path().join("log");
        command.stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        while std::net::TcpStream::connect(listen).is_err() {
            let ended = child.try_wait().unwrap().is_some();
            assert!(!ended, "the proxy ended: {}", std::fs::read_to_string(&log).unwrap());
            std::thread::yield_now();
        }
        Self { child, address: format!("http://{listen}"), _folder: folder }
    }

    /// Runs Debian's nginx with this configuration of its `http` block. `listen 443 ssl;` is replaced by the address of the test.
    pub fn nginx(program: &Path, http: &str) -> Self {
        Self::run(|folder, listen| {
            let here = folder.display();
            let http = if http.contains("listen 443 ssl;") {
                replace(http, "listen 443 ssl;", &format!("listen {listen};"))
            } else {
                replace(http, "server {\n", &format!("server {{\n  listen {listen};\n"))
            };
            let settings = format!(
                "daemon off; master_process off; pid {here}/pid; error_log {here}/error;
                 events {{ worker_connections 256; }}
                 http {{
                   access_log off;
                   client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
                   uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
                   {http}
                 }}"
            );
            let file = folder.join("nginx.conf");
            std::fs::write(&file, settings).unwrap();
            let mut command = Command::new(program);
            command.arg("-p").arg(folder).arg("-c").arg(file);
            command
        })
    }
}

/// The base path in the documentation.
pub const BASE: &str = "/motion";

/// The timeout in all configurations.
const TIMEOUT: &str = "150s";

/// A proxy as the documentation configures it.
#[derive(Clone, Debug)]
pub struct Documented {
    /// Its name, for messages.
    pub name: &'static str,
    /// The first column of the rows of the table whose changes are made, for a server below a path.
    rows: &'static [&'static str],
    program: PathBuf,
    timeout: &'static str,
}

impl Documented {
    fn new(name: &'static str, rows: &'static [&'static str]) -> Option<Self> {
        let program = match name {
            "nginx" => nginx(),
            "haproxy" => program(["target/haproxy/usr/sbin/haproxy", "/usr/sbin/haproxy"]),
            _ => program(["target/caddy/bin/caddy", "target/caddy/bin/caddy"]),
        };
        if program.is_none() {
            backend::skips(&format!("{name} is missing: make proxies"));
        }
        Some(Self { name, rows, program: program?, timeout: TIMEOUT })
    }

    /// Returns a proxy for a server below a path: it passes the path on, or removes it. `None` if the program is missing.
    pub fn below_a_path(name: &str) -> [Option<Self>; 2] {
        match name {
            "nginx" => [Self::new("nginx", &["nginx"]), Self::new("nginx", &["nginx", "nginx, to remove the path"])],
            "haproxy" => {
                [Self::new("haproxy", &["haproxy"]), Self::new("haproxy", &["haproxy", "haproxy, to remove the path"])]
            }
            _ => [Self::new("Caddy", &["Caddy"]), Self::new("Caddy", &["Caddy, to remove the path"])],
        }
    }

    /// Returns the same proxy with another timeout in place of each of 150 seconds.
    #[must_use]
    pub fn with_timeout(&self, timeout: &'static str) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Runs it in front of this server.
    pub fn start(&self, server: &str) -> Proxy {
        let server = server.strip_prefix("http://").unwrap_or(server);
        match self.name {
            "nginx" => self.start_nginx(server),
            "haproxy" => self.start_haproxy(server),
            _ => Proxy::run(|folder, listen| {
                caddy(&self.program, &self.configuration("caddyfile", server), folder, listen)
            }),
        }
    }

    /// Returns the documented configuration with the changes of the documentation for a server below a path.
    fn configuration(&self, language: &str, server: &str) -> String {
        let (_, table) = PAGE.split_once("\n### Below a path\n").expect("a section");
        let mut configuration = block(PAGE, language);
        for row in self.rows {
            let row = table.lines().find(|line| line.starts_with(&format!("| {row} |"))).expect(row);
            let codes: Vec<_> = row.split('`').skip(1).step_by(2).collect();
            configuration = replace(&configuration, codes[0], &codes[1..].join("\n"));
        }
        // A change that opens a block says that it must be closed at the end.
        let open = configuration.matches('{').count() - configuration.matches('}').count();
        configuration.push_str(&"}\n".repeat(open));
        replace(&replace(&configuration, TIMEOUT, self.timeout), SERVER, server)
    }

    fn start_nginx(&self, server: &str) -> Proxy {
        let http = self.configuration("nginx", server);
        Proxy::nginx(&self.program, &without_lines(&http, &["ssl_certificate ", "ssl_certificate_key"]))
    }

    fn start_haproxy(&self, server: &str) -> Proxy {
        Proxy::run(|folder, listen| {
            let settings = self.configuration("haproxy", server);
            let tls = "bind :443 ssl crt /etc/haproxy/motion.example.com.pem";
            let file = folder.join("haproxy.cfg");
            std::fs::write(&file, replace(&settings, tls, &format!("bind {listen}"))).unwrap();
            let mut command = Command::new(&self.program);
            command.arg("-db").arg("-f").arg(file);
            // Its libraries, if `make proxies` unpacked it.
            let libraries = self.program.parent().and_then(Path::parent).map(|usr| usr.join("lib"));
            let folders = libraries.and_then(|lib| std::fs::read_dir(lib).ok()).into_iter().flatten().flatten();
            let folders: Vec<_> = folders.map(|folder| folder.path()).collect();
            command.env("LD_LIBRARY_PATH", std::env::join_paths(folders).unwrap());
            command
        })
    }
}

/// Returns the command that runs Caddy with this configuration.
fn caddy(program: &Path, configuration: &str, folder: &Path, listen: SocketAddr) -> Command {
    let settings = replace(configuration, "motion.example.com {", &format!("http://{listen} {{"));
    let file = folder.join("Caddyfile");
    std::fs::write(&file, format!("{{\n  admin off\n  auto_https off\n}}\n{settings}")).unwrap();
    let mut command = Command::new(program);
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    command
}

/// Returns a server with an export of some megabytes, an `Authorization` header, and a link to that export. `base`: the path of
/// its public address.
async fn app(base: &str) -> (TestApp, String, String) {
    let mut database = TestDatabase::with([]).await;
    if !base.is_empty() {
        database.settings.server.public_url = format!("http://localhost{base}/");
    }
    database.add_many(10_000).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(1_000).await;
    let (_, authorization) = app.client_of(&ann).await;
    let form = [("query", ""), ("minutes", "5")];
    let link: Value = app.post(&app.browser_of("ann").await, "/api/links", &form).await.json().await.unwrap();
    (app, authorization, link["url"].as_str().unwrap().to_owned())
}

/// Sends a raw request and returns the complete response.
async fn answer(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asserts that a proxy forwards complete files unchanged, and that a truncated one never looks complete.
async fn forwards_complete_files_and_exposes_truncation(base: &str, documented: &Documented) {
    let (app, authorization, link) = app(base).await;
    let proxy = documented.start(&app.address);
    let client = client_with(&[(AUTHORIZATION, &authorization)]);
    let url = format!("{}{base}{EXPORT_PATH}", proxy.address);

    let page = client.get(format!("{}{base}/login", proxy.address)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains(&format!("method=\"post\" action=\"{base}/login\"")), "{page}");
    let direct = app.get_as(&client, EXPORT_PATH).await.bytes().await.unwrap();
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.unwrap() == direct, "the file is complete and unchanged");

    // The host name that the proxy expects.
    let host = proxy.address.strip_prefix("http://").unwrap();
    for version in [" HTTP/1.0", ""] {
        for path in [EXPORT_PATH, &link] {
            let request =
                format!("GET {base}{path}{version}\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\r\n");
            let answer = answer(&proxy.address, &request).await;
            assert!(!answer.contains("timestamp,camera_id"), "{path}{version}: {}", &answer[..answer.len().min(300)]);
            assert!(version.is_empty() || answer.contains("Use HTTP/1.1 or newer."), "{path}: {answer}");
            let is_success = answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
            assert!(!is_success, "{path}{version}: {answer}");
        }
    }

    // The response is truncated in its head, in its body, and directly before its end.
    for after in [50, 300_000, direct.len() / 2, direct.len()] {
        let cut = cutting_proxy(&app.address, after).await;
        let proxy = documented.start(&cut);
        let response = client.get(format!("{}{base}{EXPORT_PATH}", proxy.address)).send().await;
        let file = match response {
            Ok(response) if response.status() == 200 => response.bytes().await.ok(),
            _ => None,
        };
        assert!(file.is_none(), "truncated after {after}: a file of {} bytes that looks complete", file.unwrap().len());
    }
    app.idle().await;
}

/// Does this for a server at the root of its host, and below a path that the proxy passes on or removes.
async fn forwards_everywhere(name: &'static str) {
    let Some(at_root) = Documented::new(name, &[]) else { return };
    forwards_complete_files_and_exposes_truncation("", &at_root).await;
    for below in Documented::below_a_path(name).into_iter().flatten() {
        forwards_complete_files_and_exposes_truncation(BASE, &below).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_nginx_forwards_complete_files_and_exposes_truncation() {
    forwards_everywhere("nginx").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_haproxy_forwards_complete_files_and_exposes_truncation() {
    forwards_everywhere("haproxy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_caddy_forwards_complete_files_and_exposes_truncation() {
    forwards_everywhere("Caddy").await;
}

#[test]
fn a_caddy_that_hides_truncation_does_not_start_with_the_documented_configuration() {
    let Some(old) = program(["target/old-caddy/usr/bin/caddy", "/usr/bin/caddy"]) else {
        backend::skips("Debian's Caddy is missing: make proxies");
        return;
    };
    let version = Command::new(&old).arg("version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let minor: u32 = version.trim_start_matches(['v', '2', '.']).split('.').next().unwrap().parse().unwrap_or(0);
    if minor >= 8 {
        backend::skips("Debian's Caddy is newer");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = caddy(&old, &block(PAGE, "caddyfile"), folder.path(), listen).output().unwrap();
    assert!(!run.status.success());
    let error = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(error.contains("unrecognized directive: log_append"), "{version}: {error}");
}

#[test]
fn the_timeouts_of_the_documented_proxies_exceed_those_of_an_export() {
    // The query of a page, and then the record at the end, may take that long.
    let export = Settings::default().export;
    let timeout = export.page_timeout() + export.record_timeout();
    let postgresql = include_str!("../../docs/postgresql.md");
    for (page, language, setting) in [
        (PAGE, "nginx", "proxy_read_timeout "),
        (postgresql, "nginx", "proxy_read_timeout "),
        (PAGE, "haproxy", "timeout server "),
        (PAGE, "haproxy", "timeout client "),
        (PAGE, "caddyfile", "response_header_timeout "),
        (PAGE, "caddyfile", " read_timeout "),
    ] {
        let block = block(page, language);
        let (_, rest) = block.split_once(setting).expect(setting);
        let seconds: u64 = rest.split('s').next().unwrap().parse().unwrap();
        assert!(Duration::from_secs(seconds) > timeout, "{language}: {setting}{seconds}s");
    }
}
