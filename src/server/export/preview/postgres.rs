//! Counts the events of a preview on PostgreSQL.

use std::iter;
use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::try_join_all;

use super::{Detail, EventCounts};
use crate::server::accounts::camera_access::camera_filter::{CameraFilter, SelectedCamera};
use crate::server::export::error::ExportError;
use crate::server::export::query::{self, Filter};
use crate::server::export::reader::{Connection, Reader, TimeSlice};
use crate::server::export::timezone::TimeZone;

/// The days that one statement counts: few enough that it concerns few partitions.
const DAYS_PER_STATEMENT: usize = 400;

/// The maximum number of days times cameras that are counted with a search in an index for each: a thousand years of a camera, or
/// ten years of a hundred.
const MAX_SEARCHES: usize = 400_000;

/// A local day: its date, start and end. The first one starts with the first event, and the last one ends with the last event,
/// because a selection may begin and end within a day.
type Day = (NaiveDate, i64, i64);

/// Returns the counts of each of these selections, whose cameras are listed beside it. A day is a search in an index and counts
/// what follows, which is several times faster than to group the events. Each idle core counts some of the days.
///
/// # Errors
/// Returns the errors of the database.
pub async fn count(
    reader: &Reader,
    selections: Vec<(Filter, Vec<SelectedCamera>)>,
    detail: Detail,
) -> Result<Vec<EventCounts>, ExportError> {
    let by_quarters =
        |filter: Filter| reader.read(move |connection, slice| count_by_quarters(connection, slice, &filter, detail));
    let mut counted = Vec::with_capacity(selections.len());
    if detail.is_hourly {
        for (filter, _) in selections {
            counted.push(by_quarters(filter).await?);
        }
        return Ok(counted);
    }
    let ends = reader.read(move |connection, slice| {
        let ends = |(filter, cameras): &(Filter, Vec<SelectedCamera>)| ends(connection, slice, filter, cameras);
        selections.iter().map(ends).collect::<Result<Vec<_>, _>>().map(|ends| (ends, selections))
    });
    let (ends, selections) = ends.await?;
    let mut statements = Vec::new();
    for (index, ((filter, _), ends)) in selections.into_iter().zip(ends).enumerate() {
        let mut counts = EventCounts::new(detail);
        if let Some((first, last)) = ends {
            if let Some(days) = days(first, last, &filter.cameras, detail.zone) {
                (counts.first, counts.last) = (Some(first), Some(last));
                let cameras = Arc::new(filter.cameras);
                let chunks = days.chunks(DAYS_PER_STATEMENT);
                statements.extend(chunks.map(|days| (index, Arc::clone(&cameras), days.to_vec())));
            } else {
                counts = by_quarters(filter).await?;
            }
        }
        counted.push(counts);
    }
    let cores = reader.cores_besides(0).min(statements.len());
    let shares = (0..cores).map(|core| {
        let share: Vec<_> = statements.iter().skip(core).step_by(cores).cloned().collect();
        reader.read(move |connection, slice| {
            let count = |(index, cameras, days): (usize, Arc<CameraFilter>, Vec<Day>)| {
                count_days(connection, slice, &cameras, &days).map(|events| (index, days, events))
            };
            share.into_iter().map(count).collect::<Result<Vec<_>, ExportError>>()
        })
    });
    for (index, days, events) in try_join_all(shares).await?.into_iter().flatten() {
        let counts: &mut EventCounts = &mut counted[index];
        for ((day, ..), events) in days.into_iter().zip(events).filter(|(_, events)| *events > 0) {
            *counts.days.entry(day).or_default() += events;
            counts.rows += events;
        }
    }
    Ok(counted)
}

/// Returns the times of the first and the last event of a selection; `None` if it has no events.
fn ends(
    connection: &mut Connection,
    slice: &TimeSlice,
    filter: &Filter,
    cameras: &[SelectedCamera],
) -> Result<Option<(i64, i64)>, ExportError> {
    if cameras.is_empty() {
        return Ok(None);
    }
    let first = query::first(filter.interval, None, cameras, connection.backend());
    let Some(first) = connection.number(&first, slice)? else { return Ok(None) };
    let last = connection.number(&query::last(filter.interval, cameras), slice)?;
    Ok(last.map(|last| (first, last)))
}

/// Returns the local days from the first to the last event, if they and the cameras are not too many.
fn days(first: i64, last: i64, cameras: &CameraFilter, zone: TimeZone) -> Option<Vec<Day>> {
    let searches = match cameras {
        CameraFilter::All => 1,
        CameraFilter::Only(cameras) => cameras.len().max(1),
    };
    let after = |start: i64| {
        let day = zone.day_around(start).map(|(day, end)| (day, start, end));
        (start, day)
    };
    let starts = iter::successors(Some(after(first)), |(_, day)| (*day).map(|(_, _, end)| after(end)));
    let days = starts.take_while(|(start, _)| *start <= last).take(MAX_SEARCHES / searches + 1);
    let days = days.map(|(_, day)| day.map(|(day, start, end)| (day, start, end.min(last.saturating_add(1)))));
    // No day is beyond the calendar.
    let days = days.collect::<Option<Vec<_>>>()?;
    (days.len() * searches <= MAX_SEARCHES).then_some(days)
}

/// Returns the number of events on each of these days.
fn count_days(
    connection: &mut Connection,
    slice: &TimeSlice,
    cameras: &CameraFilter,
    days: &[Day],
) -> Result<Vec<u64>, ExportError> {
    let mut events = vec![0; days.len()];
    let Connection::Postgres(connection) = connection else { return Ok(events) };
    let ranges: Vec<_> = days.iter().map(|(_, start, end)| (*start, *end)).collect();
    connection.numbers(&query::count_per_range(cameras, &ranges), slice, |[start, count]| {
        if let Ok(day) = ranges.binary_search_by_key(&start, |(start, _)| *start) {
            events[day] = count.unsigned_abs();
        }
    })?;
    Ok(events)
}

/// Counts events per quarter of an hour. If a day starts within a quarter, its timestamps are fetched.
fn count_by_quarters(
    connection: &mut Connection,
    slice: &TimeSlice,
    filter: &Filter,
    detail: Detail,
) -> Result<EventCounts, ExportError> {
    let mut counted = EventCounts::new(detail);
    let zone = detail.zone;
    let Connection::Postgres(connection) = connection else { return Ok(counted) };
    let mut split_by_midnight = Vec::new();
    connection.plan_freely()?;
    connection.numbers(&query::count_per_quarter_hour(filter), slice, |[first, last, events]| {
        if counted.add(first, last, events.unsigned_abs(), zone).is_some() {
            split_by_midnight.push((first, last));
        }
    })?;
    connection.plan_for_pages()?;
    counted.restart_order();
    for (first, last) in split_by_midnight {
        let timestamps = query::timestamps_between(filter, first, last);
        connection.numbers(&timestamps, slice, |[timestamp]| counted.add_one(timestamp, zone))?;
        counted.restart_order();
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn of(first: i64, last: i64, zone: &str, cameras: &CameraFilter) -> Option<Vec<(String, i64)>> {
        let zone = TimeZone::parse(zone).expect("a zone");
        let days = days(first, last, cameras, zone)?;
        for pair in days.windows(2) {
            assert_eq!(pair[0].2, pair[1].1, "each day starts where the one before ends");
        }
        Some(days.into_iter().map(|(day, start, end)| (day.to_string(), end - start)).collect())
    }

    #[test]
    fn days_are_local_ones_from_the_first_to_the_last_event() {
        // 2025-10-25T12:00Z to 2025-10-27T00:00Z; clocks are set back in Berlin on the 26th.
        let (first, last) = (1_761_393_600_000_000, 1_761_523_200_000_000);
        let hour = 3_600_000_000;
        let expected = [("2025-10-25", 10 * hour), ("2025-10-26", 25 * hour), ("2025-10-27", hour + 1)];
        let expected = expected.map(|(day, micros)| (day.to_owned(), micros));
        assert_eq!(of(first, last, "Europe/Berlin", &CameraFilter::All).expect("few"), expected);
        assert_eq!(of(first, first, "UTC", &CameraFilter::All).expect("few"), [("2025-10-25".to_owned(), 1)]);
    }

    #[test]
    fn too_many_days_and_days_beyond_the_calendar_are_not_counted_each_for_itself() {
        let cameras = |count: i32| {
            CameraFilter::Only((0..count).map(|key| SelectedCamera { key, id: key.to_string() }).collect())
        };
        assert_eq!(of(0, 99 * DAY, "UTC", &cameras(4_000)).map(|days| days.len()), Some(100));
        assert_eq!(of(0, 100 * DAY, "UTC", &cameras(4_000)), None);
        assert_eq!(of(0, 500_000 * DAY, "UTC", &CameraFilter::All), None);
        assert_eq!(of(0, i64::MAX, "UTC", &cameras(1)), None);
        assert_eq!(of(i64::MAX, i64::MAX, "UTC", &CameraFilter::All), None);
    }
}
