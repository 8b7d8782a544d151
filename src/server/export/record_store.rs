//! Export records in the database: what an export that begins, goes on and ends writes down. A record that runs and whose
//! server gave a sign of life a short while ago is a slot: that is how the limit for each user holds across all servers
//! that share the database.

use std::time::Duration;

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect, TransactionTrait,
};
use uuid::Uuid;

use super::stored_message;
use crate::api::exports::State;
use crate::messages::Message;
use crate::messages::commands::CommandMessage;
use crate::messages::records::RecordMessage;
use crate::server::db::entity::export::{ActiveModel, Column, Entity, Model};
use crate::server::db::entity::user;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// A record whose server gave no sign of life for so long is not being worked on any more.
pub const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(30);

/// What a heartbeat writes of an export that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The record's id.
    pub id: Uuid,
    /// How far it is.
    pub written: ExportProgress,
    /// When it would have ended if nothing more is heard of it: its start and the time that it took since, by the monotonic
    /// clock.
    pub at: UnixMicros,
}

/// What is written of an export that gets on or ends.
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
    /// What became of it.
    pub state: State,
    /// Why, where it did not end well, for whoever reads the record.
    pub reason: Option<Message>,
    /// SHA-256 of the file, where it is whole.
    pub sha256: Option<Vec<u8>>,
}

impl Outcome {
    /// Not well, and why.
    pub fn new(state: State, reason: impl Into<Message>) -> Self {
        Self { state, reason: Some(reason.into()), sha256: None }
    }

    /// It could not be read or written to the end.
    pub fn failed(reason: impl Into<Message>) -> Self {
        Self::new(State::Failed, reason)
    }

    /// Its client went away.
    pub fn disconnected() -> Self {
        Self::new(State::Cancelled, RecordMessage::ClientDisconnected)
    }

    /// The file is whole, and this is its SHA-256.
    pub fn completed(sha256: Vec<u8>) -> Self {
        Self { state: State::Completed, reason: None, sha256: Some(sha256) }
    }
}

/// How an export ended, how far it was, and when that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalRecord {
    /// How far it was.
    pub written: ExportProgress,
    /// How it ended.
    pub ending: Outcome,
    /// When: its start and the time that it took since.
    pub at: UnixMicros,
    /// Whether it is known to have a record.
    pub began: bool,
}

/// Writes the record of an export that begins, unless its user has `limit` of them running. Says whether it did. `ours`:
/// the exports that run here, which are alive, whatever kept them from saying so. `ended`: those that have ended here and
/// whose records do not say so yet; they are written first, and take no slot.
///
/// # Errors
/// Where the database cannot be written to.
pub async fn begin(
    database: &Pool,
    record: Model,
    limit: Option<u32>,
    ours: &[Uuid],
    ended: &[(Uuid, FinalRecord)],
) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    // Where several may write at once, those that begin an export of the same user do not.
    if let Some(user_id) = record.user_id.filter(|_| database.get_database_backend() != DbBackend::Sqlite) {
        user::Entity::find_by_id(user_id).lock(LockType::NoKeyUpdate).one(&transaction).await?;
    }
    // First, and even where there are none: what writes first is alone from its first look on.
    let alive = ActiveModel { heartbeat_at: Set(record.heartbeat_at), ..Default::default() };
    Entity::update_many().set(alive).filter(is_running(ours)).exec(&transaction).await?;
    for (id, outcome) in ended {
        end(&transaction, *id, outcome).await?;
    }
    if let Some(limit) = limit {
        let running = Entity::find()
            .filter(Column::UserId.eq(record.user_id))
            .filter(Column::State.eq(State::Running.as_str()))
            .filter(Column::HeartbeatAt.gt(record.heartbeat_at - HEARTBEAT_TIMEOUT))
            .count(&transaction)
            .await?;
        if running >= limit.into() {
            transaction.commit().await?;
            return Ok(false);
        }
    }
    Entity::insert(record.into_active_model()).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Writes a record and removes it again, which shows whether records can be written, and leaves nothing.
///
/// # Errors
/// Where they cannot.
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
    };
    let transaction = database.begin().await?;
    let id = record.id;
    Entity::insert(record.into_active_model()).exec_without_returning(&transaction).await?;
    Entity::delete_by_id(id).exec(&transaction).await?;
    transaction.commit().await
}

/// Gives a sign of life of these exports. Gives those back that are not running any more as far as the records know:
/// another server took them for dead.
///
/// # Errors
/// Where the database cannot be written to.
pub async fn write_heartbeats(database: &Pool, now: UnixMicros, running: &[Heartbeat]) -> Result<Vec<Uuid>, DbErr> {
    let mut lost = Vec::new();
    let transaction = database.begin().await?;
    // Also where none are running: whoever keeps others from writing has to be noticed.
    let alive = ActiveModel { heartbeat_at: Set(now), ..Default::default() };
    Entity::update_many().set(alive).filter(is_running(&[])).exec(&transaction).await?;
    for Heartbeat { id, written, at } in running {
        let alive = ActiveModel {
            heartbeat_at: Set(now),
            rows: Set(signed(written.rows)),
            bytes: Set(signed(written.bytes)),
            finished_at: Set(Some(*at)),
            ..Default::default()
        };
        let found = Entity::update_many().set(alive).filter(is_running(&[*id])).exec(&transaction).await?;
        if found.rows_affected == 0 {
            lost.push(*id);
        }
    }
    transaction.commit().await?;
    Ok(lost)
}

/// Writes how an export ended. Says whether the record says so now: not where somebody else has ended it for good. That it
/// is whole may be taken back, by whoever made it: its client may leave with the last bytes still on the way, and who is
/// stopped while it writes that does not know whether it has. It may be written again, because an answer that was lost says
/// nothing. And whoever made the file knows more of its end than a server that took it for dead, unless it is that it is whole.
///
/// # Errors
/// Where the database cannot be written to.
pub async fn end(database: &impl ConnectionTrait, id: Uuid, outcome: &FinalRecord) -> Result<bool, DbErr> {
    let FinalRecord { written, ending, at, .. } = outcome;
    let ended = ActiveModel {
        state: Set(ending.state.as_str().to_owned()),
        rows: Set(signed(written.rows)),
        bytes: Set(signed(written.bytes)),
        sha256: Set(ending.sha256.clone()),
        error: Set(ending.reason.as_ref().map(stored_message::write)),
        finished_at: Set(Some(*at)),
        ..Default::default()
    };
    let from = [State::Running, State::Completed, ending.state].map(State::as_str);
    let interrupted = Column::State.eq(State::Interrupted.as_str());
    let from = match ending.state {
        // Written before, and not by a server that took it for dead.
        State::Interrupted => {
            let ours = interrupted.and(Column::Error.eq(ending.reason.as_ref().map(stored_message::write)));
            Condition::any().add(Column::State.is_in([State::Running, State::Completed].map(State::as_str))).add(ours)
        }
        State::Completed => Condition::any().add(Column::State.is_in(from)),
        _ => Condition::any().add(Column::State.is_in(from)).add(interrupted),
    };
    let found = Entity::update_many().set(ended).filter(Column::Id.eq(id)).filter(from);
    Ok(found.exec(database).await?.rows_affected > 0)
}

/// The running records whose last heartbeat is older than [`HEARTBEAT_TIMEOUT`] or lies in the future, and that heartbeat. One in the
/// future was written by a server whose clock was ahead: whether that server is alive is seen only when it writes again.
///
/// # Errors
/// Where the database cannot be asked.
pub async fn silent(database: &impl ConnectionTrait, now: UnixMicros) -> Result<Vec<(Uuid, UnixMicros)>, DbErr> {
    let silent = Entity::find().select_only().columns([Column::Id, Column::HeartbeatAt]);
    let is_silent = Column::HeartbeatAt.lte(now - HEARTBEAT_TIMEOUT).or(Column::HeartbeatAt.gt(now));
    let silent = silent.filter(Column::State.eq(State::Running.as_str())).filter(is_silent);
    silent.into_tuple().all(database).await
}

/// Ends these records, unless something was heard of them since, and says how many those were. Each has ended when it was
/// last heard of, which its heartbeats have written; it is unknown for the record of an older version, whose heartbeats did
/// not write it.
///
/// # Errors
/// Where the database cannot be written to.
pub async fn sweep(database: &impl ConnectionTrait, dead: &[(Uuid, UnixMicros)]) -> Result<u64, DbErr> {
    let mut swept = 0;
    for (id, heard) in dead {
        let interrupted = ActiveModel { state: Set(State::Interrupted.as_str().to_owned()), ..Default::default() };
        let by_command = Expr::col(Column::Via).eq("command");
        let reason = CaseStatement::new()
            .case(by_command, stored_message::write(&CommandMessage::CommandLost.into()))
            .finally(stored_message::write(&RecordMessage::ServerLost.into()));
        // `finished_at` is what the last heartbeat wrote.
        let found = Entity::update_many().set(interrupted).col_expr(Column::Error, reason.into());
        let found = found.filter(is_running(&[*id]));
        swept += found.filter(Column::HeartbeatAt.eq(*heard)).exec(database).await?.rows_affected;
    }
    Ok(swept)
}

fn is_running(ids: &[Uuid]) -> Condition {
    Condition::all().add(Column::Id.is_in(ids.iter().copied())).add(Column::State.eq(State::Running.as_str()))
}

/// As the database counts.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
