//! Logs each request in one line, with an id that the response carries as well.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use tracing::{Instrument, Span, info, info_span};
use uuid::Uuid;

use crate::api::paths::{HOOKS_PATH, is_below};
use crate::server::state::AppState;
use crate::web::listener::client_ip::is_in;
use crate::web::listener::connection::ConnectionInfo;
use crate::web::request_id::RequestId;

/// The header with the id of the request, in the response and from a proxy.
const HEADER: &str = "x-request-id";

/// The maximum length of an id from a proxy, in characters. Proxies send 32 to 64.
const MAX_ID_LENGTH: usize = 128;

/// The span of a request, which encloses all its log lines.
#[derive(Clone, Debug)]
struct RequestSpan(Span);

/// Adds the user to the log lines of a request.
pub fn record_user(extensions: &Extensions, user: Uuid) {
    if let Some(RequestSpan(span)) = extensions.get() {
        span.record("user_id", tracing::field::display(user));
    }
}

/// Returns a path for the log. That of a hook contains its secret.
fn logged_path(path: &str) -> String {
    if is_below(HOOKS_PATH, path) && path != HOOKS_PATH { format!("{HOOKS_PATH}/…") } else { path.to_owned() }
}

/// Returns the id that a trusted proxy has given the request, so that its log and this one have the same.
fn id_of_proxy(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Option<String> {
    let id = peer.filter(|peer| is_in(*peer, trusted)).and_then(|_| headers.get(HEADER))?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte);
    ((1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(is_plain)).then(|| id.to_owned())
}

/// Middleware: gives the request an id unless a trusted proxy has, and logs it with its status and duration.
pub async fn log_requests(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<ConnectionInfo>>().map(|ConnectInfo(peer)| peer.address.ip());
    let id = id_of_proxy(peer, request.headers(), &state.trusted_proxies);
    let id = id.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
    // Not `user.id`: axum-login records a field of that name, but only for sessions.
    let span = info_span!("request", request_id = id, user_id = tracing::field::Empty);
    let started = Instant::now();
    let (method, path) = (request.method().clone(), logged_path(request.uri().path()));
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(RequestSpan(span.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    let status = response.status().as_u16();
    // The duration until the first byte. An export logs its own end.
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| info!(%method, path, status, duration_ms, "request"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_may_choose_the_id_and_only_a_plain_one() {
        let trusted: Vec<IpNet> = vec!["127.0.0.0/8".parse().expect("a network")];
        let id = |peer: &str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, value.parse().expect("a header"));
            id_of_proxy(Some(peer.parse().expect("an address")), &headers, &trusted)
        };
        let proxy = "7b3f0c9d5a2e4f61";
        assert_eq!(id("127.0.0.1", proxy).as_deref(), Some(proxy));
        assert_eq!(id("::ffff:127.0.0.1", proxy).as_deref(), Some(proxy));
        assert_eq!(id("192.0.2.1", proxy), None);
        let long = "a".repeat(MAX_ID_LENGTH + 1);
        for refused in ["", "a b", "a\u{e4}", "<script>", "a\"", &long] {
            assert_eq!(id("127.0.0.1", refused), None, "{refused}");
        }
        assert_eq!(id_of_proxy(None, &HeaderMap::new(), &trusted), None);
    }

    #[test]
    fn the_secret_of_a_hook_is_not_logged() {
        for path in ["/api/v1/hooks/mexp_00", "/api/v1/hooks/mexp_00/x", "/api/v1/hooks/"] {
            assert_eq!(logged_path(path), "/api/v1/hooks/…");
        }
        for path in ["/api/v1/hooks", "/api/v1/hooksmexp", "/settings"] {
            assert_eq!(logged_path(path), path);
        }
    }
}
