//! `motion-export backup`: writes a copy of the database while servers use it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail, ensure};
use clap::Args;
use migration::disk_space::free_bytes;

use crate::api::shell::shell_quote;
use crate::cli::output_file::{OutputFile, folder_of};
use crate::cli::standard_output::print;
use crate::cli::stop_signals::StopSignals;
use crate::server::db::contents::backup::{self, Stop};
use crate::server::db::contents::{self, Owner};
use crate::server::db::postgres::single_connection::without_password;
use crate::server::db::sqlite::path::beside;
use crate::server::db::url::{DatabaseKind, parse_url, redacted};
use crate::server::ingest::summary::progress::Progress;
use crate::server::settings::Settings;

#[derive(Debug, Args)]
pub struct Backup {
    /// The file. It appears once the copy is complete and checked, and only its owner can read it.
    file: PathBuf,
    /// Replaces the file if it exists.
    #[arg(long)]
    force: bool,
}

impl Backup {
    /// Writes the copy.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let Self { file, force } = self;
        let shown = file.display();
        ensure!(!file.is_dir(), "{shown} is a folder; name a file in it");
        ensure!(force || !file.exists(), "{shown} exists; give another name, or --force to replace it");
        match parse_url(&settings.database.url)? {
            DatabaseKind::File(database) => of_sqlite(database, file).await,
            DatabaseKind::Postgres => of_postgres(&settings.database.url, &file).await,
        }
    }
}

async fn of_sqlite(database: PathBuf, file: PathBuf) -> anyhow::Result<()> {
    let name = database.display().to_string();
    let contents = contents::of_file(&database)?;
    let contents = contents
        .with_context(|| format!("there is no database {name}; set database.url, DATABASE_URL or --database-url"))?;
    contents.owner().refuse_others(&name)?;
    ensure!(
        contents.owner() == Owner::MotionExport,
        "the database {name} has no tables, so there is nothing to back up"
    );
    for part in [database.clone(), beside(&database, "-wal"), beside(&database, "-shm")] {
        ensure!(!is_same(&part, &file), "{} is the database itself", file.display());
    }
    let line = until_stopped(move |stop| {
        let cannot = || format!("cannot write {}", file.display());
        let size = backup::size(&backup::open(&database)?)?;
        check_space(folder_of(&file), size)?;
        let output = OutputFile::create_named(&file).with_context(cannot)?;
        let copy = output.temporary_name().context("the file has no name")?.to_owned();
        let progress = Progress::on_terminal();
        progress.begin_bytes(size);
        let copied = backup::copy(&database, &copy, &|done, _| progress.set(done), &stop);
        progress.end();
        let counts =
            copied.with_context(|| format!("cannot copy the database {} to {}", database.display(), file.display()))?;
        let bytes = copy.metadata().with_context(cannot)?.len();
        output.sync().with_context(cannot)?;
        output.publish().with_context(cannot)?;
        Ok(format!("{}: {counts}, {bytes} bytes; the copy was checked\n", file.display()))
    })
    .await?;
    print(&line);
    Ok(())
}

async fn of_postgres(url: &str, file: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", file.display());
    let output = OutputFile::create_named(file).with_context(cannot)?;
    let copy = output.temporary_name().context("the file has no name")?.to_owned();
    let line = format!(
        "pg_dump --format=custom --file={} {}",
        shell_quote(&file.display().to_string()),
        shell_quote(&redacted(url))
    );
    let mut dump = client_program("pg_dump", url);
    dump.arg("--format=custom").arg(format!("--file={}", copy.display()));
    run(dump, &line).await?;
    let mut list = Command::new("pg_restore");
    list.arg("--list").arg(&copy);
    let list = run(list, &line).await.context("the dump cannot be read again")?;
    let tables = String::from_utf8_lossy(&list.stdout).lines().filter(|line| line.contains(" TABLE DATA ")).count();
    let bytes = copy.metadata().with_context(cannot)?.len();
    output.sync().with_context(cannot)?;
    output.publish().with_context(cannot)?;
    print(&format!("{}: {tables} tables, {bytes} bytes; its list of contents can be read\n", file.display()));
    Ok(())
}

/// Returns a program of PostgreSQL's that connects to this database. The password is only in its environment.
pub fn client_program(name: &str, url: &str) -> Command {
    let (url, password) = without_password(url);
    let mut program = Command::new(name);
    program.arg("--no-password").arg(format!("--dbname={url}"));
    if let Some(password) = password {
        program.env("PGPASSWORD", password);
    }
    program
}

/// Runs a program of PostgreSQL's. `line` is the command that does the same on another machine.
///
/// # Errors
/// Returns an error if it is not installed or fails; the message has what it has printed.
pub async fn run(mut program: Command, line: &str) -> anyhow::Result<Output> {
    let name = program.get_program().to_string_lossy().into_owned();
    let output = tokio::task::spawn_blocking(move || program.output()).await?;
    match output {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim_end()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "{name} is not installed (on Debian: apt-get install postgresql-client); or run it on a machine that has it:\n  {line}"
        ),
        Err(error) => Err(error).with_context(|| format!("cannot run {name}")),
    }
}

/// Checks that a folder has space for a copy.
///
/// # Errors
/// Returns an error if it does not.
pub fn check_space(folder: &Path, needed: u64) -> anyhow::Result<()> {
    match free_bytes(folder) {
        Some(free) if free < needed => bail!(
            "the copy needs {needed} bytes in {}, where {free} bytes are free; free some space. Nothing was changed",
            folder.display()
        ),
        _ => Ok(()),
    }
}

/// Whether two paths lead to the same file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    identity(one).is_some_and(|file| identity(other) == Some(file))
}

/// Does work on a thread that may block, and asks it to stop if a signal arrives.
///
/// # Errors
/// Returns the error of the work.
pub async fn until_stopped<T: Send + 'static>(
    work: impl FnOnce(Stop) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let mut signals = StopSignals::new()?;
    let stop = Stop::default();
    let request = stop.clone();
    let mut working = tokio::task::spawn_blocking(move || work(stop));
    loop {
        tokio::select! {
            done = &mut working => return done?,
            () = signals.next() => request.request(),
        }
    }
}
