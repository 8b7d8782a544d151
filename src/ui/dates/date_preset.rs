//! Predefined ranges of days.

use chrono::{Datelike, Days, NaiveDate};

use crate::i18n::export::Texts;

/// A range of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Today.
    Today,
    /// That number of days, of which today is the last.
    LastDays(u64),
    /// From the first of this month to today.
    ThisMonth,
    /// Without limits.
    Everything,
    /// From one day to another.
    Days(NaiveDate, NaiveDate),
}

/// The presets, in the order in which the page shows them.
pub const PRESETS: [Preset; 5] =
    [Preset::Today, Preset::LastDays(7), Preset::LastDays(30), Preset::ThisMonth, Preset::Everything];

impl Preset {
    /// Returns the label.
    pub fn label(self, texts: &Texts) -> String {
        match self {
            Self::Today => texts.today.to_owned(),
            Self::LastDays(days) => (texts.last_days)(days),
            Self::ThisMonth => texts.this_month.to_owned(),
            Self::Everything => texts.everything.to_owned(),
            Self::Days(first, last) => format!("{first} – {last}"),
        }
    }

    /// Returns the first and the last day, if the range has limits.
    pub fn range(self, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let start = match self {
            Self::Today => Some(today),
            Self::LastDays(days) => today.checked_sub_days(Days::new(days.saturating_sub(1))),
            Self::ThisMonth => today.with_day(1),
            Self::Everything => return (None, None),
            Self::Days(first, last) => return (Some(first), Some(last)),
        };
        (start, Some(today))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::export::{ENGLISH, GERMAN};

    #[test]
    fn presets_end_today_and_count_it() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let range = |preset: Preset| preset.range(day("2025-03-05").expect("a day"));
        assert_eq!(range(Preset::Today), (day("2025-03-05"), day("2025-03-05")));
        assert_eq!(range(Preset::LastDays(7)), (day("2025-02-27"), day("2025-03-05")));
        assert_eq!(range(Preset::LastDays(30)), (day("2025-02-04"), day("2025-03-05")));
        assert_eq!(range(Preset::ThisMonth), (day("2025-03-01"), day("2025-03-05")));
        assert_eq!(range(Preset::Everything), (None, None));
        let days = Preset::Days(day("2025-01-02").expect("a day"), day("2025-01-03").expect("a day"));
        assert_eq!(range(days), (day("2025-01-02"), day("2025-01-03")));
    }

    #[test]
    fn presets_have_a_label_in_each_language() {
        let labels = |texts| PRESETS.map(|preset| preset.label(texts));
        assert_eq!(labels(&ENGLISH), ["Today", "Last 7 days", "Last 30 days", "This month", "Everything"]);
        assert_eq!(labels(&GERMAN), ["Heute", "Letzte 7 Tage", "Letzte 30 Tage", "Dieser Monat", "Alles"]);
    }
}
