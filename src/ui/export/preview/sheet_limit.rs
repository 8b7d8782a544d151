//! Says that a selection has more events than a sheet of a spreadsheet has rows, and offers what to do instead.

use chrono::{Datelike, NaiveDate};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::api::language::Language;
use crate::api::paths::SETTINGS_PATH;
use crate::api::preview::Day;
use crate::error::ApiError;
use crate::export_params::{DateBound, DateRange, ExportParams, parse_day};
use crate::ui::browser;

/// How many events a sheet of Excel or Calc holds: it has 1,048,576 rows, and the first one is the header.
pub const SHEET_EVENTS: u64 = 1_048_575;

/// The id of the disclosure with the snippets for other tools.
pub const OTHER_TOOLS: &str = "other-tools";

/// The newest events of a selection that fit in a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NewestPart {
    first: NaiveDate,
    events: u64,
}

/// Returns the newest whole months that have at most `max` events, or the newest whole days if a month has more. `None` if the
/// last day alone has more. `days` are those with events, in order.
fn newest_that_fit(days: &[Day], max: u64) -> Option<NewestPart> {
    let dated = || days.iter().filter_map(|day| Some((parse_day(&day.day)?, day.events)));
    let mut events = 0;
    let mut fitting = Vec::new();
    for (day, count) in dated().rev() {
        if events + count > max {
            break;
        }
        events += count;
        fitting.push(NewestPart { first: day, events });
    }
    // A month fits if the newest event before those that fit is in an earlier one.
    let before = dated().rev().nth(fitting.len()).map(|(day, _)| day);
    let month = |day: NaiveDate| (day.year(), day.month());
    let earlier = fitting.iter().skip(1).map(|part| part.first).chain(before);
    let whole_months = fitting.iter().zip(earlier).filter(|(part, before)| month(part.first) != month(*before));
    let whole_month = whole_months.map(|(part, _)| *part).last();
    let from_first = |part: NewestPart| NewestPart { first: part.first.with_day(1).unwrap_or(part.first), ..part };
    whole_month.map(from_first).or_else(|| fitting.last().copied())
}

/// Returns the warning for screen readers; empty if the events fit.
pub fn warning(events: u64, language: Language) -> String {
    if events > SHEET_EVENTS { (language.sheet().too_many)(&language.count(SHEET_EVENTS)) } else { String::new() }
}

/// The warning, a link that selects the newest events that fit, and a link to the snippets for other tools. `start_on` sets the
/// start of the selection.
pub fn sheet_limit(
    events: u64,
    days: &[Day],
    params: Signal<Result<ExportParams, ApiError>>,
    language: Language,
    start_on: Callback<NaiveDate>,
) -> Option<AnyView> {
    if events <= SHEET_EVENTS {
        return None;
    }
    let texts = language.sheet();
    let newest = newest_that_fit(days, SHEET_EVENTS).map(|NewestPart { first, events }| {
        let address = format!("{}?{}", browser::local(SETTINGS_PATH), narrowed(params, first).to_query());
        let select = move |event: MouseEvent| {
            event.prevent_default();
            start_on.run(first);
        };
        let text = (texts.select_newest)(&language.day(first), &language.events(events));
        view! { <li><a href=address rel="external" on:click=select>{text}</a></li> }
    });
    let open = move |event: MouseEvent| {
        event.prevent_default();
        browser::open_disclosure(OTHER_TOOLS);
    };
    let other_tools = view! {
        <li class="needs-script"><a href=format!("#{OTHER_TOOLS}") rel="external" on:click=open>{texts.other_tools}</a></li>
    };
    let view = view! {
        <div class="notice sheet-limit">
            <p>{warning(events, language)}</p>
            <ul>{newest} {other_tools}</ul>
        </div>
    };
    Some(view.into_any())
}

/// Returns the selection from a day on.
fn narrowed(params: Signal<Result<ExportParams, ApiError>>, first: NaiveDate) -> ExportParams {
    let params = params.get_untracked().unwrap_or_default();
    let end = params.range.end();
    // Both inputs of the form have times, or none has.
    let start = match end {
        Some(DateBound::Local(_)) => first.and_hms_opt(0, 0, 0).map_or(DateBound::Day(first), DateBound::Local),
        _ => DateBound::Day(first),
    };
    let range = DateRange::new(Some(start), end).unwrap_or(params.range);
    ExportParams { range, ..params }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: &[(&str, u64)]) -> Vec<Day> {
        days.iter().map(|(day, events)| Day { day: (*day).to_owned(), events: *events }).collect()
    }

    fn newest(days_with: &[(&str, u64)], max: u64) -> Option<(String, u64)> {
        newest_that_fit(&days(days_with), max).map(|part| (part.first.to_string(), part.events))
    }

    #[test]
    fn the_newest_whole_months_that_fit_are_offered_or_else_the_newest_days() {
        let events = [
            ("2025-09-30", 5),
            ("2025-10-03", 4),
            ("2025-10-04", 4),
            ("2025-12-08", 3),
            ("2025-12-20", 3),
            ("2025-12-21", 2),
        ];
        for (max, expected) in [
            (20, Some(("2025-10-01", 16))),
            (16, Some(("2025-10-01", 16))),
            (15, Some(("2025-12-01", 8))),
            (8, Some(("2025-12-01", 8))),
            (7, Some(("2025-12-20", 5))),
            (2, Some(("2025-12-21", 2))),
            (1, None),
        ] {
            assert_eq!(newest(&events, max), expected.map(|(day, events)| (day.to_owned(), events)), "{max}");
        }
        assert_eq!(newest(&[], 5), None);
    }

    #[test]
    fn a_narrowed_selection_keeps_its_end_and_has_times_at_both_ends_or_at_none() {
        Owner::new().with(|| {
            let first = parse_day("2025-12-01").expect("a day");
            for (query, start) in [
                ("end_date=today", "start_date=2025-12-01&end_date=today"),
                ("start_date=2025-01-01&end_date=2025-12-20", "start_date=2025-12-01&end_date=2025-12-20"),
                ("end_date=2025-12-20T08:30", "start_date=2025-12-01T00%3A00&end_date=2025-12-20T08%3A30"),
            ] {
                let params = ExportParams::parse(query).expect("valid");
                let narrowed = narrowed(Signal::stored(Ok(params)), first).to_query();
                assert!(narrowed.contains(start), "{narrowed}");
            }
        });
    }
}
