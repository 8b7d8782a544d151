//! The data of the pages of people, and of the account of the signed-in user.

use std::collections::HashSet;

use axum::http::Uri;
use uuid::Uuid;

use crate::api::language::Language;
use crate::api::session::Role;
use crate::api::users::{Grant, Session, User, UserList, UserWithCameras};
use crate::error::{ApiError, ErrorCode};
use crate::messages::http::HttpMessage;
use crate::server::accounts::camera_access::{CameraAccess, grants, listing};
use crate::server::accounts::credential::Credential;
use crate::server::accounts::name::order::matches;
use crate::server::accounts::principal::Principal;
use crate::server::accounts::user;
use crate::server::db::clock::second;
use crate::server::state::AppState;
use crate::web::parameters::{SEARCH, parameter};

/// Returns what is searched for in the list of a page; empty if nothing is.
pub fn search(uri: &Uri) -> String {
    parameter(uri, SEARCH).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Loads the users whose names match the address.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn users(state: &AppState, uri: &Uri) -> Result<UserList, ApiError> {
    let counts = grants::count_per_user(&state.database).await?;
    let (users, search) = (user::list(&state.database).await?, search(uri));
    let total = users.len();
    let found = users.into_iter().filter(|user| matches(&user.name, &search));
    let users = found.map(|user| to_api(&user, counts.get(&user.id).copied().unwrap_or_default())).collect();
    Ok(UserList { users, search, total })
}

/// Loads a user with the cameras whose names match the address.
///
/// # Errors
/// Returns an error if the user does not exist or the database does not answer.
pub async fn user_with_cameras(
    state: &AppState,
    principal: &Principal,
    uri: &Uri,
    language: Language,
) -> Result<UserWithCameras, ApiError> {
    let user = user_by_id(state, uri.path().rsplit('/').next().unwrap_or_default()).await?;
    let granted: HashSet<_> = grants::camera_ids(&state.database, user.id).await?.into_iter().collect();
    let cameras = listing::cameras(&state.database, CameraAccess::Unrestricted).await?;
    let (total, search) = (cameras.len(), search(uri));
    let found = cameras.into_iter().filter(|camera| matches(&language.camera(camera), &search));
    let others = user::list(&state.database).await?.into_iter();
    let others = others.filter(|other| other.role == Role::User && other.id != user.id).map(|other| other.name);
    Ok(UserWithCameras {
        is_me: user.id == principal.user.id,
        cameras: found.map(|camera| Grant { granted: granted.contains(&camera.id), camera }).collect(),
        others: others.collect(),
        sessions: sessions(state, principal, user.id).await?,
        user: to_api(&user, i64::try_from(granted.len()).unwrap_or(i64::MAX)),
        search,
        total,
    })
}

/// Loads the sessions of a user, the last used first.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn sessions(state: &AppState, principal: &Principal, user: Uuid) -> Result<Vec<Session>, ApiError> {
    let is_current = |hash: &[u8]| matches!(&principal.credential, Credential::Session(current) if current == hash);
    let open = state.sessions.of_user(user).await?.into_iter();
    Ok(open
        .map(|session| Session {
            id: session.id.to_string(),
            is_current: is_current(&session.id_hash),
            browser: session.client.browser,
            system: session.client.system,
            address: session.client.address,
            created: second(session.created_at),
            last_seen: second(session.last_seen_at),
        })
        .collect())
}

/// Returns the user with the id in a path.
///
/// # Errors
/// Returns an error if the user does not exist or the database cannot answer.
pub async fn user_by_id(state: &AppState, id: &str) -> Result<user::User, ApiError> {
    let not_found = || ApiError::new(ErrorCode::UserNotFound, HttpMessage::NoSuchUser);
    let id: Uuid = id.parse().map_err(|_| not_found())?;
    user::by_id(&state.database, id).await?.ok_or_else(not_found)
}

fn to_api(user: &user::User, cameras: i64) -> User {
    User { id: user.id.to_string(), name: user.name.clone(), role: user.role, cameras }
}
