//! Who asks: found out once for each request, before anything else looks at it.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;
use headers::authorization::{Basic, Bearer};
use headers::{Authorization, HeaderMapExt};
use uuid::Uuid;

use super::link::Link;
use super::session::{self, AuthSession};
use super::user::User;
use super::viewer::Viewer;
use super::{address, token};
use crate::error::{ApiError, ErrorCode};
use crate::export_params::EXPORT_PATH;
use crate::messages::http::HttpMessage;
use crate::messages::requests::RequestMessage;
use crate::paths::is_page;
use crate::server::clock::Clock;
use crate::server::state::AppState;
use crate::server::{database, telemetry};

/// Somebody whom we know.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// By what we know.
    pub by: Credential,
}

/// By what somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A browser that is signed in: the session with this hash.
    Session(Vec<u8>),
    /// An access token, which opens data only.
    Token(Uuid),
    /// A link, which opens one export only: signed by the session with this hash.
    Link(Vec<u8>),
}

impl Credential {
    /// The word for it in records.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Token(_) => "token",
            Self::Link(_) => "link",
        }
    }
}

impl Caller {
    /// On whose behalf the caller looks at cameras, until that ends by this clock.
    pub fn viewer(&self, clock: &Clock) -> Viewer {
        Viewer::User { id: self.user.id, by: Some((self.by.clone(), clock.clone())) }
    }

    /// Whether the caller is a browser that is signed in, and not a tool.
    pub fn is_browser(&self) -> bool {
        matches!(self.by, Credential::Session(_))
    }

    /// The caller of the server function that is running.
    ///
    /// # Errors
    /// `unauthenticated` where nobody whom we know asks.
    pub fn current() -> Result<Self, ApiError> {
        use leptos::prelude::use_context;

        let parts = use_context::<Parts>().ok_or_else(unauthenticated)?;
        of(&parts.extensions)
    }
}

/// What [`identify`] found out.
#[derive(Clone, Debug)]
struct Identity(Result<Caller, ApiError>);

/// The caller that [`identify`] found, for those who hold a request.
///
/// # Errors
/// `unauthenticated` where there is none.
pub fn of(extensions: &Extensions) -> Result<Caller, ApiError> {
    extensions.get::<Identity>().map_or_else(|| Err(unauthenticated()), |identity| identity.0.clone())
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        of(&parts.extensions)
    }
}

/// Middleware: finds out who asks and writes it into the request. Whoever shows a token means that token: one that does
/// not work is worth nothing, even beside a session that does.
///
/// # Errors
/// Where the database cannot answer.
pub async fn identify(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let found = find(&state, &parts).await;
    if let Err(error) = &found
        && error.code != ErrorCode::Unauthenticated
    {
        return Err(error.clone());
    }
    if let Ok(caller) = &found {
        telemetry::record_user(&parts.extensions, caller.user.id);
    }
    parts.extensions.insert(Identity(found));
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn find(state: &AppState, parts: &Parts) -> Result<Caller, ApiError> {
    let now = state.clock.now();
    let shown = shown(&parts.headers);
    // A proxy may ask for a name and a password of its own before pages, and pass them on.
    let is_for_us = shown.as_ref().is_some_and(|text| text.starts_with(token::PREFIX));
    if parts.headers.contains_key(AUTHORIZATION) && (is_for_us || !is_page(parts.uri.path())) {
        let refuse = |text: Option<&str>| {
            let client = address::of(&parts.extensions, &parts.headers, &state.trusted_proxies);
            state.wrong_tokens.log(client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), text);
            bad_token()
        };
        let text = shown.ok_or_else(|| refuse(None))?;
        let found = token::resolve(&state.database, &text, now).await.map_err(|error| database::refusal(&error))?;
        let (token, user) = found.ok_or_else(|| refuse(Some(&text)))?;
        state.last_use.of_token(token.id);
        return Ok(Caller { user, by: Credential::Token(token.id) });
    }
    if parts.uri.path() == EXPORT_PATH
        && let Some(link) = Link::parse(parts.uri.query().unwrap_or_default())
    {
        let (user, session) = link?.owner(&state.sessions, &state.database, now).await?;
        return Ok(Caller { user, by: Credential::Link(session) });
    }
    let session = parts.extensions.get::<AuthSession>().ok_or_else(unauthenticated)?;
    let (Some(user), Some(id)) = (session.user.clone(), session.session.id()) else { return Err(unauthenticated()) };
    Ok(Caller { user, by: Credential::Session(session::hash(id)) })
}

/// The token in the `Authorization` header: by itself, or as the password of any user.
fn shown(headers: &HeaderMap) -> Option<String> {
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return None;
    }
    let bearer = headers.typed_get::<Authorization<Bearer>>().map(|bearer| bearer.token().to_owned());
    bearer.or_else(|| headers.typed_get::<Authorization<Basic>>().map(|basic| basic.password().to_owned()))
}

/// The error for somebody whom we do not know.
pub fn unauthenticated() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, RequestMessage::NotSignedIn)
}

fn bad_token() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, HttpMessage::InvalidToken)
}
