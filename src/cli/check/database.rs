//! The database: whose it is, its schema, its integrity, its files and their space, and the clock.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use migration::disk_space::free_bytes;
use migration::{Migrator, MigratorTrait};
use rusqlite::Connection;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::Finding;
use crate::cli::database::{backup::until_stopped, check_reachable, clock_of, now};
use crate::cli::output_file::folder_of;
use crate::server::db::connect::{self, IfMissing};
use crate::server::db::contents::backup;
use crate::server::db::contents::{self, DatabaseContents, Owner, is_known_migration};
use crate::server::db::describe_error::why_unwritable;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::db::url::{DatabaseKind, parse_url, redacted};
use crate::server::settings::Settings;

/// By how much clocks may differ.
const MAX_DIFFERENCE: Duration = Duration::from_secs(5);

/// The minimum of free space, in bytes.
const MIN_FREE_BYTES: u64 = 100_000_000;

/// The number of bits of a mode that are not of the owner: three each of the group and of others.
const OTHERS_BITS: u32 = 6;

/// Checks the database. Also returns it, if it is open and has the current schema.
pub async fn check(settings: &Settings) -> (Vec<Finding>, Option<Pool>) {
    let mut findings = Vec::new();
    let pool = match parse_url(&settings.database.url) {
        Ok(DatabaseKind::File(path)) => of_sqlite(&path, settings, &mut findings).await,
        Ok(DatabaseKind::Postgres) => of_postgres(settings, &mut findings).await,
        Err(error) => Err(error),
    };
    match pool {
        Ok(pool) => (findings, pool),
        Err(error) => {
            findings.push(Finding::failed("database", &error));
            (findings, None)
        }
    }
}

async fn of_sqlite(path: &Path, settings: &Settings, findings: &mut Vec<Finding>) -> anyhow::Result<Option<Pool>> {
    let shown = path.display().to_string();
    let Some(contents) = contents::of_file(path)? else {
        findings.push(Finding::warning(
            "database",
            format!("{shown} does not exist yet"),
            "The server and imports create it. If there should be one, check database.url and the folder from which this command runs.",
        ));
        return Ok(None);
    };
    contents.owner().refuse_others(&shown)?;
    let is_current = of_schema(&contents, &shown, findings);
    if let Some(reason) = why_unwritable(path) {
        findings.push(Finding::error(
            "files",
            format!("{shown} cannot be written to: {reason}"),
            "Run the command as the user of the server.",
        ));
        return Ok(None);
    }
    findings.push(of_rights(path)?);
    let file = path.to_owned();
    let (counts, newest) = until_stopped(move |stop| {
        let connection = backup::open(&file)?;
        backup::check_integrity(&connection, &stop)?;
        Ok((backup::Counts::read(&connection)?, newest_record(&connection)))
    })
    .await?;
    findings.push(Finding::ok("integrity", format!("{shown} is undamaged; it has {counts}")));
    findings.push(of_space(path));
    findings.push(of_clock(newest, now()));
    if !is_current {
        return Ok(None);
    }
    connect::open(&settings.database, IfMissing::Refuse).await.map(Some)
}

async fn of_postgres(settings: &Settings, findings: &mut Vec<Finding>) -> anyhow::Result<Option<Pool>> {
    check_reachable(settings).await?;
    let shown = redacted(&settings.database.url);
    // Also checks whose it is, and the rights.
    let database = connect::open(&settings.database, IfMissing::Create).await?;
    let contents = contents::of_schema(&database).await?;
    let is_current = of_schema(&contents, &shown, findings);
    let version = Statement::from_string(DbBackend::Postgres, "SHOW server_version");
    let version = database.query_one_raw(version).await?.context("PostgreSQL does not say its version")?;
    findings.push(Finding::ok("server", format!("PostgreSQL {}", version.try_get_by_index::<String>(0)?)));
    let theirs = clock_of(&database).await?.now();
    findings.push(of_server_clock(theirs, now()));
    Ok(is_current.then_some(database))
}

/// Whether the schema is that of this version.
fn of_schema(contents: &DatabaseContents, shown: &str, findings: &mut Vec<Finding>) -> bool {
    if let Some(newer) = contents.migrations.iter().find(|migration| !is_known_migration(migration)) {
        findings.push(Finding::error(
            "schema",
            format!("{shown} was migrated by a newer version of Motion Export ({newer})"),
            "Install that version on every machine.",
        ));
        return false;
    }
    let pending = Migrator::migrations().len().saturating_sub(contents.migrations.len());
    let is_current = pending == 0;
    findings.push(if is_current {
        Finding::ok("schema", format!("{shown} is up to date"))
    } else if contents.owner() == Owner::None {
        Finding::warning("schema", format!("{shown} has no tables yet"), "The server and imports create them.")
    } else {
        Finding::warning(
            "schema",
            format!("{shown} needs {pending} migrations"),
            "The next start of the server applies them; make a backup before: motion-export backup FILE",
        )
    });
    is_current
}

fn of_rights(path: &Path) -> anyhow::Result<Finding> {
    let shown = path.display();
    let file = path.metadata().with_context(|| format!("cannot read {shown}"))?;
    let mode = file.permissions().mode() & 0o777;
    Ok(if mode.trailing_zeros() >= OTHERS_BITS {
        Finding::ok("files", format!("only their owner (user id {}) can read the database", file.uid()))
    } else {
        Finding::warning(
            "files",
            format!(
                "other users of this machine can access {shown} (mode {mode:o}), which has the hashes of passwords and tokens"
            ),
            format!("Unless that is intended: chmod 600 {shown}"),
        )
    })
}

fn of_space(path: &Path) -> Finding {
    let folder = folder_of(path);
    let size = path.metadata().map_or(0, |file| file.len());
    let shown = folder.display();
    match free_bytes(folder) {
        Some(free) if free < MIN_FREE_BYTES => Finding::error(
            "space",
            format!("only {free} bytes are free in {shown}"),
            "Free some space; without it, exports and sign-ins are refused.",
        ),
        Some(free) if free < size => Finding::warning(
            "space",
            format!("{free} bytes are free in {shown}, less than the {size} bytes of the database"),
            "Backups into this file system, restorations and migrations of large tables will not fit.",
        ),
        Some(free) => Finding::ok("space", format!("{free} bytes are free in {shown}; the database has {size}")),
        None => Finding::ok("space", format!("the file system of {shown} does not tell")),
    }
}

/// Returns the time of the newest export record, if there is one.
fn newest_record(connection: &Connection) -> Option<UnixMicros> {
    let newest = connection.query_row("SELECT max(started_at) FROM exports", [], |row| row.get::<_, Option<i64>>(0));
    newest.ok().flatten().map(UnixMicros::new)
}

/// Compares the clock of this machine with the newest record in the database.
fn of_clock(newest: Option<UnixMicros>, now: UnixMicros) -> Finding {
    match newest {
        Some(newest) if newest.saturating_duration_since(now) > MAX_DIFFERENCE => Finding::warning(
            "clock",
            "the newest export record is from the future, so the clock of this machine is behind, or was ahead",
            "Check the time (timedatectl); a wrong one gives wrong records and ends sessions at the wrong time.",
        ),
        _ => Finding::ok("clock", "no export record is from the future"),
    }
}

/// Compares the clock of this machine with that of PostgreSQL.
fn of_server_clock(theirs: UnixMicros, ours: UnixMicros) -> Finding {
    let difference = theirs.saturating_duration_since(ours).max(ours.saturating_duration_since(theirs));
    let seconds = difference.as_secs();
    if difference > MAX_DIFFERENCE {
        Finding::warning(
            "clock",
            format!("the clocks of this machine and of PostgreSQL differ by {seconds} s"),
            "Servers use PostgreSQL's clock, but logs have this machine's. Synchronize both (timedatectl).",
        )
    } else {
        Finding::ok("clock", "the clocks of this machine and of PostgreSQL agree")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_found() {
        let at = |seconds: i64| UnixMicros::new(seconds * 1_000_000);
        assert_eq!(of_clock(None, at(100)).level, Level::Ok);
        assert_eq!(of_clock(Some(at(50)), at(100)).level, Level::Ok);
        assert_eq!(of_clock(Some(at(103)), at(100)).level, Level::Ok);
        assert_eq!(of_clock(Some(at(200)), at(100)).level, Level::Warning);
        for (theirs, level) in [(100, Level::Ok), (104, Level::Ok), (110, Level::Warning), (90, Level::Warning)] {
            assert_eq!(of_server_clock(at(theirs), at(100)).level, level, "{theirs}");
        }
    }
}
