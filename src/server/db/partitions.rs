//! The monthly partitions (UTC) of PostgreSQL's table of events. A partition is created with its first event, and
//! dropped or
//! detached when its events are older than those to keep. A detached partition is a table of its own, with all its events.

use std::collections::HashSet;
use std::ops::Range;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, RuntimeErr, Statement, TransactionTrait};

use super::clock;
use super::locks::{IMPORT_LOCK_KEY, LIVE_LOCK_KEY, PARTITION_LOCK_KEY};
use super::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// The prefix of the names of partitions; year and month follow.
const PREFIX: &str = "motion_events_";

/// The parameters of a partition. Scans of an index look up no rows of pages that were vacuumed since they were written to,
/// so vacuuming is due after fewer new events than by default.
const VACUUM_SOON: &str = "autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02";

/// A month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// Returns the month of a moment, in microseconds since 1970-01-01T00:00:00Z. Returns `None` beyond the calendar,
    /// and for a year with more than four digits.
    pub fn of(moment: i64) -> Option<Self> {
        let day = DateTime::from_timestamp_micros(moment)?.date_naive().with_day(1)?;
        (0..=9_998).contains(&day.year()).then_some(Self(day))
    }

    /// Returns the month `months` before.
    pub fn before(self, months: u32) -> Option<Self> {
        self.0.checked_sub_months(Months::new(months)).map(Self)
    }

    /// Returns the month in the name of a partition.
    fn from_name(partition: &str) -> Option<Self> {
        let (year, month) = partition.strip_prefix(PREFIX)?.split_once('_')?;
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1).map(Self)
    }

    /// Returns the name of its partition.
    pub fn partition(self) -> String {
        format!("{PREFIX}{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// Returns its first moment, in microseconds since 1970-01-01T00:00:00Z.
    pub fn start(self) -> i64 {
        self.0.signed_duration_since(NaiveDate::default()).num_days() * 86_400_000_000
    }

    /// Returns the first moment after it, in microseconds since 1970-01-01T00:00:00Z.
    pub fn end(self) -> i64 {
        (self.0 + TimeDelta::days(31)).with_day(1).map_or(i64::MAX, |next| Self(next).start())
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// Returns the months that have a partition, in order.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn months(database: &impl ConnectionTrait) -> Result<Vec<Month>, DbErr> {
    let mut months: Vec<_> = tables(database).await?.iter().filter_map(|(name, _)| Month::from_name(name)).collect();
    months.sort_unstable();
    Ok(months)
}

/// Identifies an attachment: the id of the table, and the transaction that attached it, or that marked it for
/// detachment (`DETACH … CONCURRENTLY`), after which its rows are not read. Never the same again after the table was
/// detached.
type Attached = (i64, String);

/// Returns all partitions with their names.
async fn tables(database: &impl ConnectionTrait) -> Result<Vec<(String, Attached)>, DbErr> {
    let listed = "SELECT relname::text, pg_class.oid::bigint, pg_inherits.xmin::text \
                  FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'motion_events'::regclass";
    let found = database.query_all_raw(Statement::from_string(DbBackend::Postgres, listed)).await?;
    let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, (row.try_get_by_index(1)?, row.try_get_by_index(2)?)));
    found.iter().map(read).collect()
}

/// The partitions at the start of an export.
#[derive(Clone, Debug, Default)]
pub struct PartitionSnapshot {
    /// Those with events of the range.
    tables: Vec<Attached>,
    /// The ends of all but the last partition, in order.
    pub ends: Vec<i64>,
}

impl PartitionSnapshot {
    /// Returns the current partitions with events of a range of time; none if the table has no partitions. An end of the
    /// range that is `None` is unbounded.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn read(database: &Pool, range: Range<Option<i64>>) -> Result<Self, DbErr> {
        if database.get_database_backend() != DbBackend::Postgres {
            return Ok(Self::default());
        }
        let (names, mut tables): (Vec<_>, Vec<_>) = tables(database).await?.into_iter().unzip();
        let months: Vec<_> = names.iter().map(|name| Month::from_name(name)).collect();
        let mut ends: Vec<i64> = months.iter().flatten().copied().map(Month::end).collect();
        // Whether months outside of the range stay does not matter. A partition that is not a month may hold any event.
        let is_in_range = |month: &Month| {
            range.start.is_none_or(|start| month.end() > start) && range.end.is_none_or(|end| month.start() < end)
        };
        let mut months = months.iter();
        tables.retain(|_| months.next().and_then(Option::as_ref).is_none_or(is_in_range));
        ends.sort_unstable();
        ends.pop();
        Ok(Self { tables, ends })
    }

    /// Whether those of the range have stayed attached since. Rows of a partition that was detached, even for a moment, may be
    /// missing from what was read meanwhile. Partitions may have been added.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn are_attached(&self, database: &Pool) -> Result<bool, DbErr> {
        if self.tables.is_empty() {
            return Ok(true);
        }
        let attached: HashSet<Attached> = tables(database).await?.into_iter().map(|(_, table)| table).collect();
        Ok(self.tables.iter().all(|table| attached.contains(table)))
    }
}

/// The partitions that exist, as a writer of events knows them.
#[derive(Debug)]
pub enum Partitions {
    /// The table has no partitions, as in SQLite.
    None,
    /// There is one for each of these months.
    Of(HashSet<Month>),
}

impl Partitions {
    /// Returns the current partitions.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn known(database: &impl ConnectionTrait) -> Result<Self, DbErr> {
        Ok(match database.get_database_backend() {
            DbBackend::Postgres => Self::Of(months(database).await?.into_iter().collect()),
            _ => Self::None,
        })
    }

    /// Creates the missing partitions for events of these moments. Readers are not blocked.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to, or a moment is in no month.
    pub async fn create_for(
        &mut self,
        database: &impl ConnectionTrait,
        moments: impl IntoIterator<Item = i64>,
    ) -> Result<(), DbErr> {
        let Self::Of(existing) = self else { return Ok(()) };
        for moment in moments {
            let Some(month) = Month::of(moment) else {
                let reason = format!("{moment} µs since 1970 is not in a month that can be stored");
                return Err(DbErr::Exec(RuntimeErr::Internal(reason)));
            };
            if existing.insert(month) {
                create(database, month).await?;
            }
        }
        Ok(())
    }
}

/// How long creating partitions waits for an import that creates one.
const CREATE_TIMEOUT: &str = "1s";

/// Creates the partitions of the current and the next month. A live event then waits for no import that has created another
/// one, and holds the lock of partitions until it ends.
///
/// # Errors
/// Returns an error if the database cannot be written to, or an import creates partitions.
pub async fn create_current(database: &Pool, now: UnixMicros) -> Result<(), DbErr> {
    let Some(current) = Month::of(now.as_micros()) else { return Ok(()) };
    let Partitions::Of(existing) = Partitions::known(database).await? else { return Ok(()) };
    let moments = [current.start(), current.end()];
    if moments.iter().all(|moment| Month::of(*moment).is_some_and(|month| existing.contains(&month))) {
        return Ok(());
    }
    let transaction = database.begin().await?;
    transaction.execute_unprepared(&format!("SET LOCAL lock_timeout = '{CREATE_TIMEOUT}'")).await?;
    Partitions::Of(existing).create_for(&transaction, moments).await?;
    transaction.commit().await
}

/// Vacuums the partitions of these months after many events were written to them, so that scans of an index need not look up
/// their rows. Nothing waits for a partition that is locked.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn vacuum(database: &Pool, months: impl IntoIterator<Item = Month>) -> Result<(), DbErr> {
    for month in months {
        database.execute_unprepared(&format!("VACUUM (SKIP_LOCKED) {}", month.partition())).await?;
    }
    Ok(())
}

async fn create(database: &impl ConnectionTrait, month: Month) -> Result<(), DbErr> {
    let (partition, begins, ends) = (month.partition(), month.start(), month.end());
    // A new table is attached, because creating it as a partition would wait for all readers, and block new ones. The
    // condition makes a scan of the table unnecessary.
    database
        .execute_unprepared(&format!(
            "SELECT pg_advisory_xact_lock({PARTITION_LOCK_KEY});
             CREATE TABLE IF NOT EXISTS {partition} (LIKE motion_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
                 WITH ({VACUUM_SOON});
             DO $$ BEGIN
                 IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = '{partition}'::regclass) THEN
                     ALTER TABLE motion_events ATTACH PARTITION {partition} FOR VALUES FROM ({begins}) TO ({ends});
                 END IF;
             END $$"
        ))
        .await
        .map(drop)
}

/// Detaches a month: its partition becomes a table of its own, whose name is returned.
///
/// # Errors
/// Returns an error if the database cannot be written to, or a reader holds the table for too long.
pub async fn detach(database: &impl ConnectionTrait, month: Month, now: UnixMicros) -> Result<String, DbErr> {
    let partition = month.partition();
    // Renamed, so that later events of that month do not go to it.
    let name = format!("{partition}_detached_{}", clock::stamp(now));
    let detach =
        format!("ALTER TABLE motion_events DETACH PARTITION {partition}; ALTER TABLE {partition} RENAME TO {name}");
    database.execute_unprepared(&detach).await?;
    Ok(name)
}

/// Drops the partition of a month, with its events.
///
/// # Errors
/// Returns an error if the database cannot be written to, or a reader holds the table for too long.
pub async fn drop_month(database: &impl ConnectionTrait, month: Month) -> Result<(), DbErr> {
    database.execute_unprepared(&format!("DROP TABLE {}", month.partition())).await.map(drop)
}

/// Takes the locks under which partitions may be detached or dropped, for the rest of a transaction. A live writer must not
/// insert into a partition that it found before.
///
/// # Errors
/// Returns an error if the database does not answer, or another writer holds a lock for too long.
pub async fn lock(transaction: &impl ConnectionTrait) -> Result<(), DbErr> {
    for key in [LIVE_LOCK_KEY, PARTITION_LOCK_KEY] {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({key})")).await?;
    }
    Ok(())
}

/// Returns whether no import is running, and keeps one from starting for the rest of a transaction.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn exclude_imports(transaction: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let alone = format!("SELECT pg_try_advisory_xact_lock({IMPORT_LOCK_KEY})");
    let alone = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, alone)).await?;
    alone.map_or(Ok(false), |answer| answer.try_get_by_index(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_starts_at_the_end_of_the_previous_one_and_names_its_partition() {
        let month = Month::of(1_733_011_199_999_999).expect("2024-11-30T23:59:59.999999Z");
        assert_eq!(month.partition(), "motion_events_2024_11");
        assert_eq!(Month::from_name("motion_events_2024_11"), Some(month));
        assert_eq!((month.start(), month.end()), (1_730_419_200_000_000, 1_733_011_200_000_000));
        assert_eq!(Month::of(month.end()).map(Month::start), Some(month.end()));
        assert_eq!(month.before(11).map(Month::partition), Some("motion_events_2023_12".to_owned()));
        assert_eq!(Month::of(-1).map(Month::partition), Some("motion_events_1969_12".to_owned()));
    }

    #[test]
    fn a_moment_beyond_the_calendar_and_a_foreign_table_have_no_month() {
        assert_eq!(Month::of(i64::MAX), None);
        assert_eq!(Month::from_name("motion_events_archive"), None);
        assert_eq!(Month::from_name("motion_events_2024_13"), None);
    }
}
