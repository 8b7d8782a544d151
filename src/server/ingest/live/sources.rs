//! Live sources: follows each of them, so that its events are stored as they end.
//!
//! On several servers, one follows a source at a time. It holds a lease, which is a row with its heartbeat
//! ([`super::source_state`]). If it dies, another one takes over, and what both may have read is stored once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::FutureExt;
use sea_orm::DbErr;
use tokio::task::JoinHandle;
use tracing::{error, warn};

use self::argusai::ArgusaiSource;
use self::context::FollowContext;
use self::frigate::FrigateSource;
use self::latest::{Latest, News};
use self::recorder::Recorder;
use super::source_state::{self, LEASE};
use crate::server::settings::{Settings, Source, SourceKind};

mod argusai;
mod argusai_events;
pub mod broker;
pub mod context;
mod findings;
mod frigate;
mod frigate_events;
pub mod latest;
mod recorder;
mod refused;
pub mod trial;

/// How often the server that follows a source says so.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);

/// How often another server looks whether it has to take over.
const TAKE_OVER_INTERVAL: Duration = Duration::from_secs(10);

/// How long releasing the leases may take when the server stops.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The tasks that follow the sources of the settings.
#[derive(Debug)]
pub struct Followers {
    context: FollowContext,
    tasks: Vec<JoinHandle<()>>,
}

impl Followers {
    /// Starts a task for each source. Must be called within the runtime.
    ///
    /// # Errors
    /// Returns an error if the settings of a source cannot be used, such as a file that cannot be read.
    pub fn start(context: FollowContext, settings: &Settings) -> anyhow::Result<Self> {
        let sources: Vec<_> =
            settings.source.iter().map(|(name, source)| open(name, source)).collect::<Result<_, _>>()?;
        let tasks = sources.into_iter().map(|source| tokio::spawn(follow(source, context.clone()))).collect();
        Ok(Self { context, tasks })
    }

    /// Stops following, and lets another server take over at once. A batch that is being written is written.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        if self.tasks.is_empty() {
            return;
        }
        let released = source_state::release(&*self.context.writer, self.context.server);
        if !matches!(tokio::time::timeout(RELEASE_TIMEOUT, released).await, Ok(Ok(()))) {
            warn!("cannot release the live sources; another server takes over {} seconds later", LEASE.as_secs());
        }
    }
}

/// A source of any kind.
#[derive(Debug)]
enum LiveSource {
    Frigate(Box<FrigateSource>),
    Argusai(Box<ArgusaiSource>),
}

impl LiveSource {
    fn recorder(&self) -> &Recorder {
        match self {
            Self::Frigate(source) => source.recorder(),
            Self::Argusai(source) => source.recorder(),
        }
    }

    /// Follows the source with this server, unless another one does.
    async fn acquire(&mut self, context: &FollowContext) -> Result<bool, DbErr> {
        match self {
            Self::Frigate(source) => source.acquire(context).await,
            Self::Argusai(source) => source.acquire(context).await,
        }
    }

    /// Follows the source until another server does.
    async fn follow(&mut self, context: &FollowContext) {
        match self {
            Self::Frigate(source) => source.follow(context).await,
            Self::Argusai(source) => source.follow(context).await,
        }
    }

    /// Reads what the source has, once. Returns how many events were stored.
    async fn once(&mut self, context: &FollowContext) -> anyhow::Result<u64> {
        match self {
            Self::Frigate(source) => source.sweep(context).await,
            Self::Argusai(source) => source.once(context).await,
        }
    }
}

fn open(name: &str, source: &Source) -> anyhow::Result<LiveSource> {
    let opened = match source.kind {
        SourceKind::Argusai => ArgusaiSource::new(name, source).map(|source| LiveSource::Argusai(Box::new(source))),
        _ => FrigateSource::new(name, source).map(|source| LiveSource::Frigate(Box::new(source))),
    };
    opened.with_context(|| format!("[source.{name}]"))
}

/// Follows a source while this server has the lease, and waits for the lease otherwise. Runs until the task is aborted.
async fn follow(mut source: LiveSource, context: FollowContext) {
    let mut was_unavailable = false;
    loop {
        match source.acquire(&context).await {
            Ok(true) => {
                was_unavailable = false;
                let recorder = source.recorder();
                let (name, latest) = (recorder.name().to_owned(), recorder.latest());
                let heartbeat = keep_lease(name.clone(), latest, context.clone());
                let heartbeat = std::pin::pin!(heartbeat);
                let follow = std::pin::pin!(source.follow(&context));
                let followed = AssertUnwindSafe(futures_util::future::select(heartbeat, follow)).catch_unwind().await;
                if followed.is_err() {
                    // The panic is in the log. The next attempt begins with what is stored.
                    error!(source = name, "following the source was broken off by a panic; it is tried again");
                }
                context.metrics.source_lost(&name);
            }
            Ok(false) => {}
            Err(error) => {
                if !std::mem::replace(&mut was_unavailable, true) {
                    warn!(source = source.recorder().name(), %error, "cannot follow the source, because the database cannot be written to");
                }
            }
        }
        tokio::time::sleep(TAKE_OVER_INTERVAL).await;
    }
}

/// Writes heartbeats until another server follows the source.
async fn keep_lease(name: String, latest: Arc<Latest>, context: FollowContext) {
    loop {
        tokio::time::sleep(HEARTBEAT_INTERVAL).await;
        let now = context.clock.now();
        let news = latest.take();
        let News { contact, mqtt } = news.clone();
        match source_state::heartbeat(&*context.writer, &name, context.server, now, contact, mqtt).await {
            Ok(true) => {}
            Ok(false) => return,
            // While the database is away, nobody can take over.
            Err(_) => latest.put_back(news),
        }
    }
}

/// Reads what a source has, once, and returns how many events were stored.
///
/// # Errors
/// Returns an error if a server follows the source, or if it cannot be read completely.
pub async fn once(context: &FollowContext, name: &str, settings: &Source) -> anyhow::Result<u64> {
    let mut source = open(name, settings)?;
    if !source.acquire(context).await? {
        bail!("a server follows the source {name} now, so its events are stored as they end; stop it first");
    }
    let stored = source.once(context).await;
    source_state::release(&*context.writer, context.server).await?;
    stored
}
