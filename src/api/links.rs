//! Links to an export, for tools that can send no header.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

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

/// Signs a link to the export with that query string, for the session that asks.
///
/// # Errors
/// Where the query string cannot be understood or names a camera that the caller does not see, or where links may not
/// work that long.
#[server(prefix = "/api", endpoint = "links")]
pub async fn sign_link(
    /// What the export is asked for.
    #[server(default)]
    query: String,
    /// For how many minutes the link works. As text, so that what is no number is told as that.
    #[server(default)]
    minutes: String,
) -> Result<SignedLink, ApiError> {
    use crate::server::accounts::principal::Caller;
    use crate::server::links;

    let signed = async { links::sign(Caller::current()?, &query, &minutes).await };
    signed.await
}
