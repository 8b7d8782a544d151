//! Serves the files of the pages, from the program or from a folder. `make site` puts them into a folder that is named after a hash
//! of their contents, so browsers may cache them forever. Other files have no version, and browsers revalidate them each time.

use std::path::Path;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use headers::{HeaderMapExt, IfNoneMatch};
use leptos::config::LeptosOptions;
use tower_http::services::ServeDir;
use tower_service::Service;

use super::negotiation::accept_encoding;
use crate::server::export::pipeline::encoding::Encoding;
use crate::server::settings::site::{EmbeddedFile, Site, is_version};

pub mod thaw_styles;

/// The encodings in which `make site` compresses files, in the order of the server's preference.
const ENCODINGS: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

/// Returns the routes of the files in all versions. A compressed file is sent if the client accepts it. `options` have no
/// version.
pub fn files(site: &Site, options: &LeptosOptions) -> Router {
    let folder = options.site_pkg_dir.clone();
    let router = Router::new();
    let router = match site {
        Site::Folder(root) => router.fallback_service(in_folder(&Path::new(&**root).join(&*folder))),
        Site::Embedded(_) => {
            let site = site.clone();
            router.fallback(get(async move |request: Request| {
                let path = format!("{folder}{}", request.uri().path());
                embedded(&site, &path, request.headers()).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
            }))
        }
    };
    router.layer(from_fn(caching))
}

/// Middleware: responds with the file at the path of the request, if there is one.
pub async fn root_files(State(site): State<Site>, request: Request, next: Next) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return next.run(request).await;
    }
    let file = match &site {
        Site::Embedded(_) => embedded(&site, request.uri().path().trim_start_matches('/'), request.headers()),
        Site::Folder(root) => {
            let mut copy = Request::new(Body::empty());
            *copy.method_mut() = request.method().clone();
            *copy.uri_mut() = request.uri().clone();
            *copy.headers_mut() = request.headers().clone();
            let served = in_folder(Path::new(&**root)).call(copy).await;
            let is_file = |file: &Response| file.status() != StatusCode::NOT_FOUND && !file.status().is_server_error();
            served.ok().map(IntoResponse::into_response).filter(is_file)
        }
    };
    match file {
        Some(file) => revalidated(file),
        None => next.run(request).await,
    }
}

fn in_folder(folder: &Path) -> ServeDir {
    ServeDir::new(folder).append_index_html_on_directories(false).precompressed_br().precompressed_gzip()
}

/// Returns the response with a file that is in the program, in the best encoding that the client accepts.
fn embedded(site: &Site, path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = site.embedded(path)?;
    let compressed = ENCODINGS.map(|encoding| (encoding, site.embedded(&format!("{path}.{}", suffix(encoding)))));
    let compressed: Vec<_> = compressed.into_iter().filter_map(|(encoding, file)| Some((encoding, file?))).collect();
    let offered: Vec<_> = compressed.iter().map(|(encoding, _)| *encoding).collect();
    let chosen = accept_encoding::preferred(headers, &offered);
    let encoded = compressed.into_iter().find(|(encoding, _)| Some(*encoding) == chosen);
    let EmbeddedFile { digest, contents, .. } = encoded.map_or(plain, |(_, file)| file);
    let tag = format!("\"{digest}\"");
    let is_known = match (headers.typed_get::<IfNoneMatch>(), tag.parse()) {
        (Some(known), Ok(tag)) => !known.precondition_passes(&tag),
        _ => false,
    };
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(Bytes::from_static(contents)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        if let Some((encoding, _)) = encoded {
            response.headers_mut().insert(CONTENT_ENCODING, encoding.header_value());
        }
        response
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Some(response)
}

/// Returns what `make site` appends to the name of a compressed file.
fn suffix(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Zstd => "zst",
        Encoding::Brotli => "br",
        Encoding::Gzip => "gz",
    }
}

/// Returns the media type of a file of the pages.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// Middleware: sets how long a file may be cached. Errors are not cached, because they may be temporary.
async fn caching(request: Request, next: Next) -> Response {
    let folder = request.uri().path().trim_start_matches('/').split('/').next();
    let is_immutable = folder.is_some_and(is_version);
    let mut response = revalidated(next.run(request).await);
    if is_immutable && let Some(cache_control) = response.headers_mut().get_mut(CACHE_CONTROL) {
        *cache_control = HeaderValue::from_static("public, max-age=31536000, immutable");
    }
    response
}

/// Lets browsers keep a file, but ask for each use whether it has changed.
fn revalidated(mut response: Response) -> Response {
    if [StatusCode::OK, StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status()) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_public_file_has_a_media_type() {
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/public")).expect("the folder") {
            let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
            assert_ne!(content_type(&name), "application/octet-stream", "{name}");
        }
    }
}
