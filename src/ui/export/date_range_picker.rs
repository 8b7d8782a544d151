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
use crate::export_params::{DateRange, ExportParams, parse_day};
use crate::functions::preview::preview_selection;
use crate::ui::dates::calendar_dialog::CalendarDialog;
use crate::ui::dates::calendar_state::{EventsPerDay, events_per_day};
use crate::ui::dates::date_preset::{PRESET, PRESET_VALUES, PRESETS, Preset};
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
    let today = today(selection);
    let choose = move |preset: Preset| {
        let now = browser::today(&timezone.get_untracked());
        today.set(now);
        if let Some((first, last)) = preset_dates(preset, now) {
            selection.set_date_range(first, last);
        }
    };
    let is_chosen = move |preset| start.with(|start| end.with(|end| is_preset(preset, (start, end), today.get())));
    // Without script, a button submits the form to the page, and the server fills in the dates.
    let presets = PRESETS.into_iter().zip(PRESET_VALUES).map(|(preset, value)| {
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
                    choose(preset);
                }
            >
                {preset.label(texts)}
            </button>
        }
    });

    let is_open = RwSignal::new(false);
    let event_days = EventDays::new();
    let open = move |event: MouseEvent| {
        // Otherwise the inline script opens the browser's own picker.
        event.prevent_default();
        // Queried again, because a page may stay open over midnight.
        today.set(browser::today(&timezone.get_untracked()));
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
        choose(preset);
        close();
    };
    let calendar = move || {
        is_open.get().then(|| {
            let today = today.get_untracked().unwrap_or_default();
            let chosen = (parse_day(&start.get_untracked()), parse_day(&end.get_untracked()));
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
                {day_field("start-date", "start_date", texts.from, start, problem)}
                <div class="date-range__end">
                    {day_field("end-date", "end_date", texts.to, end, problem)}
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
            <div class="chips" role="group" aria-label=texts.presets>{presets.collect_view()}</div>
            {move || problem.get().map(|error| view! {
                <p id=PROBLEM_ID class="problem">{page_data::language().selection_error(&error)}</p>
            })}
        </fieldset>
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

/// Returns the dates of a preset as the inputs hold them, or `None` if they depend on an unknown today.
fn preset_dates(preset: Preset, today: Option<NaiveDate>) -> Option<(String, String)> {
    let (first, last) = match (preset, today) {
        (Preset::Everything | Preset::Days(..), _) => preset.range(NaiveDate::default()),
        (_, today) => preset.range(today?),
    };
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Some((text(first), text(last)))
}

/// Returns whether the dates are those of a preset.
fn is_preset(preset: Preset, (start, end): (&str, &str), today: Option<NaiveDate>) -> bool {
    preset_dates(preset, today).is_some_and(|(first, last)| first == start && last == end)
}

/// Returns the day at which the calendar opens if no day is chosen: the last one with events, but not after today.
fn first_shown_day(last_day: Option<NaiveDate>, today: NaiveDate) -> NaiveDate {
    last_day.map_or(today, |last| last.min(today))
}

/// Returns today in the form's time zone by the browser's clock. `None` on the server, whose today may differ, and while no
/// dates are chosen: a phone takes a tenth of a second to look it up, and only a chosen date can be today.
fn today(selection: Selection) -> RwSignal<Option<NaiveDate>> {
    let Selection { start, end, timezone, .. } = selection;
    let (today, is_hydrated) = (RwSignal::new(None), hydration::is_hydrated());
    let is_empty = Memo::new(move |_| start.with(String::is_empty) && end.with(String::is_empty));
    Effect::new(move || {
        let timezone = timezone.get();
        if is_hydrated.get() && !is_empty.get() {
            today.set(browser::today(&timezone));
        }
    });
    // A page may stay open over midnight.
    browser::on_return(move || {
        if today.with_untracked(Option::is_some) {
            today.set(browser::today(&timezone.get_untracked()));
        }
    });
    today
}

/// A native date input with its label.
fn day_field(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    problem: Memo<Option<ApiError>>,
) -> impl IntoView {
    let initial = value.get_untracked();
    // A typed value is not written back. A date that is half typed has an empty value, and writing that would clear the input.
    let typed = StoredValue::new(browser::value_of(id));
    Effect::new(move || {
        let value = value.get();
        if typed.try_update_value(Option::take).flatten().as_ref() != Some(&value) {
            browser::set_value(id, &value);
        }
    });
    let input = move |text: String| {
        typed.set_value(Some(text.clone()));
        value.set(text);
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                type="date"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::language::Language;
    use crate::api::page::Content;
    use crate::ui::test_support::{form_data, render, with_owner};

    fn day(text: &str) -> Option<NaiveDate> {
        parse_day(text)
    }

    fn dates(first: &str, last: &str) -> (String, String) {
        (first.to_owned(), last.to_owned())
    }

    #[test]
    fn a_preset_fills_in_both_dates_unless_today_is_unknown() {
        let today = day("2025-03-05");
        assert_eq!(preset_dates(Preset::LastDays(7), today), Some(dates("2025-02-27", "2025-03-05")));
        assert_eq!(preset_dates(Preset::Today, None), None);
        assert_eq!(preset_dates(Preset::Everything, None), Some(dates("", "")));
        let (first, last) = (day("2025-01-02").expect("a day"), day("2025-01-03").expect("a day"));
        assert_eq!(preset_dates(Preset::Days(first, last), None), Some(dates("2025-01-02", "2025-01-03")));
    }

    #[test]
    fn the_preset_of_the_dates_is_pressed() {
        let today = day("2025-03-05");
        assert!(is_preset(Preset::Today, ("2025-03-05", "2025-03-05"), today));
        assert!(!is_preset(Preset::Today, ("2025-03-05", "2025-03-05"), None), "today is unknown");
        assert!(!is_preset(Preset::LastDays(7), ("2025-03-05", "2025-03-05"), today));
        assert!(is_preset(Preset::Everything, ("", ""), None));
        assert!(!is_preset(Preset::Everything, ("2025-03-05", ""), today));
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
