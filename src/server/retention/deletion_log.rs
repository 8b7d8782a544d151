//! The records of deletions. They are written in the transactions that delete the events.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::rules::Rule;
use crate::server::db::entity::{camera, deletion};
use crate::server::db::unix_micros::UnixMicros;

/// The name of the rule of months that were detached.
const DETACHED: &str = "detached";

/// What one run has deleted, by rule.
#[derive(Clone, Debug)]
pub struct DeletionLog {
    started_at: UnixMicros,
    deletions: BTreeMap<Option<Rule>, Deletion>,
}

/// What one rule has deleted in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The id of its record.
    pub id: Uuid,
    /// The rule; `None` for months that were detached.
    pub rule: Option<Rule>,
    /// The number of events.
    pub rows: u64,
    /// The ids of the cameras.
    pub cameras: BTreeSet<String>,
    /// The moment up to which events were deleted.
    pub deleted_to: UnixMicros,
}

impl DeletionLog {
    /// Creates the log of a run.
    pub fn new(started_at: UnixMicros) -> Self {
        Self { started_at, deletions: BTreeMap::new() }
    }

    /// Returns what was deleted.
    pub fn into_deletions(self) -> Vec<Deletion> {
        self.deletions.into_values().collect()
    }

    /// Adds deleted events of a camera, in their transaction. The caller drops the log if the transaction fails.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn add(
        &mut self,
        transaction: &impl ConnectionTrait,
        rule: Option<Rule>,
        camera: &camera::Model,
        deleted_to: UnixMicros,
        rows: u64,
    ) -> Result<(), DbErr> {
        let deletion = self.deletions.entry(rule).or_insert_with(|| Deletion {
            id: Uuid::new_v4(),
            rule,
            rows: 0,
            cameras: BTreeSet::new(),
            deleted_to,
        });
        deletion.rows += rows;
        deletion.cameras.insert(camera.id.clone());
        deletion.deleted_to = Ord::max(deletion.deleted_to, deleted_to);
        let record = deletion::Model {
            id: deletion.id,
            started_at: self.started_at,
            finished_at: None,
            rule: rule.map_or(DETACHED, Rule::as_str).to_owned(),
            keep_days: rule.map(|rule| i32::try_from(rule.days()).unwrap_or(i32::MAX)),
            deleted_to: deletion.deleted_to,
            cameras: serde_json::json!(deletion.cameras).to_string(),
            rows: signed(deletion.rows),
        };
        let update = [deletion::Column::DeletedTo, deletion::Column::Cameras, deletion::Column::Rows];
        let update = OnConflict::column(deletion::Column::Id).update_columns(update).to_owned();
        deletion::Entity::insert(record.into_active_model())
            .on_conflict(update)
            .exec_without_returning(transaction)
            .await?;
        let deleted_to = camera.deleted_to.map_or(deleted_to, |before| Ord::max(before, deleted_to));
        camera::Entity::update_many()
            .set(camera::ActiveModel { deleted_to: Set(Some(deleted_to)), ..Default::default() })
            .col_expr(camera::Column::DeletedRows, Expr::col(camera::Column::DeletedRows).add(signed(rows)))
            .filter(camera::Column::Key.eq(camera.key))
            .exec(transaction)
            .await
            .map(drop)
    }

    /// Notes that the run has ended.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn finish(&self, database: &impl ConnectionTrait, now: UnixMicros) -> Result<(), DbErr> {
        if self.deletions.is_empty() {
            return Ok(());
        }
        let finished = deletion::ActiveModel { finished_at: Set(Some(now)), ..Default::default() };
        let ids = self.deletions.values().map(|deletion| deletion.id);
        deletion::Entity::update_many()
            .set(finished)
            .filter(deletion::Column::Id.is_in(ids))
            .exec(database)
            .await
            .map(drop)
    }
}

/// Returns the latest deletions, newest first.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn latest(database: &impl ConnectionTrait, limit: u64) -> Result<Vec<deletion::Model>, DbErr> {
    let latest = deletion::Entity::find().order_by_desc(deletion::Column::StartedAt);
    latest.order_by_desc(deletion::Column::Id).limit(limit).all(database).await
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
