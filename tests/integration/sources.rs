//! Live sources: a stand-in for Frigate with its bad habits, real states of a database, and what is stored of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path as Segment, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use motion_export::server::db::clock::Clock;
use motion_export::server::db::connect::writer::Writer;
use motion_export::server::db::entity::source_gap;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::live::source_state::{self, Stored};
use motion_export::server::ingest::live::sources::context::FollowContext;
use motion_export::server::ingest::live::sources::trial::{Trial, Tried, trial};
use motion_export::server::ingest::live::sources::{Followers, once};
use motion_export::server::ingest::live::writer::LiveWriter;
use motion_export::server::metrics::Metrics;
use motion_export::server::retention::holds::{self, NewHold};
use motion_export::server::settings::{Hidden, NewCameras, Settings, Source};
use reqwest::header::AUTHORIZATION;
use rusqlite::Connection;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::app::{NOW, TestDatabase, client_with, text_of};
use crate::backend;
use crate::binary::{Server, fail, run, succeed, token_of_admin};

/// What a stand-in does with the next request for events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// It responds with this status.
    Status(u16),
    /// It closes the connection in the middle of the body.
    CutBody,
    /// It no longer knows the session.
    Expired,
}

/// The state of a stand-in.
#[derive(Debug, Default)]
struct Frigate {
    events: Vec<Value>,
    config: Value,
    /// The maximum number of events of a response; 0: as requested.
    cap: usize,
    /// User, password, and the current session.
    sign_in: Option<(String, String, u32)>,
    faults: Vec<Fault>,
    /// Whether requests for one event wait.
    is_holding: bool,
    /// The time of its clock, in seconds.
    clock: Option<i64>,
    requests: Vec<String>,
    passwords: Vec<String>,
}

/// A stand-in for Frigate.
#[derive(Clone)]
pub struct StandIn {
    pub url: String,
    state: Arc<Mutex<Frigate>>,
}

impl StandIn {
    /// Starts a stand-in with the camera `front`.
    pub async fn start() -> Self {
        let config = json!({"mqtt": {"password": "hush"}, "cameras": {
            "front": {"detect": {"width": 1280, "height": 720}, "friendly_name": "Front Door"},
            "back": {"detect": {"width": 640, "height": 480}}}});
        let state = Arc::new(Mutex::new(Frigate { config, clock: Some(SECOND), ..Frigate::default() }));
        let routes = Router::new()
            .route("/api/events", get(list))
            .route("/api/events/{id}", get(one))
            .route("/api/config", get(config_of))
            .route("/api/login", post(login))
            .with_state(Arc::clone(&state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, state }
    }

    pub fn set(&self, events: impl IntoIterator<Item = Value>) {
        self.state.lock().unwrap().events = events.into_iter().collect();
    }

    pub fn add(&self, event: Value) {
        self.state.lock().unwrap().events.push(event);
    }

    pub fn hold(&self, is_holding: bool) {
        self.change(|state| state.is_holding = is_holding);
    }

    /// Makes the clock that of this machine.
    pub fn without_clock(&self) {
        self.change(|state| state.clock = None);
    }

    fn change(&self, change: impl FnOnce(&mut Frigate)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Returns the requests since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    /// Returns the settings of a source at this address.
    pub fn settings(&self) -> Source {
        source(&format!("kind = \"frigate\"\nurl = \"{}\"", self.url))
    }
}

pub fn source(text: &str) -> Source {
    let source: Source = toml::from_str(text).unwrap();
    source.check("garage").unwrap();
    source
}

fn is_signed_in(frigate: &Frigate, headers: &HeaderMap) -> bool {
    let Some((_, _, session)) = &frigate.sign_in else { return true };
    let cookie = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok());
    cookie == Some(&format!("frigate_token=session{session}"))
}

fn json_response(frigate: &Frigate, value: &Value) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response();
    if let Some(clock) = frigate.clock {
        let date = DateTime::<Utc>::from_timestamp(clock, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(header::DATE, date.parse().unwrap());
    }
    response
}

fn fault(frigate: &mut Frigate) -> Option<Response> {
    match frigate.faults.pop()? {
        Fault::Status(status) => Some(StatusCode::from_u16(status).unwrap().into_response()),
        Fault::CutBody => {
            let parts = [Ok(Bytes::from("[{\"id\": ")), Err(std::io::Error::other("cut"))];
            Some(Body::from_stream(futures_util::stream::iter(parts)).into_response())
        }
        Fault::Expired => {
            if let Some((_, _, session)) = &mut frigate.sign_in {
                *session += 1;
            }
            Some(StatusCode::UNAUTHORIZED.into_response())
        }
    }
}

async fn list(
    State(state): State<Arc<Mutex<Frigate>>>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut frigate = state.lock().unwrap();
    frigate.requests.push(format!("events {query:?}"));
    if let Some(response) = fault(&mut frigate) {
        return response;
    }
    if !is_signed_in(&frigate, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let bound = |name: &str, default: f64| query.get(name).map_or(default, |text| text.parse().unwrap());
    let (after, before) = (bound("after", f64::MIN), bound("before", f64::MAX));
    let start = |event: &Value| event["start_time"].as_f64().unwrap_or(seconds(SECOND) - 5.0);
    let mut events: Vec<_> =
        frigate.events.iter().filter(|event| start(event) > after && start(event) < before).cloned().collect();
    events.sort_by(|a, b| start(b).total_cmp(&start(a)));
    let limit = query.get("limit").map_or(100, |limit| limit.parse().unwrap());
    events.truncate(if frigate.cap == 0 { limit } else { limit.min(frigate.cap) });
    json_response(&frigate, &Value::Array(events))
}

async fn one(State(state): State<Arc<Mutex<Frigate>>>, Segment(id): Segment<String>) -> Response {
    state.lock().unwrap().requests.push(format!("event {id}"));
    while state.lock().unwrap().is_holding {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let frigate = state.lock().unwrap();
    if let Some(event) = frigate.events.iter().find(|event| event["id"] == id) {
        return json_response(&frigate, event);
    }
    // As versions before 0.14 do; newer ones respond with JSON.
    (StatusCode::NOT_FOUND, "Event not found").into_response()
}

async fn config_of(State(state): State<Arc<Mutex<Frigate>>>, headers: HeaderMap) -> Response {
    let frigate = state.lock().unwrap();
    if is_signed_in(&frigate, &headers) {
        json_response(&frigate, &frigate.config)
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn login(State(state): State<Arc<Mutex<Frigate>>>, body: Bytes) -> Response {
    let mut frigate = state.lock().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    frigate.passwords.push(body["password"].as_str().unwrap().to_owned());
    let Some((user, password, session)) = &frigate.sign_in else { return StatusCode::NOT_FOUND.into_response() };
    if body["user"] != **user || body["password"] != **password {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let cookie = format!("frigate_token=session{session}; HttpOnly; Path=/");
    let mut response = StatusCode::OK.into_response();
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).unwrap());
    response
}

/// The second of the test's clock.
pub const SECOND: i64 = NOW / 1_000_000;

fn seconds(whole: i64) -> f64 {
    f64::from(u32::try_from(whole).unwrap())
}

/// Returns an ended event of the camera `front`, which began this many seconds ago.
pub fn event(seconds_ago: i64) -> Value {
    let start = SECOND - seconds_ago;
    json!({
        "id": format!("{start}.5-aaaaaa"), "label": "person", "sub_label": "Jane", "camera": "front",
        "start_time": seconds(start) + 0.5, "end_time": seconds(start) + 3.5, "false_positive": null, "zones": [],
        "has_clip": true, "has_snapshot": true, "top_score": null, "box": null,
        "data": {"box": [0.5, 0.5, 0.25, 0.25], "top_score": 0.75, "score": 0.7, "type": "object", "path_data": [[1, 2]]},
    })
}

fn with(mut event: Value, field: &str, value: Value) -> Value {
    event[field] = value;
    event
}

/// Returns a context for a server of this database, at the time of the tests; its monotonic clock is real.
pub async fn context(database: &TestDatabase) -> FollowContext {
    context_at(database, NOW).await
}

pub async fn context_at(database: &TestDatabase, now: i64) -> FollowContext {
    let writer = Writer::open(&database.settings.database, &database.connection).await.unwrap();
    let clock = Clock::new(move || UnixMicros::new(now));
    FollowContext::new(writer.clone(), LiveWriter::start(writer), clock, Metrics::new())
}

async fn read_all(database: &TestDatabase, source: &Source) -> anyhow::Result<u64> {
    once(&context(database).await, "garage", source).await
}

pub async fn stored(database: &TestDatabase) -> Stored {
    source_state::list(&database.connection).await.unwrap().remove(0)
}

pub async fn rows(database: &TestDatabase) -> Vec<String> {
    let export = String::from_utf8(database.export("", 500).await).unwrap();
    export.lines().skip(1).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_event_is_stored_once_whatever_a_frigate_does() {
    for cap in [0, 100] {
        let frigate = StandIn::start().await;
        frigate.set((0..450).map(|index| event(index * 200)));
        frigate.change(|state| {
            state.cap = cap;
            state.sign_in = Some(("viewer".to_owned(), "secret".to_owned(), 1));
            // The last one comes first.
            state.faults = vec![Fault::Expired, Fault::CutBody, Fault::Expired, Fault::Status(500)];
        });
        let database = TestDatabase::new().await;
        let (user, password) = ("viewer".to_owned(), Hidden("secret".to_owned()));
        let source = Source { user, password, ..frigate.settings() };
        assert_eq!(read_all(&database, &source).await.unwrap(), 450, "{cap}");
        assert_eq!(rows(&database).await.len(), 450);
        assert_eq!(read_all(&database, &source).await.unwrap(), 0, "read again");
        let stored = stored(&database).await;
        assert_eq!((stored.source.accepted, &*stored.source.state), (450, "live"));
        assert_eq!(stored.source.complete_to, Some(UnixMicros::new(NOW)));
        assert_eq!((stored.reasons, stored.gaps), (vec![], vec![]));
        assert!(frigate.requests().iter().all(|request| request.contains("\"include_thumbnails\": \"0\"")));
    }
}

#[tokio::test]
async fn an_event_is_stored_as_the_import_stores_it_when_it_has_ended() {
    let frigate = StandIn::start().await;
    frigate.set([with(event(60), "end_time", Value::Null)]);
    let database = TestDatabase::new().await;
    read_all(&database, &frigate.settings()).await.unwrap();
    assert_eq!(rows(&database).await, [""; 0]);
    let open = stored(&database).await.source.complete_to;
    assert_eq!(open, Some(UnixMicros::new(NOW - 60_000_000 + 500_000)), "it may still be stored");
    frigate.set([event(60)]);
    read_all(&database, &frigate.settings()).await.unwrap();
    assert_eq!(
        rows(&database).await,
        ["2025-12-16T11:59:00.500000+00:00,front,Front Door,75,frigate:person,640,360,320,180,"]
    );
    // Whatever changes later, an event never does.
    frigate.set([with(event(60), "label", json!("dog"))]);
    assert_eq!(read_all(&database, &frigate.settings()).await.unwrap(), 0);
    assert!(rows(&database).await[0].contains("frigate:person"));
}

#[tokio::test]
async fn an_open_event_that_frigate_deletes_or_cannot_show_blocks_nothing() {
    let frigate = StandIn::start().await;
    let open = with(event(3 * 3_600), "end_time", Value::Null);
    frigate.set([open.clone(), event(60)]);
    let database = TestDatabase::new().await;
    read_all(&database, &frigate.settings()).await.unwrap();
    let start = UnixMicros::new(NOW - 3 * 3_600_000_000 + 500_000);
    assert_eq!(stored(&database).await.source.complete_to, Some(start));
    frigate.requests();
    frigate.set([event(60)]);
    read_all(&database, &frigate.settings()).await.unwrap();
    assert_eq!(stored(&database).await.source.complete_to, Some(UnixMicros::new(NOW)));
    let id = format!("event {}", open["id"].as_str().unwrap());
    assert!(frigate.requests().contains(&id), "it is requested alone");
}

#[tokio::test]
async fn what_is_left_out_or_repaired_is_counted_once_with_its_reason() {
    let frigate = StandIn::start().await;
    frigate.set([
        event(10),
        with(event(20), "false_positive", json!(true)),
        with(event(30), "zones", json!("drive")),
        with(event(40), "camera", json!("")),
        with(event(50), "camera", json!("c".repeat(300))),
        json!(7),
    ]);
    let database = TestDatabase::new().await;
    for _ in 0..2 {
        read_all(&database, &frigate.settings()).await.unwrap();
    }
    let reasons: BTreeMap<_, _> = stored(&database).await.reasons.into_iter().collect();
    let expected = [
        ("event_without_camera", 1),
        ("false_positive", 1),
        ("not_an_event", 1),
        ("text_not_accepted", 1),
        ("zones_unreadable", 1),
    ];
    assert_eq!(reasons, expected.map(|(reason, count)| (reason.to_owned(), count)).into());
    assert_eq!(rows(&database).await.len(), 2);
}

#[tokio::test]
async fn a_camera_belongs_to_the_first_source_that_has_it() {
    let [first, second] = [StandIn::start().await, StandIn::start().await];
    first.set([event(10)]);
    second.set([event(20), with(event(30), "camera", json!("back"))]);
    let database = TestDatabase::new().await;
    // Known from an import; the first source that has it takes it over.
    database.add_camera("front", None).await;
    let context = context(&database).await;
    once(&context, "first", &first.settings()).await.unwrap();
    let refusing = Source { new_cameras: NewCameras::Refuse, ..second.settings() };
    assert_eq!(once(&context, "second", &refusing).await.unwrap(), 0);
    let state = source_state::list(&database.connection).await.unwrap().remove(1);
    let reasons = [("camera_not_known", 1), ("camera_of_another_source", 1)];
    assert_eq!(state.reasons, reasons.map(|(reason, count)| (reason.to_owned(), count)));
    let prefixed = Source { camera_prefix: "barn-".to_owned(), ..second.settings() };
    assert_eq!(once(&context, "second", &prefixed).await.unwrap(), 2);
    let cameras: Vec<_> = rows(&database).await.iter().map(|row| row.split(',').nth(1).unwrap().to_owned()).collect();
    assert_eq!(cameras, ["barn-back", "barn-front", "front"]);
    // Once the first is forgotten, another source may have its cameras.
    assert!(source_state::forget(&database.connection, "first").await.unwrap());
    second.add(event(25));
    assert_eq!(once(&context, "second", &second.settings()).await.unwrap(), 1);
}

#[tokio::test]
async fn events_that_were_refused_are_stored_once_their_camera_is_known() {
    let frigate = StandIn::start().await;
    frigate.set([event(4 * 3_600), event(10), with(event(20), "camera", json!("back"))]);
    let database = TestDatabase::new().await;
    let mut settings = Settings::default();
    let every_seconds = std::num::NonZeroU32::MIN;
    settings
        .source
        .insert("garage".to_owned(), Source { new_cameras: NewCameras::Refuse, every_seconds, ..frigate.settings() });
    let followers = Followers::start(context(&database).await, &settings).unwrap();
    let count = async |wanted: usize| crate::mqtt::until("rows", async || rows(&database).await.len() == wanted).await;
    crate::mqtt::until("swept", async || {
        let stored = source_state::list(&database.connection).await.unwrap();
        stored.iter().any(|stored| stored.source.state == "live")
    })
    .await;
    assert_eq!(stored(&database).await.reasons, [("camera_not_known".to_owned(), 3)]);
    database.add_camera("front", None).await;
    count(2).await;
    assert_eq!(stored(&database).await.reasons, [("camera_not_known".to_owned(), 3)], "counted once");
    database.add_camera("back", None).await;
    count(3).await;
    followers.stop().await;
}

#[tokio::test]
async fn what_retention_has_deleted_is_not_stored_again_unless_a_hold_keeps_it() {
    let frigate = StandIn::start().await;
    frigate.set([event(500), event(400), event(300)]);
    let database = TestDatabase::new().await;
    database.add_camera("front", None).await;
    let deleted_to = NOW - 350_000_000;
    let deleted = format!("UPDATE cameras SET deleted_to = {deleted_to}");
    database.connection.execute_unprepared(&deleted).await.unwrap();
    assert_eq!(read_all(&database, &frigate.settings()).await.unwrap(), 1);
    assert_eq!(stored(&database).await.reasons, [("too_old_to_keep".to_owned(), 2)]);
    let now = UnixMicros::new(NOW);
    let hold = NewHold {
        camera_id: "front",
        start: "2025-12-16T11:53:00Z",
        end: "2025-12-16T11:54:00Z",
        timezone: "UTC",
        why: "case 7",
        who: "Ann",
    };
    holds::add(&database.connection, hold, now).await.unwrap();
    assert_eq!(read_all(&database, &frigate.settings()).await.unwrap(), 1, "the one of 11:53:20");
    assert_eq!(rows(&database).await.len(), 2);
}

#[tokio::test]
async fn one_server_follows_a_source_and_another_takes_over_when_it_is_silent() {
    let database = TestDatabase::new().await;
    let [first, second] = [context(&database).await, context(&database).await];
    let acquire = async |context: &FollowContext, seconds: i64| {
        let now = UnixMicros::new(NOW + seconds * 1_000_000);
        source_state::acquire(&*context.writer, "garage", "frigate", context.server, now).await.unwrap().is_some()
    };
    assert!(acquire(&first, 0).await && acquire(&first, 10).await);
    assert!(!acquire(&second, 40).await, "30 s have not passed");
    let heartbeat = async |context: &FollowContext, seconds: i64| {
        let now = UnixMicros::new(NOW + seconds * 1_000_000);
        source_state::heartbeat(&*context.writer, "garage", context.server, now, None, None).await.unwrap()
    };
    assert!(heartbeat(&first, 20).await && !heartbeat(&second, 20).await);
    assert!(acquire(&second, 51).await, "the first one is silent");
    assert!(!heartbeat(&first, 52).await && !acquire(&first, 52).await);
    source_state::release(&*second.writer, second.server).await.unwrap();
    assert!(acquire(&first, 53).await, "released");

    let frigate = StandIn::start().await;
    frigate.set([event(10)]);
    let later = context_at(&database, NOW + 60_000_000).await;
    let busy = once(&later, "garage", &frigate.settings()).await.unwrap_err();
    assert!(busy.to_string().contains("a server follows the source garage"), "{busy}");
}

#[tokio::test]
async fn a_file_says_up_to_when_the_sources_of_its_cameras_are_complete() {
    let frigate = StandIn::start().await;
    frigate.set([event(10), with(event(90), "end_time", Value::Null)]);
    let database = TestDatabase::with([]).await;
    let app = database.serve(100).await;
    let complete_to = async |query: &str| {
        let response = app.export(query).await;
        let header = response.headers()["x-export-complete-to"].to_str().unwrap().to_owned();
        let id = response.headers()["x-export-id"].to_str().unwrap().to_owned();
        response.text().await.unwrap();
        (header, app.record(&id).await["complete_to"].clone())
    };
    assert_eq!(complete_to("").await, ("unknown".to_owned(), Value::Null), "no source");
    read_all(&app.database, &frigate.settings()).await.unwrap();
    let moment = "2025-12-16T11:58:30.500000Z".to_owned();
    assert_eq!(complete_to("camera_id=front").await, (moment.clone(), json!("2025-12-16T11:58:30.500Z")));
    assert_eq!(complete_to("camera_id=back").await.0, "unknown", "it has no source");
    assert_eq!(complete_to("").await.0, "unknown", "one of them has no source");
}

#[tokio::test]
async fn a_preview_says_when_events_of_its_cameras_may_be_missing() {
    let frigate = StandIn::start().await;
    frigate.set([event(10)]);
    let app = TestDatabase::with([]).await.serve(100).await;
    read_all(&app.database, &frigate.settings()).await.unwrap();
    for (begins_at, ends_at) in [(NOW - 9_000_000, NOW - 7_000_000), (NOW - 8_000_000, NOW - 6_000_000)] {
        let gap = source_gap::Model {
            source: "garage".to_owned(),
            begins_at: UnixMicros::new(begins_at),
            ends_at: UnixMicros::new(ends_at),
        };
        source_gap::Entity::insert(gap.into_active_model()).exec(&app.database.connection).await.unwrap();
    }
    let gaps = async |query: &str| {
        let request = app.client.get(format!("{}/api/v1/preview", app.address)).query(&[("query", query)]);
        request.send().await.unwrap().json::<Value>().await.unwrap()["gaps"].clone()
    };
    let one = json!([{ "begin": "2025-12-16T12:59:51+01:00", "end": "2025-12-16T12:59:54+01:00" }]);
    assert_eq!(gaps("timezone=Europe/Berlin").await, one);
    let within =
        "timezone=Europe/Berlin&start_date=2025-12-16T11:59:53Z&end_date=2025-12-16T11:59:53.5Z&camera_id=front";
    assert_eq!(gaps(within).await, one);
    for other in ["camera_id=back", "end_date=2025-12-16T11:59:51Z", "start_date=2025-12-16T11:59:54Z"] {
        assert_eq!(gaps(other).await, Value::Null, "{other}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_source_is_said_in_words() {
    let frigate = StandIn::start().await;
    frigate.change(|state| state.sign_in = Some(("viewer".to_owned(), "secret".to_owned(), 1)));
    let database = TestDatabase::new().await;
    let refused = async |source: &Source| read_all(&database, source).await.unwrap_err().to_string();
    let error = refused(&frigate.settings()).await;
    assert!(error.contains("requires a user. Set user and password"), "{error}");
    let wrong = Source { user: "viewer".to_owned(), password: Hidden("wrong".to_owned()), ..frigate.settings() };
    let error = refused(&wrong).await;
    assert!(error.contains("does not accept the user viewer") && !error.contains("wrong"), "{error}");
    assert_eq!(frigate.state.lock().unwrap().passwords, ["wrong"], "tried once");
    assert_eq!(stored(&database).await.source.state, "refused");

    frigate.change(|state| {
        state.sign_in = None;
        state.faults = vec![Fault::Status(503); 3];
    });
    let error = refused(&frigate.settings()).await;
    assert!(error.contains("responded with status 503"), "{error}");
    let state = stored(&database).await.source;
    assert_eq!((&*state.state, state.failures), ("away", 5));
    frigate.change(|state| state.faults = vec![Fault::Status(302)]);
    let error = refused(&frigate.settings()).await;
    assert!(error.contains("redirects to"), "{error}");
    frigate.change(|state| state.config = json!([]));
    let error = refused(&frigate.settings()).await;
    assert!(error.contains("not one of Frigate's API"), "{error}");
    let nowhere = source("kind = \"frigate\"\nurl = \"http://127.0.0.1:9\"");
    let error = refused(&nowhere).await;
    assert!(error.contains("http://127.0.0.1:9 cannot be reached: "), "{error}");
}

#[tokio::test]
async fn a_trial_shows_the_latest_events_and_writes_nothing() {
    let frigate = StandIn::start().await;
    frigate.set((0..9).map(|index| event(index * 10)).chain([with(event(-5), "end_time", Value::Null)]));
    let tried = trial(&frigate.settings(), UnixMicros::new(NOW)).await.unwrap();
    let Trial { events, mqtt } = tried;
    assert_eq!((events.len(), &events[0], mqtt), (5, &Tried::Open, None));
    let Tried::Stored(event, repaired) = &events[1] else { panic!("{events:?}") };
    assert_eq!((event.timestamp, repaired.len()), (NOW + 500_000, 0));
}

#[tokio::test]
async fn a_clock_that_is_wrong_there_is_shown_and_no_event_is_missed() {
    let frigate = StandIn::start().await;
    let ahead = 5 * 3_600;
    frigate.change(|state| state.clock = Some(SECOND + ahead));
    frigate.set([event(-ahead), event(10)]);
    let database = TestDatabase::new().await;
    assert_eq!(read_all(&database, &frigate.settings()).await.unwrap(), 2);
    assert_eq!(stored(&database).await.source.complete_to, Some(UnixMicros::new(NOW)), "by the earlier clock");
}

#[tokio::test]
async fn the_page_shows_each_source_tries_it_and_fills_a_token_into_the_recipes() {
    let frigate = StandIn::start().await;
    frigate.set([event(10), with(event(20), "zones", json!("drive")), with(event(30), "end_time", Value::Null)]);
    let mut database = TestDatabase::new().await;
    let settings = frigate.settings();
    database.settings.source.insert("garage".to_owned(), settings.clone());
    let shed = Source { url: Hidden("http://127.0.0.1:9".to_owned()), ..settings.clone() };
    database.settings.source.insert("shed".to_owned(), shed);
    let app = database.serve(10).await;
    let browser = app.browser_of("admin").await;
    read_all(&app.database, &settings).await.unwrap();
    let german = async |form: &[(&str, &str)]| {
        let request = match form {
            [] => browser.get(format!("{}/settings/sources", app.address)),
            _ => browser.post(format!("{}/settings/sources", app.address)).form(form),
        };
        text_of(request.header(header::ACCEPT_LANGUAGE, "de").send().await.unwrap()).await
    };
    let page = text_of(app.get_as(&browser, "/settings/sources").await).await;
    for shown in ["garage · Live", "shed · Not followed yet", "1 × Stored without a zone", "16 Dec 2025, 11:59:50 UTC"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(german(&[]).await.contains("1 × Ohne Zone gespeichert: Die Zonen sind keine Liste von Namen."));

    let tried = german(&[("action", "test"), ("source", "garage")]).await;
    assert!(tried.contains("frigate:person") && tried.contains("Es wurde nichts gespeichert."), "{tried}");
    let tried = german(&[("action", "test"), ("source", "shed")]).await;
    assert!(tried.contains("http://127.0.0.1:9 ist nicht erreichbar"), "{tried}");
    assert!(german(&[("action", "test"), ("source", "attic")]).await.contains("keine Quelle „attic“"));

    let form_key = page.split("name=\"form_key\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let create = [("action", "token"), ("recipe", "motion"), ("form_key", form_key)];
    let token_in = |page: &str| {
        let (_, rest) =
            page.split_once("user = &quot;motion:").or_else(|| page.split_once("user = \"motion:")).unwrap();
        rest.split(['&', '"']).next().unwrap().to_owned()
    };
    let token = token_in(&german(&create).await);
    assert_eq!(token_in(&german(&create).await), token, "sent twice, it is the same");
    let sender = client_with(&[(AUTHORIZATION, &format!("Bearer {token}"))]);
    let sent = app.post(&sender, "/api/v1/motion-events", &[("camera_id", "door"), ("timestamp", "1764547200")]).await;
    assert_eq!(sent.status(), 200);
    assert_eq!(app.get_as(&sender, "/api/v1/cameras").await.status(), 403, "it can do nothing else");
}

fn real_data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/frigate");
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: {} is missing", data.display());
    None
}

/// Reads the events of a real database as Frigate's API returns them.
fn events_of(file: &Path) -> Vec<Value> {
    let database = Connection::open(file).unwrap();
    let columns = "id, label, camera, start_time, end_time, false_positive, zones, data";
    let mut statement = database.prepare(&format!("SELECT {columns} FROM event")).unwrap();
    let text = |text: Option<String>| text.map_or(Value::Null, Value::String);
    let rows = statement.query_map([], |row| {
        let parsed = |index| row.get::<_, String>(index).map(|json| serde_json::from_str::<Value>(&json).unwrap());
        Ok(json!({
            "id": text(row.get(0)?), "label": text(row.get(1)?), "camera": text(row.get(2)?),
            "start_time": row.get::<_, f64>(3)?, "end_time": row.get::<_, Option<f64>>(4)?,
            "false_positive": row.get::<_, Option<bool>>(5)?, "zones": parsed(6)?, "data": parsed(7)?,
        }))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn real_states_of_one_frigate_give_exactly_the_expected_file_and_so_does_its_import() {
    let Some(data) = real_data() else { return };
    let mut states: Vec<_> =
        std::fs::read_dir(data.join("series")).unwrap().map(|state| state.unwrap().path()).collect();
    states.sort();
    let frigate = StandIn::start().await;
    let detect = json!({"detect": {"width": 720, "height": 480}});
    let cameras: BTreeMap<String, Value> = states
        .iter()
        .flat_map(|state| events_of(state))
        .map(|event| (event["camera"].as_str().unwrap().to_owned(), detect.clone()))
        .collect();
    frigate.change(|state| state.config = json!({ "cameras": cameras }));
    let database = TestDatabase::new().await;
    let context = context_at(&database, 1_735_689_600_000_000).await;
    for state in &states {
        frigate.set(events_of(state));
        once(&context, "garage", &frigate.settings()).await.unwrap();
    }
    let expected = std::fs::read(data.join("series-first-12.expected.csv")).unwrap();
    assert!(database.export("", 5_000).await == expected, "the bytes differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_follows_the_sources_of_its_settings_and_commands_show_them() {
    let home = backend::home().await;
    let folder = home.path();
    let frigate = StandIn::start().await;
    frigate.change(|state| state.clock = None);
    let settings = format!("[source.garage]\nkind = \"frigate\"\nurl = \"{}\"\nevery_seconds = 1\n", frigate.url);
    std::fs::write(folder.join("Leptos.toml"), settings).unwrap();
    // The time of the file is the time of this machine.
    let now = std::fs::metadata(folder.join("Leptos.toml")).unwrap().modified().unwrap();
    let now = DateTime::<Utc>::from(now).timestamp();
    let fresh = |seconds_ago: i64| event(SECOND - now + seconds_ago);
    frigate.set([fresh(100)]);
    let shown = |arguments: &[&str]| String::from_utf8(succeed(folder, arguments)).unwrap();

    // `once` creates the database; the others need one.
    token_of_admin(folder);
    assert_eq!(shown(&["source", "once", "garage"]), "1 new events stored\n");
    let tried = shown(&["source", "test", "garage"]);
    assert!(tried.contains("front  frigate:person  75.0 %  box 640,360,320,180  zone -"), "{tried}");

    let server = Server::start(folder, &[]);
    frigate.add(fresh(5));
    let both = async {
        while shown(&["export"]).lines().count() < 3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), both).await.expect("the event is stored");
    let list = shown(&["source", "list"]);
    assert!(list.contains("garage  frigate  live   2 "), "{list}");
    let error = fail(folder, &["source", "once", "garage"]);
    assert!(error.contains("a server follows the source garage"), "{error}");
    let stop = Command::new("kill").arg(server.child.id().to_string()).status().unwrap();
    assert!(stop.success());
    let released = async {
        while !run(folder, &["source", "once", "garage"]).status.success() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(25), released).await.expect("the server releases the source as it stops");

    let error = fail(folder, &["source", "forget", "garage"]);
    assert!(error.contains("remove [source.garage]"), "{error}");
    std::fs::write(folder.join("Leptos.toml"), "").unwrap();
    assert!(shown(&["source", "list"]).contains("garage  frigate  not in the settings"));
    let error = fail(folder, &["source", "test", "garage"]);
    assert!(error.contains("have no source garage, [source.garage]; known: none"), "{error}");
    assert_eq!(shown(&["source", "forget", "garage"]), "garage is forgotten.\n");
    let error = fail(folder, &["source", "forget", "garage"]);
    assert!(error.contains("no state of a source garage"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_is_a_copy_of_the_servers_own_is_trusted() {
    let home = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/O=FRIGATE DEFAULT CERT/CN=*"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(home.path())
        .output()
        .expect("openssl, which .ci/postgres needs too");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let frigate = StandIn::start().await;
    frigate.set([event(10)]);
    let url = behind_tls(home.path(), frigate.url.strip_prefix("http://").unwrap().to_owned()).await;
    let untrusted = source(&format!("kind = \"frigate\"\nurl = \"{url}\""));
    let error = trial(&untrusted, UnixMicros::new(NOW)).await.unwrap_err().to_string();
    assert!(error.contains("is not trusted") && error.contains("set ca_file"), "{error}");
    let trusting = Source { ca_file: home.path().join("certificate.pem"), ..untrusted.clone() };
    assert_eq!(trial(&trusting, UnixMicros::new(NOW)).await.unwrap().events.len(), 1);
    for (file, why) in [("key.pem", "it has no certificate"), ("missing.pem", "missing.pem (ca_file)")] {
        let wrong = Source { ca_file: home.path().join(file), ..untrusted.clone() };
        let error = format!("{:#}", trial(&wrong, UnixMicros::new(NOW)).await.unwrap_err());
        assert!(error.contains(why), "{error}");
    }
}

/// Serves an address over TLS with the certificate in this folder, and returns its URL.
async fn behind_tls(folder: &Path, target: String) -> String {
    let certificate = CertificateDer::from_pem_file(folder.join("certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, target) = (acceptor.clone(), target.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut target = TcpStream::connect(target).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
            });
        }
    });
    url
}
