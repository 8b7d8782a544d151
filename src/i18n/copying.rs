//! The words of buttons that copy.

use crate::api::language::Language;

/// What is said there.
pub struct Words {
    pub copy: &'static str,
    pub copied: &'static str,
    /// Where the browser did not allow it.
    pub selected: &'static str,
}

pub static ENGLISH: Words = Words { copy: "Copy", copied: "Copied.", selected: "Selected: copy it with the keyboard." };

pub static GERMAN: Words =
    Words { copy: "Kopieren", copied: "Kopiert.", selected: "Markiert: Bitte mit der Tastatur kopieren." };

impl Language {
    /// The words of buttons that copy.
    pub fn copying(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
