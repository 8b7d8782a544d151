//! What the operator can choose: `Leptos.toml`, then environment variables, then the command line.
//!
//! Keys that nobody reads are refused at start by name, in the file and in the environment: a setting that is silently
//! ignored is worse than none.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use leptos::config::{Env, LeptosOptions};
use serde::Deserialize;
use toml::{Table, Value};
use tracing::warn;

use self::renamed::DeprecatedName;
pub use self::server::{Hidden, LogFormat, Server};

pub mod host;
pub mod listen;
mod renamed;
mod server;
pub mod site_version;

/// The settings file, looked for in the working directory.
pub const FILE: &str = "Leptos.toml";

/// `MOTION_EXPORT_<SECTION>_<KEY>` overrides a key of the file.
const ENV_PREFIX: &str = "MOTION_EXPORT_";

/// All settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the program meets the network and the log.
    pub server: Server,
    /// How people come in, and how long that lasts.
    pub accounts: Accounts,
    /// Where events are kept.
    pub database: Database,
    /// How files are made.
    pub export: Export,
    /// The section that Leptos' own tools expect, at the end of the file.
    package: Package,
    /// Whether `cargo leptos watch` runs the server, and pages should reload when the program changes.
    #[serde(skip)]
    reload: bool,
    /// The deprecated names that were used.
    #[serde(skip)]
    deprecated: Vec<DeprecatedName>,
}

/// `[accounts]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// A browser that asks for nothing this long is signed out.
    pub session_idle_minutes: NonZeroU32,
    /// A browser is signed out after this long in any case.
    pub session_max_hours: NonZeroU32,
    /// How long a link to an export may work at most.
    pub link_max_minutes: NonZeroU32,
}

impl Default for Accounts {
    fn default() -> Self {
        const IDLE: NonZeroU32 = NonZeroU32::new(12 * 60).expect("not zero");
        const MAX: NonZeroU32 = NonZeroU32::new(7 * 24).expect("not zero");
        const LINK: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        Self { session_idle_minutes: IDLE, session_max_hours: MAX, link_max_minutes: LINK }
    }
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://PATH`; the file and its folder are made where there are none. Or `postgres://USER:PASSWORD@HOST/DATABASE`.
    pub url: String,
    /// How many connections are open at most to read events, and how many for everything else.
    pub connections: NonZeroU32,
    /// The URL of a replica of the PostgreSQL database `url`, for exports and previews. Empty: no replica is used.
    pub replica_url: String,
    /// What happens to exports and previews if the replica is unavailable.
    pub on_replica_unavailable: OnReplicaUnavailable,
    /// How many months of events are kept in PostgreSQL's table when old ones are detached; 0: all.
    pub keep_months: u32,
}

/// What happens to exports and previews if a replica is unavailable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReplicaUnavailable {
    /// They are refused, so that they never add load to the primary.
    #[default]
    Refuse,
    /// They are read from the primary.
    Primary,
}

impl Default for Database {
    fn default() -> Self {
        const CONNECTIONS: NonZeroU32 = NonZeroU32::new(8).expect("not zero");
        Self {
            url: "sqlite://data/motion-export.db".to_owned(),
            connections: CONNECTIONS,
            replica_url: String::new(),
            on_replica_unavailable: OnReplicaUnavailable::Refuse,
            keep_months: 0,
        }
    }
}

/// `[export]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// How many events are read at once, at most. A page also ends after 512 kB; fewer rows make it slower.
    pub page_rows: NonZeroU32,
    /// How long the database may take for one page, in seconds.
    pub page_timeout_seconds: NonZeroU32,
    /// Maximum number of concurrent exports per user, on all servers together.
    pub max_concurrent_per_user: NonZeroU32,
    /// Maximum number of concurrent exports on this server.
    pub max_concurrent: NonZeroU32,
    /// How long the end of a file waits for its record where the database cannot be written to, in seconds.
    pub record_timeout_seconds: NonZeroU32,
}

impl Default for Export {
    fn default() -> Self {
        const PAGE_ROWS: NonZeroU32 = NonZeroU32::new(5_000).expect("not zero");
        const PAGE_TIMEOUT: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        const MAX_CONCURRENT_PER_USER: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
        const MAX_CONCURRENT: NonZeroU32 = NonZeroU32::new(32).expect("not zero");
        const RECORD_TIMEOUT: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
        Self {
            page_rows: PAGE_ROWS,
            page_timeout_seconds: PAGE_TIMEOUT,
            max_concurrent_per_user: MAX_CONCURRENT_PER_USER,
            max_concurrent: MAX_CONCURRENT,
            record_timeout_seconds: RECORD_TIMEOUT,
        }
    }
}

impl Export {
    /// How long the database may take for one page.
    pub fn page_timeout(&self) -> Duration {
        Duration::from_secs(self.page_timeout_seconds.get().into())
    }

    /// How long the end of a file waits for its record.
    pub fn record_timeout(&self) -> Duration {
        Duration::from_secs(self.record_timeout_seconds.get().into())
    }
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

/// `[package.metadata.leptos]`: the part of cargo-leptos' options that the running server needs.
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

impl Settings {
    /// Reads `file`, or [`FILE`] where that exists, and lets `environment` override it.
    ///
    /// # Errors
    /// Where the file cannot be read or parsed, or a key is unknown or has a value that it cannot have; the message
    /// names it.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let asked_for = file.is_some();
        let file = file.unwrap_or(Path::new(FILE));
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !asked_for => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read the settings in {}", file.display())),
        };
        Self::parse(&text, environment).with_context(|| format!("the settings in {} cannot be used", file.display()))
    }

    fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let mut table: Table = text.parse()?;
        let mut deprecated = renamed::replace_in(&mut table)?;
        // The file by itself first. Unless names had to be replaced, its errors point at a line.
        if deprecated.is_empty() {
            let _: Self = toml::from_str(text)?;
        } else {
            Self::deserialize(table.clone()).with_context(|| {
                let names: Vec<_> =
                    deprecated.iter().map(|DeprecatedName { old, new }| format!("{old} is read as {new}")).collect();
                names.join(", ")
            })?;
        }
        // In order of their names, so that MOTION_EXPORT_DATABASE_URL comes after DATABASE_URL, and wins.
        let environment: BTreeMap<_, _> = environment.collect();
        deprecated.extend(deprecated_variables(&environment)?);
        for (name, value) in &environment {
            let Some((section, key)) = setting_of(name)? else { continue };
            let key = renamed::find(&section, &key).map_or(key, |renamed| renamed.new.to_owned());
            set(&mut table, &section, &key, Value::String(value.clone()));
            if let (Err(_), Ok(number)) = (Self::deserialize(table.clone()), value.parse()) {
                set(&mut table, &section, &key, Value::Integer(number));
            }
            Self::deserialize(table.clone()).with_context(|| format!("the environment variable {name}"))?;
        }
        let reload = environment.contains_key("LEPTOS_WATCH");
        Ok(Self { reload, deprecated, ..Self::deserialize(table)? })
    }

    /// Logs a warning for each deprecated name that was used.
    pub fn warn_of_deprecated_names(&self) {
        for name in &self.deprecated {
            warn!("{name}");
        }
    }

    /// What Leptos needs to know to render a page.
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

/// The section and key that an environment variable sets; `None` where it is none of ours.
fn setting_of(name: &str) -> anyhow::Result<Option<(String, String)>> {
    if name == "DATABASE_URL" {
        return Ok(Some(("database".to_owned(), "url".to_owned())));
    }
    if let Some(key) = name.strip_prefix("LEPTOS_") {
        // cargo-leptos sets more of these than a server reads, so only the known ones count.
        let key = key.to_lowercase().replace('_', "-");
        let known = ["output-name", "site-root", "site-pkg-dir", "reload-port"].contains(&key.as_str());
        return Ok(known.then(|| ("leptos".to_owned(), key)));
    }
    let Some(setting) = name.strip_prefix(ENV_PREFIX) else { return Ok(None) };
    match setting.to_lowercase().split_once('_') {
        Some((section @ ("server" | "accounts" | "database" | "export"), key)) => {
            Ok(Some((section.to_owned(), key.to_owned())))
        }
        _ => bail!(
            "the environment variable {name} sets nothing: write {ENV_PREFIX}<SECTION>_<KEY>, where the section is \
             SERVER, ACCOUNTS, DATABASE or EXPORT"
        ),
    }
}

/// Returns the environment variables that set something by a deprecated name.
///
/// # Errors
/// If the variable of the new name is set as well, to a different value.
fn deprecated_variables(environment: &BTreeMap<String, String>) -> anyhow::Result<Vec<DeprecatedName>> {
    let mut used = Vec::new();
    for (name, value) in environment {
        let Some((section, key)) = setting_of(name)? else { continue };
        let Some(renamed) = renamed::find(&section, &key) else { continue };
        let new = format!("{ENV_PREFIX}{section}_{}", renamed.new).to_uppercase();
        let variable = DeprecatedName { old: name.clone(), new };
        variable.check(value, environment.get(&variable.new))?;
        used.push(variable);
    }
    Ok(used)
}

fn set(table: &mut Table, section: &str, key: &str, value: Value) {
    let path: &[&str] = if section == "leptos" { &["package", "metadata", "leptos"] } else { &[section] };
    let mut at = table;
    for name in path {
        let inner = at.entry(*name).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = inner else { return };
        at = inner;
    }
    at.insert(key.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::renamed::{RENAMED, Renamed};
    use super::*;

    fn parse(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Settings> {
        Settings::parse(text, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
        format!("{:#}", parse(text, environment).expect_err("refused"))
    }

    #[test]
    fn the_file_of_this_repository_holds_the_defaults() {
        let file = include_str!("../../Leptos.toml");
        assert_eq!(parse(file, &[]).expect("valid"), Settings::default());
    }

    #[test]
    fn the_documents_list_every_deprecated_name() {
        let document = include_str!("../../docs/configuration.md");
        for Renamed { section, old, new } in &RENAMED {
            let row = format!("\n| `{section}.{old}` | `{section}.{new}` |\n");
            assert!(document.contains(&row), "{row}");
        }
    }

    #[test]
    fn of_two_variables_for_the_database_ours_wins_in_any_order() {
        let mut both = [("DATABASE_URL", "sqlite://theirs"), ("MOTION_EXPORT_DATABASE_URL", "sqlite://ours")];
        for _ in 0..2 {
            assert_eq!(parse("", &both).expect("valid").database.url, "sqlite://ours");
            both.reverse();
        }
    }

    #[test]
    fn a_settings_file_that_was_asked_for_has_to_be_there() {
        let error = Settings::load(Some(Path::new("/nowhere/typo.toml")), std::iter::empty()).expect_err("missing");
        assert!(format!("{error:#}").contains("typo.toml"));
    }

    #[test]
    fn the_leptos_options_agree_with_those_of_cargo_leptos() {
        let manifest: Table = include_str!("../../Cargo.toml").parse().expect("TOML");
        let theirs = &manifest["package"]["metadata"]["leptos"];
        let ours = Settings::default();
        let leptos = ours.leptos_options();
        assert_eq!(theirs["output-name"].as_str(), Some(&*leptos.output_name));
        assert_eq!(theirs["site-root"].as_str(), Some(&*leptos.site_root));
        assert_eq!(theirs["site-pkg-dir"].as_str(), Some(&*leptos.site_pkg_dir));
        assert_eq!(theirs["site-addr"].as_str(), Some(&*ours.server.listen.to_string()));
        assert_eq!(theirs["reload-port"].as_integer(), Some(leptos.reload_port.into()));
    }

    #[test]
    fn the_environment_overrides_each_key() {
        let file = "[server]\nlisten = '127.0.0.1:1'\n";
        let settings = parse(
            file,
            &[
                ("MOTION_EXPORT_SERVER_LISTEN", "127.0.0.1:2"),
                ("MOTION_EXPORT_SERVER_LOG", "debug"),
                ("DATABASE_URL", "sqlite://x.db"),
                ("MOTION_EXPORT_DATABASE_CONNECTIONS", "3"),
                ("MOTION_EXPORT_EXPORT_PAGE_ROWS", "7"),
                ("LEPTOS_SITE_ROOT", "elsewhere"),
                ("LEPTOS_BIN_TARGET", "not ours"),
                ("PATH", "not ours"),
            ],
        )
        .expect("valid");
        assert_eq!(settings.server.listen.port(), 2);
        assert_eq!(settings.server.log, "debug");
        assert_eq!(settings.database.url, "sqlite://x.db");
        assert_eq!(settings.database.connections.get(), 3);
        assert_eq!(settings.export.page_rows.get(), 7);
        assert_eq!(&*settings.leptos_options().site_root, "elsewhere");
    }

    #[test]
    fn an_address_to_listen_on_is_read_alike_in_the_file_and_the_environment() {
        for (value, address) in [
            ("':3000'", "127.0.0.1:3000"),
            ("'3000'", "127.0.0.1:3000"),
            ("3000", "127.0.0.1:3000"),
            ("'localhost:80'", "127.0.0.1:80"),
            ("'[::1]:80'", "[::1]:80"),
        ] {
            let file = parse(&format!("[server]\nlisten = {value}"), &[]).expect(value);
            assert_eq!(file.server.listen.to_string(), address);
            let environment = parse("", &[("MOTION_EXPORT_SERVER_LISTEN", value.trim_matches('\''))]).expect(value);
            assert_eq!(environment.server.listen.to_string(), address);
        }
        for value in ["'localhost'", "'example.com:80'", "99999", "-1", "true"] {
            let error = refusal(&format!("[server]\nlisten = {value}"), &[]);
            assert!(error.contains("server.listen") && error.contains("127.0.0.1:3000"), "{error}");
            let error = refusal("", &[("MOTION_EXPORT_SERVER_LISTEN", value.trim_matches('\''))]);
            assert!(error.contains("MOTION_EXPORT_SERVER_LISTEN") && error.contains("127.0.0.1:3000"), "{error}");
        }
    }

    #[test]
    fn deprecated_names_work_in_the_file_and_in_the_environment() {
        let file = "[server]\nclient_timeout_seconds = 1\nstop_grace_seconds = 2\n\
                    [database]\nexport_url = 'postgres://replica'\nreplica_away = 'primary'\n\
                    [export]\nmax_per_user = 3\nmax_at_once = 4\n";
        let environment = [
            ("MOTION_EXPORT_SERVER_CLIENT_TIMEOUT_SECONDS", "1"),
            ("MOTION_EXPORT_SERVER_STOP_GRACE_SECONDS", "2"),
            ("MOTION_EXPORT_DATABASE_EXPORT_URL", "postgres://replica"),
            ("MOTION_EXPORT_DATABASE_REPLICA_AWAY", "primary"),
            ("MOTION_EXPORT_EXPORT_MAX_PER_USER", "3"),
            ("MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "4"),
        ];
        for (file, environment) in [(file, &[] as &[_]), ("", &environment)] {
            let settings = parse(file, environment).expect("valid");
            assert_eq!(settings.server.write_timeout(), Duration::from_secs(1));
            assert_eq!(settings.server.shutdown_timeout(), Duration::from_secs(2));
            assert_eq!(settings.database.replica_url, "postgres://replica");
            assert_eq!(settings.database.on_replica_unavailable, OnReplicaUnavailable::Primary);
            assert_eq!(settings.export.max_concurrent_per_user.get(), 3);
            assert_eq!(settings.export.max_concurrent.get(), 4);
            assert_eq!(settings.deprecated.len(), RENAMED.len());
        }
        assert!(parse(include_str!("../../Leptos.toml"), &[]).expect("valid").deprecated.is_empty());
    }

    #[test]
    fn the_old_and_the_new_name_of_a_setting_must_not_have_different_values() {
        for Renamed { section, old, new } in &RENAMED {
            let file = |value: u8| format!("[{section}]\n{old} = 1\n{new} = {value}\n");
            let error = refusal(&file(2), &[]);
            assert!(error.contains(&format!("{section}.{old} and {section}.{new}")), "{error}");
            let [old, new] = [old, new].map(|key| format!("{ENV_PREFIX}{section}_{key}").to_uppercase());
            let error = refusal("", &[(&old, "1"), (&new, "2")]);
            assert!(error.contains(&format!("{old} and {new}")), "{error}");
        }
        let same = parse("[export]\nmax_at_once = 5\nmax_concurrent = 5", &[]).expect("valid");
        assert_eq!((same.export.max_concurrent.get(), same.deprecated.len()), (5, 1));
        let same = [("MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "5"), ("MOTION_EXPORT_EXPORT_MAX_CONCURRENT", "5")];
        let same = parse("", &same).expect("valid");
        assert_eq!((same.export.max_concurrent.get(), same.deprecated.len()), (5, 1));
    }

    #[test]
    fn the_environment_overrides_the_file_by_the_old_and_by_the_new_name() {
        for key in ["max_at_once", "max_concurrent"] {
            for variable in ["MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "MOTION_EXPORT_EXPORT_MAX_CONCURRENT"] {
                let settings = parse(&format!("[export]\n{key} = 5"), &[(variable, "6")]).expect("valid");
                assert_eq!(settings.export.max_concurrent.get(), 6, "{key} {variable}");
            }
        }
    }

    #[test]
    fn a_wrong_value_of_a_deprecated_name_is_refused_by_both_names() {
        let error = refusal("[export]\nmax_at_once = 0", &[]);
        assert!(error.contains("export.max_at_once is read as export.max_concurrent"), "{error}");
        let error = refusal("", &[("MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "many")]);
        assert!(error.contains("MOTION_EXPORT_EXPORT_MAX_AT_ONCE") && error.contains("max_concurrent"), "{error}");
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        assert!(refusal("[export]\npage_size = 5", &[]).contains("page_size"));
        assert!(refusal("[exprot]\n", &[]).contains("exprot"));
        assert!(refusal("[package.metadata.leptos]\nsite-rot = ''", &[]).contains("site-rot"));
        assert!(refusal("", &[("MOTION_EXPORT_EXPORT_PAGE_SIZE", "5")]).contains("MOTION_EXPORT_EXPORT_PAGE_SIZE"));
        assert!(refusal("", &[("MOTION_EXPORT_LISTEN", "x")]).contains("MOTION_EXPORT_LISTEN"));
    }

    #[test]
    fn values_that_a_key_cannot_have_are_refused_by_name() {
        assert!(refusal("[export]\npage_rows = 0", &[]).contains("page_rows"));
        let error = refusal("", &[("MOTION_EXPORT_EXPORT_PAGE_ROWS", "many")]);
        assert!(error.contains("MOTION_EXPORT_EXPORT_PAGE_ROWS") && error.contains("many"), "{error}");
    }
}
