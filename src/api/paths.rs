//! The addresses of the pages, and which addresses are pages.

/// Where the settings are, and in them the export.
pub const SETTINGS_PATH: &str = "/settings";
/// Where the records of exports are.
pub const HISTORY_PATH: &str = "/settings/exports";
/// Where files are compared with them.
pub const VERIFY_PATH: &str = "/settings/verify";
/// Where the caller's access tokens are.
pub const TOKENS_PATH: &str = "/settings/tokens";
/// Where the caller's own account is.
pub const ACCOUNT_PATH: &str = "/settings/account";
/// Where an administrator finds people; below it, each by its id.
pub const PEOPLE_PATH: &str = "/settings/people";
/// Where people sign in.
pub const LOGIN_PATH: &str = "/login";
/// Where they sign out.
pub const LOGOUT_PATH: &str = "/logout";
/// Where the first administrator is made.
pub const SETUP_PATH: &str = "/setup";

/// Where language and colours of the pages are chosen.
pub const PREFERENCES_PATH: &str = "/preferences";

/// Where the person with that id is.
pub fn person_path(id: &str) -> String {
    format!("{PEOPLE_PATH}/{id}")
}

/// The root of the addresses for programs, and of what a page asks for itself.
pub const API_PATH: &str = "/api";

/// The cameras that the caller sees.
pub const CAMERAS_PATH: &str = "/api/v1/cameras";
/// What an export would hold.
pub const PREVIEW_PATH: &str = "/api/v1/preview";
/// The events of each camera in an export.
pub const CAMERA_COUNTS_PATH: &str = "/api/v1/camera-counts";
/// The description of the API, as OpenAPI.
pub const OPENAPI_PATH: &str = "/api/v1/openapi.json";
/// The same as a page.
pub const API_DOCS_PATH: &str = "/api/v1/docs";

/// The address of the metrics.
pub const METRICS_PATH: &str = "/metrics";

/// Whether people go there with a browser, and not with a tool.
pub fn is_page(path: &str) -> bool {
    !is_below(API_PATH, path) && path != METRICS_PATH
}

/// Whether a path is `root` or below it.
pub fn is_below(root: &str, path: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
