//! What the export form says, and the page's address that says the same: it can be kept, passed on, and gone back to.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::api::export_form::ExportFormData;
use crate::error::ApiError;
use crate::export_params::{DateBound, DateRange, ExportParams};
use crate::ui::browser;
use crate::ui::hydration::{self, hydrate_later};

/// What the form says.
#[derive(Clone, Copy)]
pub struct Selection {
    /// The first day, as it was typed; empty for none.
    pub start: RwSignal<String>,
    /// The last day.
    pub end: RwSignal<String>,
    /// The ids of the cameras; none for all.
    pub cameras: RwSignal<BTreeSet<String>>,
    /// IANA name of the time zone.
    pub timezone: RwSignal<String>,
    /// Whether the file is for Excel.
    pub bom: RwSignal<bool>,
    /// Whether the file begins with a column of local time, which spreadsheets read as a date.
    pub excel_date: RwSignal<bool>,
    /// Why the page's address names no selection, where it should and does not. The form is untouched then.
    pub problem: RwSignal<Option<ApiError>>,
    /// What an untouched form says.
    defaults: RwSignal<FormState>,
}

/// The same, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FormState {
    start: String,
    end: String,
    cameras: BTreeSet<String>,
    timezone: String,
    bom: bool,
    excel_date: bool,
}

impl FormState {
    fn defaults(timezone: String) -> Self {
        Self {
            start: String::new(),
            end: String::new(),
            cameras: BTreeSet::new(),
            timezone,
            bom: true,
            excel_date: false,
        }
    }

    /// What the query string of a page says, which is that of an export.
    fn from_query(query: &str) -> Result<Self, ApiError> {
        let ExportParams { range, camera_ids, timezone, bom, excel_date, .. } = ExportParams::parse_for_page(query)?;
        let text = |bound: Option<DateBound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        let (start, end) = (text(range.start()), text(range.end()));
        Ok(Self { start, end, cameras: camera_ids.into_iter().collect(), timezone, bom, excel_date })
    }

    /// The same, if the form offers it.
    fn offered(self) -> Result<Self, ApiError> {
        if browser::is_offered("timezone", &self.timezone) {
            Ok(self)
        } else {
            Err(ExportParams::no_such_timezone(&self.timezone))
        }
    }

    fn params(&self) -> Result<ExportParams, ApiError> {
        let bound = |field, text: &str| (!text.is_empty()).then(|| DateBound::parse(field, text)).transpose();
        Ok(ExportParams {
            range: DateRange::new(bound("start_date", &self.start)?, bound("end_date", &self.end)?)?,
            camera_ids: self.cameras.iter().cloned().collect(),
            timezone: self.timezone.clone(),
            bom: self.bom,
            raw: false,
            excel_date: self.excel_date,
        })
    }
}

impl Selection {
    /// What the page's address names, or an untouched form.
    pub fn new(choices: &ExportFormData) -> Self {
        let defaults = FormState::defaults(choices.timezone.clone());
        let is_named = !choices.selected.is_empty() && choices.problem.is_none();
        let filled = is_named.then(|| FormState::from_query(&choices.selected).ok()).flatten();
        let filled = filled.unwrap_or_else(|| defaults.clone());
        let FormState { start, end, cameras, timezone, bom, excel_date } = filled;
        Self {
            start: RwSignal::new(start),
            end: RwSignal::new(end),
            cameras: RwSignal::new(cameras),
            timezone: RwSignal::new(timezone),
            bom: RwSignal::new(bom),
            excel_date: RwSignal::new(excel_date),
            problem: RwSignal::new(choices.problem.clone()),
            defaults: RwSignal::new(defaults),
        }
    }

    // A field takes over, once it is alive, what somebody filled in before: each where it comes alive, because until then
    // nobody hears what is filled in. Coming alive, it has to be as the server made it; so that is done by effects.

    /// The dates come alive.
    pub fn hydrate_dates(self) {
        take_over("start-date", self.start);
        take_over("end-date", self.end);
    }

    /// The choices of a file for spreadsheets come alive.
    pub fn file_options_come_alive(self) {
        for (id, signal) in [("bom", self.bom), ("excel_date", self.excel_date)] {
            let there = browser::is_checked(id);
            Effect::new(move || there.iter().for_each(|there| signal.set(*there)));
        }
    }

    /// The cameras come alive.
    pub fn cameras_come_alive(self) {
        let changed = browser::changed_boxes("camera_id");
        Effect::new(move || {
            for (id, is_checked) in changed.iter().filter(|(id, _)| !id.is_empty()) {
                self.cameras.update(|cameras| {
                    if *is_checked {
                        cameras.insert(id.clone())
                    } else {
                        cameras.remove(id)
                    };
                });
            }
        });
    }

    /// The time zones come alive, and the browser's own is chosen where the address does not say another.
    pub fn timezones_come_alive(self) {
        take_over("timezone", self.timezone);
        // The first time, the browser takes a while to tell.
        hydrate_later(move || {
            let offered = self.defaults.with_untracked(|defaults| defaults.timezone.clone());
            // The server may not know yet where this browser is; and somebody may have chosen a zone already.
            if let Some(own) = browser::timezone().filter(|own| browser::is_offered("timezone", own)) {
                browser::remember_timezone(&own);
                let is_bare = browser::query().is_empty();
                self.defaults.update(|defaults| defaults.timezone.clone_from(&own));
                if is_bare && self.timezone.get_untracked() == offered {
                    self.timezone.set(own);
                }
            }
        });
    }

    /// Has the form follow the address, back and forth. `first` is the one that the server made the form from: somebody may
    /// have gone back before the page was alive.
    pub fn follow_history(self, first: String) {
        let alive = hydration::alive();
        Effect::new(move || {
            let there = browser::query();
            if alive.get() && there != first {
                self.follow(&there);
                browser::come_back();
            }
        });
        browser::on_history_moves(move || {
            if alive.get_untracked() {
                self.follow(&browser::query());
            }
        });
    }

    fn filled(self) -> FormState {
        FormState {
            start: self.start.get(),
            end: self.end.get(),
            cameras: self.cameras.get(),
            timezone: self.timezone.get(),
            bom: self.bom.get(),
            excel_date: self.excel_date.get(),
        }
    }

    /// The parameters of the export, checked as the server checks them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn params(self) -> Result<ExportParams, ApiError> {
        self.filled().params()
    }

    /// Has the page's address say what the form says, as a step that can be gone back. The address of an untouched form
    /// says nothing.
    pub fn show_in_address(self, params: &ExportParams) {
        let defaults = self.defaults.with_untracked(|defaults| defaults.params().as_ref() == Ok(params));
        // An address that says nothing that could be shown stays for as long as nothing is chosen instead.
        if defaults && self.problem.with_untracked(Option::is_some) {
            return;
        }
        self.problem.set(None);
        let wanted = if defaults { String::new() } else { params.to_query() };
        let there = browser::query();
        // The same selection may be written otherwise.
        let is_same = wanted == there || ExportParams::parse(&there).is_ok_and(|there| there == *params);
        if !is_same || (there.is_empty() != wanted.is_empty()) {
            browser::show_query(&wanted);
        }
    }

    fn follow(self, query: &str) {
        let named = (!query.is_empty()).then(|| FormState::from_query(query).and_then(FormState::offered));
        let (filled, problem) = match named {
            None => (self.defaults.get_untracked(), None),
            Some(Ok(filled)) => (filled, None),
            Some(Err(error)) => (self.defaults.get_untracked(), Some(error)),
        };
        self.problem.set(problem);
        let FormState { start, end, cameras, timezone, bom, excel_date } = filled;
        self.start.set(start);
        self.end.set(end);
        self.cameras.set(cameras);
        self.timezone.set(timezone);
        self.bom.set(bom);
        self.excel_date.set(excel_date);
    }
}

fn take_over(id: &str, signal: RwSignal<String>) {
    let there = browser::value_of(id);
    Effect::new(move || there.iter().for_each(|there| signal.set(there.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(start: &str, end: &str, cameras: &[&str]) -> FormState {
        FormState {
            start: start.to_owned(),
            end: end.to_owned(),
            cameras: cameras.iter().map(ToString::to_string).collect(),
            timezone: "Europe/Berlin".to_owned(),
            bom: true,
            excel_date: false,
        }
    }

    #[test]
    fn the_form_asks_for_what_it_says() {
        let params = filled("2025-12-01", "", &["cam-2", "cam-1"]).params().expect("valid");
        assert_eq!(
            params.to_url(),
            "/api/v1/motion-events/export?format=csv&start_date=2025-12-01&camera_id=cam-1&camera_id=cam-2\
             &timezone=Europe%2FBerlin&bom=true"
        );
    }

    #[test]
    fn an_untouched_form_asks_for_everything() {
        let params = FormState::defaults("UTC".to_owned()).params().expect("valid");
        assert_eq!(params, ExportParams { bom: true, ..ExportParams::default() });
    }

    #[test]
    fn an_address_is_read_back_as_the_form_that_it_was_made_of() {
        let with_a_date = FormState { excel_date: true, ..filled("", "2025-12-31", &[]) };
        for filled in [filled("2025-12-01", "2025-12-31", &["ü & co", "b"]), filled("", "", &[]), with_a_date] {
            let query = filled.params().expect("valid").to_query();
            assert_eq!(FormState::from_query(&query), Ok(filled));
        }
    }

    #[test]
    fn dates_in_the_wrong_order_are_told_before_the_server_is_asked() {
        let error = filled("2025-12-02", "2025-12-01", &[]).params().expect_err("reversed");
        assert_eq!(error.field.as_deref(), Some("start_date"));
        let address = "start_date=2025-12-02&end_date=2025-12-01";
        for (address, field) in [("start_date=2025-12-02T00:00:00Z", "start_date"), ("raw=true", "raw")] {
            assert_eq!(FormState::from_query(address).expect_err("not on a page").field.as_deref(), Some(field));
        }
        assert_eq!(FormState::from_query(address).expect_err("reversed").field.as_deref(), Some("start_date"));
    }
}
