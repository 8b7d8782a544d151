//! What is true of the database as a whole.

use sea_orm::entity::prelude::*;

/// A row of `marks`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "marks")]
pub struct Model {
    /// What is true.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
}

/// Looked up by its name.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
