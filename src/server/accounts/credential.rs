//! What a caller is known by.

use uuid::Uuid;

/// By what somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A browser that is signed in: the session with this hash.
    Session(Vec<u8>),
    /// An access token, which opens data only.
    Token(Uuid),
    /// A link, which opens one export only: signed by the session with this hash.
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
