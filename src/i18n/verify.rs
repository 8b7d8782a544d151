//! The texts of the page that verifies a file.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub choose: &'static str,
    pub hint: &'static str,
    /// Before the link to the history.
    pub without_script: &'static str,
    pub bytes_read: fn(&str) -> String,
    pub unreadable: &'static str,
    pub unknown: fn(&str) -> String,
    pub known: fn(&str) -> String,
    /// If several exports have the digest.
    pub known_to_several: fn(&str) -> String,
    pub rows: fn(u64) -> String,
    pub record: fn(&str) -> String,
}

pub static ENGLISH: Texts = Texts {
    lead: "Check whether a CSV is exactly the file this server exported.",
    choose: "Drop a CSV here, or choose it",
    hint: "The file stays on this device: its SHA-256 is computed here, and only the SHA-256 is looked up. Saving the file again in \
           Excel or another program changes it.",
    without_script: "Without JavaScript, compute the SHA-256 of the file yourself, for example with sha256sum, and look it up in the ",
    bytes_read: |bytes| format!("{bytes} read…"),
    unreadable: "The file cannot be read. It may have been changed or moved meanwhile.",
    unknown: |name| {
        format!(
            "{name} is not a file that you exported from this server: it was changed, is incomplete, or comes from \
             elsewhere or from a user whose exports you cannot see."
        )
    },
    known: |name| format!("{name} is complete and unchanged: it is the file of this export."),
    known_to_several: |name| format!("{name} is complete and unchanged: it is the file of each of these exports."),
    rows: |count| if count == 1 { "1 row".to_owned() } else { format!("{} rows", Language::English.count(count)) },
    record: |id| format!("Record {id}"),
};

pub static GERMAN: Texts = Texts {
    lead: "Prüft, ob eine CSV-Datei Byte für Byte mit einem Export dieses Servers übereinstimmt.",
    choose: "CSV-Datei hier ablegen oder auswählen",
    hint: "Die Datei bleibt auf diesem Gerät: Ihr SHA-256-Wert wird hier berechnet, und nur er wird nachgeschlagen. Wenn \
           Sie die Datei in Excel oder einem anderen Programm erneut speichern, ändert sie sich.",
    without_script: "Ohne JavaScript berechnen Sie den SHA-256-Wert der Datei selbst, etwa mit sha256sum, und suchen ihn \
                     unter ",
    bytes_read: |bytes| format!("{bytes} gelesen …"),
    unreadable: "Die Datei lässt sich nicht lesen. Vielleicht wurde sie inzwischen geändert oder verschoben.",
    unknown: |name| {
        format!(
            "{name} ist keine Datei, die Sie von diesem Server exportiert haben: Sie wurde geändert, ist unvollständig oder \
             stammt aus einer anderen Quelle oder von jemandem, dessen Exporte Sie nicht sehen."
        )
    },
    known: |name| format!("{name} ist vollständig und unverändert: Es ist die Datei dieses Exports."),
    known_to_several: |name| {
        format!("{name} ist vollständig und unverändert: Jeder dieser Exporte hat genau diese Datei ergeben.")
    },
    rows: |count| match count {
        1 => "1 Zeile".to_owned(),
        _ => format!("{} Zeilen", Language::German.count(count)),
    },
    record: |id| format!("Eintrag {id}"),
};

impl Language {
    /// Returns the texts of the page that verifies a file.
    pub fn verify(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
