//! The address of an MQTT broker: `mqtt://user@broker:1883/frigate`.

use anyhow::{Context, ensure};
use axum::http::Uri;

/// The first part of the topics if the address has none. It is Frigate's default.
const TOPIC_PREFIX: &str = "frigate";

/// An MQTT broker, and the topics of Frigate there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttAddress {
    /// Whether the connection is encrypted: `mqtts://`.
    pub is_tls: bool,
    /// The name of the host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user; empty if the broker needs none.
    pub user: String,
    /// The first part of Frigate's topics, `mqtt.topic_prefix` there.
    pub topic_prefix: String,
}

impl MqttAddress {
    /// Parses an address.
    ///
    /// # Errors
    /// Returns an error that says what is accepted. It does not show the address, which may have a password.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let expected = "mqtt is not the address of a broker: write mqtt:// or mqtts://, the user if there is one, host and \
                        port, and the topic prefix if it is not frigate, such as mqtt://user@broker:1883/frigate";
        let uri: Uri = text.parse().ok().context(expected)?;
        let is_tls = match uri.scheme_str() {
            Some("mqtt") => false,
            Some("mqtts") => true,
            _ => anyhow::bail!("{expected}"),
        };
        let host = uri.host().filter(|host| !host.is_empty()).context(expected)?.to_owned();
        ensure!(uri.query().is_none(), "{expected}");
        let user =
            uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')).map_or("", |(user, _)| user);
        let is_port_valid =
            uri.authority().is_some_and(|authority| authority.as_str().ends_with(&host) || uri.port_u16().is_some());
        ensure!(is_port_valid, "{expected}");
        ensure!(!user.contains(':'), "mqtt has a password; write only the user there, and set mqtt_password");
        let prefix = uri.path().trim_matches('/');
        ensure!(
            !prefix.contains(['+', '#']),
            "mqtt has a topic prefix with + or #; write the prefix that Frigate has, such as frigate"
        );
        Ok(Self {
            is_tls,
            host,
            port: uri.port_u16().unwrap_or(if is_tls { 8883 } else { 1883 }),
            user: user.to_owned(),
            topic_prefix: if prefix.is_empty() { TOPIC_PREFIX } else { prefix }.to_owned(),
        })
    }

    /// Returns the address for messages: without user and topics.
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "mqtts" } else { "mqtt" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// Returns the topic on which Frigate reports the changes of its events.
    pub fn topic(&self) -> String {
        format!("{}/events", self.topic_prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_user_port_and_topic_prefix() {
        let parse = |text: &str| MqttAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let full = parse("mqtts://me@broker.lan:8884/site/frigate/");
        assert_eq!(
            (&*full.url(), &*full.user, &*full.topic()),
            ("mqtts://broker.lan:8884", "me", "site/frigate/events")
        );
        let short = parse("mqtt://10.0.0.7");
        assert_eq!((&*short.url(), &*short.user, &*short.topic()), ("mqtt://10.0.0.7:1883", "", "frigate/events"));
        assert_eq!(parse("mqtts://broker").port, 8883);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_its_password() {
        for (text, named) in [
            ("", "mqtt://user@broker:1883/frigate"),
            ("broker:1883", "mqtt:// or mqtts://"),
            ("http://broker:1883", "mqtt:// or mqtts://"),
            ("mqtt://me:secret@broker", "mqtt_password"),
            ("mqtt://broker/frigate?secret=1", "mqtt:// or mqtts://"),
            ("mqtt://broker/+", "+ or #"),
            ("mqtt://broker:99999", "mqtt:// or mqtts://"),
        ] {
            let error = format!("{:#}", MqttAddress::parse(text).expect_err(text));
            assert!(error.contains(named) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
