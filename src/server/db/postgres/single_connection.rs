//! A single connection to PostgreSQL, for commands that must report at once why it cannot be made: a pool retries for a
//! while, and then only reports a timeout.

use std::str::FromStr;
use std::time::Duration;

use anyhow::anyhow;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Connection, PgConnection};

use crate::server::db::describe_error::describe_sqlx;

/// The timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The values that PostgreSQL accepts for `sslmode`.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Parses the URL of a database. `name` is what the error calls the URL, such as the option that it comes from.
///
/// # Errors
/// Returns an error if the URL is malformed. The error does not show the URL, because it may contain a password.
pub fn options(name: &str, url: &str) -> anyhow::Result<PgConnectOptions> {
    let reason = match PgConnectOptions::from_str(url) {
        Ok(options) if !has_unencoded_characters(url) => return Ok(options),
        _ => why_unreadable(url),
    };
    Err(anyhow!("{name} cannot be read: {reason}; it must be postgres://USER:PASSWORD@HOST:PORT/DATABASE"))
}

/// Whether an unencoded special character ends the user or the password. The rest of the password would then be taken
/// for a port, a database or a parameter.
fn has_unencoded_characters(url: &str) -> bool {
    let Parts { path, query, .. } = Parts::of(url);
    let mut names = query.split('&').filter_map(|pair| pair.split('=').next());
    url.contains('#') || path.contains('@') || names.any(|name| name.contains(['@', '/', ':', '?']))
}

/// The parts of a URL, split at the first of their separators.
struct Parts<'url> {
    /// User, password, host and port.
    authority: &'url str,
    path: &'url str,
    query: &'url str,
}

impl<'url> Parts<'url> {
    fn of(url: &'url str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split('#').next().unwrap_or_default();
        let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = before.split_once('/').unwrap_or((before, ""));
        Self { authority, path, query }
    }
}

/// Returns a URL without its password, and the password, which PostgreSQL's own programs take from their environment: other users of
/// the machine see the arguments of a program. Parameters that only this program knows are removed as well.
pub fn without_password(url: &str) -> (String, Option<String>) {
    let Parts { authority, path, query } = Parts::of(url);
    let decoded = |text: &str| {
        // A + is not a space here.
        let pair = format!("={}", text.replace('+', "%2B"));
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let mut password = None;
    let authority = match authority.rsplit_once('@') {
        Some((user, address)) => {
            let (name, secret) = user.split_once(':').map_or((user, None), |(name, secret)| (name, Some(secret)));
            password = secret.and_then(decoded);
            format!("{name}@{address}")
        }
        None => authority.to_owned(),
    };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("password", secret) => password = decoded(secret),
            ("statement-cache-capacity", _) => {}
            ("ssl-mode", value) => kept.push(format!("sslmode={value}")),
            _ => kept.push(pair.to_owned()),
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    (format!("postgres://{authority}/{path}{query}"), password)
}

/// Returns why a URL cannot be parsed, without a part of it.
fn why_unreadable(url: &str) -> &'static str {
    const SPECIAL: &str = "a special character of the user or the password must be percent-encoded, such as # as %23, / as \
                           %2F, ? as %3F, : as %3A, @ as %40 and % as %25";
    const PORT: &str = "the port must be a number from 1 to 65535";
    let Parts { authority, query, .. } = Parts::of(url);
    if has_unencoded_characters(url) {
        return SPECIAL;
    }
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    let (has_user, address) = authority.rsplit_once('@').map_or((false, authority), |(_, address)| (true, address));
    // The colons of an IPv6 address are in brackets.
    let port = address.rsplit(']').next().and_then(|address| address.split_once(':')).map(|(_, port)| port);
    if port.is_some_and(|port| !port.is_empty() && !is_port(port)) {
        return if has_user { PORT } else { "the host is missing, or its port is not a number from 1 to 65535" };
    }
    for (parameter, value) in form_urlencoded::parse(query.as_bytes()) {
        if parameter == "port" && !is_port(&value) {
            return PORT;
        }
        if (parameter == "sslmode" || parameter == "ssl-mode") && !SSL_MODES.contains(&&*value) {
            return "sslmode must be disable, allow, prefer, require, verify-ca or verify-full";
        }
    }
    "the user, password, host, port or a parameter is malformed; special characters of the user and the password must be \
     percent-encoded, such as # as %23 and @ as %40"
}

/// Connects to the database that a URL names.
///
/// # Errors
/// Returns an error if it cannot connect; the error says why, and does not show the password.
pub async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let options = options("the URL", url)?.application_name("motion-export").disable_statement_logging();
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await;
    connected
        .map_err(|_| {
            let seconds = CONNECT_TIMEOUT.as_secs();
            anyhow!("the server did not answer within {seconds} s; check the network, and host and port in the URL")
        })?
        .map_err(|error| anyhow!("{}", describe_sqlx(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_url_without_its_password() {
        for (url, shown, password) in [
            ("postgres://app:S3c%2Fr+t@db:5433/motion", "postgres://app@db:5433/motion", Some("S3c/r+t")),
            ("postgresql://app@db/motion?sslmode=require", "postgres://app@db/motion?sslmode=require", None),
            (
                "postgres://db/motion?user=app&password=S3&statement-cache-capacity=0&ssl-mode=require",
                "postgres://db/motion?user=app&sslmode=require",
                Some("S3"),
            ),
            ("postgres:///motion?host=/run/pg", "postgres:///motion?host=/run/pg", None),
        ] {
            assert_eq!(without_password(url), (shown.to_owned(), password.map(str::to_owned)), "{url}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_read_is_refused_with_the_reason_and_without_its_password() {
        for (url, reason) in [
            ("postgres://u:p#Secret@host/db", "# as %23"),
            ("postgres://u:5#Secret@host/db", "# as %23"),
            ("postgres://u:5/Secret@host/db", "/ as %2F"),
            ("postgres://u:Sec/ret@host/db", "/ as %2F"),
            ("postgres://u:5?Secret@host/db", "? as %3F"),
            ("postgres://u:5?Secret@host/db?sslmode=require", "? as %3F"),
            ("postgres://u:Secret@host:99999/db", "the port must be"),
            ("postgres://u:Secret@host:x/db", "the port must be"),
            ("postgres://u:Secret@[::1]:99999/db", "the port must be"),
            ("postgres://u:Secret/db", "the host is missing"),
            ("postgres://u:Secret@host/db?port=x", "the port must be"),
            ("postgres://u:Secret@host/db?sslmode=Secret", "sslmode must be disable"),
        ] {
            let error = options("database.url", url).expect_err(url).to_string();
            assert!(error.starts_with("database.url cannot be read: ") && error.contains(reason), "{url}: {error}");
            assert!(!error.to_lowercase().contains("ret"), "{url}: {error}");
        }
    }

    #[test]
    fn a_url_whose_special_characters_are_encoded_is_read() {
        for url in [
            "postgres://u:p%23w%2F%3F%40%3A@host:5433/db",
            "postgresql://host",
            "postgres://u@[::1]:5432/db?sslmode=verify-full&options=-c%20search_path%3Da",
            "postgres://u@localhost/db?host=/var/run/postgresql&user=a@b",
            "postgres://u:p@w@host/db",
        ] {
            options("database.url", url).expect(url);
        }
    }
}
