//! What an export is asked for: [`ExportParams`], parsed and validated once, and the same on both sides of the wire.
//! It knows nobody: no database, no browser, no time zone data (that is the server's, in `server::export::timezone`).

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

use crate::error::ApiError;
use crate::messages::parameters::ParameterMessage;

/// Where an export is fetched from.
pub const EXPORT_PATH: &str = "/api/v1/motion-events/export";

/// The columns of the CSV, in their order. Source: the specification's "CSV Output Schema".
pub const COLUMNS: [&str; 10] =
    ["timestamp", "camera_id", "camera_name", "confidence", "algorithm", "x", "y", "width", "height", "zone_id"];

/// The column that `excel_date=true` puts before [`COLUMNS`]: local time as spreadsheets read it, `2025-12-15 10:30:00`.
pub const LOCAL_TIME: &str = "local_time";

/// The columns of a file, in their order.
pub fn columns(excel_date: bool) -> impl Iterator<Item = &'static str> {
    excel_date.then_some(LOCAL_TIME).into_iter().chain(COLUMNS)
}

/// The parameters of the export's URL.
pub const PARAMETERS: [&str; 8] =
    ["format", "start_date", "end_date", "camera_id", "timezone", "bom", "raw", "excel_date"];

/// What Excel needs at the beginning of a file to read it as UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The time zone that an export is written in when none is asked for.
pub const DEFAULT_TIMEZONE: &str = "UTC";

fn looks_like_a_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// Whether a parameter is `true`, or `false`.
///
/// # Errors
/// `invalid_parameter`, naming the parameter, where it is neither.
pub fn parse_flag(field: &str, text: &str) -> Result<bool, ApiError> {
    match text {
        "false" => Ok(false),
        "true" => Ok(true),
        other => Err(ApiError::invalid(field, ParameterMessage::FlagExpected { value: other.to_owned() })),
    }
}

/// The day that `YYYY-MM-DD` names, if it is one. (What chrono parses with knows all formats, and is as large as the
/// calendar of the page.)
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
    let year = looks_like_a_day(text).then(|| text[..4].parse().ok())??;
    NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)
}

/// One end of a date range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateBound {
    /// A whole local day in the export's time zone.
    Day(NaiveDate),
    /// A moment, whatever the time zone.
    Instant(DateTime<Utc>),
}

impl DateBound {
    /// Parses `YYYY-MM-DD` or an RFC 3339 instant. `field` names the parameter in the error.
    ///
    /// # Errors
    /// `invalid_parameter` where the text is neither, or no day of the years 0001 to 9999.
    pub fn parse(field: &str, text: &str) -> Result<Self, ApiError> {
        let looks_like_a_day = looks_like_a_day(text);
        let bound = if looks_like_a_day {
            parse_day(text).map(Self::Day)
        } else {
            DateTime::parse_from_rfc3339(text).ok().map(|instant| Self::Instant(instant.to_utc()))
        };
        let year = |bound: &Self| match bound {
            Self::Day(day) => day.year(),
            Self::Instant(instant) => instant.year(),
        };
        bound.filter(|bound| (1..=9999).contains(&year(bound))).ok_or_else(|| {
            let value = text.to_owned();
            let message = if looks_like_a_day {
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
            // `Z`, because a `+` in a query string reads as a space.
            Self::Instant(instant) => f.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

/// From when to when. A day counts whole at both ends; an instant is inclusive as a start, exclusive as an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateRange {
    start: Option<DateBound>,
    end: Option<DateBound>,
}

impl DateRange {
    /// A range whose start is not after its end, as far as that can be told without a time zone. A day against an
    /// instant is compared on the server, which knows the zone.
    ///
    /// # Errors
    /// `invalid_parameter` for `start_date` where the start is after the end.
    pub fn new(start: Option<DateBound>, end: Option<DateBound>) -> Result<Self, ApiError> {
        let reversed = match (start, end) {
            (Some(DateBound::Day(start)), Some(DateBound::Day(end))) => start > end,
            (Some(DateBound::Instant(start)), Some(DateBound::Instant(end))) => start > end,
            _ => false,
        };
        let range = Self { start, end };
        if reversed { Err(range.reversed()) } else { Ok(range) }
    }

    /// The error that says that this range ends before it begins.
    pub fn reversed(&self) -> ApiError {
        let show = |bound: Option<DateBound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        ApiError::invalid(
            "start_date",
            ParameterMessage::DatesReversed { start: show(self.start), end: show(self.end) },
        )
    }

    /// The first day or moment, where there is one.
    pub fn start(&self) -> Option<DateBound> {
        self.start
    }

    /// The last day, or the moment before which the range ends, where there is one.
    pub fn end(&self) -> Option<DateBound> {
        self.end
    }
}

/// Everything that an export can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportParams {
    /// From when to when.
    pub range: DateRange,
    /// Which cameras, in the order asked for and without repetition; none means all.
    pub camera_ids: Vec<String>,
    /// IANA name of the zone that days are counted and timestamps written in.
    pub timezone: String,
    /// Put a UTF-8 byte-order mark first, so that Excel reads the file as UTF-8.
    pub bom: bool,
    /// Write text cells as they are, without the guard against spreadsheet formulas.
    pub raw: bool,
    /// Put a first column of local time before the others, which Excel and Calc read as a date.
    pub excel_date: bool,
}

impl Default for ExportParams {
    fn default() -> Self {
        Self {
            range: DateRange::default(),
            camera_ids: Vec::new(),
            timezone: DEFAULT_TIMEZONE.to_owned(),
            bom: false,
            raw: false,
            excel_date: false,
        }
    }
}

impl ExportParams {
    /// Parses a URL's query string. An empty value counts as missing, because that is what an HTML form sends for a
    /// field that was left alone.
    ///
    /// # Errors
    /// `invalid_parameter`, naming the parameter and what would be right.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut start = None;
        let mut end = None;
        let mut format = None;
        let mut timezone = None;
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
            bom: flag("bom", bom)?,
            raw: flag("raw", raw)?,
            excel_date: flag("excel_date", excel_date)?,
        })
    }

    /// Parses the query string of the export's page, which selects whole days and writes guarded cells.
    ///
    /// # Errors
    /// Those of [`ExportParams::parse`]; `invalid_parameter` for what the page cannot show.
    pub fn parse_for_page(query: &str) -> Result<Self, ApiError> {
        let params = Self::parse(query)?;
        let is_moment = |bound: Option<DateBound>| matches!(bound, Some(DateBound::Instant(_)));
        let field = if is_moment(params.range.start) {
            "start_date"
        } else if is_moment(params.range.end) {
            "end_date"
        } else if params.raw {
            "raw"
        } else {
            return Ok(params);
        };
        Err(ApiError::invalid(field, ParameterMessage::NotOnThePage))
    }

    /// What is wrong with a time zone of that name, which there is not.
    pub fn no_such_timezone(name: &str) -> ApiError {
        ApiError::invalid("timezone", ParameterMessage::NoSuchTimezone { timezone: name.to_owned() })
    }

    /// The query string that [`ExportParams::parse`] reads back as this.
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
        for (name, on) in [("bom", self.bom), ("raw", self.raw), ("excel_date", self.excel_date)] {
            if on {
                query.append_pair(name, "true");
            }
        }
        query.finish()
    }

    /// The URL of this export, without scheme and host.
    pub fn to_url(&self) -> String {
        format!("{EXPORT_PATH}?{}", self.to_query())
    }
}

/// The name of the file, from the local days of its ends.
pub fn file_name(start: Option<NaiveDate>, end: Option<NaiveDate>) -> String {
    match (start.as_ref().map(ToString::to_string), end.as_ref().map(ToString::to_string)) {
        (None, None) => "motion-events-all.csv".to_owned(),
        (Some(start), None) => format!("motion-events-{start}-latest.csv"),
        (None, Some(end)) => format!("motion-events-earliest-{end}.csv"),
        (Some(start), Some(end)) => format!("motion-events-{start}-{end}.csv"),
    }
}

#[cfg(test)]
mod tests;
