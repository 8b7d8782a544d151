//! The address at which browsers keep this server's cookies. With an `https://` public address the cookies are `Secure`, and
//! a browser that opened the page over HTTP drops them silently.

use axum::http::header::{FORWARDED, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri};

use crate::api::page::SecureAddress;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::settings::Settings;

/// Returns the server's public address if its cookies work over HTTPS only, and whether these request headers show that the
/// page was opened at another address.
pub fn secure_address(settings: &Settings, headers: &HeaderMap) -> Option<SecureAddress> {
    let url = proxy_address(settings)?;
    let is_elsewhere = is_http(headers) || host(headers) != authority(&url);
    Some(SecureAddress { url, is_elsewhere })
}

/// Returns the error for a browser that did not send back a cookie that was just set.
pub fn cookie_refused(settings: &Settings) -> ApiError {
    let message = match proxy_address(settings) {
        Some(url) => FormMessage::CookieNeedsHttps { url },
        None => FormMessage::CookieRefused,
    };
    ApiError::new(ErrorCode::CookieRefused, message)
}

/// Returns the public address if a proxy in front of the server speaks TLS. If the server itself does, each of its addresses is
/// one with TLS.
fn proxy_address(settings: &Settings) -> Option<String> {
    let server = &settings.server;
    server.public_address().filter(|_| server.is_https() && !server.has_own_tls())
}

/// Whether a header of the browser or of a proxy shows that the browser's connection has no TLS.
fn is_http(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
    let forwarded = |text: String| text.split([';', ',', ' ']).any(|part| part.replace('"', "") == "proto=http");
    text(HeaderName::from_static("x-forwarded-proto"))
        .is_some_and(|proto| proto.split(',').any(|proto| proto.trim() == "http"))
        || text(FORWARDED).is_some_and(forwarded)
        || text(ORIGIN).is_some_and(|origin| origin.starts_with("http://"))
}

fn host(headers: &HeaderMap) -> Option<String> {
    let host: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
    Some(without_default_port(&host))
}

fn authority(url: &str) -> Option<String> {
    url.parse::<Uri>().ok()?.authority().map(without_default_port)
}

fn without_default_port(authority: &Authority) -> String {
    let authority = authority.as_str().to_lowercase();
    authority.strip_suffix(":443").map(str::to_owned).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_elsewhere_if_its_host_differs_or_a_header_says_http() {
        let mut settings = Settings::default();
        assert_eq!(secure_address(&settings, &HeaderMap::new()), None, "cookies work at any address");
        settings.server.public_url = "https://Cams.example/".to_owned();
        for (headers, is_elsewhere) in [
            (&[("host", "cams.example")][..], false),
            (&[("host", "CAMS.example:443")], false),
            (&[("host", "cams.example"), ("x-forwarded-proto", "https"), ("origin", "https://cams.example")], false),
            (&[("host", "cams.example"), ("forwarded", "for=192.0.2.1;proto=https")], false),
            (&[("host", "cams.example:3000")], true),
            (&[("host", "127.0.0.1:3000")], true),
            (&[], true),
            (&[("host", "cams.example"), ("x-forwarded-proto", "http")], true),
            (&[("host", "cams.example"), ("x-forwarded-proto", "https, http")], true),
            (&[("host", "cams.example"), ("forwarded", "for=192.0.2.1; proto=\"http\"")], true),
            (&[("host", "cams.example"), ("forwarded", "for=192.0.2.1;proto=http;by=x")], true),
            (&[("host", "cams.example"), ("origin", "http://cams.example")], true),
        ] {
            let headers =
                headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
            let address = secure_address(&settings, &headers.collect()).expect("https");
            assert_eq!((address.url.as_str(), address.is_elsewhere), ("https://cams.example", is_elsewhere));
        }
    }
}
