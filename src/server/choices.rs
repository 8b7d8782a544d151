//! The lists of the export form.

use super::auth::viewer::Viewer;
use super::database;
use super::export::zone::Zone;
use super::state::AppState;
use crate::api::cameras::Camera;
use crate::api::choices::Choices;
use crate::error::ApiError;

/// What the form offers to that viewer.
///
/// # Errors
/// Where the database cannot answer.
pub async fn choices(state: &AppState, viewer: Viewer) -> Result<Choices, ApiError> {
    Ok(Choices {
        cameras: cameras(state, viewer).await?,
        timezones: Zone::names(),
        link_max_minutes: state.settings.accounts.link_max_minutes.get(),
    })
}

/// The cameras that the viewer sees: those with a name first, in its order, then those that are gone.
///
/// # Errors
/// Where the database cannot answer.
pub async fn cameras(state: &AppState, viewer: Viewer) -> Result<Vec<Camera>, ApiError> {
    let found = viewer.cameras(&state.database).await.map_err(|error| database::refusal(&error))?;
    let (named, gone): (Vec<_>, Vec<_>) = found.into_iter().partition(|camera| camera.name.is_some());
    Ok(named.into_iter().chain(gone).map(|camera| Camera { id: camera.id, name: camera.name }).collect())
}
