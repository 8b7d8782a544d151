//! The state that request handlers and server functions share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use ipnet::IpNet;
use leptos::config::LeptosOptions;

use super::metrics::Metrics;
use super::settings::Settings;
use super::settings::host::names_of_machine;
use super::settings::hosts::Hosts;
use crate::server::accounts::activity_tracker::ActivityTracker;
use crate::server::accounts::api_token::lookup::TokenLookup;
use crate::server::accounts::login_rate_limit::LoginRateLimiter;
use crate::server::accounts::session_store::Sessions;
use crate::server::accounts::setup::Setup;
use crate::server::accounts::wrong_token::WrongTokens;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::pool::Pool;
use crate::server::export::feed::RecordFeed;
use crate::server::export::pipeline::ExportContext;
use crate::server::export::reader::Reader;
use crate::server::export::reader::buffer_pool::PAGE_BYTES;
use crate::server::export::reader::source::events;
use crate::server::export::slots::{ExportSlots, Limits};
use crate::server::ingest::live::rate_limit::IngestRateLimiter;
use crate::server::ingest::live::writer::LiveWriter;
use crate::server::ingest::upload::Uploads;

/// A handle to the shared state. Every layer clones it for each request, so it is one pointer.
#[derive(Clone, Debug)]
pub struct AppState(Arc<SharedState>);

/// The shared state. Each field is a handle, too, for tasks that need no other.
#[derive(Debug)]
pub struct SharedState {
    /// The pool of connections that read.
    pub database: Pool,
    /// The connection that writes.
    pub writer: Writer,
    /// The connections that read events.
    pub reader: Reader,
    /// The exports of this server.
    pub exports: ExportSlots,
    /// The changes of export records.
    pub feed: RecordFeed,
    /// The settings.
    pub settings: Arc<Settings>,
    /// The hosts under which a request may address this server.
    pub hosts: Arc<Hosts>,
    /// The networks whose clients may use plain HTTP; `None` if all clients may connect.
    pub plain_networks: Option<Arc<[IpNet]>>,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The clock.
    pub clock: Clock,
    /// The sessions of browsers.
    pub sessions: Sessions,
    /// The creation of the first administrator, while there are no users.
    pub setup: Setup,
    /// The rate limit of sign-in attempts.
    pub throttle: LoginRateLimiter,
    /// The log of invalid access tokens.
    pub wrong_tokens: WrongTokens,
    /// Looks up the tokens of requests.
    pub tokens: TokenLookup,
    /// The task that writes live events.
    pub live: LiveWriter,
    /// The files that administrators upload.
    pub uploads: Uploads,
    /// The rate limit of senders of events.
    pub ingest_limit: IngestRateLimiter,
    /// The last use of sessions and tokens.
    pub last_use: ActivityTracker,
    /// The metrics.
    pub metrics: Metrics,
    /// The location of the page's files, for Leptos.
    pub leptos_options: LeptosOptions,
}

impl AppState {
    /// Creates the state of a server on this database. Must be called within the runtime.
    ///
    /// # Errors
    /// Returns an error if settings contradict each other.
    pub fn new(database: Pool, writer: Writer, settings: Settings, clock: Clock, setup: Setup) -> anyhow::Result<Self> {
        settings.server.check()?;
        // Often enough that a session in use does not expire as idle, even with a short limit.
        let idle = Duration::from_mins(settings.accounts.session_idle_minutes.get().into());
        let last_use = ActivityTracker::start(writer.clone(), clock.clone(), (idle / 10).min(Duration::from_mins(1)));
        let metrics = Metrics::new();
        let limits = Limits::from(&settings.export);
        let exports = ExportSlots::new(writer.clone(), clock.clone(), limits, metrics.clone());
        let max_connections = settings.server.max_connections;
        Ok(Self(Arc::new(SharedState {
            feed: RecordFeed::new(database.clone(), exports.clone(), clock.clone(), max_connections),
            reader: Reader::new(
                events(&settings.database, &database, settings.export.page_timeout())?,
                settings.database.connections.get(),
                std::thread::available_parallelism().map_or(1, usize::from),
            ),
            exports,
            hosts: Arc::new(Hosts::new(&settings.server, names_of_machine())?),
            plain_networks: Some(settings.server.plain_networks()?).filter(|nets| !nets.is_empty()).map(Arc::from),
            trusted_proxies: settings.server.trusted_networks()?.into(),
            sessions: Sessions::new(database.clone(), writer.clone(), clock.clone(), last_use.clone(), &settings),
            throttle: LoginRateLimiter::new(clock.clone()),
            live: LiveWriter::start(writer.clone()),
            uploads: Uploads::new(&settings, database.clone()),
            ingest_limit: IngestRateLimiter::new(
                settings.ingest.requests_per_second,
                settings.ingest.burst,
                clock.clone(),
            ),
            wrong_tokens: WrongTokens::new(),
            tokens: TokenLookup::new(database.clone()),
            leptos_options: settings.site().versioned(settings.leptos_options()),
            settings: Arc::new(settings),
            metrics,
            database,
            writer,
            clock,
            setup,
            last_use,
        })))
    }
}

impl SharedState {
    /// Returns where and how exports read events.
    pub fn export_context(&self) -> ExportContext {
        ExportContext {
            database: self.database.clone(),
            reader: self.reader.clone(),
            page_rows: self.settings.export.page_rows,
            page_bytes: PAGE_BYTES,
            page_timeout: self.settings.export.page_timeout(),
        }
    }
}

impl Deref for AppState {
    type Target = SharedState;

    fn deref(&self) -> &SharedState {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
