//! The data of the export form.

use serde::{Deserialize, Serialize};

use super::cameras::Camera;
use super::exports::ExportRecord;
use super::preview::Preview;
use crate::error::ApiError;

/// The data of the export form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFormData {
    /// The cameras, in display order.
    pub cameras: Vec<Camera>,
    /// The names of all time zones. They are not sent again, because the rendered page has them.
    #[serde(skip)]
    pub timezones: Vec<String>,
    /// The default time zone.
    pub timezone: String,
    /// The query string of the page's address, which names a selection; empty if it names none.
    pub selected: String,
    /// The dates of the selection as their inputs show them; empty for none. Relative dates are resolved by the server's clock.
    pub shown_dates: [String; 2],
    /// Why the form cannot show the selection of the address.
    pub problem: Option<ApiError>,
    /// The preview of the selection, or why it failed. `None` if it did not arrive in time for the page.
    pub preview: Option<Result<Preview, ApiError>>,
    /// The names of the administrators, if the user sees no events at all.
    pub no_events: Option<Vec<String>>,
    /// The user's last exports, newest first.
    pub recent: Vec<ExportRecord>,
    /// How many exports a user may run at once.
    pub max_at_once: usize,
    /// The longest lifetime of a link to an export, in minutes.
    pub link_max_minutes: u32,
}
