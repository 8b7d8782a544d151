//! The cameras that somebody sees, in the order of the lists.

use crate::api::cameras::Camera;
use crate::error::ApiError;
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::state::AppState;

/// The cameras that the viewer sees: those with a name first, in its order, then those that are gone.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn cameras(state: &AppState, viewer: CameraAccess) -> Result<Vec<Camera>, ApiError> {
    let found = viewer.cameras(&state.database).await?;
    let (named, gone): (Vec<_>, Vec<_>) = found.into_iter().partition(|camera| camera.name.is_some());
    Ok(named.into_iter().chain(gone).map(|camera| Camera { id: camera.id, name: camera.name }).collect())
}
