//! The SQL of one page of an export, built with SeaORM. No I/O.
//!
//! Every page is read in (timestamp, id) order straight off an index: the table itself for all cameras, the camera's
//! index for one. For a few cameras the indexes are merged; for many the table is read in order and the others skipped.
//! There is never a sort and never an OFFSET: a page begins after the last event of the page before it. A test asks
//! SQLite's own EXPLAIN QUERY PLAN for each combination.

use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Order, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::timezone::TimeRange;
use crate::server::accounts::camera_access::camera_filter::Cameras;
use crate::server::db::entity::motion_event::{Column, Entity};
use crate::server::export::event::Cursor;

/// Up to so many cameras are merged from their own indexes; more are picked out of all events in passing. A merge costs
/// a comparison for each camera and event, reading past an event costs about as much as a few of those.
const MAX_MERGED_CAMERAS: usize = 16;

/// Which events an export is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// When.
    pub interval: TimeRange,
    /// Which cameras.
    pub cameras: Cameras,
}

impl Cameras {
    /// Those that are picked out of all events in passing, where they are.
    pub fn scanned(&self) -> Option<&[String]> {
        match self {
            Self::Only(cameras) if cameras.len() > MAX_MERGED_CAMERAS => Some(cameras),
            _ => None,
        }
    }
}

/// The statement for the `rows` events that come after `after`, within an interval that is that of the filter or a part of
/// it. Its columns are those of [`super::event::Row`], in order.
pub fn page(
    filter: &Filter,
    interval: TimeRange,
    after: Option<Cursor>,
    rows: u64,
    backend: DbBackend,
) -> SelectStatement {
    let events = events(interval, after, backend);
    let few = match &filter.cameras {
        Cameras::Only(cameras) if (2..=MAX_MERGED_CAMERAS).contains(&cameras.len()) => cameras,
        one_or_many => {
            let picked = match one_or_many {
                Cameras::All => events,
                Cameras::Only(cameras) => match cameras.as_slice() {
                    [camera] => events.filter(Column::CameraId.eq(camera)),
                    // The plus keeps SQLite from going camera by camera, which would need a sort.
                    many if backend == DbBackend::Sqlite => {
                        events.filter(Expr::cust_with_expr("+?", Expr::col(Column::CameraId)).is_in(many))
                    }
                    many => events.filter(Column::CameraId.is_in(many)),
                },
            };
            return picked.order_by_asc(Column::Timestamp).order_by_asc(Column::Id).limit(rows).into_query();
        }
    };
    let mut merged: Option<SelectStatement> = None;
    for camera in few {
        let one = events.clone().filter(Column::CameraId.eq(camera));
        // PostgreSQL merges only what is in order by its own account.
        let one = if backend == DbBackend::Postgres {
            one.order_by_asc(Column::Timestamp).order_by_asc(Column::Id).limit(rows)
        } else {
            one
        };
        let one = one.into_query();
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
    merged.order_by(Alias::new("timestamp"), Order::Asc).order_by(Alias::new("id"), Order::Asc).limit(rows);
    merged
}

/// The statement for the moment of the first event of these cameras that [`page`] would give, where there is one: looked
/// for in each camera's own index, and not in passing.
pub fn first(interval: TimeRange, after: Option<Cursor>, cameras: &[String], backend: DbBackend) -> SelectStatement {
    let (asked, found) = (Alias::new("asked"), Alias::new("found"));
    // What the databases call the column of a list.
    let camera = Expr::col((asked.clone(), Alias::new("column1")));
    let of_one = Entity::find().select_only().column(Column::Timestamp).filter(Expr::col(Column::CameraId).eq(camera));
    let of_one = beyond(of_one, interval, after, backend);
    let of_one = of_one.order_by_asc(Column::Timestamp).order_by_asc(Column::Id).limit(1).into_query();
    let of_all = Query::select()
        .expr_as(Expr::from(of_one).min(), found.clone())
        .from_values(cameras.iter().map(String::as_str), asked.clone())
        .to_owned();
    Query::select()
        .column(found.clone())
        .from_subquery(of_all, Alias::new("first"))
        .and_where(Expr::col(found).is_not_null())
        .to_owned()
}

/// The statement for the moments of a camera's events, in their order: what its index holds, and no more.
pub fn timestamps(interval: TimeRange, camera: &str) -> SelectStatement {
    let timestamps_between = Entity::find().select_only().column(Column::Timestamp).filter(Column::CameraId.eq(camera));
    within(timestamps_between, interval.start, interval.end).order_by_asc(Column::Timestamp).into_query()
}

/// The statement that counts a camera's events, in its index.
pub fn count(interval: TimeRange, camera: &str) -> SelectStatement {
    let counted = Entity::find().select_only().expr(Expr::col(Asterisk).count()).filter(Column::CameraId.eq(camera));
    within(counted, interval.start, interval.end).into_query()
}

/// The statement that counts the events of each camera: its id, their number.
pub fn counts(filter: &Filter) -> SelectStatement {
    let mut counted = Entity::find()
        .select_only()
        .column(Column::CameraId)
        .expr(Expr::col(Asterisk).count())
        .group_by(Expr::col(Column::CameraId));
    if let Cameras::Only(cameras) = &filter.cameras {
        counted = counted.filter(Column::CameraId.is_in(cameras));
    }
    within(counted, filter.interval.start, filter.interval.end).into_query()
}

/// How long the quarters of an hour are that [`count_per_quarter_hour`] counts by, in microseconds: no zone's day begins in the middle of
/// one, but for some of long ago.
const QUARTER: i64 = 15 * 60 * 1_000_000;

/// The statement that counts events by quarters of an hour: first moment, last moment, number; in their order.
pub fn count_per_quarter_hour(filter: &Filter) -> SelectStatement {
    let moment = || Expr::col(Column::Timestamp);
    let mut counted = Entity::find()
        .select_only()
        .expr(moment().min())
        .expr(moment().max())
        .expr(moment().count())
        .group_by(moment().div(QUARTER));
    if let Cameras::Only(cameras) = &filter.cameras {
        counted = counted.filter(Column::CameraId.is_in(cameras));
    }
    within(counted, filter.interval.start, filter.interval.end).order_by_asc(moment().min()).into_query()
}

/// The statement for all moments from `first` to `last`.
pub fn timestamps_between(filter: &Filter, first: i64, last: i64) -> SelectStatement {
    let mut timestamps_between =
        Entity::find().select_only().column(Column::Timestamp).filter(Column::Timestamp.between(first, last));
    if let Cameras::Only(cameras) = &filter.cameras {
        timestamps_between = timestamps_between.filter(Column::CameraId.is_in(cameras));
    }
    timestamps_between.order_by_asc(Column::Timestamp).into_query()
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

/// The events of all cameras in the interval and after the cursor.
fn events(interval: TimeRange, after: Option<Cursor>, backend: DbBackend) -> Select<Entity> {
    let events = Entity::find().select_only().columns([
        Column::Timestamp,
        Column::Id,
        Column::CameraId,
        Column::Confidence,
        Column::Algorithm,
        Column::X,
        Column::Y,
        Column::Width,
        Column::Height,
        Column::ZoneId,
    ]);
    beyond(events, interval, after, backend)
}

/// Those of the events that are in the interval and after the cursor.
fn beyond(events: Select<Entity>, interval: TimeRange, after: Option<Cursor>, backend: DbBackend) -> Select<Entity> {
    let TimeRange { start, end } = interval;
    let Some(Cursor { timestamp, id }) = after else { return within(events, start, end) };
    // The cursor lies inside the interval, so it takes the start's place.
    let place = Expr::tuple([Expr::col(Column::Timestamp), Expr::col(Column::Id)]);
    let events = events.filter(place.gt(Expr::tuple([timestamp.into(), id.into()])));
    // Partitions are found by simple comparisons only.
    within(events, (backend == DbBackend::Postgres).then_some(timestamp), end)
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::SqliteQueryBuilder;

    use uuid::Uuid;

    use super::*;

    fn sql(cameras: &[&str], interval: TimeRange, after: Option<Cursor>) -> String {
        let these = || Cameras::Only(cameras.iter().map(ToString::to_string).collect());
        let filter = Filter { interval, cameras: if cameras.is_empty() { Cameras::All } else { these() } };
        page(&filter, filter.interval, after, 5000, DbBackend::Sqlite).to_string(SqliteQueryBuilder)
    }

    #[test]
    fn no_cameras_are_not_all_cameras() {
        let filter = Filter { interval: TimeRange::default(), cameras: Cameras::Only(Vec::new()) };
        let sql = page(&filter, filter.interval, None, 5000, DbBackend::Sqlite).to_string(SqliteQueryBuilder);
        assert!(sql.contains("WHERE 1 = 2"), "{sql}");
    }

    #[test]
    fn the_first_page_of_everything_has_no_condition() {
        insta::assert_snapshot!(sql(&[], TimeRange::default(), None));
    }

    #[test]
    fn a_later_page_begins_after_the_cursor_and_ends_before_the_end() {
        let after = Some(Cursor { timestamp: 17, id: Uuid::from_u128(5) });
        insta::assert_snapshot!(sql(&["a"], TimeRange { start: Some(3), end: Some(99) }, after));
    }

    #[test]
    fn a_few_cameras_are_merged() {
        insta::assert_snapshot!(sql(&["a", "b"], TimeRange { start: Some(3), end: None }, None));
    }

    #[test]
    fn the_first_event_of_many_cameras_is_looked_for_in_the_index_of_each() {
        let cameras = ["a".to_owned(), "b".to_owned()];
        let after = Some(Cursor { timestamp: 17, id: Uuid::from_u128(5) });
        let interval = TimeRange { start: Some(3), end: Some(99) };
        insta::assert_snapshot!(first(interval, after, &cameras, DbBackend::Sqlite).to_string(SqliteQueryBuilder));
    }

    #[test]
    fn many_cameras_are_picked_in_passing() {
        let cameras: Vec<String> = (0..=MAX_MERGED_CAMERAS).map(|n| n.to_string()).collect();
        let cameras: Vec<&str> = cameras.iter().map(String::as_str).collect();
        insta::assert_snapshot!(sql(&cameras, TimeRange::default(), None));
    }
}
