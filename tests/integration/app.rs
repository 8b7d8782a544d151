//! A server under test, and events for its database.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use motion_export::api::exports::EXPORTS_PATH;
use motion_export::api::session::Role;
use motion_export::api::tokens::Scope;
use motion_export::export_params::{EXPORT_PATH, ExportParams};
use motion_export::server::accounts::api_token::TokenOptions;
use motion_export::server::accounts::camera_access::CameraAccess;
use motion_export::server::accounts::camera_access::grants;
use motion_export::server::accounts::setup::Setup;
use motion_export::server::accounts::user::User;
use motion_export::server::accounts::{api_token, password};
use motion_export::server::db::clock::Clock;
use motion_export::server::db::connect::writer::Writer;
use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::db::entity::{self, export, motion_event};
use motion_export::server::db::partitions::{Month, Partitions};
use motion_export::server::db::pool::{Pool, Transaction};
use motion_export::server::export::pipeline::{ExportContext, ExportStream};
use motion_export::server::export::reader::Reader;
use motion_export::server::export::reader::buffer_pool::PAGE_BYTES;
use motion_export::server::ingest::event::Event;
use motion_export::server::ingest::event_keys::EventKeys;
use motion_export::server::settings::Settings;
use motion_export::server::state::AppState;
use motion_export::server::stored_message;
use motion_export::web::listener::accept::serve;
use motion_export::web::listener::limits::Limits;
use motion_export::web::router::router;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, QueryOrder, TransactionTrait};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::backend::{self, Home};
use crate::log;
use motion_export::server::db::timeouts::STATEMENT_TIMEOUT;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::export::reader::source;

/// The first line of every file.
pub const HEADER: &str = "timestamp,camera_id,camera_name,confidence,algorithm,x,y,width,height,zone_id\r\n";

/// The columns of the table of events.
pub const EVENT_COLUMNS: &str =
    "timestamp, event_id, camera_key, confidence, detector_key, x, y, width, height, zone_key";

/// The time at which a server under test starts: 2025-12-16T12:00:00Z.
pub const NOW: i64 = 1_765_886_400_000_000;

/// The password of every user in the tests.
pub const PASSWORD: &str = "correct horse battery";

/// A database in a folder that is removed on drop.
pub struct TestDatabase {
    pub connection: Pool,
    pub settings: Settings,
    /// The statement timeout of the servers.
    pub answer: Duration,
    pub folder: Home,
}

impl TestDatabase {
    /// Creates an empty database with the current schema.
    pub async fn new() -> Self {
        log::listen();
        let folder = backend::home().await;
        let mut settings = Settings::default();
        settings.database.url = backend::url(folder.path());
        let connection = connect::open_migrated(&settings.database, IfMissing::Create).await.unwrap();
        Self { connection, settings, answer: STATEMENT_TIMEOUT, folder }
    }

    /// Opens the database at a URL and migrates it.
    pub async fn at(url: String) -> Self {
        log::listen();
        let mut settings = Settings::default();
        settings.database.url = url;
        let connection = connect::open_migrated(&settings.database, IfMissing::Create).await.unwrap();
        Self { connection, settings, answer: STATEMENT_TIMEOUT, folder: backend::nowhere() }
    }

    /// Reopens the database with its current settings.
    pub async fn reopened(self) -> Self {
        let Self { connection, settings, answer, folder } = self;
        connection.close().await.unwrap();
        let connection = connect::open(&settings.database, IfMissing::Refuse).await.unwrap();
        Self { connection, settings, answer, folder }
    }

    /// Creates a database with the cameras `front` and `back` and these events.
    pub async fn with(events: impl IntoIterator<Item = Event>) -> Self {
        let database = Self::new().await;
        database.add_camera("front", Some("Front Door")).await;
        database.add_camera("back", Some("Back Yard")).await;
        database.add(events).await;
        database
    }

    pub async fn add_camera(&self, id: &str, name: Option<&str>) {
        let mut keys = EventKeys::read(&self.connection).await.unwrap();
        keys.add_camera(&self.connection, id, name).await.unwrap();
    }

    pub async fn add(&self, events: impl IntoIterator<Item = Event>) {
        let events: Vec<_> = events.into_iter().collect();
        self.make_partitions(events.iter().map(|event| event.timestamp)).await;
        let transaction = self.connection.begin().await.unwrap();
        let mut keys = EventKeys::read(&transaction).await.unwrap();
        for batch in events.chunks(1_000) {
            let mut rows = Vec::new();
            for event in batch {
                rows.push(keys.encode(&transaction, event.clone()).await.unwrap());
            }
            let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
            motion_event::Entity::insert_many(rows).exec(&transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// Creates the partitions for these timestamps, including timestamps that no import would write.
    pub async fn make_partitions(&self, moments: impl Iterator<Item = i64>) {
        let (within, beyond): (Vec<_>, Vec<_>) = moments.partition(|moment| Month::of(*moment).is_some());
        let transaction = self.connection.begin().await.unwrap();
        Partitions::known(&transaction).await.unwrap().create_for(&transaction, within).await.unwrap();
        if backend::is_postgres() && !beyond.is_empty() {
            let beyond =
                "CREATE TABLE beyond PARTITION OF motion_events FOR VALUES FROM (253370764800000000) TO (MAXVALUE)";
            transaction.execute_unprepared(beyond).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// Adds `count` events, generated by the database, of some 280 hardly compressible bytes each. A hundred thousand are more
    /// than the network buffers if the client does not read.
    pub async fn add_many(&self, count: u32) {
        let noise: Vec<_> =
            (0..26).map(|n| format!("i * {} % 4294967296", 2_654_435_761_u64 + n * 1_000_002)).collect();
        self.make_partitions((0..=count).map(|i| 1_764_547_200_000_000 + i64::from(i) * 1_000_000)).await;
        let columns = "timestamp, event_id, camera_key, confidence, detector_key, zone_key";
        let keys = "(SELECT key FROM cameras WHERE id = 'front'), 85.5, (SELECT key FROM detectors WHERE name = 'MOG2'), 1000000 + i";
        let detector =
            "INSERT INTO detectors (name) SELECT 'MOG2' WHERE NOT EXISTS (SELECT 1 FROM detectors WHERE name = 'MOG2')";
        let sql = if backend::is_postgres() {
            let noise: Vec<_> = noise.iter().map(|number| format!("lpad(to_hex({number}), 8, '0')")).collect();
            format!(
                "{detector};
                 INSERT INTO zones (key, id) SELECT 1000000 + i, {} FROM generate_series(1::bigint, {count}) AS i;
                 INSERT INTO motion_events ({columns})
                 SELECT 1764547200000000 + i * 1000000, lpad(i::text, 32, '0')::uuid, {keys}
                 FROM generate_series(1::bigint, {count}) AS i",
                noise.join(" || ")
            )
        } else {
            format!(
                "{detector};
             INSERT INTO zones (key, id)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT 1000000 + i, printf('{}', {}) FROM n;
             INSERT INTO motion_events ({columns})
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT 1764547200000000 + i * 1000000, CAST(printf('%016d', i) AS BLOB), {keys} FROM n",
                "%08x".repeat(noise.len()),
                noise.join(", ")
            )
        };
        self.connection.execute_unprepared(&sql).await.unwrap();
    }

    /// Replaces the table of events by a view of a query with these columns.
    pub async fn replace_events(&self, query: &str) {
        let replace = format!(
            "ALTER TABLE motion_events RENAME TO real_events; CREATE VIEW motion_events ({EVENT_COLUMNS}) AS {query}"
        );
        self.connection.execute_unprepared(&replace).await.unwrap();
    }

    /// Undoes [`Self::replace_events`].
    pub async fn restore_events(&self) {
        let restore = "DROP VIEW motion_events; ALTER TABLE real_events RENAME TO motion_events";
        self.connection.execute_unprepared(restore).await.unwrap();
    }

    /// Returns the file of an export, read in pages of `page_rows`.
    pub async fn export(&self, query: &str, page_rows: u32) -> Vec<u8> {
        self.chunks(query, page_rows, PAGE_BYTES).await.concat()
    }

    /// Returns the chunks of an export, read in pages of `page_rows` and about `page_bytes`.
    pub async fn chunks(&self, query: &str, page_rows: u32, page_bytes: usize) -> Vec<Bytes> {
        let params = ExportParams::parse(query).unwrap();
        let source = ExportContext {
            database: self.connection.clone(),
            reader: Reader::new(
                source::events(&self.settings.database, &self.connection, Duration::from_mins(1)).unwrap(),
                8,
                4,
            ),
            page_rows: page_rows.try_into().unwrap(),
            page_bytes,
            page_timeout: Duration::from_mins(1),
        };
        let mut export =
            ExportStream::begin(source, CameraAccess::Unrestricted, params, UnixMicros::default(), None).await.unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = export.next_chunk().await.unwrap() {
            chunks.push(chunk);
        }
        chunks
    }

    /// Adds a user with [`PASSWORD`].
    pub async fn add_user(&self, name: &str, role: Role) -> User {
        // Hashing is slow on purpose, so the hash is shared.
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = HASH.get_or_init(async || password::hash(PASSWORD.to_owned()).await.unwrap()).await;
        let user = entity::user::Model {
            id: Uuid::new_v4(),
            name: name.to_owned(),
            role: role.as_str().to_owned(),
            password_hash: hash.clone(),
            created_at: UnixMicros::new(NOW),
        };
        entity::user::Entity::insert(user.clone().into_active_model()).exec(&self.connection).await.unwrap();
        user.into()
    }

    /// Adds a user who sees these cameras.
    pub async fn add_viewer(&self, name: &str, cameras: &[&str]) -> User {
        let user = self.add_user(name, Role::User).await;
        for camera in cameras {
            grants::grant(&self.connection, &user, camera).await.unwrap();
        }
        user
    }

    /// Locks out all other writers, as an import does.
    pub async fn lock(&self) -> Transaction {
        let transaction = self.connection.begin().await.unwrap();
        transaction
            .execute_unprepared(if backend::is_postgres() {
                "LOCK TABLE exports, users, sessions, api_tokens, camera_access, cameras IN EXCLUSIVE MODE"
            } else {
                "UPDATE cameras SET name = name"
            })
            .await
            .unwrap();
        transaction
    }

    /// Creates a token of this user that does not expire.
    pub async fn token_of(&self, user: &User) -> String {
        let bits = api_token::random_bits().unwrap();
        let options = TokenOptions { name: "test", ..TokenOptions::default() };
        api_token::create(&self.connection, user, options, bits, UnixMicros::new(NOW)).await.unwrap().text
    }

    /// Creates a token of this user that can send events.
    pub async fn write_token_of(&self, user: &User) -> String {
        let bits = api_token::random_bits().unwrap();
        let options = TokenOptions { name: "test", scope: Scope::Write, ..TokenOptions::default() };
        api_token::create(&self.connection, user, options, bits, UnixMicros::new(NOW)).await.unwrap().text
    }

    /// Serves the database on its own port. [`TestApp::get`] and [`TestApp::client`] use the token of an administrator.
    pub async fn serve(self, page_rows: u32) -> TestApp {
        let admin = self.add_user("admin", Role::Admin).await;
        let token = self.token_of(&admin).await;
        self.serve_with(page_rows, Setup::default(), client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))])).await
    }

    /// Serves the database to the given client.
    pub async fn serve_with(mut self, page_rows: u32, setup: Setup, client: Client) -> TestApp {
        self.settings.export.page_rows = page_rows.try_into().unwrap();
        let time = Time::default();
        let (address, routes, state) = start(&self, &time, setup).await;
        TestApp { address, client, database: self, time, routes, state }
    }
}

/// Starts a server on a database.
async fn start(database: &TestDatabase, time: &Time, setup: Setup) -> (String, String, AppState) {
    {
        let TestDatabase { connection, settings, .. } = database;
        let writer = Writer::open(&settings.database, connection).await.unwrap().within(database.answer);
        let clock = time.clock();
        let state =
            AppState::new(connection.clone().within(database.answer), writer, settings.clone(), clock, setup).unwrap();
        let router = router(state.clone());
        let description = format!("{router:?}");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(state.exports.clone().run_heartbeat());
        tokio::spawn(serve(listener, router, Limits::from(settings), None, std::future::pending()));
        (address, description, state)
    }
}

/// Returns a query for [`TestDatabase::replace_events`] that never returns a row and never ends.
pub fn endless() -> &'static str {
    if backend::is_postgres() { ENDLESS_IN_POSTGRES } else { ENDLESS }
}

/// No column can be computed before the sleep ends.
const ENDLESS_IN_POSTGRES: &str = "SELECT (random() * 0)::bigint, gen_random_uuid(), 1, 1.0::float8, 1, \
                                   1, 1, 1, 1, 1 FROM (SELECT pg_sleep(3600)) AS slept";

/// It reads a table, because SQLite checks for schema changes only in statements that do.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                           SELECT i, x'00', 1, 1.0, 1, 1, 1, 1, 1, 1 FROM n \
                           WHERE i < 0 AND EXISTS (SELECT 1 FROM cameras)";

/// Returns a client that sends these headers with every request and follows no redirects.
pub fn client_with(headers: &[(HeaderName, &str)]) -> Client {
    let headers: HeaderMap = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    Client::builder().default_headers(headers).redirect(Policy::none()).build().unwrap()
}

/// The clocks of servers under test, in microseconds: the wall clock since 1970-01-01T00:00:00Z, and the monotonic clock.
#[derive(Clone)]
struct Time {
    wall: Arc<AtomicI64>,
    elapsed: Arc<AtomicU64>,
}

impl Default for Time {
    fn default() -> Self {
        Self { wall: Arc::new(AtomicI64::new(NOW)), elapsed: Arc::default() }
    }
}

impl Time {
    fn clock(&self) -> Clock {
        let Self { wall, elapsed } = self.clone();
        Clock::with_monotonic(
            move || UnixMicros::new(wall.load(Ordering::Relaxed)),
            move || Duration::from_micros(elapsed.load(Ordering::Relaxed)),
        )
    }
}

/// A running server.
pub struct TestApp {
    pub address: String,
    pub client: reqwest::Client,
    pub database: TestDatabase,
    pub state: AppState,
    time: Time,
    /// The debug output of the router.
    pub routes: String,
}

impl TestApp {
    /// Returns the time of the server, in microseconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> i64 {
        self.time.wall.load(Ordering::Relaxed)
    }

    /// Advances both clocks.
    pub fn wait(&self, seconds: u32) {
        self.set_clock(seconds.into());
        self.time.elapsed.fetch_add(u64::from(seconds) * 1_000_000, Ordering::Relaxed);
    }

    /// Moves the wall clock by this many seconds. The monotonic clock stays.
    pub fn set_clock(&self, seconds: i64) {
        self.time.wall.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Starts another server on the same database with the same clocks. Returns its address and state.
    pub async fn another_server(&self) -> (String, AppState) {
        let (address, _, state) = start(&self.database, &self.time, Setup::default()).await;
        (address, state)
    }

    /// Returns a client with a token of this user, and its `Authorization` header.
    pub async fn client_of(&self, user: &User) -> (Client, String) {
        let authorization = format!("Bearer {}", self.database.token_of(user).await);
        (client_with(&[(AUTHORIZATION, &authorization)]), authorization)
    }

    /// Returns the record of an export, as an administrator sees it.
    pub async fn record(&self, id: &str) -> Value {
        let response = self.get(&format!("{EXPORTS_PATH}/{id}")).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Waits until no query of events is running. A query is cancelled shortly after its export has ended.
    pub async fn no_query_is_running(&self) {
        let nothing = async {
            while self.state.reader.busy() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), nothing).await.expect("the query is cancelled");
    }

    /// Returns the newest record once its export has ended.
    pub async fn newest_record(&self) -> Value {
        let ended = async {
            loop {
                let list: Value = self.get(&format!("{EXPORTS_PATH}?limit=1")).await.json().await.unwrap();
                if list["exports"][0]["state"] != "running" {
                    return list["exports"][0].clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), ended).await.expect("it ends")
    }

    /// Returns the value of a metric, by its name and labels; 0 if it does not exist.
    pub async fn metric(&self, name: &str) -> i64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |number| number.parse().unwrap())
    }

    /// Waits until no export is running on this server.
    pub async fn idle(&self) {
        let idle = self.state.exports.none_left();
        tokio::time::timeout(Duration::from_mins(1), idle).await.expect("all exports end");
    }

    /// Sends a form with this client.
    pub async fn post(&self, client: &Client, path: &str, fields: &[(&str, &str)]) -> Response {
        client.post(format!("{}{path}", self.address)).form(fields).send().await.unwrap()
    }

    /// Sends a GET with this client.
    pub async fn get_as(&self, client: &Client, path: &str) -> Response {
        client.get(format!("{}{path}", self.address)).send().await.unwrap()
    }

    /// Signs in with [`PASSWORD`] and returns the cookie.
    pub async fn cookie_of(&self, name: &str) -> String {
        let response = self.post(&client_with(&[]), "/login", &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(response.status(), 303, "signing in as {name}");
        cookie(&response)
    }

    /// Returns a browser that is signed in as this user.
    pub async fn browser_of(&self, name: &str) -> Client {
        client_with(&[(COOKIE, &self.cookie_of(name).await)])
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.address)).send().await.unwrap()
    }

    /// Requests an export with this query string.
    pub async fn export(&self, query: &str) -> Response {
        self.get(&format!("{EXPORT_PATH}?{query}")).await
    }

    /// Returns the lines of an export, without the header.
    pub async fn lines(&self, query: &str) -> Vec<String> {
        self.lines_as(&self.client, query).await
    }

    /// Returns the lines of an export with this client, without the header.
    pub async fn lines_as(&self, client: &Client, query: &str) -> Vec<String> {
        let response = self.get_as(client, &format!("{EXPORT_PATH}?{query}")).await;
        assert_eq!(response.status(), 200, "{query}");
        let text = response.text().await.unwrap();
        text.strip_prefix(HEADER).expect("a header").split_terminator("\r\n").map(str::to_owned).collect()
    }
}

/// Returns a page without its style sheets and without the markers for hydration.
pub async fn text_of(response: Response) -> String {
    let text = response.text().await.unwrap();
    let mut parts = text.split("<style");
    let mut page = parts.next().unwrap_or_default().to_owned();
    page.extend(parts.filter_map(|part| part.split_once("</style>")).map(|(_, rest)| rest));
    page.replace("<!>", "")
}

/// Returns the cookie that a response sets, as the client sends it back.
pub fn cookie(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// Returns an event of the camera `front` at a time in RFC 3339.
pub fn event(moment: &str) -> Event {
    Event {
        timestamp: moment.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros(),
        id: Uuid::new_v4(),
        camera_id: "front".to_owned(),
        confidence: Some(85.5),
        algorithm: "MOG2".to_owned(),
        x: Some(100),
        y: Some(200),
        width: Some(50),
        height: Some(80),
        zone_id: Some("zone-1".to_owned()),
    }
}

/// Returns `count` events, a second apart, alternating between the cameras `front` and `back`.
pub fn events(count: u32) -> impl Iterator<Item = Event> {
    let first = event("2025-12-01T00:00:00Z");
    (0..count).map(move |index| Event {
        timestamp: first.timestamp + i64::from(index) * 1_000_000,
        id: Uuid::from_u128(index.into()),
        camera_id: if index % 2 == 0 { "front" } else { "back" }.to_owned(),
        ..first.clone()
    })
}

/// Returns the same event with another camera.
pub fn seen_by(event: Event, camera: &str) -> Event {
    Event { camera_id: camera.to_owned(), ..event }
}

/// Returns the newest export record, as it is stored.
pub async fn newest(database: &TestDatabase) -> export::Model {
    let newest = export::Entity::find().order_by_desc(export::Column::StartedAt);
    newest.one(&database.connection).await.unwrap().expect("a record")
}

/// Returns why the export of a record did not complete, in English.
pub fn reason_of(record: &export::Model) -> Option<String> {
    record.error.as_deref().map(|stored| stored_message::read(stored).text)
}
