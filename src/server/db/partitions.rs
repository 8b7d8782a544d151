//! The table of events in PostgreSQL: a partition for each month (UTC), made when its first event comes, and detached when
//! it is older than what is to be kept. What is detached is a table of its own, with all that was in it.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, RuntimeErr, Statement, TransactionTrait};

use super::clock;
use super::locks::{IMPORT_LOCK_KEY, PARTITION_LOCK_KEY};
use super::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// What the names of partitions begin with; year and month follow.
const PREFIX: &str = "motion_events_";

/// A month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a moment, in microseconds since 1970-01-01T00:00:00Z. `None` beyond the calendar, and in a year that
    /// four digits do not hold.
    pub fn of(moment: i64) -> Option<Self> {
        let day = DateTime::from_timestamp_micros(moment)?.date_naive().with_day(1)?;
        (0..=9_998).contains(&day.year()).then_some(Self(day))
    }

    /// So many months before.
    pub fn before(self, months: u32) -> Option<Self> {
        self.0.checked_sub_months(Months::new(months)).map(Self)
    }

    /// The month that a partition is named for.
    fn named(partition: &str) -> Option<Self> {
        let (year, month) = partition.strip_prefix(PREFIX)?.split_once('_')?;
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1).map(Self)
    }

    fn partition(self) -> String {
        format!("{PREFIX}{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// Its first moment.
    fn begins(self) -> i64 {
        self.0.signed_duration_since(NaiveDate::default()).num_days() * 86_400_000_000
    }

    fn ends(self) -> i64 {
        (self.0 + TimeDelta::days(31)).with_day(1).map_or(i64::MAX, |next| Self(next).begins())
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// The months that have a partition, in order.
///
/// # Errors
/// Where the database cannot answer.
pub async fn months(database: &impl ConnectionTrait) -> Result<Vec<Month>, DbErr> {
    let mut months: Vec<_> = tables(database).await?.iter().filter_map(|(name, _)| Month::named(name)).collect();
    months.sort_unstable();
    Ok(months)
}

/// A table as a partition: its number, and the transaction that attached it, or that marked it as one to be detached
/// (`DETACH … CONCURRENTLY`), from which on its rows are not read. Never the same again once it was detached.
type Attached = (i64, String);

/// All partitions, by their names.
async fn tables(database: &impl ConnectionTrait) -> Result<Vec<(String, Attached)>, DbErr> {
    let listed = "SELECT relname::text, pg_class.oid::bigint, pg_inherits.xmin::text \
                  FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'motion_events'::regclass";
    let found = database.query_all_raw(Statement::from_string(DbBackend::Postgres, listed)).await?;
    let read = |row: &QueryResult| Ok((row.try_get_by_index(0)?, (row.try_get_by_index(1)?, row.try_get_by_index(2)?)));
    found.iter().map(read).collect()
}

/// The partitions that there were when an export began.
#[derive(Clone, Debug, Default)]
pub struct PartitionSnapshot {
    tables: Vec<Attached>,
    /// Where they end, in order, but for the last one.
    pub ends: Vec<i64>,
}

impl PartitionSnapshot {
    /// Those that there are; none where the table is one.
    ///
    /// # Errors
    /// Where the database cannot answer.
    pub async fn with(database: &Pool) -> Result<Self, DbErr> {
        if database.get_database_backend() != DbBackend::Postgres {
            return Ok(Self::default());
        }
        let (names, tables): (Vec<_>, Vec<_>) = tables(database).await?.into_iter().unzip();
        let mut ends: Vec<i64> = names.iter().filter_map(|name| Month::named(name)).map(Month::ends).collect();
        ends.sort_unstable();
        ends.pop();
        Ok(Self { tables, ends })
    }

    /// Whether all of them have been there since: what was in one that was detached, be it for a moment, may be missing in
    /// what was read meanwhile. Others may have come.
    ///
    /// # Errors
    /// Where the database cannot answer.
    pub async fn are_there(&self, database: &Pool) -> Result<bool, DbErr> {
        if self.tables.is_empty() {
            return Ok(true);
        }
        let there: HashSet<Attached> = tables(database).await?.into_iter().map(|(_, table)| table).collect();
        Ok(self.tables.iter().all(|table| there.contains(table)))
    }
}

/// Which partitions there are, as whoever writes events knows them.
#[derive(Debug)]
pub enum Partitions {
    /// The table is one, as in SQLite.
    None,
    /// One for each of these months.
    Of(HashSet<Month>),
}

impl Partitions {
    /// Those that there are.
    ///
    /// # Errors
    /// Where the database cannot answer.
    pub async fn known(database: &impl ConnectionTrait) -> Result<Self, DbErr> {
        Ok(match database.get_database_backend() {
            DbBackend::Postgres => Self::Of(months(database).await?.into_iter().collect()),
            _ => Self::None,
        })
    }

    /// Sees to it that events of these moments have a place. Readers are not held up by it.
    ///
    /// # Errors
    /// Where the database cannot be written to, or a moment is in no month.
    pub async fn make_for(
        &mut self,
        database: &impl ConnectionTrait,
        moments: impl IntoIterator<Item = i64>,
    ) -> Result<(), DbErr> {
        let Self::Of(there) = self else { return Ok(()) };
        for moment in moments {
            let Some(month) = Month::of(moment) else {
                let reason = format!("{moment} µs since 1970 is in no month that can be stored");
                return Err(DbErr::Exec(RuntimeErr::Internal(reason)));
            };
            if there.insert(month) {
                make(database, month).await?;
            }
        }
        Ok(())
    }
}

async fn make(database: &impl ConnectionTrait, month: Month) -> Result<(), DbErr> {
    let (partition, begins, ends) = (month.partition(), month.begins(), month.ends());
    // Attached, and not made as a partition at once: that would wait for all readers, and have all of them wait. The
    // condition saves looking through it.
    database
        .execute_unprepared(&format!(
            "SELECT pg_advisory_xact_lock({PARTITION_LOCK_KEY});
             CREATE TABLE IF NOT EXISTS {partition} (LIKE motion_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
             DO $$ BEGIN
                 IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = '{partition}'::regclass) THEN
                     ALTER TABLE motion_events ATTACH PARTITION {partition} FOR VALUES FROM ({begins}) TO ({ends});
                 END IF;
             END $$"
        ))
        .await
        .map(drop)
}

/// Detaches the months before the last `keep` ones, that of `now` included, and gives the names of the tables that they are
/// now.
///
/// # Errors
/// Where the database cannot be written to, an import is running, or somebody reads the table for too long.
pub async fn detach(database: &Pool, now: UnixMicros, keep: u32) -> Result<Vec<String>, DbErr> {
    let Some(first) = Month::of(now.as_micros()).and_then(|month| month.before(keep.saturating_sub(1))) else {
        return Ok(Vec::new());
    };
    let transaction = database.begin().await?;
    let alone =
        Statement::from_string(DbBackend::Postgres, format!("SELECT pg_try_advisory_xact_lock({IMPORT_LOCK_KEY})"));
    let alone = transaction.query_one_raw(alone).await?;
    if !alone.is_some_and(|answer| answer.try_get_by_index(0).unwrap_or_default()) {
        return Err(DbErr::Custom("an import is running; detach when it has ended".to_owned()));
    }
    transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({PARTITION_LOCK_KEY})")).await?;
    let mut detached = Vec::new();
    for month in months(&transaction).await?.into_iter().take_while(|month| *month < first) {
        let partition = month.partition();
        // Under another name, so that it is not taken for the place of events of that month that still come.
        let name = format!("{partition}_detached_{}", clock::stamp(now));
        let detach =
            format!("ALTER TABLE motion_events DETACH PARTITION {partition}; ALTER TABLE {partition} RENAME TO {name}");
        transaction.execute_unprepared(&detach).await?;
        detached.push(name);
    }
    transaction.commit().await?;
    Ok(detached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_where_the_one_before_ends_and_its_partition_is_named_for_it() {
        let month = Month::of(1_733_011_199_999_999).expect("2024-11-30T23:59:59.999999Z");
        assert_eq!(month.partition(), "motion_events_2024_11");
        assert_eq!(Month::named("motion_events_2024_11"), Some(month));
        assert_eq!((month.begins(), month.ends()), (1_730_419_200_000_000, 1_733_011_200_000_000));
        assert_eq!(Month::of(month.ends()).map(Month::begins), Some(month.ends()));
        assert_eq!(month.before(11).map(Month::partition), Some("motion_events_2023_12".to_owned()));
        assert_eq!(Month::of(-1).map(Month::partition), Some("motion_events_1969_12".to_owned()));
    }

    #[test]
    fn what_is_beyond_the_calendar_or_was_named_by_somebody_else_is_no_month() {
        assert_eq!(Month::of(i64::MAX), None);
        assert_eq!(Month::named("motion_events_archive"), None);
        assert_eq!(Month::named("motion_events_2024_13"), None);
    }
}
