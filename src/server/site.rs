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
use tracing::warn;

/// In the folder of the files, the name of the version that pages ask for.
const VERSION_FILE: &str = "version";

/// The length of a version: so many hexadecimal digits.
const VERSION_LENGTH: usize = 16;

/// The options with the version of the files that are there, where they have one: pages ask for those. Files without one
/// come first, because only whoever works on the page has both.
pub fn versioned(mut options: LeptosOptions) -> LeptosOptions {
    let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let script = format!("{}.js", options.output_name);
    if folder.join(&script).exists() {
        return options;
    }
    let version = std::fs::read_to_string(folder.join(VERSION_FILE)).unwrap_or_default();
    let version = version.trim();
    if is_version(version) && folder.join(version).join(&script).exists() {
        options.site_pkg_dir = format!("{}/{version}", options.site_pkg_dir).into();
    } else {
        warn!(
            path = %folder.join(script).display(),
            "the page's files are not there, so it works as without script; see LEPTOS_SITE_ROOT"
        );
    }
    options
}

fn is_version(name: &str) -> bool {
    name.len() == VERSION_LENGTH && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_named_and_files_without_one_come_first() {
        let site = tempfile::tempdir().expect("a folder");
        let write = |name: &str, contents: &str| {
            let path = site.path().join("static/pkg").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, contents).expect("written");
        };
        let folder = || {
            let root = site.path().to_str().expect("UTF-8").to_owned();
            let options = LeptosOptions::builder().output_name("page").site_root(root).site_pkg_dir("static/pkg");
            versioned(options.build()).site_pkg_dir.to_string()
        };
        assert_eq!(folder(), "static/pkg", "nothing is there");
        write("00000000000000ff/page.js", "");
        write("version", "../../elsewhere\n");
        assert_eq!(folder(), "static/pkg", "that is no version");
        write("ffffffffffffffff/page.js", "");
        write("version", "00000000000000ff\n");
        assert_eq!(folder(), "static/pkg/00000000000000ff");
        write("page.js", "");
        assert_eq!(folder(), "static/pkg", "somebody works on the page");
    }
}
