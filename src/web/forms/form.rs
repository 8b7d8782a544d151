//! The account forms. They are plain HTML forms, so they work without JavaScript. The answer is a redirect to the next page,
//! or the same page with the error and the fields filled in again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, post};
use bytes::Bytes;

use crate::api::page::{Notice, Outcome};
use crate::api::tokens::{FORM_KEY, REVOKE_TOKENS, Scope};
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::api_token;
use crate::server::accounts::credential::Credential;
use crate::server::accounts::principal::{self, Principal, unauthenticated};
use crate::server::accounts::secret::Secret;
use crate::server::accounts::session_store::client::{CLIENT_KEY, Client};
use crate::server::accounts::user::User;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::settings::Server;
use crate::server::state::AppState;
use crate::web::listener::client_ip::client_ip;
use crate::web::listener::request_body::unread_body;
use crate::web::middleware::session::{self, AuthSession};
use crate::web::request_id::RequestId;
use crate::web::{error_response, page_data};

/// A submitted form.
pub struct Form {
    pub(super) state: AppState,
    pub(super) parts: Parts,
    pub(super) fields: Vec<(String, String)>,
}

/// The response to a form that succeeded.
pub enum FormResponse {
    /// A redirect to this address.
    Redirect(String),
    /// A redirect to this address that removes the session's cookie.
    RedirectSignedOut(String),
    /// The same page with this outcome.
    Render(Outcome),
}

impl FormResponse {
    /// Returns a redirect to a path, whose page shows the notice.
    pub(super) fn done(path: &str, notice: Notice) -> Self {
        Self::Redirect(format!("{path}?done={}", notice.as_str()))
    }
}

impl Form {
    /// Returns the value of a field; empty if the form does not have it.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Returns the fields that are filled in again if the form is refused.
    pub(super) fn filled_in(&self) -> Vec<(String, String)> {
        filled_in(&self.fields)
    }

    /// Returns all values of a field that may occur more than once.
    pub(super) fn values<T: FromIterator<String>>(&self, name: &str) -> T {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// Returns the random bits of a new token. A form that is sent twice has the same bits, so it creates one token.
    ///
    /// # Errors
    /// Returns an error if the operating system has no random bits.
    pub(super) fn token_bits(&self, principal: &Principal, name: &str, scope: Scope) -> Result<Secret, ApiError> {
        match (self.field(FORM_KEY), &principal.credential) {
            (key, Credential::Session(session)) if !key.is_empty() => {
                Ok(api_token::bits_of_form(session, [key, name, self.field("days"), scope.as_str()]))
            }
            _ => api_token::random_bits(),
        }
    }

    /// Returns the current time if the user's access tokens are to be revoked with the password.
    pub(super) fn revokes_tokens(&self) -> Option<UnixMicros> {
        (!self.field(REVOKE_TOKENS).is_empty()).then(|| self.state.clock.now())
    }

    /// Returns the principal who sent the form. `authorize` guarantees one, except on public pages.
    pub(super) fn principal(&self) -> Result<Principal, ApiError> {
        principal::of(&self.parts.extensions)
    }

    pub(super) fn session(&self) -> Result<AuthSession, ApiError> {
        self.parts.extensions.get::<AuthSession>().cloned().ok_or_else(unauthenticated)
    }

    /// Signs the user in under a new session id, which prevents session fixation.
    pub(super) async fn sign_in(&self, user: &User) -> Result<(), ApiError> {
        let mut session = self.session()?;
        let address = client_ip(&self.parts.extensions, &self.parts.headers, &self.state.trusted_proxies);
        let user_agent = self.parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let client = Client::new(user_agent, address);
        let sign_in = async {
            session.session.cycle_id().await?;
            session.session.insert(CLIENT_KEY, client).await?;
            session.login(user).await?;
            // Saved now, so that a database error is handled here and not after the response.
            session.session.save().await.map_err(axum_login::Error::from)
        };
        sign_in.await.map_err(|error: axum_login::Error<_>| {
            tracing::warn!(%error, "cannot create a session");
            ApiError::new(ErrorCode::Unavailable, FormMessage::CannotSignIn)
        })
    }
}

/// The fields that are filled in again if a form is refused. None of them is secret.
const REFILLED_FIELDS: [&str; 20] = [
    "name",
    "from",
    "role",
    "scope",
    "days",
    "next",
    "key",
    REVOKE_TOKENS,
    "raw",
    "unterminated",
    "detect",
    "camera_prefix",
    "camera",
    "camera_name",
    "held_camera_name",
    "keep_days",
    "camera_id",
    "start_date",
    "end_date",
    "why",
];

/// The longest value that is filled in again, in bytes: longer than any valid value, and than the address of a form that was sent without a
/// session.
const MAX_REFILL_BYTES: usize = 8_192;

/// The maximum size of a form, in bytes.
pub const MAX_FORM_BYTES: usize = 16 * 1_024;

/// The maximum size of a form that lists cameras, of which there may be some thousand, in bytes.
pub const MAX_LONG_FORM_BYTES: usize = 1_024 * 1_024;

/// The header by which a browser deletes what it has stored of an origin.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Returns what a browser deletes when its user signs out. Cookies stay: the session's is removed by itself, language and
/// colours are no secrets, and browsers would delete those of other programs on this host too. Below a path, the storage
/// of the origin may be that of other programs.
fn cleared_data(server: &Server) -> String {
    let cleared: &[&str] = if server.base_path().is_empty() { &["\"cache\"", "\"storage\""] } else { &["\"cache\""] };
    cleared.join(", ")
}

/// Returns the method router of a form of at most `max_bytes`. `handle` executes the form, and `render` renders its page.
pub fn form<H, HFut, R, RFut>(handle: H, max_bytes: usize, render: R) -> MethodRouter<AppState>
where
    H: Fn(Arc<Form>) -> HFut + Clone + Send + Sync + 'static,
    HFut: Future<Output = Result<FormResponse, ApiError>> + Send,
    R: Fn(Request<Body>) -> RFut + Clone + Send + Sync + 'static,
    RFut: Future<Output = Response> + Send,
{
    let limit = DefaultBodyLimit::max(max_bytes);
    post(move |State(state): State<AppState>, parts: Parts, body: Result<Bytes, BytesRejection>| async move {
        let body = match body {
            Ok(body) => body,
            Err(rejection) => return unread_body(&rejection).into_response(),
        };
        let fields = form_urlencoded::parse(&body).into_owned().collect();
        let form = Arc::new(Form { state, parts, fields });
        match handle(Arc::clone(&form)).await {
            Ok(FormResponse::Redirect(address)) => Redirect::to(&address).into_response(),
            Ok(FormResponse::RedirectSignedOut(address)) => {
                let settings = &form.state.settings;
                let headers = [
                    (SET_COOKIE, session::removal_cookie(settings)),
                    (CLEAR_SITE_DATA, cleared_data(&settings.server)),
                ];
                (headers, Redirect::to(&address)).into_response()
            }
            Ok(FormResponse::Render(outcome)) => show(&form.state, &form.parts, outcome, &render).await,
            Err(error) => refuse(&form.state, &form.parts, error, form.filled_in(), &render).await,
        }
    })
    .layer(limit)
}

/// Renders the page of a form that was refused. Returns it with the status of the error.
pub(super) async fn refuse<R, F>(
    state: &AppState,
    parts: &Parts,
    error: ApiError,
    filled_in: Vec<(String, String)>,
    render: &R,
) -> Response
where
    R: Fn(Request<Body>) -> F + Sync,
    F: Future<Output = Response> + Send,
{
    let error = ApiError { request_id: RequestId::of(&parts.extensions), ..error };
    let mut response = show(state, parts, Outcome::Refused { error: error.clone(), filled_in }, render).await;
    *response.status_mut() = error_response::status(&error);
    if let Some(seconds) = error_response::retry_after(&error) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Renders the page of a form with an outcome.
async fn show<R, F>(state: &AppState, parts: &Parts, outcome: Outcome, render: &R) -> Response
where
    R: Fn(Request<Body>) -> F + Sync,
    F: Future<Output = Response> + Send,
{
    let mut page = parts.clone();
    page.method = Method::GET;
    match page_data::page_data_for(state, &page, Some(outcome)).await {
        Ok(Some(data)) => {
            page.extensions.insert(data);
        }
        Ok(None) => {}
        Err(error) => return error.into_response(),
    }
    render(Request::from_parts(page, Body::empty())).await
}

/// Returns the fields that are filled in again if a form is refused.
pub(super) fn filled_in(fields: &[(String, String)]) -> Vec<(String, String)> {
    let first = |name: &&str| fields.iter().find(|(known, _)| known == name).cloned();
    REFILLED_FIELDS.iter().filter_map(first).filter(|(_, value)| value.len() <= MAX_REFILL_BYTES).collect()
}

/// Returns the error for an unknown button.
pub(super) fn unknown_action(action: &str) -> ApiError {
    ApiError::invalid("action", FormMessage::UnknownAction { value: action.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_short_fields_are_filled_in_again() {
        let long = "x".repeat(MAX_REFILL_BYTES + 1);
        let fields = [("password", "hush"), ("current_password", "hush"), ("name", "ann"), ("name", "bob"), ("a", "b")];
        let mut fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        fields.push(("next".to_owned(), long));
        assert_eq!(filled_in(&fields), [("name".to_owned(), "ann".to_owned())]);
    }
}
