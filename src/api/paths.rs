//! The paths of pages and endpoints.

/// The settings, whose first page is the export.
pub const SETTINGS_PATH: &str = "/settings";
/// The export records.
pub const HISTORY_PATH: &str = "/settings/exports";
/// The record of one export.
pub const RECORD_PATH: &str = "/settings/exports/{id}";
/// The comparison of a file with the export records.
pub const VERIFY_PATH: &str = "/settings/verify";
/// The access tokens of the signed-in user.
pub const TOKENS_PATH: &str = "/settings/tokens";
/// The account of the signed-in user.
pub const ACCOUNT_PATH: &str = "/settings/account";
/// The import of an uploaded file, for administrators.
pub const IMPORT_PATH: &str = "/settings/import";
/// All users, for administrators.
pub const USERS_PATH: &str = "/settings/people";
/// One user, for administrators.
pub const USER_PATH: &str = "/settings/people/{id}";
/// The live sources, for administrators.
pub const SOURCES_PATH: &str = "/settings/sources";
/// How long events are kept, for administrators.
pub const RETENTION_PATH: &str = "/settings/retention";
/// The sign-in.
pub const LOGIN_PATH: &str = "/login";
/// Returns the address of the sign-in that redirects to `next` afterwards.
pub fn login_url(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{LOGIN_PATH}?{query}")
}

/// The sign-out.
pub const LOGOUT_PATH: &str = "/logout";
/// The creation of the first administrator.
pub const SETUP_PATH: &str = "/setup";

/// How to install the certificate of the server's own authority.
pub const TLS_PATH: &str = "/tls";
/// The certificate of the server's own authority.
pub const AUTHORITY_PATH: &str = "/tls/motion-export-ca.crt";

/// The form that chooses language and colours of the pages.
pub const PREFERENCES_PATH: &str = "/preferences";

/// Returns the path of the user with this id.
pub fn user_path(id: &str) -> String {
    USER_PATH.replace("{id}", id)
}

/// Returns the path of the page about the export with this id.
pub fn record_path(id: &str) -> String {
    RECORD_PATH.replace("{id}", id)
}

/// The root of the paths for programs and for the requests of a page.
pub const API_PATH: &str = "/api";

/// The ingest endpoint, which takes events.
pub const INGEST_PATH: &str = "/api/v1/motion-events";
/// The ingest endpoint for senders without headers. The write token follows as the last segment.
pub const HOOKS_PATH: &str = "/api/v1/hooks";

/// The cameras that the caller can see.
pub const CAMERAS_PATH: &str = "/api/v1/cameras";
/// What an export would contain.
pub const PREVIEW_PATH: &str = "/api/v1/preview";
/// How many events an export would contain, by camera.
pub const CAMERA_COUNTS_PATH: &str = "/api/v1/camera-counts";
/// The description of the API, as OpenAPI.
pub const OPENAPI_PATH: &str = "/api/v1/openapi.json";
/// The description of the API, as a page.
pub const API_DOCS_PATH: &str = "/api/v1/docs";

/// The metrics.
pub const METRICS_PATH: &str = "/metrics";

/// Whether browsers navigate to this path. The other paths are for programs.
pub fn is_page(path: &str) -> bool {
    !is_below(API_PATH, path) && path != METRICS_PATH
}

/// Whether a path is `root` or below it.
pub fn is_below(root: &str, path: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
