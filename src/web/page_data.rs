//! Loads the data of a page before the page is rendered.
//!
//! Pages do not load data while they render: with leptos 0.8.23, rendering that waits hung about once in some thousand
//! pages when many were rendered at once on several threads.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::middleware::authorize::Authorized;
use super::parameters::parameter;
use super::request_id::RequestId;
use super::{error_response, parameters, preferences, secure_address};
use crate::api::language::Language;
use crate::api::page::import::{ImportState, Phase};
use crate::api::page::{Content, Outcome, Page, PageData};
use crate::api::paths::{LOGIN_PATH, SETTINGS_PATH, SETUP_PATH, is_page};
use crate::api::session::CurrentUser;
use crate::api::tokens::{Token, TokenList};
use crate::error::ApiError;
use crate::server::accounts::principal::{self, Principal};
use crate::server::accounts::{api_token, user};
use crate::server::db::clock::{day, second};
use crate::server::internal_error::internal;
use crate::server::settings::Tls;
use crate::server::state::AppState;
use crate::web::page_data::export_form::AddressSelection;
use crate::web::redirect::{LED_AT, NOT_SENT, SIGNED_IN, is_just_now, local_path_or_default};

pub mod export_form;
mod history;
pub mod people;
pub mod retention;
mod sources;
mod timezone;

/// The cookie in which the page keeps the browser's time zone (`ui::browser`).
const TIMEZONE_COOKIE: &str = "timezone";

/// Middleware: loads the data of a requested page into the request. If the page cannot be shown, the response has the
/// status of the error.
pub async fn load_page_data(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || !is_page(request.uri().path()) {
        return next.run(request).await;
    }
    // The future is large, and requests for other paths need not allocate it.
    Box::pin(show_page(state, request, next)).await
}

async fn show_page(state: AppState, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let own_zone = || preferences::cookie(&parts.headers, TIMEZONE_COOKIE);
    let redirected = (path == SETTINGS_PATH).then(|| export_form::redirected(query, own_zone)).flatten();
    if let Some(query) = redirected {
        return Redirect::to(local_path_or_default(&format!("{path}?{query}"))).into_response();
    }
    if let Some(known) = parameters::known_to_page(path, query) {
        let address = if known.is_empty() { path.to_owned() } else { format!("{path}?{known}") };
        return Redirect::to(local_path_or_default(&address)).into_response();
    }
    if path == LOGIN_PATH && signed_in(&parts).is_some() {
        let next = parameter(&parts.uri, "next").unwrap_or_default();
        return Redirect::to(local_path_or_default(&next)).into_response();
    }
    let done = parameter(&parts.uri, "done");
    let outcome = if path == LOGIN_PATH && done.as_deref() == Some(SIGNED_IN) {
        let is_just_now = is_just_now(parameter(&parts.uri, LED_AT).as_deref(), state.clock.now());
        is_just_now
            .then(|| Outcome::Refused { error: secure_address::cookie_refused(&state.settings), filled_in: Vec::new() })
    } else if done.as_deref() == Some(NOT_SENT) {
        let fields = form_urlencoded::parse(query.as_bytes()).into_owned();
        Some(Outcome::NotSent { filled_in: fields.filter(|(name, _)| name != "done").collect() })
    } else {
        done.and_then(|done| done.parse().ok()).map(Outcome::Notice)
    };
    let refused = match &outcome {
        Some(Outcome::Refused { error, .. }) => Some(error_response::status(error)),
        _ => None,
    };
    let data = match page_data_for(&state, &parts, outcome).await {
        Ok(data) => data,
        Err(error) => return error.into_response(),
    };
    let status = data.as_ref().and_then(|data| data.content.as_ref().err()).map(error_response::status).or(refused);
    if let Some(data) = data {
        parts.extensions.insert(data);
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    response
}

/// Middleware for paths without a route: redirects a path with a trailing slash to the one without, and gives the page for
/// status 404 its language.
///
/// Paths with dot segments, backslashes or percent-encoding are treated as not found, because Leptos' router could resolve
/// them to a page that was not authorized.
pub async fn without_slash(mut request: Request, next: Next) -> Response {
    if ["//", "..", "/./", "\\", "%"].iter().any(|part| request.uri().path().contains(part)) {
        *request.uri_mut() = Uri::from_static("/nowhere");
    }
    let uri = request.uri();
    let path = uri.path().trim_end_matches('/');
    if path.is_empty() || path == uri.path() {
        let data = empty_page_data(request.headers(), address(uri, None));
        request.extensions_mut().insert(data);
        return next.run(request).await;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{path}{query}")).into_response()
}

/// Returns the principal if it is a browser with a session.
fn signed_in(parts: &Parts) -> Option<Principal> {
    principal::of(&parts.extensions).ok().filter(Principal::is_browser)
}

/// Returns the data of the page that a request is for. `None` if its path has no page.
///
/// # Errors
/// Returns `internal` if the request did not pass [`authorize`](super::middleware::authorize::authorize). An error of the
/// page itself is in its content.
pub async fn page_data_for(
    state: &AppState,
    parts: &Parts,
    outcome: Option<Outcome>,
) -> Result<Option<PageData>, ApiError> {
    let Some(page) = Page::at(parts.uri.path()) else { return Ok(None) };
    if parts.extensions.get::<Authorized>().is_none() {
        return Err(internal(&"the data of a page was requested before authorization"));
    }
    let principal = signed_in(parts);
    let content = content(state, page, parts, principal.as_ref(), outcome.as_ref()).await;
    let language = preferences::language(&parts.headers);
    let address = address(&parts.uri, outcome.as_ref());
    Ok(Some(PageData {
        page: Some(page),
        me: principal.map(|Principal { user, .. }| CurrentUser { name: user.name, role: user.role }),
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
        secure_address: secure_address::secure_address(&state.settings, &parts.headers),
        ..empty_page_data(&parts.headers, address)
    }))
}

/// Returns the data of a page without content.
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

/// Returns the address of the page, without the notice, which is shown only once. If a form was refused, the parameter that
/// the form carried is added again.
fn address(uri: &Uri, outcome: Option<&Outcome>) -> String {
    let path = uri.path();
    if let Some(Outcome::NotSent { .. }) = outcome {
        return path.to_owned();
    }
    let parameters = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let carried = match path {
        LOGIN_PATH => Some("next"),
        SETUP_PATH => Some("key"),
        _ => None,
    };
    let filled_in = carried.and_then(|name| Some((name, outcome?.filled_in(name)?)));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.filter(|(name, _)| name != "done" && name != LED_AT)).extend_pairs(filled_in);
    let query = query.finish();
    let address = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    local_path_or_default(&address).to_owned()
}

async fn content(
    state: &AppState,
    page: Page,
    parts: &Parts,
    principal: Option<&Principal>,
    outcome: Option<&Outcome>,
) -> Result<Content, ApiError> {
    let uri = &parts.uri;
    let language = preferences::language(&parts.headers);
    match (page, principal) {
        (Page::Login, _) => {
            let next = parameter(uri, "next").unwrap_or_default();
            let has_no_users = user::has_no_users(&state.database).await?;
            let has_own_authority = state.settings.server.tls == Tls::SelfSigned;
            Ok(Content::Login { next: local_path_or_default(&next).to_owned(), has_no_users, has_own_authority })
        }
        (Page::Setup, _) => {
            // The printed address carries the key first, and the form afterwards.
            let filled_in = outcome.and_then(|outcome| outcome.filled_in("key"));
            let key = filled_in.or_else(|| parameter(uri, "key")).unwrap_or_default();
            state.setup.check(&state.database, &key).await?;
            Ok(Content::Setup { key })
        }
        (Page::Export, Some(principal)) => {
            let timezone = preferences::cookie(&parts.headers, TIMEZONE_COOKIE);
            let selection = AddressSelection::parse(uri.query().unwrap_or_default());
            let form = export_form::load(state, principal, selection, timezone.as_deref(), language).await?;
            Ok(Content::Export(Box::new(form)))
        }
        (Page::History, Some(principal)) => {
            let history = history::load(state, principal, uri, &parts.headers).await?;
            Ok(Content::History(Box::new(history)))
        }
        (Page::ExportRecord, Some(principal)) => {
            let id = uri.path().rsplit('/').next().unwrap_or_default();
            let page = history::load_record(state, principal, id, &parts.headers).await?;
            Ok(Content::ExportRecord(Box::new(page)))
        }
        (Page::Tokens, Some(principal)) => tokens(state, principal).await.map(Content::Tokens),
        (Page::Import, Some(_)) => Ok(Content::Import(import(state, language))),
        (Page::Account, Some(principal)) => {
            people::sessions(state, principal, principal.user.id).await.map(Content::Account)
        }
        (Page::Users, Some(_)) => people::users(state, uri).await.map(Content::Users),
        (Page::User, Some(principal)) => {
            people::user_with_cameras(state, principal, uri, language).await.map(Content::User)
        }
        (Page::Sources, Some(_)) => sources::load(state, &parts.headers, language).await.map(Content::Sources),
        (Page::Retention, Some(_)) => {
            let timezone = preferences::cookie(&parts.headers, TIMEZONE_COOKIE);
            retention::load(state, timezone, &people::search(uri), language).await.map(Content::Retention)
        }
        (Page::Verify, _) | (_, None) => Ok(Content::Nothing),
    }
}

/// Returns the state of uploads, in the language of the page.
fn import(state: &AppState, language: Language) -> ImportState {
    let mut shown = state.uploads.state();
    match shown.upload.as_mut().map(|upload| &mut upload.phase) {
        Some(Phase::Failed(message) | Phase::Refused { problem: message, .. }) => {
            *message = language.translate(message.clone());
        }
        Some(Phase::Done(summary)) => {
            for finding in &mut summary.findings {
                finding.reason = language.translate(finding.reason.clone());
            }
        }
        _ => {}
    }
    shown
}

async fn tokens(state: &AppState, principal: &Principal) -> Result<TokenList, ApiError> {
    let now = state.clock.now();
    let tokens = api_token::list(&state.database, Some(principal.user.id)).await?;
    let tokens = tokens.into_iter().map(|(token, _)| Token {
        id: token.id.to_string(),
        name: token.name,
        scope: token.scope.parse().unwrap_or_default(),
        source: token.source,
        created: second(token.created_at),
        expires: token.expires_at.map(day),
        expired: token.expires_at.is_some_and(|end| end <= now),
        last_used: token.last_used_at.map(second),
    });
    Ok(TokenList { tokens: tokens.collect(), form_key: api_token::random_bits()?.to_hex() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::page::Notice;

    #[test]
    fn the_address_of_a_page_keeps_its_parameters_but_not_the_notice() {
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
            (
                "/settings/people?done=not-sent&name=ann",
                Some(Outcome::NotSent { filled_in: Vec::new() }),
                "/settings/people",
            ),
        ] {
            assert_eq!(address(&uri.parse().expect("an address"), outcome.as_ref()), expected);
        }
    }
}
