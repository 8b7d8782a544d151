//! The names of query parameters: the API refuses those that it does not know, and pages drop them.

use std::borrow::Cow;

use crate::api::paths::{HISTORY_PATH, LOGIN_PATH, SETTINGS_PATH, SETUP_PATH};
use crate::error::ApiError;
use crate::export_params;
use crate::messages::parameters::ParameterMessage;
use crate::server::export::records;
use crate::web::redirect::LED_AT;

/// Refuses a query string with a parameter that is not among `known`, or with one of them twice.
///
/// # Errors
/// `invalid_parameter`, naming the parameter.
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

/// Returns the query string of a page's address without the parameters that the page does not know, such as those that
/// social networks and newsletters append. `None` if it has only known ones.
pub fn known_to_page(path: &str, query: &str) -> Option<String> {
    let known: &[&str] = match path {
        // The root leads to the settings.
        "/" | SETTINGS_PATH => &export_params::PARAMETERS,
        HISTORY_PATH => &records::PARAMETERS,
        LOGIN_PATH => &["next", LED_AT],
        SETUP_PATH => &["key"],
        _ => &[],
    };
    // What a form did is told on any page.
    let is_known = |name: &Cow<str>| known.contains(&&**name) || name == "done";
    let is_kept = |part: &&str| form_urlencoded::parse(part.as_bytes()).all(|(name, _)| is_known(&name));
    // The parts stay as they are written.
    let kept: Vec<_> = query.split('&').filter(is_kept).collect();
    (kept.len() < query.split('&').count()).then(|| kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params::ExportParams;

    #[test]
    fn a_page_keeps_what_it_knows_as_it_is_written() {
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
            // A value that cannot be used stays, so that the page says what is wrong with it.
            (SETTINGS_PATH, "start_date=nonsense", None),
            (HISTORY_PATH, "state=failed&camera_id=a", Some("state=failed")),
            (LOGIN_PATH, "gclid=1&next=%2Fsettings%3Futm%3D1", Some("next=%2Fsettings%3Futm%3D1")),
            (SETUP_PATH, "key=1&next=2", Some("key=1")),
            ("/settings/people/1", "done=role-changed&utm=1", Some("done=role-changed")),
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
        let told = ExportParams::parse("no=1").expect_err("no such parameter").detail;
        let (_, known) = told.trim_end_matches('.').split_once("Allowed: ").expect("the known ones");
        for name in known.split(", ") {
            assert!(export_params::PARAMETERS.contains(&name), "{name}");
        }
        for name in export_params::PARAMETERS {
            ExportParams::parse(&format!("{name}=")).expect(name);
        }
        for name in records::PARAMETERS {
            let error = records::RecordFilter::parse(&format!("{name}=&no=1")).expect_err("no such parameter");
            assert!(error.detail.contains(name), "{name}: {error}");
        }
    }

    #[test]
    fn the_api_names_what_it_does_not_know() {
        for (query, known, field) in [
            ("", &[][..], None),
            ("x=1", &[], Some("x")),
            ("query=a", &["query"], None),
            ("query=a&x", &["query"], Some("x")),
            ("query=a&query=b", &["query"], Some("query")),
        ] {
            let refused = check(query, known).err().and_then(|error| error.field);
            assert_eq!(refused.as_deref(), field, "{query}");
        }
    }
}
