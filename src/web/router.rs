//! All routes of the server, and the layers around them.

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, RawQuery, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodFilter, MethodRouter, any, get, on, post};
use bytes::Bytes;
use leptos::context::{provide_context, use_context};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::{handle_server_fns_with_context, render_app_async_with_context};
use tower_http::catch_panic::CatchPanicLayer;

use super::{assets, error_response, page_data, parameters, preferences};
use crate::api::exports::{EXPORT_EVENTS_PATH, EXPORTS_PATH, HISTORY_CSV_PATH, cancel_path};
use crate::api::page::{Page, PageData};
use crate::api::paths::{
    API_DOCS_PATH, AUTHORITY_PATH, CAMERA_COUNTS_PATH, HOOKS_PATH, INGEST_PATH, LOGOUT_PATH, METRICS_PATH,
    OPENAPI_PATH, PREFERENCES_PATH, PREVIEW_PATH, TLS_PATH,
};
use crate::app::shell;
use crate::error::ApiError;
use crate::export_params::EXPORT_PATH;
use crate::messages::http::HttpMessage;
use crate::server::ingest::live::{body, hooks};
use crate::server::state::AppState;
use crate::server_pages;
use crate::web::assets::thaw_styles::StyleSheets;
use crate::web::forms::form::{MAX_FORM_BYTES, MAX_LONG_FORM_BYTES, form};
use crate::web::forms::{account, history, import, login, retention, setup, sources, tokens, users};
use crate::web::handlers::export::export;
use crate::web::handlers::{
    authority, export_events, export_history, export_records, health, metrics, motion_events, moved_paths, openapi,
};
use crate::web::listener::request_body::unread_body;
use crate::web::middleware::authenticate::authenticate;
use crate::web::middleware::{authorize, base_path, csrf, host_validation, request_log, security_headers, session};
use crate::web::redirect::settings_address;

/// Returns the complete server.
///
/// A list of layers runs in its order, and before the layers above it. Each `layer` clones all layers within it with each
/// request, so a list takes less time than its layers one by one. The order is tested:
/// `each_layer_refuses_before_the_layers_within_it`.
pub fn router(state: AppState) -> Router {
    // Leptos needs the runtime for its tasks. An error means that another router has set it already.
    let _ = any_spawner::Executor::init_tokio();
    let styles = StyleSheets::from_components();
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.clone());
            security_headers::page_csp(&state.leptos_options);
            if let Some(data) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<PageData>().cloned()) {
                provide_context(data);
            }
        }
    };
    let shell = move |options| shell(options, styles.0.clone(), server_pages::page);
    let page = {
        let options = state.leptos_options.clone();
        move || shell(options.clone())
    };
    // A page is sent only once it is complete, because without JavaScript it cannot be completed later.
    let render = render_app_async_with_context(context.clone(), page);
    let (site, unversioned) = (state.settings.site(), state.settings.leptos_options());

    let authorized = server_functions(&context)
        .route(EXPORT_PATH, get(export))
        .route(EXPORTS_PATH, get(export_records::list))
        .route(HISTORY_CSV_PATH, get(export_history::download))
        .route(EXPORT_EVENTS_PATH, get(export_events::follow))
        .route(&format!("{EXPORTS_PATH}/{{id}}"), get(export_records::get))
        .route(&cancel_path("{id}"), post(export_records::cancel))
        .route(INGEST_PATH, post(motion_events::receive).layer(DefaultBodyLimit::max(body::MAX_BYTES)))
        .route(
            &format!("{HOOKS_PATH}/{{secret}}"),
            post(motion_events::receive_hook).layer(DefaultBodyLimit::max(hooks::MAX_BYTES)),
        )
        .route(OPENAPI_PATH, get(openapi::describe))
        .route(API_DOCS_PATH, get(openapi::page::show))
        .merge(moved_paths::routes())
        .route("/", get(|RawQuery(query): RawQuery| async move { Redirect::to(&settings_address(query)) }))
        .route("/api", any(error_response::no_such_route))
        .route("/api/{*path}", any(error_response::no_such_route))
        .route(METRICS_PATH, get(metrics::show))
        .route(LOGOUT_PATH, form(login::logout, MAX_FORM_BYTES, render.clone()))
        .merge(pages(&render))
        .layer((
            from_fn_with_state(state.clone(), authenticate),
            from_fn(authorize::authorize),
            from_fn_with_state(state.clone(), page_data::load_page_data),
            from_fn(csrf::strip_referer),
        ));
    let base = state.settings.server.base_path();
    let router = session::with_sessions(authorized, &state)
        // The routes from here on are public, and their responses hold no data of a user.
        .route(health::ALIVE_PATH, get(health::alive))
        .route(health::READY_PATH, get(health::ready))
        .route(TLS_PATH, get(authority::show))
        .route(AUTHORITY_PATH, get(authority::download))
        .route(
            PREFERENCES_PATH,
            post(preferences::choose).get(preferences::check_kept).layer(DefaultBodyLimit::max(MAX_FORM_BYTES)),
        )
        .nest_service(&format!("/{}", unversioned.site_pkg_dir), assets::files(&site, &unversioned))
        .fallback(
            no_such_page(render)
                .layer(from_fn_with_state(site, assets::root_files))
                .layer(from_fn(page_data::without_slash)),
        )
        .method_not_allowed_fallback(error_response::no_such_method)
        .layer((
            from_fn_with_state(state.clone(), request_log::log_requests),
            from_fn_with_state(state.clone(), security_headers::security_headers),
            from_fn_with_state(state.clone(), metrics::count),
            from_fn_with_state(state.clone(), error_response::render),
            CatchPanicLayer::custom(error_response::on_panic),
            from_fn(host_validation::validate_target),
            from_fn_with_state(state.clone(), metrics::scrape),
            from_fn_with_state(state.clone(), host_validation::validate_host),
            from_fn(csrf::check),
        ))
        .with_state(state);
    base_path::serve_below(base, router)
}

/// Returns a route for each page, with the form that it may have.
fn pages<R, F>(render: &R) -> Router<AppState>
where
    R: Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    Page::ALL.iter().fold(Router::new(), |router, page| {
        let shows = page_form(*page, render).unwrap_or_default().get(render.clone());
        router.route(page.path(), shows)
    })
}

/// Returns the handler of the form on a page. `None` if the page has no form for `POST`.
fn page_form<R, F>(page: Page, render: &R) -> Option<MethodRouter<AppState>>
where
    R: Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let render = render.clone();
    Some(match page {
        Page::Export | Page::ExportRecord | Page::Verify => return None,
        Page::History => form(history::cancel_export, MAX_FORM_BYTES, render),
        Page::Tokens => form(tokens::change_tokens, MAX_FORM_BYTES, render),
        Page::Account => form(account::change_account, MAX_FORM_BYTES, render),
        Page::Import => import::upload_form(render),
        Page::Users => form(users::add_user, MAX_FORM_BYTES, render),
        Page::User => form(users::change_user, MAX_LONG_FORM_BYTES, render),
        Page::Sources => form(sources::change_sources, MAX_FORM_BYTES, render),
        Page::Retention => form(retention::change_retention, MAX_FORM_BYTES, render),
        Page::Login => form(login::login, MAX_FORM_BYTES, render),
        Page::Setup => form(setup::create_first_admin, MAX_FORM_BYTES, render),
    })
}

/// Returns the handler of a path that no route has: the page that says so.
fn no_such_page<R, F>(render: R) -> MethodRouter<AppState>
where
    R: Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    any(async move |request: Request| {
        let mut response = render(request).await;
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response
    })
}

/// Returns a route for each server function.
fn server_functions(context: &(impl Fn() + Clone + Send + Sync + 'static)) -> Router<AppState> {
    server_fn_paths().fold(Router::new(), |router, (path, method)| {
        let context = context.clone();
        let handler = async move |mut parts: Parts, body: Result<Bytes, BytesRejection>| {
            parameters::check(parts.uri.query().unwrap_or_default(), parameters_of(path))?;
            // Leptos reports every failure of a body as an internal error, so they are caught here.
            let body = body.map_err(|rejection| unread_body(&rejection))?;
            if std::str::from_utf8(&body).is_err() {
                return Err(ApiError::invalid("body", HttpMessage::BodyNotUtf8));
            }
            // Leptos does not know HEAD. axum removes the body of the response.
            if parts.method == Method::HEAD {
                parts.method = Method::GET;
            }
            let request = Request::from_parts(parts, Body::from(body));
            Ok::<_, ApiError>(handle_server_fns_with_context(context.clone(), request).await.into_response())
        };
        // Server functions use only GET and POST.
        let route = on(MethodFilter::try_from(method).unwrap_or(MethodFilter::POST), handler);
        router.route(path, route.layer(DefaultBodyLimit::max(MAX_LONG_FORM_BYTES)))
    })
}

/// Returns the query parameters of a server function.
fn parameters_of(path: &str) -> &'static [&'static str] {
    if [PREVIEW_PATH, CAMERA_COUNTS_PATH].contains(&path) { &["query"] } else { &[] }
}
