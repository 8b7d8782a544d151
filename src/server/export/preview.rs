//! What a selection holds, before it is exported: counted in the index of cameras and times alone, a camera at a time,
//! and stopped when nobody waits for it any more.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use rusqlite::Connection;
use sea_orm::{DbErr, EntityTrait, QuerySelect, QueryTrait};

use super::csv::Encoder;
use super::error::ExportError;
use super::pages::Pages;
use super::query::{self, Cameras, Filter};
use super::reader::{self, Turn};
use super::route::refusal;
use super::run::{Source, called};
use super::zone::Zone;
use crate::api::preview::{Day, Preview};
use crate::error::ApiError;
use crate::export::{BYTE_ORDER_MARK, ExportParams};
use crate::server::auth::viewer::{Names, Viewer};
use crate::server::entity::camera;

/// How many lines the size of the file is estimated from.
const SAMPLE_ROWS: u32 = 100;

/// Looks at what the export with that query string would hold.
///
/// # Errors
/// As the export would refuse it.
pub async fn preview(source: Source, viewer: Viewer, query: &str) -> Result<Preview, ApiError> {
    let params = ExportParams::parse(query)?;
    let zone = Zone::parse(&params.timezone)?;
    let interval = zone.interval(&params.range)?;
    let (cameras, names) = viewer.select(&source.database, params.camera_ids.clone()).await?;
    let filter = Filter { interval, cameras };
    let limit = source.page_timeout;
    let look = async {
        let _turn = source.reader.turn_aside().await?;
        source.reader.read(move |connection, turn| look(connection, turn, &filter, names, zone, &params)).await
    };
    let looked = tokio::time::timeout(limit, look).await.unwrap_or(Err(ExportError::TimedOut(limit)));
    looked.map_err(|error| refusal(&error))
}

fn look(
    connection: &Connection,
    turn: &Turn,
    filter: &Filter,
    names: Names,
    zone: Zone,
    params: &ExportParams,
) -> Result<Preview, ExportError> {
    let mut counted = Counted::default();
    for camera in &cameras(connection, &filter.cameras)? {
        let statement = query::timestamps(filter.interval, camera);
        reader::query(connection, &statement, |rows| {
            while let Some(row) = rows.next()? {
                counted.count(row.get(0)?, zone);
            }
            Ok(())
        })?;
        counted.next_camera();
    }
    let Counted { rows, first, last, days, .. } = counted;

    let header = Encoder::header()?.len() + if params.bom { BYTE_ORDER_MARK.len() } else { 0 };
    let mut pages = Pages::new(filter.clone(), SAMPLE_ROWS.try_into().unwrap_or(std::num::NonZeroU32::MIN));
    let mut encoder = Encoder::new(zone, params.raw, called(names));
    let mut lines = Vec::new();
    let of = pages.next(connection, turn, |row| {
        encoder.row(row, &mut lines, |id| Ok::<_, ExportError>(id.to_owned()))?;
        Ok::<_, ExportError>(ControlFlow::Continue(()))
    })?;
    let bytes = lines.len() as u64;
    let told = |moment: i64| zone.timestamp(moment);
    Ok(Preview {
        rows,
        first: first.and_then(told),
        last: last.and_then(told),
        bytes: header as u64 + (bytes * rows).checked_div(of).unwrap_or(0),
        days: days.into_iter().map(|(day, events)| Day { day: day.to_string(), events }).collect(),
    })
}

/// The ids of the cameras, all of them where all are meant: every event's camera is in the list of cameras.
fn cameras(connection: &Connection, cameras: &Cameras) -> Result<Vec<String>, DbErr> {
    if let Cameras::These(cameras) = cameras {
        return Ok(cameras.clone());
    }
    let ids = camera::Entity::find().select_only().column(camera::Column::Id).into_query();
    reader::query(connection, &ids, |rows| {
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
        }
        Ok(ids)
    })
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
    /// Counts an event that is not before the one that was counted before it.
    fn count(&mut self, moment: i64, zone: Zone) {
        self.rows += 1;
        if let Some((_, events)) = &mut self.day
            && moment < self.ends
        {
            *events += 1;
            self.last = self.last.max(Some(moment));
            return;
        }
        self.next_camera();
        self.first = Some(self.first.map_or(moment, |first| first.min(moment)));
        self.last = self.last.max(Some(moment));
        // A moment beyond the calendar is on no day; an export would break there, and say so.
        if let Some((day, ends)) = zone.day_around(moment) {
            self.day = Some((day, 1));
            self.ends = ends;
        }
    }

    /// From here on, events may be before those that were counted.
    fn next_camera(&mut self) {
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
        let zone = Zone::parse("Europe/Berlin").expect("a zone");
        let mut counted = Counted::default();
        // One camera after the other, each in the order of time; midnight in Berlin is minute 0.
        for camera in [&[-2, -1, 0, 5][..], &[-1, 1_440], &[]] {
            for moment in camera {
                counted.count(minute(*moment), zone);
            }
            counted.next_camera();
        }
        assert_eq!(counted.rows, 6);
        assert_eq!((counted.first, counted.last), (Some(minute(-2)), Some(minute(1_440))));
        let days: Vec<_> = counted.days.into_iter().map(|(day, events)| (day.to_string(), events)).collect();
        assert_eq!(days, [("2025-12-31".to_owned(), 3), ("2026-01-01".to_owned(), 2), ("2026-01-02".to_owned(), 1)]);
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_counted_and_on_no_day() {
        let mut counted = Counted::default();
        counted.count(i64::MAX, Zone::parse("UTC").expect("a zone"));
        counted.next_camera();
        assert_eq!((counted.rows, counted.days.len()), (1, 0));
    }
}
