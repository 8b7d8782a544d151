//! `make instructions` counts the instructions per exported row with callgrind. The counts do not depend on the load of
//! the machine.
//!
//! Fails if a count is more than 5 % above its figure in `benches/instructions.txt`. The figures are compared only if
//! they were recorded with the same compilers. `cargo bench --bench instructions -- --record` records them again.

#[path = "database.rs"]
mod database;
#[path = "sample.rs"]
mod sample;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use motion_export::server::export::event::Row;

/// Each stage runs with this many rows and with twice as many. The difference is the cost of the rows alone.
const ROWS: usize = 20_000;

/// The accepted deviation from the recorded figures, in percent.
const TOLERANCE: u64 = 5;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

const STAGES: [&str; 3] = ["read", "write", "both"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(),
        ["--record"] => record(),
        [stage, file, rows] => work(stage, Path::new(file), rows.parse().expect("a number")),
        _ => {
            print_line("instructions [--record]");
            ExitCode::FAILURE
        }
    }
}

/// Runs a stage. This is the code that is counted.
fn work(stage: &str, file: &Path, rows: usize) -> ExitCode {
    let (mut encoder, mut bytes) = (sample::encoder(), Vec::with_capacity(1 << 20));
    let write = |row: &Row| {
        sample::write(&mut encoder, row, &mut bytes);
        if bytes.len() > 1 << 19 {
            bytes.clear();
        }
    };
    // Both runs create the same number, so that creating them is not part of the difference.
    let events = if stage == "write" { sample::events(2 * ROWS) } else { Vec::new() };
    match stage {
        "read" => database::read(&mut database::open(file), rows, |_| {}),
        "both" => database::read(&mut database::open(file), rows, write),
        _ => events.iter().take(rows).for_each(write),
    }
    ExitCode::SUCCESS
}

/// Returns the instructions per row of each stage.
fn count() -> BTreeMap<&'static str, u64> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = database::make(folder.path(), 2 * ROWS);
    let count = |stage: &str, rows: usize| {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args([stage, file.to_str().expect("UTF-8"), &rows.to_string()])
            .output()
            .expect("valgrind runs");
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{report}");
        let collected = report.lines().find_map(|line| line.split_once("Collected : ")).expect("a count").1;
        collected.trim().parse::<u64>().expect("a number")
    };
    STAGES.map(|stage| (stage, (count(stage, 2 * ROWS) - count(stage, ROWS)) / ROWS as u64)).into()
}

/// Returns the architecture and the versions of the compilers, on which the counts depend.
fn compilers() -> String {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        let text = output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
        text.lines().next().unwrap_or("unknown").to_owned()
    };
    format!("{}, {}, {}", std::env::consts::ARCH, version("rustc"), version("cc"))
}

fn record() -> ExitCode {
    let mut lines = vec![compilers()];
    lines.extend(count().into_iter().map(|(stage, count)| format!("{stage} {count}")));
    std::fs::write(RECORDED, lines.join("\n") + "\n").expect("written");
    compare()
}

fn compare() -> ExitCode {
    let recorded = std::fs::read_to_string(RECORDED).expect("recorded figures");
    let (recorded_with, recorded) = recorded.split_once('\n').expect("a line about the compilers");
    let comparable = recorded_with == compilers();
    let figures: BTreeMap<&str, u64> = recorded
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(stage, count)| (stage, count.parse().expect("a number")))
        .collect();
    let mut code = ExitCode::SUCCESS;
    for (stage, count) in count() {
        let before = figures[stage];
        print_line(&format!("{stage}: {count} instructions per row, recorded: {before}"));
        if comparable && count * 100 > before * (100 + TOLERANCE) {
            print_line(&format!("  more than {TOLERANCE} % above: fix it, or record it and explain why"));
            code = ExitCode::FAILURE;
        } else if comparable && count * (100 + TOLERANCE) < before * 100 {
            print_line(&format!("  more than {TOLERANCE} % below: record it, so that a later regression is noticed"));
        }
    }
    if !comparable {
        print_line(&format!("not compared: recorded with {recorded_with}, this is {}", compilers()));
    }
    code
}

fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
