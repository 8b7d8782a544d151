//! A chart of the events of each day, and the same as a table. The pointer and the keyboard read bars and select a range.

use std::fmt::Write;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

use super::chart_cursor::{Bar, BarRange, ChartCursor, KeyAction, Span, bar_at, bars, chart_summary};
use crate::api::cameras::Camera;
use crate::api::language::Language;
use crate::api::preview::{CameraEvents, Preview};
use crate::ui::table_html::{escape_html, table_rows_html};
use crate::ui::{browser, hydration, page_data};

/// Width and height of the chart, in its own units.
const CHART: (usize, usize) = (600, 96);

/// Renders chart and table of the events over time. A selected range of bars is passed to `set_date_range`, as values of
/// `start_date` and `end_date`.
pub fn histogram(preview: &Preview, set_date_range: Callback<(String, String)>) -> impl IntoView + use<> {
    let language = page_data::language();
    let texts = language.export();
    let bars = bars(preview);
    let cameras: Vec<_> = preview.cameras.iter().map(|camera| camera_name(camera, language)).collect();
    let count = bars.len();
    let label = chart_summary(&bars, language);
    let chart_view = chart(&bars);
    let ends = bars.first().zip(bars.last()).map(|(first, last)| ends(first, last, language));
    let legend = legend(&cameras, &bars, language);
    let table = table(&bars, &cameras, language);
    let bars = StoredValue::new(bars);
    let cursor = RwSignal::new(ChartCursor::default());
    let frame = NodeRef::<Div>::new();
    let is_hydrated = hydration::is_hydrated();
    let apply_selection = move |range: Option<BarRange>| {
        if let Some(range) = range {
            set_date_range.run(bars.with_value(|bars| Span(&bars[range.0], &bars[range.1]).values()));
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
                    <span>{first}</span>
                    <span>{last}</span>
                </p>
            })}
            {legend}
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

/// Returns the text at both ends of the axis.
fn ends(first: &Bar, last: &Bar, language: Language) -> (String, String) {
    let day = |day, hour: Option<u32>| {
        let time = hour.map(|hour| format!(", {hour:02}:00")).unwrap_or_default();
        language.day(day) + &time
    };
    (day(first.first, first.hour), day(last.last, last.hour.map(|hour| hour + 1)))
}

/// Returns the name of a camera. One that no longer exists has its id with a remark.
fn camera_name(camera: &CameraEvents, language: Language) -> String {
    language.camera(&Camera { id: camera.id.clone(), name: camera.name.clone() })
}

/// Says which colour is which camera, and how many events it has.
fn legend(cameras: &[String], bars: &[Bar], language: Language) -> Option<impl IntoView + use<>> {
    let mut items = String::new();
    for (index, camera) in cameras.iter().enumerate() {
        let events: u64 = bars.iter().filter_map(|bar| bar.by_camera.get(index)).sum();
        let (name, events) = (escape_html(camera), language.count(events));
        let _ = write!(items, "<li><span class=\"series\" data-series=\"{index}\"></span>{name} <b>{events}</b></li>");
    }
    (!items.is_empty()).then(|| view! { <ul class="legend" inner_html=items></ul> })
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

fn table(bars: &[Bar], cameras: &[String], language: Language) -> impl IntoView + use<> {
    let texts = language.export();
    let is_hourly = bars.first().is_some_and(|bar| bar.hour.is_some());
    let head = [if is_hourly { texts.hours } else { texts.days }, texts.events].map(str::to_owned);
    let head = head.into_iter().chain(cameras.iter().cloned());
    let head = head.map(|name| view! { <th scope="col">{name}</th> }).collect_view();
    let row = |bar: &Bar| {
        let counts = [bar.events].into_iter().chain(bar.by_camera.iter().copied()).map(|events| language.count(events));
        [bar.text(language)].into_iter().chain(counts).collect::<Vec<_>>()
    };
    let rows = table_rows_html(&bars.iter().map(row).collect::<Vec<_>>(), 1);
    view! {
        <details class="chart__table">
            <summary>{texts.as_table}</summary>
            // Focusable, so that the keyboard can scroll it.
            <div class="scroll" tabindex="0" role="region" aria-label=texts.as_table>
                <table class="plain">
                    <thead>
                        <tr>{head}</tr>
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
    let bar_width = each.saturating_sub(gap).max(1);
    let units = |events: u64| usize::try_from(events * height as u64 / most).unwrap_or(height);
    // One path for all bars of a colour takes a third of the bytes of one rectangle for each.
    let cameras = bars.first().map_or(0, |bar| bar.by_camera.len());
    let mut paths = vec![String::new(); cameras.max(1)];
    for (index, bar) in bars.iter().enumerate() {
        let whole = [bar.events];
        let parts = if cameras == 0 { &whole[..] } else { &bar.by_camera[..] };
        let (mut below, mut bottom) = (0, 0);
        for (path, events) in paths.iter_mut().zip(parts).filter(|(_, events)| **events > 0) {
            below += events;
            // At least one unit, so that a single event is visible.
            let top = units(below).max(bottom + 1);
            let (start, part) = (index * each + gap / 2, top - bottom);
            let _ = write!(path, "M{start} {}v-{part}h{bar_width}v{part}z", height.saturating_sub(bottom));
            bottom = top;
        }
    }
    let paths = paths.into_iter().enumerate().map(|(index, path)| {
        let series = (cameras > 0).then(|| index.to_string());
        view! { <path d=path data-series=series></path> }
    });
    view! {
        <svg
            class="chart"
            viewBox=format!("0 0 {} {height}", (each * bars.len()).max(1))
            preserveAspectRatio="none"
            aria-hidden="true"
        >
            {paths.collect_view()}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Content;
    use crate::api::preview::Hour;
    use crate::ui::test_support::{preview, render, to_html};

    #[test]
    fn the_chart_is_a_slider_with_a_table_beside_it() {
        let html = render(Language::English, Content::Nothing, || histogram(&preview(), Callback::new(|_| {})));
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
    fn cameras_are_stacked_in_their_colours_with_a_legend_and_columns_in_the_table() {
        let camera = |name: Option<&str>, events: [u64; 2]| CameraEvents {
            id: "<gone>".to_owned(),
            name: name.map(str::to_owned),
            events: events.to_vec(),
        };
        let cameras = vec![camera(Some("Front & back"), [1, 1]), camera(None, [0, 1])];
        let html = render(Language::English, Content::Nothing, move || {
            histogram(&Preview { cameras, ..preview() }, Callback::new(|_| {}))
        });
        for part in [
            "<path d=\"M20 96v-48h160v48zM420 96v-48h160v48z\" data-series=\"0\">",
            "<path d=\"M420 48v-48h160v48z\" data-series=\"1\">",
            "<li><span class=\"series\" data-series=\"0\"></span>Front &amp; back <b>2</b></li>",
            "</span>&lt;gone&gt; (no longer exists) <b>1</b></li>",
            "<th scope=\"col\">Front &amp; back</th>",
            "<th scope=\"row\">3 Dec 2025</th><td>2</td><td>1</td><td>1</td>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn hours_have_their_times_at_the_ends_of_the_axis() {
        let hour = |hour: &str, events| Hour { hour: format!("2025-12-01T{hour}:00:00+01:00"), events };
        let html = render(Language::German, Content::Nothing, move || {
            histogram(&Preview { hours: vec![hour("08", 1), hour("09", 2)], ..preview() }, Callback::new(|_| {}))
        });
        for part in [
            "<span>1. Dez. 2025, 08:00</span><span>1. Dez. 2025, 10:00</span>",
            "<th scope=\"col\">Stunden</th>",
            "Ereignisse pro Stunde.",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
