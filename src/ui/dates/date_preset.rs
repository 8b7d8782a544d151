//! Ranges of days that are chosen at once.

use chrono::{Datelike, Days, NaiveDate};

use crate::i18n::export::Texts;

/// A range that is chosen at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The day it is.
    Today,
    /// So many days, of which today is the last.
    LastDays(u64),
    /// From the first of the month to today.
    ThisMonth,
    /// No limits.
    Everything,
    /// From one day to another.
    Days(NaiveDate, NaiveDate),
}

/// Those that are often asked for, in the order in which they are shown.
pub const PRESETS: [Preset; 5] =
    [Preset::Today, Preset::LastDays(7), Preset::LastDays(30), Preset::ThisMonth, Preset::Everything];

impl Preset {
    /// What it is called.
    pub fn label(self, words: &Texts) -> String {
        match self {
            Self::Today => words.today.to_owned(),
            Self::LastDays(days) => (words.last_days)(days),
            Self::ThisMonth => words.this_month.to_owned(),
            Self::Everything => words.everything.to_owned(),
            Self::Days(first, last) => format!("{first} – {last}"),
        }
    }

    /// First and last day, where there are any.
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

    #[test]
    fn presets_end_today_and_count_it() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let range = |preset: Preset| preset.range(day("2025-03-05").expect("a day"));
        assert_eq!(range(Preset::Today), (day("2025-03-05"), day("2025-03-05")));
        assert_eq!(range(Preset::LastDays(7)), (day("2025-02-27"), day("2025-03-05")));
        assert_eq!(range(Preset::LastDays(30)), (day("2025-02-04"), day("2025-03-05")));
        assert_eq!(range(Preset::ThisMonth), (day("2025-03-01"), day("2025-03-05")));
        assert_eq!(range(Preset::Everything), (None, None));
    }
}
