//! The texts about what a form did.

use crate::api::language::Language;
use crate::api::page::Notice;

impl Language {
    /// Returns the message about what was done.
    pub fn done(self, notice: Notice) -> &'static str {
        match self {
            Self::English => english(notice),
            Self::German => german(notice),
        }
    }
}

fn english(notice: Notice) -> &'static str {
    match notice {
        Notice::SignedOut => "You are signed out.",
        Notice::PasswordChanged => {
            "Your password was changed, and all other browsers were signed out. Your access tokens still work."
        }
        Notice::PasswordChangedTokensRevoked => {
            "Your password was changed, all other browsers were signed out, and all your access tokens were revoked."
        }
        Notice::TokenRevoked => "The token was revoked. It no longer works.",
        Notice::UserAdded => "The person was added and can sign in. Choose the cameras that they can see.",
        Notice::CamerasSaved => "The cameras were saved.",
        Notice::RoleChanged => "The role was changed. It takes effect with the person's next request.",
        Notice::PasswordSet => {
            "The password was set, and the person was signed out everywhere. Their access tokens still work."
        }
        Notice::PasswordSetTokensRevoked => {
            "The password was set, the person was signed out everywhere, and all their access tokens were revoked."
        }
        Notice::UserRemoved => "The person was removed, with all tokens and links.",
        Notice::CamerasCopied => "The cameras of the other person were added.",
        Notice::SessionEnded => {
            "The session was ended: that browser is signed out, and the links that it signed no longer work."
        }
        Notice::KeepDaysSaved => "The days were saved. They apply from the next daily run on.",
        Notice::HoldCreated => "The hold was created. Its events are not deleted until it is released.",
        Notice::HoldReleased => "The hold was released. Events that are due are deleted with the next daily run.",
    }
}

fn german(notice: Notice) -> &'static str {
    match notice {
        Notice::SignedOut => "Sie sind abgemeldet.",
        Notice::PasswordChanged => {
            "Ihr Passwort wurde geändert, und alle anderen Browser wurden abgemeldet. Ihre Zugriffstoken sind weiterhin gültig."
        }
        Notice::PasswordChangedTokensRevoked => {
            "Ihr Passwort wurde geändert, alle anderen Browser wurden abgemeldet, und alle Ihre Zugriffstoken wurden widerrufen."
        }
        Notice::TokenRevoked => "Das Token wurde widerrufen und ist nicht mehr gültig.",
        Notice::UserAdded => {
            "Die Person wurde hinzugefügt und kann sich anmelden. Wählen Sie die Kameras aus, die sie sehen soll."
        }
        Notice::CamerasSaved => "Die Kameras wurden gespeichert.",
        Notice::RoleChanged => "Die Rolle wurde geändert. Sie gilt ab der nächsten Anfrage der Person.",
        Notice::PasswordSet => {
            "Das Passwort wurde festgelegt, und die Person wurde überall abgemeldet. Ihre Zugriffstoken sind weiterhin gültig."
        }
        Notice::PasswordSetTokensRevoked => {
            "Das Passwort wurde festgelegt, die Person wurde überall abgemeldet, und alle ihre Zugriffstoken wurden widerrufen."
        }
        Notice::UserRemoved => "Die Person wurde mit allen Token und Links entfernt.",
        Notice::CamerasCopied => "Die Kameras der anderen Person wurden hinzugefügt.",
        Notice::SessionEnded => {
            "Die Sitzung wurde beendet: Dieser Browser ist abgemeldet, und seine Links sind nicht mehr gültig."
        }
        Notice::KeepDaysSaved => "Die Frist wurde gespeichert. Sie gilt ab dem nächsten täglichen Durchlauf.",
        Notice::HoldCreated => {
            "Die Löschsperre wurde eingerichtet. Ihre Ereignisse werden nicht gelöscht, bis sie aufgehoben wird."
        }
        Notice::HoldReleased => {
            "Die Löschsperre wurde aufgehoben. Ereignisse, deren Frist abgelaufen ist, werden beim nächsten täglichen Durchlauf gelöscht."
        }
    }
}
