//! Authentication: finds the principal of a request, once for each request.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use headers::authorization::{Basic, Bearer};
use headers::{Authorization, HeaderMapExt};

use super::session::AuthSession;
use crate::api::paths::{HOOKS_PATH, is_page};
use crate::api::tokens::Scope;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::EXPORT_PATH;
use crate::messages::http::HttpMessage;
use crate::server::accounts::credential::Credential;
use crate::server::accounts::principal::{Identity, Principal, unauthenticated};
use crate::server::accounts::signed_url::SignedUrl;
use crate::server::accounts::{api_token, session_store};
use crate::server::db::unix_micros::UnixMicros;
use crate::server::state::AppState;
use crate::web::listener::client_ip::client_ip;
use crate::web::middleware::request_log;

/// Middleware: puts the principal into the request. A token takes precedence over a session: a request with an invalid token
/// is unauthenticated even if it has a valid session.
///
/// # Errors
/// Returns an error if the database cannot answer.
pub async fn authenticate(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let principal = identify(&state, &parts).await;
    if let Err(error) = &principal
        && error.code != ErrorCode::Unauthenticated
    {
        return Err(error.clone());
    }
    if let Ok(principal) = &principal {
        request_log::record_user(&parts.extensions, principal.user.id);
    }
    parts.extensions.insert(Identity(principal));
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn identify(state: &AppState, parts: &Parts) -> Result<Principal, ApiError> {
    let now = state.clock.now();
    if let Some(secret) = parts.uri.path().strip_prefix(HOOKS_PATH).and_then(|rest| rest.strip_prefix('/')) {
        return by_token(state, parts, secret, now).await;
    }
    let token = presented_token(&parts.headers);
    // A proxy may require credentials of its own for pages and forward them.
    let is_ours = token.as_ref().is_some_and(|text| text.starts_with(api_token::PREFIX));
    if parts.headers.contains_key(AUTHORIZATION) && (is_ours || !is_page(parts.uri.path())) {
        let text = token.ok_or_else(|| refuse(state, parts, None))?;
        return by_token(state, parts, &text, now).await;
    }
    if parts.uri.path() == EXPORT_PATH
        && let Some(url) = SignedUrl::parse(parts.uri.query().unwrap_or_default())
    {
        let (user, session) = url?.owner(&state.sessions, &state.database, now).await?;
        return Ok(Principal { user, credential: Credential::SignedUrl(session) });
    }
    let session = parts.extensions.get::<AuthSession>().ok_or_else(unauthenticated)?;
    let (Some(user), Some(id)) = (session.user.clone(), session.session.id()) else { return Err(unauthenticated()) };
    Ok(Principal { user, credential: Credential::Session(session_store::hash(id)) })
}

async fn by_token(state: &AppState, parts: &Parts, text: &str, now: UnixMicros) -> Result<Principal, ApiError> {
    let found = state.tokens.resolve(text, now).await.map_err(|error| ApiError::from(&*error))?;
    let found = found.ok_or_else(|| refuse(state, parts, Some(text)))?;
    let (token, user) = &*found;
    state.last_use.record_token(token.id);
    let credential = if token.scope == Scope::Read.as_str() {
        Credential::Token(token.id)
    } else {
        Credential::WriteToken { id: token.id, source: token.source.clone().unwrap_or_default() }
    };
    Ok(Principal { user: user.clone(), credential })
}

/// Logs what was presented in place of a valid token, and returns the error.
fn refuse(state: &AppState, parts: &Parts, text: Option<&str>) -> ApiError {
    let client = client_ip(&parts.extensions, &parts.headers, &state.trusted_proxies);
    state.wrong_tokens.log(client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), text);
    bad_token()
}

/// Returns the token in the `Authorization` header: as a bearer token, or as the password of any user name.
fn presented_token(headers: &HeaderMap) -> Option<String> {
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return None;
    }
    let bearer = headers.typed_get::<Authorization<Bearer>>().map(|bearer| bearer.token().to_owned());
    bearer.or_else(|| headers.typed_get::<Authorization<Basic>>().map(|basic| basic.password().to_owned()))
}

fn bad_token() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, HttpMessage::InvalidToken)
}
