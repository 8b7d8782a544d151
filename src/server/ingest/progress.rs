//! The progress bar of an import. It is shown on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// Returns a bar for a number of events.
pub fn of_events(total: u64) -> ProgressBar {
    bar(total, "{bar:30} {human_pos} of {human_len} events, {eta} left")
}

/// Returns a bar for a number of bytes.
pub fn of_bytes(total: u64) -> ProgressBar {
    bar(total, "{bar:30} {bytes} of {total_bytes}, {eta} left")
}

fn bar(total: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}
