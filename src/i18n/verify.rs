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
    /// The file does not have the columns of an export.
    pub not_ours: fn(&str) -> String,
    pub unknown: fn(&str) -> String,
    /// For users who see the exports of everybody.
    pub unknown_to_all: fn(&str) -> String,
    /// With the signs of another program.
    pub resaved: fn(&str, &str) -> String,
    pub other_encoding: &'static str,
    pub other_mark: &'static str,
    pub other_line_ends: &'static str,
    pub other_separators: &'static str,
    pub added_quotes: &'static str,
    pub other_dates: &'static str,
    pub other_columns: &'static str,
    pub cut_off: fn(&str) -> String,
    /// With the rows of the file and those of the export.
    pub cut_off_at: fn(&str, &str, &str) -> String,
    pub changed: fn(&str) -> String,
    /// Before the exports that the file may come from.
    pub may_come_from: &'static str,
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
    not_ours: |name| {
        format!("{name} is no exported file of events: its first line does not have the columns of an export.")
    },
    unknown: |name| {
        format!(
            "{name} has the form of an export, but none of your exports has its contents: it was changed, or comes from another server or from \
             somebody else. Under the name with which it was downloaded, more can be found out."
        )
    },
    unknown_to_all: |name| {
        format!(
            "{name} has the form of an export, but no export of this server has its contents: it was changed, or comes from \
             another server. Under the name with which it was downloaded, more can be found out."
        )
    },
    resaved: |name, signs| {
        format!(
            "{name} was saved again by another program, such as a spreadsheet ({signs}), so it is no longer the exported \
             file. Check the file as it was downloaded."
        )
    },
    other_encoding: "another text encoding",
    other_mark: "a mark for UTF-8 added or removed",
    other_line_ends: "other line ends",
    other_separators: "other separators",
    added_quotes: "quotes around cells",
    other_dates: "other dates",
    other_columns: "other columns",
    cut_off: |name| format!("{name} is cut off: its end is missing. Export it again."),
    cut_off_at: |name, rows, all| format!("{name} is cut off: it has {rows} of {all} rows. Export it again."),
    changed: |name| format!("{name} was changed: an export has this name and this form, but other contents."),
    may_come_from: "Exports with this name:",
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
    not_ours: |name| {
        format!(
            "{name} ist keine exportierte Datei mit Ereignissen: Ihre erste Zeile hat nicht die Spalten eines Exports."
        )
    },
    unknown: |name| {
        format!(
            "{name} sieht aus wie ein Export, stimmt aber mit keinem Ihrer Exporte überein: Die Datei wurde geändert oder stammt von einem anderen \
             Server oder von jemand anderem. Unter dem Namen, mit dem sie heruntergeladen wurde, lässt sich mehr herausfinden."
        )
    },
    unknown_to_all: |name| {
        format!(
            "{name} sieht aus wie ein Export, aber kein Export dieses Servers hat diesen Inhalt: Die Datei wurde geändert oder \
             stammt von einem anderen Server. Unter dem Namen, mit dem sie heruntergeladen wurde, lässt sich mehr herausfinden."
        )
    },
    resaved: |name, signs| {
        format!(
            "{name} wurde von einem anderen Programm erneut gespeichert, etwa einer Tabellenkalkulation ({signs}), und ist \
             deshalb nicht mehr die exportierte Datei. Prüfen Sie die Datei so, wie sie heruntergeladen wurde."
        )
    },
    other_encoding: "andere Zeichenkodierung",
    other_mark: "UTF-8-Markierung hinzugefügt oder entfernt",
    other_line_ends: "andere Zeilenenden",
    other_separators: "andere Trennzeichen",
    added_quotes: "Anführungszeichen um Zellen",
    other_dates: "andere Datumsangaben",
    other_columns: "andere Spalten",
    cut_off: |name| format!("{name} ist abgeschnitten: Das Ende fehlt. Exportieren Sie die Datei erneut."),
    cut_off_at: |name, rows, all| {
        format!("{name} ist abgeschnitten: {rows} von {all} Zeilen sind da. Exportieren Sie die Datei erneut.")
    },
    changed: |name| {
        format!("{name} wurde geändert: Ein Export hat diesen Namen und diese Form, aber einen anderen Inhalt.")
    },
    may_come_from: "Exporte mit diesem Namen:",
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
