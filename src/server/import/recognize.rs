//! Recognizes events that are in the database already, whatever way they came in, so that each is stored once.
//!
//! An event from a source with ids of its own (native ids) is there if its id is there. A CSV has no ids: its events get
//! ids made of their contents, and an event from a CSV is there if one with the same contents is. So a native event is also
//! there if the same moment has an event whose id is made of this event's contents: a CSV brought it in before its source.
//! Events that agree in everything (twins) are counted, not merged: each stored event stands for one event of an import.
//!
//! Everything is looked up by moments, in batches, inside the import's transaction.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::sink::BATCH;
use crate::server::entity::motion_event::{Column, Entity, Model};
use crate::server::timed::Transaction;

/// How many events of the database are read at once.
const PAGE: u64 = 5 * BATCH as u64;

/// How many bytes of an id hold the place among the events of its moment; the others hold the contents.
const PLACE_BYTES: usize = 4;

/// A digest of everything that a CSV holds of an event, except for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contents([u8; 16]);

impl Contents {
    /// Returns the digest of an event.
    pub fn of(event: &Model) -> Self {
        let mut hash = Sha256::new();
        for text in [Some(&event.camera_id), Some(&event.algorithm), event.zone_id.as_ref()] {
            let text = text.map(String::as_str).unwrap_or_default();
            // As imports store it: SQLite may still hold texts with U+0000, which older versions took in.
            let text = if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { Cow::Borrowed(text) };
            hash.update(text.len().to_le_bytes());
            hash.update(&*text);
        }
        hash.update(event.confidence.map_or([0xff; 8], f64::to_le_bytes));
        for side in [event.x, event.y, event.width, event.height] {
            hash.update(side.map_or(i64::MAX, i64::from).to_le_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut contents = [0; 16];
        contents.copy_from_slice(&hash[..16]);
        Self(contents)
    }

    /// Returns the id made of these contents and a place: first the place, so that ids sort as the rows of a file do.
    fn id(self, place: u32) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..PLACE_BYTES].copy_from_slice(&place.to_be_bytes());
        bytes[PLACE_BYTES..].copy_from_slice(&self.0[..16 - PLACE_BYTES]);
        Uuid::new_v8(bytes)
    }
}

/// The place in an id that is made of contents.
fn place_of(id: Uuid) -> u32 {
    let [a, b, c, d, ..] = id.into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// The same id with the place 0, which is what all ids made of the same contents have in common.
fn without_place(id: Uuid) -> Uuid {
    let mut bytes = id.into_bytes();
    bytes[..PLACE_BYTES].fill(0);
    Uuid::from_bytes(bytes)
}

/// Recognizes events with native ids.
#[derive(Debug, Default)]
pub struct ByIdOrContents {
    /// The events with ids made of contents that stand for a native event of this import already.
    claimed: HashSet<(i64, Uuid)>,
}

impl ByIdOrContents {
    /// Returns those of the events that are not in the database.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub async fn unknown(&mut self, events: Vec<Model>, transaction: &Transaction) -> Result<Vec<Model>, DbErr> {
        let mut moments: Vec<i64> = events.iter().map(|event| event.timestamp).collect();
        moments.sort_unstable();
        moments.dedup();
        if !has_events_within(&moments, transaction).await? {
            return Ok(events);
        }
        let offered: HashSet<_> = events.iter().map(|event| (event.timestamp, event.id)).collect();
        let mut there = HashSet::new();
        // By moment and contents.
        let mut made: HashMap<(i64, Uuid), Vec<Uuid>> = HashMap::new();
        let found = Entity::find().select_only().columns([Column::Timestamp, Column::Id]);
        let found: Vec<(i64, Uuid)> =
            found.filter(Column::Timestamp.is_in(moments)).into_tuple().all(transaction).await?;
        for (timestamp, id) in found {
            if offered.contains(&(timestamp, id)) {
                there.insert((timestamp, id));
            } else if id.get_version_num() == 8 && !self.claimed.contains(&(timestamp, id)) {
                made.entry((timestamp, without_place(id))).or_default().push(id);
            }
        }
        let mut unknown = Vec::new();
        for event in events {
            if there.contains(&(event.timestamp, event.id)) {
                continue;
            }
            let same = if made.is_empty() {
                None
            } else {
                made.get_mut(&(event.timestamp, Contents::of(&event).id(0))).and_then(Vec::pop)
            };
            match same {
                Some(id) => {
                    self.claimed.insert((event.timestamp, id));
                }
                None => unknown.push(event),
            }
        }
        Ok(unknown)
    }
}

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
    /// If the database cannot answer.
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

    /// Counts what the database holds of these moments, which are in order. Any number of events may share one.
    async fn look_up(&mut self, mut moments: Vec<i64>, transaction: &Transaction) -> Result<(), DbErr> {
        // The last event of a page that ended within a moment.
        let mut within: Option<(i64, Uuid)> = None;
        loop {
            let events = match within {
                Some((moment, id)) => Entity::find().filter(Column::Timestamp.eq(moment)).filter(Column::Id.gt(id)),
                None if moments.is_empty() => return Ok(()),
                None => Entity::find().filter(Column::Timestamp.is_in(moments.iter().copied())),
            };
            let events = events.order_by_asc(Column::Timestamp).order_by_asc(Column::Id).limit(PAGE);
            let page = events.all(transaction).await?;
            let last = page.last().map(|event| (event.timestamp, event.id)).filter(|_| page.len() as u64 == PAGE);
            for event in &page {
                self.count(event);
            }
            match last {
                Some((moment, _)) => moments.retain(|later| *later > moment),
                None if within.is_none() => return Ok(()),
                None => {}
            }
            within = last;
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

    /// Returns the event with an id if it is new.
    fn identify(&mut self, mut event: Model) -> Option<Model> {
        let place = match self.last {
            Some((moment, place)) if moment == event.timestamp => place,
            _ => 0,
        };
        let contents = Contents::of(&event);
        let tally = self.known.get_mut(&(event.timestamp, contents));
        let (is_there, place) = match tally {
            Some(Tally { unmatched, .. }) if *unmatched > 0 => {
                *unmatched -= 1;
                (true, place)
            }
            Some(Tally { free_place, .. }) => (false, place.max(*free_place)),
            None => (false, place),
        };
        self.last = Some((event.timestamp, place.saturating_add(1)));
        event.id = contents.id(place);
        (!is_there).then_some(event)
    }
}

/// Whether the database has events between the first and the last of these moments, which are in order. An import of what
/// is new looks nothing up but this.
async fn has_events_within(moments: &[i64], transaction: &Transaction) -> Result<bool, DbErr> {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return Ok(false) };
    let found = Entity::find().select_only().column(Column::Timestamp);
    let found = found.filter(Column::Timestamp.between(*first, *last)).limit(1);
    Ok(found.into_tuple::<i64>().one(transaction).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(zone: &str) -> Model {
        Model {
            timestamp: 7,
            id: Uuid::nil(),
            camera_id: "a".to_owned(),
            confidence: Some(85.5),
            algorithm: "MOG2".to_owned(),
            x: None,
            y: None,
            width: None,
            height: None,
            zone_id: Some(zone.to_owned()),
            created_at: 0,
        }
    }

    #[test]
    fn an_id_holds_its_place_and_its_contents() {
        let contents = Contents::of(&event("z"));
        let id = contents.id(0x0102_0304);
        assert_eq!((place_of(id), without_place(id), id.get_version_num()), (0x0102_0304, contents.id(0), 8));
        assert_ne!(contents.id(0), Contents::of(&event("y")).id(0));
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
