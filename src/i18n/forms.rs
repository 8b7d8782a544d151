//! The texts that the account forms share.

use crate::api::language::Language;
use crate::api::session::Role;

mod account;
mod import;
mod login;
mod retention;
mod sessions;
mod setup;
mod sources;
mod tokens;
mod users;

/// The texts.
pub struct Texts {
    pub name: &'static str,
    pub role: &'static str,
    pub role_hint: &'static str,
    pub password_hint: fn(usize) -> String,
    pub not_sent: &'static str,
    /// The button of a search.
    pub search: &'static str,
    /// How many entries of a list match, and of how many.
    pub found: fn(&str, &str) -> String,
    /// The link from the entries that match to all.
    pub show_all: &'static str,
    pub search_people: &'static str,
    pub search_cameras: &'static str,
    pub nothing_found: &'static str,
}

pub static ENGLISH: Texts = Texts {
    name: "Name",
    role: "Role",
    role_hint: "A user sees the cameras granted to them. An administrator sees all cameras and manages people.",
    password_hint: |least| format!("At least {least} characters of any kind. Several words work well."),
    not_sent: "You were signed out, so nothing was changed. What you entered is filled in again, except passwords. Check it and \
               send it again.",
    search: "Search",
    found: |found, total| format!("{found} of {total}"),
    show_all: "Show all",
    search_people: "Search people",
    search_cameras: "Search cameras",
    nothing_found: "Nothing matches the search.",
};

pub static GERMAN: Texts = Texts {
    name: "Name",
    role: "Rolle",
    role_hint: "Ein Benutzer sieht die freigegebenen Kameras. Ein Administrator sieht alle Kameras und verwaltet Personen.",
    password_hint: |least| {
        format!("Mindestens {least} beliebige Zeichen. Mehrere Wörter hintereinander eignen sich gut.")
    },
    not_sent: "Sie waren abgemeldet, deshalb wurde nichts geändert. Ihre Eingaben sind wieder ausgefüllt, außer Passwörtern. \
               Prüfen Sie sie und senden Sie sie erneut.",
    search: "Suchen",
    found: |found, total| format!("{found} von {total}"),
    show_all: "Alle anzeigen",
    search_people: "Personen suchen",
    search_cameras: "Kameras suchen",
    nothing_found: "Die Suche hat keine Treffer.",
};

impl Language {
    /// Returns the texts of the account forms.
    pub fn forms(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// Returns the name of a role.
    pub fn role(self, role: Role) -> &'static str {
        match (self, role) {
            (Self::English | Self::German, Role::Admin) => "Administrator",
            (Self::English, Role::User) => "User",
            (Self::German, Role::User) => "Benutzer",
        }
    }
}
