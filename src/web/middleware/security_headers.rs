//! Security headers of every response.

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

/// Allows a response nothing. Pages have a policy of their own.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long a browser uses only TLS for this host, in seconds: two years, as hstspreload.org recommends. Subdomains are not
/// included, because they may belong to others.
const TLS_ONLY: &str = "max-age=63072000";

/// The number of headers that most responses have in the end.
const MOST_HEADERS: usize = 16;

/// Middleware: adds each header that the response does not have yet.
pub async fn security_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.reserve(MOST_HEADERS);
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, NOTHING);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    // Disables the filter of old browsers, which could be turned against a page, as OWASP recommends.
    set(X_XSS_PROTECTION, "0");
    // With `no-referrer`, browsers would send `Origin: null` with our own forms.
    set(REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    // Responses hold data of a user, so they are not cached. The files of the pages set their own header.
    set(CACHE_CONTROL, "no-store");
    if state.settings.server.requires_tls() {
        set(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    response
}

/// Sets `Vary` and the content security policy of the page that is being rendered: scripts and styles must come from this
/// server or carry the nonce of the page. `wasm-unsafe-eval` allows compiling WebAssembly, and nothing else.
pub fn page_csp(options: &LeptosOptions) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    // `cargo leptos watch` reloads the page over a separate socket.
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
