//! Preferences of the pages: language and colours. They are kept in cookies, so that they apply before signing in as well.
//! The cookies are not secret and change no data.

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

/// The cookie and the form field with the tag of a language.
const LANGUAGE: &str = "language";

/// The cookie and the form field with the name of a colour scheme.
const THEME: &str = "theme";

/// The value of `Vary` for pages: the request headers that they depend on.
pub const VARY: &str = "accept-language, cookie";

/// Returns the language of a page: the chosen one, else the one that the browser prefers, else English.
pub fn language(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, LANGUAGE).and_then(|tag| Language::from_tag(&tag));
    chosen.or_else(|| accept_language::preferred(headers)).unwrap_or_default()
}

/// Returns the colours of a page.
pub fn color_scheme(headers: &HeaderMap) -> ColorScheme {
    cookie(headers, THEME).and_then(|scheme| scheme.parse().ok()).unwrap_or_default()
}

/// Returns the value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.typed_get::<Cookie>()?.get(name).map(str::to_owned)
}

/// Handles `POST /preferences`: sets the cookies, and redirects to `next` through [`check_kept`].
///
/// # Errors
/// Returns `invalid_parameter` if the language or theme is unknown or the form has neither, and `too_large`.
pub async fn choose(
    State(state): State<AppState>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let body = body.map_err(|rejection| unread_body(&rejection))?;
    let (mut language, mut scheme, mut next) = (None, None, String::new());
    for (name, value) in form_urlencoded::parse(&body) {
        match &*name {
            LANGUAGE => language = Some(Language::from_tag(&value).ok_or_else(|| unknown_language(&value))?),
            THEME => scheme = Some(value.parse().map_err(|UnknownValue| unknown_theme(&value))?),
            "next" => next = value.into_owned(),
            _ => (),
        }
    }
    let kept_at = kept_at(language, scheme, &next, state.clock.now());
    let language = language.map(|language| set_cookie(&state.settings, LANGUAGE, language.tag()));
    let scheme = scheme.map(|scheme| set_cookie(&state.settings, THEME, scheme.as_str()));
    let cookies: Vec<_> = language.into_iter().chain(scheme).map(|cookie| (SET_COOKIE, cookie)).collect();
    if cookies.is_empty() {
        return Err(nothing_chosen());
    }
    Ok((AppendHeaders(cookies), Redirect::to(&kept_at)))
}

/// Returns the address that redirects to `next` if the browser kept the cookies.
fn kept_at(language: Option<Language>, scheme: Option<ColorScheme>, next: &str, now: UnixMicros) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(language.map(|language| (LANGUAGE, language.tag())));
    query.extend_pairs(scheme.map(|scheme| (THEME, scheme.as_str())));
    format!(
        "{PREFERENCES_PATH}?{}",
        query.append_pair(LED_AT, &led_at(now)).append_pair("next", local_path_or_default(next)).finish()
    )
}

/// Handles `GET /preferences`: redirects to `next` if the browser kept the cookies that the form set. If the form was not
/// just sent, it redirects in any case.
///
/// # Errors
/// Returns `cookie_refused` if the cookies are missing, and `invalid_parameter` if the address has neither a language nor a
/// theme.
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

fn unknown_language(tag: &str) -> ApiError {
    ApiError::invalid(LANGUAGE, FormMessage::UnknownLanguage { value: tag.to_owned(), allowed: languages() })
}

fn unknown_theme(name: &str) -> ApiError {
    ApiError::invalid(THEME, FormMessage::UnknownTheme { value: name.to_owned(), allowed: themes() })
}

fn nothing_chosen() -> ApiError {
    ApiError::invalid(LANGUAGE, FormMessage::NothingChosen { languages: languages(), themes: themes() })
}

/// Returns the `Set-Cookie` value that keeps a choice for a year.
fn set_cookie(settings: &Settings, name: &'static str, value: &'static str) -> String {
    let path = settings.server.cookie_path();
    let cookie = cookie::Cookie::build((name, value)).path(path).http_only(true).same_site(SameSite::Lax);
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
    fn a_choice_takes_precedence_over_the_browsers_languages() {
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
    fn the_colours_are_those_of_the_system_unless_the_user_chose_others() {
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
