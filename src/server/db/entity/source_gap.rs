//! A time in which a source may have deleted events before they were read.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `source_gaps`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_gaps")]
pub struct Model {
    /// The name of the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// Its beginning.
    #[sea_orm(primary_key, auto_increment = false)]
    pub begins_at: UnixMicros,
    /// Its end.
    pub ends_at: UnixMicros,
}

/// It has no relations that are queried.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
