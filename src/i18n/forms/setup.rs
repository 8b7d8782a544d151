//! The words of making the first administrator.

use crate::api::language::Language;

/// What is said there.
pub struct Words {
    pub welcome: &'static str,
    pub lead: &'static str,
    pub make: &'static str,
}

pub static ENGLISH: Words = Words {
    welcome: "Welcome",
    lead: "You are the first here. Make the administrator, who sees all cameras and adds other people.",
    make: "Make the administrator",
};

pub static GERMAN: Words = Words {
    welcome: "Willkommen",
    lead: "Sie sind die erste Person hier. Legen Sie den Administrator an, der alle Kameras sieht und andere Personen hinzufügt.",
    make: "Administrator anlegen",
};

impl Language {
    /// The words of making the first administrator.
    pub fn setup(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
