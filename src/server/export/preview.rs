//! Previews: what an export would contain. Events are counted in an index, by each core that is idle, and the queries are
//! cancelled if the client disconnects.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use sea_orm::DbBackend;

use super::complete_to;
use super::csv::Encoder;
use super::error::ExportError;
use super::pipeline::{ExportContext, refuse_newer_schema};
use super::query::{self, Filter};
use super::reader::{Connection, Reader, TimeSlice};
use super::timezone::{TimeRange, TimeZone};
use crate::api::preview::{CameraCount, CameraEvents, Day, Days, Gap, Hour, Preview};
use crate::error::ApiError;
use crate::export_params::{BYTE_ORDER_MARK, Delimiter, ExportParams, columns};
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::accounts::camera_access::camera_filter::{CameraFilter, SelectedCamera};
use crate::server::accounts::name::order::sort_key;
use crate::server::db::entity::camera;
use crate::server::db::partitions;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::event::KeyText;
use crate::server::export::pipeline::deletions::DeletionSnapshot;
use crate::server::export::pipeline::key_lookup::KeyLookup;
use crate::server::export::pipeline::keyset::{KeysetPager, RowLimit};
use crate::server::export::reader::sqlite::statement as sqlite;

mod postgres;

/// The number of rows from which the size of the file is estimated.
const SAMPLE_ROWS: NonZeroU32 = NonZeroU32::new(100).expect("not zero");

/// The number of these rows that are shown.
const SHOWN_ROWS: u64 = 10;

/// The longest selection whose events are counted per hour, in microseconds: three days, with a change of clocks.
const MAX_HOURLY: i64 = 75 * 3_600 * 1_000_000;

/// How many cameras are counted each for itself. More could not be told apart by their colours.
const SEPARATE_CAMERAS: std::ops::RangeInclusive<usize> = 2..=5;

/// Returns what the export with these parameters would contain. `keep_days` is the setting `retention.keep_days`.
///
/// # Errors
/// Returns the error that the export would return.
pub async fn preview(
    context: ExportContext,
    access: CameraAccess,
    params: &ExportParams,
    now: UnixMicros,
    keep_days: u32,
) -> Result<Preview, ApiError> {
    let zone = TimeZone::parse(&params.timezone)?;
    let interval = zone.resolve(&params.range, now)?.interval;
    refuse_newer_schema(&context.database).await?;
    let (cameras, stored) = access.select(&context.database, params.camera_ids.clone()).await?;
    let deletions = DeletionSnapshot::read(&context.database, &cameras).await?;
    let deleted_to = deletions.deleted_to().map(UnixMicros::as_micros);
    let deleted_to = deleted_to.filter(|moment| interval.start.is_none_or(|start| start < *moment));
    let gaps = complete_to::gaps(&context.database, &stored, interval).await?;
    let keep_days = least_days(&stored, keep_days);
    let selected = selected(&cameras, &stored);
    let names = stored.iter().map(|camera| (camera.id.clone(), camera.name.clone())).collect();
    let span = interval.start.map(|start| interval.end.unwrap_or(now.as_micros()).saturating_sub(start));
    let detail = Detail {
        zone,
        is_hourly: span.is_some_and(|span| span <= MAX_HOURLY),
        is_separate: SEPARATE_CAMERAS.contains(&selected.len()),
    };
    let range = interval.start..interval.end;
    let partitions = partitions::PartitionSnapshot::read(&context.database, range).await?;
    let filter = Filter { interval, cameras: cameras.clone() };
    let mut encoder = Encoder::new(zone, params.raw).excel_date(params.excel_date).delimiter(params.delimiter);
    encoder.define(stored.into_iter().map(KeyText::from)).map_err(ExportError::from)?;
    let header = encoder.header().map_err(ExportError::from)?.len();
    let task = PreviewTask {
        pages: KeysetPager::new(filter.clone(), SAMPLE_ROWS, partitions.ends),
        encoder,
        keys: KeyLookup::new(context.database.clone()),
        delimiter: params.delimiter,
        columns: columns(params.excel_date).map(str::to_owned).collect(),
        head_bytes: header + if params.bom { BYTE_ORDER_MARK.len() } else { 0 },
        selected,
        names,
        zone,
    };
    let reader = context.reader.clone();
    let read = async move {
        let counted = count_events(&reader, filter, &task.selected, detail).await?;
        reader.read(move |connection, slice| task.run(connection, slice, counted)).await
    };
    let preview = run_preview(context, access, &cameras, read).await?;
    let timestamp = |moment: UnixMicros| zone.timestamp(moment.as_micros());
    let gaps = gaps.into_iter().filter_map(|(begin, end)| Some(Gap { begin: timestamp(begin)?, end: timestamp(end)? }));
    let deleted_to = deleted_to.and_then(|moment| zone.timestamp(moment));
    Ok(Preview { deleted_to, keep_days, gaps: gaps.collect(), ..preview })
}

/// Returns how many events of each camera the export with these parameters would contain. Cameras without events are left out.
///
/// # Errors
/// Returns the error that the export would return.
pub async fn cameras(
    context: ExportContext,
    access: CameraAccess,
    params: &ExportParams,
    now: UnixMicros,
) -> Result<Vec<CameraCount>, ApiError> {
    let interval = TimeZone::parse(&params.timezone)?.resolve(&params.range, now)?.interval;
    refuse_newer_schema(&context.database).await?;
    let (cameras, stored) = access.select(&context.database, params.camera_ids.clone()).await?;
    let selected = selected(&cameras, &stored);
    let filter = Filter { interval, cameras: cameras.clone() };
    let reader = context.reader.clone();
    let read = reader.read(move |connection, slice| count_cameras(connection, slice, &filter, selected));
    run_preview(context, access, &cameras, read).await
}

/// Runs the queries of a preview, for as long as a page may take. Returns the result only if the user still has access to these
/// cameras.
async fn run_preview<T>(
    context: ExportContext,
    access: CameraAccess,
    cameras: &CameraFilter,
    read: impl Future<Output = Result<T, ExportError>>,
) -> Result<T, ApiError> {
    let timeout = context.page_timeout;
    let preview = async {
        let permit = context.reader.acquire_preview_permit(access.user_id()).await?;
        let result = read.await?;
        drop(permit);
        // The wait for the permit may have been long.
        access.lost_access(&context.database, cameras).await?.map_or(Ok(result), |lost| Err(ExportError::Revoked(lost)))
    };
    let result = tokio::time::timeout(timeout, preview).await.unwrap_or(Err(ExportError::TimedOut(timeout)));
    result.map_err(ApiError::from)
}

fn count_cameras(
    connection: &mut Connection,
    slice: &TimeSlice,
    filter: &Filter,
    selected: Vec<SelectedCamera>,
) -> Result<Vec<CameraCount>, ExportError> {
    let mut counts = Vec::new();
    match connection {
        Connection::Sqlite(connection) => {
            for SelectedCamera { key, id } in selected {
                let mut events = 0;
                connection.count(filter.interval, key, slice, |_, _, some| {
                    events += some;
                    None
                })?;
                counts.push(CameraCount { id, events });
            }
            counts.retain(|count| count.events > 0);
        }
        Connection::Postgres(connection) => {
            let mut ids: HashMap<i64, String> =
                selected.into_iter().map(|SelectedCamera { key, id }| (key.into(), id)).collect();
            connection.plan_freely()?;
            connection.numbers(&query::counts(filter), slice, |[key, events]| {
                // A camera that was added after the list of cameras was read has no id here.
                let id = ids.remove(&key);
                counts.extend(id.map(|id| CameraCount { id, events: events.unsigned_abs() }));
            })?;
            connection.plan_for_pages()?;
        }
    }
    Ok(counts)
}

/// What a preview needs on its worker thread.
struct PreviewTask {
    /// The selected cameras.
    selected: Vec<SelectedCamera>,
    /// The names of cameras, by id.
    names: HashMap<String, Option<String>>,
    zone: TimeZone,
    /// The pages of the first rows.
    pages: KeysetPager,
    encoder: Encoder,
    keys: KeyLookup,
    delimiter: Delimiter,
    /// The names of the columns.
    columns: Vec<String>,
    /// The size of the file before the first row, in bytes.
    head_bytes: usize,
}

impl PreviewTask {
    fn run(self, connection: &mut Connection, slice: &TimeSlice, counted: Counted) -> Result<Preview, ExportError> {
        let Self { selected, mut names, zone, mut pages, mut encoder, mut keys, delimiter, columns, head_bytes } = self;
        let Counted { all, separate } = counted;
        let hours = all.hours(all.quarters.as_ref(), zone);
        let separate = separate.into_iter().map(|of_one| all.over_time(&of_one, zone)).collect::<Vec<_>>();
        let separate = separate.into_iter().zip(&selected);
        let mut cameras: Vec<_> = separate
            .map(|(events, SelectedCamera { id, .. })| CameraEvents {
                id: id.clone(),
                name: names.remove(id).flatten(),
                events,
            })
            .collect();
        cameras
            .sort_by_cached_key(|camera| (camera.name.is_none(), sort_key(camera.name.as_ref().unwrap_or(&camera.id))));
        let EventCounts { rows, first, last, days, .. } = all;
        let (mut lines, mut taken, mut shown_bytes) = (Vec::new(), 0_u64, 0);
        // A page may end early, with a partition. If it was cancelled for being slow, the connection is not reusable, and its
        // rows must suffice.
        while taken < SHOWN_ROWS && !pages.ended() && connection.is_reusable() {
            pages.next(connection, slice, RowLimit::PageRows, |row| {
                encoder.row(row, &mut lines, |key| Ok::<_, ExportError>(keys.look_up(key)?))?;
                taken += 1;
                if taken <= SHOWN_ROWS {
                    shown_bytes = lines.len();
                }
                Ok::<_, ExportError>(ControlFlow::Continue(()))
            })?;
        }
        let elsewhere = if rows == 0 && connection.is_reusable() {
            days_with_events(connection, slice, &selected, zone)?
        } else {
            None
        };
        let bytes = lines.len() as u64;
        let timestamp = |micros: i64| zone.timestamp(micros);
        Ok(Preview {
            rows,
            first: first.and_then(timestamp),
            last: last.and_then(timestamp),
            bytes: head_bytes as u64 + (bytes * rows).checked_div(taken).unwrap_or(0),
            days: days.into_iter().map(|(day, events)| Day { day: day.to_string(), events }).collect(),
            hours: hours.into_iter().map(|(hour, events)| Hour { hour, events }).collect(),
            cameras,
            columns,
            sample: cells(&lines[..shown_bytes], delimiter),
            elsewhere,
            deleted_to: None,
            keep_days: None,
            gaps: Vec::new(),
        })
    }
}

/// In what detail events are counted.
#[derive(Clone, Copy, Debug)]
struct Detail {
    zone: TimeZone,
    /// Whether they are counted per hour, besides per day.
    is_hourly: bool,
    /// Whether they are counted for each camera.
    is_separate: bool,
}

/// The counted events of a selection.
struct Counted {
    all: EventCounts,
    /// Those of each selected camera, in their order; empty unless they were counted separately.
    separate: Vec<EventCounts>,
}

impl Counted {
    /// Returns the sum of the counts.
    fn sum(counts: Vec<EventCounts>, detail: Detail) -> Self {
        let mut all = EventCounts::new(detail);
        for counted in &counts {
            all.merge(counted);
        }
        Self { all, separate: if detail.is_separate { counts } else { Vec::new() } }
    }
}

/// Counts the selected events. On SQLite, each idle core counts those of some cameras, on PostgreSQL, each connection those of
/// some days. They are counted at slightly different moments then.
async fn count_events(
    reader: &Reader,
    filter: Filter,
    selected: &[SelectedCamera],
    detail: Detail,
) -> Result<Counted, ExportError> {
    if reader.backend() == DbBackend::Postgres {
        let one = |camera: &SelectedCamera| (Filter { cameras: only(camera), ..filter.clone() }, vec![camera.clone()]);
        let selections =
            if detail.is_separate { selected.iter().map(one).collect() } else { vec![(filter, selected.to_vec())] };
        return Ok(Counted::sum(postgres::count(reader, selections, detail).await?, detail));
    }
    let cores = reader.cores_besides(0).min(selected.len()).max(1);
    let shares = (0..cores).map(|core| {
        // Every so many cameras: neighbours may have many events each, as those of a source.
        let share: Vec<i32> = selected.iter().skip(core).step_by(cores).map(|camera| camera.key).collect();
        reader.read(move |connection, slice| count_cameras_per_day(connection, slice, filter.interval, &share, detail))
    });
    let mut shares: Vec<_> = try_join_all(shares).await?.into_iter().map(Vec::into_iter).collect();
    // In the order of the cameras again: the first of each share, then the second.
    let mut counted = Vec::new();
    while let Some(next) = shares.get_mut(counted.len() % cores).and_then(Iterator::next) {
        counted.push(next);
    }
    Ok(Counted::sum(counted, detail))
}

/// Returns the local days of the first and the last event of these cameras. `None` if they have no events.
fn days_with_events(
    connection: &mut Connection,
    slice: &TimeSlice,
    cameras: &[SelectedCamera],
    zone: TimeZone,
) -> Result<Option<Days>, ExportError> {
    if cameras.is_empty() {
        return Ok(None);
    }
    let first = query::first(TimeRange::default(), None, cameras, connection.backend());
    let mut days = [None; 2];
    for (day, statement) in days.iter_mut().zip([first, query::last(TimeRange::default(), cameras)]) {
        let mut note = |timestamp| *day = zone.day_around(timestamp).map(|(day, _)| day);
        match connection {
            Connection::Sqlite(connection) => sqlite::numbers(connection, &statement, note)?,
            Connection::Postgres(connection) => connection.numbers(&statement, slice, |[timestamp]| note(timestamp))?,
        }
    }
    let [first, last] = days.map(|day| day.map(|day| day.to_string()));
    Ok(first.zip(last).map(|(first, last)| Days { first, last }))
}

/// Returns the cells of these lines.
fn cells(lines: &[u8], delimiter: Delimiter) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut lines = reader.has_headers(false).delimiter(delimiter.byte()).from_reader(lines);
    lines.records().map_while(Result::ok).map(|row| row.iter().map(str::to_owned).collect()).collect()
}

/// Counts the events of these cameras in SQLite: those of each, or of all together.
fn count_cameras_per_day(
    connection: &mut Connection,
    slice: &TimeSlice,
    interval: TimeRange,
    cameras: &[i32],
    detail: Detail,
) -> Result<Vec<EventCounts>, ExportError> {
    let mut counted = vec![EventCounts::new(detail)];
    if let Connection::Sqlite(connection) = connection {
        for (index, camera) in cameras.iter().enumerate() {
            if detail.is_separate && index > 0 {
                counted.push(EventCounts::new(detail));
            }
            let Some(current) = counted.last_mut() else { break };
            connection
                .count(interval, *camera, slice, |first, last, events| current.add(first, last, events, detail.zone))?;
            current.restart_order();
        }
    }
    Ok(counted)
}

fn only(camera: &SelectedCamera) -> CameraFilter {
    CameraFilter::Only(vec![camera.clone()])
}

/// Returns the selected cameras. `stored` is all of them if all are selected: the list has the camera of every event.
fn selected(cameras: &CameraFilter, stored: &[camera::Model]) -> Vec<SelectedCamera> {
    match cameras {
        CameraFilter::Only(cameras) => cameras.clone(),
        CameraFilter::All => {
            stored.iter().map(|camera| SelectedCamera { key: camera.key, id: camera.id.clone() }).collect()
        }
    }
}

/// Returns the least number of days for which events of these cameras are kept; `None` if all are kept for good.
fn least_days(cameras: &[camera::Model], general: u32) -> Option<u32> {
    let days = cameras.iter().map(|camera| camera.keep_days.map_or(general, i32::unsigned_abs));
    days.filter(|days| *days > 0).min()
}

/// The events counted so far.
#[derive(Clone, Debug, Default)]
struct EventCounts {
    rows: u64,
    first: Option<i64>,
    last: Option<i64>,
    days: BTreeMap<NaiveDate, u64>,
    /// The day of the events at the moment, and how many these are.
    day: Option<(NaiveDate, u64)>,
    /// The end of that day, in microseconds since 1970-01-01T00:00:00Z.
    day_end: i64,
    /// The days that were looked up before, by their ends: a moment on each, and its date. The events of each camera are on the
    /// same days.
    known_days: BTreeMap<i64, (i64, NaiveDate)>,
    /// The events of each quarter of an hour since 1970-01-01T00:00:00Z, if they are counted per hour. An hour of a time zone
    /// starts with a quarter, except for some of long ago.
    quarters: Option<BTreeMap<i64, u64>>,
}

impl EventCounts {
    fn new(detail: Detail) -> Self {
        Self { quarters: detail.is_hourly.then(BTreeMap::new), ..Self::default() }
    }

    /// Returns the first and the last quarter of an hour, if events were counted per hour. An event of the far future, which a
    /// selection without an end has too, would make too many hours.
    fn hourly_span(&self) -> Option<(i64, i64)> {
        let quarters = self.quarters.as_ref()?;
        let (first, last) = (*quarters.first_key_value()?.0, *quarters.last_key_value()?.0);
        (last - first < MAX_HOURLY / query::QUARTER_HOUR).then_some((first, last))
    }

    /// Returns the events of each local hour, from the first to the last hour of `self`, that `quarters` has.
    fn hours(&self, quarters: Option<&BTreeMap<i64, u64>>, zone: TimeZone) -> Vec<(String, u64)> {
        let mut hours: Vec<(String, u64)> = Vec::new();
        let Some(((first, last), quarters)) = self.hourly_span().zip(quarters) else { return hours };
        for quarter in first..=last {
            let Some(time) = zone.timestamp(quarter * query::QUARTER_HOUR) else { continue };
            let hour = format!("{}:00:00{}", &time[..13], &time[19..]);
            let events = quarters.get(&quarter).copied().unwrap_or_default();
            match hours.last_mut() {
                Some((last, sum)) if *last == hour => *sum += events,
                _ => hours.push((hour, events)),
            }
        }
        hours
    }

    /// Returns the events of one camera in the hours of `self`, or on its days if they were not counted per hour.
    fn over_time(&self, of_one: &Self, zone: TimeZone) -> Vec<u64> {
        if self.hourly_span().is_some() {
            self.hours(of_one.quarters.as_ref(), zone).into_iter().map(|(_, events)| events).collect()
        } else {
            self.days.keys().map(|day| of_one.days.get(day).copied().unwrap_or_default()).collect()
        }
    }

    /// Adds events that are not before those that were added before. If they are not of one day, and of one quarter of an hour if
    /// these are counted, adds nothing and returns the end of the first one.
    fn add(&mut self, first: i64, last: i64, events: u64, zone: TimeZone) -> Option<i64> {
        if self.day.is_none() || first >= self.day_end {
            let Some((day, day_end)) = self.day_around(first, zone) else {
                // Timestamps beyond the calendar are on no day. An export would fail there.
                if first < last {
                    return Some(first + 1);
                }
                self.add_totals(first, last, events);
                return None;
            };
            self.restart_order();
            self.day = Some((day, 0));
            self.day_end = day_end;
        }
        let end = match &self.quarters {
            Some(_) => self.day_end.min((first.div_euclid(query::QUARTER_HOUR) + 1) * query::QUARTER_HOUR),
            None => self.day_end,
        };
        if last >= end {
            return Some(end);
        }
        if let Some((_, of_day)) = &mut self.day {
            *of_day += events;
        }
        self.add_totals(first, last, events);
        None
    }

    /// Returns the local day around a moment, and its end.
    fn day_around(&mut self, moment: i64, zone: TimeZone) -> Option<(NaiveDate, i64)> {
        if let Some((end, (known, day))) = self.known_days.range(moment.checked_add(1)?..).next()
            && *known <= moment
        {
            return Some((*day, *end));
        }
        let (day, end) = zone.day_around(moment)?;
        self.known_days.insert(end, (moment, day));
        Some((day, end))
    }

    /// Adds an event that is not before those that were added before.
    fn add_one(&mut self, timestamp: i64, zone: TimeZone) {
        // One event is of one day.
        let _ = self.add(timestamp, timestamp, 1, zone);
    }

    fn add_totals(&mut self, first: i64, last: i64, events: u64) {
        if let Some(quarters) = &mut self.quarters {
            *quarters.entry(first.div_euclid(query::QUARTER_HOUR)).or_default() += events;
        }
        self.rows += events;
        self.first = Some(self.first.map_or(first, |before| before.min(first)));
        self.last = self.last.max(Some(last));
    }

    /// Adds what another connection has counted.
    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        for (day, events) in &other.days {
            *self.days.entry(*day).or_default() += events;
        }
        if let Some((quarters, others)) = self.quarters.as_mut().zip(other.quarters.as_ref()) {
            for (quarter, events) in others {
                *quarters.entry(*quarter).or_default() += events;
            }
        }
    }

    /// Allows the next events to be before those that were added.
    fn restart_order(&mut self) {
        if let Some((day, events)) = self.day.take() {
            *self.days.entry(day).or_default() += events;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the timestamp of a minute after 2025-12-31T23:00Z.
    fn minute(minute: i64) -> i64 {
        1_767_222_000_000_000 + minute * 60_000_000
    }

    #[test]
    fn events_of_all_cameras_are_counted_per_local_day() {
        let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
        let mut counted = EventCounts::default();
        // One camera after the other, each in order. Midnight in Berlin is minute 0.
        for camera in [&[-2, -1, 0, 5][..], &[-1, 1_440], &[]] {
            for number in camera {
                assert_eq!(counted.add(minute(*number), minute(*number), 1, zone), None);
            }
            counted.restart_order();
        }
        assert_eq!(counted.rows, 6);
        assert_eq!((counted.first, counted.last), (Some(minute(-2)), Some(minute(1_440))));
        let days: Vec<_> = counted.days.into_iter().map(|(day, events)| (day.to_string(), events)).collect();
        assert_eq!(days, [("2025-12-31".to_owned(), 3), ("2026-01-01".to_owned(), 2), ("2026-01-02".to_owned(), 1)]);
    }

    #[test]
    fn events_are_counted_per_local_hour_also_where_clocks_change_and_for_each_camera() {
        let count = |zone: &str, minutes: &[i64]| {
            let zone = TimeZone::parse(zone).expect("a zone");
            let detail = Detail { zone, is_hourly: true, is_separate: true };
            let mut counted = EventCounts::new(detail);
            for number in minutes {
                counted.add_one(minute(*number), zone);
            }
            counted.restart_order();
            counted
        };
        let hours = |counted: &EventCounts, zone: &str| {
            counted.hours(counted.quarters.as_ref(), TimeZone::parse(zone).expect("a zone"))
        };
        let one = count("Asia/Kolkata", &[0, 29, 30, 150]);
        // Minute 0 is 4:30 there.
        let expected = [("04", 2), ("05", 1), ("06", 0), ("07", 1)];
        let expected = expected.map(|(hour, events)| (format!("2026-01-01T{hour}:00:00+05:30"), events));
        assert_eq!(hours(&one, "Asia/Kolkata"), expected);
        let other = count("Asia/Kolkata", &[31, 90]);
        let both = Counted::sum(
            vec![one.clone(), other.clone()],
            Detail { zone: TimeZone::parse("UTC").expect("a zone"), is_hourly: true, is_separate: true },
        );
        let zone = TimeZone::parse("Asia/Kolkata").expect("a zone");
        assert_eq!(both.all.over_time(&one, zone), [2, 1, 0, 1]);
        assert_eq!(both.all.over_time(&other, zone), [0, 1, 1, 0]);
        // 2025-10-26T00:30Z and the hour after it are both 02:30 in Berlin.
        let autumn = (1_761_438_600_000_000 - minute(0)) / 60_000_000;
        let twice = hours(&count("Europe/Berlin", &[autumn, autumn + 60]), "Europe/Berlin");
        assert_eq!(twice, [("2025-10-26T02:00:00+02:00".to_owned(), 1), ("2025-10-26T02:00:00+01:00".to_owned(), 1)]);
        assert!(EventCounts::default().hours(None, zone).is_empty());
        // An event a year later: hours would be thousands.
        assert!(hours(&count("UTC", &[0, 525_600]), "UTC").is_empty());
    }

    #[test]
    fn a_timestamp_beyond_the_calendar_is_counted_on_no_day() {
        let mut counted = EventCounts::default();
        assert_eq!(counted.add(i64::MAX, i64::MAX, 1, TimeZone::parse("UTC").expect("a zone")), None);
        counted.restart_order();
        assert_eq!((counted.rows, counted.days.len()), (1, 0));
        let both = counted.add(i64::MIN, minute(0), 2, TimeZone::parse("UTC").expect("a zone"));
        assert_eq!(both, Some(i64::MIN + 1), "one of them is on a day");
    }

    #[test]
    fn events_of_several_days_or_quarters_are_not_added_together() {
        let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
        let mut counted = EventCounts::default();
        assert_eq!(counted.add(minute(-14), minute(-1), 7, zone), None);
        assert_eq!(counted.add(minute(-1), minute(0), 2, zone), Some(minute(0)), "midnight is minute 0");
        assert_eq!(counted.add(minute(0), minute(14), 3, zone), None);
        counted.restart_order();
        assert_eq!(counted.rows, 10);
        assert_eq!(counted.days.into_values().collect::<Vec<_>>(), [7, 3]);
        let mut hourly = EventCounts::new(Detail { zone, is_hourly: true, is_separate: false });
        assert_eq!(hourly.add(minute(1), minute(14), 2, zone), None);
        assert_eq!(hourly.add(minute(14), minute(15), 2, zone), Some(minute(15)), "of two quarters");
    }
}
