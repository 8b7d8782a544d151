//! When sessions and tokens were last used, written down beside the requests and never in their way: an import may keep
//! the database from being written to for minutes, and nobody should wait for that to read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::mpsc;
use tracing::warn;
use uuid::Uuid;

use crate::server::accounts::api_token;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::entity::session::{ActiveModel, Column, Entity};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// How many notes may wait to be written. What comes when there are as many is dropped: the next use will be noted.
const QUEUE_CAPACITY: usize = 64;

/// Of how many sessions and tokens it is remembered when they were noted, before those are forgotten that may be noted
/// again.
const MAX_REMEMBERED: usize = 10_000;

/// Takes notes.
#[derive(Clone, Debug)]
pub struct ActivityTracker {
    queue: mpsc::Sender<(Activity, UnixMicros)>,
    /// When each was noted last, by the monotonic clock: after a wall clock that was ahead is set right, the next use must
    /// be noted, because what is stored lies in the future.
    recorded_at: Arc<Mutex<HashMap<Activity, Duration>>>,
    clock: Clock,
    min_interval: Duration,
}

/// What was used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Activity {
    /// The session with this hash.
    Session(Vec<u8>),
    /// The token with this id.
    Token(Uuid),
}

impl ActivityTracker {
    /// Begins to write to that database, until the last clone of this is gone. `min_interval`: how much time lies between two
    /// notes about the same.
    pub fn start(database: Writer, clock: Clock, min_interval: Duration) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(write(database, receiver));
        Self { queue, recorded_at: Arc::default(), clock, min_interval }
    }

    /// Notes that a session was used.
    pub fn record_session(&self, id_hash: Vec<u8>) {
        self.record(Activity::Session(id_hash));
    }

    /// Notes that a token was used.
    pub fn record_token(&self, id: Uuid) {
        self.record(Activity::Token(id));
    }

    fn record(&self, used: Activity) {
        let mut recorded_at = self.recorded_at.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = self.clock.monotonic();
        let is_recent = |before: &Duration| elapsed.saturating_sub(*before) < self.min_interval;
        if recorded_at.get(&used).is_some_and(is_recent) {
            return;
        }
        if recorded_at.len() >= MAX_REMEMBERED {
            recorded_at.retain(|_, before| is_recent(before));
        }
        if self.queue.try_send((used.clone(), self.clock.now())).is_ok() {
            recorded_at.insert(used, elapsed);
        }
    }
}

async fn write(database: Writer, mut queue: mpsc::Receiver<(Activity, UnixMicros)>) {
    while let Some((used, now)) = queue.recv().await {
        let written = match &used {
            Activity::Session(id_hash) => set_last_seen(&database, id_hash, now).await,
            Activity::Token(id) => api_token::used(&*database, *id, now).await,
        };
        if let Err(error) = written {
            warn!(%error, "cannot record a last use");
        }
    }
}

async fn set_last_seen(database: &Pool, id_hash: &[u8], now: UnixMicros) -> Result<(), DbErr> {
    let set = ActiveModel { last_seen_at: Set(now), ..Default::default() };
    Entity::update_many().set(set).filter(Column::IdHash.eq(id_hash)).exec(database).await.map(drop)
}
