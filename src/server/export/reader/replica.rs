//! The moment up to which a replica is complete. Nothing guarantees the events after what it has replayed, so an export ends
//! there, and says so.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::postgres::Replayed;
use super::{Connection, Reader};
use crate::server::db::error::unavailable;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::retry::Retry;

/// How a lagging replica is awaited: most lag by milliseconds.
const CATCH_UP: Retry = Retry::every(Duration::from_millis(40)).at_most(5);

/// The state of the replica at the start of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaSnapshot {
    /// The position in the primary's log that each page must have, in bytes: replicas differ, and one may have been away.
    pub position: Option<i64>,
    /// The moment up to which the file is complete: no event before it that existed then is missing. `None` if the export
    /// reads from the primary, whose data is complete until now.
    pub complete_to: Option<UnixMicros>,
    lag: Lag,
}

/// Whether the replica had replayed what the primary had written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lag {
    #[default]
    None,
    Behind,
}

impl ReplicaSnapshot {
    /// Returns the end of the export's range that a lagging replica requires.
    pub fn end(&self) -> Option<UnixMicros> {
        self.complete_to.filter(|_| self.lag == Lag::Behind)
    }

    /// Determines how far the server of `reader` has replayed the log of `primary`.
    ///
    /// # Errors
    /// Returns an error if a server is unavailable, or the replica is not one or does not know its position.
    pub async fn take(reader: &Reader, primary: &Pool) -> Result<Self, DbErr> {
        if !reader.may_be_replica() {
            return Ok(Self::default());
        }
        let (now, position) = log_position(primary).await?;
        let replayed = || {
            reader.read(move |connection, slice| match connection {
                Connection::Postgres(connection) => connection.replayed(position, slice),
                Connection::Sqlite(_) => Ok(Replayed::Primary),
            })
        };
        match CATCH_UP.run(replayed, |replayed| matches!(replayed, Ok(Replayed::UpTo { .. }))).await? {
            Replayed::Primary => Ok(Self { position: Some(position), complete_to: None, lag: Lag::None }),
            Replayed::All => Ok(Self { position: Some(position), complete_to: Some(now), lag: Lag::None }),
            Replayed::UpTo { position, moment: Some(moment) } => {
                Ok(Self { position: Some(position), complete_to: Some(moment.min(now)), lag: Lag::Behind })
            }
            Replayed::UpTo { moment: None, .. } => {
                Err(unavailable("the replica is behind, and does not know by how much"))
            }
        }
    }
}

/// Returns the primary's time and the end of its log, in bytes.
async fn log_position(primary: &Pool) -> Result<(UnixMicros, i64), DbErr> {
    // The time first, so that everything written before it is before the position.
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
               (pg_current_wal_insert_lsn() - '0/0')::bigint";
    let row = primary.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("a row".to_owned()))?;
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
}
