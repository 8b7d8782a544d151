//! Errors in the parameters of a URL. Server and browser both check them.

use super::define::messages;

/// The code of [`ParameterMessage::DatesReversed`].
pub const DATES_REVERSED: &str = "dates_reversed";

messages! {
    /// An error in a parameter of a URL.
    pub enum ParameterMessage {
        /// A flag is neither `true` nor `false`.
        FlagExpected { value: String } = "flag_expected",
            "“{value}” is neither true nor false.",
            "„{value}“ ist weder true noch false.";
        /// The text has the form of a day, but the calendar does not have that day.
        NoSuchDay { value: String } = "no_such_day",
            "“{value}” is not a day of the calendar. Write a day as YYYY-MM-DD, such as 2025-12-01, or a moment as RFC 3339, \
             such as 2025-12-01T08:30:00Z.",
            "„{value}“ ist kein gültiger Tag. Schreiben Sie einen Tag als JJJJ-MM-TT, zum Beispiel 2025-12-01, oder \
             einen Zeitpunkt nach RFC 3339, zum Beispiel 2025-12-01T08:30:00Z.";
        /// The text is neither a day nor a moment.
        DateExpected { value: String } = "date_expected",
            "“{value}” is not a date. Write a day as YYYY-MM-DD, such as 2025-12-01; a time, such as 2025-12-01T08:30 or \
             2025-12-01T08:30:00Z; or a relative date, such as -7d, -24h, yesterday or last-month.",
            "„{value}“ ist kein Datum. Schreiben Sie einen Tag als JJJJ-MM-TT, zum Beispiel 2025-12-01, einen Zeitpunkt \
             wie 2025-12-01T08:30 oder 2025-12-01T08:30:00Z, oder ein relatives Datum wie -7d, -24h, yesterday oder \
             last-month.";
        /// The same, with a space: a `+` in a URL is decoded as one.
        DateWithSpace { value: String } = "date_with_space",
            "“{value}” is not a date. Write a day as YYYY-MM-DD, such as 2025-12-01, or a moment as RFC 3339, such as \
             2025-12-01T08:30:00Z. In a URL, a + is written as %2B.",
            "„{value}“ ist kein Datum. Schreiben Sie einen Tag als JJJJ-MM-TT, zum Beispiel 2025-12-01, oder einen \
             Zeitpunkt nach RFC 3339, zum Beispiel 2025-12-01T08:30:00Z. In einer URL schreibt man + als %2B.";
        /// The time zone is an abbreviation, which may mean several zones.
        TimezoneAbbreviated { abbreviation: String, zones: String } = "timezone_abbreviated",
            "“{abbreviation}” is an abbreviation and may mean several time zones. Use the name of the zone, such as: {zones}.",
            "„{abbreviation}“ ist eine Abkürzung und kann mehrere Zeitzonen bedeuten. Verwenden Sie den Namen der Zeitzone, \
             zum Beispiel: {zones}.";
        /// The range ends before it begins.
        DatesReversed { start: String, end: String } = "dates_reversed",
            "The start, {start}, is after the end, {end}. Choose a start on or before the end.",
            "Der Anfang, {start}, liegt nach dem Ende, {end}. Wählen Sie einen Anfang, der nicht nach dem Ende liegt.";
        /// The time zone does not exist.
        NoSuchTimezone { timezone: String } = "no_such_timezone",
            "There is no time zone “{timezone}”. Use an IANA name such as UTC, Europe/Berlin or America/Los_Angeles.",
            "Eine Zeitzone „{timezone}“ gibt es nicht. Verwenden Sie einen IANA-Namen wie UTC, Europe/Berlin oder \
             America/Los_Angeles.";
        /// The camera does not exist, or the user does not see it.
        NoSuchCamera { camera: String } = "no_such_camera",
            "There is no camera “{camera}”. Leave camera_id out to export all cameras.",
            "Eine Kamera „{camera}“ gibt es nicht. Lassen Sie camera_id weg, um alle Kameras zu exportieren.";
        /// Another error, with the name of its parameter.
        InParameter { field: String, text: String } = "in_parameter",
            "{field}: {text}",
            "{field}: {text}";
        /// The page does not show this parameter.
        NotOnThePage = "not_on_the_page",
            "The page selects days and local times to the second, and writes cells with the guard against formulas. The \
             export URL supports fractions of seconds and raw.",
            "Die Seite wählt Tage und Ortszeiten auf die Sekunde genau aus und schreibt Zellen mit dem Schutz gegen \
             Formeln. Bruchteile von Sekunden und raw unterstützt die Export-URL.";
        /// Only CSV is offered.
        FormatNotOffered { value: String } = "format_not_offered",
            "“{value}” is not supported. The only format is csv.",
            "„{value}“ wird nicht unterstützt. Das einzige Format ist csv.";
        /// There is no such delimiter.
        DelimiterNotOffered { value: String } = "delimiter_not_offered",
            "“{value}” is not supported. The delimiter is comma or semicolon.",
            "„{value}“ wird nicht unterstützt. Das Trennzeichen ist comma oder semicolon.";
        /// The parameter does not exist, and the endpoint has none.
        NoParameters = "no_parameters",
            "Unknown parameter. This address has no parameters.",
            "Unbekannter Parameter. Diese Adresse hat keine Parameter.";
        /// The parameter does not exist.
        UnknownParameter { allowed: String } = "unknown_parameter",
            "Unknown parameter. Allowed: {allowed}.",
            "Unbekannter Parameter. Erlaubt sind: {allowed}.";
        /// The parameter was given more than once.
        GivenTwice = "given_twice",
            "This parameter may be given only once.",
            "Dieser Parameter darf nur einmal angegeben werden.";
        /// The state of an export does not exist.
        UnknownState { value: String, allowed: String } = "unknown_state",
            "“{value}” is not a state. Allowed: {allowed}.",
            "„{value}“ ist kein Status. Erlaubt sind: {allowed}.";
        /// The text is not a SHA-256.
        DigestExpected = "digest_expected",
            "A SHA-256 has 64 hexadecimal digits, as sha256sum prints it.",
            "Ein SHA-256-Wert hat 64 hexadezimale Ziffern, wie sha256sum ihn ausgibt.";
        /// The text is not the name of a file of events.
        FileNameExpected = "file_name_expected",
            "This is not the name of an exported file, such as motion-events-2025-12-01-2025-12-16.csv.",
            "Das ist nicht der Name einer exportierten Datei wie motion-events-2025-12-01-2025-12-16.csv.";
        /// The cursor does not come from a list.
        CursorExpected = "cursor_expected",
            "This is not a position in the list. Use `next` of the previous response.",
            "Das ist keine Stelle in der Liste. Verwenden Sie „next“ aus der vorigen Antwort.";
        /// The number is too small, too large, or not a number.
        NumberOutOfRange { max: u64 } = "number_out_of_range",
            "Enter a number from 1 to {max}.",
            "Geben Sie eine Zahl von 1 bis {max} an.";
    }
}
