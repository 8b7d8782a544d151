//! Access tokens, with which scripts authenticate. A token has its user's rights to read events, and no others: it
//! gives access to no page and changes nothing.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::name;
use super::secret::{self, Secret};
use super::user::User;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::db::entity::api_token::{ActiveModel, Column, Entity, Model};
use crate::server::db::entity::user;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::internal_error::internal;

/// The prefix of every token, by which users and secret scanners recognize one.
pub const PREFIX: &str = "mexp_";

/// The longest lifetime of a token that expires, in days.
const MAX_DAYS: u32 = 3_650;

const DAY: Duration = Duration::from_hours(24);

/// A token that was just created.
pub struct NewToken {
    /// Its row in the database.
    pub record: Model,
    /// The token itself, which is shown once.
    pub text: String,
}

/// Creates a token from random bits. It expires after `days` days, or never for `None`.
///
/// # Errors
/// Returns an error if the name or the days cannot be used, or the database does not answer.
pub async fn create(
    database: &Pool,
    user: &User,
    name: &str,
    days: Option<u32>,
    bits: Secret,
    now: UnixMicros,
) -> Result<NewToken, ApiError> {
    let name = name::checked(name, |max| FormMessage::TokenNameInvalid { max })?;
    if days.is_some_and(|days| days == 0 || days > MAX_DAYS) {
        return Err(ApiError::invalid("days", FormMessage::TokenDays { max: MAX_DAYS }));
    }
    let text = format!("{PREFIX}{}", bits.to_hex());
    let record = Model {
        id: Uuid::new_v4(),
        user_id: user.id,
        name,
        token_hash: secret::hash(text.as_bytes()),
        created_at: now,
        expires_at: days.map(|days| now + days * DAY),
        last_used_at: None,
        revoked_at: None,
    };
    Entity::insert(record.clone().into_active_model()).exec_without_returning(database).await?;
    Ok(NewToken { record, text })
}

/// Returns a token and its user, unless the token is expired or revoked at that time.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn resolve(database: &Pool, text: &str, now: UnixMicros) -> Result<Option<(Model, User)>, DbErr> {
    let found = Entity::find()
        .filter(Column::TokenHash.eq(secret::hash(text.as_bytes())))
        .find_also_related(user::Entity)
        .one(database)
        .await?;
    let Some((token, Some(user))) = found else { return Ok(None) };
    let works = token.revoked_at.is_none() && token.expires_at.is_none_or(|end| now < end);
    Ok(works.then(|| (token, user.into())))
}

/// Returns the tokens of a user that were not revoked, newest first, with the name of the user; those of all users for
/// `None`.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn list(database: &Pool, user: Option<Uuid>) -> Result<Vec<(Model, Option<String>)>, ApiError> {
    let mut tokens = Entity::find().filter(Column::RevokedAt.is_null());
    if let Some(user) = user {
        tokens = tokens.filter(Column::UserId.eq(user));
    }
    let tokens = tokens
        .order_by_desc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .find_also_related(user::Entity)
        .all(database)
        .await?;
    Ok(tokens.into_iter().map(|(token, user)| (token, user.map(|user| user.name))).collect())
}

/// Revokes a token. If `user` is given, the token must be that user's. Doing it again changes nothing.
///
/// # Errors
/// Returns an error if there is no such token, or the database does not answer.
pub async fn revoke(database: &Pool, id: Uuid, user: Option<Uuid>, now: UnixMicros) -> Result<(), ApiError> {
    let token = Entity::find_by_id(id).one(database).await?;
    let Some(token) = token.filter(|token| user.is_none_or(|user| token.user_id == user)) else {
        return Err(ApiError {
            field: Some("token".to_owned()),
            ..ApiError::new(ErrorCode::TokenNotFound, FormMessage::NoSuchToken { id: id.to_string() })
        });
    };
    if token.revoked_at.is_none() {
        let revoked = ActiveModel { id: Set(id), revoked_at: Set(Some(now)), ..Default::default() };
        Entity::update(revoked).exec(database).await?;
    }
    Ok(())
}

/// Stores that a token was used.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn set_last_used(database: &impl ConnectionTrait, id: Uuid, now: UnixMicros) -> Result<(), DbErr> {
    let set = ActiveModel { last_used_at: Set(Some(now)), ..Default::default() };
    Entity::update_many().set(set).filter(Column::Id.eq(id)).exec(database).await.map(drop)
}

/// Returns random bits for a new token.
///
/// # Errors
/// Returns an error if the operating system provides none.
pub fn bits() -> Result<Secret, ApiError> {
    Secret::random().map_err(|error| internal(&error))
}
