//! Files that administrators upload on the page *Import*.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream;
use reqwest::header::{CONTENT_TYPE, COOKIE};
use reqwest::{Body, Client, Response};
use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::app::{HEADER, TestApp, TestDatabase, client_with, events, text_of};
use crate::backend;
use crate::binary::{Server, token_of_admin};
use crate::full_disk::{SmallDisk, large_csv};

const IMPORT: &str = "/settings/import";
const BOUNDARY: &str = "----boundary";

/// An empty database whose uploads are in the folder of the test.
async fn database() -> TestDatabase {
    let mut database = TestDatabase::new().await;
    let folder = database.folder.path().join("uploads");
    folder.to_str().unwrap().clone_into(&mut database.settings.ingest.upload_folder);
    database
}

async fn app() -> (TestApp, Client) {
    let app = database().await.serve(100).await;
    let browser = app.browser_of("admin").await;
    (app, browser)
}

/// The folders of uploads that exist.
fn leftovers(app: &TestApp) -> Vec<PathBuf> {
    let folder = app.database.folder.path().join("uploads");
    std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

/// Returns the body of the form with this file and these fields after it.
fn form(name: &str, file: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = begin_form(name);
    body.extend_from_slice(file);
    for (name, value) in fields {
        let field = format!("\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}");
        body.extend_from_slice(field.as_bytes());
    }
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn begin_form(name: &str) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    head.into_bytes()
}

async fn post(app: &TestApp, browser: &Client, body: impl Into<Body>) -> Response {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = browser.post(format!("{}{IMPORT}", app.address)).header(CONTENT_TYPE, content_type);
    request.body(body).send().await.unwrap()
}

/// Uploads a file, waits for its import, and returns the page.
async fn import(app: &TestApp, browser: &Client, body: Vec<u8>) -> String {
    let response = post(app, browser, body).await;
    assert_eq!(response.status(), 303, "{}", text_of(response).await);
    assert_eq!(response.headers()["location"], IMPORT);
    ended(app, browser).await
}

/// Returns the page once nothing is imported any more.
async fn ended(app: &TestApp, browser: &Client) -> String {
    let ended = async {
        loop {
            let page = text_of(app.get_as(browser, IMPORT).await).await;
            if !page.contains("data-running") {
                return page;
            }
            assert!(page.contains("http-equiv=\"refresh\""), "the page loads itself again: {page}");
            // The import needs the processor, too.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(5), ended).await.expect("it ends")
}

async fn exported(app: &TestApp) -> String {
    text_of(app.get("/api/v1/motion-events/export").await).await
}

fn csv(rows: &[&str]) -> String {
    rows.iter().fold(HEADER.to_owned(), |file, row| file + row + "\r\n")
}

const ROW: &str = "2025-12-15T10:30:00+00:00,front,Front Door,85.5,MOG2,1,2,3,4,";

/// Returns an SQLite file with these statements.
fn sqlite(statements: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    Connection::open(&file).unwrap().execute_batch(statements).unwrap();
    std::fs::read(file).unwrap()
}

const ARGUSAI: &str = "
    CREATE TABLE cameras (id VARCHAR, name VARCHAR);
    CREATE TABLE motion_events (id VARCHAR, camera_id VARCHAR, timestamp DATETIME, confidence FLOAT, algorithm_used VARCHAR,
        bounding_box TEXT);
    INSERT INTO cameras VALUES ('a', 'Gate');
    INSERT INTO motion_events VALUES
        ('00000000-0000-4000-8000-000000000001', 'a', '2025-12-15 10:30:00', 0.5, 'mog2', '[1, 2, 3, 4]'),
        ('00000000-0000-4000-8000-000000000002', 'a', 'last tuesday', 0.5, 'mog2', NULL),
        ('00000000-0000-4000-8000-000000000003', 'a', '2025-12-15 10:31:00', 7, 'mog2', NULL);";

const FRIGATE: &str = r#"
    CREATE TABLE event (id VARCHAR, label VARCHAR, camera VARCHAR, start_time DATETIME, end_time DATETIME, top_score REAL,
        false_positive INTEGER, zones JSON, data JSON);
    INSERT INTO event VALUES
        ('1765794600.5-aaaaaa', 'person', 'yard', 1765794600.5, 1765794609, NULL, 0, '[]',
            '{"box": [0.25, 0.5, 0.25, 0.25], "top_score": 0.75, "type": "object"}'),
        ('1765794700.5-bbbbbb', 'person', 'yard', 1765794700.5, NULL, NULL, 0, '[]', '{}');"#;

#[tokio::test]
async fn a_csv_and_the_databases_of_argusai_and_frigate_are_recognized_and_imported() {
    let (app, browser) = app().await;
    let page = text_of(app.get_as(&browser, IMPORT).await).await;
    assert!(page.contains("enctype=\"multipart/form-data\"") && page.contains("at most 4,096 MB"), "{page}");

    // The names tell nothing, and the second import changes nothing.
    for expected in ["<dt>Events imported</dt><dd>1</dd>", "<dt>Already there</dt><dd>1</dd>"] {
        let page = import(&app, &browser, form("events<b>.db", csv(&[ROW]).as_bytes(), &[])).await;
        assert!(page.contains("“events&lt;b&gt;.db” was imported") && page.contains(expected), "{page}");
    }
    let page = import(&app, &browser, form("app.csv", &sqlite(ARGUSAI), &[])).await;
    for part in [
        "<dt>Events imported</dt><dd>2</dd>",
        "<dt>New cameras</dt><dd>1</dd>",
        ">skipped</td>",
        "its time cannot be read",
        "last tuesday",
        "confidence that is not a number from 0 to 1; the event is kept without one",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let options = [("detect", "yard=100x200, 1280x720"), ("camera_prefix", "north-")];
    let page = import(&app, &browser, form("frigate.db", &sqlite(FRIGATE), &options)).await;
    assert!(page.contains("event that has not ended; an import after its end adds it"), "{page}");
    let cookie = format!("{}; language=de", app.cookie_of("admin").await);
    let german = text_of(app.get_as(&client_with(&[(COOKIE, &cookie)]), IMPORT).await).await;
    for part in ["„frigate.db“ wurde importiert", ">ausgelassen</td>", "Ereignis, das noch nicht beendet ist"] {
        assert!(german.contains(part), "{part} in {german}");
    }
    let expected = csv(&[
        ROW,
        "2025-12-15T10:30:00+00:00,a,Gate,50,MOG2,1,2,3,4,",
        "2025-12-15T10:30:00.500000+00:00,north-yard,,75,frigate:person,25,100,25,50,",
        "2025-12-15T10:31:00+00:00,a,Gate,,MOG2,,,,,",
    ]);
    let mut rows: Vec<_> = expected.lines().map(str::to_owned).collect();
    let exported = exported(&app).await;
    let mut exported: Vec<_> =
        exported.lines().map(|line| line.replace("north-yard,north-yard,", "north-yard,,")).collect();
    rows.sort();
    exported.sort();
    assert_eq!(exported, rows);
    assert_eq!(leftovers(&app), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_options_of_a_csv_apply() {
    let (app, browser) = app().await;
    let raw = "2025-12-15T10:30:00+00:00,front,'=1+1,85.5,MOG2,1,2,3,4,";
    let file = format!("{HEADER}{raw}");
    let page = import(&app, &browser, form("a.csv", file.as_bytes(), &[])).await;
    assert!(page.contains("“a.csv” was not imported") && page.contains("does not end in a line end"), "{page}");
    assert_eq!(exported(&app).await, HEADER);
    import(&app, &browser, form("a.csv", file.as_bytes(), &[("raw", "true"), ("unterminated", "true")])).await;
    assert!(exported(&app).await.contains(",front,''=1+1,"), "the apostrophe is a part of the name");
}

#[tokio::test]
async fn a_file_that_cannot_be_imported_is_refused_and_changes_nothing() {
    let (app, browser) = app().await;
    let own = sqlite("CREATE TABLE motion_events (timestamp, camera_key);");
    let other = sqlite("CREATE TABLE history (url);");
    let damaged = [b"SQLite format 3\0".as_slice(), &[7; 5_000]].concat();
    for (name, file, fields, expected) in [
        ("a.csv", Vec::new(), &[][..], "The file is empty."),
        ("", Vec::new(), &[], "Choose a file."),
        ("a.db", own, &[], "This is a database of Motion Export itself."),
        ("a.db", other, &[], "neither ArgusAI's nor Frigate's"),
        ("a.db", damaged, &[], "The database is damaged or encrypted."),
        ("a.db", sqlite(FRIGATE), &[("detect", "huge")], "“huge” is not a detect size."),
        ("a.db", sqlite(FRIGATE), &[("detect", "1x1 2x2")], "A camera has two detect sizes."),
    ] {
        let response = post(&app, &browser, form(name, &file, fields)).await;
        assert_eq!(response.status(), 400, "{expected}");
        let page = text_of(response).await;
        assert!(page.contains(expected) && page.contains("enctype=\"multipart/form-data\""), "{expected}: {page}");
        assert_eq!(leftovers(&app), Vec::<PathBuf>::new(), "{expected}");
    }
    let refused = post(&app, &browser, form("a.db", &sqlite(FRIGATE), &[("detect", "huge")])).await;
    assert!(text_of(refused).await.contains("value=\"huge\""), "the fields are filled in again");
    let page = import(&app, &browser, form("shot.png", b"\x89PNG\r\n\x1a\n", &[])).await;
    assert!(
        page.contains("“shot.png” was not imported") && page.contains("Nothing was imported: it is not UTF-8"),
        "{page}"
    );
    // Rows before the one that is wrong are not imported either.
    let page = import(&app, &browser, form("b.csv", csv(&[ROW, "yesterday,front,,,MOG2,,,,,"]).as_bytes(), &[])).await;
    assert!(page.contains("Nothing was imported: row 3: column timestamp: “yesterday” is not a time"), "{page}");
    let cookie = format!("{}; language=de", app.cookie_of("admin").await);
    let german = text_of(app.get_as(&client_with(&[(COOKIE, &cookie)]), IMPORT).await).await;
    assert!(
        german.contains("Es wurde nichts importiert: Zeile 3: Spalte timestamp: „yesterday“ ist keine Zeit"),
        "{german}"
    );
    assert_eq!(exported(&app).await, HEADER);
    assert_eq!(leftovers(&app), Vec::<PathBuf>::new());
    // Not a form with a file at all.
    let response = app.post(&browser, IMPORT, &[("file", "x")]).await;
    assert_eq!(response.status(), 400);
}

/// Begins an upload that ends when the sender is dropped, or breaks with its error.
async fn begin(
    address: &str,
    browser: &Client,
) -> (mpsc::Sender<std::io::Result<Vec<u8>>>, tokio::task::JoinHandle<bool>) {
    let (sender, chunks) = mpsc::channel(1);
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = browser.post(format!("{address}{IMPORT}")).header(CONTENT_TYPE, content_type);
    let request = request
        .body(Body::wrap_stream(stream::unfold(chunks, async |mut chunks| Some((chunks.recv().await?, chunks)))))
        .send();
    let sent = tokio::spawn(async { request.await.is_ok_and(|response| response.status() == 303) });
    sender.send(Ok(begin_form("half.csv"))).await.unwrap();
    sender.send(Ok(HEADER.into())).await.unwrap();
    let begun = async {
        let page = async || text_of(browser.get(format!("{address}{IMPORT}")).send().await.unwrap()).await;
        while !page().await.contains("“half.csv” is being uploaded") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), begun).await.expect("the page shows it");
    (sender, sent)
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing_and_the_next_one_is_imported() {
    let (app, browser) = app().await;
    let (sender, sent) = begin(&app.address, &browser).await;
    assert_eq!(leftovers(&app).len(), 1);
    sender.send(Ok(ROW.into())).await.unwrap();
    sender.send(Err(std::io::Error::other("cut"))).await.unwrap();
    assert!(!sent.await.unwrap());
    let page = ended(&app, &browser).await;
    assert!(page.contains("The upload stopped before the file was complete. Nothing was imported."), "{page}");
    assert_eq!(leftovers(&app), Vec::<PathBuf>::new());
    assert_eq!(exported(&app).await, HEADER);
    import(&app, &browser, form("a.csv", csv(&[ROW]).as_bytes(), &[])).await;
    assert_eq!(exported(&app).await, csv(&[ROW]));
}

#[tokio::test]
async fn a_second_upload_is_told_to_wait_and_the_first_one_goes_on() {
    let (app, browser) = app().await;
    let (sender, sent) = begin(&app.address, &browser).await;
    let refused = post(&app, &browser, form("b.csv", csv(&[ROW]).as_bytes(), &[])).await;
    assert_eq!(refused.status(), 409);
    let page = text_of(refused).await;
    assert!(page.contains("Another file is being uploaded or imported.") && page.contains("half.csv"), "{page}");
    let rest = format!("{ROW}\r\n\r\n--{BOUNDARY}--\r\n");
    sender.send(Ok(rest.into())).await.unwrap();
    drop(sender);
    assert!(sent.await.unwrap());
    ended(&app, &browser).await;
    assert_eq!(exported(&app).await, csv(&[ROW]));
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_whether_or_not_its_size_is_declared() {
    let mut database = database().await;
    database.settings.ingest.upload_max_megabytes = 1;
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    let large = form("a.csv", &vec![b'x'; 1_000_001], &[]);
    let huge = form("a.csv", &vec![b'x'; 3_000_000], &[]);
    for body in
        [Body::from(huge.clone()), Body::from(large), Body::wrap_stream(stream::iter([std::io::Result::Ok(huge)]))]
    {
        let response = post(&app, &browser, body).await;
        assert_eq!(response.status(), 413);
        let page = text_of(response).await;
        assert!(page.contains("The file is larger than 1 MB"), "{page}");
        assert_eq!(leftovers(&app), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn uploads_can_be_switched_off() {
    let mut database = database().await;
    database.settings.ingest.upload_max_megabytes = 0;
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    let page = text_of(app.get_as(&browser, IMPORT).await).await;
    assert!(page.contains("takes no uploads") && !page.contains("type=\"file\""), "{page}");
    assert_eq!(post(&app, &browser, form("a.csv", csv(&[ROW]).as_bytes(), &[])).await.status(), 403);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_reported() {
    let mut database = database().await;
    let blocked = database.folder.path().join("blocked");
    std::fs::write(&blocked, "a file in place of the folder").unwrap();
    blocked.to_str().unwrap().clone_into(&mut database.settings.ingest.upload_folder);
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    let response = post(&app, &browser, form("a.csv", csv(&[ROW]).as_bytes(), &[])).await;
    assert_eq!(response.status(), 503);
    let page = text_of(response).await;
    assert!(page.contains("The file cannot be stored on the server, so nothing was imported"), "{page}");
}

#[tokio::test]
async fn an_upload_may_take_longer_than_other_bodies_but_may_not_stall() {
    let mut database = database().await;
    database.settings.server.body_timeout_seconds = 1.try_into().unwrap();
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    let (sender, sent) = begin(&app.address, &browser).await;
    for byte in ROW.bytes().take(8) {
        sender.send(Ok(vec![byte])).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let rest = format!("{}\r\n\r\n--{BOUNDARY}--\r\n", &ROW[8..]);
    sender.send(Ok(rest.into())).await.unwrap();
    drop(sender);
    assert!(sent.await.unwrap());
    ended(&app, &browser).await;
    assert_eq!(exported(&app).await, csv(&[ROW]));

    let (_sender, sent) = begin(&app.address, &browser).await;
    assert!(!sent.await.unwrap(), "it stalls");
    ended(&app, &browser).await;
    assert_eq!(leftovers(&app), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_server_that_starts_removes_what_a_killed_one_left_and_nothing_that_another_one_uses() {
    let database = database().await;
    let abandoned = database.folder.path().join("uploads/upload-abandoned");
    std::fs::create_dir_all(&abandoned).unwrap();
    std::fs::write(abandoned.join("upload"), HEADER).unwrap();
    let app = database.serve(100).await;
    assert!(!abandoned.exists());
    let browser = app.browser_of("admin").await;
    let (_sender, _sent) = begin(&app.address, &browser).await;
    app.another_server().await;
    assert_eq!(leftovers(&app).len(), 1);
}

#[tokio::test]
async fn the_events_that_are_stored_are_recognized_in_an_uploaded_export() {
    let mut database = TestDatabase::with(events(20)).await;
    let folder = database.folder.path().join("uploads");
    folder.to_str().unwrap().clone_into(&mut database.settings.ingest.upload_folder);
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    let before = exported(&app).await;
    let page = import(&app, &browser, form("a.csv", before.as_bytes(), &[])).await;
    assert!(page.contains("<dt>Already there</dt><dd>20</dd>"), "{page}");
    assert_eq!(exported(&app).await, before);
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_of_an_upload_leaves_nothing_to_the_next_one() {
    let home = backend::home().await;
    let folder = home.path();
    token_of_admin(folder);
    let settings = [("INGEST_UPLOAD_FOLDER", "uploads")];
    let count = || std::fs::read_dir(folder.join("uploads")).unwrap().count();
    let mut server = Server::start_with(folder, &settings);
    let browser = client_with(&[(COOKIE, &server.cookie_of("admin").await)]);
    let (_sender, sent) = begin(&server.address, &browser).await;
    assert_eq!(count(), 1);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(!sent.await.unwrap());
    assert_eq!(count(), 1, "nothing could remove it");
    let server = Server::start_with(folder, &settings);
    assert_eq!(count(), 0);
    let browser = client_with(&[(COOKIE, &server.cookie_of("admin").await)]);
    let (_sender, _sent) = begin(&server.address, &browser).await;
}

#[tokio::test]
async fn an_upload_that_does_not_fit_on_the_disk_is_refused_in_words_and_leaves_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let mut database = TestDatabase::new().await;
    disk.path().to_str().unwrap().clone_into(&mut database.settings.ingest.upload_folder);
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    // With its size in the header of the request, and without.
    let body = form("events.csv", HEADER.as_bytes(), &[]);
    let chunks = stream::iter([Ok::<_, std::io::Error>(body.clone())]);
    for body in [Body::from(body), Body::wrap_stream(chunks)] {
        let response = post(&app, &browser, body).await;
        assert_eq!(response.status(), 503);
        let page = text_of(response).await;
        assert!(
            page.contains("not enough free disk space on the server for this file. Nothing was imported."),
            "{page}"
        );
        assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn an_uploaded_file_that_fills_the_disk_of_the_database_is_not_imported_and_the_page_says_so() {
    if backend::is_postgres() && backend::skips("its files are its own") {
        return;
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let uploads = tempfile::tempdir().unwrap();
    let mut database = TestDatabase::at(format!("sqlite://{}/test.db", disk.path().display())).await;
    uploads.path().to_str().unwrap().clone_into(&mut database.settings.ingest.upload_folder);
    let app = database.serve(100).await;
    let browser = app.browser_of("admin").await;
    let page = import(&app, &browser, form("events.csv", large_csv().as_bytes(), &[])).await;
    assert!(page.contains("The disk of the database is full. Nothing was imported."), "{page}");
    let cookie = format!("{}; language=de", app.cookie_of("admin").await);
    let german = text_of(app.get_as(&client_with(&[(COOKIE, &cookie)]), IMPORT).await).await;
    assert!(german.contains("Die Festplatte der Datenbank ist voll. Es wurde nichts importiert."), "{german}");
    assert_eq!(exported(&app).await, HEADER);
    let page = import(&app, &browser, form("events.csv", csv(&[ROW]).as_bytes(), &[])).await;
    assert!(page.contains("<dt>"), "{page}");
    assert_eq!(exported(&app).await, csv(&[ROW]));
}
