//! The export form as signals, synchronized with the page's address, which can be bookmarked, shared and gone back to.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use leptos::prelude::*;

use super::form_state::{FormState, adopts_timezone, apply_changed_boxes, new_query};
use crate::api::export_form::ExportFormData;
use crate::error::ApiError;
use crate::export_params::relative_date::{Edge, RelativeDate};
use crate::export_params::{DateBound, DateRange, ExportParams};
use crate::ui::browser;
use crate::ui::dates::date_preset::Preset;
use crate::ui::dates::shown_date::{has_time, shown, with_time, without_time};
use crate::ui::hydration::{self, hydrate_later};

/// The fields of the form.
#[derive(Clone, Copy)]
pub struct Selection {
    /// The start, as `start_date` has it: a day, a local time or a relative date; empty for none.
    pub start: RwSignal<String>,
    /// The end, as `end_date` has it.
    pub end: RwSignal<String>,
    /// Whether the inputs of dates have times of day.
    pub with_time: RwSignal<bool>,
    /// The dates as the server resolved them for the inputs.
    shown_first: StoredValue<[String; 2]>,
    /// The ids of the selected cameras; empty for all.
    pub cameras: RwSignal<BTreeSet<String>>,
    /// IANA name of the time zone.
    pub timezone: RwSignal<String>,
    /// Whether semicolons separate the cells of the file.
    pub semicolons: RwSignal<bool>,
    /// Whether the file begins with a byte-order mark.
    pub bom: RwSignal<bool>,
    /// Whether the file has the column `local_time`.
    pub excel_date: RwSignal<bool>,
    /// What is wrong with the page's address, if it is invalid. The form has its defaults then.
    pub problem: RwSignal<Option<ApiError>>,
    /// The values of an unchanged form.
    defaults: RwSignal<FormState>,
}

impl Selection {
    /// Creates the form with the selection of the page's address, or with the defaults.
    pub fn new(data: &ExportFormData) -> Self {
        let defaults = FormState::defaults(data.timezone.clone());
        let has_selection = !data.selected.is_empty() && data.problem.is_none();
        let state = has_selection.then(|| FormState::from_query(&data.selected).ok()).flatten();
        let FormState { start, end, cameras, timezone, semicolons, bom, excel_date } =
            state.unwrap_or_else(|| defaults.clone());
        Self {
            with_time: RwSignal::new(has_time(&start) || has_time(&end)),
            shown_first: StoredValue::new(data.shown_dates.clone()),
            start: RwSignal::new(start),
            end: RwSignal::new(end),
            cameras: RwSignal::new(cameras),
            timezone: RwSignal::new(timezone),
            semicolons: RwSignal::new(semicolons),
            bom: RwSignal::new(bom),
            excel_date: RwSignal::new(excel_date),
            problem: RwSignal::new(data.problem.clone()),
            defaults: RwSignal::new(defaults),
        }
    }

    // The user may fill in fields before they are hydrated. Each chunk takes over its own fields when it is hydrated, because
    // until then nothing listens to them. Effects do it, because the chunk must first render what the server rendered.

    /// Takes over the dates that the user has filled in, and the preset that was pressed. Called when their chunk is hydrated.
    pub fn hydrate_dates(self) {
        let changed = [browser::changed_value("start-date"), browser::changed_value("end-date")];
        let pressed = browser::attribute("start-date", "data-preset").and_then(|value| Preset::from_value(&value));
        let filled_in = [browser::value_of("start-date"), browser::value_of("end-date")];
        Effect::new(move || {
            if let Some(preset) = pressed {
                let (start, end) = preset.dates();
                let timezone = browser::value_of("timezone").unwrap_or_default();
                let shown = [shown(&start, Edge::Start, &timezone), shown(&end, Edge::End, &timezone)].map(Some);
                // A date may have been typed after the preset was pressed.
                if shown == filled_in {
                    return self.choose(preset);
                }
            }
            for (edge, changed) in [Edge::Start, Edge::End].into_iter().zip(&changed) {
                if let Some(text) = changed {
                    self.type_date(edge, text.clone());
                }
            }
        });
    }

    /// Takes over the options of the file.
    pub fn hydrate_file_options(self) {
        for (id, signal) in [("bom", self.bom), ("excel_date", self.excel_date), ("delimiter", self.semicolons)] {
            let current = browser::is_checked(id);
            Effect::new(move || current.iter().for_each(|current| signal.set(*current)));
        }
    }

    /// Takes over the cameras.
    pub fn hydrate_cameras(self) {
        let changed = browser::changed_boxes("camera_id");
        Effect::new(move || {
            if !changed.is_empty() {
                self.cameras.update(|cameras| apply_changed_boxes(cameras, &changed));
            }
        });
    }

    /// Takes over the time zone, and chooses the browser's own unless the address or the user has chosen one.
    pub fn hydrate_timezones(self) {
        take_over("timezone", self.timezone);
        // In a task of its own, because the first query of the browser's time zone takes a while.
        hydrate_later(move || {
            let offered_first = self.defaults.with_untracked(|defaults| defaults.timezone.clone());
            // Browsers name some zones by aliases, such as Asia/Calcutta.
            if let Some(own) = browser::timezone().and_then(|own| browser::offered_value("timezone", &own)) {
                browser::remember_timezone(&own);
                browser::offer_first("timezone", &own);
                self.defaults.update(|defaults| defaults.timezone.clone_from(&own));
                if adopts_timezone(&browser::query(), &self.timezone.get_untracked(), &offered_first) {
                    self.timezone.set(own);
                }
            }
        });
    }

    /// Keeps the form equal to the address when the user goes back or forward. `rendered` is the query string that the
    /// server rendered the form for: the user may have gone back before hydration.
    pub fn follow_history(self, rendered: String) {
        let is_hydrated = hydration::is_hydrated();
        Effect::new(move || {
            let current = browser::query();
            if is_hydrated.get() && current != rendered {
                self.follow(&current);
                browser::update_return_address();
            }
        });
        browser::on_history_moves(move || {
            if is_hydrated.get_untracked() {
                self.follow(&browser::query());
            }
        });
    }

    fn state(self) -> FormState {
        FormState {
            start: self.start.get(),
            end: self.end.get(),
            cameras: self.cameras.get(),
            timezone: self.timezone.get(),
            semicolons: self.semicolons.get(),
            bom: self.bom.get(),
            excel_date: self.excel_date.get(),
        }
    }

    /// Returns the parameters of the export, checked like on the server.
    ///
    /// # Errors
    /// Returns an error if a field is invalid.
    pub fn params(self) -> Result<ExportParams, ApiError> {
        self.state().params()
    }

    /// Sets both dates.
    pub fn set_date_range(self, first: String, last: String) {
        self.with_time.set(has_time(&first) || has_time(&last));
        self.start.set(first);
        self.end.set(last);
    }

    /// Sets both dates to those of a preset.
    pub fn choose(self, preset: Preset) {
        let (start, end) = preset.dates();
        self.set_date_range(start, end);
    }

    /// Sets the start to a day, and keeps the end as it is shown.
    pub fn start_on(self, day: NaiveDate) {
        let end = untrack(|| self.shown(Edge::End));
        let start = day.to_string();
        self.set_date_range(if has_time(&end) { format!("{start}T00:00") } else { start }, end);
    }

    /// Returns the signal of a date.
    pub fn date(self, edge: Edge) -> RwSignal<String> {
        match edge {
            Edge::Start => self.start,
            Edge::End => self.end,
        }
    }

    /// Returns a date as its input shows it at first: what the server has rendered.
    pub fn shown_first(self, edge: Edge) -> String {
        let text = self.date(edge).get_untracked();
        if RelativeDate::parse(&text).is_none() {
            return text;
        }
        self.shown_first.with_value(|[start, end]| if edge == Edge::Start { start.clone() } else { end.clone() })
    }

    /// Returns a date as its input shows it now.
    pub fn shown(self, edge: Edge) -> String {
        self.date(edge).with(|text| self.timezone.with(|timezone| shown(text, edge, timezone)))
    }

    /// Sets a date that the user types. A relative date beside it becomes the day that is shown, because the range is no longer
    /// the preset.
    pub fn type_date(self, edge: Edge, text: String) {
        let other = if edge == Edge::Start { Edge::End } else { Edge::Start };
        self.fix(other);
        self.date(edge).set(text);
    }

    /// Replaces a relative date by the day or time that is shown.
    fn fix(self, edge: Edge) {
        let date = self.date(edge);
        if date.with_untracked(|text| RelativeDate::parse(text).is_some()) {
            date.set(untrack(|| self.shown(edge)));
        }
    }

    /// Gives both dates a time of day, or takes it from them.
    pub fn set_with_time(self, on: bool) {
        for edge in [Edge::Start, Edge::End] {
            let text = untrack(|| self.shown(edge));
            self.date(edge).set(if on { with_time(&text, edge) } else { without_time(&text, edge) });
        }
        self.with_time.set(on);
    }

    /// Returns the range of dates as the inputs show it.
    pub fn shown_range(self) -> DateRange {
        let bound = |edge| DateBound::parse("", &self.shown(edge)).ok();
        DateRange::new(bound(Edge::Start), bound(Edge::End)).unwrap_or_default()
    }

    /// Updates the page's address to the selection, as a new entry of the history.
    pub fn show_in_address(self, params: &ExportParams) {
        if let Some(query) = self.new_query(params, &browser::query()) {
            browser::show_query(&query);
        }
    }

    /// Returns the query string that the address must get, and clears the problem with the address, if the user has
    /// selected something instead.
    fn new_query(self, params: &ExportParams, current: &str) -> Option<String> {
        let is_default = self.defaults.with_untracked(|defaults| defaults.params().as_ref() == Ok(params));
        // An invalid address stays until the user selects something.
        if is_default && self.problem.with_untracked(Option::is_some) {
            return None;
        }
        self.problem.set(None);
        new_query(params, is_default, current)
    }

    fn follow(self, query: &str) {
        let is_offered = |timezone: &str| browser::is_offered("timezone", timezone);
        let (state, problem) = FormState::for_address(query, &self.defaults.get_untracked(), is_offered);
        self.problem.set(problem);
        self.fill_in(state);
    }

    fn fill_in(self, state: FormState) {
        let FormState { start, end, cameras, timezone, semicolons, bom, excel_date } = state;
        self.set_date_range(start, end);
        self.cameras.set(cameras);
        self.timezone.set(timezone);
        self.semicolons.set(semicolons);
        self.bom.set(bom);
        self.excel_date.set(excel_date);
    }
}

/// Sets a signal to the current value of its field, which the user may have changed before hydration.
fn take_over(id: &str, signal: RwSignal<String>) {
    let current = browser::value_of(id);
    Effect::new(move || current.iter().for_each(|current| signal.set(current.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_support::{form_data, with_owner};

    #[test]
    fn the_form_begins_with_the_selection_of_the_address() {
        with_owner(|| {
            let query = "start_date=2025-12-01&camera_id=cam-1&timezone=Asia/Tokyo";
            let selection = Selection::new(&ExportFormData { selected: query.to_owned(), ..form_data() });
            assert_eq!(untrack(|| selection.params()), Ok(ExportParams::parse(query).expect("valid")));
        });
    }

    #[test]
    fn an_invalid_address_stays_until_something_is_selected() {
        with_owner(|| {
            let problem = Some(ExportParams::no_such_timezone("Mars/Olympus"));
            let address = "timezone=Mars/Olympus";
            let data = ExportFormData { selected: address.to_owned(), problem: problem.clone(), ..form_data() };
            let selection = Selection::new(&data);
            let defaults = untrack(|| selection.params()).expect("valid");
            assert_eq!(defaults, ExportParams { bom: true, ..ExportParams::default() });
            assert_eq!(selection.new_query(&defaults, address), None);
            assert_eq!(selection.problem.get_untracked(), problem);
            selection.set_date_range("2025-12-01".to_owned(), String::new());
            let selected = untrack(|| selection.params()).expect("valid");
            assert_eq!(selection.new_query(&selected, address), Some(selected.to_query()));
            assert_eq!(selection.problem.get_untracked(), None);
        });
    }

    #[test]
    fn a_relative_date_beside_a_typed_one_becomes_the_day_that_is_shown() {
        with_owner(|| {
            let query = "start_date=-6d&end_date=today&timezone=UTC";
            let shown_dates = ["2025-12-10".to_owned(), "2025-12-16".to_owned()];
            let selection = Selection::new(&ExportFormData { selected: query.to_owned(), shown_dates, ..form_data() });
            assert_eq!(selection.shown_first(Edge::Start), "2025-12-10");
            assert!(untrack(|| selection.params()).expect("valid").range.is_relative());
            selection.type_date(Edge::Start, "2025-12-01".to_owned());
            assert_eq!(selection.start.get_untracked(), "2025-12-01");
            assert!(!untrack(|| selection.params()).expect("valid").range.is_relative());
        });
    }

    #[test]
    fn dates_get_times_of_day_and_lose_them() {
        with_owner(|| {
            let selection = Selection::new(&form_data());
            selection.set_date_range("2025-12-01".to_owned(), "2025-12-01".to_owned());
            assert!(!selection.with_time.get_untracked());
            selection.set_with_time(true);
            assert_eq!(selection.start.get_untracked(), "2025-12-01T00:00");
            assert_eq!(selection.end.get_untracked(), "2025-12-02T00:00");
            selection.set_with_time(false);
            assert_eq!(selection.end.get_untracked(), "2025-12-01");
            selection.set_date_range("-24h".to_owned(), String::new());
            assert!(selection.with_time.get_untracked());
        });
    }

    #[test]
    fn a_later_start_keeps_the_end() {
        with_owner(|| {
            let selection = Selection::new(&form_data());
            let day = |text: &str| text.parse().expect("a day");
            selection.start_on(day("2025-12-01"));
            assert_eq!(
                (selection.start.get_untracked(), selection.end.get_untracked()),
                ("2025-12-01".to_owned(), String::new())
            );
            selection.set_date_range(String::new(), "2025-12-31T08:30".to_owned());
            selection.start_on(day("2025-12-01"));
            assert_eq!(selection.start.get_untracked(), "2025-12-01T00:00");
            assert_eq!(selection.end.get_untracked(), "2025-12-31T08:30");
        });
    }

    #[test]
    fn filling_in_sets_every_field() {
        with_owner(|| {
            let selection = Selection::new(&form_data());
            let state = FormState {
                start: "2025-12-01".to_owned(),
                end: "2025-12-02".to_owned(),
                cameras: BTreeSet::from(["cam-1".to_owned()]),
                timezone: "Asia/Tokyo".to_owned(),
                semicolons: true,
                bom: false,
                excel_date: true,
            };
            selection.fill_in(state.clone());
            assert_eq!(untrack(|| selection.state()), state);
        });
    }
}
