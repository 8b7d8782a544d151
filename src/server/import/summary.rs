//! What an import did, for people: what was taken, what was there already, and what had to be repaired, and why.

use std::collections::BTreeMap;
use std::fmt;

/// The account of one import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events written.
    pub taken: u64,
    /// Events that were in the database before.
    pub already_there: u64,
    /// Events that could not be taken, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Values that were taken in another form than they came in, by reason.
    pub repaired: BTreeMap<&'static str, u64>,
    /// Cameras that are new.
    pub cameras_new: u64,
    /// Cameras that have another name than before.
    pub cameras_renamed: u64,
    /// Cameras that were there already.
    pub cameras_already_there: u64,
}

impl Summary {
    /// Counts a value that was repaired.
    pub fn repair(&mut self, reason: &'static str) {
        *self.repaired.entry(reason).or_default() += 1;
    }

    /// Counts an event that could not be taken.
    pub fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped: u64 = self.skipped.values().sum();
        let repaired: u64 = self.repaired.values().sum();
        writeln!(f, "events    {:>9} taken, {} already there, {skipped} skipped", self.taken, self.already_there)?;
        writeln!(
            f,
            "cameras   {:>9} new, {} renamed, {} already there",
            self.cameras_new, self.cameras_renamed, self.cameras_already_there
        )?;
        writeln!(f, "repaired  {repaired:>9} values among the events read")?;
        for (reasons, what) in [(&self.repaired, "repaired"), (&self.skipped, "skipped")] {
            for (reason, count) in reasons {
                writeln!(f, "          {count:>9} {what}: {reason}")?;
            }
        }
        Ok(())
    }
}
