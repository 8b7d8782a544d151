//! Signs links to an export.

use leptos::server;

use crate::api::signed_url::SignedLink;
use crate::error::ApiError;

/// Signs a link to the export of a selection with the key of the caller's session.
///
/// # Errors
/// Returns an error if the selection is invalid or names a camera that the caller cannot see, or if the settings do not
/// allow links for that long.
#[server(prefix = "/api", endpoint = "links")]
pub async fn sign_link(
    /// The selection, as the query string of its export.
    #[server(default)]
    query: String,
    /// How many minutes the link works. A string, so that the error for an invalid number names this parameter.
    #[server(default)]
    minutes: String,
) -> Result<SignedLink, ApiError> {
    use std::time::Duration;

    use leptos::prelude::use_context;

    use crate::export_params::ExportParams;
    use crate::messages::requests::RequestMessage;
    use crate::server::accounts::credential::Credential;
    use crate::server::accounts::principal::{Principal, unauthenticated};
    use crate::server::accounts::signed_url;
    use crate::server::export::timezone::TimeZone;
    use crate::server::state::AppState;

    /// The longest query string of a link, in bytes. Browsers and proxies limit the length of a URL.
    const MAX_QUERY_BYTES: usize = 8_000;

    const MINUTE: Duration = Duration::from_mins(1);

    let principal = Principal::current()?;
    let state = use_context::<AppState>().ok_or_else(unauthenticated)?;
    let max = state.settings.accounts.link_max_minutes.get();
    let minutes: u32 = minutes.parse().unwrap_or_default();
    if minutes == 0 || minutes > max {
        return Err(ApiError::invalid("minutes", RequestMessage::LinkMinutes { max }));
    }
    if query.len() > MAX_QUERY_BYTES {
        return Err(ApiError::invalid("query", RequestMessage::LinkTooLong));
    }
    // The export would refuse these as well, but only in the tool that opens the link. Relative dates stay relative.
    let params = ExportParams::parse(&query)?;
    TimeZone::parse(&params.timezone)?.resolve(&params.range, state.clock.now())?;
    principal.camera_access(&state.clock).select(&state.database, params.camera_ids.clone()).await?;
    let Credential::Session(hash) = principal.credential else { return Err(unauthenticated()) };
    let session = state.sessions.by_hash(hash).await?.ok_or_else(unauthenticated)?;
    // A link never outlives its session.
    let (now, requested) = (state.clock.now(), minutes * MINUTE);
    let expires = (now + requested).min(session.expires_at);
    let minutes =
        u32::try_from(expires.saturating_duration_since(now).as_secs() / MINUTE.as_secs()).unwrap_or_default().max(1);
    Ok(SignedLink { url: signed_url::sign(&params, expires, &session), minutes })
}
