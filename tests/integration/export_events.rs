//! The stream of events about exports: what it tells to whom, when it ends, and how many may be open.

use std::num::NonZeroU32;
use std::time::Duration;

use motion_export::api::exports::{EXPORT_EVENTS_PATH, State};
use motion_export::api::session::Role;
use motion_export::export_params::EXPORT_PATH;
use motion_export::server::accounts::{api_token, user};
use motion_export::server::db::entity::export;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::export::feed::MAX_PER_USER;
use reqwest::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION};
use reqwest::{Client, Response};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use crate::app::{TestApp, TestDatabase, client_with, events};
use crate::binary::Server;
use crate::proxy::SlowClient;

/// An open stream of events.
pub struct Events {
    response: Response,
    received: String,
}

impl Events {
    /// Opens a stream, and reads its snapshot.
    pub async fn open(address: &str, client: &Client) -> (Self, Vec<Value>) {
        let response = client.get(format!("{address}{EXPORT_EVENTS_PATH}")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut events = Self { response, received: String::new() };
        let (name, snapshot) = events.next().await.expect("a snapshot");
        assert_eq!(name, "snapshot");
        (events, snapshot)
    }

    /// Returns the name and the exports of the next event. `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, Vec<Value>)> {
        let next = async {
            loop {
                while let Some((block, rest)) = self.received.split_once("\n\n") {
                    let (block, rest) = (block.to_owned(), rest.to_owned());
                    self.received = rest;
                    let field = |name: &str| {
                        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
                    };
                    if let (Some(name), Some(data)) = (field("event"), field("data")) {
                        return Some((name, serde_json::from_str(&data).unwrap()));
                    }
                }
                let chunk = self.response.chunk().await.expect("the stream ends normally")?;
                self.received.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_mins(1), next).await.expect("an event or the end")
    }

    /// Returns the next export in an update that meets the condition.
    pub async fn until(&mut self, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (name, exports) = self.next().await.expect("an update");
            assert_eq!(name, "update");
            if let Some(found) = exports.into_iter().find(&condition) {
                return found;
            }
        }
    }

    /// Reads until the end of the stream.
    async fn ended(mut self) {
        while self.next().await.is_some() {}
    }
}

fn is(state: &str) -> impl Fn(&Value) -> bool {
    move |event| event["export"]["state"] == state
}

/// A server with a long file.
async fn app_with_a_long_file() -> TestApp {
    let database = TestDatabase::with([]).await;
    database.add_many(100_000).await;
    database.serve(1_000).await
}

/// Starts an export whose client reads only the head. Returns also the id of its record.
pub async fn start(address: &str, authorization: &str) -> (SlowClient, String) {
    let mut client = SlowClient::send(address, EXPORT_PATH, &[("authorization", authorization)]).await;
    let head = client.head().await;
    let id = head.lines().find_map(|line| line.strip_prefix("x-export-id: ")).expect("an id").to_owned();
    (client, id)
}

#[tokio::test]
async fn an_export_is_told_from_its_start_over_its_progress_to_its_end() {
    let app = app_with_a_long_file().await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (client, authorization) = app.client_of(&ann).await;
    let (mut events, snapshot) = Events::open(&app.address, &client).await;
    assert!(snapshot.is_empty(), "{snapshot:?}");
    let (mut export, id) = start(&app.address, &authorization).await;
    let started = events.until(is("running")).await;
    assert_eq!((&started["export"]["id"], &started["mine"]), (&id.as_str().into(), &true.into()));
    // The progress is that in memory: no heartbeat has written it to the record.
    let rows = started["export"]["rows"].as_i64().unwrap();
    export.read(4_000_000).await;
    events.until(|event| event["export"]["rows"].as_i64().unwrap() > rows + 1_000).await;
    // Another stream begins with the running export.
    let (_, snapshot) = Events::open(&app.address, &client).await;
    assert_eq!((snapshot.len(), &snapshot[0]["export"]["id"]), (1, &id.as_str().into()));
    export.reset();
    let ended = events.until(is("cancelled")).await;
    assert_eq!(ended["export"]["reason"]["code"], "client_disconnected");
    // A file that is complete is told with its digest.
    client
        .get(format!("{}{EXPORT_PATH}?end_date=2000-01-01", app.address))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let completed = events.until(is("completed")).await;
    assert_eq!(completed["export"]["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_user_is_told_of_own_exports_only_and_an_administrator_of_all() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    let (ann, bob) =
        (app.database.add_viewer("ann", &["front"]).await, app.database.add_viewer("bob", &["front"]).await);
    let ((anns, _), (bobs, _)) = (app.client_of(&ann).await, app.client_of(&bob).await);
    app.get_as(&anns, EXPORT_PATH).await.bytes().await.unwrap();
    let (mut of_bob, snapshot) = Events::open(&app.address, &bobs).await;
    assert!(snapshot.is_empty(), "{snapshot:?}");
    let (mut of_admin, snapshot) = Events::open(&app.address, &app.client).await;
    assert!(snapshot.is_empty(), "nothing is running, and the administrator exported nothing: {snapshot:?}");
    let (_, snapshot) = Events::open(&app.address, &anns).await;
    assert_eq!((snapshot.len(), &snapshot[0]["mine"]), (1, &true.into()));
    app.get_as(&anns, EXPORT_PATH).await.bytes().await.unwrap();
    // So that their order is known.
    app.wait(1);
    app.get_as(&bobs, EXPORT_PATH).await.bytes().await.unwrap();
    let by = |name: &'static str| move |event: &Value| event["export"]["user"] == name;
    assert_eq!(of_admin.until(by("ann")).await["mine"], false);
    of_admin.until(by("bob")).await;
    let (name, first) = of_bob.next().await.unwrap();
    assert_eq!((name.as_str(), &first[0]["export"]["user"]), ("update", &"bob".into()), "nothing of ann");
}

#[tokio::test]
async fn exports_of_another_server_are_told_even_short_ones() {
    let app = app_with_a_long_file().await;
    let (second, state) = app.another_server().await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (client, authorization) = app.client_of(&ann).await;
    let (mut events, _) = Events::open(&app.address, &client).await;
    let (mut export, id) = start(&second, &authorization).await;
    assert_eq!(events.until(is("running")).await["export"]["id"], id.as_str());
    export.read(4_000_000).await;
    state.exports.heartbeat().await;
    events.until(|event| event["export"]["rows"].as_i64().unwrap() > 0).await;
    export.reset();
    events.until(is("cancelled")).await;
    // This one is over before the records are read again.
    client.get(format!("{second}{EXPORT_PATH}?end_date=2000-01-01")).send().await.unwrap().bytes().await.unwrap();
    events.until(is("completed")).await;
}

#[tokio::test]
async fn the_stream_is_not_buffered_stored_or_compressed_and_speaks_the_language_of_its_client() {
    let app = app_with_a_long_file().await;
    let token = format!("Bearer {}", app.database.token_of(&app.database.add_viewer("ann", &["front"]).await).await);
    let client = client_with(&[(AUTHORIZATION, &token), (ACCEPT_ENCODING, "gzip, br, zstd"), (ACCEPT_LANGUAGE, "de")]);
    let (mut events, _) = Events::open(&app.address, &client).await;
    let headers = events.response.headers();
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(headers[name], value);
    }
    assert!(!headers.contains_key("content-encoding") && !headers.contains_key("content-length"), "{headers:?}");
    start(&app.address, &token).await.0.reset();
    let ended = events.until(is("cancelled")).await;
    assert!(ended["export"]["reason"]["text"].as_str().unwrap().contains("Empfänger"), "{ended}");
    let refused = app.get(&format!("{EXPORT_EVENTS_PATH}?since=1")).await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn the_stream_ends_with_the_session_the_token_the_role_and_the_account() {
    let mut database = TestDatabase::with([]).await;
    database.settings.accounts.session_idle_minutes = NonZeroU32::new(30).unwrap();
    let app = database.serve(10).await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let connection = &app.database.connection;

    let browser = app.browser_of("ann").await;
    let (signed_out, _) = Events::open(&app.address, &browser).await;
    assert_eq!(app.post(&browser, "/logout", &[]).await.status(), 303);
    signed_out.ended().await;
    assert_eq!(app.get_as(&browser, EXPORT_EVENTS_PATH).await.status(), 401);

    let browser = app.browser_of("ann").await;
    let (idle, _) = Events::open(&app.address, &browser).await;
    app.wait(31 * 60);
    idle.ended().await;
    assert_eq!(app.get_as(&browser, EXPORT_EVENTS_PATH).await.status(), 401);

    let (by_token, _) = app.client_of(&ann).await;
    let (revoked, _) = Events::open(&app.address, &by_token).await;
    for (token, _) in api_token::list(connection, Some(ann.id)).await.unwrap() {
        api_token::revoke(connection, token.id, None, UnixMicros::new(app.now())).await.unwrap();
    }
    revoked.ended().await;
    assert_eq!(app.get_as(&by_token, EXPORT_EVENTS_PATH).await.status(), 401);

    let eve = app.database.add_user("eve", Role::Admin).await;
    let (eves, _) = app.client_of(&eve).await;
    let (demoted, _) = Events::open(&app.address, &eves).await;
    user::set_role(connection, &eve, Role::User).await.unwrap();
    demoted.ended().await;
    let (removed, _) = Events::open(&app.address, &eves).await;
    user::remove(connection, &eve).await.unwrap();
    removed.ended().await;
    assert_eq!(app.get_as(&eves, EXPORT_EVENTS_PATH).await.status(), 401);
}

#[tokio::test]
async fn no_event_is_sent_after_the_session_has_ended() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (client, _) = app.client_of(&ann).await;
    let browser = app.browser_of("ann").await;
    let (mut stream, _) = Events::open(&app.address, &browser).await;
    // Longer than a check of the access is valid.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(app.post(&browser, "/logout", &[]).await.status(), 303);
    app.get_as(&client, EXPORT_PATH).await.bytes().await.unwrap();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn the_idle_timeout_of_connections_does_not_cut_the_stream() {
    let mut database = TestDatabase::with(events(4)).await;
    database.settings.server.idle_timeout_seconds = NonZeroU32::MIN;
    let app = database.serve(10).await;
    let (mut stream, _) = Events::open(&app.address, &app.client).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    app.export("").await.bytes().await.unwrap();
    stream.until(is("completed")).await;
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_streams() {
    let app = TestDatabase::with([]).await.serve(10).await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (client, _) = app.client_of(&ann).await;
    let mut open = Vec::new();
    for _ in 0..MAX_PER_USER {
        open.push(Events::open(&app.address, &client).await);
    }
    let refused = app.get_as(&client, EXPORT_EVENTS_PATH).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "30");
    let refused: Value = refused.json().await.unwrap();
    assert_eq!((&refused["code"], &refused["message"]["params"]["limit"]), (&"too_many_streams".into(), &"10".into()));
    assert_eq!(app.metric("motion_export_event_streams").await, 10);
    // Others are not affected, and a client that disconnects makes room.
    Events::open(&app.address, &app.client).await;
    open.pop();
    let makes_room = async {
        while app.get_as(&client, EXPORT_EVENTS_PATH).await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), makes_room).await.expect("room for another stream");
}

#[tokio::test]
async fn streams_take_at_most_half_of_the_connections() {
    let mut database = TestDatabase::with([]).await;
    database.settings.server.max_connections = NonZeroU32::new(6).unwrap();
    let app = database.serve(10).await;
    let ann = app.database.add_viewer("ann", &["front"]).await;
    let (client, _) = app.client_of(&ann).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(Events::open(&app.address, &client).await);
    }
    let refused = app.get(EXPORT_EVENTS_PATH).await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (503, "30"));
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["message"]["code"], "too_many_streams");
    assert_eq!(app.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn the_stream_ends_at_once_when_the_server_stops_and_no_other_begins() {
    let app = TestDatabase::with([]).await.serve(10).await;
    let (stream, _) = Events::open(&app.address, &app.client).await;
    app.state.exports.close();
    stream.ended().await;
    let refused = app.get(EXPORT_EVENTS_PATH).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn an_open_stream_does_not_delay_the_end_of_the_server() {
    let database = TestDatabase::with([]).await;
    let admin = database.add_user("admin", Role::Admin).await;
    let token = format!("Bearer {}", database.token_of(&admin).await);
    let mut server = Server::start(database.folder.path(), &[]);
    let (stream, _) = Events::open(&server.address, &client_with(&[(AUTHORIZATION, &token)])).await;
    let stopped = std::process::Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status();
    assert!(stopped.unwrap().success());
    stream.ended().await;
    assert!(server.child.wait().unwrap().success());
}

#[tokio::test]
async fn a_listener_that_misses_changes_gets_a_snapshot() {
    let app = TestDatabase::with(events(4)).await.serve(10).await;
    app.export("").await.bytes().await.unwrap();
    let record = crate::app::newest(&app.database).await;
    let admin = {
        let found = motion_export::server::db::entity::user::Entity::find()
            .filter(motion_export::server::db::entity::user::Column::Name.eq("admin"))
            .one(&app.database.connection);
        found.await.unwrap().unwrap().into()
    };
    let mut listener = app.state.feed.listen(admin).unwrap();
    let many = (0..300).map(|_| {
        let state = "running".to_owned();
        export::Model { id: Uuid::new_v4(), state, sha256: None, ..record.clone() }.into_active_model()
    });
    export::Entity::insert_many(many).exec(&app.database.connection).await.unwrap();
    let missed = async {
        while listener.next().await.is_some() {
            // Meanwhile the feed may send more than the listener may be behind.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), missed).await.expect("changes are missed");
    let snapshot = listener.snapshot().await.unwrap();
    let running = snapshot.iter().filter(|change| change.record.state == State::Running);
    assert_eq!(running.count(), 300);
}
