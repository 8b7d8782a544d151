//! The options of time zones with their offsets, which follow the selected dates.

use chrono::NaiveDate;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::export_params::DateBound;
use crate::ui::export::selection::Selection;
use crate::ui::format::offset;
use crate::ui::{browser, hydration};

/// For how many milliseconds the dates must stay unchanged.
const DEBOUNCE_MILLISECONDS: i32 = 300;

/// After how many options the browser may handle input.
const AT_ONCE: usize = 20;

/// Returns the text of an option. `offsets` are those on the first and the last selected day, in minutes east of Greenwich.
///
/// The city comes first, because the first letters that are typed select an option: `Buenos Aires, Argentina (UTC-03:00)`. A
/// name that has no city stays whole.
pub fn zone_text(name: &str, offsets: [i32; 2]) -> String {
    let name = name.replace('_', " ");
    if name == "UTC" {
        return name;
    }
    let parts: Vec<_> = name.split('/').collect();
    let place = match parts[..] {
        ["Etc" | "US" | "Canada" | "Brazil" | "Chile" | "Mexico", ..] | [_] | [] => name.clone(),
        [_, city] => city.to_owned(),
        [_, ref around @ .., city] => format!("{city}, {}", around.join(", ")),
    };
    let [first, last] = offsets.map(offset);
    if first == last { format!("{place} (UTC{first})") } else { format!("{place} (UTC{first}/{last})") }
}

/// Returns the first and the last day of a range; today for a side without a limit.
fn selected_days(bounds: [Option<DateBound>; 2], today: NaiveDate) -> [NaiveDate; 2] {
    let [first, last] = bounds.map(|bound| match bound {
        Some(DateBound::Day(day)) => Some(day),
        Some(DateBound::Local(time)) => Some(time.date()),
        // An input shows neither an instant nor a relative date.
        Some(DateBound::Instant(_) | DateBound::Relative(_)) | None => None,
    });
    let last = last.unwrap_or(today);
    [first.unwrap_or(last), last]
}

/// Keeps the offsets of the options those of the selected dates. The server renders the first ones.
pub fn keep_current(selection: Selection) {
    let is_hydrated = hydration::is_hydrated();
    let bounds = Memo::new(move |_| {
        let range = selection.shown_range();
        [range.start(), range.end()]
    });
    let changes = StoredValue::new(0_u32);
    Effect::new(move |before: Option<[Option<DateBound>; 2]>| {
        let now = bounds.get();
        if before.is_some_and(|before| before != now) && is_hydrated.get_untracked() {
            changes.update_value(|count| *count += 1);
            let number = changes.get_value();
            let is_current = move || changes.try_get_value() == Some(number);
            spawn_local(async move {
                browser::sleep(DEBOUNCE_MILLISECONDS).await;
                let Some(today) = browser::today("UTC") else { return };
                let days = selected_days(now, today);
                for (index, [name, ..]) in browser::options("timezone").iter().enumerate() {
                    // Each offset takes the browser a while, because it builds a formatter for it.
                    if index % AT_ONCE == 0 {
                        browser::sleep(0).await;
                    }
                    if !is_current() {
                        return;
                    }
                    if let [Some(first), Some(last)] = days.map(|day| browser::utc_offset(name, day)) {
                        browser::set_option_text("timezone", name, &zone_text(name, [first, last]));
                    }
                }
            });
        }
        now
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_begins_with_its_city_and_ends_with_its_offset() {
        for (name, offsets, text) in [
            ("Europe/Berlin", [60, 60], "Berlin (UTC+01:00)"),
            ("Asia/Kathmandu", [345, 345], "Kathmandu (UTC+05:45)"),
            ("America/St_Johns", [-150, -210], "St Johns (UTC-02:30/-03:30)"),
            ("America/Argentina/Buenos_Aires", [-180, -180], "Buenos Aires, Argentina (UTC-03:00)"),
            ("Europe/London", [0, 0], "London (UTC+00:00)"),
            ("UTC", [0, 0], "UTC"),
            ("US/Pacific", [-480, -480], "US/Pacific (UTC-08:00)"),
            ("Etc/GMT+5", [-300, -300], "Etc/GMT+5 (UTC-05:00)"),
            ("EST5EDT", [-300, -300], "EST5EDT (UTC-05:00)"),
        ] {
            assert_eq!(zone_text(name, offsets), text);
        }
    }

    #[test]
    fn a_side_without_a_date_has_the_offset_of_today() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let bound = |text: &str| (!text.is_empty()).then(|| DateBound::parse("", text).expect("a date"));
        for (start, end, expected) in [
            ("", "", ["2025-12-15", "2025-12-15"]),
            ("2025-07-01", "", ["2025-07-01", "2025-12-15"]),
            ("", "2025-07-01", ["2025-07-01", "2025-07-01"]),
            ("2025-07-01T08:30", "2025-07-03", ["2025-07-01", "2025-07-03"]),
        ] {
            let days = selected_days([bound(start), bound(end)], day("2025-12-15"));
            assert_eq!(days, expected.map(day), "{start} to {end}");
        }
    }
}
