//! The heartbeat: tells other servers that the exports of this one are alive.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sea_orm::DbErr;

use super::ExportSlots;
use super::sweep::SLOW_WRITE;
use crate::api::exports::State;
use crate::messages::records::RecordMessage;
use crate::server::export::record_store::{self, HeartbeatResult, Outcome};

/// The interval between two heartbeats. Some may be lost before
/// [`HEARTBEAT_TIMEOUT`](record_store::HEARTBEAT_TIMEOUT) has passed.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// While no export runs, every 12th heartbeat probes whether records can be written: once a minute. While they cannot, each
/// heartbeat does.
const HEARTBEATS_PER_PROBE: u32 = 12;

/// The delay between two attempts to write an outcome.
const RETRY_DELAY: Duration = Duration::from_millis(500);

impl ExportSlots {
    /// Writes heartbeats, marks the records of dead servers as interrupted, and writes outcomes that could not be written at
    /// once. Runs until the future is dropped.
    pub async fn run_heartbeat(self) {
        let heartbeat = async {
            let mut interval = tokio::time::interval(HEARTBEAT_INTERVAL);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                self.heartbeat().await;
            }
        };
        let record = async {
            let mut exports = self.0.registry.subscribe();
            while exports.wait_for(|exports| !exports.unrecorded.is_empty()).await.is_ok() {
                // The task that ended the export makes the first attempt.
                tokio::time::sleep(RETRY_DELAY).await;
                self.0.registry.record_outcomes().await;
            }
        };
        futures_util::future::join(heartbeat, record).await;
    }

    /// Makes one round of [`Self::run_heartbeat`].
    pub async fn heartbeat(&self) {
        let registry = &self.0.registry;
        registry.record_outcomes().await;
        let started = Instant::now();
        let written = self.write_heartbeats().await;
        let was_blocked = written.is_err() || started.elapsed() > SLOW_WRITE;
        let HeartbeatResult { lost, to_cancel } = written.unwrap_or_default();
        for id in lost {
            self.cancel(id, RecordMessage::HeartbeatsLate);
        }
        for (id, reason) in to_cancel {
            registry.cancel(id, Outcome::new(State::Cancelled, reason));
        }
        // If a writer blocks all servers, all of them look dead.
        if was_blocked {
            self.0.stale.clear();
        } else {
            self.0.stale.sweep(registry).await;
        }
    }

    /// Writes the heartbeats of the running exports. Returns the exports that must end.
    async fn write_heartbeats(&self) -> Result<HeartbeatResult, DbErr> {
        let registry = &self.0.registry;
        let running = registry.heartbeats();
        let result = record_store::write_heartbeats(&registry.writer, registry.clock.now(), &running).await;
        let is_probe_due = self.0.heartbeats.fetch_add(1, Ordering::Relaxed).is_multiple_of(HEARTBEATS_PER_PROBE);
        let result = if result.is_ok() && running.is_empty() && (is_probe_due || !registry.is_writable()) {
            // No row was written, so it is unknown whether one can be.
            record_store::probe(&registry.writer)
                .await
                .map(|()| HeartbeatResult::default())
                .inspect(|_| registry.note_written())
        } else {
            result.inspect(|result| {
                if result.lost.len() < running.len() {
                    registry.note_written();
                }
            })
        };
        result.inspect_err(|error| {
            registry.note_failed(error);
        })
    }
}
