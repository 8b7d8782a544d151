//! Up to when retention has deleted the events of the selected cameras: at the start of an export, which says so, and at its
//! end. An export during which selected events were deleted must not end as if it were complete.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::server::accounts::camera_access::camera_filter::CameraFilter;
use crate::server::db::entity::camera::{self, Column, Entity};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// What was deleted of each camera's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletionSnapshot(BTreeMap<i32, Deleted>);

/// What was deleted of a camera's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deleted {
    /// The moment before which events were deleted.
    to: UnixMicros,
    /// The number of events. It tells two states apart: events that were imported later may be deleted before `to`.
    rows: i64,
}

impl DeletionSnapshot {
    /// Returns the state of these cameras as it was when they were read.
    pub fn of(cameras: &[camera::Model]) -> Self {
        let deleted =
            |camera: &camera::Model| Some((camera.key, Deleted { to: camera.deleted_to?, rows: camera.deleted_rows }));
        Self(cameras.iter().filter_map(deleted).collect())
    }

    /// Reads the current state for these cameras. It changes in the transactions that delete events.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn read(database: &Pool, cameras: &CameraFilter) -> Result<Self, DbErr> {
        let mut deleted = Entity::find().select_only().columns([Column::Key, Column::DeletedTo, Column::DeletedRows]);
        deleted = deleted.filter(Column::DeletedTo.is_not_null());
        if let CameraFilter::Only(cameras) = cameras {
            deleted = deleted.filter(Column::Key.is_in(cameras.iter().map(|camera| camera.key)));
        }
        let deleted = deleted.into_tuple::<(i32, UnixMicros, i64)>().all(database).await?;
        Ok(Self(deleted.into_iter().map(|(key, to, rows)| (key, Deleted { to, rows })).collect()))
    }

    /// Returns the moment before which events of at least one camera were deleted; `None` if none were.
    pub fn deleted_to(&self) -> Option<UnixMicros> {
        self.0.values().map(|deleted| deleted.to).max()
    }

    /// Returns whether no event at or after `start` was deleted between this state and `later`.
    pub fn covers(&self, later: &Self, start: Option<i64>) -> bool {
        later.0.iter().all(|(key, deleted)| {
            self.0.get(key) == Some(deleted) || start.is_some_and(|start| deleted.to.as_micros() <= start)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(deleted: &[(i32, i64, i64)]) -> DeletionSnapshot {
        let deleted = deleted.iter();
        DeletionSnapshot(
            deleted.map(|(key, to, rows)| (*key, Deleted { to: UnixMicros::new(*to), rows: *rows })).collect(),
        )
    }

    #[test]
    fn only_a_deletion_within_the_range_breaks_an_export() {
        let before = snapshot(&[(1, 10, 5), (2, 30, 5)]);
        assert_eq!(before.deleted_to(), Some(UnixMicros::new(30)));
        for (later, start, is_covered) in [
            (&[(1, 10, 5), (2, 30, 5)][..], None, true),
            (&[(1, 11, 6), (2, 30, 5)], None, false),
            (&[(1, 10, 6), (2, 30, 5)], None, false),
            (&[(1, 11, 6), (2, 30, 5)], Some(11), true),
            (&[(1, 12, 6), (2, 30, 5)], Some(11), false),
            (&[(1, 10, 5), (2, 30, 5), (3, 5, 1)], Some(4), false),
            (&[(1, 10, 5), (2, 30, 5), (3, 5, 1)], Some(5), true),
        ] {
            assert_eq!(before.covers(&snapshot(later), start), is_covered, "{later:?} {start:?}");
        }
        assert_eq!(DeletionSnapshot::default().deleted_to(), None);
    }
}
