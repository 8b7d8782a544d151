//! Access tokens, as their owner sees them.

use serde::{Deserialize, Serialize};

/// For how many days a token may be made on the page; none: until it is revoked.
pub const DAYS: [Option<u32>; 5] = [Some(7), Some(30), Some(90), Some(365), None];

/// The field of a form that gives somebody a new password, by which all access tokens are revoked as well.
pub const REVOKE_TOKENS: &str = "revoke_tokens";

/// A token in the list. The token itself is not here: nobody has it but whom it was shown to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names it to the form that revokes it.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was made, to the minute in UTC: names may be the same.
    pub created: String,
    /// When it stops working; `None`: never.
    pub expires: Option<String>,
    /// Whether that has come.
    pub expired: bool,
    /// When it was last used, to the minute in UTC; `None`: never.
    pub last_used: Option<String>,
}
