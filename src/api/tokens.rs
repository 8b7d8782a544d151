//! Access tokens, as their owner sees them.

use serde::{Deserialize, Serialize};

/// The lifetimes of a token that the page offers, in days. `None` means until it is revoked.
pub const DAYS: [Option<u32>; 5] = [Some(7), Some(30), Some(90), Some(365), None];

/// The form field by which a new password also revokes all access tokens.
pub const REVOKE_TOKENS: &str = "revoke_tokens";

/// The form field by which a form that is sent twice creates one token.
pub const FORM_KEY: &str = "form_key";

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
    /// When it was created, as RFC 3339 in UTC. It distinguishes tokens of the same name.
    pub created: String,
    /// The day on which it expires, as `YYYY-MM-DD` in UTC. `None` if it does not.
    pub expires: Option<String>,
    /// Whether it has expired.
    pub expired: bool,
    /// When it was last used, as RFC 3339 in UTC. `None` if it was never used.
    pub last_used: Option<String>,
}
