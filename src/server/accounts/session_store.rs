//! Sessions: browsers that are signed in, kept in the database by the hash of what their cookie holds.
//!
//! `tower-sessions` handles the cookie and `axum-login` what a session remembers; this store decides how long a session
//! lives. There is none before signing in, so there is none that somebody could slip to somebody else.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use uuid::Uuid;

use super::secret::{self, Secret};
use crate::error::ApiError;
use crate::server::accounts::activity_tracker::ActivityTracker;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::entity::session::{ActiveModel, Column, Entity, Model};
use crate::server::db::pool::Pool;
use crate::server::settings::Settings;

/// A session that has ended by itself is kept for so long. Nothing new begins by it, but an export that has
/// begun goes on if the session was only not used, and finds out why it cannot if the session has reached its end.
const LONGEST_EXPORT: Duration = Duration::from_hours(24);

/// Under which name `axum-login` keeps its part of what a session remembers.
pub const DATA_KEY: &str = "user";

tokio::task_local! {
    /// What the client is told where the session layer fails in the request that the task answers.
    pub static FAILURE: OnceLock<ApiError>;
}

/// The sessions in the database.
#[derive(Clone, Debug)]
pub struct Sessions {
    database: Pool,
    writer: Writer,
    clock: Clock,
    last_use: ActivityTracker,
    limits: Arc<Limits>,
}

/// How long sessions live.
#[derive(Debug)]
struct Limits {
    idle: Duration,
    absolute: Duration,
}

impl Sessions {
    /// The sessions of that database, to read and to write, with the limits of the settings.
    pub fn new(database: Pool, writer: Writer, clock: Clock, last_use: ActivityTracker, settings: &Settings) -> Self {
        let idle = Duration::from_mins(settings.accounts.session_idle_minutes.get().into());
        let absolute = Duration::from_hours(settings.accounts.session_max_hours.get().into());
        Self { database, writer, clock, last_use, limits: Arc::new(Limits { idle, absolute }) }
    }

    /// The session that is stored under that [`hash`], where it has not ended.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn by_hash(&self, hash: Vec<u8>) -> std::result::Result<Option<Model>, DbErr> {
        let found = Entity::find_by_id(hash).one(&self.database).await?;
        Ok(found.filter(|session| self.is_alive(session)))
    }

    /// The session that a link names, where it has not ended.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn by_link_id(&self, link_id: Uuid) -> std::result::Result<Option<Model>, DbErr> {
        let found = Entity::find().filter(Column::LinkId.eq(link_id)).one(&self.database).await?;
        Ok(found.filter(|session| self.is_alive(session)))
    }

    /// Removes the sessions that have ended by themselves, once what they may have running has had its time.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn sweep(&self) -> std::result::Result<(), DbErr> {
        let before = self.clock.now() - LONGEST_EXPORT;
        let ended = Column::ExpiresAt.lte(before).or(Column::LastSeenAt.lte(before - self.limits.idle));
        Entity::delete_many().filter(ended).exec(&*self.writer).await.map(drop)
    }

    fn is_alive(&self, session: &Model) -> bool {
        let now = self.clock.now();
        now < session.expires_at && now.saturating_duration_since(session.last_seen_at) < self.limits.idle
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let now = self.clock.now();
        let link_key = Secret::random().map_err(|error| Error::Backend(error.to_string()))?;
        let session = Model {
            id_hash: hash(record.id),
            user_id: user_of(record).ok_or_else(|| Error::Encode("a session of nobody".to_owned()))?,
            data: encode(record)?,
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.limits.absolute,
            link_id: Uuid::new_v4(),
            link_key: link_key.bits().to_vec(),
        };
        // Two ids of 128 random bits do not meet; if they did, this would fail and nobody would share a session.
        let made = Entity::insert(session.into_active_model()).exec_without_returning(&*self.writer).await;
        made.map(drop).map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let set = ActiveModel { data: Set(encode(record)?), ..Default::default() };
        // A session that was ended meanwhile stays ended.
        let saved = Entity::update_many().set(set).filter(Column::IdHash.eq(hash(record.id))).exec(&*self.writer).await;
        saved.map(drop).map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.by_hash(hash(*id)).await.unwrap_or_else(|error| not_looked_up(&error));
        let Some(session) = found else { return Ok(None) };
        let end = OffsetDateTime::from_unix_timestamp_nanos(i128::from(session.expires_at.as_micros()) * 1_000);
        // What cannot be read is no session: whoever has its cookie signs in again.
        let (Ok(data), Ok(expiry_date)) = (serde_json::from_slice(&session.data), end) else { return Ok(None) };
        self.last_use.record_session(session.id_hash);
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        Entity::delete_by_id(hash(*id)).exec(&*self.writer).await.map(drop).map_err(backend)
    }
}

/// What a session is stored under.
pub fn hash(id: Id) -> Vec<u8> {
    secret::hash(&id.0.to_be_bytes())
}

fn encode(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

/// Whom a session belongs to, as `axum-login` wrote it down.
fn user_of(record: &Record) -> Option<Uuid> {
    record.data.get(DATA_KEY)?.get("user_id").and_then(Value::as_str)?.parse().ok()
}

/// The error as `tower-sessions` knows it, and noted as the client is told it.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn backend(error: DbErr) -> Error {
    note_failure(&error);
    Error::Backend(error.to_string())
}

/// Logs and notes an error, for which `tower-sessions` and `axum-login` get no session and no user: given the error, each of
/// them would log it as well, for every request with a cookie. [`FAILURE`] has the note for the middleware.
pub fn not_looked_up<T>(error: &DbErr) -> Option<T> {
    note_failure(error);
    None
}

fn note_failure(error: &DbErr) {
    let error = ApiError::from(error);
    let _ = FAILURE.try_with(|failure| failure.set(error));
}
