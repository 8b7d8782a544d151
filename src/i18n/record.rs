//! The texts of the page about one export.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub title: &'static str,
    /// With the start of the export.
    pub heading: fn(&str) -> String,
    pub lead: &'static str,
    pub back: &'static str,
    pub how: &'static str,
    pub via: fn(&str) -> &'static str,
    pub ended: &'static str,
    pub duration: &'static str,
    pub dates: &'static str,
    pub cameras: &'static str,
    pub file: &'static str,
    pub options: &'static str,
    pub commas: &'static str,
    pub semicolons: &'static str,
    pub byte_order_mark: &'static str,
    pub date_column: &'static str,
    pub raw: &'static str,
    pub exact_bytes: fn(&str, u64) -> String,
    pub complete_up_to: &'static str,
    pub not_known: &'static str,
    pub deleted_before: &'static str,
    pub nothing_deleted: &'static str,
    pub id: &'static str,
    pub query: &'static str,
    pub verify: &'static str,
    pub select_again: &'static str,
    pub as_json: &'static str,
}

/// In English.
pub static ENGLISH: Texts = Texts {
    title: "One export",
    heading: |started| format!("Export of {started}"),
    lead: "Everything that the server has recorded about this export.",
    back: "All exports",
    how: "How",
    via: |via| match via {
        "token" => "with an access token",
        "link" => "with a link",
        "command" => "by the command line",
        _ => "on a page",
    },
    ended: "Ended",
    duration: "Duration",
    dates: "Dates",
    cameras: "Cameras",
    file: "File name",
    options: "File format",
    commas: "commas and decimal points",
    semicolons: "semicolons and decimal commas",
    byte_order_mark: "marked as UTF-8 for Excel",
    date_column: "with a date column",
    raw: "without the guard against formulas",
    exact_bytes: |size, bytes| format!("{size} ({} bytes)", Language::English.count(bytes)),
    complete_up_to: "Complete up to",
    not_known: "not known",
    deleted_before: "Deleted before",
    nothing_deleted: "nothing had been deleted",
    id: "Record",
    query: "Selection as an address",
    verify: "Check whether a file is this one",
    select_again: "Select the same again",
    as_json: "This record as JSON",
};

/// In German.
pub static GERMAN: Texts = Texts {
    title: "Ein Export",
    heading: |started| format!("Export vom {started}"),
    lead: "Alles, was der Server über diesen Export aufgezeichnet hat.",
    back: "Alle Exporte",
    how: "Wie",
    via: |via| match via {
        "token" => "mit einem Zugriffstoken",
        "link" => "über einen Link",
        "command" => "über die Kommandozeile",
        _ => "auf einer Seite",
    },
    ended: "Beendet",
    duration: "Dauer",
    dates: "Zeitraum",
    cameras: "Kameras",
    file: "Dateiname",
    options: "Dateiformat",
    commas: "Kommas und Dezimalpunkte",
    semicolons: "Semikolons und Dezimalkommas",
    byte_order_mark: "für Excel als UTF-8 markiert",
    date_column: "mit Datumsspalte",
    raw: "ohne Schutz gegen Formeln",
    exact_bytes: |size, bytes| format!("{size} ({} Byte)", Language::German.count(bytes)),
    complete_up_to: "Vollständig bis",
    not_known: "nicht bekannt",
    deleted_before: "Gelöscht vor",
    nothing_deleted: "nichts war gelöscht",
    id: "Eintrag",
    query: "Auswahl als Adresse",
    verify: "Prüfen, ob eine Datei diese ist",
    select_again: "Dasselbe erneut auswählen",
    as_json: "Dieser Eintrag als JSON",
};

impl Language {
    /// Returns the texts of the page about one export.
    pub fn record(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// Formats a duration of an export: `812 ms`, or to the second from ten seconds on.
    pub fn duration(self, milliseconds: u64) -> String {
        if milliseconds < 10_000 {
            format!("{} ms", self.count(milliseconds))
        } else {
            self.seconds(milliseconds / 1_000)
        }
    }
}
