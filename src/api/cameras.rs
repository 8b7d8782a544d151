//! Cameras that can be selected.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// The id, as in the export's URL.
    pub id: String,
    /// The name. `None` if the camera no longer exists and only its events are left.
    pub name: Option<String>,
}
