//! The texts of the pages in each language. Each part of the pages has a structure of texts with one value per language, so
//! that a missing text does not compile. The API and the log are in English only.
//! [`crate::ui::format`] formats numbers, sizes and times.

mod cameras;
mod copying;
mod done;
pub mod export;
mod forms;
mod history;
mod layout;
mod preferences;
mod problem;
mod record;
mod sheet;
pub mod timezones;
mod tls;
mod verify;
