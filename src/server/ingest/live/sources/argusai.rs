//! Follows one ArgusAI: reads its database at an interval, as [`decide`] says, and stores its new events.

use anyhow::{anyhow, bail};
use rustc_hash::FxHashSet;
use sea_orm::{DbErr, EntityTrait, QuerySelect};

use super::argusai_events::{Cameras, key, reported};
use super::context::FollowContext;
use super::recorder::{FAILURES_UNTIL_AWAY, New, Recorder, WriteError};
use super::refused::Refused;
use crate::error::ApiError;
use crate::messages::Message;
use crate::messages::import_problem::FileProblem;
use crate::messages::sources::SourceMessage;
use crate::server::db::entity::camera;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::argusai::follow::file::FileReader;
use crate::server::ingest::argusai::follow::postgres::PostgresReader;
use crate::server::ingest::argusai::follow::{FileIdentity, LastRow, Page, Position, ReadError, Reading, decide};
use crate::server::ingest::argusai::{Location, SourceCamera, SourceEvent};
use crate::server::ingest::live::source_state::{PositionUpdate, State};
use crate::server::retry::source_delay;
use crate::server::settings::{NewCameras, Source};

/// How long after its time ArgusAI may commit an event, in microseconds. A file is complete up to this before a reading.
const COMMIT_DELAY: i64 = 60_000_000;

/// How often the time of the last reading is stored if nothing else has changed.
const POSITION_INTERVAL: i64 = 600_000_000;

/// The maximum number of keys that are remembered, to not look them up again.
const MAX_REMEMBERED: usize = 500_000;

/// An ArgusAI that is followed.
#[derive(Debug)]
pub struct ArgusaiSource {
    recorder: Recorder,
    settings: Source,
    location: Location,
    /// The open file of SQLite, unless a thread reads it.
    file: Option<FileReader>,
    position: Position,
    /// Whether an earlier run has read everything, and has counted what it left out.
    was_counted: bool,
    /// The keys of the events that were stored or left out.
    handled: FxHashSet<String>,
    /// With `new_cameras = "refuse"`: the events that were left out because of their cameras.
    refused: Refused,
    failures: u32,
}

/// What is read next.
enum Cursor {
    /// The rows of a file after this one.
    Row(i64, FileIdentity),
    /// The events of a PostgreSQL database after this time.
    Time(Box<PostgresReader>, Option<String>),
}

impl ArgusaiSource {
    /// Returns the source with these settings. Nothing is opened yet.
    ///
    /// # Errors
    /// Returns an error if the location cannot be parsed.
    pub fn new(name: &str, settings: &Source) -> anyhow::Result<Self> {
        Ok(Self {
            recorder: Recorder::new(name, settings),
            location: Location::new(settings.url.0.as_ref())?,
            settings: settings.clone(),
            file: None,
            position: Position::default(),
            was_counted: false,
            handled: FxHashSet::default(),
            refused: Refused::default(),
            failures: 0,
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
        // A position that cannot be read is that of another version or kind. Then everything is read.
        let position = row.position.as_deref().and_then(|text| serde_json::from_str(text).ok());
        self.position = position.unwrap_or_default();
        self.was_counted = self.position.swept.is_some();
        self.handled.clear();
        self.refused.clear();
        self.file = None;
        self.failures = 0;
        Ok(true)
    }

    /// Follows the source until another server does.
    pub async fn follow(&mut self, context: &FollowContext) {
        loop {
            let delay = match self.step(context).await {
                Ok(_) => self.settings.every(),
                Err(StepError::LeaseLost) => return,
                // The writer has logged why.
                Err(StepError::NotStored(_)) => source_delay(1),
                Err(StepError::Unreadable(error)) => {
                    self.failed(context, &error).await;
                    source_delay(self.failures)
                }
            };
            tokio::time::sleep(delay).await;
        }
    }

    /// Reads what is new, or everything if that is due. Returns how many events were stored.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read three times, or the events cannot be stored.
    pub async fn once(&mut self, context: &FollowContext) -> anyhow::Result<u64> {
        loop {
            match self.step(context).await {
                Ok(stored) => return Ok(stored),
                Err(StepError::LeaseLost) => bail!("a server follows the source {} by now", self.recorder.name()),
                Err(StepError::NotStored(error)) => return Err(anyhow!(error)),
                Err(StepError::Unreadable(error)) => {
                    let (message, is_refusal) = describe(&self.location, &error);
                    self.failed(context, &error).await;
                    if is_refusal || self.failures >= FAILURES_UNTIL_AWAY {
                        bail!(Message::from(&message).text);
                    }
                    tokio::time::sleep(source_delay(1)).await;
                }
            }
        }
    }

    async fn failed(&mut self, context: &FollowContext, error: &ReadError) {
        self.failures += 1;
        let (message, is_refusal) = describe(&self.location, error);
        self.recorder.failed(context, &message, is_refusal, self.failures).await;
    }

    /// Reads what is new, and stores it. Returns how many events were stored.
    async fn step(&mut self, context: &FollowContext) -> Result<u64, StepError> {
        let result = self.try_step(context).await;
        if result.is_err() {
            // The open file counts as read up to its last change, and is not.
            self.file = None;
        }
        result
    }

    async fn try_step(&mut self, context: &FollowContext) -> Result<u64, StepError> {
        let began = context.clock.now().as_micros();
        let interval = i64::try_from(self.settings.sweep_interval().as_micros()).unwrap_or(i64::MAX);
        // A time in the future was stored by a server with a wrong clock.
        let mut is_sweep_due = self.position.swept.is_none_or(|swept| !(0..interval).contains(&(began - swept)));
        if self.settings.new_cameras == NewCameras::Refuse {
            let known = self.refused.refresh(context).await;
            let known = known.map_err(|error| StepError::NotStored(ApiError::from(error)))?;
            // What was left out is read again.
            is_sweep_due |= !known.is_empty();
            for key in &known {
                self.handled.remove(key);
            }
        }
        let (cameras, reading) = self.begin(is_sweep_due).await?;
        self.recorder.responded(context, None);
        let mut position = Position { polled: Some(began), ..self.position.clone() };
        let Some((mut cursor, is_sweep)) = reading else { return self.nothing_new(context, position).await };
        if is_sweep {
            position.swept = Some(began);
        }
        let cameras = Cameras::new(cameras, &self.settings.camera_prefix, stored_cameras(context).await?);
        let mut accepted = 0;
        loop {
            let (events, is_last) = self.page(&mut cursor, &mut position).await?;
            let (new, keys) = self.sort(events, &cameras, context.clock.now());
            if is_last {
                let update = self.update(&position);
                accepted += self.recorder.write(context, new, Some(update)).await?;
            } else if !new.is_empty() {
                accepted += self.recorder.write(context, new, None).await?;
            }
            if self.handled.len() > MAX_REMEMBERED {
                self.handled.clear();
                self.refused.clear();
            }
            self.handled.extend(keys);
            if is_last {
                self.position = position;
                self.was_counted = false;
                self.failures = 0;
                return Ok(accepted);
            }
        }
    }

    /// Notes that nothing was written since the last reading. Its time is stored now and then.
    async fn nothing_new(&mut self, context: &FollowContext, position: Position) -> Result<u64, StepError> {
        let is_old = self
            .position
            .polled
            .is_none_or(|polled| position.polled.is_some_and(|now| now - polled >= POSITION_INTERVAL));
        if is_old || self.recorder.state() != State::Live {
            let update = self.update(&position);
            self.recorder.write(context, New::default(), Some(update)).await?;
            self.position = position;
        }
        self.failures = 0;
        Ok(0)
    }

    fn update(&self, position: &Position) -> PositionUpdate {
        // Each reading of a file finds all of its new rows; one of PostgreSQL may miss those that are committed late.
        let complete_to = match &self.location {
            Location::File(_) => position.polled,
            Location::Postgres(_) => position.swept,
        };
        PositionUpdate {
            // A position has only numbers and texts.
            position: serde_json::to_string(position).unwrap_or_default(),
            complete_to: complete_to.map(|at| UnixMicros::new(at - COMMIT_DELAY)),
            gap: None,
            state: State::Live,
        }
    }

    /// Opens the database. Returns its cameras, and where to begin and whether that is everything; `None` if nothing is new.
    async fn begin(&mut self, is_sweep_due: bool) -> Result<(Vec<SourceCamera>, Option<(Cursor, bool)>), ReadError> {
        if let Location::Postgres(url) = &self.location {
            let mut reader = PostgresReader::open(url).await?;
            let cameras = std::mem::take(&mut reader.cameras);
            let start = match &self.position.newest {
                Some(newest) if !is_sweep_due => reader.start(newest).await?,
                _ => None,
            };
            let is_sweep = start.is_none();
            return Ok((cameras, Some((Cursor::Time(Box::new(reader), start), is_sweep))));
        }
        let position = self.position.clone();
        let (found, cameras) = self.with_file(move |reader| reader.look(&position)).await?;
        let begin = match decide(&self.position, &found, is_sweep_due) {
            Reading::Nothing => None,
            Reading::All => Some((Cursor::Row(i64::MIN, found.file), true)),
            Reading::After(row) => Some((Cursor::Row(row, found.file), false)),
        };
        Ok((cameras, begin))
    }

    /// Reads a page, and moves cursor and position to its end. Returns its events, and whether there are no more.
    async fn page(
        &mut self,
        cursor: &mut Cursor,
        position: &mut Position,
    ) -> Result<(Vec<SourceEvent>, bool), ReadError> {
        match cursor {
            Cursor::Row(after, file) => {
                let from = *after;
                let Page { events, last, is_last } = self.with_file(move |reader| reader.page(from)).await?;
                if let (Some(rowid), Some(event)) = (last, events.last()) {
                    *after = rowid;
                    position.row = Some(LastRow { file: *file, rowid, id: event.id.clone().into_text() });
                }
                Ok((events, is_last))
            }
            Cursor::Time(reader, after) => {
                let Page { events, last, is_last } = reader.page(after.as_deref()).await?;
                if last.is_some() {
                    after.clone_from(&last);
                    position.newest = last;
                }
                Ok((events, is_last))
            }
        }
    }

    /// Reads the file on a thread that may block.
    async fn with_file<T: Send + 'static>(
        &mut self,
        read: impl FnOnce(&mut FileReader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let Location::File(path) = &self.location else { return Err(ReadError::Away("it is not a file".to_owned())) };
        let mut reader = self.file.take().unwrap_or_else(|| FileReader::new(path.clone()));
        let task = tokio::task::spawn_blocking(move || {
            let result = read(&mut reader);
            (reader, result)
        });
        let (reader, result) = task.await.map_err(|error| ReadError::Away(error.to_string()))?;
        self.file = Some(reader);
        result
    }

    /// Sorts events by what becomes of them. Returns those that were not handled before, and their keys.
    fn sort(&mut self, events: Vec<SourceEvent>, cameras: &Cameras, now: UnixMicros) -> (New, Vec<String>) {
        let (mut new, mut keys) = (New::default(), Vec::new());
        for event in events {
            let key = key(&event);
            if !cameras.is_wanted(&event, &self.settings.cameras) || self.handled.contains(&key) {
                continue;
            }
            let checked = reported(event, cameras)
                .and_then(|(reported, repaired)| Ok((self.recorder.checked(reported, now)?, repaired)));
            match checked {
                Ok((event, repaired)) => {
                    if self.settings.new_cameras == NewCameras::Refuse {
                        self.refused.note(&event.event().camera_id, &key);
                    }
                    new.add(event, repaired);
                }
                Err(_) if self.was_counted => {}
                Err(why) => new.leave_out(why),
            }
            keys.push(key);
        }
        (new, keys)
    }
}

/// Returns the ids of all cameras that are stored here.
async fn stored_cameras(context: &FollowContext) -> Result<Vec<String>, StepError> {
    let ids = camera::Entity::find().select_only().column(camera::Column::Id).into_tuple().all(&*context.writer).await;
    ids.map_err(|error| StepError::NotStored(ApiError::from(error)))
}

/// Returns what to tell users, and whether somebody has to change something.
pub fn describe(location: &Location, error: &ReadError) -> (SourceMessage, bool) {
    let location = location.to_string();
    match error.clone() {
        ReadError::Away(detail) => (SourceMessage::DatabaseUnreadable { location, detail }, false),
        ReadError::NotOpen => (SourceMessage::DatabaseNotOpen { location }, false),
        ReadError::Refused(detail) => (SourceMessage::DatabaseRefused { location, detail }, true),
        ReadError::OtherTables(problem) => {
            let message = match problem {
                FileProblem::IsFrigate => SourceMessage::DatabaseOfFrigate { location },
                FileProblem::ColumnMissing { table, column, .. } => {
                    SourceMessage::DatabaseLacksColumn { location, table, column }
                }
                FileProblem::TableMissing { table, .. } => SourceMessage::DatabaseLacksTable { location, table },
                _ => SourceMessage::DatabaseOfThisProgram { location },
            };
            (message, true)
        }
        ReadError::NetworkFileSystem => (SourceMessage::NetworkFileSystem { location }, true),
    }
}

/// Reads the latest events of a database.
///
/// # Errors
/// Returns why it cannot be read.
pub async fn latest(location: &Location, count: usize) -> Result<(Vec<SourceEvent>, Vec<SourceCamera>), ReadError> {
    match location.clone() {
        Location::Postgres(url) => {
            let mut reader = PostgresReader::open(&url).await?;
            let events = reader.latest(count).await?;
            Ok((events, reader.cameras))
        }
        Location::File(path) => {
            let read = move || {
                let mut reader = FileReader::new(path);
                let (_, cameras) = reader.look(&Position::default())?;
                Ok((reader.latest(count)?, cameras))
            };
            let task = tokio::task::spawn_blocking(read).await;
            task.map_err(|error| ReadError::Away(error.to_string()))?
        }
    }
}

/// Why a step was not completed.
#[derive(Debug)]
enum StepError {
    Unreadable(ReadError),
    NotStored(ApiError),
    LeaseLost,
}

impl From<ReadError> for StepError {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<WriteError> for StepError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotStored(error) => Self::NotStored(error),
            WriteError::LeaseLost => Self::LeaseLost,
        }
    }
}
