//! The cameras that a user sees, in the order of lists.

use crate::api::cameras::Camera;
use crate::error::ApiError;
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::db::pool::Pool;

/// Returns the visible cameras: first those with a name, by name, then those that were removed at their source.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn cameras(database: &Pool, access: CameraAccess) -> Result<Vec<Camera>, ApiError> {
    let visible = access.cameras(database).await?;
    let (named, removed): (Vec<_>, Vec<_>) = visible.into_iter().partition(|camera| camera.name.is_some());
    Ok(named.into_iter().chain(removed).map(|camera| Camera { id: camera.id, name: camera.name }).collect())
}
