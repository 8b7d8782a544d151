//! Dates: calendar and periods to choose from.

pub mod calendar;
pub mod calendar_dialog;
pub mod date_preset;
