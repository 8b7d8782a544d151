//! Decides how much time the next window of an export covers, so that it has a few pages of events. No I/O.
//!
//! What is known of the density comes from the windows before. A guess may be wrong: a window with more events ends after
//! its pages, and the rest of it becomes another window. After a window without events, nothing is guessed: an index finds the
//! next event at once, however far away it is.

/// How much longer than the window before a window may be, at most. A quiet hour may be followed by a busy one.
const MAX_GROWTH: u64 = 4;

/// The length of the next window, from what was read before.
#[derive(Clone, Copy, Debug)]
pub struct WindowPlan {
    /// The size that the lines of a window should have, in bytes.
    target_bytes: u64,
    next: NextWindow,
}

/// The next window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextWindow {
    /// No event was read yet.
    First,
    /// The last window had no events, so the next one has no end.
    Endless,
    /// It has this length in microseconds, at least 1.
    Of(i64),
}

impl WindowPlan {
    /// Creates a plan for windows of about `target_bytes` bytes of lines.
    pub fn new(target_bytes: usize) -> Self {
        Self { target_bytes: target_bytes as u64, next: NextWindow::First }
    }

    /// Returns the next window.
    pub fn next(&self) -> NextWindow {
        self.next
    }

    /// Notes that the events of `micros` microseconds took `bytes` bytes.
    pub fn window_read(&mut self, micros: i64, bytes: u64) {
        let Ok(covered) = u64::try_from(micros.max(1)) else { return };
        if bytes == 0 {
            self.next = NextWindow::Endless;
            return;
        }
        let bytes = bytes.max(self.target_bytes / MAX_GROWTH);
        let next = u128::from(covered) * u128::from(self.target_bytes) / u128::from(bytes);
        self.next = NextWindow::Of(i64::try_from(next).unwrap_or(i64::MAX).max(1));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_known_before_events_were_read() {
        assert_eq!(WindowPlan::new(1_000).next(), NextWindow::First);
    }

    #[test]
    fn the_next_window_has_the_target_size_if_the_density_stays() {
        let mut plan = WindowPlan::new(1_000);
        plan.window_read(60, 500);
        assert_eq!(plan.next(), NextWindow::Of(120));
        plan.window_read(120, 2_000);
        assert_eq!(plan.next(), NextWindow::Of(60));
    }

    #[test]
    fn a_window_grows_to_four_times_its_length_at_most() {
        let mut plan = WindowPlan::new(1_000);
        plan.window_read(60, 1);
        assert_eq!(plan.next(), NextWindow::Of(240));
    }

    #[test]
    fn the_window_after_an_empty_one_has_no_end() {
        let mut plan = WindowPlan::new(1_000);
        plan.window_read(60, 0);
        assert_eq!(plan.next(), NextWindow::Endless);
        plan.window_read(600, 1_000);
        assert_eq!(plan.next(), NextWindow::Of(600));
    }

    proptest! {
        #[test]
        fn a_window_is_never_shorter_than_a_microsecond(
            target in 0..usize::MAX,
            windows in proptest::collection::vec((any::<i64>(), any::<u64>()), 1..20),
        ) {
            let mut plan = WindowPlan::new(target);
            for (micros, bytes) in windows {
                plan.window_read(micros, bytes);
                let next = plan.next();
                prop_assert!(matches!(next, NextWindow::Endless | NextWindow::Of(1..)), "{:?}", next);
            }
        }
    }
}
