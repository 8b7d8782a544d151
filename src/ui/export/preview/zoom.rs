//! The dates that the chart selects: those of some bars, twice as many around them, and those before.

use chrono::{Days, NaiveDate};
use leptos::prelude::*;

use crate::export_params::DateBound;
use crate::export_params::relative_date::Edge;
use crate::ui::export::selection::Selection;
use crate::ui::{hydration, page_data};

/// What the chart and its buttons do to the dates.
#[derive(Clone, Copy)]
pub struct DateZoom {
    /// Selects these dates, as `start_date` and `end_date` have them.
    pub select: Callback<(String, String)>,
    /// Makes this day the start.
    pub start_on: Callback<NaiveDate>,
    /// Selects twice as many days.
    widen: Callback<()>,
    can_widen: Signal<bool>,
    /// Selects the dates before the last change here.
    back: Callback<()>,
    can_go_back: Signal<bool>,
}

impl DateZoom {
    /// Returns the zoom of a selection.
    pub fn new(selection: Selection) -> Self {
        let before = RwSignal::new(Vec::<[String; 2]>::new());
        let remember = move || {
            before.update(|before| before.push([selection.start, selection.end].map(|date| date.get_untracked())));
        };
        let select = move |(start, end): (String, String)| {
            remember();
            selection.set_date_range(start, end);
        };
        let start_on = move |day: NaiveDate| {
            remember();
            selection.start_on(day);
        };
        // The shown dates of a relative range are known.
        let wider_days = move || {
            let [start, end] = [Edge::Start, Edge::End].map(|edge| DateBound::parse("", &selection.shown(edge)).ok());
            wider(day_of(start?)?, day_of(end?)?)
        };
        let back = move || {
            if let Some([start, end]) = before.try_update(Vec::pop).flatten() {
                selection.set_date_range(start, end);
            }
        };
        Self {
            select: Callback::new(select),
            start_on: Callback::new(start_on),
            widen: Callback::new(move |()| {
                if let Some((first, last)) = untrack(wider_days) {
                    select((first.to_string(), last.to_string()));
                }
            }),
            can_widen: Signal::derive(move || wider_days().is_some()),
            back: Callback::new(move |()| back()),
            can_go_back: Signal::derive(move || before.with(|before| !before.is_empty())),
        }
    }

    /// The zoom of a selection that nothing changes.
    #[cfg(test)]
    pub fn fixed() -> Self {
        let nothing = Callback::new(|()| {});
        let never = Signal::stored(false);
        let start_on = Callback::new(|_| {});
        Self {
            select: Callback::new(|_| {}),
            start_on,
            widen: nothing,
            can_widen: never,
            back: nothing,
            can_go_back: never,
        }
    }
}

/// The buttons below the chart, which are hidden without script.
pub fn zoom_buttons(zoom: DateZoom) -> impl IntoView {
    let texts = page_data::language().export();
    let DateZoom { widen, can_widen, back, can_go_back, .. } = zoom;
    view! {
        <div class="chips zoom">
            {button(texts.zoom_out, can_widen, widen)}
            {button(texts.dates_before, can_go_back, back)}
        </div>
    }
}

fn button(label: &'static str, is_possible: Signal<bool>, press: Callback<()>) -> impl IntoView {
    let is_hydrated = hydration::is_hydrated();
    view! {
        <button
            class="chip"
            type="button"
            disabled=move || !is_hydrated.get() || !is_possible.get()
            on:click=move |_| press.run(())
        >
            {label}
        </button>
    }
}

/// Returns the day of a date, in the time zone in which it is shown.
fn day_of(bound: DateBound) -> Option<NaiveDate> {
    match bound {
        DateBound::Day(day) => Some(day),
        DateBound::Local(time) => Some(time.date()),
        DateBound::Instant(_) | DateBound::Relative(_) => None,
    }
}

/// Returns twice as many days around these.
fn wider(first: NaiveDate, last: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let days = u64::try_from((last - first).num_days()).ok()? + 1;
    let half = Days::new(days.div_ceil(2));
    Some((first.checked_sub_days(half)?, last.checked_add_days(half)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params::parse_day;

    #[test]
    fn a_wider_range_has_its_days_in_the_middle() {
        let day = |text| parse_day(text).expect("a day");
        for ([first, last], expected) in [
            (["2025-12-03", "2025-12-03"], ["2025-12-02", "2025-12-04"]),
            (["2025-12-03", "2025-12-06"], ["2025-12-01", "2025-12-08"]),
            (["2025-12-01", "2025-12-31"], ["2025-11-15", "2026-01-16"]),
        ] {
            let wide = wider(day(first), day(last)).map(|(first, last)| [first.to_string(), last.to_string()]);
            assert_eq!(wide, Some(expected.map(str::to_owned)));
        }
        assert_eq!(wider(day("2025-12-03"), day("2025-12-01")), None);
    }
}
