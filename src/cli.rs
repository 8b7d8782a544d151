//! The command line: runs the commands, and reads the clock and the environment.

use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use sea_orm::{ConnectionTrait, DbBackend};
use tracing::warn;

use self::check::Found;
use self::commands::{Cli, Command, Demo, Import, Partitions};
use self::database::{check_reachable, clock_of, naming_database, open_migrated};
use self::export_outcome::ExportFailure;
use crate::server::db::connect::{IfMissing, checkpoint};
use crate::server::db::partitions;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::summary::progress::Progress;
use crate::server::retention::detach;
use crate::server::settings::Settings;
use crate::server::settings::site::EmbeddedFile;
use crate::server::{demo, ingest, logging};

mod accounts;
mod check;
mod commands;
mod database;
mod export;
mod export_outcome;
pub mod file_limit;
mod message;
mod output_file;
mod retention;
mod serve;
mod source;
mod standard_output;
mod stop_signals;

/// The exit code if the program that reads standard output has ended. A shell reports the same for a command that
/// SIGPIPE ended, such as `cat`.
const READER_ENDED: u8 = 128 + 13;

/// Runs the program. An error is printed on standard error, and the exit code is 1. If the program that reads standard
/// output has ended, nothing is printed and the exit code is 141. `site` is the files of the pages that are in the program.
pub fn main(site: &'static [EmbeddedFile]) -> ExitCode {
    match run(Cli::parse(), site) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if matches!(error.downcast_ref(), Some(ExportFailure::ReaderEnded)) => ExitCode::from(READER_ENDED),
        Err(error) if error.is::<Found>() => {
            error.downcast_ref::<Found>().map_or(ExitCode::FAILURE, |found| found.0.into())
        }
        Err(error) => {
            eprintln!("error: {}", message::of(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, site: &'static [EmbeddedFile]) -> anyhow::Result<()> {
    let command = match cli.command {
        Some(Command::Completions(completions)) => {
            completions.run();
            return Ok(());
        }
        Some(Command::Manual(manual)) => return manual.run(),
        Some(Command::Check(check)) => {
            logging::init_for_command()?;
            let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
            return runtime.block_on(check.run(cli.settings.as_deref(), cli.database_url, environment().collect()));
        }
        // cargo-leptos starts a server without a command.
        command => command.unwrap_or_else(|| Command::Serve(serve::Serve::default())),
    };
    let mut settings = Settings::load(cli.settings.as_deref(), environment())?;
    settings.embed_site(site);
    if let Some(url) = cli.database_url {
        settings.database.url = url;
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        match command {
            Command::Serve(serve) => serve.run(settings).await,
            other => {
                logging::init_for_command()?;
                settings.warn_of_deprecated_names();
                run_once(other, &settings).await
            }
        }
    });
    // A thread that still writes to a pipe that is not read would block forever.
    runtime.shutdown_background();
    result
}

/// Runs a command that does one thing and ends.
async fn run_once(command: Command, settings: &Settings) -> anyhow::Result<()> {
    check_reachable(settings).await?;
    // These two open the database by themselves, and do not migrate it.
    let command = match command {
        Command::Backup(backup) => return backup.run(settings).await,
        Command::Restore(restore) => return restore.run(settings).await,
        command => command,
    };
    if let Command::Migrate(migrate) = command {
        let result = migrate.run(settings).await;
        return result.map_err(|error| naming_database(error, settings));
    }
    let missing = match command {
        Command::Serve(_) | Command::Import(_) | Command::Demo(_) | Command::User(accounts::User::Add { .. }) => {
            IfMissing::Create
        }
        // A new database does not contain what they would show or change.
        _ => IfMissing::Refuse,
    };
    let database = open_migrated(settings, missing).await?;
    let fills_log = matches!(command, Command::Import(_) | Command::Demo(_));
    let result = run_on(database.clone(), command, settings).await.map_err(|error| naming_database(error, settings));
    // Also after a failed command, which may have filled the disk; but not if the file was replaced, which the error
    // says.
    let is_replaced = database.file().is_some_and(|file| file.check().is_err());
    if fills_log
        && !is_replaced
        && let Err(error) = checkpoint::empty_log(&settings.database, &database).await
    {
        warn!(error = format!("{error:#}"), "cannot truncate SQLite's write-ahead log, so it keeps its disk space");
    }
    // PostgreSQL logs clients that disconnect without closing.
    let closed = database.close().await.context("cannot close the database; all changes are stored");
    result.and(closed)
}

async fn run_on(database: Pool, command: Command, settings: &Settings) -> anyhow::Result<()> {
    let clock = clock_of(&database).await?;
    let now = clock.now();
    let summary = match command {
        Command::Import(Import::Argusai { source }) => {
            ingest::argusai::import(&database, &ingest::argusai::Location::new(&source)?, &Progress::on_terminal())
                .await?
        }
        Command::Import(Import::Frigate { file, detect, config, camera_prefix }) => {
            let options = ingest::frigate::options::Options::new(detect, config.as_deref(), camera_prefix)?;
            ingest::frigate::import(&database, &file, options, &Progress::on_terminal()).await?
        }
        Command::Import(Import::Csv { file, raw, unterminated, confidence }) => {
            let options = ingest::csv::Options { raw, unterminated, confidence };
            ingest::csv::import(&database, &file, options, &Progress::on_terminal()).await?
        }
        Command::Demo(Demo { events, cameras, days, seed, until }) => {
            let until = until.map_or(now, UnixMicros::from);
            demo::Demo { events, cameras, days, seed }.write(&database, until).await?
        }
        Command::Export(export) => return export.run(database, settings, clock).await,
        Command::User(user) => return user.run(&database, now).await,
        Command::Camera(camera) => return camera.run(&database).await,
        Command::Token(token) => return token.run(&database, now).await,
        Command::Source(source) => return source.run(&database, settings, clock).await,
        Command::Hold(hold) => return hold.run(&database, now).await,
        Command::Retention(command) => return command.run(database, settings, clock).await,
        Command::Partitions(command) => return run_partitions(&command, settings, &database, now).await,
        // They are done already.
        Command::Serve(_)
        | Command::Migrate(_)
        | Command::Check(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Completions(_)
        | Command::Manual(_) => return Ok(()),
    };
    standard_output::print(&summary.to_string());
    ensure!(
        !summary.all_skipped(),
        "nothing was imported: none of the {} events could be read; see above for the first value of each kind",
        summary.skipped_events()
    );
    Ok(())
}

async fn run_partitions(
    command: &Partitions,
    settings: &Settings,
    database: &Pool,
    now: UnixMicros,
) -> anyhow::Result<()> {
    if database.get_database_backend() != DbBackend::Postgres {
        bail!("only PostgreSQL's table of events has partitions");
    }
    match command {
        Partitions::List => {
            for month in partitions::months(database).await? {
                standard_output::print(&format!("{month}\n"));
            }
        }
        Partitions::Detach => {
            let first = match (settings.database.keep_months, settings.retention.keep_days) {
                (Some(months), _) if months > 0 => detach::first_kept_month(now, months),
                (None, days) if days > 0 => detach::first_kept_month_of_days(now, days),
                _ => bail!("retention.keep_days is 0, so all months are kept; set the number of days to keep"),
            };
            let Some(first) = first else { return Ok(()) };
            let detached = detach::detach(database, now, first).await?;
            for table in detached.tables {
                standard_output::print(&format!("detached {table}\n"));
            }
            for month in detached.held {
                standard_output::print(&format!("kept {month}, because a hold keeps events of it\n"));
            }
        }
    }
    Ok(())
}

/// Returns the environment variables that are UTF-8.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
