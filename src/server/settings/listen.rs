//! Parses `server.listen`: the address and port to listen on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Parses an address and port. The address may be omitted or be `localhost`: `:3000`, `3000` and `localhost:3000` are
/// 127.0.0.1:3000.
///
/// # Errors
/// Returns an error for any other text; the message says what is expected.
pub fn parse(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let refuse = |reason: &str| {
        format!(
            "“{text}” is not an address to listen on: {reason}. Write address and port, such as 127.0.0.1:3000, [::1]:3000 or :3000"
        )
    };
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if text.is_empty() {
        return Err(refuse("it is empty"));
    }
    if text.contains('/') {
        return Err(refuse("a URL is not an address; omit http:// and everything after the port"));
    }
    if text.starts_with('[') && text.ends_with(']') {
        return Err(refuse("the port is missing"));
    }
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Err(refuse("an IPv6 address must be in brackets before its port"));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let is_name = |text: &str| text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '[');
    if host.is_empty() && (is_name(port) || port.contains('.')) {
        return Err(refuse("the port is missing"));
    }
    if port.is_empty() {
        return Err(refuse("the port is missing"));
    }
    // `parse` accepts a sign, which no port has.
    let digits = port.bytes().all(|digit| digit.is_ascii_digit());
    let Some(port) = port.parse::<u16>().ok().filter(|_| digits) else {
        return Err(refuse("a port is a number from 0 to 65535"));
    };
    if host.is_empty() || host.eq_ignore_ascii_case("localhost") {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    Err(refuse("the host must be an IP address or localhost"))
}

/// Does the same for the settings file, in which a port alone may be a number.
///
/// # Errors
/// Returns an error for any other text; the message says what is expected.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    struct Listen;

    impl Visitor<'_> for Listen {
        type Value = SocketAddr;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an address and port for server.listen, such as \"127.0.0.1:3000\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<SocketAddr, E> {
            parse(text).map_err(|error| E::custom(format!("server.listen: {error}")))
        }

        fn visit_i64<E: Error>(self, port: i64) -> Result<SocketAddr, E> {
            let port = u16::try_from(port).map_err(|_| E::invalid_value(Unexpected::Signed(port), &self))?;
            Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
        }
    }

    deserializer.deserialize_any(Listen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        for (text, address) in [
            ("127.0.0.1:3000", "127.0.0.1:3000"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:3000", "[::1]:3000"),
            ("[::]:3000", "[::]:3000"),
            (":3000", "127.0.0.1:3000"),
            ("3000", "127.0.0.1:3000"),
            ("localhost:3000", "127.0.0.1:3000"),
            ("LocalHost:0", "127.0.0.1:0"),
            (" :3000 ", "127.0.0.1:3000"),
        ] {
            assert_eq!(parse(text).map(|address| address.to_string()).as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn an_invalid_address_is_refused_with_the_reason_and_an_example() {
        for (text, reason) in [
            ("", "it is empty"),
            (" ", "it is empty"),
            ("localhost", "the port is missing"),
            ("127.0.0.1", "the port is missing"),
            ("[::1]", "the port is missing"),
            ("::1", "in brackets"),
            ("::1:3000", "in brackets"),
            (":", "the port is missing"),
            ("127.0.0.1:", "the port is missing"),
            ("1.2.3.4:99999", "a port is a number from 0 to 65535"),
            ("+3000", "a port is a number"),
            (":65536", "a port is a number"),
            ("localhost:http", "a port is a number"),
            ("example.com:3000", "an IP address or localhost"),
            ("*:3000", "an IP address or localhost"),
            ("http://127.0.0.1:3000", "omit http://"),
            ("http://127.0.0.1", "omit http://"),
            ("https://localhost:3000/settings", "omit http://"),
            ("127.0.0.1:3000/", "omit http://"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason) && error.contains("127.0.0.1:3000"), "{text}: {error}");
        }
    }
}
