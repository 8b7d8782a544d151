//! A feed of the changes of export records: which exports start, how far they are, and how they end.
//!
//! One task on each server reads the records, while somebody listens, and sends each change to all listeners. So exports of
//! other servers and of commands are included, and the number of queries does not depend on the number of listeners. The
//! progress of this server's own exports is that in memory, because their records have it only with each heartbeat.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::MissedTickBehavior;
use tracing::warn;
use uuid::Uuid;

use super::record_store::ExportProgress;
use super::records;
use super::slots::ExportSlots;
use crate::api::exports::{ExportRecord, State};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::accounts::user::User;
use crate::server::db::clock::Clock;
use crate::server::db::entity::export::{Column, Entity, Model};
use crate::server::db::pool::Pool;

/// How many listeners one user may have on one server.
pub const MAX_PER_USER: usize = 10;

/// When a listener that was refused may try again, in seconds.
const RETRY_AFTER_SECONDS: u32 = 30;

/// The interval between two reads of the records.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The shortest time between two reads. Exports of this server that start or end cause one at once.
const MIN_POLL_GAP: Duration = Duration::from_millis(200);

/// Records that started within this time are read even if they have ended: an export may be shorter than the interval.
const RECENT: Duration = Duration::from_secs(10);

/// How many more reads include the record of an export that has ended. Its server may still correct the state, for a client
/// that disconnects before the last bytes.
const READS_AFTER_END: u32 = 10;

/// How many of the user's own last exports a snapshot has.
const OWN_IN_SNAPSHOT: u64 = 20;

/// The maximum number of running exports in a snapshot.
const RUNNING_IN_SNAPSHOT: u64 = 500;

/// How many changes a listener may be behind. One that is further behind gets a snapshot.
const CAPACITY: usize = 256;

/// An export that is new or has changed.
#[derive(Clone, Debug)]
pub struct RecordChange {
    /// The user who started it; `None` for a command, or if the account was removed.
    pub user_id: Option<Uuid>,
    /// Its record.
    pub record: ExportRecord,
}

impl RecordChange {
    /// Returns whether this user may see the export.
    pub fn is_visible_to(&self, user: &User) -> bool {
        user.role == Role::Admin || self.user_id == Some(user.id)
    }
}

/// The feed of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RecordFeed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Pool,
    slots: ExportSlots,
    clock: Clock,
    changes: broadcast::Sender<Arc<RecordChange>>,
    /// One permit for each listener of this server.
    permits: Arc<Semaphore>,
    max_listeners: usize,
    state: Mutex<FeedState>,
}

#[derive(Debug, Default)]
struct FeedState {
    /// The number of listeners of each user.
    listeners: HashMap<Uuid, usize>,
    /// Whether the task that reads the records is running.
    is_polling: bool,
}

/// The last known state of a record.
struct Known {
    record: ExportRecord,
    /// How often the record was read since the export has ended.
    reads_after_end: u32,
}

impl RecordFeed {
    /// Creates a feed without listeners. Half of `max_connections` may listen, so that the others remain for requests.
    pub fn new(database: Pool, slots: ExportSlots, clock: Clock, max_connections: NonZeroU32) -> Self {
        let max_listeners = (max_connections.get() as usize / 2).max(1);
        Self(Arc::new(Inner {
            database,
            slots,
            clock,
            changes: broadcast::Sender::new(CAPACITY),
            permits: Arc::new(Semaphore::new(max_listeners)),
            max_listeners,
            state: Mutex::default(),
        }))
    }

    /// Returns how many listeners there are.
    pub fn count(&self) -> usize {
        self.0.state().listeners.values().sum()
    }

    /// Adds a listener for this user.
    ///
    /// # Errors
    /// Returns `too_many_streams` if the user has [`MAX_PER_USER`] listeners on this server, and `unavailable` if the server
    /// has as many as it may have, or is shutting down.
    pub fn listen(&self, user: User) -> Result<Listener, ApiError> {
        let refuse = |code, message| {
            Err(ApiError { retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..ApiError::new(code, message) })
        };
        if !self.0.slots.is_open() {
            return refuse(ErrorCode::Unavailable, RequestMessage::ServerStopping);
        }
        let Ok(permit) = Arc::clone(&self.0.permits).try_acquire_owned() else {
            let limit = self.0.max_listeners;
            return refuse(ErrorCode::Unavailable, RequestMessage::TooManyStreams { limit });
        };
        let mut state = self.0.state();
        let of_user = state.listeners.entry(user.id).or_default();
        if *of_user >= MAX_PER_USER {
            return refuse(ErrorCode::TooManyStreams, RequestMessage::TooManyStreams { limit: MAX_PER_USER });
        }
        *of_user += 1;
        let changes = self.0.changes.subscribe();
        if !state.is_polling {
            state.is_polling = true;
            tokio::spawn(Arc::clone(&self.0).poll());
        }
        Ok(Listener { inner: Arc::clone(&self.0), user, changes, _permit: permit })
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, FeedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the records and sends their changes, until nobody listens.
    async fn poll(self: Arc<Self>) {
        let mut known = HashMap::new();
        let mut own_exports = self.slots.changes();
        let mut interval = tokio::time::interval(POLL_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_available = true;
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                () = own_exports.next() => {}
            }
            {
                let mut state = self.state();
                if state.listeners.is_empty() {
                    state.is_polling = false;
                    return;
                }
            }
            match self.read(&mut known).await {
                Ok(()) => is_available = true,
                Err(error) => {
                    // Once, until the database answers again.
                    if std::mem::take(&mut is_available) {
                        warn!(%error, "cannot read the records of running exports");
                    }
                }
            }
            tokio::time::sleep(MIN_POLL_GAP).await;
        }
    }

    /// Reads the records of running and of recent exports, and sends those that have changed.
    async fn read(&self, known: &mut HashMap<Uuid, Known>) -> Result<(), DbErr> {
        let awaited = known.iter().filter(|(_, known)| known.reads_after_end < READS_AFTER_END).map(|(id, _)| *id);
        let is_wanted = Column::State
            .eq(State::Running.as_str())
            .or(Column::StartedAt.gte(self.clock.now() - RECENT))
            .or(Column::Id.is_in(awaited));
        let records = Entity::find().filter(is_wanted).order_by_asc(Column::StartedAt).all(&self.database).await?;
        let (progress, pending) = self.slots.progress();
        let mut before = std::mem::take(known);
        for model in records {
            let (id, user_id) = (model.id, model.user_id);
            let record = to_live(model, &progress);
            let last = before.remove(&id);
            let has_ended = record.state != State::Running && !pending.contains(&id);
            let reads_after_end = last.as_ref().map_or(0, |last| last.reads_after_end) + u32::from(has_ended);
            if last.is_none_or(|last| last.record != record) {
                // An error means that nobody listens any more.
                let _ = self.changes.send(Arc::new(RecordChange { user_id, record: record.clone() }));
            }
            known.insert(id, Known { record, reads_after_end });
        }
        Ok(())
    }
}

/// Returns a record with the progress that its export has made on this server.
fn to_live(mut model: Model, progress: &HashMap<Uuid, ExportProgress>) -> ExportRecord {
    if model.state == State::Running.as_str()
        && let Some(ExportProgress { rows, bytes }) = progress.get(&model.id)
    {
        let newer = |recorded: i64, now: u64| Ord::max(recorded, i64::try_from(now).unwrap_or(i64::MAX));
        (model.rows, model.bytes) = (newer(model.rows, *rows), newer(model.bytes, *bytes));
    }
    records::to_api(model)
}

/// Receives the changes that a user may see.
#[derive(Debug)]
pub struct Listener {
    inner: Arc<Inner>,
    user: User,
    changes: broadcast::Receiver<Arc<RecordChange>>,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    /// Returns the running exports that the user may see and the user's own last ones, newest first.
    ///
    /// # Errors
    /// Returns an error if the database is unavailable.
    pub async fn snapshot(&self) -> Result<Vec<RecordChange>, DbErr> {
        let Inner { database, slots, .. } = &*self.inner;
        let newest = |query: sea_orm::Select<Entity>| query.order_by_desc(Column::StartedAt).order_by_desc(Column::Id);
        let running = newest(records::all_visible_to(&self.user)).filter(Column::State.eq(State::Running.as_str()));
        let mut found = running.limit(RUNNING_IN_SNAPSHOT).all(database).await?;
        let own = newest(Entity::find().filter(Column::UserId.eq(self.user.id)));
        found.extend(own.limit(OWN_IN_SNAPSHOT).all(database).await?);
        // An export that ended between the two queries is in both. The second result is newer.
        let mut seen = HashSet::new();
        found.reverse();
        found.retain(|record| seen.insert(record.id));
        found.sort_by_key(|record| std::cmp::Reverse((record.started_at, record.id)));
        let (progress, _) = slots.progress();
        let changes = found.into_iter().map(|model| {
            let user_id = model.user_id;
            RecordChange { user_id, record: to_live(model, &progress) }
        });
        Ok(changes.collect())
    }

    /// Waits for the next change that the user may see. Returns `None` if changes were missed, so that a snapshot is needed.
    pub async fn next(&mut self) -> Option<Arc<RecordChange>> {
        loop {
            match self.changes.recv().await {
                Ok(change) if change.is_visible_to(&self.user) => return Some(change),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return None,
                // The feed has a sender itself, so this does not happen.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        if let Some(of_user) = state.listeners.get_mut(&self.user.id) {
            *of_user -= 1;
            if *of_user == 0 {
                state.listeners.remove(&self.user.id);
            }
        }
    }
}
