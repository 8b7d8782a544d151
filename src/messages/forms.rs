//! Why a form or a page that only the server renders is refused. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why a form or a page that only the server renders is refused.
    pub enum FormMessage {
        /// The browser keeps no cookies.
        CookieRefused = "cookie_refused",
            "Your browser did not keep this server's cookie, so it cannot stay signed in or keep a choice. Allow cookies \
             for this address in the browser's settings and try again.",
            "Ihr Browser hat das Cookie dieses Servers nicht gespeichert. Deshalb bleiben Sie nicht angemeldet, und eine \
             Auswahl geht verloren. Erlauben Sie in den Einstellungen des Browsers Cookies für diese Adresse und versuchen \
             Sie es erneut.";
        /// The browser keeps cookies over HTTPS only.
        CookieNeedsHttps { url: String } = "cookie_needs_https",
            "Your browser did not keep this server's cookie, so it cannot stay signed in or keep a choice. Cookies are kept \
             over https only: open {url}. If you are there already, allow cookies for this address in the browser's \
             settings and try again.",
            "Ihr Browser hat das Cookie dieses Servers nicht gespeichert. Deshalb bleiben Sie nicht angemeldet, und eine \
             Auswahl geht verloren. Cookies werden nur über https gespeichert: Öffnen Sie {url}. Wenn Sie schon dort sind, \
             erlauben Sie in den Einstellungen des Browsers Cookies für diese Adresse und versuchen Sie es erneut.";
        /// Name or password is wrong.
        WrongPassword = "wrong_password",
            "Name or password is wrong. Check both and try again.",
            "Name oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es erneut.";
        /// Sign-in attempts are rate-limited.
        TooManyAttempts { seconds: u32 } = "too_many_attempts",
            "There were too many attempts to sign in. Wait {seconds} seconds and try again.",
            "Es gab zu viele Anmeldeversuche. Warten Sie {seconds} Sekunden und versuchen Sie es dann erneut.";
        /// The session cannot be stored.
        CannotSignIn = "cannot_sign_in",
            "You cannot be signed in at the moment, because the database cannot be written to. Try again in a while.",
            "Sie können im Moment nicht angemeldet werden, weil in die Datenbank nicht geschrieben werden kann. Versuchen \
             Sie es etwas später erneut.";
        /// The session cannot be removed.
        CannotSignOut = "cannot_sign_out",
            "You could not be signed out, because the database cannot be written to. Try again in a while.",
            "Sie konnten nicht abgemeldet werden, weil in die Datenbank nicht geschrieben werden kann. Versuchen Sie es \
             etwas später erneut.";
        /// The page is for administrators.
        AdministratorsOnly = "administrators_only",
            "Only administrators manage people. Ask one of them.",
            "Nur Administratoren verwalten Personen. Bitten Sie einen von ihnen.";
        /// The metrics are for administrators.
        MetricsForAdministrators = "metrics_for_administrators",
            "The metrics are for administrators, and for clients that send the token in server.metrics_token.",
            "Die Metriken sind für Administratoren und für Programme, die das Token aus server.metrics_token senden.";
        /// A token or signed link was sent to a page.
        DataOnly = "data_only",
            "An access token or a link opens data only, and no page or form. Sign in with a browser for those.",
            "Ein Zugriffstoken oder ein Link öffnet nur Daten, keine Seiten und Formulare. Melden Sie sich dafür mit einem \
             Browser an.";
        /// The setup link is used or wrong.
        InvalidSetupLink = "invalid_setup_link",
            "This setup link is not valid, or no longer. It works once, as long as there are no accounts; the server prints \
             it at its start. If you have an account, sign in.",
            "Dieser Einrichtungslink ist nicht oder nicht mehr gültig. Er funktioniert einmal und nur, solange es kein Konto \
             gibt; der Server gibt ihn beim Start aus. Wenn Sie ein Konto haben, melden Sie sich an.";
        /// The current password is wrong.
        WrongCurrentPassword = "wrong_current_password",
            "This is not your current password. Nothing was changed.",
            "Das ist nicht Ihr aktuelles Passwort. Es wurde nichts geändert.";
        /// The password is too short.
        PasswordTooShort { min: usize } = "password_too_short",
            "The password is too short. It needs at least {min} characters, of any kind.",
            "Das Passwort ist zu kurz. Es braucht mindestens {min} beliebige Zeichen.";
        /// The password is too long.
        PasswordTooLong { max: usize } = "password_too_long",
            "The password is too long. At most {max} bytes can be used.",
            "Das Passwort ist zu lang. Höchstens {max} Bytes sind möglich.";
        /// The password is the name.
        PasswordIsName = "password_is_name",
            "The password is the user's name. Choose another one.",
            "Das Passwort ist der Name der Person. Wählen Sie ein anderes.";
        /// The name of a user is not valid.
        UserNameInvalid { max: usize } = "user_name_invalid",
            "A name has 1 to {max} visible characters, such as ann or ann@example.com.",
            "Ein Name hat 1 bis {max} sichtbare Zeichen, zum Beispiel anna oder anna@example.com.";
        /// The name of a token is not valid.
        TokenNameInvalid { max: usize } = "token_name_invalid",
            "A name has 1 to {max} visible characters, such as “Nightly report”.",
            "Ein Name hat 1 bis {max} sichtbare Zeichen, zum Beispiel „Nächtlicher Bericht“.";
        /// There is such a user.
        NameTaken { name: String } = "name_taken",
            "There is a user “{name}” already. Choose another name.",
            "Den Namen „{name}“ gibt es schon. Wählen Sie einen anderen.";
        /// There is no such role.
        UnknownRole { value: String } = "unknown_role",
            "“{value}” is not a role. Allowed: user, admin.",
            "„{value}“ ist keine Rolle. Erlaubt sind: user, admin.";
        /// The last administrator must stay one.
        LastAdministrator { name: String } = "last_administrator",
            "“{name}” is the last administrator. Make another administrator first.",
            "„{name}“ ist der letzte Administrator. Machen Sie zuerst jemand anderen zum Administrator.";
        /// One cannot change one's own role.
        OwnRole = "own_role",
            "Another administrator can change your role, so that one is left who can undo it.",
            "Ihre Rolle kann ein anderer Administrator ändern, damit jemand bleibt, der es rückgängig machen kann.";
        /// One's own password has a form of its own.
        OwnPassword = "own_password",
            "Change your own password under Account, where the current one is asked for.",
            "Ihr eigenes Passwort ändern Sie unter Konto, wo auch nach dem aktuellen gefragt wird.";
        /// One cannot remove oneself.
        OwnAccount = "own_account",
            "You cannot remove yourself. Another administrator can.",
            "Sie können sich nicht selbst entfernen. Ein anderer Administrator kann es.";
        /// Cameras or user were removed meanwhile.
        CamerasChanged = "cameras_changed",
            "One of the cameras, or the user, no longer exists. Reload the list and choose again.",
            "Eine der Kameras oder die Person ist nicht mehr vorhanden. Laden Sie die Liste neu und wählen Sie noch einmal.";
        /// There is no user of that name.
        NoSuchUser { name: String } = "no_such_user",
            "There is no user “{name}”.",
            "Es gibt niemanden mit dem Namen „{name}“.";
        /// There is no camera of that id, on the command line.
        NoSuchCameraId { camera: String } = "no_such_camera_id",
            "There is no camera with the id “{camera}”. `camera list` shows the ids.",
            "Eine Kamera mit der ID „{camera}“ gibt es nicht. „camera list“ zeigt die IDs.";
        /// A token is valid for a number of days.
        TokenDays { max: u32 } = "token_days",
            "A token works for 1 to {max} days, or until it is revoked.",
            "Ein Token ist 1 bis {max} Tage gültig oder bis zum Widerruf.";
        /// The number of days is not a number.
        DaysExpected { value: String } = "days_expected",
            "“{value}” is not a number of days.",
            "„{value}“ ist keine Anzahl von Tagen.";
        /// The list has no such token.
        TokenNotInList = "token_not_in_list",
            "There is no such token. Reload the list.",
            "Dieses Token gibt es nicht. Laden Sie die Liste neu.";
        /// There is no token of that id.
        NoSuchToken { id: String } = "no_such_token",
            "There is no token {id}.",
            "Das Token {id} gibt es nicht.";
        /// The form is too long.
        FormTooLong = "form_too_long",
            "This form is longer than what its fields can hold. Shorten it.",
            "Dieses Formular ist länger als das, was seine Felder fassen. Kürzen Sie es.";
        /// The form has no such button.
        UnknownAction { value: String } = "unknown_action",
            "“{value}” is not an action of this form.",
            "„{value}“ ist keine Aktion dieses Formulars.";
        /// There is no such language.
        UnknownLanguage { value: String, allowed: String } = "unknown_language",
            "“{value}” is not a language of these pages. Allowed: {allowed}.",
            "In der Sprache „{value}“ gibt es diese Seiten nicht. Möglich sind: {allowed}.";
        /// There is no such theme.
        UnknownTheme { value: String, allowed: String } = "unknown_theme",
            "“{value}” is not a theme. Allowed: {allowed}.",
            "„{value}“ ist kein Farbschema. Möglich sind: {allowed}.";
        /// Neither language nor theme.
        NothingChosen { languages: String, themes: String } = "nothing_chosen",
            "Nothing was chosen. Choose a language ({languages}) or a theme ({themes}).",
            "Es wurde nichts gewählt. Wählen Sie eine Sprache ({languages}) oder ein Farbschema ({themes}).";
    }
}
