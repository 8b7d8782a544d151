//! The texts of the pages of people.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub lead: &'static str,
    pub new_person: &'static str,
    pub name_hint: &'static str,
    pub first_password: &'static str,
    pub add: &'static str,
    pub cameras: &'static str,
    pub all_cameras: &'static str,
    /// The title of the page of one user, whose heading is the name.
    pub person: &'static str,
    pub lead_of_admin: &'static str,
    pub lead_of_user: &'static str,
    pub back: &'static str,
    /// Before the link to the user's own account.
    pub this_is_you: &'static str,
    pub set_new_password: &'static str,
    pub new_password: &'static str,
    pub password_effect: &'static str,
    pub revoke_tokens: &'static str,
    pub set_password: &'static str,
    pub change_role: &'static str,
    pub remove: fn(&str) -> String,
    pub remove_effect: &'static str,
    pub really_remove: fn(&str) -> String,
    pub no_cameras: &'static str,
    pub check_all: &'static str,
    pub check_none: &'static str,
    pub save_cameras: &'static str,
    /// How many cameras are checked, and of how many.
    pub chosen: fn(&str, &str) -> String,
    pub copy_cameras: &'static str,
    pub copy_from: &'static str,
    pub copy_hint: &'static str,
    pub copy: &'static str,
}

pub static ENGLISH: Texts = Texts {
    lead: "Who may sign in, and which cameras they can see. Choose a name to make changes.",
    new_person: "New person",
    name_hint: "What the person types to sign in.",
    first_password: "First password",
    add: "Add person",
    cameras: "Cameras",
    all_cameras: "all",
    person: "Person",
    lead_of_admin: "An administrator, who sees all cameras and manages people.",
    lead_of_user: "A user, who sees the cameras chosen here.",
    back: "← All people",
    this_is_you: "This is you. Your password is changed under ",
    set_new_password: "Set a new password",
    new_password: "New password",
    password_effect: "The person is signed out everywhere. Access tokens keep working unless you revoke them.",
    revoke_tokens: "Also revoke all access tokens of this person",
    set_password: "Set password",
    change_role: "Change role",
    remove: |name| format!("Remove {name}"),
    remove_effect: "Sessions, links and access tokens stop working at once, and running exports are aborted. This cannot be undone.",
    really_remove: |name| format!("Yes, remove {name}"),
    no_cameras: "There are no cameras yet. The first import adds them.",
    check_all: "All",
    check_none: "None",
    save_cameras: "Save cameras",
    chosen: |chosen, total| format!("{chosen} of {total} chosen"),
    copy_cameras: "Copy from another person",
    copy_from: "Their name",
    copy_hint: "Adds the cameras of that person. None is taken away.",
    copy: "Add their cameras",
};

pub static GERMAN: Texts = Texts {
    lead: "Wer sich anmelden darf und wer welche Kameras sieht. Wählen Sie einen Namen, um etwas zu ändern.",
    new_person: "Neue Person",
    name_hint: "Damit meldet sich die Person an.",
    first_password: "Erstes Passwort",
    add: "Person hinzufügen",
    cameras: "Kameras",
    all_cameras: "alle",
    person: "Person",
    lead_of_admin: "Ein Administrator, der alle Kameras sieht und Personen verwaltet.",
    lead_of_user: "Ein Benutzer, der die hier gewählten Kameras sieht.",
    back: "← Alle Personen",
    this_is_you: "Das sind Sie selbst. Ihr Passwort ändern Sie unter ",
    set_new_password: "Neues Passwort festlegen",
    new_password: "Neues Passwort",
    password_effect: "Die Person wird überall abgemeldet. Zugriffstoken bleiben gültig, solange Sie sie nicht widerrufen.",
    revoke_tokens: "Auch alle Zugriffstoken dieser Person widerrufen",
    set_password: "Passwort festlegen",
    change_role: "Rolle ändern",
    remove: |name| format!("{name} entfernen"),
    remove_effect: "Sitzungen, Links und Zugriffstoken werden sofort ungültig, und laufende Exporte werden abgebrochen. Das lässt sich \
                    nicht rückgängig machen.",
    really_remove: |name| format!("Ja, {name} entfernen"),
    no_cameras: "Es gibt noch keine Kameras. Der erste Import legt sie an.",
    check_all: "Alle",
    check_none: "Keine",
    save_cameras: "Kameras speichern",
    chosen: |chosen, total| format!("{chosen} von {total} gewählt"),
    copy_cameras: "Von einer anderen Person übernehmen",
    copy_from: "Name dieser Person",
    copy_hint: "Fügt die Kameras dieser Person hinzu. Keine wird entzogen.",
    copy: "Kameras hinzufügen",
};

impl Language {
    /// Returns the texts of the pages of people.
    pub fn people(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
