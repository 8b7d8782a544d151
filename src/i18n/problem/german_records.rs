//! Why exports did not end well, in German. The server translates the reasons of records before it sends a page.

/// English sentences and German ones, as in [`super::german::GERMAN`]. The browser never looks here, so these sentences
/// are not in the WASM.
pub(super) static GERMAN_OF_RECORDS: &[(&str, &str)] = &[
    ("The client went away before the end.", "Der Empfänger war vor dem Ende nicht mehr da."),
    (
        "The client took nothing for too long (server.client_timeout_seconds).",
        "Der Empfänger hat zu lange nichts entgegengenommen (server.client_timeout_seconds).",
    ),
    ("The server was stopped.", "Der Server wurde angehalten."),
    ("The command was stopped.", "Der Befehl wurde angehalten."),
    ("The server that made the file went away.", "Der Server, der die Datei erstellte, war nicht mehr da."),
    ("Another server took this one for dead.", "Ein anderer Server hielt diesen für ausgefallen."),
    ("It was not recorded as whole.", "Er wurde nicht als vollständig festgehalten."),
    ("The file was not whole.", "Die Datei war nicht vollständig."),
    ("The export could not be recorded.", "Der Export konnte nicht festgehalten werden."),
    ("The server had a fault of its own.", "Im Server ist ein Fehler aufgetreten."),
    ("The command was ended before the file was whole.", "Der Befehl wurde beendet, bevor die Datei vollständig war."),
    ("The command failed. It has printed why.", "Der Befehl ist fehlgeschlagen. Den Grund hat er ausgegeben."),
    (
        "The program that read the output ended before the file was whole.",
        "Das Programm, das die Ausgabe las, wurde beendet, bevor die Datei vollständig war.",
    ),
    (
        "The events could not be read from the database. The command has printed why.",
        "Die Ereignisse konnten nicht aus der Datenbank gelesen werden. Den Grund hat der Befehl ausgegeben.",
    ),
    (
        "The export could not be written: standard output was closed, or /dev/null was open for reading too.",
        "Der Export konnte nicht geschrieben werden: Die Standardausgabe war geschlossen, oder /dev/null war auch zum Lesen \
         geöffnet.",
    ),
    (
        "The export could not be written to {}: the folder does not exist.",
        "Der Export konnte nicht nach {} geschrieben werden: Den Ordner gibt es nicht.",
    ),
    (
        "The export could not be written to {}: permission was denied.",
        "Der Export konnte nicht nach {} geschrieben werden: Die Berechtigung fehlt.",
    ),
    (
        "The export could not be written to {}: no space was left.",
        "Der Export konnte nicht nach {} geschrieben werden: Es war kein Platz mehr frei.",
    ),
    (
        "The export could not be written to {}: the file system is read-only.",
        "Der Export konnte nicht nach {} geschrieben werden: Das Dateisystem ist schreibgeschützt.",
    ),
    (
        "The export could not be written to {}: this is a folder.",
        "Der Export konnte nicht nach {} geschrieben werden: Das ist ein Ordner.",
    ),
    (
        "The export could not be written to {}: a part of the path is a file, not a folder.",
        "Der Export konnte nicht nach {} geschrieben werden: Ein Teil des Pfades ist eine Datei und kein Ordner.",
    ),
    (
        "The export could not be written to {}: the file system does not take files of that size.",
        "Der Export konnte nicht nach {} geschrieben werden: Das Dateisystem nimmt keine so große Datei auf.",
    ),
    (
        "The export could not be written to {}. The command has printed why.",
        "Der Export konnte nicht nach {} geschrieben werden. Den Grund hat der Befehl ausgegeben.",
    ),
];
