//! What every answer tells the browser not to do.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use axum::middleware::Next;
use axum::response::Response;
use leptos::config::Env;
use leptos::nonce::use_nonce;
use leptos::prelude::{LeptosOptions, use_context};
use leptos_axum::ResponseOptions;

use crate::server::state::AppState;
use crate::web::preferences;

/// What no answer of ours needs, unless it is a page, which has a policy of its own.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long a browser remembers to come over TLS only, in seconds: two years, as hstspreload.org recommends. For this host
/// alone: what is below its name may be somebody else's.
const TLS_ONLY: &str = "max-age=63072000";

/// Middleware: puts them on, where nobody has before.
pub async fn security_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, NOTHING);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    // The filter of old browsers, which could be turned against a page: off, as OWASP advises.
    set(X_XSS_PROTECTION, "0");
    // Not `no-referrer`, with which browsers say `Origin: null` in forms of our own.
    set(REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    // What is somebody's is kept by nobody. The page's files, which say so themselves, are everybody's.
    set(CACHE_CONTROL, "no-store");
    if state.settings.server.is_https() {
        set(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    response
}

/// Says what the page that is being rendered depends on, and gives it its policy: scripts and styles are ours, or carry
/// the page's nonce. WebAssembly is compiled, which `wasm-unsafe-eval` allows and nothing else.
pub fn page_csp(options: &LeptosOptions) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    // `cargo leptos watch` tells the page over a socket of its own that it should reload.
    let reload =
        if options.env == Env::DEV { format!(" ws://127.0.0.1:{}", options.reload_port) } else { String::new() };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'{reload}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    response.insert_header(VARY, HeaderValue::from_static(preferences::VARY));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}
