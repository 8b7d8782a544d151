//! The words for what a form did.

use crate::api::language::Language;
use crate::api::page::Done;

impl Language {
    /// What was done.
    pub fn done(self, done: Done) -> &'static str {
        match self {
            Self::English => english(done),
            Self::German => german(done),
        }
    }
}

fn english(done: Done) -> &'static str {
    match done {
        Done::SignedOut => "You are signed out.",
        Done::PasswordChanged => {
            "Your password is changed, and all other browsers are signed out. Your access tokens still work."
        }
        Done::PasswordChangedTokensRevoked => {
            "Your password is changed, all other browsers are signed out, and all your access tokens are revoked."
        }
        Done::TokenRevoked => "The token is revoked. It works no longer.",
        Done::PersonAdded => "The person is added, and may sign in. Choose the cameras that the person sees.",
        Done::CamerasSaved => "The cameras are saved.",
        Done::RoleChanged => "The role is changed, from the person's next request on.",
        Done::PasswordSet => "The password is set, and the person is signed out everywhere. Access tokens still work.",
        Done::PasswordSetTokensRevoked => {
            "The password is set, the person is signed out everywhere, and all access tokens of the person are revoked."
        }
        Done::PersonRemoved => "The person is removed, with all tokens and links.",
    }
}

fn german(done: Done) -> &'static str {
    match done {
        Done::SignedOut => "Sie sind abgemeldet.",
        Done::PasswordChanged => {
            "Ihr Passwort ist geändert, und alle anderen Browser sind abgemeldet. Ihre Zugriffstoken sind weiterhin gültig."
        }
        Done::PasswordChangedTokensRevoked => {
            "Ihr Passwort ist geändert, alle anderen Browser sind abgemeldet, und alle Ihre Zugriffstoken sind widerrufen."
        }
        Done::TokenRevoked => "Das Token ist widerrufen und nicht mehr gültig.",
        Done::PersonAdded => {
            "Die Person ist hinzugefügt und darf sich anmelden. Wählen Sie die Kameras aus, die sie sehen soll."
        }
        Done::CamerasSaved => "Die Kameras sind gespeichert.",
        Done::RoleChanged => "Die Rolle ist geändert. Sie gilt ab der nächsten Anfrage der Person.",
        Done::PasswordSet => {
            "Das Passwort ist festgelegt, und die Person ist überall abgemeldet. Zugriffstoken sind weiterhin gültig."
        }
        Done::PasswordSetTokensRevoked => {
            "Das Passwort ist festgelegt, die Person ist überall abgemeldet, und alle ihre Zugriffstoken sind widerrufen."
        }
        Done::PersonRemoved => "Die Person ist mit allen Token und Links entfernt.",
    }
}
