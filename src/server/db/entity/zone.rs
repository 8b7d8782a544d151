//! A detection zone.

use sea_orm::entity::prelude::*;

/// A row of `zones`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zones")]
pub struct Model {
    /// What events refer to. Never used again for another zone.
    #[sea_orm(primary_key)]
    pub key: i32,
    /// Its id at its source.
    pub id: String,
}

/// It has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
