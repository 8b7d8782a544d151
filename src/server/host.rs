//! Which host names the server answers to: this machine's own, and that of its public address.
//!
//! A web page from elsewhere could let its own host name point to this server (DNS rebinding), and would then be of the
//! same origin with it. Such a request carries that name, and is refused.

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::Response;

use super::health;
use super::state::AppState;
use crate::error::{ApiError, ErrorCode};

/// Middleware: refuses a request for a host name that is not this server's. Whoever looks after its health may ask by any
/// name, because that is told to everybody.
///
/// # Errors
/// `misdirected`, with status 421.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let host = request.headers().get(HOST).map(|host| host.to_str().unwrap_or_default());
    let path = request.uri().path();
    let public = state.public_host.as_deref();
    let ours = |host: &str| is_this_machine(host) || (public.is_some() && name(host).as_deref() == public);
    if host.is_none_or(ours) || path == health::ALIVE_PATH || path == health::READY_PATH {
        return Ok(next.run(request).await);
    }
    Err(ApiError::new(
        ErrorCode::Misdirected,
        "This server does not go by that name. Its operator can set server.public_url to the address at which people \
         reach it.",
    ))
}

/// The name in a `Host` header, without the port.
fn name(host: &str) -> Option<String> {
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
    fn only_names_of_this_machine_are_answered_to() {
        for own in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.1.2.3", "[::1]:3000"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example:3000", "192.168.1.2", "127.0.0.1.evil.example", "", "a b"]
        {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
