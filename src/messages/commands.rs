//! Why an export on the command line was not completed, for its record. None of this is in the WASM: the pages show
//! these records as the server renders them.

use super::define::messages;

messages! {
    /// Why an export on the command line was not completed.
    pub enum CommandMessage {
        /// A signal stopped the command.
        CommandStopped = "command_stopped",
            "The command was stopped.",
            "Der Befehl wurde abgebrochen.";
        /// The command stopped sending heartbeats.
        CommandLost = "command_lost",
            "The command ended before the file was complete.",
            "Der Befehl wurde beendet, bevor die Datei vollständig war.";
        /// The database failed while the command read events.
        DatabaseFailedInCommand = "database_failed_in_command",
            "The events could not be read from the database. The command has printed why.",
            "Die Ereignisse konnten nicht aus der Datenbank gelesen werden. Den Grund hat der Befehl ausgegeben.";
        /// The command failed in another way.
        CommandFailed = "command_failed",
            "The command failed. It has printed why.",
            "Der Befehl ist fehlgeschlagen. Den Grund hat er ausgegeben.";
        /// The program behind the pipe ended.
        PipeClosed = "pipe_closed",
            "The program that read the output ended before the file was complete.",
            "Das Programm, das die Ausgabe las, wurde beendet, bevor die Datei vollständig war.";
        /// Standard output is closed.
        StandardOutputClosed = "standard_output_closed",
            "The export could not be written: standard output was closed, or /dev/null was open for reading too.",
            "Der Export konnte nicht geschrieben werden: Die Standardausgabe war geschlossen, oder /dev/null war auch zum Lesen geöffnet.";
        /// The folder of the output does not exist.
        NoSuchFolder { output: String } = "no_such_folder",
            "The export could not be written to {output}: the folder does not exist.",
            "Der Export konnte nicht nach {output} geschrieben werden: Den Ordner gibt es nicht.";
        /// The command may not write there.
        PermissionDenied { output: String } = "permission_denied",
            "The export could not be written to {output}: permission was denied.",
            "Der Export konnte nicht nach {output} geschrieben werden: Die Berechtigung fehlt.";
        /// The disk or the quota is full.
        NoSpaceLeft { output: String } = "no_space_left",
            "The export could not be written to {output}: no space was left.",
            "Der Export konnte nicht nach {output} geschrieben werden: Es war kein Platz mehr frei.";
        /// The file system is mounted read-only.
        ReadOnlyFileSystem { output: String } = "read_only_file_system",
            "The export could not be written to {output}: the file system is read-only.",
            "Der Export konnte nicht nach {output} geschrieben werden: Das Dateisystem ist schreibgeschützt.";
        /// The output is a folder.
        OutputIsAFolder { output: String } = "output_is_a_folder",
            "The export could not be written to {output}: this is a folder.",
            "Der Export konnte nicht nach {output} geschrieben werden: Das ist ein Ordner.";
        /// A part of the path is a file.
        PathThroughAFile { output: String } = "path_through_a_file",
            "The export could not be written to {output}: a part of the path is a file, not a folder.",
            "Der Export konnte nicht nach {output} geschrieben werden: Ein Teil des Pfads ist eine Datei, kein Ordner.";
        /// The file system does not support files of that size.
        FileTooLarge { output: String } = "file_too_large",
            "The export could not be written to {output}: the file system does not support files of that size.",
            "Der Export konnte nicht nach {output} geschrieben werden: Das Dateisystem unterstützt so große Dateien nicht.";
        /// The output cannot be written for another reason.
        OutputFailed { output: String } = "output_failed",
            "The export could not be written to {output}. The command has printed why.",
            "Der Export konnte nicht nach {output} geschrieben werden. Den Grund hat der Befehl ausgegeben.";
    }
}
