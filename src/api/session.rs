//! Who is signed in.

use serde::{Deserialize, Serialize};

/// The shortest password. NIST SP 800-63B asks for 8 at least, and for no rule about which characters.
pub const MIN_PASSWORD_CHARACTERS: usize = 10;

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees all cameras, and manages people.
    Admin,
    /// Sees the cameras granted to it.
    User,
}

impl Role {
    /// The word for it in tables, forms and lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }

    /// What that word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Admin, Self::User].into_iter().find(|role| role.word() == word)
    }
}

/// Somebody who is signed in, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The name that was used to sign in.
    pub name: String,
    /// What it may do.
    pub role: Role,
}
