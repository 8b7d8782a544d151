//! Signing links to an export.

use leptos::server;

use crate::api::signed_url::SignedLink;
use crate::error::ApiError;

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
    use std::time::Duration;

    use leptos::prelude::use_context;

    use crate::export_params::ExportParams;
    use crate::messages::requests::RequestMessage;
    use crate::server::accounts::credential::Credential;
    use crate::server::accounts::principal::{Principal, unauthenticated};
    use crate::server::accounts::signed_url;
    use crate::server::export::timezone::TimeZone;
    use crate::server::state::AppState;

    /// The longest query string of a link, in bytes: browsers and proxies take no longer addresses.
    const MAX_QUERY_BYTES: usize = 8_000;

    const MINUTE: Duration = Duration::from_mins(1);

    let caller = Principal::current()?;
    let state = use_context::<AppState>().ok_or_else(unauthenticated)?;
    let most = state.settings.accounts.link_max_minutes.get();
    let minutes: u32 = minutes.parse().unwrap_or_default();
    if minutes == 0 || minutes > most {
        return Err(ApiError::invalid("minutes", RequestMessage::LinkMinutes { max: most }));
    }
    if query.len() > MAX_QUERY_BYTES {
        return Err(ApiError::invalid("query", RequestMessage::LinkTooLong));
    }
    // What the export would refuse is refused now, and not by whatever the link is pasted into.
    let params = ExportParams::parse(&query)?;
    TimeZone::parse(&params.timezone)?.interval(&params.range)?;
    caller.viewer(&state.clock).select(&state.database, params.camera_ids.clone()).await?;
    let Credential::Session(hash) = caller.by else { return Err(unauthenticated()) };
    let session = state.sessions.by_hash(hash).await?.ok_or_else(unauthenticated)?;
    // No longer than the session can live.
    let (now, asked) = (state.clock.now(), minutes * MINUTE);
    let expires = (now + asked).min(session.expires_at);
    let minutes =
        u32::try_from(expires.saturating_duration_since(now).as_secs() / MINUTE.as_secs()).unwrap_or_default().max(1);
    Ok(SignedLink { url: signed_url::sign(&params, expires, &session), minutes })
}
