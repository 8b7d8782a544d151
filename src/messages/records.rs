//! Why an export was not completed, for its record.

use super::define::messages;

messages! {
    /// Why an export was not completed.
    pub enum RecordMessage {
        /// The client closed the connection.
        ClientDisconnected = "client_disconnected",
            "The connection to the browser or program was lost before the end of the file, or it was cancelled there. Export \
             again if you need the file.",
            "Die Verbindung zum Empfänger ging vor dem Ende der Datei verloren, oder dort wurde abgebrochen. Exportieren Sie \
             erneut, wenn Sie die Datei brauchen.";
        /// The user who started the export cancelled it.
        CancelledByOwner = "cancelled_by_owner",
            "Cancelled by the user who started it. Export again if you need the file.",
            "Abgebrochen von der Person, die ihn gestartet hat. Exportieren Sie erneut, wenn Sie die Datei brauchen.";
        /// An administrator cancelled the export of another user.
        CancelledByAdministrator { name: String } = "cancelled_by_administrator",
            "Cancelled by {name}, an administrator. Ask them before you export again.",
            "Abgebrochen von {name} (Administration). Fragen Sie dort nach, bevor Sie erneut exportieren.";
        /// The client stopped reading.
        ClientTimeout = "client_timeout",
            "The browser or program accepted no data for too long (server.write_timeout_seconds). Export again over a faster \
             connection, or select fewer days.",
            "Der Empfänger hat zu lange keine Daten angenommen (server.write_timeout_seconds). Exportieren Sie erneut über \
             eine schnellere Verbindung, oder wählen Sie weniger Tage.";
        /// The server was shut down.
        ServerStopped = "server_stopped",
            "The server was stopped. Export again once it is running.",
            "Der Server wurde heruntergefahren. Exportieren Sie erneut, sobald er wieder läuft.";
        /// The server stopped sending heartbeats.
        ServerLost = "server_lost",
            "The server of this export ended without recording the outcome. Export again.",
            "Der Server dieses Exports wurde beendet, ohne das Ergebnis zu speichern. Exportieren Sie erneut.";
        /// Another server ended the record, because this one sent no heartbeats.
        HeartbeatsLate = "heartbeats_late",
            "Another server ended this record, because this server had sent no heartbeat for 30 s. Export again.",
            "Ein anderer Server hat diesen Eintrag beendet, weil dieser Server 30 s lang kein Lebenszeichen gesendet hat. \
             Exportieren Sie erneut.";
        /// The record could not be set to completed.
        NotRecordedAsWhole = "not_recorded_as_whole",
            "The export was not recorded as complete. Export again.",
            "Der Export ist nicht als vollständig eingetragen. Exportieren Sie erneut.";
        /// The file is incomplete.
        FileIncomplete = "file_incomplete",
            "The file was not complete. Export again.",
            "Die Datei war nicht vollständig. Exportieren Sie erneut.";
        /// The record could not be written.
        NotRecorded = "not_recorded",
            "The export could not be recorded, because the database was unavailable, full or locked. Export again later.",
            "Der Eintrag des Exports konnte nicht gespeichert werden, weil die Datenbank nicht erreichbar, voll oder gesperrt war. \
             Exportieren Sie später erneut.";
        /// The task of the export panicked.
        ServerFault = "server_fault",
            "Internal server error. Export again. If it happens again, the server's operator can find the reason in its log.",
            "Interner Serverfehler. Exportieren Sie erneut. Tritt er wieder auf, findet der Betreiber den Grund im Protokoll \
             des Servers.";
        /// Partitions were detached while the export ran.
        EventsDetached = "events_detached_meanwhile",
            "Events of whole months were detached while the export ran. Export again.",
            "Während des Exports wurden die Ereignisse ganzer Monate ausgelagert. Exportieren Sie erneut.";
        /// Events were deleted while the export ran.
        EventsDeleted = "events_deleted_meanwhile",
            "Selected events reached the end of their retention and were deleted while the export ran. Export again.",
            "Während des Exports lief die Aufbewahrungsfrist gewählter Ereignisse ab, und sie wurden gelöscht. Exportieren \
             Sie erneut.";
        /// Retention cancelled the export.
        RetentionWaited = "retention_waited",
            "Selected events had reached the end of their retention, and their deletion had waited for this export for too \
             long. Export again over a faster connection, or select later days.",
            "Die Aufbewahrungsfrist gewählter Ereignisse war abgelaufen, und ihre Löschung hatte zu lange auf diesen Export \
             gewartet. Exportieren Sie erneut über eine schnellere Verbindung, oder wählen Sie spätere Tage.";
        /// A page took too long.
        PageTimeout { seconds: u64 } = "page_timeout",
            "The database returned no further events within {seconds} s (export.page_timeout_seconds). Select fewer days or cameras, or \
             export again when the server is less busy.",
            "Die Datenbank hat innerhalb von {seconds} s keine weiteren Ereignisse geliefert (export.page_timeout_seconds). Wählen Sie weniger \
             Tage oder Kameras, oder exportieren Sie erneut, wenn der Server weniger ausgelastet ist.";
        /// The database failed while the server read events.
        DatabaseFailed = "database_failed",
            "The events could not be read from the database. Export again later. The server's log says why.",
            "Die Ereignisse konnten nicht aus der Datenbank gelesen werden. Exportieren Sie später erneut. Der Grund steht im \
             Protokoll des Servers.";
        /// A row cannot be encoded.
        EventNotEncoded { reason: String } = "event_not_encoded",
            "An event could not be written: {reason}. The server's operator must correct the event.",
            "Ein Ereignis konnte nicht geschrieben werden: {reason}. Der Betreiber des Servers muss es berichtigen.";
        /// The text of a record from before message codes.
        Other { text: String } = "other",
            "{text}",
            "{text}";
    }
}
