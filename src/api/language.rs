//! The languages of the pages.

use serde::{Deserialize, Serialize};

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// British, as its dates and numbers are.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All that there are.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag, as HTML and HTTP name it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language with that tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_its_tag_and_by_nothing_else() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
        for tag in ["", "DE", "de-AT", "fr"] {
            assert_eq!(Language::from_tag(tag), None);
        }
    }
}
