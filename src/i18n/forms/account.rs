//! The texts of the page of one's own account.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub lead_of_admin: fn(&str) -> String,
    pub lead_of_user: fn(&str) -> String,
    pub change_password: &'static str,
    pub current_password: &'static str,
    pub new_password: &'static str,
    pub effect: &'static str,
    pub revoke_tokens: &'static str,
}

pub static ENGLISH: Texts = Texts {
    lead_of_admin: |name| format!("You are {name}, an administrator: you see all cameras and manage people."),
    lead_of_user: |name| format!("You are {name}. You see the cameras that an administrator has granted to you."),
    change_password: "Change password",
    current_password: "Current password",
    new_password: "New password",
    effect: "All other browsers are signed out, and all links stop working. Your access tokens keep working unless you \
             revoke them.",
    revoke_tokens: "Also revoke all my access tokens",
};

pub static GERMAN: Texts = Texts {
    lead_of_admin: |name| {
        format!("Sie sind als {name} angemeldet. Als Administrator sehen Sie alle Kameras und verwalten Personen.")
    },
    lead_of_user: |name| {
        format!("Sie sind als {name} angemeldet. Sie sehen die Kameras, die ein Administrator für Sie freigegeben hat.")
    },
    change_password: "Passwort ändern",
    current_password: "Aktuelles Passwort",
    new_password: "Neues Passwort",
    effect: "Alle anderen Browser werden abgemeldet, und alle Links verlieren ihre Gültigkeit. Ihre Zugriffstoken bleiben \
             gültig, solange Sie sie nicht widerrufen.",
    revoke_tokens: "Auch alle meine Zugriffstoken widerrufen",
};

impl Language {
    /// Returns the texts of the page of one's own account.
    pub fn account(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
