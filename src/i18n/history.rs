//! The texts of the records of exports, which the history and the verification of a file show.

use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub none: &'static str,
    pub no_match: &'static str,
    /// The heading of the filter, for screen readers.
    pub which: &'static str,
    pub first_day: &'static str,
    pub last_day: &'static str,
    pub camera: &'static str,
    pub every_camera: &'static str,
    pub everybody: &'static str,
    /// The group of people whose accounts were removed.
    pub removed_people: &'static str,
    pub days_in: fn(&str) -> String,
    pub show_all: &'static str,
    pub as_csv: &'static str,
    pub state: &'static str,
    pub every_state: &'static str,
    pub person: &'static str,
    pub digest_of_file: &'static str,
    pub show: &'static str,
    pub newest: &'static str,
    pub older: &'static str,
    /// The link that appears once the page does not show the newest exports.
    pub newer: &'static str,
    /// The state of an export that is being cancelled.
    pub cancelling: &'static str,
    pub caption: &'static str,
    pub started: &'static str,
    pub by: &'static str,
    pub selection: &'static str,
    pub events: &'static str,
    pub size: &'static str,
    /// Before the link to the page that verifies a file.
    pub hint_before: &'static str,
    /// After the link.
    pub hint_after: &'static str,
    pub export_again: &'static str,
    pub export_again_of: fn(&str) -> String,
    pub digest_of: fn(&str) -> String,
    pub copy_digest_of: fn(&str) -> String,
    pub complete_to: fn(&str) -> String,
    pub deleted_to: fn(&str) -> String,
    /// The user who exported with a token.
    pub by_token: fn(&str) -> String,
    pub by_link: fn(&str) -> String,
    pub command_line: &'static str,
    pub command_line_as: fn(&str) -> String,
    pub unknown_user: &'static str,
    pub everything: &'static str,
    pub from: fn(&str) -> String,
    pub until: fn(&str) -> String,
    pub all_cameras: &'static str,
    pub cameras: fn(usize) -> String,
}

pub static ENGLISH: Texts = Texts {
    lead: "Every export is recorded, whether from this page, scripts, links or the command line.",
    none: "No exports yet.",
    no_match: "No exports match the filter.",
    which: "Which exports",
    first_day: "From",
    last_day: "To",
    camera: "Camera",
    every_camera: "All",
    everybody: "Everybody",
    removed_people: "Removed",
    days_in: |zone| format!("Days in {zone}. A camera also selects the exports of all cameras."),
    show_all: "Show all exports",
    as_csv: "Download this list as CSV",
    state: "State",
    every_state: "All",
    person: "Person",
    digest_of_file: "SHA-256 of the file",
    show: "Show",
    newest: "Newest exports",
    older: "Older exports",
    newer: "Show newer exports",
    cancelling: "Being cancelled",
    caption: "Exports, newest first",
    started: "Started",
    by: "By",
    selection: "Selection",
    events: "Events",
    size: "Size",
    hint_before: "“Complete” means that the server sent the whole file. To check a file that you have, use ",
    hint_after: ".",
    export_again: "Export again",
    export_again_of: |started| format!("Export again: {started}"),
    digest_of: |started| format!("SHA-256, {started}"),
    copy_digest_of: |started| format!("Copy the SHA-256, {started}"),
    complete_to: |moment| format!("Complete up to {moment}."),
    deleted_to: |moment| format!("Events before {moment} had been deleted in whole or in part."),
    by_token: |user| format!("{user}, with a token"),
    by_link: |user| format!("{user}, with a link"),
    command_line: "command line",
    command_line_as: |user| format!("command line, as {user}"),
    unknown_user: "unknown user",
    everything: "everything",
    from: |start| format!("from {start}"),
    until: |end| format!("until {end}"),
    all_cameras: "all cameras",
    cameras: |count| format!("{} cameras", Language::English.count(count as u64)),
};

pub static GERMAN: Texts = Texts {
    lead: "Jeder Export wird aufgezeichnet, ob über diese Seite, Skripte, Links oder die Kommandozeile.",
    none: "Noch keine Exporte.",
    no_match: "Keine passenden Exporte.",
    which: "Welche Exporte",
    first_day: "Von",
    last_day: "Bis",
    camera: "Kamera",
    every_camera: "Alle",
    everybody: "Alle",
    removed_people: "Entfernt",
    days_in: |zone| format!("Tage in {zone}. Eine Kamera wählt auch die Exporte aller Kameras aus."),
    show_all: "Alle Exporte anzeigen",
    as_csv: "Diese Liste als CSV herunterladen",
    state: "Status",
    every_state: "Alle",
    person: "Person",
    digest_of_file: "SHA-256 der Datei",
    show: "Anzeigen",
    newest: "Neueste Exporte",
    older: "Ältere Exporte",
    newer: "Neuere Exporte anzeigen",
    cancelling: "Wird abgebrochen",
    caption: "Exporte, neueste zuerst",
    started: "Begonnen",
    by: "Von",
    selection: "Auswahl",
    events: "Ereignisse",
    size: "Größe",
    hint_before: "„Vollständig“ besagt, dass der Server die ganze Datei gesendet hat. Ob eine Datei, die Ihnen vorliegt, \
                  diese Datei ist, erfahren Sie unter ",
    hint_after: ".",
    export_again: "Erneut exportieren",
    export_again_of: |started| format!("Den Export vom {started} wiederholen"),
    digest_of: |started| format!("SHA-256, {started}"),
    copy_digest_of: |started| format!("SHA-256 kopieren, {started}"),
    complete_to: |moment| format!("Vollständig bis {moment}."),
    deleted_to: |moment| format!("Ereignisse vor dem {moment} waren ganz oder teilweise gelöscht."),
    by_token: |user| format!("{user}, mit Token"),
    by_link: |user| format!("{user}, über einen Link"),
    command_line: "Kommandozeile",
    command_line_as: |user| format!("Kommandozeile, als {user}"),
    unknown_user: "unbekannt",
    everything: "alles",
    from: |start| format!("ab {start}"),
    until: |end| format!("bis {end}"),
    all_cameras: "alle Kameras",
    cameras: |count| format!("{} Kameras", Language::German.count(count as u64)),
};

impl Language {
    /// Returns the texts of records of exports.
    pub fn history(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// Returns the state of a record.
    pub fn state_of(self, record: &ExportRecord) -> &'static str {
        if record.cancel_requested { self.history().cancelling } else { self.state(record.state) }
    }

    /// Returns the name of a state.
    pub fn state(self, state: State) -> &'static str {
        match (self, state) {
            (Self::English, State::Running) => "Running",
            (Self::English, State::Completed) => "Complete",
            (Self::English, State::Cancelled) => "Cancelled",
            (Self::English, State::Failed) => "Failed",
            (Self::English, State::TimedOut) => "Timed out",
            (Self::English, State::Interrupted) => "Interrupted",
            (Self::German, State::Running) => "Läuft",
            (Self::German, State::Completed) => "Vollständig",
            (Self::German, State::Cancelled) => "Abgebrochen",
            (Self::German, State::Failed) => "Fehlgeschlagen",
            (Self::German, State::TimedOut) => "Zeitüberschreitung",
            (Self::German, State::Interrupted) => "Unterbrochen",
        }
    }
}
