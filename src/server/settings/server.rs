//! The section `[server]`: addresses, timeouts, limits and the log.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::http::Uri;
use ipnet::IpNet;
use serde::Deserialize;

/// The minimum length of a token that cannot be guessed over the network, if it is random.
const MIN_METRICS_TOKEN_BYTES: usize = 16;

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address and port to listen on; [`super::listen`] has the accepted forms.
    #[serde(deserialize_with = "super::listen::deserialize")]
    pub listen: SocketAddr,
    /// The public address of the server, if it differs from `listen`: `https://` and a host. Empty: there is none.
    pub public_url: String,
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

    /// Whether users connect over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Returns the host in the public address, if there is one.
    pub fn public_host(&self) -> Option<String> {
        let url: Uri = self.public_url.parse().ok()?;
        url.host().map(str::to_lowercase)
    }

    /// Returns the address to print for users, without a slash at its end.
    pub fn address_for_people(&self, listening: SocketAddr) -> String {
        if self.public_url.is_empty() {
            format!("http://{listening}")
        } else {
            self.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// Checks that passwords and tokens do not cross the network unencrypted, and that the addresses and the token are
    /// valid.
    ///
    /// # Errors
    /// Returns an error if `listen` is not a loopback address and there is no public address with TLS, or if a setting
    /// is invalid.
    pub fn check(&self) -> anyhow::Result<()> {
        let Self { listen, public_url, .. } = self;
        self.trusted_networks()?;
        let token = &self.metrics_token.0;
        ensure!(
            token.is_empty() || token.len() >= MIN_METRICS_TOKEN_BYTES,
            "server.metrics_token is shorter than {MIN_METRICS_TOKEN_BYTES} characters; create a random one, such as with \
             openssl rand -hex 32"
        );
        if !public_url.is_empty() {
            let url: Option<Uri> = public_url.parse().ok();
            let plain = url.as_ref().is_some_and(|url| {
                matches!(url.scheme_str(), Some("https" | "http")) && url.host().is_some() && url.path() == "/"
            });
            ensure!(
                plain && !public_url.contains('?'),
                "server.public_url is “{public_url}”; write scheme and host and nothing else, such as \
                 https://motion.example.com"
            );
            let host = self.public_host().unwrap_or_default();
            ensure!(
                self.is_https() || crate::server::settings::host::is_this_machine(&host),
                "server.public_url is “{public_url}”; passwords and tokens would cross the network unencrypted. Put a \
                 proxy with TLS before the server and write https://"
            );
        }
        ensure!(
            listen.ip().is_loopback() || self.is_https(),
            "server.listen is {listen}, which others can reach, and passwords and tokens would cross the network \
             unencrypted. Use a loopback address, such as 127.0.0.1:3000, or put a proxy with TLS before the server and set \
             server.public_url to its https:// address."
        );
        Ok(())
    }

    /// Returns the networks of the trusted proxies.
    ///
    /// # Errors
    /// Returns an error if one cannot be read; the message names it.
    pub fn trusted_networks(&self) -> anyhow::Result<Vec<IpNet>> {
        let parts = self.trusted_proxies.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                part.parse().or_else(|_| part.parse::<std::net::IpAddr>().map(IpNet::from)).ok().with_context(|| {
                    format!("server.trusted_proxies: “{part}” is neither an address such as 10.0.0.1 nor a network such as 10.0.0.0/8")
                })
            })
            .collect()
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
            ("127.0.0.1:3000", "motion.example.com", false),
            ("127.0.0.1:3000", "https://motion.example.com/export", false),
            ("127.0.0.1:3000", "ftp://motion.example.com", false),
        ] {
            let listen = listen.parse().expect("an address");
            let server = Server { listen, public_url: public_url.to_owned(), ..Server::default() };
            assert_eq!(server.check().is_ok(), allowed, "{listen} {public_url}");
        }
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
