//! How many events there are on each day: a chart for the eye, whose bars can be read with the pointer and with the
//! keyboard, and a range of them chosen; and the same as a table.

use std::fmt::Write;

use chrono::{NaiveDate, TimeDelta};
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

use crate::api::language::Language;
use crate::api::preview::Day;
use crate::export_params::parse_day;
use crate::ui::table_html::rows;
use crate::ui::{browser, page_data};

/// How many bars there are at most.
const MAX_BARS: usize = 60;

/// The chart's size, in its own units.
const CHART: (usize, usize) = (600, 96);

/// A bar of the chart: the days that it stands for, and their events.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bar {
    first: NaiveDate,
    last: NaiveDate,
    events: u64,
}

impl Bar {
    fn days(&self, language: Language) -> String {
        let first = language.day(self.first);
        if self.first == self.last { first } else { format!("{first} – {}", language.day(self.last)) }
    }

    fn told(&self, language: Language) -> String {
        format!("{}: {}", self.days(language), language.events(self.events))
    }
}

/// The days as bars: one for each day from the first to the last, or for as many days as it takes to have no more than
/// [`MAX_BARS`].
fn bars(days: &[Day]) -> Vec<Bar> {
    let date = |day: &Day| parse_day(&day.day);
    let (Some(first), Some(last)) = (days.first().and_then(date), days.last().and_then(date)) else {
        return Vec::new();
    };
    let span = usize::try_from((last - first).num_days()).unwrap_or_default() + 1;
    let width = span.div_ceil(MAX_BARS);
    let day = |offset: usize| first + TimeDelta::days(i64::try_from(offset.min(span - 1)).unwrap_or_default());
    let mut bars: Vec<_> = (0..span.div_ceil(width))
        .map(|bar| Bar { first: day(bar * width), last: day(bar * width + width - 1), events: 0 })
        .collect();
    for counted in days {
        let Some(date) = date(counted) else { continue };
        let offset = usize::try_from((date - first).num_days()).unwrap_or_default();
        if let Some(bar) = bars.get_mut(offset / width) {
            bar.events += counted.events;
        }
    }
    bars
}

/// The chart in words, for those who do not see it.
fn chart_told(bars: &[Bar], language: Language) -> String {
    let is_daily = bars.iter().all(|bar| bar.first == bar.last);
    // The first of several that have as many.
    let most = bars.iter().rev().max_by_key(|bar| bar.events);
    most.map_or_else(String::new, |most| (language.export().chart)(is_daily, &most.told(language)))
}

/// The bar that is `part` of the way from the first to the last.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the chart"
)]
fn bar_at(part: f64, bars: usize) -> usize {
    ((part.clamp(0.0, 1.0) * bars as f64) as usize).min(bars.saturating_sub(1))
}

/// Which bar somebody is at, and which they choose.
#[derive(Clone, Copy)]
struct ChartCursor {
    bars: StoredValue<Vec<Bar>>,
    count: usize,
    /// The bar that is read.
    at: RwSignal<Option<usize>>,
    /// The one that a choice of several began at.
    from: RwSignal<Option<usize>>,
    is_held: StoredValue<bool>,
    drawn: NodeRef<Div>,
    narrow: Callback<(NaiveDate, NaiveDate)>,
    language: Language,
}

impl ChartCursor {
    fn place(self, event: &PointerEvent) -> Option<usize> {
        let drawn = self.drawn.get_untracked()?.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - drawn.left()) / drawn.width();
        Some(bar_at(if browser::is_right_to_left() { 1.0 - part } else { part }, self.count))
    }

    /// The first and the last of the chosen bars.
    fn chosen(self) -> Option<(usize, usize)> {
        let (at, from) = (self.at.get()?, self.from.get()?);
        Some((at.min(from), at.max(from)))
    }

    fn take(self) {
        let at = self.at.get_untracked();
        if let Some((first, last)) = untrack(|| self.chosen()).or_else(|| at.map(|at| (at, at))) {
            self.narrow.run(self.bars.with_value(|bars| (bars[first].first, bars[last].last)));
        }
    }

    fn press(self, event: &PointerEvent) {
        self.is_held.set_value(true);
        self.at.set(self.place(event));
        self.from.set(self.at.get_untracked());
    }

    fn release(self) {
        // A click reads; to narrow the selection takes a drag.
        if self.is_held.get_value() && self.from.get_untracked() != self.at.get_untracked() {
            self.take();
        }
        self.is_held.set_value(false);
        self.from.set(None);
    }

    fn leave(self) {
        self.is_held.set_value(false);
        self.from.set(None);
        self.at.set(None);
    }

    fn key(self, event: &KeyboardEvent) {
        let (now, last) = (self.at.get_untracked(), self.count.saturating_sub(1));
        let there = match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => now.map_or(0, |now| (now + 1).min(last)),
            "ArrowLeft" | "ArrowDown" => now.map_or(last, |now| now.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            "Enter" => {
                event.prevent_default();
                return self.take();
            }
            "Escape" => return self.from.set(None),
            _ => return,
        };
        event.prevent_default();
        if event.shift_key() {
            self.from.update(|from| *from = from.or(now).or(Some(there)));
        } else {
            self.from.set(None);
        }
        self.at.set(Some(there));
    }

    /// What is read, in words; nothing while nothing is.
    fn told(self) -> String {
        self.bars.with_value(|bars| match (self.chosen(), self.at.get()) {
            (Some((first, last)), _) if first != last => {
                let events = bars[first..=last].iter().map(|bar| bar.events).sum();
                Bar { first: bars[first].first, last: bars[last].last, events }.told(self.language)
            }
            (_, Some(at)) => bars[at].told(self.language),
            _ => String::new(),
        })
    }

    /// What lies under the bars that are read or chosen.
    fn mark(self) -> Option<impl IntoView + use<>> {
        let (first, last) = self.chosen().or_else(|| self.at.get().map(|at| (at, at)))?;
        let part = |bar| part(bar, self.count);
        Some(view! {
            <span
                class="chart__mark"
                style:inset-inline-start=percent(part(first))
                style:inline-size=percent(part(last + 1) - part(first))
            ></span>
        })
    }
}

/// The chart and the table.
#[component]
pub fn Histogram(
    /// The days that have events, in their order.
    days: Vec<Day>,
    /// Narrows the selection to these days.
    narrow: Callback<(NaiveDate, NaiveDate)>,
) -> impl IntoView {
    let language = page_data::language();
    let words = language.export();
    let bars = bars(&days);
    let count = bars.len();
    let label = chart_told(&bars, language);
    let chart_view = chart(&bars);
    let ends = bars.first().zip(bars.last()).map(|(first, last)| (first.first, last.last));
    let table = table(&bars, language);
    let drawn = NodeRef::<Div>::new();
    let reading = ChartCursor {
        bars: StoredValue::new(bars),
        count,
        at: RwSignal::new(None),
        from: RwSignal::new(None),
        is_held: StoredValue::new(false),
        drawn,
        narrow,
        language,
    };
    let hint = move || {
        let told = reading.told();
        if told.is_empty() { words.drag_to_narrow.to_owned() } else { told }
    };
    view! {
        <div class="histogram">
            <p class="chart__told" aria-hidden="true">{hint}</p>
            // Its values are read one after the other, which is what a slider is for.
            <div
                class="chart__frame"
                node_ref=drawn
                role="slider"
                tabindex="0"
                aria-label=label
                aria-describedby="chart-keys"
                aria-valuemin="0"
                aria-valuemax=count.saturating_sub(1).to_string()
                aria-valuenow=move || reading.at.get().unwrap_or_default().to_string()
                aria-valuetext=move || reading.told()
                on:keydown=move |event| reading.key(&event)
                on:pointerdown=move |event| reading.press(&event)
                on:pointermove=move |event| reading.at.set(reading.place(&event))
                on:pointerup=move |_| reading.release()
                on:pointerleave=move |_| reading.leave()
            >
                {move || reading.mark()}
                {chart_view}
            </div>
            <p class="visually-hidden" id="chart-keys">{words.chart_keys}</p>
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

fn table(bars: &[Bar], language: Language) -> impl IntoView + use<> {
    let words = language.export();
    let rows = rows(&bars.iter().map(|bar| [bar.days(language), language.count(bar.events)]).collect::<Vec<_>>(), 1);
    view! {
        <details class="chart__table">
            <summary>{words.as_table}</summary>
            // It can be scrolled, so the keyboard has to get there.
            <div class="scroll" tabindex="0" role="region" aria-label=words.as_table>
                <table class="plain">
                    <thead>
                        <tr>
                            <th scope="col">{words.days}</th>
                            <th scope="col">{words.events}</th>
                        </tr>
                    </thead>
                    <tbody inner_html=rows></tbody>
                </table>
            </div>
        </details>
    }
}

/// Where a bar begins, in hundredths of a percent of the chart's width. (What writes floating-point numbers would weigh
/// more than the chart.)
fn part(bar: usize, bars: usize) -> usize {
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
    // One path for all of them, which takes a third of the bytes that a rectangle each would.
    let mut path = String::new();
    for (index, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.events > 0) {
        // Any event at all can be seen.
        let tall = usize::try_from(bar.events * height as u64 / most).unwrap_or(height).max(1);
        let wide = each.saturating_sub(gap).max(1);
        let _ = write!(path, "M{} {height}v-{tall}h{wide}v{tall}z", index * each + gap / 2);
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

    const ENGLISH: Language = Language::English;

    fn days(days: &[(&str, u64)]) -> Vec<Day> {
        days.iter().map(|(day, events)| Day { day: (*day).to_owned(), events: *events }).collect()
    }

    #[test]
    fn days_without_events_have_a_bar_too() {
        let bars = bars(&days(&[("2025-12-30", 3), ("2026-01-01", 1)]));
        let told: Vec<_> = bars.iter().map(|bar| bar.told(ENGLISH)).collect();
        assert_eq!(told, ["30 Dec 2025: 3 events", "31 Dec 2025: 0 events", "1 Jan 2026: 1 event"]);
        assert_eq!(chart_told(&bars, ENGLISH), "Events for every day. Most: 30 Dec 2025: 3 events.");
    }

    #[test]
    fn many_days_share_bars_and_no_event_is_lost() {
        let many = days(&[("2016-01-01", 1), ("2020-06-01", 5), ("2025-12-31", 2)]);
        let bars = bars(&many);
        assert!(bars.len() <= MAX_BARS && bars.len() > MAX_BARS / 2, "{}", bars.len());
        assert_eq!(bars.iter().map(|bar| bar.events).sum::<u64>(), 8);
        assert_eq!(
            (bars[0].first.to_string(), bars[bars.len() - 1].last.to_string()),
            ("2016-01-01".into(), "2025-12-31".into())
        );
        assert!(chart_told(&bars, ENGLISH).starts_with("Events for every few days. Most: "));
        assert_eq!(super::bars(&[]), []);
    }

    #[test]
    fn the_pointer_is_at_the_bar_that_is_under_it() {
        for (part, bar) in [(-0.1, 0), (0.0, 0), (0.19, 0), (0.2, 1), (0.99, 4), (1.0, 4), (7.0, 4)] {
            assert_eq!(bar_at(part, 5), bar, "{part}");
        }
    }
}
