//! The words for what a form did.

use crate::api::language::Language;
use crate::api::page::Notice;

impl Language {
    /// What was done.
    pub fn done(self, done: Notice) -> &'static str {
        match self {
            Self::English => english(done),
            Self::German => german(done),
        }
    }
}

fn english(done: Notice) -> &'static str {
    match done {
        Notice::SignedOut => "You are signed out.",
        Notice::PasswordChanged => {
            "Your password is changed, and all other browsers are signed out. Your access tokens still work."
        }
        Notice::PasswordChangedTokensRevoked => {
            "Your password is changed, all other browsers are signed out, and all your access tokens are revoked."
        }
        Notice::TokenRevoked => "The token is revoked. It works no longer.",
        Notice::UserAdded => "The person is added, and may sign in. Choose the cameras that the person sees.",
        Notice::CamerasSaved => "The cameras are saved.",
        Notice::RoleChanged => "The role is changed, from the person's next request on.",
        Notice::PasswordSet => {
            "The password is set, and the person is signed out everywhere. Access tokens still work."
        }
        Notice::PasswordSetTokensRevoked => {
            "The password is set, the person is signed out everywhere, and all access tokens of the person are revoked."
        }
        Notice::UserRemoved => "The person is removed, with all tokens and links.",
    }
}

fn german(done: Notice) -> &'static str {
    match done {
        Notice::SignedOut => "Sie sind abgemeldet.",
        Notice::PasswordChanged => {
            "Ihr Passwort ist geändert, und alle anderen Browser sind abgemeldet. Ihre Zugriffstoken sind weiterhin gültig."
        }
        Notice::PasswordChangedTokensRevoked => {
            "Ihr Passwort ist geändert, alle anderen Browser sind abgemeldet, und alle Ihre Zugriffstoken sind widerrufen."
        }
        Notice::TokenRevoked => "Das Token ist widerrufen und nicht mehr gültig.",
        Notice::UserAdded => {
            "Die Person ist hinzugefügt und darf sich anmelden. Wählen Sie die Kameras aus, die sie sehen soll."
        }
        Notice::CamerasSaved => "Die Kameras sind gespeichert.",
        Notice::RoleChanged => "Die Rolle ist geändert. Sie gilt ab der nächsten Anfrage der Person.",
        Notice::PasswordSet => {
            "Das Passwort ist festgelegt, und die Person ist überall abgemeldet. Zugriffstoken sind weiterhin gültig."
        }
        Notice::PasswordSetTokensRevoked => {
            "Das Passwort ist festgelegt, die Person ist überall abgemeldet, und alle ihre Zugriffstoken sind widerrufen."
        }
        Notice::UserRemoved => "Die Person ist mit allen Token und Links entfernt.",
    }
}
