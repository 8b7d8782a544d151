//! The days of a calendar, and how the keyboard moves between them. Calls no browser API.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// The first and the last year of date ranges.
const LIMITS: (i32, i32) = (1, 9999);

/// Returns the first day of a month.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// Returns the same day a number of months later or earlier, or the last day of that month if it has no such day. Returns
/// the day itself at the limits of the calendar.
pub fn months_later(day: NaiveDate, months: i32) -> NaiveDate {
    let by = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) };
    moved.filter(|day| is_possible(*day)).unwrap_or(day)
}

/// Returns the days of a month in weeks, with `None` for the days of other months. Always six weeks, so that the layout does
/// not move between months.
pub fn weeks(month: NaiveDate, week_begins: Weekday) -> [[Option<NaiveDate>; 7]; 6] {
    let first = month_of(month);
    let before = first.weekday().days_since(week_begins);
    let mut weeks = [[None; 7]; 6];
    for day in first.iter_days().take_while(|day| day.month() == first.month() && day.year() == first.year()) {
        let index = usize::try_from(before + day.day0()).unwrap_or_default();
        weeks[index / 7][index % 7] = Some(day);
    }
    weeks
}

/// Returns the day to which a key moves, by the pattern of the WAI-ARIA Authoring Practices for date pickers
/// (<https://www.w3.org/WAI/ARIA/apg/patterns/dialog-modal/examples/datepicker-dialog/>). `None` for other keys.
pub fn moved_by_key(
    day: NaiveDate,
    key: &str,
    shift: bool,
    week_begins: Weekday,
    right_to_left: bool,
) -> Option<NaiveDate> {
    let days = |days: i64| {
        let by = Days::new(days.unsigned_abs());
        if days < 0 { day.checked_sub_days(by) } else { day.checked_add_days(by) }
            .filter(|day| is_possible(*day))
            .unwrap_or(day)
    };
    let in_week = i64::from(day.weekday().days_since(week_begins));
    let sideways = if right_to_left { -1 } else { 1 };
    Some(match key {
        "ArrowLeft" => days(-sideways),
        "ArrowRight" => days(sideways),
        "ArrowUp" => days(-7),
        "ArrowDown" => days(7),
        "Home" => days(-in_week),
        "End" => days(6 - in_week),
        "PageUp" => months_later(day, if shift { -12 } else { -1 }),
        "PageDown" => months_later(day, if shift { 12 } else { 1 }),
        _ => return None,
    })
}

fn is_possible(day: NaiveDate) -> bool {
    (LIMITS.0..=LIMITS.1).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_weeks_of_a_month_begin_with_the_day_of_the_locale() {
        let week_days = |begins| {
            let weeks = weeks(day("2025-12-16"), begins);
            let days = |week: [Option<NaiveDate>; 7]| week.map(|day| day.map_or(0, |day| day.day()));
            (days(weeks[0]), days(weeks[4]), days(weeks[5]))
        };
        assert_eq!(week_days(Weekday::Mon), ([1, 2, 3, 4, 5, 6, 7], [29, 30, 31, 0, 0, 0, 0], [0; 7]));
        assert_eq!(week_days(Weekday::Sun), ([0, 1, 2, 3, 4, 5, 6], [28, 29, 30, 31, 0, 0, 0], [0; 7]));
        assert_eq!(week_days(Weekday::Sat).0, [0, 0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn keys_move_as_the_authoring_practices_say() {
        let to = |from, key, shift| moved_by_key(day(from), key, shift, Weekday::Mon, false).map(|day| day.to_string());
        for (key, shift, target) in [
            ("ArrowLeft", false, "2025-12-15"),
            ("ArrowRight", false, "2025-12-17"),
            ("ArrowUp", false, "2025-12-09"),
            ("ArrowDown", false, "2025-12-23"),
            ("Home", false, "2025-12-15"),
            ("End", false, "2025-12-21"),
            ("PageUp", false, "2025-11-16"),
            ("PageDown", false, "2026-01-16"),
            ("PageUp", true, "2024-12-16"),
            ("PageDown", true, "2026-12-16"),
        ] {
            assert_eq!(to("2025-12-16", key, shift).as_deref(), Some(target), "{key}");
        }
        assert_eq!(to("2025-01-31", "PageDown", false).as_deref(), Some("2025-02-28"));
        assert_eq!(to("2024-02-29", "PageDown", true).as_deref(), Some("2025-02-28"));
        assert_eq!(to("9999-12-31", "ArrowRight", false).as_deref(), Some("9999-12-31"));
        assert_eq!(to("0001-01-01", "PageUp", false).as_deref(), Some("0001-01-01"));
        assert_eq!(to("2025-12-16", "a", false), None);
    }

    #[test]
    fn the_arrow_keys_are_mirrored_from_right_to_left() {
        let to = |key| moved_by_key(day("2025-12-16"), key, false, Weekday::Sun, true).expect("a move").day();
        assert_eq!((to("ArrowLeft"), to("ArrowRight"), to("ArrowUp")), (17, 15, 9));
    }

    proptest! {
        #[test]
        fn the_weeks_of_a_month_have_each_day_once_below_its_weekday(
            days in 0_u64..3_000_000,
            begins in 0_u8..7,
        ) {
            let begins = Weekday::try_from(begins).expect("a weekday");
            let month = day("0001-01-01").checked_add_days(Days::new(days)).expect("a day");
            let mut seen = Vec::new();
            for week in weeks(month, begins) {
                for (index, day) in week.into_iter().enumerate() {
                    if let Some(day) = day {
                        prop_assert_eq!(day.weekday().days_since(begins) as usize, index);
                        seen.push(day.day());
                    }
                }
            }
            prop_assert_eq!(seen, (1..=u32::from(month.num_days_in_month())).collect::<Vec<_>>());
        }
    }
}
