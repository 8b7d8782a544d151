//! The texts of buttons that copy.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub copy: &'static str,
    pub copied: &'static str,
    /// If the browser refused access to the clipboard.
    pub selected: &'static str,
}

pub static ENGLISH: Texts = Texts { copy: "Copy", copied: "Copied.", selected: "Selected: copy it with the keyboard." };

pub static GERMAN: Texts =
    Texts { copy: "Kopieren", copied: "Kopiert.", selected: "Markiert: Bitte mit der Tastatur kopieren." };

impl Language {
    /// Returns the texts of buttons that copy.
    pub fn copying(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
