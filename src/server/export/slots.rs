//! The export slots: limits how many exports run, keeps their records alive, and records how they end.
//!
//! An export holds an [`ExportSlot`] while it runs. However the slot is given up, the export's record, log line and metrics
//! are written and the slot is free again. The limit per user holds across all servers, because a slot is also a record that
//! is running and has a recent heartbeat ([`record_store`](super::record_store)).
//!
//! | file | responsibility |
//! |--|--|
//! | `slots/registry.rs` | the exports of this server that run, or whose outcome is not recorded yet |
//! | `slots/acquire.rs` | checks the limits and writes the record of a new export |
//! | `slots/slot.rs` | one export: its progress, and how it ends |
//! | `slots/unrecorded.rs` | outcomes that could not be written; whether the database is writable |
//! | `slots/heartbeat.rs` | the heartbeat of running exports |
//! | `slots/cancel.rs` | cancels an export, on whichever server it runs |
//! | `slots/sweep.rs` | marks the records of dead servers as interrupted |

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use self::registry::{Exports, Registry};
pub use self::slot::ExportSlot;
use self::sweep::StaleRecords;
use super::record_store::{ExportProgress, Outcome};
use crate::api::exports::State;
use crate::messages::records::RecordMessage;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::metrics::Metrics;
use crate::server::settings;

mod acquire;
mod cancel;
mod heartbeat;
mod registry;
mod slot;
mod sweep;
mod unrecorded;

/// How many exports may run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For each user, on all servers together.
    pub per_user: NonZeroU32,
    /// On this server.
    pub per_server: NonZeroU32,
    /// How long the end of a file waits for its record while the database is not writable. Then the response is aborted.
    pub record_timeout: Duration,
}

impl From<&settings::Export> for Limits {
    fn from(settings: &settings::Export) -> Self {
        Self {
            per_user: settings.max_concurrent_per_user,
            per_server: settings.max_concurrent,
            record_timeout: settings.record_timeout(),
        }
    }
}

/// What the record of a new export says about its request.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// The user; `None` for a command, which has no limit.
    pub user_id: Option<Uuid>,
    /// The user's name.
    pub user_name: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: &'static str,
    /// The selection, as a query string.
    pub query: String,
    /// The moment up to which the file will be complete, if it is read from a replica.
    pub complete_to: Option<UnixMicros>,
    /// The moment before which events of a selected camera were deleted.
    pub deleted_to: Option<UnixMicros>,
}

/// A handle to the export slots of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ExportSlots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Arc<Registry>,
    limits: Limits,
    /// One permit for each export that may run on this server.
    permits: Arc<Semaphore>,
    /// Whether new exports are accepted.
    open: watch::Sender<bool>,
    /// The number of heartbeats so far.
    heartbeats: AtomicU32,
    stale: StaleRecords,
}

impl ExportSlots {
    /// Creates free slots.
    pub fn new(writer: Writer, clock: Clock, limits: Limits, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            registry: Arc::new(Registry::new(writer, clock, metrics, limits.record_timeout)),
            limits,
            permits: Arc::new(Semaphore::new(limits.per_server.get() as usize)),
            open: watch::Sender::new(true),
            heartbeats: AtomicU32::default(),
            stale: StaleRecords::default(),
        }))
    }

    /// Rejects all new exports from now on.
    pub fn close(&self) {
        self.0.open.send_replace(false);
    }

    /// Returns whether new exports are accepted.
    pub fn is_open(&self) -> bool {
        *self.0.open.borrow()
    }

    /// Returns how many exports are running.
    pub fn count(&self) -> usize {
        self.0.registry.exports().running.len()
    }

    /// Returns how many exports have ended and are not recorded yet.
    pub fn count_unrecorded(&self) -> usize {
        self.0.registry.exports().unrecorded.len()
    }

    /// Returns whether the last write succeeded, be it of a record or of a heartbeat.
    pub fn can_record(&self) -> bool {
        self.0.registry.is_writable()
    }

    /// Returns whether the files of the database were replaced. Nothing can be recorded then until the server is restarted.
    pub fn is_replaced(&self) -> bool {
        self.0.registry.is_replaced()
    }

    /// Waits until no export is running and all outcomes are recorded.
    pub async fn none_left(&self) {
        self.0.registry.none_left().await;
    }

    /// Cancels all running exports, because the server shuts down.
    pub fn cancel_all(&self) {
        let ids: Vec<_> = self.0.registry.exports().running.keys().copied().collect();
        for id in ids {
            self.cancel(id, RecordMessage::ServerStopped);
        }
    }

    /// Waits until new exports are no longer accepted.
    pub fn closed(&self) -> impl Future<Output = ()> + use<> {
        let mut open = self.0.open.subscribe();
        async move { drop(open.wait_for(|open| !open).await) }
    }

    /// Returns the progress of the exports of this server that are running, and the ids of all that have no outcome in
    /// their record yet.
    pub fn progress(&self) -> (HashMap<Uuid, ExportProgress>, HashSet<Uuid>) {
        let exports = self.0.registry.exports();
        let running = exports.running.iter().map(|(id, export)| (*id, export.progress()));
        let pending = exports.running.keys().chain(exports.unrecorded.keys()).copied();
        (running.collect(), pending.collect())
    }

    /// Returns a watch on the exports of this server.
    pub fn changes(&self) -> ExportChanges {
        ExportChanges(self.0.registry.subscribe())
    }

    fn cancel(&self, id: Uuid, reason: RecordMessage) {
        self.0.registry.cancel(id, Outcome::new(State::Interrupted, reason));
    }
}

/// Notices exports of this server that start or end.
#[derive(Debug)]
pub struct ExportChanges(watch::Receiver<Exports>);

impl ExportChanges {
    /// Waits until an export starts or ends, or until one has since the last call.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
