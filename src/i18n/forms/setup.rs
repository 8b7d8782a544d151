//! The texts of creating the first administrator.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub welcome: &'static str,
    pub lead: &'static str,
    pub create: &'static str,
}

pub static ENGLISH: Texts = Texts {
    welcome: "Welcome",
    lead: "There are no accounts yet. Create the administrator, who sees all cameras and adds other people.",
    create: "Create the administrator",
};

pub static GERMAN: Texts = Texts {
    welcome: "Willkommen",
    lead: "Es gibt noch keine Konten. Legen Sie den Administrator an, der alle Kameras sieht und andere Personen hinzufügt.",
    create: "Administrator anlegen",
};

impl Language {
    /// Returns the texts of creating the first administrator.
    pub fn setup(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
