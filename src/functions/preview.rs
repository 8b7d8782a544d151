//! What an export would hold, before it is asked for.

use leptos::server;

use crate::api::preview::{CameraCount, Preview};
use crate::error::ApiError;

/// What the export with that query string would hold. Stops looking when nobody waits for it any more.
///
/// # Errors
/// Where the query string cannot be understood or names a camera that the caller does not see, where the caller is not
/// known, or the database cannot answer in time.
#[server(prefix = "/api/v1", endpoint = "preview", input = leptos::server_fn::codec::GetUrl)]
pub async fn preview_selection(
    /// The selection, as the query string of its export.
    #[server(default)]
    query: String,
) -> Result<Preview, ApiError> {
    use leptos::prelude::expect_context;

    use crate::server::accounts::principal::Principal;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let caller = Principal::current()?;
    crate::server::export::preview::preview(state.source(), caller.viewer(&state.clock), &query).await
}

/// How many events the export with that query string would hold of each camera, those aside that have none. Stops counting
/// when nobody waits for it any more.
///
/// # Errors
/// As [`preview_selection`].
#[server(prefix = "/api/v1", endpoint = "camera-counts", input = leptos::server_fn::codec::GetUrl)]
pub async fn count_cameras(
    /// The selection, as the query string of its export.
    #[server(default)]
    query: String,
) -> Result<Vec<CameraCount>, ApiError> {
    use leptos::prelude::expect_context;

    use crate::server::accounts::principal::Principal;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let caller = Principal::current()?;
    crate::server::export::preview::cameras(state.source(), caller.viewer(&state.clock), &query).await
}
