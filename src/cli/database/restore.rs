//! `motion-export restore`: replaces the database by a backup.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::Args;
use sea_orm::ConnectionTrait;

use super::backup::{check_space, client_program, is_same, run, until_stopped};
use super::now;
use crate::api::shell::shell_quote;
use crate::cli::output_file::{OutputFile, folder_of};
use crate::cli::standard_output::print;
use crate::server::db::clock::stamp;
use crate::server::db::connect::{self, IfMissing};
use crate::server::db::contents::restore::{self, Differences};
use crate::server::db::sqlite::migration_lock::MigrationLock;
use crate::server::db::sqlite::path::beside;
use crate::server::db::url::{DatabaseKind, parse_url, redacted};
use crate::server::settings::Settings;

#[derive(Debug, Args)]
pub struct Restore {
    /// A file that `backup` has written.
    file: PathBuf,
}

impl Restore {
    /// Restores the file.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        ensure!(self.file.is_file(), "there is no file {}", self.file.display());
        match parse_url(&settings.database.url)? {
            // The target of a link is replaced, not the link.
            DatabaseKind::File(path) => to_sqlite(self.file, path.canonicalize().unwrap_or(path)).await,
            DatabaseKind::Postgres => to_postgres(&self.file, settings).await,
        }
    }
}

async fn to_sqlite(file: PathBuf, database: PathBuf) -> anyhow::Result<()> {
    ensure!(!is_same(&file, &database), "{} is the database itself", file.display());
    restore::check_is_usable(&file)?;
    let shown = database.display().to_string();
    connect::create_folder(&database).with_context(|| format!("cannot create the folder of the database {shown}"))?;
    // Now, so that a large file is not copied in vain.
    restore::check_is_unused(&database)?;
    let bytes = |path: PathBuf| path.metadata().map_or(0, |file| file.len());
    check_space(folder_of(&database), bytes(file.clone()) + bytes(beside(&file, "-wal")))?;

    let cannot = format!("cannot write into the folder {}", folder_of(&database).display());
    let output = OutputFile::create_named(&database).with_context(|| cannot.clone())?;
    let copy = output.temporary_name().context("the file has no name")?.to_owned();
    let counts = {
        let (file, copy, database) = (file.clone(), copy.clone(), database.clone());
        until_stopped(move |stop| {
            restore::copy_files(&file, &copy, &database)?;
            restore::prepare(&copy, &stop)
        })
        .await?
    };

    // Until the end, no process of this program can open the database.
    let _lock = MigrationLock::acquire(&database).await?;
    restore::check_is_unused(&database)?;
    let is_there = database.exists();
    let now = now();
    let differences = match is_there.then(|| restore::compare(&copy, &database, now)) {
        None => Some(Differences::default()),
        Some(Ok(differences)) => Some(differences),
        // Otherwise, tokens that were revoked would work again.
        Some(Err(error)) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
            return Err(error).context("cannot revoke access tokens in the copy of the backup; nothing was changed");
        }
        Some(Err(_)) => None,
    };
    let aside = if is_there {
        restore::make_one_file(&database)?;
        Some(restore::keep_aside(&database, &stamp(now))?)
    } else {
        None
    };
    restore::remove_beside(&database)?;
    output.sync().with_context(|| cannot.clone())?;
    output.publish().context(cannot)?;
    restore::check_is_usable(&database).context("the restored database cannot be read")?;

    print(&format!("{shown} is restored from {}: {counts}. All users must sign in again.\n", file.display()));
    match differences {
        Some(differences) => print(&describe(&differences)),
        None => print(
            "The old database could not be compared with the backup. Access tokens that were revoked since may work again: see \
             `token list`.\n",
        ),
    }
    if let Some(aside) = aside {
        print(&format!("The old database is {}; remove it when you no longer need it.\n", aside.display()));
    }
    Ok(())
}

/// Says what the restored database has that the old one had not, and the other way round.
fn describe(differences: &Differences) -> String {
    let Differences { revoked_tokens, removed_users, old_passwords, regained_access, lost_holds } = differences;
    let mut lines = Vec::new();
    if *revoked_tokens > 0 {
        lines.push(format!("{revoked_tokens} access tokens that were revoked since the backup are still revoked.\n"));
    }
    if !removed_users.is_empty() {
        let names = removed_users.join(", ");
        lines.push(format!("These users were removed since the backup, and are there again: {names}\n"));
    }
    if !old_passwords.is_empty() {
        let names = old_passwords.join(", ");
        lines.push(format!("These users have the password that they had then: {names}\n"));
    }
    if !regained_access.is_empty() {
        let names = regained_access.join(", ");
        lines.push(format!(
            "These users have rights again that were withdrawn since the backup (check them with `user list`): {names}\n"
        ));
    }
    if *lost_holds > 0 {
        lines.push(format!(
            "{lost_holds} holds that were created since the backup are missing: create them again before the server is started, or \
             it may delete the events that they keep.\n"
        ));
    }
    lines.concat()
}

/// Restores into an empty database only, so that what another one holds stays as it is.
async fn to_postgres(file: &Path, settings: &Settings) -> anyhow::Result<()> {
    let url = &settings.database.url;
    let shown = redacted(url);
    let line = format!(
        "pg_restore --no-owner --exit-on-error --single-transaction --dbname={} {}",
        shell_quote(&shown),
        shell_quote(&file.display().to_string())
    );
    let mut list = Command::new("pg_restore");
    list.arg("--list").arg(file);
    let list = run(list, &line).await.with_context(|| format!("{} cannot be read", file.display()))?;
    let has_events = String::from_utf8_lossy(&list.stdout).lines().any(|line| line.contains(" motion_events "));
    ensure!(has_events, "{} is not a backup of Motion Export; nothing was changed", file.display());
    let database = connect::open(&settings.database, IfMissing::Create).await?;
    let contents = crate::server::db::contents::of_schema(&database).await?;
    database.close().await?;
    ensure!(
        contents.tables.is_empty(),
        "the database {shown} is not empty; create another one (createdb), and set database.url to it. The old one stays as it is. \
         Nothing was changed"
    );
    let mut restore = client_program("pg_restore", url);
    restore.args(["--no-owner", "--exit-on-error", "--single-transaction"]).arg(file);
    run(restore, &line).await?;
    let database = connect::open(&settings.database, IfMissing::Refuse).await?;
    if let Some(newer) = connect::newer_migration(&database).await? {
        print(&format!(
            "The backup was made by a newer version (it has the migration {newer}); install that version.\n"
        ));
    }
    database.execute_unprepared("DELETE FROM sessions").await?;
    database.close().await?;
    print(&format!(
        "{shown} is restored from {}. All users must sign in again. Access tokens that were revoked since the backup work again: see \
         `token list`.\n",
        file.display()
    ));
    Ok(())
}
