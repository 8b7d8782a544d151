//! A user who may sign in.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Identifies the user in other tables.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name to sign in with.
    #[sea_orm(unique)]
    pub name: String,
    /// `admin` or `user`.
    pub role: String,
    /// Argon2id, in PHC string form.
    pub password_hash: String,
    /// When the account was created.
    pub created_at: UnixMicros,
}

/// Relations are declared by the other entities.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
