//! The settings: `Leptos.toml`, overridden by environment variables, overridden by the command line.
//!
//! Unknown keys are refused by name when the program starts, in the file and in the environment, because a setting that
//! is silently ignored is worse than none.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use leptos::config::{Env, LeptosOptions};
use serde::Deserialize;
use toml::Table;
use tracing::warn;

pub use self::mqtt::MqttAddress;
use self::renamed::DeprecatedName;
pub use self::sections::{Accounts, Database, Export, Ingest, OnReplicaUnavailable, Retention};
pub use self::server::{Hidden, LogFormat, Server, Tls};
use self::site::{EmbeddedFile, Site};
pub use self::source::{NewCameras, Source, SourceKind};

mod environment;
pub mod host;
pub mod hosts;
pub mod listen;
mod mqtt;
pub mod networks;
pub mod origin;
mod renamed;
mod sections;
mod server;
pub mod site;
mod source;

/// The settings files that are read if none is given, and the first of them that exists: the one in the working directory, or that
/// of the package.
pub const FILES: [&str; 2] = ["Leptos.toml", "/etc/motion-export/motion-export.toml"];

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Addresses, timeouts, limits and the log.
    pub server: Server,
    /// Sessions and signed URLs.
    pub accounts: Accounts,
    /// The database.
    pub database: Database,
    /// Exports.
    pub export: Export,
    /// The ingest endpoint.
    pub ingest: Ingest,
    /// The live sources, by name.
    pub source: BTreeMap<String, Source>,
    /// How long events are kept.
    pub retention: Retention,
    /// The section that Leptos' own tools expect at the end of the file.
    package: Package,
    /// Whether `cargo leptos watch` runs the server, so that pages reload when the program changes.
    #[serde(skip)]
    reload: bool,
    /// The files of the pages that are in the program.
    #[serde(skip)]
    embedded_site: &'static [EmbeddedFile],
    /// Whether `LEPTOS_SITE_ROOT` names the folder of the files of the pages.
    #[serde(skip)]
    has_site_folder: bool,
    /// The deprecated names that were used.
    #[serde(skip)]
    deprecated: Vec<DeprecatedName>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Package {
    metadata: Metadata,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Metadata {
    leptos: Leptos,
}

/// `[package.metadata.leptos]`: the options of cargo-leptos that the running server needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Leptos {
    output_name: String,
    site_root: String,
    site_pkg_dir: String,
    reload_port: u32,
}

impl Default for Leptos {
    fn default() -> Self {
        Self {
            output_name: "motion-export".to_owned(),
            site_root: "target/site".to_owned(),
            site_pkg_dir: "pkg".to_owned(),
            reload_port: 3001,
        }
    }
}

/// Returns the settings file: the given one, or the first of [`FILES`] that exists.
pub fn file_of(given: Option<&Path>) -> Option<&Path> {
    given.or_else(|| FILES.iter().map(Path::new).find(|file| file.exists()))
}

impl Settings {
    /// Reads `file`, or the first of [`FILES`] that exists, and lets `environment` override it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or parsed, a key is unknown, or a value is invalid; the message
    /// names it.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let Some(file) = file_of(file) else { return Self::parse("", environment) };
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read the settings in {}", file.display()))?;
        Self::parse(&text, environment).with_context(|| format!("the settings in {} are invalid", file.display()))
    }

    fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let mut table: Table = text.parse()?;
        let mut deprecated = renamed::replace_in(&mut table)?;
        // The file is checked by itself first. Unless names were replaced, its errors have a line number.
        if deprecated.is_empty() {
            let _: Self = toml::from_str(text)?;
        } else {
            Self::deserialize(table.clone()).with_context(|| {
                let names: Vec<_> = deprecated
                    .iter()
                    .map(|DeprecatedName { old, new, .. }| format!("{old} is read as {new}"))
                    .collect();
                names.join(", ")
            })?;
        }
        let environment: BTreeMap<_, _> = environment.collect();
        deprecated.extend(environment::apply::<Self>(&mut table, &environment)?);
        let is_set = |name| environment.contains_key(name);
        let (reload, has_site_folder) = (is_set("LEPTOS_WATCH"), is_set("LEPTOS_SITE_ROOT"));
        let settings = Self { reload, has_site_folder, deprecated, ..Self::deserialize(table)? };
        for (name, source) in &settings.source {
            source.check(name).with_context(|| format!("[source.{name}]"))?;
        }
        Ok(settings)
    }

    /// Logs a warning for each deprecated name that was used.
    pub fn warn_of_deprecated_names(&self) {
        for name in &self.deprecated {
            warn!("{name}");
        }
    }

    /// Sets the files of the pages that are in the program.
    pub fn embed_site(&mut self, files: &'static [EmbeddedFile]) {
        self.embedded_site = files;
    }

    /// Returns where the files of the pages are. Those in the program are used unless a folder is set, because a folder that
    /// an older version has left does not fit its pages.
    pub fn site(&self) -> Site {
        let root = &self.package.metadata.leptos.site_root;
        let is_folder_set = self.has_site_folder || *root != Leptos::default().site_root;
        if self.embedded_site.is_empty() || is_folder_set {
            Site::Folder(root.as_str().into())
        } else {
            Site::Embedded(self.embedded_site)
        }
    }

    /// Returns the options that Leptos needs to render a page.
    pub fn leptos_options(&self) -> LeptosOptions {
        let Leptos { output_name, site_root, site_pkg_dir, reload_port } = self.package.metadata.leptos.clone();
        LeptosOptions::builder()
            .output_name(output_name)
            .site_root(site_root)
            .site_pkg_dir(site_pkg_dir)
            .site_addr(self.server.listen)
            .reload_port(reload_port)
            .env(if self.reload { Env::DEV } else { Env::PROD })
            .build()
    }
}

#[cfg(test)]
mod tests;
