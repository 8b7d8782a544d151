//! What an export would hold: told before it is asked for.

use leptos::server;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// What a selection holds at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Events.
    pub rows: u64,
    /// When the first of them was, as the file would tell it; `None` where there is none.
    pub first: Option<String>,
    /// When the last was.
    pub last: Option<String>,
    /// How many bytes the file will have, from some of its lines.
    pub bytes: u64,
    /// How many events there are on each local day that has some, in their order.
    pub days: Vec<Day>,
    /// The names of the file's columns.
    pub columns: Vec<String>,
    /// The cells of the first rows, as the file will have them.
    pub sample: Vec<Vec<String>>,
}

/// The events of a local day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Day {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How many.
    pub events: u64,
}

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

    use crate::server::accounts::principal::Caller;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let caller = Caller::current()?;
    crate::server::export::preview::preview(state.source(), caller.viewer(&state.clock), &query).await
}

/// The events of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraCount {
    /// Its id.
    pub id: String,
    /// How many.
    pub events: u64,
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

    use crate::server::accounts::principal::Caller;
    use crate::server::state::AppState;

    let state = expect_context::<AppState>();
    let caller = Caller::current()?;
    crate::server::export::preview::cameras(state.source(), caller.viewer(&state.clock), &query).await
}
