//! Listens to the MQTT broker of a Frigate, which says when an event has ended.
//!
//! The broker keeps the messages of the session while no server is connected, if they have `QoS` 1. A message is acknowledged when
//! its event is stored, or will be read in another way; if this server dies before that, the broker sends it again. Nothing
//! depends on it: what is not reported is read over HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rumqttc::{
    AckMode, AsyncClient, ConnectReturnCode, ConnectionError, Event, Incoming, ManualAck, MqttOptions, NetworkOptions,
    Publish, QoS, StateError, SubscribeReasonCode, TlsConfiguration, Transport,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{info, warn};
use uuid::Uuid;

use super::latest::Latest;
use crate::messages::Message;
use crate::messages::sources::SourceMessage;
use crate::server::ingest::frigate::certificate::trusting;
use crate::server::ingest::frigate::report::ended;
use crate::server::metrics::{Metrics, MqttMessage};
use crate::server::retry::source_delay;
use crate::server::settings::{Hidden, MqttAddress, Source};
use crate::server::stored_message;

/// How long a connection may take, in seconds.
const CONNECT_TIMEOUT: u64 = 10;

/// How often the connection is checked, in seconds.
const KEEP_ALIVE: u16 = 30;

/// The maximum size of a message, in bytes. Frigate's have some kilobytes.
const MAX_MESSAGE: usize = 1_000_000;

/// A connection that lasted longer is followed by the first delay.
const STABLE_AFTER: Duration = Duration::from_mins(1);

/// The number of reports that may wait. Further ones are left to polls.
pub const MAX_WAITING: usize = 4_096;

/// How long a trial may take.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// An MQTT broker.
#[derive(Clone)]
pub struct Broker {
    address: MqttAddress,
    password: Hidden,
    tls: Option<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Broker({})", self.address.url())
    }
}

/// A report that an event has ended. It is sent again after the next connection, unless it is acknowledged.
#[derive(Debug)]
pub struct Ending {
    /// The id of the event.
    pub id: String,
    client: AsyncClient,
    acknowledgement: Option<ManualAck>,
}

impl Ending {
    /// Lets the broker forget the report.
    pub fn acknowledge(self) {
        acknowledge(&self.client, self.acknowledgement);
    }
}

fn acknowledge(client: &AsyncClient, acknowledgement: Option<ManualAck>) {
    if let Some(acknowledgement) = acknowledgement {
        // If the connection has ended, the broker sends the message again, and it is acknowledged then.
        let _ = client.try_manual_ack(acknowledgement);
    }
}

/// Notes what happens to a connection.
#[derive(Debug)]
pub struct Monitor {
    source: String,
    metrics: Metrics,
    latest: Arc<Latest>,
    /// The code of the last message.
    last: Option<String>,
}

impl Monitor {
    /// Returns the monitor of the connection of a source.
    pub fn new(source: &str, metrics: Metrics, latest: Arc<Latest>) -> Self {
        metrics.source_mqtt_connected(source, false);
        Self { source: source.to_owned(), metrics, latest, last: None }
    }

    /// Notes that the broker is connected, or why not. Only changes are logged.
    fn note(&mut self, state: &SourceMessage) {
        let is_connected = matches!(state, SourceMessage::MqttConnected { .. });
        self.metrics.source_mqtt_connected(&self.source, is_connected);
        let message = Message::from(state);
        self.latest.mqtt(stored_message::write(&message));
        if self.last.replace(state.code()) == self.last {
            return;
        }
        let source = &self.source;
        if is_connected {
            info!(source, "the MQTT broker of the source is connected");
        } else {
            let error = message.text;
            warn!(source, error, "the MQTT broker of the source is not connected; events come over HTTP meanwhile");
        }
    }
}

/// How a connection ended.
#[derive(Debug)]
struct Ended {
    state: SourceMessage,
    /// Whether the broker may have a message that this client cannot read, and would send it again each time.
    has_unreadable_message: bool,
}

impl Ended {
    fn because(state: SourceMessage) -> Self {
        Self { state, has_unreadable_message: false }
    }
}

impl Broker {
    /// Returns the broker of these settings, if they have one. Nothing is sent yet.
    ///
    /// # Errors
    /// Returns an error if the address cannot be parsed, or the file with the certificate cannot be read.
    pub fn new(settings: &Source) -> anyhow::Result<Option<Self>> {
        let Some(address) = settings.mqtt_address()? else { return Ok(None) };
        let file = &settings.mqtt_ca_file;
        let tls = match address.is_tls {
            false => None,
            true if file.as_os_str().is_empty() => Some(Arc::new(usual_authorities()?)),
            true => Some(Arc::new(
                trusting(file)
                    .with_context(|| format!("cannot read the certificate in {} (mqtt_ca_file)", file.display()))?,
            )),
        };
        Ok(Some(Self { address, password: settings.mqtt_password.clone(), tls }))
    }

    fn options(&self, client: &str, is_durable: bool) -> MqttOptions {
        let MqttAddress { host, port, user, .. } = &self.address;
        let mut options = MqttOptions::new(client, (host.clone(), *port));
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_session(!is_durable)
            .set_ack_mode(AckMode::Manual)
            .set_max_packet_size(MAX_MESSAGE, MAX_MESSAGE);
        if !user.is_empty() {
            options.set_credentials(user.clone(), self.password.0.clone());
        }
        if let Some(tls) = &self.tls {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(tls))));
        }
        options
    }

    /// Passes on the ends of events, and connects again and again. `client` identifies the session at the broker.
    pub async fn listen(&self, client: &str, endings: mpsc::Sender<Ending>, mut monitor: Monitor) -> Infallible {
        let mut failures = 0;
        let mut is_durable = true;
        loop {
            let began = Instant::now();
            let ended = self.connection(self.options(client, is_durable), &endings, &mut monitor).await;
            monitor.note(&ended.state);
            // A connection without a durable session deletes the session, and the message with it.
            is_durable = !ended.has_unreadable_message;
            failures = if began.elapsed() > STABLE_AFTER { 1 } else { failures + 1 };
            tokio::time::sleep(source_delay(failures)).await;
        }
    }

    /// Connects, subscribes, and passes on the ends of events until the connection ends. A connection that is to delete a
    /// session ends when it has done so.
    async fn connection(&self, options: MqttOptions, endings: &mpsc::Sender<Ending>, monitor: &mut Monitor) -> Ended {
        let is_durable = !options.clean_session();
        let (client, mut events) = AsyncClient::builder(options).unbounded().build();
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(CONNECT_TIMEOUT);
        events.set_network_options(network);
        let mut is_accepted = false;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                    is_accepted = true;
                    if !is_durable {
                        return Ended::because(SourceMessage::MqttUnreadable { url: self.address.url() });
                    }
                    // Also in a session that the broker still has: the topic may be another one now.
                    if client.subscribe(self.address.topic(), QoS::AtLeastOnce).await.is_err() {
                        return Ended::because(self.topic_not_allowed());
                    }
                }
                Ok(Event::Incoming(Incoming::SubAck(answer))) => match &*answer.return_codes {
                    [SubscribeReasonCode::Success(_)] => monitor.note(&self.connected()),
                    _ => return Ended::because(self.topic_not_allowed()),
                },
                Ok(Event::Incoming(Incoming::Publish(publish))) => {
                    let kind = pass_on(&client, &publish, endings);
                    monitor.metrics.source_mqtt_message(&monitor.source, kind);
                }
                Ok(_) => {}
                Err(error) => {
                    let has_unreadable_message = is_accepted && is_unreadable(&error);
                    return Ended { state: self.describe(&error, is_accepted), has_unreadable_message };
                }
            }
        }
    }

    /// Connects once, with a session of its own, and says whether reports would come.
    ///
    /// # Errors
    /// Returns why the broker cannot be used.
    pub async fn trial(&self) -> Result<SourceMessage, SourceMessage> {
        let (client, mut events) = AsyncClient::builder(self.options(&new_client_id(), false)).unbounded().build();
        let attempt = async {
            let mut is_accepted = false;
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                        is_accepted = true;
                        let subscribed = client.subscribe(self.address.topic(), QoS::AtLeastOnce).await;
                        subscribed.map_err(|_| self.topic_not_allowed())?;
                    }
                    Ok(Event::Incoming(Incoming::SubAck(answer))) => {
                        let is_allowed = matches!(&*answer.return_codes, [SubscribeReasonCode::Success(_)]);
                        return if is_allowed { Ok(self.connected()) } else { Err(self.topic_not_allowed()) };
                    }
                    Ok(_) => {}
                    Err(error) => return Err(self.describe(&error, is_accepted)),
                }
            }
        };
        let timed_out = || SourceMessage::TimedOut { url: self.address.url() };
        tokio::time::timeout(TRIAL_TIMEOUT, attempt).await.unwrap_or_else(|_| Err(timed_out()))
    }

    fn connected(&self) -> SourceMessage {
        SourceMessage::MqttConnected { url: self.address.url(), topic: self.address.topic() }
    }

    fn topic_not_allowed(&self) -> SourceMessage {
        SourceMessage::MqttTopicNotAllowed { url: self.address.url(), topic: self.address.topic() }
    }

    /// Says why a connection has ended. `is_accepted` is whether the broker had accepted it.
    fn describe(&self, error: &ConnectionError, is_accepted: bool) -> SourceMessage {
        let url = self.address.url();
        match error {
            ConnectionError::ConnectionRefused(
                ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
            ) => match &*self.address.user {
                "" => SourceMessage::MqttUserRequired { url },
                user => SourceMessage::MqttUserRefused { url, user: user.to_owned() },
            },
            ConnectionError::ConnectionRefused(code) => SourceMessage::MqttRefused { url, detail: format!("{code:?}") },
            ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => SourceMessage::TimedOut { url },
            error if error.to_string().contains("certificate") => SourceMessage::MqttCertificateNotTrusted { url },
            ConnectionError::NotConnAck(_) => SourceMessage::MqttUnreadable { url },
            error if is_unreadable(error) => SourceMessage::MqttUnreadable { url },
            ConnectionError::Io(error) if !is_accepted && error.raw_os_error().is_some() => {
                let detail = error.to_string();
                let detail = detail.split(" (os error").next().unwrap_or_default().to_owned();
                SourceMessage::Unreachable { url, detail }
            }
            ConnectionError::Tls(error) => SourceMessage::Unreachable { url, detail: error.to_string() },
            _ => SourceMessage::MqttClosed { url },
        }
    }
}

/// Passes on the end of an event; acknowledges every other message.
fn pass_on(client: &AsyncClient, publish: &Publish, endings: &mpsc::Sender<Ending>) -> MqttMessage {
    let acknowledgement = client.prepare_ack(publish);
    match ended(&publish.payload) {
        Ok(Some(id)) => {
            let ending = Ending { id, client: client.clone(), acknowledgement };
            if let Err(refused) = endings.try_send(ending) {
                refused.into_inner().acknowledge();
            }
            MqttMessage::End
        }
        Ok(None) => {
            acknowledge(client, acknowledgement);
            MqttMessage::Other
        }
        Err(_) => {
            acknowledge(client, acknowledgement);
            MqttMessage::Invalid
        }
    }
}

fn is_unreadable(error: &ConnectionError) -> bool {
    matches!(error, ConnectionError::MqttState(StateError::Deserialization(_) | StateError::ProtocolViolation(_)))
}

/// Returns an id of at most 23 letters and digits, which every broker accepts.
pub fn new_client_id() -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("motionexport{}", &random[..11])
}

/// Returns the TLS settings with the authorities that are also trusted for HTTP.
fn usual_authorities() -> anyhow::Result<ClientConfig> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<RootCertStore>();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
