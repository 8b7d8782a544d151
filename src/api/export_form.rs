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
    /// The time zones to choose from. They are not sent again, because the rendered page has them.
    #[serde(skip)]
    pub timezones: OfferedTimezones,
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

/// The time zones that the form offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedTimezones {
    /// The user's own, UTC, and the selected one if it has a name that is not offered otherwise.
    pub first: Vec<OfferedTimezone>,
    /// The others, in alphabetical order.
    pub others: Vec<OfferedTimezone>,
}

/// A time zone that the form offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTimezone {
    /// The IANA name.
    pub name: String,
    /// Its other names, separated by spaces.
    pub aliases: String,
    /// The offsets on the first and the last selected day, in minutes east of Greenwich.
    pub offsets: [i32; 2],
}
