//! The data of the export form.

use std::time::Duration;

use chrono::NaiveDate;

use crate::api::export_form::ExportFormData;
use crate::api::language::Language;
use crate::api::preview::Preview;
use crate::api::session::Role;
use crate::error::ApiError;
use crate::export_params::relative_date::Edge;
use crate::export_params::{DEFAULT_TIMEZONE, ExportParams};
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::camera_access::listing::cameras;
use crate::server::accounts::principal::Principal;
use crate::server::accounts::user;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::preview::preview;
use crate::server::export::records::{self, RecordFilter};
use crate::server::export::timezone::TimeZone;
use crate::server::export::timezone::offered::offered;
use crate::server::state::AppState;
use crate::ui::dates::date_preset::{PRESET, Preset};
use crate::ui::export::recent_exports::SHOWN;
use crate::web::page_data::timezone::{localize, own_timezone};

/// How long a page without a selection waits for its preview: not noticeably. The page requests a later one itself.
const PREVIEW_TIMEOUT: Duration = Duration::from_millis(100);

/// How long a page with a selection waits for its preview. Without JavaScript, the browser cannot request it later.
const SELECTION_PREVIEW_TIMEOUT: Duration = Duration::from_secs(3);

/// The selection that the address of the page names, parsed once.
pub struct AddressSelection {
    /// The query string; empty if the address has none.
    pub query: String,
    /// What it selects. `None` if it is empty, and an error if the form cannot show it.
    pub params: Option<Result<ExportParams, ApiError>>,
}

impl AddressSelection {
    /// Parses the query string of the page.
    pub fn parse(query: &str) -> Self {
        // A time zone that the form does not offer would select another one, and export another file.
        let is_offered = |params: ExportParams| TimeZone::parse(&params.timezone).map(|_| params);
        let params = (!query.is_empty()).then(|| ExportParams::parse_for_page(query).and_then(is_offered));
        Self { query: query.to_owned(), params }
    }
}

/// Loads the data of the form. `browser_timezone` is the time zone of the browser, if it is known.
///
/// # Errors
/// Returns an error if the database cannot answer.
pub async fn load(
    state: &AppState,
    principal: &Principal,
    selection: AddressSelection,
    browser_timezone: Option<&str>,
    language: Language,
) -> Result<ExportFormData, ApiError> {
    let timezone = own_timezone(browser_timezone);
    // A selection that the form cannot show is not applied; the form shows its defaults and the reason.
    let (params, problem, timeout) = match selection.params {
        Some(Ok(params)) => (params, None, SELECTION_PREVIEW_TIMEOUT),
        other => (defaults(timezone), other.and_then(Result::err), PREVIEW_TIMEOUT),
    };
    let now = state.clock.now();
    let cameras = cameras(&state.database, principal.camera_access(&state.clock)).await?;
    let mut recent = records::list(&state.database, &principal.user, &RecordFilter::my_last(SHOWN as u64), now).await?;
    let own = TimeZone::parse(timezone).unwrap_or(TimeZone::UTC);
    for record in &mut recent.exports {
        localize(record, own);
    }
    let (access, keep_days) = (principal.camera_access(&state.clock), state.settings.retention.keep_days);
    let preview = preview(state.export_context(), access, &params, now, keep_days);
    let preview = tokio::time::timeout(timeout, preview).await.ok();
    let is_empty = |preview: &Preview| preview.rows == 0 && preview.elsewhere.is_none();
    let has_no_events = cameras.is_empty()
        || params.camera_ids.is_empty() && matches!(&preview, Some(Ok(preview)) if is_empty(preview));
    let no_events = if has_no_events { Some(administrators(state).await?) } else { None };
    Ok(ExportFormData {
        cameras,
        timezones: offered(timezone, &params.timezone, selected_days(&params, now)),
        timezone: timezone.to_owned(),
        selected: selection.query,
        shown_dates: shown_dates(&params, now),
        problem: problem.map(|error| with_parameter_name(error, language)),
        preview,
        no_events,
        recent: recent.exports,
        max_at_once: usize::try_from(state.settings.export.max_concurrent_per_user.get()).unwrap_or(usize::MAX),
        link_max_minutes: state.settings.accounts.link_max_minutes.get(),
    })
}

/// Returns the first and the last day of a selection; today for a side without a limit.
fn selected_days(params: &ExportParams, now: UnixMicros) -> [NaiveDate; 2] {
    let today = now.to_datetime().unwrap_or_default().date_naive();
    let range = TimeZone::parse(&params.timezone).and_then(|zone| zone.resolve(&params.range, now)).ok();
    let last = range.and_then(|range| range.last_day).unwrap_or(today);
    [range.and_then(|range| range.first_day).unwrap_or(last), last]
}

/// Returns the names of the administrators, who can help a user who sees no events.
async fn administrators(state: &AppState) -> Result<Vec<String>, ApiError> {
    let users = user::list(&state.database).await?;
    Ok(users.into_iter().filter(|user| user.role == Role::Admin).map(|user| user.name).collect())
}

/// Returns the query string of the form with the dates of the preset that it names. Without script, the buttons of the
/// presets submit the form to the page. `None` if it names no preset. A form without a time zone gets that of the browser.
fn with_preset_dates(query: &str, browser_timezone: impl FnOnce() -> Option<String>) -> Option<String> {
    let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let value = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
    let (start, end) = Preset::from_value(value(PRESET)?)?.dates();
    let is_known = |name: &str| TimeZone::parse(name).is_ok();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(
        parameters.iter().filter(|(name, _)| ![PRESET, "start_date", "end_date"].contains(&name.as_ref())),
    );
    if value("timezone").is_none() {
        let own = browser_timezone().filter(|name| is_known(name));
        query.append_pair("timezone", own.as_deref().unwrap_or(DEFAULT_TIMEZONE));
    }
    query.extend_pairs([("start_date", start), ("end_date", end)].into_iter().filter(|(_, date)| !date.is_empty()));
    Some(query.finish())
}

/// Returns the query string of the form with local times in place of instants, because its inputs show local times. `None` if
/// there is nothing to replace.
fn with_local_times(query: &str) -> Option<String> {
    let params = ExportParams::parse(query).ok()?;
    let range = TimeZone::parse(&params.timezone).ok()?.with_local_times(&params.range)?;
    Some(ExportParams { range, ..params }.to_query())
}

/// Returns the query string that the form is redirected to; `None` if the form can show this one.
pub fn redirected(query: &str, browser_timezone: impl FnOnce() -> Option<String>) -> Option<String> {
    with_preset_dates(query, browser_timezone).or_else(|| with_local_times(query))
}

/// Returns the dates of a selection as their inputs show them.
fn shown_dates(params: &ExportParams, now: UnixMicros) -> [String; 2] {
    let zone = TimeZone::parse(&params.timezone).ok();
    [(params.range.start(), Edge::Start), (params.range.end(), Edge::End)].map(|(bound, edge)| {
        zone.zip(bound).map(|(zone, bound)| zone.shown(bound, edge, now).to_string()).unwrap_or_default()
    })
}

/// Returns the parameters that a form without a selection exports.
fn defaults(timezone: &str) -> ExportParams {
    ExportParams { timezone: timezone.to_owned(), bom: true, ..ExportParams::default() }
}

/// Returns an error about the page's address in the language of the page, with the name of the parameter.
pub fn with_parameter_name(error: ApiError, language: Language) -> ApiError {
    let Some(field) = error.field.clone() else { return error };
    let text = language.translate(*error.message).text;
    let message = Box::new(ParameterMessage::InParameter { field, text }.into());
    ApiError { message, ..error }
}
