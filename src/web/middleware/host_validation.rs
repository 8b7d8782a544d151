//! Host validation: a request must name its host unambiguously, and the host must be this server.
//!
//! A page of another site could let its own host name point to this server (DNS rebinding) and would then have the same
//! origin. Such a request carries that name and is refused.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{ALLOW, HOST, HeaderValue};
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, Method, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::paths::{HOOKS_PATH, INGEST_PATH, is_below};
use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;
use crate::server::state::AppState;
use crate::web::handlers::health;
use crate::web::listener::client_ip::{client_ip, is_in};

/// Middleware: refuses a request whose host is missing, ambiguous or malformed (RFC 9112, section 3.2).
///
/// # Errors
/// Returns `bad_request`, with status 400, and `method_not_allowed` for a request target that is not a resource.
pub async fn validate_target(request: Request, next: Next) -> Result<Response, ApiError> {
    check_host(request.version(), request.uri(), request.headers())?;
    let is_path = request.uri().path().starts_with('/');
    let is_for_server = request.method() == Method::OPTIONS && request.uri().path() == "*";
    if is_for_server || request.method() == Method::CONNECT {
        let message = if is_for_server { HttpMessage::OptionsForServer } else { HttpMessage::NotAProxy };
        let error = ApiError::new(ErrorCode::MethodNotAllowed, message);
        let allowed = [(ALLOW, HeaderValue::from_static("GET, HEAD, POST"))];
        return Ok((allowed, error).into_response());
    }
    if !is_path {
        return Err(bad_request(HttpMessage::TargetNotAPath));
    }
    Ok(next.run(request).await)
}

/// Middleware: refuses a request for another host name. Health checks are public and may use any name. So may senders of
/// events: their address of this server is often that of a container, and a page cannot send their token.
///
/// With plain HTTP for private networks, it also refuses a client that is in none of them.
///
/// # Errors
/// Returns `misdirected`, with status 421, and `forbidden`.
pub async fn validate_host(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let header = request.headers().get(HOST).map(|host| host.to_str().unwrap_or_default());
    // HTTP/1.0 may name the host in the target alone.
    let host = header.or_else(|| request.uri().authority().map(Authority::as_str));
    let path = request.uri().path();
    let is_health = [health::ALIVE_PATH, health::READY_PATH].contains(&path);
    if !is_health && let Some(networks) = &state.plain_networks {
        let address = client_ip(request.extensions(), request.headers(), &state.trusted_proxies);
        let address = address.map(|address| address.to_canonical());
        let is_near = |address: IpAddr| address.is_loopback() || is_in(address, networks);
        if !address.is_some_and(is_near) {
            let address = address.map(|address| address.to_string()).unwrap_or_default();
            return Err(ApiError::new(ErrorCode::Forbidden, HttpMessage::PlainHttpNetwork { address }));
        }
    }
    let any_name = is_health || path == INGEST_PATH || is_below(HOOKS_PATH, path);
    let Some(host) = host.filter(|host| !any_name && !state.hosts.accept(host)) else {
        return Ok(next.run(request).await);
    };
    let name = parse(host).map_or_else(|| host.to_owned(), |(name, _)| name);
    let server = &state.settings.server;
    let is_public = server.is_https() || !server.public_url.is_empty() || !server.plain_http_networks.is_empty();
    let message =
        if is_public { HttpMessage::UnknownHost { host: name } } else { HttpMessage::HostNotPublic { host: name } };
    Err(ApiError::new(ErrorCode::Misdirected, message))
}

fn bad_request(message: HttpMessage) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

/// Checks that a request has exactly one `Host` header, which only HTTP/1.0 may omit, and that a host in its target is the
/// same.
fn check_host(version: Version, target: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let mut hosts = headers.get_all(HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    if more.is_some() {
        return Err(bad_request(HttpMessage::ManyHosts));
    }
    let host = match host {
        Some(host) => Some(host.to_str().ok().and_then(parse).ok_or_else(|| bad_request(HttpMessage::HostInvalid))?),
        None if version < Version::HTTP_11 => None,
        None => return Err(bad_request(HttpMessage::NoHost)),
    };
    let Some(authority) = target.authority() else { return Ok(()) };
    let default_port = match target.scheme_str() {
        // The target of CONNECT is only a host and a port.
        None => None,
        Some("http") => Some(80),
        Some("https") => Some(443),
        Some(_) => return Err(bad_request(HttpMessage::TargetScheme)),
    };
    let Some(named) = parse(authority.as_str()) else {
        return Err(bad_request(HttpMessage::TargetHostInvalid));
    };
    let same = |(name, port): &(String, Option<u16>)| (name.clone(), port.or(default_port));
    if host.is_some_and(|host| same(&host) != same(&named)) {
        return Err(bad_request(HttpMessage::HostsDiffer));
    }
    Ok(())
}

/// Parses `host[:port]` into the lower-case name and the port. `None` if it is malformed.
fn parse(host: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = host.parse().ok()?;
    let rest = host.strip_prefix(authority.host())?;
    let port = match rest.strip_prefix(':') {
        Some("") => None,
        Some(port) if port.bytes().all(|digit| digit.is_ascii_digit()) => Some(port.parse().ok()?),
        None if rest.is_empty() => None,
        _ => return None,
    };
    (!authority.host().is_empty()).then(|| (authority.host().to_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(version: Version, target: &str, hosts: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_bytes(host.as_bytes()).expect("a header"));
        }
        check_host(version, &target.parse().expect("a target"), &headers).is_ok()
    }

    #[test]
    fn a_request_must_name_its_host_once() {
        for host in
            ["localhost", "localhost:3000", "LOCALHOST:3000", "127.0.0.1", "[::1]:3000", "localhost:", "a.example"]
        {
            assert!(is_accepted(Version::HTTP_11, "/settings", &[host]), "{host}");
        }
        for host in ["", ":3000", "user@localhost", "user:password@localhost:80", "localhost:http", "localhost:-1"] {
            assert!(!is_accepted(Version::HTTP_11, "/settings", &[host]), "{host}");
        }
        for host in ["localhost:65536", "localhost:1:2", "local host", "localhost/x", "http://localhost", "::1", "ü"] {
            assert!(!is_accepted(Version::HTTP_11, "/settings", &[host]), "{host}");
        }
        assert!(!is_accepted(Version::HTTP_11, "/settings", &[]));
        assert!(is_accepted(Version::HTTP_10, "/settings", &[]));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(!is_accepted(version, "/settings", &["localhost", "localhost"]));
        }
    }

    #[test]
    fn the_target_must_name_the_same_host_as_the_header() {
        for (target, host) in [
            ("http://localhost:3000/settings", "localhost:3000"),
            ("http://LOCALHOST/settings", "localhost:80"),
            ("http://localhost:80/settings", "localhost"),
            ("https://motion.example.com/settings", "motion.example.com:443"),
            ("localhost:3000", "localhost:3000"),
        ] {
            assert!(is_accepted(Version::HTTP_11, target, &[host]), "{target} {host}");
        }
        for (target, host) in [
            ("http://localhost:3000/settings", "evil.example"),
            ("http://evil.example/settings", "localhost:3000"),
            ("http://localhost/settings", "localhost:3000"),
            ("https://localhost/settings", "localhost:80"),
            ("http://user@localhost/settings", "localhost"),
            ("ftp://localhost/settings", "localhost"),
            ("evil.example:443", "localhost"),
        ] {
            assert!(!is_accepted(Version::HTTP_11, target, &[host]), "{target} {host}");
        }
    }
}
