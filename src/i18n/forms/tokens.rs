//! The texts of the page of access tokens.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub new_token: &'static str,
    pub what_for: &'static str,
    pub what_for_hint: &'static str,
    pub works_for: &'static str,
    pub days: fn(u32) -> String,
    pub until_i_revoke: &'static str,
    pub create: &'static str,
    /// Before the advice to copy the token.
    pub this_is: fn(&str) -> String,
    pub copy_it_now: &'static str,
    pub the_new_token: &'static str,
    /// Before the name of the header.
    pub send_it_as: &'static str,
    /// After the name of the header.
    pub or_as_password: &'static str,
    pub api_docs: &'static str,
    pub none: &'static str,
    pub expired: fn(&str) -> String,
    pub until_revoked: &'static str,
    pub never: &'static str,
    pub revoke: &'static str,
    pub revoke_named: fn(&str) -> String,
    pub caption: &'static str,
    pub purpose: &'static str,
    pub created: &'static str,
    pub works_until: &'static str,
    pub last_used: &'static str,
}

pub static ENGLISH: Texts = Texts {
    lead: "For scripts, Excel, Power Query and pandas. A token gives access to the data that you see, but not to pages.",
    new_token: "New token",
    what_for: "What is it for?",
    what_for_hint: "Such as “Nightly report”.",
    works_for: "Valid for",
    days: |days| format!("{days} days"),
    until_i_revoke: "Until I revoke it",
    create: "Create token",
    this_is: |name| format!("This is the token “{name}”. "),
    copy_it_now: "Copy it now: it is shown only once.",
    the_new_token: "The new token",
    send_it_as: "Send it as ",
    or_as_password: ", or as the password of HTTP Basic with any name.",
    api_docs: "Description of the API",
    none: "You have no tokens.",
    expired: |end| format!("{end} (expired)"),
    until_revoked: "until revoked",
    never: "never",
    revoke: "Revoke",
    revoke_named: |name| format!("Revoke {name}"),
    caption: "Your tokens",
    purpose: "Purpose",
    created: "Created",
    works_until: "Valid until",
    last_used: "Last used",
};

pub static GERMAN: Texts = Texts {
    lead: "Für Skripte, Excel, Power Query und pandas. Ein Token gibt Zugriff auf die Daten, die Sie sehen, aber nicht auf Seiten.",
    new_token: "Neues Token",
    what_for: "Wofür ist es?",
    what_for_hint: "Zum Beispiel „Nächtlicher Bericht“.",
    works_for: "Gültig für",
    days: |days| format!("{days} Tage"),
    until_i_revoke: "Bis ich es widerrufe",
    create: "Token erstellen",
    this_is: |name| format!("Das ist das Token „{name}“. "),
    copy_it_now: "Kopieren Sie es jetzt: Es wird nur dieses eine Mal angezeigt.",
    the_new_token: "Das neue Token",
    send_it_as: "Senden Sie es als ",
    or_as_password: " oder als Passwort von HTTP Basic mit beliebigem Namen.",
    api_docs: "Beschreibung der API",
    none: "Sie haben keine Token.",
    expired: |end| format!("{end} (abgelaufen)"),
    until_revoked: "bis zum Widerruf",
    never: "nie",
    revoke: "Widerrufen",
    revoke_named: |name| format!("{name} widerrufen"),
    caption: "Ihre Token",
    purpose: "Wofür",
    created: "Erstellt",
    works_until: "Gültig bis",
    last_used: "Zuletzt verwendet",
};

impl Language {
    /// Returns the texts of the page of access tokens.
    pub fn tokens(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
