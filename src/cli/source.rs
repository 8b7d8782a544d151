//! `motion-export source`: shows, tries and reads live sources.

use anyhow::{Context, bail};
use clap::Subcommand;

use super::accounts::table;
use super::standard_output::print;
use crate::messages::Message;
use crate::messages::sources::SourceMessage;
use crate::server::db::clock::{Clock, second};
use crate::server::db::connect::writer::Writer;
use crate::server::db::pool::Pool;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::event::Event;
use crate::server::ingest::live::source_state::{self, Stored};
use crate::server::ingest::live::sources;
use crate::server::ingest::live::sources::context::FollowContext;
use crate::server::ingest::live::sources::trial::{Trial, Tried, trial};
use crate::server::ingest::live::writer::LiveWriter;
use crate::server::metrics::Metrics;
use crate::server::settings::{Settings, Source as SourceSettings};
use crate::server::stored_message;

#[derive(Debug, Subcommand)]
pub enum Source {
    /// Lists the sources of the settings, and those whose state is stored: state, last event, and up to when each is complete.
    List,
    /// Reads the five latest events of a source, and shows what would be stored. Writes nothing.
    Test {
        /// The name in the settings, [source.NAME].
        name: String,
    },
    /// Reads what a source has, once, and stores what is new. For cron, where no server follows the source.
    Once {
        /// The name in the settings, [source.NAME].
        name: String,
    },
    /// Deletes the state of a source that the settings no longer have. Its cameras and events stay, and another source may have
    /// the cameras.
    Forget {
        /// The name that `source list` shows.
        name: String,
    },
}

impl Source {
    pub async fn run(self, database: &Pool, settings: &Settings, clock: Clock) -> anyhow::Result<()> {
        match self {
            Self::List => print(&table(&rows(settings, source_state::list(database).await?))),
            Self::Test { name } => {
                let Trial { events, mqtt } = trial(named(settings, &name)?, clock.now()).await?;
                if events.is_empty() {
                    print("The source has no events.\n");
                }
                for event in events {
                    print(&format!("{}\n", line(event)));
                }
                match mqtt {
                    Some(Ok(connected)) => print(&format!("{}\n", Message::from(&connected).text)),
                    Some(Err(why)) => bail!(Message::from(&why).text),
                    None => {}
                }
            }
            Self::Once { name } => {
                let source = named(settings, &name)?;
                let writer = Writer::open(&settings.database, database).await?.within(STATEMENT_TIMEOUT);
                let live = LiveWriter::start(writer.clone());
                let stored =
                    sources::once(&FollowContext::new(writer, live, clock, Metrics::new()), &name, source).await?;
                print(&format!("{stored} new events stored\n"));
            }
            Self::Forget { name } => {
                if settings.source.contains_key(&name) {
                    bail!("the settings have the source {name}; remove [source.{name}] from the file first");
                }
                if !source_state::forget(database, &name).await? {
                    bail!("no state of a source {name} is stored; `source list` shows the names");
                }
                print(&format!("{name} is forgotten.\n"));
            }
        }
        Ok(())
    }
}

fn named<'a>(settings: &'a Settings, name: &str) -> anyhow::Result<&'a SourceSettings> {
    settings.source.get(name).with_context(|| {
        let known: Vec<_> = settings.source.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        format!("the settings have no source {name}, [source.{name}]; known: {known}")
    })
}

fn rows(settings: &Settings, stored: Vec<Stored>) -> Vec<[String; 7]> {
    let mut rows =
        vec![["NAME", "KIND", "STATE", "EVENTS", "LAST EVENT", "COMPLETE TO", "LAST ERROR"].map(str::to_owned)];
    let moment = |moment: Option<UnixMicros>| moment.map_or_else(|| "-".to_owned(), second);
    let new = settings.source.iter().filter(|(name, _)| stored.iter().all(|stored| stored.source.name != **name));
    for (name, source) in new {
        let kind = source.kind.as_str().to_owned();
        let none = || "-".to_owned();
        rows.push([name.clone(), kind, "not followed yet".to_owned(), "0".to_owned(), none(), none(), none()]);
    }
    for Stored { source, .. } in stored {
        let is_set = settings.source.contains_key(&source.name);
        let error = match (source.error, source.error_at) {
            (Some(error), Some(at)) => format!("{}: {}", second(at), stored_message::read(&error).text),
            _ => "-".to_owned(),
        };
        rows.push([
            source.name,
            source.kind,
            if is_set { source.state } else { "not in the settings".to_owned() },
            source.accepted.to_string(),
            moment(source.last_event_at),
            moment(source.complete_to),
            error,
        ]);
    }
    rows[1..].sort();
    rows
}

/// Returns what would become of an event.
fn line(event: Tried) -> String {
    let text = |message: &SourceMessage| Message::from(message).text;
    match event {
        Tried::Open => text(&SourceMessage::NotEnded),
        Tried::LeftOut(why) => text(&why),
        Tried::Stored(event, repaired) => {
            let Event { timestamp, camera_id, confidence, algorithm, x, y, width, height, zone_id, .. } = *event;
            let number = |number: Option<i32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
            let confidence = confidence.map_or_else(|| "-".to_owned(), |confidence| format!("{confidence:.1}"));
            let sides = [x, y, width, height].map(number).join(",");
            let zone = zone_id.unwrap_or_else(|| "-".to_owned());
            let at = second(UnixMicros::new(timestamp));
            let event = format!("{at}  {camera_id}  {algorithm}  {confidence} %  box {sides}  zone {zone}");
            repaired.iter().fold(event, |line, why| line + "\n  " + &text(why))
        }
    }
}
