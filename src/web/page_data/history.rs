//! The data of the export history, and of the page about one export.

use std::collections::HashSet;

use axum::http::{HeaderMap, Uri};

use super::TIMEZONE_COOKIE;
use super::export_form::with_parameter_name;
use super::timezone::{localize, own_timezone};
use crate::api::cameras::Camera;
use crate::api::page::{History, HistoryForm, RecordPage};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::relative_date::Edge;
use crate::export_params::{DEFAULT_TIMEZONE, ExportParams, file_name};
use crate::messages::requests::RequestMessage;
use crate::server::accounts::camera_access::listing;
use crate::server::accounts::principal::Principal;
use crate::server::accounts::user;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::records::history_csv;
use crate::server::export::records::{self, RecordFilter};
use crate::server::export::timezone::TimeZone;
use crate::server::state::AppState;
use crate::web::preferences;

/// The parameters that the form sets, and that leave the list as it is if they are wrong.
const FORM_FIELDS: [&str; 4] = ["sha256", "start_date", "end_date", "timezone"];

/// Names and values of a query string.
type Pairs = Vec<(String, String)>;

fn to_query(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What the address of the history selects.
struct Selected {
    filter: RecordFilter,
    /// The parameters without those that are wrong.
    applied: Pairs,
    /// What is wrong with the others.
    problems: Vec<ApiError>,
}

/// Parses the query string of the history. A wrong field of the form is left out.
///
/// # Errors
/// Returns an error if a parameter that the form does not set is wrong.
fn select(mut pairs: Pairs, now: UnixMicros) -> Result<Selected, ApiError> {
    let mut problems = Vec::new();
    loop {
        let parsed = RecordFilter::parse(&to_query(&pairs));
        let parsed = parsed.and_then(|filter| filter.timezone().resolve(filter.range(), now).map(|_| filter));
        let error = match parsed {
            Ok(filter) => return Ok(Selected { filter, applied: pairs, problems }),
            Err(error) => error,
        };
        let before = pairs.len();
        let field = error.field.as_deref().filter(|field| FORM_FIELDS.contains(field));
        pairs.retain(|(name, _)| Some(name.as_str()) != field);
        if pairs.len() == before {
            return Err(error);
        }
        problems.push(error);
    }
}

/// Loads the history.
///
/// # Errors
/// Returns an error if the address is invalid or the database cannot answer.
pub async fn load(
    state: &AppState,
    principal: &Principal,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<History, ApiError> {
    let language = preferences::language(headers);
    let cookie = preferences::cookie(headers, TIMEZONE_COOKIE);
    let own = own_timezone(cookie.as_deref());
    let zone = TimeZone::parse(own).unwrap_or(TimeZone::UTC);
    let now = state.clock.now();
    let query = uri.query().unwrap_or_default();
    let given: Pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| {
        given.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.clone())
    };
    let mut pairs = given.clone();
    // The days of an address without a time zone are the reader's.
    if value("timezone").is_none() {
        pairs.push(("timezone".to_owned(), own.to_owned()));
    }
    let Selected { filter, applied, problems } =
        select(pairs, now).map_err(|error| with_parameter_name(error, language))?;
    let listed = records::list(&state.database, &principal.user, &filter, now).await?;
    let older = listed.next.map(|next| {
        let mut pairs: Pairs = given.iter().filter(|(name, _)| name != "before" && name != "done").cloned().collect();
        pairs.push(("before".to_owned(), next));
        to_query(&pairs)
    });
    let mut records = listed.exports;
    for record in &mut records {
        record.reason = record.reason.take().map(|reason| language.translate(reason));
        // The page shows the reason instead.
        record.error = None;
        localize(record, zone);
    }
    let selections = records.iter().filter_map(|record| ExportParams::parse(&record.query).ok());
    let selected: HashSet<_> = selections.flat_map(|params| params.camera_ids).collect();
    let cameras = listing::cameras(&state.database, principal.camera_access(&state.clock)).await?;
    let named = cameras.iter().filter(|camera| selected.contains(&camera.id));
    let is_admin = principal.user.role == Role::Admin;
    let (users, removed_users) = if is_admin { people(state).await? } else { Default::default() };
    let day = |name: &str, bound, edge| match bound {
        Some(bound) => filter.timezone().shown(bound, edge, now).to_string().get(..10).map(str::to_owned),
        None => value(name),
    };
    let csv_query = {
        let of_file =
            |(name, value): &&(String, String)| !value.is_empty() && history_csv::PARAMETERS.contains(&name.as_str());
        let mut pairs: Pairs = applied.iter().filter(of_file).cloned().collect();
        pairs.push(("bom".to_owned(), "true".to_owned()));
        to_query(&pairs)
    };
    let is_filtered = given.iter().any(|(name, value)| !value.is_empty() && name != "timezone" && name != "done");
    Ok(History {
        older,
        cameras: named.filter_map(|camera| Some((camera.id.clone(), camera.name.clone()?))).collect(),
        everybodys: is_admin,
        is_zone_known: cookie.is_some_and(|name| TimeZone::parse(&name).is_ok()),
        is_filtered,
        is_later: value("before").is_some(),
        form: HistoryForm {
            state: value("state"),
            user: value("user").map(|name| user::normalized(&name)),
            camera_id: value("camera_id"),
            sha256: value("sha256"),
            days: [
                day("start_date", filter.range().start(), Edge::Start),
                day("end_date", filter.range().end(), Edge::End),
            ],
            timezone: applied
                .iter()
                .find(|(name, _)| name == "timezone")
                .map_or(DEFAULT_TIMEZONE.to_owned(), |(_, name)| name.clone()),
            users,
            removed_users,
            cameras,
            problems: problems.into_iter().map(|error| language.translate_error(error)).collect(),
            csv_query,
        },
        records,
    })
}

/// Returns the names of all users, and those of removed users who have records.
async fn people(state: &AppState) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let users: Vec<_> = user::list(&state.database).await?.into_iter().map(|user| user.name).collect();
    let mut removed = records::removed_users(&state.database).await?;
    // A name may have been given again, and a command may have exported as a user who still exists.
    removed.retain(|name| !users.contains(name));
    Ok((users, removed))
}

/// Loads the page about the export with the id in a path.
///
/// # Errors
/// Returns `export_not_found` if there is none that the user may see, and an error if the database cannot answer.
pub async fn load_record(
    state: &AppState,
    principal: &Principal,
    id: &str,
    headers: &HeaderMap,
) -> Result<RecordPage, ApiError> {
    let not_found = || ApiError::new(ErrorCode::ExportNotFound, RequestMessage::NoSuchExport);
    let id = id.parse().map_err(|_| not_found())?;
    let mut record = records::get(&state.database, &principal.user, id).await?.ok_or_else(not_found)?;
    let language = preferences::language(headers);
    record.reason = record.reason.take().map(|reason| language.translate(reason));
    let params = ExportParams::parse(&record.query).ok();
    let named = listing::cameras(&state.database, principal.camera_access(&state.clock)).await?;
    let camera = |id: &String| {
        let known = named.iter().find(|camera| camera.id == *id).cloned();
        known.unwrap_or_else(|| Camera { id: id.clone(), name: None })
    };
    let cameras = params.iter().flat_map(|params| &params.camera_ids).map(camera).collect();
    let name = params.and_then(|params| {
        let zone = TimeZone::parse(&params.timezone).ok()?;
        let resolved = zone.resolve(&params.range, state.clock.now()).ok()?;
        Some(file_name(resolved.first_day, resolved.last_day))
    });
    let own = preferences::cookie(headers, TIMEZONE_COOKIE);
    localize(&mut record, TimeZone::parse(own_timezone(own.as_deref())).unwrap_or(TimeZone::UTC));
    Ok(RecordPage { record, cameras, file_name: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(query: &str) -> Result<(String, Vec<String>), ApiError> {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let Selected { applied, problems, .. } = select(pairs, UnixMicros::default())?;
        Ok((to_query(&applied), problems.into_iter().filter_map(|error| error.field).collect()))
    }

    #[test]
    fn a_wrong_field_of_the_form_is_left_out_and_named() {
        for (query, applied, wrong) in [
            ("state=failed&sha256=abc", "state=failed", &["sha256"][..]),
            ("start_date=soon&end_date=2025-12-01", "end_date=2025-12-01", &["start_date"]),
            ("start_date=2025-12-02&end_date=2025-12-01", "end_date=2025-12-01", &["start_date"]),
            ("start_date=today&end_date=yesterday", "end_date=yesterday", &["start_date"]),
            ("sha256=x&end_date=x&timezone=x&user=ann", "user=ann", &["timezone", "sha256", "end_date"]),
            ("user=ann", "user=ann", &[]),
        ] {
            let (kept, mut fields) = selected(query).expect("shown");
            let mut wrong = wrong.to_vec();
            fields.sort();
            wrong.sort_unstable();
            assert_eq!((&*kept, fields), (applied, wrong.into_iter().map(str::to_owned).collect()), "{query}");
        }
        for (query, field) in [("state=done", "state"), ("limit=0&sha256=abc", "limit"), ("before=x", "before")] {
            assert_eq!(selected(query).expect_err("refused").field.as_deref(), Some(field), "{query}");
        }
    }
}
