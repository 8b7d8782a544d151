//! The files of the pages, as `make site` builds them: compressed, in a folder named after their contents.

use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use reqwest::{Client, Response};

use crate::app::text_of;
use crate::binary::Server;

const SCRIPT: &str = "/pkg/00c0ffee00c0ffee/motion-export.js";

/// Starts a server with these files.
fn server(files: &[(&str, &str)]) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        let path = folder.path().join("target/site").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    let server = Server::start(folder.path(), &[]);
    (folder, server)
}

async fn get(server: &Server, path: &str, encoding: &str) -> Response {
    Client::new().get(format!("{}{path}", server.address)).header(ACCEPT_ENCODING, encoding).send().await.unwrap()
}

#[tokio::test]
async fn versioned_files_are_immutable_and_sent_compressed() {
    let (_folder, server) = server(&[
        ("pkg/version", "00c0ffee00c0ffee"),
        ("pkg/00c0ffee00c0ffee/motion-export.js", "a script"),
        ("pkg/00c0ffee00c0ffee/motion-export.js.br", "compressed as brotli"),
        ("pkg/00c0ffee00c0ffee/motion-export.js.gz", "compressed as gzip"),
    ]);
    let page = text_of(get(&server, "/login", "identity").await).await;
    assert!(page.contains("\"/pkg/00c0ffee00c0ffee/motion-export.css\""), "{page}");
    for (accepted, encoding, contents) in [
        ("gzip, deflate, br", Some("br"), "compressed as brotli"),
        ("gzip", Some("gzip"), "compressed as gzip"),
        ("identity", None, "a script"),
    ] {
        let response = get(&server, SCRIPT, accepted).await;
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header(CONTENT_ENCODING).as_deref(), encoding);
        assert_eq!(header(CONTENT_TYPE).as_deref(), Some("text/javascript"));
        assert_eq!(header(CACHE_CONTROL).as_deref(), Some("public, max-age=31536000, immutable"));
        assert_eq!(header(VARY).as_deref(), Some("accept-encoding"));
        assert_eq!(text_of(response).await, contents);
    }
    assert_eq!(get(&server, "/pkg/version", "identity").await.headers()[CACHE_CONTROL], "no-cache");
    // A missing file of an old version is never cached as missing.
    let missing = get(&server, "/pkg/9f9f9f9f9f9f9f9f/motion-export.js", "br").await;
    assert_eq!(missing.status(), 404);
    assert!(!missing.headers().get(CACHE_CONTROL).is_some_and(|value| value.to_str().unwrap().contains("immutable")));
}

#[tokio::test]
async fn unversioned_files_are_revalidated_each_time() {
    let (_folder, server) = server(&[("pkg/motion-export.js", "a script")]);
    let response = get(&server, "/pkg/motion-export.js", "identity").await;
    assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
    assert_eq!(text_of(response).await, "a script");
    assert!(text_of(get(&server, "/login", "identity").await).await.contains("\"/pkg/motion-export.css\""));
}
