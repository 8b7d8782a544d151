//! What a selection holds, before it is exported: counted in the index of cameras and times alone, a camera at a time,
//! and stopped when nobody waits for it any more.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use sea_orm::{DbErr, EntityTrait, QuerySelect};

use super::csv::Encoder;
use super::error::ExportError;
use super::pipeline::{ExportContext, called};
use super::query::{self, Filter};
use super::reader::{Connection, TimeSlice};
use super::timezone::TimeZone;
use crate::api::preview::{CameraCount, Day, Preview};
use crate::error::ApiError;
use crate::export_params::{BYTE_ORDER_MARK, ExportParams, columns};
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::accounts::camera_access::camera_filter::Cameras;
use crate::server::db::entity::camera;
use crate::server::db::partitions;
use crate::server::db::pool::Pool;
use crate::server::export::pipeline::keyset::KeysetPager;
use crate::server::export::reader::{postgres, sqlite};

/// How many lines the size of the file is estimated from.
const SAMPLE_ROWS: NonZeroU32 = NonZeroU32::new(100).expect("not zero");

/// How many of these lines are shown.
const SHOWN_ROWS: u64 = 10;

/// Looks at what the export with these parameters would hold.
///
/// # Errors
/// As the export would refuse it.
pub async fn preview(source: ExportContext, viewer: CameraAccess, params: &ExportParams) -> Result<Preview, ApiError> {
    let zone = TimeZone::parse(&params.timezone)?;
    let interval = zone.interval(&params.range)?;
    let (cameras, names) = viewer.select(&source.database, params.camera_ids.clone()).await?;
    let ids = ids(&source.database, &cameras).await?;
    let partitions = partitions::PartitionSnapshot::with(&source.database).await?;
    let filter = Filter { interval, cameras: cameras.clone() };
    let encoder = Encoder::new(zone, params.raw, called(names)).excel_date(params.excel_date);
    let header = encoder.header().map_err(ExportError::from)?.len();
    let look = Look {
        pages: KeysetPager::new(filter.clone(), SAMPLE_ROWS, partitions.ends),
        encoder,
        columns: columns(params.excel_date).map(str::to_owned).collect(),
        header: header + if params.bom { BYTE_ORDER_MARK.len() } else { 0 },
        filter,
        ids,
        zone,
    };
    aside(source, viewer, &cameras, move |connection, turn| look.run(connection, turn)).await
}

/// Counts the events of each camera that the export with these parameters would hold. Cameras without events are left out.
///
/// # Errors
/// As the export would refuse it.
pub async fn cameras(
    source: ExportContext,
    viewer: CameraAccess,
    params: &ExportParams,
) -> Result<Vec<CameraCount>, ApiError> {
    let interval = TimeZone::parse(&params.timezone)?.interval(&params.range)?;
    let (cameras, _) = viewer.select(&source.database, params.camera_ids.clone()).await?;
    let ids = ids(&source.database, &cameras).await?;
    let filter = Filter { interval, cameras: cameras.clone() };
    aside(source, viewer, &cameras, move |connection, turn| count_cameras(connection, turn, &filter, ids)).await
}

/// Reads beside the exports, for as long as a page may take and somebody waits for it, and gives what was found to who still
/// sees these cameras.
async fn aside<T: Send + 'static>(
    source: ExportContext,
    viewer: CameraAccess,
    cameras: &Cameras,
    read: impl FnOnce(&mut Connection, &TimeSlice) -> Result<T, ExportError> + Send + 'static,
) -> Result<T, ApiError> {
    let limit = source.page_timeout;
    let look = async {
        let turn = source.reader.acquire_preview_permit(viewer.user_id()).await?;
        let found = source.reader.read(read).await?;
        drop(turn);
        // It may have waited for long.
        viewer.lost_access(&source.database, cameras).await?.map_or(Ok(found), |lost| Err(ExportError::Revoked(lost)))
    };
    let looked = tokio::time::timeout(limit, look).await.unwrap_or(Err(ExportError::TimedOut(limit)));
    looked.map_err(ApiError::from)
}

fn count_cameras(
    connection: &mut Connection,
    turn: &TimeSlice,
    filter: &Filter,
    ids: Vec<String>,
) -> Result<Vec<CameraCount>, ExportError> {
    let mut counts = Vec::new();
    match connection {
        Connection::Sqlite(connection) => {
            for id in ids {
                let mut events = 0;
                sqlite::numbers(connection, &query::count(filter.interval, &id), |count| {
                    events = count.unsigned_abs();
                })?;
                counts.push(CameraCount { id, events });
            }
            counts.retain(|count| count.events > 0);
        }
        Connection::Postgres(connection) => {
            connection.plan_freely()?;
            connection.named_numbers(&query::counts(filter), turn, |id, events| {
                counts.push(CameraCount { id: id.to_owned(), events: events.unsigned_abs() });
            })?;
            connection.plan_for_pages()?;
        }
    }
    Ok(counts)
}

/// What is looked at.
struct Look {
    filter: Filter,
    /// The ids of the cameras that are meant.
    ids: Vec<String>,
    zone: TimeZone,
    /// What the first lines are made of.
    pages: KeysetPager,
    encoder: Encoder,
    /// The names of its columns.
    columns: Vec<String>,
    /// What comes before them, in bytes.
    header: usize,
}

impl Look {
    fn run(self, connection: &mut Connection, turn: &TimeSlice) -> Result<Preview, ExportError> {
        let Self { filter, ids, zone, mut pages, mut encoder, columns, header } = self;
        let mut counted = Counted::default();
        match connection {
            Connection::Sqlite(connection) => {
                for camera in &ids {
                    let timestamps = query::timestamps(filter.interval, camera);
                    sqlite::numbers(connection, &timestamps, |moment| counted.count_one(moment, zone))?;
                    counted.go_back();
                }
            }
            Connection::Postgres(connection) => count_quarters(connection, turn, &filter, zone, &mut counted)?,
        }
        let Counted { rows, first, last, days, .. } = counted;

        let (mut lines, mut taken, mut shown) = (Vec::new(), 0_u64, 0);
        // A page may end early, where a month of PostgreSQL's does. Where it was given up for being slow, what it gave has to
        // do: nothing can be asked after it.
        while taken < SHOWN_ROWS && !pages.ended() && connection.is_whole() {
            pages.next(connection, turn, u64::MAX, |row| {
                encoder.row(row, &mut lines, |id| Ok::<_, ExportError>(id.to_owned()))?;
                taken += 1;
                if taken <= SHOWN_ROWS {
                    shown = lines.len();
                }
                Ok::<_, ExportError>(ControlFlow::Continue(()))
            })?;
        }
        let bytes = lines.len() as u64;
        let told = |moment: i64| zone.timestamp(moment);
        Ok(Preview {
            rows,
            first: first.and_then(told),
            last: last.and_then(told),
            bytes: header as u64 + (bytes * rows).checked_div(taken).unwrap_or(0),
            days: days.into_iter().map(|(day, events)| Day { day: day.to_string(), events }).collect(),
            columns,
            sample: cells(&lines[..shown]),
        })
    }
}

/// What stands in each cell of these lines.
fn cells(lines: &[u8]) -> Vec<Vec<String>> {
    let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(lines);
    lines.records().map_while(Result::ok).map(|row| row.iter().map(str::to_owned).collect()).collect()
}

/// Has PostgreSQL count, by quarters of an hour, which is many times faster than to fetch the moments; and counts one by
/// one where a day begins within such a quarter.
fn count_quarters(
    connection: &mut postgres::Connection,
    turn: &TimeSlice,
    filter: &Filter,
    zone: TimeZone,
    counted: &mut Counted,
) -> Result<(), DbErr> {
    let mut divided = Vec::new();
    connection.plan_freely()?;
    connection.numbers(&query::count_per_quarter_hour(filter), turn, |[first, last, events]| {
        if !counted.count(first, last, events.unsigned_abs(), zone) {
            divided.push((first, last));
        }
    })?;
    connection.plan_for_pages()?;
    counted.go_back();
    for (first, last) in divided {
        let timestamps = query::timestamps_between(filter, first, last);
        connection.numbers(&timestamps, turn, |[moment]| counted.count_one(moment, zone))?;
        counted.go_back();
    }
    Ok(())
}

/// The ids of the cameras, all of them where all are meant: every event's camera is in the list of cameras.
async fn ids(database: &Pool, cameras: &Cameras) -> Result<Vec<String>, DbErr> {
    match cameras {
        Cameras::Only(cameras) => Ok(cameras.clone()),
        Cameras::All => {
            let ids = camera::Entity::find().select_only().column(camera::Column::Id);
            ids.into_tuple().all(database).await
        }
    }
}

/// What has been counted so far.
#[derive(Debug, Default)]
struct Counted {
    rows: u64,
    first: Option<i64>,
    last: Option<i64>,
    days: BTreeMap<NaiveDate, u64>,
    /// The day that the events are in at the moment, and how many of them; and the moment before which it ends.
    day: Option<(NaiveDate, u64)>,
    ends: i64,
}

impl Counted {
    /// Counts events that are not before those that were counted before them. Not, and says so, where a day begins between
    /// them.
    fn count(&mut self, first: i64, last: i64, events: u64, zone: TimeZone) -> bool {
        if self.day.is_none() || last >= self.ends {
            let Some((day, ends)) = zone.day_around(first) else {
                // Moments beyond the calendar are on no day; an export would break there, and say so.
                self.has(first, last, events);
                return true;
            };
            if last >= ends {
                return false;
            }
            if self.day.is_none_or(|(current, _)| current != day) {
                self.go_back();
                self.day = Some((day, 0));
                self.ends = ends;
            }
        }
        if let Some((_, so_far)) = &mut self.day {
            *so_far += events;
        }
        self.has(first, last, events);
        true
    }

    /// Counts an event that is not before those that were counted before it.
    fn count_one(&mut self, moment: i64, zone: TimeZone) {
        // Nothing begins in between.
        let _ = self.count(moment, moment, 1, zone);
    }

    fn has(&mut self, first: i64, last: i64, events: u64) {
        self.rows += events;
        self.first = Some(self.first.map_or(first, |before| before.min(first)));
        self.last = self.last.max(Some(last));
    }

    /// From here on, events may be before those that were counted.
    fn go_back(&mut self) {
        if let Some((day, events)) = self.day.take() {
            *self.days.entry(day).or_default() += events;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of 2025-12-31T23:00Z and after.
    fn minute(minute: i64) -> i64 {
        1_767_222_000_000_000 + minute * 60_000_000
    }

    #[test]
    fn events_of_all_cameras_are_counted_by_local_days() {
        let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
        let mut counted = Counted::default();
        // One camera after the other, each in the order of time; midnight in Berlin is minute 0.
        for camera in [&[-2, -1, 0, 5][..], &[-1, 1_440], &[]] {
            for moment in camera {
                assert!(counted.count(minute(*moment), minute(*moment), 1, zone));
            }
            counted.go_back();
        }
        assert_eq!(counted.rows, 6);
        assert_eq!((counted.first, counted.last), (Some(minute(-2)), Some(minute(1_440))));
        let days: Vec<_> = counted.days.into_iter().map(|(day, events)| (day.to_string(), events)).collect();
        assert_eq!(days, [("2025-12-31".to_owned(), 3), ("2026-01-01".to_owned(), 2), ("2026-01-02".to_owned(), 1)]);
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_counted_and_on_no_day() {
        let mut counted = Counted::default();
        assert!(counted.count(i64::MAX, i64::MAX, 1, TimeZone::parse("UTC").expect("a zone")));
        counted.go_back();
        assert_eq!((counted.rows, counted.days.len()), (1, 0));
    }
    #[test]
    fn what_was_counted_together_is_divided_where_a_day_begins_in_between() {
        let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
        let mut counted = Counted::default();
        assert!(counted.count(minute(-14), minute(-1), 7, zone));
        assert!(!counted.count(minute(-1), minute(0), 2, zone), "midnight is minute 0");
        assert!(counted.count(minute(0), minute(14), 3, zone));
        counted.go_back();
        assert_eq!(counted.rows, 10);
        assert_eq!(counted.days.into_values().collect::<Vec<_>>(), [7, 3]);
    }
}
