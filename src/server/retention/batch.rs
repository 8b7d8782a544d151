//! One transaction of a run: deletes some events of a camera, or drops a month of which nothing is kept.

use std::collections::BTreeMap;
use std::ops::Range;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};
use uuid::Uuid;

use super::deletion_log::DeletionLog;
use super::rules::Rules;
use super::{Retention, RetentionError, begin, running_exports};
use crate::server::db::entity::camera;
use crate::server::db::entity::motion_event::{Column, Entity};
use crate::server::db::partitions::{self, Month};
use crate::server::db::pool::Transaction;
use crate::server::db::unix_micros::UnixMicros;

/// The maximum number of events that a transaction deletes, unless more have the same moment and camera.
pub const BATCH_ROWS: u64 = 5_000;

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// It committed.
    Done(T),
    /// It did nothing, because these running exports need the events.
    NeededBy(Vec<Uuid>),
}

impl Retention {
    /// Deletes the oldest events of a camera at or after `from`, in microseconds since 1970-01-01T00:00:00Z. Returns the
    /// moment at which the next batch begins; `None` if none is left.
    pub(super) async fn delete_batch(
        &self,
        camera_key: i32,
        from: i64,
        now: UnixMicros,
        log: &mut DeletionLog,
    ) -> Result<Step<Option<i64>>, RetentionError> {
        let transaction = self.begin_deletion().await?;
        // Read again: what is kept may have changed.
        let rules = Rules::read(&transaction, self.keep_days, now).await?;
        let Some(camera) = rules.cameras.iter().find(|camera| camera.key == camera_key) else {
            return Ok(Step::Done(None));
        };
        let mut oldest = None;
        for range in rules.deletable(camera) {
            let range = range.start.max(from)..range.end;
            if let Some(moment) = first_event(&transaction, camera, &range).await? {
                oldest = Some(moment..range.end);
                break;
            }
        }
        let Some(Range { start, end }) = oldest else { return Ok(Step::Done(None)) };
        let beyond = events(camera, &(start..end)).offset(BATCH_ROWS).limit(1);
        let beyond = beyond.into_tuple::<i64>().one(&transaction).await?;
        // Events of one moment are not divided, so that everything before a moment is deleted.
        let to = beyond.map_or(end, |moment| moment.max(start.saturating_add(1)));
        if let Some(needed) = self.needed_by(&transaction, &[camera], to).await? {
            return Ok(Step::NeededBy(needed));
        }
        let range = [Column::CameraKey.eq(camera.key), Column::Timestamp.gte(start), Column::Timestamp.lt(to)];
        let delete = range.into_iter().fold(Entity::delete_many(), QueryFilter::filter);
        let rows = delete.exec(&transaction).await?.rows_affected;
        let mut written = log.clone();
        written.add(&transaction, rules.rule_of(camera), camera, UnixMicros::new(to), rows).await?;
        transaction.commit().await?;
        *log = written;
        self.metrics.retention_deleted(rows);
        Ok(Step::Done(Some(to)))
    }

    /// Drops a month of PostgreSQL's partitions if none of its events is kept. Returns whether it did.
    pub(super) async fn drop_month(
        &self,
        month: Month,
        now: UnixMicros,
        log: &mut DeletionLog,
    ) -> Result<Step<bool>, RetentionError> {
        let rules = Rules::read(&*self.writer, self.keep_days, now).await?;
        if keeps_any(&self.database, &rules, month).await? {
            return Ok(Step::Done(false));
        }
        // Without a timeout, because a month may have many events.
        let counts = count_by_camera(self.database.inner(), month).await?;
        let transaction = self.begin_deletion().await?;
        partitions::lock(&transaction).await?;
        let rules = Rules::read(&transaction, self.keep_days, now).await?;
        if keeps_any(&transaction, &rules, month).await? {
            return Ok(Step::Done(false));
        }
        let cameras: Vec<_> = rules.cameras.iter().filter(|camera| counts.contains_key(&camera.key)).collect();
        if let Some(needed) = self.needed_by(&transaction, &cameras, month.end()).await? {
            return Ok(Step::NeededBy(needed));
        }
        partitions::drop_month(&transaction, month).await?;
        let mut written = log.clone();
        for camera in cameras {
            let rows = counts.get(&camera.key).copied().unwrap_or_default();
            written.add(&transaction, rules.rule_of(camera), camera, UnixMicros::new(month.end()), rows).await?;
        }
        transaction.commit().await?;
        *log = written;
        self.metrics.retention_deleted(counts.values().sum());
        Ok(Step::Done(true))
    }

    /// Begins a transaction that deletes events. While an import runs, none begins: SQLite has one writer, and PostgreSQL's
    /// imports look up which events are stored.
    async fn begin_deletion(&self) -> Result<Transaction, RetentionError> {
        let transaction = begin(&self.writer).await?;
        let is_postgres = transaction.get_database_backend() == DbBackend::Postgres;
        if is_postgres && !partitions::exclude_imports(&transaction).await? {
            return Err(RetentionError::Busy("an import is running; events are deleted when it has ended"));
        }
        Ok(transaction)
    }

    /// Returns the running exports that need events of these cameras before `to`; `None` if there are none.
    async fn needed_by(
        &self,
        transaction: &Transaction,
        cameras: &[&camera::Model],
        to: i64,
    ) -> Result<Option<Vec<Uuid>>, DbErr> {
        // An export compares with this moment at its end.
        let deleted_to = cameras.iter().filter_map(|camera| camera.deleted_to.map(UnixMicros::as_micros)).max();
        let before = deleted_to.map_or(to, |deleted_to| deleted_to.max(to));
        let ids: Vec<_> = cameras.iter().map(|camera| &*camera.id).collect();
        let needed = running_exports::that_need(transaction, &ids, before, self.clock.now()).await?;
        Ok((!needed.is_empty()).then_some(needed))
    }
}

/// Selects the moments of a camera's events in a range of time, in order.
fn events(camera: &camera::Model, range: &Range<i64>) -> Select<Entity> {
    let events = Entity::find().select_only().column(Column::Timestamp).filter(Column::CameraKey.eq(camera.key));
    let events = events.filter(Column::Timestamp.gte(range.start)).filter(Column::Timestamp.lt(range.end));
    events.order_by_asc(Column::Timestamp)
}

/// Returns the moment of the first event of a camera in a range of time, in microseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn first_event(
    database: &impl ConnectionTrait,
    camera: &camera::Model,
    range: &Range<i64>,
) -> Result<Option<i64>, DbErr> {
    if range.is_empty() {
        return Ok(None);
    }
    events(camera, range).limit(1).into_tuple().one(database).await
}

/// Returns the number of events of a camera in a range of time.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn count_events(
    database: &impl ConnectionTrait,
    camera: &camera::Model,
    range: &Range<i64>,
) -> Result<u64, DbErr> {
    let events = Entity::find().select_only().column_as(Expr::cust("count(*)"), "count");
    let events = events.filter(Column::CameraKey.eq(camera.key)).filter(Column::Timestamp.gte(range.start));
    let count = events.filter(Column::Timestamp.lt(range.end)).into_tuple::<i64>().one(database).await?;
    Ok(count.unwrap_or_default().unsigned_abs())
}

/// Whether a rule or a hold keeps any event of a month.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn keeps_any(database: &impl ConnectionTrait, rules: &Rules, month: Month) -> Result<bool, DbErr> {
    for camera in &rules.cameras {
        for range in rules.kept(camera, month.start()..month.end()) {
            if first_event(database, camera, &range).await?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns the number of events of a month by the keys of their cameras.
///
/// # Errors
/// Returns an error if the database does not answer, or the month has no partition.
pub async fn count_by_camera(database: &impl ConnectionTrait, month: Month) -> Result<BTreeMap<i32, u64>, DbErr> {
    let count = format!("SELECT camera_key, count(*) FROM {} GROUP BY camera_key", month.partition());
    let counts = database.query_all_raw(Statement::from_string(DbBackend::Postgres, count)).await?;
    let read =
        |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index::<i64>(1)?.unsigned_abs()));
    counts.iter().map(read).collect()
}
