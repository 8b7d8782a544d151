//! What the export form offers to choose from.

use serde::{Deserialize, Serialize};

use super::cameras::Camera;

/// The lists of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// All cameras, in the order in which they are shown.
    pub cameras: Vec<Camera>,
    /// The names of all time zones.
    pub timezones: Vec<String>,
    /// For how many minutes a link to an export may work.
    pub link_max_minutes: u32,
}
