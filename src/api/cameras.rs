//! The cameras to choose from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A camera as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// What the export URL takes.
    pub id: String,
    /// For people; `None` where the camera is gone and only its events are left.
    pub name: Option<String>,
}
