//! The texts of the page that imports an uploaded file.

use crate::api::language::Language;
use crate::api::page::import::{FindingKind, SourceKind};

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub file: &'static str,
    pub file_hint: fn(u32) -> String,
    pub options: &'static str,
    pub raw: &'static str,
    pub unterminated: &'static str,
    pub detect: &'static str,
    pub detect_hint: &'static str,
    pub camera_prefix: &'static str,
    pub camera_prefix_hint: &'static str,
    pub import: &'static str,
    pub uploads_off: &'static str,
    pub blocks_writers: &'static str,
    pub nothing_half: &'static str,
    /// With the percentage in place of `{}`; the script fills it in.
    pub uploading: &'static str,
    pub connection_lost: &'static str,
    pub being_uploaded: fn(&str, &str) -> String,
    pub being_imported: fn(&str, SourceKind) -> String,
    pub imported: fn(&str) -> String,
    pub not_imported: fn(&str) -> String,
    pub nothing_because: fn(Option<u64>, &str) -> String,
    pub events_imported: &'static str,
    pub already_there: &'static str,
    pub cameras_new: &'static str,
    pub cameras_renamed: &'static str,
    pub findings: &'static str,
    pub kind: fn(FindingKind) -> &'static str,
    pub count: &'static str,
    pub reason: &'static str,
    pub first: &'static str,
    pub outcome: &'static str,
    pub export_them: &'static str,
}

pub static ENGLISH: Texts = Texts {
    lead: "Adds the events of a file: a CSV that Motion Export or ArgusAI exported, or the database of ArgusAI or Frigate.",
    file: "File",
    file_hint: |max| {
        format!(
            "A CSV, ArgusAI's app.db or Frigate's frigate.db, at most {} MB. It is recognized by its contents. Importing the \
             same events again changes nothing.",
            Language::English.count(max.into())
        )
    },
    options: "Options",
    raw: "The CSV was exported raw, without the guard against formulas",
    unterminated: "The last row of the CSV may lack its line end, as in files from Google Sheets",
    detect: "Detect sizes of Frigate's cameras",
    detect_hint: "Such as 1280x720 for all cameras, or front=1280x720 yard=640x480. Without them, events have no bounding boxes.",
    camera_prefix: "Prefix for the names of Frigate's cameras",
    camera_prefix_hint: "Such as “garage-”, if another Frigate has cameras with the same names.",
    import: "Import",
    uploads_off: "This server takes no uploads (ingest.upload_max_megabytes is 0). Import files with the command “import”.",
    blocks_writers: "While a file is imported, exports cannot start, and nobody can sign in.",
    nothing_half: "A file is imported completely or not at all.",
    uploading: "Uploading: {} %",
    connection_lost: "The connection was lost, and nothing was imported. Check it, then try again.",
    being_uploaded: |file, size| format!("“{file}” is being uploaded: {size} so far."),
    being_imported: |file, source| format!("“{file}” ({source}) is being imported."),
    imported: |file| format!("“{file}” was imported"),
    not_imported: |file| format!("“{file}” was not imported"),
    nothing_because: |row, problem| match row {
        Some(row) => format!("Nothing was imported: row {row}: {problem}."),
        None => format!("Nothing was imported: {problem}."),
    },
    events_imported: "Events imported",
    already_there: "Already there",
    cameras_new: "New cameras",
    cameras_renamed: "Renamed cameras",
    findings: "What was not imported, or was changed",
    kind: |kind| match kind {
        FindingKind::Skipped => "skipped",
        FindingKind::LeftOut => "left out",
        FindingKind::Repaired => "changed",
    },
    count: "Number",
    reason: "Reason",
    first: "The first",
    outcome: "Outcome",
    export_them: "Export events",
};

pub static GERMAN: Texts = Texts {
    lead: "Übernimmt die Ereignisse einer Datei: einer CSV-Datei aus Motion Export oder ArgusAI oder der Datenbank von ArgusAI \
           oder Frigate.",
    file: "Datei",
    file_hint: |max| {
        format!(
            "Eine CSV-Datei, app.db von ArgusAI oder frigate.db von Frigate, höchstens {} MB. Sie wird an ihrem Inhalt erkannt. \
             Ereignisse, die schon da sind, werden nicht doppelt übernommen.",
            Language::German.count(max.into())
        )
    },
    options: "Optionen",
    raw: "Die CSV-Datei wurde mit raw exportiert, also ohne Schutz vor Formeln",
    unterminated: "Der letzten Zeile der CSV-Datei darf das Zeilenende fehlen, wie in Dateien aus Google Sheets",
    detect: "Detect-Größen der Kameras von Frigate",
    detect_hint: "Zum Beispiel 1280x720 für alle Kameras oder front=1280x720 hof=640x480. Ohne sie haben die Ereignisse keinen Rahmen.",
    camera_prefix: "Präfix für die Namen der Kameras von Frigate",
    camera_prefix_hint: "Zum Beispiel „garage-“, wenn ein anderes Frigate Kameras mit denselben Namen hat.",
    import: "Importieren",
    uploads_off: "Dieser Server nimmt keine Dateien an (ingest.upload_max_megabytes ist 0). Importieren Sie Dateien mit dem Kommando \
                  „import“.",
    blocks_writers: "Während eine Datei importiert wird, können keine Exporte beginnen, und niemand kann sich anmelden.",
    nothing_half: "Eine Datei wird ganz oder gar nicht importiert.",
    uploading: "Wird hochgeladen: {} %",
    connection_lost: "Die Verbindung ging verloren; es wurde nichts importiert. Prüfen Sie sie und versuchen Sie es erneut.",
    being_uploaded: |file, size| format!("„{file}“ wird hochgeladen: bisher {size}."),
    being_imported: |file, source| format!("„{file}“ ({source}) wird importiert."),
    imported: |file| format!("„{file}“ wurde importiert"),
    not_imported: |file| format!("„{file}“ wurde nicht importiert"),
    nothing_because: |row, problem| match row {
        Some(row) => format!("Es wurde nichts importiert: Zeile {row}: {problem}."),
        None => format!("Es wurde nichts importiert: {problem}."),
    },
    events_imported: "Ereignisse importiert",
    already_there: "Schon vorhanden",
    cameras_new: "Neue Kameras",
    cameras_renamed: "Umbenannte Kameras",
    findings: "Was nicht übernommen oder geändert wurde",
    kind: |kind| match kind {
        FindingKind::Skipped => "übersprungen",
        FindingKind::LeftOut => "ausgelassen",
        FindingKind::Repaired => "geändert",
    },
    count: "Anzahl",
    reason: "Grund",
    first: "Das erste",
    outcome: "Ergebnis",
    export_them: "Ereignisse exportieren",
};

impl Language {
    /// Returns the texts of the page that imports an uploaded file.
    pub fn import(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
