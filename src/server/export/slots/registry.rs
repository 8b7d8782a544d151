//! The exports of this server that are running, or have ended without a record of how.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::sqlite::open_file;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::record_store::{ExportProgress, FinalRecord, Heartbeat, Outcome};
use crate::server::metrics::Metrics;

/// The exports of this server, and what is needed to record them.
#[derive(Debug)]
pub struct Registry {
    pub writer: Writer,
    pub clock: Clock,
    pub metrics: Metrics,
    /// How long the end of a file waits for its record.
    pub record_timeout: Duration,
    exports: watch::Sender<Exports>,
    /// Since when the records have not been writable; `None` while they are.
    pub(super) unwritable_since: Mutex<Option<Instant>>,
}

/// The exports of this server whose outcome is not in the records.
#[derive(Debug, Default)]
pub struct Exports {
    /// The running exports. Each takes a slot.
    pub running: HashMap<Uuid, Arc<RunningExport>>,
    /// The outcomes that are not recorded yet. They take no slot.
    pub unrecorded: HashMap<Uuid, FinalRecord>,
}

/// The progress of a running export, and whether it is cancelled.
#[derive(Debug)]
pub struct RunningExport {
    pub user_id: Option<Uuid>,
    /// By the wall clock.
    started_at: UnixMicros,
    /// The same moment by the monotonic clock.
    started: Duration,
    pub rows: AtomicU64,
    pub bytes: AtomicU64,
    pub cancelled: watch::Sender<Option<Outcome>>,
}

impl RunningExport {
    pub fn new(user_id: Option<Uuid>, started_at: UnixMicros, started: Duration) -> Self {
        let (rows, bytes) = (AtomicU64::default(), AtomicU64::default());
        Self { user_id, started_at, started, rows, bytes, cancelled: watch::Sender::new(None) }
    }

    pub fn progress(&self) -> ExportProgress {
        ExportProgress { rows: self.rows.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// Returns the time since the start, by the monotonic clock.
    pub fn elapsed(&self, clock: &Clock) -> Duration {
        clock.monotonic().saturating_sub(self.started)
    }

    /// Returns the moment `elapsed` after the start, by the wall clock at the start. A clock change while the export runs
    /// does not change its duration.
    pub fn moment_after(&self, elapsed: Duration) -> UnixMicros {
        self.started_at + elapsed
    }
}

impl Registry {
    pub fn new(writer: Writer, clock: Clock, metrics: Metrics, record_timeout: Duration) -> Self {
        let (exports, unwritable_since) = (watch::Sender::default(), Mutex::default());
        Self { writer, clock, metrics, record_timeout, exports, unwritable_since }
    }

    /// Locks the exports for reading.
    pub fn exports(&self) -> watch::Ref<'_, Exports> {
        self.exports.borrow()
    }

    pub fn subscribe(&self) -> watch::Receiver<Exports> {
        self.exports.subscribe()
    }

    pub fn insert(&self, id: Uuid, export: Arc<RunningExport>) {
        self.exports.send_modify(|exports| drop(exports.running.insert(id, export)));
    }

    /// Notes that an export has ended, and keeps its outcome if that is not recorded yet.
    pub fn set_ended(&self, id: Uuid, unrecorded: Option<FinalRecord>) {
        self.exports.send_modify(|exports| {
            exports.running.remove(&id);
            exports.unrecorded.extend(unrecorded.map(|outcome| (id, outcome)));
        });
    }

    /// Returns the ids of the running exports.
    pub fn running(&self) -> Vec<Uuid> {
        self.exports().running.keys().copied().collect()
    }

    /// Returns the outcomes that are not recorded yet.
    pub fn unrecorded(&self) -> Vec<(Uuid, FinalRecord)> {
        self.exports().unrecorded.iter().map(|(id, outcome)| (*id, outcome.clone())).collect()
    }

    /// Forgets outcomes that are recorded now.
    pub fn remove_unrecorded(&self, ids: &[Uuid]) {
        self.exports.send_modify(|exports| exports.unrecorded.retain(|id, _| !ids.contains(id)));
    }

    /// Forgets one outcome. Returns whether it was kept until now.
    pub fn drop_unrecorded(&self, id: Uuid) -> bool {
        let mut dropped = false;
        self.exports.send_modify(|exports| dropped = exports.unrecorded.remove(&id).is_some());
        dropped
    }

    /// Forgets all outcomes. Returns how many these were.
    pub fn clear_unrecorded(&self) -> usize {
        let mut cleared = 0;
        self.exports.send_modify(|exports| cleared = exports.unrecorded.drain().count());
        cleared
    }

    /// Returns the heartbeats of the running exports.
    pub fn heartbeats(&self) -> Vec<Heartbeat> {
        let heartbeat = |(id, export): (&Uuid, &Arc<RunningExport>)| Heartbeat {
            id: *id,
            progress: export.progress(),
            finished_at: export.moment_after(export.elapsed(&self.clock)),
        };
        self.exports().running.iter().map(heartbeat).collect()
    }

    /// Cancels an export if it is running here, and returns whether it is. The first outcome counts.
    pub fn cancel(&self, id: Uuid, outcome: Outcome) -> bool {
        let exports = self.exports();
        let Some(export) = exports.running.get(&id) else { return false };
        export.cancelled.send_if_modified(|cancelled| {
            let is_first = cancelled.is_none();
            cancelled.get_or_insert(outcome);
            is_first
        });
        true
    }

    /// Waits until an export of this server has ended and its outcome is recorded.
    pub async fn recorded(&self, id: Uuid) {
        let is_recorded =
            |exports: &Exports| !exports.running.contains_key(&id) && !exports.unrecorded.contains_key(&id);
        let _ = self.subscribe().wait_for(is_recorded).await;
    }

    /// Waits until no export is running and all outcomes are recorded.
    pub async fn none_left(&self) {
        let none = |exports: &Exports| exports.running.is_empty() && exports.unrecorded.is_empty();
        let _ = self.subscribe().wait_for(none).await;
    }

    /// Returns whether the files of the database were replaced.
    pub fn is_replaced(&self) -> bool {
        self.writer.file().is_some_and(|file| file.check().is_err_and(|error| open_file::is_replaced(&error)))
    }
}
