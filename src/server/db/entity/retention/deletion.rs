//! The record of a deletion by retention: what one rule deleted in one run.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `deletions`. It is written in the transactions that delete the events.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deletions")]
pub struct Model {
    /// Identifies the deletion.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When the run started.
    pub started_at: UnixMicros,
    /// When the run ended; `None`: it is running, or was broken off.
    pub finished_at: Option<UnixMicros>,
    /// `general` (the setting), `camera` (the camera's own number of days), or `detached` (`partitions detach`).
    pub rule: String,
    /// The number of days that the rule keeps; `None` for `detached`.
    pub keep_days: Option<i32>,
    /// The moment up to which events were deleted.
    pub deleted_to: UnixMicros,
    /// The ids of the cameras whose events were deleted, as a JSON array.
    pub cameras: String,
    /// The number of events.
    pub rows: i64,
}

/// It has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
