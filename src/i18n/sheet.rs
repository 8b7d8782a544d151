//! The texts about selections that have more events than a sheet of a spreadsheet has rows.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    /// With the number of events that a sheet holds.
    pub too_many: fn(&str) -> String,
    /// The link that selects the newest events that fit, with their first day and their number.
    pub select_newest: fn(&str, &str) -> String,
    pub other_tools: &'static str,
}

/// In English.
pub static ENGLISH: Texts = Texts {
    too_many: |limit| {
        format!("Too many events for one sheet: Excel and Calc show the first {limit} and leave out the rest.")
    },
    select_newest: |first, events| format!("Select the newest that fit: from {first}, {events}"),
    other_tools: "Use another tool, such as pandas or DuckDB",
};

/// In German.
pub static GERMAN: Texts = Texts {
    too_many: |limit| {
        format!("Zu viele Ereignisse für ein Tabellenblatt: Excel und Calc zeigen die ersten {limit}, der Rest fehlt.")
    },
    select_newest: |first, events| format!("Die neuesten auswählen, die hineinpassen: ab {first}, {events}"),
    other_tools: "Ein anderes Programm verwenden, etwa pandas oder DuckDB",
};

impl Language {
    /// Returns the texts about sheets that are too small.
    pub fn sheet(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
