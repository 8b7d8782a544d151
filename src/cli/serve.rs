//! `motion-export serve`: starts the server, and shuts it down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tracing::{info, warn};

use super::database::{clock_of, open_migrated};
use super::standard_output::print;
use super::stop_signals::StopSignals;
use crate::api::paths::{SETTINGS_PATH, SETUP_PATH, TLS_PATH};
use crate::cli::file_limit;
use crate::export_params::EXPORT_PATH;
use crate::server::accounts::secret::Secret;
use crate::server::accounts::session_store::Sessions;
use crate::server::accounts::setup::Setup;
use crate::server::accounts::user;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::connect::{IfMissing, checkpoint};
use crate::server::db::partitions;
use crate::server::db::pool::Pool;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::demo::{self, Guest};
use crate::server::export::slots::ExportSlots;
use crate::server::ingest::live::sources::Followers;
use crate::server::ingest::live::sources::context::FollowContext;
use crate::server::logging;
use crate::server::retention::Retention;
use crate::server::settings::{Settings, Tls, listen};
use crate::server::state::AppState;
use crate::web::handlers::https_only;
use crate::web::listener::accept::serve;
use crate::web::listener::limits::Limits;
use crate::web::listener::tls;
use crate::web::listener::tls::machine::shown_address;
use crate::web::router::router;

mod notify;

/// The time for recording the outcomes of cancelled exports.
const RECORD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the server continues to respond after its last export, for clients that check whether the file is complete.
const LINGER_TIME: Duration = Duration::from_secs(1);

/// The time for other responses after that.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often expired sessions are removed.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);

#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Fills an empty database with generated cameras and events, and creates the user `demo`. At each start with such a
    /// database that user gets a new password, which is printed. Any other database stays as it is.
    #[arg(long)]
    demo: bool,
    /// Address and port to listen on, such as 127.0.0.1:3000 or :3000. Overrides the settings.
    #[arg(long, value_name = "ADDRESS", value_parser = listen::parse)]
    listen: Option<SocketAddr>,
}

impl Serve {
    /// Serves until a signal stops it.
    pub async fn run(self, mut settings: Settings) -> anyhow::Result<()> {
        if let Some(listen) = self.listen {
            settings.server.listen = listen;
        }
        settings.server.check()?;
        logging::init(&settings.server.log, settings.server.log_format)?;
        settings.warn_of_deprecated_names();
        if let Err(error) = file_limit::raise() {
            warn!(error = format!("{error:#}"), "cannot raise the limit of open files");
        }
        file_limit::check(&settings)?;
        let database = open_migrated(&settings, IfMissing::Create).await?;
        let timed = database.clone().within(STATEMENT_TIMEOUT);
        let clock = clock_of(&timed).await?;
        let mut guest = None;
        if self.demo {
            let is_unused = demo::is_empty(&database).await? && user::has_no_users(&timed).await?;
            if is_unused || (demo::is_empty(&database).await? && demo::is_demo(&timed).await?) {
                info!("creating demo data");
                demo::DEFAULT.fill(&database, clock.now()).await?;
            }
            guest = demo::invite(&timed, Secret::random()?, Secret::random()?, clock.now()).await?;
            if guest.is_none() {
                warn!(
                    "--demo changed nothing: this database was not created by --demo, or its user demo was removed or \
                     replaced. Set another database.url for the demo"
                );
            }
        }
        let key = if user::has_no_users(&timed).await? { Some(Secret::random()?) } else { None };
        let writer = Writer::open(&settings.database, &database).await?.within(STATEMENT_TIMEOUT);
        let listen = settings.server.listen;
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen} (server.listen)"))?;
        let address = listener.local_addr()?;
        let at = settings.server.address_for_people(&shown_address(address));
        let tls = tls::open_certificate(&settings, https_only::router(), clock.now())?;
        let authority = match settings.server.tls {
            Tls::SelfSigned => tls::authority::certificate_in(&tls::authority_folder(&settings))?,
            Tls::Files => None,
        };
        let authority = authority.map(|(_, fingerprint)| fingerprint);
        let setup = key.map_or_else(Setup::default, Setup::with_key);
        let state = AppState::new(timed, writer, settings, clock, setup)?;
        tokio::spawn(sweep(state.sessions.clone(), state.settings.clone(), state.database.clone()));
        tokio::spawn(create_partitions(state.writer.clone(), state.clock.clone()));
        tokio::spawn(state.exports.clone().run_heartbeat());
        let retention = Retention::new(
            state.database.clone(),
            state.writer.clone(),
            state.clock.clone(),
            state.metrics.clone(),
            state.settings.retention.keep_days,
        );
        tokio::spawn(retention.run_on_schedule());

        let tls = tls.map(|(tls, renewal)| {
            tokio::spawn(renewal.run(state.clock.clone()));
            tls
        });
        if !state.settings.server.plain_http_networks.is_empty() {
            warn!(
                "server.plain_http_networks is set: passwords, tokens and exports cross these networks unencrypted, and anybody \
                 in them can read and change them"
            );
        }
        if state.settings.server.is_https() && tls.is_none() && state.trusted_proxies.is_empty() {
            warn!(
                "server.trusted_proxies is not set: all clients behind the proxy share one limit of sign-in attempts"
            );
        }

        let context =
            FollowContext::new(state.writer.clone(), state.live.clone(), state.clock.clone(), state.metrics.clone());
        let followers = Followers::start(context, &state.settings)?;
        let signals = StopSignals::new()?;
        print(&ready_message(&at, key, guest.as_ref(), authority.as_deref()));
        notify::notify(notify::READY);
        info!(listen_address = %address, "serving");
        let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
        let (exports, grace) = (state.exports.clone(), state.settings.server.shutdown_timeout());
        let limits = Limits::from(&*state.settings);
        let server = serve(listener, router(state), limits, tls, async {
            let _ = stopping.await;
        });
        tokio::select! {
            () = server => {}
            () = async {
                end_exports(&exports, grace, signals).await;
                let _ = stop.send(());
                tokio::time::sleep(CLOSE_TIMEOUT).await;
            } => {}
        }
        followers.stop().await;
        // If the file was replaced, the log of the old one must not reach the new one.
        if let Some(file) = database.file() {
            file.close().await;
        }
        Ok(())
    }
}

/// Waits for a signal, refuses new exports, and waits for running ones: until they have ended, the shutdown timeout
/// expires, or there is another signal. Exports that still run then are cancelled and recorded. Other requests are
/// answered in the meantime, because the page checks the record of its file.
async fn end_exports(exports: &ExportSlots, grace: Duration, mut signals: StopSignals) {
    signals.next().await;
    notify::notify(notify::STOPPING);
    exports.close();
    let running = exports.count();
    info!(running_exports = running, "stopping");
    if running == 0 && exports.count_unrecorded() == 0 {
        return;
    }
    // If the files of the database were replaced, no export can complete.
    if !exports.is_replaced() {
        tokio::select! {
            () = exports.none_left() => {}
            () = tokio::time::sleep(grace) => {}
            () = signals.next() => {}
        }
    }
    exports.cancel_all();
    if tokio::time::timeout(RECORD_TIMEOUT, exports.none_left()).await.is_err() {
        let left = exports.count() + exports.count_unrecorded();
        warn!(unrecorded_exports = left, "cannot record how exports ended; another server will mark them interrupted");
    }
    tokio::time::sleep(LINGER_TIME).await;
}

/// Removes expired sessions, and the space that a killed import has left, now and once an hour.
async fn sweep(sessions: Sessions, settings: Arc<Settings>, database: Pool) {
    let mut interval = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = sessions.sweep().await {
            warn!(%error, "cannot delete expired sessions");
        }
        if let Err(error) = checkpoint::empty_long_log(&settings.database, &database).await {
            warn!(error = format!("{error:#}"), "cannot truncate SQLite's write-ahead log");
        }
    }
}

/// Creates the partitions of the current and the next month, now and once an hour.
async fn create_partitions(writer: Writer, clock: Clock) {
    let mut interval = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = partitions::create_current(&writer, clock.now()).await {
            warn!(%error, "cannot create the partitions of this month and the next one; the first event of a month does");
        }
    }
}

/// Returns what is printed when the server is ready: its address, and how to sign in.
fn ready_message(at: &str, key: Option<Secret>, guest: Option<&Guest>, authority: Option<&str>) -> String {
    let authority = authority.map_or_else(String::new, |fingerprint| {
        format!(
            "Browsers warn until the certificate of this server's authority is installed. {at}{TLS_PATH} says how.\n\
             Its SHA-256 fingerprint:\n  {fingerprint}\n"
        )
    });
    let guest = guest.map_or_else(String::new, |Guest { name, password, token }| {
        format!(
            "Sign in as {name} with the password {password}\n\
             To try the export from a script:\n  \
             curl -fOJ --remove-on-error -H 'Authorization: Bearer {token}' \
             '{at}{EXPORT_PATH}?format=csv&timezone=Europe/Berlin'\n"
        )
    });
    let setup = key.map_or_else(String::new, |key| {
        format!(
            "There are no accounts yet. Create the administrator account here; the link works once:\n  \
             {at}{SETUP_PATH}?key={}\n",
            key.to_hex()
        )
    });
    format!("\nMotion Export is ready at {at}{SETTINGS_PATH} (Ctrl-C stops it)\n{authority}{guest}{setup}\n")
}
