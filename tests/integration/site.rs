//! The files of the pages, as `make site` builds them: compressed, in a folder named after their contents, or in the program.

use motion_export::server::settings::site::EmbeddedFile;
use reqwest::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use reqwest::{Client, Response};

use crate::app::{TestDatabase, text_of};
use crate::binary::Server;

const SCRIPT: &str = "/pkg/00c0ffee00c0ffee/motion-export.js";

/// The files of a program that has them.
const EMBEDDED: [EmbeddedFile; 6] = [
    file("live.js", b"a script without a version"),
    file("live.js.br", b"the same as brotli"),
    file("pkg/00c0ffee00c0ffee/motion-export.js", b"a script"),
    file("pkg/00c0ffee00c0ffee/motion-export.js.br", b"compressed as brotli"),
    file("pkg/00c0ffee00c0ffee/motion-export.js.gz", b"compressed as gzip"),
    file("pkg/version", b"00c0ffee00c0ffee"),
];

const fn file(path: &'static str, contents: &'static [u8]) -> EmbeddedFile {
    // Any text that differs between the files.
    EmbeddedFile { path, digest: path, contents }
}

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

#[tokio::test]
async fn files_in_the_program_are_served_as_those_in_a_folder() {
    let mut database = TestDatabase::new().await;
    database.settings.embed_site(&EMBEDDED);
    let app = database.serve(10).await;
    let get = async |path: &str, encoding: &str| {
        let request = Client::new().get(format!("{}{path}", app.address)).header(ACCEPT_ENCODING, encoding);
        request.send().await.unwrap()
    };
    let page = text_of(get("/login", "identity").await).await;
    assert!(page.contains("\"/pkg/00c0ffee00c0ffee/motion-export.css\""), "{page}");
    for (path, accepted, encoding, contents, caching) in [
        (SCRIPT, "gzip, deflate, br, zstd", Some("br"), "compressed as brotli", "public, max-age=31536000, immutable"),
        (SCRIPT, "gzip", Some("gzip"), "compressed as gzip", "public, max-age=31536000, immutable"),
        (SCRIPT, "identity", None, "a script", "public, max-age=31536000, immutable"),
        ("/live.js", "br", Some("br"), "the same as brotli", "no-cache"),
        ("/live.js", "gzip", None, "a script without a version", "no-cache"),
    ] {
        let response = get(path, accepted).await;
        assert_eq!(response.status(), 200, "{path}");
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header(CONTENT_ENCODING).as_deref(), encoding, "{path} {accepted}");
        assert_eq!(header(CONTENT_TYPE).as_deref(), Some("text/javascript"));
        assert_eq!(header(CACHE_CONTROL).as_deref(), Some(caching));
        assert_eq!(header(VARY).as_deref(), Some("accept-encoding"));
        let tag = header(ETAG).unwrap();
        assert_eq!(text_of(response).await, contents);
        // A browser that has it is not sent it again.
        let again = Client::new().get(format!("{}{path}", app.address)).header(ACCEPT_ENCODING, accepted);
        let again = again.header(IF_NONE_MATCH, tag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), again.headers()[CACHE_CONTROL].to_str().unwrap()), (304, caching));
    }
    let head = Client::new().head(format!("{}{SCRIPT}", app.address)).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "8"));
    let posted = Client::new().post(format!("{}{SCRIPT}", app.address)).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    for missing in ["/pkg/9f9f9f9f9f9f9f9f/motion-export.js", "/pkg", "/pkg/", "/plain.js", "/Cargo.toml"] {
        assert_eq!(get(missing, "br").await.status(), 404, "{missing}");
    }
}

#[tokio::test]
async fn the_files_at_the_root_of_a_folder_are_revalidated() {
    let (_folder, server) = server(&[("pkg/version", "00c0ffee00c0ffee"), ("live.js", "a script"), ("deep/x.js", "1")]);
    let response = get(&server, "/live.js", "br").await;
    assert_eq!((response.status().as_u16(), response.headers()[CACHE_CONTROL].to_str().unwrap()), (200, "no-cache"));
    assert_eq!(text_of(response).await, "a script");
    let posted = Client::new().post(format!("{}/live.js", server.address)).send().await.unwrap();
    assert_eq!(posted.status(), 404, "only GET and HEAD read files");
    let missing = get(&server, "/deep", "br").await;
    assert_eq!(missing.status(), 404);
    assert!(text_of(missing).await.contains("<html"), "a page");
}
