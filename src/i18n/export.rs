//! The texts of the export form.

use crate::api::language::Language;

/// What a bar of the chart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarUnit {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// Several days.
    Period,
}

/// The texts. Functions insert values.
#[derive(Debug)]
#[expect(missing_docs, reason = "the English value below documents each field")]
pub struct Texts {
    pub date_range: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub open_calendar: &'static str,
    pub choose_dates: &'static str,
    pub choose_first_day: &'static str,
    pub choose_last_day: fn(&str) -> String,
    pub events_from_to: fn(&str, &str) -> String,
    pub select_them: &'static str,
    pub previous_year: &'static str,
    pub previous_month: &'static str,
    pub next_month: &'static str,
    pub next_year: &'static str,
    pub close: &'static str,
    pub presets: &'static str,
    pub today: &'static str,
    pub yesterday: &'static str,
    pub last_24_hours: &'static str,
    pub last_days: fn(u64) -> String,
    pub this_month: &'static str,
    pub last_month: &'static str,
    pub this_year: &'static str,
    pub everything: &'static str,
    pub times_of_day: &'static str,
    pub stays_relative: &'static str,

    pub cameras: &'static str,
    pub all_cameras: &'static str,
    pub all_of_cameras: fn(usize) -> String,
    pub some_cameras: fn(usize, usize) -> String,
    pub cameras_summary: fn(usize) -> String,
    pub search_cameras: &'static str,
    pub cameras_found: fn(usize) -> String,
    pub select_found: &'static str,
    pub cameras_hint: &'static str,
    pub nothing_yet: &'static str,
    pub nothing_yet_for_admins: &'static str,
    pub import_a_file: &'static str,
    pub add_a_source: &'static str,
    pub nothing_granted: fn(&str) -> String,

    pub timezone: &'static str,
    pub file: &'static str,
    pub for_excel: &'static str,
    pub for_excel_hint: &'static str,
    pub excel_date: &'static str,
    pub excel_date_hint: &'static str,
    pub semicolons: &'static str,
    pub semicolons_hint: &'static str,
    pub bad_address: fn(&str) -> String,

    pub preview: &'static str,
    pub show_preview: &'static str,
    pub loading_preview: &'static str,
    pub dates_reversed: &'static str,
    pub preview_failed: fn(&str) -> String,
    pub signed_out: &'static str,
    pub sign_in: &'static str,
    pub no_events: &'static str,
    /// If the selection begins before this time.
    pub deleted_before: fn(&str) -> String,
    pub kept_for: fn(u32) -> String,
    pub missing_from_to: fn(&str, &str) -> String,
    pub events_may_be_missing: fn(&str) -> String,
    pub holds: fn(&str, &str) -> String,
    pub events: &'static str,
    pub estimated_size: &'static str,
    pub first: &'static str,
    pub last: &'static str,
    pub first_rows: &'static str,
    pub chart: fn(BarUnit, &str) -> String,
    pub chart_keys: &'static str,
    pub drag_to_narrow: &'static str,
    pub zoom_out: &'static str,
    pub dates_before: &'static str,
    pub as_table: &'static str,
    pub days: &'static str,
    pub hours: &'static str,

    pub export: &'static str,
    pub export_csv: &'static str,
    pub exports_running: &'static str,
    pub export_named: fn(&str) -> String,
    pub cancel: &'static str,
    /// Why no other export can start, with the number of those that run.
    pub all_slots_used: fn(usize) -> String,
    pub in_downloads: &'static str,
    pub of_events: fn(u64, u64) -> String,
    pub so_far: fn(&str) -> String,
    pub per_second: fn(&str) -> String,
    pub left: fn(&str) -> String,
    pub no_data_for: fn(&str) -> String,
    pub checking: &'static str,

    pub export_complete: &'static str,
    pub export_cancelled: &'static str,
    pub export_failed: &'static str,
    pub ended_exports: &'static str,
    /// How many of all exports that have ended are complete.
    pub complete_of: fn(usize, usize) -> String,
    pub cannot_start: &'static str,
    pub browser_too_old: &'static str,
    pub dismiss: &'static str,
    pub you_are_signed_out: &'static str,
    pub sign_in_elsewhere: &'static str,
    pub sign_in_in_tab: &'static str,
    pub saved: fn(&str, &str, &str, &str) -> String,
    pub saved_empty: fn(&str, &str) -> String,
    pub saved_by_browser: fn(&str, &str, &str) -> String,
    pub nothing_saved: &'static str,
    pub with_request_id: fn(&str, &str) -> String,
    pub unexpected_status: fn(u16) -> String,
    pub unreachable: &'static str,
    pub offline: &'static str,
    pub server_gone: &'static str,
    pub export_again: &'static str,
    pub broken: &'static str,
    pub broken_off: fn(&str) -> String,
    pub different: fn(&str) -> String,
    pub unchecked: &'static str,
    pub unwritable: fn(&str) -> String,
    pub not_started: &'static str,
    pub unfollowed: &'static str,
    pub broken_in_browser: fn(&str) -> String,
    pub record_says: fn(&str, &str) -> String,
    pub did_not_end: &'static str,
    pub other_size: fn(&str, u64, &str, u64) -> String,
    pub other_contents: &'static str,

    pub recent: &'static str,
    pub select_again: &'static str,
    pub all_exports: &'static str,

    pub use_from: &'static str,
    pub loading: &'static str,
    pub tool: &'static str,
    pub copy_for: fn(&str) -> String,
    pub url_hint: fn(&str) -> String,
    pub token_hint: fn(&str) -> String,
    pub create_token: &'static str,
    pub sheets_hint: &'static str,
    pub link_title: &'static str,
    pub link_hint: &'static str,
    pub link_for: &'static str,
    pub copy_link: &'static str,
    pub the_link: &'static str,
    pub link_copied: &'static str,
    pub link_below: &'static str,
    pub link_works: fn(&str, &str) -> String,
}

impl Language {
    /// Returns the texts of the export form.
    pub fn export(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// Formats a number of minutes, or of hours if it is a whole number of hours.
    pub fn minutes(self, minutes: u32) -> String {
        let (count, unit) = if minutes.is_multiple_of(60) && minutes > 0 { (minutes / 60, 1) } else { (minutes, 0) };
        let [one, many] = match self {
            Self::English => [["minute", "hour"], ["minutes", "hours"]],
            Self::German => [["Minute", "Stunde"], ["Minuten", "Stunden"]],
        };
        format!("{count} {}", if count == 1 { one[unit] } else { many[unit] })
    }
}

/// In English.
pub static ENGLISH: Texts = Texts {
    date_range: "Date range",
    from: "From",
    to: "To",
    open_calendar: "Choose dates in a calendar",
    choose_dates: "Choose dates",
    choose_first_day: "Choose the first day, or drag over the range.",
    choose_last_day: |first| format!("From {first}. Now choose the last day."),
    events_from_to: |first, last| format!("There are events from {first} to {last}."),
    select_them: "Select them",
    previous_year: "Previous year",
    previous_month: "Previous month",
    next_month: "Next month",
    next_year: "Next year",
    close: "Close",
    presets: "Presets",
    today: "Today",
    yesterday: "Yesterday",
    last_24_hours: "Last 24 hours",
    last_days: |days| format!("Last {days} days"),
    this_month: "This month",
    last_month: "Last month",
    this_year: "This year",
    everything: "Everything",
    times_of_day: "Times of day",
    stays_relative: "The range stays relative: each download uses the dates of its own time. Type dates to fix them.",

    cameras: "Cameras",
    all_cameras: "All Cameras",
    all_of_cameras: |all| format!("All Cameras ({})", Language::English.count(all as u64)),
    some_cameras: |some, all| {
        let count = |number| Language::English.count(number as u64);
        format!("{} of {} cameras", count(some), count(all))
    },
    cameras_summary: |cameras| match cameras {
        0 => "all cameras".to_owned(),
        1 => "one camera".to_owned(),
        some => format!("{} cameras", Language::English.count(some as u64)),
    },
    search_cameras: "Search cameras",
    cameras_found: |found| {
        if found == 1 {
            "1 camera found".to_owned()
        } else {
            format!("{} cameras found", Language::English.count(found as u64))
        }
    },
    select_found: "Select all",
    cameras_hint: "Select one or more. Select none to export all cameras.",
    nothing_yet: "There are no events yet",
    nothing_yet_for_admins: "Import those of a file, such as Frigate's or ArgusAI's database, or have cameras and recorders send \
                             theirs. An export would be empty.",
    import_a_file: "Import a file",
    add_a_source: "Add a source",
    nothing_granted: |admins| {
        format!(
            "You see no events: there are none, or no camera is granted to you. An export would be empty. \
             Administrators can change that: {admins}."
        )
    },

    timezone: "Time zone",
    file: "File",
    for_excel: "Excel-compatible",
    for_excel_hint: "Marks the file as UTF-8, which Excel needs for letters such as ü. Turn it off for other tools.",
    excel_date: "Date column",
    excel_date_hint: "Adds a first column, local_time, such as 2025-12-15 10:30:00. Excel reads it as a date; \
                      in Calc, turn on “Detect special numbers” when you open the file.",
    semicolons: "Semicolons and decimal commas",
    semicolons_hint: "For Excel in languages with decimal commas, which shows a file with commas as a single column.",
    bad_address: |why| format!("The selection in this page's address can't be used. {why}"),

    preview: "Preview",
    show_preview: "Show preview",
    loading_preview: "Loading the preview…",
    dates_reversed: "“From” must not be after “To”.",
    preview_failed: |why| format!("Couldn't load the preview: {why}"),
    signed_out: "You are signed out.",
    sign_in: "Sign in",
    no_events: "There are no events in this selection.",
    deleted_before: |moment| format!("Events before {moment} were deleted in whole or in part."),
    kept_for: |days| format!("Events are kept for at least {days} {}.", if days == 1 { "day" } else { "days" }),
    missing_from_to: |begin, end| format!("from {begin} to {end}"),
    events_may_be_missing: |times| {
        format!("Events may be missing {times}: a source was not read then, and may have deleted them.")
    },
    holds: |events, size| format!("{events}, a file of about {size}"),
    events: "Events",
    estimated_size: "Estimated size",
    first: "First",
    last: "Last",
    first_rows: "First rows of the file",
    chart: |unit, most| {
        let each = match unit {
            BarUnit::Hour => "hour",
            BarUnit::Day => "day",
            BarUnit::Period => "period",
        };
        format!("Events per {each}. Most: {most}.")
    },
    chart_keys: "Arrow keys read the values. Shift and arrow keys select several; Enter narrows the dates to the selection.",
    drag_to_narrow: "Drag over the chart to narrow the dates.",
    zoom_out: "Zoom out",
    dates_before: "Dates before",
    as_table: "As a table",
    days: "Days",
    hours: "Hours",

    export: "Export",
    export_csv: "Export CSV",
    exports_running: "Running exports",
    export_named: |name| format!("Export: {name}"),
    cancel: "Cancel",
    all_slots_used: |limit| match limit {
        1 => "An export is running. The next can start when it ends.".to_owned(),
        _ => format!("{limit} exports are running. The next can start when one ends."),
    },
    in_downloads: "This one is in your browser's downloads; cancel it there.",
    of_events: |rows, total| match total {
        1 => format!("{rows} of 1 event"),
        _ => format!("{} of {}", Language::English.count(rows), Language::English.events(total)),
    },
    so_far: |size| format!("{size} so far"),
    per_second: |rows| format!("{rows} a second"),
    left: |time| format!("{time} left"),
    no_data_for: |time| format!("no data for {time}"),
    checking: "Checking with the server…",

    export_complete: "Export complete",
    export_cancelled: "Export cancelled",
    export_failed: "Export failed",
    ended_exports: "Ended exports",
    complete_of: |complete, ended| {
        format!("{complete} of {ended} complete. The list of ended exports has the details.")
    },
    cannot_start: "The export cannot start",
    browser_too_old: "This browser is too old.",
    dismiss: "Dismiss",
    you_are_signed_out: "You are signed out",
    sign_in_elsewhere: "Nothing was saved. Sign in again in another tab, then come back.",
    sign_in_in_tab: "Sign in in a new tab",
    saved: |file, events, size, begin| {
        format!("{file}: {events}, {size}. It matches the server's record. SHA-256 {begin}…")
    },
    saved_empty: |file, size| {
        format!("{file}, {size}. This selection has no events, so the file has only the header row.")
    },
    saved_by_browser: |events, size, begin| {
        format!(
            "The server has sent the whole file: {events}, {size}. Once the download has finished, “Verify a file” \
             checks that it arrived complete. SHA-256 {begin}…"
        )
    },
    nothing_saved: "No file was saved.",
    with_request_id: |detail, id| format!("{detail} Request ID: {id}."),
    unexpected_status: |status| {
        format!("The server answered with status {status} and no file. Try again, or contact its operator.")
    },
    unreachable: "The server could not be reached. Check the connection and try again.",
    offline: "This device is offline, so nothing was saved. Connect it to the network, then export again.",
    server_gone: "The server stopped answering before the file was complete, so nothing was saved. It may be restarting: \
                  wait a minute, then export again.",
    export_again: "Export again.",
    broken: "The connection to the server was lost before the file was complete, so nothing was saved. Check the network \
             connection, then export again.",
    broken_off: |why| format!("The transfer stopped before the file was complete, so nothing was saved. {why}"),
    different: |what| {
        format!(
            "What arrived is not the file that the server sent, so nothing was saved: {what}. Something between this \
             browser and the server changes or truncates it. Try again, or contact the server's operator."
        )
    },
    unchecked: "The file arrived, but the server did not answer the check that it is complete, so nothing was \
                saved. Try again.",
    unwritable: |why| {
        format!(
            "The file could not be written, so nothing was saved. Check free disk space and write permission. {why}"
        )
    },
    not_started: "Your browser did not start the download. It may have asked for permission. Try again.",
    unfollowed: "The server no longer has the status of this export. Once the download has finished, \
                 “Verify a file” checks that it is complete.",
    broken_in_browser: |why| {
        format!(
            "The transfer stopped before the file was complete. Delete the partial file, if your browser kept one. {why}"
        )
    },
    record_says: |state, reason| format!("the server's record says “{state}”: {reason}"),
    did_not_end: "It has not ended.",
    other_size: |events, bytes, sent, size| {
        format!("{events} ({bytes} bytes) arrived, but the server sent {sent} ({size} bytes)")
    },
    other_contents: "size and row count match, but the contents do not: the SHA-256 differs",

    recent: "Recent exports",
    select_again: "Select again:",
    all_exports: "All exports",

    use_from: "Use in other tools",
    loading: "Loading…",
    tool: "Tool",
    copy_for: |tool| format!("Copy: {tool}"),
    url_hint: |header| {
        format!("Send one of your access tokens with it: in the header {header}, or as the password of HTTP Basic.")
    },
    token_hint: |token| format!("Replace {token} with one of your access tokens."),
    create_token: "Create a token",
    sheets_hint: "Google Sheets cannot send a token. Copy a link below and use it as the address.",
    link_title: "Link for another tool",
    link_hint: "For tools that fetch an address and cannot sign in. Anyone with the link can fetch this export until it \
                expires, you sign out, or you lose access to these cameras.",
    link_for: "Valid for",
    copy_link: "Copy link",
    the_link: "The link",
    link_copied: "Link copied",
    link_below: "Here is the link. Copy it from the field below",
    link_works: |how, time| format!("{how}. It is valid for {time}."),
};

/// In German.
pub static GERMAN: Texts = Texts {
    date_range: "Zeitraum",
    from: "Von",
    to: "Bis",
    open_calendar: "Tage im Kalender wählen",
    choose_dates: "Tage wählen",
    choose_first_day: "Wählen Sie den ersten Tag, oder ziehen Sie über die gewünschten Tage.",
    choose_last_day: |first| format!("Ab {first}. Wählen Sie jetzt den letzten Tag."),
    events_from_to: |first, last| format!("Es gibt Ereignisse vom {first} bis zum {last}."),
    select_them: "Diese auswählen",
    previous_year: "Voriges Jahr",
    previous_month: "Voriger Monat",
    next_month: "Nächster Monat",
    next_year: "Nächstes Jahr",
    close: "Schließen",
    presets: "Schnellauswahl",
    today: "Heute",
    yesterday: "Gestern",
    last_24_hours: "Letzte 24 Stunden",
    last_days: |days| format!("Letzte {days} Tage"),
    this_month: "Dieser Monat",
    last_month: "Letzter Monat",
    this_year: "Dieses Jahr",
    everything: "Alles",
    times_of_day: "Uhrzeiten",
    stays_relative: "Der Zeitraum bleibt relativ: Er wird bei jedem Abruf neu bestimmt. Eingetippte Tage bleiben fest.",

    cameras: "Kameras",
    all_cameras: "Alle Kameras",
    all_of_cameras: |all| format!("Alle Kameras ({})", Language::German.count(all as u64)),
    some_cameras: |some, all| {
        let count = |number| Language::German.count(number as u64);
        format!("{} von {} Kameras", count(some), count(all))
    },
    cameras_summary: |cameras| match cameras {
        0 => "alle Kameras".to_owned(),
        1 => "eine Kamera".to_owned(),
        some => format!("{} Kameras", Language::German.count(some as u64)),
    },
    search_cameras: "Kameras suchen",
    cameras_found: |found| {
        if found == 1 {
            "1 Kamera gefunden".to_owned()
        } else {
            format!("{} Kameras gefunden", Language::German.count(found as u64))
        }
    },
    select_found: "Alle wählen",
    cameras_hint: "Wählen Sie eine oder mehrere. Ist keine gewählt, werden alle Kameras exportiert.",
    nothing_yet: "Es gibt noch keine Ereignisse",
    nothing_yet_for_admins: "Importieren Sie die Ereignisse einer Datei, zum Beispiel der Datenbank von Frigate oder ArgusAI, oder \
                             lassen Sie Kameras und Rekorder ihre senden. Ein Export wäre leer.",
    import_a_file: "Datei importieren",
    add_a_source: "Quelle hinzufügen",
    nothing_granted: |admins| {
        format!(
            "Sie sehen keine Ereignisse: Es gibt keine, oder für Sie ist keine Kamera freigegeben. Ein Export wäre leer. \
             Administratoren können das ändern: {admins}."
        )
    },

    timezone: "Zeitzone",
    file: "Datei",
    for_excel: "Für Excel",
    for_excel_hint: "Kennzeichnet die Datei als UTF-8, damit Excel Buchstaben wie ü richtig anzeigt. Für andere Programme \
                     ausschalten.",
    excel_date: "Datumsspalte",
    excel_date_hint: "Stellt die Spalte local_time voran, zum Beispiel 2025-12-15 10:30:00. Excel erkennt sie als Datum; \
                      in Calc schalten Sie beim Öffnen „Erweiterte Zahlenerkennung“ ein.",
    semicolons: "Semikolon und Dezimalkomma",
    semicolons_hint: "Für ein deutsches Excel, das eine Datei mit Kommas als eine einzige Spalte zeigt.",
    bad_address: |why| format!("Die Auswahl in der Adresse dieser Seite ist nicht verwendbar. {why}"),

    preview: "Vorschau",
    show_preview: "Vorschau anzeigen",
    loading_preview: "Vorschau wird geladen …",
    dates_reversed: "„Von“ darf nicht nach „Bis“ liegen.",
    preview_failed: |why| format!("Die Vorschau ist nicht verfügbar: {why}"),
    signed_out: "Sie sind abgemeldet.",
    sign_in: "Anmelden",
    no_events: "In dieser Auswahl gibt es keine Ereignisse.",
    deleted_before: |moment| format!("Ereignisse vor dem {moment} wurden ganz oder teilweise gelöscht."),
    kept_for: |days| {
        format!("Ereignisse werden mindestens {days} {} aufbewahrt.", if days == 1 { "Tag" } else { "Tage" })
    },
    missing_from_to: |begin, end| format!("vom {begin} bis zum {end}"),
    events_may_be_missing: |times| {
        format!(
            "Möglicherweise fehlen Ereignisse {times}: Eine Quelle wurde in dieser Zeit nicht gelesen und kann sie gelöscht haben."
        )
    },
    holds: |events, size| format!("{events}, eine Datei von etwa {size}"),
    events: "Ereignisse",
    estimated_size: "Dateigröße (ca.)",
    first: "Erstes",
    last: "Letztes",
    first_rows: "Erste Zeilen der Datei",
    chart: |unit, most| {
        let each = match unit {
            BarUnit::Hour => "pro Stunde",
            BarUnit::Day => "pro Tag",
            BarUnit::Period => "pro Zeitabschnitt",
        };
        format!("Ereignisse {each}. Höchstwert: {most}.")
    },
    chart_keys: "Mit den Pfeiltasten lesen Sie die Werte ab, mit Umschalt- und Pfeiltasten wählen Sie mehrere aus; mit der Eingabetaste wird der \
                 Zeitraum darauf eingegrenzt.",
    drag_to_narrow: "Ziehen Sie über das Diagramm, um den Zeitraum einzugrenzen.",
    zoom_out: "Zeitraum vergrößern",
    dates_before: "Voriger Zeitraum",
    as_table: "Als Tabelle",
    days: "Tage",
    hours: "Stunden",

    export: "Export",
    export_csv: "CSV exportieren",
    exports_running: "Laufende Exporte",
    export_named: |name| format!("Export: {name}"),
    cancel: "Abbrechen",
    all_slots_used: |limit| match limit {
        1 => "Es läuft ein Export. Der nächste kann beginnen, wenn er beendet ist.".to_owned(),
        _ => format!("Es laufen {limit} Exporte. Der nächste kann beginnen, wenn einer davon beendet ist."),
    },
    in_downloads: "Dieser Export läuft in den Downloads Ihres Browsers; brechen Sie ihn dort ab.",
    of_events: |rows, total| match total {
        1 => format!("{rows} von 1 Ereignis"),
        _ => format!("{} von {} Ereignissen", Language::German.count(rows), Language::German.count(total)),
    },
    so_far: |size| format!("bisher {size}"),
    per_second: |rows| format!("{rows} pro Sekunde"),
    left: |time| format!("noch {time}"),
    no_data_for: |time| format!("seit {time} keine Daten"),
    checking: "Abgleich mit dem Server …",

    export_complete: "Export abgeschlossen",
    export_cancelled: "Export abgebrochen",
    export_failed: "Export fehlgeschlagen",
    ended_exports: "Beendete Exporte",
    complete_of: |complete, ended| {
        format!("{complete} von {ended} vollständig. Einzelheiten stehen in der Liste der beendeten Exporte.")
    },
    cannot_start: "Der Export kann nicht starten",
    browser_too_old: "Dieser Browser ist zu alt.",
    dismiss: "Ausblenden",
    you_are_signed_out: "Sie sind abgemeldet",
    sign_in_elsewhere: "Es wurde nichts gespeichert. Melden Sie sich in einem anderen Tab wieder an und kommen Sie hierher \
                        zurück.",
    sign_in_in_tab: "In neuem Tab anmelden",
    saved: |file, events, size, begin| {
        format!("{file}: {events}, {size}. Die Datei stimmt mit dem Eintrag des Servers überein. SHA-256 {begin}…")
    },
    saved_empty: |file, size| {
        format!("{file}, {size}. In dieser Auswahl gibt es keine Ereignisse, die Datei enthält nur die Kopfzeile.")
    },
    saved_by_browser: |events, size, begin| {
        format!(
            "Der Server hat die ganze Datei gesendet: {events}, {size}. Sobald der Download fertig ist, prüft \
             „Datei prüfen“, ob sie vollständig angekommen ist. SHA-256 {begin}…"
        )
    },
    nothing_saved: "Es wurde keine Datei gespeichert.",
    with_request_id: |detail, id| format!("{detail} Anfrage-ID: {id}."),
    unexpected_status: |status| {
        format!(
            "Der Server antwortete mit Status {status} und ohne Datei. Versuchen Sie es noch einmal oder wenden Sie sich an den \
             Betreiber."
        )
    },
    unreachable: "Der Server war nicht zu erreichen. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.",
    offline: "Dieses Gerät ist offline; es wurde nichts gespeichert. Stellen Sie die Netzwerkverbindung wieder her und \
              exportieren Sie dann erneut.",
    server_gone: "Der Server antwortete nicht mehr, bevor die Datei vollständig war; es wurde nichts gespeichert. Vielleicht \
                  startet er gerade neu: Warten Sie eine Minute und exportieren Sie dann erneut.",
    export_again: "Exportieren Sie erneut.",
    broken: "Die Verbindung zum Server ging verloren, bevor die Datei vollständig war; es wurde nichts gespeichert. Prüfen Sie \
             die Netzwerkverbindung und exportieren Sie dann erneut.",
    broken_off: |why| {
        format!("Die Übertragung brach ab, bevor die Datei vollständig war; es wurde nichts gespeichert. {why}")
    },
    different: |what| {
        format!(
            "Was ankam, ist nicht die Datei, die der Server gesendet hat; es wurde nichts gespeichert: {what}. Etwas \
             zwischen diesem Browser und dem Server ändert oder kürzt sie. Versuchen Sie es noch einmal oder wenden Sie sich \
             an den Betreiber."
        )
    },
    unchecked: "Die Datei kam an, aber ob sie vollständig ist, ließ sich nicht prüfen, weil der Server nicht antwortete. \
                Deshalb wurde nichts gespeichert. Versuchen Sie es noch einmal.",
    unwritable: |why| {
        format!(
            "Die Datei konnte nicht geschrieben werden; es wurde nichts gespeichert. Prüfen Sie Speicherplatz und Schreibrecht. {why}"
        )
    },
    not_started: "Ihr Browser hat den Download nicht gestartet. Vielleicht hat er um Erlaubnis gefragt. Versuchen Sie es noch \
                einmal.",
    unfollowed: "Der Server kennt den Stand dieses Exports nicht mehr. Sobald der Download fertig ist, prüft \
                 „Datei prüfen“, ob er vollständig ist.",
    broken_in_browser: |why| {
        format!(
            "Die Übertragung brach ab, bevor die Datei vollständig war. Löschen Sie die unvollständige Datei, falls Ihr Browser \
             eine behalten hat. {why}"
        )
    },
    record_says: |state, reason| format!("im Eintrag des Servers steht „{state}“: {reason}"),
    did_not_end: "Er wurde nicht beendet.",
    other_size: |events, bytes, sent, size| {
        format!("{events} ({bytes} Byte) kamen an, aber der Server hat {sent} ({size} Byte) gesendet")
    },
    other_contents: "Größe und Zeilenzahl stimmen, der Inhalt aber nicht: Der SHA-256-Wert weicht ab",

    recent: "Letzte Exporte",
    select_again: "Erneut auswählen:",
    all_exports: "Alle Exporte",

    use_from: "In anderen Programmen verwenden",
    loading: "Wird geladen …",
    tool: "Programm",
    copy_for: |tool| format!("Kopieren: {tool}"),
    url_hint: |header| {
        format!("Senden Sie eines Ihrer Zugriffstoken mit: im Header {header} oder als Passwort von HTTP Basic.")
    },
    token_hint: |token| format!("Ersetzen Sie {token} durch eines Ihrer Zugriffstoken."),
    create_token: "Token erstellen",
    sheets_hint: "Google Sheets kann kein Token senden: Kopieren Sie unten einen Link und verwenden Sie ihn als Adresse.",
    link_title: "Link für ein anderes Programm",
    link_hint: "Für Programme, die eine Adresse abrufen und sich nicht anmelden können. Wer den Link hat, kann diesen Export \
                abrufen, bis der Link abläuft, Sie sich abmelden oder den Zugriff auf diese Kameras verlieren.",
    link_for: "Gültig für",
    copy_link: "Link kopieren",
    the_link: "Der Link",
    link_copied: "Link kopiert",
    link_below: "Hier ist der Link. Kopieren Sie ihn aus dem Feld darunter",
    link_works: |how, time| format!("{how}. Er gilt {time}."),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_the_chart_explains_the_enter_key_in_each_language() {
        assert!(ENGLISH.chart_keys.contains("Enter narrows the dates"));
        assert!(GERMAN.chart_keys.contains("mit der Eingabetaste wird der Zeitraum darauf eingegrenzt"));
    }

    #[test]
    fn minutes_are_formatted_with_their_unit() {
        for (minutes, english, german) in [
            (1, "1 minute", "1 Minute"),
            (15, "15 minutes", "15 Minuten"),
            (60, "1 hour", "1 Stunde"),
            (90, "90 minutes", "90 Minuten"),
            (240, "4 hours", "4 Stunden"),
        ] {
            assert_eq!(
                (Language::English.minutes(minutes), Language::German.minutes(minutes)),
                (english.into(), german.into())
            );
        }
    }
}
