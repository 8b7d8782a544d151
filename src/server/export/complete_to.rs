//! The moment up to which a file is complete: that of the live sources of its cameras, and of the replica that it is read
//! from. And the times before it in which a source may have deleted events before they were read.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::timezone::TimeRange;
use crate::server::db::entity::{camera, source, source_gap};
use crate::server::db::unix_micros::UnixMicros;

/// The maximum number of gaps that are returned.
const MAX_GAPS: usize = 10;

/// Up to when each live source was read completely. It must be read before the first event of an export.
#[derive(Clone, Debug)]
pub struct SourceStates(BTreeMap<String, Option<UnixMicros>>);

/// The state of the live sources of an export's cameras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    /// There are none, so events come in by hand, and only their owner knows up to when.
    None,
    /// A selected camera has no live source, or its source was not read completely yet.
    Unknown,
    /// Every event of the selected cameras with an earlier time that their sources still had is stored.
    CompleteTo(UnixMicros),
}

impl SourceStates {
    /// Reads the states of all sources.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn read(database: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let states = source::Entity::find().select_only().columns([source::Column::Name, source::Column::CompleteTo]);
        let states: Vec<(String, Option<UnixMicros>)> = states.into_tuple().all(database).await?;
        Ok(Self(states.into_iter().collect()))
    }

    /// Returns the state of the sources of these cameras.
    pub fn of(&self, cameras: &[camera::Model]) -> Sources {
        if self.0.is_empty() {
            return Sources::None;
        }
        let of_camera = |camera: &camera::Model| self.0.get(camera.source.as_ref()?).copied().flatten();
        // `None` is less than any time, so one camera without a time decides.
        let earliest = cameras.iter().map(of_camera).min().flatten();
        earliest.map_or(Sources::Unknown, Sources::CompleteTo)
    }
}

impl Sources {
    /// Returns the moment up to which the file is complete, if it is known. `replica` is that of the replica, if the file is
    /// read from one.
    pub fn and_replica(self, replica: Option<UnixMicros>) -> Option<UnixMicros> {
        match self {
            Self::None => replica,
            Self::Unknown => None,
            Self::CompleteTo(sources) => Some(replica.map_or(sources, |replica| replica.min(sources))),
        }
    }
}

/// Returns the times in `interval` in which events of these cameras may be missing, because their source was not read
/// and may have deleted them meanwhile. Times of several sources that touch are one. At most ten are returned, the latest ones,
/// in order.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn gaps(
    database: &impl ConnectionTrait,
    cameras: &[camera::Model],
    interval: TimeRange,
) -> Result<Vec<(UnixMicros, UnixMicros)>, DbErr> {
    let sources: BTreeSet<&str> = cameras.iter().filter_map(|camera| camera.source.as_deref()).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let stored = source_gap::Entity::find()
        .select_only()
        .columns([source_gap::Column::BeginsAt, source_gap::Column::EndsAt])
        .filter(source_gap::Column::Source.is_in(sources))
        .order_by_asc(source_gap::Column::BeginsAt)
        .into_tuple()
        .all(database)
        .await?;
    let mut gaps = united(stored);
    gaps.retain(|(begin, end)| {
        interval.start.is_none_or(|start| start < end.as_micros())
            && interval.end.is_none_or(|interval_end| begin.as_micros() < interval_end)
    });
    Ok(gaps.split_off(gaps.len().saturating_sub(MAX_GAPS)))
}

/// Unites the times that touch. `gaps` are ordered by their beginnings.
fn united(gaps: Vec<(UnixMicros, UnixMicros)>) -> Vec<(UnixMicros, UnixMicros)> {
    let mut united: Vec<(UnixMicros, UnixMicros)> = Vec::new();
    for (begin, end) in gaps {
        match united.last_mut() {
            Some((_, last)) if begin <= *last => *last = end.max(*last),
            _ => united.push((begin, end)),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_touch_are_one() {
        let times = |gaps: &[(i64, i64)]| -> Vec<_> {
            gaps.iter().map(|(begin, end)| (UnixMicros::new(*begin), UnixMicros::new(*end))).collect()
        };
        assert_eq!(united(times(&[(1, 9), (2, 5), (9, 10), (11, 12)])), times(&[(1, 10), (11, 12)]));
        assert_eq!(united(Vec::new()), Vec::new());
    }

    #[test]
    fn the_earlier_moment_counts_and_an_unknown_one_makes_the_file_unknown() {
        let [early, late] = [UnixMicros::new(1), UnixMicros::new(2)];
        for (sources, replica, complete_to) in [
            (Sources::None, None, None),
            (Sources::None, Some(early), Some(early)),
            (Sources::Unknown, Some(early), None),
            (Sources::CompleteTo(late), None, Some(late)),
            (Sources::CompleteTo(late), Some(early), Some(early)),
            (Sources::CompleteTo(early), Some(late), Some(early)),
        ] {
            assert_eq!(sources.and_replica(replica), complete_to, "{sources:?} {replica:?}");
        }
    }
}
