//! The texts of the page of live sources.

use crate::api::language::Language;
use crate::api::sources::{Recipe, SourceState};

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub none: &'static str,
    pub state: fn(SourceState) -> &'static str,
    pub events_stored: &'static str,
    pub last_event: &'static str,
    pub last_contact: &'static str,
    pub complete_to: &'static str,
    pub clock: &'static str,
    pub clock_offset: fn(i64) -> String,
    pub last_error: &'static str,
    pub reasons: &'static str,
    pub gaps: &'static str,
    pub gap: fn(&str, &str) -> String,
    pub gap_hint: &'static str,
    pub not_known: &'static str,
    pub test: &'static str,
    pub test_named: fn(&str) -> String,
    pub tried: fn(&str) -> String,
    pub tried_nothing: &'static str,
    pub no_events: &'static str,
    pub camera: &'static str,
    pub detector: &'static str,
    pub time: &'static str,
    pub notes: &'static str,
    pub add: &'static str,
    pub add_lead: &'static str,
    pub retention: &'static str,
    pub make_token: &'static str,
    pub make_token_hint: &'static str,
    pub token_made: &'static str,
    pub steps: fn(Recipe) -> &'static [&'static str],
}

pub static ENGLISH: Texts = Texts {
    lead: "Where events come from by themselves, and up to when they are complete.",
    none: "There are no sources yet. Choose what you use below.",
    state: |state| match state {
        SourceState::NotFollowed => "Not followed yet",
        SourceState::CatchingUp => "Catching up",
        SourceState::Live => "Live",
        SourceState::Away => "Not reachable",
        SourceState::Refused => "Needs attention",
        SourceState::NotInSettings => "Not in the settings",
    },
    events_stored: "Events stored",
    last_event: "Last event",
    last_contact: "Last response",
    complete_to: "Complete up to",
    clock: "Clock",
    clock_offset: |seconds| {
        let direction = if seconds > 0 { "ahead of" } else { "behind" };
        format!("{} seconds {direction} this server. Times are stored as the source gives them.", seconds.abs())
    },
    last_error: "Last error",
    reasons: "Left out or changed",
    gaps: "Events may be missing",
    gap: |begin, end| format!("{begin} to {end}"),
    gap_hint: "The source was not read for a while and may have deleted events meanwhile.",
    not_known: "not known yet",
    test: "Test",
    test_named: |name| format!("Test {name}"),
    tried: |name| format!("The latest events of {name}"),
    tried_nothing: "Nothing was stored.",
    no_events: "The source has no events.",
    camera: "Camera",
    detector: "Detector",
    time: "Time",
    notes: "Note",
    add: "Add a source",
    add_lead: "Choose the program that detects motion.",
    retention: "Events stay here after the source has deleted them. How long is set under ",
    make_token: "Create a token and fill it in",
    make_token_hint: "The token sends events and can do nothing else.",
    token_made: "A token was created and is filled in below. It is shown only once.",
    steps: |recipe| match recipe {
        Recipe::Frigate => &[
            "Append this to the settings file (Leptos.toml), with the address of Frigate, and restart the server. Port 5000 needs \
             no sign-in; for port 8971, set user and password.",
        ],
        Recipe::ArgusAi => &[
            "Append this to the settings file (Leptos.toml), with the path of ArgusAI's database or its PostgreSQL URL, and restart \
             the server.",
        ],
        Recipe::Motion => &[
            "Write this to /etc/motion/export.curl, and let only Motion's user read it.",
            "Add this line to motion.conf.",
        ],
        Recipe::ZoneMinder => &[
            "Write this to /etc/zm/export.curl, and let only ZoneMinder's user (www-data) read it.",
            "Write this to /usr/local/bin/zm-to-motion-export and make it executable. /etc/zm/export.cnf has the user and the \
             password of a database user with SELECT on zm.Frames, in a section [client].",
            "In the options of ZoneMinder 1.38 and later, set this as the command at the end of an event (Event End Command) of \
             each monitor.",
        ],
        Recipe::BlueIris => &[
            "In the alerts of a camera, add the action Web request or MQTT with POST and this address.",
            "Set this as the text to post. Blue Iris fills in camera and object; the time is that of its arrival here.",
        ],
        Recipe::HomeAssistant => &["Add this to configuration.yaml.", "Add this automation, with your motion sensors."],
        Recipe::UnifiProtect => {
            &["In the Alarm Manager, add the action Webhook with the method POST and this address."]
        }
        Recipe::Shinobi => &["Set this address as the webhook of the notifications, with the method POST."],
        Recipe::Shell => &["Send an event from a shell."],
        Recipe::Python => &["Send up to 1,000 events, and try again until they are stored."],
    },
};

pub static GERMAN: Texts = Texts {
    lead: "Woher Ereignisse von selbst kommen, und bis wann sie vollständig sind.",
    none: "Es gibt noch keine Quelle. Wählen Sie unten aus, was Sie verwenden.",
    state: |state| match state {
        SourceState::NotFollowed => "Noch nicht gelesen",
        SourceState::CatchingUp => "Holt auf",
        SourceState::Live => "Aktuell",
        SourceState::Away => "Nicht erreichbar",
        SourceState::Refused => "Erfordert Ihr Eingreifen",
        SourceState::NotInSettings => "Nicht in den Einstellungen",
    },
    events_stored: "Gespeicherte Ereignisse",
    last_event: "Letztes Ereignis",
    last_contact: "Letzte Antwort",
    complete_to: "Vollständig bis",
    clock: "Uhr",
    clock_offset: |seconds| {
        let direction = if seconds > 0 { "vor" } else { "nach" };
        format!(
            "Geht gegenüber diesem Server {} Sekunden {direction}. Zeiten werden so gespeichert, wie die Quelle sie angibt.",
            seconds.abs()
        )
    },
    last_error: "Letzter Fehler",
    reasons: "Ausgelassen oder geändert",
    gaps: "Hier können Ereignisse fehlen",
    gap: |begin, end| format!("{begin} bis {end}"),
    gap_hint: "Die Quelle wurde eine Zeit lang nicht gelesen und kann inzwischen Ereignisse gelöscht haben.",
    not_known: "noch nicht bekannt",
    test: "Testen",
    test_named: |name| format!("{name} testen"),
    tried: |name| format!("Die letzten Ereignisse von {name}"),
    tried_nothing: "Es wurde nichts gespeichert.",
    no_events: "Die Quelle hat keine Ereignisse.",
    camera: "Kamera",
    detector: "Detektor",
    time: "Zeit",
    notes: "Hinweis",
    add: "Quelle hinzufügen",
    add_lead: "Wählen Sie das Programm, das Bewegungen erkennt.",
    retention: "Ereignisse bleiben hier, auch wenn die Quelle sie gelöscht hat. Wie lange, steht unter ",
    make_token: "Token erstellen und einsetzen",
    make_token_hint: "Das Token sendet Ereignisse und kann nichts anderes.",
    token_made: "Ein Token wurde erstellt und unten eingesetzt. Es wird nur dieses eine Mal angezeigt.",
    steps: |recipe| match recipe {
        Recipe::Frigate => &[
            "Hängen Sie dies mit der Adresse von Frigate an die Einstellungsdatei (Leptos.toml) an, und starten Sie den Server \
             neu. Port 5000 braucht keine Anmeldung; für Port 8971 setzen Sie user und password.",
        ],
        Recipe::ArgusAi => &[
            "Hängen Sie dies mit dem Pfad der Datenbank von ArgusAI oder ihrer PostgreSQL-URL an die Einstellungsdatei \
             (Leptos.toml) an, und starten Sie den Server neu.",
        ],
        Recipe::Motion => &[
            "Schreiben Sie dies nach /etc/motion/export.curl, und lassen Sie nur den Benutzer von Motion die Datei lesen.",
            "Fügen Sie diese Zeile in motion.conf ein.",
        ],
        Recipe::ZoneMinder => &[
            "Schreiben Sie dies nach /etc/zm/export.curl, und lassen Sie nur den Benutzer von ZoneMinder (www-data) die Datei \
             lesen.",
            "Schreiben Sie dies nach /usr/local/bin/zm-to-motion-export, und machen Sie die Datei ausführbar. /etc/zm/export.cnf \
             enthält in einem Abschnitt [client] Name und Passwort eines Datenbankbenutzers mit SELECT auf zm.Frames.",
            "Tragen Sie dies ab ZoneMinder 1.38 bei jedem Monitor als Befehl am Ende eines Ereignisses (Event End Command) ein.",
        ],
        Recipe::BlueIris => &[
            "Fügen Sie bei den Alarmen einer Kamera die Aktion Web request or MQTT mit POST und dieser Adresse hinzu.",
            "Tragen Sie dies als zu sendenden Text ein. Blue Iris setzt Kamera und Objekt ein; die Zeit ist die der Ankunft hier.",
        ],
        Recipe::HomeAssistant => &[
            "Fügen Sie dies in configuration.yaml ein.",
            "Fügen Sie diese Automation mit Ihren Bewegungsmeldern hinzu.",
        ],
        Recipe::UnifiProtect => {
            &["Fügen Sie im Alarm Manager die Aktion Webhook mit der Methode POST und dieser Adresse hinzu."]
        }
        Recipe::Shinobi => &["Tragen Sie diese Adresse als Webhook der Benachrichtigungen mit der Methode POST ein."],
        Recipe::Shell => &["Ein Ereignis aus einer Shell senden:"],
        Recipe::Python => &["Bis zu 1.000 Ereignisse senden, und es wiederholen, bis sie gespeichert sind:"],
    },
};

impl Language {
    /// Returns the texts of the page of live sources.
    pub fn sources(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
