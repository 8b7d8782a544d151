//! What the pending migrations will do to a database: a sentence for each, how many rows it copies, how long that takes, and how
//! much space it needs.

use std::time::Duration;

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, DbErr};

use crate::disk_space::Space;
use crate::m20261129_000010_integer_keys::{number, postgres_bytes, sqlite_space};
use crate::{Migrator, MigratorTrait};

/// Each migration with a sentence for operators, in the order of [`Migrator`].
const SENTENCES: [(&str, &str); 15] = [
    ("m20261124_000001_cameras", "Creates the table of cameras."),
    ("m20261124_000002_motion_events", "Creates the table of events."),
    ("m20261124_000003_accounts", "Creates the tables of users, access tokens and access to cameras."),
    ("m20261124_000004_exports", "Creates the table of export records."),
    ("m20261125_000005_sessions_sign_links", "Creates the table of sessions again, so all users must sign in again."),
    (
        "m20261125_000006_exports_tell_who",
        "Adds to export records who has exported, and finds them by time and digest.",
    ),
    ("m20261125_000007_exports_of_replicas", "Adds to export records up to when each file is complete."),
    ("m20261129_000008_marks", "Creates a table of facts about the database, such as that `demo` has created it."),
    (
        "m20261129_000009_reasons_as_codes",
        "Replaces the reasons of export records by codes, which are shown in any language.",
    ),
    (INTEGER_KEYS, "Copies all events to a table with integer keys, in which they take half of the space."),
    ("m20261129_000011_exports_cancel_requests", "Adds to export records the request to cancel a running export."),
    ("m20261129_000012_write_tokens", "Adds to access tokens whether they read, or send events."),
    ("m20261130_000013_sources", "Creates the tables of live sources."),
    ("m20261130_000014_retention", "Creates the tables of retention: days of cameras, holds and deletions."),
    ("m20261130_000015_source_mqtt", "Adds to live sources their connection to an MQTT broker."),
];

/// The migration that copies all events.
const INTEGER_KEYS: &str = "m20261129_000010_integer_keys";

/// The time to copy one event, on a machine that does nothing else (docs/install.md): 10,000,000 events in 103 s of processor time
/// with SQLite, and 1,000,000 in 9 s with PostgreSQL.
const SQLITE_NANOS_PER_EVENT: u64 = 10_300;
const POSTGRES_NANOS_PER_EVENT: u64 = 9_000;

/// How many times longer than that it took on a machine that was busy with other programs.
pub const BUSY_FACTOR: u32 = 4;

/// A migration that is not applied yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What it does.
    pub sentence: &'static str,
    /// What it copies; `None` if its duration does not depend on the size of the database.
    pub copy: Option<EventCopy>,
}

/// A copy of all events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCopy {
    /// The number of events.
    pub events: u64,
    /// The time that it takes if the machine does nothing else.
    pub duration: Duration,
    /// The space that it needs until it ends.
    pub space: Vec<Space>,
}

/// Returns the pending migrations. Nothing is changed.
///
/// # Errors
/// Returns an error if the database does not answer, or a newer version of this program has migrated it.
pub async fn pending(database: &DatabaseConnection) -> Result<Vec<Step>, DbErr> {
    let mut steps = Vec::new();
    for migration in Migrator::get_pending_migrations_read_only(database).await? {
        let name = migration.name().to_owned();
        let sentence = sentence_of(&name).unwrap_or_default();
        let copy = if name == INTEGER_KEYS { copy_of_events(database).await? } else { None };
        steps.push(Step { name, sentence, copy });
    }
    Ok(steps)
}

/// Returns the sentence of a migration.
fn sentence_of(name: &str) -> Option<&'static str> {
    SENTENCES.iter().find_map(|(known, sentence)| (*known == name).then_some(*sentence))
}

/// Returns what the copy of all events takes; `None` if there are none yet.
async fn copy_of_events(database: &DatabaseConnection) -> Result<Option<EventCopy>, DbErr> {
    let manager = SchemaManager::new(database);
    if !manager.has_table("motion_events").await? {
        return Ok(None);
    }
    let events = number(database, "SELECT count(*) FROM motion_events").await?;
    if events == 0 {
        return Ok(None);
    }
    let (nanos, space) = if manager.get_database_backend() == DbBackend::Sqlite {
        (SQLITE_NANOS_PER_EVENT, sqlite_space(database).await?)
    } else {
        let bytes = postgres_bytes(database).await?;
        (POSTGRES_NANOS_PER_EVENT, vec![Space { folder: None, bytes, free: None }])
    };
    Ok(Some(EventCopy { events, duration: Duration::from_nanos(events.saturating_mul(nanos)), space }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_migration_has_its_sentence() {
        let names: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        assert_eq!(names, SENTENCES.map(|(name, _)| name));
        assert!(SENTENCES.iter().all(|(_, sentence)| sentence.ends_with('.')));
        assert_eq!(sentence_of("m29990101_000001_newer"), None);
    }
}
