//! Imports events from an ArgusAI database. It is opened read-only, and of its cameras only id and name are read: never
//! an address, a user name or a password, and never a thumbnail.
//!
//! The format is known from ArgusAI's source: its detector writes bounding boxes as JSON arrays, its documentation says
//! objects, and both occur; cameras are deleted without their events; times are UTC without an offset. A value of an
//! event that cannot be read is left empty and counted. An event is skipped only if its time or its camera cannot be
//! read.

use anyhow::Context;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::source::Source;
use self::values::bounding_box;
use super::camera_ids::CameraIds;
use super::contents::first_16;
use super::recognize::native_ids::{Ids, Origin};
use super::sink::{EventWriter, KnownName};
use super::summary::Summary;
use super::summary::progress::Progress;
use super::text::{storable, storable_event};
use crate::messages::import::ImportFinding;
use crate::server::db::pool::Pool;
use crate::server::ingest::event::Event;
use crate::server::ingest::foreign_file::Value;

pub mod follow;
mod postgres;
mod source;
mod sqlite;
mod tables;
mod values;

pub use source::Location;
pub use tables::{SourceCamera, SourceEvent};
pub(super) use values::{Unreadable, algorithm, confidence, percent, timestamp};

/// Imports all cameras and events of an ArgusAI database that are not stored yet. If
/// all of its events had to be skipped, nothing is changed either.
///
/// # Errors
/// Returns an error if the database is not ArgusAI's, or either database fails; nothing has been changed then.
pub async fn import(database: &Pool, location: &Location, progress: &Progress) -> anyhow::Result<Summary> {
    let cannot_read = || format!("cannot read {location}");
    let mut source = Source::open(location).await.with_context(cannot_read)?;
    progress.begin_events(source.events);

    let mut sink = EventWriter::begin(database).await?;
    let mut ids = Ids::new(derived_id);
    if source.is_in_order_of_time {
        sink.expect_order_of_time();
        ids.expect_order_of_time();
    }
    let mut import = Import { sink, cameras: CameraIds::default(), ids };
    for camera in std::mem::take(&mut source.cameras) {
        import.camera(camera).await?;
    }
    let mut any_imported = false;
    while let Some(page) = source.next_page().await.with_context(cannot_read)? {
        progress.add(page.len() as u64);
        for event in page {
            any_imported |= import.event(event).await?;
        }
    }
    progress.end();
    Ok(import.sink.end(any_imported).await?)
}

/// Derives the id of an event from ArgusAI's, which is not a UUID. Events of earlier imports have such ids.
pub fn derived_id(native: &str) -> Uuid {
    Uuid::new_v8(first_16(Sha256::new_with_prefix(native)))
}

/// An import in progress.
struct Import {
    sink: EventWriter,
    cameras: CameraIds,
    ids: Ids,
}

impl Import {
    async fn camera(&mut self, camera: SourceCamera) -> anyhow::Result<()> {
        let summary = &mut self.sink.summary;
        let name = storable(camera.name.into_text(), summary);
        let id = storable(camera.id.into_text(), summary);
        if id.is_empty() {
            summary.repair(ImportFinding::CameraWithoutId, Some(&name));
            return Ok(());
        }
        let name = Some(&*name).filter(|name| !name.is_empty());
        // A CSV may have imported it before, with another spelling of the id.
        let stored = self.sink.stored_camera_with_uuid(&id).unwrap_or(&id).to_owned();
        self.sink.camera(&stored, name, KnownName::Replace).await?;
        self.cameras.insert(id, stored);
        Ok(())
    }

    /// Imports an event. Returns whether it could be imported.
    async fn event(&mut self, event: SourceEvent) -> anyhow::Result<bool> {
        let native = match &event.id {
            Value::Null => String::new(),
            id => id.clone().into_text(),
        };
        let Some(event) = convert(event, &mut self.sink.summary) else { return Ok(false) };
        let mut event = storable_event(event, &mut self.sink.summary);
        let id = &event.camera_id;
        if let Some(stored) = self.cameras.get(id).or_else(|| self.cameras.get_by_uuid(id)) {
            event.camera_id = stored.to_owned();
        } else {
            if let Some(same) = self.sink.stored_camera_with_uuid(id) {
                event.camera_id = same.to_owned();
            }
            self.sink.summary.repair(ImportFinding::OrphanEvent, Some(&event.camera_id));
            if !self.sink.knows_camera(&event.camera_id) {
                self.sink.camera(&event.camera_id, None, KnownName::Replace).await?;
            }
        }
        let origin = self.ids.assign(&mut event, &native);
        if origin == Origin::FromText {
            self.sink.summary.repair(ImportFinding::IdNotUuid, Some(&native));
        }
        self.sink.event_of_source(event, native, origin).await?;
        Ok(true)
    }
}

/// Converts an event, except for its id; `None` if it must be skipped. Counts repaired values.
pub fn convert(event: SourceEvent, summary: &mut Summary) -> Option<Event> {
    let Some(timestamp) = timestamp(&event.timestamp) else {
        let value = Some(event.timestamp).filter(|value| *value != Value::Null).map(Value::into_text);
        summary.skip(ImportFinding::TimeUnreadable, 1, value.as_deref());
        return None;
    };
    let camera_id = event.camera_id.into_text();
    if camera_id.is_empty() {
        summary.skip(ImportFinding::CameraMissing, 1, None);
        return None;
    }
    let confidence = confidence(&event.confidence).unwrap_or_else(|_| {
        summary.repair(ImportFinding::ConfidenceUnreadable, Some(&event.confidence.into_text()));
        None
    });
    let sides = bounding_box(&event.bounding_box).unwrap_or_else(|_| {
        summary.repair(ImportFinding::BoxUnreadable, Some(&event.bounding_box.into_text()));
        None
    });
    Some(Event {
        timestamp,
        id: Uuid::nil(),
        camera_id,
        confidence,
        algorithm: algorithm(event.algorithm.into_text()),
        x: sides.map(|sides| sides[0]),
        y: sides.map(|sides| sides[1]),
        width: sides.map(|sides| sides[2]),
        height: sides.map(|sides| sides[3]),
        zone_id: None,
    })
}
