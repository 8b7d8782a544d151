//! Live sources, as an administrator sees them.

/// The content of the page of sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceList {
    /// The sources of the settings, and those whose state is stored, by name.
    pub sources: Vec<Source>,
    /// The address of this server, for senders.
    pub address: String,
    /// Identifies the form for a new token, so that sending it twice creates one.
    pub form_key: String,
}

/// A live source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name in the settings.
    pub name: String,
    /// Its state.
    pub state: SourceState,
    /// The number of events that were stored.
    pub accepted: i64,
    /// The time of the latest event, in RFC 3339.
    pub last_event: Option<String>,
    /// When the source last responded.
    pub last_contact: Option<String>,
    /// Every event with an earlier time that the source still had is stored.
    pub complete_to: Option<String>,
    /// How far its clock is ahead, in seconds, if that is more than usual.
    pub clock_offset: Option<i64>,
    /// When the last error occurred, and what it was.
    pub error: Option<(String, String)>,
    /// Whether its MQTT broker is connected, if it has one.
    pub mqtt: Option<String>,
    /// Why events were left out or changed, and how many.
    pub reasons: Vec<(String, i64)>,
    /// From when to when events may be missing.
    pub gaps: Vec<(String, String)>,
}

/// The state of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// No server has followed it yet.
    NotFollowed,
    /// Not everything that it has was read yet.
    CatchingUp,
    /// Events are stored as they end.
    Live,
    /// It does not respond.
    Away,
    /// It refuses, or is not what the settings say.
    Refused,
    /// The settings do not have it.
    NotInSettings,
}

/// An event that a trial has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedEvent {
    /// Its time, in RFC 3339, if it would be stored.
    pub time: Option<String>,
    /// Its camera.
    pub camera: String,
    /// What was detected.
    pub detector: String,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

/// How events of a program get here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// A source in the settings.
    Frigate,
    /// A source in the settings.
    ArgusAi,
    /// The command of an event.
    Motion,
    /// The command at the end of an event.
    ZoneMinder,
    /// A web request of an alert.
    BlueIris,
    /// A REST command and an automation.
    HomeAssistant,
    /// A webhook of the alarm manager.
    UnifiProtect,
    /// A webhook.
    Shinobi,
    /// curl.
    Shell,
    /// A script.
    Python,
}

impl Recipe {
    /// All recipes, in the order of the page.
    pub const ALL: [Self; 10] = [
        Self::Frigate,
        Self::ArgusAi,
        Self::Motion,
        Self::ZoneMinder,
        Self::BlueIris,
        Self::HomeAssistant,
        Self::UnifiProtect,
        Self::Shinobi,
        Self::Shell,
        Self::Python,
    ];

    /// Returns the name in forms, which is also that of the token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frigate => "frigate",
            Self::ArgusAi => "argusai",
            Self::Motion => "motion",
            Self::ZoneMinder => "zoneminder",
            Self::BlueIris => "blue-iris",
            Self::HomeAssistant => "home-assistant",
            Self::UnifiProtect => "unifi-protect",
            Self::Shinobi => "shinobi",
            Self::Shell => "shell",
            Self::Python => "python",
        }
    }

    /// Returns the name for users.
    pub fn title(self) -> &'static str {
        match self {
            Self::Frigate => "Frigate",
            Self::ArgusAi => "ArgusAI",
            Self::Motion => "Motion",
            Self::ZoneMinder => "ZoneMinder",
            Self::BlueIris => "Blue Iris",
            Self::HomeAssistant => "Home Assistant",
            Self::UnifiProtect => "UniFi Protect",
            Self::Shinobi => "Shinobi",
            Self::Shell => "Shell (curl)",
            Self::Python => "Python",
        }
    }

    /// Returns the recipe with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recipe| recipe.as_str() == name)
    }
}
