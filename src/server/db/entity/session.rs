//! A browser that is signed in.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// SHA-256 of what the cookie holds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id_hash: Vec<u8>,
    /// Whose session it is.
    pub user_id: Uuid,
    /// What the session remembers.
    pub data: Vec<u8>,
    /// When it began.
    pub created_at: UnixMicros,
    /// When it was last used.
    pub last_seen_at: UnixMicros,
    /// When it ends by itself, however much it is used.
    pub expires_at: UnixMicros,
    /// What its links call it.
    #[sea_orm(unique)]
    pub link_id: Uuid,
    /// What its links are signed with. It is told to nobody, the session's own browser included.
    pub link_key: Vec<u8>,
}

/// Looked up by its hash.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
