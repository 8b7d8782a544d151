//! Signing links to an export, for the server function that the page calls.

use leptos::prelude::use_context;

use super::state::AppState;
use crate::api::links::SignedLink;
use crate::error::ApiError;
use crate::export_params::ExportParams;
use crate::messages::requests::RequestMessage;
use crate::server::accounts::credential::Credential;
use crate::server::accounts::principal::{Caller, unauthenticated};
use crate::server::accounts::signed_url;
use crate::server::db::error::refusal;
use crate::server::export::zone::Zone;

/// The longest query string of a link, in bytes: browsers and proxies take no longer addresses.
const MAX_QUERY_BYTES: usize = 8_000;

/// In microseconds.
const MINUTE: i64 = 60 * 1_000_000;

/// Signs a link to the export with that query string.
///
/// # Errors
/// Where the query string cannot be understood or names a camera that the caller does not see, where links may not work
/// that long, or where there is no session to sign it.
pub async fn sign(caller: Caller, query: &str, minutes: &str) -> Result<SignedLink, ApiError> {
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
    let params = ExportParams::parse(query)?;
    Zone::parse(&params.timezone)?.interval(&params.range)?;
    let refuse = |error| refusal(&error);
    caller.viewer(&state.clock).select(&state.database, params.camera_ids.clone()).await?;
    let Credential::Session(hash) = caller.by else { return Err(unauthenticated()) };
    let session = state.sessions.by_hash(hash).await.map_err(refuse)?.ok_or_else(unauthenticated)?;
    // No longer than the session can live.
    let (now, asked) = (state.clock.now(), i64::from(minutes) * MINUTE);
    let expires = (now + asked).min(session.expires_at);
    let minutes = u32::try_from((expires - now) / MINUTE).unwrap_or_default().max(1);
    Ok(SignedLink { url: signed_url::sign(&params, expires, &session), minutes })
}
