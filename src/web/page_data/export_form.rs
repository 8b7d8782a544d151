//! The lists of the export form.

use std::time::Duration;

use crate::api::export_form::ExportFormData;
use crate::api::language::Language;
use crate::error::ApiError;
use crate::export_params::{DEFAULT_TIMEZONE, ExportParams};
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::principal::Principal;
use crate::server::cameras::cameras;
use crate::server::export::preview::preview;
use crate::server::export::records::{self, RecordFilter};
use crate::server::export::timezone::TimeZone;
use crate::server::state::AppState;
use crate::ui::export::recent_exports::SHOWN;

/// For how long an untouched page waits for what there is: whoever opens it is not to wait for ten million events.
const PREVIEW_TIMEOUT: Duration = Duration::from_millis(250);

/// For how long a page waits for what somebody selected, who may have no script to look again with.
const SELECTION_PREVIEW_TIMEOUT: Duration = Duration::from_secs(3);

/// What the form offers to that caller, whose browser is in that time zone, at an address with that query string.
///
/// # Errors
/// Where the database cannot answer.
pub async fn choices(
    state: &AppState,
    caller: &Principal,
    query: &str,
    own_timezone: Option<&str>,
    language: Language,
) -> Result<ExportFormData, ApiError> {
    let timezone = own_timezone.filter(|name| TimeZone::parse(name).is_ok()).unwrap_or(DEFAULT_TIMEZONE);
    let untouched = ExportParams { timezone: timezone.to_owned(), bom: true, ..ExportParams::default() }.to_query();
    // What the page cannot show is not selected by it: the form is untouched then, and says why. (A zone that is not offered
    // would be another one in the form, and so in the file.)
    let named = (!query.is_empty())
        .then(|| ExportParams::parse_for_page(query).and_then(|named| TimeZone::parse(&named.timezone)));
    let is_selected = matches!(named, Some(Ok(_)));
    let (looked_at, patience) =
        if is_selected { (query, SELECTION_PREVIEW_TIMEOUT) } else { (untouched.as_str(), PREVIEW_TIMEOUT) };
    let cameras = cameras(state, caller.viewer(&state.clock)).await?;
    let recent = records::records(&state.database, &caller.user, &RecordFilter::my_last(SHOWN as u64)).await?;
    let preview = preview(state.source(), caller.viewer(&state.clock), looked_at);
    Ok(ExportFormData {
        cameras,
        timezones: TimeZone::names(),
        timezone: timezone.to_owned(),
        selected: query.to_owned(),
        problem: named.and_then(Result::err).map(|error| naming_parameter(error, language)),
        preview: tokio::time::timeout(patience, preview).await.ok(),
        recent: recent.exports,
        max_at_once: usize::try_from(state.settings.export.max_concurrent_per_user.get()).unwrap_or(usize::MAX),
        link_max_minutes: state.settings.accounts.link_max_minutes.get(),
    })
}

/// Returns an error of a page's address in the page's language, with the parameter at fault.
pub fn naming_parameter(error: ApiError, language: Language) -> ApiError {
    let Some(field) = error.field.clone() else { return error };
    let text = language.translate(*error.message).text;
    let message = Box::new(ParameterMessage::InParameter { field, text }.into());
    ApiError { message, ..error }
}
