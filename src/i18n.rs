//! All words that people read on the pages, in each language: one structure of words for each part of the pages, of which
//! every language has a value, so that a word that is missing does not compile. What the API and the log say is English.
//! Numbers, sizes and times are in [`crate::ui::format`].

mod cameras;
mod copying;
mod done;
pub mod export;
mod forms;
mod history;
mod layout;
mod preferences;
mod problem;
mod verify;
