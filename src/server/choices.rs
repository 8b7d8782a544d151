//! The lists of the export form, loaded before the page is rendered.
//!
//! The page could load them itself while it is rendered, and did; but rendering that waits was seen to hang, once in some
//! thousand pages, when many were rendered at once on several threads (leptos 0.8.23). Rendering that waits for nothing
//! cannot.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use sea_orm::{EntityTrait, QueryOrder};

use super::database;
use super::entity::camera::{Column, Entity};
use super::export::zone::Zone;
use super::state::AppState;
use super::telemetry::RequestId;
use crate::api::cameras::Camera;
use crate::api::choices::{Choices, Loaded};
use crate::app::SETTINGS_PATH;
use crate::error::ApiError;

/// Middleware: gives a request for the settings page the lists that it will show.
pub async fn preload(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if request.uri().path() == SETTINGS_PATH {
        let loaded: Loaded = match cameras(&state).await {
            Ok(cameras) => Ok(Choices { cameras, timezones: Zone::names() }),
            Err(error) => Err(ApiError { request_id: RequestId::of(request.extensions()), ..error }),
        };
        request.extensions_mut().insert(loaded);
    }
    next.run(request).await
}

/// All cameras: those with a name first, in its order, then those that are gone.
///
/// # Errors
/// Where the database cannot answer.
pub async fn cameras(state: &AppState) -> Result<Vec<Camera>, ApiError> {
    let found = Entity::find()
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .all(&state.database)
        .await
        .map_err(|error| database::refusal(&error))?;
    let (named, gone): (Vec<_>, Vec<_>) = found.into_iter().partition(|camera| camera.name.is_some());
    Ok(named.into_iter().chain(gone).map(|camera| Camera { id: camera.id, name: camera.name }).collect())
}
