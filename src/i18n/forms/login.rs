//! The texts of signing in.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub sign_in: &'static str,
    /// What this program is.
    pub about: &'static str,
    pub password: &'static str,
    pub no_accounts: &'static str,
    pub help: &'static str,
    pub open_over_https: &'static str,
    pub why_https: &'static str,
}

pub static ENGLISH: Texts = Texts {
    sign_in: "Sign in",
    about: "Motion Export saves the motion events of your cameras as CSV files, and can prove later that a file is complete.",
    password: "Password",
    no_accounts: "There are no accounts yet. When the server started, it printed a link to create the first administrator.",
    help: "No account, or forgot your password? An administrator can help.",
    open_over_https: "Do not sign in here. Open",
    why_https: "If you opened this page over http, your browser does not store the cookie that keeps you signed in.",
};

pub static GERMAN: Texts = Texts {
    sign_in: "Anmelden",
    about: "Motion Export speichert die Bewegungsereignisse Ihrer Kameras als CSV-Dateien und kann später belegen, dass eine Datei \
            vollständig ist.",
    password: "Passwort",
    no_accounts: "Es gibt noch keine Konten. Beim Start hat der Server einen Link ausgegeben, mit dem Sie den ersten \
                 Administrator anlegen.",
    help: "Kein Konto oder Passwort vergessen? Ein Administrator hilft Ihnen weiter.",
    open_over_https: "Melden Sie sich nicht hier an. Öffnen Sie",
    why_https: "Wenn diese Seite über http geöffnet wurde, speichert Ihr Browser das Cookie für die Anmeldung nicht.",
};

impl Language {
    /// Returns the texts of signing in.
    pub fn login(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
