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

/// The name of the buttons of the presets, which is a parameter of the page without script.
pub const PRESET: &str = "preset";

/// The values of the parameter, in the order of [`PRESETS`]. `src/app/arrive.js` knows them too.
pub const PRESET_VALUES: [&str; 5] = ["today", "last-7-days", "last-30-days", "this-month", "all"];

impl Preset {
    /// Returns the label.
    pub fn label(self, texts: &Texts) -> String {
        match self {
            Self::Today => texts.today.to_owned(),
            Self::LastDays(days) => (texts.last_days)(days),
            Self::ThisMonth => texts.this_month.to_owned(),
            Self::Everything => texts.everything.to_owned(),
            // Never a button.
            Self::Days(..) => String::new(),
        }
    }

    /// Returns the preset with that value of the parameter.
    pub fn from_value(value: &str) -> Option<Self> {
        PRESETS.into_iter().zip(PRESET_VALUES).find_map(|(preset, known)| (known == value).then_some(preset))
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
    fn presets_are_found_by_the_value_of_their_button() {
        assert_eq!(Preset::from_value("last-30-days"), Some(Preset::LastDays(30)));
        assert_eq!(PRESET_VALUES.map(Preset::from_value), PRESETS.map(Some));
        assert_eq!(Preset::from_value("yesterday"), None);
    }

    #[test]
    fn presets_have_a_label_in_each_language() {
        let labels = |texts| PRESETS.map(|preset| preset.label(texts));
        assert_eq!(labels(&ENGLISH), ["Today", "Last 7 days", "Last 30 days", "This month", "Everything"]);
        assert_eq!(labels(&GERMAN), ["Heute", "Letzte 7 Tage", "Letzte 30 Tage", "Dieser Monat", "Alles"]);
    }
}
