//! Follows one Frigate: sends the requests that [`Follower`] decides on, and stores what they return.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use rustc_hash::FxHashSet;
use sea_orm::DbErr;
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::broker::{Broker, Ending, MAX_WAITING, Monitor, new_client_id};
use super::context::FollowContext;
use super::frigate_events::{Item, Outcome, read};
use super::latest::Latest;
use crate::error::ApiError;
use crate::messages::Message;
use crate::messages::ingest::IngestMessage;
use crate::messages::sources::SourceMessage;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::frigate::api::{Api, Events, Failure};
use crate::server::ingest::frigate::follow::{Follower, Gap, Now, Position, Request};
use crate::server::ingest::frigate::options::Options;
use crate::server::ingest::live::check::{MotionEvent, Origin, check};
use crate::server::ingest::live::reported::{Rejection, Reported};
use crate::server::ingest::live::source_state::{self, Contact, PositionUpdate, Progress, State};
use crate::server::ingest::live::writer::MAX_EVENTS;
use crate::server::metrics::SourceTime;
use crate::server::settings::{Source, SourceKind};
use crate::server::stored_message;

/// How often the configuration is read, in which detect sizes may change.
const OPTIONS_INTERVAL: Duration = Duration::from_mins(10);

/// After this many failed requests in a row, a source is away.
const FAILURES_UNTIL_AWAY: u32 = 3;

/// A difference of clocks from which it is logged. Smaller ones are usual.
const CLOCK_WARNING: i64 = 5_000_000;

/// A difference of clocks that may come from the seconds of the header `Date`, and from the way of the response.
const CLOCK_PRECISION: i64 = 1_500_000;

/// How often the time of the last poll is stored if nothing else has changed.
const POSITION_INTERVAL: i64 = 600_000_000;

/// The maximum number of keys that are remembered, to not look them up again.
const MAX_REMEMBERED: usize = 500_000;

/// A Frigate that is followed.
#[derive(Debug)]
pub struct FrigateSource {
    name: String,
    settings: Source,
    api: Api,
    broker: Option<Broker>,
    /// The id of the session at the broker.
    client: String,
    /// The reports of the broker, while it is listened to.
    endings: Option<mpsc::Receiver<Ending>>,
    /// Reports that were taken and not acknowledged, by the ids of their events.
    unacknowledged: HashMap<String, Vec<Ending>>,
    latest: Arc<Latest>,
    options: Option<(Options, Duration)>,
    follower: Follower,
    /// The position as it is stored.
    stored: Position,
    /// Everything before it was counted by an earlier run.
    swept_before: Option<i64>,
    /// The keys of the events that were stored or left out.
    handled: FxHashSet<String>,
    clock_offset: i64,
    state: State,
}

impl FrigateSource {
    /// Returns the source with these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// Returns an error if a file with a certificate cannot be read.
    pub fn new(name: &str, settings: &Source) -> anyhow::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            api: Api::new(settings)?,
            broker: Broker::new(settings)?,
            client: String::new(),
            endings: None,
            unacknowledged: HashMap::new(),
            latest: Arc::default(),
            options: None,
            follower: Follower::new(settings.every(), settings.sweep_interval(), Position::default()),
            stored: Position::default(),
            swept_before: None,
            handled: FxHashSet::default(),
            clock_offset: 0,
            state: State::CatchingUp,
            settings: settings.clone(),
        })
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what is noted for the next heartbeat.
    pub fn latest(&self) -> Arc<Latest> {
        Arc::clone(&self.latest)
    }

    /// Follows the source with this server, unless another one does. Continues where the last one has ended.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn acquire(&mut self, context: &FollowContext) -> Result<bool, DbErr> {
        let (kind, now) = (SourceKind::Frigate.as_str(), context.clock.now());
        let row = source_state::acquire(&*context.writer, &self.name, kind, context.server, now).await?;
        let Some(row) = row else { return Ok(false) };
        if self.broker.is_some() {
            self.client = source_state::mqtt_client(&*context.writer, &row, new_client_id).await?;
        }
        self.unacknowledged.clear();
        // A position that a newer version has written may not be readable. Then everything is read again.
        let position = row.position.as_deref().and_then(|text| serde_json::from_str(text).ok());
        self.stored = position.unwrap_or_default();
        self.swept_before = self.stored.swept;
        self.state = State::of(&row.state).unwrap_or(State::CatchingUp);
        self.handled.clear();
        self.options = None;
        let (every, sweep) = (self.settings.every(), self.settings.sweep_interval());
        self.follower = Follower::new(every, sweep, self.stored.clone());
        Ok(true)
    }

    /// Follows the source until another server does.
    pub async fn follow(&mut self, context: &FollowContext) {
        let (sender, endings) = mpsc::channel(MAX_WAITING);
        let Some(broker) = self.broker.clone() else { return self.read(context).await };
        self.endings = Some(endings);
        let monitor = Monitor::new(&self.name, context.metrics.clone(), self.latest());
        let client = self.client.clone();
        let listen = std::pin::pin!(broker.listen(&client, sender, monitor));
        let read = std::pin::pin!(self.read(context));
        futures_util::future::select(listen, read).await;
    }

    /// Reads events until another server follows the source.
    async fn read(&mut self, context: &FollowContext) {
        loop {
            match self.step(context).await {
                Ok(_) => {}
                Err(StepError::LeaseLost) => return,
                Err(StepError::NotStored(_)) => {
                    // The writer has logged why.
                    self.follower.failure(self.now(context));
                    self.acknowledge();
                }
                Err(StepError::Source(failure)) => self.failed(context, failure).await,
            }
        }
    }

    /// Reads everything that the source has. Returns how many events were stored.
    ///
    /// # Errors
    /// Returns an error if a request fails three times, or the events cannot be stored.
    pub async fn sweep(&mut self, context: &FollowContext) -> anyhow::Result<u64> {
        let (mut stored, mut failures) = (0, 0);
        while self.follower.sweeps() == 0 {
            match self.step(context).await {
                Ok(Step::Waited) => {}
                Ok(Step::Read { new }) => {
                    stored += new;
                    failures = 0;
                }
                Err(StepError::LeaseLost) => bail!("a server follows the source {} by now", self.name),
                Err(StepError::NotStored(error)) => return Err(anyhow!(error)),
                Err(StepError::Source(failure)) => {
                    failures += 1;
                    let text = Message::from(&failure.message).text;
                    let is_final = failure.is_refusal || failures >= FAILURES_UNTIL_AWAY;
                    self.failed(context, failure).await;
                    if is_final {
                        bail!("{text} {stored} events were stored before; another run reads the others");
                    }
                }
            }
        }
        Ok(stored)
    }

    fn now(&self, context: &FollowContext) -> Now {
        let ours = context.clock.now().as_micros();
        Now { ours, theirs: ours + self.clock_offset, monotonic: context.clock.monotonic() }
    }

    /// Waits until a request is due; then sends it, and stores its events and the progress.
    async fn step(&mut self, context: &FollowContext) -> Result<Step, StepError> {
        let now = self.now(context);
        while let Some(ending) = self.endings.as_mut().and_then(|endings| endings.try_recv().ok()) {
            self.end_reported(ending, now);
        }
        let wait = self.follower.due().saturating_sub(now.monotonic);
        if !wait.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                ending = next(&mut self.endings) => {
                    let now = self.now(context);
                    self.end_reported(ending, now);
                }
            }
            return Ok(Step::Waited);
        }
        let is_current = |(_, read): &(Options, Duration)| now.monotonic.saturating_sub(*read) < OPTIONS_INTERVAL;
        if !self.options.as_ref().is_some_and(is_current) {
            let (options, date) = self.api.options(&self.settings.camera_prefix).await?;
            self.options = Some((options, now.monotonic));
            // Before the first window is chosen by the clock of the source.
            self.note_contact(context, date);
        }
        let now = self.now(context);
        let (Some(request), Some((options, _))) = (self.follower.request(now), &self.options) else {
            return Ok(Step::Waited);
        };
        let Events { items, date } = self.api.events(&request).await?;
        let before = match request {
            Request::Window { before, .. } => before,
            Request::Event(_) => now.theirs,
        };
        let items = read(items, before, options);
        self.note_contact(context, date);
        let new = self.store(context, items).await?;
        self.acknowledge();
        Ok(Step::Read { new })
    }

    /// Requests an event soon, because its end was reported.
    fn end_reported(&mut self, ending: Ending, now: Now) {
        self.follower.end_reported(ending.id.clone(), now);
        self.unacknowledged.entry(ending.id.clone()).or_default().push(ending);
    }

    /// Acknowledges the reports of events that are done with.
    fn acknowledge(&mut self) {
        for id in self.follower.take_settled() {
            for ending in self.unacknowledged.remove(&id).unwrap_or_default() {
                ending.acknowledge();
            }
        }
    }

    /// Notes a response, and the time of the source's clock in it.
    fn note_contact(&mut self, context: &FollowContext, date: Option<i64>) {
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

    async fn store(&mut self, context: &FollowContext, items: Vec<Item>) -> Result<u64, StepError> {
        let mut follower = self.follower.clone();
        let seen: Vec<_> = items.iter().map(|item| item.seen.clone()).collect();
        follower.response(&seen);
        let now = context.clock.now();
        let new = self.sort(items, now);
        let state = if follower.position().swept.is_some() { State::Live } else { State::CatchingUp };
        let gap = follower.take_gap();
        let must_store = state != self.state || gap.is_some() || has_changed(&self.stored, follower.position());
        if new.events.is_empty() && new.left_out.is_empty() && !must_store {
            self.handled.extend(new.keys);
            self.follower = follower;
            return Ok(0);
        }
        let mut accepted = 0;
        let last = new.events.len().saturating_sub(1) / MAX_EVENTS;
        for index in 0..=last {
            let range = index * MAX_EVENTS..new.events.len().min((index + 1) * MAX_EVENTS);
            let repaired = new.repaired.iter().filter(|(position, _)| range.contains(position));
            let progress = Progress {
                source: self.name.clone(),
                server: context.server,
                now,
                new_cameras: self.settings.new_cameras,
                repaired: repaired.map(|(position, why)| (position - range.start, why.clone())).collect(),
                left_out: if index == last { new.left_out.clone() } else { Vec::new() },
                position: (index == last).then(|| position_update(&follower, gap, state)),
            };
            let events = new.events[range].to_vec();
            let written = context.live.write_of_source(events, progress).await.map_err(StepError::NotStored)?;
            if written.is_lease_lost {
                return Err(StepError::LeaseLost);
            }
            accepted += written.accepted;
            let left_out = if index == last { new.left_out.len() as u64 } else { 0 };
            context.metrics.source_events(&self.name, written.accepted, written.repaired, left_out + written.left_out);
            if let Some(latest) = written.latest {
                context.metrics.source_time(&self.name, SourceTime::LastEvent, latest.as_secs());
            }
        }
        if self.handled.len() > MAX_REMEMBERED {
            self.handled.clear();
        }
        self.handled.extend(new.keys);
        if let Some(complete_to) = follower.complete_to() {
            let seconds = UnixMicros::new(complete_to).as_secs();
            context.metrics.source_time(&self.name, SourceTime::CompleteTo, seconds);
        }
        if state != self.state {
            info!(source = self.name, state = state.as_str(), "the source is followed");
        }
        self.state = state;
        self.stored = follower.position().clone();
        self.follower = follower;
        Ok(accepted)
    }

    /// Sorts the events of a response by what becomes of them.
    fn sort(&self, items: Vec<Item>, now: UnixMicros) -> New {
        let mut new = New::default();
        for Item { seen, key, camera, outcome } in items {
            let is_wanted = self.settings.cameras.is_empty() || self.settings.cameras.contains(&camera);
            if !is_wanted || self.handled.contains(&key) {
                continue;
            }
            let (event, repaired) = match outcome {
                Outcome::Open => continue,
                Outcome::Reported(reported, repaired) => (checked(*reported, now), repaired),
                Outcome::LeftOut(why) => (Err(why), Vec::new()),
            };
            match event {
                Ok(event) => {
                    new.repaired.extend(repaired.into_iter().map(|why| (new.events.len(), why)));
                    new.events.push(event);
                }
                // An earlier run has counted those that it has read. What is no event has no time.
                Err(SourceMessage::NotAnEvent) if self.swept_before.is_some() => {}
                Err(_) if self.swept_before.is_some_and(|swept| seen.start < swept) => {}
                Err(why) => new.left_out.push(why),
            }
            new.keys.push(key);
        }
        new
    }

    async fn failed(&mut self, context: &FollowContext, failure: Failure) {
        let now = self.now(context);
        if failure.is_too_large && self.follower.halve_limit() {
            return;
        }
        let failures = self.follower.failure(now);
        self.acknowledge();
        let state = match failure.is_refusal {
            true => Some(State::Refused),
            false if failures >= FAILURES_UNTIL_AWAY => Some(State::Away),
            false => None,
        };
        context.metrics.source_failed(&self.name);
        if state.is_some() {
            context.metrics.source_up(&self.name, false);
        }
        let message = Message::from(&failure.message);
        if let Some(state) = state.filter(|state| *state != self.state) {
            warn!(source = self.name, state = state.as_str(), error = message.text, "the source cannot be read");
            self.state = state;
        }
        let error = stored_message::write(&message);
        // If the database is away, the next failure is stored.
        let _ =
            source_state::failed(&*context.writer, &self.name, context.server, context.clock.now(), error, state).await;
    }
}

/// Returns the next report; never, if no broker is listened to.
async fn next(endings: &mut Option<mpsc::Receiver<Ending>>) -> Ending {
    match endings {
        Some(endings) => match endings.recv().await {
            Some(ending) => ending,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// The events of a response that were not handled before.
#[derive(Debug, Default)]
struct New {
    events: Vec<MotionEvent>,
    /// Why values were changed, by position in `events`.
    repaired: Vec<(usize, SourceMessage)>,
    left_out: Vec<SourceMessage>,
    /// The keys of all of them.
    keys: Vec<String>,
}

/// Checks an event of a source.
///
/// # Errors
/// Returns why it is left out.
pub fn checked(reported: Reported, now: UnixMicros) -> Result<MotionEvent, SourceMessage> {
    let origin = Origin { kind: SourceKind::Frigate.as_str(), instance: "" };
    check(reported, origin, now).map_err(|Rejection { message, .. }| match message {
        IngestMessage::TooEarly { .. } | IngestMessage::InFuture { .. } => SourceMessage::TimeOutOfBounds,
        IngestMessage::TooLong { .. } | IngestMessage::ControlCharacter => SourceMessage::TextNotAccepted,
        _ => SourceMessage::ValueNotAccepted,
    })
}

fn position_update(follower: &Follower, gap: Option<Gap>, state: State) -> PositionUpdate {
    PositionUpdate {
        // A position has only numbers and texts.
        position: serde_json::to_string(follower.position()).unwrap_or_default(),
        complete_to: follower.complete_to().map(UnixMicros::new),
        gap: gap.map(|gap| (UnixMicros::new(gap.begin), UnixMicros::new(gap.end))),
        state,
    }
}

/// Whether a position must be stored. The time of the last poll alone is stored now and then.
fn has_changed(stored: &Position, position: &Position) -> bool {
    let is_old = |polled: i64| stored.polled.is_none_or(|stored| polled - stored >= POSITION_INTERVAL);
    stored.open != position.open || stored.swept != position.swept || position.polled.is_some_and(is_old)
}

/// What was done in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing was due.
    Waited,
    /// A response was stored, with this many new events.
    Read { new: u64 },
}

/// Why a step was not completed.
#[derive(Debug)]
enum StepError {
    Source(Failure),
    NotStored(ApiError),
    LeaseLost,
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        Self::Source(failure)
    }
}
