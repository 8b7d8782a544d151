//! The exports that run on this server: how many there may be, that they are alive, and how they end. Whatever becomes of
//! an export, its record, its log line and its numbers are written here, and its slot is free again. An outcome that cannot
//! be written is kept, and written as soon as the database can be written to.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::{Instrument, Span, error, info, warn};
use uuid::Uuid;

use super::record_store::{self, ExportProgress, FinalRecord, Heartbeat, Outcome};
use crate::api::exports::State;
use crate::error::{ApiError, ErrorCode};
use crate::messages::records::RecordMessage;
use crate::messages::requests::RequestMessage;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::describe_error::describe;
use crate::server::db::entity::export::Model;
use crate::server::db::error::{is_unavailable, may_pass, unlogged_api_error};
use crate::server::db::pool;
use crate::server::db::sqlite::open_file;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::internal_error::internal;
use crate::server::metrics::{Metrics, Refused};
use crate::server::settings;

/// How often running exports give a sign of life. Some of them may be lost before [`record_store::HEARTBEAT_TIMEOUT`] is over.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// While nothing runs, every so many heartbeats it is tried whether records can be written: once a minute. While they
/// cannot, each heartbeat tries.
const HEARTBEATS_BETWEEN_PROBES: u32 = 12;

/// A sign of life that takes longer was held up by another writer, which held up those of other servers as well.
const SLOW_WRITE: Duration = Duration::from_secs(2);

/// After so many more signs of life of ours that were not held up, those of other servers have had time to be written too:
/// of a server of which nothing new was heard meanwhile, nothing is to be expected.
const SWEEP_CONFIRMATIONS: u32 = 2;

/// The same for a record whose last heartbeat lies in the future, because the clock of its server was ahead: that clock says
/// nothing of how long ago the heartbeat was, so one more is waited for.
const UNDISTURBED_FROM_FUTURE: u32 = 3;

/// How long lies between two attempts to write an outcome.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// For how long a user's new export waits for an old one that is over but for its last bytes.
const FINISHING_GRACE: Duration = Duration::from_millis(250);

/// When a client that was refused may find a place free, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// How many exports may run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For each user, on all servers together.
    pub per_user: NonZeroU32,
    /// On this server.
    pub at_once: NonZeroU32,
    /// How long the end of a file waits for its record where the database cannot be written to; then the file is broken.
    pub record_timeout: Duration,
}

impl Limits {
    /// As the operator chose them.
    pub fn of(settings: &settings::Export) -> Self {
        Self {
            per_user: settings.max_concurrent_per_user,
            at_once: settings.max_concurrent,
            record_timeout: settings.record_timeout(),
        }
    }
}

/// Who exports what, and how.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// Who, where it is somebody with an account. Others have no limit.
    pub user_id: Option<Uuid>,
    /// What that somebody is called.
    pub user_name: Option<String>,
    /// `session`, `token`, `link` or `command`.
    pub via: &'static str,
    /// The selection, as a query string.
    pub query: String,
    /// Up to when the file will be complete, where it is read from a replica.
    pub complete_to: Option<UnixMicros>,
}

/// A handle to all of them; cheap to clone.
#[derive(Clone, Debug)]
pub struct ExportSlots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writer: Writer,
    clock: Clock,
    limits: Limits,
    metrics: Metrics,
    places: Arc<Semaphore>,
    /// Whether exports may begin.
    open: watch::Sender<bool>,
    slots: watch::Sender<Slots>,
    /// Since when the records cannot be written; `None` while they can.
    unwritable_since: Mutex<Option<Instant>>,
    /// How many heartbeats there were.
    heartbeats: AtomicU32,
    /// The records that are silent by the clock, when each was heard of last, and how many signs of life of ours ago that
    /// was seen first. By the clock alone, a step of it would make all servers look dead.
    silent: Mutex<HashMap<Uuid, (UnixMicros, u32)>>,
}

/// The exports of this server of whose end the records do not know.
#[derive(Debug, Default)]
struct Slots {
    /// Those that run. Each of them takes a slot.
    running: HashMap<Uuid, Arc<Progress>>,
    /// Those that have ended, and how. They take no slot.
    unrecorded: HashMap<Uuid, FinalRecord>,
}

/// How far an export is, and whether it has to stop.
#[derive(Debug)]
struct Progress {
    user_id: Option<Uuid>,
    /// By the wall clock.
    started_at: UnixMicros,
    /// The same moment by the monotonic clock.
    began: Duration,
    rows: AtomicU64,
    bytes: AtomicU64,
    stop: watch::Sender<Option<Outcome>>,
}

impl Progress {
    fn written(&self) -> ExportProgress {
        ExportProgress { rows: self.rows.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// The moment at which so much time has passed since it began, by the clock at its start: a clock that is set meanwhile
    /// makes no export longer or shorter.
    fn moment_after(&self, elapsed: Duration) -> UnixMicros {
        self.started_at + elapsed
    }
}

impl ExportSlots {
    /// None are running yet.
    pub fn new(writer: Writer, clock: Clock, limits: Limits, metrics: Metrics) -> Self {
        let places = Arc::new(Semaphore::new(limits.at_once.get() as usize));
        let (open, slots) = (watch::Sender::new(true), watch::Sender::default());
        let (silent, unwritable_since, heartbeats) = (Mutex::default(), Mutex::default(), AtomicU32::default());
        Self(Arc::new(Inner {
            writer,
            clock,
            limits,
            metrics,
            places,
            open,
            slots,
            unwritable_since,
            heartbeats,
            silent,
        }))
    }

    /// Gives signs of life, ends the records of servers that give none, and writes outcomes that could not be written at
    /// once, until the future is dropped.
    pub async fn run_heartbeat(self) {
        let heartbeat = async {
            let mut again = tokio::time::interval(HEARTBEAT_INTERVAL);
            again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                again.tick().await;
                self.heartbeat().await;
            }
        };
        let record = async {
            let mut slots = self.0.slots.subscribe();
            while slots.wait_for(|slots| !slots.unrecorded.is_empty()).await.is_ok() {
                // Whoever ended the export tries first.
                tokio::time::sleep(RETRY_DELAY).await;
                self.record_outcomes().await;
            }
        };
        futures_util::future::join(heartbeat, record).await;
    }

    /// Writes the outcomes that the records do not have yet, until the database cannot be written to. An outcome that cannot
    /// be written although others can is dropped, so that it holds up no others.
    async fn record_outcomes(&self) {
        for (id, outcome) in &self.unrecorded() {
            let written = record_store::end(&*self.0.writer, *id, outcome).await;
            let known = match written {
                Ok(known) => known,
                Err(error) => {
                    if self.is_unwritable_after(&error).await {
                        if open_file::is_replaced(&error) {
                            self.give_up_outcomes();
                        }
                        return;
                    }
                    // Several may try at once; one of them logs it.
                    if self.drop_outcome(*id) {
                        error!(
                            %error, export_id = %id,
                            "cannot record how an export ended; the error is permanent, so the outcome is dropped"
                        );
                    }
                    continue;
                }
            };
            self.note(Ok(known));
            self.is_recorded(&[*id]);
            // The record of one that did not begin may not be there.
            if !known && outcome.began {
                error!(export_id = %id, "the record of an export already has an outcome: another server marked it interrupted");
            }
        }
    }

    /// Whether no other record can be written either, after this error; then that is noted.
    async fn is_unwritable_after(&self, error: &DbErr) -> bool {
        let is_unwritable = self.is_unwritable(error).await;
        if is_unwritable {
            self.note(Err(error));
        }
        is_unwritable
    }

    /// Whether no other record can be written either, after this error.
    async fn is_unwritable(&self, error: &DbErr) -> bool {
        is_unavailable(error) || record_store::probe(&self.0.writer).await.is_err()
    }

    /// Forgets the outcomes: the files of the database were replaced, so they can never be recorded.
    fn give_up_outcomes(&self) {
        let mut unrecorded = 0;
        self.0.slots.send_modify(|slots| {
            unrecorded = slots.unrecorded.len();
            slots.unrecorded.clear();
        });
        if unrecorded > 0 {
            warn!(unrecorded_exports = unrecorded, "cannot record how exports ended: the database files were replaced");
        }
    }

    /// Whether the files of the database were replaced, so that nothing can be recorded until the server is started again.
    pub fn is_replaced(&self) -> bool {
        self.0.writer.file().is_some_and(|file| file.check().is_err_and(|error| open_file::is_replaced(&error)))
    }

    fn unrecorded(&self) -> Vec<(Uuid, FinalRecord)> {
        self.0.slots.borrow().unrecorded.iter().map(|(id, outcome)| (*id, outcome.clone())).collect()
    }

    fn is_recorded(&self, ids: &[Uuid]) {
        self.0.slots.send_modify(|slots| slots.unrecorded.retain(|id, _| !ids.contains(id)));
    }

    /// Forgets the outcome of one export. Says whether there was one.
    fn drop_outcome(&self, id: Uuid) -> bool {
        let mut dropped = false;
        self.0.slots.send_modify(|slots| dropped = slots.unrecorded.remove(&id).is_some());
        dropped
    }

    /// Notes whether the database could be written to, and logs when that changes. `written`: whether a row was changed; if
    /// none was, nothing is known. Returns whether an error was logged.
    fn note(&self, written: Result<bool, &DbErr>) -> bool {
        let mut since = self.0.unwritable_since.lock().unwrap_or_else(PoisonError::into_inner);
        match (written, *since) {
            (Ok(true), Some(began)) => {
                let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                info!(duration_ms, "database writable again");
                *since = None;
            }
            (Err(error), None) => {
                *since = Some(Instant::now());
                // Whoever noticed that its files were replaced has logged what to do.
                if !open_file::is_replaced(error) {
                    error!(%error, "database not writable; exports are refused until it is");
                    return true;
                }
            }
            _ => {}
        }
        false
    }

    /// Whether the records could be written when that was tried last: by whatever is written, and by heartbeats.
    pub fn can_record(&self) -> bool {
        self.0.unwritable_since.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// One round of [`Self::run_heartbeat`].
    pub async fn heartbeat(&self) {
        self.record_outcomes().await;
        let monotonic = self.0.clock.monotonic();
        let heartbeat = |(id, progress): (&Uuid, &Arc<Progress>)| {
            let at = progress.moment_after(monotonic.saturating_sub(progress.began));
            Heartbeat { id: *id, written: progress.written(), at }
        };
        let running: Vec<_> = self.0.slots.borrow().running.iter().map(heartbeat).collect();
        let began = Instant::now();
        let mut beaten = record_store::write_heartbeats(&self.0.writer, self.0.clock.now(), &running).await;
        let mut wrote = beaten.as_ref().is_ok_and(|lost| lost.len() < running.len());
        let is_due = self.0.heartbeats.fetch_add(1, Ordering::Relaxed).is_multiple_of(HEARTBEATS_BETWEEN_PROBES);
        if beaten.is_ok() && running.is_empty() && (is_due || !self.can_record()) {
            // Nothing was written, so nothing is known.
            beaten = record_store::probe(&self.0.writer).await.map(|()| Vec::new());
            wrote = true;
        }
        self.note(beaten.as_ref().map(|_| wrote));
        let held_up = beaten.is_err() || began.elapsed() > SLOW_WRITE;
        let lost = beaten.unwrap_or_default();
        for id in lost {
            self.cancel(id, RecordMessage::HeartbeatsLate);
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
        if swept.is_err() || began.elapsed() > SLOW_WRITE {
            self.silent().clear();
        }
        match swept {
            Ok(0) => {}
            Ok(swept) => {
                warn!(interrupted_exports = swept, "exports marked interrupted: no heartbeat from their server");
            }
            Err(error) => warn!(%error, "cannot look for interrupted exports"),
        }
    }

    async fn sweep_dead(&self) -> Result<u64, DbErr> {
        let now = self.0.clock.now();
        let mut found = record_store::silent(&*self.0.writer, now).await?;
        {
            // This server knows better of its own.
            let slots = self.0.slots.borrow();
            found.retain(|(id, _)| !slots.running.contains_key(id) && !slots.unrecorded.contains_key(id));
        }
        let dead: Vec<_> = {
            let mut silent = self.silent();
            let before = std::mem::take(&mut *silent);
            silent.extend(found.into_iter().map(|(id, heard)| {
                let seen = before.get(&id).filter(|(last, _)| *last == heard);
                (id, (heard, seen.map_or(0, |(_, times)| times + 1)))
            }));
            let is_dead = |(id, (heard, times)): (&Uuid, &(UnixMicros, u32))| {
                let enough = if *heard > now { UNDISTURBED_FROM_FUTURE } else { SWEEP_CONFIRMATIONS };
                (*times >= enough).then_some((*id, *heard))
            };
            silent.iter().filter_map(is_dead).collect()
        };
        record_store::sweep(&*self.0.writer, &dead).await
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<Uuid, (UnixMicros, u32)>> {
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
        self.0.slots.borrow().running.len()
    }

    /// How many have ended and are not recorded yet.
    pub fn count_unrecorded(&self) -> usize {
        self.0.slots.borrow().unrecorded.len()
    }

    /// Waits until none is running, and all are recorded.
    pub async fn none_left(&self) {
        let none = |slots: &Slots| slots.running.is_empty() && slots.unrecorded.is_empty();
        let _ = self.0.slots.subscribe().wait_for(none).await;
    }

    /// Breaks all that are running.
    pub fn break_off(&self) {
        let ids: Vec<_> = self.0.slots.borrow().running.keys().copied().collect();
        for id in ids {
            self.cancel(id, RecordMessage::ServerStopped);
        }
    }

    fn cancel(&self, id: Uuid, reason: RecordMessage) {
        let ending = Outcome::new(State::Interrupted, reason);
        if let Some(progress) = self.0.slots.borrow().running.get(&id) {
            progress.stop.send_replace(Some(ending));
        }
    }

    /// Takes a place for an export and begins its record.
    ///
    /// # Errors
    /// `too_many_exports` where the user has too many running; `unavailable` where the server has, is being stopped, or
    /// cannot write the record for a reason that may pass; `internal` for any other reason.
    pub async fn begin(&self, asked: NewExport) -> Result<ExportSlot, ApiError> {
        let inner = Arc::clone(&self.0);
        // A task of its own: whoever asked may leave meanwhile, and what was begun has to be ended.
        let begun = tokio::spawn(async move { Self(inner).acquire_slot(asked).await }.instrument(Span::current()));
        begun.await.unwrap_or_else(|error| Err(internal(&error)))
    }

    async fn acquire_slot(&self, asked: NewExport) -> Result<ExportSlot, ApiError> {
        let Inner { writer, clock, limits, metrics, places, slots, .. } = &*self.0;
        if !self.is_open() {
            return Err(self.stopping());
        }
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            metrics.export_refused(Refused::Server);
            return Err(later(ErrorCode::Unavailable, RequestMessage::ServerBusy { limit: limits.at_once.get() }));
        };
        // Those whose record has its end already, but whose client does not take the last of it, count here.
        if let Some(user_id) = asked.user_id
            && !self.has_free_slot(user_id).await
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
            state: State::Running.as_str().to_owned(),
            rows: 0,
            bytes: 0,
            sha256: None,
            started_at: now,
            heartbeat_at: now,
            // As each heartbeat: if nothing more is heard of it, it has ended then.
            finished_at: Some(now),
            error: None,
            complete_to: asked.complete_to,
        };
        let ours: Vec<_> = slots.borrow().running.keys().copied().collect();
        // Before the running ones are counted: an export that has ended takes no slot.
        let mut unrecorded = self.unrecorded();
        let mut begun = record_store::begin(writer, record.clone(), limit, &ours, &unrecorded).await;
        if begun.as_ref().is_err_and(|error| !is_unavailable(error)) && !unrecorded.is_empty() {
            // One outcome that can never be written must not keep others from their exports.
            self.record_outcomes().await;
            unrecorded = self.unrecorded();
            begun = record_store::begin(writer, record, limit, &ours, &unrecorded).await;
        }
        if let Ok(begun) = begun {
            self.note(Ok(begun));
            self.is_recorded(&unrecorded.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        }
        match begun {
            Ok(true) => {}
            Ok(false) => return Err(self.too_many()),
            Err(error) => {
                let is_logged = self.is_unwritable(&error).await && self.note(Err(&error));
                if pool::is_outcome_unknown(&error) {
                    let ending = Outcome::failed(RecordMessage::NotRecorded);
                    let outcome = FinalRecord { written: ExportProgress::default(), ending, at: now, began: false };
                    slots.send_modify(|slots| drop(slots.unrecorded.insert(id, outcome)));
                }
                return Err(self.cannot_record(&error, is_logged));
            }
        }
        let stop = watch::Sender::new(None);
        let progress = Arc::new(Progress {
            user_id: asked.user_id,
            started_at: now,
            began: monotonic,
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            stop,
        });
        slots.send_modify(|slots| drop(slots.running.insert(id, Arc::clone(&progress))));
        let begun = ExportSlot {
            id,
            user_id: asked.user_id,
            exports: self.clone(),
            progress,
            span: Span::current(),
            completed_after: None,
            place: Some(place),
        };
        // Closed meanwhile: whoever closed either counted this one, or is seen here.
        if !self.is_open() {
            begun.end(Some(Outcome::new(State::Interrupted, RecordMessage::ServerStopped)), 0).await;
            return Err(self.stopping());
        }
        Ok(begun)
    }

    /// Whether fewer exports of that user are here than may be. One that is just about to be over is waited for.
    async fn has_free_slot(&self, user_id: Uuid) -> bool {
        let most = self.0.limits.per_user.get() as usize;
        let mut slots = self.0.slots.subscribe();
        let theirs = |slots: &Slots| slots.running.values().filter(|one| one.user_id == Some(user_id)).count();
        let fewer = slots.wait_for(|slots| theirs(slots) < most);
        tokio::time::timeout(FINISHING_GRACE, fewer).await.is_ok()
    }

    fn too_many(&self) -> ApiError {
        self.0.metrics.export_refused(Refused::User);
        later(ErrorCode::TooManyExports, RequestMessage::UserBusy { limit: self.0.limits.per_user.get() })
    }

    fn stopping(&self) -> ApiError {
        self.0.metrics.export_refused(Refused::Stopping);
        later(ErrorCode::Unavailable, RequestMessage::ServerStopping)
    }

    /// The error for an export that cannot be recorded. `is_logged`: whether this request has logged why.
    fn cannot_record(&self, error: &DbErr, is_logged: bool) -> ApiError {
        self.0.metrics.export_refused(Refused::Record);
        if !is_unavailable(error) {
            return if is_logged { unlogged_api_error(error) } else { error.into() };
        }
        if !is_logged && !open_file::is_replaced(error) {
            warn!(%error, "cannot record an export, so it does not start");
        }
        // For commands, which say which of these it is.
        ApiError { reason: Some(describe(error)), ..later(ErrorCode::Unavailable, RequestMessage::CannotRecord) }
    }
}

fn later(code: ErrorCode, message: RequestMessage) -> ApiError {
    ApiError { retry_after_seconds: Some(RETRY_AFTER_SECONDS), ..ApiError::new(code, message) }
}

/// An export that runs. However it goes away, the record tells how, and its place is free again.
#[derive(Debug)]
pub struct ExportSlot {
    id: Uuid,
    user_id: Option<Uuid>,
    exports: ExportSlots,
    progress: Arc<Progress>,
    span: Span,
    /// How long it took, once the record says that the file is whole.
    completed_after: Option<Duration>,
    /// Gone once it has ended.
    place: Option<OwnedSemaphorePermit>,
}

impl ExportSlot {
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

    /// The time since it began, by the monotonic clock.
    fn elapsed(&self) -> Duration {
        self.exports.0.clock.monotonic().saturating_sub(self.progress.began)
    }

    /// Ends with how the export has to end when somebody else says so; before that, never.
    pub fn cancelled(&self) -> impl Future<Output = Outcome> + use<> {
        let mut stop = self.progress.stop.subscribe();
        async move {
            let told = stop.wait_for(Option::is_some).await.ok().and_then(|ending| ending.clone());
            match told {
                Some(ending) => ending,
                None => std::future::pending().await,
            }
        }
    }

    /// Writes down that the file is whole, before anybody is told so. Says whether the record has it: where it has not,
    /// because another server has ended it, the file must not be given out as whole.
    ///
    /// # Errors
    /// The database's, where it cannot be written down in time, or ever. The file must not be given out as whole then either.
    pub async fn complete(&mut self, sha256: Vec<u8>) -> Result<bool, DbErr> {
        let exports = &self.exports;
        let (ending, written) = (Outcome::completed(sha256), self.progress.written());
        let elapsed = self.elapsed();
        let outcome = FinalRecord { written, ending, at: self.progress.moment_after(elapsed), began: true };
        let began = Instant::now();
        loop {
            let recorded = record_store::end(&*exports.0.writer, self.id, &outcome).await;
            if let Err(error) = &recorded {
                exports.is_unwritable_after(error).await;
            }
            match recorded {
                Ok(recorded) => {
                    exports.note(Ok(recorded));
                    if !recorded {
                        error!(
                            export_id = %self.id,
                            "the record of an export already has an outcome: another server marked it interrupted"
                        );
                    }
                    self.completed_after = recorded.then_some(elapsed);
                    return Ok(recorded);
                }
                Err(error) if may_pass(&error) && began.elapsed() < exports.0.limits.record_timeout => {
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                Err(error) => {
                    error!(%error, export_id = %self.id, "cannot record how an export ended, so its response is aborted");
                    return Err(error);
                }
            }
        }
    }

    /// Ends it, as complete where nothing else is said: that it is, was written down before. `bytes_sent`: how many bytes
    /// were given to be sent, after any encoding. Its slot is free at once. What becomes of it is written to its record
    /// once before this returns; where that fails, [`ExportSlots::run_heartbeat`] tries again.
    pub async fn end(mut self, otherwise: Option<Outcome>, bytes_sent: u64) {
        if let Some(finish) = self.finish(otherwise, bytes_sent) {
            // A task of its own: whoever waits may give up.
            let _ = tokio::spawn(finish.in_current_span()).await;
        }
    }

    /// Frees the slot, once, and gives what is left to do.
    fn finish(&mut self, otherwise: Option<Outcome>, bytes_sent: u64) -> Option<impl Future<Output = ()> + use<>> {
        let place = self.place.take()?;
        let (exports, id) = (self.exports.clone(), self.id);
        let written = self.progress.written();
        let ExportProgress { rows, bytes } = written;
        // Only what was written down as whole has ended as that.
        let otherwise = otherwise
            .or_else(|| self.completed_after.is_none().then(|| Outcome::failed(RecordMessage::NotRecordedAsWhole)));
        // The log and the metrics have the duration of the record.
        let elapsed = self.completed_after.filter(|_| otherwise.is_none()).unwrap_or_else(|| self.elapsed());
        let at = self.progress.moment_after(elapsed);
        let state = otherwise.as_ref().map_or(State::Completed, |ending| ending.state);
        let reason = otherwise.as_ref().and_then(|ending| ending.reason.as_ref()).map(|reason| reason.text.clone());
        exports.0.slots.send_modify(|slots| {
            slots.running.remove(&id);
            if let Some(ending) = otherwise {
                slots.unrecorded.insert(id, FinalRecord { written, ending, at, began: true });
            }
        });
        drop(place);
        exports.0.metrics.export_ended(state, elapsed);
        let user_id = self.user_id.map(tracing::field::display);
        Some(async move {
            exports.record_outcomes().await;
            let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            let state = state.as_str();
            info!(export_id = %id, user_id, duration_ms, row_count = rows, bytes, bytes_sent, state, reason, "export ended");
        })
    }
}

impl Drop for ExportSlot {
    fn drop(&mut self) {
        let ending = if std::thread::panicking() {
            Outcome::failed(RecordMessage::ServerFault)
        } else {
            Outcome::disconnected()
        };
        let span = self.span.clone();
        if let (Some(finish), Ok(runtime)) = (self.finish(Some(ending), 0), tokio::runtime::Handle::try_current()) {
            runtime.spawn(finish.instrument(span));
        }
    }
}
