//! Adds to an export record the reason with which its export is to be cancelled. Any server may write it, and the server
//! that runs the export reads it with its next heartbeat.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMN: &str = "cancel_requested";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = ColumnDef::new(COLUMN).text().null().to_owned();
        manager.alter_table(Table::alter().table("exports").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("exports").drop_column(COLUMN).to_owned()).await
    }
}
