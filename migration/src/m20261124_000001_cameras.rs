//! Creates the table of cameras, which has the name for an event's `camera_id`.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("cameras")
                    .col(ColumnDef::new("id").text().not_null().primary_key())
                    // NULL if the camera was deleted and only its events remain. It is then shown by its id.
                    .col(ColumnDef::new("name").text().null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("cameras").to_owned()).await
    }
}
