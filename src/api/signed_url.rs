//! Links to an export, for tools that can send no header.

use serde::{Deserialize, Serialize};

/// Where links are asked for.
pub const ENDPOINT: &str = "/api/links";

/// For how many minutes a link may be asked for, as far as the settings allow.
pub const MINUTES: [u32; 5] = [5, 15, 60, 240, 1_440];

/// A link that was just signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedLink {
    /// The export's URL, without scheme and host.
    pub url: String,
    /// For how many minutes it works.
    pub minutes: u32,
}
