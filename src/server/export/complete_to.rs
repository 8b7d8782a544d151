//! The moment up to which a file is complete: that of the live sources of its cameras, and of the replica that it is read
//! from.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QuerySelect};

use crate::server::accounts::camera_access::camera_filter::CameraFilter;
use crate::server::db::entity::{camera, source};
use crate::server::db::unix_micros::UnixMicros;

/// The state of the live sources at the start of an export. It must be read before the first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sources {
    /// There are none, so events come in by hand, and only their owner knows up to when.
    None,
    /// A selected camera has no live source, or its source was not read completely yet.
    Unknown,
    /// Every event of the selected cameras with an earlier time that their sources still had is stored.
    CompleteTo(UnixMicros),
}

impl Sources {
    /// Reads the state of the sources of the selected cameras. `visible` are the cameras that the user sees.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn read(
        database: &impl ConnectionTrait,
        selected: &CameraFilter,
        visible: &[camera::Model],
    ) -> Result<Self, DbErr> {
        let rows: Vec<(String, Option<UnixMicros>)> = source::Entity::find()
            .select_only()
            .columns([source::Column::Name, source::Column::CompleteTo])
            .into_tuple()
            .all(database)
            .await?;
        if rows.is_empty() {
            return Ok(Self::None);
        }
        let complete: BTreeMap<String, Option<UnixMicros>> = rows.into_iter().collect();
        let of_camera = |camera: &camera::Model| complete.get(camera.source.as_ref()?).copied().flatten();
        // `None` is less than any time, so one camera without a time decides.
        let earliest = visible.iter().filter(|camera| selected.selects(camera.key)).map(of_camera).min().flatten();
        Ok(earliest.map_or(Self::Unknown, Self::CompleteTo))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

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
