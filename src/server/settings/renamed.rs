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

/// The name of a setting that is replaced by one in another unit, and its section. It is not renamed, because it keeps its
/// meaning: it limits `partitions detach`, and deletes nothing.
const KEEP_MONTHS: (&str, &str) = ("database", "keep_months");

/// The setting that replaces it.
const KEEP_DAYS: (&str, &str) = ("retention", "keep_days");

/// The longest month, in days. So many days keep at least what a month keeps.
const DAYS_OF_A_MONTH: i64 = 31;

/// A deprecated name that was used, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeprecatedName {
    /// The name that was used: a key of the file, or an environment variable.
    pub old: String,
    /// The name to use instead.
    pub new: String,
    /// What the deprecated name does, if it is not the same as the new one; else empty.
    pub note: &'static str,
}

impl fmt::Display for DeprecatedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { old, new, note } = self;
        write!(f, "the setting {old} is deprecated and will be removed in the next version; use {new} instead{note}")
    }
}

impl DeprecatedName {
    /// Checks that the new name, if it is set as well, has the same value.
    ///
    /// # Errors
    /// Returns an error if the values differ; the message names both.
    pub fn check<T: PartialEq>(&self, value: &T, value_of_new: Option<&T>) -> anyhow::Result<()> {
        let Self { old, new, .. } = self;
        ensure!(
            value_of_new.is_none_or(|other| other == value),
            "{old} and {new} have different values, but they are the same setting: remove {old}, which is the deprecated name"
        );
        Ok(())
    }
}

/// Returns the deprecated name `old` for the months to keep, if it is one. `days` is the value of `new`, the days to keep,
/// in the same source.
///
/// # Errors
/// Returns an error if both are set and do not keep the same.
pub fn keep_months(old: String, new: String, months: Option<i64>, days: Option<i64>) -> anyhow::Result<DeprecatedName> {
    let note =
        " (a number of days), which also has the server delete older events; this one only limits partitions detach";
    let name = DeprecatedName { old, new, note };
    // A value of another type is refused by its type.
    if let Some(months) = months {
        name.check(&months.saturating_mul(DAYS_OF_A_MONTH), days.as_ref())?;
    }
    Ok(name)
}

/// Returns whether a setting is the months to keep.
pub fn is_keep_months(section: &str, key: &str) -> bool {
    (section, key) == KEEP_MONTHS
}

/// Returns the name of the days to keep, with this between its section and its key.
pub fn keep_days(separator: &str) -> String {
    format!("{}{separator}{}", KEEP_DAYS.0, KEEP_DAYS.1)
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
        let name = DeprecatedName { old: format!("{section}.{old}"), new: format!("{section}.{new}"), note: "" };
        name.check(&value, settings.get(*new))?;
        settings.insert((*new).to_owned(), value);
        used.push(name);
    }
    let number = |(section, key): (&str, &str)| file.get(section).and_then(|section| section.get(key));
    if let Some(months) = number(KEEP_MONTHS) {
        let (old, new) = (format!("{}.{}", KEEP_MONTHS.0, KEEP_MONTHS.1), keep_days("."));
        used.push(keep_months(old, new, months.as_integer(), number(KEEP_DAYS).and_then(Value::as_integer))?);
    }
    Ok(used)
}
