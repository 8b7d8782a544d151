//! The words of buttons that copy.

use crate::api::language::Language;

/// What is said there.
pub struct Texts {
    pub copy: &'static str,
    pub copied: &'static str,
    /// Where the browser did not allow it.
    pub selected: &'static str,
}

pub static ENGLISH: Texts = Texts { copy: "Copy", copied: "Copied.", selected: "Selected: copy it with the keyboard." };

pub static GERMAN: Texts =
    Texts { copy: "Kopieren", copied: "Kopiert.", selected: "Markiert: Bitte mit der Tastatur kopieren." };

impl Language {
    /// The words of buttons that copy.
    pub fn copying(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
