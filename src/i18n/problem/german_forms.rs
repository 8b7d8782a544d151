//! What went wrong, in German, on pages and forms that only the server renders.

/// English sentences and German ones, as in [`super::german::GERMAN`]. The browser never looks here, so these sentences
/// are not in the WASM.
pub(super) static GERMAN_OF_FORMS: &[(&str, &str)] = &[
    (
        "Your browser did not keep this server's cookie, so it cannot stay signed in or keep a choice. Allow cookies for \
         this address in the browser's settings and try again.",
        "Ihr Browser hat das Cookie dieses Servers nicht gespeichert. Deshalb bleiben Sie nicht angemeldet, und eine \
         Auswahl geht verloren. Erlauben Sie in den Einstellungen des Browsers Cookies für diese Adresse und versuchen Sie es \
         erneut.",
    ),
    (
        "Your browser did not keep this server's cookie, so it cannot stay signed in or keep a choice. Cookies are kept \
         over https only: open {}. If you are there already, allow cookies for this address in the browser's settings \
         and try again.",
        "Ihr Browser hat das Cookie dieses Servers nicht gespeichert. Deshalb bleiben Sie nicht angemeldet, und eine \
         Auswahl geht verloren. Cookies werden nur über https gespeichert: Öffnen Sie {}. Wenn Sie schon dort sind, erlauben Sie in \
         den Einstellungen des Browsers Cookies für diese Adresse und versuchen Sie es erneut.",
    ),
    (
        "This server is not a proxy and opens no tunnels. Request one of its own addresses.",
        "Dieser Server ist kein Proxy und öffnet keine Tunnel. Rufen Sie eine seiner eigenen Adressen auf.",
    ),
    (
        "OPTIONS is not answered for the whole server (*). `Allow` lists the methods that its addresses take.",
        "OPTIONS wird nicht für den ganzen Server (*) beantwortet. `Allow` nennt die Methoden, die seine Adressen annehmen.",
    ),
    (
        "Name or password is wrong. Check both and try again.",
        "Name oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es erneut.",
    ),
    (
        "There were too many attempts to sign in. Wait {} seconds and try again.",
        "Es gab zu viele Anmeldeversuche. Warten Sie {} Sekunden und versuchen Sie es dann erneut.",
    ),
    (
        "You cannot be signed in at the moment, because the database cannot be written to. Try again in a while.",
        "Sie können im Moment nicht angemeldet werden, weil in die Datenbank nicht geschrieben werden kann. Versuchen Sie \
         es etwas später erneut.",
    ),
    (
        "You could not be signed out, because the database cannot be written to. Try again in a while.",
        "Sie konnten nicht abgemeldet werden, weil in die Datenbank nicht geschrieben werden kann. Versuchen Sie es etwas \
         später erneut.",
    ),
    (
        "Only administrators manage people. Ask one of them.",
        "Nur Administratoren verwalten Personen. Bitten Sie einen von ihnen.",
    ),
    (
        "An access token or a link opens data only, and no page or form. Sign in with a browser for those.",
        "Ein Zugriffstoken oder ein Link öffnet nur Daten, keine Seiten und Formulare. Melden Sie sich dafür mit einem \
         Browser an.",
    ),
    (
        "This setup link does not work, or no longer. It works once, for as long as nobody has an account; the server \
         prints it when it starts. If you have an account, sign in.",
        "Dieser Einrichtungslink funktioniert nicht oder nicht mehr. Er funktioniert einmal und nur, solange niemand ein \
         Konto hat; der Server gibt ihn beim Start aus. Wenn Sie ein Konto haben, melden Sie sich an.",
    ),
    (
        "This is not your current password. Nothing was changed.",
        "Das ist nicht Ihr aktuelles Passwort. Es wurde nichts geändert.",
    ),
    (
        "The password is too short. It needs at least {} characters, of any kind.",
        "Das Passwort ist zu kurz. Es braucht mindestens {} beliebige Zeichen.",
    ),
    (
        "The password is too long. At most {} bytes can be used.",
        "Das Passwort ist zu lang. Höchstens {} Bytes sind möglich.",
    ),
    (
        "The password is the user's name. Choose another one.",
        "Das Passwort ist der Name der Person. Wählen Sie ein anderes.",
    ),
    (
        "A name has 1 to {} characters that can be seen, such as “Nightly report”.",
        "Ein Name hat 1 bis {} sichtbare Zeichen, zum Beispiel „Nächtlicher Bericht“.",
    ),
    (
        "A name has 1 to {} characters that can be seen, such as ann or ann@example.com.",
        "Ein Name hat 1 bis {} sichtbare Zeichen, zum Beispiel anna oder anna@example.com.",
    ),
    ("There is a user “{}” already. Choose another name.", "Den Namen „{}“ gibt es schon. Wählen Sie einen anderen."),
    ("“{}” is no role. A role is user or admin.", "„{}“ ist keine Rolle. Eine Rolle ist user oder admin."),
    (
        "“{}” is the last administrator. Make another administrator first.",
        "„{}“ ist der letzte Administrator. Machen Sie zuerst jemand anderen zum Administrator.",
    ),
    (
        "Another administrator can change your role, so that one is left who can undo it.",
        "Ihre Rolle kann ein anderer Administrator ändern, damit jemand bleibt, der es rückgängig machen kann.",
    ),
    (
        "Change your own password under Account, where the current one is asked for.",
        "Ihr eigenes Passwort ändern Sie unter Konto, wo auch nach dem aktuellen gefragt wird.",
    ),
    (
        "You cannot remove yourself. Another administrator can.",
        "Sie können sich nicht selbst entfernen. Ein anderer Administrator kann es.",
    ),
    (
        "One of the cameras, or the user, is no longer there. Look at the list again and choose anew.",
        "Eine der Kameras oder die Person ist nicht mehr vorhanden. Sehen Sie sich die Liste noch einmal an und wählen Sie \
         neu.",
    ),
    ("There is no user “{}”.", "Es gibt niemanden mit dem Namen „{}“."),
    (
        "A token works for 1 to {} days, or until it is revoked.",
        "Ein Token ist 1 bis {} Tage gültig oder bis zum Widerruf.",
    ),
    ("“{}” is no number of days.", "„{}“ ist keine Anzahl von Tagen."),
    (
        "There is no such token. Look at the list again.",
        "Dieses Token gibt es nicht. Sehen Sie sich die Liste noch einmal an.",
    ),
    ("There is no token {}.", "Das Token {} gibt es nicht."),
    (
        "This server does not go by that name. Its operator can set server.public_url to the address at which people reach \
         it.",
        "Dieser Server hört nicht auf diesen Namen. Wer ihn betreibt, kann server.public_url auf die Adresse setzen, unter \
         der er erreichbar ist.",
    ),
    (
        "This form is longer than anything that could be filled in. Shorten it.",
        "Dieses Formular ist länger als alles, was sich ausfüllen ließe. Kürzen Sie es.",
    ),
    ("“{}” is nothing that this form can do.", "„{}“ ist nichts, was dieses Formular tun kann."),
    (
        "This address does not take this method; `Allow` says which it takes.",
        "Diese Adresse nimmt diese Methode nicht an; „Allow“ nennt die möglichen.",
    ),
    (
        "“{}” is no language of these pages. Choose one of {}.",
        "In der Sprache „{}“ gibt es diese Seiten nicht. Wählen Sie eine von {}.",
    ),
    ("“{}” is no theme. Choose one of {}.", "„{}“ ist kein Farbschema. Wählen Sie eines von {}."),
    (
        "Nothing was chosen. Choose a language, one of {}, or a theme, one of {}.",
        "Es wurde nichts gewählt. Wählen Sie eine Sprache, eine von {}, oder ein Farbschema, eines von {}.",
    ),
];
