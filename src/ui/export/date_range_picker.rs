//! From which day to which: two native date inputs, which work without script; presets and a calendar that fill them in.

use chrono::NaiveDate;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::selection::Selection;
use crate::error::ApiError;
use crate::export_params::{DateRange, ExportParams, parse_day};
use crate::functions::preview::preview_selection;
use crate::ui::dates::calendar_dialog::{CalendarDialog, EventsPerDay, known};
use crate::ui::dates::date_preset::{PRESETS, Preset};
use crate::ui::{browser, hydration, page_data};

/// The days that have events: all of them, whichever are chosen; of the cameras, and in the zone, of an export.
#[derive(Clone, Copy)]
struct EventDays {
    days: RwSignal<EventsPerDay>,
    under_way: StoredValue<Option<AbortHandle>>,
}

impl EventDays {
    fn look(self, params: Result<ExportParams, ApiError>) {
        self.stop();
        // Those of other cameras, or of another zone, perhaps.
        self.days.set(EventsPerDay::default());
        let Ok(params) = params else { return };
        let all = ExportParams { range: DateRange::default(), ..params };
        let (asking, handle) = abortable(async move {
            if let Ok(preview) = preview_selection(all.to_query()).await {
                self.days.set(known(&preview.days));
            }
        });
        self.under_way.set_value(Some(handle));
        spawn_local(async move {
            let _ = asking.await;
        });
    }

    fn stop(self) {
        if let Some(asking) = self.under_way.try_update_value(Option::take).flatten() {
            asking.abort();
        }
    }
}

/// Two dates, as `YYYY-MM-DD` or empty, with presets and a calendar.
#[component]
pub fn DateRangePicker(
    /// Where the dates are, and the zone in which it is today.
    selection: Selection,
    /// The export that they are for.
    params: Signal<Result<ExportParams, ApiError>>,
    /// The last day that is known to have events.
    #[prop(into)]
    last_day: Signal<Option<NaiveDate>>,
) -> impl IntoView {
    let words = page_data::language().export();
    let Selection { start, end, timezone, .. } = selection;
    selection.hydrate_dates();
    let problem = Memo::new(move |_| match params.get() {
        Err(error) if matches!(error.field.as_deref(), Some("start_date" | "end_date")) => Some(error),
        _ => None,
    });
    let today = today(selection);
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let is_chosen = move |preset: Preset| {
        let chosen = (start.get(), end.get());
        if preset == Preset::Everything {
            return chosen == (String::new(), String::new());
        }
        today.get().is_some_and(|today| {
            let (first, last) = preset.range(today);
            chosen == (text(first), text(last))
        })
    };
    let choose = move |preset: Preset| {
        let now = browser::today(&timezone.get_untracked());
        today.set(now);
        let (first, last) = match (preset, now) {
            (Preset::Everything | Preset::Days(..), _) => preset.range(NaiveDate::default()),
            (_, Some(now)) => preset.range(now),
            (_, None) => return,
        };
        start.set(text(first));
        end.set(text(last));
    };
    let presets = PRESETS.map(|preset| {
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=move || is_chosen(preset).to_string()
                on:click=move |_| choose(preset)
            >
                {preset.label(words)}
            </button>
        }
    });

    let is_open = RwSignal::new(false);
    let marked = EventDays { days: RwSignal::new(EventsPerDay::default()), under_way: StoredValue::new(None) };
    let open = move |_| {
        // Asked again, because a page may stay open over midnight.
        today.set(browser::today(&timezone.get_untracked()));
        is_open.set(true);
        marked.look(params.get_untracked());
    };
    let close = move || {
        is_open.set(false);
        marked.stop();
        browser::focus(".date-range__open");
    };
    // It is of the dates that there were, and somebody may have gone back to others.
    Effect::new(move |before: Option<(String, String)>| {
        let now = (start.get(), end.get());
        if before.is_some_and(|before| before != now) && is_open.get_untracked() {
            close();
        }
        now
    });
    let chosen = move || (parse_day(&start.get_untracked()), parse_day(&end.get_untracked()));
    let take = move |preset: Preset| {
        choose(preset);
        close();
    };
    let calendar = move || {
        let today = today.get_untracked().unwrap_or_default();
        is_open.get().then(|| {
            // Nobody looks for events where there are none yet.
            let begin = last_day.get_untracked().map_or(today, |last| last.min(today));
            view! { <CalendarDialog chosen=chosen() today begin known=marked.days take close=move |()| close()/> }
        })
    };
    view! {
        <fieldset class="date-range" aria-describedby=move || problem.get().map(|_| PROBLEM_ID)>
            <legend>{words.date_range}</legend>
            <div class="date-range__days">
                <DayField id="start-date" name="start_date" label=words.from value=start problem/>
                <div class="date-range__end">
                    <DayField id="end-date" name="end_date" label=words.to value=end problem/>
                    <button
                        type="button"
                        class="date-range__open needs-script"
                        aria-haspopup="dialog"
                        aria-expanded=move || is_open.get().to_string()
                        aria-label=words.open_calendar
                        title=words.open_calendar
                        on:click=open
                    >
                        {calendar_icon()}
                    </button>
                </div>
            </div>
            {calendar}
            <div class="chips needs-script" role="group" aria-label=words.presets>{presets.into_iter().collect_view()}</div>
            {move || problem.get().map(|error| view! {
                <p id=PROBLEM_ID class="problem">{page_data::language().error(&error)}</p>
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

/// What day it is in the form's zone, by the browser's clock. Unknown on the server, whose day may be another; and looked
/// up only where a day is chosen, which may be this one: a phone takes a tenth of a second to find it out.
fn today(selection: Selection) -> RwSignal<Option<NaiveDate>> {
    let Selection { start, end, timezone, .. } = selection;
    let (today, alive) = (RwSignal::new(None), hydration::alive());
    let is_bare = Memo::new(move |_| start.with(String::is_empty) && end.with(String::is_empty));
    Effect::new(move || {
        let zone = timezone.get();
        if alive.get() && !is_bare.get() {
            today.set(browser::today(&zone));
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

/// What is wrong with the dates is said once, for both of them.
const PROBLEM_ID: &str = "date-problem";

/// A native date input with its label.
#[component]
fn DayField(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    problem: Memo<Option<ApiError>>,
) -> impl IntoView {
    let there = value.get_untracked();
    // What somebody types is not written back: a date that is half typed has no value, and the browser would empty it.
    let typed = StoredValue::new(browser::value_of(id));
    Effect::new(move || {
        let value = value.get();
        if typed.try_update_value(Option::take).flatten().as_ref() != Some(&value) {
            browser::set_value(id, &value);
        }
    });
    let hear = move |text: String| {
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
                value=there
                on:input:target=move |event| hear(event.target().value())
            />
        </div>
    }
}
