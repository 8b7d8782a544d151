//! The forms of the account pages. They are the browser's own, so they work without script, with every keyboard and on
//! every phone: what is sent is done, and answered with the page that comes next, or with the same page, what was wrong,
//! and what was filled in.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, post};
use bytes::Bytes;

use crate::api::page::{Notice, Outcome};
use crate::api::tokens::REVOKE_TOKENS;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::principal::{self, Principal, unauthenticated};
use crate::server::accounts::user::User;
use crate::server::state::AppState;
use crate::web::middleware::session::AuthSession;
use crate::web::request_id::RequestId;
use crate::web::{error_response, page_data};

use crate::server::db::unix_micros::UnixMicros;
use crate::web::listener::request_body::unread_body;
use crate::web::middleware::session;

/// A form that was sent.
pub struct Form {
    pub(super) state: AppState,
    pub(super) parts: Parts,
    pub(super) fields: Vec<(String, String)>,
}

/// What comes after a form that was done.
pub enum FormResponse {
    /// The page at this address.
    Redirect(String),
    /// The same, without the session's cookie.
    GoWithoutSession(String),
    /// The same page, with this outcome.
    Render(Outcome),
}

impl FormResponse {
    /// The page at this path, which says what was done.
    pub(super) fn done(path: &str, done: Notice) -> Self {
        Self::Redirect(format!("{path}?done={}", done.as_str()))
    }
}

impl Form {
    /// What was filled into a field; nothing where there is no such field.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What comes back where the form is refused.
    pub(super) fn filled_in(&self) -> Vec<(String, String)> {
        filled_in(&self.fields)
    }

    /// All values of a field that may be there more than once.
    pub(super) fn values<T: FromIterator<String>>(&self, name: &str) -> T {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// When to revoke the access tokens of who gets a new password: now, if that is ticked.
    pub(super) fn revokes_tokens(&self) -> Option<UnixMicros> {
        (!self.field(REVOKE_TOKENS).is_empty()).then(|| self.state.clock.now())
    }

    /// Who sent it. The gate has seen to it that there is somebody, where it has to be.
    pub(super) fn caller(&self) -> Result<Principal, ApiError> {
        principal::of(&self.parts.extensions)
    }

    pub(super) fn session(&self) -> Result<AuthSession, ApiError> {
        self.parts.extensions.get::<AuthSession>().cloned().ok_or_else(unauthenticated)
    }

    /// Signs the browser in under a new session id, whatever session it had before.
    pub(super) async fn sign_in(&self, user: &User) -> Result<(), ApiError> {
        let mut session = self.session()?;
        let begin = async {
            session.session.cycle_id().await?;
            session.login(user).await?;
            // Now, so that a database that cannot be written to is told here, and not after the answer was made.
            session.session.save().await.map_err(axum_login::Error::from)
        };
        begin.await.map_err(|error: axum_login::Error<_>| {
            tracing::warn!(%error, "cannot create a session");
            ApiError::new(ErrorCode::Unavailable, FormMessage::CannotSignIn)
        })
    }
}

/// What is filled in and comes back where a form was refused. Nothing else does, and no secret.
const REFILLED_FIELDS: [&str; 6] = ["name", "role", "days", "next", "key", REVOKE_TOKENS];

/// What comes back of a field at most, in bytes: more than anything that could have been accepted.
const MAX_ECHO_BYTES: usize = 2_048;

/// How long a form may be, in bytes.
pub const MAX_FORM_BYTES: usize = 16 * 1_024;

/// The same for the form that names cameras, of which there may be some thousand.
pub const MAX_LONG_FORM_BYTES: usize = 1_024 * 1_024;

/// The method router of a form of at most `max_bytes`: `handle` does what it asks for, `render` renders pages.
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
        let (outcome, error) = match handle(Arc::clone(&form)).await {
            Ok(FormResponse::Redirect(address)) => return Redirect::to(&address).into_response(),
            Ok(FormResponse::GoWithoutSession(address)) => {
                let gone = session::removal_cookie(&form.state.settings);
                return ([(SET_COOKIE, gone)], Redirect::to(&address)).into_response();
            }
            Ok(FormResponse::Render(outcome)) => (outcome, None),
            Err(error) => {
                let error = ApiError { request_id: RequestId::of(&form.parts.extensions), ..error };
                (Outcome::Refused { error: error.clone(), filled_in: form.filled_in() }, Some(error))
            }
        };
        let mut page = form.parts.clone();
        page.method = Method::GET;
        match page_data::page_data_for(&form.state, &page, Some(outcome)).await {
            Ok(Some(data)) => {
                page.extensions.insert(data);
            }
            Ok(None) => {}
            Err(error) => return error.into_response(),
        }
        let mut response = render(Request::from_parts(page, Body::empty())).await;
        if let Some(error) = error {
            *response.status_mut() = error_response::status(&error);
            if let Some(seconds) = error_response::retry_after(&error) {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
        }
        response
    })
    .layer(limit)
}

fn filled_in(fields: &[(String, String)]) -> Vec<(String, String)> {
    let first = |name: &&str| fields.iter().find(|(known, _)| known == name).cloned();
    REFILLED_FIELDS.iter().filter_map(first).filter(|(_, value)| value.len() <= MAX_ECHO_BYTES).collect()
}

/// The error for a button that there is not.
pub(super) fn unknown_action(action: &str) -> ApiError {
    ApiError::invalid("action", FormMessage::UnknownAction { value: action.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_filled_in_comes_back_and_of_that_no_secret_and_nothing_long() {
        let long = "x".repeat(MAX_ECHO_BYTES + 1);
        let fields = [("password", "hush"), ("current_password", "hush"), ("name", "ann"), ("name", "bob"), ("a", "b")];
        let mut fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        fields.push(("next".to_owned(), long));
        assert_eq!(filled_in(&fields), [("name".to_owned(), "ann".to_owned())]);
    }
}
