//! The commands of the binary: what they print, and what remains when they are killed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use migration::{Migrator, MigratorTrait};
use motion_export::api::session::Role;
use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::db::entity::{export, mark, motion_event, user};
use motion_export::server::ingest::event::Event;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use sha2::{Digest, Sha256};

use crate::app::{HEADER, PASSWORD, TestDatabase, client_with, event, events, newest, reason_of};
use crate::backend;
use crate::binary::{Server, command, fail, run_with_input, succeed, token_of_admin};

#[tokio::test]
async fn export_writes_what_the_url_gives() {
    let database = TestDatabase::with(events(30)).await;
    let folder = database.folder.path();
    let query = "start_date=2025-12-01&end_date=2025-12-01&camera_id=front&timezone=Europe/Berlin&bom=true&raw=true&excel_date=true";
    let arguments = [
        "export",
        "--start-date",
        "2025-12-01",
        "--end-date",
        "2025-12-01",
        "--camera-id",
        "front",
        "--timezone",
        "Europe/Berlin",
        "--bom",
        "--raw",
        "--excel-date",
    ];
    let expected = database.export(query, 7).await;
    assert_eq!(succeed(folder, &arguments), expected);

    let to_file = [&arguments[..], &["--output", "out.csv"]].concat();
    assert!(succeed(folder, &to_file).is_empty());
    assert_eq!(std::fs::read(folder.join("out.csv")).unwrap(), expected);

    let semicolons = database.export("delimiter=semicolon", 7).await;
    assert_ne!(semicolons, database.export("", 7).await);
    assert_eq!(succeed(folder, &["export", "--delimiter", "semicolon"]), semicolons);
    let error = fail(folder, &["export", "--delimiter", "tab"]);
    assert!(error.contains("comma, semicolon"), "{error}");
}

#[tokio::test]
async fn a_failed_export_leaves_the_existing_file_and_nothing_else() {
    let broken = events(1).map(|event| Event { timestamp: i64::MAX, ..event });
    let database = TestDatabase::with(events(6_000).chain(broken)).await;
    let folder = database.folder.path();
    std::fs::write(folder.join("out.csv"), "yesterday's").unwrap();
    let error = fail(folder, &["export", "--output", "out.csv"]);
    assert!(error.contains("beyond the calendar"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.join("out.csv")).unwrap(), "yesterday's");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let parts: Vec<_> = names.filter(|name| name.contains(".part")).collect();
    assert!(parts.is_empty(), "{parts:?}");
    // With standard output, only the exit code shows the failure.
    assert!(fail(folder, &["export"]).contains("beyond the calendar"));
}

/// The newest record.
#[tokio::test]
async fn exports_of_the_command_line_are_recorded_with_any_outcome() {
    let database = TestDatabase::with(events(30)).await;
    database.add_viewer("ann", &["front"]).await;
    let folder = database.folder.path();
    let file = succeed(folder, &["export", "--as", "ann", "--timezone", "Asia/Tokyo"]);
    let record = newest(&database).await;
    assert_eq!((record.state.as_str(), record.via.as_str(), record.rows), ("completed", "command", 15));
    assert_eq!(
        (record.user_id, record.user_name.as_deref()),
        (None, Some("ann")),
        "not her export, but with her access"
    );
    assert_eq!(record.query, "format=csv&timezone=Asia%2FTokyo");
    assert_eq!(record.bytes, i64::try_from(file.len()).unwrap());
    assert_eq!(record.sha256, Some(Sha256::digest(&file).to_vec()));

    // Into a missing folder.
    assert!(fail(folder, &["export", "--output", "nowhere/out.csv"]).contains("nowhere/out.csv"));
    let record = newest(&database).await;
    assert_eq!(record.state, "failed");
    assert!(record.error.as_deref().unwrap().contains("nowhere/out.csv"), "{record:?}");
}

#[tokio::test]
async fn a_stopped_command_leaves_no_file_and_a_record_with_the_reason() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let folder = database.folder.path();
    // To a pipe that is not read.
    let mut child = command(folder, &["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(!child.wait().unwrap().success(), "it does not wait for a reader");
    let record = newest(&database).await;
    let reason = reason_of(&record);
    assert_eq!((record.state.as_str(), reason.as_deref()), ("interrupted", Some("The command was stopped.")));
}

#[tokio::test]
async fn a_command_that_is_stopped_while_its_record_is_pending_is_not_completed() {
    let database = TestDatabase::with([]).await;
    database.add_many(30_000).await;
    let folder = database.folder.path();
    let mut child = command(folder, &["export", "--output", "out.csv"]).stderr(Stdio::null()).spawn().unwrap();
    while export::Entity::find().count(&database.connection).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let lock = database.lock().await;
    // Waits until the file is written, and its record is pending.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    lock.rollback().await.unwrap();
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert!(!ended.success() && !folder.join("out.csv").exists());
    let record = newest(&database).await;
    assert_eq!((record.state.as_str(), record.sha256), ("interrupted", None));
}

#[test]
fn an_export_of_a_missing_database_fails_and_creates_none() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["export"][..],
        &["export", "--output", "out.csv"],
        &["migrate", "status"],
        &["migrate", "down", "--yes"],
        &["user", "list"],
        &["camera", "list"],
        &["token", "create", "ann", "x"],
    ] {
        let (sqlite, postgres) = (["--database-url", "sqlite://test.db"], backend::url_of_none());
        let error = fail(folder.path(), &[arguments, &sqlite].concat());
        assert!(error.contains("there is no database test.db"), "{error}");
        if let Some(url) = postgres {
            let error = fail(folder.path(), &[arguments, &["--database-url", &url]].concat());
            assert!(error.contains("database \"nowhere\" does not exist"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_link_as_output_stays_a_link() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    std::fs::write(folder.join("real.csv"), "").unwrap();
    std::os::unix::fs::symlink("real.csv", folder.join("link.csv")).unwrap();
    succeed(folder, &["export", "--output", "link.csv"]);
    assert!(folder.join("link.csv").is_symlink());
    assert_eq!(std::fs::read(folder.join("real.csv")).unwrap(), database.export("", 10).await);
}

#[tokio::test]
async fn bad_options_are_refused_by_name() {
    let database = TestDatabase::with([]).await;
    let folder = database.folder.path();
    for (arguments, words) in [
        (&["export", "--start-date", "soon"][..], "--start-date"),
        (&["export", "--camera-id", "nobody"], "nobody"),
        (&["export", "--timezone", "Mars"], "Mars"),
        (&["serve", "--listen", "0.0.0.0:0"], "loopback"),
        (&["export", "--as", "nobody"], "no user “nobody”"),
        (&["user", "add", "ann"], "--password-stdin"),
        (&["user", "remove", "nobody"], "no user “nobody”"),
        (&["camera", "grant", "front", "nobody"], "no user “nobody”"),
        (&["token", "create", "nobody", "x"], "no user “nobody”"),
        (&["token", "revoke", "x"], "“x” is not the id of a token"),
        (&["token", "revoke", "00000000-0000-0000-0000-000000000000"], "does not exist"),
        (&["demo", "--cameras", "0"], "--cameras"),
        (&["migrate", "status", "--database-url", "mysql://x"], "sqlite://"),
    ] {
        let error = fail(folder, arguments);
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn unknown_settings_are_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "[export]\npage_size = 7\n").unwrap();
    let error = fail(folder.path(), &["migrate", "status"]);
    assert!(error.contains("Leptos.toml") && error.contains("page_size"), "{error}");
}

#[tokio::test]
async fn deprecated_settings_are_logged_once_at_start_with_the_new_name() {
    let database = TestDatabase::with([]).await;
    let folder = database.folder.path();
    std::fs::write(folder.join("Leptos.toml"), "[export]\nmax_at_once = 7\n").unwrap();
    let variable = "MOTION_EXPORT_SERVER_STOP_GRACE_SECONDS";
    let expected = [
        "the setting export.max_at_once is deprecated and will be removed in the next version; use export.max_concurrent \
         instead",
        "the setting MOTION_EXPORT_SERVER_STOP_GRACE_SECONDS is deprecated and will be removed in the next version; use \
         MOTION_EXPORT_SERVER_SHUTDOWN_TIMEOUT_SECONDS instead",
    ];
    let server = Server::start_with(folder, &[("SERVER_STOP_GRACE_SECONDS", "1")]);
    drop(server);
    let log = Server::log(folder);
    for line in expected {
        assert_eq!(log.lines().filter(|logged| logged.contains(" WARN ") && logged.contains(line)).count(), 1, "{log}");
    }
    let command = command(folder, &["user", "list"]).env(variable, "1").output().unwrap();
    assert!(command.status.success());
    let printed = String::from_utf8(command.stderr).unwrap();
    assert_eq!(printed, expected.map(|line| format!("warning: {line}\n")).concat());
}

#[tokio::test]
async fn a_setting_with_two_values_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "[export]\nmax_at_once = 7\nmax_concurrent = 8\n").unwrap();
    let error = fail(folder.path(), &["migrate", "status"]);
    assert!(error.contains("export.max_at_once and export.max_concurrent have different values"), "{error}");
}

#[tokio::test]
async fn an_export_of_which_only_the_first_line_is_read_fails() {
    let database = TestDatabase::with(events(20_000)).await;
    let mut child = command(database.folder.path(), &["export"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, HEADER);
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
fn migrations_can_be_listed_undone_and_applied_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let all = Migrator::migrations().len();
    let rest = (all - 1).to_string();
    let text = |arguments: &[&str]| String::from_utf8(succeed(folder, arguments)).unwrap();
    assert_eq!(text(&["migrate", "up"]).matches("Applied").count(), all);
    assert_eq!(text(&["migrate", "status"]).matches("Applied").count(), all);
    assert_eq!(text(&["migrate", "down", "--yes"]).matches("Pending").count(), 1);
    assert_eq!(text(&["migrate", "down", &rest, "--yes"]).matches("Pending").count(), all);
    assert!(fail(folder, &["migrate", "down"]).contains("--yes"), "the contents of the tables would be lost");
    // Without tables, the file of an export would look complete and be empty.
    assert!(fail(folder, &["export"]).contains("has no tables"));
    assert_eq!(text(&["migrate", "up"]).matches("Applied").count(), all);
}

#[test]
fn the_same_seed_generates_the_same_demo_and_doing_it_again_changes_nothing() {
    let arguments = ["demo", "--events", "500", "--cameras", "9", "--seed", "7", "--until", "2025-12-16T12:00:00Z"];
    let exports = [(); 2].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        let summary = String::from_utf8(succeed(folder.path(), &arguments)).unwrap();
        assert!(summary.contains("500 imported") && summary.contains("9 new"), "{summary}");
        let again = String::from_utf8(succeed(folder.path(), &arguments)).unwrap();
        assert!(again.contains("0 imported, 500 already there"), "{again}");
        succeed(folder.path(), &["export"])
    });
    assert_eq!(exports[0], exports[1]);
    assert_eq!(exports[0].split(|byte| *byte == b'\n').count(), 502);
}

#[tokio::test]
async fn a_killed_import_leaves_nothing_and_can_be_repeated() {
    let source = TestDatabase::with(events(60_000)).await;
    let target = TestDatabase::new().await;
    let folder = target.folder.path();
    std::fs::write(folder.join("in.csv"), source.export("", 5_000).await).unwrap();

    let mut import = command(folder, &["import", "csv", "in.csv"]).stdout(Stdio::null()).spawn().unwrap();
    // Uncommitted data is in memory and then in this file: once it grows, the import is in progress.
    let wal = folder.join("test.db-wal");
    let grown = || match backend::database_bytes(folder) {
        Some(bytes) => bytes > 20_000_000,
        None => wal.metadata().is_ok_and(|wal| wal.len() >= 1_000_000),
    };
    while !grown() {
        assert!(import.try_wait().unwrap().is_none(), "the import ended before it could be killed");
        std::thread::yield_now();
    }
    import.kill().unwrap();
    import.wait().unwrap();
    assert_eq!(motion_event::Entity::find().count(&target.connection).await.unwrap(), 0);

    succeed(folder, &["import", "csv", "in.csv"]);
    assert_eq!(motion_event::Entity::find().count(&target.connection).await.unwrap(), 60_000);
}

#[tokio::test]
async fn serve_with_demo_fills_an_empty_database_and_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let server = Server::start(folder.path(), &["--demo"]);
        let token = server.greeted("Bearer ", ['\'', '\n']);
        let lines = server.export(&token, "").await.text().await.unwrap().lines().count();
        assert_eq!(lines, 100_001);
        tokens.push(token);
    }
    // The token of the second start has replaced that of the first.
    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.export(&tokens[0], "").await.status(), 401);
    assert_eq!(server.export(&tokens[1], "end_date=2000-01-01").await.status(), 200);
    assert!(!server.greeting.contains("setup"), "there is a user already");
}

#[tokio::test]
async fn serve_with_demo_prints_how_to_sign_in_and_leaves_existing_users_alone() {
    let folder = tempfile::tempdir().unwrap();
    succeed(folder.path(), &["demo", "--events", "10"]);
    let server = Server::start(folder.path(), &["--demo"]);
    let password = server.greeted("Sign in as demo with the password ", ['\n', ' ']);
    let form = [("name", "demo"), ("password", password.as_str())];
    let response = client_with(&[]).post(format!("{}/login", server.address)).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 303);
    drop(server);

    token_of_admin(folder.path());
    succeed(folder.path(), &["user", "remove", "demo"]);
    let server = Server::start(folder.path(), &["--demo"]);
    assert!(!server.greeting.contains("Sign in as"), "{}", server.greeting);
    let listed = String::from_utf8(succeed(folder.path(), &["user", "list"])).unwrap();
    assert!(!listed.contains("demo"), "{listed}");
}

#[tokio::test]
async fn serve_with_demo_leaves_a_user_demo_alone_that_was_added_in_its_own_database() {
    let folder = tempfile::tempdir().unwrap();
    drop(Server::start(folder.path(), &["--demo"]));
    for with_another in [false, true] {
        if with_another {
            // Otherwise the last administrator would be removed.
            token_of_admin(folder.path());
        }
        let mut settings = motion_export::server::settings::Settings::default();
        settings.database.url = backend::url(folder.path());
        let connection = connect::open(&settings.database, IfMissing::Refuse).await.unwrap();
        user::Entity::delete_many().filter(user::Column::Name.eq("demo")).exec(&connection).await.unwrap();
        connection.close().await.unwrap();
        let added = run_with_input(folder.path(), &["user", "add", "demo", "--admin", "--password-stdin"], PASSWORD);
        assert!(added.status.success());
        succeed(folder.path(), &["token", "create", "demo", "demo"]);
        for _ in 0..2 {
            let server = Server::start(folder.path(), &["--demo"]);
            assert!(!server.greeting.contains("Sign in as"), "{}", server.greeting);
            let form = [("name", "demo"), ("password", PASSWORD)];
            let response = client_with(&[]).post(format!("{}/login", server.address)).form(&form).send().await.unwrap();
            assert_eq!(response.status(), 303, "the password is unchanged");
        }
        let tokens = String::from_utf8(succeed(folder.path(), &["token", "list"])).unwrap();
        assert!(tokens.contains("demo"), "{tokens}");
    }
}

#[tokio::test]
async fn serve_with_demo_changes_nothing_in_a_database_that_it_did_not_create() {
    // A user called demo, with and without cameras, and cameras without any user.
    for (cameras, has_user) in [(true, true), (false, true), (true, false)] {
        let database = TestDatabase::new().await;
        if cameras {
            database.add_camera("front", Some("Front Door")).await;
            database.add([event("2025-12-01T00:00:00Z")]).await;
        }
        if has_user {
            database.add_user("demo", Role::Admin).await;
        }
        let server = Server::start(database.folder.path(), &["--demo"]);
        assert!(!server.greeting.contains("Sign in as"), "{}", server.greeting);
        if has_user {
            let form = [("name", "demo"), ("password", PASSWORD)];
            let response = client_with(&[]).post(format!("{}/login", server.address)).form(&form).send().await.unwrap();
            assert_eq!(response.status(), 303, "the password of {cameras} is as it was");
        }
        let events = motion_event::Entity::find().count(&database.connection).await.unwrap();
        assert_eq!(events, u64::from(cameras), "no event was generated");
    }
}

#[tokio::test]
async fn a_demo_from_before_databases_were_marked_is_recognized_by_its_cameras_and_its_user() {
    let folder = tempfile::tempdir().unwrap();
    drop(Server::start(folder.path(), &["--demo"]));
    let mut settings = motion_export::server::settings::Settings::default();
    settings.database.url = backend::url(folder.path());
    let connection = connect::open(&settings.database, IfMissing::Refuse).await.unwrap();
    let forget = async || mark::Entity::delete_many().exec(&connection).await.unwrap();
    forget().await;
    for _ in 0..2 {
        let server = Server::start(folder.path(), &["--demo"]);
        assert!(server.greeting.contains("Sign in as demo"), "{}", server.greeting);
        drop(server);
        // From now on it is marked, with any users.
        if user::Entity::find().count(&connection).await.unwrap() == 1 {
            token_of_admin(folder.path());
        }
    }
    // Without a mark it may be another database.
    forget().await;
    let server = Server::start(folder.path(), &["--demo"]);
    assert!(!server.greeting.contains("Sign in as demo"), "{}", server.greeting);
}

#[tokio::test]
async fn memory_stays_flat_whatever_the_size() {
    let database = TestDatabase::with(events(300_000)).await;
    let token = token_of_admin(database.folder.path());
    let server = Server::start(database.folder.path(), &[]);
    let drain = async |query: &str| {
        let mut response = server.export(&token, query).await;
        let mut bytes = 0;
        while let Some(chunk) = response.chunk().await.unwrap() {
            bytes += chunk.len() as u64;
        }
        bytes
    };
    drain("end_date=2025-12-01T05:00:00Z").await;
    let before = server.peak_memory();
    let bytes = drain("").await;
    let grown = (server.peak_memory() - before) * 1_024;
    assert!(grown < bytes / 2, "{grown} bytes more for a file of {bytes}");
}

#[tokio::test]
async fn users_cameras_and_tokens_are_managed_from_the_command_line() {
    let database = TestDatabase::with(events(4)).await;
    let folder = database.folder.path();
    let text = |arguments: &[&str]| String::from_utf8(succeed(folder, arguments)).unwrap();
    let admin = token_of_admin(folder);
    assert!(admin.starts_with("mexp_") && admin.len() == 69, "only the token is printed");

    // A line break at the end is removed; upper and lower case are the same.
    let added = run_with_input(folder, &["user", "add", "Ann", "--password-stdin"], &format!("{PASSWORD}\n"));
    assert!(added.status.success());
    let again = run_with_input(folder, &["user", "add", "ANN", "--password-stdin"], PASSWORD);
    assert!(String::from_utf8_lossy(&again.stderr).contains("already"));
    let short = run_with_input(folder, &["user", "add", "bob", "--password-stdin"], "short");
    assert!(String::from_utf8_lossy(&short.stderr).contains("at least 10 characters"));

    assert_eq!(text(&["export", "--as", "ann"]), HEADER, "nothing was granted yet");
    for _ in 0..2 {
        assert_eq!(text(&["camera", "grant", "front", "ann"]), "ann sees front.\n");
    }
    let error = fail(folder, &["camera", "grant", "nothing", "ann"]);
    assert!(error.contains("no camera with the id “nothing”") && error.contains("`camera list`"), "{error}");
    assert_eq!(text(&["export", "--as", "ann"]), text(&["export", "--camera-id", "front"]));
    assert!(fail(folder, &["export", "--as", "ann", "--camera-id", "back"]).contains("no camera “back”"));
    assert_eq!(text(&["export", "--as", "admin"]), text(&["export"]));
    let cameras = text(&["camera", "list"]);
    assert!(cameras.contains("front  Front Door  general  ann\n"), "{cameras}");
    assert!(cameras.contains("back   Back Yard   general\n"), "{cameras}");
    let users = text(&["user", "list"]);
    let ann = users.lines().find(|line| line.starts_with("ann")).unwrap();
    assert!(ann.contains("user") && ann.contains('1') && users.contains("all"), "{users}");

    let token = text(&["token", "create", "ann", "nightly", "--days", "30"]);
    let tokens = text(&["token", "list"]);
    assert!(!tokens.contains("mexp_"), "{tokens}");
    let line = tokens.lines().find(|line| line.contains("nightly")).unwrap();
    assert!(line.contains("ann") && line.contains("never"), "{line}");
    let server = Server::start(folder, &[]);
    assert_eq!(server.export(token.trim_end(), "").await.text().await.unwrap().lines().count(), 3);
    succeed(folder, &["token", "revoke", line.split(' ').next().unwrap()]);
    assert_eq!(server.export(token.trim_end(), "").await.status(), 401, "at once, in a server that runs");
    assert!(!text(&["token", "list"]).contains("nightly"));

    assert_eq!(text(&["camera", "revoke", "front", "ann"]), "ann does not see front.\n");
    assert_eq!(text(&["export", "--as", "ann"]), HEADER);
    let sign_in = async |password: &str| {
        let form = [("name", "ann"), ("password", password)];
        client_with(&[]).post(format!("{}/login", server.address)).form(&form).send().await.unwrap().status()
    };
    assert_eq!(sign_in(PASSWORD).await, 303);
    let changed = run_with_input(folder, &["user", "passwd", "ann", "--password-stdin"], "another one, longer");
    assert!(changed.status.success());
    assert_eq!(sign_in(PASSWORD).await, 403);
    assert_eq!(sign_in("another one, longer").await, 303);

    assert!(fail(folder, &["user", "remove", "admin"]).contains("last administrator"));
    assert!(fail(folder, &["user", "role", "admin", "user"]).contains("last administrator"));
    assert!(fail(folder, &["user", "role", "ann", "king"]).contains("the role must be admin or user"));
    assert_eq!(text(&["user", "role", "ann", "admin"]), "ann has the role admin.\n");
    assert_eq!(text(&["user", "role", "ann", "user"]), "ann has the role user.\n");
    assert_eq!(text(&["user", "remove", "ann"]), "ann is removed.\n");
    assert!(fail(folder, &["export", "--as", "ann"]).contains("no user “ann”"));
    // The last user may be removed, because no other user needs an administrator.
    succeed(folder, &["user", "remove", "admin"]);
    drop(server);
    assert!(Server::start(folder, &[]).greeting.contains("/setup?key="));
}

#[tokio::test]
async fn a_server_stops_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[]);
    let killed = Command::new("kill").arg(server.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn the_command_for_a_new_password_says_that_tokens_stay_and_revokes_them_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let list = || String::from_utf8(succeed(folder.path(), &["token", "list"])).unwrap().lines().count();
    token_of_admin(folder.path());
    for (arguments, message, tokens) in [
        (&["user", "passwd", "admin", "--password-stdin"][..], "access tokens still work (--revoke-tokens", 2),
        (&["user", "passwd", "admin", "--password-stdin", "--revoke-tokens"], "all access tokens are revoked", 1),
    ] {
        let output = run_with_input(folder.path(), arguments, "another password");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && printed.contains(message), "{printed}");
        assert_eq!(list(), tokens, "a title, and the tokens that were not revoked");
    }
}
