//! The texts of the switches at the bottom of every page.

use crate::api::language::Language;
use crate::api::page::ColorScheme;

/// The texts.
pub struct Texts {
    pub theme: &'static str,
    pub language: &'static str,
}

pub static ENGLISH: Texts = Texts { theme: "Theme", language: "Language" };

pub static GERMAN: Texts = Texts { theme: "Farbschema", language: "Sprache" };

impl Language {
    /// Returns the texts of the switches at the bottom of every page.
    pub fn preferences(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// Returns the name of a colour scheme.
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
