//! What every request handler and server function can reach.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use ipnet::IpNet;
use leptos::config::LeptosOptions;

use super::metrics::Metrics;
use super::settings::Settings;
use crate::server::accounts::activity_tracker::ActivityTracker;
use crate::server::accounts::login_rate_limit::LoginRateLimiter;
use crate::server::accounts::session_store::Sessions;
use crate::server::accounts::setup::Setup;
use crate::server::accounts::wrong_token::WrongTokens;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::pool::Pool;
use crate::server::export::pipeline::ExportContext;
use crate::server::export::reader::Reader;
use crate::server::export::reader::buffer_pool::PAGE_BYTES;
use crate::server::export::reader::source::events;
use crate::server::export::slots::{ExportSlots, Limits};
use crate::server::settings::site_version::versioned;

/// Cheap to clone: everything in it is a handle.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The pool of database connections, to read.
    pub database: Pool,
    /// The connection to write.
    pub writer: Writer,
    /// The connections that read events.
    pub reader: Reader,
    /// The exports that run here.
    pub exports: ExportSlots,
    /// What the operator chose.
    pub settings: Arc<Settings>,
    /// The name by which people reach the server, where it has one of its own.
    pub public_host: Option<Arc<str>>,
    /// The proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Arc<[IpNet]>,
    /// What time it is.
    pub clock: Clock,
    /// Browsers that are signed in.
    pub sessions: Sessions,
    /// The making of the first administrator, while there is nobody yet.
    pub setup: Setup,
    /// How often somebody tried to sign in.
    pub throttle: LoginRateLimiter,
    /// What is logged of access tokens that do not work.
    pub wrong_tokens: WrongTokens,
    /// Where the use of sessions and tokens is noted.
    pub last_use: ActivityTracker,
    /// What is counted for the operator.
    pub metrics: Metrics,
    /// Where Leptos finds the page's files.
    pub leptos_options: LeptosOptions,
}

impl AppState {
    /// A state for a server on that database. Has to be called within the runtime.
    ///
    /// # Errors
    /// Where the settings contradict themselves.
    pub fn new(database: Pool, writer: Writer, settings: Settings, clock: Clock, setup: Setup) -> anyhow::Result<Self> {
        settings.server.check()?;
        // Often enough for a session that is used not to end as idle, however short the operator wants that to be.
        let idle = Duration::from_mins(settings.accounts.session_idle_minutes.get().into());
        let last_use = ActivityTracker::start(writer.clone(), clock.clone(), (idle / 10).min(Duration::from_mins(1)));
        let metrics = Metrics::new();
        let limits = Limits::from(&settings.export);
        Ok(Self {
            reader: Reader::new(
                events(&settings.database, &database, settings.export.page_timeout())?,
                settings.database.connections.get(),
            ),
            exports: ExportSlots::new(writer.clone(), clock.clone(), limits, metrics.clone()),
            public_host: settings.server.public_host().map(Arc::from),
            trusted_proxies: settings.server.trusted_networks()?.into(),
            sessions: Sessions::new(database.clone(), writer.clone(), clock.clone(), last_use.clone(), &settings),
            throttle: LoginRateLimiter::new(clock.clone()),
            wrong_tokens: WrongTokens::new(),
            leptos_options: versioned(settings.leptos_options()),
            settings: Arc::new(settings),
            metrics,
            database,
            writer,
            clock,
            setup,
            last_use,
        })
    }

    /// Where exports read events, and how.
    pub fn source(&self) -> ExportContext {
        ExportContext {
            database: self.database.clone(),
            reader: self.reader.clone(),
            page_rows: self.settings.export.page_rows,
            page_bytes: PAGE_BYTES,
            page_timeout: self.settings.export.page_timeout(),
        }
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
