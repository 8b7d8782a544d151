//! Who asks: found out once for each request, before anything else looks at it.

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

use super::camera_access::CameraAccess;
use super::credential::Credential;
use super::user::User;
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::db::clock::Clock;

/// Somebody whom we know.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who.
    pub user: User,
    /// By what we know.
    pub by: Credential,
}

impl Principal {
    /// On whose behalf the caller looks at cameras, until that ends by this clock.
    pub fn viewer(&self, clock: &Clock) -> CameraAccess {
        CameraAccess::User { id: self.user.id, by: Some((self.by.clone(), clock.clone())) }
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

/// What the middleware found out.
#[derive(Clone, Debug)]
pub struct Identity(pub Result<Principal, ApiError>);

/// The caller that was found, for those who hold a request.
///
/// # Errors
/// `unauthenticated` where there is none.
pub fn of(extensions: &Extensions) -> Result<Principal, ApiError> {
    extensions.get::<Identity>().map_or_else(|| Err(unauthenticated()), |identity| identity.0.clone())
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        of(&parts.extensions)
    }
}

/// The error for somebody whom we do not know.
pub fn unauthenticated() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, RequestMessage::NotSignedIn)
}
