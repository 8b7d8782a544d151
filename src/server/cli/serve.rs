//! `motion-export serve`: from settings to a server that answers, and its end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tracing::{info, warn};

use super::{say, told_to_stop};
use crate::app::SETTINGS_PATH;
use crate::export::EXPORT_PATH;
use crate::server::database::Missing;
use crate::server::router::router;
use crate::server::settings::Settings;
use crate::server::state::AppState;
use crate::server::{database, demo, telemetry};

/// How long exports may go on after the server was told to stop. They are broken then, and their clients know.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Fill an empty database with made-up cameras and events first.
    #[arg(long)]
    demo: bool,
    /// Address and port to listen on. Overrides the settings.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Serve {
    /// Serves until told to stop. `now` is the time of the start, in microseconds since 1970-01-01T00:00:00Z.
    pub async fn run(self, mut settings: Settings, now: i64) -> anyhow::Result<()> {
        if let Some(listen) = self.listen {
            settings.server.listen = listen;
        }
        settings.check()?;
        telemetry::init(&settings.server.log)?;
        let database = database::open_migrated(&settings.database, Missing::Create).await?;
        if self.demo && demo::is_empty(&database).await? {
            info!("making demo data up");
            demo::DEFAULT.write(&database, now).await?;
        }
        let listen = settings.server.listen;
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen} (server.listen)"))?;
        let address = listener.local_addr()?;
        let leptos_options = settings.leptos_options();
        let script = Path::new(&*leptos_options.site_root)
            .join(&*leptos_options.site_pkg_dir)
            .join(format!("{}.js", leptos_options.output_name));
        if !script.exists() {
            warn!(missing = %script.display(), "the page's files are not there, so it works as without script; see LEPTOS_SITE_ROOT");
        }
        let state = AppState { database, settings: Arc::new(settings), leptos_options };

        let told_to_stop = told_to_stop()?;
        say(&format!(
            "\nMotion Export is ready at http://{address}{SETTINGS_PATH} (Ctrl-C stops it)\n\
             To try the export from a script:\n  \
             curl -fOJ --remove-on-error 'http://{address}{EXPORT_PATH}?format=csv&timezone=Europe/Berlin'\n\n"
        ));
        info!(%address, "serving");
        let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
        let server = axum::serve(listener, router(state)).with_graceful_shutdown(async {
            let _ = stopping.await;
        });
        tokio::select! {
            ended = server => ended.context("the server failed"),
            () = async {
                told_to_stop.await;
                info!("stopping");
                let _ = stop.send(());
                tokio::time::sleep(GRACE).await;
            } => Ok(()),
        }
    }
}
