//! Holds, which keep events beyond the days for which they are kept; and the days of a camera. A change takes the lock of
//! deletions: once a hold is stored, no event of it is deleted.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Order, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::begin;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{DEFAULT_TIMEZONE, ExportParams};
use crate::messages::retention::RetentionMessage;
use crate::server::accounts::camera_access::no_such_camera;
use crate::server::db::entity::hold::{ActiveModel, Column, Entity, Model};
use crate::server::db::entity::{camera, motion_event};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::timezone::TimeZone;

/// The maximum length of a reason, in characters.
pub const MAX_WHY: usize = 500;

/// The maximum length of the name of a person, in characters.
pub const MAX_WHO: usize = 100;

/// The maximum number of days to keep: a hundred years.
pub const MAX_KEEP_DAYS: u32 = 36_500;

/// The maximum number of events that are counted for a hold.
pub const MAX_COUNTED: u64 = 100_000;

/// A hold to create, as it was entered.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewHold<'a> {
    /// The id of the camera; empty: all cameras.
    pub camera_id: &'a str,
    /// The first day, or the first instant.
    pub start: &'a str,
    /// The last day, or the first instant after the range.
    pub end: &'a str,
    /// The IANA name of the time zone of the days; empty: UTC.
    pub timezone: &'a str,
    /// The reason.
    pub why: &'a str,
    /// The person who creates it.
    pub who: &'a str,
}

/// Creates a hold.
///
/// # Errors
/// Returns an error that names the field if a value is invalid, or an error of the database.
pub async fn add(database: &Pool, new: NewHold<'_>, now: UnixMicros) -> Result<Model, ApiError> {
    let (starts_at, ends_at) = range(&new, now)?;
    let why = text("why", new.why, MAX_WHY)?;
    let who = text("who", new.who, MAX_WHO)?;
    let transaction = begin(database).await?;
    let camera_id = (!new.camera_id.is_empty()).then(|| new.camera_id.to_owned());
    if let Some(id) = &camera_id
        && camera::Entity::find_by_id(id).one(&transaction).await?.is_none()
    {
        return Err(no_such_camera(id));
    }
    let hold = Model {
        id: Uuid::new_v4(),
        camera_id,
        starts_at,
        ends_at,
        why,
        who,
        created_at: now,
        released_at: None,
        released_by: None,
    };
    Entity::insert(hold.clone().into_active_model()).exec_without_returning(&transaction).await?;
    transaction.commit().await?;
    Ok(hold)
}

/// Releases a hold. Its events are deleted with the next run if they are due.
///
/// # Errors
/// Returns an error if there is no such hold, it was released before, or the name of the person is invalid; or an error of
/// the database.
pub async fn release(database: &Pool, id: &str, who: &str, now: UnixMicros) -> Result<Model, ApiError> {
    let who = text("who", who, MAX_WHO)?;
    let not_found = || ApiError::new(ErrorCode::NotFound, RetentionMessage::NoSuchHold);
    let id: Uuid = id.parse().map_err(|_| not_found())?;
    let transaction = begin(database).await?;
    let hold = Entity::find_by_id(id).one(&transaction).await?.ok_or_else(not_found)?;
    if hold.released_at.is_some() {
        let who = hold.released_by.unwrap_or_default();
        return Err(ApiError::invalid("hold", RetentionMessage::HoldReleased { who }));
    }
    let released = ActiveModel { released_at: Set(Some(now)), released_by: Set(Some(who)), ..hold.into_active_model() };
    let hold = released.update(&transaction).await?;
    transaction.commit().await?;
    Ok(hold)
}

/// Returns the holds, newest first: those that are not released, or all.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn list(database: &impl ConnectionTrait, with_released: bool) -> Result<Vec<Model>, DbErr> {
    let holds = Entity::find().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    let holds = if with_released { holds } else { holds.filter(Column::ReleasedAt.is_null()) };
    holds.all(database).await
}

/// Returns how many events a hold keeps, counted up to [`MAX_COUNTED`]. `camera` is its camera; `None`: all cameras.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn count(
    database: &impl ConnectionTrait,
    hold: &Model,
    camera: Option<&camera::Model>,
) -> Result<u64, DbErr> {
    let mut events = Query::select();
    events.expr(Expr::val(1)).from(motion_event::Entity);
    if let Some(camera) = camera {
        events.and_where(motion_event::Column::CameraKey.eq(camera.key));
    }
    events
        .and_where(motion_event::Column::Timestamp.gte(hold.starts_at.as_micros()))
        .and_where(motion_event::Column::Timestamp.lt(hold.ends_at.as_micros()))
        // By the index of the camera, or by the table's own order.
        .order_by(motion_event::Column::Timestamp, Order::Asc)
        .limit(MAX_COUNTED);
    let count = Query::select().expr(Expr::cust("count(*)")).from_subquery(events, "events").to_owned();
    let count = database.query_one_raw(database.get_database_backend().build(&count)).await?;
    count.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0)).map(i64::unsigned_abs)
}

/// Sets for how many days the events of a camera are kept. Empty: as the setting says; 0: for good.
///
/// # Errors
/// Returns an error if there is no such camera or the number is invalid; or an error of the database.
pub async fn set_keep_days(database: &Pool, camera_id: &str, days: &str) -> Result<Option<u32>, ApiError> {
    let expected = || {
        let value = days.to_owned();
        ApiError::invalid("keep_days", RetentionMessage::KeepDaysExpected { value, max: MAX_KEEP_DAYS })
    };
    let days = match days.trim() {
        "" => None,
        days => Some(days.parse::<u32>().ok().filter(|days| *days <= MAX_KEEP_DAYS).ok_or_else(expected)?),
    };
    let transaction = begin(database).await?;
    let camera = camera::Entity::find_by_id(camera_id).one(&transaction).await?;
    let mut camera = camera.ok_or_else(|| no_such_camera(camera_id))?.into_active_model();
    camera.keep_days = Set(days.and_then(|days| i32::try_from(days).ok()));
    camera.update(&transaction).await?;
    transaction.commit().await?;
    Ok(days)
}

/// Returns the range of a hold as moments. Days and time zones are those of an export.
fn range(new: &NewHold<'_>, now: UnixMicros) -> Result<(UnixMicros, UnixMicros), ApiError> {
    let timezone = if new.timezone.is_empty() { DEFAULT_TIMEZONE } else { new.timezone };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("start_date", new.start).append_pair("end_date", new.end).append_pair("timezone", timezone);
    let params = ExportParams::parse(&query.finish())?;
    let interval = TimeZone::parse(&params.timezone)?.resolve(&params.range, now)?.interval;
    let (Some(start), Some(end)) = (interval.start, interval.end) else {
        let missing = if interval.start.is_none() { "start_date" } else { "end_date" };
        return Err(ApiError::invalid(missing, RetentionMessage::HoldNeedsDates));
    };
    if start >= end {
        return Err(ApiError::invalid("end_date", RetentionMessage::HoldIsEmpty));
    }
    Ok((UnixMicros::new(start), UnixMicros::new(end)))
}

/// Returns a text without spaces at its ends.
fn text(field: &str, text: &str, max: usize) -> Result<String, ApiError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max || text.chars().any(char::is_control) {
        return Err(ApiError::invalid(field, RetentionMessage::TextNeeded { max }));
    }
    Ok(text.to_owned())
}
