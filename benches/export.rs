//! `cargo bench --bench export` measures each stage of the export separately, with ten thousand events.

#[path = "database.rs"]
mod database;
#[path = "sample.rs"]
mod sample;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use motion_export::server::export::event::Row;
use motion_export::server::export::pipeline::encoding::{Compressor, Encoding};
use motion_export::server::export::timezone::{TimeZone, TimestampFormatter};
use sha2::{Digest, Sha256};

const ROWS: usize = 10_000;

fn main() {
    divan::main();
}

/// Reads SQLite's rows and discards them.
#[divan::bench]
fn read_pages(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut database = database::open(&database::make(folder.path(), ROWS));
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| database::read(&mut database, ROWS, |_| {}));
}

/// Writes rows from memory as lines of CSV.
#[divan::bench]
fn write_lines(bencher: Bencher) {
    let events = sample::events(ROWS);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| lines(&events));
}

/// Writes only the timestamps.
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

/// Computes the digest of the lines.
#[divan::bench]
fn digest(bencher: Bencher) {
    let lines = lines(&sample::events(ROWS));
    bencher.counter(BytesCount::of_slice(&lines)).bench_local(|| Sha256::digest(&lines));
}

/// Compresses the lines.
#[divan::bench(args = [Encoding::Zstd, Encoding::Gzip, Encoding::Brotli])]
fn encode(bencher: Bencher, encoding: Encoding) {
    let lines = lines(&sample::events(ROWS));
    bencher.counter(BytesCount::of_slice(&lines)).with_inputs(|| lines.clone()).bench_local_values(|lines| {
        Compressor::new(Some(encoding)).expect("memory").chunk(lines, true).expect("encoded")
    });
}

fn lines(events: &[Row]) -> Vec<u8> {
    let (mut encoder, mut bytes) = (sample::encoder(), Vec::new());
    for event in events {
        sample::write(&mut encoder, event, &mut bytes);
    }
    bytes
}
