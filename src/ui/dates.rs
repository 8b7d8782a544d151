//! Selecting dates: presets and a calendar.

pub mod calendar;
pub mod calendar_dialog;
pub mod calendar_state;
pub mod date_preset;
pub mod shown_date;
