//! Stores what a source of any kind has: its events together with how far it was read, and its failures.

use std::sync::Arc;

use sea_orm::DbErr;
use tracing::{info, warn};

use super::context::FollowContext;
use super::latest::Latest;
use crate::error::ApiError;
use crate::messages::Message;
use crate::messages::ingest::IngestMessage;
use crate::messages::sources::SourceMessage;
use crate::server::db::entity::source;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::live::check::{MotionEvent, Origin, check};
use crate::server::ingest::live::reported::{Rejection, Reported};
use crate::server::ingest::live::source_state::{self, Contact, PositionUpdate, Progress, State};
use crate::server::ingest::live::writer::MAX_EVENTS;
use crate::server::metrics::SourceTime;
use crate::server::settings::{NewCameras, Source, SourceKind};
use crate::server::stored_message;

/// After this many failed requests in a row, a source is away.
pub const FAILURES_UNTIL_AWAY: u32 = 3;

/// A difference of clocks from which it is logged. Smaller ones are usual.
const CLOCK_WARNING: i64 = 5_000_000;

/// A difference of clocks that may come from the seconds of the header `Date`, and from the way of the response.
const CLOCK_PRECISION: i64 = 1_500_000;

/// Why what a source has could not be stored.
#[derive(Debug)]
pub enum WriteError {
    /// The database cannot be written to.
    NotStored(ApiError),
    /// Another server follows the source by now.
    LeaseLost,
}

/// New events of a source.
#[derive(Debug, Default)]
pub struct New {
    events: Vec<MotionEvent>,
    /// Why values were changed, by position in `events`.
    repaired: Vec<(usize, SourceMessage)>,
    left_out: Vec<SourceMessage>,
}

impl New {
    /// Adds an event, and why its values were changed.
    pub fn add(&mut self, event: MotionEvent, repaired: Vec<SourceMessage>) {
        self.repaired.extend(repaired.into_iter().map(|why| (self.events.len(), why)));
        self.events.push(event);
    }

    /// Counts an event that is left out.
    pub fn leave_out(&mut self, why: SourceMessage) {
        self.left_out.push(why);
    }

    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.left_out.is_empty()
    }
}

/// Stores what a source has.
#[derive(Debug)]
pub struct Recorder {
    name: String,
    kind: SourceKind,
    new_cameras: NewCameras,
    latest: Arc<Latest>,
    clock_offset: i64,
    state: State,
}

impl Recorder {
    /// Returns the recorder of a source.
    pub fn new(name: &str, settings: &Source) -> Self {
        Self {
            name: name.to_owned(),
            kind: settings.kind,
            new_cameras: settings.new_cameras,
            latest: Arc::default(),
            clock_offset: 0,
            state: State::CatchingUp,
        }
    }

    /// Returns the name of the source.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what is noted for the next heartbeat.
    pub fn latest(&self) -> Arc<Latest> {
        Arc::clone(&self.latest)
    }

    /// Returns the state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns how far the clock of the source is ahead, in microseconds.
    pub fn clock_offset(&self) -> i64 {
        self.clock_offset
    }

    /// Follows the source with this server, unless another one does. Returns what is stored of it.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn acquire(&mut self, context: &FollowContext) -> Result<Option<source::Model>, DbErr> {
        let (kind, now) = (self.kind.as_str(), context.clock.now());
        let row = source_state::acquire(&*context.writer, &self.name, kind, context.server, now).await?;
        if let Some(row) = &row {
            self.state = State::of(&row.state).unwrap_or(State::CatchingUp);
        }
        Ok(row)
    }

    /// Notes a response, and the time of the source's clock in it.
    pub fn responded(&mut self, context: &FollowContext, date: Option<i64>) {
        let at = context.clock.now();
        let offset = date.map(|date| date - at.as_micros());
        let offset = offset.map(|offset| if offset.abs() <= CLOCK_PRECISION { 0 } else { offset });
        if let Some(offset) = offset {
            if offset.abs() >= CLOCK_WARNING && self.clock_offset.abs() < CLOCK_WARNING {
                let seconds = offset / 1_000_000;
                warn!(
                    source = self.name,
                    seconds, "the clock of the source is ahead by this many seconds; its times are stored as they are"
                );
            }
            self.clock_offset = offset;
        }
        context.metrics.source_up(&self.name, true);
        context.metrics.source_time(&self.name, SourceTime::LastContact, at.as_secs());
        self.latest.responded(Contact { at, clock_offset: offset });
    }

    /// Checks an event of the source.
    ///
    /// # Errors
    /// Returns why it is left out.
    pub fn checked(&self, reported: Reported, now: UnixMicros) -> Result<MotionEvent, SourceMessage> {
        checked(self.kind, reported, now)
    }

    /// Stores events, and with the last of them how far the source was read. Returns how many were new.
    ///
    /// # Errors
    /// Returns an error if they cannot be stored, or if another server follows the source by now.
    pub async fn write(
        &mut self,
        context: &FollowContext,
        new: New,
        update: Option<PositionUpdate>,
    ) -> Result<u64, WriteError> {
        let New { events, repaired, left_out } = new;
        let now = context.clock.now();
        let mut accepted = 0;
        let last = events.len().saturating_sub(1) / MAX_EVENTS;
        for index in 0..=last {
            let range = index * MAX_EVENTS..events.len().min((index + 1) * MAX_EVENTS);
            let repaired = repaired.iter().filter(|(position, _)| range.contains(position));
            let progress = Progress {
                source: self.name.clone(),
                server: context.server,
                now,
                new_cameras: self.new_cameras,
                repaired: repaired.map(|(position, why)| (position - range.start, why.clone())).collect(),
                left_out: if index == last { left_out.clone() } else { Vec::new() },
                position: if index == last { update.clone() } else { None },
            };
            let events = events[range].to_vec();
            let written = context.live.write_of_source(events, progress).await.map_err(WriteError::NotStored)?;
            if written.is_lease_lost {
                return Err(WriteError::LeaseLost);
            }
            accepted += written.accepted;
            let left_out = if index == last { left_out.len() as u64 } else { 0 };
            context.metrics.source_events(&self.name, written.accepted, written.repaired, left_out + written.left_out);
            if let Some(latest) = written.latest {
                context.metrics.source_time(&self.name, SourceTime::LastEvent, latest.as_secs());
            }
        }
        if let Some(update) = update {
            if let Some(complete_to) = update.complete_to {
                context.metrics.source_time(&self.name, SourceTime::CompleteTo, complete_to.as_secs());
            }
            if update.state != self.state {
                info!(source = self.name, state = update.state.as_str(), "the source is followed");
            }
            self.state = update.state;
        }
        Ok(accepted)
    }

    /// Stores that the source could not be read, for the last of this many times in a row. `is_refusal`: somebody has to
    /// change something.
    pub async fn failed(&mut self, context: &FollowContext, why: &SourceMessage, is_refusal: bool, failures: u32) {
        let state = match is_refusal {
            true => Some(State::Refused),
            false if failures >= FAILURES_UNTIL_AWAY => Some(State::Away),
            false => None,
        };
        context.metrics.source_failed(&self.name);
        if state.is_some() {
            context.metrics.source_up(&self.name, false);
        }
        let message = Message::from(why);
        if let Some(state) = state.filter(|state| *state != self.state) {
            warn!(source = self.name, state = state.as_str(), error = message.text, "the source cannot be read");
            self.state = state;
        }
        let (error, now) = (stored_message::write(&message), context.clock.now());
        // If the database is away, the next failure is stored.
        let _ = source_state::failed(&*context.writer, &self.name, context.server, now, error, state).await;
    }
}

/// Checks an event of a source of this kind.
///
/// # Errors
/// Returns why it is left out.
pub fn checked(kind: SourceKind, reported: Reported, now: UnixMicros) -> Result<MotionEvent, SourceMessage> {
    let origin = Origin { kind: kind.as_str(), instance: "" };
    check(reported, origin, now).map_err(|Rejection { message, .. }| match message {
        IngestMessage::TooEarly { .. } | IngestMessage::InFuture { .. } => SourceMessage::TimeOutOfBounds,
        IngestMessage::TooLong { .. } | IngestMessage::ControlCharacter => SourceMessage::TextNotAccepted,
        _ => SourceMessage::ValueNotAccepted,
    })
}
