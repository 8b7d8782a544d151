//! Metrics for Prometheus.

use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::api::exports::State as ExportState;

/// Upper bounds of the duration histogram's buckets, in seconds.
const DURATIONS: [f64; 11] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0];

/// The metrics of this server. Other servers on the same database have their own.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    rows: IntCounter,
    bytes: IntCounter,
    duration: Histogram,
    in_flight: IntGauge,
    event_streams: IntGauge,
    ended: IntCounterVec,
    refused: IntCounterVec,
    connections: IntGaugeVec,
    ingest_requests: IntCounterVec,
    ingest_events: IntCounterVec,
    ingest_rejected: IntCounterVec,
    source_up: IntGaugeVec,
    source_times: IntGaugeVec,
    source_events: IntCounterVec,
    source_failures: IntCounterVec,
    source_mqtt_connected: IntGaugeVec,
    source_mqtt_messages: IntCounterVec,
    retention_rows: IntCounter,
    retention_failures: IntCounter,
    retention_last_run: IntGauge,
    login_attempts: IntCounterVec,
    deprecated_passwords: IntCounterVec,
}

/// How an attempt to sign in with a password ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// Name and password were right.
    Success,
    /// Name or password was wrong.
    Failure,
    /// The password was not checked, because there were too many attempts.
    Throttled,
}

impl LoginOutcome {
    const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Throttled];

    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Throttled => "throttled",
        }
    }

    /// Returns the label of the deprecated metric `motion_export_passwords_total`.
    fn deprecated_label(self) -> &'static str {
        match self {
            Self::Success => "right",
            Self::Failure => "wrong",
            Self::Throttled => "slowed",
        }
    }
}

/// What becomes of a sent event.
const INGEST_OUTCOMES: [&str; 3] = ["accepted", "duplicate", "rejected"];

/// A time of a live source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceTime {
    /// When it last responded.
    LastContact,
    /// The time of the latest event that was stored.
    LastEvent,
    /// Up to when its events are complete.
    CompleteTo,
}

impl SourceTime {
    const ALL: [Self; 3] = [Self::LastContact, Self::LastEvent, Self::CompleteTo];

    fn as_str(self) -> &'static str {
        match self {
            Self::LastContact => "last_contact",
            Self::LastEvent => "last_event",
            Self::CompleteTo => "complete_to",
        }
    }
}

/// What a message of an MQTT broker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MqttMessage {
    /// The end of an event.
    End,
    /// Something else that the source sends.
    Other,
    /// Nothing that the source sends.
    Invalid,
}

impl MqttMessage {
    fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Other => "other",
            Self::Invalid => "invalid",
        }
    }
}

/// Why a valid request for an export was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The user has the maximum number of exports running.
    User,
    /// The server has the maximum number of exports running.
    Server,
    /// The server is shutting down.
    Stopping,
    /// The record of the export cannot be written.
    Record,
}

impl Refused {
    const ALL: [Self; 4] = [Self::User, Self::Server, Self::Stopping, Self::Record];

    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Server => "server",
            Self::Stopping => "stopping",
            Self::Record => "record",
        }
    }
}

impl Metrics {
    /// Creates all metrics, with zero for each outcome. The names of requests, rows and duration are the specification's.
    ///
    /// # Panics
    /// Never: the names are constants, valid and distinct.
    pub fn new() -> Self {
        let registry = Registry::new();
        let gauge = |name, help| registered(&registry, IntGauge::new(name, help));
        let counter = |name, help| registered(&registry, IntCounter::new(name, help));
        let counters = |name, help, label| registered(&registry, IntCounterVec::new(Opts::new(name, help), &[label]));
        let gauges =
            |name, help, labels: &[&str]| registered(&registry, IntGaugeVec::new(Opts::new(name, help), labels));
        let duration = HistogramOpts::new("motion_export_duration_seconds", "Duration of exports, from start to end.");
        let metrics = Self {
            requests: counters(
                "motion_export_requests_total",
                "Requests for an export, by HTTP status of the response.",
                "status",
            ),
            rows: counter("motion_export_rows_total", "Events written to exports."),
            bytes: counter("motion_export_bytes_total", "Bytes written to exports, before content encoding."),
            duration: registered(&registry, Histogram::with_opts(duration.buckets(DURATIONS.into()))),
            in_flight: gauge("motion_export_in_flight", "Exports that are currently running."),
            event_streams: gauge("motion_export_event_streams", "Open streams of events about exports."),
            ended: counters("motion_export_ended_total", "Ended exports, by final state of their record.", "state"),
            refused: counters(
                "motion_export_refused_total",
                "Rejected exports, by reason: limit of the user or of the server, server stopping, record not writable.",
                "reason",
            ),
            connections: gauges(
                "motion_export_database_connections",
                "Open connections to the database, by pool and state.",
                &["pool", "state"],
            ),
            ingest_requests: counters(
                "motion_export_ingest_requests_total",
                "Requests of senders of events, by HTTP status of the response.",
                "status",
            ),
            ingest_events: counters(
                "motion_export_ingest_events_total",
                "Events sent to the ingest endpoint, by outcome.",
                "outcome",
            ),
            ingest_rejected: counters(
                "motion_export_ingest_rejected_total",
                "Events that the ingest endpoint refused, by code.",
                "code",
            ),
            source_up: gauges(
                "motion_export_source_up",
                "Whether a live source that this server follows responds.",
                &["source"],
            ),
            source_times: gauges(
                "motion_export_source_seconds",
                "Times of a live source that this server follows, in seconds since 1970.",
                &["of", "source"],
            ),
            source_events: registered(
                &registry,
                IntCounterVec::new(
                    Opts::new("motion_export_source_events_total", "Events of live sources, by outcome."),
                    &["outcome", "source"],
                ),
            ),
            source_failures: counters(
                "motion_export_source_failures_total",
                "Failed requests to live sources.",
                "source",
            ),
            source_mqtt_connected: gauges(
                "motion_export_source_mqtt_connected",
                "Whether the MQTT broker of a live source that this server follows is connected.",
                &["source"],
            ),
            source_mqtt_messages: registered(
                &registry,
                IntCounterVec::new(
                    Opts::new("motion_export_source_mqtt_messages_total", "Messages of MQTT brokers, by kind."),
                    &["kind", "source"],
                ),
            ),
            retention_rows: counter(
                "motion_export_retention_deleted_rows_total",
                "Events that this server deleted because of their age.",
            ),
            retention_failures: counter(
                "motion_export_retention_failures_total",
                "Runs of retention that did not delete all events that were due.",
            ),
            retention_last_run: gauge(
                "motion_export_retention_last_run_timestamp_seconds",
                "When this server last completed a run of retention, in seconds since 1970; 0 before the first one.",
            ),
            login_attempts: counters("motion_export_login_attempts_total", "Sign-in attempts, by outcome.", "outcome"),
            deprecated_passwords: counters(
                "motion_export_passwords_total",
                "Deprecated: use motion_export_login_attempts_total.",
                "outcome",
            ),
            registry,
        };
        metrics.create_zeros();
        metrics
    }

    /// Creates the counters of all outcomes, so that one that has not occurred yet is exported as zero.
    fn create_zeros(&self) {
        for state in ExportState::ALL.into_iter().filter(|state| *state != ExportState::Running) {
            self.ended.with_label_values(&[state.as_str()]);
        }
        for reason in Refused::ALL {
            self.refused.with_label_values(&[reason.as_str()]);
        }
        for outcome in INGEST_OUTCOMES {
            self.ingest_events.with_label_values(&[outcome]);
        }
        for outcome in LoginOutcome::ALL {
            self.login_attempts.with_label_values(&[outcome.as_str()]);
            self.deprecated_passwords.with_label_values(&[outcome.deprecated_label()]);
        }
    }

    /// Counts a request for an export by the HTTP status of its response.
    pub fn export_answered(&self, status: u16) {
        self.requests.with_label_values(&[status.to_string()]).inc();
    }

    /// Counts a rejected export.
    pub fn export_refused(&self, reason: Refused) {
        self.refused.with_label_values(&[reason.as_str()]).inc();
    }

    /// Adds events and bytes that an export has written.
    pub fn export_wrote(&self, rows: u64, bytes: u64) {
        self.rows.inc_by(rows);
        self.bytes.inc_by(bytes);
    }

    /// Counts an ended export, and observes its duration.
    pub fn export_ended(&self, state: ExportState, after: Duration) {
        self.ended.with_label_values(&[state.as_str()]).inc();
        self.duration.observe(after.as_secs_f64());
    }

    /// Counts an attempt to sign in with a password.
    pub fn login_attempted(&self, outcome: LoginOutcome) {
        self.login_attempts.with_label_values(&[outcome.as_str()]).inc();
        self.deprecated_passwords.with_label_values(&[outcome.deprecated_label()]).inc();
    }

    /// Counts a request of a sender of events by the HTTP status of its response.
    pub fn ingest_answered(&self, status: u16) {
        self.ingest_requests.with_label_values(&[status.to_string()]).inc();
    }

    /// Counts the events of a request that were stored now, that were stored before, and that were refused, by code.
    pub fn ingested(&self, accepted: u64, duplicate: u64, rejected: impl IntoIterator<Item = String>) {
        let [stored, known, refused] = INGEST_OUTCOMES.map(|outcome| self.ingest_events.with_label_values(&[outcome]));
        stored.inc_by(accepted);
        known.inc_by(duplicate);
        for code in rejected {
            refused.inc();
            self.ingest_rejected.with_label_values(&[code]).inc();
        }
    }

    /// Sets whether a live source that this server follows responds.
    pub fn source_up(&self, source: &str, is_up: bool) {
        self.source_up.with_label_values(&[source]).set(is_up.into());
    }

    /// Sets a time of a live source, in seconds since 1970.
    pub fn source_time(&self, source: &str, time: SourceTime, seconds: i64) {
        self.source_times.with_label_values(&[time.as_str(), source]).set(seconds);
    }

    /// Counts events of a live source that were stored, that were changed, and that were left out.
    pub fn source_events(&self, source: &str, accepted: u64, repaired: u64, left_out: u64) {
        for (outcome, count) in [("accepted", accepted), ("repaired", repaired), ("left_out", left_out)] {
            self.source_events.with_label_values(&[outcome, source]).inc_by(count);
        }
    }

    /// Counts a failed request to a live source.
    pub fn source_failed(&self, source: &str) {
        self.source_failures.with_label_values(&[source]).inc();
    }

    /// Sets whether the MQTT broker of a live source is connected.
    pub fn source_mqtt_connected(&self, source: &str, is_connected: bool) {
        self.source_mqtt_connected.with_label_values(&[source]).set(is_connected.into());
    }

    /// Counts a message of the MQTT broker of a live source.
    pub fn source_mqtt_message(&self, source: &str, message: MqttMessage) {
        self.source_mqtt_messages.with_label_values(&[message.as_str(), source]).inc();
    }

    /// Removes the gauges of a live source that this server no longer follows: another one has them.
    pub fn source_lost(&self, source: &str) {
        // They are missing if it has not responded yet.
        let _ = self.source_up.remove_label_values(&[source]);
        let _ = self.source_mqtt_connected.remove_label_values(&[source]);
        for time in SourceTime::ALL {
            let _ = self.source_times.remove_label_values(&[time.as_str(), source]);
        }
    }

    /// Adds events that retention has deleted.
    pub fn retention_deleted(&self, rows: u64) {
        self.retention_rows.inc_by(rows);
    }

    /// Counts a run of retention that failed.
    pub fn retention_failed(&self) {
        self.retention_failures.inc();
    }

    /// Sets when retention last completed a run, in seconds since 1970-01-01T00:00:00Z.
    pub fn retention_ran(&self, at: i64) {
        self.retention_last_run.set(at);
    }

    /// Sets how many exports are running.
    pub fn running(&self, exports: usize) {
        self.in_flight.set(i64::try_from(exports).unwrap_or(i64::MAX));
    }

    /// Sets how many streams of events about exports are open.
    pub fn event_streams(&self, streams: usize) {
        self.event_streams.set(i64::try_from(streams).unwrap_or(i64::MAX));
    }

    /// Returns the content type and the text of all metrics, in the format of Prometheus.
    ///
    /// # Errors
    /// Returns an error if a metric cannot be encoded.
    pub fn text(&self) -> prometheus::Result<(String, Vec<u8>)> {
        let mut text = Vec::new();
        let encoder = TextEncoder::new();
        encoder.encode(&self.registry.gather(), &mut text)?;
        Ok((encoder.format_type().to_owned(), text))
    }

    /// Sets how many connections of a pool are busy and idle.
    pub fn connections(&self, pool: &str, busy: usize, idle: usize) {
        for (state, count) in [("busy", busy), ("idle", idle)] {
            self.connections.with_label_values(&[pool, state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

fn registered<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    collector: prometheus::Result<C>,
) -> C {
    let collector = collector.expect("a valid name");
    registry.register(Box::new(collector.clone())).expect("a distinct name");
    collector
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
