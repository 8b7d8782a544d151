//! Live sources, as the server that follows them has recorded them.

use super::Finding;
use crate::server::db::clock::second;
use crate::server::db::pool::Pool;
use crate::server::ingest::live::source_state::{self, State, Stored};
use crate::server::settings::Settings;
use crate::server::stored_message;

/// Checks the sources of the settings, and those that only the database has.
pub async fn check(settings: &Settings, database: Option<Pool>) -> Vec<Finding> {
    let Some(database) = database else { return Vec::new() };
    let stored = source_state::list(&database).await;
    let _ = database.close().await;
    let stored = match stored {
        Ok(stored) => stored,
        Err(error) => return vec![Finding::failed("sources", &error.into())],
    };
    let mut findings = Vec::new();
    for name in settings.source.keys() {
        findings.push(match stored.iter().find(|stored| stored.source.name == *name) {
            Some(stored) => of_source(stored),
            None => Finding::warning(
                "source",
                format!("{name} was never followed"),
                format!("Start the server, or try the source: motion-export source test {name}"),
            ),
        });
    }
    for Stored { source, .. } in stored.iter().filter(|stored| !settings.source.contains_key(&stored.source.name)) {
        let name = &source.name;
        findings.push(Finding::warning(
            "source",
            format!("{name} is in the database, but not in the settings, so it is not followed"),
            format!("Add [source.{name}] to the settings, or: motion-export source forget {name}"),
        ));
    }
    findings
}

fn of_source(Stored { source, .. }: &Stored) -> Finding {
    let name = &source.name;
    let contact = source.last_contact_at.map_or_else(|| "never".to_owned(), second);
    if let Some(State::Live | State::CatchingUp) = State::of(&source.state) {
        return Finding::ok("source", format!("{name}: {}, last contact {contact}", source.state));
    }
    let error = source.error.as_deref().map_or_else(String::new, |error| stored_message::read(error).text);
    Finding::error(
        "source",
        format!("{name}: {}, last contact {contact}: {error}", source.state),
        format!("Try it: motion-export source test {name}"),
    )
}
