//! The page's files: which version of them there is, and how they are served. `make site` puts them into a folder named for
//! what is in them, so that browsers may keep them for good; what cargo-leptos puts there has no version, and is asked for
//! again each time.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use leptos::config::LeptosOptions;
use tower_http::services::ServeDir;

use crate::server::settings::site_version::is_version;

pub mod thaw_styles;

/// Serves the files of all versions that are there: with what is compressed already, where it is and the client takes it.
/// `options` are without a version.
pub fn files(options: &LeptosOptions) -> Router {
    let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let served = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(served).layer(from_fn(caching))
}

/// Says for how long a file may be kept. What is not there may be there later, and what failed may not fail again.
async fn caching(request: Request, next: Next) -> Response {
    let folder = request.uri().path().trim_start_matches('/').split('/').next();
    let keep = if folder.is_some_and(is_version) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = next.run(request).await;
    if [StatusCode::OK, StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status()) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(keep));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}
