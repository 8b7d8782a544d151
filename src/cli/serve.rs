//! `motion-export serve`: from settings to a server that answers, and its end.

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
use crate::api::paths::{SETTINGS_PATH, SETUP_PATH};
use crate::cli::file_limit;
use crate::export_params::EXPORT_PATH;
use crate::server::accounts::secret::Secret;
use crate::server::accounts::session_store::Sessions;
use crate::server::accounts::setup::Setup;
use crate::server::accounts::user;
use crate::server::db::connect::writer::Writer;
use crate::server::db::connect::{IfMissing, checkpoint};
use crate::server::db::pool::Pool;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::demo::{self, Guest};
use crate::server::export::slots::ExportSlots;
use crate::server::logging;
use crate::server::settings::{Settings, listen};
use crate::server::state::AppState;
use crate::web::listener::accept::serve;
use crate::web::listener::limits::Limits;
use crate::web::router::router;

/// How long it is waited for exports that were broken off to be recorded.
const RECORDING: Duration = Duration::from_secs(5);

/// How long the server goes on answering after its last export, for who looks up whether the file is whole.
const LINGER: Duration = Duration::from_secs(1);

/// How long other answers may take after that.
const CLOSING: Duration = Duration::from_secs(2);

/// How often sessions that have ended are removed.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

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
    /// Serves until told to stop.
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
        let at = settings.server.address_for_people(address);
        let setup = key.map_or_else(Setup::default, Setup::with_key);
        let state = AppState::new(timed, writer, settings, clock, setup)?;
        tokio::spawn(sweep(state.sessions.clone(), state.settings.clone(), state.database.clone()));
        tokio::spawn(state.exports.clone().run_heartbeat());

        if state.settings.server.is_https() && state.trusted_proxies.is_empty() {
            warn!(
                "server.trusted_proxies is not set: all clients behind the proxy share one limit of sign-in attempts"
            );
        }

        let signals = StopSignals::new()?;
        print(&greeting(&at, key, guest.as_ref()));
        info!(listen_address = %address, "serving");
        let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
        let (exports, grace) = (state.exports.clone(), state.settings.server.shutdown_timeout());
        let limits = Limits::from(&*state.settings);
        let server = serve(listener, router(state), limits, async {
            let _ = stopping.await;
        });
        tokio::select! {
            () = server => {}
            () = async {
                end_exports(&exports, grace, signals).await;
                let _ = stop.send(());
                tokio::time::sleep(CLOSING).await;
            } => {}
        }
        // Where the file was replaced, what is left of the old one must not come to the new one.
        if let Some(file) = database.file() {
            file.close().await;
        }
        Ok(())
    }
}

/// Waits for a signal, lets no export begin any more, and waits for those that run: until they have ended, for as long as
/// they may go on, or until there is another signal. What still runs then is broken off and recorded. Everything else is
/// answered meanwhile: the page looks up the record of its file.
async fn end_exports(exports: &ExportSlots, grace: Duration, mut signals: StopSignals) {
    signals.next().await;
    exports.close();
    let running = exports.count();
    info!(running_exports = running, "stopping");
    if running == 0 && exports.count_unrecorded() == 0 {
        return;
    }
    // Where the files of the database were replaced, no file can become whole any more.
    if !exports.is_replaced() {
        tokio::select! {
            () = exports.none_left() => {}
            () = tokio::time::sleep(grace) => {}
            () = signals.next() => {}
        }
    }
    exports.cancel_all();
    if tokio::time::timeout(RECORDING, exports.none_left()).await.is_err() {
        let left = exports.count() + exports.count_unrecorded();
        warn!(unrecorded_exports = left, "cannot record how exports ended; another server will mark them interrupted");
    }
    tokio::time::sleep(LINGER).await;
}

/// Removes the sessions that have ended and the space that a killed import has left, now and every now and then.
async fn sweep(sessions: Sessions, settings: Arc<Settings>, database: Pool) {
    let mut again = tokio::time::interval(SWEEP_EVERY);
    loop {
        again.tick().await;
        if let Err(error) = sessions.sweep().await {
            warn!(%error, "cannot delete expired sessions");
        }
        if let Err(error) = checkpoint::empty_long_log(&settings.database, &database).await {
            warn!(error = format!("{error:#}"), "cannot truncate SQLite's write-ahead log");
        }
    }
}

/// What is printed when the server is ready: where it is, and how to come in.
fn greeting(at: &str, key: Option<Secret>, guest: Option<&Guest>) -> String {
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
            "Nobody has an account yet. Make the first administrator here; the link works once:\n  \
             {at}{SETUP_PATH}?key={}\n",
            key.to_hex()
        )
    });
    format!("\nMotion Export is ready at {at}{SETTINGS_PATH} (Ctrl-C stops it)\n{guest}{setup}\n")
}
