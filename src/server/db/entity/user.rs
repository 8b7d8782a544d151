//! Somebody who may sign in.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Names the user to other tables.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What the user types to sign in.
    #[sea_orm(unique)]
    pub name: String,
    /// `admin` or `user`.
    pub role: String,
    /// Argon2id, in PHC string form.
    pub password_hash: String,
    /// When the account was made.
    pub created_at: UnixMicros,
}

/// Reached from the other side only.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
