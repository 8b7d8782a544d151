//! Error messages of commands: printed once, in terms of users, and with what to do.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use motion_export::server::accounts::user;
use motion_export::server::db::entity::export;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::app::{HEADER, PASSWORD, TestDatabase, events, newest, reason_of};
use crate::backend;
use crate::binary::{command, fail, in_clean_environment, run, run_with_input, succeed};

/// Every command that needs the database.
const COMMANDS: [&[&str]; 15] = [
    &["export"],
    &["export", "--output", "out.csv"],
    &["import", "csv", "in.csv"],
    &["import", "argusai", "argusai.db"],
    &["import", "frigate", "frigate.db"],
    &["demo", "--events", "1"],
    &["user", "list"],
    &["user", "remove", "ann"],
    &["camera", "list"],
    &["camera", "grant", "front", "ann"],
    &["token", "list"],
    &["partitions", "list"],
    &["migrate", "up"],
    &["migrate", "status"],
    &["serve", "--listen", "127.0.0.1:0"],
];

/// Checks that a message is one line without repetitions and without the text of a driver.
fn assert_is_for_users(error: &str) {
    let lines: Vec<_> = error.lines().collect();
    assert!(lines.len() == 1 && lines[0].starts_with("error: "), "{error}");
    for words in [
        "os error",
        "request id",
        "Connection Error",
        "Execution Error",
        "Query Error",
        "error returned from",
        "secret",
    ] {
        assert!(!error.contains(words), "{words}: {error}");
    }
    let parts: Vec<_> = error.trim_end().split(": ").collect();
    for (index, part) in parts.iter().enumerate() {
        assert!(!parts[..index].contains(part), "twice: {error}");
    }
}

fn fails_with(folder: &Path, arguments: &[&str], url: &str, reason: &str) {
    let error = fail(folder, &[arguments, &["--database-url", url]].concat());
    assert!(error.contains(reason), "{arguments:?}: {error}");
    assert_is_for_users(&error);
}

#[test]
fn every_command_reports_why_the_database_cannot_be_opened_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("text.db"), "not a database, but long enough to look like one".repeat(99)).unwrap();
    std::fs::create_dir(folder.join("folder.db")).unwrap();
    std::fs::write(folder.join("in.csv"), HEADER).unwrap();
    for arguments in COMMANDS {
        fails_with(folder, arguments, "sqlite://text.db", "not an SQLite database");
        fails_with(folder, arguments, "sqlite://folder.db", "it is a folder");
        // A server waits for a while, because PostgreSQL may be starting.
        if arguments[0] != "serve" {
            fails_with(folder, arguments, "postgres://test:secret@127.0.0.1:1/motion", "the connection was refused");
        }
        if let Some(nowhere) = backend::url_of_none() {
            fails_with(folder, arguments, &nowhere, "database \"nowhere\" does not exist");
        }
    }
}

#[tokio::test]
async fn a_locked_database_is_reported_as_such() {
    let database = TestDatabase::with([]).await;
    let folder = database.folder.path().to_owned();
    let lock = database.lock().await;
    let output = tokio::task::spawn_blocking(move || {
        run_with_input(&folder, &["user", "add", "ann", "--password-stdin"], PASSWORD)
    });
    let error = String::from_utf8(output.await.unwrap().stderr).unwrap();
    assert!(error.contains("lock"), "{error}");
    assert_is_for_users(&error);
    lock.rollback().await.unwrap();
}

#[tokio::test]
async fn a_guessable_password_is_refused_on_the_command_line_too() {
    let database = TestDatabase::with([]).await;
    database.add_viewer("ann", &[]).await;
    let folder = database.folder.path().to_owned();
    let refused = tokio::task::spawn_blocking(move || {
        [
            ("add", "bob", "password123\n", "many people use this"),
            ("passwd", "ann", "ann-2025-ann", "the name of the user"),
        ]
        .map(|(action, name, password, words)| {
            let output = run_with_input(&folder, &["user", action, name, "--password-stdin"], password);
            assert!(!output.status.success(), "{action}");
            (String::from_utf8(output.stderr).unwrap(), words)
        })
    });
    for (error, words) in refused.await.unwrap() {
        assert!(error.contains(words), "{error}");
        assert_is_for_users(&error);
    }
    assert_eq!(user::list(&database.connection).await.unwrap().len(), 1, "nobody was added");
}

#[tokio::test]
async fn an_export_reports_why_it_cannot_write() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    std::fs::create_dir(folder.join("reports")).unwrap();
    for (output, reason) in [
        ("nowhere/out.csv", "no such file or folder"),
        ("reports", "it is a folder"),
        ("/dev/full", "no space is left"),
        ("/proc/out.csv", "cannot write /proc/out.csv: "),
    ] {
        let error = fail(folder, &["export", "--output", output]);
        assert!(error.contains(reason) && error.contains(output), "{error}");
        assert_is_for_users(&error);
    }
    let full = command(folder, &["export"]).stdout(std::fs::File::create("/dev/full").unwrap()).output().unwrap();
    let error = String::from_utf8(full.stderr).unwrap();
    assert!(error.contains("cannot write to standard output: no space is left"), "{error}");
    assert_is_for_users(&error);
    for (arguments, reason) in [
        (&["export", "--start-date", "soon"][..], "--start-date: "),
        (&["export", "--timezone", "Mars"], "--timezone: "),
        (&["import", "csv", "missing.csv"], "no such file or folder"),
        (&["import", "csv", "reports"], "folder"),
        (&["import", "argusai", "missing.db"], "no such file or folder"),
        (&["import", "argusai", "reports"], "not a file"),
        (&["import", "frigate", "missing.db"], "no such file or folder"),
        (&["import", "frigate", "reports"], "not a file"),
        (&["import", "frigate", "frigate.db", "--config", "config.json"], "no such file or folder"),
    ] {
        let error = fail(folder, arguments);
        assert!(error.contains(reason), "{error}");
        assert_is_for_users(&error);
    }
}

#[tokio::test]
async fn a_dash_as_output_is_standard_output() {
    let database = TestDatabase::with(events(30)).await;
    let folder = database.folder.path();
    let expected = succeed(folder, &["export"]);
    for arguments in [&["export", "-o", "-"][..], &["export", "--output", "-"], &["export", "-o-"]] {
        assert_eq!(succeed(folder, arguments), expected);
    }
    assert!(!folder.join("-").exists());
    succeed(folder, &["export", "-o", "./-"]);
    assert_eq!(std::fs::read(folder.join("-")).unwrap(), expected);
}

/// The newest record.
#[tokio::test]
async fn a_reader_that_ends_early_ends_the_command_like_sigpipe_and_the_record_has_the_reason() {
    let database = TestDatabase::with([]).await;
    database.add_many(20_000).await;
    let folder = database.folder.path();
    for output in ["-", "/dev/stdout"] {
        let mut child =
            command(folder, &["export", "-o", output]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(141), &b""[..]), "{output}");
        let record = newest(&database).await;
        assert_eq!((record.state.as_str(), &record.sha256), ("cancelled", &None), "{output}");
        let reason = "The program that read the output ended before the file was complete.";
        assert_eq!(reason_of(&record).as_deref(), Some(reason), "{output}");
    }
}

#[tokio::test]
async fn an_export_to_a_closed_or_full_standard_output_fails_and_its_record_has_the_reason() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    let program = command(folder, &[]).get_program().to_owned();
    for (redirection, output, message, reason) in [
        (
            ">&-",
            "",
            "standard output: it is closed, or /dev/null is open for reading too",
            "standard output was closed, or /dev/null was open for reading too.",
        ),
        (
            ">&-",
            "-o -",
            "standard output: it is closed, or /dev/null is open for reading too",
            "standard output was closed, or /dev/null was open for reading too.",
        ),
        (
            ">&-",
            "-o /dev/stdout",
            "standard output: it is closed, or /dev/null is open for reading too",
            "standard output was closed, or /dev/null was open for reading too.",
        ),
        ("1</dev/null", "", "standard output: ", "The command has printed why."),
        // Like Python's subprocess.DEVNULL.
        ("1<>/dev/null", "", "discard the file with --output /dev/null", "/dev/null was open for reading too."),
        (">/dev/full", "-o -", "standard output: no space is left", "written to -: no space was left."),
        (">/dev/full", "-o /dev/stdout", "standard output: no space is left", "to /dev/stdout: no space was left."),
    ] {
        let mut shell = Command::new("sh");
        in_clean_environment(shell.current_dir(folder), folder);
        shell.arg("-c").arg(format!("exec \"$0\" export {output} {redirection}")).arg(&program);
        let ended = shell.output().unwrap();
        let error = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && error.contains(message), "{redirection} {output}: {error}");
        assert_is_for_users(&error);
        let record = newest(&database).await;
        let reason_text = reason_of(&record).unwrap_or_default();
        assert!(record.state == "failed" && reason_text.ends_with(reason), "{redirection} {output}: {reason_text}");
    }
    assert!(run(folder, &["export", "-o", "/dev/null"]).status.success());
    let null = std::fs::File::create("/dev/null").unwrap();
    assert!(command(folder, &["export"]).stdout(null).status().unwrap().success());
}

#[tokio::test]
async fn every_signal_that_ends_a_command_ends_its_record_and_leaves_no_file() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let folder = database.folder.path().join("reports");
    std::fs::create_dir(&folder).unwrap();
    for signal in ["HUP", "TERM", "INT"] {
        for output in ["-", "reports/out.csv"] {
            let before = export::Entity::find().count(&database.connection).await.unwrap();
            // Hangups may be ignored in the process that runs the tests, as with nohup.
            let mut child = Command::new("env");
            in_clean_environment(child.current_dir(database.folder.path()), database.folder.path());
            child.arg("--default-signal=HUP,INT,TERM").arg(command(database.folder.path(), &[]).get_program());
            child.args(["export", "-o", output]);
            // A pipe that is not read.
            let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            // The record exists, and from its start on a signal never kills the command directly.
            while export::Entity::find().count(&database.connection).await.unwrap() == before {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            let stdout = child.stdout.take();
            let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
            drop(stdout);
            let error = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(1), "{signal} {output}: {error}");
            assert_eq!(error, "error: stopped before the file was complete\n", "{signal} {output}");
            let record = newest(&database).await;
            let reason = reason_of(&record);
            let outcome = (record.state.as_str(), reason.as_deref());
            assert_eq!(outcome, ("interrupted", Some("The command was stopped.")), "{signal} {output}");
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{signal} {output}");
        }
    }
}

#[tokio::test]
async fn a_command_that_ignores_hangups_continues_after_one() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let mut shell = Command::new("sh");
    in_clean_environment(shell.current_dir(folder), folder);
    shell.args(["-c", "trap '' HUP; exec \"$0\" export -o pipe"]).arg(command(folder, &[]).get_program());
    let mut child = shell.spawn().unwrap();
    while export::Entity::find().count(&database.connection).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Command::new("kill").args(["-s", "HUP", &child.id().to_string()]).status().unwrap();
    let reading = folder.join("pipe");
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(reading).unwrap()).await.unwrap();
    assert_eq!(text.lines().count(), 4);
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn the_record_of_a_killed_command_has_the_reason_in_the_language_of_the_page() {
    let database = TestDatabase::with(events(3)).await;
    let app = database.serve(10).await;
    let folder = app.database.folder.path();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let mut killed = command(folder, &["export", "-o", "pipe"]).spawn().unwrap();
    while export::Entity::find().count(&app.database.connection).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let silent = "UPDATE exports SET started_at = 5, heartbeat_at = 5, finished_at = 5";
    app.database.connection.execute_unprepared(silent).await.unwrap();
    for _ in 0..4 {
        app.state.exports.heartbeat().await;
    }
    let (state, reason) = ("interrupted".to_owned(), "The command ended before the file was complete.".to_owned());
    let record = newest(&app.database).await;
    let reason_text = reason_of(&record);
    assert_eq!((record.state, reason_text), (state, Some(reason)));
    fail(folder, &["export", "-o", "nowhere/out.csv"]);
    let browser = app.browser_of("admin").await;
    let page = browser.get(format!("{}/settings/exports", app.address)).header("accept-language", "de");
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Der Befehl wurde beendet, bevor die Datei vollständig war."), "{page}");
    assert!(
        page.contains("Der Export konnte nicht nach nowhere/out.csv geschrieben werden: Den Ordner gibt es nicht.")
    );
    assert!(!page.contains("The command was ended"));
}

#[tokio::test]
async fn a_killed_export_leaves_no_file() {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    let folder = database.folder.path().join("reports");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("out.csv"), "yesterday's").unwrap();
    std::fs::write(folder.join(".motion-export-a1B2c3.part"), "left by an export that was killed").unwrap();
    // The kernel kills the export when its file reaches 8 MiB of some 25, so no other process has to catch it in time.
    let mut shell = Command::new("sh");
    in_clean_environment(shell.current_dir(database.folder.path()), database.folder.path());
    shell.args(["-c", "ulimit -c 0; ulimit -f 16384; exec \"$0\" export --output reports/out.csv"]);
    let killed = shell.arg(command(database.folder.path(), &[]).get_program()).stdout(Stdio::null()).status().unwrap();
    assert_eq!(killed.signal(), Some(rustix::process::Signal::XFSZ.as_raw()), "{killed}");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["out.csv"]);
    assert_eq!(std::fs::read_to_string(folder.join("out.csv")).unwrap(), "yesterday's");
    assert_eq!(export::Entity::find().count(&database.connection).await.unwrap(), 1);
}

#[tokio::test]
async fn an_export_into_a_pipe_without_a_reader_can_be_stopped() {
    let database = TestDatabase::with(events(3)).await;
    let folder = database.folder.path();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let mut child = command(folder, &["export", "-o", "pipe"]).stderr(Stdio::null()).spawn().unwrap();
    while export::Entity::find().count(&database.connection).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let ended = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert!(!ended.success());
    assert_eq!(newest(&database).await.state, "interrupted");
    let mut reader = command(folder, &["export", "-o", "pipe"]).spawn().unwrap();
    assert!(std::fs::read_to_string(folder.join("pipe")).unwrap().starts_with(HEADER));
    assert!(reader.wait().unwrap().success());
    assert!(run(folder, &["export", "-o", "/dev/null"]).status.success());
}

#[tokio::test]
async fn a_wrong_option_is_named_as_it_was_typed() {
    let database = TestDatabase::with(events(3)).await;
    database.add_viewer("ann", &["front"]).await;
    let folder = database.folder.path();
    for (arguments, expected) in [
        (
            &["--camera-id", "nix"][..],
            "--camera-id: There is no camera “nix”, or --as names a user who does not see it.",
        ),
        (&["--as", "ann", "--camera-id", "back"], "--camera-id: There is no camera “back”"),
        (&["--as", "bob"], "--as: There is no user “bob”. `user list` shows the names."),
        (&["--start-date", "2025-02-30"], "--start-date: “2025-02-30” is not a day of the calendar."),
        (&["--end-date", "2025-12-01T00:00:00 01:00"], "--end-date: “2025-12-01T00:00:00 01:00” is not a date."),
        (&["--start-date", "2025-12-02", "--end-date", "2025-12-01"], "--start-date: The start, 2025-12-02, is after"),
        (&["--timezone", "Mars"], "--timezone: There is no time zone “Mars”."),
    ] {
        let error = fail(folder, &[&["export"], arguments].concat());
        assert!(error.starts_with(&format!("error: {expected}")), "{error}");
        for words in ["camera_id", "start_date", "end_date", "%2B"] {
            assert!(!error.contains(words), "{error}");
        }
    }
    for option in ["--start-date", "--end-date", "--camera-id", "--timezone", "--as"] {
        let error = fail(folder, &["export", option, ""]);
        assert!(error.contains("a value is required") && error.contains(option), "{error}");
    }
    let error = fail(folder, &["demo", "--until", "xx"]);
    assert!(error.contains("'xx' for '--until <INSTANT>': write an RFC 3339 instant"), "{error}");
}

#[test]
fn the_error_of_a_malformed_postgresql_url_says_what_to_encode_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["postgres://u:5#secret@127.0.0.1/db", "postgres://u:5/secret@127.0.0.1/db", "postgres://u:secret?@x/db"]
    {
        for arguments in COMMANDS {
            let error = fail(folder.path(), &[arguments, &["--database-url", url]].concat());
            assert!(error.contains("must be percent-encoded, such as # as %23"), "{error}");
            assert_is_for_users(&error);
        }
        let error = fail(folder.path(), &["import", "argusai", url, "--database-url", "sqlite://new.db"]);
        assert!(error.contains("must be percent-encoded, such as # as %23"), "{error}");
        assert_is_for_users(&error);
    }
}

#[test]
fn a_postgresql_role_that_may_not_create_tables_gets_the_grant_that_it_needs() {
    let Some((cluster, folder)) = backend::cluster().zip(tempfile::tempdir().ok()) else {
        backend::skips("SQLite has no roles");
        return;
    };
    let (url, role) = (backend::url(folder.path()), format!("Reader-{}", std::process::id()));
    let database = url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    backend::psql_in(&cluster, &database, &format!("CREATE ROLE \"{role}\" LOGIN")).unwrap();
    backend::psql_in(&cluster, &database, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").unwrap();
    let url = url.replace("test@", &format!("{role}@"));
    for arguments in [&["migrate", "up"][..], &["migrate", "status"], &["user", "list"], &["demo", "--events", "1"]] {
        let grant = format!("run: GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\"");
        fails_with(folder.path(), arguments, &url, &grant);
    }
    let grant = format!("GRANT USAGE, CREATE ON SCHEMA public TO \"{role}\"");
    backend::psql_in(&cluster, &database, &grant).unwrap();
    succeed(folder.path(), &["migrate", "up", "--database-url", &url]);
    backend::psql_in(&cluster, &database, &format!("REASSIGN OWNED BY \"{role}\" TO test; DROP OWNED BY \"{role}\""))
        .unwrap();
    fails_with(folder.path(), &["user", "list"], &url, "GRANT");
    backend::psql(&cluster, &format!("DROP DATABASE {database} WITH (FORCE)")).unwrap();
    backend::psql(&cluster, &format!("DROP ROLE \"{role}\"")).unwrap();
}

/// Makes the database refuse that a record becomes `completed`.
async fn refuse_completion(database: &TestDatabase) {
    let trigger = if backend::is_postgres() {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON exports FOR EACH ROW WHEN (NEW.state = 'completed') EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE UPDATE ON exports WHEN NEW.state = 'completed'
         BEGIN SELECT RAISE(ABORT, 'refused'); END"
    };
    database.connection.execute_unprepared(trigger).await.unwrap();
}

#[tokio::test]
async fn an_export_whose_outcome_cannot_be_recorded_reports_why() {
    let database = TestDatabase::with(events(3)).await;
    refuse_completion(&database).await;
    let folder = database.folder.path();
    for output in ["-", "out.csv"] {
        let error = fail(folder, &["export", "-o", output]);
        let words = "failed: the export could not be recorded, so it does not count as complete: ";
        assert!(error.contains(words) && error.contains(" reports: refused ("), "{error}");
        assert_is_for_users(&error);
        let record = newest(&database).await;
        assert_eq!((record.state.as_str(), &record.sha256), ("failed", &None), "{output}");
        assert!(reason_of(&record).unwrap().starts_with("The export could not be recorded"), "{output}");
    }
    assert!(!folder.join("out.csv").exists());
}
