//! Up to when a replica is complete. What was written to the primary after what the replica has replayed is promised by
//! nobody, so an export ends before it, and says so.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::postgres::Replayed;
use super::{Connection, Reader};
use crate::server::db::error::away;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// How often a replica that is behind is asked once more, and how long lies in between: most are behind by milliseconds.
const MAX_ATTEMPTS: u32 = 5;
const RETRY_DELAY: Duration = Duration::from_millis(40);

/// What an export began with that may be read from a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaSnapshot {
    /// What each page has to be read behind, in bytes of the primary's log: replicas differ, and one may have been away.
    pub position: Option<i64>,
    /// The moment up to which the file is complete: nothing of a time before it that was there by then is missing.
    /// `None` where that is now, because it begins with the primary.
    pub complete_to: Option<UnixMicros>,
    /// Whether it ends there.
    pub behind: bool,
}

impl ReplicaSnapshot {
    /// How far its reader's server has come.
    ///
    /// # Errors
    /// Where one of the servers cannot answer, or the replica is none or does not know what it has.
    pub async fn with(reader: &Reader, primary: &Pool) -> Result<Self, DbErr> {
        if !reader.may_be_replica() {
            return Ok(Self::default());
        }
        // The time first, so that all that was there by then is before the position.
        let asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
                     (pg_current_wal_insert_lsn() - '0/0')::bigint";
        let answer = primary.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
        let answer = answer.ok_or_else(|| DbErr::RecordNotFound("a row".to_owned()))?;
        let (now, position) = (answer.try_get_by_index::<UnixMicros>(0)?, answer.try_get_by_index::<i64>(1)?);
        let mut tries = 1;
        loop {
            let replayed = reader.read(move |connection, turn| match connection {
                Connection::Postgres(connection) => connection.replayed(position, turn),
                Connection::Sqlite(_) => Ok(Replayed::Primary),
            });
            match replayed.await? {
                Replayed::Primary => {
                    return Ok(Self { position: Some(position), complete_to: None, behind: false });
                }
                Replayed::All => {
                    return Ok(Self { position: Some(position), complete_to: Some(now), behind: false });
                }
                Replayed::UpTo { .. } if tries < MAX_ATTEMPTS => {
                    tries += 1;
                    tokio::time::sleep(RETRY_DELAY).await;
                }
                Replayed::UpTo { position, moment: Some(moment) } => {
                    return Ok(Self { position: Some(position), complete_to: Some(moment.min(now)), behind: true });
                }
                Replayed::UpTo { moment: None, .. } => {
                    return Err(away("the replica is behind, and does not know by how much"));
                }
            }
        }
    }
}
