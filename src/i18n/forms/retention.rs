//! The texts of the page of retention.

use crate::api::language::Language;
use crate::api::page::retention::DeletionRule;

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub how_long: &'static str,
    pub kept_for_good: &'static str,
    pub kept_for: fn(u32) -> String,
    pub how_to_change: &'static str,
    pub camera: &'static str,
    pub camera_hint: &'static str,
    pub camera_or_all_hint: &'static str,
    pub kept: &'static str,
    pub deleted_before: &'static str,
    pub as_for_all: fn(&str) -> String,
    pub for_good: &'static str,
    pub days: fn(u32) -> String,
    pub nothing_deleted: &'static str,
    pub change_days: &'static str,
    pub keep_days: &'static str,
    pub keep_days_hint: &'static str,
    pub save: &'static str,
    pub holds: &'static str,
    pub holds_lead: &'static str,
    pub no_holds: &'static str,
    pub all_cameras: &'static str,
    pub range: &'static str,
    pub range_of: fn(&str, &str) -> String,
    pub events: &'static str,
    pub more_than: fn(&str) -> String,
    pub why: &'static str,
    pub who: &'static str,
    pub created: &'static str,
    pub release: &'static str,
    pub release_named: fn(&str) -> String,
    pub new_hold: &'static str,
    pub first_day: &'static str,
    pub last_day: &'static str,
    pub days_in: fn(&str) -> String,
    pub why_hint: &'static str,
    pub create_hold: &'static str,
    pub deletions: &'static str,
    pub no_deletions: &'static str,
    pub when: &'static str,
    pub rule: &'static str,
    pub rule_of: fn(DeletionRule) -> String,
    pub not_finished: &'static str,
}

pub static ENGLISH: Texts = Texts {
    lead: "How long events are kept, and which ones are kept longer.",
    how_long: "How long events are kept",
    kept_for_good: "Events are kept for good, unless a camera has days of its own.",
    kept_for: |days| {
        let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        format!("Events are kept for {days}, unless a camera has days of its own. Older events are deleted once a day.")
    },
    how_to_change: "The server's operator changes this with the setting retention.keep_days.",
    camera: "Camera",
    camera_hint: "Its name. Type a part of it, and choose.",
    camera_or_all_hint: "Its name. Type a part of it, and choose. Empty: all cameras.",
    kept: "Kept",
    deleted_before: "Deleted before",
    as_for_all: |kept| format!("{kept} (as for all)"),
    for_good: "for good",
    days: |days| if days == 1 { "1 day".to_owned() } else { format!("{days} days") },
    nothing_deleted: "nothing",
    change_days: "Change the days of a camera",
    keep_days: "Days to keep",
    keep_days_hint: "0 keeps events for good. Empty: as for all cameras. Older events are deleted with the next daily run, and \
                     cannot be restored.",
    save: "Save days",
    holds: "Holds",
    holds_lead: "A hold keeps events beyond their days, for example as evidence.",
    no_holds: "There are no holds.",
    all_cameras: "All cameras",
    range: "Range",
    range_of: |start, end| format!("{start} – {end}"),
    events: "Events",
    more_than: |count| format!("more than {count}"),
    why: "Reason",
    who: "Created by",
    created: "Created",
    release: "Release",
    release_named: |why| format!("Release the hold “{why}”"),
    new_hold: "New hold",
    first_day: "First day",
    last_day: "Last day",
    days_in: |timezone| format!("Both days are included completely. Time zone: {timezone}."),
    why_hint: "Such as the number of a case. Your name is recorded with it.",
    create_hold: "Create hold",
    deletions: "Latest deletions",
    no_deletions: "No events have been deleted.",
    when: "When",
    rule: "Rule",
    rule_of: |rule| match rule {
        DeletionRule::General(days) => format!("older than {days} days"),
        DeletionRule::Camera(days) => format!("older than {days} days (camera)"),
        DeletionRule::Detached => "months detached".to_owned(),
    },
    not_finished: " (not finished)",
};

pub static GERMAN: Texts = Texts {
    lead: "Wie lange Ereignisse aufbewahrt werden und welche länger erhalten bleiben.",
    how_long: "Wie lange Ereignisse aufbewahrt werden",
    kept_for_good: "Ereignisse werden unbegrenzt aufbewahrt, sofern für eine Kamera keine eigene Frist gilt.",
    kept_for: |days| {
        let days = if days == 1 { "1 Tag".to_owned() } else { format!("{days} Tage") };
        format!(
            "Ereignisse werden {days} aufbewahrt, sofern für eine Kamera keine eigene Frist gilt. Ältere Ereignisse werden \
             einmal täglich gelöscht."
        )
    },
    how_to_change: "Der Betreiber des Servers ändert das mit der Einstellung retention.keep_days.",
    camera: "Kamera",
    camera_hint: "Der Name. Tippen Sie einen Teil davon ein und wählen Sie aus.",
    camera_or_all_hint: "Der Name. Tippen Sie einen Teil davon ein und wählen Sie aus. Leer: alle Kameras.",
    kept: "Aufbewahrung",
    deleted_before: "Gelöscht bis",
    as_for_all: |kept| format!("{kept} (wie für alle)"),
    for_good: "unbegrenzt",
    days: |days| if days == 1 { "1 Tag".to_owned() } else { format!("{days} Tage") },
    nothing_deleted: "nichts",
    change_days: "Frist einer Kamera ändern",
    keep_days: "Tage",
    keep_days_hint: "0 bewahrt Ereignisse unbegrenzt auf. Leer: wie für alle Kameras. Ältere Ereignisse werden beim nächsten \
                     täglichen Durchlauf gelöscht und lassen sich nicht wiederherstellen.",
    save: "Frist speichern",
    holds: "Löschsperren",
    holds_lead: "Eine Löschsperre erhält Ereignisse über ihre Frist hinaus, zum Beispiel als Beweismittel.",
    no_holds: "Es gibt keine Löschsperren.",
    all_cameras: "Alle Kameras",
    range: "Zeitraum",
    range_of: |start, end| format!("{start} – {end}"),
    events: "Ereignisse",
    more_than: |count| format!("mehr als {count}"),
    why: "Grund",
    who: "Eingerichtet von",
    created: "Eingerichtet",
    release: "Aufheben",
    release_named: |why| format!("Löschsperre „{why}“ aufheben"),
    new_hold: "Neue Löschsperre",
    first_day: "Erster Tag",
    last_day: "Letzter Tag",
    days_in: |timezone| format!("Beide Tage zählen ganz dazu. Zeitzone: {timezone}."),
    why_hint: "Zum Beispiel ein Aktenzeichen. Ihr Name wird dazu gespeichert.",
    create_hold: "Löschsperre einrichten",
    deletions: "Letzte Löschungen",
    no_deletions: "Es wurden keine Ereignisse gelöscht.",
    when: "Wann",
    rule: "Regel",
    rule_of: |rule| match rule {
        DeletionRule::General(days) => format!("älter als {days} Tage"),
        DeletionRule::Camera(days) => format!("älter als {days} Tage (Kamera)"),
        DeletionRule::Detached => "Monate ausgelagert".to_owned(),
    },
    not_finished: " (nicht abgeschlossen)",
};

impl Language {
    /// Returns the texts of the page of retention.
    pub fn retention(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
