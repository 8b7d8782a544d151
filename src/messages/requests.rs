//! Why a request was refused. API clients and our pages both show these.

use super::define::messages;

messages! {
    /// Why a request was refused.
    pub enum RequestMessage {
        /// No session, token or signed link.
        NotSignedIn = "not_signed_in",
            "You are not signed in. Sign in on the page, or send an access token in the header Authorization: Bearer …, or \
             as the password of HTTP Basic.",
            "Sie sind nicht angemeldet. Melden Sie sich auf der Seite an, oder senden Sie ein Zugriffstoken im Header \
             Authorization: Bearer … oder als Passwort von HTTP Basic.";
        /// Sessions cannot be read.
        SessionsUnavailable = "sessions_unavailable",
            "The database cannot be reached at the moment, so your sign-in cannot be checked. Try again later.",
            "Die Datenbank ist im Moment nicht erreichbar, deshalb lässt sich Ihre Anmeldung nicht prüfen. Versuchen Sie es \
             etwas später erneut.";
        /// The signed link would be valid for too long, or for no time.
        LinkMinutes { max: u32 } = "link_minutes",
            "A link is valid for 1 to {max} minutes. Enter a number in that range.",
            "Ein Link ist 1 bis {max} Minuten gültig. Geben Sie eine Zahl in diesem Bereich ein.";
        /// The selection is too long for a signed link.
        LinkTooLong = "link_too_long",
            "This selection is too long for a link. Choose fewer cameras.",
            "Diese Auswahl ist zu lang für einen Link. Wählen Sie weniger Kameras.";
        /// The export record does not exist, or the user may not see it.
        NoSuchExport = "no_such_export",
            "This export record does not exist, or you cannot see it.",
            "Dieser Exporteintrag ist nicht vorhanden, oder Sie haben keinen Zugriff darauf.";
        /// The export to cancel has ended.
        ExportEnded = "export_ended",
            "This export has already ended.",
            "Dieser Export ist bereits beendet.";
        /// As many streams of export events are open as allowed.
        TooManyStreams { limit: usize } = "too_many_streams",
            "{limit} streams of export events are open, which is the limit. Close one, or try again later.",
            "{limit} Ereignisströme zu Exporten sind offen, und mehr sind nicht erlaubt. Schließen Sie einen, oder \
             versuchen Sie es etwas später erneut.";
        /// The server runs its maximum number of exports.
        ServerBusy { limit: u32 } = "server_busy",
            "The server is running {limit} exports, which is its limit (export.max_concurrent). Try again later.",
            "Auf dem Server laufen bereits {limit} Exporte; mehr lässt er nicht zu (export.max_concurrent). Versuchen Sie es \
             etwas später erneut.";
        /// The user runs the maximum number of exports.
        UserBusy { limit: u32 } = "user_busy",
            "You have {limit} exports running, which is the limit for one user. Wait until one of them has ended, or cancel \
             one.",
            "Von Ihnen laufen bereits {limit} Exporte; mehr sind gleichzeitig nicht erlaubt. Warten Sie, bis einer fertig \
             ist, oder brechen Sie einen ab.";
        /// The record of an export cannot be written.
        CannotRecord = "cannot_record",
            "The export cannot be recorded at the moment, so it does not start: the database is unavailable, full, or locked \
             by another writer, such as an import. Try again later.",
            "Der Eintrag des Exports kann im Moment nicht gespeichert werden, deshalb startet der Export nicht: Die Datenbank ist nicht \
             erreichbar, voll oder durch einen anderen Vorgang gesperrt, etwa einen Import. Versuchen Sie es etwas \
             später erneut.";
        /// The body of the request did not arrive in time.
        RequestTimeout = "request_timeout",
            "The request did not arrive in time. Send it again.",
            "Die Anfrage ist nicht rechtzeitig angekommen. Senden Sie sie erneut.";
        /// The connection ended within the body of the request.
        BodyIncomplete = "body_incomplete",
            "The body of the request arrived incomplete. Send it again.",
            "Der Inhalt der Anfrage ist nicht vollständig angekommen. Senden Sie sie erneut.";
        /// Partitions were detached before the first byte was sent.
        EventsDetached = "events_detached",
            "The events of whole months were detached in the meantime. Try again.",
            "Inzwischen wurden die Ereignisse ganzer Monate ausgelagert. Versuchen Sie es erneut.";
        /// Events were deleted before the first byte was sent.
        EventsDeleted = "events_deleted",
            "Some of the selected events have just reached the end of their retention and were deleted. Try again.",
            "Die Aufbewahrungsfrist einiger gewählter Ereignisse ist gerade abgelaufen, und sie wurden gelöscht. Versuchen \
             Sie es erneut.";
        /// The first page took too long.
        FirstPageTimeout { seconds: u64 } = "first_page_timeout",
            "The database did not return the first events within {seconds} s, so the query was cancelled. Select fewer \
             days or cameras, or try again when the server is less busy.",
            "Die Datenbank hat die ersten Ereignisse nicht innerhalb von {seconds} s geliefert, deshalb wurde die Abfrage \
             abgebrochen. Wählen Sie weniger Tage oder Kameras, oder versuchen Sie es erneut, wenn der Server \
             weniger ausgelastet ist.";
        /// The database cannot be reached.
        DatabaseUnavailable = "database_unavailable",
            "The database cannot be reached at the moment. Try again later.",
            "Die Datenbank ist im Moment nicht erreichbar. Versuchen Sie es etwas später erneut.";
        /// PostgreSQL stores no U+0000.
        NulCharacter = "nul_character",
            "A value contains the character U+0000, which is not allowed.",
            "Eine Angabe enthält das Zeichen U+0000, das nicht erlaubt ist.";
        /// The server is shutting down.
        ServerStopping = "server_stopping",
            "The server is shutting down. Try again later.",
            "Der Server wird heruntergefahren. Versuchen Sie es etwas später erneut.";
        /// The page or endpoint does not exist.
        NotFound = "not_found",
            "There is nothing at this address.",
            "Unter dieser Adresse ist nichts zu finden.";
    }
}
