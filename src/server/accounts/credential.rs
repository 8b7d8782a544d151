//! The credential of a request.

use uuid::Uuid;

/// The credential of an authenticated request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The session of a signed-in browser, by the hash of its id.
    Session(Vec<u8>),
    /// An access token, which gives access to data only.
    Token(Uuid),
    /// An access token that can send events, and nothing else.
    WriteToken {
        /// The id of the token.
        id: Uuid,
        /// The name of the source under which it sends events; empty without one.
        source: String,
    },
    /// A signed URL, which gives access to one export only, by the hash of the id of the session that signed it.
    SignedUrl(Vec<u8>),
}

impl Credential {
    /// Returns the name in records.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Token(_) | Self::WriteToken { .. } => "token",
            Self::SignedUrl(_) => "link",
        }
    }
}
