//! Which user may see which camera.

use sea_orm::entity::prelude::*;

/// A row of `camera_access`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "camera_access")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// What.
    #[sea_orm(primary_key, auto_increment = false)]
    pub camera_id: String,
}

/// Two keys and nothing else.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
