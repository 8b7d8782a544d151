//! What an import finds in its source, and why an uploaded file is refused. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why an event was not imported, or a value of it not as it was.
    #[derive(Copy, Hash, PartialOrd, Ord)]
    pub enum ImportFinding {
        /// A bounding box cannot be read.
        BoxUnreadable = "import_box_unreadable",
            "bounding box that cannot be read; the event is kept without one",
            "Rahmen, der nicht lesbar ist; das Ereignis wurde ohne Rahmen übernommen";
        /// A confidence cannot be read.
        ConfidenceUnreadable = "import_confidence_unreadable",
            "confidence that is not a number from 0 to 1; the event is kept without one",
            "Konfidenz, die keine Zahl von 0 bis 1 ist; das Ereignis wurde ohne Konfidenz übernommen";
        /// The camera of an event no longer exists in ArgusAI.
        OrphanEvent = "import_orphan_event",
            "event of a camera that ArgusAI no longer has; kept, under the camera's id unless an earlier import \
             had its name",
            "Ereignis einer Kamera, die ArgusAI nicht mehr hat; übernommen, unter der ID der Kamera, falls kein \
             früherer Import ihren Namen hatte";
        /// An id is not a UUID.
        IdNotUuid = "import_id_not_uuid",
            "id that is not a UUID; one was derived from it",
            "ID, die keine UUID ist; daraus wurde eine abgeleitet";
        /// A camera has no id.
        CameraWithoutId = "import_camera_without_id",
            "camera without an id; it is not imported",
            "Kamera ohne ID; sie wurde nicht übernommen";
        /// An event has no camera.
        CameraMissing = "import_camera_missing",
            "it has no camera",
            "ohne Kamera";
        /// The time of an event cannot be read.
        TimeUnreadable = "import_time_unreadable",
            "its time cannot be read",
            "mit unlesbarer Zeit";
        /// The start time of Frigate's event cannot be read.
        StartTimeUnreadable = "import_start_time_unreadable",
            "its start time cannot be read",
            "mit unlesbarer Startzeit";
        /// An event has not ended.
        NotEnded = "import_not_ended",
            "event that has not ended; an import after its end adds it",
            "Ereignis, das noch nicht beendet ist; ein Import nach seinem Ende übernimmt es";
        /// An event is a false positive.
        FalsePositive = "import_false_positive",
            "event that Frigate has marked as a false positive",
            "Ereignis, das Frigate als Fehlalarm markiert hat";
        /// The time in an id is far from the start time.
        TimeOfStart = "import_time_of_start",
            "id without a time within 10 minutes of the start time; the event has the start time, which may be \
             some seconds early",
            "ID ohne Zeit im Abstand von höchstens 10 Minuten zur Startzeit; das Ereignis hat die Startzeit, die \
             einige Sekunden zu früh sein kann";
        /// The data of an event are not JSON.
        DataUnreadable = "import_data_unreadable",
            "data that is not a JSON object; confidence and bounding box are those of older columns",
            "Daten, die kein JSON-Objekt sind; Konfidenz und Rahmen stammen aus älteren Spalten";
        /// The zones of an event cannot be read.
        ZonesUnreadable = "import_zones_unreadable",
            "zones that are not a list of names; the event is kept without a zone",
            "Zonen, die keine Liste von Namen sind; das Ereignis wurde ohne Zone übernommen";
        /// An event has no label.
        LabelMissing = "import_label_missing",
            "event without a label",
            "Ereignis ohne Bezeichnung";
        /// The detect size of a camera is not known.
        BoxWithoutSize = "import_box_without_size",
            "bounding box of a camera without a detect size (--detect, --config); the event is kept without one \
             for good",
            "Rahmen einer Kamera, deren Detect-Größe nicht angegeben ist; das Ereignis wurde endgültig ohne \
             Rahmen übernommen";
        /// A bounding box is not in whole pixels.
        BoxNotWhole = "import_box_not_whole",
            "bounding box that is not in whole pixels of the camera's detect size; the event is kept without one",
            "Rahmen, der in der Detect-Größe der Kamera keine ganzen Pixel ergibt; das Ereignis wurde ohne Rahmen \
             übernommen";
        /// An event has no id.
        IdMissing = "import_id_missing",
            "event without an id; one was derived from its contents",
            "Ereignis ohne ID; sie wurde aus seinem Inhalt abgeleitet";
        /// Two events of a moment have the same id.
        IdRepeated = "import_id_repeated",
            "id that another event of the same time has; another one was derived from the contents",
            "ID, die ein anderes Ereignis derselben Zeit hat; eine andere wurde aus dem Inhalt abgeleitet";
        /// A text had U+0000.
        NulReplaced = "import_nul_replaced",
            "text with the character U+0000, which PostgreSQL does not store; it was replaced by U+FFFD",
            "Text mit dem Zeichen U+0000, das PostgreSQL nicht speichert; es wurde durch U+FFFD ersetzt";
        /// A confidence was a fraction.
        FractionConverted = "import_fraction_converted",
            "confidence from 0 to 1, as in ArgusAI's own CSV; converted to 0 to 100 (0.855 to 85.5)",
            "Konfidenz von 0 bis 1, wie in ArgusAIs eigener CSV-Datei; umgerechnet auf 0 bis 100 (0,855 in 85,5)";
        /// A detector was in ArgusAI's spelling.
        DetectorConverted = "import_detector_converted",
            "detector in ArgusAI's spelling; converted to MOG2 or KNN",
            "Detektor in ArgusAIs Schreibweise; umgewandelt in MOG2 oder KNN";
    }
}

messages! {
    /// Why an uploaded file is not imported.
    pub enum UploadMessage {
        /// Uploads are switched off.
        UploadsOff = "uploads_off",
            "This server takes no uploads (ingest.upload_max_megabytes is 0). Use the command import.",
            "Dieser Server nimmt keine Dateien an (ingest.upload_max_megabytes ist 0). Verwenden Sie das Kommando import.";
        /// Another file is uploaded or imported.
        ImportRunning = "import_running",
            "Another file is being uploaded or imported. Wait until it has ended, then upload yours again.",
            "Eine andere Datei wird gerade hochgeladen oder importiert. Warten Sie, bis das beendet ist, und laden Sie Ihre \
             dann erneut hoch.";
        /// The file is too large.
        FileTooLarge { max: u64 } = "upload_too_large",
            "The file is larger than {max} MB, which is the limit of this server (ingest.upload_max_megabytes). Use the \
             command import.",
            "Die Datei ist größer als {max} MB, die Grenze dieses Servers (ingest.upload_max_megabytes). Verwenden Sie das \
             Kommando import.";
        /// The disk has too little space.
        NoSpace = "no_space_for_upload",
            "There is not enough free disk space on the server for this file. Nothing was imported.",
            "Auf dem Server ist nicht genug Speicherplatz für diese Datei frei. Es wurde nichts importiert.";
        /// The disk of the database is full.
        DatabaseFull = "no_space_for_import",
            "The disk of the database is full. Nothing was imported. Free some space, then import the file again.",
            "Die Festplatte der Datenbank ist voll. Es wurde nichts importiert. Geben Sie Speicherplatz frei und importieren Sie \
             die Datei dann erneut.";
        /// The file cannot be stored.
        CannotStore { reason: String } = "cannot_store_upload",
            "The file cannot be stored on the server, so nothing was imported: {reason}.",
            "Die Datei kann auf dem Server nicht gespeichert werden, deshalb wurde nichts importiert: {reason}.";
        /// The form has no file.
        NoFile = "no_file",
            "Choose a file.",
            "Wählen Sie eine Datei aus.";
        /// The file is empty.
        EmptyFile = "empty_file",
            "The file is empty. Nothing was imported.",
            "Die Datei ist leer. Es wurde nichts importiert.";
        /// The database is of this program.
        OwnDatabase = "own_database",
            "This is a database of Motion Export itself. Export its events as CSV, and import that file. Nothing was imported.",
            "Das ist eine Datenbank von Motion Export selbst. Exportieren Sie deren Ereignisse als CSV-Datei und importieren Sie \
             diese. Es wurde nichts importiert.";
        /// The database is of another program.
        UnknownDatabase = "unknown_database",
            "This is an SQLite database, but neither ArgusAI's nor Frigate's. Nothing was imported.",
            "Das ist eine SQLite-Datenbank, aber weder die von ArgusAI noch die von Frigate. Es wurde nichts importiert.";
        /// The database is damaged or encrypted.
        DatabaseDamaged = "upload_damaged",
            "The database is damaged or encrypted. Nothing was imported.",
            "Die Datenbank ist beschädigt oder verschlüsselt. Es wurde nichts importiert.";
        /// The database cannot be read.
        DatabaseUnreadable { reason: String } = "upload_unreadable",
            "The database cannot be read, so nothing was imported: {reason}.",
            "Die Datenbank ist nicht lesbar, deshalb wurde nichts importiert: {reason}.";
        /// A detect size cannot be read.
        DetectExpected { value: String } = "detect_expected",
            "“{value}” is not a detect size. Write 1280x720 for all cameras, or front=1280x720 for one.",
            "„{value}“ ist keine Detect-Größe. Schreiben Sie 1280x720 für alle Kameras oder front=1280x720 für eine.";
        /// Two detect sizes contradict each other.
        DetectTwice = "detect_twice",
            "A camera has two detect sizes. Give one.",
            "Eine Kamera hat zwei Detect-Größen. Geben Sie eine an.";
        /// The upload has stopped.
        UploadCut = "upload_cut",
            "The upload stopped before the file was complete. Nothing was imported.",
            "Das Hochladen brach ab, bevor die Datei vollständig war. Es wurde nichts importiert.";
        /// The import has failed.
        ImportFailed { reason: String } = "import_failed",
            "Nothing was imported: {reason}.",
            "Es wurde nichts importiert. Der Grund, auf Englisch: {reason}.";
    }
}
