//! Who is signed in.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::unknown_value::UnknownValue;

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
    /// All roles.
    pub const ALL: [Self; 2] = [Self::Admin, Self::User];

    /// Returns the name in tables, forms and lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownValue)
    }
}

/// Somebody who is signed in, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// The name that was used to sign in.
    pub name: String,
    /// What it may do.
    pub role: Role,
}
