//! `motion-export migrate`: shows what the pending migrations will do, and applies or undoes migrations.

use std::fmt::Write;
use std::time::{Duration, Instant};

use clap::Subcommand;
use migration::disk_space::Space;
use migration::plan::{BUSY_FACTOR, EventCopy, Step};
use migration::{Migrator, MigratorTrait};

use super::with_reason;
use crate::cli::standard_output::print;
use crate::server::db::connect::{self, IfMissing};
use crate::server::db::url::redacted;
use crate::server::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Shows what the pending steps do, and brings the schema up to date.
    Up {
        /// Shows what the pending steps do, how long that takes and how much space it needs, and changes nothing.
        #[arg(long)]
        dry_run: bool,
    },
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

impl Migrate {
    /// Applies, undoes or shows migrations.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let missing = if matches!(self, Self::Up { dry_run: false }) { IfMissing::Create } else { IfMissing::Refuse };
        let opened = connect::open(&settings.database, missing).await;
        let database = opened.map_err(|error| with_reason(error, settings))?;
        let shown = redacted(&settings.database.url);
        connect::refuse_newer(&database, &shown).await?;
        match self {
            Self::Up { dry_run } => {
                let steps = connect::pending(&database).await;
                if dry_run {
                    print(&format!("{}Nothing was changed.\n", describe(&steps?, &shown)));
                    return Ok(());
                }
                // They cannot be read while another process is migrating, for which this one then waits.
                let steps = steps.unwrap_or_default();
                if !steps.is_empty() {
                    print(&describe(&steps, &shown));
                }
                let started = Instant::now();
                connect::migrate(&settings.database, &database).await?;
                if !steps.is_empty() {
                    print(&format!("Migrated in {}.\n\n", duration(started.elapsed())));
                }
            }
            Self::Down { steps, .. } => connect::migrate_down(&settings.database, Some(steps)).await?,
            Self::Status => {}
        }
        for migration in Migrator::get_migration_with_status(database.inner()).await? {
            print(&format!("{:<8} {}\n", migration.status(), migration.name()));
        }
        Ok(())
    }
}

/// Returns what the pending migrations will do. `shown` is the path or URL of the database.
fn describe(steps: &[Step], shown: &str) -> String {
    let mut text = match steps.len() {
        0 => return format!("{shown} is up to date.\n"),
        1 => format!("1 step is pending in {shown}:\n"),
        count => format!("{count} steps are pending in {shown}:\n"),
    };
    for Step { name, sentence, copy } in steps {
        let _ = writeln!(text, "  {name}\n    {sentence}");
        if let Some(copy) = copy {
            text.push_str(&describe_copy(copy));
        }
    }
    if steps.iter().all(|step| step.copy.is_none()) {
        text.push_str("  All of this takes seconds, and no more space.\n");
    }
    text
}

fn describe_copy(copy: &EventCopy) -> String {
    let EventCopy { events, duration: alone, space } = copy;
    let (short, long) = (duration(*alone), duration(*alone * BUSY_FACTOR));
    let mut text = if short == long {
        format!("    {events} events: {short}.\n")
    } else {
        format!("    {events} events: about {short}; {long} if the machine is busy with other programs.\n")
    };
    for Space { folder, bytes, free } in space {
        let place = folder.as_ref().map_or("the database server".to_owned(), |folder| folder.display().to_string());
        let needs = format!("    It needs {bytes} bytes more on {place} until it ends");
        let _ = match free {
            Some(free) if free < bytes => writeln!(text, "{needs}, but only {free} are free: it will refuse to begin."),
            Some(free) => writeln!(text, "{needs}; {free} are free."),
            None => writeln!(text, "{needs}; how many are free there is not known."),
        };
    }
    text
}

/// Returns a duration in words, such as `3 min`.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => "less than a second".to_owned(),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_plan_says_what_it_does_how_long_it_takes_and_where_space_is_missing() {
        assert_eq!(describe(&[], "sqlite://a.db"), "sqlite://a.db is up to date.\n");
        let small = Step { name: "m1_a".to_owned(), sentence: "Creates a.", copy: None };
        let text = describe(std::slice::from_ref(&small), "sqlite://a.db");
        assert_eq!(
            text,
            "1 step is pending in sqlite://a.db:\n  m1_a\n    Creates a.\n  All of this takes seconds, and no more space.\n"
        );
        let space = |free| Space { folder: Some(PathBuf::from("/srv")), bytes: 2_000, free };
        let server = Space { folder: None, bytes: 7, free: None };
        let space = vec![space(Some(1_999)), space(Some(2_000)), server];
        let copy = EventCopy { events: 10_000_000, duration: Duration::from_secs(103), space };
        let large = Step { name: "m2_b".to_owned(), sentence: "Copies all events.", copy: Some(copy) };
        let text = describe(&[small, large], "postgres://a/b");
        for line in [
            "2 steps are pending in postgres://a/b:\n",
            "    10000000 events: about 103 s; 7 min if the machine is busy with other programs.\n",
            "    It needs 2000 bytes more on /srv until it ends, but only 1999 are free: it will refuse to begin.\n",
            "    It needs 2000 bytes more on /srv until it ends; 2000 are free.\n",
            "    It needs 7 bytes more on the database server until it ends; how many are free there is not known.\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!text.contains("takes seconds"), "{text}");
    }

    #[test]
    fn durations_are_rounded_up_and_in_fitting_units() {
        let words = [0, 1, 119, 121, 7_199, 7_201].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(words, ["less than a second", "1 s", "119 s", "3 min", "120 min", "3 h"]);
    }
}
