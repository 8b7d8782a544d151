//! The command line: what it offers, and where clock and environment come in.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail, ensure};
use clap::{Args, Parser, Subcommand};
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::Connection;
use sea_orm::{ConnectionTrait, DbBackend};
use tracing::warn;

use self::export_outcome::ExportFailure;
use self::stop_signals::StopSignals;
use crate::server::db::clock::Clock;
use crate::server::db::connect::IfMissing;
use crate::server::db::describe_error::why_unwritable;
use crate::server::db::pool::Pool;
use crate::server::db::postgres::single_connection;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::db::url::{DatabaseKind, named, redacted};
use crate::server::db::{connect, partitions};
use crate::server::settings::Settings;
use crate::server::{demo, ingest, logging};

mod accounts;
mod export;
mod export_outcome;
pub mod file_limit;
mod message;
mod output_file;
mod serve;
mod standard_output;
mod stop_signals;

/// Exports motion-detection events of surveillance cameras to CSV.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// The settings file. Default: Leptos.toml in the working directory, if it exists.
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The database, as `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`. Overrides `DATABASE_URL` and the settings file.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// What to do. Default: serve, because cargo-leptos starts a server without a command.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
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
    /// Lists or detaches the monthly partitions of PostgreSQL's table of events.
    #[command(subcommand)]
    Partitions(Partitions),
    /// Changes or shows the schema of the database. The other commands bring it up to date by themselves.
    #[command(subcommand)]
    Migrate(Migrate),
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Imports from an ArgusAI database, which is opened read-only.
    Argusai {
        /// ArgusAI's SQLite file, such as backend/data/app.db, or the URL of its PostgreSQL database,
        /// `postgres://USER@HOST/DATABASE`. Other users of this machine can see the URL, so give the password by PGPASSWORD or
        /// ~/.pgpass instead.
        #[arg(value_name = "FILE|URL")]
        source: PathBuf,
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
struct Demo {
    /// The number of events.
    #[arg(long, default_value_t = demo::DEFAULT.events)]
    events: u64,
    /// The number of cameras.
    #[arg(long, default_value_t = demo::DEFAULT.cameras)]
    cameras: u32,
    /// The seed; the same seed gives the same events.
    #[arg(long, default_value_t = demo::DEFAULT.seed)]
    seed: u64,
    /// The number of days over which the events are spread.
    #[arg(long, default_value_t = demo::DEFAULT.days)]
    days: u32,
    /// The end of those days, as an RFC 3339 instant. Default: now.
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    until: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Debug, Subcommand)]
enum Partitions {
    /// Lists the months.
    List,
    /// Detaches the months that are older than `database.keep_months`. They become tables of their own, with all their
    /// events, and are no longer in any export.
    Detach,
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// Brings the schema up to date.
    Up,
    /// Undoes the last step, or more. Undoing the step that created a table drops the table with everything in it.
    Down {
        /// The number of steps.
        #[arg(default_value_t = 1)]
        steps: u32,
        /// Confirms that the contents of the tables may be lost.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Shows which steps are applied.
    Status,
}

/// Reads an RFC 3339 instant.
fn parse_instant(text: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    let instant = chrono::DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    instant.map_err(|_| {
        "write an RFC 3339 instant with an offset, such as 2025-12-16T12:00:00Z or 2025-12-16T12:00:00+01:00".to_owned()
    })
}

/// The exit code where the program that reads standard output has ended. It is what a shell reports of a command that SIGPIPE
/// ended, as it ends `cat` and others.
const READER_ENDED: u8 = 128 + 13;

/// Runs the program. A failure is reported on standard error, and the exit code is 1; but if the program that reads standard
/// output has ended, nothing is reported and the exit code is 141.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if matches!(error.downcast_ref(), Some(ExportFailure::ReaderEnded)) => ExitCode::from(READER_ENDED),
        Err(error) => {
            eprintln!("error: {}", message::of(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let mut settings = Settings::load(cli.settings.as_deref(), environment())?;
    if let Some(url) = cli.database_url {
        settings.database.url = url;
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let done = runtime.block_on(async {
        match cli.command.unwrap_or_else(|| Command::Serve(serve::Serve::default())) {
            Command::Serve(serve) => serve.run(settings).await,
            other => {
                logging::init_for_command()?;
                settings.warn_of_deprecated_names();
                run_once(other, &settings).await
            }
        }
    });
    // Whoever still writes to a pipe that nobody reads is not waited for.
    runtime.shutdown_background();
    done
}

/// Opens the database, or says why that cannot be done.
async fn open_migrated(settings: &Settings, missing: IfMissing) -> anyhow::Result<Pool> {
    connect::open_migrated(&settings.database, missing).await.map_err(|error| with_reason(error, settings))
}

/// Checks that PostgreSQL lets us in. A command that somebody waits for fails at once; a server may be started together with
/// PostgreSQL, and waits for it.
async fn check_reachable(settings: &Settings) -> anyhow::Result<()> {
    let url = &settings.database.url;
    if named(url)? == DatabaseKind::Postgres {
        let cannot = || format!("cannot open the database {}", redacted(url));
        let connection = single_connection::connect(url).await.with_context(cannot)?;
        // It has served its purpose, however it ends.
        let _ = connection.close().await;
    }
    Ok(())
}

/// Puts the reason in place of an error if the database's file cannot be written to.
fn with_reason(error: anyhow::Error, settings: &Settings) -> anyhow::Error {
    let Ok(DatabaseKind::File(file)) = named(&settings.database.url) else { return error };
    match why_unwritable(&file) {
        Some(reason) => anyhow!("cannot write to the database {}: {reason}", file.display()),
        None => error,
    }
}

/// Has an error of the database say which one it is.
fn naming_database(error: anyhow::Error, settings: &Settings) -> anyhow::Error {
    if message::is_of_database(&error) {
        error.context(format!("the database {} failed", redacted(&settings.database.url)))
    } else {
        error
    }
}

/// The commands that do one thing and end.
async fn run_once(command: Command, settings: &Settings) -> anyhow::Result<()> {
    check_reachable(settings).await?;
    if let Command::Migrate(migrate) = command {
        let missing = if matches!(migrate, Migrate::Up) { IfMissing::Create } else { IfMissing::Refuse };
        let opened = connect::open(&settings.database, missing).await;
        let database = opened.map_err(|error| with_reason(error, settings))?;
        let done = run_migrate(&migrate, settings, &database).await;
        return done.map_err(|error| naming_database(error, settings));
    }
    let missing = match command {
        Command::Serve(_) | Command::Import(_) | Command::Demo(_) | Command::User(accounts::User::Add { .. }) => {
            IfMissing::Create
        }
        // What they would show or change is not in a database that was only just made.
        _ => IfMissing::Refuse,
    };
    let database = open_migrated(settings, missing).await?;
    let brings_much = matches!(command, Command::Import(_) | Command::Demo(_));
    let done = run_on(database.clone(), command, settings).await.map_err(|error| naming_database(error, settings));
    // Also after one that failed, because the disk is full or for any other reason; but not if the file is another one now,
    // which the error says.
    let is_replaced = database.file().is_some_and(|file| file.check().is_err());
    if brings_much
        && !is_replaced
        && let Err(error) = connect::empty_log(&settings.database, &database).await
    {
        warn!(error = format!("{error:#}"), "cannot truncate SQLite's write-ahead log, so it keeps its disk space");
    }
    // PostgreSQL logs clients that leave without a word.
    let closed = database.close().await.context("cannot close the database; what was done is there");
    done.and(closed)
}

async fn run_on(database: Pool, command: Command, settings: &Settings) -> anyhow::Result<()> {
    let clock = clock_of(&database).await?;
    let now = clock.now();
    let summary = match command {
        Command::Import(Import::Argusai { source }) => {
            ingest::argusai::import(&database, &ingest::argusai::Location::new(&source)?, now).await?
        }
        Command::Import(Import::Csv { file, raw, unterminated, confidence }) => {
            let options = ingest::csv::Options { raw, unterminated, confidence };
            ingest::csv::import(&database, &file, options, now).await?
        }
        Command::Demo(Demo { events, cameras, days, seed, until }) => {
            let until = until.map_or(now, UnixMicros::from);
            demo::Demo { events, cameras, days, seed }.write(&database, until).await?
        }
        Command::Export(export) => return export.run(database, settings, clock).await,
        Command::User(user) => return user.run(&database, now).await,
        Command::Camera(camera) => return camera.run(&database).await,
        Command::Token(token) => return token.run(&database, now).await,
        Command::Partitions(command) => return run_partitions(&command, settings, &database, now).await,
        Command::Serve(_) | Command::Migrate(_) => return Ok(()),
    };
    say(&summary.to_string());
    ensure!(
        !summary.all_skipped(),
        "nothing was imported: none of the {} events could be read; see above for the first value of each kind",
        summary.skipped_events()
    );
    Ok(())
}

/// The clock to go by. What several servers share goes by that of their database.
async fn clock_of(database: &Pool) -> anyhow::Result<Clock> {
    if database.get_database_backend() != DbBackend::Postgres {
        return Ok(Clock::new(now));
    }
    let (clock, follow) = Clock::of(database.clone()).await.context("cannot ask the database for the time")?;
    tokio::spawn(follow);
    Ok(clock)
}

async fn run_partitions(
    command: &Partitions,
    settings: &Settings,
    database: &Pool,
    now: UnixMicros,
) -> anyhow::Result<()> {
    if database.get_database_backend() != DbBackend::Postgres {
        bail!("the table of events has partitions in PostgreSQL only; in SQLite it is one");
    }
    match command {
        Partitions::List => {
            for month in partitions::months(database).await? {
                say(&format!("{month}\n"));
            }
        }
        Partitions::Detach => {
            let keep = settings.database.keep_months;
            ensure!(keep > 0, "database.keep_months is 0, so all months are kept; set how many are to be kept");
            for table in partitions::detach(database, now, keep).await? {
                say(&format!("detached {table}\n"));
            }
        }
    }
    Ok(())
}

async fn run_migrate(migrate: &Migrate, settings: &Settings, database: &Pool) -> anyhow::Result<()> {
    match migrate {
        Migrate::Up => connect::migrate(&settings.database, database).await?,
        Migrate::Down { steps, .. } => connect::migrate_down(&settings.database, Some(*steps)).await?,
        Migrate::Status => {}
    }
    for migration in Migrator::get_migration_with_status(database.inner()).await? {
        say(&format!("{:<8} {}\n", migration.status(), migration.name()));
    }
    Ok(())
}

/// Writes to standard output. Somebody who no longer listens is no error.
fn say(text: &str) {
    use std::io::Write;

    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Returns the time of the operating system's clock.
#[expect(clippy::disallowed_methods, reason = "this is the edge at which time comes in")]
fn now() -> UnixMicros {
    chrono::Utc::now().into()
}

/// The environment variables that are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }
}
