//! Finds out once for each request who asks, before anything else looks at it.

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
use crate::api::paths::is_page;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::EXPORT_PATH;
use crate::messages::http::HttpMessage;
use crate::server::accounts::credential::Credential;
use crate::server::accounts::principal::{Identity, Principal, unauthenticated};
use crate::server::accounts::signed_url::SignedUrl;
use crate::server::accounts::{api_token, session_store};
use crate::server::state::AppState;
use crate::web::listener::client_ip;
use crate::web::middleware::request_log;

/// Middleware: finds out who asks and writes it into the request. Whoever shows a token means that token: one that does
/// not work is worth nothing, even beside a session that does.
///
/// # Errors
/// Where the database cannot answer.
pub async fn authenticate(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let found = find(&state, &parts).await;
    if let Err(error) = &found
        && error.code != ErrorCode::Unauthenticated
    {
        return Err(error.clone());
    }
    if let Ok(caller) = &found {
        request_log::record_user(&parts.extensions, caller.user.id);
    }
    parts.extensions.insert(Identity(found));
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn find(state: &AppState, parts: &Parts) -> Result<Principal, ApiError> {
    let now = state.clock.now();
    let shown = shown(&parts.headers);
    // A proxy may ask for a name and a password of its own before pages, and pass them on.
    let is_for_us = shown.as_ref().is_some_and(|text| text.starts_with(api_token::PREFIX));
    if parts.headers.contains_key(AUTHORIZATION) && (is_for_us || !is_page(parts.uri.path())) {
        let refuse = |text: Option<&str>| {
            let client = client_ip::of(&parts.extensions, &parts.headers, &state.trusted_proxies);
            state.wrong_tokens.log(client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), text);
            bad_token()
        };
        let text = shown.ok_or_else(|| refuse(None))?;
        let found = api_token::resolve(&state.database, &text, now).await?;
        let (token, user) = found.ok_or_else(|| refuse(Some(&text)))?;
        state.last_use.record_token(token.id);
        return Ok(Principal { user, by: Credential::Token(token.id) });
    }
    if parts.uri.path() == EXPORT_PATH
        && let Some(link) = SignedUrl::parse(parts.uri.query().unwrap_or_default())
    {
        let (user, session) = link?.owner(&state.sessions, &state.database, now).await?;
        return Ok(Principal { user, by: Credential::SignedUrl(session) });
    }
    let session = parts.extensions.get::<AuthSession>().ok_or_else(unauthenticated)?;
    let (Some(user), Some(id)) = (session.user.clone(), session.session.id()) else { return Err(unauthenticated()) };
    Ok(Principal { user, by: Credential::Session(session_store::hash(id)) })
}

/// The token in the `Authorization` header: by itself, or as the password of any user.
fn shown(headers: &HeaderMap) -> Option<String> {
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return None;
    }
    let bearer = headers.typed_get::<Authorization<Bearer>>().map(|bearer| bearer.token().to_owned());
    bearer.or_else(|| headers.typed_get::<Authorization<Basic>>().map(|basic| basic.password().to_owned()))
}

fn bad_token() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, HttpMessage::InvalidToken)
}
