//! The authenticated user of a request.

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

use super::camera_access::CameraAccess;
use super::credential::Credential;
use super::user::User;
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::db::clock::Clock;

/// An authenticated user.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The user.
    pub user: User,
    /// The credential.
    pub credential: Credential,
}

impl Principal {
    /// Returns the principal's access to cameras, which ends by this clock.
    pub fn camera_access(&self, clock: &Clock) -> CameraAccess {
        CameraAccess::User { id: self.user.id, credential: Some((self.credential.clone(), clock.clone())) }
    }

    /// Whether the principal is a signed-in browser, not a tool.
    pub fn is_browser(&self) -> bool {
        matches!(self.credential, Credential::Session(_))
    }

    /// Whether the principal can only send events.
    pub fn only_writes(&self) -> bool {
        matches!(self.credential, Credential::WriteToken { .. })
    }

    /// Returns the principal of the running server function.
    ///
    /// # Errors
    /// Returns `unauthenticated` if there is none.
    pub fn current() -> Result<Self, ApiError> {
        use leptos::prelude::use_context;

        let parts = use_context::<Parts>().ok_or_else(unauthenticated)?;
        of(&parts.extensions)
    }
}

/// The result of the authentication of a request.
#[derive(Clone, Debug)]
pub struct Identity(pub Result<Principal, ApiError>);

/// Returns the principal of a request.
///
/// # Errors
/// Returns `unauthenticated` if there is none.
pub fn of(extensions: &Extensions) -> Result<Principal, ApiError> {
    extensions.get::<Identity>().map_or_else(|| Err(unauthenticated()), |identity| identity.0.clone())
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        of(&parts.extensions)
    }
}

/// Returns the error of a request without a principal.
pub fn unauthenticated() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, RequestMessage::NotSignedIn)
}
