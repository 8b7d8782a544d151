//! All doors of the server, in one list, and the layers around them.

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, RawQuery, Request};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{MethodFilter, any, get, on, post};
use bytes::Bytes;
use leptos::context::{provide_context, use_context};
use leptos::server_fn::axum::server_fn_paths;

use leptos_axum::{file_and_error_handler_with_context, handle_server_fns_with_context, render_app_async_with_context};
use tower_http::catch_panic::CatchPanicLayer;

use super::forms::{self, MAX_FORM_BYTES, MAX_LONG_FORM_BYTES, form};
use super::state::AppState;
use super::style::StyleSheets;
use super::{
    headers, health, history, host, metrics, moved_paths, openapi, pages, parameters, preferences, problem, site,
    telemetry,
};
use crate::api::exports::EXPORTS_PATH;
use crate::api::page::Sent;
use crate::app::shell;
use crate::error::ApiError;
use crate::export_params::EXPORT_PATH;
use crate::messages::http::HttpMessage;
use crate::paths::{
    ACCOUNT_PATH, API_DOCS_PATH, CAMERA_COUNTS_PATH, HISTORY_PATH, LOGIN_PATH, LOGOUT_PATH, METRICS_PATH, OPENAPI_PATH,
    PEOPLE_PATH, PREFERENCES_PATH, PREVIEW_PATH, SETTINGS_PATH, SETUP_PATH, TOKENS_PATH, VERIFY_PATH, person_path,
};
use crate::server::export::route::export;
use crate::server_pages;
use crate::web::middleware::authenticate::identify;
use crate::web::middleware::session::check_mark;
use crate::web::middleware::session::layer;
use crate::web::middleware::session::mark;
use crate::web::middleware::{authorize, csrf};
use crate::web::redirect::local;

/// The whole server, ready to be bound to a port.
pub fn router(state: AppState) -> Router {
    // What leptos spawns is for the runtime that answers requests. It may have been told by another router.
    let _ = any_spawner::Executor::init_tokio();
    let styles = StyleSheets::of_components();
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.clone());
            headers::of_page(&state.leptos_options);
            if let Some(sent) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Sent>().cloned()) {
                provide_context(sent);
            }
        }
    };
    let shell = move |options| shell(options, styles.0.clone(), server_pages::page);
    let page = {
        let (shell, options) = (shell.clone(), state.leptos_options.clone());
        move || shell(options.clone())
    };
    // A page is sent when it is whole, so that it is that without script, too.
    let render = render_app_async_with_context(context.clone(), page);
    let unversioned = state.settings.leptos_options();

    let server_functions = server_fn_paths().fold(Router::new(), |router, (path, method)| {
        let context = context.clone();
        let handler = async move |mut parts: Parts, body: Result<Bytes, BytesRejection>| {
            parameters::check(parts.uri.query().unwrap_or_default(), parameters_of(path))?;
            // Leptos makes an internal error of everything that goes wrong with a body.
            let body = body.map_err(|rejection| problem::unread_body(&rejection))?;
            if std::str::from_utf8(&body).is_err() {
                return Err(ApiError::invalid("body", HttpMessage::BodyNotUtf8));
            }
            // Leptos knows no HEAD. axum takes the body off the answer.
            if parts.method == Method::HEAD {
                parts.method = Method::GET;
            }
            let request = Request::from_parts(parts, Body::from(body));
            Ok::<_, ApiError>(handle_server_fns_with_context(context.clone(), request).await.into_response())
        };
        // Their methods are GET and POST.
        let route = on(MethodFilter::try_from(method).unwrap_or(MethodFilter::POST), handler);
        router.route(path, route.layer(DefaultBodyLimit::max(MAX_LONG_FORM_BYTES)))
    });

    server_functions
        .route(EXPORT_PATH, get(export))
        .route(EXPORTS_PATH, get(history::list))
        .route(&format!("{EXPORTS_PATH}/{{id}}"), get(history::one))
        .route(OPENAPI_PATH, get(openapi::describe))
        .route(API_DOCS_PATH, get(openapi::page::show))
        .merge(moved_paths::routes())
        .route("/", get(|RawQuery(query): RawQuery| async move { Redirect::to(&settings_address(query)) }))
        .route("/api", any(problem::no_such_route))
        .route("/api/{*path}", any(problem::no_such_route))
        .route(METRICS_PATH, get(metrics::show))
        .route(SETTINGS_PATH, get(render.clone()))
        .route(HISTORY_PATH, get(render.clone()))
        .route(VERIFY_PATH, get(render.clone()))
        .route(LOGIN_PATH, form(forms::login, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(LOGOUT_PATH, form(forms::logout, MAX_FORM_BYTES, render.clone()))
        .route(SETUP_PATH, form(forms::make_first_admin, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(ACCOUNT_PATH, form(forms::change_password, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(TOKENS_PATH, form(forms::change_tokens, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(PEOPLE_PATH, form(forms::add_person, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(&person_path("{id}"), form(forms::change_person, MAX_LONG_FORM_BYTES, render.clone()).get(render))
        // A layer is passed before those that are above it here.
        .layer(from_fn(csrf::no_way_back))
        .layer(from_fn_with_state(state.clone(), pages::prepare))
        .layer(from_fn(authorize::keep))
        .layer(from_fn_with_state(state.clone(), identify))
        .layer(from_fn(mark))
        .layer(layer(&state))
        .layer(from_fn(check_mark))
        // From here on, doors for everybody, with nothing behind them that is somebody's.
        .route(health::ALIVE_PATH, get(health::alive))
        .route(health::READY_PATH, get(health::ready))
        .route(
            PREFERENCES_PATH,
            post(preferences::choose).get(preferences::check_kept).layer(DefaultBodyLimit::max(MAX_FORM_BYTES)),
        )
        .nest_service(&format!("/{}", unversioned.site_pkg_dir), site::files(&unversioned))
        .fallback(
            any(file_and_error_handler_with_context::<AppState, _>(context, shell))
                .layer(from_fn(pages::without_slash)),
        )
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn(csrf::check))
        .layer(from_fn_with_state(state.clone(), host::check))
        .layer(from_fn_with_state(state.clone(), metrics::scrape))
        .layer(from_fn(host::validate))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(state.clone(), problem::write))
        .layer(from_fn_with_state(state.clone(), metrics::count))
        .layer(from_fn_with_state(state.clone(), headers::harden))
        .layer(from_fn(telemetry::trace))
        .with_state(state)
}

/// The address of the settings with that query string.
fn settings_address(query: Option<String>) -> String {
    query.map_or_else(|| SETTINGS_PATH.to_owned(), |query| local(&format!("{SETTINGS_PATH}?{query}")).to_owned())
}

/// The parameters that a server function takes in its address.
fn parameters_of(path: &str) -> &'static [&'static str] {
    if [PREVIEW_PATH, CAMERA_COUNTS_PATH].contains(&path) { &["query"] } else { &[] }
}
