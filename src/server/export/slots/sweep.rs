//! Marks the records of dead servers as interrupted.
//!
//! A record is stale if its heartbeat is older than [`HEARTBEAT_TIMEOUT`](record_store::HEARTBEAT_TIMEOUT). The clock alone
//! does not decide: a clock change would make all servers look dead. A record is marked only if its heartbeat stays the same
//! for some heartbeats of ours.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tracing::warn;

use super::registry::Registry;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::record_store::{self, StaleRecord};

/// A write that takes longer was blocked by another writer, which also blocked the heartbeats of other servers.
pub const SLOW_WRITE: Duration = Duration::from_secs(2);

/// After this many further heartbeats of ours that were not blocked, a live server would have written its own.
const SWEEP_CONFIRMATIONS: u32 = 2;

/// The same for a heartbeat in the future, which comes from a server whose clock was ahead. Its time does not say how long
/// ago it was, so one more heartbeat is awaited.
const SWEEP_CONFIRMATIONS_FROM_FUTURE: u32 = 3;

/// The stale records, and how often each was confirmed.
#[derive(Debug, Default)]
pub struct StaleRecords(Mutex<HashMap<StaleRecord, u32>>);

impl StaleRecords {
    /// Forgets all confirmations: other servers may have been unable to write their heartbeats.
    pub fn clear(&self) {
        self.confirmations().clear();
    }

    /// Marks the records of dead servers as interrupted.
    pub async fn sweep(&self, registry: &Registry) {
        let started = Instant::now();
        let swept = self.mark_dead(registry).await;
        if swept.is_err() || started.elapsed() > SLOW_WRITE {
            self.clear();
        }
        match swept {
            Ok(0) => {}
            Ok(swept) => {
                warn!(interrupted_exports = swept, "exports marked interrupted: no heartbeat from their server");
            }
            Err(error) => warn!(%error, "cannot look for interrupted exports"),
        }
    }

    async fn mark_dead(&self, registry: &Registry) -> Result<u64, DbErr> {
        let now = registry.clock.now();
        let mut stale = record_store::stale(&*registry.writer, now).await?;
        {
            // This server knows the state of its own exports.
            let exports = registry.exports();
            stale.retain(|record| {
                !exports.running.contains_key(&record.id) && !exports.unrecorded.contains_key(&record.id)
            });
        }
        let dead = self.confirm(stale, now);
        record_store::mark_interrupted(&*registry.writer, &dead).await
    }

    /// Takes over the records that are stale now. Returns those that were confirmed often enough to be dead.
    fn confirm(&self, stale: Vec<StaleRecord>, now: UnixMicros) -> Vec<StaleRecord> {
        let mut confirmations = self.confirmations();
        let before = std::mem::take(&mut *confirmations);
        confirmations
            .extend(stale.into_iter().map(|record| (record, before.get(&record).map_or(0, |confirmed| confirmed + 1))));
        let is_dead = |(record, confirmed): (&StaleRecord, &u32)| {
            let is_from_future = record.heartbeat_at > now;
            let needed = if is_from_future { SWEEP_CONFIRMATIONS_FROM_FUTURE } else { SWEEP_CONFIRMATIONS };
            (*confirmed >= needed).then_some(*record)
        };
        confirmations.iter().filter_map(is_dead).collect()
    }

    fn confirmations(&self) -> MutexGuard<'_, HashMap<StaleRecord, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: UnixMicros = UnixMicros::new(1_000_000_000);

    fn record(heartbeat_at: i64) -> StaleRecord {
        StaleRecord { id: Uuid::from_u128(1), heartbeat_at: UnixMicros::new(heartbeat_at) }
    }

    #[test]
    fn a_record_is_dead_after_two_confirmations_of_the_same_heartbeat() {
        let stale = StaleRecords::default();
        assert_eq!(stale.confirm(vec![record(5)], NOW), []);
        assert_eq!(stale.confirm(vec![record(5)], NOW), []);
        assert_eq!(stale.confirm(vec![record(6)], NOW), [], "it had a heartbeat meanwhile");
        assert_eq!(stale.confirm(vec![record(6)], NOW), []);
        assert_eq!(stale.confirm(vec![record(6)], NOW), [record(6)]);
    }

    #[test]
    fn a_record_that_was_not_stale_in_between_is_confirmed_from_the_start() {
        let stale = StaleRecords::default();
        stale.confirm(vec![record(5)], NOW);
        stale.confirm(Vec::new(), NOW);
        stale.confirm(vec![record(5)], NOW);
        assert_eq!(stale.confirm(vec![record(5)], NOW), []);
        stale.clear();
        assert_eq!(stale.confirm(vec![record(5)], NOW), []);
    }

    #[test]
    fn a_heartbeat_in_the_future_needs_three_confirmations() {
        let stale = StaleRecords::default();
        for _ in 0..3 {
            assert_eq!(stale.confirm(vec![record(2_000_000_000)], NOW), []);
        }
        assert_eq!(stale.confirm(vec![record(2_000_000_000)], NOW), [record(2_000_000_000)]);
    }
}
