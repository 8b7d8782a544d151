//! The library behind the server and the page.
#![doc = include_str!("../README.md")]
// The map of the program is in ARCHITECTURE.md. The feature gates below are the only ones: everything else compiles for
// the server and the browser alike, or lies inside `cli`, `web`, `server_pages` and `server`.
#![recursion_limit = "256"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("ssr is the server and hydrate the browser: a build is one of them");
#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
compile_error!("a build needs the feature ssr, for the server, or hydrate, for the browser");

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

/// Where the browser comes in: brings the page that the server rendered to life.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let come_alive = || leptos::mount::hydrate_body(|| leptos::view! { <app::App page=ui::page/> });
    // In a task of its own, so that whoever clicks while the module is compiled does not have to wait for this, too.
    ui::hydration::after_this_task(come_alive);
}
