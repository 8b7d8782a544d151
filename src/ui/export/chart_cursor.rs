//! The bars of the chart, and the cursor that reads and selects them with the pointer or the keyboard. Calls no browser API.

use chrono::{NaiveDate, TimeDelta};

use crate::api::language::Language;
use crate::api::preview::{Day, Hour, Preview};
use crate::export_params::parse_day;
use crate::i18n::export::BarUnit;

/// The maximum number of bars of days.
const MAX_BARS: usize = 60;

/// A bar of the chart: a range of days, or an hour, and the number of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// The hour of the day, if the bar is an hour.
    pub hour: Option<u32>,
    /// The number of events.
    pub events: u64,
    /// The number of events of each camera, if these are told apart.
    pub by_camera: Vec<u64>,
}

/// Adjacent bars: the first and the last one.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a>(pub &'a Bar, pub &'a Bar);

impl Span<'_> {
    /// Returns days or hours as text.
    pub fn text(self, language: Language) -> String {
        let Self(first, last) = self;
        let Some((from, hour)) = first.hour.zip(last.hour) else { return language.days(first.first, last.last) };
        let start = format!("{}, {from:02}:00", language.day(first.first));
        if first.first == last.first {
            format!("{start} – {:02}:00", hour + 1)
        } else {
            format!("{start} – {}, {:02}:00", language.day(last.first), hour + 1)
        }
    }

    /// Returns days or hours as values of `start_date` and `end_date`.
    pub fn values(self) -> (String, String) {
        let Self(first, last) = self;
        let Some((from, hour)) = first.hour.zip(last.hour) else {
            return (first.first.to_string(), last.last.to_string());
        };
        let end = match last.first.succ_opt() {
            Some(next) if hour == 23 => format!("{next}T00:00"),
            _ => format!("{}T{:02}:00", last.first, hour + 1),
        };
        (format!("{}T{from:02}:00", first.first), end)
    }
}

impl Bar {
    /// Returns days or hours as text.
    pub fn text(&self, language: Language) -> String {
        Span(self, self).text(language)
    }

    /// Returns days or hours, and events, as text.
    pub fn message(&self, language: Language) -> String {
        format!("{}: {}", self.text(language), language.events(self.events))
    }
}

/// Returns the bars of a chart: one for each hour, if the preview has hours; otherwise one for each day from the first to the
/// last, or for as many days as needed to have at most [`MAX_BARS`].
pub fn bars(preview: &Preview) -> Vec<Bar> {
    let of_cameras =
        |column: usize| preview.cameras.iter().map(move |camera| camera.events.get(column).copied().unwrap_or(0));
    if !preview.hours.is_empty() {
        let bar = |(column, counted): (usize, &Hour)| {
            let (day, hour) = (parse_day(counted.hour.get(..10)?)?, counted.hour.get(11..13)?.parse().ok()?);
            let by_camera = of_cameras(column).collect();
            Some(Bar { first: day, last: day, hour: Some(hour), events: counted.events, by_camera })
        };
        return preview.hours.iter().enumerate().filter_map(bar).collect();
    }
    let days = &preview.days;
    let date = |day: &Day| parse_day(&day.day);
    let (Some(first), Some(last)) = (days.first().and_then(date), days.last().and_then(date)) else {
        return Vec::new();
    };
    let span = usize::try_from((last - first).num_days()).unwrap_or_default() + 1;
    let width = span.div_ceil(MAX_BARS);
    let day = |offset: usize| first + TimeDelta::days(i64::try_from(offset.min(span - 1)).unwrap_or_default());
    let empty = |bar: usize| Bar {
        first: day(bar * width),
        last: day(bar * width + width - 1),
        hour: None,
        events: 0,
        by_camera: vec![0; preview.cameras.len()],
    };
    let mut bars: Vec<_> = (0..span.div_ceil(width)).map(empty).collect();
    for (column, counted) in days.iter().enumerate() {
        let Some(date) = date(counted) else { continue };
        let offset = usize::try_from((date - first).num_days()).unwrap_or_default();
        if let Some(bar) = bars.get_mut(offset / width) {
            bar.events += counted.events;
            for (sum, events) in bar.by_camera.iter_mut().zip(of_cameras(column)) {
                *sum += events;
            }
        }
    }
    bars
}

/// Returns the description of the chart for screen readers.
pub fn chart_summary(bars: &[Bar], language: Language) -> String {
    let unit = match bars.first() {
        Some(Bar { hour: Some(_), .. }) => BarUnit::Hour,
        _ if bars.iter().all(|bar| bar.first == bar.last) => BarUnit::Day,
        _ => BarUnit::Period,
    };
    // The first of several bars with the same number.
    let highest = bars.iter().rev().max_by_key(|bar| bar.events);
    highest.map_or_else(String::new, |bar| (language.export().chart)(unit, &bar.message(language)))
}

/// Returns the bar at a position, which is 0 at the beginning of the first bar and 1 at the end of the last one.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the chart"
)]
pub fn bar_at(position: f64, bars: usize) -> usize {
    ((position.clamp(0.0, 1.0) * bars as f64) as usize).min(bars.saturating_sub(1))
}

/// The first and the last bar of a range.
pub type BarRange = (usize, usize);

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Nothing, or nothing that would keep the browser from its own action.
    PassOn,
    /// It moved the cursor.
    Move,
    /// It applies the range, if there is one.
    Apply(Option<BarRange>),
}

/// Which bar the user reads, and which ones are being selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChartCursor {
    /// The bar that is read.
    at: Option<usize>,
    /// The other end of the range that is being selected.
    from: Option<usize>,
    /// Whether the pointer is pressed.
    is_pressed: bool,
}

impl ChartCursor {
    /// Returns the bar that is read.
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    /// Returns the range that is being selected.
    fn selected(&self) -> Option<BarRange> {
        let (at, from) = (self.at?, self.from?);
        Some((at.min(from), at.max(from)))
    }

    /// Returns the selected range, or the bar that is read as a range.
    pub fn range(&self) -> Option<BarRange> {
        self.selected().or_else(|| self.at.map(|at| (at, at)))
    }

    /// Returns the cursor after the pointer was pressed on a bar.
    pub fn pressed(bar: Option<usize>) -> Self {
        Self { at: bar, from: bar, is_pressed: true }
    }

    /// Returns the cursor after the pointer was moved to a bar.
    #[must_use]
    pub fn pointed(self, bar: Option<usize>) -> Self {
        Self { at: bar, ..self }
    }

    /// Releases the pointer. Returns the range to apply after a drag; a click only reads.
    pub fn release(&mut self) -> Option<BarRange> {
        let is_drag = self.is_pressed && self.from != self.at;
        let range = if is_drag { self.range() } else { None };
        *self = Self { at: self.at, ..Self::default() };
        range
    }

    /// Handles a key. With `shift`, the arrow keys extend the range.
    pub fn key(&mut self, key: &str, shift: bool, bars: usize) -> KeyAction {
        let last = bars.saturating_sub(1);
        let next = match key {
            "ArrowRight" | "ArrowUp" => self.at.map_or(0, |at| (at + 1).min(last)),
            "ArrowLeft" | "ArrowDown" => self.at.map_or(last, |at| at.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            "Enter" => return KeyAction::Apply(self.range()),
            "Escape" => {
                self.from = None;
                return KeyAction::PassOn;
            }
            _ => return KeyAction::PassOn,
        };
        self.from = if shift { self.from.or(self.at).or(Some(next)) } else { None };
        self.at = Some(next);
        KeyAction::Move
    }

    /// Returns the days and events of the range as text; empty if no bar is read.
    pub fn message(&self, bars: &[Bar], language: Language) -> String {
        let Some((first, last)) = self.range() else { return String::new() };
        let events = bars[first..=last].iter().map(|bar| bar.events).sum();
        format!("{}: {}", Span(&bars[first], &bars[last]).text(language), language.events(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::preview::CameraEvents;

    const ENGLISH: Language = Language::English;

    fn days(days: &[(&str, u64)]) -> Preview {
        let days = days.iter().map(|(day, events)| Day { day: (*day).to_owned(), events: *events });
        Preview { days: days.collect(), ..Preview::default() }
    }

    fn hours(hours: &[(&str, u64)]) -> Preview {
        let hours = hours.iter().map(|(hour, events)| Hour { hour: format!("{hour}:00:00+01:00"), events: *events });
        Preview { hours: hours.collect(), ..Preview::default() }
    }

    #[test]
    fn days_without_events_have_a_bar_too() {
        let bars = bars(&days(&[("2025-12-30", 3), ("2026-01-01", 1)]));
        let messages: Vec<_> = bars.iter().map(|bar| bar.message(ENGLISH)).collect();
        assert_eq!(messages, ["30 Dec 2025: 3 events", "31 Dec 2025: 0 events", "1 Jan 2026: 1 event"]);
        assert_eq!(chart_summary(&bars, ENGLISH), "Events per day. Most: 30 Dec 2025: 3 events.");
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
        assert!(chart_summary(&bars, ENGLISH).starts_with("Events per period. Most: "));
        assert_eq!(super::bars(&days(&[])), []);
    }

    #[test]
    fn hours_have_bars_and_a_range_of_them_is_a_range_of_local_times() {
        let bars =
            bars(&hours(&[("2025-12-15T22", 3), ("2025-12-15T23", 1), ("2025-12-16T00", 0), ("2025-12-16T01", 7)]));
        assert_eq!(bars[0].message(ENGLISH), "15 Dec 2025, 22:00 – 23:00: 3 events");
        assert_eq!(bars[1].text(Language::German), "15. Dez. 2025, 23:00 – 24:00");
        assert_eq!(Span(&bars[0], &bars[3]).text(ENGLISH), "15 Dec 2025, 22:00 – 16 Dec 2025, 02:00");
        let values = |first: usize, last: usize| Span(&bars[first], &bars[last]).values();
        let expected = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(values(0, 0), expected("2025-12-15T22:00", "2025-12-15T23:00"));
        assert_eq!(values(0, 1), expected("2025-12-15T22:00", "2025-12-16T00:00"));
        assert_eq!(values(1, 3), expected("2025-12-15T23:00", "2025-12-16T02:00"));
        assert_eq!(chart_summary(&bars, ENGLISH), "Events per hour. Most: 16 Dec 2025, 01:00 – 02:00: 7 events.");
    }

    #[test]
    fn the_events_of_each_camera_are_in_the_same_bars() {
        let camera = |id: &str, events: &[u64]| CameraEvents { id: id.to_owned(), name: None, events: events.to_vec() };
        let of_days = days(&[("2025-12-30", 3), ("2026-01-01", 1)]);
        let preview = Preview { cameras: vec![camera("a", &[2, 0]), camera("b", &[1, 1])], ..of_days };
        let by_camera: Vec<_> = bars(&preview).into_iter().map(|bar| bar.by_camera).collect();
        assert_eq!(by_camera, [[2, 1], [0, 0], [0, 1]]);
        let preview =
            Preview { cameras: vec![camera("a", &[4, 5])], ..hours(&[("2025-12-15T22", 4), ("2025-12-15T23", 6)]) };
        let by_camera: Vec<_> = bars(&preview).into_iter().map(|bar| bar.by_camera).collect();
        assert_eq!(by_camera, [[4], [5]]);
    }

    #[test]
    fn the_pointer_reads_the_bar_below_it() {
        for (position, bar) in [(-0.1, 0), (0.0, 0), (0.19, 0), (0.2, 1), (0.99, 4), (1.0, 4), (7.0, 4)] {
            assert_eq!(bar_at(position, 5), bar, "{position}");
        }
    }

    #[test]
    fn arrow_keys_move_the_cursor_within_the_chart() {
        let mut cursor = ChartCursor::default();
        for (key, at) in [
            ("ArrowRight", 0),
            ("ArrowLeft", 0),
            ("ArrowUp", 1),
            ("End", 4),
            ("ArrowRight", 4),
            ("ArrowDown", 3),
            ("Home", 0),
        ] {
            assert_eq!(cursor.key(key, false, 5), KeyAction::Move, "{key}");
            assert_eq!((cursor.at(), cursor.selected()), (Some(at), None), "{key}");
        }
        assert_eq!(ChartCursor::default().key("a", false, 5), KeyAction::PassOn);
        let mut cursor = ChartCursor::default();
        cursor.key("ArrowLeft", false, 5);
        assert_eq!(cursor.at(), Some(4), "from the end");
    }

    #[test]
    fn shift_and_arrow_keys_select_a_range_that_enter_applies() {
        let mut cursor = ChartCursor::default();
        assert_eq!(cursor.key("Enter", false, 5), KeyAction::Apply(None), "no bar is read");
        cursor.key("End", false, 5);
        assert_eq!(cursor.key("Enter", false, 5), KeyAction::Apply(Some((4, 4))), "a single bar");
        cursor.key("ArrowLeft", true, 5);
        cursor.key("ArrowLeft", true, 5);
        assert_eq!(cursor.key("Enter", false, 5), KeyAction::Apply(Some((2, 4))));
        assert_eq!(cursor.key("Escape", false, 5), KeyAction::PassOn);
        assert_eq!(cursor.range(), Some((2, 2)), "Escape ends the range and keeps the cursor");
        let mut cursor = ChartCursor::default();
        cursor.key("Home", true, 5);
        assert_eq!(cursor.selected(), Some((0, 0)), "a range may begin without a cursor");
    }

    #[test]
    fn a_drag_selects_and_a_click_only_reads() {
        let mut cursor = ChartCursor::default();
        cursor = cursor.pointed(Some(1));
        assert_eq!((cursor.at(), cursor.release()), (Some(1), None), "the pointer is not pressed");
        cursor = ChartCursor::pressed(Some(3));
        assert_eq!(cursor.release(), None, "a click");
        cursor = ChartCursor::pressed(Some(3)).pointed(Some(1));
        assert_eq!(cursor.selected(), Some((1, 3)));
        assert_eq!(cursor.release(), Some((1, 3)));
        assert_eq!(cursor, ChartCursor { at: Some(1), ..ChartCursor::default() });
        assert_eq!(ChartCursor::default().release(), None, "the pointer left the chart");
    }

    #[test]
    fn the_message_sums_the_range() {
        let bars = bars(&days(&[("2025-12-30", 3), ("2026-01-01", 1)]));
        let mut cursor = ChartCursor::default();
        assert_eq!(cursor.message(&bars, ENGLISH), "");
        cursor.key("Home", false, 3);
        assert_eq!(cursor.message(&bars, ENGLISH), "30 Dec 2025: 3 events");
        cursor.key("End", true, 3);
        assert_eq!(cursor.message(&bars, ENGLISH), "30 Dec 2025 – 1 Jan 2026: 4 events");
    }
}
