//! Decides which requests to send to Frigate's API, so that no event is missed. Nothing here does I/O or reads a clock.
//!
//! Rows are inserted late, with an old start time, so no position in them is safe. Windows of time are read again, and
//! events are stored once. A poll reads the last hours often; a sweep reads everything that Frigate has. Open events are
//! requested one by one until they have ended.
//!
//! An event whose end was reported over MQTT is requested at once. Its row may come a moment later, so it is requested again
//! for some seconds; after that it is left to polls and sweeps, which need no report.
//!
//! The API returns the newest events of a window, up to a limit, without saying whether there are more. So the rest of a
//! window is read until a response has nothing that is older.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::end_reports::{EndReports, Ended};
use self::request::{HOUR, SECOND};
pub use self::request::{Micros, Request, Seen};
use self::window::{AHEAD, Window};
use crate::server::retry::source_delay;

mod end_reports;
mod request;
mod window;

/// The start of a sweep: 2000-01-01. No event is older.
const EPOCH: Micros = 946_684_800 * SECOND;

/// How far a poll looks back.
const POLL_BEFORE: Micros = 2 * HOUR;

/// The time: of Frigate's clock and of ours, and that of a clock that is never set.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The time of this server's clock.
    pub ours: Micros,
    /// The time of Frigate's clock.
    pub theirs: Micros,
    /// The time since a fixed moment.
    pub monotonic: Duration,
}

/// What a window is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Poll,
    Sweep,
}

/// Something to request.
#[derive(Clone, Debug)]
enum Task {
    Window(Window, Purpose),
    Event(String),
    /// An event whose end was reported.
    Ended(Ended),
}

/// What a server that continues must know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The start times of the open events, by id.
    pub open: BTreeMap<String, Micros>,
    /// When the last sweep that was completed began, in Frigate's time, or ours if that is earlier.
    pub swept: Option<Micros>,
    /// When the last poll that was completed began, likewise.
    pub polled: Option<Micros>,
}

/// A time in which Frigate may have deleted events before they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub begin: Micros,
    /// Its end.
    pub end: Micros,
}

/// How long an open event is requested alone. After that, only sweeps read it.
const OPEN_FOR: Micros = 24 * HOUR;

/// A sweep in progress.
#[derive(Clone, Debug)]
struct Sweep {
    began: Micros,
    /// The open events since it began.
    open: BTreeSet<String>,
    /// The earliest start time so far.
    earliest: Option<Micros>,
    /// When the last poll before it began.
    polled_before: Option<Micros>,
}

/// Follows one Frigate.
#[derive(Clone, Debug)]
pub struct Follower {
    poll_interval: Duration,
    sweep_interval: Duration,
    position: Position,
    /// What is left to request; the first is sent again until its response was handled.
    tasks: VecDeque<Task>,
    end_reports: EndReports,
    /// When the last request was decided on.
    requested_at: Duration,
    next_poll: Duration,
    next_sweep: Duration,
    poll_began: Option<Micros>,
    sweep: Option<Sweep>,
    /// Whether a window of the sweep must be read before the next poll. Where a poll takes longer than its interval, a sweep
    /// would never end otherwise.
    is_sweeps_turn: bool,
    /// The number of completed sweeps.
    sweeps: u64,
    /// A gap that was found and not taken yet.
    gap: Option<Gap>,
    /// No request is sent before this.
    retry_at: Duration,
    failures: u32,
}

impl Follower {
    /// Begins with a poll and a sweep. `position` is that of an earlier run.
    pub fn new(poll_interval: Duration, sweep_interval: Duration, position: Position) -> Self {
        Self {
            poll_interval,
            sweep_interval,
            position,
            tasks: VecDeque::new(),
            end_reports: EndReports::default(),
            requested_at: Duration::ZERO,
            next_poll: Duration::ZERO,
            next_sweep: Duration::ZERO,
            poll_began: None,
            sweep: None,
            is_sweeps_turn: false,
            sweeps: 0,
            gap: None,
            retry_at: Duration::ZERO,
            failures: 0,
        }
    }

    /// Returns the request to send now; `None` if nothing is due.
    pub fn request(&mut self, now: Now) -> Option<Request> {
        if now.monotonic < self.retry_at {
            return None;
        }
        let (earlier, later) = (now.ours.min(now.theirs), now.ours.max(now.theirs));
        if now.monotonic >= self.next_sweep && self.sweep.is_none() {
            self.next_sweep = now.monotonic + self.sweep_interval;
            self.sweep = Some(Sweep {
                began: earlier,
                open: BTreeSet::new(),
                earliest: None,
                polled_before: self.position.polled,
            });
            self.tasks.push_back(Task::Window(Window::new(EPOCH, later + AHEAD), Purpose::Sweep));
        }
        if now.monotonic >= self.next_poll && self.poll_began.is_none() && !self.is_sweeps_turn {
            self.next_poll = now.monotonic + self.poll_interval;
            self.poll_began = Some(earlier);
            let (from, to) = (earlier - POLL_BEFORE, later + AHEAD);
            // Before the rest of a sweep, which may take minutes.
            self.tasks.retain(|task| !matches!(task, Task::Event(_)));
            for (id, start) in &self.position.open {
                if (from - OPEN_FOR..from).contains(start) {
                    self.tasks.push_front(Task::Event(id.clone()));
                }
            }
            self.tasks.push_front(Task::Window(Window::new(from, to), Purpose::Poll));
        }
        // After a failure, what else is due comes first, so that one event cannot block the others.
        let may_be_next = self.failures == 0 || self.tasks.is_empty();
        if may_be_next
            && !matches!(self.tasks.front(), Some(Task::Ended(_)))
            && let Some(due) = self.end_reports.take_due(now.monotonic)
        {
            self.tasks.push_front(Task::Ended(due));
        }
        self.requested_at = now.monotonic;
        self.tasks.front().map(|task| match task {
            Task::Window(window, _) => window.request(),
            Task::Event(id) | Task::Ended(Ended { id, .. }) => Request::Event(id.clone()),
        })
    }

    /// Requests an event as soon as possible, because its end was reported.
    pub fn end_reported(&mut self, id: String, now: Now) {
        let is_next = self.tasks.iter().any(|task| matches!(task, Task::Ended(ended) if ended.id == id));
        if !is_next {
            self.end_reports.report(id, now.monotonic);
        }
    }

    /// Returns the events whose end was reported and that are done with, once: they are stored, left out, or left to polls.
    pub fn take_settled(&mut self) -> Vec<String> {
        self.end_reports.take_settled()
    }

    /// Handles the response to the last request. Must be called after the ended events of it were stored. An event that the
    /// source no longer has is an empty response.
    pub fn response(&mut self, events: &[Seen]) {
        self.failures = 0;
        let Some(task) = self.tasks.pop_front() else { return };
        for Seen { id, start, has_ended } in events {
            if *has_ended {
                self.position.open.remove(id);
            } else {
                self.position.open.insert(id.clone(), *start);
                if let Some(sweep) = &mut self.sweep {
                    sweep.open.insert(id.clone());
                }
            }
        }
        match task {
            Task::Event(id) => {
                if events.is_empty() {
                    self.position.open.remove(&id);
                }
            }
            Task::Ended(ended) => {
                if events.iter().any(|seen| seen.id == ended.id && seen.has_ended) {
                    self.end_reports.settle(ended);
                } else {
                    self.end_reports.again(ended, self.requested_at);
                }
            }
            Task::Window(window, purpose) => {
                if purpose == Purpose::Sweep
                    && let Some(sweep) = &mut self.sweep
                {
                    self.is_sweeps_turn = false;
                    let starts = events.iter().map(|seen| seen.start).chain(sweep.earliest);
                    sweep.earliest = starts.min();
                }
                for left in window.rest(events).into_iter().rev() {
                    self.tasks.push_front(Task::Window(left, purpose));
                }
            }
        }
        self.end_poll_and_sweep();
    }

    fn end_poll_and_sweep(&mut self) {
        let is_left =
            |wanted| self.tasks.iter().any(|task| matches!(task, Task::Window(_, purpose) if *purpose == wanted));
        let (polling, sweeping) = (is_left(Purpose::Poll), is_left(Purpose::Sweep));
        if !polling && let Some(began) = self.poll_began.take() {
            self.position.polled = Some(began);
            self.is_sweeps_turn = sweeping;
        }
        if !sweeping && let Some(sweep) = self.sweep.take() {
            // Polls look back, so after a shorter pause nothing can have been missed.
            let paused = sweep.polled_before.filter(|polled| sweep.began - polled > POLL_BEFORE);
            if let Some(begin) = paused {
                let end = sweep.earliest.map_or(sweep.began, |earliest| earliest.min(sweep.began));
                self.gap = (end > begin).then_some(Gap { begin, end });
            }
            // Frigate has deleted the others.
            self.position.open.retain(|id, _| sweep.open.contains(id));
            self.position.swept = Some(sweep.began);
            self.sweeps += 1;
        }
    }

    /// Reads everything again as soon as possible.
    pub fn sweep_soon(&mut self) {
        self.next_sweep = Duration::ZERO;
    }

    /// Handles a failed request. It is sent again after a delay; that for an open event with the next poll, so that one event
    /// cannot block the others. Returns how many failed one after another.
    pub fn failure(&mut self, now: Now) -> u32 {
        match self.tasks.pop_front() {
            Some(Task::Event(_)) | None => {}
            // After an earlier failure, it is the source that cannot be read, and not this event.
            Some(Task::Ended(ended)) if self.failures > 0 => self.end_reports.put_back(ended),
            Some(Task::Ended(ended)) => self.end_reports.again(ended, self.requested_at),
            Some(window) => self.tasks.push_front(window),
        }
        self.failures += 1;
        self.retry_at = now.monotonic + source_delay(self.failures);
        self.failures
    }

    /// Halves the limit of the last request, because its response was too large. Returns `false` if that is not possible.
    pub fn halve_limit(&mut self) -> bool {
        match self.tasks.front_mut() {
            Some(Task::Window(window, _)) => window.halve_limit(),
            _ => false,
        }
    }

    /// Returns the time before which every event that Frigate still had is stored; `None` before the first sweep.
    pub fn complete_to(&self) -> Option<Micros> {
        let open = self.position.open.values().min().copied();
        self.position.swept.map(|swept| open.map_or(swept, |open| open.min(swept)))
    }

    /// Returns the number of sweeps that were completed in this run.
    pub fn sweeps(&self) -> u64 {
        self.sweeps
    }

    /// Returns the gap that the last sweep has found, once.
    pub fn take_gap(&mut self) -> Option<Gap> {
        self.gap.take()
    }

    /// Returns when the next request is due.
    pub fn due(&self) -> Duration {
        if !self.tasks.is_empty() {
            return self.retry_at;
        }
        let due = self.next_poll.min(self.next_sweep);
        self.end_reports.due().map_or(due, |reported| reported.min(due)).max(self.retry_at)
    }

    /// Returns what a server that continues must know.
    pub fn position(&self) -> &Position {
        &self.position
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::test_runner::FileFailurePersistence;

    use super::end_reports::DELAYS;
    use super::window::LIMIT;
    use super::*;

    const NOW: Micros = 1_765_886_400 * SECOND;

    /// An event of a simulated Frigate.
    #[derive(Clone, Debug)]
    struct Simulated {
        start: Micros,
        /// When its row is inserted.
        inserted: Micros,
        /// When it ends.
        ends: Micros,
        /// When its row is deleted.
        deleted: Micros,
    }

    /// How a simulated Frigate responds.
    #[derive(Clone, Copy, Debug)]
    struct Habits {
        /// The maximum number of events of a response, whatever was requested.
        cap: usize,
        is_newest_first: bool,
    }

    fn id(index: usize) -> String {
        format!("event-{index}")
    }

    fn respond(events: &[Simulated], request: &Request, now: Micros, habits: Habits) -> Vec<Seen> {
        let there = events.iter().enumerate().filter(|(_, event)| (event.inserted..event.deleted).contains(&now));
        let seen = |(index, event): (usize, &Simulated)| Seen {
            id: id(index),
            start: event.start,
            has_ended: event.ends <= now,
        };
        match request {
            Request::Event(wanted) => there.map(seen).filter(|seen| seen.id == *wanted).collect(),
            Request::Window { after, before, limit } => {
                let mut found: Vec<_> =
                    there.map(seen).filter(|seen| (after + 1..*before).contains(&seen.start)).collect();
                found.sort_by_key(|seen| std::cmp::Reverse(seen.start));
                found.truncate((*limit).min(habits.cap));
                if !habits.is_newest_first {
                    found.reverse();
                }
                found
            }
        }
    }

    fn simulated() -> impl Strategy<Value = Simulated> {
        (
            0_i64..100_000,
            prop_oneof![Just(0), 0_i64..50_000],
            0_i64..20_000,
            prop_oneof![Just(i64::MAX / 4 / SECOND), 0_i64..50_000],
        )
            .prop_map(|(start, late, length, kept)| {
                let start = NOW - 50_000 * SECOND + start * SECOND;
                let inserted = start + late * SECOND;
                let ends = start + length * SECOND;
                Simulated { start, inserted, ends, deleted: inserted.max(ends) + kept * SECOND }
            })
    }

    fn at(ours: Micros) -> Now {
        let monotonic = Duration::from_micros(u64::try_from(ours - NOW).expect("after the start"));
        Now { ours, theirs: ours, monotonic }
    }

    fn follower(position: Position) -> Follower {
        Follower::new(Duration::from_secs(15), Duration::from_hours(6), position)
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 24,
            failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
            ..ProptestConfig::default()
        })]

        #[test]
        fn every_event_that_frigate_still_has_before_complete_to_is_stored(
            events in proptest::collection::vec(simulated(), 0..400),
            fails in proptest::collection::vec(proptest::bool::weighted(0.2), 1..50),
            cap in prop_oneof![Just(100), Just(150), Just(usize::MAX)],
            is_newest_first: bool,
            step in 1_i64..4,
        ) {
            let habits = Habits { cap, is_newest_first };
            let mut follower = follower(Position::default());
            let mut stored = BTreeSet::new();
            let (mut now, mut requests) = (NOW, 0_usize);
            while now < NOW + 13 * HOUR {
                let Some(request) = follower.request(at(now)) else {
                    let due = NOW + i64::try_from(follower.due().as_micros()).expect("small");
                    prop_assert!(due > now);
                    now = due;
                    continue;
                };
                requests += 1;
                now += step * SECOND / 10;
                if fails[requests % fails.len()] && !fails.iter().all(|fails| *fails) {
                    follower.failure(at(now));
                    continue;
                }
                let seen = respond(&events, &request, now, habits);
                stored.extend(seen.iter().filter(|seen| seen.has_ended).map(|seen| seen.id.clone()));
                follower.response(&seen);
                let Some(complete_to) = follower.complete_to() else { continue };
                prop_assert!(complete_to <= now);
                let swept = follower.position().swept.unwrap_or(Micros::MIN);
                for (index, event) in events.iter().enumerate() {
                    // Rows that Frigate inserts later, with a start time before, are not there yet. The next sweep reads them.
                    let is_there = event.inserted <= swept && now < event.deleted;
                    prop_assert!(
                        !is_there || event.start >= complete_to || stored.contains(&id(index)),
                        "{event:?} is not stored, complete to {complete_to}"
                    );
                }
            }
            // The second sweep was completed too, and the third, which takes some minutes if requests fail. So everything that
            // was long there is stored.
            prop_assert!(follower.position().swept.is_some_and(|swept| swept >= NOW + 6 * HOUR));
            for (index, event) in events.iter().enumerate() {
                let was_there = event.deleted > NOW + 13 * HOUR && event.inserted < NOW + 10 * HOUR;
                prop_assert!(!was_there || event.ends > NOW + 10 * HOUR || stored.contains(&id(index)), "{event:?}");
            }
        }
    }

    /// Answers all requests that are due, and returns the ids of the events in the responses.
    fn run(follower: &mut Follower, events: &[Simulated], now: Now, cap: usize) -> (BTreeSet<String>, usize) {
        let (mut stored, mut requests) = (BTreeSet::new(), 0);
        while let Some(request) = follower.request(now) {
            requests += 1;
            assert!(requests < 500, "{request:?}");
            let seen = respond(events, &request, now.ours, Habits { cap, is_newest_first: true });
            stored.extend(seen.iter().map(|seen| seen.id.clone()));
            follower.response(&seen);
        }
        (stored, requests)
    }

    fn ended(start: Micros) -> Simulated {
        Simulated { start, inserted: 0, ends: start, deleted: Micros::MAX }
    }

    #[test]
    fn a_source_whose_polls_take_longer_than_their_interval_is_swept_all_the_same() {
        let events: Vec<_> = (0..300).map(|index| ended(NOW - index * HOUR)).collect();
        let mut follower = follower(Position::default());
        let mut now = NOW;
        while follower.sweeps() == 0 {
            let request = follower.request(at(now)).expect("the next poll is due already");
            now += 20 * SECOND;
            assert!(now < NOW + 600 * SECOND, "{request:?}");
            follower.response(&respond(&events, &request, now, Habits { cap: 100, is_newest_first: true }));
        }
        assert_eq!(follower.complete_to(), Some(NOW));
    }

    #[test]
    fn a_window_is_read_to_its_end_whatever_limit_frigate_applies() {
        let events: Vec<_> = (0..12_000).map(|index| ended(NOW - index * 60 * SECOND)).collect();
        for cap in [100, 5_000, usize::MAX] {
            let mut follower = follower(Position::default());
            let (stored, _) = run(&mut follower, &events, at(NOW), cap);
            assert_eq!((stored.len(), follower.complete_to()), (12_000, Some(NOW)), "{cap}");
        }
        let tied: Vec<_> = (0..7_000).map(|_| ended(NOW - 3 * HOUR)).collect();
        let mut follower = follower(Position::default());
        let (stored, requests) = run(&mut follower, &tied, at(NOW), usize::MAX);
        assert_eq!(stored.len(), 7_000, "events of one moment, in {requests} requests");
    }

    #[test]
    fn the_position_continues_after_a_restart_and_a_long_pause_is_a_gap() {
        let open = Simulated { ends: Micros::MAX, ..ended(NOW - 3 * HOUR) };
        let mut first = follower(Position::default());
        run(&mut first, std::slice::from_ref(&open), at(NOW), 100);
        assert_eq!(first.complete_to(), Some(NOW - 3 * HOUR), "an open event may still be stored");
        let text = serde_json::to_string(first.position()).expect("JSON");
        let position: Position = serde_json::from_str(&text).expect("a position");
        assert_eq!(&position, first.position());

        let pauses = [(HOUR, vec![], None), (30 * HOUR, vec![ended(NOW - HOUR)], None)];
        let lost = Gap { begin: NOW, end: NOW + 20 * HOUR };
        let nothing = Gap { begin: NOW, end: NOW + 30 * HOUR };
        let later = [(30 * HOUR, vec![ended(NOW + 20 * HOUR)], Some(lost)), (30 * HOUR, vec![], Some(nothing))];
        for (pause, events, gap) in pauses.into_iter().chain(later) {
            let mut follower = follower(position.clone());
            run(&mut follower, &events, at(NOW + pause), 100);
            assert_eq!(follower.take_gap(), gap, "{pause} {events:?}");
            assert_eq!(follower.take_gap(), None);
            assert_eq!(follower.complete_to(), Some(NOW + pause), "the open event is gone");
        }
    }

    #[test]
    fn frigates_clock_decides_on_windows_and_the_earlier_clock_on_what_is_complete() {
        for offset in [-5 * HOUR, 5 * HOUR] {
            let now = Now { theirs: NOW + offset, ..at(NOW) };
            let mut follower = follower(Position::default());
            let (stored, _) = run(&mut follower, &[ended(now.theirs)], now, 100);
            assert_eq!(stored.len(), 1);
            assert_eq!(follower.complete_to(), Some(NOW.min(now.theirs)));
        }
    }

    #[test]
    fn an_open_event_that_cannot_be_read_blocks_nothing() {
        let open = BTreeMap::from([("stuck".to_owned(), NOW - 3 * HOUR)]);
        let mut follower = follower(Position { open, ..Position::default() });
        let mut now = NOW;
        while follower.sweeps() == 0 {
            let Some(request) = follower.request(at(now)) else {
                now += SECOND;
                continue;
            };
            match request {
                Request::Event(_) => {
                    follower.failure(at(now));
                }
                Request::Window { .. } => {
                    let stuck = Seen { id: "stuck".to_owned(), start: NOW - 3 * HOUR, has_ended: false };
                    follower.response(&[stuck]);
                }
            }
            assert!(now < NOW + 60 * SECOND);
        }
        assert_eq!(follower.complete_to(), Some(NOW - 3 * HOUR), "it is not stored");
    }

    /// Returns a follower that has read everything, so that nothing is due.
    fn idle() -> Follower {
        let hours = Duration::from_hours(6);
        let mut follower = Follower::new(hours, hours, Position::default());
        run(&mut follower, &[], at(NOW), 100);
        assert_eq!((follower.request(at(NOW)), follower.due()), (None, hours));
        follower
    }

    fn reported(follower: &mut Follower, id: &str, now: Micros) {
        follower.end_reported(id.to_owned(), at(now));
    }

    fn seen(id: &str, has_ended: bool) -> Seen {
        Seen { id: id.to_owned(), start: NOW, has_ended }
    }

    #[test]
    fn an_event_whose_end_is_reported_is_requested_at_once_and_once() {
        let mut follower = idle();
        let now = NOW + SECOND;
        for id in ["a", "b", "a"] {
            reported(&mut follower, id, now);
        }
        assert_eq!(follower.due(), at(now).monotonic);
        for id in ["a", "b"] {
            assert_eq!(follower.request(at(now)), Some(Request::Event(id.to_owned())));
            assert_eq!(follower.take_settled(), [""; 0], "it is not stored yet");
            follower.response(&[seen(id, true)]);
            assert_eq!(follower.take_settled(), [id]);
        }
        assert_eq!(follower.request(at(now)), None);
        reported(&mut follower, "a", now);
        assert_eq!(follower.request(at(now)), Some(Request::Event("a".to_owned())), "reported again");
    }

    #[test]
    fn a_reported_event_comes_before_the_rest_of_a_sweep() {
        let mut follower = follower(Position::default());
        assert!(matches!(follower.request(at(NOW)), Some(Request::Window { .. })));
        reported(&mut follower, "a", NOW);
        follower.response(&[]);
        assert_eq!(follower.request(at(NOW)), Some(Request::Event("a".to_owned())));
        follower.response(&[seen("a", true)]);
        run(&mut follower, &[], at(NOW), 100);
        assert_eq!((follower.sweeps(), follower.complete_to()), (1, Some(NOW)));
    }

    #[test]
    fn a_reported_event_that_is_not_there_yet_is_requested_for_seconds_and_then_left_to_polls() {
        let mut follower = idle();
        let mut now = NOW;
        reported(&mut follower, "late", now);
        let mut requests = 0;
        while follower.take_settled().is_empty() {
            assert_eq!(follower.request(at(now)), Some(Request::Event("late".to_owned())), "{requests}");
            requests += 1;
            // Its row is not there, or not the one of its end.
            let open = [seen("late", false)];
            follower.response(if requests % 2 == 0 { &open } else { &[] });
            if let Some(delay) = DELAYS.get(requests - 1) {
                let due = at(now).monotonic + *delay;
                assert_eq!((follower.due(), follower.request(at(now))), (due, None));
                now += i64::try_from(delay.as_micros()).expect("seconds");
            }
        }
        assert_eq!((requests, now - NOW < 7 * SECOND), (7, true));
        assert_eq!(follower.request(at(now)), None);
        assert!(follower.position().open.contains_key("late"), "polls request it until it has ended");
    }

    #[test]
    fn a_reported_event_that_cannot_be_read_blocks_nothing_and_waits_while_the_source_is_away() {
        let mut away = idle();
        reported(&mut away, "a", NOW);
        let mut now = NOW;
        for _ in 0..50 {
            assert_eq!(away.request(at(now)), Some(Request::Event("a".to_owned())));
            away.failure(at(now));
            now += 60 * SECOND;
        }
        assert_eq!(away.take_settled(), [""; 0], "the source is away");
        away.request(at(now));
        away.response(&[seen("a", true)]);
        assert_eq!(away.take_settled(), ["a"]);

        // Only this event cannot be read.
        let mut follower = idle();
        reported(&mut follower, "bad", NOW);
        let (mut now, mut settled, mut polls) = (NOW, Vec::new(), 0);
        for minute in 0..3_000 {
            if minute % 100 == 0 {
                reported(&mut follower, &format!("good-{minute}"), now);
            }
            match follower.request(at(now)) {
                Some(Request::Event(id)) if id == "bad" => {
                    follower.failure(at(now));
                }
                Some(Request::Event(id)) => follower.response(&[seen(&id, true)]),
                Some(Request::Window { .. }) => {
                    polls += 1;
                    follower.response(&[]);
                }
                None => {}
            }
            settled.extend(follower.take_settled());
            now += 60 * SECOND;
        }
        assert_eq!(settled.iter().filter(|id| id.starts_with("good")).count(), 30);
        assert!(settled.contains(&"bad".to_owned()), "it is left to polls");
        assert!(polls > 10, "{polls}");
    }

    #[test]
    fn failures_are_retried_with_growing_delays_and_change_nothing() {
        let mut follower = follower(Position::default());
        let first = follower.request(at(NOW));
        let mut now = NOW;
        for (count, delay) in (1..).zip([1, 2, 4, 8, 16, 32, 60, 60]) {
            assert_eq!(follower.failure(at(now)), count);
            assert_eq!(follower.request(at(now + delay * SECOND - 1)), None);
            now += delay * SECOND;
            assert_eq!(follower.due(), at(now).monotonic);
            assert!(follower.request(at(now)).is_some());
        }
        assert_eq!(follower.complete_to(), None);
        assert!(matches!(first, Some(Request::Window { limit: LIMIT, .. })));
    }
}
