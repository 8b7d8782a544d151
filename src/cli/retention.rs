//! `motion-export hold` and `retention`: how long events are kept.

use anyhow::anyhow;
use clap::Subcommand;

use super::accounts::table;
use super::standard_output::print;
use crate::error::ApiError;
use crate::server::db::clock::{Clock, second};
use crate::server::db::connect::writer::Writer;
use crate::server::db::pool::Pool;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::metrics::Metrics;
use crate::server::retention::holds::{self, NewHold};
use crate::server::retention::rules::Rule;
use crate::server::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Hold {
    /// Creates a hold: the events in its range are not deleted until it is released. Prints its id.
    Add {
        /// The id of the camera. Default: all cameras.
        #[arg(long, value_name = "ID")]
        camera: Option<String>,
        /// The first day, as YYYY-MM-DD, or an RFC 3339 instant.
        #[arg(long, value_name = "DATE")]
        start_date: String,
        /// The last day, which is included; or an RFC 3339 instant, which is not.
        #[arg(long, value_name = "DATE")]
        end_date: String,
        /// The time zone of the days.
        #[arg(long, value_name = "ZONE", default_value = "UTC")]
        timezone: String,
        /// Why the events are kept, such as the number of a case.
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// The name of the person who asks for it.
        #[arg(long, value_name = "NAME")]
        who: String,
    },
    /// Lists the holds: id, camera, range in UTC, when and by whom they were created, and why.
    List {
        /// Lists those that were released as well.
        #[arg(long)]
        all: bool,
    },
    /// Releases a hold. Events that are due are deleted by the next run of retention.
    Release {
        /// The id of the hold, as `hold list` shows it.
        id: String,
        /// The name of the person who asks for it.
        #[arg(long, value_name = "NAME")]
        who: String,
    },
}

impl Hold {
    pub async fn run(self, database: &Pool, now: UnixMicros) -> anyhow::Result<()> {
        match self {
            Self::Add { camera, start_date, end_date, timezone, why, who } => {
                let camera_id = camera.as_deref().unwrap_or_default();
                let (start, end) = (&*start_date, &*end_date);
                let new = NewHold { camera_id, start, end, timezone: &timezone, why: &why, who: &who };
                let hold = holds::add(database, new, now).await.map_err(for_option)?;
                print(&format!("{}\n", hold.id));
            }
            Self::List { all } => {
                let head = ["ID", "CAMERA", "FROM", "BEFORE", "CREATED", "WHO", "WHY", "RELEASED"];
                let mut rows = vec![head.map(str::to_owned)];
                for hold in holds::list(database, all).await? {
                    let released = match (hold.released_at, hold.released_by) {
                        (Some(at), Some(who)) => format!("{} by {who}", second(at)),
                        _ => String::new(),
                    };
                    rows.push([
                        hold.id.to_string(),
                        hold.camera_id.unwrap_or_else(|| "(all)".to_owned()),
                        second(hold.starts_at),
                        second(hold.ends_at),
                        second(hold.created_at),
                        hold.who,
                        hold.why,
                        released,
                    ]);
                }
                print(&table(&rows));
            }
            Self::Release { id, who } => {
                holds::release(database, &id, &who, now).await.map_err(for_option)?;
                print(&format!("{id} is released.\n"));
            }
        }
        Ok(())
    }
}

/// Returns an error of a field under the name of its option.
fn for_option(error: ApiError) -> anyhow::Error {
    let Some(field) = error.field.as_deref().filter(|field| *field != "hold") else { return error.into() };
    let option = if field == "camera_id" { "camera".to_owned() } else { field.replace('_', "-") };
    anyhow!("--{option}: {}", error.detail)
}

#[derive(Debug, Subcommand)]
pub enum Retention {
    /// Deletes all events that are due now, as the server does once a day. Waits up to an hour for running exports that need
    /// them, and then cancels these.
    Run {
        /// Shows what would be deleted, and deletes nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

impl Retention {
    pub async fn run(self, database: Pool, settings: &Settings, clock: Clock) -> anyhow::Result<()> {
        let Self::Run { dry_run } = self;
        let writer = Writer::open(&settings.database, &database).await?.within(STATEMENT_TIMEOUT);
        let keep_days = settings.retention.keep_days;
        let retention = crate::server::retention::Retention::new(database, writer, clock, Metrics::new(), keep_days);
        if dry_run {
            let due = retention.due().await?;
            if due.is_empty() {
                print("All events are kept for good: retention.keep_days is 0, and no camera has days of its own.\n");
                return Ok(());
            }
            let mut rows =
                vec![["RULE", "DAYS", "KEEPS FROM", "CAMERAS", "EVENTS TO DELETE", "HELD"].map(str::to_owned)];
            for due in due {
                rows.push([
                    name_of(Some(due.rule)).to_owned(),
                    due.rule.days().to_string(),
                    second(due.keeps_from),
                    due.cameras.to_string(),
                    due.rows.to_string(),
                    due.held_rows.to_string(),
                ]);
            }
            print(&table(&rows));
            return Ok(());
        }
        let deletions = retention.run().await?;
        if deletions.is_empty() {
            print("No events were due.\n");
        }
        for deletion in deletions {
            let (rows, cameras) = (deletion.rows, deletion.cameras.len());
            let (rule, to) = (name_of(deletion.rule), second(deletion.deleted_to));
            print(&format!("Deleted {rows} events of {cameras} cameras from before {to} ({rule}).\n"));
        }
        Ok(())
    }
}

/// Returns the name of a rule.
fn name_of(rule: Option<Rule>) -> &'static str {
    match rule {
        Some(Rule::General(_)) => "retention.keep_days",
        Some(Rule::Camera(_)) => "days of the camera",
        None => "detached",
    }
}
