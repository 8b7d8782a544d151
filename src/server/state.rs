//! What every request handler and server function can reach.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sea_orm::DatabaseConnection;

use super::settings::Settings;

/// Cheap to clone: everything in it is a handle.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The pool of database connections.
    pub database: DatabaseConnection,
    /// What the operator chose.
    pub settings: Arc<Settings>,
    /// Where Leptos finds the page's files.
    pub leptos_options: LeptosOptions,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
