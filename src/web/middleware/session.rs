//! The layer that knows sessions by their cookies, and what is told where it fails.

use std::convert::Infallible;
use std::sync::OnceLock;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};
use tower_sessions::{Expiry, SessionManagerLayer};
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::accounts::session_store::{DATA_KEY, FAILURE, Sessions, not_looked_up};
use crate::server::accounts::user::{self, User};
use crate::server::db::pool::Pool;
use crate::server::settings::Settings;
use crate::server::state::AppState;

/// What `axum-login` puts into a request.
pub type AuthSession = axum_login::AuthSession<Users>;

/// The layer that knows sessions by their cookies.
pub fn layer(state: &AppState) -> AuthManagerLayer<Users, Sessions> {
    let secure = state.settings.server.is_https();
    let absolute = Duration::seconds(i64::from(state.settings.accounts.session_max_hours.get()) * 3_600);
    let sessions = SessionManagerLayer::new(state.sessions.clone())
        .with_name(cookie_name(secure))
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(absolute));
    AuthManagerLayerBuilder::new(Users { database: state.database.clone() }, sessions).with_data_key(DATA_KEY).build()
}

/// What the cookie is called. A browser takes one with this prefix only over TLS and only from this very host.
fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-motion-export" } else { "motion-export" }
}

/// What makes a browser forget the cookie. `tower-sessions` says the same, but without the attributes without which a
/// browser does not believe it, where the name has the prefix.
pub fn gone(settings: &Settings) -> String {
    let secure = settings.server.is_https();
    let cookie = Cookie::build((cookie_name(secure), "")).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.secure(secure).max_age(Duration::ZERO).build().to_string()
}

/// An answer that was made behind the session layer, and not by it.
#[derive(Clone, Copy)]
struct Handled;

/// Middleware just behind the session layer: marks what comes from there. If the session could not be looked up, nothing is
/// done, and [`check_mark`] makes the answer.
pub async fn mark(request: Request, next: Next) -> Response {
    if FAILURE.try_with(|failure| failure.get().is_some()).unwrap_or_default() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Handled);
    response
}

/// Middleware just before the session layer, which answers by itself where the database cannot, with an empty 500.
///
/// # Errors
/// `unavailable` in place of that answer where trying again may help; `internal` otherwise.
pub async fn check_mark(request: Request, next: Next) -> Result<Response, ApiError> {
    let answer = async {
        let response = next.run(request).await;
        (response, FAILURE.with(|failure| failure.get().cloned()))
    };
    let (response, failure) = FAILURE.scope(OnceLock::new(), answer).await;
    if response.extensions().get::<Handled>().is_some() {
        return Ok(response);
    }
    Err(failure
        .filter(|failure| failure.code == ErrorCode::Internal)
        .unwrap_or_else(|| ApiError::new(ErrorCode::Unavailable, RequestMessage::SessionsUnavailable)))
}

impl AuthUser for User {
    type Id = Uuid;

    fn id(&self) -> Uuid {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.stamp
    }
}

/// Where `axum-login` finds users.
#[derive(Clone, Debug)]
pub struct Users {
    database: Pool,
}

impl AuthnBackend for Users {
    type User = User;
    // Whoever signs in is looked up by the form, which counts attempts.
    type Credentials = Infallible;
    type Error = ApiError;

    async fn authenticate(&self, nobody: Infallible) -> Result<Option<User>, ApiError> {
        match nobody {}
    }

    async fn get_user(&self, id: &Uuid) -> Result<Option<User>, ApiError> {
        Ok(user::by_id(&self.database, *id).await.unwrap_or_else(|error| not_looked_up(&error)))
    }
}
