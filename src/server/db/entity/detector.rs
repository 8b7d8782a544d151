//! A detector, which decided that there was motion.

use sea_orm::entity::prelude::*;

/// A row of `detectors`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "detectors")]
pub struct Model {
    /// What events refer to. Never used again for another detector.
    #[sea_orm(primary_key)]
    pub key: i32,
    /// `MOG2`, `KNN`, `frame_diff`, or another detector's own name.
    pub name: String,
}

/// It has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
