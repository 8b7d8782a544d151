//! The signed-in user.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::unknown_value::{UnknownValue, serialize_as_str};

/// The minimum length of a password. NIST SP 800-63B requires at least 8 characters and advises against rules about which.
pub const MIN_PASSWORD_CHARACTERS: usize = 10;

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sees all cameras and manages users.
    Admin,
    /// Sees the cameras granted to the user.
    User,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 2] = [Self::Admin, Self::User];

    /// Returns the name in the database, in forms and on the command line.
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

serialize_as_str!(Role, Role::as_str, |name| name.parse().ok());

/// The user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
}
