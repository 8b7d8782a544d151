//! Tries a source: reads a few events and says what would be stored. Nothing is written.

use super::argusai::{describe, latest};
use super::argusai_events::{Cameras, reported};
use super::broker::Broker;
use super::frigate_events::{Outcome, read};
use super::recorder::checked;
use crate::messages::Message;
use crate::messages::sources::SourceMessage;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::argusai::Location;
use crate::server::ingest::event::Event;
use crate::server::ingest::frigate::api::{Api, Failure};
use crate::server::ingest::frigate::follow::Request;
use crate::server::settings::{Source, SourceKind};

/// The number of events that are read.
const EVENTS: usize = 5;

/// How far the window reaches into the future, because the clock of the source may be ahead.
const AHEAD: i64 = 24 * 3_600_000_000;

/// One of the latest events of a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Tried {
    /// It would be stored. These values would be changed.
    Stored(Box<Event>, Vec<SourceMessage>),
    /// It has not ended.
    Open,
    /// It would be left out.
    LeftOut(SourceMessage),
}

/// What a trial has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The latest events.
    pub events: Vec<Tried>,
    /// Whether the MQTT broker can be used, if the settings have one.
    pub mqtt: Option<Result<SourceMessage, SourceMessage>>,
}

/// Why a source cannot be read.
#[derive(Debug)]
pub struct TrialError(pub SourceMessage);

impl std::fmt::Display for TrialError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Message::from(&self.0).text)
    }
}

impl std::error::Error for TrialError {}

/// Reads the latest events of a source, and connects to its broker.
///
/// # Errors
/// Returns [`TrialError`] if the source cannot be read, and another error if its settings cannot be used.
pub async fn trial(settings: &Source, now: UnixMicros) -> anyhow::Result<Trial> {
    if settings.kind == SourceKind::Argusai {
        return trial_of_argusai(settings, now).await;
    }
    let api = Api::new(settings)?;
    let broker = Broker::new(settings)?;
    let in_words = |failure: Failure| anyhow::Error::new(TrialError(failure.message));
    let (options, _) = api.options(&settings.camera_prefix).await.map_err(in_words)?;
    let window = Request::Window { after: 0, before: now.as_micros() + AHEAD, limit: EVENTS };
    let events = api.events(&window).await.map_err(in_words)?;
    let items = read(events.items, now.as_micros(), &options).into_iter().take(EVENTS);
    let tried = items.map(|item| match item.outcome {
        Outcome::Open => Tried::Open,
        Outcome::LeftOut(why) => Tried::LeftOut(why),
        Outcome::Reported(reported, repaired) => match checked(settings.kind, *reported, now) {
            Ok(event) => Tried::Stored(Box::new(event.into_event()), repaired),
            Err(why) => Tried::LeftOut(why),
        },
    });
    let events = tried.collect();
    let mqtt = match broker {
        Some(broker) => Some(broker.trial().await),
        None => None,
    };
    Ok(Trial { events, mqtt })
}

/// Reads the latest events of an `ArgusAI`.
async fn trial_of_argusai(settings: &Source, now: UnixMicros) -> anyhow::Result<Trial> {
    let location = Location::new(settings.url.0.as_ref())?;
    let read = latest(&location, EVENTS).await;
    let (events, cameras) = read.map_err(|error| anyhow::Error::new(TrialError(describe(&location, &error).0)))?;
    let cameras = Cameras::new(cameras, &settings.camera_prefix, Vec::new());
    let tried = events.into_iter().map(|event| {
        let event = reported(event, &cameras)
            .and_then(|(reported, repaired)| Ok((checked(settings.kind, reported, now)?.into_event(), repaired)));
        match event {
            Ok((event, repaired)) => Tried::Stored(Box::new(event), repaired),
            Err(why) => Tried::LeftOut(why),
        }
    });
    Ok(Trial { events: tried.collect(), mqtt: None })
}
