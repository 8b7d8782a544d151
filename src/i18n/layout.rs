//! The texts of the layout around every page, and the names of the pages.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub skip_to_content: &'static str,
    /// Before the user's name, for screen readers.
    pub signed_in_as: &'static str,
    pub sign_out: &'static str,
    pub settings: &'static str,
    pub data_export: &'static str,
    pub data_export_lead: &'static str,
    pub export_history: &'static str,
    pub verify_a_file: &'static str,
    pub access_tokens: &'static str,
    pub account: &'static str,
    pub import: &'static str,
    pub people: &'static str,
    pub sources: &'static str,
    pub retention: &'static str,
    pub try_again: &'static str,
    pub request_id: &'static str,
    pub no_such_page: &'static str,
    pub go_to_settings: &'static str,
}

pub static ENGLISH: Texts = Texts {
    skip_to_content: "Skip to content",
    signed_in_as: "Signed in as ",
    sign_out: "Sign out",
    settings: "Settings",
    data_export: "Data Export",
    data_export_lead: "Raw motion-detection events as CSV, for Excel, Sheets, pandas or DuckDB.",
    export_history: "Export history",
    verify_a_file: "Verify a file",
    access_tokens: "Access tokens",
    account: "Account",
    import: "Import",
    people: "People",
    sources: "Sources",
    retention: "Retention",
    try_again: "Try again",
    request_id: "Request ID",
    no_such_page: "Page not found",
    go_to_settings: "Go to settings",
};

pub static GERMAN: Texts = Texts {
    skip_to_content: "Zum Inhalt springen",
    signed_in_as: "Angemeldet als ",
    sign_out: "Abmelden",
    settings: "Einstellungen",
    data_export: "Datenexport",
    data_export_lead: "Bewegungsereignisse im Rohformat als CSV, für Excel, Google Sheets, pandas oder DuckDB.",
    export_history: "Exportverlauf",
    verify_a_file: "Datei prüfen",
    access_tokens: "Zugriffstoken",
    account: "Konto",
    import: "Import",
    people: "Personen",
    sources: "Quellen",
    retention: "Aufbewahrung",
    try_again: "Erneut versuchen",
    request_id: "Anfrage-ID",
    no_such_page: "Seite nicht gefunden",
    go_to_settings: "Zu den Einstellungen",
};

impl Language {
    /// Returns the texts of the layout around every page, and the names of the pages.
    pub fn frame(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
