//! Converts imported texts to a form that both databases store. PostgreSQL does not accept U+0000 in a text. SQLite
//! would store it, and the same file would lead to two different exports.

use super::summary::Summary;
use crate::messages::import::ImportFinding;
use crate::server::ingest::event::Event;

/// Replaces each U+0000 of a text by U+FFFD, and counts the text as repaired.
pub fn storable(text: String, summary: &mut Summary) -> String {
    if !text.contains('\0') {
        return text;
    }
    summary.repair(ImportFinding::NulReplaced, Some(&text));
    text.replace('\0', "\u{fffd}")
}

/// Does this for each text of an event. It must be done before the event is recognized or gets an id from its contents.
pub fn storable_event(event: Event, summary: &mut Summary) -> Event {
    Event {
        camera_id: storable(event.camera_id, summary),
        algorithm: storable(event.algorithm, summary),
        zone_id: event.zone_id.map(|zone| storable(zone, summary)),
        ..event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_becomes_the_replacement_character_and_is_counted_once_per_text() {
        let mut summary = Summary::default();
        assert_eq!(storable("a\0b\0".to_owned(), &mut summary), "a\u{fffd}b\u{fffd}");
        assert_eq!(storable("plain".to_owned(), &mut summary), "plain");
        assert_eq!(summary.repaired[&ImportFinding::NulReplaced].count, 1);
        assert_eq!(summary.repaired[&ImportFinding::NulReplaced].first.as_deref(), Some(r"a\0b\0"));
    }
}
