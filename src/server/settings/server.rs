//! The section `[server]`: addresses, timeouts, limits and the log.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context, ensure};
use ipnet::IpNet;
use reqwest::Url;
use serde::Deserialize;

use super::{host, networks};

/// The minimum length of a token that cannot be guessed over the network, if it is random.
const MIN_METRICS_TOKEN_BYTES: usize = 16;

/// The first segments of the server's own paths. The path of the public address begins with another one, so that a path is
/// known to be with or without it.
const OWN_PATHS: [&str; 11] =
    ["api", "healthz", "login", "logout", "metrics", "pkg", "preferences", "readyz", "settings", "setup", "tls"];

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address and port to listen on; [`super::listen`] has the accepted forms.
    #[serde(deserialize_with = "super::listen::deserialize")]
    pub listen: SocketAddr,
    /// The public address of the server, if it differs from `listen`: `https://` and a host. Empty: there is none.
    pub public_url: String,
    /// Further host names and addresses under which people reach the server, separated by commas.
    pub hosts: String,
    /// Where the certificate for TLS comes from, if the server itself speaks it.
    pub tls: Tls,
    /// The PEM file with the certificate for TLS and the certificates between it and its authority. Empty: there is none.
    pub tls_certificate: String,
    /// The PEM file with the private key of the certificate.
    pub tls_key: String,
    /// The private networks whose clients may use plain HTTP, separated by commas. Empty: there are none.
    pub plain_http_networks: String,
    /// The proxies whose headers with the client's address are trusted: addresses or networks, separated by commas.
    pub trusted_proxies: String,
    /// The token that gives access to `/metrics`, besides an administrator's. Empty: there is none.
    pub metrics_token: Hidden,
    /// The filter of the log, in the syntax of `tracing`'s `EnvFilter`: `info`, `motion_export=debug,warn`.
    pub log: String,
    /// The format of the log.
    pub log_format: LogFormat,
    /// How long a client may read nothing of its response before the connection is closed, in seconds.
    pub write_timeout_seconds: NonZeroU32,
    /// How long the head of a request may take, in seconds.
    pub header_timeout_seconds: NonZeroU32,
    /// How long the body of a request may take, in seconds.
    pub body_timeout_seconds: NonZeroU32,
    /// How long a connection without a request is kept, in seconds.
    pub idle_timeout_seconds: NonZeroU32,
    /// The maximum number of open connections of clients.
    pub max_connections: NonZeroU32,
    /// How long running exports may continue after the server received a signal to stop, in seconds.
    pub shutdown_timeout_seconds: u32,
}

/// Where the server's certificate for TLS comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// From the files in the settings. Without them, the server speaks plain HTTP.
    #[default]
    Files,
    /// From an authority of its own.
    SelfSigned,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line of text for each event.
    #[default]
    Text,
    /// A line with a JSON object for each event.
    Json,
}

/// A secret setting, which is never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "unset" } else { "hidden" })
    }
}

impl Default for Server {
    fn default() -> Self {
        const WRITE_TIMEOUT: NonZeroU32 = NonZeroU32::new(300).expect("not zero");
        const HEADER_TIMEOUT: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
        const BODY_TIMEOUT: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        const IDLE_TIMEOUT: NonZeroU32 = NonZeroU32::new(180).expect("not zero");
        const MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(512).expect("not zero");
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: String::new(),
            hosts: String::new(),
            tls: Tls::default(),
            tls_certificate: String::new(),
            tls_key: String::new(),
            plain_http_networks: String::new(),
            trusted_proxies: String::new(),
            metrics_token: Hidden::default(),
            log: "info,axum_login=off,sea_orm_migration=warn,tower_sessions=off".to_owned(),
            log_format: LogFormat::default(),
            write_timeout_seconds: WRITE_TIMEOUT,
            header_timeout_seconds: HEADER_TIMEOUT,
            body_timeout_seconds: BODY_TIMEOUT,
            idle_timeout_seconds: IDLE_TIMEOUT,
            max_connections: MAX_CONNECTIONS,
            shutdown_timeout_seconds: 30,
        }
    }
}

impl Server {
    /// How long a client may read nothing of its response.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_secs(self.write_timeout_seconds.get().into())
    }

    /// How long running exports may continue after the server received a signal to stop.
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout_seconds.into())
    }

    /// Whether the server itself speaks TLS.
    pub fn has_own_tls(&self) -> bool {
        self.tls == Tls::SelfSigned || !self.tls_certificate.is_empty()
    }

    /// Whether users connect over TLS.
    pub fn is_https(&self) -> bool {
        self.has_own_tls() || self.has_public_https()
    }

    fn has_public_https(&self) -> bool {
        self.public().is_some_and(|url| url.scheme() == "https")
    }

    /// Whether browsers may be told to use only TLS for this host (HSTS). It applies to all ports of a host, and browsers then
    /// let nobody continue past a warning, so it needs a public address and a certificate that browsers know.
    pub fn requires_tls(&self) -> bool {
        self.has_public_https() && self.tls != Tls::SelfSigned
    }

    fn public(&self) -> Option<Url> {
        Url::parse(&self.public_url).ok().filter(Url::has_host)
    }

    /// Returns the public address, if there is one, without a slash at its end. An international host is in its ASCII form.
    pub fn public_address(&self) -> Option<String> {
        self.public().map(|url| url.as_str().trim_end_matches('/').to_owned())
    }

    /// Returns the address to show to users, without a slash at its end. `host` is that by which they reach the server if there
    /// is no public address, with the port.
    pub fn address_for_people(&self, host: &str) -> String {
        let scheme = if self.has_own_tls() { "https" } else { "http" };
        self.public_address().unwrap_or_else(|| format!("{scheme}://{host}"))
    }

    /// Returns the path of the public address, without a slash at its end: `/motion`. Empty if it is the root.
    pub fn base_path(&self) -> String {
        self.public().map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
    }

    /// Returns the path for which browsers keep cookies.
    pub fn cookie_path(&self) -> String {
        let base = self.base_path();
        if base.is_empty() { "/".to_owned() } else { base }
    }

    /// Returns the host in the public address, if there is one.
    pub fn public_host(&self) -> Option<String> {
        host::to_ascii(self.public()?.host_str()?)
    }

    /// Returns the further host names and addresses of the server.
    ///
    /// # Errors
    /// Returns an error if one is neither; the message names it.
    pub fn host_names(&self) -> anyhow::Result<Vec<String>> {
        let hosts = self.hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
        hosts
            .map(|host| {
                host::to_ascii(host).with_context(|| {
                    format!(
                        "server.hosts: “{host}” is not a host name or address; write it without scheme and port, such as \
                         motion.lan"
                    )
                })
            })
            .collect()
    }

    /// Returns the networks whose clients may use plain HTTP.
    ///
    /// # Errors
    /// Returns an error if one cannot be read, or is not private; the message names it.
    pub fn plain_networks(&self) -> anyhow::Result<Vec<IpNet>> {
        let networks = networks::parse("server.plain_http_networks", &self.plain_http_networks)?;
        for network in &networks {
            ensure!(
                networks::is_private(network),
                "server.plain_http_networks: {network} is not a private network, so passwords and tokens would cross the \
                 internet unencrypted. Write a network at home, such as 192.168.0.0/16 or fd00::/8"
            );
        }
        Ok(networks)
    }

    /// Returns the networks of the trusted proxies.
    ///
    /// # Errors
    /// Returns an error if one cannot be read; the message names it.
    pub fn trusted_networks(&self) -> anyhow::Result<Vec<IpNet>> {
        networks::parse("server.trusted_proxies", &self.trusted_proxies)
    }

    /// Checks that passwords and tokens do not cross the internet unencrypted, and that addresses, names, networks and the token
    /// are valid.
    ///
    /// # Errors
    /// Returns an error that names the setting.
    pub fn check(&self) -> anyhow::Result<()> {
        self.trusted_networks()?;
        self.host_names()?;
        let token = &self.metrics_token.0;
        ensure!(
            token.is_empty() || token.len() >= MIN_METRICS_TOKEN_BYTES,
            "server.metrics_token is shorter than {MIN_METRICS_TOKEN_BYTES} characters; create a random one, such as with \
             openssl rand -hex 32"
        );
        self.check_tls()?;
        self.check_public_url()?;
        let has_plain_networks = !self.plain_networks()?.is_empty();
        ensure!(
            !(has_plain_networks && self.is_https()),
            "server.plain_http_networks is set, and so is TLS (server.public_url with https://, server.tls or \
             server.tls_certificate); use one of them: the cookies of TLS do not work over plain HTTP"
        );
        let listen = self.listen;
        ensure!(
            listen.ip().is_loopback() || self.is_https() || has_plain_networks,
            "server.listen is {listen}, which others can reach, and passwords and tokens would cross the network unencrypted. \
             Do one of these: set server.tls to “self-signed”, or server.tls_certificate and server.tls_key to a \
             certificate; put a proxy with TLS before the server, and set server.public_url to its https:// address; or \
             use a loopback address, such as 127.0.0.1:3000. For a home network whose users you all trust, \
             server.plain_http_networks allows plain HTTP (docs/install.md has the risk)"
        );
        Ok(())
    }

    fn check_tls(&self) -> anyhow::Result<()> {
        let (certificate, key) = (!self.tls_certificate.is_empty(), !self.tls_key.is_empty());
        ensure!(certificate || !key, "server.tls_key is set, and server.tls_certificate is not; set both");
        ensure!(key || !certificate, "server.tls_certificate is set, and server.tls_key is not; set both");
        ensure!(
            !(certificate && self.tls == Tls::SelfSigned),
            "server.tls is “self-signed”, and server.tls_certificate is set; use one of them"
        );
        Ok(())
    }

    fn check_public_url(&self) -> anyhow::Result<()> {
        let public_url = &self.public_url;
        if public_url.is_empty() {
            return Ok(());
        }
        let url = self.public();
        let plain = url.as_ref().is_some_and(|url| {
            let is_bare = url.username().is_empty() && url.password().is_none();
            matches!(url.scheme(), "https" | "http") && is_bare && url.query().is_none() && url.fragment().is_none()
        });
        let base = self.base_path();
        let is_simple = base.split('/').skip(1).all(|segment| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !segment.is_empty() && segment.bytes().all(is_allowed)
        });
        ensure!(
            plain && is_simple,
            "server.public_url is “{public_url}”; write scheme, host and, if a proxy serves other sites beside it, a path of \
             letters, digits and “-”, such as https://motion.example.com or https://example.com/motion/"
        );
        let first = base.split('/').nth(1).unwrap_or_default();
        ensure!(
            !OWN_PATHS.contains(&first),
            "server.public_url is “{public_url}”; its path must not begin with /{first}, which is one of the server's own. Use \
             another one, such as /motion/"
        );
        let is_unencrypted = !self.has_public_https();
        ensure!(
            !(is_unencrypted && self.has_own_tls()),
            "server.public_url is “{public_url}”, and the server speaks TLS; write https://"
        );
        let is_here = host::is_this_machine(&self.public_host().unwrap_or_default());
        ensure!(
            !is_unencrypted || is_here || !self.plain_http_networks.is_empty(),
            "server.public_url is “{public_url}”; passwords and tokens would cross the network unencrypted. Put a proxy with \
             TLS before the server and write https://"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_can_reach_requires_tls() {
        for (listen, public_url, allowed) in [
            ("127.0.0.1:0", "", true),
            ("[::1]:3000", "", true),
            ("0.0.0.0:3000", "", false),
            ("192.168.1.2:3000", "", false),
            ("0.0.0.0:3000", "https://motion.example.com", true),
            ("127.0.0.1:3000", "https://motion.example.com:8443/", true),
            ("127.0.0.1:3000", "http://localhost:8080", true),
            ("127.0.0.1:3000", "http://motion.example.com", false),
            ("0.0.0.0:3000", "http://localhost:3000", false),
            ("127.0.0.1:3000", "https://überwachung.example", true),
            ("127.0.0.1:3000", "https://user@motion.example.com", false),
            ("127.0.0.1:3000", "https://motion.example.com/#a", false),
            ("127.0.0.1:3000", "https://", false),
            ("127.0.0.1:3000", "motion.example.com", false),
            ("127.0.0.1:3000", "https://example.com/motion/", true),
            ("127.0.0.1:3000", "https://example.com/cameras/motion", true),
            ("127.0.0.1:3000", "https://example.com/settings/", false),
            ("127.0.0.1:3000", "https://example.com/api/motion", false),
            ("127.0.0.1:3000", "https://example.com/a//b", false),
            ("127.0.0.1:3000", "https://example.com/a%20b/", false),
            ("127.0.0.1:3000", "https://example.com/ü/", false),
            ("127.0.0.1:3000", "ftp://motion.example.com", false),
        ] {
            let listen = listen.parse().expect("an address");
            let server = Server { listen, public_url: public_url.to_owned(), ..Server::default() };
            assert_eq!(server.check().is_ok(), allowed, "{listen} {public_url}");
        }
    }

    #[test]
    fn tls_needs_a_certificate_with_its_key_or_an_authority_of_its_own() {
        let listen = "0.0.0.0:3000".parse().expect("an address");
        let server = Server { listen, ..Server::default() };
        let files = |certificate: &str, key: &str| Server {
            tls_certificate: certificate.to_owned(),
            tls_key: key.to_owned(),
            ..server.clone()
        };
        files("a.pem", "b.pem").check().expect("TLS");
        let own = Server { tls: Tls::SelfSigned, ..server.clone() };
        own.check().expect("TLS");
        for (server, setting) in [
            (files("a.pem", ""), "server.tls_key is not"),
            (files("", "b.pem"), "server.tls_certificate is not"),
            (Server { tls: Tls::SelfSigned, ..files("a.pem", "b.pem") }, "use one of them"),
            (Server { public_url: "http://localhost:3000".to_owned(), ..own }, "server.public_url"),
        ] {
            let error = server.check().expect_err(setting).to_string();
            assert!(error.contains(setting), "{error}");
        }
    }

    #[test]
    fn plain_http_is_for_private_networks_and_not_beside_tls() {
        let listen = "0.0.0.0:3000".parse().expect("an address");
        let with = |networks: &str| Server { listen, plain_http_networks: networks.to_owned(), ..Server::default() };
        with("192.168.0.0/16, fd00::/8").check().expect("private");
        Server { public_url: "http://nas.lan:3000".to_owned(), ..with("10.0.0.0/8") }.check().expect("private");
        let https = Server { public_url: "https://motion.example.com".to_owned(), ..with("10.0.0.0/8") };
        let own = Server { tls: Tls::SelfSigned, ..with("10.0.0.0/8") };
        for (server, reason) in [
            (with("0.0.0.0/0"), "0.0.0.0/0 is not a private network"),
            (with("192.168.0.0/16, 203.0.113.0/24"), "203.0.113.0/24 is not a private network"),
            (with("home"), "“home” is neither"),
            (https, "use one of them"),
            (own, "use one of them"),
        ] {
            let error = server.check().expect_err(reason).to_string();
            assert!(error.contains("server.plain_http_networks") && error.contains(reason), "{error}");
        }
        let hosts = Server { hosts: "https://nas.lan".to_owned(), ..Server::default() };
        assert!(hosts.check().expect_err("a URL").to_string().contains("server.hosts: “https://nas.lan”"));
    }

    #[test]
    fn browsers_are_told_to_use_only_tls_if_they_know_the_certificate_of_a_public_address() {
        let public = Server { public_url: "https://motion.example.com".to_owned(), ..Server::default() };
        assert!(public.requires_tls());
        assert!(!Server { tls: Tls::SelfSigned, ..public }.requires_tls());
        assert!(!Server { tls_certificate: "a".to_owned(), ..Server::default() }.requires_tls());
    }

    #[test]
    fn trusted_proxies_are_addresses_and_networks() {
        let networks = |list: &str| {
            let server = Server { trusted_proxies: list.to_owned(), ..Server::default() };
            server.check().map(|()| server.trusted_networks().expect("checked").len())
        };
        assert_eq!(networks("").expect("none"), 0);
        assert_eq!(networks("127.0.0.1, 10.0.0.0/8,::1").expect("three"), 3);
        let error = networks("proxy.example.com").expect_err("a name").to_string();
        assert!(error.contains("server.trusted_proxies") && error.contains("proxy.example.com"), "{error}");
    }

    #[test]
    fn a_secret_setting_is_not_shown() {
        let server = Server { metrics_token: Hidden("hush".to_owned()), ..Server::default() };
        assert!(!format!("{server:?}").contains("hush"));
        assert!(server.check().expect_err("too short").to_string().contains("metrics_token"));
    }
}
