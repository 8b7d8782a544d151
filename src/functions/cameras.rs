//! The cameras to choose from.

use leptos::server;

use crate::api::cameras::Camera;
use crate::error::ApiError;

/// The cameras that the caller sees: those with a name first, in its order, then those that are gone.
///
/// # Errors
/// Where the caller is not known, or the database cannot answer.
#[server(prefix = "/api/v1", endpoint = "cameras", input = leptos::server_fn::codec::GetUrl)]
pub async fn cameras() -> Result<Vec<Camera>, ApiError> {
    use leptos::prelude::expect_context;

    use crate::server::accounts::principal::Principal;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let caller = Principal::current()?;
    crate::server::cameras::cameras(&state, caller.viewer(&state.clock)).await
}
