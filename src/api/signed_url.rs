//! Signed links to an export, for tools that cannot send a header.

use serde::{Deserialize, Serialize};

/// The path that signs links.
pub const ENDPOINT: &str = "/api/links";

/// The lifetimes of a link that the page offers, in minutes, as far as the settings allow.
pub const MINUTES: [u32; 5] = [5, 15, 60, 240, 1_440];

/// A link that was just signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedLink {
    /// The URL of the export, without scheme and host.
    pub url: String,
    /// How many minutes the link works.
    pub minutes: u32,
}
