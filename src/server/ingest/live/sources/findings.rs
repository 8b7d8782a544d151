//! Says of one event of a source what an import says of many.

use std::collections::BTreeMap;

use crate::messages::import::ImportFinding;
use crate::messages::sources::SourceMessage;
use crate::server::ingest::summary::{Finding, Summary};

/// Returns the reasons of the findings.
pub fn reasons(findings: &BTreeMap<ImportFinding, Finding>) -> Vec<SourceMessage> {
    findings.keys().map(|finding| reason(*finding)).collect()
}

/// Returns why the event of this summary is left out.
pub fn why_left_out(summary: &Summary) -> SourceMessage {
    let mut why = reasons(&summary.skipped).into_iter().chain(reasons(&summary.left_out));
    why.next().unwrap_or(SourceMessage::ValueNotAccepted)
}

fn reason(finding: ImportFinding) -> SourceMessage {
    match finding {
        ImportFinding::FalsePositive => SourceMessage::FalsePositive,
        ImportFinding::CameraMissing => SourceMessage::EventWithoutCamera,
        ImportFinding::StartTimeUnreadable | ImportFinding::TimeUnreadable => SourceMessage::TimeUnreadable,
        ImportFinding::TimeOfStart => SourceMessage::TimeOfStart,
        ImportFinding::DataUnreadable => SourceMessage::DataUnreadable,
        ImportFinding::ConfidenceUnreadable => SourceMessage::ConfidenceUnreadable,
        ImportFinding::ZonesUnreadable => SourceMessage::ZonesUnreadable,
        ImportFinding::LabelMissing => SourceMessage::LabelMissing,
        ImportFinding::BoxUnreadable => SourceMessage::BoxUnreadable,
        ImportFinding::BoxWithoutSize => SourceMessage::BoxWithoutSize,
        ImportFinding::BoxNotWhole => SourceMessage::BoxNotWhole,
        _ => SourceMessage::OtherReason,
    }
}
