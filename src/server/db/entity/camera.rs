//! A camera, or what is left of one.

use sea_orm::entity::prelude::*;

/// A row of `cameras`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cameras")]
pub struct Model {
    /// As its source calls it; often, but not always, a UUID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// For people. `None`: the camera is gone and only its events are left, so it is called by its id.
    pub name: Option<String>,
}

/// A camera stands alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
