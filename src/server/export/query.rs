//! The SQL statements of exports and previews, built with SeaORM. No I/O.
//!
//! A page is read from an index in the order of (timestamp, id), without a sort and without OFFSET: it starts after the last
//! event of the page before. Which index depends on the number of cameras:
//!
//! - all cameras: that of the table
//! - one camera: that of the cameras
//! - up to 16 (`MAX_MERGED_CAMERAS`): that of the cameras, once for each, merged
//! - more: that of the table; events of other cameras are skipped
//!
//! Either is read sequentially: SQLite's table is stored in that order, and the index of the cameras contains all exported
//! columns.
//!
//! A test checks the plan of each combination with `EXPLAIN QUERY PLAN`.

use sea_orm::sea_query::{
    Alias, Asterisk, Expr, ExprTrait, Func, FunctionCall, Order, Query, SelectStatement, UnionType,
};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::timezone::TimeRange;
use crate::server::accounts::camera_access::camera_filter::{CameraFilter, SelectedCamera};
use crate::server::db::entity::motion_event::{Column, Entity};
use crate::server::export::event::{Cursor, SELECTED_COLUMNS};

/// The maximum number of cameras whose indexes are merged. For more, all events are scanned. A merge costs a comparison for each
/// camera and event; skipping an event costs about as much as a few of these.
const MAX_MERGED_CAMERAS: usize = 16;

/// The events that an export selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The range of their timestamps.
    pub interval: TimeRange,
    /// Their cameras.
    pub cameras: CameraFilter,
}

impl CameraFilter {
    /// Returns the cameras if all events are scanned for theirs.
    pub fn scanned(&self) -> Option<&[SelectedCamera]> {
        match self {
            Self::Only(cameras) if cameras.len() > MAX_MERGED_CAMERAS => Some(cameras),
            _ => None,
        }
    }
}

/// A page of the events of a filter.
#[derive(Clone, Copy, Debug)]
pub struct PageQuery<'a> {
    /// The filter.
    pub filter: &'a Filter,
    /// Its interval, or a part of it.
    pub interval: TimeRange,
    /// The event before the page, within the interval; `None`: the page begins where the interval does.
    pub after: Option<Cursor>,
    /// The maximum number of events, at least 1.
    pub limit: u64,
}

impl Filter {
    /// Returns a page of these events: the first `limit` after `after`. `interval` is that of the filter or a part of it.
    pub fn page(&self, interval: TimeRange, after: Option<Cursor>, limit: u64) -> PageQuery<'_> {
        PageQuery { filter: self, interval, after, limit }
    }
}

impl<'a> PageQuery<'a> {
    /// Returns how to read the events.
    pub fn plan(&self) -> Plan<'a> {
        Plan::new(&self.filter.cameras)
    }
}

/// How the events of a filter are read from the indexes.
#[derive(Clone, Copy, Debug)]
pub enum Plan<'a> {
    /// The index of the table.
    All,
    /// The index of the cameras, for one camera.
    One(i32),
    /// The index of the cameras, once for each.
    Merge(&'a [SelectedCamera]),
    /// The index of the table; events of other cameras are skipped.
    Scan(&'a [SelectedCamera]),
}

impl<'a> Plan<'a> {
    fn new(cameras: &'a CameraFilter) -> Self {
        match cameras {
            CameraFilter::All => Self::All,
            CameraFilter::Only(cameras) => match cameras.as_slice() {
                [camera] => Self::One(camera.key),
                few @ [_, _, ..] if few.len() <= MAX_MERGED_CAMERAS => Self::Merge(few),
                none_or_many => Self::Scan(none_or_many),
            },
        }
    }
}

/// Returns the statement for a page. The columns are [`SELECTED_COLUMNS`].
pub fn page(query: &PageQuery<'_>, backend: DbBackend) -> SelectStatement {
    let PageQuery { interval, after, limit, .. } = *query;
    let events = events(interval, after, backend);
    let selected = match query.plan() {
        Plan::Merge(cameras) => return merged(&events, cameras, limit, backend),
        Plan::All => events,
        Plan::One(camera) => events.filter(Column::CameraKey.eq(camera)),
        // The plus keeps SQLite from using the index of the cameras, which would need a sort.
        Plan::Scan(cameras) if backend == DbBackend::Sqlite => {
            events.filter(Expr::cust_with_expr("+?", Expr::col((Entity, Column::CameraKey))).is_in(keys(cameras)))
        }
        Plan::Scan(cameras) => events.filter(Column::CameraKey.is_in(keys(cameras))),
    };
    in_order(selected, limit)
}

/// Returns the statement that merges the events of each camera.
fn merged(events: &Select<Entity>, cameras: &[SelectedCamera], limit: u64, backend: DbBackend) -> SelectStatement {
    let mut merged: Option<SelectStatement> = None;
    for camera in cameras {
        let one = events.clone().filter(Column::CameraKey.eq(camera.key));
        // PostgreSQL merges only what is ordered explicitly, and takes an ordered statement only as a subquery here.
        let one = if backend == DbBackend::Postgres { in_order(one, limit) } else { one.into_query() };
        match &mut merged {
            None if backend == DbBackend::Postgres => {
                merged = Some(Query::select().column(Asterisk).from_subquery(one, "first").to_owned());
            }
            None => merged = Some(one),
            Some(all) => {
                all.union(UnionType::All, one);
            }
        }
    }
    let mut merged = merged.unwrap_or_default();
    merged.order_by(Column::Timestamp, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit);
    if backend == DbBackend::Postgres {
        return merged;
    }
    // So that the columns can be replaced in one place.
    Query::select().columns(SELECTED_COLUMNS).from_subquery(merged, Alias::new("merged")).to_owned()
}

fn keys(cameras: &[SelectedCamera]) -> impl Iterator<Item = i32> {
    cameras.iter().map(|camera| camera.key)
}

fn in_order(events: Select<Entity>, limit: u64) -> SelectStatement {
    events.order_by_asc(Column::Timestamp).order_by_asc(Column::Id).limit(limit).into_query()
}

/// Returns the statement for the timestamp of the first event that [`page`] would return for these cameras. It is looked up in the
/// index of the cameras, without a scan. Without such an event, there is no row.
pub fn first(
    interval: TimeRange,
    after: Option<Cursor>,
    cameras: &[SelectedCamera],
    backend: DbBackend,
) -> SelectStatement {
    of_each_camera(cameras, Func::min, |of_one| in_order(within_and_after(of_one, interval, after, backend), 1))
}

/// Returns the statement for the timestamp of the last event of these cameras in the interval, as [`first`] does.
pub fn last(interval: TimeRange, cameras: &[SelectedCamera]) -> SelectStatement {
    of_each_camera(cameras, Func::max, |of_one| {
        let of_one = within(of_one, interval.start, interval.end);
        of_one.order_by_desc(Column::Timestamp).order_by_desc(Column::Id).limit(1).into_query()
    })
}

/// Returns the statement for the first or the last of the timestamps that `one` selects of each camera.
fn of_each_camera(
    cameras: &[SelectedCamera],
    choose: fn(Expr) -> FunctionCall,
    one: impl FnOnce(Select<Entity>) -> SelectStatement,
) -> SelectStatement {
    let (selected, timestamp) = (Alias::new("selected"), Alias::new("chosen_timestamp"));
    // The name that both databases give the column of a VALUES list.
    let camera = Expr::col((selected.clone(), Alias::new("column1")));
    let of_one = Entity::find()
        .select_only()
        .column(Column::Timestamp)
        .filter(Expr::col((Entity, Column::CameraKey)).eq(camera));
    let of_all = Query::select()
        .expr_as(choose(Expr::from(one(of_one))), timestamp.clone())
        .from_values(keys(cameras), selected)
        .to_owned();
    Query::select()
        .column(timestamp.clone())
        .from_subquery(of_all, Alias::new("chosen"))
        .and_where(Expr::col(timestamp).is_not_null())
        .to_owned()
}

/// Returns the statement for the timestamps of a camera's events, in order. The index of the cameras is enough for it.
pub fn timestamps(interval: TimeRange, camera: i32) -> SelectStatement {
    let timestamps = Entity::find().select_only().column(Column::Timestamp).filter(Column::CameraKey.eq(camera));
    within(timestamps, interval.start, interval.end).order_by_asc(Column::Timestamp).into_query()
}

/// Returns the statement for the key and the number of events of each camera.
pub fn counts(filter: &Filter) -> SelectStatement {
    let mut counted = Entity::find()
        .select_only()
        .column(Column::CameraKey)
        .expr(Expr::col(Asterisk).count())
        .group_by(Expr::col(Column::CameraKey));
    if let CameraFilter::Only(cameras) = &filter.cameras {
        counted = counted.filter(Column::CameraKey.is_in(keys(cameras)));
    }
    within(counted, filter.interval.start, filter.interval.end).into_query()
}

/// A quarter of an hour, in microseconds. No day of a time zone starts within one, except for some of long ago.
pub const QUARTER_HOUR: i64 = 15 * 60 * 1_000_000;

/// Returns the statement for the events per quarter of an hour, in order: first timestamp, last timestamp, number.
pub fn count_per_quarter_hour(filter: &Filter) -> SelectStatement {
    let timestamp = || Expr::col(Column::Timestamp);
    let mut counted = Entity::find()
        .select_only()
        .expr(timestamp().min())
        .expr(timestamp().max())
        .expr(timestamp().count())
        .group_by(timestamp().div(QUARTER_HOUR));
    if let CameraFilter::Only(cameras) = &filter.cameras {
        counted = counted.filter(Column::CameraKey.is_in(keys(cameras)));
    }
    within(counted, filter.interval.start, filter.interval.end).order_by_asc(timestamp().min()).into_query()
}

/// Returns the statement for the number of events in each of these ranges of time, which are in order and end before their
/// second timestamp: start, number. Each range is a search of its own in an index.
pub fn count_per_range(cameras: &CameraFilter, ranges: &[(i64, i64)]) -> SelectStatement {
    let range = Alias::new("range");
    let bound = |column: &'static str| Expr::col((Alias::new("range"), Alias::new(column)));
    let mut counted = Entity::find()
        .select_only()
        .expr(Expr::col(Asterisk).count())
        .filter(Expr::col((Entity, Column::Timestamp)).gte(bound("column1")))
        .filter(Expr::col((Entity, Column::Timestamp)).lt(bound("column2")));
    if let CameraFilter::Only(cameras) = cameras {
        counted = counted.filter(Column::CameraKey.is_in(keys(cameras)));
    }
    // PostgreSQL leaves out partitions when it plans by constants only.
    let whole = ranges.first().zip(ranges.last());
    let counted = within(counted, whole.map(|(first, _)| first.0), whole.map(|(_, last)| last.1));
    Query::select()
        .expr(bound("column1"))
        .expr(Expr::from(counted.into_query()))
        .from_values(ranges.iter().copied(), range)
        .to_owned()
}

/// Returns the statement for all timestamps from `first` to `last`, in order.
pub fn timestamps_between(filter: &Filter, first: i64, last: i64) -> SelectStatement {
    let mut timestamps =
        Entity::find().select_only().column(Column::Timestamp).filter(Column::Timestamp.between(first, last));
    if let CameraFilter::Only(cameras) = &filter.cameras {
        timestamps = timestamps.filter(Column::CameraKey.is_in(keys(cameras)));
    }
    timestamps.order_by_asc(Column::Timestamp).into_query()
}

fn within(mut events: Select<Entity>, start: Option<i64>, end: Option<i64>) -> Select<Entity> {
    if let Some(start) = start {
        events = events.filter(Column::Timestamp.gte(start));
    }
    if let Some(end) = end {
        events = events.filter(Column::Timestamp.lt(end));
    }
    events
}

/// Selects the events of all cameras within the interval and after the cursor.
fn events(interval: TimeRange, after: Option<Cursor>, backend: DbBackend) -> Select<Entity> {
    within_and_after(Entity::find().select_only().columns(SELECTED_COLUMNS), interval, after, backend)
}

/// Restricts events to those within the interval and after the cursor.
fn within_and_after(
    events: Select<Entity>,
    interval: TimeRange,
    after: Option<Cursor>,
    backend: DbBackend,
) -> Select<Entity> {
    let TimeRange { start, end } = interval;
    let Some(Cursor { timestamp, id }) = after else { return within(events, start, end) };
    // The cursor lies within the interval, so it replaces the start.
    let position = Expr::tuple([Expr::col(Column::Timestamp), Expr::col(Column::Id)]);
    let events = events.filter(position.gt(Expr::tuple([timestamp.into(), id.into()])));
    // PostgreSQL excludes partitions by simple comparisons only.
    within(events, (backend == DbBackend::Postgres).then_some(timestamp), end)
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::SqliteQueryBuilder;

    use uuid::Uuid;

    use super::*;

    fn these(keys: &[i32]) -> Vec<SelectedCamera> {
        keys.iter().map(|key| SelectedCamera { key: *key, id: format!("camera-{key}") }).collect()
    }

    fn sql(cameras: &[i32], interval: TimeRange, after: Option<Cursor>) -> String {
        let these = || CameraFilter::Only(these(cameras));
        let filter = Filter { interval, cameras: if cameras.is_empty() { CameraFilter::All } else { these() } };
        page(&filter.page(filter.interval, after, 5000), DbBackend::Sqlite).to_string(SqliteQueryBuilder)
    }

    #[test]
    fn no_cameras_are_not_all_cameras() {
        let filter = Filter { interval: TimeRange::default(), cameras: CameraFilter::Only(Vec::new()) };
        let sql = page(&filter.page(filter.interval, None, 5000), DbBackend::Sqlite).to_string(SqliteQueryBuilder);
        assert!(sql.contains("WHERE 1 = 2"), "{sql}");
    }

    #[test]
    fn the_first_page_of_everything_has_no_condition() {
        insta::assert_snapshot!(sql(&[], TimeRange::default(), None));
    }

    #[test]
    fn a_later_page_starts_after_the_cursor_and_ends_before_the_end() {
        let after = Some(Cursor { timestamp: 17, id: Uuid::from_u128(5) });
        insta::assert_snapshot!(sql(&[1], TimeRange { start: Some(3), end: Some(99) }, after));
    }

    #[test]
    fn a_few_cameras_are_merged() {
        insta::assert_snapshot!(sql(&[1, 2], TimeRange { start: Some(3), end: None }, None));
    }

    #[test]
    fn the_first_event_of_many_cameras_is_looked_up_in_the_index_of_each() {
        let cameras = these(&[1, 2]);
        let after = Some(Cursor { timestamp: 17, id: Uuid::from_u128(5) });
        let interval = TimeRange { start: Some(3), end: Some(99) };
        insta::assert_snapshot!(first(interval, after, &cameras, DbBackend::Sqlite).to_string(SqliteQueryBuilder));
    }

    #[test]
    fn all_events_are_scanned_for_those_of_many_cameras() {
        let cameras: Vec<i32> = (0..=16).collect();
        assert!(cameras.len() > MAX_MERGED_CAMERAS);
        insta::assert_snapshot!(sql(&cameras, TimeRange::default(), None));
    }
}
