//! MQTT beside HTTP: a real broker, a stand-in for Frigate, and servers and brokers that are killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use motion_export::messages::Message;
use motion_export::messages::sources::SourceMessage;
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::live::sources::Followers;
use motion_export::server::ingest::live::sources::context::FollowContext;
use motion_export::server::ingest::live::sources::trial::trial;
use motion_export::server::settings::{Hidden, Settings, Source};
use motion_export::server::stored_message;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, PublishOptions, QoS};
use serde_json::{Value, json};

use crate::app::{NOW, TestDatabase};
use crate::backend;
use crate::binary::{Server, succeed, token_of_admin};
use crate::reverse_proxy::program;
use crate::sources::{SECOND, StandIn, context, event, rows, stored};

/// A running broker. It is killed on drop.
struct Mosquitto {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mosquitto() -> Option<PathBuf> {
    let found = program(["target/mosquitto/usr/sbin/mosquitto", "/usr/sbin/mosquitto"]);
    if found.is_none() {
        backend::skips("mosquitto is missing: make mosquitto");
    }
    found
}

/// Returns a program of Debian's package with its libraries, if `make mosquitto` unpacked it.
fn with_libraries(program: &Path) -> Command {
    let libraries = program.parent().and_then(Path::parent).map(|usr| usr.join("lib"));
    let folders = libraries.and_then(|lib| std::fs::read_dir(lib).ok()).into_iter().flatten().flatten();
    let folders: Vec<_> = folders.map(|folder| folder.path()).collect();
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", std::env::join_paths(folders).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Mosquitto {
    /// Starts a broker whose files are in this folder, with these lines in its configuration.
    fn start(program: &Path, folder: &Path, settings: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let here = folder.display();
        let settings = format!(
            "user root\nper_listener_settings false\npersistence true\npersistence_location {here}/\n\
             listener {port} 127.0.0.1\n{settings}\n"
        );
        std::fs::write(folder.join("mosquitto.conf"), settings).unwrap();
        let mut broker = Self { child: Self::spawn(program, folder), port, folder: folder.to_owned() };
        broker.wait();
        broker
    }

    fn spawn(program: &Path, folder: &Path) -> Child {
        with_libraries(program).arg("-c").arg(folder.join("mosquitto.conf")).spawn().unwrap()
    }

    fn wait(&mut self) {
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "mosquitto has ended");
            std::thread::yield_now();
        }
    }

    /// Stops it, so that it saves its sessions.
    fn stop(&mut self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// Starts it again.
    fn restart(&mut self, program: &Path) {
        self.child = Self::spawn(program, &self.folder);
        self.wait();
    }

    /// Publishes a message, and waits until the broker has it.
    async fn publish(&self, payload: impl Into<Vec<u8>>, options: PublishOptions) {
        let (client, mut events) = AsyncClient::builder(MqttOptions::new("frigate", ("127.0.0.1", self.port))).build();
        client.publish("frigate/events", payload.into(), options).await.unwrap();
        client.disconnect().await.unwrap();
        while let Ok(event) = events.poll().await {
            assert!(!matches!(event, Event::Incoming(Incoming::Disconnect)));
        }
    }

    /// Publishes the end of an event as Frigate does.
    async fn publish_end(&self, event: &Value, qos: QoS) {
        self.publish(end_of(event), PublishOptions::new(qos)).await;
    }
}

fn end_of(event: &Value) -> String {
    let after = json!({"id": event["id"], "camera": "front", "label": "person", "false_positive": false,
        "has_clip": true, "has_snapshot": true, "end_time": event["end_time"], "new_in_a_later_version": {"a": [1]}});
    json!({"type": "end", "before": after, "after": after}).to_string()
}

fn settings_of(frigate: &StandIn, broker: &Mosquitto) -> Source {
    let every_seconds = std::num::NonZeroU32::new(86_400).unwrap();
    Source { mqtt: Hidden(format!("mqtt://127.0.0.1:{}", broker.port)), every_seconds, ..frigate.settings() }
}

fn follow(context: &FollowContext, source: &Source) -> Followers {
    let mut settings = Settings::default();
    settings.source.insert("garage".to_owned(), source.clone());
    Followers::start(context.clone(), &settings).unwrap()
}

pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let met = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), met).await.unwrap_or_else(|_| panic!("{what}"));
}

fn metric(context: &FollowContext, line: &str) -> bool {
    String::from_utf8(context.metrics.text().unwrap().1).unwrap().lines().any(|found| found == line)
}

fn is_connected(context: &FollowContext, value: u8) -> bool {
    metric(context, &format!("motion_export_source_mqtt_connected{{source=\"garage\"}} {value}"))
}

#[tokio::test]
async fn an_event_is_stored_when_its_end_is_reported_although_no_poll_is_due() {
    let Some(program) = mosquitto() else { return };
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start(&program, folder.path(), "allow_anonymous true");
    let (frigate, database) = (StandIn::start().await, TestDatabase::new().await);
    frigate.set([event(60)]);
    let context = context(&database).await;
    let followers = follow(&context, &settings_of(&frigate, &broker));
    let has = async |count| until(&format!("{count} events"), async || rows(&database).await.len() == count).await;
    has(1).await;
    until("connected", async || is_connected(&context, 1)).await;
    frigate.requests();

    frigate.add(event(50));
    broker.publish_end(&event(50), QoS::AtLeastOnce).await;
    has(2).await;
    // The row of the database is written a moment after the message was sent.
    let requested = |id: &Value| format!("event {}", id.as_str().unwrap());
    broker.publish_end(&event(40), QoS::AtMostOnce).await;
    until("requested", async || frigate.requests().contains(&requested(&event(40)["id"]))).await;
    frigate.add(event(40));
    has(3).await;

    // What else a broker may send.
    let other = json!({"type": "update", "after": {"id": "1.5-a"}}).to_string();
    for payload in [other, "online".to_owned(), String::new(), end_of(&json!({"id": "../config"})), end_of(&event(50))]
    {
        broker.publish(payload, PublishOptions::at_least_once()).await;
    }
    frigate.add(event(30));
    broker.publish(end_of(&event(30)), PublishOptions::at_least_once().retained()).await;
    has(4).await;
    let messages = |kind: &str, count: u64| {
        let line = format!("motion_export_source_mqtt_messages_total{{kind=\"{kind}\",source=\"garage\"}} {count}");
        metric(&context, &line)
    };
    until("counted", async || messages("end", 4) && messages("other", 1) && messages("invalid", 3)).await;
    let requests = frigate.requests();
    assert!(requests.iter().all(|request| request.starts_with("event ")), "no poll: {requests:?}");
    followers.stop().await;

    // The next server gets the retained message once more, and nothing that was acknowledged.
    let followers = follow(&context, &settings_of(&frigate, &broker));
    until("retained", async || frigate.requests().contains(&requested(&event(30)["id"]))).await;
    assert_eq!(rows(&database).await.len(), 4);
    followers.stop().await;
}

#[tokio::test]
async fn while_the_broker_is_away_events_come_over_http_and_its_messages_wait_for_the_server() {
    let Some(program) = mosquitto() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Mosquitto::start(&program, folder.path(), "allow_anonymous true");
    let (frigate, database) = (StandIn::start().await, TestDatabase::new().await);
    let context = context(&database).await;
    let followers = follow(&context, &settings_of(&frigate, &broker));
    until("connected", async || is_connected(&context, 1)).await;
    // The session is there for a server that comes later.
    followers.stop().await;
    frigate.add(event(50));
    broker.publish_end(&event(50), QoS::AtLeastOnce).await;
    broker.stop();

    let followers = follow(&context, &settings_of(&frigate, &broker));
    until("read over HTTP", async || rows(&database).await.len() == 1).await;
    until("away", async || is_connected(&context, 0)).await;
    assert_eq!(stored(&database).await.source.state, "live");
    frigate.requests();
    broker.restart(&program);
    let request = format!("event {}", event(50)["id"].as_str().unwrap());
    until("what it has kept", async || frigate.requests().contains(&request)).await;
    until("connected again", async || is_connected(&context, 1)).await;
    frigate.add(event(40));
    broker.publish_end(&event(40), QoS::AtLeastOnce).await;
    until("reported", async || rows(&database).await.len() == 2).await;
    followers.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_given_up_and_the_next_ones_come() {
    let Some(program) = mosquitto() else { return };
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start(&program, folder.path(), "allow_anonymous true");
    let (frigate, database) = (StandIn::start().await, TestDatabase::new().await);
    let context = context(&database).await;
    let followers = follow(&context, &settings_of(&frigate, &broker));
    until("connected", async || is_connected(&context, 1)).await;
    let (client, mut events) = {
        let mut options = MqttOptions::new("large", ("127.0.0.1", broker.port));
        options.set_max_packet_size(4_000_000, 4_000_000);
        AsyncClient::builder(options).build()
    };
    client.publish("frigate/events", vec![b' '; 2_000_000], PublishOptions::at_least_once()).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Incoming::PubAck(_))) {}
    until("disconnected", async || is_connected(&context, 0)).await;
    until("connected again", async || is_connected(&context, 1)).await;
    frigate.add(event(40));
    broker.publish_end(&event(40), QoS::AtLeastOnce).await;
    until("reported", async || rows(&database).await.len() == 1).await;
    followers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_event_was_not_committed_when_the_server_was_killed_comes_again() {
    let Some(program) = mosquitto() else { return };
    let home = backend::home().await;
    let broker_folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start(&program, broker_folder.path(), "allow_anonymous true");
    let frigate = StandIn::start().await;
    frigate.without_clock();
    let settings = format!(
        "[source.garage]\nkind = \"frigate\"\nurl = \"{}\"\nevery_seconds = 86400\nmqtt = \"mqtt://127.0.0.1:{}\"\n",
        frigate.url, broker.port
    );
    std::fs::write(home.path().join("Leptos.toml"), settings).unwrap();
    token_of_admin(home.path());
    let now = std::fs::metadata(home.path().join("Leptos.toml")).unwrap().modified().unwrap();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let fresh = event(SECOND - i64::try_from(now).unwrap() + 5);
    let request = format!("event {}", fresh["id"].as_str().unwrap());

    let mut server = Server::start(home.path(), &[]);
    let log = async || Server::log(home.path()).contains("the MQTT broker of the source is connected");
    until("connected", log).await;
    frigate.hold(true);
    frigate.add(fresh.clone());
    broker.publish_end(&fresh, QoS::AtLeastOnce).await;
    until("requested", async || frigate.requests().contains(&request)).await;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    frigate.hold(false);

    // The lease of the dead server has to expire.
    let server = Server::start(home.path(), &[]);
    until("requested again", async || frigate.requests().contains(&request)).await;
    until("stored", async || String::from_utf8(succeed(home.path(), &["export"])).unwrap().lines().count() == 2).await;
    drop(server);
}

#[tokio::test]
async fn a_trial_says_in_words_whether_the_broker_can_be_used() {
    let Some(program) = mosquitto() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let openssl = |arguments: &str| {
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(here).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
    openssl("req -newkey rsa:2048 -nodes -subj /CN=broker -keyout broker.key -out broker.csr");
    std::fs::write(here.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl("x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out broker.pem");
    let passwords = program.parent().unwrap().parent().unwrap().join("bin/mosquitto_passwd");
    let made = with_libraries(&passwords).args(["-b", "-c", "passwords", "me", "secret"]).current_dir(here).status();
    assert!(made.unwrap().success());
    std::fs::write(here.join("acl"), "user me\ntopic read frigate/#\n").unwrap();
    let folder = here.display();
    let settings = format!(
        "allow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/acl\n\
         certfile {folder}/broker.pem\nkeyfile {folder}/broker.key"
    );
    let broker = Mosquitto::start(&program, here, &settings);
    let frigate = StandIn::start().await;
    let tried = async |mqtt: &str, password: &str, ca_file: &str| {
        let source = Source {
            mqtt: Hidden(mqtt.replace("PORT", &broker.port.to_string())),
            mqtt_password: Hidden(password.to_owned()),
            mqtt_ca_file: if ca_file.is_empty() { PathBuf::new() } else { here.join(ca_file) },
            ..frigate.settings()
        };
        trial(&source, UnixMicros::new(NOW)).await.unwrap().mqtt.unwrap()
    };
    let text = |message: SourceMessage| Message::from(&message).text;
    let url = format!("mqtts://127.0.0.1:{}", broker.port);
    for file in ["ca.pem", "broker.pem"] {
        let connected = tried("mqtts://me@127.0.0.1:PORT", "secret", file).await.unwrap();
        assert_eq!(text(connected), format!("{url} is connected (frigate/events)."), "{file}");
    }
    for (mqtt, password, ca_file, why) in [
        ("mqtts://me@127.0.0.1:PORT", "wrong", "ca.pem", "does not accept the user me with this password"),
        ("mqtts://127.0.0.1:PORT", "", "ca.pem", "requires a user"),
        ("mqtts://me@127.0.0.1:PORT", "secret", "", "is not trusted. Save it"),
        ("mqtt://me@127.0.0.1:PORT", "secret", "", "whether it is mqtt:// or mqtts://"),
        ("mqtt://127.0.0.1:9", "", "", "mqtt://127.0.0.1:9 cannot be reached: Connection refused."),
        (&frigate.url.replace("http", "mqtt"), "", "", "not MQTT 3.1.1"),
    ] {
        let refused = text(tried(mqtt, password, ca_file).await.unwrap_err());
        assert!(
            refused.contains(why) && !refused.contains("wrong") && !refused.contains("secret"),
            "{mqtt}: {refused}"
        );
    }
}

#[tokio::test]
async fn the_page_shows_whether_the_broker_is_connected() {
    let mut database = TestDatabase::new().await;
    let frigate = StandIn::start().await;
    let source = Source { mqtt: Hidden("mqtt://127.0.0.1:9".to_owned()), ..frigate.settings() };
    database.settings.source.insert("garage".to_owned(), source);
    let app = database.serve(10).await;
    let context = context(&app.database).await;
    let followers = follow(&context, &app.database.settings.source["garage"]);
    let browser = app.browser_of("admin").await;
    let page = async || app.get_as(&browser, "/settings/sources").await.text().await.unwrap();
    // With the next heartbeat.
    until("shown", async || page().await.contains("mqtt://127.0.0.1:9 cannot be reached")).await;
    followers.stop().await;
    let state = stored(&app.database).await.source;
    assert!(state.mqtt_client.unwrap().starts_with("motionexport"));
    assert_eq!(stored_message::read(&state.mqtt.unwrap()).code, "source_unreachable");
}
