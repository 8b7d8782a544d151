//! Why the ingest endpoint refuses an event or a request. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why the ingest endpoint refuses an event or a request.
    pub enum IngestMessage {
        /// A required field is missing.
        MissingField { field: String } = "missing_field",
            "The field {field} is missing or empty.",
            "Das Feld {field} fehlt oder ist leer.";
        /// A field has a name that is not known.
        UnknownField { name: String, known: String } = "unknown_field",
            "There is no field “{name}”. Known: {known}.",
            "Das Feld „{name}“ gibt es nicht. Bekannt sind: {known}.";
        /// A field occurs twice.
        RepeatedField = "repeated_field",
            "The field occurs more than once. Send it once.",
            "Das Feld kommt mehrmals vor. Senden Sie es einmal.";
        /// A field is a list, an object or a boolean.
        NeitherTextNorNumber = "neither_text_nor_number",
            "The value must be a text or a number.",
            "Der Wert muss ein Text oder eine Zahl sein.";
        /// An item of the list is not an object.
        NotAnObject = "not_an_object",
            "The event must be a JSON object with its fields.",
            "Das Ereignis muss ein JSON-Objekt mit seinen Feldern sein.";
        /// The time cannot be read.
        NotATime { value: String } = "not_a_time",
            "“{value}” is not a time. Send RFC 3339, such as 2026-11-28T21:00:00+01:00, or the seconds, milliseconds or \
             microseconds since 1970.",
            "„{value}“ ist keine Zeit. Senden Sie RFC 3339, etwa 2026-11-28T21:00:00+01:00, oder die Sekunden, Millisekunden \
             oder Mikrosekunden seit 1970.";
        /// The time has no offset.
        NoOffset { value: String } = "no_offset",
            "“{value}” has no offset from UTC. Append one, such as +01:00 or Z.",
            "„{value}“ hat keinen Abstand zu UTC. Hängen Sie einen an, etwa +01:00 oder Z.";
        /// The time is too long ago.
        TooEarly { value: String } = "too_early",
            "“{value}” is before 2000-01-01. Check the sender's clock.",
            "„{value}“ liegt vor dem 1.1.2000. Prüfen Sie die Uhr des Senders.";
        /// The time is in the future.
        InFuture { value: String } = "in_future",
            "“{value}” is more than 24 hours in the future. Check the sender's clock.",
            "„{value}“ liegt mehr als 24 Stunden in der Zukunft. Prüfen Sie die Uhr des Senders.";
        /// A text is too long.
        TooLong { max: usize } = "too_long",
            "The value is longer than {max} characters.",
            "Der Wert ist länger als {max} Zeichen.";
        /// A text has a control character.
        ControlCharacter = "control_character",
            "The value contains a control character, such as a line break.",
            "Der Wert enthält ein Steuerzeichen, etwa einen Zeilenumbruch.";
        /// The confidence cannot be read.
        ConfidenceOutOfRange { value: String } = "confidence_out_of_range",
            "“{value}” is not a number from 0 to 100, with a decimal point.",
            "„{value}“ ist keine Zahl von 0 bis 100 mit Dezimalpunkt.";
        /// A side of the box is not a whole number.
        NotWhole { value: String } = "not_whole",
            "“{value}” is not a whole number of pixels.",
            "„{value}“ ist keine ganze Zahl von Pixeln.";
        /// A part of the box is missing.
        BoxIncomplete = "box_incomplete",
            "The bounding box is incomplete. Send width and height with x or center_x and y or center_y, or none of them.",
            "Der Rahmen ist unvollständig. Senden Sie width und height mit x oder center_x und y oder center_y, oder nichts \
             davon.";
        /// A side of the box is negative.
        NegativeSize = "negative_size",
            "Width and height cannot be negative.",
            "Breite und Höhe können nicht negativ sein.";
        /// Both the edge and the centre of the box are given.
        EdgeAndCenter = "edge_and_center",
            "Send either the edge (x, y) or the centre (center_x, center_y), not both.",
            "Senden Sie entweder die Kante (x, y) oder die Mitte (center_x, center_y), nicht beides.";
        /// The camera does not exist, or the user may not see it.
        CameraNotFound = "camera_not_found",
            "The camera does not exist, or this token's user may not see it. Tokens of administrators create cameras.",
            "Diese Kamera gibt es nicht, oder die Person, der das Token gehört, darf sie nicht sehen. Token von \
             Administratoren legen Kameras an.";
        /// No more cameras are created.
        TooManyCameras { max: u64 } = "too_many_cameras",
            "There are {max} cameras, and no more are created. Check whether camera_id is the same for each event of a camera.",
            "Es gibt {max} Kameras, und mehr werden nicht angelegt. Prüfen Sie, ob camera_id für alle Ereignisse einer Kamera \
             gleich ist.";
        /// The body cannot be parsed.
        InvalidJson { reason: String } = "invalid_json",
            "The body is not valid JSON, so nothing was stored: {reason}.",
            "Der Inhalt ist kein gültiges JSON, deshalb wurde nichts gespeichert: {reason}.";
        /// A line of the body cannot be parsed.
        InvalidJsonLine { line: usize, reason: String } = "invalid_json_line",
            "Line {line} of the body is not valid JSON, so nothing was stored: {reason}.",
            "Zeile {line} des Inhalts ist kein gültiges JSON, deshalb wurde nichts gespeichert: {reason}.";
        /// The body is JSON, but holds no events.
        NoEvents = "no_events",
            "The body must be one event as a JSON object, a list of events, or an object with a list named events. Nothing \
             was stored.",
            "Der Inhalt muss ein Ereignis als JSON-Objekt, eine Liste von Ereignissen oder ein Objekt mit einer Liste namens \
             events sein. Es wurde nichts gespeichert.";
        /// A form field holds JSON.
        JsonAsForm = "json_as_form",
            "The body is JSON, but the Content-Type is that of a form. Send the header Content-Type: application/json. \
             Nothing was stored.",
            "Der Inhalt ist JSON, aber Content-Type ist der eines Formulars. Senden Sie den Header Content-Type: \
             application/json. Es wurde nichts gespeichert.";
        /// The body is not valid gzip.
        InvalidGzip = "invalid_gzip",
            "The body is not valid gzip, or incomplete. Nothing was stored.",
            "Der Inhalt ist kein gültiges oder kein vollständiges gzip. Es wurde nichts gespeichert.";
        /// The payload of a webhook is not known.
        UnknownPayload = "unknown_payload",
            "The payload is neither one of UniFi Protect or Shinobi nor one of the ingest endpoint. Nothing was stored.",
            "Der Inhalt ist weder einer von UniFi Protect oder Shinobi noch einer der Ereignisannahme. Es wurde nichts \
             gespeichert.";
        /// The body has too many events or bytes.
        BodyTooLarge { max_events: usize, max_bytes: usize } = "body_too_large",
            "A request can have {max_events} events and {max_bytes} bytes, also after decompression. Nothing was stored; send \
             the events in several requests.",
            "Eine Anfrage kann {max_events} Ereignisse und {max_bytes} Byte haben, auch entpackt. Es wurde nichts gespeichert; \
             senden Sie die Ereignisse in mehreren Anfragen.";
        /// The body has another type or encoding.
        UnsupportedBody = "unsupported_body",
            "Send application/json, application/x-ndjson or application/x-www-form-urlencoded, uncompressed or with \
             Content-Encoding: gzip.",
            "Senden Sie application/json, application/x-ndjson oder application/x-www-form-urlencoded, unkomprimiert oder mit \
             Content-Encoding: gzip.";
        /// Some events were refused.
        EventsRejected { rejected: usize } = "events_rejected",
            "{rejected} events were refused; rejected says which and why. The others are stored.",
            "{rejected} Ereignisse wurden abgelehnt; rejected sagt, welche und warum. Die anderen sind gespeichert.";
        /// The token sends too many requests.
        TooManyRequests { seconds: u32 } = "too_many_requests",
            "Too many requests with this token. Try again in {seconds} s, or send several events in one request.",
            "Zu viele Anfragen mit diesem Token. Versuchen Sie es in {seconds} s erneut, oder senden Sie mehrere Ereignisse in \
             einer Anfrage.";
        /// The events could not be stored.
        NotStored = "not_stored",
            "The events cannot be stored at the moment: the database is unavailable, full, or locked by another writer, such \
             as an import. Send them again later; none is stored twice.",
            "Die Ereignisse können im Moment nicht gespeichert werden: Die Datenbank ist nicht erreichbar, voll oder durch einen \
             anderen Vorgang gesperrt, etwa einen Import. Senden Sie sie später erneut; keines wird doppelt gespeichert.";
        /// Another credential was sent to the ingest endpoint.
        WriteTokenNeeded = "write_token_needed",
            "Events can be sent only with an access token that was created to send events.",
            "Ereignisse können nur mit einem Zugriffstoken gesendet werden, das zum Senden von Ereignissen erstellt wurde.";
        /// A write token was sent to another endpoint.
        WriteTokenOnlyWrites = "write_token_only_writes",
            "This access token can only send events, to POST /api/v1/motion-events.",
            "Dieses Zugriffstoken kann nur Ereignisse senden, an POST /api/v1/motion-events.";
    }
}
