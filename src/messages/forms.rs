//! Why a form or a page that only the server renders was refused. None of this is in the WASM.

use super::define::messages;

messages! {
    /// Why a form or a page that only the server renders was refused.
    pub enum FormMessage {
        /// The settings have no source of this name.
        NoSuchSource { name: String } = "no_such_source",
            "The settings have no source “{name}”.",
            "In den Einstellungen gibt es keine Quelle „{name}“.";
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
            "You cannot be signed in at the moment, because the database cannot be written to. Try again later.",
            "Sie können im Moment nicht angemeldet werden, weil in die Datenbank nicht geschrieben werden kann. Versuchen \
             Sie es etwas später erneut.";
        /// The session cannot be removed.
        CannotSignOut = "cannot_sign_out",
            "You could not be signed out, because the database cannot be written to. Try again later.",
            "Sie konnten nicht abgemeldet werden, weil in die Datenbank nicht geschrieben werden kann. Versuchen Sie es \
             etwas später erneut.";
        /// The page is for administrators.
        AdministratorsOnly = "administrators_only",
            "This page is for administrators. Ask one of them.",
            "Diese Seite ist Administratoren vorbehalten. Wenden Sie sich an einen von ihnen.";
        /// The metrics are for administrators.
        MetricsForAdministrators = "metrics_for_administrators",
            "The metrics are for administrators, and for clients that send the token in server.metrics_token.",
            "Die Metriken sind für Administratoren und für Programme, die das Token aus server.metrics_token senden.";
        /// A token or signed link was sent to a page.
        DataOnly = "data_only",
            "Access tokens and links give access to data only, not to pages or forms. Sign in with a browser for those.",
            "Zugriffstoken und Links gewähren nur Zugriff auf Daten, nicht auf Seiten oder Formulare. Melden Sie sich dafür \
             mit einem Browser an.";
        /// The name of a source is invalid.
        SourceNameInvalid { max: usize } = "source_name_invalid",
            "The name of a source has 1 to {max} characters a-z and 0-9, and only a token to send events has one.",
            "Der Name einer Quelle hat 1 bis {max} Zeichen a-z und 0-9, und nur ein Token zum Senden von Ereignissen hat einen.";
        /// The scope of a token is not known.
        ScopeExpected { value: String } = "scope_expected",
            "“{value}” is neither read nor write.",
            "„{value}“ ist weder read noch write.";
        /// The setup link was used, or is wrong.
        InvalidSetupLink = "invalid_setup_link",
            "This setup link is invalid or no longer valid. It works once, while there are no accounts; the server prints it \
             when it starts. If you have an account, sign in.",
            "Dieser Einrichtungslink ist nicht oder nicht mehr gültig. Er funktioniert nur einmal und nur, solange es kein \
             Konto gibt; der Server gibt ihn beim Start aus. Wenn Sie ein Konto haben, melden Sie sich an.";
        /// The current password is wrong.
        WrongCurrentPassword = "wrong_current_password",
            "This is not your current password. Nothing was changed.",
            "Das ist nicht Ihr aktuelles Passwort. Es wurde nichts geändert.";
        /// The password is too short.
        PasswordTooShort { min: usize } = "password_too_short",
            "The password is too short. It must have at least {min} characters, of any kind.",
            "Das Passwort ist zu kurz. Es muss aus mindestens {min} beliebigen Zeichen bestehen.";
        /// The password is too long.
        PasswordTooLong { max: usize } = "password_too_long",
            "The password is too long. It may have at most {max} bytes.",
            "Das Passwort ist zu lang. Es darf höchstens {max} Byte lang sein.";
        /// Too little of the password is left without the names in it.
        PasswordMostlyNames = "password_mostly_names",
            "Without the name of the user and of this program, too little of the password is left. Use several uncommon words.",
            "Ohne den Namen der Person und dieses Programms bleibt vom Passwort zu wenig übrig. Verwenden Sie mehrere \
             ungewöhnliche Wörter.";
        /// The password is one of the commonest, or similar to one.
        PasswordCommon = "password_common",
            "The password is easily guessed, because many people use this or a similar one. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten, weil viele dieses oder ein ähnliches verwenden. Verwenden Sie mehrere \
             ungewöhnliche Wörter.";
        /// The password is a row of keys.
        PasswordRowOfKeys = "password_row_of_keys",
            "The password is easily guessed, because its keys are next to each other. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten, weil seine Tasten nebeneinander liegen. Verwenden Sie mehrere ungewöhnliche \
             Wörter.";
        /// The password repeats itself.
        PasswordRepeats = "password_repeats",
            "The password is easily guessed, because it repeats itself. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten, weil es sich wiederholt. Verwenden Sie mehrere ungewöhnliche Wörter.";
        /// The password is a sequence.
        PasswordSequence = "password_sequence",
            "The password is easily guessed, because it is a sequence such as abcd or 6543. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten, weil es eine Folge wie abcd oder 6543 ist. Verwenden Sie mehrere ungewöhnliche \
             Wörter.";
        /// The password is a date or a year.
        PasswordDate = "password_date",
            "The password is easily guessed, because it is mostly a date or a year. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten, weil es vor allem ein Datum oder eine Jahreszahl ist. Verwenden Sie mehrere \
             ungewöhnliche Wörter.";
        /// The password is a single word or name.
        PasswordOneWord = "password_one_word",
            "The password is easily guessed, because it is mostly a single word or name. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten, weil es vor allem ein einzelnes Wort oder ein Name ist. Verwenden Sie mehrere \
             ungewöhnliche Wörter.";
        /// The password is guessable in another way.
        PasswordGuessable = "password_guessable",
            "The password is easily guessed. Use several uncommon words.",
            "Das Passwort ist leicht zu erraten. Verwenden Sie mehrere ungewöhnliche Wörter.";
        /// The name of a user is not valid.
        UserNameInvalid { max: usize } = "user_name_invalid",
            "A name has 1 to {max} visible characters, such as ann or ann@example.com.",
            "Ein Name hat 1 bis {max} sichtbare Zeichen, zum Beispiel anna oder anna@example.com.";
        /// The name of a token is not valid.
        TokenNameInvalid { max: usize } = "token_name_invalid",
            "A name has 1 to {max} visible characters, such as “Nightly report”.",
            "Ein Name hat 1 bis {max} sichtbare Zeichen, zum Beispiel „Nächtlicher Bericht“.";
        /// A user with that name exists.
        NameTaken { name: String } = "name_taken",
            "The user “{name}” already exists. Choose another name.",
            "Den Namen „{name}“ gibt es schon. Wählen Sie einen anderen.";
        /// The role does not exist.
        UnknownRole { value: String } = "unknown_role",
            "“{value}” is not a role. Allowed: user, admin.",
            "„{value}“ ist keine Rolle. Erlaubt sind: user, admin.";
        /// The last administrator must stay one.
        LastAdministrator { name: String } = "last_administrator",
            "“{name}” is the last administrator. Make another administrator first.",
            "„{name}“ ist der letzte Administrator. Machen Sie zuerst jemand anderen zum Administrator.";
        /// Users cannot change their own role.
        OwnRole = "own_role",
            "You cannot change your own role. Only another administrator can.",
            "Ihre eigene Rolle können Sie nicht ändern. Das kann nur ein anderer Administrator.";
        /// There is a separate form for one's own password.
        OwnPassword = "own_password",
            "Change your own password under Account, which requires the current one.",
            "Ihr eigenes Passwort ändern Sie unter „Konto“. Dort wird auch das aktuelle verlangt.";
        /// Users cannot remove themselves.
        OwnAccount = "own_account",
            "You cannot remove yourself. Only another administrator can.",
            "Sie können sich nicht selbst entfernen. Das kann nur ein anderer Administrator.";
        /// The cameras or the user were removed in the meantime.
        CamerasChanged = "cameras_changed",
            "One of the cameras, or the user, no longer exists. Reload the list and choose again.",
            "Eine der Kameras oder die Person ist nicht mehr vorhanden. Laden Sie die Liste neu und wählen Sie noch einmal.";
        /// An administrator has no cameras that could be copied.
        NothingToCopy { name: String } = "nothing_to_copy",
            "“{name}” is an administrator, who sees all cameras. There is nothing to copy.",
            "„{name}“ ist Administrator und sieht alle Kameras. Es gibt nichts zu übernehmen.";
        /// The list has no such session.
        SessionNotInList = "session_not_in_list",
            "This session has already ended. Reload the list.",
            "Diese Sitzung ist schon beendet. Laden Sie die Liste neu.";
        /// There is no user with that name.
        NoSuchUser { name: String } = "no_such_user",
            "There is no user “{name}”.",
            "Eine Person mit dem Namen „{name}“ gibt es nicht.";
        /// There is no camera with that id, on the command line.
        NoSuchCameraId { camera: String } = "no_such_camera_id",
            "There is no camera with the id “{camera}”. `camera list` shows the ids.",
            "Eine Kamera mit der ID „{camera}“ gibt es nicht. „camera list“ zeigt die IDs.";
        /// A token is valid for a number of days.
        TokenDays { max: u32 } = "token_days",
            "A token is valid for 1 to {max} days, or until it is revoked.",
            "Ein Token ist 1 bis {max} Tage gültig oder bis zum Widerruf.";
        /// The number of days is not a number.
        DaysExpected { value: String } = "days_expected",
            "“{value}” is not a number of days.",
            "„{value}“ ist keine Anzahl von Tagen.";
        /// The list has no such token.
        TokenNotInList = "token_not_in_list",
            "This token no longer exists. Reload the list.",
            "Dieses Token ist nicht mehr vorhanden. Laden Sie die Liste neu.";
        /// The token that this form created was revoked.
        TokenOfFormRevoked = "token_of_form_revoked",
            "The token that this form created was revoked. Open the page again to create another one.",
            "Das Token, das mit diesem Formular erstellt wurde, ist widerrufen. Öffnen Sie die Seite neu, um ein weiteres zu \
             erstellen.";
        /// There is no token with that id.
        NoSuchToken { id: String } = "no_such_token",
            "The token {id} does not exist.",
            "Das Token {id} gibt es nicht.";
        /// The form is too long.
        FormTooLong = "form_too_long",
            "The submitted form is too long. Shorten what you entered.",
            "Das gesendete Formular ist zu lang. Kürzen Sie Ihre Eingaben.";
        /// The form has no such button.
        UnknownAction { value: String } = "unknown_action",
            "“{value}” is not an action of this form.",
            "„{value}“ ist keine Aktion dieses Formulars.";
        /// The language does not exist.
        UnknownLanguage { value: String, allowed: String } = "unknown_language",
            "These pages are not available in “{value}”. Allowed: {allowed}.",
            "In der Sprache „{value}“ gibt es diese Seiten nicht. Möglich sind: {allowed}.";
        /// The theme does not exist.
        UnknownTheme { value: String, allowed: String } = "unknown_theme",
            "“{value}” is not a theme. Allowed: {allowed}.",
            "„{value}“ ist kein Farbschema. Möglich sind: {allowed}.";
        /// Neither language nor theme.
        NothingChosen { languages: String, themes: String } = "nothing_chosen",
            "Nothing was chosen. Choose a language ({languages}) or a theme ({themes}).",
            "Es wurde nichts gewählt. Wählen Sie eine Sprache ({languages}) oder ein Farbschema ({themes}).";
    }
}
