//! Settings that have been renamed: their old names are deprecated aliases, in the file and in the environment.

use std::fmt;

use anyhow::ensure;
use toml::{Table, Value};

/// A setting whose name has changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The section that the setting is in.
    pub section: &'static str,
    /// The deprecated name.
    pub old: &'static str,
    /// The current name.
    pub new: &'static str,
}

/// All settings whose old names still work.
pub const RENAMED: [Renamed; 6] = [
    Renamed { section: "server", old: "client_timeout_seconds", new: "write_timeout_seconds" },
    Renamed { section: "server", old: "stop_grace_seconds", new: "shutdown_timeout_seconds" },
    Renamed { section: "database", old: "export_url", new: "replica_url" },
    Renamed { section: "database", old: "replica_away", new: "on_replica_unavailable" },
    Renamed { section: "export", old: "max_per_user", new: "max_concurrent_per_user" },
    Renamed { section: "export", old: "max_at_once", new: "max_concurrent" },
];

/// A deprecated name that was used, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeprecatedName {
    /// The name that was used: a key of the file, or an environment variable.
    pub old: String,
    /// The name to use instead.
    pub new: String,
}

impl fmt::Display for DeprecatedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { old, new } = self;
        write!(f, "the setting {old} is deprecated and will be removed in the next version; use {new} instead")
    }
}

impl DeprecatedName {
    /// Checks that the new name, if it is set as well, has the same value.
    ///
    /// # Errors
    /// Returns an error if the values differ; the message names both.
    pub fn check<T: PartialEq>(&self, value: &T, value_of_new: Option<&T>) -> anyhow::Result<()> {
        let Self { old, new } = self;
        ensure!(
            value_of_new.is_none_or(|other| other == value),
            "{old} and {new} have different values, but they are the same setting: remove {old}, which is the deprecated name"
        );
        Ok(())
    }
}

/// Returns the renamed setting whose deprecated name is `key`, if there is one.
pub fn find(section: &str, key: &str) -> Option<&'static Renamed> {
    RENAMED.iter().find(|renamed| renamed.section == section && renamed.old == key)
}

/// Replaces deprecated names in the settings of a file, and returns those that were used.
///
/// # Errors
/// Returns an error if the old and the new name of a setting have different values.
pub fn replace_in(file: &mut Table) -> anyhow::Result<Vec<DeprecatedName>> {
    let mut used = Vec::new();
    for Renamed { section, old, new } in &RENAMED {
        let Some(Value::Table(settings)) = file.get_mut(*section) else { continue };
        let Some(value) = settings.remove(*old) else { continue };
        let name = DeprecatedName { old: format!("{section}.{old}"), new: format!("{section}.{new}") };
        name.check(&value, settings.get(*new))?;
        settings.insert((*new).to_owned(), value);
        used.push(name);
    }
    Ok(used)
}
