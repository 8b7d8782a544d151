//! What the export form offers to choose from.

use serde::{Deserialize, Serialize};

use super::cameras::Camera;
use super::exports::ExportRecord;
use super::preview::Preview;
use crate::error::ApiError;

/// The lists of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFormData {
    /// All cameras, in the order in which they are shown.
    pub cameras: Vec<Camera>,
    /// The names of all time zones. Only in the page itself: the browser finds them there.
    #[serde(skip)]
    pub timezones: Vec<String>,
    /// The time zone that is offered first.
    pub timezone: String,
    /// The query string of the page's address, which names a selection; empty where it names none.
    pub selected: String,
    /// What is wrong with it, where it names none that the page could show.
    pub problem: Option<ApiError>,
    /// What that selection holds, or why that cannot be told; `None` where it would have taken the page too long.
    pub preview: Option<Result<Preview, ApiError>>,
    /// The caller's last exports, newest first.
    pub recent: Vec<ExportRecord>,
    /// How many exports one person may make at once.
    pub max_at_once: usize,
    /// For how many minutes a link to an export may work.
    pub link_max_minutes: u32,
}
