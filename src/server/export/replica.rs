//! Up to when a replica is complete. What was written to the primary after what the replica has replayed is promised by
//! nobody, so an export ends before it, and says so.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};

use super::reader::{Connection, Reader};

/// How often a replica that is behind is asked once more, and how long lies in between: most are behind by milliseconds.
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(40);

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is none.
    NoReplica,
    /// As far as the primary was when it was asked.
    All,
    /// Up to this moment, in microseconds since 1970-01-01T00:00:00Z; `None` where it does not know.
    UpTo(Option<i64>),
}

/// The moment up to which a file of this reader's is complete: nothing that was there before it is missing. In microseconds
/// since 1970-01-01T00:00:00Z; `None` where it reads from the primary. And whether that is earlier than now.
///
/// # Errors
/// Where one of them cannot answer, or the replica does not know what it has.
pub async fn complete_to(reader: &Reader, primary: &DatabaseConnection) -> Result<Option<(i64, bool)>, DbErr> {
    if !reader.may_be_replica() {
        return Ok(None);
    }
    let asked = "SELECT pg_current_wal_lsn()::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let answer = primary.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await?;
    let answer = answer.ok_or_else(|| DbErr::RecordNotFound("a row".to_owned()))?;
    let (position, now) = (answer.try_get_by_index::<String>(0)?, answer.try_get_by_index::<i64>(1)?);
    let mut tries = 1;
    loop {
        let position = position.clone();
        let replayed = reader.read(move |connection, turn| match connection {
            Connection::Postgres(connection) => connection.replayed(&position, turn),
            Connection::Sqlite(_) => Ok(Replayed::NoReplica),
        });
        match replayed.await? {
            Replayed::NoReplica => return Ok(None),
            Replayed::All => return Ok(Some((now, false))),
            Replayed::UpTo(_) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            Replayed::UpTo(Some(moment)) => return Ok(Some((moment.min(now), true))),
            Replayed::UpTo(None) => {
                let reason = "the replica is behind, and does not know by how much".to_owned();
                return Err(DbErr::Conn(RuntimeErr::Internal(reason)));
            }
        }
    }
}
