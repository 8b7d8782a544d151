//! Creates the table of motion events, and the index of a camera's events.
//!
//! Exports read in (timestamp, id) order. In SQLite the table itself is stored in that order (`WITHOUT ROWID`), so an
//! export of all cameras reads it sequentially. The index finds one camera's events in the same order. `STRICT` makes
//! the database refuse values of a wrong type, which would otherwise break an export in the middle.
//!
//! Times are whole microseconds since 1970-01-01T00:00:00Z: eight bytes that sort correctly. Text would take 26 bytes,
//! and texts in different formats would compare wrongly.
//!
//! The primary key is time and id together. An index on the id alone would cost every import a write at a random
//! position, and partitions by time do not allow it.
//!
//! In PostgreSQL the table has a partition for each month. The code that writes events creates the partitions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (integer, bigint, real, uuid, end) = match manager.get_database_backend() {
            DbBackend::Sqlite => ("INTEGER", "INTEGER", "REAL", "BLOB", "STRICT, WITHOUT ROWID"),
            _ => ("integer", "bigint", "double precision", "uuid", "PARTITION BY RANGE (timestamp)"),
        };
        let database = manager.get_connection();
        database
            .execute_unprepared(&format!(
                "CREATE TABLE motion_events (
                    timestamp {bigint} NOT NULL,
                    id {uuid} NOT NULL,
                    camera_id TEXT NOT NULL REFERENCES cameras (id),
                    confidence {real} CHECK (confidence BETWEEN 0 AND 100),
                    algorithm TEXT NOT NULL,
                    x {integer},
                    y {integer},
                    width {integer},
                    height {integer},
                    zone_id TEXT,
                    created_at {bigint} NOT NULL,
                    PRIMARY KEY (timestamp, id)
                ) {end}"
            ))
            .await?;
        database
            .execute_unprepared(
                "CREATE INDEX motion_events_camera_id_timestamp_id ON motion_events (camera_id, timestamp, id)",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("motion_events").to_owned()).await
    }
}
