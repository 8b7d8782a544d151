//! The record of one export.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `exports`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exports")]
pub struct Model {
    /// What `X-Export-Id` tells the client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who asked; `None` once the account is gone.
    pub user_id: Option<Uuid>,
    /// What that somebody was called then, and whose cameras the file holds: also of `--as` on the command line.
    pub user_name: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: String,
    /// The selection, as the query string that asks for it again.
    pub query: String,
    /// `running`, `completed`, `cancelled`, `failed`, `timed_out` or `interrupted`.
    pub state: String,
    /// Events written.
    pub rows: i64,
    /// Bytes of CSV written, before any content encoding.
    pub bytes: i64,
    /// SHA-256 of the same bytes, once the file is whole.
    pub sha256: Option<Vec<u8>>,
    /// When the export began.
    pub started_at: UnixMicros,
    /// When its server last said that it is still at work.
    pub heartbeat_at: UnixMicros,
    /// When it ended, however it ended.
    pub finished_at: Option<UnixMicros>,
    /// Why it ended, where it did not end well.
    pub error: Option<String>,
    /// Up to when the file is complete, where it is an export from a replica.
    pub complete_to: Option<UnixMicros>,
}

/// Outlives the user it belonged to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
