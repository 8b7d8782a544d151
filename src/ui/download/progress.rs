//! The progress of an export.

use crate::api::language::Language;

/// How much of a file has arrived, and in what time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Bytes.
    pub bytes: u64,
    /// Events.
    pub rows: u64,
    /// Milliseconds since the request.
    pub milliseconds: f64,
    /// Seconds since the last bytes.
    pub idle_seconds: u64,
    /// Whether the transfer has ended, and the server is asked whether the file is complete.
    pub is_checking: bool,
}

/// The maximum of the progress bar.
pub const PROGRESS_MAX: u64 = 1_000;

/// Before that time has passed, the rate is not shown, because it would be mostly noise.
const MIN_RATE_MILLISECONDS: f64 = 500.0;

/// After that time without bytes, the text says so in place of the rate and the remaining time.
const STALL_SECONDS: u64 = 3;

impl Progress {
    /// Returns how much of `total` events has arrived, from 0 to [`PROGRESS_MAX`].
    pub fn fraction(&self, total: u64) -> u64 {
        (self.rows.saturating_mul(PROGRESS_MAX)).checked_div(total).unwrap_or_default().min(PROGRESS_MAX)
    }

    /// Returns the progress as text: events, bytes, and after a while the rate and the remaining time, or how long no data
    /// has arrived. The total and the remaining time are left out if the total is unknown.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rough figure"
    )]
    pub fn message(&self, total: Option<u64>, language: Language) -> String {
        let texts = language.export();
        if self.is_checking {
            return texts.checking.to_owned();
        }
        let total = total.filter(|total| *total > 0);
        let bytes = language.bytes(self.bytes);
        let mut parts = match total {
            Some(total) => vec![(texts.of_events)(self.rows, total), bytes],
            None => vec![language.events(self.rows), (texts.so_far)(&bytes)],
        };
        if self.idle_seconds >= STALL_SECONDS {
            parts.push((texts.no_data_for)(&language.seconds(self.idle_seconds)));
        } else if self.milliseconds >= MIN_RATE_MILLISECONDS && self.rows > 0 {
            let per_second = self.rows as f64 / self.milliseconds * 1_000.0;
            parts.push((texts.per_second)(&language.count(per_second as u64)));
            if let Some(left) = total.and_then(|total| total.checked_sub(self.rows)).filter(|left| *left > 0) {
                parts.push((texts.left)(&language.seconds((left as f64 / per_second).ceil() as u64)));
            }
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_shows_what_is_known() {
        let progress = |rows, milliseconds| Progress { bytes: rows * 80, rows, milliseconds, ..Progress::default() };
        for (progress, total, message) in [
            (progress(0, 0.0), None, "0 events, 0 bytes so far"),
            (progress(0, 9_000.0), Some(10), "0 of 10 events, 0 bytes"),
            (progress(1, 9.0), Some(1), "1 of 1 event, 80 bytes"),
            (progress(1, 9.0), None, "1 event, 80 bytes so far"),
            (progress(2_000, 400.0), Some(100_000), "2,000 of 100,000 events, 160.0 kB"),
            (
                progress(50_000, 2_000.0),
                Some(100_000),
                "50,000 of 100,000 events, 4.0 MB, 25,000 a second, 2 seconds left",
            ),
            (progress(50_000, 2_000.0), None, "50,000 events, 4.0 MB so far, 25,000 a second"),
            (
                Progress { idle_seconds: 2, ..progress(50_000, 2_000.0) },
                Some(100_000),
                "50,000 of 100,000 events, 4.0 MB, 25,000 a second, 2 seconds left",
            ),
            (
                Progress { idle_seconds: 3, ..progress(50_000, 2_000.0) },
                Some(100_000),
                "50,000 of 100,000 events, 4.0 MB, no data for 3 seconds",
            ),
            (
                Progress { idle_seconds: 95, ..progress(0, 0.0) },
                None,
                "0 events, 0 bytes so far, no data for 2 minutes",
            ),
            (Progress { is_checking: true, ..progress(9, 0.0) }, Some(9), "Checking with the server…"),
            // Events that were stored after the count.
            (progress(101, 1_000.0), Some(100), "101 of 100 events, 8.1 kB, 101 a second"),
            (progress(3, 1_000.0), Some(0), "3 events, 240 bytes so far, 3 a second"),
        ] {
            assert_eq!(progress.message(total, Language::English), message);
        }
    }

    #[test]
    fn the_fraction_is_never_more_than_the_maximum() {
        let progress = Progress { rows: 5, ..Progress::default() };
        assert_eq!((progress.fraction(10), progress.fraction(4), progress.fraction(0)), (500, 1_000, 0));
    }
}
