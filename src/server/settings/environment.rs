//! Settings from environment variables.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Deserialize;
use toml::{Table, Value};

use super::renamed::{self, DeprecatedName};

/// `MOTION_EXPORT_<SECTION>_<KEY>` overrides a key of the file.
pub const PREFIX: &str = "MOTION_EXPORT_";

/// The sections whose keys environment variables set.
const SECTIONS: [&str; 7] = ["server", "accounts", "database", "export", "ingest", "retention", SOURCE];

/// The section with a table for each live source: `MOTION_EXPORT_SOURCE_<NAME>_<KEY>`.
const SOURCE: &str = "source";

/// Overrides the settings in `table` by those in the environment. `S` is the type of all settings. Returns the deprecated names
/// that were used.
///
/// # Errors
/// Returns an error that names the variable if it sets nothing, or a value that its setting cannot have.
pub fn apply<'de, S: Deserialize<'de>>(
    table: &mut Table,
    environment: &BTreeMap<String, String>,
) -> anyhow::Result<Vec<DeprecatedName>> {
    let deprecated = deprecated_variables(environment)?;
    // In order of their names, so that MOTION_EXPORT_DATABASE_URL comes after DATABASE_URL, and wins.
    for (name, value) in environment {
        let Some((section, key)) = setting_of(name)? else { continue };
        let key = renamed::find(&section, &key).map_or(key, |renamed| renamed.new.to_owned());
        set_from_text::<S>(table, &section, &key, value).with_context(|| format!("the environment variable {name}"))?;
    }
    Ok(deprecated)
}

/// Sets a key to the value of an environment variable: to the text, or to the number that the text is.
///
/// # Errors
/// Returns the error of the type that the setting has.
fn set_from_text<'de, S: Deserialize<'de>>(
    table: &mut Table,
    section: &str,
    key: &str,
    value: &str,
) -> Result<(), toml::de::Error> {
    set(table, section, key, Value::String(value.to_owned()));
    let Err(text_error) = S::deserialize(table.clone()) else { return Ok(()) };
    let Ok(number) = value.parse() else { return Err(text_error) };
    set(table, section, key, Value::Integer(number));
    let Err(number_error) = S::deserialize(table.clone()) else { return Ok(()) };
    let wants_number = text_error.message().starts_with("invalid type");
    Err(if wants_number { number_error } else { text_error })
}

/// Returns the section and key that an environment variable sets; `None` if it is not a setting.
fn setting_of(name: &str) -> anyhow::Result<Option<(String, String)>> {
    if name == "DATABASE_URL" {
        return Ok(Some(("database".to_owned(), "url".to_owned())));
    }
    if let Some(key) = name.strip_prefix("LEPTOS_") {
        // cargo-leptos sets more variables than a server reads, so unknown ones are ignored.
        let key = key.to_lowercase().replace('_', "-");
        let known = ["output-name", "site-root", "site-pkg-dir", "reload-port"].contains(&key.as_str());
        return Ok(known.then(|| ("leptos".to_owned(), key)));
    }
    let Some(setting) = name.strip_prefix(PREFIX) else { return Ok(None) };
    match setting.to_lowercase().split_once('_') {
        Some((section, key)) if SECTIONS.contains(&section) => Ok(Some((section.to_owned(), key.to_owned()))),
        _ => bail!(
            "the environment variable {name} is not a setting: write {PREFIX}<SECTION>_<KEY>, where the section is one of {}",
            SECTIONS.join(", ").to_uppercase()
        ),
    }
}

/// Returns the environment variables that set something by a deprecated name.
///
/// # Errors
/// Returns an error if the variable of the new name is set as well, to a different value.
fn deprecated_variables(environment: &BTreeMap<String, String>) -> anyhow::Result<Vec<DeprecatedName>> {
    let mut used = Vec::new();
    for (name, value) in environment {
        let Some((section, key)) = setting_of(name)? else { continue };
        if renamed::is_keep_months(&section, &key) {
            let new = format!("{PREFIX}{}", renamed::keep_days("_")).to_uppercase();
            let days = environment.get(&new).and_then(|days| days.parse().ok());
            used.push(renamed::keep_months(name.clone(), new, value.parse().ok(), days)?);
            continue;
        }
        let Some(renamed) = renamed::find(&section, &key) else { continue };
        let new = format!("{PREFIX}{section}_{}", renamed.new).to_uppercase();
        let variable = DeprecatedName { old: name.clone(), new, note: "" };
        variable.check(value, environment.get(&variable.new))?;
        used.push(variable);
    }
    Ok(used)
}

fn set(table: &mut Table, section: &str, key: &str, value: Value) {
    let (source, key) = if section == SOURCE { key.split_once('_').unwrap_or((key, "")) } else { ("", key) };
    let path: &[&str] = match section {
        "leptos" => &["package", "metadata", "leptos"],
        SOURCE => &[SOURCE, source],
        _ => &[section],
    };
    let mut at = table;
    for name in path {
        let inner = at.entry(*name).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = inner else { return };
        at = inner;
    }
    at.insert(key.to_owned(), value);
}
