//! What a page shows, looked up before it is rendered.
//!
//! A page could look it up itself while it is rendered, and the first one did; but rendering that waits was seen to hang,
//! once in some thousand pages, when many were rendered at once on several threads (leptos 0.8.23). Rendering that waits
//! for nothing cannot.

use std::collections::HashSet;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::request_id::RequestId;
use super::{error_response, parameters, preferences, secure_address};
use crate::api::language::Language;
use crate::api::page::{Content, History, Outcome, Page, PageData};
use crate::api::paths::{LOGIN_PATH, PEOPLE_PATH, SETUP_PATH, is_page};
use crate::api::session::{CurrentUser, Role};
use crate::api::tokens::Token;
use crate::api::users::{Grant, User, UserWithCameras};
use crate::error::{ApiError, ErrorCode};
use crate::export_params::ExportParams;
use crate::messages::http::HttpMessage;
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::accounts::principal::{self, Principal};
use crate::server::accounts::{api_token, user};
use crate::server::cameras;
use crate::server::db::clock::{day, minute};
use crate::server::export::records::{self, RecordFilter};
use crate::server::state::AppState;
use crate::web::redirect::{LED_AT, SIGNED_IN, is_just_now, local};

pub mod export_form;

/// In which a browser says in which time zone it is; the page sets it (`ui::browser`).
const TIMEZONE_COOKIE: &str = "timezone";

/// Middleware: gives a request for a page what the page will show. An answer that has to say that it cannot be shown gets
/// the status of the reason.
pub async fn load_page_data(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || !is_page(request.uri().path()) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if let Some(known) = parameters::known_to_page(path, query) {
        let address = if known.is_empty() { path.to_owned() } else { format!("{path}?{known}") };
        return Redirect::to(local(&address)).into_response();
    }
    if path == LOGIN_PATH && signed_in(&parts).is_some() {
        return Redirect::to(local(&parameter(&parts.uri, "next").unwrap_or_default())).into_response();
    }
    let done = parameter(&parts.uri, "done");
    let outcome = if path == LOGIN_PATH && done.as_deref() == Some(SIGNED_IN) {
        let is_just_now = is_just_now(parameter(&parts.uri, LED_AT).as_deref(), state.clock.now());
        is_just_now
            .then(|| Outcome::Refused { error: secure_address::cookie_refused(&state.settings), filled_in: Vec::new() })
    } else {
        done.and_then(|done| done.parse().ok()).map(Outcome::Notice)
    };
    let refused = match &outcome {
        Some(Outcome::Refused { error, .. }) => Some(error_response::status(error)),
        _ => None,
    };
    let sent = load(&state, &parts, outcome).await;
    let status = sent.as_ref().and_then(|sent| sent.content.as_ref().err()).map(error_response::status).or(refused);
    if let Some(sent) = sent {
        parts.extensions.insert(sent);
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    response
}

/// Middleware for what no route takes, which gives the page that says so its language: an address that ends with a slash,
/// of which there are none, leads to the one without. One that would have to be resolved first is none: the router of the pages would find a page there, which
/// nobody has asked who is to see it.
pub async fn without_slash(mut request: Request, next: Next) -> Response {
    if ["//", "..", "/./", "\\", "%"].iter().any(|part| request.uri().path().contains(part)) {
        *request.uri_mut() = Uri::from_static("/nowhere");
    }
    let uri = request.uri();
    let path = uri.path().trim_end_matches('/');
    if path.is_empty() || path == uri.path() {
        let sent = empty_page_data(request.headers(), address(uri, None));
        request.extensions_mut().insert(sent);
        return next.run(request).await;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{path}{query}")).into_response()
}

/// Who is signed in with the browser that asks.
fn signed_in(parts: &Parts) -> Option<Principal> {
    principal::of(&parts.extensions).ok().filter(Principal::is_browser)
}

/// Everything that comes along with the page that a request asks for. `None` where there is no such page.
pub async fn load(state: &AppState, parts: &Parts, outcome: Option<Outcome>) -> Option<PageData> {
    let page = Page::at(parts.uri.path())?;
    let caller = signed_in(parts);
    let content = content(state, page, parts, caller.as_ref(), outcome.as_ref()).await;
    let language = preferences::language(&parts.headers);
    let address = address(&parts.uri, outcome.as_ref());
    Some(PageData {
        page: Some(page),
        me: caller.map(|Principal { user, .. }| CurrentUser { name: user.name, role: user.role }),
        content: content.map_err(|error| ApiError {
            request_id: RequestId::of(&parts.extensions),
            ..language.translate_error(error)
        }),
        outcome: outcome.map(|outcome| match outcome {
            Outcome::Refused { error, filled_in } => {
                Outcome::Refused { error: language.translate_error(error), filled_in }
            }
            other => other,
        }),
        secure_address: secure_address::of(&state.settings, &parts.headers),
        ..empty_page_data(&parts.headers, address)
    })
}

/// What comes along with a page that shows nothing of its own.
fn empty_page_data(headers: &HeaderMap, address: String) -> PageData {
    PageData {
        page: None,
        me: None,
        content: Ok(Content::Nothing),
        outcome: None,
        language: preferences::language(headers),
        color_scheme: preferences::color_scheme(headers),
        address,
        secure_address: None,
    }
}

/// Where the page is to be found again: without what was done, which is told once; and with what was in the address before
/// a form was refused, where that came back with the form.
fn address(uri: &Uri, outcome: Option<&Outcome>) -> String {
    let path = uri.path();
    let asked_for = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let came_back = match path {
        LOGIN_PATH => Some("next"),
        SETUP_PATH => Some("key"),
        _ => None,
    };
    let came_back = came_back.and_then(|name| Some((name, outcome?.filled_in(name)?)));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked_for.filter(|(name, _)| name != "done" && name != LED_AT)).extend_pairs(came_back);
    let query = query.finish();
    let address = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    local(&address).to_owned()
}

async fn content(
    state: &AppState,
    page: Page,
    parts: &Parts,
    caller: Option<&Principal>,
    outcome: Option<&Outcome>,
) -> Result<Content, ApiError> {
    let uri = &parts.uri;
    match (page, caller) {
        (Page::Login, _) => {
            let next = parameter(uri, "next").unwrap_or_default();
            let has_no_users = user::has_no_users(&state.database).await?;
            Ok(Content::Login { next: local(&next).to_owned(), has_no_users })
        }
        (Page::Setup, _) => {
            // In the address that was printed, and then in the form.
            let sent = outcome.and_then(|outcome| outcome.filled_in("key"));
            let key = sent.or_else(|| parameter(uri, "key")).unwrap_or_default();
            state.setup.check(&state.database, &key).await?;
            Ok(Content::Setup { key })
        }
        (Page::Export, Some(caller)) => {
            let timezone = preferences::cookie(&parts.headers, TIMEZONE_COOKIE);
            let query = uri.query().unwrap_or_default();
            let choices =
                export_form::choices(state, caller, query, timezone.as_deref(), preferences::language(&parts.headers))
                    .await?;
            Ok(Content::Export(Box::new(choices)))
        }
        (Page::History, Some(caller)) => {
            history(state, caller, uri, preferences::language(&parts.headers)).await.map(Content::History)
        }
        (Page::Tokens, Some(caller)) => tokens(state, caller).await.map(Content::Tokens),
        (Page::Users, Some(_)) => people(state).await.map(Content::Users),
        (Page::User, Some(caller)) => {
            let id = uri.path().strip_prefix(PEOPLE_PATH).unwrap_or_default().trim_start_matches('/');
            person(state, caller, id).await.map(Content::User)
        }
        (Page::Verify | Page::Account, _) | (_, None) => Ok(Content::Nothing),
    }
}

/// The first value of a query parameter.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

async fn history(state: &AppState, caller: &Principal, uri: &Uri, language: Language) -> Result<History, ApiError> {
    let wanted = RecordFilter::parse(uri.query().unwrap_or_default());
    let wanted = wanted.map_err(|error| export_form::naming_parameter(error, language))?;
    let records = records::records(&state.database, &caller.user, &wanted).await?;
    let older = records.next.map(|next| {
        let asked_for = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(asked_for.filter(|(name, _)| name != "before")).append_pair("before", &next);
        query.finish()
    });
    let mut records = records.exports;
    for record in &mut records {
        record.reason = record.reason.take().map(|reason| language.translate(reason));
        // The page shows the reason.
        record.error = None;
    }
    let asked_for = records.iter().filter_map(|record| ExportParams::parse(&record.query).ok());
    let asked_for: HashSet<_> = asked_for.flat_map(|params| params.camera_ids).collect();
    let cameras = cameras::cameras(state, caller.viewer(&state.clock)).await?.into_iter();
    let named = cameras.filter(|camera| asked_for.contains(&camera.id));
    let given = |name: &str| parameter(uri, name).filter(|value| !value.is_empty());
    Ok(History {
        records,
        older,
        cameras: named.filter_map(|camera| Some((camera.id, camera.name?))).collect(),
        everybodys: caller.user.role == Role::Admin,
        state: given("state"),
        user: given("user"),
        sha256: given("sha256"),
        is_later: given("before").is_some(),
    })
}

async fn tokens(state: &AppState, caller: &Principal) -> Result<Vec<Token>, ApiError> {
    let now = state.clock.now();
    let tokens = api_token::list(&state.database, Some(caller.user.id)).await?;
    let shown = tokens.into_iter().map(|(token, _)| Token {
        id: token.id.to_string(),
        name: token.name,
        created: minute(token.created_at),
        expires: token.expires_at.map(day),
        expired: token.expires_at.is_some_and(|end| end <= now),
        last_used: token.last_used_at.map(minute),
    });
    Ok(shown.collect())
}

async fn people(state: &AppState) -> Result<Vec<User>, ApiError> {
    let counts = user::grant_counts(&state.database).await?;
    let users = user::list(&state.database).await?.into_iter();
    Ok(users.map(|user| person_of(&user, counts.get(&user.id).copied().unwrap_or_default())).collect())
}

async fn person(state: &AppState, caller: &Principal, id: &str) -> Result<UserWithCameras, ApiError> {
    let user = person_named(state, id).await?;
    let granted: HashSet<_> = user::granted(&state.database, user.id).await?.into_iter().collect();
    let cameras = cameras::cameras(state, CameraAccess::Unrestricted).await?.into_iter();
    Ok(UserWithCameras {
        is_me: user.id == caller.user.id,
        person: person_of(&user, i64::try_from(granted.len()).unwrap_or(i64::MAX)),
        cameras: cameras.map(|camera| Grant { granted: granted.contains(&camera.id), camera }).collect(),
    })
}

/// The user that an address names by its id.
///
/// # Errors
/// Where there is none, or the database cannot answer.
pub async fn person_named(state: &AppState, id: &str) -> Result<user::User, ApiError> {
    let gone = || ApiError::new(ErrorCode::UserNotFound, HttpMessage::NoSuchPerson);
    let id: Uuid = id.parse().map_err(|_| gone())?;
    let found = user::by_id(&state.database, id).await?;
    found.ok_or_else(gone)
}

fn person_of(user: &user::User, cameras: i64) -> User {
    User { id: user.id.to_string(), name: user.name.clone(), role: user.role, cameras }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Notice;

    #[test]
    fn a_page_is_found_again_as_it_is_but_tells_what_was_done_once() {
        let refused = |name: &str, value: &str| Outcome::Refused {
            error: ApiError::internal(),
            filled_in: vec![(name.to_owned(), value.to_owned())],
        };
        for (uri, outcome, expected) in [
            ("/settings", None, "/settings"),
            ("/settings?start_date=2025-12-01&camera_id=a", None, "/settings?start_date=2025-12-01&camera_id=a"),
            ("/settings/people/1?done=role-changed", Some(Outcome::Notice(Notice::RoleChanged)), "/settings/people/1"),
            ("/settings/exports?state=failed&done=x", None, "/settings/exports?state=failed"),
            ("/login", Some(refused("next", "/settings?a=b")), "/login?next=%2Fsettings%3Fa%3Db"),
            ("/setup", Some(refused("key", "abc")), "/setup?key=abc"),
            ("/settings/people", Some(refused("name", "ann")), "/settings/people"),
        ] {
            assert_eq!(address(&uri.parse().expect("an address"), outcome.as_ref()), expected);
        }
    }
}
