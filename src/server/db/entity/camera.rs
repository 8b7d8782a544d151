//! A camera, which may have been removed at its source.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `cameras`. SeaORM finds it by its id, which is unique, as everything but events does.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cameras")]
pub struct Model {
    /// What events refer to. Never used again for another camera. The database assigns it.
    pub key: i32,
    /// Its id at its source; often, but not always, a UUID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its name. `None`: the camera was removed at its source and only its events remain, so its id is shown.
    pub name: Option<String>,
    /// The live source that created it, or whose event came first; `None`: none did.
    pub source: Option<String>,
    /// For how many days its events are kept; 0: for good; `None`: as the setting `retention.keep_days` says.
    pub keep_days: Option<i32>,
    /// The moment before which its events were deleted, except those that a hold keeps. `None`: none were.
    pub deleted_to: Option<UnixMicros>,
    /// How many of its events were deleted so far. It changes with each deletion.
    pub deleted_rows: i64,
}

/// A camera has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
