//! All doors of the server, in one list, and the layers around them.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::{any, get};
use leptos::context::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, file_and_error_handler_with_context, generate_route_list};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use super::export::route::export;
use super::state::AppState;
use super::style::StyleSheets;
use super::{choices, host, problem, telemetry};
use crate::api::choices::Loaded;
use crate::app::{App, SETTINGS_PATH, shell};
use crate::export::EXPORT_PATH;

/// The whole server, ready to be bound to a port.
pub fn router(state: AppState) -> Router {
    let styles = StyleSheets::of_components();
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.clone());
            if let Some(loaded) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Loaded>().cloned()) {
                provide_context(loaded);
            }
        }
    };
    let shell = move |options| shell(options, styles.0.clone());
    let page = {
        let (shell, options) = (shell.clone(), state.leptos_options.clone());
        move || shell(options.clone())
    };
    let pkg = Path::new(&*state.leptos_options.site_root).join(&*state.leptos_options.site_pkg_dir);
    let pkg = ServeDir::new(pkg);

    Router::new()
        .route(EXPORT_PATH, get(export))
        .route("/", get(|| async { Redirect::to(SETTINGS_PATH) }))
        .route("/api/{*path}", any(problem::no_such_route))
        .leptos_routes_with_context(&state, generate_route_list(App), context.clone(), page)
        .nest_service(&format!("/{}", state.leptos_options.site_pkg_dir), pkg)
        .fallback(file_and_error_handler_with_context::<AppState, _>(context, shell))
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn_with_state(state.clone(), choices::preload))
        .layer(from_fn(host::check))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn(problem::write))
        // The page's files keep their names from one version to the next, so they are asked for again each time.
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .layer(SetResponseHeaderLayer::if_not_present(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(from_fn(telemetry::trace))
        .with_state(state)
}
