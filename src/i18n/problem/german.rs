//! What went wrong, in German, as far as a page may say so in the browser. Sentences that only the server renders belong in
//! `german_forms`, which is not in the WASM.

/// English sentences and German ones, with their values in the same order. Where one pattern is a part of another, the
/// longer one comes first.
pub(super) static GERMAN: &[(&str, &str)] = &[
    // Signing in, and who may do what.
    (
        "You are not signed in. Sign in on the page, or send an access token in the header Authorization: Bearer …, or as \
         the password of HTTP Basic.",
        "Sie sind nicht angemeldet. Melden Sie sich auf der Seite an, oder senden Sie ein Zugriffstoken im Header \
         Authorization: Bearer … oder als Passwort von HTTP Basic.",
    ),
    (
        "The Authorization header holds no access token that works: it may have expired or been revoked. Make one under \
         Settings → Access tokens.",
        "Der Header Authorization enthält kein gültiges Zugriffstoken: Es ist vielleicht abgelaufen oder widerrufen. \
         Erstellen Sie eines unter Einstellungen → Zugriffstoken.",
    ),
    (
        "This request comes from another site, so nothing was done. Open the page on this server itself and try again.",
        "Diese Anfrage kommt von einer anderen Website, deshalb wurde nichts getan. Öffnen Sie die Seite auf diesem Server \
         selbst und versuchen Sie es erneut.",
    ),
    (
        "The database cannot be reached at the moment, so nobody can be known. Try again in a while.",
        "Die Datenbank ist im Moment nicht erreichbar, deshalb kann niemand erkannt werden. Versuchen Sie es etwas später \
         erneut.",
    ),
    // People.
    (
        "There is no such person. They may have been removed.",
        "Diese Person gibt es nicht. Vielleicht wurde sie entfernt.",
    ),
    // Tokens and links.
    (
        "This link does not work: it has expired, was altered, or its owner has signed out since. Ask for a new one.",
        "Dieser Link funktioniert nicht: Er ist abgelaufen, wurde verändert, oder wer ihn erstellt hat, hat sich seither \
         abgemeldet. Bitten Sie um einen neuen.",
    ),
    (
        "A link works for 1 to {} minutes. Write a number of them.",
        "Ein Link ist 1 bis {} Minuten gültig. Geben Sie eine solche Zahl ein.",
    ),
    (
        "This selection is too long for a link. Choose fewer cameras.",
        "Diese Auswahl ist zu lang für einen Link. Wählen Sie weniger Kameras.",
    ),
    // Selections and records.
    (
        "The start, {}, is after the end, {}. Choose a start on or before the end.",
        "Der Anfang, {}, liegt nach dem Ende, {}. Wählen Sie einen Anfang, der nicht nach dem Ende liegt.",
    ),
    (
        "“{}” is no day of the calendar. Write a day as YYYY-MM-DD, such as 2025-12-01, or a moment as RFC 3339, such as \
         2025-12-01T08:30:00Z.{}",
        "„{}“ ist kein Tag des Kalenders. Schreiben Sie einen Tag als JJJJ-MM-TT, zum Beispiel 2025-12-01, oder einen \
         Zeitpunkt nach RFC 3339, zum Beispiel 2025-12-01T08:30:00Z.",
    ),
    (
        "“{}” is no date. Write a day as YYYY-MM-DD, such as 2025-12-01, or a moment as RFC 3339, such as \
         2025-12-01T08:30:00Z.{}",
        "„{}“ ist kein Datum. Schreiben Sie einen Tag als JJJJ-MM-TT, zum Beispiel 2025-12-01, oder einen Zeitpunkt nach \
         RFC 3339, zum Beispiel 2025-12-01T08:30:00Z.",
    ),
    (
        "There is no time zone “{}”. Use an IANA name such as UTC, Europe/Berlin or America/Los_Angeles.",
        "Eine Zeitzone „{}“ gibt es nicht. Verwenden Sie einen IANA-Namen wie UTC, Europe/Berlin oder America/Los_Angeles.",
    ),
    (
        "There is no camera “{}”. Leave camera_id out to export all cameras.",
        "Eine Kamera „{}“ gibt es nicht. Lassen Sie camera_id weg, um alle Kameras zu exportieren.",
    ),
    (
        "The page selects whole days, and writes cells with the guard against formulas. The URL of the export takes moments \
         and raw.",
        "Die Seite wählt ganze Tage aus und schreibt Zellen mit dem Schutz gegen Formeln. Zeitpunkte und raw nimmt die URL \
         des Exports.",
    ),
    ("“{}” is not offered. The only format is csv.", "„{}“ wird nicht angeboten. Das einzige Format ist csv."),
    ("“{}” is neither true nor false.", "„{}“ ist weder true noch false."),
    (
        "There is no such parameter. This address takes none.",
        "Diesen Parameter gibt es nicht. Diese Adresse nimmt keine an.",
    ),
    ("There is no such parameter. Allowed: {}.", "Diesen Parameter gibt es nicht. Erlaubt sind: {}."),
    ("This parameter may be given once only.", "Dieser Parameter darf nur einmal angegeben werden."),
    ("“{}” is no state. The states are {}.", "„{}“ ist kein Status. Möglich sind {}."),
    (
        "A SHA-256 has 64 hexadecimal digits, as sha256sum prints it.",
        "Ein SHA-256-Wert hat 64 hexadezimale Ziffern, wie sha256sum ihn ausgibt.",
    ),
    (
        "This is no place in the list. Take `next` of the answer before.",
        "Das ist keine Stelle in der Liste. Nehmen Sie „next“ aus der vorigen Antwort.",
    ),
    ("Write a number from 1 to {}.", "Geben Sie eine Zahl von 1 bis {} an."),
    (
        "There is no such export record, or not for you.",
        "Diesen Exporteintrag gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    ),
    // Exports that do not begin.
    (
        "The server is making {} exports, which is as many as it may at once. Try again in a while.",
        "Der Server erstellt gerade {} Exporte, mehr darf er nicht auf einmal. Versuchen Sie es etwas später erneut.",
    ),
    (
        "You have {} exports running, which is as many as you may at once. Wait until one of them has ended, or cancel one.",
        "Von Ihnen laufen {} Exporte, mehr dürfen es nicht auf einmal sein. Warten Sie, bis einer davon beendet ist, oder \
         brechen Sie einen ab.",
    ),
    (
        "The database cannot be written to at the moment, so no export can begin. Try again in a while.",
        "In die Datenbank kann zurzeit nicht geschrieben werden, deshalb kann kein Export beginnen. Versuchen Sie es später \
         noch einmal.",
    ),
    (
        "The database cannot be used, so no export can begin. The log of the server tells more.",
        "Die Datenbank kann nicht verwendet werden, deshalb kann kein Export beginnen. Mehr steht im Protokoll des Servers.",
    ),
    (
        "The export cannot be recorded at the moment, so it does not begin: the database is away, full, or being written \
         to by somebody else, such as an import. Try again in a while.",
        "Der Export kann im Moment nicht festgehalten werden und beginnt deshalb nicht: Die Datenbank ist nicht erreichbar \
         oder voll, oder es wird gerade in sie geschrieben, etwa durch einen Import. Versuchen Sie es etwas später erneut.",
    ),
    (
        "An export needs HTTP/1.1 or newer: in older versions a file that was cut off looks whole. In nginx, set \
         proxy_http_version 1.1.",
        "Ein Export braucht HTTP/1.1 oder neuer: In älteren Versionen sieht eine abgeschnittene Datei vollständig aus. \
         Setzen Sie in nginx proxy_http_version 1.1.",
    ),
    // Requests that are not what HTTP allows.
    (
        "The request did not come in time. Send it again.",
        "Die Anfrage ist nicht rechtzeitig angekommen. Senden Sie sie erneut.",
    ),
    (
        "The body of the request did not arrive whole. Send it again.",
        "Der Inhalt der Anfrage ist nicht vollständig angekommen. Senden Sie sie erneut.",
    ),
    (
        "The request target must be a path that begins with a slash, or a whole URL.",
        "Das Ziel der Anfrage muss ein Pfad sein, der mit einem Schrägstrich beginnt, oder eine vollständige URL.",
    ),
    (
        "The request has more than one Host header. Send exactly one.",
        "Die Anfrage hat mehr als einen Host-Header. Senden Sie genau einen.",
    ),
    (
        "The Host header must be a host name or an address, and a port if that is not the usual one.",
        "Der Host-Header muss ein Servername oder eine Adresse sein, mit einem Port, wenn es nicht der übliche ist.",
    ),
    (
        "The request has no Host header, which HTTP/1.1 requires. Send one.",
        "Die Anfrage hat keinen Host-Header, den HTTP/1.1 verlangt. Senden Sie einen.",
    ),
    (
        "The request target must be a path, or a URL with http or https.",
        "Das Ziel der Anfrage muss ein Pfad sein oder eine URL mit http oder https.",
    ),
    (
        "The target of the request names a host that cannot be one.",
        "Das Ziel der Anfrage nennt einen Servernamen, den es nicht geben kann.",
    ),
    (
        "The Host header and the target of the request name different hosts. Name the same in both.",
        "Der Host-Header und das Ziel der Anfrage nennen verschiedene Server. Nennen Sie in beiden denselben.",
    ),
    (
        "Months of events were taken out meanwhile. Try again.",
        "Inzwischen wurden Monate von Ereignissen herausgenommen. Versuchen Sie es erneut.",
    ),
    (
        "The database did not give the first events within {} s, and was told to stop looking. Ask for fewer days or fewer \
         cameras, or try again when there is less to do.",
        "Die Datenbank hat die ersten Ereignisse nicht innerhalb von {} s geliefert und musste die Suche beenden. Wählen \
         Sie weniger Tage oder weniger Kameras, oder versuchen Sie es erneut, wenn der Server weniger ausgelastet ist.",
    ),
    // Also of previews: why somebody may no longer see what was asked for.
    ("The user was removed.", "Das Benutzerkonto wurde entfernt."),
    (
        "The access token has expired. Create a new one and try again.",
        "Das Zugriffstoken ist abgelaufen. Erstellen Sie ein neues und versuchen Sie es erneut.",
    ),
    (
        "The access token was revoked. Use another one.",
        "Das Zugriffstoken wurde widerrufen. Verwenden Sie ein anderes.",
    ),
    (
        "The session has reached its maximum age (accounts.session_max_hours). Sign in and try again.",
        "Die Sitzung hat ihre Höchstdauer erreicht (accounts.session_max_hours). Melden Sie sich an und versuchen Sie es \
         erneut.",
    ),
    (
        "The session was ended: the user signed out, or the password was changed. Sign in and try again.",
        "Die Sitzung wurde beendet, weil Sie sich abgemeldet haben oder das Passwort geändert wurde. Melden Sie sich an und \
         versuchen Sie es erneut.",
    ),
    (
        "The session that signed the link has reached its maximum age (accounts.session_max_hours). Ask for a new link.",
        "Die Sitzung, in der der Link erstellt wurde, hat ihre Höchstdauer erreicht (accounts.session_max_hours). Bitten \
         Sie um einen neuen Link.",
    ),
    (
        "The session that signed the link was ended: its user signed out, or the password was changed. Ask for a new link.",
        "Die Sitzung, in der der Link erstellt wurde, ist beendet: Die Person hat sich abgemeldet, oder das Passwort wurde \
         geändert. Bitten Sie um einen neuen Link.",
    ),
    (
        "Access to a camera of this selection was revoked. Choose among the cameras that you see now.",
        "Der Zugriff auf eine Kamera dieser Auswahl wurde entzogen. Wählen Sie unter den Kameras, die Sie jetzt sehen.",
    ),
    (
        "The user is no longer an administrator, who sees all cameras. Choose among the cameras that you see now.",
        "Das Konto hat keine Administratorrechte mehr und sieht nicht mehr alle Kameras. Wählen Sie unter den Kameras, die \
         Sie jetzt sehen.",
    ),
    (
        "Months of events were detached while the export ran; export again.",
        "Während des Exports wurden Monate von Ereignissen herausgenommen; exportieren Sie erneut.",
    ),
    (
        "The database gave no page within {} s (export.page_timeout_seconds).",
        "Die Datenbank lieferte innerhalb von {} s keine Seite (export.page_timeout_seconds).",
    ),
    (
        "The events could not be read from the database. The server's log tells more.",
        "Die Ereignisse konnten nicht aus der Datenbank gelesen werden. Mehr steht im Protokoll des Servers.",
    ),
    ("An event could not be written: {}.", "Ein Ereignis konnte nicht geschrieben werden: {}."),
    // The server and its preferences.
    (
        "The database cannot be reached at the moment. Try again in a while.",
        "Die Datenbank ist im Moment nicht erreichbar. Versuchen Sie es etwas später erneut.",
    ),
    (
        "A value has the character U+0000 in it, which no value may have.",
        "Eine Angabe enthält das Zeichen U+0000, das nirgends vorkommen darf.",
    ),
    (
        "The server is being stopped. Try again in a while.",
        "Der Server wird gerade angehalten. Versuchen Sie es etwas später erneut.",
    ),
    (
        "The server could not be reached. Check the connection and try again.",
        "Der Server war nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es erneut.",
    ),
    (
        "The server answered with status {} and no file. Try again, or tell its operator.",
        "Der Server hat mit dem Status {} und keiner Datei geantwortet. Versuchen Sie es erneut, oder wenden Sie sich an \
         den Betreiber.",
    ),
    (
        "Something went wrong in the server. Its log tells more, under the request id of this answer. Request id: {}.",
        "Im Server ist etwas schiefgegangen. Mehr steht in seinem Protokoll, unter der Anfrage-ID dieser Antwort. \
         Anfrage-ID: {}.",
    ),
    (
        "Something went wrong in the server. Its log tells more, under the request id of this answer.",
        "Im Server ist etwas schiefgegangen. Mehr steht in seinem Protokoll, unter der Anfrage-ID dieser Antwort.",
    ),
    ("The body must be text in UTF-8.", "Der Inhalt der Anfrage muss Text in UTF-8 sein."),
    ("There is nothing at this address.", "Unter dieser Adresse gibt es nichts."),
];
