//! Access tokens, as their owner sees them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::unknown_value::UnknownValue;

/// The lifetimes of a token that the page offers, in days. `None` means until it is revoked.
pub const DAYS: [Option<u32>; 5] = [Some(7), Some(30), Some(90), Some(365), None];

/// The form field by which a new password also revokes all access tokens.
pub const REVOKE_TOKENS: &str = "revoke_tokens";

/// The form field by which a form that is sent twice creates one token.
pub const FORM_KEY: &str = "form_key";

/// What a token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To read what its user sees, and to cancel exports.
    #[default]
    Read,
    /// To send events, and nothing else.
    Write,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// Returns the name in forms and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownValue)
    }
}

/// A user's tokens, and what the form for a new one needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    /// The tokens that were not revoked, newest first.
    pub tokens: Vec<Token>,
    /// The value of [`FORM_KEY`]: random, and another one in each page.
    pub form_key: String,
}

/// A token in the list, without the token itself, of which only a hash is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The id, for the form that revokes the token.
    pub id: String,
    /// The name that its owner gave it.
    pub name: String,
    /// What it is for.
    pub scope: Scope,
    /// The name of the source under which it sends events.
    pub source: Option<String>,
    /// When it was created, as RFC 3339 in UTC. It distinguishes tokens of the same name.
    pub created: String,
    /// The day on which it expires, as `YYYY-MM-DD` in UTC. `None` if it does not.
    pub expires: Option<String>,
    /// Whether it has expired.
    pub expired: bool,
    /// When it was last used, as RFC 3339 in UTC. `None` if it was never used.
    pub last_used: Option<String>,
}
