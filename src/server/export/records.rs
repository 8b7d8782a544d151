//! The export records, as their owners and administrators read them.

use chrono::SecondsFormat;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::api::exports::{ExportRecord, ExportRecords, State as ExportState};
use crate::api::session::Role;
use crate::api::unknown_value::UnknownValue;
use crate::error::ApiError;
use crate::export_params::{DateBound, DateRange, FileDays, parse_flag};
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::secret::{from_hex, to_hex};
use crate::server::accounts::user::{self, User};
use crate::server::db::entity::export::{Column, Entity, Model};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::timezone::TimeZone;
use crate::server::stored_message;

pub mod history_csv;
mod selection;

/// The default maximum number of records in a response.
const DEFAULT_LIMIT: u64 = 50;

/// The maximum of the parameter `limit`.
pub const MAX_LIMIT: u64 = 500;

/// The parameters that select records.
pub const PARAMETERS: [&str; 11] = [
    "state",
    "user",
    "mine",
    "camera_id",
    "start_date",
    "end_date",
    "timezone",
    "sha256",
    "file_name",
    "limit",
    "before",
];

/// Which records are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFilter {
    states: Vec<ExportState>,
    user: Option<String>,
    mine: bool,
    camera_id: Option<String>,
    range: DateRange,
    timezone: TimeZone,
    file_days: Option<FileDays>,
    sha256: Option<Vec<u8>>,
    limit: Option<u64>,
    before: Option<Cursor>,
}

impl Default for RecordFilter {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            user: None,
            mine: false,
            camera_id: None,
            range: DateRange::default(),
            timezone: TimeZone::UTC,
            file_days: None,
            sha256: None,
            limit: None,
            before: None,
        }
    }
}

/// The position of a record in the order of all records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    started_at: UnixMicros,
    id: Uuid,
}

impl Cursor {
    fn new(record: &Model) -> Self {
        Self { started_at: record.started_at, id: record.id }
    }

    fn parse(text: &str) -> Option<Self> {
        let (started_at, id) = text.split_once('_')?;
        Some(Self { started_at: UnixMicros::new(started_at.parse().ok()?), id: id.parse().ok()? })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.started_at.as_micros(), self.id)
    }
}

impl RecordFilter {
    /// Selects the last `limit` exports of the user.
    pub fn my_last(limit: u64) -> Self {
        Self { mine: true, limit: Some(limit), ..Self::default() }
    }

    /// Parses a query string. An empty value counts as missing, because a form sends it for an empty field.
    ///
    /// # Errors
    /// Returns `invalid_parameter` with the name of the parameter and what it accepts.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut filter = Self::default();
        let (mut start, mut end) = (None, None);
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            if name != "state" && seen.contains(&name) {
                return Err(ApiError::invalid(&name, ParameterMessage::GivenTwice));
            }
            match &*name {
                "state" => filter.states.push(state(&value)?),
                "user" => filter.user = Some(user::normalized(&value)),
                "mine" => filter.mine = parse_flag("mine", &value)?,
                "camera_id" => filter.camera_id = Some(value.clone().into_owned()),
                "timezone" => filter.timezone = TimeZone::parse(&value)?,
                "file_name" => filter.file_days = Some(file_days(&value)?),
                "start_date" => start = Some(DateBound::parse("start_date", &value)?),
                "end_date" => end = Some(DateBound::parse("end_date", &value)?),
                "sha256" => filter.sha256 = Some(sha256(&value)?),
                "limit" => filter.limit = Some(limit(&value)?),
                "before" => {
                    let cursor = Cursor::parse(&value);
                    filter.before =
                        Some(cursor.ok_or_else(|| ApiError::invalid("before", ParameterMessage::CursorExpected))?);
                }
                unknown => {
                    let allowed = PARAMETERS.join(", ");
                    return Err(ApiError::invalid(unknown, ParameterMessage::UnknownParameter { allowed }));
                }
            }
            seen.push(name);
        }
        filter.range = DateRange::new(start, end)?;
        Ok(filter)
    }

    /// Returns the range of days.
    pub fn range(&self) -> &DateRange {
        &self.range
    }

    /// Returns the time zone of the days.
    pub fn timezone(&self) -> TimeZone {
        self.timezone
    }

    /// Selects at most `limit` records, after the page of records whose `next` is `before`.
    #[must_use]
    pub fn page(self, limit: u64, before: Option<&str>) -> Self {
        Self { limit: Some(limit), before: before.and_then(Cursor::parse), ..self }
    }
}

fn file_days(name: &str) -> Result<FileDays, ApiError> {
    FileDays::of(name).ok_or_else(|| ApiError::invalid("file_name", ParameterMessage::FileNameExpected))
}

fn state(text: &str) -> Result<ExportState, ApiError> {
    text.parse().map_err(|UnknownValue| {
        let allowed = ExportState::ALL.map(ExportState::as_str).join(", ");
        ApiError::invalid("state", ParameterMessage::UnknownState { value: text.to_owned(), allowed })
    })
}

fn sha256(text: &str) -> Result<Vec<u8>, ApiError> {
    // sha256sum prints the name of the file after it.
    let digits = text.split_whitespace().next().unwrap_or_default();
    let digest = from_hex(&digits.to_lowercase()).filter(|digest| digest.len() == 32);
    digest.ok_or_else(|| ApiError::invalid("sha256", ParameterMessage::DigestExpected))
}

fn limit(text: &str) -> Result<u64, ApiError> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| ApiError::invalid("limit", ParameterMessage::NumberOutOfRange { max: MAX_LIMIT }))
}

/// Returns the requested records that `user` may see, newest first. Relative dates are relative to `now`.
///
/// # Errors
/// Returns an error if the range of dates is invalid or the database is unavailable.
pub async fn list(
    database: &Pool,
    user: &User,
    filter: &RecordFilter,
    now: UnixMicros,
) -> Result<ExportRecords, ApiError> {
    let mut records = all_visible_to(user);
    if !filter.states.is_empty() {
        records = records.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if filter.mine {
        records = records.filter(Column::UserId.eq(user.id));
    }
    if let Some(name) = &filter.user {
        records = records.filter(Column::UserName.eq(name));
    }
    let backend = database.get_database_backend();
    if let Some(id) = &filter.camera_id {
        records = records.filter(selection::may_contain(id, backend));
    }
    if let Some(days) = filter.file_days {
        records = records.filter(selection::gives_file_of(days, backend));
    }
    let interval = filter.timezone.resolve(&filter.range, now)?.interval;
    if let Some(start) = interval.start {
        records = records.filter(Column::StartedAt.gte(start));
    }
    if let Some(end) = interval.end {
        records = records.filter(Column::StartedAt.lt(end));
    }
    if let Some(digest) = &filter.sha256 {
        records = records.filter(Column::Sha256.eq(digest.clone()));
    }
    if let Some(Cursor { started_at, id }) = filter.before {
        let position = Expr::tuple([Expr::col(Column::StartedAt), Expr::col(Column::Id)]);
        records = records.filter(position.lt(Expr::tuple([started_at.into(), id.into()])));
    }
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    // One more than requested shows whether there is a next page.
    let records = records.order_by_desc(Column::StartedAt).order_by_desc(Column::Id).limit(limit + 1);
    let mut records = records.all(database).await?;
    let has_more = records.len() as u64 > limit;
    records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = records.last().filter(|_| has_more).map(|last| Cursor::new(last).to_string());
    Ok(ExportRecords { exports: records.into_iter().map(to_api).collect(), next })
}

/// Returns the record with this id, if it exists and `user` may see it.
///
/// # Errors
/// Returns an error if the database is unavailable.
pub async fn get(database: &Pool, user: &User, id: Uuid) -> Result<Option<ExportRecord>, ApiError> {
    let record = visible_to(user, id).one(database).await?;
    Ok(record.map(to_api))
}

/// Returns the names of users whose accounts were removed, and who have records.
///
/// # Errors
/// Returns an error if the database is unavailable.
pub async fn removed_users(database: &Pool) -> Result<Vec<String>, ApiError> {
    let names = Entity::find().select_only().column(Column::UserName).distinct();
    let names = names.filter(Column::UserId.is_null()).filter(Column::UserName.is_not_null());
    Ok(names.order_by_asc(Column::UserName).into_tuple().all(database).await?)
}

/// Selects the record with this id, if `user` may see it.
pub(super) fn visible_to(user: &User, id: Uuid) -> Select<Entity> {
    all_visible_to(user).filter(Column::Id.eq(id))
}

/// Selects the user's own records, and all for an administrator.
pub(super) fn all_visible_to(user: &User) -> Select<Entity> {
    match user.role {
        Role::Admin => Entity::find(),
        Role::User => Entity::find().filter(Column::UserId.eq(user.id)),
    }
}

/// Returns a record as the API has it.
pub(super) fn to_api(record: Model) -> ExportRecord {
    // The table has a constraint on the states.
    let state = record.state.parse().unwrap_or(ExportState::Failed);
    // While the export runs, its heartbeats write a provisional end. Older versions wrote the wall clock's time at the end, and the
    // clock may have been set back meanwhile.
    let finished_at = record.finished_at.filter(|_| state != ExportState::Running);
    let finished_at = finished_at.map(|end| Ord::max(end, record.started_at));
    let reason = record.error.as_deref().map(stored_message::read);
    ExportRecord {
        id: record.id.to_string(),
        state,
        user: record.user_name,
        via: record.via,
        query: record.query,
        rows: record.rows,
        bytes: record.bytes,
        sha256: record.sha256.as_deref().map(to_hex),
        started_at: moment(record.started_at),
        finished_at: finished_at.map(moment),
        duration_ms: finished_at.map(|end| {
            let duration = end.saturating_duration_since(record.started_at);
            i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
        }),
        error: reason.as_ref().map(|reason| reason.text.clone()),
        reason,
        complete_to: record.complete_to.map(moment),
        deleted_to: record.deleted_to.map(moment),
        cancel_requested: state == ExportState::Running && record.cancel_requested.is_some(),
    }
}

/// Formats a moment as RFC 3339, to the millisecond.
fn moment(moment: UnixMicros) -> String {
    moment.to_datetime().map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(query: &str) -> String {
        RecordFilter::parse(query).expect_err("rejected").field.unwrap_or_default()
    }

    #[test]
    fn an_invalid_parameter_is_rejected_by_name() {
        for (query, field) in [
            ("state=done", "state"),
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=many", "limit"),
            ("sha256=abc", "sha256"),
            ("before=yesterday", "before"),
            ("start_date=soon", "start_date"),
            ("start_date=2025-12-02&end_date=2025-12-01", "start_date"),
            ("limit=5&limit=6", "limit"),
            ("mine=yes", "mine"),
            ("timezone=CEST", "timezone"),
            ("file_name=report.csv", "file_name"),
            ("page=2", "page"),
        ] {
            assert_eq!(rejected(query), field, "{query}");
        }
    }

    #[test]
    fn empty_fields_of_a_form_are_ignored() {
        assert_eq!(
            RecordFilter::parse("state=&user=&camera_id=&timezone=&sha256=&file_name=&before=").expect("valid"),
            RecordFilter::default()
        );
    }

    #[test]
    fn a_digest_may_have_the_name_of_its_file_behind_it() {
        let digest = "ab".repeat(32);
        let parsed = |text: &str| RecordFilter::parse(&format!("sha256={text}")).expect("valid").sha256;
        assert_eq!(parsed(&format!("{digest}++events.csv")), parsed(&digest));
        assert_eq!(parsed(&format!("+{}+", digest.to_uppercase())), Some(vec![0xab; 32]));
    }

    #[test]
    fn a_cursor_is_parsed_as_it_was_written() {
        let cursor = Cursor { started_at: UnixMicros::new(-5), id: Uuid::from_u128(7) };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
    }
}
