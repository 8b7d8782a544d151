//! The progress of an import: shown as a bar on a terminal, or read by the page that has uploaded the file.

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of one import. Cheap to clone: all clones are the same.
#[derive(Clone, Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Returns a progress that is shown on the terminal, if there is one.
    pub fn on_terminal() -> Self {
        Self(ProgressBar::new(0))
    }

    /// Returns a progress that is not shown.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Begins with a number of events.
    pub fn begin_events(&self, total: u64) {
        self.begin(total, "{bar:30} {human_pos} of {human_len} events, {eta} left");
    }

    /// Begins with a number of bytes.
    pub fn begin_bytes(&self, total: u64) {
        self.begin(total, "{bar:30} {bytes} of {total_bytes}, {eta} left");
    }

    fn begin(&self, total: u64, template: &str) {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.0.set_style(style);
        self.0.set_length(total);
    }

    /// Adds to what is done.
    pub fn add(&self, done: u64) {
        self.0.inc(done);
    }

    /// Sets what is done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Removes the bar.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }

    /// Returns how much is done, in percent; `None` before the total is known.
    pub fn percent(&self) -> Option<u8> {
        let total = self.0.length().filter(|total| *total > 0)?;
        u8::try_from(u128::from(self.0.position().min(total)) * 100 / u128::from(total)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_of_the_total_and_never_above_it() {
        let progress = Progress::hidden();
        assert_eq!(progress.percent(), None);
        progress.begin_events(3);
        assert_eq!(progress.percent(), Some(0));
        progress.clone().add(2);
        assert_eq!(progress.percent(), Some(66));
        progress.set(4);
        assert_eq!(progress.percent(), Some(100));
        progress.begin_bytes(u64::MAX);
        progress.set(u64::MAX);
        assert_eq!(progress.percent(), Some(100));
    }
}
