//! Where the value of each setting comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use super::{Settings, environment, file_of, renamed};

/// The settings file of the project, which has every key with its default.
const DEFAULTS: &str = include_str!("../../../Leptos.toml");

/// Parts of the names of secret settings.
const SECRETS: [&str; 3] = ["token", "password", "secret"];

/// A setting with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its section and key, such as `server.listen`.
    pub name: String,
    /// Its value; `None` if it is secret or may hold a password.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where the value of a setting comes from. A later one overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It is the default.
    Default,
    /// The settings file.
    File,
    /// An environment variable.
    Environment,
}

impl Origin {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
        }
    }
}

/// Returns all settings, sorted by their names. `file` and `environment` are those of
/// [`Settings::load`].
///
/// # Errors
/// Returns the errors of [`Settings::load`].
pub fn list(file: Option<&Path>, environment: &BTreeMap<String, String>) -> anyhow::Result<Vec<Setting>> {
    let text = file_of(file).map_or_else(|| Ok(String::new()), std::fs::read_to_string)?;
    list_of(&text, environment)
}

fn list_of(text: &str, environment: &BTreeMap<String, String>) -> anyhow::Result<Vec<Setting>> {
    let defaults: Table = DEFAULTS.parse()?;
    let mut in_file: Table = text.parse()?;
    renamed::replace_in(&mut in_file)?;
    let mut table = in_file.clone();
    environment::apply::<Settings>(&mut table, environment)?;
    let names = flat("", &defaults).into_iter().chain(flat("", &table)).filter(|name| !name.starts_with("package."));
    let names: BTreeSet<_> = names.collect();
    let settings = names.into_iter().filter_map(|name| {
        let (own, of_file) = (at(&table, &name), at(&in_file, &name));
        let origin = match own {
            None => Origin::Default,
            Some(_) if own == of_file => Origin::File,
            Some(_) => Origin::Environment,
        };
        let value = match own.or_else(|| at(&defaults, &name))? {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            _ => String::new(),
        };
        let value = (value.is_empty() || !is_secret(&name)).then_some(value);
        Some(Setting { name, value, origin })
    });
    Ok(settings.collect())
}

/// Whether a setting is secret, or a URL that may hold a password.
fn is_secret(name: &str) -> bool {
    let key = name.rsplit('.').next().unwrap_or_default();
    ["url", "replica_url"].contains(&key) || SECRETS.iter().any(|part| key.contains(part))
}

/// Returns the value of a key, such as `server.listen`.
fn at<'a>(table: &'a Table, name: &str) -> Option<&'a Value> {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    match table.get(first)? {
        Value::Table(inner) if !rest.is_empty() => at(inner, rest),
        value => rest.is_empty().then_some(value),
    }
}

/// Returns the names of the keys of a table and of those in it.
fn flat(prefix: &str, table: &Table) -> Vec<String> {
    let names = table.iter().flat_map(|(key, value)| match value {
        Value::Table(inner) => flat(&format!("{prefix}{key}."), inner),
        _ => vec![format!("{prefix}{key}")],
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_its_value_and_where_it_comes_from_and_no_secret_is_shown() {
        let file = "[server]\nlog = 'debug'\nlisten = '127.0.0.1:1'\nmetrics_token = 'a long and secret one'\n[source.garage]\n\
                    kind = 'frigate'\nurl = 'http://frigate:5000'\npassword = 'hush'";
        let environment =
            [("MOTION_EXPORT_SERVER_LISTEN", "127.0.0.1:2"), ("MOTION_EXPORT_EXPORT_PAGE_ROWS", "7"), ("PATH", "x")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = list_of(file, &environment.into_iter().collect()).expect("valid");
        let one = |name: &str| {
            let setting = settings.iter().find(|setting| setting.name == name).expect(name);
            (setting.value.as_deref(), setting.origin)
        };
        assert_eq!(one("server.log"), (Some("debug"), Origin::File));
        assert_eq!(one("server.listen"), (Some("127.0.0.1:2"), Origin::Environment));
        assert_eq!(one("export.page_rows"), (Some("7"), Origin::Environment));
        assert_eq!(one("retention.keep_days"), (Some("0"), Origin::Default));
        assert_eq!(one("server.public_url"), (Some(""), Origin::Default));
        assert_eq!(one("database.replica_url").0, Some(""), "that none is set is no secret");
        assert_eq!(one("source.garage.kind"), (Some("frigate"), Origin::File));
        for secret in ["server.metrics_token", "source.garage.password", "source.garage.url", "database.url"] {
            assert_eq!(one(secret).0, None, "{secret}");
        }
        assert!(!settings.iter().any(|setting| setting.name.starts_with("package")));
    }
}
