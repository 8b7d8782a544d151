//! How far an export is, in words.

use crate::api::language::Language;

/// How much of a file has arrived, and after how long.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Bytes of it.
    pub bytes: u64,
    /// Events in it.
    pub rows: u64,
    /// Milliseconds since it was asked for.
    pub milliseconds: f64,
}

/// How many parts a whole has.
pub const WHOLE: u64 = 1_000;

/// Until so much time has gone by, there is no telling how fast it is.
const TELLING_MILLISECONDS: f64 = 500.0;

impl Progress {
    /// Which part of so many events there is, from 0 to [`WHOLE`].
    pub fn part(&self, total: u64) -> u64 {
        (self.rows.saturating_mul(WHOLE)).checked_div(total).unwrap_or_default().min(WHOLE)
    }

    /// In words: of how many events, where that is known, how fast, and for how long yet.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rough figure"
    )]
    pub fn told(&self, total: Option<u64>, language: Language) -> String {
        let words = language.export();
        let total = total.filter(|total| *total > 0);
        let bytes = language.bytes(self.bytes);
        let mut told = match total {
            Some(total) => vec![(words.of_events)(self.rows, total), bytes],
            None => vec![language.events(self.rows), (words.so_far)(&bytes)],
        };
        if self.milliseconds >= TELLING_MILLISECONDS && self.rows > 0 {
            let a_second = self.rows as f64 / self.milliseconds * 1_000.0;
            told.push((words.a_second)(&language.count(a_second as u64)));
            if let Some(left) = total.and_then(|total| total.checked_sub(self.rows)).filter(|left| *left > 0) {
                told.push((words.left)(&language.seconds((left as f64 / a_second).ceil() as u64)));
            }
        }
        told.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_with_what_is_known_of_it() {
        let progress = |rows, milliseconds| Progress { bytes: rows * 80, rows, milliseconds };
        for (progress, total, told) in [
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
            // Events that came after they were counted.
            (progress(101, 1_000.0), Some(100), "101 of 100 events, 8.1 kB, 101 a second"),
            (progress(3, 1_000.0), Some(0), "3 events, 240 bytes so far, 3 a second"),
        ] {
            assert_eq!(progress.told(total, Language::English), told);
        }
    }

    #[test]
    fn a_part_is_never_more_than_all() {
        let progress = Progress { bytes: 0, rows: 5, milliseconds: 0.0 };
        assert_eq!((progress.part(10), progress.part(4), progress.part(0)), (500, 1_000, 0));
    }
}
