//! The stored state of live sources: who follows one, how far it is complete, and what became of its events.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::messages::sources::SourceMessage;
use crate::server::db::entity::{camera, source, source_gap, source_reason};
use crate::server::db::unix_micros::UnixMicros;
use crate::server::settings::NewCameras;

/// A server without a heartbeat for this long no longer follows its sources.
pub const LEASE: Duration = Duration::from_secs(30);

/// The state of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not everything that it has was read yet.
    CatchingUp,
    /// Events are stored as they end.
    Live,
    /// It does not respond.
    Away,
    /// It refuses, or is not what the settings say.
    Refused,
}

impl State {
    /// All states.
    pub const ALL: [Self; 4] = [Self::CatchingUp, Self::Live, Self::Away, Self::Refused];

    /// Returns the name in the database and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CatchingUp => "catching_up",
            Self::Live => "live",
            Self::Away => "away",
            Self::Refused => "refused",
        }
    }

    /// Returns the state with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What is stored together with events of a source, in their transaction.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The source.
    pub source: String,
    /// The server that follows it. If another one does by now, the events are stored, and the progress is not.
    pub server: Uuid,
    /// The time.
    pub now: UnixMicros,
    /// What happens to events of new cameras.
    pub new_cameras: NewCameras,
    /// Why values were changed, by the positions of their events in the batch. Only those of new events are counted.
    pub repaired: Vec<(usize, SourceMessage)>,
    /// Why events were left out.
    pub left_out: Vec<SourceMessage>,
    /// Set with the last batch of a response.
    pub position: Option<PositionUpdate>,
}

/// How far a source was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionUpdate {
    /// What a server that continues must know, as JSON.
    pub position: String,
    /// Every event with an earlier time that the source still had is stored.
    pub complete_to: Option<UnixMicros>,
    /// A time in which events may be missing.
    pub gap: Option<(UnixMicros, UnixMicros)>,
    /// The state.
    pub state: State,
}

impl Progress {
    /// Stores the progress, after that `accepted` events were stored, the latest of them at `latest`. Returns whether this server
    /// still follows the source.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn save(
        &self,
        database: &impl ConnectionTrait,
        accepted: u64,
        latest: Option<UnixMicros>,
    ) -> Result<bool, DbErr> {
        let mut update = source::Entity::update_many()
            .filter(source::Column::Name.eq(&self.source))
            .filter(source::Column::Server.eq(self.server))
            .col_expr(source::Column::LastContactAt, Expr::value(self.now));
        if let Some(latest) = latest {
            let count = i64::try_from(accepted).unwrap_or(i64::MAX);
            update = update
                .col_expr(source::Column::Accepted, Expr::col(source::Column::Accepted).add(count))
                .col_expr(source::Column::LastAcceptedAt, Expr::value(self.now));
            let is_later = source::Column::LastEventAt.is_null().or(source::Column::LastEventAt.lt(latest));
            let later = Expr::case(is_later, Expr::value(latest)).finally(Expr::col(source::Column::LastEventAt));
            update = update.col_expr(source::Column::LastEventAt, later.into());
        }
        if let Some(position) = &self.position {
            update = update
                .col_expr(source::Column::Position, Expr::value(position.position.clone()))
                .col_expr(source::Column::CompleteTo, Expr::value(position.complete_to))
                .col_expr(source::Column::State, Expr::value(position.state.as_str()));
        }
        if update.exec(database).await?.rows_affected == 0 {
            return Ok(false);
        }
        let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
        for reason in self.repaired.iter().map(|(_, reason)| reason).chain(&self.left_out) {
            *reasons.entry(reason.code()).or_default() += 1;
        }
        for (reason, count) in reasons {
            let row =
                source_reason::ActiveModel { source: Set(self.source.clone()), reason: Set(reason), count: Set(count) };
            let count = Expr::col((source_reason::Entity, source_reason::Column::Count)).add(count);
            let add = OnConflict::columns([source_reason::Column::Source, source_reason::Column::Reason])
                .value(source_reason::Column::Count, count)
                .to_owned();
            source_reason::Entity::insert(row).on_conflict(add).exec_without_returning(database).await?;
        }
        if let Some((begins_at, ends_at)) = self.position.as_ref().and_then(|position| position.gap) {
            let row = source_gap::ActiveModel {
                source: Set(self.source.clone()),
                begins_at: Set(begins_at),
                ends_at: Set(ends_at),
            };
            let longer = OnConflict::columns([source_gap::Column::Source, source_gap::Column::BeginsAt])
                .update_column(source_gap::Column::EndsAt)
                .to_owned();
            source_gap::Entity::insert(row).on_conflict(longer).exec_without_returning(database).await?;
        }
        Ok(true)
    }
}

/// Follows a source with this server, unless another one does. Returns its row if this server follows it.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn acquire(
    database: &impl ConnectionTrait,
    name: &str,
    kind: &str,
    server: Uuid,
    now: UnixMicros,
) -> Result<Option<source::Model>, DbErr> {
    let row = source::ActiveModel {
        name: Set(name.to_owned()),
        kind: Set(kind.to_owned()),
        state: Set(State::CatchingUp.as_str().to_owned()),
        accepted: Set(0),
        failures: Set(0),
        ..Default::default()
    };
    let keep = OnConflict::column(source::Column::Name).do_nothing().to_owned();
    source::Entity::insert(row).on_conflict(keep).exec_without_returning(database).await?;
    let is_free = source::Column::Server
        .is_null()
        .or(source::Column::Server.eq(server))
        .or(source::Column::HeartbeatAt.lt(now - LEASE))
        // Written by a server whose clock was ahead.
        .or(source::Column::HeartbeatAt.gt(now + LEASE));
    let taken = source::Entity::update_many()
        .filter(source::Column::Name.eq(name))
        .filter(is_free)
        .col_expr(source::Column::Server, Expr::value(server))
        .col_expr(source::Column::HeartbeatAt, Expr::value(now))
        .col_expr(source::Column::Mqtt, Expr::value(Option::<String>::None))
        .exec(database)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    source::Entity::find_by_id(name).one(database).await
}

/// Returns the id of a source's session at its MQTT broker. It stays the same, so that the broker keeps messages for it.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn mqtt_client(
    database: &impl ConnectionTrait,
    row: &source::Model,
    new: impl FnOnce() -> String,
) -> Result<String, DbErr> {
    if let Some(client) = &row.mqtt_client {
        return Ok(client.clone());
    }
    let client = new();
    source::Entity::update_many()
        .filter(source::Column::Name.eq(&row.name))
        .col_expr(source::Column::MqttClient, Expr::value(&client))
        .exec(database)
        .await?;
    Ok(client)
}

/// Stores that this server still follows a source, and what is new. Returns `false` if another server follows
/// it by now.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn heartbeat(
    database: &impl ConnectionTrait,
    name: &str,
    server: Uuid,
    now: UnixMicros,
    contact: Option<Contact>,
    mqtt: Option<String>,
) -> Result<bool, DbErr> {
    let mut update = source::Entity::update_many()
        .filter(source::Column::Name.eq(name))
        .filter(source::Column::Server.eq(server))
        .col_expr(source::Column::HeartbeatAt, Expr::value(now));
    if let Some(Contact { at, clock_offset }) = contact {
        update = update
            .col_expr(source::Column::LastContactAt, Expr::value(at))
            .col_expr(source::Column::ClockOffset, Expr::value(clock_offset));
    }
    if let Some(mqtt) = mqtt {
        update = update.col_expr(source::Column::Mqtt, Expr::value(mqtt));
    }
    Ok(update.exec(database).await?.rows_affected > 0)
}

/// A response of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When it came.
    pub at: UnixMicros,
    /// How far the source's clock is ahead, in microseconds.
    pub clock_offset: Option<i64>,
}

/// Stores a failed request, and the state that it leads to, if it is another one.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn failed(
    database: &impl ConnectionTrait,
    name: &str,
    server: Uuid,
    now: UnixMicros,
    error: String,
    state: Option<State>,
) -> Result<(), DbErr> {
    let mut update = source::Entity::update_many()
        .filter(source::Column::Name.eq(name))
        .filter(source::Column::Server.eq(server))
        .col_expr(source::Column::Failures, Expr::col(source::Column::Failures).add(1))
        .col_expr(source::Column::Error, Expr::value(error))
        .col_expr(source::Column::ErrorAt, Expr::value(now));
    if let Some(state) = state {
        update = update.col_expr(source::Column::State, Expr::value(state.as_str()));
    }
    update.exec(database).await.map(|_| ())
}

/// Lets another server follow the sources of this one.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn release(database: &impl ConnectionTrait, server: Uuid) -> Result<(), DbErr> {
    source::Entity::update_many()
        .filter(source::Column::Server.eq(server))
        .col_expr(source::Column::Server, Expr::value(Option::<Uuid>::None))
        .exec(database)
        .await
        .map(|_| ())
}

/// A source with everything that is stored of it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its state.
    pub source: source::Model,
    /// The reasons and their numbers of events.
    pub reasons: Vec<(String, i64)>,
    /// The times in which events may be missing, latest first.
    pub gaps: Vec<(UnixMicros, UnixMicros)>,
}

/// Returns all sources with a state, by name.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn list(database: &impl ConnectionTrait) -> Result<Vec<Stored>, DbErr> {
    let sources = source::Entity::find().order_by_asc(source::Column::Name).all(database).await?;
    let reasons = source_reason::Entity::find()
        .order_by_desc(source_reason::Column::Count)
        .order_by_asc(source_reason::Column::Reason)
        .all(database)
        .await?;
    let gaps = source_gap::Entity::find().order_by_desc(source_gap::Column::BeginsAt).all(database).await?;
    let stored = sources.into_iter().map(|source| {
        let reasons = reasons.iter().filter(|row| row.source == source.name);
        let gaps = gaps.iter().filter(|row| row.source == source.name);
        Stored {
            reasons: reasons.map(|row| (row.reason.clone(), row.count)).collect(),
            gaps: gaps.map(|row| (row.begins_at, row.ends_at)).collect(),
            source,
        }
    });
    Ok(stored.collect())
}

/// Deletes what is stored of a source. Its cameras and events stay, and another source may have the cameras. Returns whether
/// there was a state.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn forget(database: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    camera::Entity::update_many()
        .filter(camera::Column::Source.eq(name))
        .col_expr(camera::Column::Source, Expr::value(Option::<String>::None))
        .exec(database)
        .await?;
    // SQLite checks foreign keys only if it is told to.
    source_reason::Entity::delete_many().filter(source_reason::Column::Source.eq(name)).exec(database).await?;
    source_gap::Entity::delete_many().filter(source_gap::Column::Source.eq(name)).exec(database).await?;
    let deleted = source::Entity::delete_by_id(name).exec(database).await?;
    Ok(deleted.rows_affected > 0)
}
