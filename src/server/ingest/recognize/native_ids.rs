//! The ids of events from sources with ids: their own, or derived ones that are the same on each import.

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::server::ingest::contents::{first_16, occurrence_id, with_native_id};
use crate::server::ingest::event::Event;

/// The origin of the id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It is the source's own id.
    Native,
    /// It is derived from the source's id, which is not a UUID.
    FromText,
    /// It is derived from the contents of the event, because it had none.
    Missing,
    /// It is the id of another event of the same time. If this event is new, it must get another id.
    Repeated,
}

/// Assigns the ids of one import. Needs about 24 bytes for each event; if events come in order of time, for each event
/// of one moment.
#[derive(Debug)]
pub struct Ids {
    /// Derives an id from an id that is not a UUID.
    derive: fn(&str) -> Uuid,
    /// The moment of the last event, if events come in order of time.
    moment: Option<i64>,
    is_in_order: bool,
    given: FxHashSet<(i64, Uuid)>,
    /// The number of events without an id, by contents.
    occurrences: FxHashMap<[u8; 16], u32>,
}

impl Ids {
    /// Returns an instance for a source. `derive` returns the id of an event whose id there is not a UUID.
    pub fn new(derive: fn(&str) -> Uuid) -> Self {
        Self {
            derive,
            moment: None,
            is_in_order: false,
            given: FxHashSet::default(),
            occurrences: FxHashMap::default(),
        }
    }

    /// Declares that the events come in order of time, so that the ids of past moments can be forgotten.
    pub fn expect_order_of_time(&mut self) {
        self.is_in_order = true;
    }

    /// Assigns an id to an event. `native` is its id in the source. Events without an id and with equal contents are
    /// numbered, so that they get the same ids on each import, in any order.
    pub fn assign(&mut self, event: &mut Event, native: &str) -> Origin {
        if self.is_in_order && self.moment != Some(event.timestamp) {
            // Both sets depend on the moment. They are replaced, because clearing a set takes time in proportion to its
            // capacity.
            *self = Self { moment: Some(event.timestamp), is_in_order: true, ..Self::new(self.derive) };
        }
        if native.trim().is_empty() {
            let digest = with_native_id(event, native);
            let occurrence = self.occurrences.entry(digest).or_default();
            event.id = occurrence_id(digest, *occurrence);
            *occurrence += 1;
            return Origin::Missing;
        }
        let uuid = Uuid::try_parse(native.trim()).ok();
        event.id = uuid.unwrap_or_else(|| (self.derive)(native));
        match (self.given.insert((event.timestamp, event.id)), uuid) {
            (false, _) => Origin::Repeated,
            (true, Some(_)) => Origin::Native,
            (true, None) => Origin::FromText,
        }
    }
}

/// Derives the id of an event from its id in a source. `instance` names the source if others of its kind have the same
/// ids; it is empty if the ids are unique worldwide.
pub fn of_source(kind: &str, instance: &str, native: &str) -> Uuid {
    let mut hash = Sha256::new();
    for text in [kind, "\0", instance, "\0", native] {
        hash.update(text);
    }
    Uuid::new_v8(first_16(hash))
}

#[cfg(test)]
mod tests {
    use super::Origin::{FromText, Missing, Repeated};
    use super::*;
    use crate::server::ingest::event::test_event;

    fn event(camera: &str) -> Event {
        Event { camera_id: camera.to_owned(), ..test_event::event() }
    }

    fn derived(native: &str) -> Uuid {
        of_source("test", "", native)
    }

    fn ids(events: &[(&str, &str)]) -> Vec<(Uuid, Origin)> {
        let mut ids = Ids::new(derived);
        let given = events.iter().map(|(native, camera)| {
            let mut event = event(camera);
            let origin = ids.assign(&mut event, native);
            (event.id, origin)
        });
        given.collect()
    }

    #[test]
    fn a_uuid_is_kept_in_any_spelling() {
        let uuid = Uuid::from_u128(0x0a);
        for written in [
            "00000000-0000-0000-0000-00000000000a",
            "00000000-0000-0000-0000-00000000000A",
            "{00000000-0000-0000-0000-00000000000A}",
            "0000000000000000000000000000000a",
            " 00000000-0000-0000-0000-00000000000a ",
        ] {
            assert_eq!(ids(&[(written, "a")]), [(uuid, Origin::Native)], "{written}");
        }
        assert_eq!(ids(&[("event-1", "a")])[0].1, Origin::FromText);
    }

    #[test]
    fn derived_ids_are_distinct_and_the_same_on_each_import_and_repeated_ids_are_detected() {
        let events = [("", "a"), ("", "a"), ("", "b"), ("x", "a"), ("x", "a"), ("x", "b"), ("y", "a"), ("y", "a")];
        let once = ids(&events);
        assert_eq!(once.iter().map(|(id, _)| id).collect::<std::collections::HashSet<_>>().len(), 5);
        assert_eq!(ids(&events), once);
        let origins: Vec<_> = once.iter().map(|(_, origin)| *origin).collect();
        assert_eq!(origins, [Missing, Missing, Missing, FromText, Repeated, Repeated, FromText, Repeated]);

        let mut reversed = events;
        reversed.reverse();
        let sorted = |ids: Vec<(Uuid, Origin)>| {
            let mut ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
            ids.sort();
            ids
        };
        assert_eq!(sorted(ids(&reversed)), sorted(once), "the order does not matter");
    }

    #[test]
    fn events_in_order_of_time_get_the_same_ids_and_past_moments_are_forgotten() {
        let (mut all, mut in_order) = (Ids::new(derived), Ids::new(derived));
        in_order.expect_order_of_time();
        for timestamp in 0..10 {
            for native in ["", "", "x", "x", "x"] {
                let mut events = [Event { timestamp, ..event("a") }, Event { timestamp, ..event("a") }];
                assert_eq!(in_order.assign(&mut events[0], native), all.assign(&mut events[1], native));
                assert_eq!(events[0], events[1]);
            }
        }
        assert_eq!((all.given.len(), in_order.given.len(), in_order.occurrences.len()), (10, 1, 1));
    }

    #[test]
    fn an_id_of_a_source_depends_on_its_kind_its_instance_and_the_native_id() {
        let id = of_source("frigate", "", "1735787796.700051-gaexp1");
        assert_eq!(id.to_string(), "a640a610-a0e0-84c4-8efd-ff03ccba11d7");
        for other in [
            of_source("frigate", "1735787796.700051-gaexp1", ""),
            of_source("frigat", "e", "x"),
            of_source("frigate", "", "x"),
        ] {
            assert_ne!(other, id);
        }
    }
}
