//! Authorization: which routes are open to whom. A path that is not listed here needs a session.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::api::page::Page;
use crate::api::paths::{
    API_DOCS_PATH, API_PATH, HOOKS_PATH, INGEST_PATH, LOGOUT_PATH, METRICS_PATH, OPENAPI_PATH, USERS_PATH, is_below,
    is_page, login_url,
};
use crate::api::session::Role;
use crate::api::signed_url;
use crate::error::{ApiError, ErrorCode};
use crate::messages::Message;
use crate::messages::forms::FormMessage;
use crate::messages::ingest::IngestMessage;
use crate::server::accounts::principal::{self, Principal};
use crate::web::redirect::{NOT_SENT, unsent_form};

/// What a route requires of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Nothing.
    Public,
    /// A session or a token, or a signed URL if the route accepts one. For data.
    Data,
    /// A token that sends events. It opens nothing else that is not public.
    Write,
    /// A session. For pages and their requests; a page redirects to the sign-in.
    Session,
    /// The session of an administrator.
    Admin,
}

/// The public paths besides pages. The handler of the metrics checks access itself.
const PUBLIC: [&str; 5] = ["/", LOGOUT_PATH, OPENAPI_PATH, API_DOCS_PATH, METRICS_PATH];

/// Paths below [`API_PATH`] that only pages may request. The others are data.
const PAGES_ONLY: [&str; 1] = [signed_url::ENDPOINT];

fn required_access(path: &str) -> Access {
    match Page::at(path) {
        Some(Page::Login | Page::Setup) => Access::Public,
        Some(Page::Users | Page::User | Page::Sources | Page::Import | Page::Retention) => Access::Admin,
        None if PUBLIC.contains(&path) => Access::Public,
        None if is_below(USERS_PATH, path) => Access::Admin,
        None if path == INGEST_PATH || is_below(HOOKS_PATH, path) => Access::Write,
        None if is_below(API_PATH, path) && !PAGES_ONLY.contains(&path) => Access::Data,
        Some(Page::Export | Page::History | Page::ExportRecord | Page::Verify | Page::Tokens | Page::Account)
        | None => Access::Session,
    }
}

/// Middleware: refuses a request unless its route is open to the principal.
///
/// # Errors
/// Returns `unauthenticated` or `forbidden`. A page redirects to the sign-in instead of `unauthenticated`.
pub async fn authorize(mut request: Request, next: Next) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let required_access = required_access(path);
    if required_access != Access::Public {
        let principal = match principal::of(request.extensions()) {
            Ok(principal) => principal,
            Err(error) if !is_page(path) => return Err(error),
            Err(_) => return Ok(to_login(request).await),
        };
        let is_allowed = match required_access {
            Access::Public => true,
            Access::Data => !principal.only_writes(),
            Access::Write => principal.only_writes(),
            Access::Session => principal.is_browser(),
            Access::Admin => principal.is_browser() && principal.user.role == Role::Admin,
        };
        if !is_allowed {
            return Err(forbidden(required_access, &principal));
        }
    }
    request.extensions_mut().insert(Authorized(()));
    Ok(next.run(request).await)
}

/// Marks a request that passed [`authorize`]. The data of a page is loaded only for such a request.
#[derive(Clone, Copy, Debug)]
pub struct Authorized(());

/// The maximum size of a form that is read to return to it after the sign-in, in bytes.
const MAX_UNSENT_FORM_BYTES: usize = 64 * 1_024;

async fn to_login(request: Request) -> Response {
    let (Parts { uri, method, .. }, body) = request.into_parts();
    let current = uri.path_and_query().map_or("/", |current| current.as_str());
    let next = if method == Method::POST && Page::at(uri.path()).is_some() {
        // After signing in, the browser does not send the form again, so its page shows what was typed into it.
        match to_bytes(body, MAX_UNSENT_FORM_BYTES).await {
            Ok(form) => unsent_form(uri.path(), &form),
            Err(_) => uri.path().to_owned(),
        }
    } else if matches!(method, Method::GET | Method::HEAD)
        && (!current.contains("?done=") || current.contains(NOT_SENT))
    {
        current.to_owned()
    } else {
        // The browser can repeat only a GET, and a notice is shown only once.
        uri.path().to_owned()
    };
    Redirect::to(&login_url(&next)).into_response()
}

fn forbidden(required: Access, principal: &Principal) -> ApiError {
    let message: Message = match required {
        Access::Write => IngestMessage::WriteTokenNeeded.into(),
        _ if principal.only_writes() => IngestMessage::WriteTokenOnlyWrites.into(),
        _ if principal.is_browser() => FormMessage::AdministratorsOnly.into(),
        _ => FormMessage::DataOnly.into(),
    };
    ApiError::new(ErrorCode::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_listed_needs_a_session() {
        for (path, expected) in [
            ("/login", Access::Public),
            ("/login/x", Access::Session),
            ("/settings", Access::Session),
            ("/settings/people", Access::Admin),
            ("/settings/people/1", Access::Admin),
            ("/settings/people/1/2", Access::Admin),
            ("/settings/peoples", Access::Session),
            ("/settings/retention", Access::Admin),
            ("/settings/exports/1", Access::Session),
            ("/api/v1/exports.csv", Access::Data),
            ("/api/v1/motion-events/export", Access::Data),
            ("/api/v1/motion-events", Access::Write),
            ("/api/v1/hooks", Access::Write),
            ("/api/v1/hooks/x", Access::Write),
            ("/api/v1/motion-events/", Access::Data),
            ("/api/links", Access::Session),
            ("/apis", Access::Session),
            ("/metrics", Access::Public),
            ("/whatever/comes", Access::Session),
        ] {
            assert_eq!(required_access(path), expected, "{path}");
        }
    }
}
