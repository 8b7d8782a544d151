//! Converts the events of an ArgusAI database as the import does, so that both are the same events.

use std::collections::HashMap;

use uuid::Uuid;

use super::findings::{reasons, why_left_out};
use crate::messages::sources::SourceMessage;
use crate::server::ingest::argusai::{SourceCamera, SourceEvent, convert, derived_id};
use crate::server::ingest::camera_ids::CameraIds;
use crate::server::ingest::foreign_file::Value;
use crate::server::ingest::live::reported::Reported;
use crate::server::ingest::summary::Summary;

/// The cameras of an ArgusAI database, and the ids under which they are stored here.
#[derive(Debug, Default)]
pub struct Cameras {
    prefix: String,
    names: HashMap<String, String>,
    stored: CameraIds,
}

impl Cameras {
    /// Returns the cameras of a database. `stored` are the ids of all cameras that are stored here: one that is a UUID may be
    /// written in another way there.
    pub fn new(cameras: Vec<SourceCamera>, prefix: &str, stored: Vec<String>) -> Self {
        let mut ids = CameraIds::default();
        for id in stored {
            ids.insert(id.clone(), id);
        }
        let names = cameras.into_iter().map(|camera| (camera.id.into_text(), camera.name.into_text())).collect();
        Self { prefix: prefix.to_owned(), names, stored: ids }
    }

    fn stored_id(&self, id: &str) -> String {
        let id = format!("{}{id}", self.prefix);
        let stored = self.stored.get(&id).or_else(|| self.stored.get_by_uuid(&id));
        stored.map(str::to_owned).unwrap_or(id)
    }

    fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// Whether an event of this camera is wanted: its id or its name is in the list, or the list is empty.
    pub fn is_wanted(&self, event: &SourceEvent, wanted: &[String]) -> bool {
        let id = event.camera_id.clone().into_text();
        let name = self.name(&id).unwrap_or(&id);
        wanted.is_empty() || wanted.iter().any(|wanted| *wanted == id || wanted == name)
    }
}

/// Returns what identifies an event, also if it has no id.
pub fn key(event: &SourceEvent) -> String {
    match native_id(event) {
        Some(id) => id,
        None => format!("without id: {event:?}"),
    }
}

fn native_id(event: &SourceEvent) -> Option<String> {
    match &event.id {
        Value::Null => None,
        id => Some(id.clone().into_text()).filter(|id| !id.trim().is_empty()),
    }
}

/// Converts an event. Returns why its values were changed too.
///
/// # Errors
/// Returns why it is left out.
pub fn reported(event: SourceEvent, cameras: &Cameras) -> Result<(Reported, Vec<SourceMessage>), SourceMessage> {
    let native = native_id(&event);
    let mut summary = Summary::default();
    let Some(event) = convert(event, &mut summary) else { return Err(why_left_out(&summary)) };
    let id = native.map(|native| Uuid::try_parse(native.trim()).unwrap_or_else(|_| derived_id(&native)).to_string());
    let (camera_id, camera_name) = (cameras.stored_id(&event.camera_id), cameras.name(&event.camera_id));
    let reported = Reported::of_event(event, id, camera_id, camera_name.map(str::to_owned));
    Ok((reported, reasons(&summary.repaired)))
}
