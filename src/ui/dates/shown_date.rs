//! What the inputs of dates show: days and local times, also for a date that is relative.

use crate::export_params::parse_day;
use crate::export_params::relative_date::{Edge, RelativeDate};
use crate::ui::browser;

/// Returns a date as its input shows it, by the browser's clock. The server resolves it again, by its own clock.
///
/// `text` is a value of `start_date` or `end_date`.
pub fn shown(text: &str, edge: Edge, timezone: &str) -> String {
    match RelativeDate::parse(text) {
        None => text.to_owned(),
        Some(RelativeDate::HoursAgo(hours)) => browser::local_time(timezone, hours).unwrap_or_default(),
        Some(date) => {
            let day = browser::today(timezone).and_then(|today| date.day(edge, today));
            day.map(|day| day.to_string()).unwrap_or_default()
        }
    }
}

/// Returns whether a date has a time of day.
pub fn has_time(text: &str) -> bool {
    text.contains('T') || matches!(RelativeDate::parse(text), Some(RelativeDate::HoursAgo(_)))
}

/// Returns a shown date with a time of day. The end of a day is the start of the next one.
pub fn with_time(text: &str, edge: Edge) -> String {
    let midnight = parse_day(text).and_then(|day| if edge == Edge::End { day.succ_opt() } else { Some(day) });
    midnight.map_or_else(|| text.to_owned(), |day| format!("{day}T00:00"))
}

/// Returns the day of a shown date; the day before for an end at midnight.
pub fn without_time(text: &str, edge: Edge) -> String {
    let Some((day, time)) = text.split_once('T') else { return text.to_owned() };
    let before = parse_day(day).filter(|_| edge == Edge::End && time == "00:00").and_then(|day| day.pred_opt());
    before.map_or_else(|| day.to_owned(), |day| day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_is_not_relative_is_shown_as_it_is() {
        for text in ["", "2025-12-01", "2025-12-01T08:30"] {
            assert_eq!(shown(text, Edge::Start, "UTC"), text);
        }
        // Without a browser, today is unknown.
        assert_eq!(shown("today", Edge::Start, "UTC"), "");
    }

    #[test]
    fn dates_get_and_lose_their_time_of_day() {
        for (day, edge, time) in [
            ("2025-12-01", Edge::Start, "2025-12-01T00:00"),
            ("2025-12-31", Edge::End, "2026-01-01T00:00"),
            ("", Edge::Start, ""),
        ] {
            assert_eq!((with_time(day, edge), without_time(time, edge)), (time.to_owned(), day.to_owned()));
        }
        assert_eq!(without_time("2025-12-01T08:30", Edge::End), "2025-12-01");
        assert_eq!(with_time("2025-12-01T08:30", Edge::End), "2025-12-01T08:30");
        assert!(has_time("2025-12-01T08:30") && has_time("-24h") && !has_time("last-month") && !has_time("-6d"));
    }
}
