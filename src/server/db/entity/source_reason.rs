//! How many events of a source were left out or repaired for one reason.

use sea_orm::entity::prelude::*;

/// A row of `source_reasons`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_reasons")]
pub struct Model {
    /// The name of the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// The code of the reason.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    /// The number of events.
    pub count: i64,
}

/// It has no relations that are queried.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
