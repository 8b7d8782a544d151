//! Which host names the server answers to.
//!
//! Until there are accounts, whoever reaches the server sees all cameras, and it listens on this machine only. A web page
//! from elsewhere could still reach it from a browser on this machine, by letting its own host name point here (DNS
//! rebinding). Such a request carries that name, so only this machine's own names are answered to.

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::Response;

use crate::error::{ApiError, ErrorCode};

/// Middleware: refuses a request for a host name that is not this machine's.
///
/// # Errors
/// `misdirected`, with status 421.
pub async fn check(request: Request, next: Next) -> Result<Response, ApiError> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if host.is_none_or(is_this_machine) {
        return Ok(next.run(request).await);
    }
    Err(ApiError::new(
        ErrorCode::Misdirected,
        "There are no accounts yet, so this server is asked as localhost or 127.0.0.1, and by no other name.",
    ))
}

/// Whether the name in a `Host` header, with or without a port, is one of this machine's own.
fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
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
