//! A chart of the events of each day, and the same as a table. The pointer and the keyboard read bars and select a range.

use std::fmt::Write;

use chrono::NaiveDate;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

use super::chart_cursor::{Bar, BarRange, ChartCursor, KeyAction, bar_at, bars, chart_summary};
use crate::api::language::Language;
use crate::api::preview::Day;
use crate::ui::table_html::table_rows_html;
use crate::ui::{browser, hydration, page_data};

/// Width and height of the chart, in its own units.
const CHART: (usize, usize) = (600, 96);

/// Renders chart and table of the days that have events, which must be in order. A selected range of bars is passed to
/// `set_date_range`.
pub fn histogram(days: &[Day], set_date_range: Callback<(NaiveDate, NaiveDate)>) -> impl IntoView + use<> {
    let language = page_data::language();
    let texts = language.export();
    let bars = bars(days);
    let count = bars.len();
    let label = chart_summary(&bars, language);
    let chart_view = chart(&bars);
    let ends = bars.first().zip(bars.last()).map(|(first, last)| (first.first, last.last));
    let table = table(&bars, language);
    let bars = StoredValue::new(bars);
    let cursor = RwSignal::new(ChartCursor::default());
    let frame = NodeRef::<Div>::new();
    let is_hydrated = hydration::is_hydrated();
    let apply_selection = move |range: Option<BarRange>| {
        if let Some(range) = range {
            set_date_range.run(bars.with_value(|bars| days_of(bars, range)));
        }
    };
    let key = move |event: KeyboardEvent| {
        let mut next = cursor.get_untracked();
        let action = next.key(&event.key(), event.shift_key(), count);
        cursor.set(next);
        if action != KeyAction::PassOn {
            event.prevent_default();
        }
        if let KeyAction::Apply(range) = action {
            apply_selection(range);
        }
    };
    let release = move || {
        let mut next = cursor.get_untracked();
        let range = next.release();
        cursor.set(next);
        apply_selection(range);
    };
    let bar_below = move |event: &PointerEvent| pointed_bar(frame, event, count);
    let message = move || bars.with_value(|bars| cursor.get().message(bars, language));
    let hint =
        move || Some(message()).filter(|text| !text.is_empty()).unwrap_or_else(|| texts.drag_to_narrow.to_owned());
    view! {
        <div class="histogram">
            <p class="chart__message" aria-hidden="true">{hint}</p>
            // A slider, because its values are read one after the other.
            <div
                class="chart__frame"
                node_ref=frame
                role="slider"
                aria-disabled=move || (!is_hydrated.get()).then_some("true")
                tabindex="0"
                aria-label=label
                aria-describedby="chart-keys"
                aria-valuemin="0"
                aria-valuemax=count.saturating_sub(1).to_string()
                aria-valuenow=move || cursor.get().at().unwrap_or_default().to_string()
                aria-valuetext=message
                on:keydown=key
                on:pointerdown=move |event| cursor.set(ChartCursor::pressed(bar_below(&event)))
                on:pointermove=move |event| cursor.set(cursor.get_untracked().pointed(bar_below(&event)))
                on:pointerup=move |_| release()
                on:pointerleave=move |_| cursor.set(ChartCursor::default())
            >
                {move || cursor.get().range().map(|range| mark(range, count))}
                {chart_view}
            </div>
            <p class="visually-hidden" id="chart-keys">{texts.chart_keys}</p>
            {ends.map(|(first, last)| view! {
                <p class="axis" aria-hidden="true">
                    <span>{language.day(first)}</span>
                    <span>{language.day(last)}</span>
                </p>
            })}
            {table}
        </div>
    }
}

/// Returns the bar below the pointer.
fn pointed_bar(frame: NodeRef<Div>, event: &PointerEvent, count: usize) -> Option<usize> {
    let frame = frame.get_untracked()?.get_bounding_client_rect();
    let position = (f64::from(event.client_x()) - frame.left()) / frame.width();
    Some(bar_at(if browser::is_right_to_left() { 1.0 - position } else { position }, count))
}

/// Returns the first and the last day of a range of bars.
fn days_of(bars: &[Bar], (first, last): BarRange) -> (NaiveDate, NaiveDate) {
    (bars[first].first, bars[last].last)
}

/// Renders the background of a range of bars.
fn mark((first, last): BarRange, count: usize) -> impl IntoView + use<> {
    let position = |bar| position(bar, count);
    view! {
        <span
            class="chart__mark"
            style:inset-inline-start=percent(position(first))
            style:inline-size=percent(position(last + 1) - position(first))
        ></span>
    }
}

fn table(bars: &[Bar], language: Language) -> impl IntoView + use<> {
    let texts = language.export();
    let rows = bars.iter().map(|bar| [bar.days(language), language.count(bar.events)]).collect::<Vec<_>>();
    let rows = table_rows_html(&rows, 1);
    view! {
        <details class="chart__table">
            <summary>{texts.as_table}</summary>
            // Focusable, so that the keyboard can scroll it.
            <div class="scroll" tabindex="0" role="region" aria-label=texts.as_table>
                <table class="plain">
                    <thead>
                        <tr>
                            <th scope="col">{texts.days}</th>
                            <th scope="col">{texts.events}</th>
                        </tr>
                    </thead>
                    <tbody inner_html=rows></tbody>
                </table>
            </div>
        </details>
    }
}

/// Returns where a bar begins, in hundredths of a percent of the chart's width. (Formatting floating-point numbers would
/// weigh more in the WASM than the chart.)
fn position(bar: usize, bars: usize) -> usize {
    10_000 * bar / bars
}

fn percent(hundredths: usize) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn chart(bars: &[Bar]) -> impl IntoView + use<> {
    let most = bars.iter().map(|bar| bar.events).max().unwrap_or(1).max(1);
    let (width, height) = CHART;
    let each = width / bars.len().max(1);
    let gap = if each > 4 { each / 5 } else { 0 };
    // One path for all bars takes a third of the bytes of one rectangle for each.
    let mut path = String::new();
    for (index, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.events > 0) {
        // At least one unit, so that a single event is visible.
        let bar_height = usize::try_from(bar.events * height as u64 / most).unwrap_or(height).max(1);
        let bar_width = each.saturating_sub(gap).max(1);
        let _ = write!(path, "M{} {height}v-{bar_height}h{bar_width}v{bar_height}z", index * each + gap / 2);
    }
    view! {
        <svg
            class="chart"
            viewBox=format!("0 0 {} {height}", (each * bars.len()).max(1))
            preserveAspectRatio="none"
            aria-hidden="true"
        >
            <path d=path></path>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::ui::test_support::{preview, render, to_html};

    #[test]
    fn the_chart_is_a_slider_with_a_table_beside_it() {
        let html = render(Language::English, Content::Nothing, || histogram(&preview().days, Callback::new(|_| {})));
        for part in [
            "Drag over the chart to narrow the dates.",
            "role=\"slider\"",
            "aria-label=\"Events per day. Most: 3 Dec 2025: 2 events.\"",
            "aria-valuemax=\"2\"",
            "aria-valuenow=\"0\"",
            // Bars of half and of full height, and none for the day without events.
            "<path d=\"M20 96v-48h160v48zM420 96v-96h160v96z\">",
            "<span>1 Dec 2025</span><span>3 Dec 2025</span>",
            "<th scope=\"row\">2 Dec 2025</th><td>0</td>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn the_mark_lies_below_the_bars_of_the_range() {
        let html = to_html(mark((1, 2), 3));
        assert!(html.contains("33.33%") && html.contains("66.67%"), "{html}");
    }

    #[test]
    fn a_range_of_bars_is_a_range_of_days() {
        let bars = bars(&preview().days);
        let (first, last) = days_of(&bars, (0, 1));
        assert_eq!((first.to_string(), last.to_string()), ("2025-12-01".to_owned(), "2025-12-02".to_owned()));
    }
}
