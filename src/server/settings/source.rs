//! The sections `[source.NAME]`: live sources, from which events come by themselves.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use axum::http::Uri;
use serde::Deserialize;

use super::mqtt::MqttAddress;
use super::server::Hidden;

/// The maximum length of a name.
const MAX_NAME: usize = 40;

/// `[source.NAME]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    #[serde(default)]
    pub kind: SourceKind,
    /// Where it is: `http://frigate:5000`, or `https://frigate:8971`; the database of `ArgusAI`.
    #[serde(default)]
    pub url: Hidden,
    /// The user for port 8971 of Frigate. The role viewer is enough. Empty: no sign-in.
    #[serde(default)]
    pub user: String,
    /// The user's password.
    #[serde(default)]
    pub password: Hidden,
    /// A file with the certificate of the authority that signed Frigate's, as PEM. Empty: the usual authorities.
    #[serde(default)]
    pub ca_file: PathBuf,
    /// How often new events are read, in seconds.
    #[serde(default = "default_every")]
    pub every_seconds: NonZeroU32,
    /// How often everything that the source has is read, in hours, because some events are stored late.
    #[serde(default = "default_sweep")]
    pub sweep_hours: NonZeroU32,
    /// A text before the id of each camera, such as `garage-`, if another source has cameras with the same ids.
    #[serde(default)]
    pub camera_prefix: String,
    /// What happens to events of cameras that are not known.
    #[serde(default)]
    pub new_cameras: NewCameras,
    /// The cameras whose events are stored, by their names at the source. Empty: all.
    #[serde(default)]
    pub cameras: Vec<String>,
    /// The MQTT broker of Frigate, `mqtt://user@broker:1883/frigate`, so that events are stored within seconds of their end.
    /// Empty: they are stored with the next request over HTTP.
    #[serde(default)]
    pub mqtt: Hidden,
    /// The password of the user at the broker.
    #[serde(default)]
    pub mqtt_password: Hidden,
    /// A file with the certificate of the broker, or of its authority, as PEM. Empty: the usual authorities.
    #[serde(default)]
    pub mqtt_ca_file: PathBuf,
}

/// The kind of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// It is missing, which [`Source::check`] refuses: the environment may set keys of one source in any order.
    #[default]
    #[serde(skip)]
    Missing,
    /// Frigate, over HTTP.
    Frigate,
    /// `ArgusAI`, by its database.
    Argusai,
}

impl SourceKind {
    /// Returns the name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "",
            Self::Frigate => "frigate",
            Self::Argusai => "argusai",
        }
    }
}

/// What happens to events of cameras that are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewCameras {
    /// The camera is created. Only administrators see it, until it is granted to others.
    #[default]
    Create,
    /// The event is left out.
    Refuse,
}

fn default_every() -> NonZeroU32 {
    const SECONDS: NonZeroU32 = NonZeroU32::new(15).expect("not zero");
    SECONDS
}

fn default_sweep() -> NonZeroU32 {
    const HOURS: NonZeroU32 = NonZeroU32::new(6).expect("not zero");
    HOURS
}

impl Source {
    /// Returns how often new events are read.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.get().into())
    }

    /// Returns how often everything is read.
    pub fn sweep_interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.sweep_hours.get()) * 3_600)
    }

    /// Returns the address without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.url.0.trim_end_matches('/')
    }

    /// Returns the address of the broker, if there is one.
    ///
    /// # Errors
    /// Returns an error if it cannot be parsed.
    pub fn mqtt_address(&self) -> anyhow::Result<Option<MqttAddress>> {
        if self.mqtt.0.is_empty() { Ok(None) } else { MqttAddress::parse(&self.mqtt.0).map(Some) }
    }

    /// Checks the name and the values.
    ///
    /// # Errors
    /// Returns an error that names the key.
    pub fn check(&self, name: &str) -> anyhow::Result<()> {
        let is_plain = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
        ensure!(
            (1..=MAX_NAME).contains(&name.len()) && name.chars().all(is_plain),
            "a name has up to {MAX_NAME} lower-case letters a to z and digits, such as garage"
        );
        ensure!(self.kind != SourceKind::Missing, "kind is missing; write kind = \"frigate\" or kind = \"argusai\"");
        match self.kind {
            SourceKind::Missing => {}
            SourceKind::Frigate => self.check_frigate()?,
            SourceKind::Argusai => self.check_argusai()?,
        }
        ensure!(
            !self.camera_prefix.chars().any(char::is_control) && self.camera_prefix.chars().count() <= MAX_NAME,
            "camera_prefix has more than {MAX_NAME} characters, or a control character"
        );
        Ok(())
    }

    fn check_frigate(&self) -> anyhow::Result<()> {
        let url: Option<Uri> = self.url.0.parse().ok();
        let is_valid = url.as_ref().is_some_and(|url| {
            let has_no_user = url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
            matches!(url.scheme_str(), Some("http" | "https")) && has_no_user && url.query().is_none()
        });
        ensure!(
            is_valid,
            "url is not the address of a Frigate: write http:// or https://, host and port, such as http://frigate:5000; a \
             user is set with user and password"
        );
        ensure!(
            self.user.is_empty() == self.password.0.is_empty(),
            "user and password belong together: set both, or neither (port 5000 needs none)"
        );
        let mqtt_user = self.mqtt_address()?.map(|address| address.user).unwrap_or_default();
        ensure!(
            self.mqtt_password.0.is_empty() || !mqtt_user.is_empty(),
            "mqtt_password is set without a user: write it into mqtt, such as mqtt://user@broker:1883/frigate"
        );
        ensure!(
            self.mqtt_ca_file.as_os_str().is_empty() || self.mqtt.0.starts_with("mqtts:"),
            "mqtt_ca_file is set, and mqtt is not encrypted: write mqtts:// there"
        );
        Ok(())
    }

    fn check_argusai(&self) -> anyhow::Result<()> {
        ensure!(
            !self.url.0.is_empty(),
            "url is missing: write the path of ArgusAI's SQLite file, such as sqlite:////srv/argusai/backend/data/app.db, or \
             postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        );
        let of_frigate = [
            ("user", !self.user.is_empty()),
            ("password", !self.password.0.is_empty()),
            ("ca_file", !self.ca_file.as_os_str().is_empty()),
            ("mqtt", !self.mqtt.0.is_empty()),
            ("mqtt_password", !self.mqtt_password.0.is_empty()),
            ("mqtt_ca_file", !self.mqtt_ca_file.as_os_str().is_empty()),
        ];
        let set = of_frigate.into_iter().find(|(_, is_set)| *is_set);
        ensure!(set.is_none(), "{} is not a key of kind = \"argusai\"", set.map_or("", |(key, _)| key));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Source> {
        let source: Source = toml::from_str(text)?;
        source.check("garage")?;
        Ok(source)
    }

    #[test]
    fn a_source_needs_a_kind_and_an_address() {
        let source = parse("kind = \"frigate\"\nurl = \"http://frigate:5000/\"").expect("valid");
        assert_eq!((source.base_url(), source.every().as_secs()), ("http://frigate:5000", 15));
        assert_eq!(source.sweep_interval(), Duration::from_hours(6));
        assert_eq!(source.new_cameras, NewCameras::Create);
        for (text, named) in [
            ("url = \"http://frigate:5000\"", "kind"),
            ("kind = \"frigate\"", "url"),
            ("kind = \"blueiris\"\nurl = \"http://a\"", "blueiris"),
            ("kind = \"frigate\"\nurl = \"frigate:5000\"", "http://"),
            ("kind = \"frigate\"\nurl = \"http://me:secret@frigate:5000\"", "user and password"),
            ("kind = \"frigate\"\nurl = \"http://frigate:5000\"\nuser = \"me\"", "user and password"),
            ("kind = \"frigate\"\nurl = \"http://frigate:5000\"\nevery_seconds = 0", "every_seconds"),
            ("kind = \"frigate\"\nurl = \"http://frigate:5000\"\ninterval = 5", "interval"),
            ("kind = \"argusai\"", "url is missing"),
            ("kind = \"argusai\"\nurl = \"/a.db\"\nuser = \"me\"", "user is not a key"),
            ("kind = \"argusai\"\nurl = \"/a.db\"\nmqtt = \"mqtt://b\"", "mqtt is not a key"),
            ("kind = \"frigate\"\nurl = \"http://frigate:5000\"\nmqtt = \"broker\"", "mqtt://"),
            ("kind = \"frigate\"\nurl = \"http://frigate:5000\"\nmqtt_password = \"secret\"", "without a user"),
            (
                "kind = \"frigate\"\nurl = \"http://frigate:5000\"\nmqtt = \"mqtt://b\"\nmqtt_ca_file = \"a\"",
                "mqtts://",
            ),
            ("kind = \"frigate\"\nurl = \"http://frigate:5000\"\ncamera_prefix = \"a\\nb\"", "camera_prefix"),
        ] {
            let error = format!("{:#}", parse(text).expect_err(text));
            assert!(error.contains(named) && !error.contains("secret"), "{text}: {error}");
        }
        for bad in ["", "Garage", "my_garage", "a-b", &"a".repeat(41)] {
            assert!(source.check(bad).is_err(), "{bad}");
        }
    }
}
