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

use super::{assets, error_response, page_data, parameters, preferences};
use crate::api::exports::EXPORTS_PATH;
use crate::api::page::PageData;
use crate::api::paths::{
    ACCOUNT_PATH, API_DOCS_PATH, CAMERA_COUNTS_PATH, HISTORY_PATH, LOGIN_PATH, LOGOUT_PATH, METRICS_PATH, OPENAPI_PATH,
    PEOPLE_PATH, PREFERENCES_PATH, PREVIEW_PATH, SETTINGS_PATH, SETUP_PATH, TOKENS_PATH, VERIFY_PATH, person_path,
};
use crate::app::shell;
use crate::error::ApiError;
use crate::export_params::EXPORT_PATH;
use crate::messages::http::HttpMessage;
use crate::server::state::AppState;
use crate::server_pages;
use crate::web::assets::thaw_styles::StyleSheets;
use crate::web::forms::form::{MAX_FORM_BYTES, MAX_LONG_FORM_BYTES, form};
use crate::web::forms::{account, login, setup, tokens, users};
use crate::web::handlers::export::export;
use crate::web::handlers::export_records;
use crate::web::handlers::metrics;
use crate::web::handlers::{health, moved_paths, openapi};
use crate::web::middleware::authenticate::authenticate;
use crate::web::middleware::{authorize, csrf, host_validation, request_log, security_headers, session};
use crate::web::redirect::local;
use crate::web::request_body::unread_body;

/// The whole server, ready to be bound to a port.
pub fn router(state: AppState) -> Router {
    // What leptos spawns is for the runtime that answers requests. It may have been told by another router.
    let _ = any_spawner::Executor::init_tokio();
    let styles = StyleSheets::of_components();
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.clone());
            security_headers::page_csp(&state.leptos_options);
            if let Some(sent) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<PageData>().cloned()) {
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
            let body = body.map_err(|rejection| unread_body(&rejection))?;
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
        .route(EXPORTS_PATH, get(export_records::list))
        .route(&format!("{EXPORTS_PATH}/{{id}}"), get(export_records::one))
        .route(OPENAPI_PATH, get(openapi::describe))
        .route(API_DOCS_PATH, get(openapi::page::show))
        .merge(moved_paths::routes())
        .route("/", get(|RawQuery(query): RawQuery| async move { Redirect::to(&settings_address(query)) }))
        .route("/api", any(error_response::no_such_route))
        .route("/api/{*path}", any(error_response::no_such_route))
        .route(METRICS_PATH, get(metrics::show))
        .route(SETTINGS_PATH, get(render.clone()))
        .route(HISTORY_PATH, get(render.clone()))
        .route(VERIFY_PATH, get(render.clone()))
        .route(LOGIN_PATH, form(login::login, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(LOGOUT_PATH, form(login::logout, MAX_FORM_BYTES, render.clone()))
        .route(SETUP_PATH, form(setup::create_first_admin, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(ACCOUNT_PATH, form(account::change_password, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(TOKENS_PATH, form(tokens::change_tokens, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(PEOPLE_PATH, form(users::add_user, MAX_FORM_BYTES, render.clone()).get(render.clone()))
        .route(&person_path("{id}"), form(users::change_user, MAX_LONG_FORM_BYTES, render.clone()).get(render))
        // A layer is passed before those that are above it here.
        .layer(from_fn(csrf::strip_referer))
        .layer(from_fn_with_state(state.clone(), page_data::load_page_data))
        .layer(from_fn(authorize::authorize))
        .layer(from_fn_with_state(state.clone(), authenticate))
        .layer(from_fn(session::mark))
        .layer(session::layer(&state))
        .layer(from_fn(session::check_mark))
        // From here on, doors for everybody, with nothing behind them that is somebody's.
        .route(health::ALIVE_PATH, get(health::alive))
        .route(health::READY_PATH, get(health::ready))
        .route(
            PREFERENCES_PATH,
            post(preferences::choose).get(preferences::check_kept).layer(DefaultBodyLimit::max(MAX_FORM_BYTES)),
        )
        .nest_service(&format!("/{}", unversioned.site_pkg_dir), assets::files(&unversioned))
        .fallback(
            any(file_and_error_handler_with_context::<AppState, _>(context, shell))
                .layer(from_fn(page_data::without_slash)),
        )
        .method_not_allowed_fallback(error_response::no_such_method)
        .layer(from_fn(csrf::check))
        .layer(from_fn_with_state(state.clone(), host_validation::check))
        .layer(from_fn_with_state(state.clone(), metrics::scrape))
        .layer(from_fn(host_validation::validate))
        .layer(CatchPanicLayer::custom(error_response::on_panic))
        .layer(from_fn_with_state(state.clone(), error_response::write))
        .layer(from_fn_with_state(state.clone(), metrics::count))
        .layer(from_fn_with_state(state.clone(), security_headers::security_headers))
        .layer(from_fn(request_log::log_requests))
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
