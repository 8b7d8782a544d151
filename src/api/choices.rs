//! What the export form offers to choose from.

use serde::{Deserialize, Serialize};

use super::cameras::{Camera, cameras};
use super::timezones::timezones;
use crate::error::ApiError;

/// The lists of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// All cameras, in the order in which they are shown.
    pub cameras: Vec<Camera>,
    /// The names of all time zones.
    pub timezones: Vec<String>,
}

/// The lists, or why there are none: what the server has at hand when it renders the page, and sends along with it.
pub type Loaded = Result<Choices, ApiError>;

/// Asks the server functions for the lists.
///
/// # Errors
/// Where the database cannot answer, or the server cannot be reached.
pub async fn load() -> Loaded {
    Ok(Choices { cameras: cameras().await?, timezones: timezones().await? })
}
