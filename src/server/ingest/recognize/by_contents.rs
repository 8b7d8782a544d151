//! Recognizes events without ids by their contents.

use std::collections::HashMap;

use sea_orm::DbErr;

use super::{StoredRows, has_events_within};
use crate::server::db::pool::Transaction;
use crate::server::ingest::contents::{Contents, may_lack_box, position_of, without_position};
use crate::server::ingest::event::Event;

/// Recognizes events without ids, which come in order of time, and assigns ids to new ones.
#[derive(Debug, Default)]
pub struct ByContents {
    /// The stored events of the moments that were looked up last.
    known: HashMap<(i64, Contents), Tally>,
    /// The contents of those with a bounding box that another import may lack, by moment and contents without it.
    boxes: HashMap<(i64, Contents), Vec<Contents>>,
    /// The moment of the last event, and the position of the next one at that moment.
    last: Option<(i64, u32)>,
}

/// The events of one moment and the same contents.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// The number of stored events that match no event of the import yet.
    unmatched: u32,
    /// The first position that none of their ids has.
    free_position: u32,
}

impl ByContents {
    /// Returns the events that are not stored, with ids. A later call may continue at the moment at which this one
    /// ends.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn unknown(&mut self, events: Vec<Event>, transaction: &Transaction) -> Result<Vec<Event>, DbErr> {
        let looked_up = self.last.map(|(moment, _)| moment);
        self.known.retain(|(moment, _), _| Some(*moment) == looked_up);
        self.boxes.retain(|(moment, _), _| Some(*moment) == looked_up);
        let mut moments: Vec<i64> = events.iter().map(|event| event.timestamp).collect();
        moments.dedup();
        // Events that this import wrote at that moment must not be matched.
        moments.retain(|moment| Some(*moment) != looked_up);
        if has_events_within(&moments, transaction).await? {
            self.look_up(moments, transaction).await?;
        }
        Ok(events.into_iter().filter_map(|event| self.identify(event)).collect())
    }

    /// Counts the stored events of these moments, which are sorted.
    async fn look_up(&mut self, moments: Vec<i64>, transaction: &Transaction) -> Result<(), DbErr> {
        let mut rows = StoredRows::new(moments);
        loop {
            let Some(query) = rows.next_page() else { return Ok(()) };
            let page = query.into_model::<Event>().all(transaction).await?;
            rows.advance(page.len(), page.last().map(|event| (event.timestamp, event.id)));
            for event in &page {
                self.count(event);
            }
        }
    }

    fn count(&mut self, event: &Event) {
        let contents = Contents::of(event);
        let tally = self.known.entry((event.timestamp, contents)).or_default();
        tally.unmatched += 1;
        if without_position(event.id) == contents.id(0) {
            tally.free_position = tally.free_position.max(position_of(event.id).saturating_add(1));
        }
        if may_lack_box(event)
            && event.x.is_some()
            && let Some(without_box) = Contents::candidates_without_box(event).next()
        {
            self.boxes.entry((event.timestamp, without_box)).or_default().push(contents);
        }
    }

    /// Whether a stored event with these contents matches no other event yet. It matches one from then on.
    fn take(&mut self, contents: (i64, Contents)) -> bool {
        let Some(Tally { unmatched, .. }) = self.known.get_mut(&contents) else { return false };
        let is_known = *unmatched > 0;
        *unmatched = unmatched.saturating_sub(1);
        is_known
    }

    /// Whether a stored event that differs only in that one of the two has no bounding box matches no other event yet. It
    /// matches this one from then on.
    fn take_but_for_box(&mut self, event: &Event) -> bool {
        let moment = event.timestamp;
        Contents::candidates_without_box(event).any(|contents| {
            if event.x.is_some() {
                return self.take((moment, contents));
            }
            while let Some(contents) = self.boxes.get_mut(&(moment, contents)).and_then(Vec::pop) {
                if self.take((moment, contents)) {
                    return true;
                }
            }
            false
        })
    }

    /// Returns the event with an id, if it is new.
    fn identify(&mut self, mut event: Event) -> Option<Event> {
        let position = match self.last {
            Some((moment, position)) if moment == event.timestamp => position,
            _ => 0,
        };
        let contents = Contents::of(&event);
        let is_known = !self.known.is_empty()
            && (Contents::candidates(&event).any(|contents| self.take((event.timestamp, contents)))
                || may_lack_box(&event) && self.take_but_for_box(&event));
        let position = match self.known.get(&(event.timestamp, contents)) {
            Some(Tally { free_position, .. }) if !is_known => position.max(*free_position),
            _ => position,
        };
        self.last = Some((event.timestamp, position.saturating_add(1)));
        event.id = contents.id(position);
        (!is_known).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ingest::event::test_event;

    fn event(zone: &str) -> Event {
        Event { zone_id: Some(zone.to_owned()), ..test_event::event() }
    }

    #[test]
    fn ids_of_one_moment_sort_as_their_rows() {
        let mut rows = ByContents::default();
        let ids: Vec<_> = (0..300).map(|row| rows.identify(event(&row.to_string())).expect("a new event").id).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn twins_are_matched_one_by_one_and_a_new_one_gets_a_free_id() {
        let mut rows = ByContents::default();
        let stored = Event { id: Contents::of(&event("z")).id(1), ..event("z") };
        rows.count(&stored);
        assert_eq!(rows.identify(event("z")), None);
        let new = rows.identify(event("z")).expect("a second one");
        assert_eq!(position_of(new.id), 2, "the position 1 is in use");
        let next = rows.identify(event("z")).expect("a third one");
        assert_eq!(position_of(next.id), 3);
    }
}
