//! Bodies of the ingest endpoint and messages of MQTT that are almost right: whatever comes, nothing panics, and an event that is
//! accepted keeps all bounds. `make fuzz` runs a million cases.

use std::time::Instant;

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::frigate::report;
use motion_export::server::ingest::live::body::{self, Format};
use motion_export::server::ingest::live::check::{Origin, check};
use motion_export::server::ingest::live::hooks;
use motion_export::server::ingest::live::writer::MAX_EVENTS;

use crate::app::NOW;

/// The number of cases without `FUZZ_CASES`.
const CASES: u64 = 5_000;

/// What senders send, from which each case is made.
const SEEDS: [&str; 9] = [
    r#"{"id":"42","timestamp":"2025-12-15T21:00:00.5+01:00","camera_id":"door","camera_name":"Tür","confidence":87.5}"#,
    r#"[{"timestamp":1765800000,"camera_id":"a","x":1,"y":-2,"width":30,"height":40,"zone_id":"drive"},{"timestamp":"now"}]"#,
    r#"{"events":[{"timestamp":1765800000123,"camera_id":"a","center_x":7,"center_y":8,"width":1e2,"height":"3.0"}]}"#,
    "{\"timestamp\":1765800000.25,\"camera_id\":\"a\"}\n\n{\"timestamp\":\"2025-12-15T20:00:00Z\",\"camera_id\":\"b\"}\r\n",
    "timestamp=1765800000&camera_id=front%20door&confidence=12,5&id=%00&algorithm=motion",
    r#"{"alarm":{"triggers":[{"key":"person","device":"A1","zones":{"zone":[1,2]},"eventId":"e","timestamp":1747301972418}]},
        "timestamp":1747301972500}"#,
    r#"{"info":{"mid":"m","description":"Triggered at 2024-05-10T23:14:38+02:00","eventDetails":{"reason":"motion","confidence":80,
        "matrices":[{"x":1,"y":2,"width":3,"height":4,"tag":"cat"}]}}}"#,
    r#"{"type":"end","before":{},"after":{"id":"1735787796.700051-gaexp1","has_clip":true,"false_positive":false}}"#,
    "message=%7B%22info%22%3A%7B%22mid%22%3A%22m%22%7D%7D",
];

/// Pieces that matter to parsers.
const PIECES: [&[u8]; 22] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"1e400",
    b"-0",
    b"99999999999999999999",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\n",
    b"&",
    b"=",
    b"%",
    b"2025-02-29T24:00:60Z",
    b"timestamp",
];

fn mutated(random: &mut Rng) -> Vec<u8> {
    let mut bytes = SEEDS[random.usize(..SEEDS.len())].as_bytes().to_vec();
    for _ in 0..random.usize(..8) {
        let at = random.usize(..=bytes.len());
        match random.u8(..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 if at < bytes.len() => bytes[at] = random.u8(..),
            3 if at < bytes.len() => {
                bytes.remove(at);
            }
            4 => {
                let (from, to) = (random.usize(..=at), at);
                let copy = bytes[from..to].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                bytes.splice(at..at, PIECES[random.usize(..PIECES.len())].iter().copied());
            }
        }
    }
    bytes
}

/// Returns how many events of a body are accepted, all of which keep the bounds.
fn accepted(parsed: Result<(&'static str, Vec<body::Item>), body::BodyError>) -> u64 {
    let Ok((kind, items)) = parsed else { return 0 };
    assert!(items.len() <= MAX_EVENTS);
    let now = UnixMicros::new(NOW);
    let mut count = 0;
    for reported in items.into_iter().filter_map(|item| item.reported.ok()) {
        let Ok(event) = check(reported, Origin { kind, instance: "" }, now) else { continue };
        let event = event.into_event();
        assert!((946_684_800_000_000..=NOW + 86_400_000_000).contains(&event.timestamp), "{event:?}");
        assert!(!event.camera_id.is_empty() && event.camera_id.chars().count() <= 200, "{event:?}");
        assert!(event.confidence.is_none_or(|confidence| (0.0..=100.0).contains(&confidence)), "{event:?}");
        let sides = [event.x, event.y, event.width, event.height];
        assert!(sides.iter().all(Option::is_some) || sides.iter().all(Option::is_none), "{event:?}");
        assert!(event.width.unwrap_or(0) >= 0 && event.height.unwrap_or(0) >= 0, "{event:?}");
        let texts = [Some(&event.camera_id), Some(&event.algorithm), event.zone_id.as_ref()];
        assert!(!texts.into_iter().flatten().any(|text| text.contains(char::is_control)), "{event:?}");
        count += 1;
    }
    count
}

#[test]
fn almost_right_bodies_and_messages_break_nothing() {
    let cases = std::env::var("FUZZ_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let seed = std::env::var("FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
    let (mut random, began) = (Rng::with_seed(seed), Instant::now());
    let (mut events, mut ends) = (0, 0);
    for _ in 0..cases {
        let bytes = mutated(&mut random);
        for format in [Format::Json, Format::JsonLines, Format::Form] {
            events += accepted(body::parse(format, &bytes).map(|items| ("endpoint", items)));
            events += accepted(hooks::parse(format, &bytes));
        }
        events += accepted(hooks::parse(hooks::guess(&bytes), &bytes));
        if let Ok(Some(id)) = report::ended(&bytes) {
            assert!(!id.contains(['/', '?', '#', '%']) && id.len() <= 100, "{id}");
            ends += 1;
        }
        if random.u8(..16) == 0 {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            std::io::Write::write_all(&mut packed, &bytes).unwrap();
            let mut packed = packed.finish().unwrap();
            assert_eq!(body::gunzip(&packed).unwrap(), bytes);
            let at = random.usize(..packed.len());
            packed[at] ^= 1 << random.u8(..8);
            let _ = body::gunzip(&packed);
        }
    }
    let per_second = u128::from(cases) * 1_000 / began.elapsed().as_millis().max(1);
    eprintln!("{cases} cases, seed {seed}, {per_second} per second: {events} accepted events, {ends} reported ends");
    assert!(events > cases / 10 && ends > cases / 100, "the cases are almost right: {events}, {ends}");
}
