//! The commands and their options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::database::{backup, migrate, restore};
use super::{accounts, check, export, retention, serve, source};
use crate::server::demo;
use crate::server::ingest::{self, frigate};

pub mod describe;

/// Exports motion-detection events of surveillance cameras to CSV.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    /// The settings file. Default: Leptos.toml in the working directory, or /etc/motion-export/motion-export.toml, if one of them
    /// exists.
    #[arg(long, global = true, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// The database, as `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. Overrides `DATABASE_URL` and the settings file.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// What to do. Default: serve, because cargo-leptos starts a server without a command.
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the settings page and the export URL.
    Serve(serve::Serve),
    /// Imports events. Importing the same events again changes nothing.
    #[command(subcommand)]
    Import(Import),
    /// Writes a CSV to a file or to standard output.
    Export(export::Export),
    /// Generates cameras and events, spread over the days before now.
    Demo(Demo),
    /// Manages the users who may sign in.
    #[command(subcommand)]
    User(accounts::User),
    /// Lists cameras, and grants or revokes access to them.
    #[command(subcommand)]
    Camera(accounts::Camera),
    /// Manages access tokens for scripts.
    #[command(subcommand)]
    Token(accounts::Token),
    /// Shows, tries and reads live sources, which the settings name.
    #[command(subcommand)]
    Source(source::Source),
    /// Manages holds, which keep events beyond the days for which events are kept.
    #[command(subcommand)]
    Hold(retention::Hold),
    /// Deletes events that are older than the days for which events are kept.
    #[command(subcommand)]
    Retention(retention::Retention),
    /// Lists or detaches the monthly partitions of PostgreSQL's table of events.
    #[command(subcommand)]
    Partitions(Partitions),
    /// Changes or shows the schema of the database. The other commands bring it up to date by themselves.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Looks for what is wrong with settings, database, clock, files, proxy and sources, and says what to do. The exit code is 0
    /// if nothing is wrong, 1 for warnings, and 2 for errors.
    Check(check::Check),
    /// Writes a copy of the database into a file, while servers use it, and checks it.
    Backup(backup::Backup),
    /// Replaces the database by a backup. No server and no other command may be running on it. The old database is kept beside it.
    Restore(restore::Restore),
    /// Prints a script that completes commands and options in a shell.
    Completions(describe::Completions),
    /// Writes the manual pages, for man.
    Manual(describe::Manual),
}

#[derive(Debug, Subcommand)]
pub enum Import {
    /// Imports from an ArgusAI database, which is opened read-only.
    Argusai {
        /// ArgusAI's SQLite file, such as backend/data/app.db, or the URL of its PostgreSQL database,
        /// `postgres://USER@HOST/DATABASE`. Other users of this machine can see the URL, so give the password by PGPASSWORD or
        /// ~/.pgpass instead.
        #[arg(value_name = "FILE|URL")]
        source: PathBuf,
    },
    /// Imports from a Frigate database (0.12 to 0.18), which is opened read-only. Events that have not ended are left for a
    /// later import.
    Frigate {
        /// Frigate's SQLite file, such as config/frigate.db.
        file: PathBuf,
        /// The detect size of all cameras, or of the camera CAM, such as front=1280x720. May be repeated. Bounding boxes are
        /// fractions of it; without it, they are left empty.
        #[arg(long, value_name = "[CAM=]WxH")]
        detect: Vec<frigate::options::Detect>,
        /// A file with Frigate's configuration as JSON, the response of its /api/config. Detect sizes and names of cameras are
        /// read from it.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// A text to put before the names of cameras, such as garage-, if another Frigate has cameras with the same names.
        #[arg(long, value_name = "PREFIX", default_value = "")]
        camera_prefix: String,
    },
    /// Imports a CSV that this program or ArgusAI exported.
    Csv {
        /// The CSV file.
        file: PathBuf,
        /// The file was exported raw, without the guard against spreadsheet formulas.
        #[arg(long)]
        raw: bool,
        /// Accepts a file whose last row has no line end, as in files from Google Sheets. A truncated file may look the same.
        #[arg(long)]
        unterminated: bool,
        /// The scale of the confidences: percentages, as this program exports them, or fractions, as ArgusAI does. Default:
        /// recognized from the contents.
        #[arg(long, value_name = "SCALE")]
        confidence: Option<ingest::csv::Scale>,
    },
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The number of events.
    #[arg(long, default_value_t = demo::DEFAULT.events)]
    pub events: u64,
    /// The number of cameras.
    #[arg(long, default_value_t = demo::DEFAULT.cameras)]
    pub cameras: u32,
    /// The seed; the same seed gives the same events.
    #[arg(long, default_value_t = demo::DEFAULT.seed)]
    pub seed: u64,
    /// The number of days over which the events are spread.
    #[arg(long, default_value_t = demo::DEFAULT.days)]
    pub days: u32,
    /// The end of those days, as an RFC 3339 instant. Default: now.
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub until: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Debug, Subcommand)]
pub enum Partitions {
    /// Lists the months.
    List,
    /// Detaches the months that are older than `retention.keep_days`, except those of which a hold keeps events. They become
    /// tables of their own, with all their events, and are no longer in any export. The server deletes older events by itself.
    Detach,
}

/// Parses an RFC 3339 instant.
fn parse_instant(text: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    let instant = chrono::DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    instant.map_err(|_| {
        "write an RFC 3339 instant with an offset, such as 2025-12-16T12:00:00Z or 2025-12-16T12:00:00+01:00".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
