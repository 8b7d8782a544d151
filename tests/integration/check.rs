//! The command `check`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use rusqlite::Connection;

use crate::backend;
use crate::binary::{Server, command, succeed};

fn check(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let mut check = command(folder, &[&["check"], arguments].concat());
    for (name, value) in settings {
        check.env(format!("MOTION_EXPORT_{name}"), value);
    }
    let Output { status, stdout, stderr } = check.output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    (status.code().unwrap(), text + &String::from_utf8_lossy(&stderr))
}

#[tokio::test]
async fn a_check_of_what_is_right_says_so_while_a_server_runs() {
    let home = backend::nowhere();
    let folder = home.path();
    succeed(folder, &["demo", "--events", "50", "--days", "1"]);
    fs::write(folder.join("Leptos.toml"), "[server]\nmetrics_token = 'a long and secret token'\n").unwrap();
    let _server = Server::start(folder, &[]);
    let (code, text) = check(folder, &[("EXPORT_PAGE_ROWS", "7")], &[]);
    assert_eq!(code, 0, "{text}");
    for part in
        ["export.page_rows = 7 (environment)", "server.metrics_token = (not shown) (file)", "up to date", "clock"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("secret"), "{text}");
    let (code, json) = check(folder, &[], &["--json"]);
    let findings: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(code == 0 && findings.as_array().unwrap().iter().all(|finding| finding["level"] == "ok"), "{json}");
}

#[tokio::test]
async fn each_problem_is_found_with_what_to_do_and_an_exit_code() {
    let home = backend::nowhere();
    let folder = home.path();
    succeed(folder, &["demo", "--events", "50", "--days", "1"]);
    let https = ("SERVER_PUBLIC_URL", "https://127.0.0.1:9");
    for (settings, code, parts) in [
        (&[("SERVER_LISTEN", "0.0.0.0:3000")][..], 2, &["ERROR", "server.listen"][..]),
        (&[("SERVER_LISTEN", "nonsense")], 2, &["ERROR", "server.listen"]),
        (
            &[https],
            1,
            &["WARNING", "server.trusted_proxies is not set", "https://127.0.0.1:9/healthz", "Start the server"],
        ),
        (&[("SERVER_TRUSTED_PROXIES", "127.0.0.1")], 1, &["WARNING", "Set server.public_url"]),
        (&[("SERVER_MAX_CONNECTIONS", "100000000")], 2, &["ERROR", "server.max_connections"]),
        (
            &[("SOURCE_GARAGE_KIND", "frigate"), ("SOURCE_GARAGE_URL", "http://127.0.0.1:9")],
            1,
            &["WARNING", "garage was never followed", "source test garage"],
        ),
    ] {
        let (found, text) = check(folder, settings, &[]);
        assert_eq!(found, code, "{settings:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    succeed(folder, &["migrate", "down", "1", "--yes"]);
    let (code, text) = check(folder, &[], &[]);
    assert!(code == 1 && text.contains("needs 1 migrations") && text.contains("backup FILE"), "{code} {text}");
    let none = check(folder, &[], &["--database-url", "nonsense://"]);
    assert!(none.0 == 2 && none.1.contains("database.url"), "{none:?}");
}

#[tokio::test]
async fn problems_of_a_file_are_found() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let home = backend::nowhere();
    let folder = home.path();
    let (code, text) = check(folder, &[], &[]);
    assert!(code == 1 && text.contains("does not exist yet"), "{code} {text}");
    assert!(!folder.join("test.db").exists(), "nothing is created");
    succeed(folder, &["demo", "--events", "2000", "--days", "1"]);
    let path = folder.join("test.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = check(folder, &[], &[]);
    assert!(code == 1 && text.contains("mode 644") && text.contains("chmod 600"), "{code} {text}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let newer = Connection::open(&path).unwrap();
    newer.execute("INSERT INTO seaql_migrations VALUES ('m29990101_000099_future', 0)", []).unwrap();
    drop(newer);
    let (code, text) = check(folder, &[], &[]);
    assert!(code == 2 && text.contains("by a newer version"), "{code} {text}");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let (code, text) = check(folder, &[], &[]);
    assert!(code == 2 && text.contains("damaged"), "{code} {text}");
    Connection::open(folder.join("other.db")).unwrap().execute_batch("CREATE TABLE cake (x)").unwrap();
    let (code, text) = check(folder, &[], &["--database-url", "sqlite://other.db"]);
    assert!(code == 2 && text.contains("another program"), "{code} {text}");
}
