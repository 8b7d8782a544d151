//! Recognizes events that are already stored, from any source, so that each is stored once.
//!
//! An event from a source with ids (native ids) is known if its id is stored. A CSV has no ids: its events get ids made
//! of their contents, and an event from a CSV is known if an event with the same contents is stored. So a native event
//! is also known if the same moment has an event whose id is made of this event's contents: it was imported from a CSV
//! before. Events that are equal in everything (twins) are counted, not merged: each stored event matches one event of
//! an import. A Frigate event may have a bounding box in one source and none in another, because an import converts boxes
//! only with the right detect size; it matches an event that is equal in everything else. If a source has several events with one id at one moment, its id does not identify them: these are
//! recognized by their contents, and those that do not have the stored id have ids made of native id and contents.
//!
//! All lookups are by moment, in batches, within the import's transaction.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use rustc_hash::FxHashMap;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::contents::{Contents, may_be_of_contents, may_lack_box, occurrence_id, with_native_id, without_position};
use crate::server::db::entity::motion_event::{Column, Entity};
use crate::server::db::pool::Transaction;
use crate::server::ingest::event::Event;

pub mod by_contents;
pub mod by_item;
pub mod native_ids;

/// The number of events per statement: each has 10 values, and SQLite allows 32,766.
pub const BATCH: usize = 1_000;

/// The number of stored events that are read at once.
const PAGE: u64 = 5 * BATCH as u64;

/// The number of moments in which ids are looked up with one query.
const MOMENTS_PER_QUERY: usize = 100;

/// An event of a source.
#[derive(Debug)]
pub struct Offered {
    /// The event, with an id made of its native id.
    pub event: Event,
    /// The native id. `None` if no other event of the same moment can have it.
    pub native: Option<NativeId>,
}

/// The id of an event in its source, which other events may have.
#[derive(Debug)]
pub struct NativeId {
    /// The id as the source writes it.
    pub text: String,
    /// Whether an earlier event of this import has the same id and moment.
    pub is_repeated: bool,
}

/// Recognizes events with native ids.
///
/// The events before the import are looked up once for each moment, so events that this import wrote are not read
/// again. Needs about 16 bytes for each moment of the import, 64 for each event with an id made of contents at these
/// moments, and each event of the source that differs from the stored one with its id; of a source in order of time,
/// only those of one batch.
#[derive(Debug, Default)]
pub struct ByIdOrContents {
    /// Whether events come in order of time.
    is_in_order: bool,
    /// The moments that were looked up, and whether events were stored there before.
    moments: FxHashMap<i64, bool>,
    /// The number of stored events with ids made of contents that match no event of the import yet, by moment and
    /// contents.
    unmatched: FxHashMap<(i64, Uuid), u32>,
    /// Ids in `unmatched` of events with a bounding box that another import may lack, by moment and contents without it.
    boxes: FxHashMap<(i64, Contents), Vec<Uuid>>,
    /// The number of stored events whose ids may be made of contents, by moment and contents.
    contents: FxHashMap<(i64, Contents), u32>,
    /// Stored events whose contents differ from the first event of the import with the same id.
    contested: FxHashMap<(i64, Uuid), Contested>,
    /// The events with ids made of native id and contents, by moment and [`with_native_id`].
    occurrences: FxHashMap<(i64, [u8; 16]), Occurrences>,
}

/// A stored event with a native id that may belong to several events of the source.
#[derive(Debug)]
struct Contested {
    stored: Contents,
    /// The first event of the import with this id, and its native id. Until the id is repeated, it counts as known,
    /// with contents that were changed in the source.
    first: Option<(Event, String)>,
}

/// Events that are equal in everything, their native id included.
#[derive(Debug)]
struct Occurrences {
    /// The number of stored events that match no event of the import yet.
    unmatched: u32,
    /// The number of the next new event.
    next: u32,
}

impl ByIdOrContents {
    /// Declares that the events come in order of time from now on, so that past moments can be forgotten.
    pub fn expect_order_of_time(&mut self) {
        self.is_in_order = true;
    }

    /// Returns the events that were not stored before this import. The caller must write them before the next call. An
    /// event whose moment and id an earlier event of the import has may be among them, if it was offered without a
    /// native id. So may events of earlier calls, if only an event of this call shows that they were not stored.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn unknown(&mut self, events: Vec<Offered>, transaction: &Transaction) -> Result<Vec<Event>, DbErr> {
        let mut moments: Vec<i64> = events.iter().map(|offered| offered.event.timestamp).collect();
        moments.sort_unstable();
        moments.dedup();
        if self.is_in_order
            && let Some(first) = moments.first()
        {
            self.moments.retain(|moment, _| moment >= first);
            self.unmatched.retain(|(moment, _), _| moment >= first);
            self.boxes.retain(|(moment, _), _| moment >= first);
            self.contents.retain(|(moment, _), _| moment >= first);
            self.contested.retain(|(moment, _), _| moment >= first);
            self.occurrences.retain(|(moment, _), _| moment >= first);
        }
        let known: HashSet<i64> = moments.iter().copied().filter(|moment| self.moments.contains_key(moment)).collect();
        let mut stored_events = self.look_up_ids(&events, &known, transaction).await?;
        moments.retain(|moment| !known.contains(moment));
        self.moments.extend(moments.iter().map(|moment| (*moment, false)));
        if has_events_within(&moments, transaction).await? {
            self.look_up_moments(moments, &events, &mut stored_events, transaction).await?;
        }
        let mut unknown = Vec::new();
        for Offered { event, native } in events {
            match native {
                Some(NativeId { text, is_repeated: true }) => self.identify_repeated(event, text, &mut unknown),
                Some(NativeId { text, is_repeated: false }) => {
                    unknown.extend(self.identify(event, Some(text), &stored_events));
                }
                None => unknown.extend(self.identify(event, None, &stored_events)),
            }
        }
        Ok(unknown)
    }

    /// Returns an event, whose id no earlier event of the import has, if it is new.
    fn identify(
        &mut self,
        event: Event,
        native: Option<String>,
        stored_events: &HashMap<(i64, Uuid), Event>,
    ) -> Option<Event> {
        let key = (event.timestamp, event.id);
        let Some(stored) = stored_events.get(&key) else {
            let is_known = native.is_some_and(|native| self.take_occurrence(&event, &native)) || self.matches(&event);
            return (!is_known).then_some(event);
        };
        if let Some(native) = native
            && !is_same(&event, stored)
        {
            let stored = Contents::of(stored);
            let first = if self.take_occurrence(&event, &native) { None } else { Some((event, native)) };
            self.contested.insert(key, Contested { stored, first });
        }
        None
    }

    /// Recognizes an event whose id an earlier event of the import has. Adds it to `unknown` if it is new. Also adds
    /// the earlier event, if it was matched with the stored event that has this id.
    fn identify_repeated(&mut self, event: Event, native: String, unknown: &mut Vec<Event>) {
        let contested = self.contested.get_mut(&(event.timestamp, event.id));
        if let Some((first, native)) = contested.and_then(|contested| contested.first.take()) {
            unknown.extend(self.identify_by_contents(first, &native));
        }
        unknown.extend(self.identify_by_contents(event, &native));
    }

    /// Returns an event whose id several events have, with a new id, if it is new.
    fn identify_by_contents(&mut self, mut event: Event, native: &str) -> Option<Event> {
        if let Entry::Occupied(contested) = self.contested.entry((event.timestamp, event.id))
            && Contents::candidates(&event).any(|contents| contents == contested.get().stored)
        {
            contested.remove();
            return None;
        }
        if self.take_occurrence(&event, native) || self.matches(&event) {
            return None;
        }
        let digest = with_native_id(&event, native);
        let occurrences = self.occurrences_of(&event, digest);
        event.id = occurrence_id(digest, occurrences.next);
        occurrences.next += 1;
        Some(event)
    }

    /// Returns the stored events with the ids of these events, at moments that were looked up before.
    async fn look_up_ids(
        &mut self,
        events: &[Offered],
        known: &HashSet<i64>,
        transaction: &Transaction,
    ) -> Result<HashMap<(i64, Uuid), Event>, DbErr> {
        let mut wanted: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
        for Offered { event: Event { timestamp, id, .. }, native } in events {
            let is_repeated = native.as_ref().is_some_and(|native| native.is_repeated);
            if !is_repeated && known.contains(timestamp) && self.moments.get(timestamp) == Some(&true) {
                wanted.entry(*timestamp).or_default().push(*id);
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut stored_events = HashMap::new();
        for wanted in wanted.chunks(MOMENTS_PER_QUERY) {
            let any = wanted.iter().fold(Condition::any(), |any, (moment, ids)| {
                let ids = Column::Id.is_in(ids.iter().copied());
                any.add(Condition::all().add(Column::Timestamp.eq(*moment)).add(ids))
            });
            let found = Event::stored().filter(any).into_model::<Event>().all(transaction).await?;
            stored_events.extend(found.into_iter().map(|event| ((event.timestamp, event.id), event)));
        }
        for (moment, id) in stored_events.keys() {
            self.take((*moment, without_position(*id)));
        }
        Ok(stored_events)
    }

    /// Looks up moments, which are sorted, for the first time, and adds the stored events with the ids of these events
    /// to `stored`.
    async fn look_up_moments(
        &mut self,
        moments: Vec<i64>,
        events: &[Offered],
        stored_events: &mut HashMap<(i64, Uuid), Event>,
        transaction: &Transaction,
    ) -> Result<(), DbErr> {
        let offered: HashSet<_> = events.iter().map(|Offered { event, .. }| (event.timestamp, event.id)).collect();
        let mut rows = StoredRows::new(moments);
        loop {
            let Some(query) = rows.next_page() else { return Ok(()) };
            let page = query.into_model::<Event>().all(transaction).await?;
            rows.advance(page.len(), page.last().map(|event| (event.timestamp, event.id)));
            for event in page {
                let (moment, id) = (event.timestamp, event.id);
                self.moments.insert(moment, true);
                if may_be_of_contents(id) {
                    *self.contents.entry((moment, Contents::of(&event))).or_default() += 1;
                }
                if offered.contains(&(moment, id)) {
                    stored_events.insert((moment, id), event);
                } else if may_be_of_contents(id) {
                    *self.unmatched.entry((moment, without_position(id))).or_default() += 1;
                    self.remember_box(&event);
                }
            }
        }
    }

    /// Remembers a stored event with an id made of its contents for imports that lack its bounding box.
    fn remember_box(&mut self, stored: &Event) {
        let id = without_position(stored.id);
        if may_lack_box(stored)
            && stored.x.is_some()
            && Contents::candidates(stored).any(|contents| contents.id(0) == id)
            && let Some(contents) = Contents::candidates_without_box(stored).next()
        {
            self.boxes.entry((stored.timestamp, contents)).or_default().push(id);
        }
    }

    /// Whether a stored event with an id made of the same contents matches no other event yet. It matches this one from
    /// then on.
    fn matches(&mut self, event: &Event) -> bool {
        self.moments.get(&event.timestamp) == Some(&true)
            && !self.unmatched.is_empty()
            && (Contents::candidates(event).any(|contents| self.take((event.timestamp, contents.id(0))))
                || may_lack_box(event) && self.matches_but_for_box(event))
    }

    /// Whether this holds for an event of which one has a bounding box and the other has none.
    fn matches_but_for_box(&mut self, event: &Event) -> bool {
        let moment = event.timestamp;
        Contents::candidates_without_box(event).any(|contents| {
            if event.x.is_some() {
                return self.take((moment, contents.id(0)));
            }
            while let Some(id) = self.boxes.get_mut(&(moment, contents)).and_then(Vec::pop) {
                if self.take((moment, id)) {
                    return true;
                }
            }
            false
        })
    }

    fn take(&mut self, contents: (i64, Uuid)) -> bool {
        let Entry::Occupied(mut count) = self.unmatched.entry(contents) else { return false };
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
        true
    }

    /// Whether a stored event with an id made of the same native id and contents matches no other event yet. It matches
    /// this one from then on.
    fn take_occurrence(&mut self, event: &Event, native: &str) -> bool {
        if !self.contents.contains_key(&(event.timestamp, Contents::of(event))) {
            return false;
        }
        let occurrences = self.occurrences_of(event, with_native_id(event, native));
        let is_known = occurrences.unmatched > 0;
        occurrences.unmatched = occurrences.unmatched.saturating_sub(1);
        is_known
    }

    /// Returns the events that are equal to this one in everything. `digest` is [`with_native_id`].
    fn occurrences_of(&mut self, event: &Event, digest: [u8; 16]) -> &mut Occurrences {
        let moment = event.timestamp;
        self.occurrences.entry((moment, digest)).or_insert_with(|| {
            // Numbers may be missing, because an event from a CSV has none. There are at most as many as events with
            // such contents.
            let max = self.contents.get(&(moment, Contents::of(event))).map_or(0, |count| count + 1);
            let is_stored =
                |number: &u32| self.unmatched.contains_key(&(moment, without_position(occurrence_id(digest, *number))));
            let stored: Vec<u32> = (0..max).filter(is_stored).collect();
            Occurrences {
                unmatched: u32::try_from(stored.len()).unwrap_or(u32::MAX),
                next: stored.last().map_or(0, |last| last + 1),
            }
        })
    }
}

/// Whether a stored event has the same contents as an event of the import.
fn is_same(event: &Event, stored: &Event) -> bool {
    let Event { camera_id, confidence, algorithm, x, y, width, height, zone_id, .. } = stored;
    let sides = (*x, *y, *width, *height);
    let is_equal = event.camera_id == *camera_id
        && event.confidence == *confidence
        && event.algorithm == *algorithm
        && (event.x, event.y, event.width, event.height) == sides
        && event.zone_id == *zone_id;
    is_equal || {
        let stored = Contents::of(stored);
        Contents::candidates(event).any(|contents| contents == stored)
    }
}

/// Reads all rows of some moments in pages. A moment may have any number of rows.
struct StoredRows {
    /// The moments that were not read yet, sorted.
    moments: Vec<i64>,
    /// The last row of a page that may have ended within a moment.
    within: Option<(i64, Uuid)>,
}

impl StoredRows {
    fn new(moments: Vec<i64>) -> Self {
        Self { moments, within: None }
    }

    /// Returns the query of the next page; `None` after the last one.
    fn next_page(&self) -> Option<Select<Entity>> {
        let rows = match self.within {
            Some((moment, id)) => Event::stored().filter(Column::Timestamp.eq(moment)).filter(Column::Id.gt(id)),
            None if self.moments.is_empty() => return None,
            None => Event::stored().filter(Column::Timestamp.is_in(self.moments.iter().copied())),
        };
        Some(rows.order_by_asc(Column::Timestamp).order_by_asc(Column::Id).limit(PAGE))
    }

    /// Advances past a page with `rows` rows and this last row.
    fn advance(&mut self, rows: usize, last: Option<(i64, Uuid)>) {
        let last = last.filter(|_| rows as u64 == PAGE);
        match last {
            Some((moment, _)) => self.moments.retain(|later| *later > moment),
            None if self.within.is_none() => self.moments.clear(),
            None => {}
        }
        self.within = last;
    }
}

/// Whether events are stored between the first and the last of these moments, which are sorted. An import of new events
/// needs no other lookup.
async fn has_events_within(moments: &[i64], transaction: &Transaction) -> Result<bool, DbErr> {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return Ok(false) };
    let found = Entity::find().select_only().column(Column::Timestamp);
    let found = found.filter(Column::Timestamp.between(*first, *last)).limit(1);
    Ok(found.into_tuple::<i64>().one(transaction).await?.is_some())
}
