//! Adds to a live source its connection to an MQTT broker: the id of the session there, and whether it is connected.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["mqtt_client TEXT NULL", "mqtt TEXT NULL"] {
            let add = format!("ALTER TABLE sources ADD COLUMN {column}");
            manager.get_connection().execute_unprepared(&add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["mqtt", "mqtt_client"] {
            let remove = format!("ALTER TABLE sources DROP COLUMN {column}");
            manager.get_connection().execute_unprepared(&remove).await?;
        }
        Ok(())
    }
}
