//! Serves the files of the pages. `make site` puts them into a folder that is named after a hash of their contents, so browsers
//! may cache them forever. The files of cargo-leptos have no version, and browsers revalidate them each time.

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

/// Returns the routes of the files in all versions. A precompressed file is sent if the client accepts it. `options` have no
/// version.
pub fn files(options: &LeptosOptions) -> Router {
    let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let served = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(served).layer(from_fn(caching))
}

/// Middleware: sets how long a file may be cached. Errors are not cached, because they may be temporary.
async fn caching(request: Request, next: Next) -> Response {
    let folder = request.uri().path().trim_start_matches('/').split('/').next();
    let cache_control = if folder.is_some_and(is_version) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = next.run(request).await;
    if [StatusCode::OK, StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status()) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}
