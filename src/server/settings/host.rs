//! Names in `Host` headers, and whether they are this machine's own.

use axum::http::uri::Authority;

/// Returns the name in a `Host` header, without the port.
pub fn name(host: &str) -> Option<String> {
    host.parse::<Authority>().ok().map(|authority| authority.host().to_lowercase())
}

/// Whether the name in a `Host` header, with or without a port, is one of this machine's own.
pub fn is_this_machine(host: &str) -> bool {
    let Some(name) = name(host) else { return false };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_recognized() {
        for own in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.1.2.3", "[::1]:3000"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example:3000", "192.168.1.2", "127.0.0.1.evil.example", "", "a b"]
        {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
