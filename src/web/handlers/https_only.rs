//! Answers clients that speak plain HTTP to the port on which the server speaks TLS.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, LOCATION, VARY};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;
use crate::web::preferences;

/// Returns what answers such clients, whatever they request.
pub fn router() -> Router {
    Router::new().fallback(refuse)
}

/// Redirects a browser that opens a page to the same address with `https://`, as when somebody types the address without it.
/// Anything else is refused: a program that sends a token should not get used to sending it unencrypted.
async fn refuse(request: Request) -> Response {
    let headers = request.headers();
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let opens_page = request.method() == Method::GET && accept.is_some_and(|accept| accept.contains("text/html"));
    let common = [(CACHE_CONTROL, "no-store"), (CONNECTION, "close")];
    let host = host(headers);
    if let (true, Some(host)) = (opens_page, &host) {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let location = format!("https://{host}{target}");
        return (StatusCode::TEMPORARY_REDIRECT, common, [(LOCATION, location)]).into_response();
    }
    let url = format!("https://{}", host.unwrap_or_else(|| "…".to_owned()));
    let error = ApiError::new(ErrorCode::BadRequest, HttpMessage::HttpsOnly { url });
    let text = preferences::language(headers).translate_error(error).message.text + "\n";
    let kind = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (VARY, preferences::VARY)];
    (StatusCode::BAD_REQUEST, common, kind, text).into_response()
}

/// Returns the host of a request, with its port.
fn host(headers: &HeaderMap) -> Option<String> {
    let host: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
    (!host.as_str().contains('@')).then(|| host.as_str().to_owned())
}
