//! How somebody wants the pages: in which language, in which colours. Cookies of the browser keep that, so that it holds
//! before signing in as well; what they hold is no secret, and changes no data.

use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use bytes::Bytes;
use headers::{Cookie, HeaderMapExt};
use time::Duration;
use tower_sessions::cookie::{self, SameSite};

use super::secure_address;
use crate::api::language::Language;
use crate::api::page::ColorScheme;
use crate::api::paths::PREFERENCES_PATH;
use crate::api::unknown_value::UnknownValue;
use crate::error::ApiError;
use crate::messages::forms::FormMessage;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::settings::Settings;
use crate::server::state::AppState;
use crate::web::listener::request_body::unread_body;
use crate::web::negotiation::accept_language;
use crate::web::redirect::{LED_AT, is_just_now, led_at, local_path_or_default};

/// The cookie and the form's field that hold a language's tag.
const LANGUAGE: &str = "language";

/// The cookie and the form's field that hold the word for a colour scheme.
const THEME: &str = "theme";

/// The header's names of what a page depends on besides its address, for those who keep copies.
pub const VARY: &str = "accept-language, cookie";

/// In which language a page is to be: as was chosen, or else as the browser asks, or else in English.
pub fn language(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, LANGUAGE).and_then(|tag| Language::from_tag(&tag));
    chosen.or_else(|| accept_language::preferred(headers)).unwrap_or_default()
}

/// In which colours.
pub fn color_scheme(headers: &HeaderMap) -> ColorScheme {
    cookie(headers, THEME).and_then(|scheme| scheme.parse().ok()).unwrap_or_default()
}

/// What a cookie holds.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.typed_get::<Cookie>()?.get(name).map(str::to_owned)
}

/// `POST /preferences`: keeps what the form chooses, and leads back to `next` by way of [`check_kept`].
///
/// # Errors
/// `invalid_parameter` where there is no such language or theme, or the form names neither; `too_large`.
pub async fn choose(
    State(state): State<AppState>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let body = body.map_err(|rejection| unread_body(&rejection))?;
    let (mut language, mut scheme, mut next) = (None, None, String::new());
    for (name, value) in form_urlencoded::parse(&body) {
        match &*name {
            LANGUAGE => language = Some(Language::from_tag(&value).ok_or_else(|| no_language(&value))?),
            THEME => scheme = Some(value.parse().map_err(|UnknownValue| no_theme(&value))?),
            "next" => next = value.into_owned(),
            _ => (),
        }
    }
    let kept_at = kept_at(language, scheme, &next, state.clock.now());
    let language = language.map(|language| kept(&state.settings, LANGUAGE, language.tag()));
    let scheme = scheme.map(|scheme| kept(&state.settings, THEME, scheme.as_str()));
    let cookies: Vec<_> = language.into_iter().chain(scheme).map(|cookie| (SET_COOKIE, cookie)).collect();
    if cookies.is_empty() {
        return Err(nothing_chosen());
    }
    Ok((AppendHeaders(cookies), Redirect::to(&kept_at)))
}

/// The address that leads to `next` if the browser has kept what was chosen. `now` is in microseconds since
/// 1970-01-01T00:00:00Z.
fn kept_at(language: Option<Language>, scheme: Option<ColorScheme>, next: &str, now: UnixMicros) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(language.map(|language| (LANGUAGE, language.tag())));
    query.extend_pairs(scheme.map(|scheme| (THEME, scheme.as_str())));
    format!(
        "{PREFERENCES_PATH}?{}",
        query.append_pair(LED_AT, &led_at(now)).append_pair("next", local_path_or_default(next)).finish()
    )
}

/// `GET /preferences`: leads on to `next` from the form, if the browser has kept the cookies that it was given there. Whoever
/// did not just send the form is led on in any case.
///
/// # Errors
/// `cookie_refused` if it has not kept them; `invalid_parameter` if the address names neither a language nor a theme.
pub async fn check_kept(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Redirect, ApiError> {
    let (mut next, mut chosen, mut led_at) = (String::new(), Vec::new(), None);
    for (name, value) in form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes()) {
        match &*name {
            LANGUAGE | THEME => chosen.push((name, value)),
            LED_AT => led_at = Some(value),
            "next" => next = value.into_owned(),
            _ => (),
        }
    }
    if chosen.is_empty() {
        return Err(nothing_chosen());
    }
    let is_kept = chosen.iter().all(|(name, value)| cookie(&headers, name).as_deref() == Some(value));
    if is_kept || !is_just_now(led_at.as_deref(), state.clock.now()) {
        Ok(Redirect::to(local_path_or_default(&next)))
    } else {
        Err(secure_address::cookie_refused(&state.settings))
    }
}

fn languages() -> String {
    Language::ALL.map(Language::tag).join(", ")
}

fn themes() -> String {
    ColorScheme::ALL.map(ColorScheme::as_str).join(", ")
}

fn no_language(tag: &str) -> ApiError {
    ApiError::invalid(LANGUAGE, FormMessage::UnknownLanguage { value: tag.to_owned(), allowed: languages() })
}

fn no_theme(word: &str) -> ApiError {
    ApiError::invalid(THEME, FormMessage::UnknownTheme { value: word.to_owned(), allowed: themes() })
}

fn nothing_chosen() -> ApiError {
    ApiError::invalid(LANGUAGE, FormMessage::NothingChosen { languages: languages(), themes: themes() })
}

/// The cookie that keeps a choice for a year.
fn kept(settings: &Settings, name: &'static str, value: &'static str) -> String {
    let cookie = cookie::Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.secure(settings.server.is_https()).max_age(Duration::days(365)).build().to_string()
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_was_chosen_comes_before_what_the_browser_asks_for() {
        for (lines, expected) in [
            (&[][..], Language::English),
            (&[(ACCEPT_LANGUAGE, "de-AT")], Language::German),
            (&[(ACCEPT_LANGUAGE, "de"), (COOKIE, "a=b; language=en")], Language::English),
            (&[(ACCEPT_LANGUAGE, "en"), (COOKIE, "language=de; theme=dark")], Language::German),
            (&[(ACCEPT_LANGUAGE, "de"), (COOKIE, "language=klingon")], Language::German),
            (&[(ACCEPT_LANGUAGE, "en;q=0.1"), (ACCEPT_LANGUAGE, "de;q=0.2")], Language::German),
        ] {
            assert_eq!(language(&headers(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_colours_are_the_systems_unless_others_were_chosen() {
        for (lines, expected) in [
            (&[][..], ColorScheme::System),
            (&[(COOKIE, "theme=dark")], ColorScheme::Dark),
            (&[(COOKIE, "theme=light; language=de")], ColorScheme::Light),
            (&[(COOKIE, "theme=pink")], ColorScheme::System),
        ] {
            assert_eq!(color_scheme(&headers(lines)), expected, "{lines:?}");
        }
    }
}
