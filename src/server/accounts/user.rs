//! Users, and what an administrator can do with them. Commands and pages both use this module.

use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, SqlErr, TransactionTrait,
};
use uuid::Uuid;

use super::name::order::sort_key;
use super::{name, password, secret};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::db::entity::{api_token, session, user};
use crate::server::db::pool::{Pool, Transaction};
use crate::server::db::unix_micros::UnixMicros;
use crate::server::internal_error::internal;

/// A user who may sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Identifies the user in other tables.
    pub id: Uuid,
    /// The name to sign in with.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// When the account was created.
    pub created_at: UnixMicros,
    /// Changes with the password, without revealing it: sessions with another stamp have ended.
    pub stamp: Vec<u8>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

impl From<user::Model> for User {
    fn from(model: user::Model) -> Self {
        Self {
            id: model.id,
            name: model.name,
            // The table allows no third value.
            role: if model.role == Role::Admin.as_str() { Role::Admin } else { Role::User },
            created_at: model.created_at,
            stamp: secret::hash(model.password_hash.as_bytes()),
        }
    }
}

/// Returns the name as it is stored and compared: trimmed and in lower case, so that spelling neither locks a user out
/// nor lets one user pass for another.
pub fn normalized(name: &str) -> String {
    // PostgreSQL does not accept U+0000, and no name contains it.
    name.trim().to_lowercase().replace('\0', "\u{fffd}")
}

/// A user to be created.
pub struct NewUser {
    /// As it was typed.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// As it was typed.
    pub password: String,
}

/// Creates a user.
///
/// # Errors
/// Returns an error if the name is taken, or it or the password cannot be used; or if the database does not answer.
pub async fn add(database: &Pool, new: NewUser, now: UnixMicros) -> Result<User, ApiError> {
    let name = normalized(&name::checked(&new.name, |max| FormMessage::UserNameInvalid { max })?);
    password::check(&new.password, &name).await?;
    let model = user::Model {
        id: Uuid::new_v4(),
        name,
        role: new.role.as_str().to_owned(),
        password_hash: password::hash(new.password).await.map_err(|error| internal(&error))?,
        created_at: now,
    };
    match user::Entity::insert(model.clone().into_active_model()).exec_without_returning(database).await {
        Ok(_) => Ok(model.into()),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(ApiError::invalid("name", FormMessage::NameTaken { name: model.name }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns all users, in the [order](sort_key) of their names.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn list(database: &Pool) -> Result<Vec<User>, ApiError> {
    let mut users: Vec<_> = user::Entity::find().all(database).await?.into_iter().map(User::from).collect();
    users.sort_by_cached_key(|user| sort_key(&user.name));
    Ok(users)
}

/// Whether there are no users yet.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn has_no_users(database: &Pool) -> Result<bool, ApiError> {
    Ok(user::Entity::find().count(database).await? == 0)
}

/// Returns the user with that id.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn by_id(database: &impl ConnectionTrait, id: Uuid) -> Result<Option<User>, DbErr> {
    Ok(user::Entity::find_by_id(id).one(database).await?.map(User::from))
}

/// Returns the user with that name, in any spelling.
///
/// # Errors
/// Returns an error if there is none, or the database does not answer.
pub async fn by_name(database: &Pool, name: &str) -> Result<User, ApiError> {
    let found = user::Entity::find().filter(user::Column::Name.eq(normalized(name))).one(database).await;
    found?.map(User::from).ok_or_else(|| no_such_user(name))
}

/// Returns the error for a user that does not exist.
pub fn no_such_user(name: &str) -> ApiError {
    ApiError {
        field: Some("user".to_owned()),
        ..ApiError::new(ErrorCode::UserNotFound, FormMessage::NoSuchUser { name: name.to_owned() })
    }
}

/// Returns the user with that name and password; or, as `Err`, the id of the user with that name and another password,
/// if there is one. An unknown name takes the same work as a wrong password.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn with_password(
    database: &Pool,
    name: &str,
    password: String,
) -> Result<Result<User, Option<Uuid>>, ApiError> {
    let found = user::Entity::find().filter(user::Column::Name.eq(normalized(name))).one(database).await;
    let found = found?;
    let hash = found.as_ref().map(|user| user.password_hash.clone());
    let is_correct = password::verify(password, hash).await.map_err(|error| internal(&error))?;
    let id = found.as_ref().map(|user| user.id);
    Ok(found.filter(|_| is_correct).map(User::from).ok_or(id))
}

/// Changes a user's password, and ends the user's sessions, and with them the URLs that they signed. With
/// `revoke_tokens`, all access tokens are revoked at that time; `None` keeps them.
///
/// # Errors
/// Returns an error if the password cannot be used, or the database does not answer.
pub async fn set_password(
    database: &Pool,
    user: &User,
    password: String,
    revoke_tokens: Option<UnixMicros>,
) -> Result<User, ApiError> {
    password::check(&password, &user.name).await?;
    let password_hash = password::hash(password).await.map_err(|error| internal(&error))?;
    let change = async {
        let transaction = database.begin().await?;
        let changed = user::ActiveModel { id: Set(user.id), password_hash: Set(password_hash), ..Default::default() };
        let changed = changed.update(&transaction).await?;
        end_sessions(&transaction, user.id).await?;
        if let Some(now) = revoke_tokens {
            revoke_all_tokens(&transaction, user.id, now).await?;
        }
        transaction.commit().await?;
        Ok::<_, DbErr>(User::from(changed))
    };
    match change.await {
        Err(DbErr::RecordNotUpdated) => Err(no_such_user(&user.name)),
        other => other.map_err(ApiError::from),
    }
}

async fn end_sessions(database: &impl ConnectionTrait, user: Uuid) -> Result<(), DbErr> {
    session::Entity::delete_many().filter(session::Column::UserId.eq(user)).exec(database).await.map(drop)
}

/// Removes a user with everything that belongs to it: sessions, signed URLs, tokens, grants.
///
/// # Errors
/// Returns an error if it is the last administrator while there are other users, who would be left without one; or if
/// the database does not answer.
pub async fn remove(database: &Pool, user: &User) -> Result<(), ApiError> {
    let transaction = database.begin().await?;
    lock_administrators(&transaction).await?;
    let allowed = Expr::col(user::Column::Role)
        .ne(Role::Admin.as_str())
        .or(others(user, Some(Role::Admin)))
        .or(others(user, None).not());
    let removed =
        user::Entity::delete_many().filter(user::Column::Id.eq(user.id)).filter(allowed).exec(&transaction).await?;
    transaction.commit().await?;
    if removed.rows_affected > 0 {
        return Ok(());
    }
    match last_administrator(database, user).await {
        // Another request has removed it in the meantime, which is the wanted state.
        ApiError { code: ErrorCode::UserNotFound, .. } => Ok(()),
        error => Err(error),
    }
}

/// Changes the role of a user.
///
/// # Errors
/// Returns an error if it is the last administrator, the user no longer exists, or the database does not answer.
pub async fn set_role(database: &Pool, user: &User, role: Role) -> Result<(), ApiError> {
    let transaction = database.begin().await?;
    lock_administrators(&transaction).await?;
    let mut changed = user::Entity::update_many()
        .col_expr(user::Column::Role, Expr::val(role.as_str()))
        .filter(user::Column::Id.eq(user.id));
    if role == Role::User {
        changed =
            changed.filter(Expr::col(user::Column::Role).ne(Role::Admin.as_str()).or(others(user, Some(Role::Admin))));
    }
    let changed = changed.exec(&transaction).await?;
    transaction.commit().await?;
    if changed.rows_affected == 0 { Err(last_administrator(database, user).await) } else { Ok(()) }
}

/// Locks the administrators until the transaction ends, so that two of them who remove each other do not both succeed.
/// In SQLite no lock is needed, because there is one writer at a time.
async fn lock_administrators(transaction: &Transaction) -> Result<(), ApiError> {
    if transaction.get_database_backend() != DbBackend::Sqlite {
        let administrators = user::Entity::find().filter(user::Column::Role.eq(Role::Admin.as_str()));
        let locked = administrators.order_by_asc(user::Column::Id).lock(LockType::Update).all(transaction).await;
        locked?;
    }
    Ok(())
}

/// Returns an expression that is true if there are other users, with that role if one is given.
fn others(user: &User, role: Option<Role>) -> Expr {
    let mut others = user::Entity::find().select_only().expr(Expr::val(1)).filter(user::Column::Id.ne(user.id));
    if let Some(role) = role {
        others = others.filter(user::Column::Role.eq(role.as_str()));
    }
    Expr::exists(QueryTrait::into_query(others))
}

/// Returns why a user could not be changed: it no longer exists, or it is the last administrator.
async fn last_administrator(database: &Pool, user: &User) -> ApiError {
    match by_id(database, user.id).await {
        Ok(Some(_)) => ApiError::invalid("user", FormMessage::LastAdministrator { name: user.name.clone() }),
        Ok(None) => no_such_user(&user.name),
        Err(error) => error.into(),
    }
}

/// Revokes all tokens of a user.
async fn revoke_all_tokens(database: &impl ConnectionTrait, user: Uuid, now: UnixMicros) -> Result<(), DbErr> {
    let set = api_token::ActiveModel { revoked_at: Set(Some(now)), ..Default::default() };
    let all = api_token::Entity::update_many()
        .set(set)
        .filter(api_token::Column::UserId.eq(user))
        .filter(api_token::Column::RevokedAt.is_null());
    all.exec(database).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_normalized() {
        assert_eq!(normalized("  Ann@Example.com "), normalized("ann@example.COM"));
        assert_eq!(normalized("ÄNNE Müller"), "änne müller");
    }

    #[test]
    fn the_debug_output_of_a_user_hides_name_and_stamp() {
        let user = User {
            id: Uuid::nil(),
            name: "ann".to_owned(),
            role: Role::Admin,
            created_at: UnixMicros::default(),
            stamp: vec![7, 7, 7],
        };
        let shown = format!("{user:?}");
        assert!(!shown.contains("ann") && !shown.contains("7, 7"), "{shown}");
    }
}
