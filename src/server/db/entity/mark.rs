//! Flags of the database as a whole.

use sea_orm::entity::prelude::*;

/// A row of `marks`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "marks")]
pub struct Model {
    /// The name of the flag. A flag is set if its row exists.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
}

/// It has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
