//! From which day to which: two native date inputs, which work without script, and presets that fill them in.

use chrono::{Datelike, Days, NaiveDate};
use leptos::prelude::*;

use super::browser;

/// A range that is often asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The day it is.
    Today,
    /// So many days, of which today is the last.
    LastDays(u64),
    /// From the first of the month to today.
    ThisMonth,
    /// No limits.
    Everything,
}

/// The presets in the order in which they are shown.
const PRESETS: [(Preset, &str); 5] = [
    (Preset::Today, "Today"),
    (Preset::LastDays(7), "Last 7 days"),
    (Preset::LastDays(30), "Last 30 days"),
    (Preset::ThisMonth, "This month"),
    (Preset::Everything, "Everything"),
];

impl Preset {
    /// First and last day, where there are any.
    fn range(self, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let start = match self {
            Self::Today => Some(today),
            Self::LastDays(days) => today.checked_sub_days(Days::new(days.saturating_sub(1))),
            Self::ThisMonth => today.with_day(1),
            Self::Everything => return (None, None),
        };
        (start, Some(today))
    }
}

/// Two dates, as `YYYY-MM-DD` or empty, with presets.
#[component]
pub fn DateRangePicker(
    /// The first day.
    start: RwSignal<String>,
    /// The last day.
    end: RwSignal<String>,
    /// The zone in which it is today.
    timezone: RwSignal<String>,
    /// What is wrong with the dates, if anything.
    problem: Signal<Option<String>>,
) -> impl IntoView {
    // Unknown on the server, whose day may be another; so it is filled in once the page is alive.
    let today = RwSignal::new(None);
    Effect::new(move || today.set(browser::today(&timezone.get())));
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
        // Asked again, because a page may stay open over midnight.
        let now = browser::today(&timezone.get_untracked());
        today.set(now);
        let range = match (preset, now) {
            (Preset::Everything, _) => (None, None),
            (_, Some(now)) => preset.range(now),
            (_, None) => return,
        };
        start.set(text(range.0));
        end.set(text(range.1));
    };
    let presets = PRESETS.map(|(preset, label)| {
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=move || is_chosen(preset).to_string()
                on:click=move |_| choose(preset)
            >
                {label}
            </button>
        }
    });
    view! {
        <fieldset class="date-range">
            <legend>"Date range"</legend>
            <div class="date-range__days">
                <DayField id="start-date" name="start_date" label="From" value=start problem/>
                <DayField id="end-date" name="end_date" label="To" value=end problem/>
            </div>
            <div class="chips needs-script" role="group" aria-label="Presets">{presets}</div>
            {move || problem.get().map(|problem| view! { <p id=PROBLEM_ID class="problem">{problem}</p> })}
        </fieldset>
    }
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
    problem: Signal<Option<String>>,
) -> impl IntoView {
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
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_end_today_and_count_it() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let range = |preset: Preset| preset.range(day("2025-03-05").expect("a day"));
        assert_eq!(range(Preset::Today), (day("2025-03-05"), day("2025-03-05")));
        assert_eq!(range(Preset::LastDays(7)), (day("2025-02-27"), day("2025-03-05")));
        assert_eq!(range(Preset::LastDays(30)), (day("2025-02-04"), day("2025-03-05")));
        assert_eq!(range(Preset::ThisMonth), (day("2025-03-01"), day("2025-03-05")));
        assert_eq!(range(Preset::Everything), (None, None));
    }
}
