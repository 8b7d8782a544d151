//! Protection against cross-site request forgery: requests from other sites cannot change anything.
//!
//! Current browsers send the origin of a request in `Sec-Fetch-Site`, older ones in `Origin`. A client that sends neither is
//! not a browser, and sends our cookies only if its user gave them to it.

use axum::extract::Request;
use axum::http::header::{ACCEPT, HOST, ORIGIN, REFERER};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;

use crate::api::paths::is_page;
use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;

/// Middleware: refuses a request from another site if its method can change something.
///
/// # Errors
/// Returns `forbidden`, with status 403.
pub async fn check(request: Request, next: Next) -> Result<Response, ApiError> {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_same_origin(request.headers()) {
        return Ok(next.run(request).await);
    }
    Err(ApiError::new(ErrorCode::Forbidden, HttpMessage::CrossSite))
}

/// Middleware: removes `Referer` and `Accept` from requests below `/api`. With them, Leptos would redirect a browser back to
/// the referring site, which would tell that site whether its visitor is signed in here.
pub async fn strip_referer(mut request: Request, next: Next) -> Response {
    if !is_page(request.uri().path()) {
        for header in [ACCEPT, REFERER] {
            request.headers_mut().remove(header);
        }
    }
    next.run(request).await
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or_default());
    if let Some(site) = text(axum::http::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN) else { return true };
    let origin = origin.parse::<Uri>().ok().and_then(|origin| origin.authority().cloned());
    let host = text(HOST).and_then(|host| host.parse::<Authority>().ok());
    origin.is_some() && origin == host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_site_and_clients_without_an_origin_may_change_something() {
        for (headers, allowed) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            // `Sec-Fetch-Site` decides, because a page cannot forge it.
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://a.example"), ("host", "a.example")], false),
            (&[("origin", "http://a.example:3000"), ("host", "a.example:3000")], true),
            (&[("origin", "http://a.example:3000"), ("host", "a.example:4000")], false),
            (&[("origin", "http://b.example"), ("host", "a.example")], false),
            (&[("origin", "null"), ("host", "a.example")], false),
            (&[("origin", "http://a.example")], false),
            (&[("host", "a.example")], true),
        ] {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
                .collect();
            assert_eq!(is_same_origin(&headers), allowed, "{headers:?}");
        }
    }
}
