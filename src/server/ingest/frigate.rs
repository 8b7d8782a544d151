//! Imports events from Frigate's database, of the versions 0.12 to 0.18. It is opened read-only, and only what an event
//! of this program has is read: never a face (`sub_label`), a licence plate, a description or a thumbnail.
//!
//! The format is known from Frigate's source and from real databases. An event is imported when it has ended, because
//! Frigate changes it until then, and events of this program never change. A value that cannot be read is left empty
//! and counted. An event is skipped only if its time or its camera cannot be read.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use tokio::sync::mpsc;
use tracing::warn;
use uuid::Uuid;

use self::options::Options;
use self::sqlite::SourceEvent;
use self::values::{BoxError, Data, is_false_positive, is_open, time};
use super::argusai::confidence;
use super::contents::FRIGATE;
use super::event::Event;
use super::recognize::native_ids::{Ids, of_source};
use super::sink::{EventWriter, KnownName};
use super::summary::Summary;
use super::summary::progress::Progress;
use super::text::{storable, storable_event};
use crate::messages::import::ImportFinding;
use crate::server::db::pool::Pool;

pub mod api;
pub mod certificate;
pub mod follow;
pub mod options;
pub mod report;
pub mod sqlite;
pub mod values;

/// The number of random characters in an id. As many bytes of a UUID come before its version.
const RANDOM_BYTES: usize = 6;

/// Imports all ended events of Frigate's database `file` that are not stored yet. If all of its events had to be
/// skipped, nothing is changed.
///
/// # Errors
/// Returns an error if the database is not Frigate's, or either database fails; nothing has been changed then.
pub async fn import(database: &Pool, file: &Path, options: Options, progress: &Progress) -> anyhow::Result<Summary> {
    let cannot_read = || format!("cannot read {}", file.display());
    let (sender, mut pages) = mpsc::channel(1);
    let source = sqlite::open(file.to_owned(), sender).await.with_context(cannot_read)?;
    for camera in options.named_cameras().filter(|camera| !source.cameras.contains(*camera)) {
        warn!("--detect names the camera {camera}, which has no event in this database");
    }
    progress.begin_events(source.events);

    let sink = EventWriter::begin(database).await?;
    let mut import = Import { sink, options, cameras: HashMap::new(), ids: Ids::new(derived_id) };
    let mut any_imported = false;
    while let Some(page) = pages.recv().await.transpose().with_context(cannot_read)? {
        progress.add(page.len() as u64);
        for event in page {
            any_imported |= import.event(event).await?;
        }
    }
    progress.end();
    Ok(import.sink.end(any_imported).await?)
}

/// Derives the id of an event from Frigate's, which is unique worldwide: a time in microseconds and six random characters.
/// These six come first, so that the events of one moment are in the order of Frigate's ids.
pub(super) fn derived_id(native: &str) -> Uuid {
    let mut bytes = of_source("frigate", "", native).into_bytes();
    if let Some((_, random)) = native.rsplit_once('-')
        && random.len() == RANDOM_BYTES
    {
        bytes[..RANDOM_BYTES].copy_from_slice(random.as_bytes());
    }
    Uuid::from_bytes(bytes)
}

/// An import in progress.
struct Import {
    sink: EventWriter,
    options: Options,
    /// The stored ids of the cameras so far, by their names in Frigate.
    cameras: HashMap<String, String>,
    ids: Ids,
}

impl Import {
    /// Imports an event. Returns whether it could be imported.
    async fn event(&mut self, event: SourceEvent) -> anyhow::Result<bool> {
        let native = event.id.clone().into_text();
        let Some(event) = convert(event, &native, &self.options, &mut self.sink.summary) else { return Ok(false) };
        let mut event = storable_event(event, &mut self.sink.summary);
        event.camera_id = self.camera(event.camera_id).await?;
        let origin = self.ids.assign(&mut event, &native);
        self.sink.event_of_source(event, native, origin).await?;
        Ok(true)
    }

    /// Returns the id under which a camera of Frigate is stored. Stores it before its first event.
    async fn camera(&mut self, camera: String) -> anyhow::Result<String> {
        if let Some(stored) = self.cameras.get(&camera) {
            return Ok(stored.clone());
        }
        let stored = self.options.camera_id(&camera);
        let name = self.options.camera_name(&camera).map(|name| storable(name.to_owned(), &mut self.sink.summary));
        self.sink.camera(&stored, name.as_deref(), KnownName::Replace).await?;
        self.cameras.insert(camera, stored.clone());
        Ok(stored)
    }
}

/// Converts an event, except for its id and with Frigate's name of its camera; `None` if it must be left out or
/// skipped. Counts repaired values. `native` is its id in Frigate.
pub(super) fn convert(event: SourceEvent, native: &str, options: &Options, summary: &mut Summary) -> Option<Event> {
    let shown = Some(native).filter(|native| !native.is_empty());
    if is_open(&event.end_time) {
        summary.leave_out(ImportFinding::NotEnded, shown);
        return None;
    }
    if is_false_positive(&event.false_positive) {
        summary.leave_out(ImportFinding::FalsePositive, shown);
        return None;
    }
    let Some(time) = time(native, &event.start_time) else {
        summary.skip(ImportFinding::StartTimeUnreadable, 1, shown);
        return None;
    };
    let camera = event.camera.into_text();
    if camera.is_empty() {
        summary.skip(ImportFinding::CameraMissing, 1, shown);
        return None;
    }
    if !time.is_of_id {
        summary.repair(ImportFinding::TimeOfStart, shown);
    }
    // Only the id of the event is shown: data may contain a description or a licence plate.
    let data = Data::parse(&event.data).unwrap_or_else(|_| {
        summary.repair(ImportFinding::DataUnreadable, shown);
        Data::default()
    });
    let score = data.top_score().unwrap_or(Ok(event.top_score));
    let confidence = score.and_then(|score| confidence(&score)).unwrap_or_else(|_| {
        summary.repair(ImportFinding::ConfidenceUnreadable, shown);
        None
    });
    // Events that are made by hand or by sound have 0 in place of no score.
    let confidence = confidence.filter(|confidence| *confidence != 0.0 || data.is_of_object());
    let size = options.detect_size(&camera);
    let sides = data.bounding_box(&event.bounding_box, size).unwrap_or_else(|error| {
        match error {
            BoxError::Unreadable => summary.repair(ImportFinding::BoxUnreadable, shown),
            BoxError::NoSize => summary.repair(ImportFinding::BoxWithoutSize, Some(&camera)),
            BoxError::NotWhole => summary.repair(ImportFinding::BoxNotWhole, Some(&camera)),
        }
        None
    });
    let zone_id = values::zones(&event.zones).unwrap_or_else(|_| {
        summary.repair(ImportFinding::ZonesUnreadable, shown);
        None
    });
    let label = event.label.into_text();
    if label.is_empty() {
        summary.repair(ImportFinding::LabelMissing, shown);
    }
    Some(Event {
        timestamp: time.micros,
        id: Uuid::nil(),
        camera_id: camera,
        confidence,
        algorithm: format!("{FRIGATE}{label}"),
        x: sides.map(|sides| sides[0]),
        y: sides.map(|sides| sides[1]),
        width: sides.map(|sides| sides[2]),
        height: sides.map(|sides| sides[3]),
        zone_id,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::FileFailurePersistence;

    use super::*;
    use crate::server::ingest::foreign_file::Value;

    #[test]
    fn ids_of_one_moment_are_in_the_order_of_frigates_and_stay_different() {
        let native = [
            "1735787796.700051-0aexp1",
            "1735787796.700051-9vckfd",
            "1735787796.700051-gaexp1",
            "1735787796.70-gaexp2",
        ];
        let ids = native.map(derived_id);
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.get_version_num() == 8));
        assert_ne!(derived_id("1735787797.700051-gaexp1"), ids[2], "the time is a part of the id");
        assert_ne!(derived_id("by-hand"), derived_id("by-Hand"));
    }

    /// Generates a value of any column, and often one that the column may really have.
    fn value() -> impl Strategy<Value = Value> {
        const KNOWN: [&str; 10] = [
            "1735787796.700051-gaexp1",
            "front",
            "[\"a\", \"b\"]",
            "[0.5, 0.5, 0.25, 0.25]",
            "[10, 20, 30, 40]",
            "[]",
            "{}",
            r#"{"box": [0.5, 0.25, 0.5, 0.5], "top_score": 0.75, "type": "object"}"#,
            r#"{"box": [1e308, -1, 1e-308, "a"], "top_score": 2, "type": 7}"#,
            r#"{"box": null, "top_score": 0, "type": "api"}"#,
        ];
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_map(Value::Real),
            (1.7e9..1.8e9).prop_map(Value::Real),
            Just(Value::Real(1_735_787_791.700_05)),
            "\\PC{0,12}".prop_map(Value::Text),
            "[\\[\\]{}0-9.,:\"a\u{0}-]{0,12}".prop_map(Value::Text),
            proptest::sample::select(&KNOWN[..]).prop_map(|text| Value::Text(text.to_owned())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2_000,
            failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_row_gives_an_event_or_a_counted_reason(
            values in proptest::collection::vec(value(), 10),
            width in 1_u32..9_999,
            has_size: bool,
        ) {
            let [id, label, camera, start_time, end_time, false_positive, zones, top_score, bounding_box, data]: [Value; 10] =
                values.try_into().expect("ten values");
            let native = id.clone().into_text();
            let is_ended = !is_open(&end_time);
            let source = SourceEvent {
                id, label, camera, start_time, end_time, false_positive, zones, top_score, bounding_box, data,
            };
            let detect = if has_size { vec![format!("{width}x720").parse().expect("a size")] } else { Vec::new() };
            let options = Options::new(detect, None, String::new()).expect("options");
            let mut summary = Summary::default();
            let event = convert(source, &native, &options, &mut summary);
            let not_imported: u64 =
                summary.skipped.values().chain(summary.left_out.values()).map(|finding| finding.count).sum();
            prop_assert_eq!(not_imported, u64::from(event.is_none()));
            if let Some(event) = event {
                prop_assert!(is_ended);
                prop_assert!(!event.camera_id.is_empty() && event.algorithm.starts_with("frigate:"));
                prop_assert!(event.confidence.is_none_or(|confidence| (0.0..=100.0).contains(&confidence)));
                let sides = [event.x, event.y, event.width, event.height];
                prop_assert!(sides.iter().all(Option::is_some) || sides.iter().all(Option::is_none));
                prop_assert!(sides.iter().flatten().all(|side| *side >= 0));
            }
        }
    }
}
