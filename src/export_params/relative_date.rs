//! Dates that are relative to the time of the export: `-7d`, `yesterday`, `last-month`. Pure, and the same for server and
//! browser; `server::export::timezone` resolves them once per export.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The greatest number of days or hours in a relative date. A hundred thousand days are 273 years.
const MAX_NUMBER: u32 = 99_999;

/// A date that is relative to the time of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelativeDate {
    /// The local day that many days before today: `today`, `yesterday`, `-7d`.
    DaysAgo(u32),
    /// The moment that many hours before now, to the minute: `-24h`.
    HoursAgo(u32),
    /// The current calendar period: `this-week`.
    This(Period),
    /// The calendar period before the current one: `last-month`.
    Last(Period),
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From Monday to Sunday, as in ISO 8601.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// The names of periods in the parameters.
const PERIODS: [(&str, Period); 3] = [("week", Period::Week), ("month", Period::Month), ("year", Period::Year)];

/// Which end of a range a date is. A period stands for its first day as a start, and for its last day as an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The start.
    Start,
    /// The end.
    End,
}

impl RelativeDate {
    /// Parses a value of `start_date` or `end_date`; `None` if it is not a relative date.
    pub fn parse(text: &str) -> Option<Self> {
        let period = |name: &str| PERIODS.into_iter().find_map(|(known, period)| (known == name).then_some(period));
        match text {
            "today" => return Some(Self::DaysAgo(0)),
            "yesterday" => return Some(Self::DaysAgo(1)),
            _ => {}
        }
        if let Some(name) = text.strip_prefix("this-") {
            return period(name).map(Self::This);
        }
        if let Some(name) = text.strip_prefix("last-") {
            return period(name).map(Self::Last);
        }
        let text = text.strip_prefix('-')?;
        // `parse` alone would accept a second sign.
        let number = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten().filter(|number| *number <= MAX_NUMBER)
        };
        if let Some(days) = text.strip_suffix('d') {
            return number(days).map(Self::DaysAgo);
        }
        number(text.strip_suffix('h')?).map(Self::HoursAgo)
    }

    /// Returns the local day. For hours, that is `None`: they name a moment.
    pub fn day(self, edge: Edge, today: NaiveDate) -> Option<NaiveDate> {
        // Only a day at the end of the calendar has no neighbour.
        let before = |day: NaiveDate, days: u64| day.checked_sub_days(Days::new(days)).unwrap_or(day);
        match (self, edge) {
            (Self::DaysAgo(days), _) => Some(before(today, days.into())),
            (Self::HoursAgo(_), _) => None,
            (Self::This(period), Edge::Start) => Some(period.first_day(today)),
            (Self::This(period), Edge::End) => Some(period.last_day(today)),
            (Self::Last(period), edge) => Self::This(period).day(edge, before(period.first_day(today), 1)),
        }
    }
}

impl std::fmt::Display for RelativeDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |period: &Period| PERIODS.iter().find_map(|(name, known)| (known == period).then_some(*name));
        match self {
            Self::DaysAgo(0) => f.write_str("today"),
            Self::DaysAgo(1) => f.write_str("yesterday"),
            Self::DaysAgo(days) => write!(f, "-{days}d"),
            Self::HoursAgo(hours) => write!(f, "-{hours}h"),
            Self::This(period) => write!(f, "this-{}", name(period).unwrap_or_default()),
            Self::Last(period) => write!(f, "last-{}", name(period).unwrap_or_default()),
        }
    }
}

impl Period {
    /// Returns the first day of the period that contains `day`.
    fn first_day(self, day: NaiveDate) -> NaiveDate {
        let first = match self {
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        first.unwrap_or(day)
    }

    /// Returns the last day of the period that contains `day`.
    fn last_day(self, day: NaiveDate) -> NaiveDate {
        let first = self.first_day(day);
        let next = match self {
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
            Self::Year => first.checked_add_months(Months::new(12)),
        };
        next.and_then(|next| next.pred_opt()).unwrap_or(day)
    }
}

/// Returns any relative date, for property tests.
#[cfg(test)]
pub fn any_relative_date() -> impl proptest::strategy::Strategy<Value = RelativeDate> {
    use proptest::prelude::{Just, Strategy, prop_oneof};

    let period = || prop_oneof![Just(Period::Week), Just(Period::Month), Just(Period::Year)];
    prop_oneof![
        (0..=MAX_NUMBER).prop_map(RelativeDate::DaysAgo),
        (0..=MAX_NUMBER).prop_map(RelativeDate::HoursAgo),
        period().prop_map(RelativeDate::This),
        period().prop_map(RelativeDate::Last),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn days(text: &str, today: &str) -> (String, String) {
        let date = RelativeDate::parse(text).expect(text);
        let of = |edge| date.day(edge, day(today)).expect("a day").to_string();
        (of(Edge::Start), of(Edge::End))
    }

    #[test]
    fn relative_dates_are_days_of_the_calendar() {
        for (text, today, first, last) in [
            ("today", "2025-12-15", "2025-12-15", "2025-12-15"),
            ("yesterday", "2025-03-01", "2025-02-28", "2025-02-28"),
            ("-0d", "2025-12-15", "2025-12-15", "2025-12-15"),
            ("-7d", "2025-12-15", "2025-12-08", "2025-12-08"),
            ("-1d", "2024-03-01", "2024-02-29", "2024-02-29"),
            ("-99999d", "2025-12-15", "1752-03-02", "1752-03-02"),
            // 15 December 2025 is a Monday.
            ("this-week", "2025-12-15", "2025-12-15", "2025-12-21"),
            ("this-week", "2025-12-14", "2025-12-08", "2025-12-14"),
            ("last-week", "2026-01-01", "2025-12-22", "2025-12-28"),
            ("this-month", "2024-02-10", "2024-02-01", "2024-02-29"),
            ("last-month", "2025-03-31", "2025-02-01", "2025-02-28"),
            ("last-month", "2026-01-31", "2025-12-01", "2025-12-31"),
            ("this-year", "2025-12-15", "2025-01-01", "2025-12-31"),
            ("last-year", "2024-02-29", "2023-01-01", "2023-12-31"),
        ] {
            assert_eq!(days(text, today), (first.to_owned(), last.to_owned()), "{text} on {today}");
        }
        let hours = RelativeDate::parse("-24h").expect("hours");
        assert_eq!((hours, hours.day(Edge::Start, day("2025-12-15"))), (RelativeDate::HoursAgo(24), None));
    }

    #[test]
    fn other_texts_are_not_relative_dates() {
        for text in
            ["", "-", "-d", "d", "7d", "+7d", "-7", "--7d", "-+7d", "-7w", "-100000d", "Today", "this-day", "last-"]
        {
            assert_eq!(RelativeDate::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parse_reads_what_display_writes(date in any_relative_date()) {
            prop_assert_eq!(RelativeDate::parse(&date.to_string()), Some(date));
        }

        #[test]
        fn a_date_as_start_is_not_after_the_same_date_as_end(date in any_relative_date(), number in 365_000..3_000_000_i32) {
            let today = NaiveDate::from_num_days_from_ce_opt(number).expect("a day");
            prop_assert!(date.day(Edge::Start, today) <= date.day(Edge::End, today));
            if let RelativeDate::This(_) = date {
                prop_assert!(date.day(Edge::Start, today) <= Some(today) && Some(today) <= date.day(Edge::End, today));
            }
            if let RelativeDate::Last(period) = date {
                let next = date.day(Edge::End, today).and_then(|last| last.succ_opt());
                prop_assert_eq!(next, RelativeDate::This(period).day(Edge::Start, today));
            }
        }
    }
}
