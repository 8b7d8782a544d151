//! The ids of imported events: ArgusAI's own, or derived ones that are the same on each import.

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::server::ingest::contents::{first_16, occurrence_id, with_native_id};
use crate::server::ingest::event::Event;

/// The origin of the id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It is ArgusAI's own id.
    Native,
    /// It is derived from ArgusAI's id, which is not a UUID.
    FromText,
    /// It is derived from the contents of the event, because it had none.
    Missing,
    /// It is the id of another event of the same time. If this event is new, it must get another id.
    Repeated,
}

/// Assigns the ids of one import. Needs about 24 bytes for each event; if events come in order of time, for each event
/// of one moment.
#[derive(Debug, Default)]
pub struct Ids {
    /// The moment of the last event, if events come in order of time.
    moment: Option<i64>,
    is_in_order: bool,
    given: FxHashSet<(i64, Uuid)>,
    /// The number of events without an id, by contents.
    occurrences: FxHashMap<[u8; 16], u32>,
}

impl Ids {
    /// Returns an instance for events in order of time, which forgets the ids of past moments.
    pub fn in_order_of_time() -> Self {
        Self { is_in_order: true, ..Self::default() }
    }

    /// Assigns an id to an event. `native` is its id in ArgusAI. Events without an id and with equal contents are
    /// numbered, so that they get the same ids on each import, in any order.
    pub fn assign(&mut self, event: &mut Event, native: &str) -> Origin {
        if self.is_in_order && self.moment != Some(event.timestamp) {
            // Both sets depend on the moment. They are replaced, because clearing a set takes time in proportion to its
            // capacity.
            *self = Self { moment: Some(event.timestamp), ..Self::in_order_of_time() };
        }
        if native.trim().is_empty() {
            let digest = with_native_id(event, native);
            let occurrence = self.occurrences.entry(digest).or_default();
            event.id = occurrence_id(digest, *occurrence);
            *occurrence += 1;
            return Origin::Missing;
        }
        let uuid = Uuid::try_parse(native.trim()).ok();
        event.id = uuid.unwrap_or_else(|| derived(native));
        match (self.given.insert((event.timestamp, event.id)), uuid) {
            (false, _) => Origin::Repeated,
            (true, Some(_)) => Origin::Native,
            (true, None) => Origin::FromText,
        }
    }
}

/// Derives an id from an id that is not a UUID.
fn derived(id: &str) -> Uuid {
    Uuid::new_v8(first_16(Sha256::new_with_prefix(id)))
}

#[cfg(test)]
mod tests {
    use super::Origin::{FromText, Missing, Repeated};
    use super::*;
    use crate::server::ingest::test_event;

    fn event(camera: &str) -> Event {
        Event { camera_id: camera.to_owned(), ..test_event::event() }
    }

    fn ids(events: &[(&str, &str)]) -> Vec<(Uuid, Origin)> {
        let mut ids = Ids::default();
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
        let (mut all, mut in_order) = (Ids::default(), Ids::in_order_of_time());
        for timestamp in 0..10 {
            for native in ["", "", "x", "x", "x"] {
                let mut events = [Event { timestamp, ..event("a") }, Event { timestamp, ..event("a") }];
                assert_eq!(in_order.assign(&mut events[0], native), all.assign(&mut events[1], native));
                assert_eq!(events[0], events[1]);
            }
        }
        assert_eq!((all.given.len(), in_order.given.len(), in_order.occurrences.len()), (10, 1, 1));
    }
}
