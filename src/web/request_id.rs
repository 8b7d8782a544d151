//! The id of a request.

use axum::http::Extensions;

/// The id of a request, made here and never taken from the client.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id of a request that the log knows, out of its extensions.
    pub fn of(extensions: &Extensions) -> Option<String> {
        extensions.get::<Self>().map(|id| id.0.clone())
    }
}
