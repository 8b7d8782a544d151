//! Writes checked events in short transactions. One task writes for all requests of a server: what arrives while it commits
//! is written together with the next commit.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::warn;
use uuid::Uuid;

use super::check::MotionEvent;
use super::reported::Rejection;
use super::source_state::Progress;
use crate::error::{ApiError, ErrorCode};
use crate::messages::ingest::IngestMessage;
use crate::messages::sources::SourceMessage;
use crate::server::db::connect::writer::Writer;
use crate::server::db::entity::retention::hold;
use crate::server::db::entity::{camera, camera_access};
use crate::server::db::error::{is_unavailable, unlogged_api_error};
use crate::server::db::locks::LIVE_LOCK_KEY;
use crate::server::db::partitions::Partitions;
use crate::server::db::pool::Transaction;
use crate::server::db::timeouts::BUSY_TIMEOUT;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::event::Event;
use crate::server::ingest::event_keys::{EventKeys, StoredCamera, Texts};
use crate::server::ingest::recognize::BATCH;
use crate::server::ingest::recognize::by_item::{self, Item};
use crate::server::ingest::sink::insert::insert;
use crate::server::internal_error::internal;
use crate::server::settings::NewCameras;

/// The maximum number of events that are written at once.
pub const MAX_EVENTS: usize = BATCH;

/// The number of batches that may wait.
const QUEUE: usize = 64;

/// How long a batch may take, the wait for earlier ones included. The limit of a response without progress is longer, so a
/// client gets an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(12);

/// How long a batch waits for its permit.
const RESERVE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a live writer waits for a row of another transaction. It is shorter than the time after which PostgreSQL looks
/// for a deadlock, so that a deadlock with an import ends this transaction and never the import.
const ROW_LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// The maximum number of cameras for which live events create another one.
const MAX_CAMERAS: u64 = 10_000;

/// The cameras to which a sender may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritableCameras {
    /// All cameras. Those that do not exist are created.
    All,
    /// Those that were granted to a user. Any other is refused as one that does not exist.
    GrantedTo(Uuid),
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Events that were stored now.
    pub accepted: u64,
    /// Events that were stored before.
    pub duplicate: u64,
    /// Events that were refused, by their positions in the batch.
    pub rejected: Vec<(usize, Rejection)>,
    of_source: WrittenOfSource,
}

/// What became of a batch of a live source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenOfSource {
    /// Events that were stored now.
    pub accepted: u64,
    /// How many of these have a changed value.
    pub repaired: u64,
    /// Events that were left out because of their cameras.
    pub left_out: u64,
    /// The time of the latest event that was stored now.
    pub latest: Option<UnixMicros>,
    /// Whether another server follows the source by now.
    pub is_lease_lost: bool,
}

/// Hands batches to the task that writes them.
#[derive(Clone, Debug)]
pub struct LiveWriter {
    jobs: mpsc::Sender<Job>,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct Job {
    batch: Batch,
    answer: oneshot::Sender<Result<Written, ApiError>>,
}

/// Events of one sender.
#[derive(Clone, Debug)]
struct Batch {
    events: Vec<MotionEvent>,
    cameras: WritableCameras,
    /// For events of a live source.
    progress: Option<Progress>,
}

impl LiveWriter {
    /// Starts the task, which ends with the last handle. Must be called within the runtime.
    pub fn start(writer: Writer) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(writer, waiting));
        Self { jobs, permits: Arc::new(Semaphore::new(QUEUE)) }
    }

    /// Waits for a permit to parse and write a batch. Parsed batches need several times the memory of their bodies, so their
    /// number is limited.
    ///
    /// # Errors
    /// Returns `unavailable` if too many batches are waiting.
    pub async fn reserve(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        match tokio::time::timeout(RESERVE_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(not_stored()),
        }
    }

    /// Writes at most [`MAX_EVENTS`] events. They are committed when this returns.
    ///
    /// # Errors
    /// Returns `unavailable` if the database cannot be written to in time. What was written is unknown then, and writing the
    /// same events again is safe.
    pub async fn write(&self, events: Vec<MotionEvent>, cameras: WritableCameras) -> Result<Written, ApiError> {
        if events.is_empty() {
            return Ok(Written::default());
        }
        self.send(Batch { events, cameras, progress: None }).await
    }

    /// Writes at most [`MAX_EVENTS`] events of a live source, and its progress, in one transaction.
    ///
    /// # Errors
    /// Returns `unavailable` as [`Self::write`] does.
    pub async fn write_of_source(
        &self,
        events: Vec<MotionEvent>,
        progress: Progress,
    ) -> Result<WrittenOfSource, ApiError> {
        let batch = Batch { events, cameras: WritableCameras::All, progress: Some(progress) };
        Ok(self.send(batch).await?.of_source)
    }

    async fn send(&self, batch: Batch) -> Result<Written, ApiError> {
        let (answer, answered) = oneshot::channel();
        let job = Job { batch, answer };
        let write = async {
            self.jobs.send(job).await.map_err(|_| internal(&"the task that writes live events has ended"))?;
            answered.await.map_err(|_| internal(&"writing live events panicked"))?
        };
        tokio::time::timeout(WRITE_TIMEOUT, write).await.unwrap_or_else(|_| Err(not_stored()))
    }
}

async fn run(writer: Writer, mut waiting: mpsc::Receiver<Job>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(job) => job,
            None => match waiting.recv().await {
                Some(job) => job,
                None => return,
            },
        };
        // Other requests that have arrived get to here first, and share the transaction.
        tokio::task::yield_now().await;
        let mut count = first.batch.events.len();
        let mut group = vec![first];
        while let Ok(job) = waiting.try_recv() {
            count += job.batch.events.len();
            if count > MAX_EVENTS {
                next = Some(job);
                break;
            }
            group.push(job);
        }
        // Its sender no longer waits, and will send the events again.
        group.retain(|job| !job.answer.is_closed());
        // A panic ends this group and not the task.
        let _ = AssertUnwindSafe(answer(&writer, group)).catch_unwind().await;
    }
}

/// Writes a group in one transaction and answers its senders; if one batch cannot be written, each in its own.
async fn answer(writer: &Writer, group: Vec<Job>) {
    let (batches, answers): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.batch, job.answer)).unzip();
    let written = write(writer, &batches).await;
    match written {
        Ok(written) => {
            for (answer, written) in answers.into_iter().zip(written) {
                let _ = answer.send(Ok(written));
            }
        }
        Err(error) if batches.len() > 1 && !is_unavailable(&error) => {
            for (batch, answer) in batches.iter().zip(answers) {
                let written = write(writer, std::slice::from_ref(batch)).await;
                let written = written.map(|mut written| written.pop().unwrap_or_default());
                let _ = answer.send(written.map_err(|error| refused(&error)));
            }
        }
        Err(error) => {
            let error = refused(&error);
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

/// Logs why events could not be written, and returns what their sender may know of it.
fn refused(error: &DbErr) -> ApiError {
    if is_unavailable(error) {
        warn!(%error, "cannot write live events; their senders are asked to send them again");
        ApiError { reason: unlogged_api_error(error).reason, ..not_stored() }
    } else {
        ApiError::from(error)
    }
}

/// Returns the error of events that could not be stored. Sending them again may help.
pub fn not_stored() -> ApiError {
    ApiError::new(ErrorCode::Unavailable, IngestMessage::NotStored)
}

/// Writes batches in one transaction.
async fn write(writer: &Writer, batches: &[Batch]) -> Result<Vec<Written>, DbErr> {
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let transaction = writer.begin_write().await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        let (busy, row) = (BUSY_TIMEOUT.as_millis(), ROW_LOCK_TIMEOUT.as_millis());
        transaction
            .execute_unprepared(&format!(
                "SET LOCAL lock_timeout = {busy}; SELECT pg_advisory_xact_lock({LIVE_LOCK_KEY}); \
                 SET LOCAL lock_timeout = {row}"
            ))
            .await?;
    }
    let texts = Texts {
        cameras: texts(batches, |event| Some(&event.camera_id)),
        detectors: texts(batches, |event| Some(&event.algorithm)),
        zones: texts(batches, |event| event.zone_id.as_ref()),
    };
    let (keys, cameras) = EventKeys::of(&transaction, texts).await?;
    let mut target = Target { transaction, keys, cameras, partitions: None, holds: None };
    let mut written = Vec::with_capacity(batches.len());
    // The progress of a source is stored with its events.
    for batches in batches.chunk_by(|one, next| one.progress.is_none() && next.progress.is_none()) {
        match &batches[0].progress {
            Some(progress) => written.push(target.write_of_source(&batches[0].events, progress.clone()).await?),
            None => written.extend(target.write(batches).await?),
        }
    }
    target.transaction.commit().await?;
    Ok(written)
}

/// Returns the distinct values of a text of all events.
fn texts(batches: &[Batch], text: impl Fn(&Event) -> Option<&String>) -> HashSet<String> {
    let events = batches.iter().flat_map(|batch| &batch.events);
    events.filter_map(|event| text(event.event()).cloned()).collect()
}

/// A transaction, and what is known of the database in it.
struct Target {
    transaction: Transaction,
    keys: EventKeys,
    /// The stored cameras of the events.
    cameras: HashMap<String, StoredCamera>,
    partitions: Option<Partitions>,
    /// The holds that were not released, once they are needed.
    holds: Option<Vec<hold::Model>>,
}

impl Target {
    /// Writes the batches of senders, all events with the same statements.
    ///
    /// # Errors
    /// Returns `RecordNotInserted` if another writer has stored events of several batches meanwhile, as an import on PostgreSQL
    /// can. Nothing says whose they are; each batch alone knows.
    async fn write(&mut self, batches: &[Batch]) -> Result<Vec<Written>, DbErr> {
        let mut written = vec![Written::default(); batches.len()];
        let mut offered = Vec::with_capacity(batches.len());
        for (batch, written) in batches.iter().zip(&mut written) {
            let granted = self.granted(batch).await?;
            let mut events = Vec::with_capacity(batch.events.len());
            for (position, event) in batch.events.iter().enumerate() {
                match self.camera(event, granted.as_ref()).await? {
                    Ok(()) => events.push(item(event)),
                    Err(message) => written.rejected.push((position, Rejection::of("camera_id", message))),
                }
            }
            written.duplicate = events.len() as u64;
            offered.push(events);
        }
        let new = by_item::unknown(offered, &self.transaction).await?;
        for (new, written) in new.iter().zip(&mut written) {
            written.accepted = new.len() as u64;
            written.duplicate -= written.accepted;
        }
        let mut new: Vec<_> = new.into_iter().flatten().collect();
        new.sort_unstable_by_key(|event| (event.timestamp, event.id));
        let expected = new.len() as u64;
        let stored_meanwhile = expected - self.insert(new).await?;
        match &mut *written {
            [written] => {
                written.accepted -= stored_meanwhile;
                written.duplicate += stored_meanwhile;
            }
            _ if stored_meanwhile > 0 => return Err(DbErr::RecordNotInserted),
            _ => {}
        }
        Ok(written)
    }

    async fn write_of_source(&mut self, events: &[MotionEvent], mut progress: Progress) -> Result<Written, DbErr> {
        let mut offered = Vec::with_capacity(events.len());
        let mut left_out = 0;
        for event in events {
            match self.camera_of_source(event, &progress).await? {
                Ok(()) => offered.push(item(event)),
                Err(reason) => {
                    progress.left_out.push(reason);
                    left_out += 1;
                }
            }
        }
        let mut new = by_item::unknown(vec![offered], &self.transaction).await?.concat();
        new.sort_unstable_by_key(|event| (event.timestamp, event.id));
        let ids: HashSet<_> = new.iter().map(|event| (event.timestamp, event.id)).collect();
        let latest = new.last().map(|event| UnixMicros::new(event.timestamp));
        let accepted = self.insert(new).await?;
        let is_new = |event: &MotionEvent| ids.contains(&(event.event().timestamp, event.event().id));
        let positions: HashSet<_> = (0..events.len()).filter(|position| is_new(&events[*position])).collect();
        progress.repaired.retain(|(position, _)| positions.contains(position));
        let is_lease_lost = !progress.save(&self.transaction, accepted, latest).await?;
        let repaired: HashSet<_> = progress.repaired.iter().map(|(position, _)| position).collect();
        let repaired = repaired.len() as u64;
        let of_source = WrittenOfSource { accepted, repaired, left_out, latest, is_lease_lost };
        Ok(Written { of_source, ..Written::default() })
    }

    async fn insert(&mut self, events: Vec<Event>) -> Result<u64, DbErr> {
        if events.is_empty() {
            return Ok(0);
        }
        let partitions = match &mut self.partitions {
            Some(partitions) => partitions,
            none => none.insert(Partitions::known(&self.transaction).await?),
        };
        let moments: Vec<i64> = events.iter().map(|event| event.timestamp).collect();
        partitions.create_for(&self.transaction, moments).await?;
        let mut rows = Vec::with_capacity(events.len());
        for event in events {
            rows.push(self.keys.encode(&self.transaction, event).await?);
        }
        insert(rows, &self.transaction).await
    }

    /// Returns the cameras of a batch that are granted to its user; `None` if all cameras are open to it.
    async fn granted(&self, batch: &Batch) -> Result<Option<HashSet<String>>, DbErr> {
        let WritableCameras::GrantedTo(user) = batch.cameras else { return Ok(None) };
        let ids = texts(std::slice::from_ref(batch), |event| Some(&event.camera_id));
        let granted = camera_access::Entity::find()
            .select_only()
            .column(camera_access::Column::CameraId)
            .filter(camera_access::Column::UserId.eq(user))
            .filter(camera_access::Column::CameraId.is_in(ids));
        Ok(Some(granted.into_tuple::<String>().all(&self.transaction).await?.into_iter().collect()))
    }

    /// Stores or names the camera of an event if necessary. Returns why the event is refused.
    async fn camera(
        &mut self,
        event: &MotionEvent,
        granted: Option<&HashSet<String>>,
    ) -> Result<Result<(), IngestMessage>, DbErr> {
        let id = &*event.event().camera_id;
        if granted.is_some_and(|granted| !granted.contains(id)) {
            return Ok(Err(IngestMessage::CameraNotFound));
        }
        if self.cameras.contains_key(id) {
            self.name_camera(event).await?;
            return Ok(Ok(()));
        }
        if granted.is_some() {
            return Ok(Err(IngestMessage::CameraNotFound));
        }
        let is_created = self.create_camera(event, None).await?;
        Ok(if is_created { Ok(()) } else { Err(IngestMessage::TooManyCameras { max: MAX_CAMERAS }) })
    }

    /// Stores or names the camera of a source's event if necessary. Returns why the event is left out.
    async fn camera_of_source(
        &mut self,
        event: &MotionEvent,
        progress: &Progress,
    ) -> Result<Result<(), SourceMessage>, DbErr> {
        let (id, source) = (&*event.event().camera_id, &progress.source);
        // A source may still have what was deleted here, and would bring it back with each sweep.
        if self.is_deleted(event).await? {
            return Ok(Err(SourceMessage::TooOldToKeep));
        }
        let Some(camera) = self.cameras.get_mut(id) else {
            if progress.new_cameras == NewCameras::Refuse {
                return Ok(Err(SourceMessage::CameraNotKnown));
            }
            let is_created = self.create_camera(event, Some(source)).await?;
            return Ok(if is_created { Ok(()) } else { Err(SourceMessage::CameraLimit) });
        };
        match &camera.source {
            Some(owner) if owner == source => {}
            Some(_) => return Ok(Err(SourceMessage::CameraOfAnotherSource)),
            None => {
                camera.source = Some(source.clone());
                let owned = camera::ActiveModel {
                    id: Set(id.to_owned()),
                    source: Set(Some(source.clone())),
                    ..Default::default()
                };
                owned.update(&self.transaction).await?;
            }
        }
        self.name_camera(event).await?;
        Ok(Ok(()))
    }

    /// Whether events of this camera and time were deleted, and no hold keeps them.
    async fn is_deleted(&mut self, event: &MotionEvent) -> Result<bool, DbErr> {
        let Event { camera_id, timestamp, .. } = event.event();
        let at = UnixMicros::new(*timestamp);
        let deleted_to = self.cameras.get(camera_id).and_then(|camera| camera.deleted_to);
        if deleted_to.is_none_or(|deleted_to| at >= deleted_to) {
            return Ok(false);
        }
        let holds = match &mut self.holds {
            Some(holds) => holds,
            none => {
                let active = hold::Entity::find().filter(hold::Column::ReleasedAt.is_null());
                none.insert(active.all(&self.transaction).await?)
            }
        };
        let keeps = |hold: &hold::Model| {
            hold.camera_id.as_ref().is_none_or(|held| held == camera_id) && (hold.starts_at..hold.ends_at).contains(&at)
        };
        Ok(!holds.iter().any(keeps))
    }

    /// Creates the camera of an event. Returns `false` if there are too many cameras.
    async fn create_camera(&mut self, event: &MotionEvent, source: Option<&str>) -> Result<bool, DbErr> {
        let id = &*event.event().camera_id;
        if camera::Entity::find().count(&self.transaction).await? >= MAX_CAMERAS {
            return Ok(false);
        }
        // A camera without a name is one that no longer exists.
        let name = event.camera_name().unwrap_or(id);
        self.keys.add_camera(&self.transaction, id, Some(name)).await?;
        let source = source.map(str::to_owned);
        if source.is_some() {
            let owned =
                camera::ActiveModel { id: Set(id.to_owned()), source: Set(source.clone()), ..Default::default() };
            owned.update(&self.transaction).await?;
        }
        let camera = StoredCamera { name: Some(name.to_owned()), source, deleted_to: None };
        self.cameras.insert(id.to_owned(), camera);
        Ok(true)
    }

    /// Names the stored camera of an event if it has no name yet.
    async fn name_camera(&mut self, event: &MotionEvent) -> Result<(), DbErr> {
        let id = &*event.event().camera_id;
        let Some(camera) = self.cameras.get_mut(id) else { return Ok(()) };
        let has_no_name = camera.name.as_deref().is_none_or(|name| name == id);
        if let Some(name) = event.camera_name().filter(|name| has_no_name && *name != id) {
            let named =
                camera::ActiveModel { id: Set(id.to_owned()), name: Set(Some(name.to_owned())), ..Default::default() };
            named.update(&self.transaction).await?;
            camera.name = Some(name.to_owned());
        }
        Ok(())
    }
}

fn item(event: &MotionEvent) -> Item {
    Item { event: event.event().clone(), has_id: event.has_id() }
}
