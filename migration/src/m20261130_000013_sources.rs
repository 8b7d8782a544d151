//! Adds the state of live sources, why they left out or repaired events, and the times in which events may be missing; and to
//! each camera the source that created it.
//!
//! Settings of sources are in the settings file, and secrets in neither.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let uuid = match manager.get_database_backend() {
            sea_orm::DbBackend::Postgres => "UUID",
            _ => "BLOB",
        };
        let add = [
            &format!(
                "CREATE TABLE sources (
                    name TEXT NOT NULL PRIMARY KEY,
                    kind TEXT NOT NULL,
                    state TEXT NOT NULL CHECK (state IN ('catching_up', 'live', 'away', 'refused')),
                    position TEXT NULL,
                    complete_to BIGINT NULL,
                    last_contact_at BIGINT NULL,
                    last_event_at BIGINT NULL,
                    last_accepted_at BIGINT NULL,
                    clock_offset BIGINT NULL,
                    accepted BIGINT NOT NULL DEFAULT 0,
                    failures BIGINT NOT NULL DEFAULT 0,
                    error TEXT NULL,
                    error_at BIGINT NULL,
                    server {uuid} NULL,
                    heartbeat_at BIGINT NULL)"
            ),
            "CREATE TABLE source_reasons (
                source TEXT NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
                reason TEXT NOT NULL,
                count BIGINT NOT NULL,
                PRIMARY KEY (source, reason))",
            "CREATE TABLE source_gaps (
                source TEXT NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
                begins_at BIGINT NOT NULL,
                ends_at BIGINT NOT NULL,
                PRIMARY KEY (source, begins_at))",
            "ALTER TABLE cameras ADD COLUMN source TEXT NULL",
        ];
        for statement in add {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let remove = [
            "ALTER TABLE cameras DROP COLUMN source",
            "DROP TABLE source_gaps",
            "DROP TABLE source_reasons",
            "DROP TABLE sources",
        ];
        for statement in remove {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
