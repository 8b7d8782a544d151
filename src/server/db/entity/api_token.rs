//! An access token of a script.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `api_tokens`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    /// Identifies the token on pages and in commands.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user whose rights it has.
    pub user_id: Uuid,
    /// Its name, given by its owner.
    pub name: String,
    /// SHA-256 of the token. The token itself is not stored.
    #[sea_orm(unique)]
    pub token_hash: Vec<u8>,
    /// When it was created.
    pub created_at: UnixMicros,
    /// When it expires; `None`: never.
    pub expires_at: Option<UnixMicros>,
    /// When it was last used.
    pub last_used_at: Option<UnixMicros>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMicros>,
    /// `read` or `write`.
    pub scope: String,
    /// The name of the source under which a token of scope `write` sends events; `None` for other tokens, and without a name.
    pub source: Option<String>,
}

/// A token belongs to a user.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The user whose rights it has.
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
