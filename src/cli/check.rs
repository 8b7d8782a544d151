//! `motion-export check`: looks for what is wrong with settings, database, files and sources, and says what to do. Changes
//! nothing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::standard_output::print;
use super::{file_limit, message};
use crate::server::settings::origin::{self, Origin};
use crate::server::settings::{Settings, file_of};

mod database;
mod network;
mod sources;

/// The exit codes, as monitoring programs expect them.
const WARNING: u8 = 1;
const ERROR: u8 = 2;

#[derive(Debug, Default, Args)]
pub struct Check {
    /// Prints a JSON array of objects with `level` (ok, warning or error), `about`, `text` and `advice`.
    #[arg(long)]
    json: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It works now, but may not later, or not as intended.
    Warning,
    /// Something does not work.
    Error,
}

/// What the command found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    level: Level,
    /// What it is about, in a word.
    about: &'static str,
    text: String,
    /// What to do.
    advice: Option<String>,
}

impl Finding {
    fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, about, text: text.into(), advice: None }
    }

    fn warning(about: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, about, text: text.into(), advice: Some(advice.into()) }
    }

    fn error(about: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Error, about, text: text.into(), advice: Some(advice.into()) }
    }

    /// Returns an error whose message says what to do.
    fn failed(about: &'static str, error: &anyhow::Error) -> Self {
        Self { level: Level::Error, about, text: message::of(error), advice: None }
    }
}

/// The settings have warnings or errors. Everything about them is printed already.
#[derive(Clone, Copy, Debug)]
pub struct Found(pub u8);

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the check found something")
    }
}

impl std::error::Error for Found {}

impl Check {
    /// Checks everything and prints the findings. `file` and `database_url` are those of the command line, and `environment` the
    /// variables of the process.
    ///
    /// # Errors
    /// Returns [`Found`] with the exit code if there are warnings or errors.
    pub async fn run(
        self,
        file: Option<&Path>,
        database_url: Option<String>,
        environment: BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let mut findings = Vec::new();
        match Settings::load(file, environment.clone().into_iter()) {
            Ok(mut settings) => {
                findings.push(of_settings(file, database_url.is_some(), &environment));
                if let Some(url) = database_url {
                    settings.database.url = url;
                }
                findings.extend(network::check(&settings).await);
                // As the server does at its start.
                let _ = file_limit::raise();
                if let Err(error) = file_limit::check(&settings) {
                    findings.push(Finding::failed("open files", &error));
                }
                let (of_database, pool) = database::check(&settings).await;
                findings.extend(of_database);
                findings.extend(sources::check(&settings, pool).await);
            }
            Err(error) => findings.push(Finding::failed("settings", &error)),
        }
        let text = if self.json {
            serde_json::to_string_pretty(&findings)? + "\n"
        } else {
            findings.iter().map(line).collect()
        };
        print(&text);
        match findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok) {
            Level::Ok => Ok(()),
            Level::Warning => Err(Found(WARNING).into()),
            Level::Error => Err(Found(ERROR).into()),
        }
    }
}

/// Returns a finding as lines.
fn line(finding: &Finding) -> String {
    let Finding { level, about, text, advice } = finding;
    let level = match level {
        Level::Ok => "ok",
        Level::Warning => "WARNING",
        Level::Error => "ERROR",
    };
    let advice = advice.as_ref().map_or_else(String::new, |advice| format!("         {advice}\n"));
    format!("{level:<8} {about}: {text}\n{advice}")
}

/// Lists the settings that are not the default, with where they come from.
fn of_settings(file: Option<&Path>, has_database_url: bool, environment: &BTreeMap<String, String>) -> Finding {
    let from = file_of(file).map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    let list = match origin::list(file, environment).context("cannot list the settings") {
        Ok(list) => list,
        Err(error) => return Finding::failed("settings", &error),
    };
    let total = list.len();
    let set = list.into_iter().filter(|setting| setting.origin != Origin::Default).map(|setting| {
        let is_replaced = has_database_url && setting.name == "database.url";
        let origin = if is_replaced { "replaced by the command line" } else { setting.origin.as_str() };
        format!("\n         {} = {} ({origin})", setting.name, setting.value.as_deref().unwrap_or("(not shown)"))
    });
    let set: Vec<_> = set.collect();
    Finding::ok("settings", format!("{from}; {} of {total} values are defaults{}", total - set.len(), set.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_printed_with_its_advice() {
        assert_eq!(line(&Finding::ok("clock", "right")), "ok       clock: right\n");
        let finding = Finding::warning("clock", "ahead", "Set it.");
        assert_eq!(line(&finding), "WARNING  clock: ahead\n         Set it.\n");
        let json = serde_json::to_string(&finding).expect("JSON");
        assert_eq!(json, r#"{"level":"warning","about":"clock","text":"ahead","advice":"Set it."}"#);
        assert!(Level::Error > Level::Warning && Level::Warning > Level::Ok);
    }
}
