//! The paths of the API before it had a version. Each redirects to its current path and is marked as deprecated (RFC 9745).

use axum::Router;
use axum::http::Uri;
use axum::http::header::{HeaderName, LINK};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use crate::api::paths::{CAMERA_COUNTS_PATH, CAMERAS_PATH, PREVIEW_PATH};
use crate::server::state::AppState;

/// The old paths, each with its current path.
pub const MOVED: [(&str, &str); 3] =
    [("/api/cameras", CAMERAS_PATH), ("/api/preview", PREVIEW_PATH), ("/api/camera-counts", CAMERA_COUNTS_PATH)];

/// The date of their deprecation: 2026-11-29, in seconds since 1970-01-01T00:00:00Z.
const DEPRECATED_SINCE: &str = "@1795910400";

/// Returns the routes of the old paths.
pub fn routes() -> Router<AppState> {
    MOVED
        .iter()
        .fold(Router::new(), |router, (old, new)| router.route(old, get(async |uri: Uri| redirect(new, uri.query()))))
}

fn redirect(path: &str, query: Option<&str>) -> impl IntoResponse + use<> {
    let location = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let headers = [
        (LINK, format!("<{path}>; rel=\"successor-version\"")),
        (HeaderName::from_static("deprecation"), DEPRECATED_SINCE.to_owned()),
    ];
    (headers, Redirect::permanent(&location))
}
