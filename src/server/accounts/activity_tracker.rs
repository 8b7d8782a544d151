//! Records when sessions and tokens were last used, in the background: an import may block writes for minutes, and
//! requests that only read must not wait for that.

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

/// The number of entries that may wait to be written. Further entries are dropped: the next use is recorded again.
const QUEUE_CAPACITY: usize = 64;

/// The number of sessions and tokens whose last entry is remembered. Above it, those that may be recorded again are
/// forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// Records the last use of sessions and tokens.
#[derive(Clone, Debug)]
pub struct ActivityTracker {
    queue: mpsc::Sender<(Activity, UnixMicros)>,
    /// When each was last recorded, by the monotonic clock. If a wall clock that was ahead is corrected, the next use
    /// must be recorded, because the stored time is in the future.
    recorded_at: Arc<Mutex<HashMap<Activity, Duration>>>,
    clock: Clock,
    min_interval: Duration,
}

/// A session or token that was used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Activity {
    /// The session with this hash of its id.
    Session(Vec<u8>),
    /// The token with this id.
    Token(Uuid),
}

impl ActivityTracker {
    /// Starts to write, until the last clone is dropped. `min_interval` is the minimum time between two entries for the
    /// same session or token.
    pub fn start(database: Writer, clock: Clock, min_interval: Duration) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(write(database, receiver));
        Self { queue, recorded_at: Arc::default(), clock, min_interval }
    }

    /// Records that a session was used.
    pub fn record_session(&self, id_hash: Vec<u8>) {
        self.record(Activity::Session(id_hash));
    }

    /// Records that a token was used.
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
            Activity::Token(id) => api_token::set_last_used(&*database, *id, now).await,
        };
        if let Err(error) = written {
            warn!(%error, "cannot record when a session or token was last used");
        }
    }
}

async fn set_last_seen(database: &Pool, id_hash: &[u8], now: UnixMicros) -> Result<(), DbErr> {
    let set = ActiveModel { last_seen_at: Set(now), ..Default::default() };
    Entity::update_many().set(set).filter(Column::IdHash.eq(id_hash)).exec(database).await.map(drop)
}
