//! The names of query parameters. The API refuses unknown ones; pages drop them.

use std::borrow::Cow;

use axum::http::Uri;

use crate::api::page::Page;
use crate::error::ApiError;
use crate::export_params;
use crate::messages::parameters::ParameterMessage;
use crate::server::export::records;
use crate::web::redirect::{LED_AT, SURVIVING_FIELDS};

/// The query parameter with what is searched for in the list of a page.
pub const SEARCH: &str = "search";

/// Returns the first value of a query parameter.
pub fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Checks that a query string has only parameters in `known`, each at most once.
///
/// # Errors
/// Returns `invalid_parameter` with the name of the parameter.
pub fn check(query: &str, known: &[&str]) -> Result<(), ApiError> {
    let mut seen = Vec::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if known.is_empty() {
            return Err(ApiError::invalid(&name, ParameterMessage::NoParameters));
        }
        if !known.contains(&&*name) {
            let allowed = known.join(", ");
            return Err(ApiError::invalid(&name, ParameterMessage::UnknownParameter { allowed }));
        }
        if seen.contains(&name) {
            return Err(ApiError::invalid(&name, ParameterMessage::GivenTwice));
        }
        seen.push(name);
    }
    Ok(())
}

/// Returns the query string of a page's address without unknown parameters, such as those that social networks and
/// newsletters append. `None` if it has no unknown ones.
pub fn known_to_page(path: &str, query: &str) -> Option<String> {
    // The root redirects to the export form.
    let page = if path == "/" { Some(Page::Export) } else { Page::at(path) };
    let known: &[&str] = match page {
        Some(Page::Export) => &export_params::PARAMETERS,
        Some(Page::History) => &records::PARAMETERS,
        Some(Page::Login) => &["next", LED_AT],
        Some(Page::Setup) => &["key"],
        // What was typed into a form without a session.
        Some(Page::Tokens | Page::Account | Page::Users | Page::User | Page::Sources | Page::Retention) => {
            &SURVIVING_FIELDS
        }
        Some(Page::ExportRecord | Page::Verify | Page::Import) | None => &[],
    };
    let is_searched = matches!(page, Some(Page::Users | Page::User | Page::Retention));
    // Any page may show the notice of a form.
    let is_known = |name: &Cow<str>| known.contains(&&**name) || name == "done" || is_searched && name == SEARCH;
    let is_kept = |part: &&str| form_urlencoded::parse(part.as_bytes()).all(|(name, _)| is_known(&name));
    // The known parts keep their spelling.
    let kept: Vec<_> = query.split('&').filter(is_kept).collect();
    (kept.len() < query.split('&').count()).then(|| kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::paths::{HISTORY_PATH, LOGIN_PATH, SETTINGS_PATH, SETUP_PATH};
    use crate::export_params::ExportParams;

    #[test]
    fn a_page_keeps_known_parameters_as_they_are_spelled() {
        for (path, query, expected) in [
            (SETTINGS_PATH, "", None),
            (SETTINGS_PATH, "start_date=2025-12-01&camera_id=a%26b&camera_id=c+d", None),
            (SETTINGS_PATH, "fbclid=x", Some("")),
            (
                SETTINGS_PATH,
                "utm_source=a&start_date=2025-12-01&fbclid=b&camera_id=a%26utm",
                Some("start_date=2025-12-01&camera_id=a%26utm"),
            ),
            (SETTINGS_PATH, "start%5Fdate=2025-12-01&x", Some("start%5Fdate=2025-12-01")),
            // An invalid value stays, so that the page can show the error.
            (SETTINGS_PATH, "start_date=nonsense", None),
            (HISTORY_PATH, "state=failed&camera_id=a&zone_id=z", Some("state=failed&camera_id=a")),
            (LOGIN_PATH, "gclid=1&next=%2Fsettings%3Futm%3D1", Some("next=%2Fsettings%3Futm%3D1")),
            (SETUP_PATH, "key=1&next=2", Some("key=1")),
            ("/settings/people/1", "done=role-changed&utm=1", Some("done=role-changed")),
            ("/settings/people", "search=a%26b&utm=1", Some("search=a%26b")),
            ("/settings/tokens", "search=a", Some("")),
            ("/settings/tokens", "done=not-sent&name=a&password=b", Some("done=not-sent&name=a")),
        ] {
            assert_eq!(known_to_page(path, query).as_deref(), expected, "{path}?{query}");
        }
    }

    #[test]
    fn a_page_knows_every_parameter_of_an_export_and_of_the_records() {
        let query = "format=csv&start_date=2025-12-01&end_date=2025-12-02&camera_id=a&timezone=UTC&bom=true&raw=true";
        let written = ExportParams::parse(query).expect("valid").to_query();
        for (name, _) in form_urlencoded::parse(written.as_bytes()) {
            assert!(export_params::PARAMETERS.contains(&&*name), "{name}");
        }
        let detail = ExportParams::parse("no=1").expect_err("an unknown parameter").detail;
        let (_, known) = detail.trim_end_matches('.').split_once("Allowed: ").expect("the allowed parameters");
        for name in known.split(", ") {
            assert!(export_params::PARAMETERS.contains(&name), "{name}");
        }
        for name in export_params::PARAMETERS {
            ExportParams::parse(&format!("{name}=")).expect(name);
        }
        for name in records::PARAMETERS {
            let error = records::RecordFilter::parse(&format!("{name}=&no=1")).expect_err("an unknown parameter");
            assert!(error.detail.contains(name), "{name}: {error}");
        }
    }

    #[test]
    fn the_api_names_the_unknown_parameter() {
        for (query, known, field) in [
            ("", &[][..], None),
            ("x=1", &[], Some("x")),
            ("query=a", &["query"], None),
            ("query=a&x", &["query"], Some("x")),
            ("query=a&query=b", &["query"], Some("query")),
        ] {
            let named = check(query, known).err().and_then(|error| error.field);
            assert_eq!(named.as_deref(), field, "{query}");
        }
    }
}
