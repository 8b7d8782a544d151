//! Recognizes events without ids by their contents.

use std::collections::HashMap;

use sea_orm::DbErr;

use super::{RowsOf, has_events_within};
use crate::server::db::entity::motion_event::Model;
use crate::server::db::pool::Transaction;
use crate::server::ingest::contents::{Contents, place_of, without_place};

/// Recognizes events without ids, which come in order of time, and gives ids to those that are new.
#[derive(Debug, Default)]
pub struct ByContents {
    /// What the database holds of the moments that were looked up last.
    known: HashMap<(i64, Contents), Tally>,
    /// The moment of the last event, and the place of the next one at that moment.
    last: Option<(i64, u32)>,
}

/// The events of one moment and the same contents.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// How many do not stand for an event of the import yet.
    unmatched: u32,
    /// The first place that none of their ids has.
    free_place: u32,
}

impl ByContents {
    /// Returns those of the events that are not in the database, with ids. A later call may go on at the moment at which
    /// this one ends.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn unknown(&mut self, events: Vec<Model>, transaction: &Transaction) -> Result<Vec<Model>, DbErr> {
        let looked_up = self.last.map(|(moment, _)| moment);
        self.known.retain(|(moment, _), _| Some(*moment) == looked_up);
        let mut moments: Vec<i64> = events.iter().map(|event| event.timestamp).collect();
        moments.dedup();
        // What this import wrote at that moment is not to be matched.
        moments.retain(|moment| Some(*moment) != looked_up);
        if has_events_within(&moments, transaction).await? {
            self.look_up(moments, transaction).await?;
        }
        Ok(events.into_iter().filter_map(|event| self.identify(event)).collect())
    }

    /// Counts what the database holds of these moments, which are in order.
    async fn look_up(&mut self, moments: Vec<i64>, transaction: &Transaction) -> Result<(), DbErr> {
        let mut rows = RowsOf::new(moments);
        loop {
            let Some(query) = rows.next_page() else { return Ok(()) };
            let page = query.all(transaction).await?;
            rows.advance(page.len(), page.last().map(|event| (event.timestamp, event.id)));
            for event in &page {
                self.count(event);
            }
        }
    }

    fn count(&mut self, event: &Model) {
        let contents = Contents::of(event);
        let tally = self.known.entry((event.timestamp, contents)).or_default();
        tally.unmatched += 1;
        if without_place(event.id) == contents.id(0) {
            tally.free_place = tally.free_place.max(place_of(event.id).saturating_add(1));
        }
    }

    /// Whether an event with these contents is there that stands for no other one yet. It stands for one from then on.
    fn take(&mut self, contents: (i64, Contents)) -> bool {
        let Some(Tally { unmatched, .. }) = self.known.get_mut(&contents) else { return false };
        let is_there = *unmatched > 0;
        *unmatched = unmatched.saturating_sub(1);
        is_there
    }

    /// Returns the event with an id if it is new.
    fn identify(&mut self, mut event: Model) -> Option<Model> {
        let place = match self.last {
            Some((moment, place)) if moment == event.timestamp => place,
            _ => 0,
        };
        let contents = Contents::of(&event);
        let is_there = !self.known.is_empty()
            && Contents::candidates(&event).any(|contents| self.take((event.timestamp, contents)));
        let place = match self.known.get(&(event.timestamp, contents)) {
            Some(Tally { free_place, .. }) if !is_there => place.max(*free_place),
            _ => place,
        };
        self.last = Some((event.timestamp, place.saturating_add(1)));
        event.id = contents.id(place);
        (!is_there).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ingest::test_event;

    fn event(zone: &str) -> Model {
        Model { zone_id: Some(zone.to_owned()), ..test_event::event() }
    }

    #[test]
    fn ids_of_one_moment_sort_as_their_rows_do() {
        let mut rows = ByContents::default();
        let ids: Vec<_> = (0..300).map(|row| rows.identify(event(&row.to_string())).expect("a new event").id).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn twins_are_matched_one_by_one_and_a_new_one_gets_an_id_that_is_free() {
        let mut rows = ByContents::default();
        let stored = Model { id: Contents::of(&event("z")).id(1), ..event("z") };
        rows.count(&stored);
        assert_eq!(rows.identify(event("z")), None);
        let new = rows.identify(event("z")).expect("a second one");
        assert_eq!(place_of(new.id), 2, "the place 1 is taken");
        let next = rows.identify(event("z")).expect("a third one");
        assert_eq!(place_of(next.id), 3);
    }
}
