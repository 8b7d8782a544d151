//! The running exports that still need events which are to be deleted.

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::export_params::ExportParams;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::record_store;
use crate::server::export::timezone::TimeZone;

/// The selection of a running export.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selection {
    /// The first moment, in microseconds since 1970-01-01T00:00:00Z.
    start: i64,
    /// The ids of the cameras; empty: all that its user sees.
    camera_ids: Vec<String>,
}

impl Selection {
    /// Returns the selection of an export record, whose dates are resolved. One that cannot be parsed may contain any event.
    fn parse(query: &str, now: UnixMicros) -> Self {
        let params = ExportParams::parse(query).ok();
        let start = params.as_ref().and_then(|params| {
            let zone = TimeZone::parse(&params.timezone).ok()?;
            zone.resolve(&params.range, now).ok()?.interval.start
        });
        Self {
            start: start.unwrap_or(i64::MIN),
            camera_ids: params.map(|params| params.camera_ids).unwrap_or_default(),
        }
    }

    fn contains(&self, camera_id: &str, before: i64) -> bool {
        self.start < before && (self.camera_ids.is_empty() || self.camera_ids.iter().any(|id| id == camera_id))
    }
}

/// Returns the exports that are running on any server and select events of one of these cameras before that moment, in
/// microseconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn that_need(
    database: &impl ConnectionTrait,
    camera_ids: &[&str],
    before: i64,
    now: UnixMicros,
) -> Result<Vec<Uuid>, DbErr> {
    let running = record_store::running(database, now).await?.into_iter();
    let needs = |query: &str| {
        let selection = Selection::parse(query, now);
        camera_ids.iter().any(|id| selection.contains(id, before))
    };
    Ok(running.filter(|(_, query)| needs(query)).map(|(id, _)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_needs_events_of_its_cameras_from_its_start_on() {
        let day = |day: i64| day * 86_400_000_000;
        for (query, camera, before, needs) in [
            ("format=csv&timezone=UTC", "a", i64::MIN + 1, true),
            ("format=csv&start_date=1970-01-11&timezone=UTC", "a", day(10), false),
            ("format=csv&start_date=1970-01-11&timezone=UTC", "a", day(10) + 1, true),
            ("format=csv&start_date=1970-01-11&timezone=Etc/GMT-1", "a", day(10), true),
            ("format=csv&camera_id=a&camera_id=b&timezone=UTC", "b", 0, true),
            ("format=csv&camera_id=a&timezone=UTC", "b", 0, false),
            ("from another version", "b", 0, true),
        ] {
            assert_eq!(
                Selection::parse(query, UnixMicros::default()).contains(camera, before),
                needs,
                "{query} {camera} {before}"
            );
        }
    }
}
