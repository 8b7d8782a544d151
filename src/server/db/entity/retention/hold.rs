//! A hold: events that retention must not delete.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `holds`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "holds")]
pub struct Model {
    /// Identifies the hold on pages and in commands.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The camera; `None`: all cameras.
    pub camera_id: Option<String>,
    /// The first moment whose events are kept.
    pub starts_at: UnixMicros,
    /// The first moment whose events are no longer kept.
    pub ends_at: UnixMicros,
    /// The reason.
    pub why: String,
    /// The name of the person who created it.
    pub who: String,
    /// When it was created.
    pub created_at: UnixMicros,
    /// When it was released; `None`: it still holds.
    pub released_at: Option<UnixMicros>,
    /// The name of the person who released it.
    pub released_by: Option<String>,
}

/// It has no relations, because it outlives the account of its creator.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
