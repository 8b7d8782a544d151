//! The library behind the server and the page.
#![doc = include_str!("../README.md")]
// ARCHITECTURE.md describes the modules. The feature gates below are the only ones: every other module compiles for both
// the server and the browser, or is inside `cli`, `web`, `server_pages` or `server`.
#![recursion_limit = "256"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("the features ssr (server) and hydrate (browser) exclude each other");
#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
compile_error!("enable the feature ssr for the server, or hydrate for the browser");

pub mod api;
pub mod app;
#[cfg(feature = "ssr")]
pub mod cli;
pub mod error;
pub mod export_params;
pub mod functions;
pub mod i18n;
pub mod messages;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod server_pages;
pub mod ui;
#[cfg(feature = "ssr")]
pub mod web;

/// The files of the pages that are in the program: those of `make site` with the feature `embed-site`, otherwise none.
#[cfg(feature = "embed-site")]
pub const EMBEDDED_SITE: &[server::settings::site::EmbeddedFile] =
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/target/site.rs"));
/// The files of the pages that are in the program: those of `make site` with the feature `embed-site`, otherwise none.
#[cfg(all(feature = "ssr", not(feature = "embed-site")))]
pub const EMBEDDED_SITE: &[server::settings::site::EmbeddedFile] = &[];

/// The entry point in the browser: hydrates the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    // Once per page, so the leak is bounded.
    leptos::server_fn::client::set_server_url(ui::browser::base_path().leak());
    let hydrate_page = || leptos::mount::hydrate_body(|| leptos::view! { <app::App page=ui::page/> });
    // In a task of its own, so that events that arrived while the module was compiled are handled first.
    ui::hydration::run_in_new_task(hydrate_page);
}
