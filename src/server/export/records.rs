//! Who exported what: the records as their owners and administrators read them.

use chrono::SecondsFormat;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::api::exports::{ExportRecord, ExportRecords, State as ExportState};
use crate::api::session::Role;
use crate::api::unknown_value::UnknownValue;
use crate::error::ApiError;
use crate::export_params::{DateBound, DateRange, parse_flag};
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::secret::{from_hex, to_hex};
use crate::server::accounts::user::{self, User};
use crate::server::db::entity::export::{Column, Entity, Model};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::export::stored_message;
use crate::server::export::timezone::TimeZone;

/// How many records there are in an answer, where nobody says.
const LIMIT: u64 = 50;

/// How many there are at most.
pub const MAX_LIMIT: u64 = 500;

/// The parameters that choose records.
pub const PARAMETERS: [&str; 8] = ["state", "user", "mine", "start_date", "end_date", "sha256", "limit", "before"];

/// Which records somebody wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    states: Vec<ExportState>,
    user: Option<String>,
    mine: bool,
    range: DateRange,
    sha256: Option<Vec<u8>>,
    limit: Option<u64>,
    before: Option<Cursor>,
}

/// The place of a record in the order of all records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    started_at: UnixMicros,
    id: Uuid,
}

impl Cursor {
    fn of(record: &Model) -> Self {
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
    /// So many of one's own last exports.
    pub fn my_last(limit: u64) -> Self {
        Self { mine: true, limit: Some(limit), ..Self::default() }
    }

    /// Parses a query string. An empty value counts as missing, because that is what a form sends for a field that was
    /// left alone.
    ///
    /// # Errors
    /// `invalid_parameter`, naming the parameter and what would be right.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
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
                "state" => wanted.states.push(state(&value)?),
                "user" => wanted.user = Some(user::normalized(&value)),
                "mine" => wanted.mine = parse_flag("mine", &value)?,
                "start_date" => start = Some(DateBound::parse("start_date", &value)?),
                "end_date" => end = Some(DateBound::parse("end_date", &value)?),
                "sha256" => wanted.sha256 = Some(sha256(&value)?),
                "limit" => wanted.limit = Some(limit(&value)?),
                "before" => {
                    let place = Cursor::parse(&value);
                    wanted.before =
                        Some(place.ok_or_else(|| ApiError::invalid("before", ParameterMessage::CursorExpected))?);
                }
                unknown => {
                    let allowed = PARAMETERS.join(", ");
                    return Err(ApiError::invalid(unknown, ParameterMessage::UnknownParameter { allowed }));
                }
            }
            seen.push(name);
        }
        wanted.range = DateRange::new(start, end)?;
        Ok(wanted)
    }
}

fn state(word: &str) -> Result<ExportState, ApiError> {
    word.parse().map_err(|UnknownValue| {
        let allowed = ExportState::ALL.map(ExportState::as_str).join(", ");
        ApiError::invalid("state", ParameterMessage::UnknownState { value: word.to_owned(), allowed })
    })
}

fn sha256(text: &str) -> Result<Vec<u8>, ApiError> {
    let digest = from_hex(&text.trim().to_lowercase()).filter(|digest| digest.len() == 32);
    digest.ok_or_else(|| ApiError::invalid("sha256", ParameterMessage::DigestExpected))
}

fn limit(text: &str) -> Result<u64, ApiError> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| ApiError::invalid("limit", ParameterMessage::NumberOutOfRange { max: MAX_LIMIT }))
}

/// The records that somebody wants to see and may, newest first.
///
/// # Errors
/// Where the range is none, or the database cannot answer.
pub async fn records(database: &Pool, who: &User, wanted: &RecordFilter) -> Result<ExportRecords, ApiError> {
    let mut found = visible_to(who);
    if !wanted.states.is_empty() {
        found = found.filter(Column::State.is_in(wanted.states.iter().map(|state| state.as_str())));
    }
    if wanted.mine {
        found = found.filter(Column::UserId.eq(who.id));
    }
    if let Some(user) = &wanted.user {
        found = found.filter(Column::UserName.eq(user));
    }
    let interval = TimeZone::parse(crate::export_params::DEFAULT_TIMEZONE)?.interval(&wanted.range)?;
    if let Some(start) = interval.start {
        found = found.filter(Column::StartedAt.gte(start));
    }
    if let Some(end) = interval.end {
        found = found.filter(Column::StartedAt.lt(end));
    }
    if let Some(digest) = &wanted.sha256 {
        found = found.filter(Column::Sha256.eq(digest.clone()));
    }
    if let Some(Cursor { started_at, id }) = wanted.before {
        let place = Expr::tuple([Expr::col(Column::StartedAt), Expr::col(Column::Id)]);
        found = found.filter(place.lt(Expr::tuple([started_at.into(), id.into()])));
    }
    let limit = wanted.limit.unwrap_or(LIMIT);
    let found = found.order_by_desc(Column::StartedAt).order_by_desc(Column::Id).limit(limit + 1).all(database).await;
    let mut found = found?;
    let more = found.len() as u64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| Cursor::of(last).to_string());
    Ok(ExportRecords { exports: found.into_iter().map(shown).collect(), next })
}

/// The record with that id, if there is one that somebody may see.
///
/// # Errors
/// Where the database cannot answer.
pub async fn record(database: &Pool, who: &User, id: Uuid) -> Result<Option<ExportRecord>, ApiError> {
    let found = visible_to(who).filter(Column::Id.eq(id)).one(database).await;
    Ok(found?.map(shown))
}

/// One's own, and for an administrator all.
fn visible_to(who: &User) -> Select<Entity> {
    match who.role {
        Role::Admin => Entity::find(),
        Role::User => Entity::find().filter(Column::UserId.eq(who.id)),
    }
}

fn shown(record: Model) -> ExportRecord {
    // The table takes no other words.
    let state = record.state.parse().unwrap_or(ExportState::Failed);
    // While it runs, heartbeats write when it would have ended. Older versions stored the time of the wall clock at the end,
    // which may have been set back meanwhile.
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
    }
}

/// A moment as RFC 3339, to the millisecond.
fn moment(moment: UnixMicros) -> String {
    moment.to_datetime().map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> String {
        RecordFilter::parse(query).expect_err("refused").field.unwrap_or_default()
    }

    #[test]
    fn what_cannot_be_understood_is_refused_by_name() {
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
            ("page=2", "page"),
        ] {
            assert_eq!(refused(query), field, "{query}");
        }
    }

    #[test]
    fn what_a_form_sends_for_fields_that_were_left_alone_is_nothing() {
        assert_eq!(RecordFilter::parse("state=&user=&sha256=&before=").expect("valid"), RecordFilter::default());
    }

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        let place = Cursor { started_at: UnixMicros::new(-5), id: Uuid::from_u128(7) };
        assert_eq!(Cursor::parse(&place.to_string()), Some(place));
    }
}
