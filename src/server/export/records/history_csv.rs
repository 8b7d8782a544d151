//! The export history as CSV, by the writer of all CSV. No I/O.

use crate::api::exports::ExportRecord;
use crate::error::ApiError;
use crate::export_params::{BYTE_ORDER_MARK, DateBound, Delimiter, ExportParams, parse_flag};
use crate::messages::parameters::ParameterMessage;
use crate::server::export::csv::{EncodeError, append_line};
use crate::server::export::records::RecordFilter;

/// The columns, in order.
pub const COLUMNS: [&str; 18] = [
    "id",
    "started_at",
    "finished_at",
    "duration_ms",
    "user",
    "via",
    "state",
    "reason",
    "start_date",
    "end_date",
    "camera_id",
    "timezone",
    "rows",
    "bytes",
    "sha256",
    "complete_to",
    "deleted_to",
    "query",
];

/// The parameters: those that select records, without those of a page, and those of the file.
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
    "delimiter",
    "bom",
];

/// Between the ids of several cameras.
const CAMERA_SEPARATOR: &str = "; ";

/// Which records are in the file, and how it is written.
#[derive(Clone, Debug)]
pub struct HistoryCsv {
    /// The records.
    pub filter: RecordFilter,
    delimiter: Delimiter,
    bom: bool,
}

impl HistoryCsv {
    /// Parses a query string. An empty value counts as missing.
    ///
    /// # Errors
    /// Returns `invalid_parameter` with the name of the parameter and what it accepts.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let (mut delimiter, mut bom) = (None, None);
        let mut of_records = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "delimiter" => &mut delimiter,
                "bom" => &mut bom,
                known if PARAMETERS.contains(&known) => {
                    of_records.append_pair(&name, &value);
                    continue;
                }
                unknown => {
                    let allowed = PARAMETERS.join(", ");
                    return Err(ApiError::invalid(unknown, ParameterMessage::UnknownParameter { allowed }));
                }
            };
            if !value.is_empty() && slot.replace(value).is_some() {
                return Err(ApiError::invalid(&name, ParameterMessage::GivenTwice));
            }
        }
        Ok(Self {
            filter: RecordFilter::parse(&of_records.finish())?,
            delimiter: delimiter.map_or(Ok(Delimiter::Comma), |text| Delimiter::parse(&text))?,
            bom: bom.map_or(Ok(false), |text| parse_flag("bom", &text))?,
        })
    }

    /// Returns the beginning of the file: the byte-order mark, if it has one, and the header.
    ///
    /// # Errors
    /// Never: writing to memory does not fail. The csv crate's signature requires a result.
    pub fn head(&self) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = if self.bom { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        append_line(&COLUMNS, self.delimiter, &mut bytes)?;
        Ok(bytes)
    }

    /// Appends the line of a record.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub fn append(&self, record: &ExportRecord, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
        let zone = self.filter.timezone();
        let moment = |text: &Option<String>| text.as_deref().map(|text| zone.local(text)).unwrap_or_default();
        let params = ExportParams::parse(&record.query).ok();
        let bound = |bound: Option<DateBound>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        let cells = [
            record.id.clone(),
            zone.local(&record.started_at),
            moment(&record.finished_at),
            record.duration_ms.map(|duration| duration.to_string()).unwrap_or_default(),
            record.user.clone().unwrap_or_default(),
            record.via.clone(),
            record.state.as_str().to_owned(),
            record.error.clone().unwrap_or_default(),
            bound(params.as_ref().and_then(|params| params.range.start())),
            bound(params.as_ref().and_then(|params| params.range.end())),
            params.as_ref().map(|params| params.camera_ids.join(CAMERA_SEPARATOR)).unwrap_or_default(),
            params.map(|params| params.timezone).unwrap_or_default(),
            record.rows.to_string(),
            record.bytes.to_string(),
            record.sha256.clone().unwrap_or_default(),
            moment(&record.complete_to),
            moment(&record.deleted_to),
            record.query.clone(),
        ];
        append_line(&cells, self.delimiter, bytes)
    }
}

/// Returns the name of the file, for a day.
pub fn file_name(day: chrono::NaiveDate) -> String {
    format!("export-history-{day}.csv")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::exports::State;
    use crate::server::export::records;

    fn record() -> ExportRecord {
        ExportRecord {
            id: "17".to_owned(),
            state: State::Failed,
            user: Some("=ann".to_owned()),
            via: "token".to_owned(),
            query: "format=csv&start_date=2025-12-01&camera_id=a&camera_id=%3Db&timezone=Asia%2FTokyo".to_owned(),
            rows: 1_234,
            bytes: 5_000,
            sha256: None,
            started_at: "2025-12-16T12:00:00.500Z".to_owned(),
            finished_at: Some("2025-12-16T12:00:01.000Z".to_owned()),
            duration_ms: Some(500),
            error: Some("The database failed, and so on.".to_owned()),
            reason: None,
            complete_to: None,
            deleted_to: Some("2025-11-16T12:00:00.000Z".to_owned()),
            cancel_requested: false,
        }
    }

    fn file(query: &str) -> String {
        let csv = HistoryCsv::parse(query).expect("valid");
        let mut bytes = csv.head().expect("encoded");
        csv.append(&record(), &mut bytes).expect("encoded");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_record_is_a_line_with_times_in_the_zone_and_guarded_cells() {
        let text = file("timezone=Europe/Berlin");
        let expected = "17,2025-12-16T13:00:00.500000+01:00,2025-12-16T13:00:01+01:00,500,'=ann,token,failed,\
                        \"The database failed, and so on.\",2025-12-01,,a; =b,Asia/Tokyo,1234,5000,,,\
                        2025-11-16T13:00:00+01:00,\
                        format=csv&start_date=2025-12-01&camera_id=a&camera_id=%3Db&timezone=Asia%2FTokyo\r\n";
        assert_eq!(text, format!("{}\r\n{expected}", COLUMNS.join(",")));
        let semicolons = file("delimiter=semicolon&bom=true");
        assert!(semicolons.starts_with("\u{feff}id;started_at;"), "{semicolons}");
        assert!(semicolons.contains(";The database failed, and so on.;"), "{semicolons}");
        assert!(semicolons.contains(";\"a; =b\";"), "{semicolons}");
    }

    #[test]
    fn parameters_of_pages_and_wrong_values_are_refused_by_name() {
        for (query, field) in [
            ("limit=5", "limit"),
            ("before=1_2", "before"),
            ("state=done", "state"),
            ("delimiter=tab", "delimiter"),
            ("bom=1", "bom"),
            ("bom=true&bom=true", "bom"),
        ] {
            let error = HistoryCsv::parse(query).expect_err("refused");
            assert_eq!(error.field.as_deref(), Some(field), "{query}");
        }
        for name in PARAMETERS {
            assert!(HistoryCsv::parse(&format!("{name}=")).is_ok(), "{name}");
            assert!(["delimiter", "bom"].contains(&name) || records::PARAMETERS.contains(&name), "{name}");
        }
    }
}
