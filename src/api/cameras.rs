//! The cameras to choose from.

use leptos::server;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// A camera as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// What the export URL takes.
    pub id: String,
    /// For people; `None` where the camera is gone and only its events are left.
    pub name: Option<String>,
}

/// The cameras that the caller sees: those with a name first, in its order, then those that are gone.
///
/// # Errors
/// Where the caller is not known, or the database cannot answer.
#[server(prefix = "/api/v1", endpoint = "cameras", input = leptos::server_fn::codec::GetUrl)]
pub async fn cameras() -> Result<Vec<Camera>, ApiError> {
    use leptos::prelude::expect_context;

    use crate::server::accounts::principal::Caller;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let caller = Caller::current()?;
    crate::server::choices::cameras(&state, caller.viewer(&state.clock)).await
}
