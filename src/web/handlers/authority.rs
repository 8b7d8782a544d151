//! The certificate of the server's own authority, and the page that says how to install it. Both are public: they are needed
//! before one can sign in without a warning.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, VARY};
use axum::response::{Html, IntoResponse};
use leptos::prelude::*;

use crate::api::language::Language;
use crate::api::page::ColorScheme;
use crate::api::paths::{AUTHORITY_PATH, LOGIN_PATH};
use crate::app::style_sheet;
use crate::error::{ApiError, ErrorCode};
use crate::messages::requests::RequestMessage;
use crate::server::internal_error::internal;
use crate::server::settings::{Settings, Tls};
use crate::server::state::AppState;
use crate::web::listener::tls::{authority, authority_folder};
use crate::web::preferences;

/// Allows the page only its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Handles `GET /tls`.
///
/// # Errors
/// Returns `not_found` if the server has no authority of its own.
pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Result<impl IntoResponse, ApiError> {
    let (_, fingerprint) = certificate(&state.settings)?;
    let (language, scheme) = (preferences::language(&headers), preferences::color_scheme(&headers));
    let page = page(&style_sheet(&state.leptos_options), &fingerprint, language, scheme);
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (VARY, HeaderValue::from_static(preferences::VARY))];
    Ok((headers, Html(page)))
}

/// Handles `GET /tls/motion-export-ca.crt`. With this type, systems offer to install the file.
///
/// # Errors
/// Returns `not_found` if the server has no authority of its own.
pub async fn download(State(state): State<AppState>) -> Result<impl IntoResponse, ApiError> {
    let (pem, _) = certificate(&state.settings)?;
    let headers = [
        (CONTENT_TYPE, "application/x-x509-ca-cert"),
        (CONTENT_DISPOSITION, "attachment; filename=\"motion-export-ca.crt\""),
    ];
    Ok((headers, pem))
}

/// Returns the certificate in PEM, and its fingerprint.
fn certificate(settings: &Settings) -> Result<(Vec<u8>, String), ApiError> {
    let not_found = || ApiError::new(ErrorCode::NotFound, RequestMessage::NotFound);
    if settings.server.tls != Tls::SelfSigned {
        return Err(not_found());
    }
    let certificate = authority::certificate_in(&authority_folder(settings)).map_err(|error| internal(&error))?;
    certificate.ok_or_else(not_found)
}

/// Renders the complete document.
fn page(style_sheet: &str, fingerprint: &str, language: Language, scheme: ColorScheme) -> String {
    let texts = language.tls();
    let theme = (scheme != ColorScheme::System).then_some(scheme.as_str());
    let systems = texts.systems.map(|(system, steps)| view! { <dt>{system}</dt><dd>{steps}</dd> });
    let page = view! {
        <html lang=language.tag() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content=scheme.css()/>
                <title inner_html=format!("{} · Motion Export", texts.title)></title>
                <link rel="stylesheet" href=style_sheet.to_owned()/>
            </head>
            <body>
                <main class="lonely">
                    <h1>{texts.title}</h1>
                    <p>{texts.lead}</p>
                    <p><a href=AUTHORITY_PATH download="motion-export-ca.crt">{texts.download}</a></p>
                    <p>{texts.compare}</p>
                    <p><code class="fingerprint">{fingerprint.to_owned()}</code></p>
                    <dl class="systems">{systems.into_iter().collect_view()}</dl>
                    <p class="hint">{texts.risk}</p>
                    <p><a href=LOGIN_PATH>{texts.to_sign_in}</a></p>
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}
