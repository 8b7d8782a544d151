//! `cargo bench --bench export`: how long the stages of the export take, each by itself, for ten thousand events.

#[path = "database.rs"]
mod database;
#[path = "sample.rs"]
mod sample;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use motion_export::server::export::pipeline::encoding::{Compressor, Encoding};
use motion_export::server::export::timezone::{TimeZone, TimestampFormatter};
use sha2::{Digest, Sha256};

const ROWS: usize = 10_000;

fn main() {
    divan::main();
}

/// SQLite's rows, read and thrown away.
#[divan::bench]
fn read_pages(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut database = database::open(&database::make(folder.path(), ROWS));
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| database::read(&mut database, ROWS, |_| {}));
}

/// Rows that are in memory, written as lines.
#[divan::bench]
fn write_lines(bencher: Bencher) {
    let events = sample::events(ROWS);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| lines(&events));
}

/// The moments alone.
#[divan::bench(args = ["UTC", "Europe/Berlin"])]
fn write_timestamps(bencher: Bencher, zone: &str) {
    let zone = TimeZone::parse(zone).expect("a zone");
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let (mut timestamps, mut bytes) = (TimestampFormatter::new(zone), Vec::new());
        for second in 0..i64::try_from(ROWS).expect("few") {
            timestamps.write(1_733_000_000_000_000 + second * 30_123_456, &mut bytes).expect("in the calendar");
        }
        bytes
    });
}

/// The digest of those lines.
#[divan::bench]
fn digest(bencher: Bencher) {
    let lines = lines(&sample::events(ROWS));
    bencher.counter(BytesCount::of_slice(&lines)).bench_local(|| Sha256::digest(&lines));
}

/// The encodings of those lines.
#[divan::bench(args = [Encoding::Zstd, Encoding::Gzip, Encoding::Brotli])]
fn encode(bencher: Bencher, encoding: Encoding) {
    let lines = lines(&sample::events(ROWS));
    bencher.counter(BytesCount::of_slice(&lines)).with_inputs(|| lines.clone()).bench_local_values(|lines| {
        Compressor::new(Some(encoding)).expect("memory").chunk(lines, true).expect("encoded")
    });
}

fn lines(events: &[sample::Event]) -> Vec<u8> {
    let (mut encoder, mut bytes) = (sample::encoder(), Vec::new());
    for event in events {
        sample::write(&mut encoder, &event.row(), &mut bytes);
    }
    bytes
}
