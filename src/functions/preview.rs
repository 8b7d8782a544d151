//! What an export would contain, for the page's preview and for programs.

use leptos::server;

use crate::api::preview::{CameraCount, Preview};
use crate::error::ApiError;

/// Returns what the export of a selection would contain. The query is cancelled if the client disconnects.
///
/// # Errors
/// Returns an error if the selection is invalid or names a camera that the caller cannot see, if the caller is not
/// authenticated, or if the database does not answer in time.
#[server(prefix = "/api/v1", endpoint = "preview", input = leptos::server_fn::codec::GetUrl)]
pub async fn preview_selection(
    /// The selection, as the query string of its export.
    #[server(default)]
    query: String,
) -> Result<Preview, ApiError> {
    use leptos::prelude::expect_context;

    use crate::export_params::ExportParams;
    use crate::server::accounts::principal::Principal;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let principal = Principal::current()?;
    let params = ExportParams::parse(&query)?;
    let access = principal.camera_access(&state.clock);
    let keep_days = state.settings.retention.keep_days;
    crate::server::export::preview::preview(state.export_context(), access, &params, state.clock.now(), keep_days).await
}

/// Returns how many events the export of a selection would contain, by camera. Cameras without events are left out. The
/// query is cancelled if the client disconnects.
///
/// # Errors
/// Returns the errors of [`preview_selection`].
#[server(prefix = "/api/v1", endpoint = "camera-counts", input = leptos::server_fn::codec::GetUrl)]
pub async fn count_cameras(
    /// The selection, as the query string of its export.
    #[server(default)]
    query: String,
) -> Result<Vec<CameraCount>, ApiError> {
    use leptos::prelude::expect_context;

    use crate::export_params::ExportParams;
    use crate::server::accounts::principal::Principal;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let principal = Principal::current()?;
    let params = ExportParams::parse(&query)?;
    let access = principal.camera_access(&state.clock);
    crate::server::export::preview::cameras(state.export_context(), access, &params, state.clock.now()).await
}
