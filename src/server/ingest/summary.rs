//! The summary of an import: the numbers of imported, known and skipped events, and of repaired values, with reasons.

use std::collections::BTreeMap;
use std::fmt;

use crate::messages::Message;
use crate::messages::import::ImportFinding;

pub mod progress;

/// The maximum length of a value in a summary, in characters.
const MAX_EXAMPLE: usize = 60;

/// The summary of one import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events written.
    pub imported: u64,
    /// Events that were in the database before.
    pub already_there: u64,
    /// Events that are not to be imported, by reason.
    pub left_out: BTreeMap<ImportFinding, Finding>,
    /// Events that could not be imported, by reason.
    pub skipped: BTreeMap<ImportFinding, Finding>,
    /// Values that were changed on import, by reason.
    pub repaired: BTreeMap<ImportFinding, Finding>,
    /// Cameras that are new.
    pub cameras_new: u64,
    /// Cameras that were renamed.
    pub cameras_renamed: u64,
    /// Cameras that were there already.
    pub cameras_already_there: u64,
}

/// The number of values with the same finding, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The number of values.
    pub count: u64,
    /// The first value, shortened, without control characters.
    pub first: Option<String>,
}

impl Finding {
    fn add(&mut self, count: u64, value: Option<&str>) {
        self.count += count;
        if self.first.is_none() {
            self.first = value.map(excerpt);
        }
    }
}

impl Summary {
    /// Counts a repaired value.
    pub fn repair(&mut self, reason: ImportFinding, value: Option<&str>) {
        self.repaired.entry(reason).or_default().add(1, value);
    }

    /// Counts an event that is not to be imported.
    pub fn leave_out(&mut self, reason: ImportFinding, value: Option<&str>) {
        self.left_out.entry(reason).or_default().add(1, value);
    }

    /// Counts events that could not be imported.
    pub fn skip(&mut self, reason: ImportFinding, count: u64, value: Option<&str>) {
        self.skipped.entry(reason).or_default().add(count, value);
    }

    /// Returns how many events could not be imported.
    pub fn skipped_events(&self) -> u64 {
        total(&self.skipped)
    }

    /// Returns whether there were events, and none of them is in the database now.
    pub fn all_skipped(&self) -> bool {
        self.imported == 0 && self.already_there == 0 && self.skipped_events() > 0
    }
}

fn total(findings: &BTreeMap<ImportFinding, Finding>) -> u64 {
    findings.values().map(|finding| finding.count).sum()
}

/// Returns the beginning of a value, on one line, for a summary or an error.
pub fn excerpt(value: &str) -> String {
    let mut characters = value.chars();
    let mut shown = String::new();
    for character in characters.by_ref().take(MAX_EXAMPLE) {
        match character {
            '"' | '\'' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (skipped, repaired) = (total(&self.skipped), total(&self.repaired));
        write!(f, "events    {:>9} imported, {} already there", self.imported, self.already_there)?;
        if !self.left_out.is_empty() {
            write!(f, ", {} left out", total(&self.left_out))?;
        }
        writeln!(f, ", {skipped} skipped")?;
        writeln!(
            f,
            "cameras   {:>9} new, {} renamed, {} already there",
            self.cameras_new, self.cameras_renamed, self.cameras_already_there
        )?;
        writeln!(f, "repaired  {repaired:>9} values among the events read")?;
        for (findings, kind) in [(&self.repaired, "repaired"), (&self.left_out, "left out"), (&self.skipped, "skipped")]
        {
            for (reason, Finding { count, first }) in findings {
                write!(f, "          {count:>9} {kind}: {}", Message::from(reason).text)?;
                match first {
                    Some(first) => writeln!(f, "; the first: “{first}”")?,
                    None => writeln!(f)?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_has_no_control_characters() {
        assert_eq!(excerpt("last tuesday"), "last tuesday");
        assert_eq!(excerpt(r#"{"x": 1, 'y'"#), r#"{"x": 1, 'y'"#);
        assert_eq!(excerpt("\u{1b}[31m\0\r\n\u{202e}x"), r"\u{1b}[31m\0\r\n\u{202e}x");
        assert_eq!(excerpt(&"ü".repeat(61)), format!("{}…", "ü".repeat(60)));
    }

    #[test]
    fn the_first_value_of_each_kind_is_shown() {
        let mut summary = Summary::default();
        for value in ["one", "two"] {
            summary.skip(ImportFinding::TimeUnreadable, 1, Some(value));
            summary.repair(ImportFinding::BoxUnreadable, Some(value));
        }
        summary.repair(ImportFinding::IdMissing, None);
        let text = summary.to_string();
        assert!(text.contains(" already there, 2 skipped\n"), "{text}");
        assert!(text.contains("2 skipped: its time cannot be read; the first: “one”\n"), "{text}");
        assert!(
            text.contains(
                "2 repaired: bounding box that cannot be read; the event is kept without one; the first: “one”\n"
            ),
            "{text}"
        );
        assert!(text.contains("1 repaired: event without an id; one was derived from its contents\n"), "{text}");
        assert!(summary.all_skipped());
        assert!(!Summary { already_there: 1, ..summary }.all_skipped());
        assert!(!Summary::default().all_skipped(), "there were no events");
        let mut open = Summary::default();
        open.leave_out(ImportFinding::NotEnded, Some("a"));
        let text = open.to_string();
        assert!(text.contains(", 1 left out, 0 skipped\n"), "{text}");
        assert!(
            text.contains("1 left out: event that has not ended; an import after its end adds it; the first: “a”\n"),
            "{text}"
        );
        assert!(!open.all_skipped(), "none of its events could have been imported");
    }
}
