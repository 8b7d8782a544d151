//! Detaches old months of PostgreSQL's partitions instead of deleting their events. They are no longer in any export.

use sea_orm::DbErr;

use super::batch::count_by_camera;
use super::deletion_log::DeletionLog;
use super::rules::Rules;
use super::{RetentionError, begin};
use crate::server::db::partitions::{self, Month};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// The months that were detached, and those that were not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detached {
    /// The names of the tables that the months are now.
    pub tables: Vec<String>,
    /// The months of which a hold keeps events. They stay.
    pub held: Vec<Month>,
}

/// Detaches all months before `first`, except those of which a hold keeps events.
///
/// # Errors
/// Returns an error if the database cannot be written to, an import is running, or a reader holds the table for too long.
pub async fn detach(database: &Pool, now: UnixMicros, first: Month) -> Result<Detached, RetentionError> {
    let transaction = begin(database).await?;
    if !partitions::exclude_imports(&transaction).await? {
        return Err(RetentionError::Busy("an import is running; detach the partitions when it has ended"));
    }
    partitions::lock(&transaction).await?;
    let mut log = DeletionLog::new(now);
    let mut detached = Detached::default();
    for month in partitions::months(&transaction).await?.into_iter().take_while(|month| *month < first) {
        let rules = Rules::read(&transaction, 0, now).await?;
        if rules.holds_any(&transaction, month).await? {
            detached.held.push(month);
            continue;
        }
        let counts = count_by_camera(&transaction, month).await?;
        detached.tables.push(partitions::detach(&transaction, month, now).await?);
        for camera in &rules.cameras {
            if let Some(rows) = counts.get(&camera.key) {
                log.add(&transaction, None, camera, UnixMicros::new(month.end()), *rows).await?;
            }
        }
    }
    log.finish(&transaction, now).await?;
    transaction.commit().await?;
    Ok(detached)
}

/// Returns the first month that is kept if `months` are, that of `now` included.
pub fn first_kept_month(now: UnixMicros, months: u32) -> Option<Month> {
    Month::of(now.as_micros())?.before(months.saturating_sub(1))
}

/// Returns the first month that is kept if `days` are: that of the first moment that is kept.
pub fn first_kept_month_of_days(now: UnixMicros, days: u32) -> Option<Month> {
    Month::of(super::rules::Rule::General(days).keeps_from(now).as_micros())
}

impl Rules {
    /// Whether a hold keeps any event of a month.
    async fn holds_any(&self, database: &impl sea_orm::ConnectionTrait, month: Month) -> Result<bool, DbErr> {
        for camera in &self.cameras {
            for range in self.held_within(camera, month.start()..month.end()) {
                if super::batch::first_event(database, camera, &range).await?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
