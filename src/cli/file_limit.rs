//! The operating system's limit of open files and connections of this process.

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::server::settings::Settings;

/// The number of files that are open besides connections of clients and of the database: standard streams, the
/// runtime's own, the page's files while they are sent.
const OTHER_FILES: u64 = 100;

/// The number of files that a connection to the database may have open: with SQLite, the database, its log, and a
/// temporary file.
const FILES_PER_CONNECTION: u64 = 3;

/// Raises the limit of this process to the hard limit.
///
/// # Errors
/// Returns an error if the system refuses.
pub fn raise() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .context("cannot raise the limit of open files to the system's hard limit")
}

/// Checks that the connections of these settings fit into the limit of this process.
///
/// # Errors
/// Returns an error if they do not; the message names the setting and both solutions.
pub fn check(settings: &Settings) -> anyhow::Result<()> {
    check_against(settings, getrlimit(Resource::Nofile).current)
}

fn check_against(settings: &Settings, limit: Option<u64>) -> anyhow::Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let reserved = OTHER_FILES + 2 * FILES_PER_CONNECTION * u64::from(settings.database.connections.get());
    let clients = u64::from(settings.server.max_connections.get());
    ensure!(
        clients + reserved <= limit,
        "server.max_connections is {clients}, but the system lets this process open {limit} files and connections, of which \
         {reserved} are needed for the database and others. Set it to {} or less, or raise the limit to {} or more \
         (LimitNOFILE in a systemd unit, ulimit -Hn in a shell).",
        limit.saturating_sub(reserved),
        clients + reserved
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_into_the_smallest_common_limit() {
        check_against(&Settings::default(), Some(1_024)).expect("fits");
        check_against(&Settings::default(), None).expect("no limit");
    }

    #[test]
    fn more_connections_than_files_are_refused_with_a_number_that_fits() {
        let mut settings = Settings::default();
        settings.server.max_connections = 1_000.try_into().expect("not zero");
        let error = check_against(&settings, Some(1_024)).expect_err("too many").to_string();
        for part in ["server.max_connections is 1000", "Set it to 876 or less", "to 1148 or more", "LimitNOFILE"] {
            assert!(error.contains(part), "{error}");
        }
        settings.server.max_connections = 876.try_into().expect("not zero");
        check_against(&settings, Some(1_024)).expect("what the message says");
    }
}
