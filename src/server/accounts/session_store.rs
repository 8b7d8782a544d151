//! Sessions of signed-in browsers, stored in the database by the hash of the session id in the cookie.
//!
//! `tower-sessions` handles the cookie and `axum-login` the data of a session. This store decides when a session
//! expires. No session exists before sign-in, which prevents session fixation.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use uuid::Uuid;

use self::client::{CLIENT_KEY, Client};
use super::secret::{self, Secret};
use crate::error::ApiError;
use crate::server::accounts::activity_tracker::ActivityTracker;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::entity::session::{ActiveModel, Column, Entity, Model};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::settings::Settings;

pub mod client;

/// How long an expired session is kept. It gives no new access. But an export that has started continues if its session
/// was only idle, and finds the reason in the row if its session has reached its maximum lifetime.
const MAX_EXPORT_DURATION: Duration = Duration::from_hours(24);

/// The key of the data of `axum-login` in a session.
pub const DATA_KEY: &str = "user";

tokio::task_local! {
    /// The error for the client, if the session layer fails in the request that the task answers.
    pub static FAILURE: OnceLock<ApiError>;
}

/// How many sessions of a user are listed. Others are older; a new password ends them too.
const MAX_LISTED: u64 = 100;

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id in signed URLs, which gives no access.
    pub id: Uuid,
    /// Its id in credentials.
    pub id_hash: Vec<u8>,
    /// The browser that signed in.
    pub client: Client,
    /// When it started.
    pub created_at: UnixMicros,
    /// When it was last used.
    pub last_seen_at: UnixMicros,
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

/// The lifetimes of sessions.
#[derive(Debug)]
struct Limits {
    idle: Duration,
    absolute: Duration,
}

impl Sessions {
    /// Returns the store, with the lifetimes of the settings.
    pub fn new(database: Pool, writer: Writer, clock: Clock, last_use: ActivityTracker, settings: &Settings) -> Self {
        let idle = Duration::from_mins(settings.accounts.session_idle_minutes.get().into());
        let absolute = Duration::from_hours(settings.accounts.session_max_hours.get().into());
        Self { database, writer, clock, last_use, limits: Arc::new(Limits { idle, absolute }) }
    }

    /// Returns the session with that [`hash`] of its id, unless it has expired.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn by_hash(&self, hash: Vec<u8>) -> std::result::Result<Option<Model>, DbErr> {
        let found = Entity::find_by_id(hash).one(&self.database).await?;
        Ok(found.filter(|session| self.is_valid(session)))
    }

    /// Returns the session that signed a URL, by its id in signed URLs, unless it has expired.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn by_link_id(&self, link_id: Uuid) -> std::result::Result<Option<Model>, DbErr> {
        let found = Entity::find().filter(Column::LinkId.eq(link_id)).one(&self.database).await?;
        Ok(found.filter(|session| self.is_valid(session)))
    }

    /// Returns the latest sessions of a user that have not expired, the last used first.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn of_user(&self, user: Uuid) -> std::result::Result<Vec<OpenSession>, DbErr> {
        let found = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::LastSeenAt);
        let found = found.order_by_desc(Column::CreatedAt).limit(MAX_LISTED).all(&self.database).await?;
        let open = found.into_iter().filter(|session| self.is_valid(session));
        Ok(open
            .map(|session| OpenSession {
                id: session.link_id,
                id_hash: session.id_hash,
                // Sessions of an older version have no client.
                client: client_of(&session.data).unwrap_or_default(),
                created_at: session.created_at,
                last_seen_at: session.last_seen_at,
            })
            .collect())
    }

    /// Ends the session of a user with this id in signed URLs. Returns whether there was one.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn end(&self, user: Uuid, id: Uuid) -> std::result::Result<bool, DbErr> {
        let session = Entity::delete_many().filter(Column::UserId.eq(user)).filter(Column::LinkId.eq(id));
        Ok(session.exec(&*self.writer).await?.rows_affected > 0)
    }

    /// Removes expired sessions, after the longest time that an export may take.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn sweep(&self) -> std::result::Result<(), DbErr> {
        let before = self.clock.now() - MAX_EXPORT_DURATION;
        let ended = Column::ExpiresAt.lte(before).or(Column::LastSeenAt.lte(before - self.limits.idle));
        Entity::delete_many().filter(ended).exec(&*self.writer).await.map(drop)
    }

    fn is_valid(&self, session: &Model) -> bool {
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
            user_id: user_of(record).ok_or_else(|| Error::Encode("the session has no user".to_owned()))?,
            data: encode(record)?,
            created_at: now,
            last_seen_at: now,
            expires_at: now + self.limits.absolute,
            link_id: Uuid::new_v4(),
            link_key: link_key.bits().to_vec(),
        };
        // Two ids of 128 random bits do not collide. If they did, this would fail, and no session would be shared.
        let inserted = Entity::insert(session.into_active_model()).exec_without_returning(&*self.writer).await;
        inserted.map(drop).map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let set = ActiveModel { data: Set(encode(record)?), ..Default::default() };
        // A session that was ended in the meantime stays ended.
        let saved = Entity::update_many().set(set).filter(Column::IdHash.eq(hash(record.id))).exec(&*self.writer).await;
        saved.map(drop).map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.by_hash(hash(*id)).await.unwrap_or_else(|error| record_lookup_failure(&error));
        let Some(session) = found else { return Ok(None) };
        let end = OffsetDateTime::from_unix_timestamp_nanos(i128::from(session.expires_at.as_micros()) * 1_000);
        // An unreadable row is not a session: its user signs in again.
        let (Ok(data), Ok(expiry_date)) = (serde_json::from_slice(&session.data), end) else { return Ok(None) };
        self.last_use.record_session(session.id_hash);
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        Entity::delete_by_id(hash(*id)).exec(&*self.writer).await.map(drop).map_err(backend)
    }
}

/// Returns the hash of a session id, under which the session is stored.
pub fn hash(id: Id) -> Vec<u8> {
    secret::hash(&id.0.to_be_bytes())
}

fn encode(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn client_of(data: &[u8]) -> Option<Client> {
    let data: HashMap<String, Value> = serde_json::from_slice(data).ok()?;
    serde_json::from_value(data.get(CLIENT_KEY)?.clone()).ok()
}

/// Returns the user of a session, from the data of `axum-login`.
fn user_of(record: &Record) -> Option<Uuid> {
    record.data.get(DATA_KEY)?.get("user_id").and_then(Value::as_str)?.parse().ok()
}

/// Returns the error for `tower-sessions`, and records it for the client.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn backend(error: DbErr) -> Error {
    record_failure(&error);
    Error::Backend(error.to_string())
}

/// Logs and records an error, and returns `None`, so that `tower-sessions` and `axum-login` see no session and no user.
/// Given the error, each of them would log it too, for every request with a cookie. The middleware reads it from
/// [`FAILURE`].
pub fn record_lookup_failure<T>(error: &DbErr) -> Option<T> {
    record_failure(error);
    None
}

fn record_failure(error: &DbErr) {
    let error = ApiError::from(error);
    let _ = FAILURE.try_with(|failure| failure.set(error));
}
