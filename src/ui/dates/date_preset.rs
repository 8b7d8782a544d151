//! Predefined ranges of dates.

use chrono::NaiveDate;

use crate::i18n::export::Texts;

/// A range of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// One of [`PRESETS`], by its position.
    Named(usize),
    /// From one day to another.
    Days(NaiveDate, NaiveDate),
}

/// The name of the buttons of the presets, which is a parameter of the page without script.
pub const PRESET: &str = "preset";

/// The presets, in the order in which the page shows them: the value of the parameter, and the values of `start_date` and
/// `end_date`. They are relative, so that an address means the days of the time at which it is used. `src/app/arrive.js` knows
/// some of them too.
pub const PRESETS: [(&str, &str, &str); 9] = [
    ("today", "today", "today"),
    ("yesterday", "yesterday", "yesterday"),
    ("last-24-hours", "-24h", ""),
    ("last-7-days", "-6d", "today"),
    ("last-30-days", "-29d", "today"),
    ("this-month", "this-month", "today"),
    ("last-month", "last-month", "last-month"),
    ("this-year", "this-year", "today"),
    ("all", "", ""),
];

/// Returns the labels of [`PRESETS`].
pub fn labels(texts: &Texts) -> [String; PRESETS.len()] {
    [
        texts.today.to_owned(),
        texts.yesterday.to_owned(),
        texts.last_24_hours.to_owned(),
        (texts.last_days)(7),
        (texts.last_days)(30),
        texts.this_month.to_owned(),
        texts.last_month.to_owned(),
        texts.this_year.to_owned(),
        texts.everything.to_owned(),
    ]
}

impl Preset {
    /// Returns the preset with that value of the parameter.
    pub fn from_value(value: &str) -> Option<Self> {
        PRESETS.iter().position(|(known, ..)| *known == value).map(Self::Named)
    }

    /// Returns the values of `start_date` and `end_date`; empty for no limit.
    pub fn dates(self) -> (String, String) {
        match self {
            Self::Named(index) => {
                let (_, start, end) = PRESETS.get(index).copied().unwrap_or_default();
                (start.to_owned(), end.to_owned())
            }
            Self::Days(first, last) => (first.to_string(), last.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params::DateBound;
    use crate::i18n::export::{ENGLISH, GERMAN};

    #[test]
    fn the_dates_of_presets_are_valid_and_written_as_an_export_writes_them() {
        for (value, start, end) in PRESETS {
            let dates = Preset::from_value(value).expect("a preset").dates();
            assert_eq!(dates, (start.to_owned(), end.to_owned()));
            for date in [start, end].into_iter().filter(|date| !date.is_empty()) {
                assert_eq!(DateBound::parse("start_date", date).expect("valid").to_string(), date);
            }
        }
        assert_eq!(Preset::from_value("tomorrow"), None);
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let days = Preset::Days(day("2025-01-02"), day("2025-01-03")).dates();
        assert_eq!(days, ("2025-01-02".to_owned(), "2025-01-03".to_owned()));
    }

    #[test]
    fn presets_have_a_label_in_each_language() {
        assert_eq!(
            labels(&ENGLISH),
            [
                "Today",
                "Yesterday",
                "Last 24 hours",
                "Last 7 days",
                "Last 30 days",
                "This month",
                "Last month",
                "This year",
                "Everything"
            ]
        );
        assert_eq!(
            labels(&GERMAN),
            [
                "Heute",
                "Gestern",
                "Letzte 24 Stunden",
                "Letzte 7 Tage",
                "Letzte 30 Tage",
                "Dieser Monat",
                "Letzter Monat",
                "Dieses Jahr",
                "Alles"
            ]
        );
    }
}
