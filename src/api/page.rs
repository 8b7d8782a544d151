//! The list of pages, and the data that the server sends along with a page. With it, the page is complete without
//! JavaScript, and hydration needs no further request.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::retention::RetentionPage;
use super::cameras::Camera;
use super::export_form::ExportFormData;
use super::exports::ExportRecord;
use super::session::CurrentUser;
use super::sources::{Recipe, SourceList, TriedEvent};
use super::tokens::{Scope, TokenList};
use super::unknown_value::{UnknownValue, serialize_as_str};
use super::users::{Session, UserList, UserWithCameras};
use crate::api::language::Language;
use crate::api::paths::{
    ACCOUNT_PATH, HISTORY_PATH, IMPORT_PATH, LOGIN_PATH, RECORD_PATH, RETENTION_PATH, SETTINGS_PATH, SETUP_PATH,
    SOURCES_PATH, TOKENS_PATH, USER_PATH, USERS_PATH, VERIFY_PATH,
};
use crate::error::ApiError;

pub mod import;
pub mod retention;

/// Declares [`Page`]. Each entry is a page, its path, and whether it is hydrated. The paths of the router, the match of a
/// path to a page, and [`Page::ALL`] are derived from this list; everything else about a page is a match that does not
/// compile if a page is missing.
macro_rules! pages {
    ($($(#[$about:meta])* $page:ident: $path:expr, hydrated: $is_hydrated:literal;)*) => {
        /// A page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Page {
            $($(#[$about])* $page,)*
        }

        impl Page {
            /// All pages.
            pub const ALL: &[Self] = &[$(Self::$page),*];

            /// Returns the path. `{id}` stands for one segment.
            pub fn path(self) -> &'static str {
                match self {
                    $(Self::$page => $path,)*
                }
            }

            /// Whether the page is hydrated in the browser. The others work without JavaScript.
            pub fn is_hydrated(self) -> bool {
                match self {
                    $(Self::$page => $is_hydrated,)*
                }
            }
        }
    };
}

pages! {
    /// The export form.
    Export: SETTINGS_PATH, hydrated: true;
    /// The export records.
    History: HISTORY_PATH, hydrated: true;
    /// The record of one export.
    ExportRecord: RECORD_PATH, hydrated: false;
    /// The comparison of a file with the export records.
    Verify: VERIFY_PATH, hydrated: true;
    /// The access tokens of the signed-in user.
    Tokens: TOKENS_PATH, hydrated: false;
    /// The account of the signed-in user.
    Account: ACCOUNT_PATH, hydrated: false;
    /// The import of an uploaded file.
    Import: IMPORT_PATH, hydrated: false;
    /// All users.
    Users: USERS_PATH, hydrated: false;
    /// One user.
    User: USER_PATH, hydrated: false;
    /// The live sources.
    Sources: SOURCES_PATH, hydrated: false;
    /// How long events are kept.
    Retention: RETENTION_PATH, hydrated: false;
    /// The sign-in.
    Login: LOGIN_PATH, hydrated: false;
    /// The creation of the first administrator.
    Setup: SETUP_PATH, hydrated: false;
}

impl Page {
    /// Returns the page at a path.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|page| match page.path().split_once("{id}") {
            None => page.path() == path,
            Some((before, _)) => path.strip_prefix(before).is_some_and(|id| !id.is_empty() && !id.contains('/')),
        })
    }
}

serialize_as_str!(Page, Page::path, |path| Page::ALL.iter().copied().find(|page| page.path() == path));

/// The data that is sent along with a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageData {
    /// The page; `None` if the path has none.
    pub page: Option<Page>,
    /// The user who is signed in.
    pub me: Option<CurrentUser>,
    /// What the page shows, or why it cannot be shown.
    pub content: Result<Content, ApiError>,
    /// The outcome of the form that led here, on pages that are not hydrated.
    #[serde(skip)]
    pub outcome: Option<Outcome>,
    /// The language of the page.
    pub language: Language,
    /// The colours of the page.
    pub color_scheme: ColorScheme,
    /// Path and query string of the page, to return to.
    pub address: String,
    /// The public address of a server whose cookies work over HTTPS only, on pages that are not hydrated.
    #[serde(skip)]
    pub secure_address: Option<SecureAddress>,
}

/// The server's public `https://` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureAddress {
    /// The address, without a trailing slash.
    pub url: String,
    /// Whether the request shows that the page was opened at another address or over HTTP.
    pub is_elsewhere: bool,
}

/// The colours of the pages, as the user chose them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorScheme {
    /// The current scheme of the operating system.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl ColorScheme {
    /// All colour schemes.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns the name in forms and cookies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the value of the CSS property `color-scheme`.
    pub fn css(self) -> &'static str {
        match self {
            Self::System => "light dark",
            Self::Light | Self::Dark => self.as_str(),
        }
    }
}

impl FromStr for ColorScheme {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == text).ok_or(UnknownValue)
    }
}

serialize_as_str!(ColorScheme, ColorScheme::as_str, |name| name.parse().ok());

/// What a page shows. The content of pages that are not hydrated is never sent to the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Nothing that must be loaded.
    Nothing,
    /// The export form.
    Export(Box<ExportFormData>),
    /// The sign-in.
    #[serde(skip)]
    Login {
        /// The local address to go to after signing in.
        next: String,
        /// Whether no account exists yet, so that no one can sign in.
        has_no_users: bool,
        /// Whether browsers warn, because the server's certificate is from its own authority.
        has_own_authority: bool,
    },
    /// The creation of the first administrator.
    #[serde(skip)]
    Setup {
        /// The key of the setup link.
        key: String,
    },
    /// Export records.
    History(Box<History>),
    /// The record of one export.
    #[serde(skip)]
    ExportRecord(Box<RecordPage>),
    /// The access tokens of the signed-in user.
    #[serde(skip)]
    Tokens(TokenList),
    /// The import of an uploaded file.
    #[serde(skip)]
    Import(import::ImportState),
    /// The sessions of the signed-in user.
    #[serde(skip)]
    Account(Vec<Session>),
    /// Users.
    #[serde(skip)]
    Users(UserList),
    /// One user.
    #[serde(skip)]
    User(UserWithCameras),
    /// The live sources.
    #[serde(skip)]
    Sources(SourceList),
    /// How long events are kept.
    #[serde(skip)]
    Retention(RetentionPage),
}

/// A page of export records, with the filter that selected them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub struct History {
    /// The records.
    pub records: Vec<ExportRecord>,
    /// The query string of the next page, with older records; `None` on the last page.
    pub older: Option<String>,
    /// The names of the cameras in the records' selections, by id.
    pub cameras: BTreeMap<String, String>,
    /// Whether the records of all users are shown.
    pub everybodys: bool,
    /// Whether the browser's time zone is known, so that the times are in it.
    pub is_zone_known: bool,
    /// Whether not all records are selected.
    pub is_filtered: bool,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// The form. The rendered page has it, and it is not hydrated.
    #[serde(skip)]
    pub form: HistoryForm,
}

/// The form that selects export records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryForm {
    /// Only records in this state.
    pub state: Option<String>,
    /// Only records of this user.
    pub user: Option<String>,
    /// Only records of exports that may contain events of this camera.
    pub camera_id: Option<String>,
    /// Only records of a file with this digest.
    pub sha256: Option<String>,
    /// The first and the last day, as an input of dates has them, in the time zone.
    pub days: [Option<String>; 2],
    /// The time zone of the days.
    pub timezone: String,
    /// The names of all users.
    pub users: Vec<String>,
    /// The names of removed users who have records.
    pub removed_users: Vec<String>,
    /// The cameras to choose from.
    pub cameras: Vec<Camera>,
    /// What is wrong with fields, each by its name. These fields are not applied.
    pub problems: Vec<ApiError>,
    /// The query string of the same selection as CSV.
    pub csv_query: String,
}

/// A page about one export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPage {
    /// The record, with its times in the browser's time zone.
    pub record: ExportRecord,
    /// The cameras of the selection; empty for all cameras.
    pub cameras: Vec<Camera>,
    /// The name that the export gave the file.
    pub file_name: Option<String>,
}

/// The outcome of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It succeeded.
    Notice(Notice),
    /// A token was created. It is shown only this once.
    Token {
        /// The name of the token.
        name: String,
        /// The token itself.
        text: String,
        /// What it is for.
        scope: Scope,
    },
    /// A token was created for a recipe, which is shown with it only this once.
    #[serde(skip)]
    Recipe {
        /// The recipe.
        recipe: Recipe,
        /// The token.
        token: String,
    },
    /// A source was read, and nothing was stored.
    #[serde(skip)]
    Tried {
        /// The name of the source.
        name: String,
        /// Its latest events, or why it cannot be read.
        result: Result<Vec<TriedEvent>, String>,
        /// Whether the MQTT broker can be used, if the source has one.
        mqtt: Option<String>,
    },
    /// It was sent without a session, and nothing was changed.
    NotSent {
        /// Names and values of the fields that are filled in again.
        filled_in: Vec<(String, String)>,
    },
    /// It was refused, and nothing was changed.
    Refused {
        /// The reason.
        error: ApiError,
        /// Names and values of the fields that are filled in again. Secrets are left out.
        filled_in: Vec<(String, String)>,
    },
}

impl Outcome {
    /// Returns what was filled into a field of a form that had no effect.
    pub fn filled_in(&self, field: &str) -> Option<String> {
        self.all_filled_in(field).next().map(str::to_owned)
    }

    /// Returns all values of a field that may occur more than once, as [`Self::filled_in`].
    pub fn all_filled_in(&self, field: &str) -> impl Iterator<Item = &str> {
        let filled_in: &[_] = match self {
            Self::Refused { filled_in, .. } | Self::NotSent { filled_in } => filled_in,
            Self::Notice(_) | Self::Token { .. } | Self::Recipe { .. } | Self::Tried { .. } => &[],
        };
        filled_in.iter().filter(move |(name, _)| name == field).map(|(_, value)| value.as_str())
    }
}

/// What a form did, as a word that the address of the next page can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The user signed out.
    SignedOut,
    /// The user changed their own password.
    PasswordChanged,
    /// The user changed their own password and revoked all their access tokens.
    PasswordChangedTokensRevoked,
    /// A token was revoked.
    TokenRevoked,
    /// A user was added.
    UserAdded,
    /// A user's cameras were saved.
    CamerasSaved,
    /// A user's role was changed.
    RoleChanged,
    /// A user's password was set.
    PasswordSet,
    /// A user's password was set and all their access tokens were revoked.
    PasswordSetTokensRevoked,
    /// A user was removed.
    UserRemoved,
    /// The cameras of another user were granted too.
    CamerasCopied,
    /// A session was ended.
    SessionEnded,
    /// The days to keep of a camera were saved.
    KeepDaysSaved,
    /// A hold was created.
    HoldCreated,
    /// A hold was released.
    HoldReleased,
}

impl Notice {
    const ALL: [Self; 15] = [
        Self::SignedOut,
        Self::PasswordChanged,
        Self::PasswordChangedTokensRevoked,
        Self::TokenRevoked,
        Self::UserAdded,
        Self::CamerasSaved,
        Self::RoleChanged,
        Self::PasswordSet,
        Self::PasswordSetTokensRevoked,
        Self::UserRemoved,
        Self::CamerasCopied,
        Self::SessionEnded,
        Self::KeepDaysSaved,
        Self::HoldCreated,
        Self::HoldReleased,
    ];

    /// Returns the name in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::PasswordChanged => "password-changed",
            Self::PasswordChangedTokensRevoked => "password-changed-tokens-revoked",
            Self::TokenRevoked => "token-revoked",
            Self::UserAdded => "person-added",
            Self::CamerasSaved => "cameras-saved",
            Self::RoleChanged => "role-changed",
            Self::PasswordSet => "password-set",
            Self::PasswordSetTokensRevoked => "password-set-tokens-revoked",
            Self::UserRemoved => "person-removed",
            Self::CamerasCopied => "cameras-copied",
            Self::SessionEnded => "session-ended",
            Self::KeepDaysSaved => "days-saved",
            Self::HoldCreated => "hold-created",
            Self::HoldReleased => "hold-released",
        }
    }
}

impl FromStr for Notice {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|done| done.as_str() == text).ok_or(UnknownValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_leads_to_its_page_and_to_no_other() {
        for page in Page::ALL {
            assert_eq!(Page::at(&page.path().replace("{id}", "1")), Some(*page));
        }
        for path in
            ["", "/", "/settings/", "/settings/people/", "/settings/people/1/2", "/settings/nothing", "/login/x"]
        {
            assert_eq!(Page::at(path), None, "{path}");
        }
    }
}
