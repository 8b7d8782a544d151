//! The cameras that can be selected.

use leptos::server;

use crate::api::cameras::Camera;
use crate::error::ApiError;

/// Returns the cameras that the caller can see: first those with a name, sorted by it, then those that no longer exist.
///
/// # Errors
/// Returns an error if the caller is not authenticated or the database cannot answer.
#[server(prefix = "/api/v1", endpoint = "cameras", input = leptos::server_fn::codec::GetUrl)]
pub async fn cameras() -> Result<Vec<Camera>, ApiError> {
    use leptos::prelude::expect_context;

    use crate::server::accounts::principal::Principal;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let principal = Principal::current()?;
    crate::server::accounts::camera_access::listing::cameras(&state.database, principal.camera_access(&state.clock))
        .await
}
