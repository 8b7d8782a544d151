//! Access tokens, with which scripts authenticate. A token has its user's rights to read events and to cancel exports, and
//! no others: it gives access to no page and changes nothing else.

use std::time::Duration;

use hmac::{Hmac, Mac};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use sha2::Sha256;
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
    /// Whether it was created now, and not by the same form before.
    pub is_new: bool,
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
    let insert = Entity::insert(record.clone().into_active_model())
        .on_conflict(OnConflict::column(Column::TokenHash).do_nothing().to_owned());
    if insert.exec_without_returning(database).await? == 1 {
        return Ok(NewToken { record, text, is_new: true });
    }
    let stored = Entity::find().filter(Column::TokenHash.eq(record.token_hash)).one(database).await?;
    match stored.filter(|stored| stored.user_id == user.id && stored.revoked_at.is_none()) {
        Some(record) => Ok(NewToken { record, text, is_new: false }),
        None => Err(ApiError::new(ErrorCode::TokenNotFound, FormMessage::TokenOfFormRevoked)),
    }
}

/// Returns the bits of the token that a form creates: the same each time that it is sent, so that a double click or a
/// reload creates one token, and shows it each time. Only the session's owner can send the form, and only the page has its
/// key, so neither the database nor another site knows the bits.
pub(crate) fn bits_of_form(session: &[u8], fields: [&str; 3]) -> Secret {
    let mut mac = Hmac::<Sha256>::new_from_slice(session).expect("HMAC takes keys of any length");
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
    }
    Secret::from_bits(mac.finalize().into_bytes().into())
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
pub fn random_bits() -> Result<Secret, ApiError> {
    Secret::random().map_err(|error| internal(&error))
}
