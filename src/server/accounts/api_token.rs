//! Access tokens, with which scripts authenticate. A token of scope `read` has its user's rights to read events and to cancel
//! exports, and no others: it gives access to no page and changes nothing else. A token of scope `write` sends events, and
//! gives access to nothing.

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
use crate::api::tokens::Scope;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::db::entity::api_token::{ActiveModel, Column, Entity, Model};
use crate::server::db::entity::user;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::internal_error::internal;

pub mod lookup;

/// The prefix of every token, by which users and secret scanners recognize one.
pub const PREFIX: &str = "mexp_";

/// The longest lifetime of a token that expires, in days.
const MAX_DAYS: u32 = 3_650;

const DAY: Duration = Duration::from_hours(24);

/// The maximum length of the name of a source.
const MAX_SOURCE: usize = 40;

/// A token to create.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenOptions<'name> {
    /// What it is for, in the words of its owner.
    pub name: &'name str,
    /// The days after which it expires; `None`: never.
    pub days: Option<u32>,
    /// What it can be used for.
    pub scope: Scope,
    /// The name of the source under which a token of scope `write` sends events; may be empty.
    pub source: &'name str,
}

/// A token that was just created.
pub struct NewToken {
    /// Its row in the database.
    pub record: Model,
    /// The token itself, which is shown once.
    pub text: String,
    /// Whether it was created now, and not by the same form before.
    pub is_new: bool,
}

/// Creates a token from random bits.
///
/// # Errors
/// Returns an error if an option cannot be used, or the database does not answer.
pub async fn create(
    database: &Pool,
    user: &User,
    options: TokenOptions<'_>,
    bits: Secret,
    now: UnixMicros,
) -> Result<NewToken, ApiError> {
    let TokenOptions { name, days, scope, source } = options;
    let name = name::checked(name, |max| FormMessage::TokenNameInvalid { max })?;
    if days.is_some_and(|days| days == 0 || days > MAX_DAYS) {
        return Err(ApiError::invalid("days", FormMessage::TokenDays { max: MAX_DAYS }));
    }
    let is_source_name = source.len() <= MAX_SOURCE
        && source.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && (scope == Scope::Write || source.is_empty());
    if !is_source_name {
        return Err(ApiError::invalid("source", FormMessage::SourceNameInvalid { max: MAX_SOURCE }));
    }
    let text = format!("{PREFIX}{}", bits.to_hex());
    let record = Model {
        id: Uuid::new_v4(),
        user_id: user.id,
        name,
        token_hash: hash(&text, scope),
        created_at: now,
        expires_at: days.map(|days| now + days * DAY),
        last_used_at: None,
        revoked_at: None,
        scope: scope.as_str().to_owned(),
        source: Some(source.to_owned()).filter(|source| !source.is_empty()),
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
pub(crate) fn bits_of_form(session: &[u8], fields: [&str; 4]) -> Secret {
    let mut mac = Hmac::<Sha256>::new_from_slice(session).expect("HMAC takes keys of any length");
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
    }
    Secret::from_bits(mac.finalize().into_bytes().into())
}

/// Returns the hash of a token. That of a token of scope `write` is another one, so that a version that knows no scopes does
/// not find it, and never takes it for a token that reads.
fn hash(text: &str, scope: Scope) -> Vec<u8> {
    match scope {
        Scope::Read => secret::hash(text.as_bytes()),
        Scope::Write => secret::hash(format!("write:{text}").as_bytes()),
    }
}

/// Returns a token and its user, also if it no longer works.
async fn find(database: &Pool, text: &str) -> Result<Option<(Model, User)>, DbErr> {
    let found = Entity::find()
        .filter(Column::TokenHash.is_in(Scope::ALL.map(|scope| hash(text, scope))))
        .find_also_related(user::Entity)
        .one(database)
        .await?;
    Ok(found.and_then(|(token, user)| Some((token, user?.into()))))
}

/// Whether a token that was found by `text` is of the right scope, and neither revoked nor expired at that time.
fn works(token: &Model, text: &str, now: UnixMicros) -> bool {
    let is_of_scope = token.scope.parse().is_ok_and(|scope| hash(text, scope) == token.token_hash);
    is_of_scope && token.revoked_at.is_none() && token.expires_at.is_none_or(|end| now < end)
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
