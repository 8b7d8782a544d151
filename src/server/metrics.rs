//! What is counted for the operator.

use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::api::exports::State as ExportState;

/// Up to so many seconds an export is counted by: from what is there at once to what takes half an hour.
const DURATIONS: [f64; 11] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0];

/// The counters. Each server has its own.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    rows: IntCounter,
    bytes: IntCounter,
    duration: Histogram,
    in_flight: IntGauge,
    ended: IntCounterVec,
    refused: IntCounterVec,
    connections: IntGaugeVec,
    passwords: IntCounterVec,
}

/// Why an export did not begin although nothing was wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its user has as many running as one may.
    User,
    /// The server has.
    Server,
    /// The server is being stopped.
    Stopping,
    /// Its record cannot be written.
    Record,
}

impl Refused {
    const ALL: [Self; 4] = [Self::User, Self::Server, Self::Stopping, Self::Record];

    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Server => "server",
            Self::Stopping => "stopping",
            Self::Record => "record",
        }
    }
}

impl Metrics {
    /// All at zero. The names of requests, rows and duration are the specification's.
    ///
    /// # Panics
    /// Never: the names are fixed, and each is there once.
    pub fn new() -> Self {
        let registry = Registry::new();
        let counter = |name, help| added(&registry, IntCounter::new(name, help));
        let counters = |name, help, label| added(&registry, IntCounterVec::new(Opts::new(name, help), &[label]));
        let duration = HistogramOpts::new("motion_export_duration_seconds", "From the begin of an export to its end.");
        let metrics = Self {
            requests: counters(
                "motion_export_requests_total",
                "Requests for an export, by the status of the answer.",
                "status",
            ),
            rows: counter("motion_export_rows_total", "Events written into exports."),
            bytes: counter("motion_export_bytes_total", "Bytes written into exports, before any content encoding."),
            duration: added(&registry, Histogram::with_opts(duration.buckets(DURATIONS.into()))),
            in_flight: added(&registry, IntGauge::new("motion_export_in_flight", "Exports that are running.")),
            ended: counters(
                "motion_export_ended_total",
                "Exports that have ended, by the state of their record.",
                "state",
            ),
            refused: counters(
                "motion_export_refused_total",
                "Exports that did not begin, by what there was too much of, or what could not be done.",
                "reason",
            ),
            connections: added(
                &registry,
                IntGaugeVec::new(
                    Opts::new(
                        "motion_export_database_connections",
                        "Connections to the database, by what they are for.",
                    ),
                    &["pool", "state"],
                ),
            ),
            passwords: counters("motion_export_passwords_total", "Passwords that were shown, by outcome.", "outcome"),
            registry,
        };
        // There from the start, so that what has not happened yet is told as zero.
        for state in ExportState::ALL.into_iter().filter(|state| *state != ExportState::Running) {
            metrics.ended.with_label_values(&[state.word()]);
        }
        for reason in Refused::ALL {
            metrics.refused.with_label_values(&[reason.word()]);
        }
        metrics
    }

    /// An export was asked for and answered.
    pub fn export_answered(&self, status: u16) {
        self.requests.with_label_values(&[status.to_string()]).inc();
    }

    /// An export was asked for and did not begin.
    pub fn export_refused(&self, reason: Refused) {
        self.refused.with_label_values(&[reason.word()]).inc();
    }

    /// An export has written so many more events and bytes.
    pub fn export_wrote(&self, rows: u64, bytes: u64) {
        self.rows.inc_by(rows);
        self.bytes.inc_by(bytes);
    }

    /// An export has ended, well or not.
    pub fn export_ended(&self, state: ExportState, after: Duration) {
        self.ended.with_label_values(&[state.word()]).inc();
        self.duration.observe(after.as_secs_f64());
    }

    /// Somebody showed a password.
    pub fn password_checked(&self, outcome: &'static str) {
        self.passwords.with_label_values(&[outcome]).inc();
    }

    /// Notes how many exports are running.
    pub fn running(&self, exports: usize) {
        self.in_flight.set(i64::try_from(exports).unwrap_or(i64::MAX));
    }

    /// All numbers as Prometheus reads them, and the type of that text.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn text(&self) -> prometheus::Result<(String, Vec<u8>)> {
        let mut text = Vec::new();
        let encoder = TextEncoder::new();
        encoder.encode(&self.registry.gather(), &mut text)?;
        Ok((encoder.format_type().to_owned(), text))
    }

    /// Notes how many connections a pool has at work, and how many more wait for work.
    pub fn connections(&self, pool: &str, busy: usize, idle: usize) {
        for (state, count) in [("busy", busy), ("idle", idle)] {
            self.connections.with_label_values(&[pool, state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

fn added<C: prometheus::core::Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let collector = made.expect("a name");
    registry.register(Box::new(collector.clone())).expect("a name of its own");
    collector
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
