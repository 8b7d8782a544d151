//! The session of a signed-in browser.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// SHA-256 of the value of the cookie.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id_hash: Vec<u8>,
    /// The user of the session.
    pub user_id: Uuid,
    /// The data of the session.
    pub data: Vec<u8>,
    /// When it started.
    pub created_at: UnixMicros,
    /// When it was last used.
    pub last_seen_at: UnixMicros,
    /// When it expires, even if it is in use.
    pub expires_at: UnixMicros,
    /// Its id in signed URLs.
    #[sea_orm(unique)]
    pub link_id: Uuid,
    /// The key that its signed URLs are signed with. It is never sent, not even to the browser of the session.
    pub link_key: Vec<u8>,
}

/// Looked up by its hash.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
