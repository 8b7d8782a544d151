//! What the server sends along with a page: what it shows, so that it is whole without script and needs to ask for
//! nothing when it comes alive.

use std::collections::BTreeMap;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::export_form::ExportFormData;
use super::exports::ExportRecord;
use super::session::CurrentUser;
use super::tokens::Token;
use super::unknown_value::UnknownValue;
use super::users::{User, UserWithCameras};
use crate::api::language::Language;
use crate::api::paths::{
    ACCOUNT_PATH, HISTORY_PATH, LOGIN_PATH, PEOPLE_PATH, SETTINGS_PATH, SETUP_PATH, TOKENS_PATH, VERIFY_PATH,
};
use crate::error::ApiError;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// The export form.
    Export,
    /// The records of exports.
    History,
    /// The comparing of files with them.
    Verify,
    /// The caller's access tokens.
    Tokens,
    /// The caller's own account.
    Account,
    /// All people.
    Users,
    /// One person.
    User,
    /// The sign-in.
    Login,
    /// The making of the first administrator.
    Setup,
}

impl Page {
    /// Which page is at that path, if any.
    pub fn at(path: &str) -> Option<Self> {
        Some(match path {
            SETTINGS_PATH => Self::Export,
            HISTORY_PATH => Self::History,
            VERIFY_PATH => Self::Verify,
            TOKENS_PATH => Self::Tokens,
            ACCOUNT_PATH => Self::Account,
            PEOPLE_PATH => Self::Users,
            LOGIN_PATH => Self::Login,
            SETUP_PATH => Self::Setup,
            _ => {
                let id = path.strip_prefix(PEOPLE_PATH)?.strip_prefix('/')?;
                (!id.is_empty() && !id.contains('/')).then_some(Self::User)?
            }
        })
    }

    /// Whether it comes alive in the browser; the others need no script.
    pub fn is_hydrated(self) -> bool {
        matches!(self, Self::Export | Self::History | Self::Verify)
    }
}

/// Everything that comes along with a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageData {
    /// Which page it is; `None` for an address that there is not.
    pub page: Option<Page>,
    /// Who is signed in, where somebody is.
    pub me: Option<CurrentUser>,
    /// What the page shows, or why it cannot.
    pub content: Result<Content, ApiError>,
    /// What became of the form that led here, where one did: to a page that does not come alive.
    #[serde(skip)]
    pub outcome: Option<Outcome>,
    /// In which language the page is.
    pub language: Language,
    /// In which colours.
    pub color_scheme: ColorScheme,
    /// The page's own address on this server, to come back to.
    pub address: String,
    /// Where browsers keep this server's cookies, if that is over HTTPS only; on pages that do not come alive.
    #[serde(skip)]
    pub secure_address: Option<SecureAddress>,
}

/// The server's public `https://` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureAddress {
    /// The address, without a slash at its end.
    pub url: String,
    /// Whether the request shows that the page was opened at another one, or over HTTP.
    pub is_elsewhere: bool,
}

/// Which colours somebody wants the pages to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorScheme {
    /// Those that the system has, now.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl ColorScheme {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns the name in forms and cookies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The same in CSS.
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

/// What a page shows. What pages show that do not come alive is never sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Nothing that has to be looked up.
    Nothing,
    /// The export form.
    Export(Box<ExportFormData>),
    /// The sign-in, and the local address to go to afterwards.
    #[serde(skip)]
    Login {
        /// Where to go.
        next: String,
        /// Whether nobody has an account yet, so that there is nothing to sign in with.
        has_no_users: bool,
    },
    /// The making of the first administrator, by the key of the setup link.
    #[serde(skip)]
    Setup {
        /// The key.
        key: String,
    },
    /// Records of exports.
    History(History),
    /// The caller's access tokens.
    #[serde(skip)]
    Tokens(Vec<Token>),
    /// All people.
    #[serde(skip)]
    Users(Vec<User>),
    /// One person.
    #[serde(skip)]
    User(UserWithCameras),
}

/// Records of exports, and which were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The records.
    pub records: Vec<ExportRecord>,
    /// The query string that asks for those after them; `None` where there are none.
    pub older: Option<String>,
    /// What the cameras that their selections name are called, by id.
    pub cameras: BTreeMap<String, String>,
    /// Whether they may be anybody's.
    pub everybodys: bool,
    /// Of which state.
    pub state: Option<String>,
    /// Whose.
    pub user: Option<String>,
    /// Of a file with which digest.
    pub sha256: Option<String>,
    /// Whether there are newer ones than these.
    pub is_later: bool,
}

/// What became of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done.
    Notice(Notice),
    /// A token was made. This is the one time that it is shown.
    Token {
        /// What it is called.
        name: String,
        /// The token itself.
        text: String,
    },
    /// Nothing was done, and why. What was filled in, secrets aside, comes back.
    Refused {
        /// Why.
        error: ApiError,
        /// Names and values of the form's fields.
        filled_in: Vec<(String, String)>,
    },
}

impl Outcome {
    /// What was filled into a field of the form that was refused.
    pub fn filled_in(&self, field: &str) -> Option<String> {
        let Self::Refused { filled_in, .. } = self else { return None };
        filled_in.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
    }
}

/// What was done, as a word that an address can carry from the form to the page after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The caller signed out.
    SignedOut,
    /// The caller's own password was changed.
    PasswordChanged,
    /// The same, and all access tokens were revoked.
    PasswordChangedTokensRevoked,
    /// A token was revoked.
    TokenRevoked,
    /// A person was added.
    PersonAdded,
    /// A person's cameras were saved.
    CamerasSaved,
    /// A person has another role.
    RoleChanged,
    /// A person got another password.
    PasswordSet,
    /// The same, and all access tokens of that person were revoked.
    PasswordSetTokensRevoked,
    /// A person was removed.
    UserRemoved,
}

impl Notice {
    const ALL: [Self; 10] = [
        Self::SignedOut,
        Self::PasswordChanged,
        Self::PasswordChangedTokensRevoked,
        Self::TokenRevoked,
        Self::PersonAdded,
        Self::CamerasSaved,
        Self::RoleChanged,
        Self::PasswordSet,
        Self::PasswordSetTokensRevoked,
        Self::UserRemoved,
    ];

    /// Returns the name in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::PasswordChanged => "password-changed",
            Self::PasswordChangedTokensRevoked => "password-changed-tokens-revoked",
            Self::TokenRevoked => "token-revoked",
            Self::PersonAdded => "person-added",
            Self::CamerasSaved => "cameras-saved",
            Self::RoleChanged => "role-changed",
            Self::PasswordSet => "password-set",
            Self::PasswordSetTokensRevoked => "password-set-tokens-revoked",
            Self::UserRemoved => "person-removed",
        }
    }
}

impl FromStr for Notice {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|done| done.as_str() == text).ok_or(UnknownValue)
    }
}
