//! A server to test, and events to put into it.

use std::sync::Arc;

use motion_export::export::{EXPORT_PATH, ExportParams};
use motion_export::server::database::{self, Missing};
use motion_export::server::entity::{camera, motion_event};
use motion_export::server::export::run::Export;
use motion_export::server::router::router;
use motion_export::server::settings::Settings;
use motion_export::server::state::AppState;
use reqwest::Response;
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel};
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::log;

/// The first line of every file.
pub const HEADER: &str = "timestamp,camera_id,camera_name,confidence,algorithm,x,y,width,height,zone_id\r\n";

/// A database in a folder that goes when this goes.
pub struct TestDatabase {
    pub connection: DatabaseConnection,
    pub settings: Settings,
    pub folder: TempDir,
}

impl TestDatabase {
    /// Up to date and empty.
    pub async fn new() -> Self {
        log::listen();
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.database.url = format!("sqlite://{}/test.db", folder.path().display());
        let connection = database::open_migrated(&settings.database, Missing::Create).await.unwrap();
        Self { connection, settings, folder }
    }

    /// With the cameras `front` and `back`, and these events.
    pub async fn with(events: impl IntoIterator<Item = motion_event::Model>) -> Self {
        let database = Self::new().await;
        database.add_camera("front", Some("Front Door")).await;
        database.add_camera("back", Some("Back Yard")).await;
        database.add(events).await;
        database
    }

    pub async fn add_camera(&self, id: &str, name: Option<&str>) {
        let camera = camera::Model { id: id.to_owned(), name: name.map(str::to_owned) };
        camera::Entity::insert(camera.into_active_model()).exec(&self.connection).await.unwrap();
    }

    pub async fn add(&self, events: impl IntoIterator<Item = motion_event::Model>) {
        let events: Vec<_> = events.into_iter().map(|event| event.into_active_model().reset_all()).collect();
        for batch in events.chunks(1_000) {
            motion_event::Entity::insert_many(batch.to_vec()).exec(&self.connection).await.unwrap();
        }
    }

    /// The file of an export, in pages of so many rows.
    pub async fn export(&self, query: &str, page_rows: u32) -> Vec<u8> {
        let params = ExportParams::parse(query).unwrap();
        let page_rows = page_rows.try_into().unwrap();
        let mut export = Export::begin(self.connection.clone(), params, page_rows).await.unwrap();
        let mut file = Vec::new();
        while let Some(chunk) = export.next_chunk().await.unwrap() {
            file.extend(chunk);
        }
        file
    }

    /// Serves the database on a port of its own.
    pub async fn serve(mut self, page_rows: u32) -> TestApp {
        self.settings.export.page_rows = page_rows.try_into().unwrap();
        let state = AppState {
            database: self.connection.clone(),
            leptos_options: self.settings.leptos_options(),
            settings: Arc::new(self.settings.clone()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router(state)).into_future());
        TestApp { address, client: reqwest::Client::new(), database: self }
    }
}

/// A server that is up.
pub struct TestApp {
    pub address: String,
    pub client: reqwest::Client,
    pub database: TestDatabase,
}

impl TestApp {
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.address)).send().await.unwrap()
    }

    /// Asks the export URL with this query string.
    pub async fn export(&self, query: &str) -> Response {
        self.get(&format!("{EXPORT_PATH}?{query}")).await
    }

    /// The lines of a file, without the header.
    pub async fn lines(&self, query: &str) -> Vec<String> {
        let response = self.export(query).await;
        assert_eq!(response.status(), 200, "{query}");
        let text = response.text().await.unwrap();
        text.strip_prefix(HEADER).expect("a header").split_terminator("\r\n").map(str::to_owned).collect()
    }
}

/// An event of the camera `front` at an RFC 3339 moment.
pub fn event(moment: &str) -> motion_event::Model {
    motion_event::Model {
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
        created_at: 0,
    }
}

/// So many events, a second apart, by turns of the cameras `front` and `back`.
pub fn events(count: u32) -> impl Iterator<Item = motion_event::Model> {
    let first = event("2025-12-01T00:00:00Z");
    (0..count).map(move |index| motion_event::Model {
        timestamp: first.timestamp + i64::from(index) * 1_000_000,
        id: Uuid::from_u128(index.into()),
        camera_id: if index % 2 == 0 { "front" } else { "back" }.to_owned(),
        ..first.clone()
    })
}

/// The same event, seen by another camera.
pub fn seen_by(event: motion_event::Model, camera: &str) -> motion_event::Model {
    motion_event::Model { camera_id: camera.to_owned(), ..event }
}
