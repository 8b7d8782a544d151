//! The texts of the page of access tokens.

use crate::api::language::Language;
use crate::api::tokens::Scope;

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub new_token: &'static str,
    pub what_for: &'static str,
    pub what_for_hint: &'static str,
    /// The label of the scope, in the form and in the list.
    pub used_to: &'static str,
    pub used_to_hint: &'static str,
    pub scope: fn(Scope) -> &'static str,
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
    /// Before the address that takes events.
    pub send_events_to: &'static str,
    /// Before the address for senders without headers.
    pub or_without_headers: &'static str,
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
    lead: "For scripts, Excel, Power Query and pandas, and for programs that send events. A token can read the data \
           that you can see, or send events. It cannot open pages.",
    new_token: "New token",
    what_for: "What is it for?",
    what_for_hint: "Such as “Nightly report”.",
    used_to: "Permission",
    used_to_hint: "A token that sends events can do nothing else. Give it to cameras and recorders.",
    scope: |scope| match scope {
        Scope::Read => "Read exports",
        Scope::Write => "Send events",
    },
    works_for: "Valid for",
    days: |days| format!("{days} days"),
    until_i_revoke: "Until I revoke it",
    create: "Create token",
    this_is: |name| format!("This is the token “{name}”. "),
    copy_it_now: "Copy it now: it is shown only once.",
    the_new_token: "The new token",
    send_it_as: "Send it as ",
    or_as_password: ", or as the password of HTTP Basic with any name.",
    send_events_to: "Send events to ",
    or_without_headers: ". A sender that cannot set headers uses the address with the token in it: ",
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
    lead: "Für Skripte, Excel, Power Query und pandas und für Programme, die Ereignisse senden. Mit einem Token lassen \
           sich die Daten lesen, die Sie sehen, oder Ereignisse senden, aber keine Seiten öffnen.",
    new_token: "Neues Token",
    what_for: "Wofür ist es?",
    what_for_hint: "Zum Beispiel „Nächtlicher Bericht“.",
    used_to: "Berechtigung",
    used_to_hint: "Ein Token, das Ereignisse sendet, kann nichts anderes. Geben Sie es Kameras und Rekordern.",
    scope: |scope| match scope {
        Scope::Read => "Exporte lesen",
        Scope::Write => "Ereignisse senden",
    },
    works_for: "Gültig für",
    days: |days| format!("{days} Tage"),
    until_i_revoke: "Bis ich es widerrufe",
    create: "Token erstellen",
    this_is: |name| format!("Das ist das Token „{name}“. "),
    copy_it_now: "Kopieren Sie es jetzt: Es wird nur dieses eine Mal angezeigt.",
    the_new_token: "Das neue Token",
    send_it_as: "Senden Sie es als ",
    or_as_password: " oder als Passwort von HTTP Basic mit beliebigem Namen.",
    send_events_to: "Senden Sie Ereignisse an ",
    or_without_headers: ". Ein Sender, der keine Header setzen kann, verwendet die Adresse, die das Token enthält: ",
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
