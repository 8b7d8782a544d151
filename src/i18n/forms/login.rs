//! The words of signing in.

use crate::api::language::Language;

/// What is said there.
pub struct Texts {
    pub sign_in: &'static str,
    pub password: &'static str,
    pub nobody_yet: &'static str,
    pub help: &'static str,
    pub open_over_https: &'static str,
    pub why_https: &'static str,
}

pub static ENGLISH: Texts = Texts {
    sign_in: "Sign in",
    password: "Password",
    nobody_yet: "There are no accounts yet. At its start the server printed a link to create the first administrator.",
    help: "No account, or forgot the password? An administrator can help.",
    open_over_https: "Do not sign in here. Open",
    why_https: "If this page was opened over http, your browser does not keep the cookie that keeps you signed in.",
};

pub static GERMAN: Texts = Texts {
    sign_in: "Anmelden",
    password: "Passwort",
    nobody_yet: "Es gibt noch keine Konten. Beim Start hat der Server einen Link ausgegeben, mit dem Sie den ersten \
                 Administrator anlegen.",
    help: "Kein Konto oder Passwort vergessen? Ein Administrator hilft Ihnen weiter.",
    open_over_https: "Melden Sie sich nicht hier an. Öffnen Sie",
    why_https: "Wenn diese Seite über http geöffnet wurde, speichert Ihr Browser das Cookie für die Anmeldung nicht.",
};

impl Language {
    /// The words of signing in.
    pub fn login(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
