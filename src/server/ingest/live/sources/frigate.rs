//! Follows one Frigate: sends the requests that [`Follower`] decides on, and stores what they return.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{anyhow, bail};
use rustc_hash::FxHashSet;
use sea_orm::DbErr;
use tokio::sync::mpsc;

use super::broker::{Broker, Ending, MAX_WAITING, Monitor, new_client_id};
use super::context::FollowContext;
use super::frigate_events::{Item, Outcome, read};
use super::recorder::{FAILURES_UNTIL_AWAY, New, Recorder, WriteError};
use super::refused::Refused;
use crate::error::ApiError;
use crate::messages::Message;
use crate::messages::sources::SourceMessage;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::frigate::api::{Api, Events, Failure};
use crate::server::ingest::frigate::follow::{Follower, Gap, Now, Position, Request};
use crate::server::ingest::frigate::options::Options;
use crate::server::ingest::live::source_state::{self, PositionUpdate, State};
use crate::server::settings::{NewCameras, Source};

/// How often the configuration is read, in which detect sizes may change.
const OPTIONS_INTERVAL: Duration = Duration::from_mins(10);

/// How often the time of the last poll is stored if nothing else has changed.
const POSITION_INTERVAL: i64 = 600_000_000;

/// The maximum number of keys that are remembered, to not look them up again.
const MAX_REMEMBERED: usize = 500_000;

/// A Frigate that is followed.
#[derive(Debug)]
pub struct FrigateSource {
    recorder: Recorder,
    settings: Source,
    api: Api,
    broker: Option<Broker>,
    /// The id of the session at the broker.
    client: String,
    /// The reports of the broker, while it is listened to.
    endings: Option<mpsc::Receiver<Ending>>,
    /// Reports that were taken and not acknowledged, by the ids of their events.
    unacknowledged: HashMap<String, Vec<Ending>>,
    options: Option<(Options, Duration)>,
    follower: Follower,
    /// The position as it is stored.
    stored: Position,
    /// Everything before it was counted by an earlier run.
    swept_before: Option<i64>,
    /// The keys of the events that were stored or left out.
    handled: FxHashSet<String>,
    /// With `new_cameras = "refuse"`: the events that were left out because of their cameras.
    refused: Refused,
}

impl FrigateSource {
    /// Returns the source with these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// Returns an error if a file with a certificate cannot be read.
    pub fn new(name: &str, settings: &Source) -> anyhow::Result<Self> {
        Ok(Self {
            recorder: Recorder::new(name, settings),
            api: Api::new(settings)?,
            broker: Broker::new(settings)?,
            client: String::new(),
            endings: None,
            unacknowledged: HashMap::new(),
            options: None,
            follower: Follower::new(settings.every(), settings.sweep_interval(), Position::default()),
            stored: Position::default(),
            swept_before: None,
            handled: FxHashSet::default(),
            refused: Refused::default(),
            settings: settings.clone(),
        })
    }

    /// Returns what stores its events.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Follows the source with this server, unless another one does. Continues where the last one has ended.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn acquire(&mut self, context: &FollowContext) -> Result<bool, DbErr> {
        let Some(row) = self.recorder.acquire(context).await? else { return Ok(false) };
        if self.broker.is_some() {
            self.client = source_state::mqtt_client(&*context.writer, &row, new_client_id).await?;
        }
        self.unacknowledged.clear();
        // A position that a newer version has written may not be readable. Then everything is read again.
        let position = row.position.as_deref().and_then(|text| serde_json::from_str(text).ok());
        self.stored = position.unwrap_or_default();
        self.swept_before = self.stored.swept;
        self.handled.clear();
        self.refused.clear();
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
        let monitor = Monitor::new(self.recorder.name(), context.metrics.clone(), self.recorder.latest());
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
                Err(StepError::LeaseLost) => bail!("a server follows the source {} by now", self.recorder.name()),
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
        Now { ours, theirs: ours + self.recorder.clock_offset(), monotonic: context.clock.monotonic() }
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
            self.recorder.responded(context, date);
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
        self.recorder.responded(context, date);
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

    async fn store(&mut self, context: &FollowContext, items: Vec<Item>) -> Result<u64, StepError> {
        if self.settings.new_cameras == NewCameras::Refuse {
            let known = self.refused.refresh(context).await;
            let known = known.map_err(|error| StepError::NotStored(ApiError::from(error)))?;
            if !known.is_empty() {
                // What was left out is read again.
                for key in &known {
                    self.handled.remove(key);
                }
                self.follower.sweep_soon();
            }
        }
        let mut follower = self.follower.clone();
        let seen: Vec<_> = items.iter().map(|item| item.seen.clone()).collect();
        follower.response(&seen);
        let (new, keys) = self.sort(items, context.clock.now());
        let state = if follower.position().swept.is_some() { State::Live } else { State::CatchingUp };
        let gap = follower.take_gap();
        let must_store =
            state != self.recorder.state() || gap.is_some() || has_changed(&self.stored, follower.position());
        if new.is_empty() && !must_store {
            self.handled.extend(keys);
            self.follower = follower;
            return Ok(0);
        }
        let accepted = self.recorder.write(context, new, Some(position_update(&follower, gap, state))).await?;
        if self.handled.len() > MAX_REMEMBERED {
            self.handled.clear();
            self.refused.clear();
        }
        self.handled.extend(keys);
        self.stored = follower.position().clone();
        self.follower = follower;
        Ok(accepted)
    }

    /// Sorts the events of a response by what becomes of them. Returns those that were not handled before, and their keys.
    fn sort(&mut self, items: Vec<Item>, now: UnixMicros) -> (New, Vec<String>) {
        let (mut new, mut keys) = (New::default(), Vec::new());
        for Item { seen, key, camera, outcome } in items {
            let is_wanted = self.settings.cameras.is_empty() || self.settings.cameras.contains(&camera);
            if !is_wanted || self.handled.contains(&key) {
                continue;
            }
            let (event, repaired) = match outcome {
                Outcome::Open => continue,
                Outcome::Reported(reported, repaired) => (self.recorder.checked(*reported, now), repaired),
                Outcome::LeftOut(why) => (Err(why), Vec::new()),
            };
            match event {
                Ok(event) => {
                    if self.settings.new_cameras == NewCameras::Refuse {
                        self.refused.note(&event.event().camera_id, &key);
                    }
                    new.add(event, repaired);
                }
                // An earlier run has counted those that it has read. What is no event has no time.
                Err(SourceMessage::NotAnEvent) if self.swept_before.is_some() => {}
                Err(_) if self.swept_before.is_some_and(|swept| seen.start < swept) => {}
                Err(why) => new.leave_out(why),
            }
            keys.push(key);
        }
        (new, keys)
    }

    async fn failed(&mut self, context: &FollowContext, failure: Failure) {
        let now = self.now(context);
        if failure.is_too_large && self.follower.halve_limit() {
            return;
        }
        let failures = self.follower.failure(now);
        self.acknowledge();
        self.recorder.failed(context, &failure.message, failure.is_refusal, failures).await;
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

impl From<WriteError> for StepError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotStored(error) => Self::NotStored(error),
            WriteError::LeaseLost => Self::LeaseLost,
        }
    }
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        Self::Source(failure)
    }
}
