//! The id of a request.

use axum::http::Extensions;

/// The id of a request. It is generated, or that of a trusted proxy.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// Returns the id from the extensions of a request.
    pub fn of(extensions: &Extensions) -> Option<String> {
        extensions.get::<Self>().map(|id| id.0.clone())
    }
}
