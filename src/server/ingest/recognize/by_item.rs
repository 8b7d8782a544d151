//! Recognizes events that arrive one by one, so that each can be sent again at any time, alone or with others.

use std::collections::{HashMap, HashSet};

use sea_orm::DbErr;
use uuid::Uuid;

use super::{StoredRows, has_events_within};
use crate::server::db::pool::Transaction;
use crate::server::ingest::contents::{Contents, may_be_of_contents, without_position};
use crate::server::ingest::event::Event;

/// An event that is offered alone.
#[derive(Clone, Debug)]
pub struct Item {
    /// The event, with an id.
    pub event: Event,
    /// Whether its source gives it the id. Otherwise, the id is made of its contents.
    pub has_id: bool,
}

/// Returns the events that are not stored, of each of these groups. An event with an id is known if its id is stored, or if an
/// event that was imported from a CSV has the same contents. An event without one is known if any stored event has the same
/// contents: unlike the rows of a CSV, two such events cannot be told from one that was sent twice. An event of an earlier
/// group counts as stored.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn unknown(groups: Vec<Vec<Item>>, transaction: &Transaction) -> Result<Vec<Vec<Event>>, DbErr> {
    let mut moments: Vec<i64> = groups.iter().flatten().map(|item| item.event.timestamp).collect();
    moments.sort_unstable();
    moments.dedup();
    let mut known = Known::of(groups.iter().flatten());
    if has_events_within(&moments, transaction).await? {
        let mut rows = StoredRows::new(moments);
        while let Some(query) = rows.next_page() {
            let page = query.into_model::<Event>().all(transaction).await?;
            rows.advance(page.len(), page.last().map(|event| (event.timestamp, event.id)));
            for event in &page {
                known.add(event);
            }
        }
    }
    let new = groups.into_iter().map(|group| group.into_iter().filter_map(|item| known.identify(item)).collect());
    Ok(new.collect())
}

/// What is known of the moments of some offered events. Only what may match one of them is kept, because a moment may have
/// any number of events.
struct Known {
    offered_ids: HashSet<(i64, Uuid)>,
    offered_contents: HashSet<(i64, Contents)>,
    ids: HashSet<(i64, Uuid)>,
    contents: HashSet<(i64, Contents)>,
    /// The number of events with ids made of contents that match no offered event yet, by moment and contents.
    unmatched: HashMap<(i64, Uuid), u32>,
}

impl Known {
    fn of<'items>(events: impl Iterator<Item = &'items Item> + Clone) -> Self {
        let offered_ids = events.clone().map(|Item { event, .. }| (event.timestamp, event.id)).collect();
        let offered_contents = events
            .flat_map(|Item { event, .. }| Contents::candidates(event).map(|contents| (event.timestamp, contents)));
        Self {
            offered_ids,
            offered_contents: offered_contents.collect(),
            ids: HashSet::new(),
            contents: HashSet::new(),
            unmatched: HashMap::new(),
        }
    }

    /// Adds a stored event.
    fn add(&mut self, event: &Event) {
        let (moment, id, contents) = (event.timestamp, event.id, Contents::of(event));
        let is_offered = self.offered_ids.contains(&(moment, id));
        if is_offered {
            self.ids.insert((moment, id));
        }
        // An older version made ids of contents with all digits, so the id decides and not the contents.
        if !is_offered && may_be_of_contents(id) {
            *self.unmatched.entry((moment, without_position(id))).or_default() += 1;
        }
        if self.offered_contents.contains(&(moment, contents)) {
            self.contents.insert((moment, contents));
        }
    }

    /// Returns the event, if it is new. It is known from then on.
    fn identify(&mut self, Item { event, has_id }: Item) -> Option<Event> {
        let moment = event.timestamp;
        if self.ids.contains(&(moment, event.id)) {
            return None;
        }
        let is_known = if has_id {
            Contents::candidates(&event).any(|contents| self.take((moment, contents.id(0))))
        } else {
            Contents::candidates(&event).any(|contents| self.contents.contains(&(moment, contents)))
        };
        if is_known {
            return None;
        }
        self.ids.insert((moment, event.id));
        self.contents.insert((moment, Contents::of(&event)));
        if !has_id {
            *self.unmatched.entry((moment, without_position(event.id))).or_default() += 1;
        }
        Some(event)
    }

    /// Whether an event with this id made of contents matches no other event yet. It matches one from then on.
    fn take(&mut self, contents: (i64, Uuid)) -> bool {
        let Some(unmatched) = self.unmatched.get_mut(&contents) else { return false };
        let is_known = *unmatched > 0;
        *unmatched = unmatched.saturating_sub(1);
        is_known
    }
}
