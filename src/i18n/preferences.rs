//! The words of the switches at the bottom of every page.

use crate::api::language::Language;
use crate::api::page::ColorScheme;

/// What is said there.
pub struct Words {
    pub theme: &'static str,
    pub language: &'static str,
}

pub static ENGLISH: Words = Words { theme: "Theme", language: "Language" };

pub static GERMAN: Words = Words { theme: "Farbschema", language: "Sprache" };

impl Language {
    /// The words of the switches at the bottom of every page.
    pub fn preferences(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// What a colour scheme is called.
    pub fn color_scheme(self, scheme: ColorScheme) -> &'static str {
        match (self, scheme) {
            (Self::English | Self::German, ColorScheme::System) => "System",
            (Self::English, ColorScheme::Light) => "Light",
            (Self::English, ColorScheme::Dark) => "Dark",
            (Self::German, ColorScheme::Light) => "Hell",
            (Self::German, ColorScheme::Dark) => "Dunkel",
        }
    }
}
