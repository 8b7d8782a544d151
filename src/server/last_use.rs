//! When sessions and tokens were last used, written down beside the requests and never in their way: an import may keep
//! the database from being written to for minutes, and nobody should wait for that to read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::mpsc;
use tracing::warn;
use uuid::Uuid;

use super::auth::token;
use super::entity::session::{ActiveModel, Column, Entity};
use super::timed::Pool;

/// How many notes may wait to be written. What comes when there are as many is dropped: the next use will be noted.
const WAITING: usize = 64;

/// Of how many sessions and tokens it is remembered when they were noted, before those are forgotten that may be noted
/// again.
const REMEMBERED: usize = 10_000;

/// Takes notes.
#[derive(Clone, Debug)]
pub struct LastUse {
    notes: mpsc::Sender<(Used, i64)>,
    noted: Arc<Mutex<HashMap<Used, i64>>>,
    apart: i64,
}

/// What was used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Used {
    /// The session with this hash.
    Session(Vec<u8>),
    /// The token with this id.
    Token(Uuid),
}

impl LastUse {
    /// Begins to write to that database, until the last clone of this is gone. `apart`: how much time lies between two
    /// notes about the same, in microseconds.
    pub fn begin(database: Pool, apart: i64) -> Self {
        let (notes, receiver) = mpsc::channel(WAITING);
        tokio::spawn(write(database, receiver));
        Self { notes, noted: Arc::default(), apart }
    }

    /// Notes that a session was used.
    pub fn of_session(&self, id_hash: Vec<u8>, now: i64) {
        self.note(Used::Session(id_hash), now);
    }

    /// Notes that a token was used.
    pub fn of_token(&self, id: Uuid, now: i64) {
        self.note(Used::Token(id), now);
    }

    fn note(&self, used: Used, now: i64) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&used).is_some_and(|before| now - before < self.apart) {
            return;
        }
        if noted.len() >= REMEMBERED {
            noted.retain(|_, before| now - *before < self.apart);
        }
        if self.notes.try_send((used.clone(), now)).is_ok() {
            noted.insert(used, now);
        }
    }
}

async fn write(database: Pool, mut notes: mpsc::Receiver<(Used, i64)>) {
    while let Some((used, now)) = notes.recv().await {
        let written = match &used {
            Used::Session(id_hash) => session_seen(&database, id_hash, now).await,
            Used::Token(id) => token::used(&database, *id, now).await,
        };
        if let Err(error) = written {
            warn!(%error, "cannot note a last use");
        }
    }
}

async fn session_seen(database: &Pool, id_hash: &[u8], now: i64) -> Result<(), DbErr> {
    let set = ActiveModel { last_seen_at: Set(now), ..Default::default() };
    Entity::update_many().set(set).filter(Column::IdHash.eq(id_hash)).exec(database).await.map(drop)
}
