//! The exports that run on this server: how many there may be, that they are alive, and how they end. Whatever becomes of
//! an export, its record, its log line and its numbers are written here, and its place is free again.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::{Instrument, Span, error, info, warn};
use uuid::Uuid;

use super::record::{self, Ending, Written};
use crate::api::exports::State;
use crate::error::{ApiError, ErrorCode};
use crate::server::clock::Clock;
use crate::server::database;
use crate::server::entity::export::Model;
use crate::server::metrics::{Metrics, Refused};
use crate::server::timed::{self, Pool};

/// How often running exports give a sign of life. Some of them may be lost before [`record::SILENCE`] is over.
pub const BEAT: Duration = Duration::from_secs(5);

/// A sign of life that takes longer was held up by another writer, which held up those of other servers as well.
const SLOW: Duration = Duration::from_secs(2);

/// After so many more signs of life of ours that were not held up, those of other servers have had time to be written too:
/// of a server of which nothing new was heard meanwhile, nothing is to be expected.
const UNDISTURBED: u32 = 2;

/// The same for a record whose last heartbeat lies in the future, because the clock of its server was ahead: that clock says
/// nothing of how long ago the heartbeat was, so one more is waited for.
const UNDISTURBED_FROM_FUTURE: u32 = 3;

/// For how long it is tried to write down how an export ended while the database cannot be written to.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long lies between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// The reason in the record of an export that did not end before its server did.
const STOPPED: &str = "The server was stopped.";

/// For how long a user's new export waits for an old one that is over but for its last bytes.
const ABOUT_TO_BE_OVER: Duration = Duration::from_millis(250);

/// When a client that was refused may find a place free, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// How many exports may run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For each user, on all servers together.
    pub per_user: NonZeroU32,
    /// On this server.
    pub at_once: NonZeroU32,
}

/// Who exports what, and how.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who, where it is somebody with an account. Others have no limit.
    pub user_id: Option<Uuid>,
    /// What that somebody is called.
    pub user_name: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: &'static str,
    /// The selection, as a query string.
    pub query: String,
    /// Up to when the file will be complete, where it is read from a replica.
    pub complete_to: Option<i64>,
}

/// A handle to all of them; cheap to clone.
#[derive(Clone, Debug)]
pub struct Exports(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writer: Pool,
    clock: Clock,
    limits: Limits,
    metrics: Metrics,
    places: Arc<Semaphore>,
    /// Whether exports may begin.
    open: watch::Sender<bool>,
    running: watch::Sender<HashMap<Uuid, Arc<Progress>>>,
    /// The records that are silent by the clock, when each was heard of last, and how many signs of life of ours ago that
    /// was seen first. By the clock alone, a step of it would make all servers look dead.
    silent: Mutex<HashMap<Uuid, (i64, u32)>>,
}

/// How far an export is, and whether it has to stop.
#[derive(Debug)]
struct Progress {
    user_id: Option<Uuid>,
    rows: AtomicU64,
    bytes: AtomicU64,
    stop: watch::Sender<Option<Ending>>,
}

impl Progress {
    fn written(&self) -> Written {
        Written { rows: self.rows.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}

impl Exports {
    /// None are running yet.
    pub fn new(writer: Pool, clock: Clock, limits: Limits, metrics: Metrics) -> Self {
        let places = Arc::new(Semaphore::new(limits.at_once.get() as usize));
        let (open, running) = (watch::Sender::new(true), watch::Sender::new(HashMap::new()));
        let silent = Mutex::default();
        Self(Arc::new(Inner { writer, clock, limits, metrics, places, open, running, silent }))
    }

    /// Gives signs of life, and ends the records of servers that give none, until the future is dropped.
    pub async fn keep(self) {
        let mut again = tokio::time::interval(BEAT);
        again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            again.tick().await;
            self.beat().await;
        }
    }

    /// One round of [`Self::keep`].
    pub async fn beat(&self) {
        let running: Vec<_> = self.0.running.borrow().iter().map(|(id, progress)| (*id, progress.written())).collect();
        let began = Instant::now();
        let beaten = record::beat(&self.0.writer, self.0.clock.now(), &running).await;
        let held_up = beaten.is_err() || began.elapsed() > SLOW;
        let lost = beaten.unwrap_or_else(|error| {
            warn!(%error, "cannot write down that exports are running");
            Vec::new()
        });
        for id in lost {
            self.stop_one(id, "Another server took this one for dead.");
        }
        // Where somebody else keeps all servers from writing, all of them look dead.
        if held_up {
            self.silent().clear();
        } else {
            self.sweep().await;
        }
    }

    async fn sweep(&self) {
        let began = Instant::now();
        let swept = self.sweep_dead().await;
        if swept.is_err() || began.elapsed() > SLOW {
            self.silent().clear();
        }
        match swept {
            Ok(0) => {}
            Ok(swept) => warn!(swept, "exports were interrupted: nothing was heard of their server"),
            Err(error) => warn!(%error, "cannot look for exports that were interrupted"),
        }
    }

    async fn sweep_dead(&self) -> Result<u64, DbErr> {
        let now = self.0.clock.now();
        let found = record::silent(&self.0.writer, now).await?;
        let dead: Vec<_> = {
            let mut silent = self.silent();
            let before = std::mem::take(&mut *silent);
            silent.extend(found.into_iter().map(|(id, heard)| {
                let seen = before.get(&id).filter(|(last, _)| *last == heard);
                (id, (heard, seen.map_or(0, |(_, times)| times + 1)))
            }));
            let is_dead = |(id, (heard, times)): (&Uuid, &(i64, u32))| {
                let enough = if *heard > now { UNDISTURBED_FROM_FUTURE } else { UNDISTURBED };
                (*times >= enough).then_some((*id, *heard))
            };
            silent.iter().filter_map(is_dead).collect()
        };
        record::sweep(&self.0.writer, &dead).await
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<Uuid, (i64, u32)>> {
        self.0.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets no export begin any more.
    pub fn close(&self) {
        self.0.open.send_replace(false);
    }

    /// Whether exports may begin.
    pub fn is_open(&self) -> bool {
        *self.0.open.borrow()
    }

    /// How many are running.
    pub fn count(&self) -> usize {
        self.0.running.borrow().len()
    }

    /// Waits until none is running.
    pub async fn none_left(&self) {
        let _ = self.0.running.subscribe().wait_for(HashMap::is_empty).await;
    }

    /// Breaks all that are running.
    pub fn break_off(&self) {
        let ids: Vec<_> = self.0.running.borrow().keys().copied().collect();
        for id in ids {
            self.stop_one(id, STOPPED);
        }
    }

    fn stop_one(&self, id: Uuid, reason: &str) {
        let ending = Ending::because(State::Interrupted, reason);
        if let Some(progress) = self.0.running.borrow().get(&id) {
            progress.stop.send_replace(Some(ending));
        }
    }

    /// Takes a place for an export and begins its record.
    ///
    /// # Errors
    /// `too_many_exports` where the user has too many running; `unavailable` where the server has, is being stopped, or
    /// cannot write the record.
    pub async fn begin(&self, asked: Asked) -> Result<Running, ApiError> {
        let inner = Arc::clone(&self.0);
        // A task of its own: whoever asked may leave meanwhile, and what was begun has to be ended.
        let begun = tokio::spawn(async move { Self(inner).take_place(asked).await }.instrument(Span::current()));
        begun.await.unwrap_or_else(|error| Err(crate::server::problem::internal(&error)))
    }

    async fn take_place(&self, asked: Asked) -> Result<Running, ApiError> {
        let Inner { writer, clock, limits, metrics, places, running, .. } = &*self.0;
        if !self.is_open() {
            return Err(self.stopping());
        }
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            metrics.export_refused(Refused::Server);
            let detail = format!(
                "The server is making {} exports, which is as many as it may at once. Try again in a while.",
                limits.at_once
            );
            return Err(later(ErrorCode::Unavailable, detail));
        };
        // Those whose record has its end already, but whose client does not take the last of it, count here.
        if let Some(user_id) = asked.user_id
            && !self.has_place_for(user_id).await
        {
            return Err(self.too_many());
        }
        let (id, now, monotonic) = (Uuid::new_v4(), clock.now(), clock.monotonic());
        let limit = asked.user_id.map(|_| limits.per_user.get());
        let record = Model {
            id,
            user_id: asked.user_id,
            user_name: asked.user_name,
            via: asked.via.to_owned(),
            query: asked.query,
            state: State::Running.word().to_owned(),
            rows: 0,
            bytes: 0,
            sha256: None,
            started_at: now,
            heartbeat_at: now,
            finished_at: None,
            error: None,
            complete_to: asked.complete_to,
        };
        let ours: Vec<_> = running.borrow().keys().copied().collect();
        match record::begin(writer, record, limit, &ours).await {
            Ok(true) => {}
            Ok(false) => return Err(self.too_many()),
            Err(error) => {
                metrics.export_refused(Refused::Record);
                warn!(%error, "cannot record an export, so it does not begin");
                if timed::is_unknown(&error) {
                    tokio::spawn(unbegin(self.clone(), id, now));
                }
                let detail = "The export cannot be recorded at the moment, so it does not begin: the database is away, \
                              full, or being written to by somebody else, such as an import. Try again in a while.";
                return Err(later(ErrorCode::Unavailable, detail.to_owned()));
            }
        }
        let stop = watch::Sender::new(None);
        let progress =
            Arc::new(Progress { user_id: asked.user_id, rows: AtomicU64::new(0), bytes: AtomicU64::new(0), stop });
        running.send_modify(|running| drop(running.insert(id, Arc::clone(&progress))));
        let begun = Running {
            id,
            user_id: asked.user_id,
            exports: self.clone(),
            progress,
            started_at: now,
            began: monotonic,
            span: Span::current(),
            completed: false,
            place: Some(place),
        };
        // Closed meanwhile: whoever closed either counted this one, or is seen here.
        if !self.is_open() {
            begun.end(Some(Ending::because(State::Interrupted, STOPPED)), 0).await;
            return Err(self.stopping());
        }
        Ok(begun)
    }

    /// Whether fewer exports of that user are here than may be. One that is just about to be over is waited for.
    async fn has_place_for(&self, user_id: Uuid) -> bool {
        let most = self.0.limits.per_user.get() as usize;
        let mut running = self.0.running.subscribe();
        let fewer = running
            .wait_for(|running| running.values().filter(|progress| progress.user_id == Some(user_id)).count() < most);
        tokio::time::timeout(ABOUT_TO_BE_OVER, fewer).await.is_ok()
    }

    fn too_many(&self) -> ApiError {
        self.0.metrics.export_refused(Refused::User);
        let detail = format!(
            "You have {} exports running, which is as many as you may at once. Wait until one of them has ended, or cancel \
             one.",
            self.0.limits.per_user
        );
        later(ErrorCode::TooManyExports, detail)
    }

    fn stopping(&self) -> ApiError {
        self.0.metrics.export_refused(Refused::Stopping);
        later(ErrorCode::Unavailable, "The server is being stopped. Try again in a while.".to_owned())
    }

    fn forget(&self, id: Uuid) {
        self.0.running.send_modify(|running| drop(running.remove(&id)));
    }
}

fn later(code: ErrorCode, detail: String) -> ApiError {
    ApiError { retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..ApiError::new(code, detail) }
}

/// An export that runs. However it goes away, the record tells how, and its place is free again.
#[derive(Debug)]
pub struct Running {
    id: Uuid,
    user_id: Option<Uuid>,
    exports: Exports,
    progress: Arc<Progress>,
    /// By the wall clock, in microseconds since 1970-01-01T00:00:00Z.
    started_at: i64,
    /// The same moment by the monotonic clock.
    began: Duration,
    span: Span,
    /// Whether the record says that the file is whole.
    completed: bool,
    /// Gone once it has ended.
    place: Option<OwnedSemaphorePermit>,
}

impl Running {
    /// The record's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Notes how far it is, for the record and for the metrics.
    pub fn is_at(&self, rows: u64, bytes: u64) {
        let added = |total: &AtomicU64, now: u64| now.saturating_sub(total.swap(now, Ordering::Relaxed));
        let (rows, bytes) = (added(&self.progress.rows, rows), added(&self.progress.bytes, bytes));
        self.exports.0.metrics.export_wrote(rows, bytes);
    }

    /// The time since it began, and the moment that this makes it now by the clock at its start: a clock that is set
    /// meanwhile makes no export longer or shorter.
    fn elapsed(&self) -> (Duration, i64) {
        let elapsed = self.exports.0.clock.monotonic().saturating_sub(self.began);
        (elapsed, self.started_at.saturating_add(i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Ends with how the export has to end when somebody else says so; before that, never.
    pub fn told_to_stop(&self) -> impl Future<Output = Ending> + use<> {
        let mut stop = self.progress.stop.subscribe();
        async move {
            let told = stop.wait_for(Option::is_some).await.ok().and_then(|ending| ending.clone());
            match told {
                Some(ending) => ending,
                None => std::future::pending().await,
            }
        }
    }

    /// Writes down that the file is whole, before anybody is told so. Says whether the record has it: where it has not, the
    /// file must not be given out as whole.
    pub async fn complete(&mut self, sha256: Vec<u8>) -> bool {
        let (_, now) = self.elapsed();
        let written = self.progress.written();
        self.completed = write(&self.exports, self.id, now, &written, &Ending::completed(sha256)).await;
        self.completed
    }

    /// Ends it, as complete where nothing else is said: that it is, was written down before. `bytes_sent`: how many bytes
    /// were given to be sent, after any encoding.
    pub async fn end(mut self, otherwise: Option<Ending>, bytes_sent: u64) {
        if let Some(finish) = self.finish(otherwise, bytes_sent) {
            finish.await;
        }
    }

    /// What is left to do; once.
    fn finish(&mut self, otherwise: Option<Ending>, bytes_sent: u64) -> Option<impl Future<Output = ()> + use<>> {
        let place = self.place.take()?;
        let (exports, id, progress) = (self.exports.clone(), self.id, Arc::clone(&self.progress));
        let (elapsed, finished_at) = self.elapsed();
        // Only what was written down as whole has ended as that.
        let otherwise =
            otherwise.or_else(|| (!self.completed).then(|| Ending::failed("It was not recorded as whole.")));
        let user_id = self.user_id.map(tracing::field::display);
        Some(async move {
            let written = progress.written();
            if let Some(ending) = &otherwise {
                write(&exports, id, finished_at, &written, ending).await;
            }
            exports.forget(id);
            drop(place);
            let Written { rows, bytes } = written;
            let state = otherwise.as_ref().map_or(State::Completed, |ending| ending.state);
            let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            exports.0.metrics.export_ended(state, elapsed);
            let (state, reason) = (state.word(), otherwise.and_then(|ending| ending.reason));
            info!(export_id = %id, user_id, duration_ms, row_count = rows, bytes, bytes_sent, state, reason, "export ended");
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ending = if std::thread::panicking() {
            Ending::failed("The server had a fault of its own.")
        } else {
            Ending::gone()
        };
        let span = self.span.clone();
        if let (Some(finish), Ok(runtime)) = (self.finish(Some(ending), 0), tokio::runtime::Handle::try_current()) {
            runtime.spawn(finish.instrument(span));
        }
    }
}

/// Ends the record of an export that did not begin, where it is there after all.
async fn unbegin(exports: Exports, id: Uuid, started_at: i64) {
    let writer = &exports.0.writer;
    let (began, ending) = (Instant::now(), Ending::failed("The export could not be recorded."));
    while began.elapsed() < PATIENCE {
        match record::end(writer, id, started_at, &Written { rows: 0, bytes: 0 }, &ending).await {
            Err(error) if database::is_away(&error) => tokio::time::sleep(BETWEEN_TRIES).await,
            _ => break,
        }
    }
}

/// Writes an ending down, trying again for a while. Says whether the record has it now.
async fn write(exports: &Exports, id: Uuid, finished_at: i64, written: &Written, ending: &Ending) -> bool {
    let writer = &exports.0.writer;
    let began = Instant::now();
    loop {
        match record::end(writer, id, finished_at, written, ending).await {
            Ok(true) => return true,
            Ok(false) => {
                error!(export_id = %id, "the record of this export had an end already, so another server took it for dead");
                return false;
            }
            Err(error) if database::is_away(&error) && began.elapsed() < PATIENCE => {
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            Err(error) => {
                error!(%error, export_id = %id, "cannot record how an export ended");
                return false;
            }
        }
    }
}
