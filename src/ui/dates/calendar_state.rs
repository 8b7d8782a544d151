//! The state of the calendar dialog: shown months, focused day, and the range that is being chosen. Calls no browser API.

use std::collections::HashMap;

use chrono::{NaiveDate, Weekday};
use leptos::prelude::*;

use super::calendar::{month_of, months_later, moved_by_key};
use super::date_preset::Preset;
use crate::api::preview::Day;
use crate::export_params::parse_day;

/// The number of events by day, for days that have events.
pub type EventsPerDay = HashMap<NaiveDate, u64>;

/// Returns the events by day.
pub fn events_per_day(days: &[Day]) -> EventsPerDay {
    days.iter().filter_map(|day| Some((parse_day(&day.day)?, day.events))).collect()
}

/// Returns the first and the last day that have events.
pub fn first_and_last(events: &EventsPerDay) -> Option<(NaiveDate, NaiveDate)> {
    Some((*events.keys().min()?, *events.keys().max()?))
}

/// A range of days whose ends may be open.
pub type OpenRange = (Option<NaiveDate>, Option<NaiveDate>);

/// What the dialog must do about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Leave the key to the browser.
    PassOn,
    /// Nothing else: the calendar has handled it.
    Handled,
    /// Move the focus, but keep it inside the dialog.
    TrapFocus,
    /// Close the dialog.
    Close,
}

/// How a day is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayLook {
    /// Whether the day is in the chosen range.
    pub is_within: bool,
    /// Whether it is the first or the last day of the range.
    pub is_end: bool,
    /// Whether the Tab key reaches it.
    pub is_focusable: bool,
}

/// The state of the dialog.
#[derive(Clone, Copy)]
pub struct CalendarState {
    /// The first month that is shown.
    pub shown: RwSignal<NaiveDate>,
    /// The day that has the keyboard focus.
    pub focus: RwSignal<NaiveDate>,
    /// The first day that was chosen, while the last one is not chosen yet.
    pub anchor: RwSignal<Option<NaiveDate>>,
    /// How many months are shown.
    months: i32,
    /// The range that was chosen when the dialog was opened.
    before: OpenRange,
    /// The day that would become the other end of the range.
    other: RwSignal<Option<NaiveDate>>,
    /// The day on which the pointer was pressed, while it is held.
    pressed: RwSignal<Option<NaiveDate>>,
    week_begins: Weekday,
    choose: Callback<Preset>,
}

impl CalendarState {
    /// Opens the calendar with the last month of `chosen`, or of `begin` if nothing is chosen. Calls `choose` with the range
    /// that the user chooses.
    pub fn new(
        chosen: OpenRange,
        begin: NaiveDate,
        months: i32,
        week_begins: Weekday,
        choose: Callback<Preset>,
    ) -> Self {
        let focus = chosen.1.or(chosen.0).unwrap_or(begin);
        Self {
            shown: RwSignal::new(months_later(month_of(focus), 1 - months)),
            focus: RwSignal::new(focus),
            anchor: RwSignal::new(None),
            months,
            before: chosen,
            other: RwSignal::new(None),
            pressed: RwSignal::new(None),
            week_begins,
            choose,
        }
    }

    /// Moves the focus to a day and shows its month.
    fn move_to(self, day: NaiveDate) {
        let first = self.shown.get_untracked();
        if day < first {
            self.shown.set(month_of(day));
        } else if day >= months_later(first, self.months) {
            self.shown.set(months_later(month_of(day), 1 - self.months));
        }
        self.focus.set(day);
        self.other.set(self.anchor.get_untracked().map(|_| day));
    }

    /// Shows later or earlier months, and moves the focus with them.
    pub fn turn(self, months: i32) {
        self.shown.update(|shown| *shown = months_later(*shown, months));
        self.focus.update(|focus| *focus = months_later(*focus, months));
    }

    /// Chooses the first day of the range, or the last one and with it the range.
    pub fn choose(self, day: NaiveDate) {
        match self.anchor.get_untracked() {
            None => {
                self.anchor.set(Some(day));
                self.other.set(None);
                self.focus.set(day);
            }
            Some(anchor) => {
                self.anchor.set(None);
                self.choose.run(Preset::Days(anchor.min(day), anchor.max(day)));
            }
        }
    }

    /// Presses the pointer, on a day or elsewhere.
    pub fn press(self, day: Option<NaiveDate>) {
        self.pressed.set(day.filter(|_| self.anchor.get_untracked().is_none()));
    }

    /// Moves the pointer to a day. If it is held, that begins a range.
    pub fn point(self, day: NaiveDate) {
        if let Some(first) = self.pressed.get_untracked().filter(|first| *first != day) {
            self.anchor.set(Some(first));
        }
        if self.anchor.get_untracked().is_some() {
            self.other.set(Some(day));
        }
    }

    /// Releases the pointer. A drag from one day to another chooses the range; a click is handled by [`Self::choose`].
    pub fn release(self, day: Option<NaiveDate>) {
        let pressed = self.pressed.get_untracked();
        self.pressed.set(None);
        if let (Some(first), Some(day)) = (pressed, day)
            && first != day
        {
            self.choose(day);
        }
    }

    /// Forgets a drag that became something else, such as scrolling.
    pub fn cancel_drag(self) {
        if self.pressed.get_untracked().is_some() {
            self.pressed.set(None);
            self.anchor.set(None);
        }
    }

    /// Handles a key. `day` is the day whose button has the browser's focus, if any has.
    pub fn key(self, key: &str, shift: bool, day: Option<NaiveDate>, right_to_left: bool) -> KeyAction {
        match (key, day) {
            ("Escape", _) => KeyAction::Close,
            ("Tab", _) => KeyAction::TrapFocus,
            (_, None) => KeyAction::PassOn,
            (_, Some(day)) => {
                // The browser's focus follows in the next frame, so it may be one key behind.
                let focus = self.focus.get_untracked();
                if let Some(target) = moved_by_key(focus, key, shift, self.week_begins, right_to_left) {
                    self.move_to(target);
                    KeyAction::Handled
                } else if day != focus && matches!(key, "Enter" | " ") {
                    self.choose(focus);
                    KeyAction::Handled
                } else {
                    KeyAction::PassOn
                }
            }
        }
    }

    /// Returns the range that is chosen, or that is being chosen.
    fn range(self) -> OpenRange {
        match self.anchor.get() {
            None => self.before,
            Some(anchor) => {
                let other = self.other.get().unwrap_or(anchor);
                (Some(anchor.min(other)), Some(anchor.max(other)))
            }
        }
    }

    /// Returns how a day is shown.
    pub fn look(self, day: NaiveDate) -> DayLook {
        let (first, last) = self.range();
        DayLook {
            is_within: (first, last) != (None, None)
                && first.is_none_or(|first| first <= day)
                && last.is_none_or(|last| day <= last),
            is_end: first == Some(day) || last == Some(day),
            is_focusable: day == self.focus.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_support::with_owner;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    /// A calendar of two months, and the ranges that were chosen in it.
    fn calendar(chosen: OpenRange) -> (CalendarState, RwSignal<Vec<Preset>>) {
        let ranges = RwSignal::new(Vec::new());
        let choose = Callback::new(move |range| ranges.update(|ranges| ranges.push(range)));
        (CalendarState::new(chosen, day("2025-12-16"), 2, Weekday::Mon, choose), ranges)
    }

    fn focus(calendar: CalendarState) -> (String, String) {
        (calendar.shown.get_untracked().to_string(), calendar.focus.get_untracked().to_string())
    }

    fn at(shown: &str, focus: &str) -> (String, String) {
        (shown.to_owned(), focus.to_owned())
    }

    fn within(calendar: CalendarState, days: [&str; 3]) -> [bool; 3] {
        days.map(|text| untrack(|| calendar.look(day(text)).is_within))
    }

    #[test]
    fn the_calendar_opens_at_the_end_of_the_chosen_range() {
        with_owner(|| {
            assert_eq!(focus(calendar((None, None)).0), at("2025-11-01", "2025-12-16"));
            let (first, last) = (Some(day("2025-01-30")), Some(day("2025-03-02")));
            assert_eq!(focus(calendar((first, last)).0), at("2025-02-01", "2025-03-02"));
            assert_eq!(focus(calendar((first, None)).0), at("2024-12-01", "2025-01-30"));
        });
    }

    #[test]
    fn keys_move_the_focus_and_show_its_month() {
        with_owner(|| {
            let (calendar, _) = calendar((None, None));
            for (key, shift, target) in [
                ("ArrowRight", false, at("2025-11-01", "2025-12-17")),
                ("PageDown", false, at("2025-12-01", "2026-01-17")),
                ("PageUp", true, at("2025-01-01", "2025-01-17")),
                ("Home", false, at("2025-01-01", "2025-01-13")),
            ] {
                let action = calendar.key(key, shift, Some(day("2025-12-16")), false);
                assert_eq!((action, focus(calendar)), (KeyAction::Handled, target), "{key}");
            }
            assert_eq!(calendar.key("a", false, Some(day("2025-01-13")), false), KeyAction::PassOn);
            assert_eq!(calendar.key("ArrowRight", false, None, false), KeyAction::PassOn, "the focus is elsewhere");
            assert_eq!(calendar.key("Escape", false, None, false), KeyAction::Close);
            assert_eq!(calendar.key("Tab", true, Some(day("2025-01-13")), false), KeyAction::TrapFocus);
            assert_eq!(focus(calendar), at("2025-01-01", "2025-01-13"));
        });
    }

    #[test]
    fn enter_chooses_the_focused_day_even_if_the_browsers_focus_is_behind() {
        with_owner(|| {
            let (calendar, ranges) = calendar((None, None));
            let behind = Some(day("2025-12-16"));
            assert_eq!(calendar.key("Enter", false, behind, false), KeyAction::PassOn, "the click follows");
            calendar.key("ArrowRight", false, behind, false);
            assert_eq!(calendar.key("Enter", false, behind, false), KeyAction::Handled);
            assert_eq!(calendar.anchor.get_untracked(), Some(day("2025-12-17")));
            calendar.key("ArrowUp", false, behind, false);
            assert_eq!(calendar.key(" ", false, behind, false), KeyAction::Handled);
            assert_eq!(ranges.get_untracked(), [Preset::Days(day("2025-12-10"), day("2025-12-17"))]);
        });
    }

    #[test]
    fn two_clicks_choose_a_range_in_any_order() {
        with_owner(|| {
            let (calendar, ranges) = calendar((None, None));
            calendar.choose(day("2025-12-10"));
            assert_eq!(ranges.get_untracked(), []);
            calendar.point(day("2025-12-08"));
            let days = ["2025-12-07", "2025-12-09", "2025-12-11"];
            assert_eq!(within(calendar, days), [false, true, false]);
            calendar.choose(day("2025-12-08"));
            assert_eq!(ranges.get_untracked(), [Preset::Days(day("2025-12-08"), day("2025-12-10"))]);
            assert_eq!(calendar.anchor.get_untracked(), None);
        });
    }

    #[test]
    fn a_drag_chooses_a_range_and_a_press_on_one_day_does_not() {
        with_owner(|| {
            let (calendar, ranges) = calendar((None, None));
            calendar.press(Some(day("2025-12-10")));
            calendar.release(Some(day("2025-12-10")));
            calendar.press(None);
            calendar.release(Some(day("2025-12-12")));
            assert_eq!((ranges.get_untracked(), calendar.anchor.get_untracked()), (vec![], None));
            calendar.press(Some(day("2025-12-10")));
            calendar.point(day("2025-12-10"));
            assert_eq!(calendar.anchor.get_untracked(), None, "the pointer has not left the day");
            calendar.point(day("2025-12-12"));
            calendar.release(Some(day("2025-12-12")));
            assert_eq!(ranges.get_untracked(), [Preset::Days(day("2025-12-10"), day("2025-12-12"))]);
        });
    }

    #[test]
    fn a_drag_that_becomes_scrolling_is_forgotten() {
        with_owner(|| {
            let (calendar, ranges) = calendar((None, None));
            calendar.press(Some(day("2025-12-10")));
            calendar.point(day("2025-12-12"));
            calendar.cancel_drag();
            calendar.release(Some(day("2025-12-12")));
            assert_eq!((ranges.get_untracked(), calendar.anchor.get_untracked()), (vec![], None));
            calendar.choose(day("2025-12-10"));
            calendar.cancel_drag();
            assert_eq!(calendar.anchor.get_untracked(), Some(day("2025-12-10")), "a chosen day stays");
            calendar.press(Some(day("2025-12-11")));
            calendar.release(Some(day("2025-12-12")));
            assert_eq!(ranges.get_untracked(), [], "the second day is chosen by a click");
        });
    }

    #[test]
    fn turning_months_moves_the_focus_along() {
        with_owner(|| {
            let (calendar, _) = calendar((None, Some(day("2025-12-31"))));
            calendar.turn(2);
            assert_eq!(focus(calendar), at("2026-01-01", "2026-02-28"));
            calendar.turn(-12);
            assert_eq!(focus(calendar), at("2025-01-01", "2025-02-28"));
        });
    }

    #[test]
    fn a_range_with_an_open_end_reaches_to_all_days_there() {
        with_owner(|| {
            let (from, _) = calendar((Some(day("2025-12-10")), None));
            let days = ["2025-12-09", "2025-12-10", "2026-01-01"];
            assert_eq!(within(from, days), [false, true, true]);
            let look = untrack(|| from.look(day("2025-12-10")));
            assert_eq!(look, DayLook { is_within: true, is_end: true, is_focusable: true });
            let (until, _) = calendar((None, Some(day("2025-12-10"))));
            assert_eq!(within(until, days), [true, true, false]);
            let (everything, _) = calendar((None, None));
            assert_eq!(within(everything, days), [false, false, false], "nothing is chosen");
        });
    }

    #[test]
    fn the_days_with_events_have_a_first_and_a_last_one() {
        let count = |day: &str, events| Day { day: day.to_owned(), events };
        let events = events_per_day(&[count("2025-12-16", 3), count("2025-12-01", 1), count("never", 9)]);
        assert_eq!(events.get(&day("2025-12-16")), Some(&3));
        assert_eq!(first_and_last(&events), Some((day("2025-12-01"), day("2025-12-16"))));
        assert_eq!(first_and_last(&EventsPerDay::new()), None);
    }
}
