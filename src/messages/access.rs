//! Why a user lost access while an export ran: on the wire, in records, and on pages.

use super::define::messages;

messages! {
    /// Why a user may no longer see what was requested.
    pub enum AccessLost {
        /// The user no longer exists.
        UserRemoved = "user_removed",
            "The user was removed. An administrator can add the user again.",
            "Das Benutzerkonto wurde entfernt. Ein Administrator kann es wieder anlegen.";
        /// The access token has expired.
        TokenExpired = "token_expired",
            "The access token has expired. Create a new one and try again.",
            "Das Zugriffstoken ist abgelaufen. Erstellen Sie ein neues und versuchen Sie es erneut.";
        /// The access token was revoked.
        TokenRevoked = "token_revoked",
            "The access token was revoked. Use another one.",
            "Das Zugriffstoken wurde widerrufen. Verwenden Sie ein anderes.";
        /// The session has reached its maximum age, regardless of activity.
        SessionExpired = "session_expired",
            "The session has reached its maximum age (accounts.session_max_hours). Sign in and try again.",
            "Die Sitzung hat ihre Höchstdauer erreicht (accounts.session_max_hours). Melden Sie sich an und versuchen Sie \
             es erneut.";
        /// The session was ended by signing out or by a new password.
        SessionEnded = "session_ended",
            "The session was ended: the user signed out, or the password was changed. Sign in and try again.",
            "Die Sitzung wurde beendet, weil Sie sich abgemeldet haben oder das Passwort geändert wurde. Melden Sie sich an \
             und versuchen Sie es erneut.";
        /// The session that signed the link has reached its maximum age.
        LinkSessionExpired = "link_session_expired",
            "The session that signed the link has reached its maximum age (accounts.session_max_hours). Ask for a new link.",
            "Die Sitzung, in der der Link erstellt wurde, hat ihre Höchstdauer erreicht (accounts.session_max_hours). \
             Bitten Sie um einen neuen Link.";
        /// The session that signed the link was ended.
        LinkSessionEnded = "link_session_ended",
            "The session that signed the link was ended: its user signed out, or the password was changed. Ask for a new \
             link.",
            "Die Sitzung, in der der Link erstellt wurde, ist beendet: Die Person hat sich abgemeldet, oder das Passwort \
             wurde geändert. Bitten Sie um einen neuen Link.";
        /// Access to a camera was revoked.
        CameraRevoked = "camera_revoked",
            "Access to a camera of this selection was revoked. Choose from the cameras that you can see now.",
            "Der Zugriff auf eine Kamera dieser Auswahl wurde entzogen. Wählen Sie unter den Kameras, die Sie jetzt sehen.";
        /// The user was an administrator, who sees all cameras.
        AdministratorDemoted = "administrator_demoted",
            "The user is no longer an administrator, who sees all cameras. Choose from the cameras that you can see now.",
            "Das Konto hat keine Administratorrechte mehr und sieht nicht mehr alle Kameras. Wählen Sie unter den Kameras, \
             die Sie jetzt sehen.";
    }
}
