//! The parameters of an export: [`ExportParams`], parsed and validated once, the same for server and browser. This module
//! needs no database, no browser and no time zone data; `server::export::timezone` checks time zones.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Timelike, Utc};

use crate::error::ApiError;
use crate::export_params::relative_date::RelativeDate;
use crate::messages::parameters::ParameterMessage;

pub mod relative_date;

/// The path of the export.
pub const EXPORT_PATH: &str = "/api/v1/motion-events/export";

/// The columns of the CSV, in their order. This is the one source of the order: the header and the importer are derived from it,
/// and tests compare the encoder, the query and the snippets with it. Source: the specification's "CSV Output Schema".
pub const COLUMNS: [&str; 10] =
    ["timestamp", "camera_id", "camera_name", "confidence", "algorithm", "x", "y", "width", "height", "zone_id"];

/// The column that `excel_date=true` adds before [`COLUMNS`]: local time as spreadsheets read it, `2025-12-15 10:30:00`.
pub const LOCAL_TIME: &str = "local_time";

/// Returns the columns of a file, in order.
pub fn columns(excel_date: bool) -> impl Iterator<Item = &'static str> {
    excel_date.then_some(LOCAL_TIME).into_iter().chain(COLUMNS)
}

/// Returns the position of a column in [`COLUMNS`]. In a constant, an unknown name is an error of the compiler.
///
/// # Panics
/// Panics if there is no such column.
pub const fn column_index(name: &str) -> usize {
    const fn is_same(a: &[u8], b: &[u8]) -> bool {
        match (a, b) {
            ([], []) => true,
            ([a, rest_a @ ..], [b, rest_b @ ..]) => *a == *b && is_same(rest_a, rest_b),
            _ => false,
        }
    }
    let mut index = 0;
    while index < COLUMNS.len() {
        if is_same(COLUMNS[index].as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("there is no such column")
}

/// The parameters of the export's URL.
pub const PARAMETERS: [&str; 9] =
    ["format", "start_date", "end_date", "camera_id", "timezone", "delimiter", "bom", "raw", "excel_date"];

/// The bytes by which Excel recognizes a file as UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The time zone of an export without the parameter `timezone`.
pub const DEFAULT_TIMEZONE: &str = "UTC";

/// What separates the cells of a file, and with it how numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// Commas between cells, and decimal points.
    #[default]
    Comma,
    /// Semicolons between cells, and decimal commas: what Excel expects in locales with decimal commas.
    Semicolon,
}

impl Delimiter {
    /// All delimiters.
    pub const ALL: [Self; 2] = [Self::Comma, Self::Semicolon];

    /// Returns the value of the parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
        }
    }

    /// Returns the byte between two cells.
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }

    /// Parses a value of the parameter.
    ///
    /// # Errors
    /// Returns `invalid_parameter` if it is none.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let known = Self::ALL.into_iter().find(|delimiter| delimiter.as_str() == text);
        let message = || ParameterMessage::DelimiterNotOffered { value: text.to_owned() };
        known.ok_or_else(|| ApiError::invalid("delimiter", message()))
    }
}

fn is_day_shaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// Parses a parameter that must be `true` or `false`.
///
/// # Errors
/// Returns `invalid_parameter` with the name of the parameter.
pub fn parse_flag(field: &str, text: &str) -> Result<bool, ApiError> {
    match text {
        "false" => Ok(false),
        "true" => Ok(true),
        other => Err(ApiError::invalid(field, ParameterMessage::FlagExpected { value: other.to_owned() })),
    }
}

/// Parses a day as `YYYY-MM-DD`. chrono's parser supports all formats and would add as much WASM as the calendar of the
/// page.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
    let year = is_day_shaped(text).then(|| text[..4].parse().ok())??;
    NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)
}

/// Parses a local time, `2025-12-01T08:30` or `2025-12-01T08:30:15.5`.
fn parse_local(text: &str) -> Option<NaiveDateTime> {
    // In UTC, because the parser of instants is there anyway.
    let seconds = if text.len() == "2025-12-01T08:30".len() { ":00" } else { "" };
    DateTime::parse_from_rfc3339(&format!("{text}{seconds}Z")).ok().map(|instant| instant.naive_utc())
}

/// One end of a date range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateBound {
    /// A local day in the time zone of the export.
    Day(NaiveDate),
    /// A point in time.
    Instant(DateTime<Utc>),
    /// A local time in the time zone of the export.
    Local(NaiveDateTime),
    /// A date that depends on when the export begins.
    Relative(RelativeDate),
}

impl DateBound {
    /// Parses `YYYY-MM-DD`, an RFC 3339 instant, the same without offset, or a relative date. `field` names the parameter in
    /// the error.
    ///
    /// # Errors
    /// Returns `invalid_parameter` if the text is none of them, or not in the years 0001 to 9999.
    pub fn parse(field: &str, text: &str) -> Result<Self, ApiError> {
        let is_day_shaped = is_day_shaped(text);
        let bound = if is_day_shaped {
            parse_day(text).map(Self::Day)
        } else if let Some(date) = RelativeDate::parse(text) {
            Some(Self::Relative(date))
        } else {
            let instant = DateTime::parse_from_rfc3339(text).ok().map(|instant| Self::Instant(instant.to_utc()));
            instant.or_else(|| parse_local(text).map(Self::Local))
        };
        let year = |bound: &Self| match bound {
            Self::Day(day) => day.year(),
            Self::Instant(instant) => instant.year(),
            Self::Local(time) => time.year(),
            // It is as valid as the clock.
            Self::Relative(_) => 1,
        };
        bound.filter(|bound| (1..=9999).contains(&year(bound))).ok_or_else(|| {
            let value = text.to_owned();
            let message = if is_day_shaped {
                ParameterMessage::NoSuchDay { value }
            } else if text.contains(' ') {
                ParameterMessage::DateWithSpace { value }
            } else {
                ParameterMessage::DateExpected { value }
            };
            ApiError::invalid(field, message)
        })
    }
}

impl std::fmt::Display for DateBound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            // With `Z`, because a `+` in a query string means a space.
            Self::Instant(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Local(time) => {
                // As inputs of browsers write it: without seconds if they are zero.
                let text = format!("{time:?}");
                let whole_minute = text.strip_suffix(":00").filter(|_| text.len() == "2025-12-01T08:30:00".len());
                f.write_str(whole_minute.unwrap_or(&text))
            }
            Self::Relative(date) => date.fmt(f),
        }
    }
}

/// A range of time. A day is included completely at both ends. An instant is inclusive as start and exclusive as end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateRange {
    start: Option<DateBound>,
    end: Option<DateBound>,
}

impl DateRange {
    /// Creates a range. Other ends than two days or two instants can be compared only with a time zone and a clock, so the
    /// server checks such a range later.
    ///
    /// # Errors
    /// Returns `invalid_parameter` for `start_date` if the start is after the end.
    pub fn new(start: Option<DateBound>, end: Option<DateBound>) -> Result<Self, ApiError> {
        let reversed = match (start, end) {
            (Some(DateBound::Day(start)), Some(DateBound::Day(end))) => start > end,
            (Some(DateBound::Instant(start)), Some(DateBound::Instant(end))) => start > end,
            (Some(DateBound::Local(start)), Some(DateBound::Local(end))) => start > end,
            _ => false,
        };
        let range = Self { start, end };
        if reversed { Err(range.reversed()) } else { Ok(range) }
    }

    /// Returns the error for a range whose start is after its end.
    pub fn reversed(&self) -> ApiError {
        let show = |bound: Option<DateBound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        ApiError::invalid(
            "start_date",
            ParameterMessage::DatesReversed { start: show(self.start), end: show(self.end) },
        )
    }

    /// Returns the first day or instant.
    pub fn start(&self) -> Option<DateBound> {
        self.start
    }

    /// Returns the last day, or the instant before which the range ends.
    pub fn end(&self) -> Option<DateBound> {
        self.end
    }

    /// Returns whether the range depends on when the export begins.
    pub fn is_relative(&self) -> bool {
        [self.start, self.end].iter().any(|bound| matches!(bound, Some(DateBound::Relative(_))))
    }
}

/// The parameters of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportParams {
    /// The range of time.
    pub range: DateRange,
    /// The ids of the cameras, in the given order and without duplicates. Empty means all cameras.
    pub camera_ids: Vec<String>,
    /// The IANA name of the time zone of days and timestamps.
    pub timezone: String,
    /// What separates the cells.
    pub delimiter: Delimiter,
    /// Whether the file begins with a UTF-8 byte-order mark, so that Excel reads it as UTF-8.
    pub bom: bool,
    /// Whether text cells are written without the guard against spreadsheet formulas.
    pub raw: bool,
    /// Whether the first column is local time, which Excel and Calc read as a date.
    pub excel_date: bool,
}

impl Default for ExportParams {
    fn default() -> Self {
        Self {
            range: DateRange::default(),
            camera_ids: Vec::new(),
            timezone: DEFAULT_TIMEZONE.to_owned(),
            delimiter: Delimiter::Comma,
            bom: false,
            raw: false,
            excel_date: false,
        }
    }
}

impl ExportParams {
    /// Parses the query string of a URL. An empty value counts as missing, because an HTML form sends that for an empty field.
    ///
    /// # Errors
    /// Returns `invalid_parameter` with the name of the parameter and the expected values.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut start = None;
        let mut end = None;
        let mut format = None;
        let mut timezone = None;
        let mut delimiter = None;
        let mut bom = None;
        let mut raw = None;
        let mut excel_date = None;
        let mut camera_ids: Vec<String> = Vec::new();
        let mut known_ids = HashSet::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "start_date" => &mut start,
                "end_date" => &mut end,
                "format" => &mut format,
                "timezone" => &mut timezone,
                "delimiter" => &mut delimiter,
                "bom" => &mut bom,
                "raw" => &mut raw,
                "excel_date" => &mut excel_date,
                "camera_id" => {
                    if !value.is_empty() && known_ids.insert(value.clone()) {
                        camera_ids.push(value.into_owned());
                    }
                    continue;
                }
                unknown => {
                    let allowed = PARAMETERS.join(", ");
                    return Err(ApiError::invalid(unknown, ParameterMessage::UnknownParameter { allowed }));
                }
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(ApiError::invalid(&name, ParameterMessage::GivenTwice));
            }
        }
        let given = |value: Option<String>| value.filter(|text| !text.is_empty());
        if let Some(value) = given(format).filter(|format| format != "csv") {
            return Err(ApiError::invalid("format", ParameterMessage::FormatNotOffered { value }));
        }
        let bound = |field, value| given(value).map(|text| DateBound::parse(field, &text)).transpose();
        let flag = |field, value| given(value).map_or(Ok(false), |text| parse_flag(field, &text));
        Ok(Self {
            range: DateRange::new(bound("start_date", start)?, bound("end_date", end)?)?,
            camera_ids,
            timezone: given(timezone).unwrap_or_else(|| DEFAULT_TIMEZONE.to_owned()),
            delimiter: given(delimiter).map_or(Ok(Delimiter::Comma), |text| Delimiter::parse(&text))?,
            bom: flag("bom", bom)?,
            raw: flag("raw", raw)?,
            excel_date: flag("excel_date", excel_date)?,
        })
    }

    /// Parses the query string of the export's page, which supports no instants, only times to the second, and only guarded
    /// cells.
    ///
    /// # Errors
    /// Returns the errors of [`ExportParams::parse`], and `invalid_parameter` for a value that the page cannot show.
    pub fn parse_for_page(query: &str) -> Result<Self, ApiError> {
        let params = Self::parse(query)?;
        let cannot_be_shown = |bound: Option<DateBound>| match bound {
            Some(DateBound::Instant(_)) => true,
            Some(DateBound::Local(time)) => time.nanosecond() != 0,
            Some(DateBound::Day(_) | DateBound::Relative(_)) | None => false,
        };
        let field = if cannot_be_shown(params.range.start) {
            "start_date"
        } else if cannot_be_shown(params.range.end) {
            "end_date"
        } else if params.raw {
            "raw"
        } else {
            return Ok(params);
        };
        Err(ApiError::invalid(field, ParameterMessage::NotOnThePage))
    }

    /// Returns the error for an unknown time zone.
    pub fn no_such_timezone(name: &str) -> ApiError {
        ApiError::invalid("timezone", ParameterMessage::NoSuchTimezone { timezone: name.to_owned() })
    }

    /// Returns the query string that [`ExportParams::parse`] parses into the same parameters.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("format", "csv");
        for (name, bound) in [("start_date", self.range.start), ("end_date", self.range.end)] {
            if let Some(bound) = bound {
                query.append_pair(name, &bound.to_string());
            }
        }
        for camera_id in &self.camera_ids {
            query.append_pair("camera_id", camera_id);
        }
        query.append_pair("timezone", &self.timezone);
        if self.delimiter != Delimiter::default() {
            query.append_pair("delimiter", self.delimiter.as_str());
        }
        for (name, on) in [("bom", self.bom), ("raw", self.raw), ("excel_date", self.excel_date)] {
            if on {
                query.append_pair(name, "true");
            }
        }
        query.finish()
    }

    /// Returns the URL of the export, without scheme and host.
    pub fn to_url(&self) -> String {
        format!("{EXPORT_PATH}?{}", self.to_query())
    }
}

/// Returns the name of the file for a range of local days.
pub fn file_name(start: Option<NaiveDate>, end: Option<NaiveDate>) -> String {
    match (start.as_ref().map(ToString::to_string), end.as_ref().map(ToString::to_string)) {
        (None, None) => "motion-events-all.csv".to_owned(),
        (Some(start), None) => format!("motion-events-{start}-latest.csv"),
        (None, Some(end)) => format!("motion-events-earliest-{end}.csv"),
        (Some(start), Some(end)) => format!("motion-events-{start}-{end}.csv"),
    }
}

/// The days in the name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileDays {
    /// The first day; `None` if the file begins with the first event.
    pub first: Option<NaiveDate>,
    /// The last day; `None` if the file ends with the last event.
    pub last: Option<NaiveDate>,
}

impl FileDays {
    /// Returns the days in a name that [`file_name`] returned, also with what browsers and people add to it:
    /// `motion-events-2025-12-01-latest (1).csv`. `None` for another name.
    pub fn of(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("motion-events-")?;
        let day = |text: &str| parse_day(text.get(..10)?);
        if rest.starts_with("all") {
            Some(Self { first: None, last: None })
        } else if let Some(last) = rest.strip_prefix("earliest-") {
            Some(Self { first: None, last: Some(day(last)?) })
        } else {
            let last = rest.get(10..)?.strip_prefix('-')?;
            let last = if last.starts_with("latest") { None } else { Some(day(last)?) };
            Some(Self { first: Some(day(rest)?), last })
        }
    }
}

#[cfg(test)]
mod tests;
