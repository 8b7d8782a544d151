//! The texts of the list of sessions.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub title: &'static str,
    pub none: &'static str,
    pub browser: &'static str,
    pub address: &'static str,
    pub signed_in: &'static str,
    pub last_used: &'static str,
    pub unknown: &'static str,
    pub this_browser: &'static str,
    pub end: &'static str,
    /// With the browser, and when it was last used.
    pub end_named: fn(&str, &str) -> String,
}

pub static ENGLISH: Texts = Texts {
    title: "Sessions",
    none: "Not signed in anywhere.",
    browser: "Browser",
    address: "Signed in from",
    signed_in: "Signed in",
    last_used: "Last used",
    unknown: "Unknown browser",
    this_browser: "This browser",
    end: "End session",
    end_named: |browser, time| format!("End the session of {browser}, last used {time}"),
};

pub static GERMAN: Texts = Texts {
    title: "Sitzungen",
    none: "Nirgends angemeldet.",
    browser: "Browser",
    address: "Angemeldet von",
    signed_in: "Angemeldet",
    last_used: "Zuletzt verwendet",
    unknown: "Unbekannter Browser",
    this_browser: "Dieser Browser",
    end: "Sitzung beenden",
    end_named: |browser, time| format!("Sitzung von {browser} beenden, zuletzt verwendet {time}"),
};

impl Language {
    /// Returns the texts of the list of sessions.
    pub fn sessions(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
