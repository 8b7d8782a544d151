//! Serves below the path of the public address, such as `/motion` of `https://example.org/motion/`.
//!
//! Everything within the server uses its own paths. They get the base path here, where responses leave: in redirects, and in the
//! addresses of HTML. The proxy may pass the base path on or remove it: requests are accepted with and without it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use axum::http::uri::{PathAndQuery, Uri};
use axum::response::{IntoResponse, Response};
use tower_service::Service;

use crate::api::paths::is_below;
use crate::server::internal_error::internal;

/// The attributes of HTML elements with an address of this server.
const ADDRESSES: [&str; 5] = ["href", "src", "action", "formaction", "data-events"];

/// The attribute of the document's element with the base path, for scripts.
const BASE_ATTRIBUTE: &str = "data-base";

/// The elements whose contents are not HTML.
const RAW_TEXT: [&str; 4] = ["script", "style", "textarea", "title"];

/// The maximum size of a page, in bytes. Pages are rendered completely before they are sent.
const MAX_PAGE_BYTES: usize = 64 << 20;

/// Returns a router that serves this one below a base path, and without it. An empty base path changes nothing.
pub fn serve_below(base: String, router: Router) -> Router {
    if base.is_empty() {
        return router;
    }
    Router::new().fallback(move |mut request: Request| {
        let (base, mut router) = (base.clone(), router.clone());
        async move {
            if let Some(uri) = without_base(request.uri(), &base) {
                *request.uri_mut() = uri;
            }
            let response = router.call(request).await.unwrap_or_else(|never| match never {});
            with_base(response, &base).await
        }
    })
}

/// Returns a target without the base path, if it is below that.
fn without_base(uri: &Uri, base: &str) -> Option<Uri> {
    if !is_below(base, uri.path()) {
        return None;
    }
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

/// Returns an address with the base path before it, if it is a path of this server.
fn prefixed(address: &str, base: &str) -> Option<String> {
    let is_path = address.starts_with('/') && !address.starts_with("//");
    // A page that the browser shows may have named itself with its base path.
    let path = address.split(['?', '#']).next().unwrap_or_default();
    (is_path && !is_below(base, path)).then(|| format!("{base}{address}"))
}

async fn with_base(mut response: Response, base: &str) -> Response {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    if let Some(Ok(location)) = location.and_then(|location| prefixed(location, base)).map(HeaderValue::try_from) {
        response.headers_mut().insert(LOCATION, location);
    }
    if !is_html(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let html = match to_bytes(body, MAX_PAGE_BYTES).await {
        Ok(html) => html,
        Err(error) => return internal(&error).into_response(),
    };
    parts.headers.remove(CONTENT_LENGTH);
    let html = String::from_utf8_lossy(&html);
    Response::from_parts(parts, Body::from(prefix_addresses(&html, base)))
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Returns an HTML document with the base path before each of its addresses that is a path of this server. Texts, scripts and
/// comments stay as they are.
fn prefix_addresses(html: &str, base: &str) -> String {
    let mut out = String::with_capacity(html.len() + 4_096);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (text, at) = rest.split_at(start);
        out.push_str(text);
        if at.starts_with("<!--") {
            rest = copy_to(&mut out, at, "-->");
        } else if at[1..].starts_with(|first: char| first.is_ascii_alphabetic()) {
            let name_length = at[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(at.len() - 1);
            let (open, attributes) = at.split_at(1 + name_length);
            out.push_str(open);
            let name = open[1..].to_ascii_lowercase();
            if name == "html" {
                out.extend([" ", BASE_ATTRIBUTE, "=\"", base, "\""]);
            }
            rest = copy_attributes(&mut out, attributes, base);
            if RAW_TEXT.contains(&&*name) {
                rest = copy_to(&mut out, rest, &format!("</{name}"));
            }
        } else {
            out.push('<');
            rest = &at[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Copies everything up to and including `end`, or all if it is missing. Returns the rest.
fn copy_to<'text>(out: &mut String, text: &'text str, end: &str) -> &'text str {
    let length = text.find(end).map_or(text.len(), |at| at + end.len());
    out.push_str(&text[..length]);
    &text[length..]
}

/// Copies the attributes of a tag up to its `>`, with the base path before addresses. Returns what follows it.
fn copy_attributes<'text>(out: &mut String, mut rest: &'text str, base: &str) -> &'text str {
    loop {
        let blank = rest.find(|c: char| !c.is_ascii_whitespace() && c != '/').unwrap_or(rest.len());
        out.push_str(&rest[..blank]);
        rest = &rest[blank..];
        if rest.is_empty() {
            return rest;
        }
        if let Some(after) = rest.strip_prefix('>') {
            out.push('>');
            return after;
        }
        let name_length = rest.find(|c: char| c.is_ascii_whitespace() || "=>/".contains(c)).unwrap_or(rest.len());
        // A tag never begins with `=`. It is copied, so that the loop ends for any text.
        let name_length = if name_length == 0 { 1 } else { name_length };
        let (name, after) = rest.split_at(name_length);
        out.push_str(name);
        rest = after;
        let Some(value) = rest.strip_prefix('=') else { continue };
        out.push('=');
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        let value = quote.map_or(value, |_| &value[1..]);
        let length = match quote {
            Some(quote) => value.find(quote),
            None => value.find(|c: char| c.is_ascii_whitespace() || c == '>'),
        };
        let (value, after) = value.split_at(length.unwrap_or(value.len()));
        out.extend(quote);
        let is_address = ADDRESSES.iter().any(|address| name.eq_ignore_ascii_case(address));
        match prefixed(value, base).filter(|_| is_address) {
            Some(address) => out.push_str(&address),
            None => out.push_str(value),
        }
        rest = after;
        if let (Some(quote), Some(after)) = (quote, quote.and_then(|quote| after.strip_prefix(quote))) {
            out.push(quote);
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_this_server_get_the_base_path_and_nothing_else_changes() {
        for (html, expected) in [
            ("<a href=\"/settings?a=b\">x</a>", "<a href=\"/motion/settings?a=b\">x</a>"),
            ("<form method=post action='/login'>", "<form method=post action='/motion/login'>"),
            ("<button formaction=/settings disabled>", "<button formaction=/motion/settings disabled>"),
            (
                "<script src=\"/live.js\" data-events=\"/api/v1/exports/events\"></script>",
                "<script src=\"/motion/live.js\" data-events=\"/motion/api/v1/exports/events\"></script>",
            ),
            ("<img src=\"/a\"/><link href=\"/b\" >", "<img src=\"/motion/a\"/><link href=\"/motion/b\" >"),
            ("<!DOCTYPE html><html lang=\"de\">", "<!DOCTYPE html><html data-base=\"/motion\" lang=\"de\">"),
            ("<a href=\"/\">", "<a href=\"/motion/\">"),
        ] {
            assert_eq!(prefix_addresses(html, "/motion"), expected);
        }
        for unchanged in [
            "<a href=\"https://example.org/settings\">",
            "<a href=\"//example.org/settings\">",
            "<a href=\"#main\"><a href=\"\"><a href>",
            "<a href=\"/motion/settings\"><a href=\"/motion?a=b\">",
            "<input name=next value=\"/settings\" title='a href=\"/x\"'>",
            "href=\"/settings\" is a text, and 1 < 2",
            "<script>a('<a href=\"/x\">')</script><style>a{b:'<a href=\"/x\">'}</style>",
            "<!-- <a href=\"/x\"> --><!>",
            "<textarea><a href=\"/x\"></textarea>",
            "<a href=\"",
            "",
        ] {
            assert_eq!(prefix_addresses(unchanged, "/motion"), unchanged);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_copied_except_for_the_base_path(html in "[<>/a-c =\"'!-]{0,40}") {
            // No attribute of these letters is an address.
            prop_assert_eq!(prefix_addresses(&html, "/motion"), html);
        }
    }

    #[test]
    fn a_request_is_the_same_with_and_without_the_base_path() {
        for (target, expected) in [
            ("/motion/settings?a=b", Some("/settings?a=b")),
            ("/motion/", Some("/")),
            ("/motion", Some("/")),
            ("/motion?a=b", Some("/?a=b")),
            ("http://example.org/motion/x", Some("http://example.org/x")),
            ("/settings", None),
            ("/motional", None),
            ("/x/motion/", None),
        ] {
            let uri: Uri = target.parse().expect("a target");
            assert_eq!(without_base(&uri, "/motion").map(|uri| uri.to_string()).as_deref(), expected, "{target}");
        }
    }
}
