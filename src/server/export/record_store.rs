//! Export records in the database: what an export writes when it starts, while it runs, and when it ends.
//!
//! A record that is running and has a recent heartbeat takes a slot. This is how the limit per user holds across all servers
//! that share the database.

use std::num::NonZeroU32;
use std::time::Duration;

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect, TransactionTrait,
};
use uuid::Uuid;

use crate::api::exports::State;
use crate::messages::Message;
use crate::messages::commands::CommandMessage;
use crate::messages::records::RecordMessage;
use crate::server::db::entity::export::{ActiveModel, Column, Entity, Model};
use crate::server::db::entity::user;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::stored_message;

/// A running record without a heartbeat for this long is stale: its server may be dead.
pub const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(30);

/// What a heartbeat writes for a running export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The record's id.
    pub id: Uuid,
    /// The progress so far.
    pub progress: ExportProgress,
    /// The end of the export, if no other heartbeat follows: its start plus its duration by the monotonic clock.
    pub finished_at: UnixMicros,
}

/// What the records say about running exports when their heartbeats are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeartbeatResult {
    /// The exports whose records no longer say that they run, because another server marked them interrupted.
    pub lost: Vec<Uuid>,
    /// The exports that are to be cancelled, each with the reason.
    pub to_cancel: Vec<(Uuid, Message)>,
}

/// The progress of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportProgress {
    /// Events in the file so far.
    pub rows: u64,
    /// Bytes of the file so far.
    pub bytes: u64,
}

/// How an export ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The final state.
    pub state: State,
    /// The reason, unless the export completed.
    pub reason: Option<Message>,
    /// The SHA-256 of the file, if it is complete.
    pub sha256: Option<Vec<u8>>,
}

impl Outcome {
    /// Creates the outcome of an export that did not complete.
    pub fn new(state: State, reason: impl Into<Message>) -> Self {
        Self { state, reason: Some(reason.into()), sha256: None }
    }

    /// Creates the outcome of an export that could not be read or written to its end.
    pub fn failed(reason: impl Into<Message>) -> Self {
        Self::new(State::Failed, reason)
    }

    /// Creates the outcome of an export whose client disconnected.
    pub fn disconnected() -> Self {
        Self::new(State::Cancelled, RecordMessage::ClientDisconnected)
    }

    /// Creates the outcome of an export whose file is complete.
    pub fn completed(sha256: Vec<u8>) -> Self {
        Self { state: State::Completed, reason: None, sha256: Some(sha256) }
    }
}

/// The final state of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalRecord {
    /// The progress at the end.
    pub progress: ExportProgress,
    /// How the export ended.
    pub outcome: Outcome,
    /// When it ended: its start plus its duration.
    pub finished_at: UnixMicros,
    /// Whether the export is known to have a record.
    pub has_record: bool,
}

/// A running record without a recent heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StaleRecord {
    /// The record's id.
    pub id: Uuid,
    /// The last heartbeat.
    pub heartbeat_at: UnixMicros,
}

/// Whether an export may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Its record is written.
    Admitted,
    /// Its user has reached the limit.
    LimitReached,
}

/// Whether a record took the outcome of its export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The record has the outcome.
    Yes,
    /// The record has another outcome, because another server marked it interrupted; or there is no record.
    Rejected,
}

/// Writes the record of an export that starts, unless its user has `limit` exports running.
///
/// `running`: the exports of this server, which are alive even if their heartbeats are late. `ended`: the outcomes of this
/// server that are not recorded yet. They are written first, so that they take no slot.
///
/// # Errors
/// Returns an error if the database is not writable.
pub async fn begin(
    database: &Pool,
    record: Model,
    limit: Option<NonZeroU32>,
    running: &[Uuid],
    ended: &[(Uuid, FinalRecord)],
) -> Result<Admission, DbErr> {
    let transaction = database.begin_write().await?;
    // PostgreSQL has several writers at once. This lets one of them at a time start an export of this user.
    if let Some(user_id) = record.user_id.filter(|_| database.get_database_backend() != DbBackend::Sqlite) {
        user::Entity::find_by_id(user_id).lock(LockType::NoKeyUpdate).one(&transaction).await?;
    }
    if !running.is_empty() {
        let alive = ActiveModel { heartbeat_at: Set(record.heartbeat_at), ..Default::default() };
        Entity::update_many().set(alive).filter(is_running(running)).exec(&transaction).await?;
    }
    for (id, outcome) in ended {
        end(&transaction, *id, outcome).await?;
    }
    if let Some(limit) = limit {
        let slots_taken = Entity::find()
            .filter(Column::UserId.eq(record.user_id))
            .filter(Column::State.eq(State::Running.as_str()))
            .filter(Column::HeartbeatAt.gt(record.heartbeat_at - HEARTBEAT_TIMEOUT))
            .count(&transaction)
            .await?;
        if slots_taken >= u64::from(limit.get()) {
            transaction.commit().await?;
            return Ok(Admission::LimitReached);
        }
    }
    Entity::insert(record.into_active_model()).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(Admission::Admitted)
}

/// Writes a record and deletes it again, to test whether the database is writable.
///
/// # Errors
/// Returns an error if it is not.
pub async fn probe(database: &Pool) -> Result<(), DbErr> {
    let record = Model {
        id: Uuid::new_v4(),
        user_id: None,
        user_name: None,
        via: String::new(),
        query: String::new(),
        state: State::Failed.as_str().to_owned(),
        rows: 0,
        bytes: 0,
        sha256: None,
        started_at: UnixMicros::default(),
        heartbeat_at: UnixMicros::default(),
        finished_at: None,
        error: None,
        complete_to: None,
        deleted_to: None,
        cancel_requested: None,
    };
    let transaction = database.begin().await?;
    let id = record.id;
    Entity::insert(record.into_active_model()).exec_without_returning(&transaction).await?;
    Entity::delete_by_id(id).exec(&transaction).await?;
    transaction.commit().await
}

/// Writes the heartbeats of running exports. Returns the exports that must end.
///
/// # Errors
/// Returns an error if the database is not writable.
pub async fn write_heartbeats(
    database: &Pool,
    now: UnixMicros,
    running: &[Heartbeat],
) -> Result<HeartbeatResult, DbErr> {
    let mut lost = Vec::new();
    let transaction = database.begin().await?;
    // Also without running exports, to notice a writer that blocks others.
    let alive = ActiveModel { heartbeat_at: Set(now), ..Default::default() };
    Entity::update_many().set(alive).filter(is_running(&[])).exec(&transaction).await?;
    for Heartbeat { id, progress, finished_at } in running {
        let alive = ActiveModel {
            heartbeat_at: Set(now),
            rows: Set(signed(progress.rows)),
            bytes: Set(signed(progress.bytes)),
            finished_at: Set(Some(*finished_at)),
            ..Default::default()
        };
        let updated = Entity::update_many().set(alive).filter(is_running(&[*id])).exec(&transaction).await?;
        if updated.rows_affected == 0 {
            lost.push(*id);
        }
    }
    let mut to_cancel = Vec::new();
    if !running.is_empty() {
        let ids: Vec<_> = running.iter().map(|heartbeat| heartbeat.id).collect();
        let requested = Entity::find().select_only().columns([Column::Id, Column::CancelRequested]);
        let requested = requested.filter(is_running(&ids)).filter(Column::CancelRequested.is_not_null());
        let requested = requested.into_tuple::<(Uuid, String)>().all(&transaction).await?;
        to_cancel.extend(requested.into_iter().map(|(id, reason)| (id, stored_message::read(&reason))));
    }
    transaction.commit().await?;
    Ok(HeartbeatResult { lost, to_cancel })
}

/// Requests that the server of a running export cancels it, for that reason. The first request counts.
///
/// # Errors
/// Returns an error if the database is not writable.
pub async fn request_cancel(database: &impl ConnectionTrait, id: Uuid, reason: &Message) -> Result<(), DbErr> {
    let requested = ActiveModel { cancel_requested: Set(Some(stored_message::write(reason))), ..Default::default() };
    let update = Entity::update_many().set(requested).filter(is_running(&[id]));
    update.filter(Column::CancelRequested.is_null()).exec(database).await.map(drop)
}

/// Writes how an export ended.
///
/// - The server of the export may change `completed` to another state: the client may disconnect before the last bytes are
///   sent, and a shutdown may cancel the export before it knows whether `completed` was written.
/// - The same outcome may be written again, because the response to the first attempt may have been lost.
/// - A record that another server marked `interrupted` gets the outcome of its own server, which knows better; but not
///   `completed`, because the end of the file depends on the record.
///
/// # Errors
/// Returns an error if the database is not writable.
pub async fn end(database: &impl ConnectionTrait, id: Uuid, record: &FinalRecord) -> Result<Recorded, DbErr> {
    let FinalRecord { progress, outcome, finished_at, .. } = record;
    let reason = outcome.reason.as_ref().map(stored_message::write);
    let ended = ActiveModel {
        state: Set(outcome.state.as_str().to_owned()),
        rows: Set(signed(progress.rows)),
        bytes: Set(signed(progress.bytes)),
        sha256: Set(outcome.sha256.clone()),
        error: Set(reason.clone()),
        finished_at: Set(Some(*finished_at)),
        ..Default::default()
    };
    let states = [State::Running, State::Completed, outcome.state].map(State::as_str);
    let interrupted = Column::State.eq(State::Interrupted.as_str());
    let may_change = match outcome.state {
        // An interrupted record with the same reason was written by this server, and not by one that swept it.
        State::Interrupted => Condition::any()
            .add(Column::State.is_in([State::Running, State::Completed].map(State::as_str)))
            .add(interrupted.and(Column::Error.eq(reason))),
        State::Completed => Condition::any().add(Column::State.is_in(states)),
        _ => Condition::any().add(Column::State.is_in(states)).add(interrupted),
    };
    let updated = Entity::update_many().set(ended).filter(Column::Id.eq(id)).filter(may_change);
    let is_updated = updated.exec(database).await?.rows_affected > 0;
    Ok(if is_updated { Recorded::Yes } else { Recorded::Rejected })
}

/// Returns the running records whose last heartbeat is older than [`HEARTBEAT_TIMEOUT`], or lies in the future. A heartbeat
/// in the future comes from a server whose clock was ahead. Only its next heartbeat shows whether that server is alive.
///
/// # Errors
/// Returns an error if the database is unavailable.
pub async fn stale(database: &impl ConnectionTrait, now: UnixMicros) -> Result<Vec<StaleRecord>, DbErr> {
    let is_stale = Column::HeartbeatAt.lte(now - HEARTBEAT_TIMEOUT).or(Column::HeartbeatAt.gt(now));
    let records = Entity::find().select_only().columns([Column::Id, Column::HeartbeatAt]);
    let records = records.filter(Column::State.eq(State::Running.as_str())).filter(is_stale);
    let records = records.into_tuple::<(Uuid, UnixMicros)>().all(database).await?;
    Ok(records.into_iter().map(|(id, heartbeat_at)| StaleRecord { id, heartbeat_at }).collect())
}

/// Returns the exports that run on any server, with their selections as query strings.
///
/// # Errors
/// Returns an error if the database is unavailable.
pub async fn running(database: &impl ConnectionTrait, now: UnixMicros) -> Result<Vec<(Uuid, String)>, DbErr> {
    let records = Entity::find().select_only().columns([Column::Id, Column::Query]);
    let records = records.filter(Column::State.eq(State::Running.as_str()));
    records.filter(Column::HeartbeatAt.gt(now - HEARTBEAT_TIMEOUT)).into_tuple().all(database).await
}

/// Marks records as interrupted, unless they have had a heartbeat since. Returns how many were marked.
///
/// The end of such an export is its last heartbeat, which has written `finished_at`. Heartbeats of older versions did not, so
/// the end of their records is unknown.
///
/// # Errors
/// Returns an error if the database is not writable.
pub async fn mark_interrupted(database: &impl ConnectionTrait, dead: &[StaleRecord]) -> Result<u64, DbErr> {
    let mut marked = 0;
    for StaleRecord { id, heartbeat_at } in dead {
        let interrupted = ActiveModel { state: Set(State::Interrupted.as_str().to_owned()), ..Default::default() };
        let by_command = Expr::col(Column::Via).eq("command");
        let reason = CaseStatement::new()
            .case(by_command, stored_message::write(&CommandMessage::CommandLost.into()))
            .finally(stored_message::write(&RecordMessage::ServerLost.into()));
        let updated = Entity::update_many().set(interrupted).col_expr(Column::Error, reason.into());
        let updated = updated.filter(is_running(&[*id])).filter(Column::HeartbeatAt.eq(*heartbeat_at));
        marked += updated.exec(database).await?.rows_affected;
    }
    Ok(marked)
}

fn is_running(ids: &[Uuid]) -> Condition {
    Condition::all().add(Column::Id.is_in(ids.iter().copied())).add(Column::State.eq(State::Running.as_str()))
}

/// Converts a count to the database's type.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
