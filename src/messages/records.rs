//! Why an export was not completed, for its record.

use super::define::messages;

messages! {
    /// Why an export was not completed.
    pub enum RecordMessage {
        /// The client closed the connection.
        ClientDisconnected = "client_disconnected",
            "The client disconnected before the end.",
            "Der Empfänger hat die Verbindung vor dem Ende getrennt.";
        /// The client stopped reading.
        ClientTimeout = "client_timeout",
            "The client read nothing for too long (server.write_timeout_seconds).",
            "Der Empfänger hat zu lange nichts entgegengenommen (server.write_timeout_seconds).";
        /// The server was shut down.
        ServerStopped = "server_stopped",
            "The server was stopped.",
            "Der Server wurde angehalten.";
        /// The server stopped sending heartbeats.
        ServerLost = "server_lost",
            "The server of this export ended without recording the outcome.",
            "Der Server dieses Exports wurde beendet, ohne das Ergebnis festzuhalten.";
        /// Another server ended the record, because this one sent no heartbeats.
        HeartbeatsLate = "heartbeats_late",
            "Another server ended this record, because this server had sent no heartbeat for 30 s.",
            "Ein anderer Server hat diesen Eintrag beendet, weil dieser Server 30 s lang kein Lebenszeichen gab.";
        /// The record could not be set to completed.
        NotRecordedAsWhole = "not_recorded_as_whole",
            "The export was not recorded as complete.",
            "Der Export wurde nicht als vollständig festgehalten.";
        /// The file is incomplete.
        FileIncomplete = "file_incomplete",
            "The file was not complete.",
            "Die Datei war nicht vollständig.";
        /// The record could not be written.
        NotRecorded = "not_recorded",
            "The export could not be recorded.",
            "Der Export konnte nicht festgehalten werden.";
        /// The task of the export panicked.
        ServerFault = "server_fault",
            "Internal server error.",
            "Interner Serverfehler.";
        /// Partitions were detached while the export ran.
        EventsDetached = "events_detached_meanwhile",
            "Months of events were detached while the export ran. Export again.",
            "Während des Exports wurden Monate von Ereignissen ausgelagert. Exportieren Sie erneut.";
        /// A page took too long.
        PageTimeout { seconds: u64 } = "page_timeout",
            "The database returned no page within {seconds} s (export.page_timeout_seconds).",
            "Die Datenbank lieferte innerhalb von {seconds} s keine Seite (export.page_timeout_seconds).";
        /// The database failed while the server read events.
        DatabaseFailed = "database_failed",
            "The events could not be read from the database. The server's log says why.",
            "Die Ereignisse konnten nicht aus der Datenbank gelesen werden. Der Grund steht im Protokoll des Servers.";
        /// A row cannot be encoded.
        EventNotEncoded { reason: String } = "event_not_encoded",
            "An event could not be written: {reason}.",
            "Ein Ereignis konnte nicht geschrieben werden: {reason}.";
        /// The text of a record from before message codes.
        Other { text: String } = "other",
            "{text}",
            "{text}";
    }
}
