//! Selects the first and the last day: two native date inputs, which work without script, and presets and a calendar that
//! fill them in.

use chrono::NaiveDate;
use futures_util::future::{AbortHandle, abortable};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::selection::Selection;
use crate::api::paths::SETTINGS_PATH;
use crate::error::ApiError;
use crate::export_params::relative_date::{Edge, RelativeDate};
use crate::export_params::{DateRange, ExportParams, parse_day};
use crate::functions::preview::preview_selection;
use crate::ui::dates::calendar_dialog::CalendarDialog;
use crate::ui::dates::calendar_state::{EventsPerDay, events_per_day};
use crate::ui::dates::date_preset::{PRESET, PRESETS, Preset, labels};
use crate::ui::dates::shown_date::{has_time, without_time};
use crate::ui::{browser, hydration, page_data};

/// The id of the message about invalid dates, which both inputs share.
const PROBLEM_ID: &str = "date-problem";

/// The days that have events, of the cameras and in the time zone of an export, whatever its dates are.
#[derive(Clone, Copy)]
struct EventDays {
    days: RwSignal<EventsPerDay>,
    running: StoredValue<Option<AbortHandle>>,
}

impl EventDays {
    fn new() -> Self {
        Self { days: RwSignal::new(EventsPerDay::default()), running: StoredValue::new(None) }
    }

    fn load(self, params: Result<ExportParams, ApiError>) {
        self.cancel();
        // The known days may be of other cameras or of another time zone.
        self.days.set(EventsPerDay::default());
        let Ok(params) = params else { return };
        let all = ExportParams { range: DateRange::default(), ..params };
        let (load, handle) = abortable(async move {
            if let Ok(preview) = preview_selection(all.to_query()).await {
                self.days.set(events_per_day(&preview.days));
            }
        });
        self.running.set_value(Some(handle));
        spawn_local(async move {
            let _ = load.await;
        });
    }

    fn cancel(self) {
        if let Some(load) = self.running.try_update_value(Option::take).flatten() {
            load.abort();
        }
    }
}

/// Two dates as `YYYY-MM-DD` or empty, with presets and a calendar.
#[component]
pub fn DateRangePicker(
    /// The form.
    selection: Selection,
    /// The parameters of the export.
    params: Signal<Result<ExportParams, ApiError>>,
    /// The last day that is known to have events.
    #[prop(into)]
    last_day: Signal<Option<NaiveDate>>,
) -> impl IntoView {
    let texts = page_data::language().export();
    let Selection { start, end, timezone, .. } = selection;
    selection.hydrate_dates();
    let problem = Memo::new(move |_| params.with(date_problem));
    let is_open = RwSignal::new(false);
    let event_days = EventDays::new();
    let open = move |event: MouseEvent| {
        // Otherwise the inline script opens the browser's own picker.
        event.prevent_default();
        is_open.set(true);
        event_days.load(params.get_untracked());
    };
    let close = move || {
        is_open.set(false);
        event_days.cancel();
        browser::focus(".date-range__open");
    };
    // Closes the calendar if the dates change behind it: the user may have gone back in the history.
    Effect::new(move |before: Option<(String, String)>| {
        let now = (start.get(), end.get());
        if before.is_some_and(|before| before != now) && is_open.get_untracked() {
            close();
        }
        now
    });
    let choose_and_close = move |preset: Preset| {
        selection.choose(preset);
        close();
    };
    let calendar = move || {
        is_open.get().then(|| {
            let today = browser::today(&timezone.get_untracked()).unwrap_or_default();
            let day = |edge| parse_day(&without_time(&untrack(|| selection.shown(edge)), edge));
            let chosen = (day(Edge::Start), day(Edge::End));
            let begin = first_shown_day(last_day.get_untracked(), today);
            view! {
                <CalendarDialog
                    chosen
                    today
                    begin
                    events=event_days.days
                    choose=choose_and_close
                    close=move |()| close()
                />
            }
        })
    };
    view! {
        <fieldset class="date-range" aria-describedby=move || problem.get().map(|_| PROBLEM_ID)>
            <legend>{texts.date_range}</legend>
            <div class="date-range__days">
                {date_field("start-date", "start_date", texts.from, Edge::Start, selection, problem)}
                <div class="date-range__end">
                    {date_field("end-date", "end_date", texts.to, Edge::End, selection, problem)}
                    <button
                        type="button"
                        class="date-range__open needs-script"
                        aria-haspopup="dialog"
                        aria-expanded=move || is_open.get().to_string()
                        aria-label=texts.open_calendar
                        title=texts.open_calendar
                        on:click=open
                    >
                        {calendar_icon()}
                    </button>
                </div>
            </div>
            {calendar}
            <div class="chips" role="group" aria-label=texts.presets>{preset_buttons(selection)}</div>
            {times_of_day(selection)}
            {move || problem.get().map(|error| view! {
                <p id=PROBLEM_ID class="problem">{page_data::language().selection_error(&error)}</p>
            })}
        </fieldset>
    }
}

/// The buttons of the presets.
fn preset_buttons(selection: Selection) -> impl IntoView {
    let Selection { start, end, .. } = selection;
    let is_chosen = move |preset: Preset| {
        let (first, last) = preset.dates();
        start.with(|start| *start == first) && end.with(|end| *end == last)
    };
    // Without script, a button submits the form to the page, and the server fills in the dates.
    let presets = PRESETS.into_iter().zip(labels(page_data::language().export())).enumerate().map(
        |(index, ((value, ..), label))| {
            let preset = Preset::Named(index);
            view! {
                <button
                    class="chip"
                    name=PRESET
                    value=value
                    formaction=SETTINGS_PATH
                    formnovalidate
                    aria-pressed=move || is_chosen(preset).to_string()
                    on:click=move |event| {
                        event.prevent_default();
                        selection.choose(preset);
                    }
                >
                    {label}
                </button>
            }
        },
    );
    presets.collect_view()
}

/// Gives both dates a time of day.
fn times_of_day(selection: Selection) -> impl IntoView {
    let with_time = selection.with_time;
    view! {
        <label class="date-range__times needs-script">
            <input
                type="checkbox"
                prop:checked=move || with_time.get()
                on:change:target=move |event| selection.set_with_time(event.target().checked())
            />
            {page_data::language().export().times_of_day}
        </label>
    }
}

fn calendar_icon() -> impl IntoView {
    view! {
        <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M3 5h14v12H3zM3 8.5h14M6.5 2.5v4M13.5 2.5v4"></path>
        </svg>
    }
}

/// Returns what is wrong with the dates of an export.
fn date_problem(params: &Result<ExportParams, ApiError>) -> Option<ApiError> {
    let error = params.as_ref().err()?;
    matches!(error.field.as_deref(), Some("start_date" | "end_date")).then(|| error.clone())
}

/// Returns the day at which the calendar opens if no day is chosen: the last one with events, but not after today.
fn first_shown_day(last_day: Option<NaiveDate>, today: NaiveDate) -> NaiveDate {
    last_day.map_or(today, |last| last.min(today))
}

/// A native input of a day, or of a day and a time, with its label.
fn date_field(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    edge: Edge,
    selection: Selection,
    problem: Memo<Option<ApiError>>,
) -> impl IntoView {
    let value = selection.date(edge);
    let initial = selection.shown_first(edge);
    let initial_text = value.get_untracked();
    let initial_type = input_type(&initial, selection.with_time.get_untracked());
    let is_hydrated = hydration::is_hydrated();
    let returns = RwSignal::new(());
    // A page may stay open over midnight.
    browser::on_return(move || returns.set(()));
    // A typed value is not written back. A date that is half typed has an empty value, and writing that would clear the input.
    let typed = StoredValue::new(browser::value_of(id));
    Effect::new(move || {
        returns.track();
        let text = value.get();
        let is_relative = RelativeDate::parse(&text).is_some();
        // A phone takes a tenth of a second to look up the time in a zone for the first time. Until the page is hydrated, the date
        // that the server has shown stays, unless a preset is pressed.
        if is_relative && text == initial_text && !is_hydrated.get() {
            return;
        }
        let shown = selection.shown(edge);
        let is_typed = typed.try_update_value(Option::take).flatten().as_ref() == Some(&text) && !is_relative;
        if browser::set_input_type(id, input_type(&shown, selection.with_time.get())) || !is_typed {
            browser::set_value(id, &shown);
        }
    });
    let input = move |text: String| {
        typed.set_value(Some(text.clone()));
        selection.type_date(edge, text);
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                type=initial_type
                id=id
                name=name
                max="9999-12-31"
                aria-invalid=move || problem.get().map(|_| "true")
                aria-describedby=move || problem.get().map(|_| PROBLEM_ID)
                value=initial
                on:input:target=move |event| input(event.target().value())
            />
        </div>
    }
}

/// Returns the type of the input that shows a date. `with_time`: whether an empty one has a time.
fn input_type(shown: &str, with_time: bool) -> &'static str {
    if has_time(shown) || with_time && shown.is_empty() { "datetime-local" } else { "date" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::export_form::ExportFormData;
    use crate::api::language::Language;
    use crate::api::page::Content;
    use crate::ui::test_support::{form_data, render, with_owner};

    fn day(text: &str) -> Option<NaiveDate> {
        parse_day(text)
    }

    #[test]
    fn an_input_has_a_time_if_its_date_has_one() {
        assert_eq!(input_type("2025-12-01T08:30", false), "datetime-local");
        assert_eq!(input_type("", true), "datetime-local");
        assert_eq!(input_type("2025-12-01", true), "date");
        assert_eq!(input_type("", false), "date");
    }

    #[test]
    fn the_preset_of_the_address_is_pressed_and_its_dates_are_shown() {
        let html = render(Language::English, Content::Nothing, || {
            let selected = "start_date=-6d&end_date=today&timezone=UTC".to_owned();
            let shown_dates = ["2025-12-10".to_owned(), "2025-12-16".to_owned()];
            let selection = Selection::new(&ExportFormData { selected, shown_dates, ..form_data() });
            let params = Signal::derive(move || selection.params());
            view! { <DateRangePicker selection params last_day=Signal::stored(None)/> }
        });
        assert!(html.contains("aria-pressed=\"true\" class=\"chip\">Last 7 days</button>"), "{html}");
        assert_eq!(html.matches("aria-pressed=\"true\"").count(), 1, "{html}");
        assert!(html.contains("value=\"2025-12-10\"") && html.contains("value=\"2025-12-16\""), "{html}");
    }

    #[test]
    fn the_calendar_opens_at_the_last_day_with_events_but_not_in_the_future() {
        let today = day("2025-03-05").expect("a day");
        assert_eq!(first_shown_day(day("2025-02-01"), today), day("2025-02-01").expect("a day"));
        assert_eq!(first_shown_day(day("2026-01-01"), today), today);
        assert_eq!(first_shown_day(None, today), today);
    }

    #[test]
    fn only_problems_with_the_dates_are_shown_at_the_dates() {
        assert_eq!(date_problem(&Ok(ExportParams::default())), None);
        assert_eq!(date_problem(&Err(ExportParams::no_such_timezone("x"))), None);
        let reversed = ExportParams::parse("start_date=2025-12-02&end_date=2025-12-01");
        assert_eq!(date_problem(&reversed), reversed.err());
    }

    #[test]
    fn reversed_dates_are_described_at_both_inputs() {
        let html = render(Language::English, Content::Nothing, || {
            let selection = Selection::new(&form_data());
            selection.set_date_range("2025-12-02".to_owned(), "2025-12-01".to_owned());
            let params = Signal::derive(move || selection.params());
            view! { <DateRangePicker selection params last_day=Signal::stored(None)/> }
        });
        assert_eq!(html.matches("aria-invalid=\"true\" aria-describedby=\"date-problem\"").count(), 2, "{html}");
        assert!(html.contains("id=\"date-problem\" class=\"problem\""), "{html}");
        assert!(html.contains("value=\"all\" formaction=\"/settings\" formnovalidate aria-pressed=\"false\" class=\"chip\">Everything</button>"), "{html}");
    }

    #[test]
    fn invalid_parameters_load_no_event_days() {
        with_owner(|| {
            let event_days = EventDays::new();
            event_days.days.set(EventsPerDay::from([(NaiveDate::default(), 1)]));
            event_days.load(Err(ApiError::internal()));
            assert!(event_days.days.get_untracked().is_empty());
            assert!(event_days.running.with_value(Option::is_none));
        });
    }
}
