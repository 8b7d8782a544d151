//! Sessions: finds the session of a request by its cookie, and answers if the database cannot look it up.

use std::convert::Infallible;
use std::sync::OnceLock;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};
use tower_sessions::{Expiry, SessionManagerLayer};
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::accounts::session_store::{DATA_KEY, FAILURE, Sessions, record_lookup_failure};
use crate::server::accounts::user::{self, User};
use crate::server::db::pool::Pool;
use crate::server::settings::{Server, Settings};
use crate::server::state::AppState;

/// The extension that `axum-login` puts into a request.
pub type AuthSession = axum_login::AuthSession<Users>;

/// Wraps the session layer around `router`, and around it the layers that replace its answer if it fails. The three only
/// work in this order, so they are applied together.
pub fn with_sessions(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    router.layer((from_fn(store_error_to_503), session_layer(state), from_fn(mark_handled)))
}

fn session_layer(state: &AppState) -> AuthManagerLayer<Users, Sessions> {
    let server = &state.settings.server;
    let absolute = Duration::seconds(i64::from(state.settings.accounts.session_max_hours.get()) * 3_600);
    let sessions = SessionManagerLayer::new(state.sessions.clone())
        .with_name(cookie_name(server))
        .with_secure(server.is_https())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path(server.cookie_path())
        .with_expiry(Expiry::OnInactivity(absolute));
    AuthManagerLayerBuilder::new(Users { database: state.database.clone() }, sessions).with_data_key(DATA_KEY).build()
}

/// Returns the name of the session's cookie. Browsers accept the prefix `__Secure-` only over TLS, and `__Host-` only for a
/// cookie of all paths of this host.
fn cookie_name(server: &Server) -> &'static str {
    match (server.is_https(), server.base_path().is_empty()) {
        (true, true) => "__Host-motion-export",
        (true, false) => "__Secure-motion-export",
        (false, _) => "motion-export",
    }
}

/// Returns the `Set-Cookie` value that removes the session's cookie. `tower-sessions` sends one without the attributes that
/// browsers require for a name with the prefix `__Host-`.
pub fn removal_cookie(settings: &Settings) -> String {
    let server = &settings.server;
    let cookie = Cookie::build((cookie_name(server), "")).path(server.cookie_path()).http_only(true);
    cookie.same_site(SameSite::Lax).secure(server.is_https()).max_age(Duration::ZERO).build().to_string()
}

/// Marks a response from inside the session layer, as opposed to one of the session layer itself.
#[derive(Clone, Copy)]
struct Handled;

/// Middleware directly inside the session layer: marks responses as [`Handled`]. If the session could not be looked up, the
/// request is not handled and [`store_error_to_503`] writes the response.
async fn mark_handled(request: Request, next: Next) -> Response {
    if FAILURE.try_with(|failure| failure.get().is_some()).unwrap_or_default() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Handled);
    response
}

/// Middleware directly outside the session layer, which answers with an empty 500 if the database fails.
///
/// # Errors
/// Returns `unavailable` in place of that response if a retry may help, and `internal` otherwise.
async fn store_error_to_503(request: Request, next: Next) -> Result<Response, ApiError> {
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

/// The users, as `axum-login` looks them up.
#[derive(Clone, Debug)]
pub struct Users {
    database: Pool,
}

impl AuthnBackend for Users {
    type User = User;
    // The sign-in form checks passwords itself, because it limits the rate of attempts.
    type Credentials = Infallible;
    type Error = ApiError;

    async fn authenticate(&self, never: Infallible) -> Result<Option<User>, ApiError> {
        match never {}
    }

    async fn get_user(&self, id: &Uuid) -> Result<Option<User>, ApiError> {
        Ok(user::by_id(&self.database, *id).await.unwrap_or_else(|error| record_lookup_failure(&error)))
    }
}
