//! The credential of a request.

use uuid::Uuid;

/// The credential of an authenticated request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The session of a signed-in browser, by the hash of its id.
    Session(Vec<u8>),
    /// An access token, which gives access to data only.
    Token(Uuid),
    /// A signed URL, which gives access to one export only, by the hash of the id of the session that signed it.
    SignedUrl(Vec<u8>),
}

impl Credential {
    /// Returns the name in records.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Token(_) => "token",
            Self::SignedUrl(_) => "link",
        }
    }
}
