//! Which doors are open to whom. What is not named here is closed to everybody whom we do not know.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::api::paths::{
    API_DOCS_PATH, API_PATH, LOGIN_PATH, LOGOUT_PATH, METRICS_PATH, OPENAPI_PATH, PEOPLE_PATH, SETUP_PATH, is_below,
    is_page,
};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::principal::{self, Principal};

/// Who may pass a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Everybody.
    Public,
    /// Data: a session, a token, or a link where the door knows links.
    Data,
    /// Pages and their forms, and what a page alone asks for: a session. Others are led to the sign-in.
    Session,
    /// An administrator's session.
    Admin,
}

/// The doors that stand open to everybody. `/metrics` keeps its own door (`web::handlers::metrics`).
const PUBLIC: [&str; 6] = ["/", LOGIN_PATH, LOGOUT_PATH, SETUP_PATH, OPENAPI_PATH, API_DOCS_PATH];

/// What a page asks for on somebody's behalf, and a token may not. What else is below [`API_PATH`] is data.
const PAGES_ONLY: [&str; 1] = [crate::api::signed_url::ENDPOINT];

fn required_access(path: &str) -> Access {
    if PUBLIC.contains(&path) || path == METRICS_PATH {
        Access::Public
    } else if is_below(PEOPLE_PATH, path) {
        Access::Admin
    } else if is_below(API_PATH, path) && !PAGES_ONLY.contains(&path) {
        Access::Data
    } else {
        Access::Session
    }
}

/// Middleware: lets pass whom the door is open to.
///
/// # Errors
/// `unauthenticated` or `forbidden`; a page leads to the sign-in instead.
pub async fn authorize(request: Request, next: Next) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let required_access = required_access(path);
    if required_access == Access::Public {
        return Ok(next.run(request).await);
    }
    let caller = match principal::of(request.extensions()) {
        Ok(caller) => caller,
        Err(error) if !is_page(path) => return Err(error),
        Err(_) => return Ok(to_login(&request)),
    };
    let allowed = match required_access {
        Access::Public | Access::Data => true,
        Access::Session => caller.is_browser(),
        Access::Admin => caller.is_browser() && caller.user.role == Role::Admin,
    };
    if allowed { Ok(next.run(request).await) } else { Err(forbidden(&caller)) }
}

fn to_login(request: &Request) -> Response {
    let here = request.uri().path_and_query().map_or("/", |here| here.as_str());
    // Only what can be asked for again is asked for again after signing in; and what was done is told once.
    let again = matches!(*request.method(), Method::GET | Method::HEAD) && !here.contains("?done=");
    let next = if again { here } else { request.uri().path() };
    Redirect::to(&crate::web::redirect::login_url(next)).into_response()
}

fn forbidden(caller: &Principal) -> ApiError {
    let message = if caller.is_browser() { FormMessage::AdministratorsOnly } else { FormMessage::DataOnly };
    ApiError::new(ErrorCode::Forbidden, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_needs_a_session() {
        for (path, expected) in [
            ("/login", Access::Public),
            ("/login/x", Access::Session),
            ("/settings", Access::Session),
            ("/settings/people", Access::Admin),
            ("/settings/people/1", Access::Admin),
            ("/settings/peoples", Access::Session),
            ("/api/v1/motion-events/export", Access::Data),
            ("/api/links", Access::Session),
            ("/apis", Access::Session),
            ("/metrics", Access::Public),
            ("/whatever/comes", Access::Session),
        ] {
            assert_eq!(required_access(path), expected, "{path}");
        }
    }
}
