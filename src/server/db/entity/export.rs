//! The record of one export.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `exports`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exports")]
pub struct Model {
    /// The value of `X-Export-Id`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who started it; `None` after the account was removed.
    pub user_id: Option<Uuid>,
    /// The name of the user at that time, whose cameras the file contains; also that of `--as` on the command line.
    pub user_name: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: String,
    /// The selection, as the query string of the same export.
    pub query: String,
    /// `running`, `completed`, `cancelled`, `failed`, `timed_out` or `interrupted`.
    pub state: String,
    /// Events written.
    pub rows: i64,
    /// Bytes of CSV written, before any content encoding.
    pub bytes: i64,
    /// SHA-256 of the same bytes, once the file is complete.
    pub sha256: Option<Vec<u8>>,
    /// When the export started.
    pub started_at: UnixMicros,
    /// The last heartbeat of its server.
    pub heartbeat_at: UnixMicros,
    /// When it ended, with any outcome.
    pub finished_at: Option<UnixMicros>,
    /// Why it ended, unless it was completed.
    pub error: Option<String>,
    /// Up to when the file is complete, if that was known: by the live sources of its cameras, and by a replica.
    pub complete_to: Option<UnixMicros>,
    /// The moment before which events of a selected camera had been deleted when the export began; `None`: none had.
    pub deleted_to: Option<UnixMicros>,
    /// The reason with which the export is to be cancelled, once this was requested.
    pub cancel_requested: Option<String>,
}

/// It has no relations, because it outlives its user.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
