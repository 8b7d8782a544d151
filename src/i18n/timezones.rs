//! The texts of the choice of a time zone.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    /// The first group of time zones.
    pub own: &'static str,
    /// The regions of the IANA database, with their names.
    pub regions: [(&'static str, &'static str); 10],
    /// The label of the search field.
    pub find: &'static str,
    /// How many were found.
    pub found: fn(usize) -> String,
}

/// In English.
pub static ENGLISH: Texts = Texts {
    own: "Your time zone and UTC",
    regions: [
        ("Africa", "Africa"),
        ("America", "America"),
        ("Antarctica", "Antarctica"),
        ("Arctic", "Arctic"),
        ("Asia", "Asia"),
        ("Atlantic", "Atlantic Ocean"),
        ("Australia", "Australia"),
        ("Europe", "Europe"),
        ("Indian", "Indian Ocean"),
        ("Pacific", "Pacific Ocean"),
    ],
    find: "Find a city or an offset",
    found: |count| match count {
        0 => "None found. Try a larger city nearby, or an offset such as +05:30.".to_owned(),
        1 => "1 found".to_owned(),
        _ => format!("{count} found"),
    },
};

/// In German.
pub static GERMAN: Texts = Texts {
    own: "Ihre Zeitzone und UTC",
    regions: [
        ("Africa", "Afrika"),
        ("America", "Amerika"),
        ("Antarctica", "Antarktis"),
        ("Arctic", "Arktis"),
        ("Asia", "Asien"),
        ("Atlantic", "Atlantik"),
        ("Australia", "Australien"),
        ("Europe", "Europa"),
        ("Indian", "Indischer Ozean"),
        ("Pacific", "Pazifik"),
    ],
    find: "Ort oder UTC-Versatz suchen",
    found: |count| match count {
        0 => "Nichts gefunden. Versuchen Sie eine größere Stadt in der Nähe oder einen Versatz wie +05:30.".to_owned(),
        _ => format!("{count} gefunden"),
    },
};

impl Language {
    /// Returns the texts of the choice of a time zone.
    pub fn timezones(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
