//! The values of the export form at one moment, and how the page's address and the form follow each other. Calls no browser
//! API.

use std::collections::BTreeSet;

use crate::error::ApiError;
use crate::export_params::{DateBound, DateRange, Delimiter, ExportParams};

/// The values of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormState {
    /// The first day as `YYYY-MM-DD`, or empty.
    pub start: String,
    /// The last day.
    pub end: String,
    /// The ids of the selected cameras; empty for all cameras.
    pub cameras: BTreeSet<String>,
    /// IANA name of the time zone.
    pub timezone: String,
    /// Whether semicolons separate the cells, and numbers have decimal commas.
    pub semicolons: bool,
    /// Whether the file begins with a byte-order mark, for Excel.
    pub bom: bool,
    /// Whether the file has the column `local_time`, which spreadsheets read as a date.
    pub excel_date: bool,
}

impl FormState {
    /// Returns the values of a form that the user has not changed.
    pub fn defaults(timezone: String) -> Self {
        Self {
            start: String::new(),
            end: String::new(),
            cameras: BTreeSet::new(),
            timezone,
            semicolons: false,
            bom: true,
            excel_date: false,
        }
    }

    /// Returns the values that the query string of a page stands for. It has the parameters of an export.
    ///
    /// # Errors
    /// Returns an error if the query string is invalid, or if the form cannot show it.
    pub fn from_query(query: &str) -> Result<Self, ApiError> {
        let params = ExportParams::parse_for_page(query)?;
        let ExportParams { range, camera_ids, timezone, delimiter, bom, excel_date, .. } = params;
        let semicolons = delimiter == Delimiter::Semicolon;
        let text = |bound: Option<DateBound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        let (start, end) = (text(range.start()), text(range.end()));
        Ok(Self { start, end, cameras: camera_ids.into_iter().collect(), timezone, semicolons, bom, excel_date })
    }

    /// Returns the values for the page's address: the defaults for an empty one, and the defaults with an error for an
    /// invalid one. `is_offered` tells whether the form offers a time zone.
    pub fn for_address(
        query: &str,
        defaults: &Self,
        is_offered: impl FnOnce(&str) -> bool,
    ) -> (Self, Option<ApiError>) {
        if query.is_empty() {
            return (defaults.clone(), None);
        }
        match Self::from_query(query) {
            Ok(state) if is_offered(&state.timezone) => (state, None),
            Ok(state) => (defaults.clone(), Some(ExportParams::no_such_timezone(&state.timezone))),
            Err(error) => (defaults.clone(), Some(error)),
        }
    }

    /// Returns the parameters of the export, checked like on the server.
    ///
    /// # Errors
    /// Returns an error if the dates are invalid.
    pub fn params(&self) -> Result<ExportParams, ApiError> {
        let bound = |field, text: &str| (!text.is_empty()).then(|| DateBound::parse(field, text)).transpose();
        Ok(ExportParams {
            range: DateRange::new(bound("start_date", &self.start)?, bound("end_date", &self.end)?)?,
            camera_ids: self.cameras.iter().cloned().collect(),
            timezone: self.timezone.clone(),
            delimiter: if self.semicolons { Delimiter::Semicolon } else { Delimiter::Comma },
            bom: self.bom,
            raw: false,
            excel_date: self.excel_date,
        })
    }
}

/// Returns the query string that the page's address must get, or `None` if the current one stands for the selection
/// already. The address of an unchanged form has no query string.
pub fn new_query(params: &ExportParams, is_default: bool, current: &str) -> Option<String> {
    let query = if is_default { String::new() } else { params.to_query() };
    // The same selection can be written in several ways.
    let is_same = query == current || ExportParams::parse(current).is_ok_and(|current| current == *params);
    (!is_same || current.is_empty() != query.is_empty()).then_some(query)
}

/// Returns whether the form should switch to the browser's own time zone: neither the address nor the user has chosen one.
pub fn adopts_timezone(query: &str, chosen: &str, offered_first: &str) -> bool {
    query.is_empty() && chosen == offered_first
}

/// Adds a camera to the selected ones or removes it.
pub fn select_camera(cameras: &mut BTreeSet<String>, id: &str, is_selected: bool) {
    if is_selected {
        cameras.insert(id.to_owned());
    } else {
        cameras.remove(id);
    }
}

/// Applies the checkboxes that were changed before hydration: ids and whether they are checked. The box for all cameras has
/// no id and is skipped.
pub fn apply_changed_boxes(cameras: &mut BTreeSet<String>, changed: &[(String, bool)]) {
    for (id, is_checked) in changed.iter().filter(|(id, _)| !id.is_empty()) {
        select_camera(cameras, id, *is_checked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(start: &str, end: &str, cameras: &[&str]) -> FormState {
        FormState {
            start: start.to_owned(),
            end: end.to_owned(),
            cameras: cameras.iter().map(ToString::to_string).collect(),
            timezone: "Europe/Berlin".to_owned(),
            semicolons: false,
            bom: true,
            excel_date: false,
        }
    }

    #[test]
    fn the_form_requests_what_it_shows() {
        let params = state("2025-12-01", "", &["cam-2", "cam-1"]).params().expect("valid");
        assert_eq!(
            params.to_url(),
            "/api/v1/motion-events/export?format=csv&start_date=2025-12-01&camera_id=cam-1&camera_id=cam-2\
             &timezone=Europe%2FBerlin&bom=true"
        );
    }

    #[test]
    fn an_unchanged_form_requests_everything() {
        let params = FormState::defaults("UTC".to_owned()).params().expect("valid");
        assert_eq!(params, ExportParams { bom: true, ..ExportParams::default() });
    }

    #[test]
    fn an_address_gives_back_the_form_that_it_was_made_from() {
        let with_a_date = FormState { excel_date: true, semicolons: true, ..state("", "2025-12-31", &[]) };
        for state in [state("2025-12-01", "2025-12-31", &["ü & co", "b"]), state("", "", &[]), with_a_date] {
            let query = state.params().expect("valid").to_query();
            assert_eq!(FormState::from_query(&query), Ok(state));
        }
    }

    #[test]
    fn invalid_dates_are_reported_without_a_request() {
        let error = state("2025-12-02", "2025-12-01", &[]).params().expect_err("reversed");
        assert_eq!(error.field.as_deref(), Some("start_date"));
        let address = "start_date=2025-12-02&end_date=2025-12-01";
        for (address, field) in [("start_date=2025-12-02T00:00:00Z", "start_date"), ("raw=true", "raw")] {
            assert_eq!(FormState::from_query(address).expect_err("not on a page").field.as_deref(), Some(field));
        }
        assert_eq!(FormState::from_query(address).expect_err("reversed").field.as_deref(), Some("start_date"));
    }

    #[test]
    fn an_address_that_the_form_cannot_show_leaves_the_defaults_and_an_error() {
        let defaults = FormState::defaults("UTC".to_owned());
        let at = |query: &str| FormState::for_address(query, &defaults, |zone| zone == "Europe/Berlin");
        assert_eq!(at(""), (defaults.clone(), None));
        let (shown, error) = at("start_date=2025-12-01&timezone=Europe/Berlin&bom=true");
        assert_eq!((shown, error), (state("2025-12-01", "", &[]), None));
        for (query, field) in [("timezone=Mars/Olympus", "timezone"), ("raw=true", "raw")] {
            let (shown, error) = at(query);
            assert_eq!(shown, defaults);
            assert_eq!(error.expect("an error").field.as_deref(), Some(field), "{query}");
        }
    }

    #[test]
    fn the_address_changes_only_with_the_selection() {
        let berlin = state("2025-12-01", "", &[]).params().expect("valid");
        let query = berlin.to_query();
        assert_eq!(new_query(&berlin, false, ""), Some(query.clone()));
        assert_eq!(new_query(&berlin, false, &query), None);
        let other_order = "bom=true&timezone=Europe/Berlin&start_date=2025-12-01";
        assert_eq!(new_query(&berlin, false, other_order), None, "the same selection");
        let defaults = FormState::defaults("UTC".to_owned()).params().expect("valid");
        assert_eq!(new_query(&defaults, true, &query), Some(String::new()));
        assert_eq!(new_query(&defaults, true, "bom=true"), Some(String::new()), "the defaults, spelled out");
        assert_eq!(new_query(&defaults, true, ""), None);
    }

    #[test]
    fn the_browsers_time_zone_is_taken_over_unless_one_was_chosen() {
        assert!(adopts_timezone("", "UTC", "UTC"));
        assert!(!adopts_timezone("timezone=UTC", "UTC", "UTC"), "the address has one");
        assert!(!adopts_timezone("", "Asia/Tokyo", "UTC"), "the user has chosen one");
    }

    #[test]
    fn boxes_that_were_changed_before_hydration_change_the_selection() {
        let mut cameras = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let changed = [("b", false), ("c", true), ("", true)].map(|(id, is_checked)| (id.to_owned(), is_checked));
        apply_changed_boxes(&mut cameras, &changed);
        assert_eq!(cameras, BTreeSet::from(["a".to_owned(), "c".to_owned()]));
    }
}
