//! The time zone of the reader of a page.

use crate::api::exports::ExportRecord;
use crate::export_params::DEFAULT_TIMEZONE;
use crate::server::export::timezone::{TimeZone, names};

/// Returns the canonical name of the browser's time zone, or UTC if it is unknown. Browsers name some by aliases.
pub fn own_timezone(browser_timezone: Option<&str>) -> &str {
    browser_timezone.filter(|name| TimeZone::parse(name).is_ok()).map_or(DEFAULT_TIMEZONE, names::canonical)
}

/// Moves the times of a record to a time zone.
pub fn localize(record: &mut ExportRecord, zone: TimeZone) {
    record.started_at = zone.local(&record.started_at);
    for moment in [&mut record.finished_at, &mut record.complete_to, &mut record.deleted_to].into_iter().flatten() {
        *moment = zone.local(moment);
    }
}
