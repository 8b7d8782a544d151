//! The state of a live source. Its settings are in the settings file.

use sea_orm::entity::prelude::*;

use crate::server::db::unix_micros::UnixMicros;

/// A row of `sources`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sources")]
pub struct Model {
    /// The name in the settings, `[source.NAME]`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The kind in the settings.
    pub kind: String,
    /// `catching_up`, `live`, `away` or `refused`.
    pub state: String,
    /// What a server that continues must know, as JSON.
    pub position: Option<String>,
    /// Every event with an earlier time that the source still had is stored.
    pub complete_to: Option<UnixMicros>,
    /// When the source last responded.
    pub last_contact_at: Option<UnixMicros>,
    /// The time of the latest event.
    pub last_event_at: Option<UnixMicros>,
    /// When an event was last stored.
    pub last_accepted_at: Option<UnixMicros>,
    /// How far the source's clock is ahead, in microseconds.
    pub clock_offset: Option<i64>,
    /// The number of events that were stored.
    pub accepted: i64,
    /// The number of failed requests.
    pub failures: i64,
    /// The last error, as a stored message.
    pub error: Option<String>,
    /// When it occurred.
    pub error_at: Option<UnixMicros>,
    /// The server that follows the source.
    pub server: Option<Uuid>,
    /// The last heartbeat of that server.
    pub heartbeat_at: Option<UnixMicros>,
    /// The id of the session at the MQTT broker, which keeps messages while no server is connected.
    pub mqtt_client: Option<String>,
    /// Whether the broker is connected, as a stored message.
    pub mqtt: Option<String>,
}

/// It has no relations that are queried.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
