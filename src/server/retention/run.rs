//! One run of retention over all cameras, in order of time; and what a run would delete.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tracing::{info, warn};
use uuid::Uuid;

use super::batch::{Step, count_events, first_event};
use super::deletion_log::{Deletion, DeletionLog};
use super::rules::{Rule, Rules};
use super::{Retention, RetentionError};
use crate::messages::records::RecordMessage;
use crate::server::db::locks::RETENTION_RUN_LOCK_KEY;
use crate::server::db::partitions::{self, Month};
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::record_store;

/// How long cancelled exports may take to end. Their servers cancel them with the next heartbeat.
const CANCEL_TIMEOUT: Duration = Duration::from_mins(2);

/// The pause after each transaction, in which other writers get their turn.
const PAUSE: Duration = Duration::from_millis(5);

/// What a run would delete by one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: Rule,
    /// The moment from which events are kept.
    pub keeps_from: UnixMicros,
    /// The number of cameras with events to delete.
    pub cameras: usize,
    /// The number of events to delete.
    pub rows: u64,
    /// The number of older events that holds keep.
    pub held_rows: u64,
}

/// How long a run has waited for running exports.
#[derive(Debug, Default)]
struct Waited {
    total: Duration,
    since_cancelled: Duration,
}

impl Retention {
    /// Deletes all events that are due. Returns what was deleted, by rule.
    ///
    /// # Errors
    /// Returns an error if an import or another run is in progress, if exports do not end, or if the database fails.
    pub async fn run(&self) -> Result<Vec<Deletion>, RetentionError> {
        if !self.lock_run().await? {
            return Err(RetentionError::Busy("another server or command is deleting events"));
        }
        let started_at = self.clock.now();
        let mut log = DeletionLog::new(started_at);
        let result = self.delete_all(started_at, &mut log).await;
        let finished = match &result {
            Ok(()) => log.finish(&*self.writer, self.clock.now()).await,
            Err(_) => Ok(()),
        };
        // If this fails, the connection is gone, and the lock with it.
        let _ = self.unlock_run().await;
        let deletions = log.into_deletions();
        for Deletion { rule, rows, cameras, deleted_to, .. } in &deletions {
            let (rule, keep_days) = (rule.map(Rule::as_str), rule.map(Rule::days));
            let deleted_to = deleted_to.to_datetime().map(tracing::field::display);
            info!(
                rule,
                keep_days,
                row_count = rows,
                camera_count = cameras.len(),
                deleted_to,
                "events deleted by retention"
            );
        }
        result?;
        finished?;
        self.metrics.retention_ran(self.clock.now().as_secs());
        Ok(deletions)
    }

    /// Returns what a run would delete now, by rule.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn due(&self) -> Result<Vec<Due>, DbErr> {
        let now = self.clock.now();
        // Counting may take long.
        let database = self.database.inner();
        let rules = Rules::read(database, self.keep_days, now).await?;
        let mut due: BTreeMap<Rule, Due> = BTreeMap::new();
        for camera in &rules.cameras {
            let Some(rule) = rules.rule_of(camera) else { continue };
            let (mut rows, mut held_rows) = (0, 0);
            for range in rules.deletable(camera) {
                rows += count_events(database, camera, &range).await?;
            }
            for range in rules.held_back(camera) {
                held_rows += count_events(database, camera, &range).await?;
            }
            let keeps_from = rule.keeps_from(now);
            let of_rule = due.entry(rule).or_insert(Due { rule, keeps_from, cameras: 0, rows: 0, held_rows: 0 });
            of_rule.cameras += usize::from(rows > 0);
            of_rule.rows += rows;
            of_rule.held_rows += held_rows;
        }
        Ok(due.into_values().collect())
    }

    async fn delete_all(&self, now: UnixMicros, log: &mut DeletionLog) -> Result<(), RetentionError> {
        let rules = Rules::read(&*self.writer, self.keep_days, now).await?;
        let last =
            rules.cameras.iter().filter_map(|camera| rules.rule_of(camera)).map(|rule| rule.keeps_from(now)).max();
        let Some(last) = last else { return Ok(()) };
        // The cameras by the moment of the oldest event that is due: events are deleted in order of time.
        let mut oldest = BinaryHeap::new();
        for camera in &rules.cameras {
            for range in rules.deletable(camera) {
                if let Some(moment) = first_event(&self.database, camera, &range).await? {
                    oldest.push(Reverse((moment, camera.key)));
                    break;
                }
            }
        }
        let mut months: BTreeSet<Month> = BTreeSet::new();
        if self.writer.get_database_backend() == DbBackend::Postgres {
            months = partitions::months(&*self.writer).await?.into_iter().collect();
            months.retain(|month| month.end() <= last.as_micros());
        }
        let mut waited = Waited::default();
        while let Some(Reverse((moment, camera_key))) = oldest.pop() {
            if let Some(month) = Month::of(moment).filter(|month| months.remove(month)) {
                while let Step::NeededBy(exports) = self.drop_month(month, now, log).await? {
                    self.wait_for(&exports, &mut waited).await?;
                }
            }
            let next = loop {
                match self.delete_batch(camera_key, moment, now, log).await? {
                    Step::Done(next) => break next,
                    Step::NeededBy(exports) => self.wait_for(&exports, &mut waited).await?,
                }
            };
            waited.since_cancelled = Duration::ZERO;
            if let Some(next) = next {
                oldest.push(Reverse((next, camera_key)));
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Waits a while for running exports; cancels them if the run has waited for long enough.
    async fn wait_for(&self, exports: &[Uuid], waited: &mut Waited) -> Result<(), RetentionError> {
        if waited.total >= self.patience {
            if waited.since_cancelled >= CANCEL_TIMEOUT {
                return Err(RetentionError::Busy("running exports need events that are due, and do not end"));
            }
            for id in exports {
                warn!(export_id = %id, "export cancelled: the deletion of events that it needs waited too long");
                record_store::request_cancel(&*self.writer, *id, &RecordMessage::RetentionWaited.into()).await?;
            }
            waited.since_cancelled += self.poll_interval;
        } else if waited.total.is_zero() {
            info!(running_exports = exports.len(), "the deletion of events waits for running exports");
        }
        tokio::time::sleep(self.poll_interval).await;
        waited.total += self.poll_interval;
        Ok(())
    }

    /// Returns whether no other server runs retention on this database, and keeps others from it. In SQLite, the runs of
    /// several processes alternate, which does no harm.
    async fn lock_run(&self) -> Result<bool, DbErr> {
        self.call("pg_try_advisory_lock").await
    }

    async fn unlock_run(&self) -> Result<bool, DbErr> {
        self.call("pg_advisory_unlock").await
    }

    /// Calls a function of PostgreSQL with the key of the lock. The writer has one connection, to which the lock belongs.
    async fn call(&self, function: &str) -> Result<bool, DbErr> {
        if self.writer.get_database_backend() != DbBackend::Postgres {
            return Ok(true);
        }
        let call = Statement::from_string(DbBackend::Postgres, format!("SELECT {function}({RETENTION_RUN_LOCK_KEY})"));
        self.writer.query_one_raw(call).await?.map_or(Ok(false), |answer| answer.try_get_by_index(0))
    }
}
