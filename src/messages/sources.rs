//! Why a live source cannot be read, and why its events were left out or repaired. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why a live source cannot be read, and why its events were left out or repaired.
    pub enum SourceMessage {
        /// No connection.
        Unreachable { url: String, detail: String } = "source_unreachable",
            "{url} cannot be reached: {detail}.",
            "{url} ist nicht erreichbar: {detail}.";
        /// No response in time.
        TimedOut { url: String } = "source_timed_out",
            "{url} did not respond in time.",
            "{url} hat nicht rechtzeitig geantwortet.";
        /// The response ended early.
        CutOff { url: String } = "source_cut_off",
            "The response of {url} ended early.",
            "Die Antwort von {url} brach ab.";
        /// The response is too large.
        TooLarge { url: String, max_megabytes: u64 } = "source_too_large",
            "The response of {url} is larger than {max_megabytes} MB.",
            "Die Antwort von {url} ist größer als {max_megabytes} MB.";
        /// The certificate is not trusted.
        CertificateNotTrusted { url: String } = "source_certificate_not_trusted",
            "The certificate of {url} is not trusted. Save it, or that of its authority, in a file, and set ca_file to the \
             path of that file.",
            "Dem Zertifikat von {url} wird nicht vertraut. Speichern Sie es, oder das seiner Zertifizierungsstelle, in einer \
             Datei, und setzen Sie ca_file auf deren Pfad.";
        /// A status that is an error.
        WrongStatus { url: String, status: u16 } = "source_wrong_status",
            "{url} responded with status {status}.",
            "{url} antwortete mit dem Status {status}.";
        /// A redirect.
        Redirected { url: String, location: String } = "source_redirected",
            "{url} redirects to {location}. Set url to the address where Frigate is.",
            "{url} leitet zu {location} weiter. Setzen Sie url auf die Adresse von Frigate.";
        /// It is no Frigate.
        NotFrigate { url: String } = "source_not_frigate",
            "The response of {url} is not one of Frigate's API. Check url.",
            "Die Antwort von {url} stammt nicht von der Schnittstelle von Frigate. Prüfen Sie url.";
        /// A user is needed.
        SignInRequired { url: String } = "source_sign_in_required",
            "{url} requires a user. Set user and password, or use port 5000, which needs neither.",
            "{url} verlangt eine Anmeldung. Setzen Sie user und password, oder nehmen Sie Port 5000, der keine braucht.";
        /// The user is not accepted.
        SignInRefused { url: String, user: String } = "source_sign_in_refused",
            "{url} does not accept the user {user} with this password.",
            "{url} nimmt {user} mit diesem Passwort nicht an.";
        /// The user may not read events.
        Forbidden { url: String } = "source_forbidden",
            "The user may not read events of {url}. The role viewer is enough.",
            "{url} lässt diesen Benutzer keine Ereignisse lesen. Die Rolle viewer genügt.";
        /// The database cannot be read.
        DatabaseUnreadable { location: String, detail: String } = "source_database_unreadable",
            "{location} cannot be read: {detail}.",
            "{location} ist nicht lesbar: {detail}.";
        /// The database is one of Frigate.
        DatabaseOfFrigate { location: String } = "source_database_of_frigate",
            "{location} is a database of Frigate. Follow Frigate itself with `kind = \"frigate\"` and its url, or import the file \
             with `import frigate`.",
            "{location} ist eine Datenbank von Frigate. Verfolgen Sie Frigate selbst mit `kind = \"frigate\"` und url, oder \
             importieren Sie die Datei mit `import frigate`.";
        /// The database is one of this program.
        DatabaseOfThisProgram { location: String } = "source_database_of_this_program",
            "{location} is a database of Motion Export, not of ArgusAI. Set the path of ArgusAI's database.",
            "{location} ist eine Datenbank von Motion Export und nicht von ArgusAI. Geben Sie den Pfad der Datenbank von ArgusAI an.";
        /// The database has no such table.
        DatabaseLacksTable { location: String, table: String } = "source_database_lacks_table",
            "{location} is not a database of ArgusAI: it has no table {table}.",
            "{location} ist keine Datenbank von ArgusAI: Die Tabelle {table} fehlt.";
        /// A table of the database has no such column.
        DatabaseLacksColumn { location: String, table: String, column: String } = "source_database_lacks_column",
            "{location} is not a database of ArgusAI: its table {table} has no column {column}.",
            "{location} ist keine Datenbank von ArgusAI: In der Tabelle {table} fehlt die Spalte {column}.";
        /// The database is damaged, or none at all.
        DatabaseRefused { location: String, detail: String } = "source_database_refused",
            "{location} cannot be followed: {detail}.",
            "{location} kann nicht verfolgt werden: {detail}.";
        /// The file is on a network file system.
        NetworkFileSystem { location: String } = "source_network_file_system",
            "{location} is on a network file system, on which SQLite cannot be read while another program writes. Run this \
             server where the file is, or import a copy with `import argusai`.",
            "{location} liegt auf einem Netzwerkdateisystem, auf dem SQLite nicht gelesen werden kann, während ein anderes \
             Programm schreibt. Betreiben Sie diesen Server dort, wo die Datei liegt, oder importieren Sie eine Kopie mit \
             `import argusai`.";
        /// No program has the file open, and this one may not write beside it.
        DatabaseNotOpen { location: String } = "source_database_not_open",
            "{location} is read again when ArgusAI has it open: until then, SQLite would have to write a file beside it, and \
             this program may not.",
            "{location} wird wieder gelesen, sobald ArgusAI die Datei geöffnet hat: Bis dahin müsste SQLite eine Datei daneben \
             schreiben, und das darf dieses Programm nicht.";
        /// The MQTT broker is connected.
        MqttConnected { url: String, topic: String } = "mqtt_connected",
            "{url} is connected ({topic}).",
            "{url} ist verbunden ({topic}).";
        /// The broker wants a user.
        MqttUserRequired { url: String } = "mqtt_user_required",
            "{url} requires a user. Write it into mqtt, such as mqtt://user@broker:1883/frigate, and set mqtt_password.",
            "{url} verlangt eine Anmeldung. Tragen Sie in mqtt einen Benutzer ein, etwa mqtt://user@broker:1883/frigate, und \
             setzen Sie mqtt_password.";
        /// The broker does not accept the user.
        MqttUserRefused { url: String, user: String } = "mqtt_user_refused",
            "{url} does not accept the user {user} with this password. Check mqtt and mqtt_password.",
            "{url} nimmt {user} mit diesem Passwort nicht an. Prüfen Sie mqtt und mqtt_password.";
        /// The broker refuses for another reason.
        MqttRefused { url: String, detail: String } = "mqtt_refused",
            "{url} refuses the connection: {detail}.",
            "{url} lehnt die Verbindung ab: {detail}.";
        /// The broker does not let the user read the topic.
        MqttTopicNotAllowed { url: String, topic: String } = "mqtt_topic_not_allowed",
            "{url} does not let this user read the topic {topic}.",
            "{url} lässt diesen Benutzer das Thema {topic} nicht lesen.";
        /// The certificate of the broker is not trusted.
        MqttCertificateNotTrusted { url: String } = "mqtt_certificate_not_trusted",
            "The certificate of {url} is not trusted. Save it, or that of its authority, in a file, and set mqtt_ca_file to the \
             path of that file.",
            "Dem Zertifikat von {url} wird nicht vertraut. Speichern Sie es, oder das seiner Zertifizierungsstelle, in einer \
             Datei, und setzen Sie mqtt_ca_file auf deren Pfad.";
        /// The broker closed the connection.
        MqttClosed { url: String } = "mqtt_closed",
            "{url} has closed the connection.",
            "{url} hat die Verbindung geschlossen.";
        /// It is no broker, or has a message that cannot be read.
        MqttUnreadable { url: String } = "mqtt_unreadable",
            "{url} has sent something that is not MQTT 3.1.1, or a message of more than 1 MB. Check the port, and whether it is \
             mqtt:// or mqtts://.",
            "{url} hat etwas gesendet, das nicht MQTT 3.1.1 ist, oder eine Nachricht von mehr als 1 MB. Prüfen Sie den Port, und \
             ob es mqtt:// oder mqtts:// sein muss.";
        /// Another source has the camera.
        CameraOfAnotherSource = "camera_of_another_source",
            "Left out: another source has a camera with this id. Set camera_prefix for one of them.",
            "Ausgelassen: Eine andere Quelle hat eine Kamera mit derselben Kennung. Setzen Sie bei einer davon camera_prefix.";
        /// The camera is not known.
        CameraNotKnown = "camera_not_known",
            "Left out: the camera is not known here, and new_cameras is “refuse”.",
            "Ausgelassen: Die Kamera ist hier nicht bekannt, und new_cameras ist „refuse“.";
        /// It is a false positive.
        FalsePositive = "false_positive",
            "Left out: Frigate has marked it as a false positive.",
            "Ausgelassen: Frigate hat es als Fehlalarm gekennzeichnet.";
        /// It has no camera.
        EventWithoutCamera = "event_without_camera",
            "Left out: it has no camera.",
            "Ausgelassen: Es hat keine Kamera.";
        /// Its time cannot be read.
        TimeUnreadable = "time_unreadable",
            "Left out: its start time cannot be read.",
            "Ausgelassen: Seine Anfangszeit ist nicht lesbar.";
        /// It has not ended.
        NotEnded = "event_not_ended",
            "Not stored yet: it has not ended.",
            "Noch nicht gespeichert: Es ist nicht zu Ende.";
        /// It is no event.
        NotAnEvent = "not_an_event",
            "Left out: it is not an event.",
            "Ausgelassen: Es ist kein Ereignis.";
        /// Its time is not between 2000 and tomorrow.
        TimeOutOfBounds = "time_out_of_bounds",
            "Left out: its time is before 2000-01-01 or more than 24 hours in the future. Check the clock of the source.",
            "Ausgelassen: Seine Zeit liegt vor dem 1.1.2000 oder mehr als 24 Stunden in der Zukunft. Prüfen Sie die Uhr der \
             Quelle.";
        /// A text is too long.
        TextNotAccepted = "text_not_accepted",
            "Left out: a name in it is too long, or has a control character.",
            "Ausgelassen: Ein Name darin ist zu lang oder enthält ein Steuerzeichen.";
        /// Events of its time were deleted.
        TooOldToKeep = "too_old_to_keep",
            "Left out: events of its camera from this time were deleted, because they are no longer kept.",
            "Ausgelassen: Ereignisse seiner Kamera aus dieser Zeit wurden gelöscht, weil sie nicht länger aufbewahrt werden.";
        /// There are too many cameras.
        CameraLimit = "camera_limit",
            "Left out: its camera is new, and there are too many cameras.",
            "Ausgelassen: Seine Kamera ist neu, und es gibt zu viele Kameras.";
        /// Another value is wrong.
        ValueNotAccepted = "value_not_accepted",
            "Left out: it has a value that an event cannot have.",
            "Ausgelassen: Es hat einen Wert, den ein Ereignis nicht haben kann.";
        /// The time is that of the start.
        TimeOfStart = "time_of_start",
            "Stored with its start time, which may be some seconds early: its id has no time.",
            "Mit der Anfangszeit gespeichert, die einige Sekunden zu früh sein kann: Die Kennung enthält keine Zeit.";
        /// The data cannot be read.
        DataUnreadable = "data_unreadable",
            "Stored with the confidence and the bounding box of older versions: its data cannot be read.",
            "Mit Konfidenz und Rahmen älterer Versionen gespeichert: Seine Daten sind nicht lesbar.";
        /// The confidence cannot be read.
        ConfidenceUnreadable = "confidence_unreadable",
            "Stored without a confidence: it is not a number from 0 to 1.",
            "Ohne Konfidenz gespeichert: Sie ist keine Zahl von 0 bis 1.";
        /// The zones cannot be read.
        ZonesUnreadable = "zones_unreadable",
            "Stored without a zone: its zones are not a list of names.",
            "Ohne Zone gespeichert: Die Zonen sind keine Liste von Namen.";
        /// There is no label.
        LabelMissing = "label_missing",
            "Stored without a label.",
            "Ohne Bezeichnung gespeichert.";
        /// The box cannot be read.
        BoxUnreadable = "box_unreadable",
            "Stored without a bounding box: it cannot be read.",
            "Ohne Rahmen gespeichert: Er ist nicht lesbar.";
        /// The detect size is not known.
        BoxWithoutSize = "box_without_size",
            "Stored without a bounding box: Frigate's configuration has no detect size for the camera.",
            "Ohne Rahmen gespeichert: Die Konfiguration von Frigate hat keine Größe (detect) für die Kamera.";
        /// The box is not in whole pixels.
        BoxNotWhole = "box_not_whole",
            "Stored without a bounding box: it is not in whole pixels of the camera's detect size.",
            "Ohne Rahmen gespeichert: Er ist nicht in ganzen Pixeln der Größe (detect) der Kamera.";
        /// Another reason.
        OtherReason = "other_reason",
            "Stored with a value that was changed.",
            "Mit einem geänderten Wert gespeichert.";
    }
}

impl SourceMessage {
    /// Returns the code.
    pub fn code(&self) -> String {
        crate::messages::Message::from(self).code.into_owned()
    }
}
